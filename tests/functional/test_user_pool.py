"""The template's sign-in settings that the emulator does not enforce."""

from typing import Any

from runledger.models.invitation import INVITATION_LIFE_DAYS

from tests.support.template import load_template

RESOURCES = load_template()["Resources"]
POOL = RESOURCES["UserPool"]["Properties"]
CLIENT = RESOURCES["UserPoolClient"]["Properties"]
# What tells whose account it is, or where its codes go.
IDENTIFYING = {
    "sub",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "preferred_username",
    "updated_at",
}


def statements(function: str) -> dict[str, dict[str, Any]]:
    policies = RESOURCES[function]["Properties"]["Policies"]
    found = [each for policy in policies if "Statement" in policy for each in policy["Statement"]]
    return {each["Sid"]: each for each in found}


def cognito_actions(function: str) -> set[str]:
    found: set[str] = set()
    for each in statements(function).values():
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        ours = {action for action in actions if action.startswith("cognito")}
        if ours:
            assert each["Resource"] == {"GetAtt": "UserPool.Arn"}
        found |= ours
    return found


def test_users_cannot_change_identifying_attributes() -> None:
    # An empty list, and none, mean every standard attribute.
    assert CLIENT["WriteAttributes"]
    assert not IDENTIFYING & set(CLIENT["WriteAttributes"])
    assert CLIENT["ReadAttributes"]
    assert not IDENTIFYING & set(CLIENT["ReadAttributes"])


def test_a_new_address_counts_only_after_verification() -> None:
    updating = POOL["UserAttributeUpdateSettings"]
    assert updating == {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    # AWS requires this.
    assert POOL["AutoVerifiedAttributes"] == ["email"]
    recovery = POOL["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert [each["Name"] for each in recovery] == ["verified_email"]


def test_accounts_are_created_only_by_invitation() -> None:
    assert POOL["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert CLIENT["PreventUserExistenceErrors"] == "ENABLED"


def test_a_first_password_lives_as_long_as_its_invitation() -> None:
    assert POOL["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == (
        INVITATION_LIFE_DAYS
    )


def test_the_accounts_outlive_a_mistake() -> None:
    assert POOL["DeletionProtection"] == "ACTIVE"
    assert RESOURCES["UserPool"]["DeletionPolicy"] == "Retain"


def test_cognito_mails_as_the_stacks_sender_if_that_is_verified() -> None:
    condition, verified, otherwise = POOL["EmailConfiguration"]["If"]
    assert condition == "HasSenderIdentity"
    assert verified == {
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": {"Ref": "SenderIdentityArn"},
        "From": {"Ref": "SenderEmail"},
    }
    assert otherwise == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    # The message templates of a pool may override what the trigger writes.
    assert not {"VerificationMessageTemplate", "EmailVerificationMessage"} & set(POOL)
    assert "InviteMessageTemplate" not in POOL["AdminCreateUserConfig"]


def test_the_function_that_writes_mails_reads_the_address_without_a_circle() -> None:
    properties = RESOURCES["AccountMail"]["Properties"]
    assert properties["Events"]["Mail"]["Properties"] == {
        "UserPool": {"Ref": "UserPool"},
        "Trigger": "CustomMessage",
    }
    # Cognito waits for five seconds: "Customizing user pool workflows with Lambda triggers".
    assert properties["Timeout"] == 5
    name = RESOURCES["ConsoleAddress"]["Properties"]["Name"]["Sub"]
    variables = properties["Environment"]["Variables"]
    assert variables == {"RUNLEDGER_CONSOLE_PARAMETER": {"Sub": name}}
    [statement] = statements("AccountMail").values()
    assert statement["Resource"]["Sub"].endswith(f":parameter{name}")
    assert "ConsoleAddress" not in str(properties)


def test_a_second_factor_can_be_switched_on() -> None:
    assert POOL["MfaConfiguration"] == "OPTIONAL"
    assert POOL["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_there_is_time_to_choose_a_first_password() -> None:
    # The most that Cognito takes: three minutes, its default, are short for a new password.
    assert CLIENT["AuthSessionValidity"] == 15


def test_tokens_are_short_lived_and_can_be_revoked() -> None:
    assert CLIENT["AccessTokenValidity"] <= 60
    assert CLIENT["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert CLIENT["EnableTokenRevocation"] is True
    allowed = set(CLIENT["ExplicitAuthFlows"])
    assert not {each for each in allowed if "ADMIN" in each or "CUSTOM" in each}


def test_the_authorizer_accepts_the_consoles_client_of_this_pool() -> None:
    auth = RESOURCES["HttpApi"]["Properties"]["Auth"]
    configuration = auth["Authorizers"][auth["DefaultAuthorizer"]]["JwtConfiguration"]
    assert configuration["audience"] == [{"Ref": "UserPoolClient"}]
    assert "${UserPool}" in str(configuration["issuer"])


def test_the_functions_have_only_the_account_permissions_they_use() -> None:
    assert cognito_actions("Query") == {"cognito-idp:AdminGetUser"}
    assert cognito_actions("Api") == {
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminGetUser",
        "cognito-idp:AdminUserGlobalSignOut",
    }
    functions = [
        name
        for name, each in RESOURCES.items()
        if each["Type"] == "AWS::Serverless::Function" and name not in ("Query", "Api")
    ]
    assert all("cognito-idp" not in str(RESOURCES[name]) for name in functions)


def test_invitations_are_mailed_only_as_the_stacks_sender() -> None:
    mailing = statements("Api")["MailInvitations"]
    assert mailing["Action"] == "ses:SendEmail"
    assert mailing["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "SenderEmail"}}}
