"""Senders of events about source code."""

from runledger.nodes.source_config import EventPlace, HmacVerify, Preset, TokenVerify
from runledger.sources.facts import (
    SAMPLE_ID,
    ChosenBy,
    ContactSuggestion,
    EventFormat,
    KeyFacts,
    PresetFacts,
    Properties,
    Sample,
)
from runledger.sources.presets.own import STANDARD_HEADER, standard_rule
from runledger.sources.schemes.alternatives import Alternatives
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.token import TokenScheme

GITHUB = PresetFacts(
    preset=Preset.GITHUB,
    title="GitHub",
    docs="https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    steps=(
        "In the repository or organization, open Settings, Webhooks, and choose Add webhook.",
        "Paste the webhook's address under Payload URL and choose the Content type "
        "application/json.",
        "Make the webhook's secret in Runledger and paste it under Secret.",
    ),
    dedupe=(
        "By the digest of the body: GitHub does not sign X-GitHub-Delivery. Equal bodies open one "
        "run."
    ),
    properties=Properties(signs_body=True),
    secret=KeyFacts(
        name="Secret", where="under Secret in the webhook's form", chosen_by=ChosenBy.RUNLEDGER
    ),
    event_id=(EventPlace(header="X-GitHub-Delivery"),),
    event_type=(EventPlace(header="X-GitHub-Event"),),
    headers=("X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID"),
    samples=(
        Sample(
            "An issue was opened",
            '{"action":"opened","issue":{"id":1001,"number":7,"title":"Sample ' + SAMPLE_ID + '",'
            '"user":{"login":"ana"}},"repository":{"full_name":"example/shop"},'
            '"sender":{"login":"ana"}}',
            headers={"X-GitHub-Event": "issues", "X-GitHub-Delivery": SAMPLE_ID},
        ),
    ),
    formats=(EventFormat.JSON, EventFormat.FORM),
    notes=(
        "If a webhook sends forms, the event is the JSON in the form's field that is named "
        "payload.",
    ),
)

GITHUB_SCHEME = HmacScheme(
    HmacVerify(scheme="HMAC", header="X-Hub-Signature-256", prefix="sha256="), GITHUB.title
)

GITLAB = PresetFacts(
    preset=Preset.GITLAB,
    title="GitLab",
    docs="https://docs.gitlab.com/user/project/integrations/webhooks/",
    steps=(
        "In the project or group, open Settings, Webhooks, and choose Add new webhook.",
        "Paste the webhook's address under URL.",
        "Make the webhook's secret in Runledger and paste it under Secret token. Or, if your "
        "GitLab has signing tokens, generate one in GitLab and set it as the secret in Runledger.",
        "Select the triggers that you need.",
    ),
    dedupe=(
        "By Idempotency-Key, which stays the same when GitLab repeats an event (17.4 and newer). "
        "With a signing token by webhook-id, which is signed."
    ),
    secret=KeyFacts(
        name="Secret token",
        where="under Secret token or Signing token in the webhook's form",
        chosen_by=ChosenBy.RUNLEDGER,
    ),
    event_id=(EventPlace(header="Idempotency-Key"),),
    event_type=(EventPlace(header="X-Gitlab-Event"), EventPlace(path="object_kind")),
    contact=ContactSuggestion("email", "user_email"),
    headers=("X-Gitlab-Event", "X-Gitlab-Instance", "X-Gitlab-Event-UUID"),
    samples=(
        Sample(
            "A push",
            '{"object_kind":"push","ref":"refs/heads/main","checkout_sha":"' + SAMPLE_ID + '",'
            '"user_name":"Ana Example","user_email":"ana@example.com",'
            '"project":{"path_with_namespace":"example/shop"},"total_commits_count":1}',
            headers={"X-Gitlab-Event": "Push Hook", "Idempotency-Key": SAMPLE_ID},
        ),
    ),
    notes=(
        "A secret token proves the sender, not the body: anybody who sees one request can send "
        "others. A signing token proves the body, the time and the id.",
    ),
)

GITLAB_SCHEME = Alternatives(
    (
        (
            "X-Gitlab-Token",
            TokenScheme(TokenVerify(scheme="TOKEN", header="X-Gitlab-Token"), GITLAB.title),
        ),
        (STANDARD_HEADER, HmacScheme(standard_rule(), GITLAB.title)),
    ),
    GITLAB.title,
)
