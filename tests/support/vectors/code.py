"""Vectors of GitHub and GitLab."""

import base64
import json

from runledger.sources.facts import Properties

from tests.support.vectors.base import NOON, Vector, based, request, secret

_GITLAB_BODY = b'{"object_kind":"push","user_email":"ana@example.com"}'
_GITLAB_TOKEN = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="

CODE: tuple[Vector, ...] = (
    Vector(
        "GITHUB",
        {"preset": "GITHUB"},
        "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
        True,
        request(
            b"Hello, World!",
            {
                "X-Hub-Signature-256": "sha256="
                "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
                "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
                "X-GitHub-Event": "push",
            },
            NOON * 1_000,
        ),
        secret("It's a Secret to Everybody"),
        secret("another"),
        event_id="72d3162e-cc78-11e3-81ab-4c9367dc0958",
        event_type="push",
    ),
    Vector(
        "GITLAB, secret token",
        {"preset": "GITLAB"},
        "https://docs.gitlab.com/user/project/integrations/webhooks/",
        False,
        request(
            _GITLAB_BODY,
            {
                "X-Gitlab-Token": "a secret",
                "X-Gitlab-Event": "Push Hook",
                "Idempotency-Key": "f5e5f430",
            },
            NOON * 1_000,
        ),
        secret("a secret"),
        secret("another"),
        event_id="f5e5f430",
        event_type="Push Hook",
    ),
    Vector(
        "GITLAB, signing token",
        {"preset": "GITLAB"},
        "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944",
        False,
        request(
            _GITLAB_BODY,
            {
                "webhook-id": "f5e5f430",
                "webhook-timestamp": str(NOON),
                "webhook-signature": "v1,"
                + based(b"test" * 8, b"f5e5f430.%d." % NOON + _GITLAB_BODY),
            },
            NOON * 1_000,
        ),
        secret(_GITLAB_TOKEN),
        secret("whsec_" + base64.b64encode(b"x" * 32).decode()),
        tolerance=300,
        event_id="f5e5f430",
        event_type="push",
        document=json.loads(_GITLAB_BODY),
        covers=Properties(signs_body=True, signs_timestamp=True, signs_id=True),
    ),
)
