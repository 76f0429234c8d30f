"""Edits through the real gateway: PATCH reaches the API, and headers are passed on."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

MERGE_PATCH = "application/merge-patch+json"


def contact(api: httpx.Client) -> httpx.Response:
    email = f"{uuid.uuid4().hex}@customer.example"
    consents = {"marketing": True, "transactional": False}
    answer = api.post("/v1/contacts", json={"email": email, "tags": ["a"], "consents": consents})
    assert answer.status_code == 201, answer.text
    return answer


def test_a_contact_is_changed_in_parts_and_whole(api: httpx.Client) -> None:
    made = contact(api)
    path = f"/v1/contacts/{made.json()['id']}"
    patched = api.patch(
        path,
        content=b'{"firstName": "Z\xc3\xbcmra", "tags": null}',
        headers={"Content-Type": MERGE_PATCH, "If-Match": f"W/{made.headers['ETag']}"},
    )
    assert patched.status_code == 200, patched.text
    assert patched.json()["firstName"] == "Zümra"
    assert (patched.json()["tags"], patched.json()["email"]) == ([], made.json()["email"])
    stale = api.put(path, json={"tags": ["x"]}, headers={"If-Match": made.headers["ETag"]})
    assert (stale.status_code, stale.json()["revision"]) == (412, patched.json()["revision"])
    assert stale.headers["ETag"] == patched.headers["ETag"]
    whole = api.put(path, json={"tags": ["x"]}, headers={"If-Match": stale.headers["ETag"]})
    assert whole.json()["email"] is None
    assert whole.json()["consents"] == {"marketing": True, "transactional": False, "channels": {}}


def test_only_one_of_many_concurrent_changes_succeeds(api: httpx.Client) -> None:
    path = f"/v1/contacts/{contact(api).json()['id']}"
    read = api.get(path).json()

    def write(number: int) -> int:
        return api.put(path, json={**read, "firstName": f"Writer {number}"}).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(write, range(6)))
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]


def test_patches_of_different_parts_are_all_kept(api: httpx.Client) -> None:
    path = f"/v1/contacts/{contact(api).json()['id']}"

    def write(number: int) -> int:
        return api.patch(path, json={"metadata": {f"key{number}": number}}).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(write, range(3))) == [200, 200, 200]
    assert api.get(path).json()["metadata"] == {"key0": 0, "key1": 1, "key2": 2}


def test_a_list_of_contacts_is_refused_and_creates_none(api: httpx.Client) -> None:
    emails = [f"{uuid.uuid4().hex}@customer.example" for _ in range(2)]
    answer = api.post("/v1/contacts", json=[{"email": email} for email in emails])
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    for email in emails:
        assert api.get("/v1/contacts", params={"contact": email}).json()["items"] == []
