#include <haft/sdk.h>

#include "host/plain/utf8.h"
#include "tests/check_main.h"

static struct haft_value values[] = {
    {{"word", 4}, HAFT_VALUE_TEXT, 1, 0, {"hello", 5}},
    {{"hosts", 5}, HAFT_VALUE_TEXT, 1, 0, {"a", 1}},
    {{"hosts", 5}, HAFT_VALUE_TEXT, 1, 0, {"b", 1}},
    {{"wait", 4}, HAFT_VALUE_DURATION, 0, 1500, {"1.5s", 4}},
};

static const struct haft_create with = {
    sizeof(with), 0, {"me", 2}, {values, 4, sizeof(values[0])}};

START_TEST(options_are_found_by_key)
{
    ck_assert(haft_slice_is(haft_option_text(&with, "word"), "hello"));
    ck_assert_int_eq(haft_option_number(&with, "wait"), 1500);
    ck_assert_uint_eq(haft_option_count(&with, "hosts"), 2);
    ck_assert(haft_slice_is(haft_option(&with, "hosts", 1)->text, "b"));
    ck_assert_ptr_null(haft_option(&with, "hosts", 2));
    ck_assert_ptr_null(haft_option(&with, "nothing", 0));
    ck_assert_uint_eq(haft_option_text(&with, "nothing").n, 0);
    ck_assert_int_eq(haft_option_number(&with, "nothing"), 0);
}
END_TEST

START_TEST(slices_are_compared_as_bytes)
{
    char *copy = haft_copy_text(haft_bytes("abcdef", 3));

    ck_assert_str_eq(copy, "abc");
    ck_assert(haft_slice_equal(haft_text("abc"), haft_text(copy)));
    ck_assert(!haft_slice_is(haft_text("abc"), "abcd"));
    ck_assert(haft_slice_is(haft_text(NULL), ""));
    ck_assert(haft_slice_begins(haft_text("run.started"), "run."));
    ck_assert(!haft_slice_begins(haft_text("run"), "run."));
    free(copy);
}
END_TEST

/* A host that notes what it is told. */
static struct {
    uint64_t call;
    haft_status status;
    uint32_t fault_class;
    char message[HAFT_MESSAGE_LIMIT];
} told;

static haft_status fault(void *self, uint64_t call, const struct haft_fault *f)
{
    (void)self;
    told.call = call;
    told.fault_class = f->fault_class;
    memcpy(told.message, f->message.p, f->message.n);
    told.message[f->message.n] = '\0';
    return HAFT_OK;
}

static haft_status complete(void *self, uint64_t call, haft_status status,
                            const void *out, const struct haft_fault *f)
{
    (void)out;
    told.status = status;
    return f ? fault(self, call, f) : HAFT_OK;
}

static const struct haft_object *query(void *self, const char *id)
{
    (void)self;
    (void)id;
    return NULL;
}

static const struct haft_host host = {sizeof(host), HAFT_ABI, NULL,     query,
                                      NULL,         fault,    complete, NULL};

START_TEST(a_failure_is_said_and_returned_in_one)
{
    const struct haft_call call = {.size = sizeof(call), .id = 9};

    ck_assert_int_eq(
        haft_fail(&host, &call, HAFT_DENIED, "x.no", "no, %d times", 3),
        -HAFT_DENIED);
    ck_assert_uint_eq(told.call, 9);
    ck_assert_str_eq(told.message, "no, 3 times");
    haft_fail(&host, NULL, HAFT_INVALID, "x.no", "in create");
    ck_assert_uint_eq(told.call, 0);
}
END_TEST

START_TEST(a_long_message_is_cut)
{
    haft_fail(&host, NULL, HAFT_INVALID, "x.long", "%2000d", 1);

    ck_assert_uint_eq(strlen(told.message), HAFT_MESSAGE_LIMIT - 1);
}
END_TEST

/* The host refuses a message with any other bytes, and all would be lost. */
START_TEST(a_message_is_utf8_whatever_went_into_it)
{
    static const unsigned char odd[] = {
        'a',  0xff, 0xc3, 0xa4, 0xc0, 0x80, 0xe2, 0x82, 0xac, 0xed, 0xa0,
        0x80, 0xf0, 0x9f, 0x98, 0x80, 0xf4, 0x90, 0xe2, 0x82, 0};

    haft_fail(&host, NULL, HAFT_INVALID, "x.odd", "%s", (const char *)odd);
    ck_assert_str_eq(told.message, "a?\xc3\xa4??\xe2\x82\xac???"
                                   "\xf0\x9f\x98\x80????");
    ck_assert(utf8_is_valid(told.message, strlen(told.message)));

    haft_fail(&host, NULL, HAFT_INVALID, "x.cut", "%510d\xc3\xa4", 1);
    ck_assert(utf8_is_valid(told.message, strlen(told.message)));
}
END_TEST

START_TEST(a_call_ends_well_or_with_a_fault)
{
    struct haft_fault f = haft_fault_of(HAFT_SHED, "x.full", "full");

    ck_assert_int_eq(haft_end(&host, 4, NULL), HAFT_OK);
    ck_assert_int_eq(told.status, HAFT_OK);
    haft_end_with(&host, 5, &f);
    ck_assert_int_eq(told.status, -HAFT_SHED);
    ck_assert_uint_eq(told.call, 5);
    f.fault_class = 0;
    haft_end_with(&host, 6, &f);
    ck_assert_int_eq(told.status, -HAFT_INTERNAL);
}
END_TEST

START_TEST(a_host_without_log_and_clock_does_no_harm)
{
    haft_log(&host, HAFT_LOG_INFO, "nobody hears", "name", haft_text("value"));

    ck_assert_int_eq(haft_now(&host).real_ms, 0);
}
END_TEST

static void destroy(struct haft_instance *instance)
{
    (void)instance;
}

START_TEST(a_base_offers_what_it_was_given)
{
    static const haft_method none[] = {NULL};
    struct haft_base base;

    haft_base_init(&base, &host, destroy);
    ck_assert_ptr_null(base.instance.objects[0]);
    haft_base_offer(&base, &haft_ready_v1, none);
    haft_base_offer(&base, &haft_child_v1, none);

    ck_assert_str_eq(base.instance.objects[0]->interface->id, HAFT_READY_V1);
    ck_assert_ptr_eq(base.instance.objects[1]->self, &base);
    ck_assert_ptr_null(base.instance.objects[2]);
}
END_TEST

TEST_MAIN("sdk", options_are_found_by_key, slices_are_compared_as_bytes,
          a_failure_is_said_and_returned_in_one, a_long_message_is_cut,
          a_message_is_utf8_whatever_went_into_it,
          a_call_ends_well_or_with_a_fault,
          a_host_without_log_and_clock_does_no_harm,
          a_base_offers_what_it_was_given)
