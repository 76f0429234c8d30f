"""Settings and members on the deployed stack: invitations through Cognito, with IAM enforced."""

import uuid

import httpx

from local.settings import PASSWORD
from local.sign_in import access_token
from tests.emulator.orders import ADMIN
from tests.support.demo_users import pool_id
from tests.support.stack import Stack

OWNER = "owner@demo.example"


def test_an_invited_user_signs_in_and_has_no_access_after_removal(stack: Stack) -> None:
    email = f"member-{uuid.uuid4().hex[:12]}@demo.example"
    with stack.api(OWNER) as owner, stack.api(ADMIN) as admin:
        settings = owner.get("/v1/settings").raise_for_status().json()
        assert settings["retentionDays"] == 90
        changed = owner.put("/v1/settings", json={**settings, "retentionDays": 3_650})
        assert changed.raise_for_status().json() == {**settings, "retentionDays": 3_650}
        owner.put("/v1/settings", json=settings).raise_for_status()
        assert admin.put("/v1/settings", json=settings).status_code == 403

        invited = owner.post("/v1/members", json={"email": email, "role": "VIEWER"})
        assert invited.status_code == 201, invited.text
        assert email not in [each["email"] for each in owner.get("/v1/members").json()["items"]]
        # As if they had changed the password that was mailed to them.
        stack.aws("cognito-idp").admin_set_user_password(
            UserPoolId=pool_id(stack), Username=email, Password=PASSWORD, Permanent=True
        )
        headers = {"Authorization": f"Bearer {access_token(stack.url, email, PASSWORD)}"}
        with httpx.Client(base_url=stack.url, headers=headers, timeout=30) as api:
            joined = api.post(f"/v1/invitations/{invited.json()['id']}/accept")
            assert joined.raise_for_status().json()["role"] == "VIEWER"
            me = api.get("/v1/me").raise_for_status().json()
            assert me["role"] == "VIEWER"
            path = f"/v1/members/{me['userId']}"
            assert owner.put(path, json={"role": "MEMBER"}).status_code == 200
            assert api.get("/v1/me").raise_for_status().json()["role"] == "MEMBER"
            assert owner.delete(path).status_code == 204
            assert api.get("/v1/runs").status_code == 403
