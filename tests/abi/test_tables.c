/* The tables of all public messages: nothing uncovered, nothing twice, names and
 * ids unique, and the lists below complete. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <haft/auth.h>
#include <haft/draft/door.h>
#include <haft/draft/health.h>
#include <haft/draft/metric.h>
#include <haft/draft/secret.h>
#include <haft/draft/service.h>
#include <haft/draft/state.h>
#include <haft/executor.h>
#include <haft/host.h>
#include <haft/notify.h>
#include <haft/retry.h>
#include <haft/storage.h>

#include "host/guest/codec.h"
#include "tests/check_main.h"

static const struct haft_record *const records[] = {
    &haft_auth_authenticate_in_record,
    &haft_auth_authenticate_out_record,
    &haft_limit_record,
    &haft_executor_start_in_record,
    &haft_executor_cancel_in_record,
    &haft_executor_recover_in_record,
    &haft_executor_recover_out_record,
    &haft_executor_release_in_record,
    &haft_slots_set_in_record,
    &haft_cause_record,
    &haft_fault_record,
    &haft_log_write_in_record,
    &haft_clock_now_out_record,
    &haft_loop_watch_in_record,
    &haft_loop_timer_in_record,
    &haft_loop_post_in_record,
    &haft_attempt_started_in_record,
    &haft_attempt_output_in_record,
    &haft_attempt_progress_in_record,
    &haft_attempt_ended_in_record,
    &haft_process_start_in_record,
    &haft_process_start_out_record,
    &haft_process_signal_in_record,
    &haft_process_id_in_record,
    &haft_process_find_out_record,
    &haft_ready_on_in_record,
    &haft_child_started_in_record,
    &haft_child_ended_in_record,
    &haft_notify_event_record,
    &haft_notify_deliver_in_record,
    &haft_retry_step_record,
    &haft_retry_exit_record,
    &haft_retry_decide_in_record,
    &haft_retry_decide_out_record,
    &haft_storage_op_record,
    &haft_storage_commit_in_record,
    &haft_storage_last_in_record,
    &haft_storage_last_out_record,
    &haft_storage_get_in_record,
    &haft_storage_get_out_record,
    &haft_storage_scan_in_record,
    &haft_storage_record_record,
    &haft_storage_scan_out_record,
    &haft_slice_record,
    &haft_pair_record,
    &haft_empty_record,
    &haft_door_row_record,
    &haft_door_identify_in_record,
    &haft_door_identify_out_record,
    &haft_door_list_out_record,
    &haft_door_call_in_record,
    &haft_door_call_out_record,
    &haft_door_add_in_record,
    &haft_operation_run_in_record,
    &haft_operation_run_out_record,
    &haft_health_report_in_record,
    &haft_metric_row_record,
    &haft_metric_describe_in_record,
    &haft_metric_sample_record,
    &haft_metric_record_in_record,
    &haft_secret_get_in_record,
    &haft_secret_get_out_record,
    &haft_service_start_out_record,
    &haft_service_stop_in_record,
    &haft_state_get_in_record,
    &haft_state_get_out_record,
    &haft_state_put_in_record,
};

static const struct haft_interface *const interfaces[] = {
    &haft_auth_v1,    &haft_executor_v1, &haft_slots_v1,     &haft_log_v1,
    &haft_clock_v1,   &haft_loop_v1,     &haft_attempt_v1,   &haft_process_v1,
    &haft_ready_v1,   &haft_child_v1,    &haft_notify_v1,    &haft_retry_v1,
    &haft_storage_v1, &haft_door_v1,     &haft_operation_v1, &haft_health_v1,
    &haft_metric_v1,  &haft_secret_v1,   &haft_service_v1,   &haft_state_v1,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_message(const struct haft_record *r)
{
    return r->fields[0].kind == HAFT_SIZE;
}

START_TEST(every_byte_of_a_message_has_one_row)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    for (size_t i = 0; i < COUNT(records); i++) {
        if (is_message(records[i])) {
            ck_assert_msg(codec_is_sane(records[i], &why), "%s", why.text);
        }
        ck_assert_uint_eq(records[i]->size % 8, 0);
    }
    str_finish(&why);
}
END_TEST

/* An item that no message holds would never be looked at above. */
static bool is_held(const struct haft_record *item)
{
    for (size_t i = 0; i < COUNT(records); i++) {
        for (uint32_t k = 0; k < records[i]->count; k++) {
            const struct haft_record *held = records[i]->fields[k].item;

            if (held && strcmp(held->name, item->name) == 0) {
                return true;
            }
        }
    }
    return false;
}

START_TEST(every_item_is_of_some_message)
{
    for (size_t i = 0; i < COUNT(records); i++) {
        ck_assert_msg(is_message(records[i]) || is_held(records[i]), "%s",
                      records[i]->name);
    }
}
END_TEST

START_TEST(names_are_unique)
{
    for (size_t i = 0; i < COUNT(records); i++) {
        for (size_t k = 0; k < i; k++) {
            ck_assert_str_ne(records[i]->name, records[k]->name);
        }
        for (uint32_t a = 0; a < records[i]->count; a++) {
            for (uint32_t b = 0; b < a; b++) {
                ck_assert_str_ne(records[i]->fields[a].name,
                                 records[i]->fields[b].name);
            }
        }
    }
}
END_TEST

static void check_method(const struct haft_interface *i,
                         const struct haft_signature *m)
{
    ck_assert_msg(m->in != NULL && is_message(m->in), "%s %s", i->id, m->name);
    ck_assert_msg(!m->out || is_message(m->out), "%s %s", i->id, m->name);
    ck_assert_msg(!m->out || !(m->flags & HAFT_POST),
                  "%s %s: a post has no answer", i->id, m->name);
    ck_assert_msg(m->flags < 2 * HAFT_REPEAT, "%s %s", i->id, m->name);
    ck_assert_uint_eq(m->_0, 0);
}

START_TEST(interfaces_have_unique_ids_and_whole_signatures)
{
    for (size_t i = 0; i < COUNT(interfaces); i++) {
        const struct haft_interface *one = interfaces[i];
        const char *slash = strrchr(one->id, '/');

        ck_assert_msg(strncmp(one->id, "haft.", 5) == 0 && slash &&
                          strcmp(slash, "/1") == 0,
                      "%s", one->id);
        for (size_t k = 0; k < i; k++) {
            ck_assert_str_ne(one->id, interfaces[k]->id);
        }
        for (uint32_t a = 0; a < one->count; a++) {
            check_method(one, &one->methods[a]);
            for (uint32_t b = 0; b < a; b++) {
                ck_assert_str_ne(one->methods[a].name, one->methods[b].name);
            }
        }
    }
}
END_TEST

static bool ends_with(const char *line, const char *end)
{
    size_t n = strcspn(line, "\n");

    return n >= strlen(end) &&
           strncmp(line + n - strlen(end), end, strlen(end)) == 0;
}

/* Lines that begin with `word` and end with `end` in all files of a folder that
 * end with `kind`. */
static size_t count_in(const char *folder, const char *kind, const char *word,
                       const char *end)
{
    char path[1024];
    char line[512];
    size_t count = 0;
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    ck_assert_msg(dir != NULL, "%s", folder);
    for (entry = readdir(dir); entry; entry = readdir(dir)) {
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        file = ends_with(entry->d_name, kind) ? fopen(path, "r") : NULL;
        while (file && fgets(line, sizeof(line), file)) {
            count +=
                strncmp(line, word, strlen(word)) == 0 && ends_with(line, end);
        }
        if (file) {
            fclose(file);
        }
    }
    closedir(dir);
    return count;
}

static size_t count_lines(const char *folder, const char *word)
{
    return count_in(folder, ".h", word, "");
}

static void go_to_the_top(void)
{
    const char *top = getenv("HAFT_SRCDIR");

    ck_assert_int_eq(chdir(top ? top : "."), 0);
}

/* What has no line in layout.c could change without a sound. */
START_TEST(every_struct_has_its_layout_locked)
{
    go_to_the_top();

    ck_assert_uint_gt(count_in("include/haft", ".h", "struct haft_", "{"), 0);
    ck_assert_uint_eq(count_in("include/haft", ".h", "struct haft_", "{"),
                      count_in("tests/abi", "layout.c", "SIZE(", ");"));
}
END_TEST

START_TEST(the_lists_of_this_test_are_complete)
{
    go_to_the_top();
    ck_assert_uint_eq(count_lines("include/haft", "HAFT_RECORD(") +
                          count_lines("include/haft/draft", "HAFT_RECORD("),
                      COUNT(records));
    ck_assert_uint_eq(count_lines("include/haft", "HAFT_INTERFACE(") +
                          count_lines("include/haft/draft", "HAFT_INTERFACE("),
                      COUNT(interfaces));
}
END_TEST

TEST_MAIN("tables", every_byte_of_a_message_has_one_row,
          every_item_is_of_some_message, names_are_unique,
          interfaces_have_unique_ids_and_whole_signatures,
          every_struct_has_its_layout_locked,
          the_lists_of_this_test_are_complete)
