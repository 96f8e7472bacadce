#include <string.h>

#include <haft/retry.h>

#include "host/guest/face.h"
#include "tests/check_main.h"

/* What a plugin offers, and the host's idea of it. */
static haft_status decide(void *self, const struct haft_call *call,
                          const void *in, void *out)
{
    (void)self;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}

static const haft_method functions[] = {decide};

/* One method with that signature. */
static struct haft_interface offer(const struct haft_signature *signature)
{
    return (struct haft_interface){.id = HAFT_RETRY_V1,
                                   .size = sizeof(struct haft_interface),
                                   .count = 1,
                                   .stride = sizeof(*signature),
                                   .methods = signature};
}

static struct haft_object object_of(const struct haft_interface *interface)
{
    return (struct haft_object){sizeof(struct haft_object), 1, interface,
                                functions, NULL};
}

static void refuse_object(const struct haft_object *object, const char *part)
{
    struct face f;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(!face_init(&f, object, &why));
    ck_assert_msg(strstr(why.text, part) != NULL, "%s", why.text);
    str_finish(&why);
}

static void refuse_signature(const struct haft_signature *signature,
                             const char *wanted)
{
    const struct haft_interface interface = offer(signature);
    const struct haft_object object = object_of(&interface);
    struct face f;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(face_init(&f, &object, &why));
    ck_assert(!face_bind(&f, &haft_retry_v1, &why));
    ck_assert_str_eq(why.text, wanted);
    ck_assert_ptr_null(f.interface);
    str_finish(&why);
    face_finish(&f);
}

START_TEST(what_says_the_same_is_bound)
{
    const struct haft_object object = object_of(&haft_retry_v1);
    struct face f;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(face_init(&f, &object, &why));
    ck_assert_str_eq(face_id(&f), HAFT_RETRY_V1);
    ck_assert(face_bind(&f, &haft_retry_v1, &why));
    ck_assert(face_bind(&f, &haft_retry_v1, &why)); /* once is enough */

    ck_assert(f.methods[0].is_same_in && f.methods[0].is_same_out);
    ck_assert(f.methods[0].fn == decide);
    str_finish(&why);
    face_finish(&f);
}
END_TEST

START_TEST(what_an_older_plugin_lacks_has_no_function)
{
    const struct haft_object object = {sizeof(object), 0, &haft_retry_v1,
                                       functions, NULL};
    struct face f;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(face_init(&f, &object, &why));
    ck_assert(face_bind(&f, &haft_retry_v1, &why));

    ck_assert(!f.methods[0].fn);
    str_finish(&why);
    face_finish(&f);
}
END_TEST

START_TEST(an_object_that_is_not_whole_is_refused)
{
    struct haft_object object = object_of(&haft_retry_v1);

    object.size = 8;
    refuse_object(&object, "object: size: wanted at least ");
    object = object_of(&haft_retry_v1);
    object.methods = NULL;
    refuse_object(&object, "object: size: wanted at least ");
    object = object_of(NULL);
    refuse_object(&object, "object: size: wanted at least ");
}
END_TEST

START_TEST(an_interface_that_is_no_table_is_refused)
{
    struct haft_interface interface = haft_retry_v1;
    struct haft_object object = object_of(&interface);

    interface.count = 0;
    refuse_object(&object, "interface haft.retry/1: ");
    interface.count = 1000;
    refuse_object(&object, "1000 methods");
    interface = haft_retry_v1;
    interface.stride = 4;
    refuse_object(&object, "methods of 4 bytes");
    interface = haft_retry_v1;
    interface.size = 8;
    refuse_object(&object, "interface without an id: size 8");
    interface = haft_retry_v1;
    object.count = 2; /* more functions than methods */
    refuse_object(&object, "2 functions make no table");
}
END_TEST

START_TEST(a_method_of_another_name_is_refused)
{
    struct haft_signature signature = haft_retry_v1_methods[0];

    signature.name = "guess";
    refuse_signature(&signature, "interface haft.retry/1: name: wanted "
                                 "decide, found guess");
    signature.name = NULL;
    refuse_signature(&signature, "interface haft.retry/1: name: wanted "
                                 "decide, found none");
}
END_TEST

START_TEST(a_method_without_its_message_is_refused)
{
    struct haft_signature signature = haft_retry_v1_methods[0];

    signature.out = NULL;
    refuse_signature(&signature, "interface haft.retry/1: decide out: wanted "
                                 "haft_retry_decide_out, found none");
    signature = haft_retry_v1_methods[0];
    signature.in = NULL;
    refuse_signature(&signature, "interface haft.retry/1: decide in: wanted "
                                 "haft_retry_decide_in, found none");
}
END_TEST

START_TEST(a_message_where_none_is_wanted_is_refused)
{
    const struct haft_signature ours = {"decide", HAFT_SYNC, 0, NULL, NULL};
    const struct haft_interface interface = offer(&ours);
    const struct haft_object object = object_of(&haft_retry_v1);
    struct face f;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(face_init(&f, &object, &why));

    ck_assert(!face_bind(&f, &interface, &why));

    ck_assert_str_eq(why.text, "interface haft.retry/1: decide in: wanted "
                               "none, found one");
    str_finish(&why);
    face_finish(&f);
}
END_TEST

TEST_MAIN("face", what_says_the_same_is_bound,
          what_an_older_plugin_lacks_has_no_function,
          an_object_that_is_not_whole_is_refused,
          an_interface_that_is_no_table_is_refused,
          a_method_of_another_name_is_refused,
          a_method_without_its_message_is_refused,
          a_message_where_none_is_wanted_is_refused)
