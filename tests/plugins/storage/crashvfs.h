/* A file system for SQLite that goes wrong when told to: it is the usual one,
 * but counts what would change a file (writes, syncs, truncations, deletions),
 * and at the n-th of them fails, or kills the process. */
#ifndef TESTS_PLUGINS_STORAGE_CRASHVFS_H
#define TESTS_PLUGINS_STORAGE_CRASHVFS_H

enum crash_kind {
    CRASH_NOTHING,
    CRASH_IOERR, /* an I/O error, nothing done */
    CRASH_LATE,  /* an I/O error, though it was done */
    CRASH_FULL,  /* no space; of a write, half of it done */
    CRASH_KILL,  /* SIGKILL before; of a write, half of it done */
    CRASH_POWER, /* SIGKILL, and all writes that were not synced are undone */
    CRASH_KINDS
};

/* Makes it SQLite's default; from now on nothing goes wrong and the count is
 * zero. */
void crashvfs_install(void);

/* The n-th step from now, from 1, goes wrong, and `times` steps in all. */
void crashvfs_arm(enum crash_kind kind, int n, int times);
int crashvfs_steps(void); /* since the last arming */

#endif
