/* A module that is a program: a file that begins with `#!`, in whatever language,
 * and speaks the worker's wire itself (docs/wire.md). Its manifest is the lines
 * between two that end in `haft-manifest-begin` and `haft-manifest-end`, each
 * behind the same comment sign. */
#ifndef HOST_GUEST_SCRIPT_H
#define HOST_GUEST_SCRIPT_H

#include <stdbool.h>

#include "host/plain/str.h"

#define SCRIPT_HEAD (1u << 16) /* bytes in which the manifest must stand */

bool script_is(int fd);

/* Adds the manifest's text to `json`; false with the reason. Moves no file
 * offset. */
bool script_read(int fd, struct str *json, struct str *why);

#endif
