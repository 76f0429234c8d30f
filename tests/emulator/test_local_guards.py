"""The patches of the emulator refuse to be applied to code that they do not fit."""

from types import ModuleType

import pytest

from local.patches import guard, http_api
from local.patches.retry_delays import delay_seconds


def greet() -> str:
    return "hello"


def _module() -> ModuleType:
    module = ModuleType("sample")
    module.__dict__["greet"] = greet
    return module


def test_a_function_is_wrapped_when_its_source_is_the_expected_one() -> None:
    module = _module()
    guard.wrap(module, "greet", guard.fingerprint(greet), lambda original: original().upper)
    assert module.__dict__["greet"]() == "HELLO"


def test_a_function_with_another_source_is_not_wrapped_and_is_named() -> None:
    module = _module()
    with pytest.raises(guard.PatchError, match=r"sample\.greet has fingerprint"):
        guard.wrap(module, "greet", "0" * 16, lambda original: original)
    assert module.__dict__["greet"] is greet


def test_another_version_of_the_emulator_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    guard.require_version()
    monkeypatch.setattr(guard, "version", lambda name: "9.9.9")
    with pytest.raises(guard.PatchError, match=r"but 9\.9\.9 is installed"):
        guard.require_version()


def test_a_body_without_routes_fails_the_deployment() -> None:
    with pytest.raises(http_api.OpenApiBodyError, match="no route"):
        http_api.expand("api", {"Body": {"paths": {}}})


def test_an_unknown_authorizer_fails_the_deployment() -> None:
    operation = {
        "x-amazon-apigateway-integration": {"uri": "arn:aws:lambda:eu:1:function:f"},
        "security": [{"Nobody": []}],
    }
    with pytest.raises(http_api.OpenApiBodyError, match="unknown authorizer Nobody"):
        http_api.expand("api", {"Body": {"paths": {"/v1/me": {"get": operation}}}})


def test_the_delay_of_a_retry_has_a_limit_and_jitter_shortens_it() -> None:
    retrier = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}
    assert [delay_seconds(retrier, tries, lambda: 0.5) for tries in range(3)] == [2, 6, 10]
    jittered = {**retrier, "JitterStrategy": "FULL"}
    assert [delay_seconds(jittered, tries, lambda: 0.5) for tries in range(3)] == [1, 3, 5]
