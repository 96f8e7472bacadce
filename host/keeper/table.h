/* What the keeper remembers, in a file mapped and given its blocks before
 * anything is put into it: a store is all it takes to record an end, so that
 * neither kill -9 nor a full disk loses one. A power loss may; the boot id
 * tells the host.
 *
 * An entry is free while its state is WIRE_UNKNOWN. Its state is stored last,
 * so that whoever reads the file after a crash finds whole entries only. The
 * file exists only while a keeper lives or has died with something in it. */
#ifndef HOST_KEEPER_TABLE_H
#define HOST_KEEPER_TABLE_H

#include <stdatomic.h>
#include <stdint.h>

#define TABLE_ENTRIES 4096
#define TABLE_STREAMS 2     /* output and errors */
#define TABLE_PATH_SIZE 208 /* longer ones are opened by the child itself */

struct table_head {
    char magic[8];
    uint32_t version;
    uint32_t entries;
    uint64_t epoch;        /* the highest host that said hello */
    _Atomic uint32_t used; /* entries from here on were never used */
    uint32_t reserved[121];
};

struct table_entry {
    uint64_t id;
    uint64_t fence;
    uint8_t boot[16];
    _Atomic uint32_t state; /* enum wire_state */
    _Atomic int32_t pid;    /* the kernel stores it; 0: no process yet */
    int32_t status;
    int32_t error;
    int64_t begin_ms; /* since 1970 */
    int64_t end_ms;
    int64_t born_ms; /* since boot: the process began between these two */
    int64_t bred_ms; /* 0: not known to have begun */
    uint32_t files;  /* as in a report */
    uint32_t lent[TABLE_STREAMS]; /* numbers of files in the pool; 0: none */
    uint32_t reserved;
    char path[TABLE_STREAMS][TABLE_PATH_SIZE]; /* where those belong */
};

struct table {
    struct table_head *head;
    struct table_entry *entries;
    uint8_t boot[16]; /* of this boot */
};

/* Maps the file of a state directory, made if need be. 0 or -errno; -EINVAL:
 * it is not a table, or another version's. */
int table_open(struct table *table, int dir_fd);

/* Ends the file: nothing is in it any more. */
void table_remove(int dir_fd);

#endif
