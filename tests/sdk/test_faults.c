#include <haft/faults.h>

#include "tests/check_main.h"

static void maps(struct haft_native n, uint32_t fault_class, uint32_t effect)
{
    ck_assert_uint_eq(n.fault_class, fault_class);
    ck_assert_uint_eq(n.effect, effect);
}

START_TEST(an_exit_status_is_the_tasks_own_unless_it_opts_in)
{
    maps(haft_from_exit(0, 0), 0, HAFT_EFFECT_DONE);
    maps(haft_from_exit(1, 0), HAFT_USER_FAILURE, HAFT_EFFECT_STARTED);
    maps(haft_from_exit(75, 0), HAFT_USER_FAILURE, HAFT_EFFECT_STARTED);
    maps(haft_from_exit(75, HAFT_KNOWN_SYSEXITS), HAFT_TRANSIENT,
         HAFT_EFFECT_STARTED);
    maps(haft_from_exit(79, HAFT_KNOWN_SYSEXITS), HAFT_USER_FAILURE,
         HAFT_EFFECT_STARTED);
    maps(haft_from_exit(126, 0), HAFT_INVALID, HAFT_EFFECT_STARTED);
    maps(haft_from_exit(127, 0), HAFT_NOT_FOUND, HAFT_EFFECT_STARTED);
    maps(haft_from_exit(137, 0), HAFT_USER_FAILURE, HAFT_EFFECT_STARTED);
    maps(haft_from_exit(1, HAFT_KNOWN_TIMED_OUT), HAFT_TIMEOUT_RUN,
         HAFT_EFFECT_STARTED);
}
END_TEST

START_TEST(a_signal_is_judged_by_who_sent_it)
{
    maps(haft_from_signal(SIGSEGV, 0), HAFT_USER_FAILURE, HAFT_EFFECT_STARTED);
    maps(haft_from_signal(SIGKILL, 0), HAFT_INFRA_LOST, HAFT_EFFECT_STARTED);
    maps(haft_from_signal(SIGKILL, HAFT_KNOWN_OOM), HAFT_RESOURCE,
         HAFT_EFFECT_STARTED);
    maps(haft_from_signal(SIGKILL, HAFT_KNOWN_TIMED_OUT), HAFT_TIMEOUT_RUN,
         HAFT_EFFECT_STARTED);
    maps(haft_from_signal(SIGTERM, HAFT_KNOWN_CANCELLED), HAFT_CANCELLED,
         HAFT_EFFECT_STARTED);
    maps(haft_from_signal(SIGXCPU, 0), HAFT_TIMEOUT_RUN, HAFT_EFFECT_STARTED);
    maps(haft_from_signal(SIGXFSZ, 0), HAFT_RESOURCE, HAFT_EFFECT_STARTED);
    ck_assert_uint_eq(haft_from_signal(SIGKILL, 0).origin, HAFT_ORIGIN_LOCAL);
    ck_assert_uint_eq(haft_from_signal(SIGABRT, 0).origin, HAFT_ORIGIN_USER);
}
END_TEST

START_TEST(an_errno_says_whether_anything_was_started)
{
    maps(haft_from_errno(0), 0, HAFT_EFFECT_DONE);
    maps(haft_from_errno(ENOENT), HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_errno(EACCES), HAFT_DENIED, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_errno(ENOEXEC), HAFT_INVALID, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_errno(EMFILE), HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_errno(ECONNREFUSED), HAFT_TRANSIENT,
         HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_errno(EPIPE), HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE);
    maps(haft_from_errno(9999), HAFT_INTERNAL, HAFT_EFFECT_MAYBE);
}
END_TEST

START_TEST(a_curl_code_depends_on_what_had_left)
{
    maps(haft_from_curl(0, 0), 0, HAFT_EFFECT_DONE);
    maps(haft_from_curl(6, 0), HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_curl(28, 0), HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_curl(28, HAFT_KNOWN_SENT), HAFT_UNKNOWN_OUTCOME,
         HAFT_EFFECT_MAYBE);
    maps(haft_from_curl(56, HAFT_KNOWN_SENT | HAFT_KNOWN_REPEATABLE),
         HAFT_TRANSIENT, HAFT_EFFECT_MAYBE);
    maps(haft_from_curl(60, HAFT_KNOWN_SENT), HAFT_DENIED,
         HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_curl(23, 0), HAFT_RESOURCE, HAFT_EFFECT_MAYBE);
    maps(haft_from_curl(-1, 0), HAFT_INTERNAL, HAFT_EFFECT_MAYBE);
    maps(haft_from_curl(102, 0), HAFT_INTERNAL, HAFT_EFFECT_MAYBE);
}
END_TEST

START_TEST(an_http_status_is_named_or_the_rule_of_its_hundred)
{
    maps(haft_from_http(204, 0), 0, HAFT_EFFECT_DONE);
    maps(haft_from_http(302, 0), HAFT_INVALID, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(400, 0), HAFT_INVALID, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(422, 0), HAFT_INVALID, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(401, 0), HAFT_UNAUTHENTICATED, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(404, 0), HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(409, 0), HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(429, 0), HAFT_THROTTLED, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(500, 0), HAFT_INTERNAL, HAFT_EFFECT_MAYBE);
    maps(haft_from_http(502, 0), HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE);
    maps(haft_from_http(504, HAFT_KNOWN_REPEATABLE), HAFT_TRANSIENT,
         HAFT_EFFECT_MAYBE);
    maps(haft_from_http(503, 0), HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_http(503, HAFT_KNOWN_RETRY_AFTER), HAFT_THROTTLED,
         HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(haft_from_http(500, 0).origin, HAFT_ORIGIN_REMOTE);
}
END_TEST

START_TEST(the_longest_sqlstate_counts)
{
    maps(haft_from_sqlstate("00000", 0), 0, HAFT_EFFECT_DONE);
    maps(haft_from_sqlstate("23502", 0), HAFT_INVALID, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_sqlstate("23505", 0), HAFT_CONFLICT,
         HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_sqlstate("40P01", 0), HAFT_TRANSIENT,
         HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_sqlstate("42501", 0), HAFT_DENIED, HAFT_EFFECT_NOT_STARTED);
    maps(haft_from_sqlstate("08006", 0), HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE);
    maps(haft_from_sqlstate("08006", HAFT_KNOWN_COMMIT), HAFT_UNKNOWN_OUTCOME,
         HAFT_EFFECT_MAYBE);
    maps(haft_from_sqlstate("XX001", 0), HAFT_CORRUPT, HAFT_EFFECT_MAYBE);
    maps(haft_from_sqlstate("ZZZZZ", 0), HAFT_INTERNAL, HAFT_EFFECT_MAYBE);
}
END_TEST

START_TEST(every_row_names_a_class)
{
    for (uint32_t i = 1; i < HAFT_CURL_CODES; i++) {
        ck_assert_uint_gt(haft_curls[i].fault_class, 0);
        ck_assert_uint_lt(haft_curls[i].fault_class, HAFT_CLASSES);
    }
    for (uint32_t i = 0; i < HAFT_COUNT_(haft_errnos); i++) {
        for (uint32_t k = 0; k < i; k++) {
            ck_assert_int_ne(haft_errnos[i].code, haft_errnos[k].code);
        }
    }
}
END_TEST

START_TEST(a_native_code_makes_a_fault)
{
    struct haft_fault f = haft_native_fault(haft_from_errno(ENOSPC), "x.full",
                                            "the disk is full");

    ck_assert_uint_eq(f.size, sizeof(f));
    ck_assert_uint_eq(f.fault_class, HAFT_RESOURCE);
    ck_assert_uint_eq(f.effect, HAFT_EFFECT_MAYBE);
    ck_assert(haft_slice_is(f.code, "x.full"));
}
END_TEST

TEST_MAIN("faults", an_exit_status_is_the_tasks_own_unless_it_opts_in,
          a_signal_is_judged_by_who_sent_it,
          an_errno_says_whether_anything_was_started,
          a_curl_code_depends_on_what_had_left,
          an_http_status_is_named_or_the_rule_of_its_hundred,
          the_longest_sqlstate_counts, every_row_names_a_class,
          a_native_code_makes_a_fault)
