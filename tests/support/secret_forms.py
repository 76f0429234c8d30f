"""Every form in which somebody may write a secret. Tests search stored texts for these forms, and
let services return them."""

import base64
import html
import json
import quopri
import textwrap
from html.entities import html5
from urllib.parse import quote, quote_plus

_NAMED = {text: name for name, text in html5.items() if len(text) == 1 and name.endswith(";")}
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def json_text(text: str, ascii_only: bool = True) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def over_encoded(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def numeric_html(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def named_html(text: str) -> str:
    """Replaces every character by its named HTML entity, if it has one, as a cautious template
    engine does."""
    return "".join(f"&{_NAMED[c]}" if c in _NAMED and not c.isspace() else c for c in text)


def quoted_printable(data: bytes) -> str:
    return quopri.encodestring(data, quotetabs=True).decode()


def z85(data: bytes) -> str:
    return base64.b85encode(data).decode().translate(str.maketrans(_B85, _Z85))


def byte_forms(data: bytes) -> dict[str, str]:
    """Returns the encodings of a secret as a whole, and byte by byte."""
    pairs = [f"{byte:02x}" for byte in data]
    signed = [str(byte - 256 if byte > 127 else byte) for byte in data]
    folded = textwrap.wrap(base64.b64encode(data).decode(), 19)
    found = {
        "MIME base64": base64.encodebytes(data).decode().rstrip(),
        "base64 in short lines": "\r\n".join(folded),
        "base64 in a folded header": "\r\n ".join(folded),
        "base64 in lines, in JSON": json_text("\n".join(folded)),
        "hex with colons": ":".join(pairs),
        "HEX with colons": ":".join(pairs).upper(),
        "hex with dashes": "-".join(pairs),
        "hex with blanks": " ".join(pairs).upper(),
        "hex, 0x": "0x" + "".join(pairs),
        "hex list": ", ".join(f"0x{pair}" for pair in pairs),
        "HEX list": ",".join(f"0X{pair.upper()}" for pair in pairs),
        "hex escapes": "".join(f"\\x{pair}" for pair in pairs),
        "octal escapes": "".join(f"\\{byte:03o}" for byte in data),
        "byte list": json.dumps([*data]),
        "byte list, close": ",".join(map(str, data)),
        "byte list, blanks": " ".join(map(str, data)),
        "signed byte list": f"[{', '.join(signed)}]",
        "base32": base64.b32encode(data).decode(),
        "base32, no padding": base64.b32encode(data).decode().rstrip("="),
        "base32, small": base64.b32encode(data).decode().lower(),
        "base32hex": base64.b32hexencode(data).decode(),
        "base32, in lines": "\n".join(textwrap.wrap(base64.b32encode(data).decode(), 16)),
        "base85": base64.b85encode(data).decode(),
        "ascii85": base64.a85encode(data).decode(),
        "ascii85, framed": base64.a85encode(data, adobe=True, wrapcol=30).decode(),
        "z85": z85(data),
    }
    for before in (b"u", b"u:", b"usr", b"user"):
        found[f"base32 {before!r}"] = base64.b32encode(before + data + b"!").decode()
    return found


def forms(secret: str) -> dict[str, str]:
    data = secret.encode()
    found = {
        "plain": secret,
        "json": json_text(secret),
        "json, unicode kept": json_text(secret, ascii_only=False),
        "json, slashes escaped": json_text(secret).replace("/", "\\/"),
        "json in json": json_text(json_text(secret)),
        "quote": quote(secret),
        "quote, slash too": quote(secret, safe=""),
        "quote, lower case": "".join(
            part.lower() if index % 2 else part
            for index, part in enumerate(_split_percent(quote(secret, safe="")))
        ),
        "quote_plus": quote_plus(secret),
        "quote twice": quote(quote(secret, safe=""), safe=""),
        "every byte quoted": over_encoded(secret),
        "html": html.escape(secret),
        "html, quotes kept": html.escape(secret, quote=False),
        "html, numeric": numeric_html(secret),
        "hex": data.hex(),
        "HEX": data.hex().upper(),
        "html, named": named_html(secret),
        "html, hexadecimal": "".join(f"&#x{ord(c):X};" for c in secret),
        "unicode braces": "".join(f"\\u{{{ord(c):x}}}" for c in secret),
        "unicode, every character": "".join(
            f"\\u{unit}" for unit in textwrap.wrap(secret.encode("utf-16-be").hex(), 4)
        ),
        "percent u": "".join(
            f"%u{unit}" for unit in textwrap.wrap(secret.encode("utf-16-be").hex(), 4)
        ),
        "quoted printable": quoted_printable(data),
        "quoted printable, every byte": "".join(f"={byte:02X}" for byte in data),
        "quoted printable, in lines": "=\r\n".join(
            textwrap.wrap("".join(f"={byte:02X}" for byte in data), 30)
        ),
        "utf-16 hex": secret.encode("utf-16-le").hex(),
        "utf-16 HEX, big end": secret.encode("utf-16-be").hex().upper(),
        "utf-16 base64": base64.b64encode(secret.encode("utf-16-le")).decode(),
        "utf-16 base64, with mark": base64.b64encode(secret.encode("utf-16")).decode(),
        "utf-16 in JSON": json_text(secret.encode("utf-16-be").decode("latin-1"))
        if secret.isascii()
        else secret,
        **byte_forms(data),
    }
    for name, encode in (
        ("base64", base64.b64encode),
        ("urlsafe base64", base64.urlsafe_b64encode),
    ):
        for before in (b"", b"u", b"u:", b"usr"):
            for after in (b"", b"!", b":x"):
                text = encode(before + data + after).decode()
                found[f"{name} {before!r} {after!r}"] = text
                found[f"{name} {before!r} {after!r}, no padding"] = text.rstrip("=")
                found[f"{name} {before!r} {after!r}, in a URL"] = quote(text, safe="")
    return found


def _split_percent(text: str) -> list[str]:
    """Splits a text; the odd positions hold the %XX escapes."""
    parts: list[str] = [""]
    index = 0
    while index < len(text):
        if text[index] == "%":
            parts += [text[index : index + 3], ""]
            index += 3
        else:
            parts[-1] += text[index]
            index += 1
    return parts


def find_words(secret: str) -> set[str]:
    """Returns all forms in which a text may contain the secret. Forms in base64 leave out the first
    and last characters, because these also encode bits of the neighboring text."""
    data = secret.encode()
    found = {form for name, form in forms(secret).items() if "base" not in name}
    found |= {base64.b85encode(data).decode(), base64.a85encode(data).decode(), z85(data)}
    for before in range(5):
        text = base64.b32encode(b"x" * before + data).decode().rstrip("=")
        found.add(text[-(-8 * before // 5) : len(text) - 1])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = encode(b"x" * before + data).decode().rstrip("=")
            start = before + (1 if before else 0)
            end = len(text) - (1 if (before + len(data)) % 3 else 0)
            found.add(text[start:end])
            found.add(quote(text[start:end], safe=""))
    return found
