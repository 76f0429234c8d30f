"""Patches that make the emulator behave like AWS. Each explains its reason, and first checks that
the emulator still has the code that it replaces."""

from local import feedback_endpoint, inbound_sms_endpoint, wire_log
from local.patches import (
    account_mails,
    account_rules,
    execution_resume,
    executions,
    expressions_once,
    guard,
    http_api,
    iam_decisions,
    index_reads,
    json_once,
    lambda_code,
    lambda_errors,
    lambda_log_end,
    lambda_pipes,
    lambda_streams,
    lambda_workers,
    machine_roles,
    math_alarms,
    parallel_context,
    plain_requests,
    random_ids,
    request_conditions,
    retry_delays,
    rule_targets,
    schedule_access,
    schedule_resources,
    schedules,
    secret_versions,
    ses_conditions,
    sign_in_challenges,
    sms_resources,
    table_calls,
    task_turns,
    text_bodies,
)

_PATCHES = (
    # First: it checks code that other patches replace.
    table_calls,
    http_api,
    plain_requests,
    iam_decisions,
    index_reads,
    expressions_once,
    json_once,
    random_ids,
    lambda_code,
    lambda_errors,
    lambda_log_end,
    lambda_pipes,
    lambda_streams,
    lambda_workers,
    executions,
    execution_resume,
    parallel_context,
    machine_roles,
    math_alarms,
    request_conditions,
    retry_delays,
    rule_targets,
    schedules,
    schedule_access,
    schedule_resources,
    secret_versions,
    ses_conditions,
    sms_resources,
    account_mails,
    account_rules,
    sign_in_challenges,
    feedback_endpoint,
    inbound_sms_endpoint,
    task_turns,
    text_bodies,
    # Last: it wraps an invocation as the other patches made it.
    wire_log,
)


def apply_all() -> None:
    """Applies all patches. Raises guard.PatchError at the first one that does not fit."""
    guard.require_version()
    for patch in _PATCHES:
        patch.apply()
