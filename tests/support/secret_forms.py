"""Every form in which somebody may write a secret, to look for it or to echo it."""

import base64
import html
import json
from urllib.parse import quote, quote_plus


def json_text(text: str, ascii_only: bool = True) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def over_encoded(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def numeric_html(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


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
    """Odd places hold the %XX escapes."""
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


def traces(secret: str) -> set[str]:
    """What would give the secret away wherever it stands: all its forms, with those of base64
    without the characters that hold bits of its neighbours too."""
    data = secret.encode()
    found = {form for name, form in forms(secret).items() if "base64" not in name}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = encode(b"x" * before + data).decode().rstrip("=")
            start = before + (1 if before else 0)
            end = len(text) - (1 if (before + len(data)) % 3 else 0)
            found.add(text[start:end])
            found.add(quote(text[start:end], safe=""))
    return found
