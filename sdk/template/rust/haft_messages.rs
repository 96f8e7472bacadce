//! The messages of the headers that haft_abi.rs has the kinds of.
#![allow(dead_code, non_camel_case_types)]

use std::mem::size_of;

use crate::haft_abi::*;

message!(haft_empty, 8 {
    size: Size,
    _0: Pad,
});

message!(haft_pair, 32 {
    name: Text,
    value: Bytes,
});

message!(haft_notify_event, 80 {
    seq: U64,
    time_ms: I64,
    kind: Text,
    run: Text,
    task: Text,
    json: Text,
});

message!(haft_notify_deliver_in, 24 {
    size: Size,
    _0: Pad,
    events: Items<haft_notify_event>,
});

message!(haft_retry_step, 8 {
    delay_ms: I64,
});

message!(haft_retry_exit, 8 {
    code: I32,
    _0: Pad,
});

message!(haft_retry_decide_in, 192 {
    size: Size,
    fault_class: U32,
    effect: U32,
    origin: U32,
    retry_hint: U32,
    exit_code: I32,
    signal: I32,
    tries: U32,
    losses: U32,
    is_idempotent: U32,
    seed: U64,
    elapsed_ms: I64,
    previous_delay_ms: I64,
    retry_after_ms: I64,
    left_ms: I64,
    code: Text,
    max: I32,
    classes: U32,
    base_ms: I64,
    cap_ms: I64,
    limit_ms: I64,
    strategy: Text,
    jitter: Text,
    steps: Items<haft_retry_step>,
    exits: Items<haft_retry_exit>,
});

message!(haft_retry_decide_out, 32 {
    size: Size,
    verdict: U32,
    delay_ms: I64,
    reason: Text,
});

message!(haft_auth_authenticate_in, 72 {
    size: Size,
    uid: U32,
    gid: U32,
    pid: U32,
    owner_uid: U32,
    _0: Pad,
    scheme: Text,
    credential: Bytes,
    address: Text,
});

message!(haft_auth_authenticate_out, 40 {
    size: Size,
    verdict: U32,
    principal: Text,
    roles: Items<Slice>,
});

message!(haft_limit, 24 {
    name: Text,
    value: U64,
});

message!(haft_executor_start_in, 208 {
    size: Size,
    tries: U32,
    attempt: U64,
    fence: U64,
    sort: Text,
    run: Text,
    task: Text,
    argv: Items<Slice>,
    env: Items<haft_pair>,
    workdir: Text,
    image: Text,
    stdout_path: Text,
    stderr_path: Text,
    limits: Items<haft_limit>,
    idempotency_key: Text,
    run_limit_ms: I64,
});

message!(haft_executor_cancel_in, 32 {
    size: Size,
    _0: Pad,
    attempt: U64,
    fence: U64,
    grace_ms: I64,
});

message!(haft_executor_recover_in, 56 {
    size: Size,
    _0: Pad,
    attempt: U64,
    fence: U64,
    token: Bytes,
    stdout_offset: U64,
    stderr_offset: U64,
});

message!(haft_executor_recover_out, 8 {
    size: Size,
    state: U32,
});

message!(haft_executor_release_in, 24 {
    size: Size,
    _0: Pad,
    attempt: U64,
    fence: U64,
});

message!(haft_cause, 32 {
    code: Text,
    message: Text,
});

message!(haft_fault, 88 {
    size: Size,
    fault_class: U32,
    effect: U32,
    origin: U32,
    retry_hint: U32,
    exit_code: I32,
    signal: I32,
    _0: Pad,
    retry_after_ms: I64,
    code: Text,
    message: Text,
    causes: Items<haft_cause>,
});

message!(haft_log_write_in, 40 {
    size: Size,
    level: U32,
    event: Text,
    facts: Items<haft_pair>,
});

message!(haft_clock_now_out, 24 {
    size: Size,
    _0: Pad,
    monotonic_ms: I64,
    real_ms: I64,
});

message!(haft_attempt_started_in, 48 {
    size: Size,
    _0: Pad,
    attempt: U64,
    fence: U64,
    time_ms: I64,
    token: Bytes,
});

message!(haft_attempt_ended_in, 120 {
    size: Size,
    fault_class: U32,
    attempt: U64,
    fence: U64,
    effect: U32,
    origin: U32,
    retry_hint: U32,
    exit_code: I32,
    signal: I32,
    _0: Pad,
    retry_after_ms: I64,
    started_ms: I64,
    ended_ms: I64,
    code: Text,
    message: Text,
    causes: Items<haft_cause>,
});
