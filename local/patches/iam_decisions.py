"""IAM: policies are parsed once, and a request is compared only with the statements that can apply.

Without this patch, the emulator parses all policies of a role twice for each request, and compares
the request's action and resource with each statement. With this patch, a policy's text is parsed
once. Requests with the same set of policies, action and resource need the same statements, so the
statements are found at the first of these requests and kept. Conditions depend on the request, so
they are evaluated for each request. The caller's tags are looked up only if a condition needs them.

A changed policy has another text, and a role with another policy has another set of policies. So
after a change, the kept statements are not used.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

from ministack import app
from ministack.core import iam_evaluator, router
from ministack.core.iam_evaluator import EvalContext, EvalResult, ParsedStatement
from ministack.core.responses import _account_from_sts_session, get_account_id

from local.patches import guard

# The resources of S3 and of executions differ from request to request.
_KEPT = 4_096
_PRINCIPALS = frozenset({"Root", "User", "AssumedRole", "FederatedUser"})


class Policy(list[ParsedStatement]):
    """The statements of one policy, which never change. Compared by identity."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Applicable(NamedTuple):
    """The statements of a set of policies that match a request's action and resource, in order."""

    denying: list[ParsedStatement]
    allowing: list[ParsedStatement]


_policies: dict[str, Policy] = {}
_applicable: dict[tuple[tuple[Policy, ...], str, str], Applicable] = {}


def apply() -> None:
    guard.expect(iam_evaluator, "_first_match", "dc96ef4846c74212")
    guard.expect(iam_evaluator, "_gather_role_policies", "d83d1661b86595ac")
    guard.expect(iam_evaluator, "resolve_principal", "b6c6131e24bf22f0")
    guard.wrap(iam_evaluator, "parse_policy_document", "622a4f98a3ecd766", _once)
    guard.wrap(iam_evaluator, "evaluate", "2a5dd6932d1aca6a", lambda _original: evaluate)
    guard.wrap(iam_evaluator, "_names_condition_key", "33ac6377cd209e22", _named_once)
    guard.wrap(iam_evaluator, "_principal_keys", "82f8fd4f1d91e592", _on_demand)
    guard.wrap(iam_evaluator, "is_root_access_key", "e6ae3b63335593c0", lru_cache(_KEPT))
    guard.wrap(router, "extract_access_key_id", "4f0df6b2b1cd3320", _signed_once)
    app.extract_access_key_id = router.extract_access_key_id
    guard.wrap(
        iam_evaluator, "request_caller_arn", "12240eb881e7e316", lambda _original: caller_arn
    )


def _once(parse: Callable[[Any], list[ParsedStatement]]) -> Callable[[Any], list[ParsedStatement]]:
    def parse_once(document: Any) -> list[ParsedStatement]:
        if not isinstance(document, str):
            return parse(document)
        policy = _policies.get(document)
        if policy is None:
            if len(_policies) >= _KEPT:
                _policies.clear()
            policy = _policies[document] = Policy(parse(document))
        return policy

    return parse_once


def evaluate(
    context: EvalContext,
    policies: Sequence[list[ParsedStatement]],
    *limits: Sequence[list[ParsedStatement]],
) -> EvalResult:
    """Decides as the emulator does. A Deny in any policy or limit denies the request. Otherwise an
    Allow in `policies` allows it, if each of the `limits` has an Allow too."""
    layers = [_of(layer, context.action, context.resource_arn) for layer in (policies, *limits)]
    for layer in layers:
        denying = _first(layer.denying, context)
        if denying is not None:
            return EvalResult("Deny", context.principal_arn, denying.sid, "Explicit deny")
    allowing = _first(layers[0].allowing, context)
    if allowing is not None and all(_first(layer.allowing, context) for layer in layers[1:]):
        return EvalResult("Allow", context.principal_arn, allowing.sid, "Explicit allow")
    return EvalResult("ImplicitDeny", context.principal_arn, "", "No matching Allow statement")


def _of(layer: Sequence[list[ParsedStatement]], action: str, resource: str) -> Applicable:
    kept = tuple(policy for policy in layer if isinstance(policy, Policy))
    if len(kept) != len(layer):
        # A policy that was not parsed from a text, such as a resource's own.
        return _found(layer, action, resource)
    key = (kept, action, resource)
    found = _applicable.get(key)
    if found is None:
        if len(_applicable) >= _KEPT:
            _applicable.clear()
        found = _applicable[key] = _found(layer, action, resource)
    return found


def _found(layer: Sequence[list[ParsedStatement]], action: str, resource: str) -> Applicable:
    named = [
        statement
        for policy in layer
        for statement in policy
        if iam_evaluator._action_matches(action, statement.actions, statement.not_actions)
        and iam_evaluator._resource_matches(resource, statement.resources, statement.not_resources)
    ]
    return Applicable(
        denying=[statement for statement in named if statement.effect == "Deny"],
        allowing=[statement for statement in named if statement.effect == "Allow"],
    )


def _first(statements: Sequence[ParsedStatement], context: EvalContext) -> ParsedStatement | None:
    for statement in statements:
        if iam_evaluator._conditions_met(statement.conditions, context):
            return statement
    return None


def _named_once(names: Callable[[Any, str], bool]) -> Callable[[Any, str], bool]:
    kept = lru_cache(_KEPT)(names)

    def names_condition_key(policies: Sequence[list[ParsedStatement]], prefix: str) -> bool:
        if all(isinstance(policy, Policy) for policy in policies):
            return kept(tuple(policies), prefix)
        return names(policies, prefix)

    return names_condition_key


class PrincipalKeys(Mapping[str, Any]):
    """The condition keys that describe a caller, found when a condition asks for one."""

    def __init__(self, find: Callable[[], dict[str, Any]]) -> None:
        self._find = find

    @cached_property
    def _keys(self) -> dict[str, Any]:
        return self._find()

    def __getitem__(self, key: str) -> Any:
        return self._keys[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _on_demand(keys_of: Callable[[Any], dict[str, Any]]) -> Callable[[Any], PrincipalKeys]:
    return lambda credential: PrincipalKeys(partial(keys_of, credential))


def _signed_once(extract: Callable[..., str]) -> Callable[..., str]:
    kept = lru_cache(_KEPT)(lambda authorization: extract({"authorization": authorization}))

    def extract_access_key_id(headers: dict[str, str], query_params: Any = None) -> str:
        authorization = headers.get("authorization", "")
        # A key in this header wins over one in the query.
        key = kept(authorization) if authorization.startswith("AWS4-HMAC") else ""
        return key or extract(headers, query_params)

    return extract_access_key_id


def caller_arn(headers: dict[str, str], query_params: dict[str, Any] | None = None) -> str:
    """Returns the ARN of the caller, or of the account's root if the key is unknown. The emulator's
    own function also gathers the caller's policies, which are not needed here."""
    account = get_account_id()
    key = router.extract_access_key_id(headers or {}, query_params or {})
    if key:
        found = iam_evaluator.resolve_credential(key, _account_from_sts_session(key) or account)
        # The others have no type or no ARN: the emulator does not resolve them to a principal.
        if getattr(found, "principal_type", "") in _PRINCIPALS and found.principal_arn:
            return str(found.principal_arn)
    return f"arn:aws:iam::{account}:root"
