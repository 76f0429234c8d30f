"""Imports of contacts in the browser: files that cannot be imported, lost connections, reloads."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.axe import violations
from tests.console.browser import PHONE
from tests.console.operators import Operator
from tests.support.stack import Stack

PART = 4 * 1024 * 1024
PAGE = "/contacts/import"


@pytest.fixture
def opened(admin: Operator) -> Iterator[Operator]:
    admin.open(PAGE)
    yield admin


def choose(page: Page, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    page.locator("input[type=file]").set_input_files(path)


def upload(page: Page, path: Path, content: bytes) -> None:
    choose(page, path, content)
    page.get_by_role("button", name="Upload").click()


def import_id(page: Page) -> str:
    expect(page).to_have_url(re.compile("import=imp_"))
    return page.url.partition("import=")[2]


def people(count: int) -> bytes:
    some = uuid4().hex
    rows = "".join(f"p{number}.{some}@customer.example,{number},yes\n" for number in range(count))
    return f"E-mail,Age,News\n{rows}".encode()


def test_the_chosen_columns_survive_a_reload_and_a_check(opened: Operator, tmp_path: Path) -> None:
    page = opened.page
    upload(page, tmp_path / "people.csv", people(2))
    age = page.get_by_label("Field for Age")
    age.select_option("Custom field “Age”, a number")
    page.get_by_label("Field for News").select_option("Marketing consent: SMS")
    page.get_by_label("Tags for every contact").fill("fair")
    page.reload()
    expect(age).to_have_value("NUMBER:metadata.Age")
    expect(page.get_by_label("Tags for every contact")).to_have_value("fair")
    assert violations(page) == []
    page.get_by_role("button", name="Check without importing").click()
    button = page.get_by_role("button", name="Import 2 rows")
    expect(button).to_be_visible()
    # The import keeps them, too: another tab shows them.
    page.evaluate("sessionStorage.removeItem('runledger.import ' + location.search.slice(8))")
    page.reload()
    expect(age).to_have_value("NUMBER:metadata.Age")
    expect(page.get_by_label("Field for News")).to_have_value("consents.channels.SMS.marketing")
    age.select_option("Custom field “Age”")
    expect(page.get_by_text("You changed these choices after the check.")).to_be_visible()
    age.select_option("Custom field “Age”, a number")
    assert violations(page) == []
    button.click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible()
    made = opened.get(f"/v1/contacts/imports/{import_id(page)}")
    assert made["counts"] == {"CREATED": 2}
    page.get_by_role("button", name="Choose another file").click()
    newest = page.get_by_role("list", name="Newest imports").get_by_role("listitem").first
    expect(newest).to_contain_text("Completed, 2 rows")
    assert violations(page) == []


def test_an_upload_continues_after_the_connection_was_lost(
    opened: Operator, tmp_path: Path
) -> None:
    page = opened.page
    sent: list[str] = []

    def lose(route: Route) -> None:
        sent.append(route.request.url)
        route.abort("internetdisconnected")

    page.route("**/parts/2", lose)
    content = people(1) + b"x@customer.example,1," + b"y" * PART + b"\n"
    upload(page, tmp_path / "people.csv", content)
    expect(page.get_by_text("The upload was interrupted")).to_be_visible()
    expect(page.get_by_text(re.compile("^4.2 MB of 4.2 MB have arrived"))).to_be_visible()
    assert violations(page) == []
    # Leaving would lose it.
    page.get_by_role("link", name="Segments").click()
    page.get_by_role("dialog", name="Leave the upload?").get_by_role("button", name="Stay").click()
    page.unroute("**/parts/2")
    first: list[str] = []
    page.on("request", lambda request: first.append(request.url))
    page.get_by_role("button", name="Continue the upload").click()
    made = opened.get(f"/v1/contacts/imports/{import_id(page)}")
    assert (made["parts"], made["bytes"]) == ([1, 2], len(content))
    assert not [url for url in first if url.endswith("/parts/1")]


def test_a_file_that_cannot_be_imported_says_why(opened: Operator, tmp_path: Path) -> None:
    page = opened.page
    button = page.get_by_role("button", name="Upload")
    for name, content, words in [
        ("people.xlsx", b"PK", "This is neither a CSV nor JSON Lines."),
        ("empty.csv", b"", "The file is empty."),
        ("large.csv", b"x" * (50 * 1024 * 1024 + 1), "The file is larger than 50 MB."),
    ]:
        choose(page, tmp_path / name, content)
        expect(page.get_by_text(words)).to_be_visible()
        expect(button).to_be_disabled()
    for name, content, words in [
        ("sheet.csv", b"PK\x03\x04\x00\x00", "The file cannot be read"),
        ("head.csv", b"E-mail,Name\n", "The file has no rows"),
        ("list.json", b'[{"email": "a@customer.example"}]', "The file has no rows"),
    ]:
        upload(page, tmp_path / name, content)
        expect(page.get_by_role("alert")).to_contain_text(words)
        assert violations(page) == []
        page.get_by_role("button", name="Choose another file").click()
    upload(page, tmp_path / "bad.csv", b"E-mail\nnobody\nnothing\n")
    page.get_by_role("button", name="Check without importing").click()
    expect(page.get_by_role("heading", name="Checked: no row can be imported")).to_be_visible()
    expect(page.get_by_role("button", name="Import 0 rows")).to_be_disabled()
    expect(page.get_by_text("Row 2, E-mail: not an e-mail address")).to_be_visible()
    width, height = PHONE
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []


def test_imports_of_others_and_canceled_ones_say_so(opened: Operator, stack: Stack) -> None:
    page = opened.page
    document = {"format": "CSV", "fileName": "people.csv"}
    other = stack.local["workspaces"][1]["users"]
    owner = next(user["email"] for user in other if user["role"] == "OWNER")
    with stack.api(owner) as api:
        foreign = api.post("/v1/contacts/imports", json=document).raise_for_status().json()
    opened.open(f"{PAGE}?import={foreign['id']}")
    expect(page.get_by_role("heading", name="Import not found")).to_be_visible()
    made = opened.api.post("/v1/contacts/imports", json=document).raise_for_status().json()
    opened.api.post(f"/v1/contacts/imports/{made['id']}/cancel").raise_for_status()
    opened.open(f"{PAGE}?import={made['id']}")
    expect(page.get_by_role("heading", name="Canceled: no row was imported")).to_be_visible()
    page.get_by_role("button", name="Choose another file").click()
    expect(page.get_by_role("button", name="Upload")).to_be_disabled()
