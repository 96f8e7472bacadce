/* A worker: the process of an isolated instance. It is this room once more, with
 * one guest in it, whose calls come in as frames (frame.h) and whose services
 * are the host's, asked by frames; log, clock and loop are its own.
 *
 * It is started by cage.c with its socket and the module's descriptor, and ends
 * with the host. */
#ifndef HOST_GUEST_WORKER_H
#define HOST_GUEST_WORKER_H

#define WORKER_PROGRAM "program"

/* Becomes the program that the module's descriptor is, behind the same fences;
 * the environment variable HAFT_FENCES has those that are up. Returns what
 * worker_main does, if that fails. */
int worker_become(void);

/* Serves until it is told to end; with a path also when its host is gone: it
 * listens there for the next one. Returns the exit status of the process. */
int worker_main(const char *path);

#endif
