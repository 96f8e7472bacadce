#include <string.h>

#include "host/base/log.h"
#include "tests/check_main.h"
#include "tests/sim/sim.h"

#define SEEDS 300
#define PLANT_SEEDS 100 /* within which each planted bug is found */

static void run(uint64_t seed, enum sim_plant plant, struct str *failure)
{
    log_set_level(LOG_LEVEL_ERROR);
    log_set_fd(-1);
    str_init(failure, STR_WHY_LIMIT);
    sim_run(seed, plant, false, failure);
}

START_TEST(every_world_keeps_what_was_promised)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct str failure;

        run(seed, PLANT_NONE, &failure);

        ck_assert_msg(failure.size == 0, "seed %llu: %s",
                      (unsigned long long)seed, failure.text);
        str_finish(&failure);
    }
}
END_TEST

static bool is_found(enum sim_plant plant)
{
    bool found = false;

    for (uint64_t seed = 1; seed <= PLANT_SEEDS && !found; seed++) {
        struct str failure;

        run(seed, plant, &failure);
        found = failure.size > 0;
        str_finish(&failure);
    }
    return found;
}

START_TEST(every_planted_bug_is_found)
{
    enum sim_plant plant = (enum sim_plant)_i;

    ck_assert_msg(is_found(plant), "nothing notices %s", sim_plant_name(plant));
}
END_TEST

START_TEST(a_seed_breaks_in_the_same_way_again)
{
    struct str first;
    struct str second;
    uint64_t seed = 1;

    run(seed, PLANT_JITTER_REDRAWN, &first);
    while (first.size == 0 && seed < PLANT_SEEDS) {
        str_finish(&first);
        run(++seed, PLANT_JITTER_REDRAWN, &first);
    }
    run(seed, PLANT_JITTER_REDRAWN, &second);

    ck_assert_uint_gt(first.size, 0);
    ck_assert_str_eq(first.text, second.text);
    str_finish(&first);
    str_finish(&second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim");
    TCase *tcase = tcase_create("sim");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, every_world_keeps_what_was_promised);
    tcase_add_test(tcase, a_seed_breaks_in_the_same_way_again);
    tcase_add_loop_test(tcase, every_planted_bug_is_found, PLANT_NONE + 1,
                        PLANTS);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
