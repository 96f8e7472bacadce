/* Modules: the files that hold plugins, and what is linked in.
 *
 * A module is opened when the host starts: its file is checked (whose it is,
 * who may write it and the folders above it) and its manifest is read. It is
 * loaded, that is, its code runs for the first time, when one of its classes
 * is first used, from the very descriptor that was checked. It is never
 * unloaded: threads, thread keys and destructors that a plugin leaves behind
 * would crash the host later.
 *
 * libltdl finds the symbols, but opens through a loader of ours: its own binds
 * lazily, hides which library is missing, and obeys LTDL_LIBRARY_PATH. */
#ifndef HOST_GUEST_MODULE_H
#define HOST_GUEST_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <haft/plugin.h>

#include "host/guest/manifest.h"
#include "host/plain/str.h"

typedef const struct haft_module *(*module_entry)(void);

struct module {
    char *file;               /* absolute; "(linked in)" for such */
    unsigned folder;          /* earlier ones come first; 0: linked in */
    char *reason;             /* why it was refused; NULL: it was not */
    struct manifest manifest; /* empty if it could not be read */
    int fd;                   /* open as long as the process; -1: linked in */
    unsigned generation;      /* how often the file was taken anew */
    struct stat seen;         /* the file when it was opened */
    bool is_program;          /* it is run, never loaded: see script.h */
    bool is_bundled;          /* linked in, or haft was installed with it */
    bool is_open;             /* its code was mapped, for good */
    module_entry entry;       /* NULL: not yet known */
    const struct haft_module *loaded; /* NULL: not yet */
};

struct modules {
    struct module **items;
    size_t count;
    size_t room;
    unsigned folders;     /* that were scanned */
    struct module **past; /* others are in their places */
    size_t past_count;
    size_t past_room;
};

/* Registers our loader, and adds what is linked in. */
void modules_init(struct modules *ms);
void modules_finish(struct modules *ms);

/* Adds every file FOLDER/NAME.so and NAME.haft, in byte order; a folder that does not exist
 * adds nothing. Refused ones are kept with their reason. */
void modules_scan(struct modules *ms, const char *folder, bool is_bundled);

/* Adds the module that is open as `fd`, which somebody else has checked; NULL
 * with the reason. */
struct module *modules_add_open(struct modules *ms, int fd, const char *file,
                                struct str *why);

/* The module that `name` means: an absolute path, or the bare name of a file
 * in one of the folders that were scanned, with or without its ending. NULL with the
 * reason. */
struct module *modules_find(struct modules *ms, const char *name,
                            struct str *why);

/* The module that offers a class, from the first folder that has one; NULL with
 * the reason: none, several in one folder, or only a refused one. */
struct module *modules_offering(const struct modules *ms, const char *kind,
                                const char *class_name, struct str *why);

/* Whether the file is another one, or was written to, since it was opened. */
bool module_has_changed(const struct module *m);

/* Puts the module that the file is now in the place of `old`, from a copy of its
 * own, in `folder` where it cannot be in memory. `old` stays for whoever uses it.
 * NULL with the reason: then nothing has changed. */
struct module *modules_renew(struct modules *ms, struct module *old,
                             const char *folder, struct str *why);

/* Puts one back in the place of the one that followed it. */
void modules_restore(struct modules *ms, struct module *now,
                     struct module *old);

/* Loads it if it is not. False with the reason, which is then kept. */
bool module_load(struct module *m, struct str *why);

/* The loaded module's class for a class of its manifest. */
const struct haft_class *module_class(const struct module *m,
                                      const struct manifest_class *class);

/* The file's SHA-256 in hex; the id of a module that is linked in. */
#define MODULE_SUM_SIZE 65
void module_sum(const struct module *m, char sum[MODULE_SUM_SIZE]);

/* Whether the file's SHA-256 is `hex`. */
bool module_matches(const struct module *m, const char *hex, struct str *why);

#endif
