"""Removes the parts of error messages that differ from run to run.

A placeholder such as `<number>` replaces each value, so that only words remain. The result of
`normalized` is for people: it contains no value of the message, so it may be shown, searched and
kept where the message may not. The result of `fingerprint` is for grouping: messages that differ
only in ids, numbers, addresses or quoted values have the same fingerprint, and messages with
different words have different ones.
"""

import re
from collections.abc import Callable, Iterable

# The most characters that are read of a message, and that its result may have.
MESSAGE_CHARACTERS = 8_000
TEXT_CHARACTERS = 300
# Replaces a message that still changes after `_ROUNDS` readings.
UNREADABLE = "<text>"

_ROUNDS = 6
# A longer ASCII word was not written by a person.
_WORD_CHARACTERS = 32
# A part with at most this many letters is not a word, so `A-1001` is an id.
_LETTERS_OF_AN_ID = 2

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?:\s?[AaPp][Mm]\b)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\b)?"
_DAY = (
    r"\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
    rf"|(?:[A-Z][a-z]{{2}},\s)?\d{{1,2}}\s{_MONTH}(?:\s\d{{4}})?|{_MONTH}\s\d{{1,2}}(?:,?\s\d{{4}})?"
)
_UNIT = r"(?:ms|s|sec|min|KB|MB|GB|KiB|MiB|GiB|kB|x|st|nd|rd|th)"
# Text before a three-digit number that is the status of an answer. The number is kept, because it
# says what failed.
_STATUS = (
    r"HTTP(?:/\d(?:\.\d)?)?(?:\ [Ss]tatus)?(?:\ [Cc]ode)?|[Ss]tatus(?:\ [Cc]ode)?"
    r"|(?:[Aa]nswered|[Rr]esponded)(?:\ with)?"
)
# A value in quotes. Unlike an apostrophe, the opening quote does not follow a word and the closing
# one does not precede a word.
_QUOTES = ('""', "''", "“”", "„“", "\u2018\u2019", "«»")
_QUOTED = "|".join(
    rf"(?<![\w>]){opens}(?:[^{closes}]|(?<=\w){closes}(?=\w)){{0,500}}{closes}(?![\w<])"
    for opens, closes in map(tuple, _QUOTES)
)

# The first alternative that matches at a position wins, and reading continues after it.
_TOKEN = re.compile(
    rf"""
    (?P<placeholder> <[a-z]{{2,9}}> )
  | (?P<value> {_QUOTED} )
  | (?P<url> \b[A-Za-z][A-Za-z0-9+.-]{{1,19}}:// [^\s"'<>()\[\]{{}}`|\\^,;]{{1,4000}}
        (?<![.:!?]) )
  | (?P<email> (?<![\w>]) [\w.+*%-]{{1,64}} @ [\w-]{{1,64}} (?:\.[\w-]{{1,64}}){{0,8}} )
  | (?P<ip> (?<![\w>.:]) (?: \d{{1,3}}(?:\.\d{{1,3}}){{3}} (?::\d{{1,5}})? (?:/\d{{1,3}})?
        | (?=[0-9A-Fa-f:]{{0,40}}(?:\d|::)) (?:[0-9A-Fa-f]{{0,4}}:){{2,7}}[0-9A-Fa-f]{{0,4}} )
        (?![\w:.]\w) (?!\w) )
  | (?P<status> (?<![\w>]) (?: {_STATUS} ) [\ :=]{{1,3}} [1-5]\d\d (?! \w | [.,:/\-\u2013]\w ) )
  | (?P<date> (?<![\w>]) (?: (?:{_DAY}) (?:(?:T|,?\s) {_CLOCK} {_ZONE})? | {_CLOCK} {_ZONE} )
        (?! \w | [.,:/]\d ) )
  | (?P<phone> (?<![\w>]) \+\d[\d\ ().\-]{{5,20}}\d (?!\w) )
  | (?P<number> (?:(?<![\w>])[+\-])? \d+(?:[.,:/]\d+)* {_UNIT}? (?! \w | [-\u2013]\w ) )
  | (?P<word> \w+ (?:[-\u2013]\w+)* )
    """,
    re.VERBOSE,
)
_ANY = "<any>"
_PUNCTUATION = ".,;:!?()[]{}\"'"
_PLACEHOLDER = re.compile(r"<[a-z]{2,9}>")
_PLACEHOLDERS_IN_A_ROW = re.compile(r"(<[a-z]{2,9}>)(?:[\s,;]*\1)+")
_VERSION_OF_AN_API = re.compile(r"v\d{1,2}")
_JOINT, _JOINTS = re.compile(r"[-\u2013_]"), re.compile(r"([-\u2013_]+)")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{8,}")


def normalized(message: str) -> str:
    """Returns the message with placeholders, at most `TEXT_CHARACTERS` long. Normalizing the result
    again changes nothing."""
    return _at_rest(message, lambda text: _cut(_read(text)))


def fingerprint(message: str) -> str:
    """Returns a text that is the same for messages that differ only in values, at most
    `TEXT_CHARACTERS` long.

    All kinds of placeholders are replaced by one, which has a fixed length. So the values do not
    affect where the text is cut.
    """
    alike = _PLACEHOLDER.sub(_ANY, _at_rest(message, _read))
    return _cut(_in_a_row(alike))


def words_of(text: str) -> list[str]:
    """Returns the words to search for in normalized messages, in lower case. Values are removed
    from the text first, because normalized messages contain none. A text that has only values is
    searched for as it is."""
    words = [word.strip(_PUNCTUATION) for word in _without_values(normalized(text)).split()]
    return [word for word in words if word] or text.casefold().split()


def holds_words(message: str, words: Iterable[str]) -> bool:
    """Whether all words occur in a normalized message. A match inside a longer word counts."""
    left = _without_values(message)
    return all(word in left for word in words)


def _without_values(message: str) -> str:
    return _PLACEHOLDER.sub(" ", message).casefold()


def _at_rest(message: str, read: Callable[[str], str]) -> str:
    text = message[:MESSAGE_CHARACTERS].encode(errors="replace").decode()
    for _ in range(_ROUNDS):
        again = read(text)
        if again == text:
            return text
        text = again
    return UNREADABLE


def _read(text: str) -> str:
    return _in_a_row(_TOKEN.sub(_marked, " ".join(text.split())))


def _in_a_row(text: str) -> str:
    """Replaces a list of equal placeholders by a single one, because the number of values may
    differ from run to run."""
    return _PLACEHOLDERS_IN_A_ROW.sub(r"\1", text)


def _cut(text: str) -> str:
    """Cuts the text after a whole word."""
    if len(text) <= TEXT_CHARACTERS:
        return text
    whole = text[: TEXT_CHARACTERS + 1].rpartition(" ")[0]
    return whole or text[:TEXT_CHARACTERS]


def _marked(found: re.Match[str]) -> str:
    kind, text = found.lastgroup or "", found.group()
    rewrite = _REWRITTEN.get(kind)
    return f"<{kind}>" if rewrite is None else rewrite(text)


def _url(text: str) -> str:
    """Keeps the host and the parts of the path that are words. Replaces ids and the query."""
    scheme, _, rest = text.partition("://")
    address, question, _ = rest.partition("?")
    address = address.partition("#")[0]
    host, *parts = address.split("/")
    host = host.rpartition("@")[2]
    kept = [host.lower(), *(_part(part) for part in parts)]
    return f"{scheme.lower()}://{'/'.join(kept)}" + ("?<query>" if question else "")


def _part(part: str) -> str:
    return part if is_word_part(part) else "<id>"


def is_word_part(part: str) -> bool:
    """Whether a part of a path looks like a word, such as `orders`, and not like an id."""
    is_word = not any(character.isdigit() for character in part) or bool(
        _VERSION_OF_AN_API.fullmatch(part)
    )
    return is_word and is_fixed_part(part)


def is_fixed_part(part: str) -> bool:
    """Whether a part of a path may be shown, assuming that it is the same in every call. False if
    the part is long or looks like a token or an address. A part of digits is allowed."""
    is_short = len(part) <= _WORD_CHARACTERS
    return is_short and not _is_random(part) and not set("@%=&*{}") & set(part)


def _word(text: str) -> str:
    """Returns a word unchanged. A word with digits is an id and is replaced, except if the digits
    are joined to words, as in `20-day` or `order_17`: then only the digits are replaced."""
    if _is_random(text):
        return "<id>"
    if not any(character.isdigit() for character in text):
        return text
    parts = _JOINTS.split(text)
    kinds = [_kind(part) for part in parts[::2]]
    if "mixed" in kinds or ("digits" in kinds and "word" not in kinds):
        return "<number>" if set(kinds) <= {"digits", ""} else "<id>"
    pairs = zip(parts[::2], kinds, strict=True)
    words = ["<number>" if kind == "digits" else part for part, kind in pairs]
    joints = [*parts[1::2], ""]
    return "".join(word + joint for word, joint in zip(words, joints, strict=True))


def _kind(part: str) -> str:
    if not part:
        return ""
    digits = sum(character.isdigit() for character in part)
    if digits == len(part):
        return "digits"
    if digits:
        return "mixed"
    return "letters" if part.isupper() or len(part) <= _LETTERS_OF_AN_ID else "word"


def _is_random(text: str) -> bool:
    if _HEX.fullmatch(text):
        return True
    return text.isascii() and any(len(part) > _WORD_CHARACTERS for part in _JOINT.split(text))


_REWRITTEN: dict[str, Callable[[str], str]] = {
    "placeholder": str,
    "status": str,
    "url": _url,
    "word": _word,
}
