"""Says in plain words what Liquid's parser found wrong in a text.

The parser writes for its own developers ("expected word, found dpipe"). Each rule rewrites one kind
of its messages; a message without a rule is never shown.
"""

import re
from collections.abc import Callable

_ENDS = ("the end", "the end of the text")
# How the parser names what it found, if not by the characters themselves.
_FOUND = {
    "end of expression": _ENDS[0],
    "end of file": _ENDS[1],
    "string": "a text in quotes",
    "word": "a name",
    "integer": "a number",
    "float": "a number",
    "dpipe": "||",
    "pipe": "|",
    "dot": ".",
    "comma": ",",
    "colon": ":",
    "rparen": ")",
    "lparen": "(",
    "rbracket": "]",
    "lbracket": "[",
    "gt": ">",
    "lt": "<",
    "ge": ">=",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "assign": "=",
    "range": "..",
    "newline": "a line break",
}
UNKNOWN_MISTAKE = "the Liquid here cannot be read; check its brackets, quotes and names"


def _found(kind: str) -> str:
    plain = kind.strip("'")
    words = _FOUND.get(plain, plain)
    return words if " " in words else f"`{words}`"


def _reserved(match: re.Match[str]) -> str:
    word = match[1]
    return f"`{word}` is a reserved word of Liquid; write it in brackets, such as trigger['{word}']"


def _no_value(match: re.Match[str]) -> str:
    before = _found(match[1])
    if before in _ENDS:
        return f"a value is missing at {before}; write a variable, a number or a text in quotes"
    return f"a value is missing before {before}; write a variable, a number or a text in quotes"


def _too_much(match: re.Match[str]) -> str:
    found = match[1].strip("'")
    if found == "dpipe":
        return "Liquid has no `||`; write `or` in a condition, or the filter `default`"
    if found == "=":
        return "compare with `==` instead of `=`"
    found = _found(found)
    return f"{found} is not expected here; a filter begins with `|`, and its arguments with `:`"


def _unclosed(match: re.Match[str]) -> str:
    return f"the tag `{{% {match[1].removeprefix('end')} %}}` has no `{{% {match[1]} %}}`"


def _tag(match: re.Match[str]) -> str:
    name = match[1]
    if name.startswith("end"):
        return f"`{{% {name} %}}` closes a tag that is not open here"
    if name == "raw":
        return "the tag `{% raw %}` has no `{% endraw %}`"
    return f"there is no tag `{name}`"


def _character(match: re.Match[str]) -> str:
    found = match[1]
    if found in ("'", '"'):
        return f"the text that begins with {found} has no {found} at its end"
    if found == "&":
        return "Liquid has no `&`; write `and` in a condition"
    if found in ("+", "-", "*", "/"):
        return f"`{found}` is not expected here; calculate with a filter, such as `plus: 1`"
    return f"`{found}` is not expected here"


def _says(words: str) -> Callable[[re.Match[str]], str]:
    return lambda _: words


_RESERVED_WORDS = (
    "and|or|not|in|contains|true|false|nil|null|empty|blank|for|if|with|as|else|required"
)
# In this order; the first that matches the whole message counts.
_RULES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"expected '\}\}', found end of file", _says("`{{` has no `}}`")),
    (
        r"missing tag name or closing delimiter",
        _says("`{%` needs the name of a tag, and `%}` at its end"),
    ),
    (rf"expected an? .*, found ({_RESERVED_WORDS})", _reserved),
    (r"expected a primitive expression, found (.+)", _no_value),
    (r"expected word, found .+", _says("the name of a filter is missing after `|`")),
    (r"expected end of expression, found (.+)", _too_much),
    (
        r"expected an identifier, found a path.*",
        _says("a new variable has a plain name, without dots and brackets"),
    ),
    (r"expected an identifier, found .+", _says("a field's name is missing after `.`")),
    (
        r"missing or unexpected path segment",
        _says("the brackets need a number or a text in quotes, and `]` at their end"),
    ),
    (r"expected '\)', found .+", _says("`(` has no `)`")),
    (r"expected '=', found .+", _says("`=` is missing after the variable's name")),
    (r"expected in, found .+", _says("write the tag as `{% for item in list %}`")),
    (
        r"expected 'reversed', 'offset' or 'limit'.*",
        _says("after the list, only `limit:`, `offset:` and `reversed` are allowed"),
    ),
    (r"expected one of \('colon',\), found .+", _says("`:` and a value are missing at the end")),
    (
        r"expected a comma separated list of arguments, found .+",
        _says("separate the filter's arguments with commas"),
    ),
    (r"expected tag (end\w+), found .+", _unclosed),
    (r"unexpected tag '(.+)'", _tag),
    (r"(?:comment|doc) tag wa[sd] never closed", _says("the comment has no end")),
    (r"nested doc tags are not allowed", _says("a comment cannot contain another one")),
    (
        r"every line of an inline comment must start with a '#' character",
        _says("each line of the comment must begin with `#`"),
    ),
    (r"missing expression", _says("the tag needs a value or a condition")),
    (
        r"disallowed parentheses in logical expression|unbalanced parentheses",
        _says("a condition cannot have parentheses; use nested `{% if %}` tags"),
    ),
    (
        r"disallowed not operator in logical expression",
        _says("Liquid has no `not`; write `{% unless %}`, or compare with `!=`"),
    ),
    (r"unknown operator '(.+)'", lambda found: f"there is no operator `{found[1]}`"),
    (r"""unexpected ['"](.+)['"]""", _character),
)


def in_words(message: str) -> str:
    """Returns the mistake that the parser's message is about, in plain words."""
    for rule, words in _RULES:
        found = re.fullmatch(rule, message, re.DOTALL)
        if found is not None:
            return words(found)
    return UNKNOWN_MISTAKE
