"""Imports on the deployed stack: a file in parts, thousands of rows a minute, a true report."""

import csv
import io
import time
from collections.abc import Callable

import httpx

from tests.emulator.test_local_platform import until
from tests.support.stack import Stack

ADMIN = "admin@demo.example"
VIEWER = "viewer@demo.example"
ROWS = 1_000
PART_BYTES = 30_011
START = {
    "by": "externalId",
    "name": "census",
    "tags": ["census"],
    "columns": [
        {"column": "id", "field": "externalIds.census"},
        {"column": "mail", "field": "email"},
        {"column": "name", "field": "firstName"},
        {"column": "news", "field": "consents.marketing"},
    ],
}


def _file() -> bytes:
    lines = ["\ufeffid;mail;name;news"]
    lines += [
        f'{number};person{number}@census.example;"Zoë\n{number}";true' for number in range(ROWS)
    ]
    lines += ["x;not an address;;", f"{ROWS};;;maybe"]
    return "\r\n".join(lines).encode()


def _import(api: httpx.Client, data: bytes) -> dict[str, object]:
    """Uploads and imports a file, and returns the ended import."""
    document = {"format": "CSV", "fileName": "census.csv"}
    made = api.post("/v1/contacts/imports", json=document).raise_for_status().json()
    path = f"/v1/contacts/imports/{made['id']}"
    parts = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)]
    for number, part in enumerate(parts, start=1):
        content_type = {"content-type": "application/octet-stream"}
        api.put(f"{path}/parts/{number}", content=part, headers=content_type).raise_for_status()
    columns = api.get(f"{path}/preview").raise_for_status().json()["columns"]
    assert [each["name"] for each in columns] == ["id", "mail", "name", "news"]
    assert columns[2]["samples"][0] == "Zoë\n0"
    started = api.post(f"{path}/start", json={**START, "parts": len(parts)})
    assert started.status_code == 202, started.text
    ended: dict[str, object] = until(
        lambda: api.get(path).json(),
        lambda told: told["status"] in ("COMPLETED", "FAILED"),
        seconds=120,
    )
    return ended


def test_a_file_is_imported_once_at_thousands_of_rows_a_minute(
    stack: Stack, report_figure: Callable[[str], None]
) -> None:
    data = _file()
    with stack.api(ADMIN) as api:
        begun = time.monotonic()
        made = _import(api, data)
        seconds = time.monotonic() - begun
        assert (made["status"], made["error"]) == ("COMPLETED", None)
        assert made["counts"] == {"CREATED": ROWS, "FAILED": 2}
        text = httpx.get(str(made["reportUrl"])).raise_for_status().content.decode("utf-8-sig")
        report = list(csv.DictReader(io.StringIO(text, newline="")))
        assert [int(each["row"]) for each in report] == list(range(2, ROWS + 4))
        contact = api.get(f"/v1/contacts/{report[7]['contactId']}").raise_for_status().json()
        assert (contact["firstName"], contact["externalIds"]) == ("Zoë\n7", {"census": "7"})
        assert contact["consents"]["marketing"]
        again = _import(api, data)
        assert again["counts"] == {"UNCHANGED": ROWS, "FAILED": 2}
    with stack.api(VIEWER) as api:
        assert api.get(f"/v1/contacts/imports/{made['id']}").json()["reportUrl"] is None
    report_figure(f"an import: {ROWS} new contacts in {seconds:.1f} s")
