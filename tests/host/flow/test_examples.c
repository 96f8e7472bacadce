#include <glob.h>
#include <string.h>

#include <check.h>

#include "host/flow/reader.h"
#include "host/plain/json.h"
#include "tests/check_main.h"
#include "tests/host/flow/examples.h"

START_TEST(every_example_of_the_page_is_a_workflow)
{
    char *page = examples_page();
    size_t at = 0;
    size_t count = 0;
    struct workflow *w;

    for (w = examples_next(page, &at); w; w = examples_next(page, &at)) {
        ck_assert_uint_gt(w->tasks_count, 0);
        workflow_destroy(w);
        count++;
    }
    ck_assert_uint_ge(count, 15);
    mem_free(page);
}
END_TEST

/* Whether an object of that name stands anywhere in the examples, as the key
 * of a map: `"name":` in the canonical texts. */
static bool is_shown(const char *texts, const char *name)
{
    struct str key;
    bool is_there;

    str_init(&key, 256);
    str_addf(&key, "\"%s\":", name);
    is_there = strstr(texts, key.text) != NULL;
    str_finish(&key);
    return is_there;
}

START_TEST(every_file_of_etc_is_a_workflow)
{
    const char *tree = getenv("HAFT_SRCDIR");
    struct str pattern;
    glob_t found;

    str_init(&pattern, 4096);
    str_addf(&pattern, "%s/etc/workflows/*.yaml", tree ? tree : ".");
    ck_assert_int_eq(glob(pattern.text, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct workflow_source source = {.file = found.gl_pathv[i],
                                         .name = "example"};
        char *text = examples_file(found.gl_pathv[i]);
        struct workflow *w;
        struct str why;

        str_init(&why, 65536);
        w = workflow_read(text, strlen(text), &source, &why);
        ck_assert_msg(w != NULL, "%s", why.text);
        workflow_destroy(w);
        str_finish(&why);
        mem_free(text);
    }
    globfree(&found);
    str_finish(&pattern);
}
END_TEST

START_TEST(every_key_has_an_example)
{
    static const struct reader_table *const tables[] = {
        &reader_file_table, &reader_param_table,   &reader_defaults_table,
        &reader_task_table, &reader_timeout_table, &reader_retry_table,
    };
    char *page = examples_page();
    struct workflow *w;
    struct str texts;
    size_t at = 0;

    str_init(&texts, (size_t)1 << 20);
    for (w = examples_next(page, &at); w; w = examples_next(page, &at)) {
        str_add_text(&texts, w->canonical);
        workflow_destroy(w);
    }
    for (size_t i = 0; i < READER_COUNT(tables); i++) {
        for (size_t k = 0; k < tables[i]->keys_count; k++) {
            const struct reader_key *key = &tables[i]->keys[k];

            ck_assert_msg(!key->schema || is_shown(texts.text, key->name),
                          "%s of %s has no example", key->name,
                          tables[i]->what);
        }
    }
    str_finish(&texts);
    mem_free(page);
}
END_TEST

/* A key that is refused as "not yet" is listed as such. */
START_TEST(every_key_that_is_not_carried_out_yet_is_listed)
{
    static const struct reader_table *const tables[] = {
        &reader_file_table, &reader_defaults_table, &reader_task_table};
    char *page = examples_page();
    const char *list = strstr(page, "\n## Not yet\n");

    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < READER_COUNT(tables); i++) {
        for (size_t k = 0; k < tables[i]->keys_count; k++) {
            char quoted[64];

            snprintf(quoted, sizeof(quoted), "`%s`", tables[i]->keys[k].name);
            ck_assert_msg(tables[i]->keys[k].read || strstr(list, quoted),
                          "%s is not listed", quoted);
        }
    }
    mem_free(page);
}
END_TEST

START_TEST(no_habit_hides_a_key)
{
    static const struct reader_table *const tables[] = {
        &reader_file_table, &reader_param_table,   &reader_defaults_table,
        &reader_task_table, &reader_timeout_table, &reader_retry_table,
    };

    for (size_t i = 0; i < READER_COUNT(tables); i++) {
        const struct reader_table *t = tables[i];

        for (size_t h = 0; h < t->habits_count; h++) {
            for (size_t k = 0; k < t->keys_count; k++) {
                ck_assert_str_ne(t->habits[h].word, t->keys[k].name);
            }
        }
    }
}
END_TEST

START_TEST(the_schema_is_json_and_has_the_keys)
{
    struct str schema;
    struct str why;
    cJSON *tree;
    const cJSON *task;

    str_init(&schema, (size_t)1 << 20);
    str_init(&why, STR_WHY_LIMIT);
    workflow_schema(&schema);
    tree = json_read(schema.text, schema.size, &why);
    ck_assert_msg(tree != NULL, "%s", why.text);
    task = json_get(json_get(json_get(tree, "$defs"), "task"), "properties");

    ck_assert_ptr_nonnull(json_get(json_get(tree, "properties"), "finally"));
    ck_assert_ptr_nonnull(json_get(task, "needs"));
    ck_assert_ptr_null(json_get(task, "user"));
    ck_assert_ptr_null(json_get(task, "outputs"));
    cJSON_Delete(tree);
    str_finish(&schema);
    str_finish(&why);
}
END_TEST

TEST_MAIN("examples", every_example_of_the_page_is_a_workflow,
          every_file_of_etc_is_a_workflow, every_key_has_an_example,
          every_key_that_is_not_carried_out_yet_is_listed, no_habit_hides_a_key,
          the_schema_is_json_and_has_the_keys)
