"""The access log of the API: what each line says, and what it must not say."""

import json
import re

from tests.support.template import load_template

FORMAT: str = load_template()["Resources"]["HttpApi"]["Properties"]["AccessLogSettings"]["Format"]
# The variables of an HTTP API that have a value with our routes (JWT authorizer, Lambda functions),
# from https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
DOCUMENTED = {
    "authorizer.claims.sub",
    "authorizer.error",
    "dataProcessed",
    "domainName",
    "error.message",
    "error.messageString",
    "error.responseType",
    "extendedRequestId",
    "httpMethod",
    "identity.sourceIp",
    "identity.userAgent",
    "integration.error",
    "integration.integrationStatus",
    "integration.latency",
    "integration.requestId",
    "integration.status",
    "integrationErrorMessage",
    "integrationLatency",
    "integrationStatus",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "responseLatency",
    "responseLength",
    "routeKey",
    "stage",
    "status",
}
# A path of a webhook contains its token.
SECRET = {"path"}


def used() -> dict[str, str]:
    """Returns the variables of API Gateway that fill a log line, by the line's fields."""
    fields: dict[str, str] = json.loads(FORMAT)
    return {name: value.removeprefix("$context.") for name, value in fields.items()}


def test_a_line_is_json_on_one_line_and_has_documented_variables() -> None:
    assert "\n" not in FORMAT
    assert set(used().values()) <= DOCUMENTED
    assert all(value.startswith("$context.") for value in json.loads(FORMAT).values())


def test_a_line_says_who_called_and_which_part_failed() -> None:
    fields = used()
    assert fields["caller"] == "authorizer.claims.sub"
    assert fields["authorizerError"] == "authorizer.error"
    assert fields["integrationError"] == "integrationErrorMessage"
    assert fields["integrationStatus"] == "integration.status"
    # "Your access log format must include at least $context.requestId or
    # $context.extendedRequestId."
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    assert fields["requestId"] == "requestId"


def test_a_line_has_no_path() -> None:
    assert not SECRET & set(used().values())
    assert not re.search(r"rawPath|\$context\.path", FORMAT)
