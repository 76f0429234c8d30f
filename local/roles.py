"""Checks the permissions of a role that a service of the emulator uses."""

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam


def allows(role_arn: str, action: str, resource: str) -> bool:
    """Whether the role's own policies, within its permissions boundary, allow the action."""
    account, name = get_account_id(), role_arn.rsplit("/", 1)[-1]
    asked = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    decision: str = iam_evaluator.evaluate(asked, policies, *limits).decision
    return decision == "Allow"
