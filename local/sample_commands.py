"""Writes shell commands that send a signed sample, from the same rules that verify events."""

import json
import re
from collections.abc import Iterator

from runledger.nodes.source_config import HmacVerify
from runledger.paths import parse
from runledger.sources.base import Received, Scheme
from runledger.sources.facts import SAMPLE_ID, Sample
from runledger.sources.schemes.alternatives import Alternatives
from runledger.sources.schemes.basic import BasicScheme
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.none import NoScheme
from runledger.sources.schemes.signed_text import form_text, is_form
from runledger.sources.schemes.token import TokenScheme
from runledger.sources.schemes.twilio import TwilioScheme
from runledger.sources.source import Source

_PART = re.compile(r"\{(\w+)\}")
_VARIABLES = {
    "body": "$BODY",
    "timestamp": "$TIMESTAMP",
    "id": "$ID",
    "url": "$URL",
    "form": "$FORM",
    "method": "POST",
}
_ID, _TIMESTAMP, _SIGNATURE = "%ID%", "%TIMESTAMP%", "%SIGNATURE%"
_PLACEHOLDER = re.compile("(%ID%|%TIMESTAMP%|%SIGNATURE%)")


def sample_command(source: Source) -> str | None:
    """Returns the command that sends the source's first sample. The command reads the variables URL
    and SECRET. None if only the sender can sign."""
    sample = source.facts.samples[0]
    scheme = _first_way(source.scheme)
    if isinstance(scheme, TwilioScheme):
        scheme = HmacScheme(scheme.fields_rule, scheme.sender)
    if isinstance(scheme, HmacScheme):
        return "\n".join(_signed(scheme, source, sample))
    if isinstance(scheme, (TokenScheme, BasicScheme, NoScheme)):
        return "\n".join(_plain(scheme, sample))
    return None


def _first_way(scheme: Scheme) -> Scheme:
    return scheme.ways[0][1] if isinstance(scheme, Alternatives) else scheme


def _plain(scheme: TokenScheme | BasicScheme | NoScheme, sample: Sample) -> Iterator[str]:
    yield "ID=sample_$(date +%s)"
    yield f"BODY={_quoted(sample.body)}"
    options = list(_headers(sample))
    if isinstance(scheme, TokenScheme):
        options.append(f'--header "{scheme.rule.header}: {scheme.rule.prefix}$SECRET"')
    if isinstance(scheme, BasicScheme):
        options.append(f'--user "{scheme.rule.username}:$SECRET"')
    yield _curl(options)


def _signed(scheme: HmacScheme, source: Source, sample: Sample) -> Iterator[str]:
    rule = scheme.rule
    body = f"BODY={_quoted(_with_places(rule, sample.body))}"
    yield "ID=sample_$(date +%s)"
    if "{timestamp}" in rule.signed:
        thousands = "000" if rule.timestamp_unit == "MILLISECONDS" else ""
        yield f"TIMESTAMP=$(date +%s){thousands}"
    if "{form}" in rule.signed:
        yield f"FORM={_quoted(_form(sample, scheme.sender))}"
    # Where the body holds the signature, it comes after it.
    if rule.path is None:
        yield body
    yield from _signature(scheme, source)
    if rule.path is not None:
        yield body
    yield _curl([*_headers(sample), *_signing_headers(rule)])


def _signature(scheme: HmacScheme, source: Source) -> Iterator[str]:
    rule = scheme.rule
    text = _PART.sub(
        lambda part: (
            f"${{{_VARIABLES[part[1]].removeprefix('$')}}}"
            if _VARIABLES[part[1]].startswith("$")
            else _VARIABLES[part[1]]
        ),
        rule.signed,
    )
    hashed = f"openssl dgst -{rule.algorithm.lower()}"
    if rule.secret_encoding == "BASE64":
        bare = "${SECRET#" + rule.secret_prefix + "}" if rule.secret_prefix else "$SECRET"
        yield (
            f"KEY=$(printf '%s' \"{bare}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')"
        )
        keyed = f'{hashed} -mac HMAC -macopt "hexkey:$KEY"'
    else:
        keyed = f'{hashed} -hmac "$SECRET"'
    written = "-r | cut -d ' ' -f 1"
    if rule.encoding == "BASE64":
        written = "-binary | openssl base64 -A"
    yield f"SIGNATURE=$(printf '%s' \"{text}\" |\n  {keyed} {written})"


def _signing_headers(rule: HmacVerify) -> Iterator[str]:
    if rule.timestamp_header is not None:
        yield f'--header "{rule.timestamp_header}: $TIMESTAMP"'
    if rule.id_header is not None:
        yield f'--header "{rule.id_header}: $ID"'
    if rule.header is None:
        return
    value = f"{rule.prefix}$SIGNATURE"
    if rule.signature_key is not None:
        time = f"{rule.timestamp_key}=$TIMESTAMP," if rule.timestamp_key else ""
        value = f"{time}{rule.signature_key}=$SIGNATURE"
    yield f'--header "{rule.header}: {value}"'


def _headers(sample: Sample) -> Iterator[str]:
    yield f'--header "Content-Type: {sample.content_type}"'
    for name, value in sample.headers.items():
        yield f'--header "{name}: {value.replace(SAMPLE_ID, "$ID")}"'


def _curl(options: list[str]) -> str:
    lines = ['curl "$URL"', *options, '--data-binary "$BODY"']
    return " \\\n  ".join(lines)


def _with_places(rule: HmacVerify, body: str) -> str:
    """Returns the body with placeholders for the signature and for the values that are signed."""
    places = {rule.path: _SIGNATURE, rule.timestamp_path: _TIMESTAMP, rule.id_path: _ID}
    found = {path: mark for path, mark in places.items() if path is not None}
    if not found:
        return body
    document = json.loads(body)
    for path, mark in found.items():
        *way, last = parse(path)
        parent = document
        for step in way:
            parent = parent[step]
        parent[last] = mark
    return json.dumps(document, separators=(",", ":"))


def _form(sample: Sample, sender: str) -> str:
    received = Received(
        "POST", "", {"content-type": sample.content_type}, {}, _form_body(sample).encode(), 0
    )
    if not is_form(received):
        raise ValueError(f"{sender}'s sample is not a form")
    return form_text(received, sender).decode().replace("PLACEOFID", SAMPLE_ID)


def _form_body(sample: Sample) -> str:
    # A percent sign would begin an escape.
    return sample.body.replace(SAMPLE_ID, "PLACEOFID")


def _quoted(text: str) -> str:
    """Quotes a text for the shell, and replaces the placeholders by shell variables."""
    names = {_ID: "$ID", _TIMESTAMP: "$TIMESTAMP", _SIGNATURE: "$SIGNATURE"}
    if "'" in text:
        raise ValueError("a sample must not contain single quotes")
    pieces = [
        f'"{names[piece]}"' if piece in names else f"'{piece}'"
        for piece in _PLACEHOLDER.split(text)
        if piece
    ]
    return "".join(pieces)
