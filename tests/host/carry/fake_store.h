/* A store in memory for tests: questions wait until the test lets them be
 * answered, and the next answers may be made to fail. */
#ifndef TESTS_HOST_CARRY_FAKE_STORE_H
#define TESTS_HOST_CARRY_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/carry/journal.h"

#define FAKE_RECORDS 256

struct fake_record {
    char *key;
    char *value;
    size_t size;
    uint64_t version;
};

struct fake_question;

struct fake_store {
    struct fake_record records[FAKE_RECORDS]; /* ordered by key */
    size_t count;
    uint64_t last;
    uint32_t commits; /* asked so far */
    /* Of the next commit, once: */
    uint32_t fault_class;
    uint32_t effect;
    bool is_applied; /* all the same */
    struct fake_question *first;
    struct fake_question *final;
};

struct journal_store fake_store_port(struct fake_store *s);

/* Answers what waits, and what follows from that; false if nothing did. */
bool fake_store_answer(struct fake_store *s); /* one */
void fake_store_run(struct fake_store *s);    /* all */

void fake_store_put(struct fake_store *s, const char *key, const char *value);
const char *fake_store_get(const struct fake_store *s, const char *key);
void fake_store_finish(struct fake_store *s);

#endif
