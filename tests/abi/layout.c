/* The layout of every public struct, as numbers that somebody wrote down: a
 * change of a header that moves a member does not compile here. An append adds
 * lines and changes one size; anything else is a break (docs/abi-changes.md). */
#include <stddef.h>

#include <haft/auth.h>
#include <haft/executor.h>
#include <haft/fault.h>
#include <haft/host.h>
#include <haft/notify.h>
#include <haft/plugin.h>
#include <haft/retry.h>
#include <haft/storage.h>
#include <haft/types.h>

#define SIZE(T, n)                                                             \
    _Static_assert(sizeof(struct T) == (n), "the size of " #T " changed")
#define AT(T, m, n)                                                            \
    _Static_assert(offsetof(struct T, m) == (n), #T "." #m " moved")

_Static_assert(sizeof(void *) == 8, "the ABI is for 64 bits");
_Static_assert(sizeof(haft_status) == 4, "a status is an int32_t");

/* haft/auth.h */
SIZE(haft_auth_authenticate_in, 72);
AT(haft_auth_authenticate_in, size, 0);
AT(haft_auth_authenticate_in, uid, 4);
AT(haft_auth_authenticate_in, gid, 8);
AT(haft_auth_authenticate_in, pid, 12);
AT(haft_auth_authenticate_in, owner_uid, 16);
AT(haft_auth_authenticate_in, _0, 20);
AT(haft_auth_authenticate_in, scheme, 24);
AT(haft_auth_authenticate_in, credential, 40);
AT(haft_auth_authenticate_in, address, 56);

SIZE(haft_auth_authenticate_out, 40);
AT(haft_auth_authenticate_out, size, 0);
AT(haft_auth_authenticate_out, verdict, 4);
AT(haft_auth_authenticate_out, principal, 8);
AT(haft_auth_authenticate_out, roles, 24);

/* haft/executor.h */
SIZE(haft_limit, 24);
AT(haft_limit, name, 0);
AT(haft_limit, value, 16);

SIZE(haft_executor_start_in, 208);
AT(haft_executor_start_in, size, 0);
AT(haft_executor_start_in, tries, 4);
AT(haft_executor_start_in, attempt, 8);
AT(haft_executor_start_in, fence, 16);
AT(haft_executor_start_in, sort, 24);
AT(haft_executor_start_in, run, 40);
AT(haft_executor_start_in, task, 56);
AT(haft_executor_start_in, argv, 72);
AT(haft_executor_start_in, env, 88);
AT(haft_executor_start_in, workdir, 104);
AT(haft_executor_start_in, image, 120);
AT(haft_executor_start_in, stdout_path, 136);
AT(haft_executor_start_in, stderr_path, 152);
AT(haft_executor_start_in, limits, 168);
AT(haft_executor_start_in, idempotency_key, 184);
AT(haft_executor_start_in, run_limit_ms, 200);

SIZE(haft_executor_cancel_in, 32);
AT(haft_executor_cancel_in, size, 0);
AT(haft_executor_cancel_in, _0, 4);
AT(haft_executor_cancel_in, attempt, 8);
AT(haft_executor_cancel_in, fence, 16);
AT(haft_executor_cancel_in, grace_ms, 24);

SIZE(haft_executor_recover_in, 56);
AT(haft_executor_recover_in, size, 0);
AT(haft_executor_recover_in, _0, 4);
AT(haft_executor_recover_in, attempt, 8);
AT(haft_executor_recover_in, fence, 16);
AT(haft_executor_recover_in, token, 24);
AT(haft_executor_recover_in, stdout_offset, 40);
AT(haft_executor_recover_in, stderr_offset, 48);

SIZE(haft_executor_recover_out, 8);
AT(haft_executor_recover_out, size, 0);
AT(haft_executor_recover_out, state, 4);

SIZE(haft_executor_release_in, 24);
AT(haft_executor_release_in, size, 0);
AT(haft_executor_release_in, _0, 4);
AT(haft_executor_release_in, attempt, 8);
AT(haft_executor_release_in, fence, 16);

SIZE(haft_slots_set_in, 8);
AT(haft_slots_set_in, size, 0);
AT(haft_slots_set_in, slots, 4);

/* haft/fault.h */
SIZE(haft_cause, 32);
AT(haft_cause, code, 0);
AT(haft_cause, message, 16);

SIZE(haft_fault, 88);
AT(haft_fault, size, 0);
AT(haft_fault, fault_class, 4);
AT(haft_fault, effect, 8);
AT(haft_fault, origin, 12);
AT(haft_fault, retry_hint, 16);
AT(haft_fault, exit_code, 20);
AT(haft_fault, signal, 24);
AT(haft_fault, _0, 28);
AT(haft_fault, retry_after_ms, 32);
AT(haft_fault, code, 40);
AT(haft_fault, message, 56);
AT(haft_fault, causes, 72);

/* haft/host.h */
SIZE(haft_log_write_in, 40);
AT(haft_log_write_in, size, 0);
AT(haft_log_write_in, level, 4);
AT(haft_log_write_in, event, 8);
AT(haft_log_write_in, facts, 24);

SIZE(haft_clock_now_out, 24);
AT(haft_clock_now_out, size, 0);
AT(haft_clock_now_out, _0, 4);
AT(haft_clock_now_out, monotonic_ms, 8);
AT(haft_clock_now_out, real_ms, 16);

SIZE(haft_loop_watch_in, 24);
AT(haft_loop_watch_in, size, 0);
AT(haft_loop_watch_in, fd, 4);
AT(haft_loop_watch_in, events, 8);
AT(haft_loop_watch_in, _0, 12);
AT(haft_loop_watch_in, token, 16);

SIZE(haft_loop_timer_in, 24);
AT(haft_loop_timer_in, size, 0);
AT(haft_loop_timer_in, _0, 4);
AT(haft_loop_timer_in, at_ms, 8);
AT(haft_loop_timer_in, token, 16);

SIZE(haft_loop_post_in, 16);
AT(haft_loop_post_in, size, 0);
AT(haft_loop_post_in, _0, 4);
AT(haft_loop_post_in, token, 8);

SIZE(haft_attempt_started_in, 48);
AT(haft_attempt_started_in, size, 0);
AT(haft_attempt_started_in, _0, 4);
AT(haft_attempt_started_in, attempt, 8);
AT(haft_attempt_started_in, fence, 16);
AT(haft_attempt_started_in, time_ms, 24);
AT(haft_attempt_started_in, token, 32);

SIZE(haft_attempt_output_in, 48);
AT(haft_attempt_output_in, size, 0);
AT(haft_attempt_output_in, stream, 4);
AT(haft_attempt_output_in, attempt, 8);
AT(haft_attempt_output_in, fence, 16);
AT(haft_attempt_output_in, offset, 24);
AT(haft_attempt_output_in, data, 32);

SIZE(haft_attempt_progress_in, 40);
AT(haft_attempt_progress_in, size, 0);
AT(haft_attempt_progress_in, permille, 4);
AT(haft_attempt_progress_in, attempt, 8);
AT(haft_attempt_progress_in, fence, 16);
AT(haft_attempt_progress_in, note, 24);

SIZE(haft_attempt_ended_in, 120);
AT(haft_attempt_ended_in, size, 0);
AT(haft_attempt_ended_in, fault_class, 4);
AT(haft_attempt_ended_in, attempt, 8);
AT(haft_attempt_ended_in, fence, 16);
AT(haft_attempt_ended_in, effect, 24);
AT(haft_attempt_ended_in, origin, 28);
AT(haft_attempt_ended_in, retry_hint, 32);
AT(haft_attempt_ended_in, exit_code, 36);
AT(haft_attempt_ended_in, signal, 40);
AT(haft_attempt_ended_in, _0, 44);
AT(haft_attempt_ended_in, retry_after_ms, 48);
AT(haft_attempt_ended_in, started_ms, 56);
AT(haft_attempt_ended_in, ended_ms, 64);
AT(haft_attempt_ended_in, code, 72);
AT(haft_attempt_ended_in, message, 88);
AT(haft_attempt_ended_in, causes, 104);

SIZE(haft_process_start_in, 136);
AT(haft_process_start_in, size, 0);
AT(haft_process_start_in, flags, 4);
AT(haft_process_start_in, id, 8);
AT(haft_process_start_in, fence, 16);
AT(haft_process_start_in, argv, 24);
AT(haft_process_start_in, env, 40);
AT(haft_process_start_in, workdir, 56);
AT(haft_process_start_in, input, 72);
AT(haft_process_start_in, stdout_path, 88);
AT(haft_process_start_in, stderr_path, 104);
AT(haft_process_start_in, limits, 120);

SIZE(haft_process_start_out, 16);
AT(haft_process_start_out, size, 0);
AT(haft_process_start_out, _0, 4);
AT(haft_process_start_out, id, 8);

SIZE(haft_process_signal_in, 16);
AT(haft_process_signal_in, size, 0);
AT(haft_process_signal_in, signal, 4);
AT(haft_process_signal_in, id, 8);

SIZE(haft_process_id_in, 16);
AT(haft_process_id_in, size, 0);
AT(haft_process_id_in, _0, 4);
AT(haft_process_id_in, id, 8);

SIZE(haft_process_find_out, 8);
AT(haft_process_find_out, size, 0);
AT(haft_process_find_out, state, 4);

SIZE(haft_ready_on_in, 16);
AT(haft_ready_on_in, size, 0);
AT(haft_ready_on_in, events, 4);
AT(haft_ready_on_in, token, 8);

SIZE(haft_child_started_in, 24);
AT(haft_child_started_in, size, 0);
AT(haft_child_started_in, pid, 4);
AT(haft_child_started_in, id, 8);
AT(haft_child_started_in, time_ms, 16);

SIZE(haft_child_ended_in, 72);
AT(haft_child_ended_in, size, 0);
AT(haft_child_ended_in, exit_code, 4);
AT(haft_child_ended_in, signal, 8);
AT(haft_child_ended_in, error, 12);
AT(haft_child_ended_in, is_withdrawn, 16);
AT(haft_child_ended_in, is_lost, 20);
AT(haft_child_ended_in, id, 24);
AT(haft_child_ended_in, started_ms, 32);
AT(haft_child_ended_in, ended_ms, 40);
AT(haft_child_ended_in, step, 48);
AT(haft_child_ended_in, is_out_of_memory, 64);
AT(haft_child_ended_in, _0, 68);

/* haft/notify.h */
SIZE(haft_notify_event, 80);
AT(haft_notify_event, seq, 0);
AT(haft_notify_event, time_ms, 8);
AT(haft_notify_event, kind, 16);
AT(haft_notify_event, run, 32);
AT(haft_notify_event, task, 48);
AT(haft_notify_event, json, 64);

SIZE(haft_notify_deliver_in, 24);
AT(haft_notify_deliver_in, size, 0);
AT(haft_notify_deliver_in, _0, 4);
AT(haft_notify_deliver_in, events, 8);

/* haft/plugin.h */
SIZE(haft_call, 40);
AT(haft_call, size, 0);
AT(haft_call, flags, 4);
AT(haft_call, id, 8);
AT(haft_call, deadline_ms, 16);
AT(haft_call, trace_hi, 24);
AT(haft_call, trace_lo, 32);

SIZE(haft_object, 32);
AT(haft_object, size, 0);
AT(haft_object, count, 4);
AT(haft_object, interface, 8);
AT(haft_object, methods, 16);
AT(haft_object, self, 24);

SIZE(haft_host, 56);
AT(haft_host, size, 0);
AT(haft_host, abi, 4);
AT(haft_host, self, 8);
AT(haft_host, query, 16);
AT(haft_host, alloc, 24);
AT(haft_host, fault, 32);
AT(haft_host, complete, 40);
AT(haft_host, cancelled, 48);

SIZE(haft_value, 48);
AT(haft_value, key, 0);
AT(haft_value, type, 16);
AT(haft_value, is_set, 20);
AT(haft_value, number, 24);
AT(haft_value, text, 32);

SIZE(haft_create, 40);
AT(haft_create, size, 0);
AT(haft_create, _0, 4);
AT(haft_create, name, 8);
AT(haft_create, values, 24);

SIZE(haft_instance, 24);
AT(haft_instance, size, 0);
AT(haft_instance, _0, 4);
AT(haft_instance, objects, 8);
AT(haft_instance, destroy, 16);

SIZE(haft_class, 32);
AT(haft_class, size, 0);
AT(haft_class, _0, 4);
AT(haft_class, kind, 8);
AT(haft_class, name, 16);
AT(haft_class, create, 24);

SIZE(haft_module, 32);
AT(haft_module, size, 0);
AT(haft_module, abi, 4);
AT(haft_module, id, 8);
AT(haft_module, version, 16);
AT(haft_module, classes, 24);

/* haft/retry.h */
SIZE(haft_retry_step, 8);
AT(haft_retry_step, delay_ms, 0);

SIZE(haft_retry_exit, 8);
AT(haft_retry_exit, code, 0);
AT(haft_retry_exit, _0, 4);

SIZE(haft_retry_decide_in, 192);
AT(haft_retry_decide_in, size, 0);
AT(haft_retry_decide_in, fault_class, 4);
AT(haft_retry_decide_in, effect, 8);
AT(haft_retry_decide_in, origin, 12);
AT(haft_retry_decide_in, retry_hint, 16);
AT(haft_retry_decide_in, exit_code, 20);
AT(haft_retry_decide_in, signal, 24);
AT(haft_retry_decide_in, tries, 28);
AT(haft_retry_decide_in, losses, 32);
AT(haft_retry_decide_in, is_idempotent, 36);
AT(haft_retry_decide_in, seed, 40);
AT(haft_retry_decide_in, elapsed_ms, 48);
AT(haft_retry_decide_in, previous_delay_ms, 56);
AT(haft_retry_decide_in, retry_after_ms, 64);
AT(haft_retry_decide_in, left_ms, 72);
AT(haft_retry_decide_in, code, 80);
AT(haft_retry_decide_in, max, 96);
AT(haft_retry_decide_in, classes, 100);
AT(haft_retry_decide_in, base_ms, 104);
AT(haft_retry_decide_in, cap_ms, 112);
AT(haft_retry_decide_in, limit_ms, 120);
AT(haft_retry_decide_in, strategy, 128);
AT(haft_retry_decide_in, jitter, 144);
AT(haft_retry_decide_in, steps, 160);
AT(haft_retry_decide_in, exits, 176);

SIZE(haft_retry_decide_out, 32);
AT(haft_retry_decide_out, size, 0);
AT(haft_retry_decide_out, verdict, 4);
AT(haft_retry_decide_out, delay_ms, 8);
AT(haft_retry_decide_out, reason, 16);

/* haft/storage.h */
SIZE(haft_storage_op, 56);
AT(haft_storage_op, op, 0);
AT(haft_storage_op, guard, 4);
AT(haft_storage_op, version, 8);
AT(haft_storage_op, expected, 16);
AT(haft_storage_op, key, 24);
AT(haft_storage_op, value, 40);

SIZE(haft_storage_commit_in, 32);
AT(haft_storage_commit_in, size, 0);
AT(haft_storage_commit_in, _0, 4);
AT(haft_storage_commit_in, batch, 8);
AT(haft_storage_commit_in, ops, 16);

SIZE(haft_storage_last_in, 8);
AT(haft_storage_last_in, size, 0);
AT(haft_storage_last_in, _0, 4);

SIZE(haft_storage_last_out, 24);
AT(haft_storage_last_out, size, 0);
AT(haft_storage_last_out, _0, 4);
AT(haft_storage_last_out, batch, 8);
AT(haft_storage_last_out, size_bytes, 16);

SIZE(haft_storage_get_in, 24);
AT(haft_storage_get_in, size, 0);
AT(haft_storage_get_in, _0, 4);
AT(haft_storage_get_in, key, 8);

SIZE(haft_storage_get_out, 32);
AT(haft_storage_get_out, size, 0);
AT(haft_storage_get_out, is_found, 4);
AT(haft_storage_get_out, version, 8);
AT(haft_storage_get_out, value, 16);

SIZE(haft_storage_scan_in, 48);
AT(haft_storage_scan_in, size, 0);
AT(haft_storage_scan_in, flags, 4);
AT(haft_storage_scan_in, limit, 8);
AT(haft_storage_scan_in, limit_bytes, 12);
AT(haft_storage_scan_in, prefix, 16);
AT(haft_storage_scan_in, after, 32);

SIZE(haft_storage_record, 40);
AT(haft_storage_record, version, 0);
AT(haft_storage_record, key, 8);
AT(haft_storage_record, value, 24);

SIZE(haft_storage_scan_out, 24);
AT(haft_storage_scan_out, size, 0);
AT(haft_storage_scan_out, has_more, 4);
AT(haft_storage_scan_out, records, 8);

/* haft/types.h */
SIZE(haft_slice, 16);
AT(haft_slice, p, 0);
AT(haft_slice, n, 8);

SIZE(haft_array, 16);
AT(haft_array, p, 0);
AT(haft_array, count, 8);
AT(haft_array, stride, 12);

SIZE(haft_pair, 32);
AT(haft_pair, name, 0);
AT(haft_pair, value, 16);

SIZE(haft_field, 24);
AT(haft_field, name, 0);
AT(haft_field, kind, 8);
AT(haft_field, offset, 12);
AT(haft_field, item, 16);

SIZE(haft_record, 32);
AT(haft_record, name, 0);
AT(haft_record, size, 8);
AT(haft_record, least, 12);
AT(haft_record, count, 16);
AT(haft_record, stride, 20);
AT(haft_record, fields, 24);

SIZE(haft_signature, 32);
AT(haft_signature, name, 0);
AT(haft_signature, flags, 8);
AT(haft_signature, _0, 12);
AT(haft_signature, in, 16);
AT(haft_signature, out, 24);

SIZE(haft_interface, 32);
AT(haft_interface, id, 0);
AT(haft_interface, size, 8);
AT(haft_interface, count, 12);
AT(haft_interface, stride, 16);
AT(haft_interface, _0, 20);
AT(haft_interface, methods, 24);

SIZE(haft_empty, 8);
AT(haft_empty, size, 0);
AT(haft_empty, _0, 4);

/* Numbers that travel: for ever. */
#define IS(name, n) _Static_assert((name) == (n), #name " changed")

/* haft/types.h */
IS(HAFT_OK, 0);
IS(HAFT_PENDING, 1);
IS(HAFT_STALE, 2);
IS(HAFT_AGAIN, 3);
IS(HAFT_SIZE, 1);
IS(HAFT_PAD, 2);
IS(HAFT_U32, 3);
IS(HAFT_I32, 4);
IS(HAFT_U64, 5);
IS(HAFT_I64, 6);
IS(HAFT_BYTES, 7);
IS(HAFT_TEXT, 8);
IS(HAFT_ARRAY, 9);
IS(HAFT_POST, 1);
IS(HAFT_LEAF, 2);
IS(HAFT_SYNC, 4);
IS(HAFT_REPEAT, 8);

/* haft/fault.h */
IS(HAFT_CANCELLED, 1);
IS(HAFT_INVALID, 2);
IS(HAFT_UNAUTHENTICATED, 3);
IS(HAFT_DENIED, 4);
IS(HAFT_NOT_FOUND, 5);
IS(HAFT_CONFLICT, 6);
IS(HAFT_USER_FAILURE, 7);
IS(HAFT_TIMEOUT_RUN, 8);
IS(HAFT_TIMEOUT_QUEUE, 9);
IS(HAFT_THROTTLED, 10);
IS(HAFT_RESOURCE, 11);
IS(HAFT_TRANSIENT, 12);
IS(HAFT_BACKEND_DOWN, 13);
IS(HAFT_INFRA_LOST, 14);
IS(HAFT_UNKNOWN_OUTCOME, 15);
IS(HAFT_SHED, 16);
IS(HAFT_CORRUPT, 17);
IS(HAFT_PLUGIN_CRASH, 18);
IS(HAFT_UNIMPLEMENTED, 19);
IS(HAFT_INTERNAL, 20);
IS(HAFT_CLASSES, 21);
IS(HAFT_EFFECT_MAYBE, 0);
IS(HAFT_EFFECT_NOT_STARTED, 1);
IS(HAFT_EFFECT_STARTED, 2);
IS(HAFT_EFFECT_DONE, 3);
IS(HAFT_ORIGIN_LOCAL, 0);
IS(HAFT_ORIGIN_USER, 1);
IS(HAFT_ORIGIN_REMOTE, 2);
IS(HAFT_HINT_DEFAULT, 0);
IS(HAFT_HINT_NEVER, 1);
IS(HAFT_HINT_SAME, 2);
IS(HAFT_HINT_OTHER, 3);

/* methods */
IS(HAFT_AUTH_KNOWN, 1);
IS(HAFT_AUTH_AUTHENTICATE, 0);
IS(HAFT_EXECUTOR_START, 0);
IS(HAFT_EXECUTOR_CANCEL, 1);
IS(HAFT_EXECUTOR_RECOVER, 2);
IS(HAFT_EXECUTOR_RELEASE, 3);
IS(HAFT_SLOTS_SET, 0);
IS(HAFT_LOG_DEBUG, 3);
IS(HAFT_LOG_WRITE, 0);
IS(HAFT_CLOCK_NOW, 0);
IS(HAFT_LOOP_WATCH, 0);
IS(HAFT_LOOP_TIMER, 1);
IS(HAFT_LOOP_POST, 2);
IS(HAFT_ATTEMPT_STARTED, 0);
IS(HAFT_ATTEMPT_OUTPUT, 1);
IS(HAFT_ATTEMPT_PROGRESS, 2);
IS(HAFT_ATTEMPT_ENDED, 3);
IS(HAFT_PROCESS_START, 0);
IS(HAFT_PROCESS_SIGNAL, 1);
IS(HAFT_PROCESS_FIND, 2);
IS(HAFT_PROCESS_RELEASE, 3);
IS(HAFT_PROCESS_SLOTS, 4);
IS(HAFT_READY_ON, 0);
IS(HAFT_CHILD_STARTED, 0);
IS(HAFT_CHILD_ENDED, 1);
IS(HAFT_NOTIFY_DELIVER, 0);
IS(HAFT_RETRY_DECIDE, 0);
IS(HAFT_STORAGE_COMMIT, 0);
IS(HAFT_STORAGE_LAST, 1);
IS(HAFT_STORAGE_GET, 2);
IS(HAFT_STORAGE_SCAN, 3);

int main(void)
{
    return 0;
}
