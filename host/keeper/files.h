/* The files that attempts write their output to, ahead of their names.
 *
 * Most short tasks write nothing, and to make and remove two files for each
 * costs more than to start it. So an attempt is lent open files from a pool in
 * the state directory. One that was written to is renamed to the path that its
 * job gives when the attempt ends, or as soon as its start is told; one that
 * was not is lent to the next. Should the path have come into being meanwhile,
 * what was written is added to it at the end.
 *
 * Nothing is lost when the keeper is killed: the table says who was lent what
 * before the attempt begins, and the next keeper puts it in its place. A file
 * is only lent again if nothing of the attempt's group was left to write to
 * it.
 *
 * Not every job is served: where the path is there already (it may be a pipe),
 * where there is no file to be had, or no folder on the same disk to rename it
 * into, the child opens its path itself. */
#ifndef HOST_KEEPER_FILES_H
#define HOST_KEEPER_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/keeper/table.h"
#include "host/keeper/wire.h"

#define FILES_LIMIT 512 /* open at once; the others open theirs themselves */

struct files {
    uint32_t free_numbers[FILES_LIMIT];
    int free_fds[FILES_LIMIT];
    uint32_t free_count;
    uint32_t open_count;
    uint32_t made; /* numbers given so far */
    dev_t device;
    char folder[TABLE_PATH_SIZE]; /* looked at last */
    bool is_good_folder;
};

/* What an attempt was lent: output and errors. */
struct loan {
    int fd; /* -1: nothing */
    bool is_placed;
};

/* Everything in paths is relative to the current directory, the state's. */
void files_init(struct files *files);

/* Removes what is left in the pool. */
void files_finish(struct files *files);

/* Lends what the job can be lent, and notes it in the entry. */
void files_lend(struct files *files, struct table_entry *entry,
                const struct wire_job *job, struct loan loans[TABLE_STREAMS]);

/* Gives the files of a running attempt their names, written to or not. */
void files_place(struct table_entry *entry, struct loan loans[TABLE_STREAMS]);

/* The attempt has ended; `is_alone`: nothing of its group is left. */
void files_settle(struct files *files, struct table_entry *entry,
                  struct loan loans[TABLE_STREAMS], bool is_alone);

/* The same for an attempt of a keeper that is dead. */
void files_recover(struct table_entry *entry);

#endif
