/* sim [--first SEED] [--seeds COUNT] [--plant NAME] [--trace]
 *
 * Runs seeds and says which of them break something; with --plant, whether
 * the bug that is put in is found by one of them. */
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "tests/sim/sim.h"

struct options {
    uint64_t first;
    uint64_t count;
    enum sim_plant plant;
    bool is_traced;
};

static bool find_plant(const char *name, enum sim_plant *plant)
{
    for (int i = 0; i < PLANTS; i++) {
        if (strcmp(sim_plant_name((enum sim_plant)i), name) == 0) {
            *plant = (enum sim_plant)i;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool is_good = true;

        if (strcmp(argv[i], "--trace") == 0) {
            o->is_traced = true;
            continue;
        }
        if (strcmp(argv[i], "--first") == 0) {
            is_good = read_number(value, &o->first);
        } else if (strcmp(argv[i], "--seeds") == 0) {
            is_good = read_number(value, &o->count);
        } else if (strcmp(argv[i], "--plant") == 0) {
            is_good = find_plant(value, &o->plant);
        } else {
            is_good = false;
        }
        if (!is_good) {
            return false;
        }
        i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.first = 1, .count = 1000};
    uint64_t broken = 0;

    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: sim [--first SEED] [--seeds COUNT] "
                        "[--plant NAME] [--trace]\n");
        return 2;
    }
    log_set_level(o.is_traced ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
    log_set_fd(o.is_traced ? 2 : -1);
    for (uint64_t i = 0; i < o.count; i++) {
        struct str failure;

        str_init(&failure, STR_WHY_LIMIT);
        if (!sim_run(o.first + i, o.plant, o.is_traced, &failure)) {
            printf("seed %llu: %s\n", (unsigned long long)(o.first + i),
                   failure.text);
            broken++;
        }
        str_finish(&failure);
    }
    printf("%llu seeds, %llu broken\n", (unsigned long long)o.count,
           (unsigned long long)broken);
    return (broken == 0) == (o.plant == PLANT_NONE) ? 0 : 1;
}
