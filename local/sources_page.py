"""Writes docs/sources.md from the registry of sources."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from runledger.nodes.source_config import EventPlace, Handshake, Preset
from runledger.sources.facts import ChosenBy, KeyFacts, Outcome, PresetFacts
from runledger.sources.registry import all_sources, example_intake
from runledger.sources.source import Source

from local.sample_commands import sample_command

TARGET = Path(__file__).parents[1] / "docs" / "sources.md"

_HEAD = """# Sources

Generated from the registry of sources by `make generate`; do not edit.

A source says how the sender of a webhook signs, formats and names its events. Write it in the
[trigger](triggers.md#webhook) as `source`. A sender that has no section here is [Custom](#custom).

| sender | `preset` | signed | repeats open no second run |
|---|---|---|---|
{rows}

*Signed* says what the signature covers. An attacker who saw one event can change everything else in
it. So an id that is not signed is not used to recognize repeated events. Instead, the digest of the
signed text is used: two events with the same signed text count as one. If a sender sends two
different events with equal bodies, set `dedupe` to `OFF`. A warning then appears when you save,
because an attacker who saw an event can send it again and open a second run.

A signed time must be near the present: 5 minutes, unless a section says otherwise. A refused event
leaves a [refusal](triggers.md#checks-and-answers) that names the rule, for example `Stripe: the
timestamp is 12 minutes old; 5 are allowed`. The sender only gets the status and a short message.

The commands send the section's sample as the sender would. First set two variables: the address,
and the secret, which the sender shows or `POST /v1/automations/{{id}}/rotate-secret` returns.

<!-- not run: the values are those of your automation -->
```sh
URL=https://api.example.com/v1/webhooks/in/your-token
SECRET=your-secret
```
"""
_STANDARDS = frozenset({Preset.RUNLEDGER, Preset.STANDARD_WEBHOOKS, Preset.CLOUDEVENTS})
_NOT_RUN = "<!-- not run: needs the address and secret of an automation; its own test runs it -->"
_HANDSHAKES = {
    Handshake.SLACK: "Slack sends `url_verification`; the challenge is answered.",
    Handshake.META: "Meta sends a GET with the verify token; the challenge is answered.",
    Handshake.SNS: "SNS sends `SubscriptionConfirmation`; it is verified, then confirmed.",
    Handshake.CLOUDEVENTS: "The sender asks with OPTIONS; the webhook allows it.",
    Handshake.MICROSOFT: "Microsoft sends `validationToken`; it is answered.",
    Handshake.DISCORD: "Discord sends a PING; it is answered.",
}


def rendered() -> str:
    sources = all_sources()
    rows = "\n".join(_row(source) for source in sources)
    parts = [_HEAD.format(rows=rows), *("\n".join(_section(source)) for source in sources)]
    return "\n".join(parts)


def _row(source: Source) -> str:
    facts = source.facts
    anchor = "".join(each for each in facts.title.lower() if each.isalnum() or each in " -")
    link = f"[{facts.title}](#{anchor.replace(' ', '-')})"
    return f"| {link} | `{facts.preset}` | {_signed(source)} | {facts.dedupe} |"


def _signed(source: Source) -> str:
    facts = source.facts
    if facts.preset in (Preset.CUSTOM, Preset.CLOUDEVENTS):
        return "what the rule says"
    properties = facts.properties
    parts = [
        name
        for name, is_signed in (
            ("body", properties.signs_body),
            ("time", properties.signs_timestamp),
            ("id", properties.signs_id),
        )
        if is_signed
    ]
    if parts:
        return ", ".join(parts)
    return "nothing; the sender is proved by its secret" if facts.secret else "nothing"


def _section(source: Source) -> Iterator[str]:
    facts = source.facts
    yield f"## {facts.title}"
    if facts.docs is not None:
        name = "The standard" if facts.preset in _STANDARDS else "The sender's own documentation"
        yield f"{name}: <{facts.docs}>"
    yield ""
    yield from (f"{number}. {step}" for number, step in enumerate(facts.steps, 1))
    yield from ("", "<!-- example: TRIGGER config -->", "```json")
    trigger = {"triggerType": "WEBHOOK", **_example(facts)}
    yield json.dumps(trigger, indent=2, ensure_ascii=False)
    yield from ("```", "", "| | |", "|---|---|")
    yield from (f"| {name} | {text} |" for name, text in _rows(source))
    yield ""
    for note in facts.notes:
        yield from (note, "")
    command = sample_command(source)
    if command is not None:
        yield f"{facts.samples[0].title}:"
        yield from ("", _NOT_RUN, "```sh", command, "```", "")


def _example(facts: PresetFacts) -> dict[str, object]:
    example: dict[str, object] = example_intake(facts.preset)
    if facts.split is not None:
        example["split"] = facts.split
        example["splitId"] = facts.split_id
    if facts.contact is not None:
        name = {} if facts.contact.name is None else {"name": facts.contact.name}
        example["contactLookup"] = {"by": facts.contact.by, **name, "path": facts.contact.path}
    if facts.headers:
        example["headers"] = list(facts.headers)
    return example


def _rows(source: Source) -> Iterator[tuple[str, str]]:
    facts = source.facts
    keys = (("Secret", facts.secret), ("Public key", facts.public_key))
    for name, key in (*keys, ("Verify token", facts.verify_token)):
        if key is not None:
            yield name, _key(key)
    yield "Signed", _signed(source)
    yield "Repeats", facts.dedupe
    if facts.event_id:
        yield "Event's id", _places(facts.event_id)
    if facts.event_type:
        yield "Event's type", _places(facts.event_type)
    if facts.contact is not None:
        name = "" if facts.contact.name is None else f" `{facts.contact.name}`"
        yield "Contact", f"by {facts.contact.by}{name} at `{facts.contact.path}`"
    yield "Formats", ", ".join(facts.formats)
    if facts.handshakes:
        yield "Handshake", " ".join(_HANDSHAKES[each] for each in facts.handshakes)
    yield "Answer", _answers(facts)


def _key(key: KeyFacts) -> str:
    chosen = "from the sender" if key.chosen_by is ChosenBy.SENDER else "made here"
    begins = f", begins with `{key.prefix}`" if key.prefix else ""
    return f"{key.name}, {chosen}: {key.where}{begins}"


def _places(places: tuple[EventPlace, ...]) -> str:
    return ", otherwise ".join(_place(each) for each in places)


def _place(place: EventPlace) -> str:
    if place.header is not None:
        return f"the header `{place.header}`"
    if place.query is not None:
        return f"the query parameter `{place.query}`"
    return f"`{place.path}` in the body"


def _answers(facts: PresetFacts) -> str:
    form = facts.answers.get(Outcome.ACCEPTED)
    if form is None:
        return "ours: 202 with JSON"
    status = form.status or 202
    if form.body is None:
        return f"{status} with our JSON"
    if not form.body:
        return f"{status} with an empty body"
    return f"{status} with `{form.body}` as {form.content_type}"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET.name}\n")
