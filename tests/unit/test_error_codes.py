"""Every AWS error code that a module handles exists. It is in botocore (a service's model, or the
list of errors after which botocore tries again), or on a web page that `PAGES` cites."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore.retries import standard

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "runledger" / "python" / "runledger"
CODE = re.compile(r"[A-Z][a-z]+[A-Za-z]*|[45]\d\d")
# What holds a code where it is compared.
HOLDERS = ("code", "Code", "Error", "reasons")

# Codes that botocore does not name, with the page that does.
_COMMON = "https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/common-errors.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList"
_HEAD = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"
_CLOCKS = (
    "https://github.com/aws/aws-sdk-js-v3/blob/ab0e7be36e7e7f8a0c04834357aaad643c7912c3"
    "/packages/service-error-classification/src/constants.ts#L8"
)
PAGES = {
    # HEAD has no body, so the status stands for the code.
    "403": _HEAD,
    "404": _HEAD,
    "ExpiredToken": _S3,
    "RequestTimeTooSkewed": _S3,
    "SignatureDoesNotMatch": _S3,
    "ExpiredTokenException": _COMMON,
    "InternalFailure": _COMMON,
    "RequestExpired": _COMMON,
    "ServiceUnavailable": _COMMON,
    "UnrecognizedClientException": _COMMON,
    "InvalidClientTokenId": "https://docs.aws.amazon.com/emr/latest/APIReference/CommonErrors.html",
    "InvalidSignatureException": "https://aws.amazon.com/blogs/developer/clock-skew-correction/",
    "RequestInTheFuture": _CLOCKS,
}


def handled(path: Path) -> Iterator[str]:
    """Yields the AWS error codes that a module handles. A module handles a code by comparing an
    error's code with it, or by catching the exception of this name."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=right):
                sides = [left, *right]
                if any(holds_code(side) for side in sides):
                    yield from (code for side in sides for code in texts(side, constants))
            case ast.Attribute(value=ast.Attribute(attr="exceptions"), attr=name):
                yield name
            case ast.Call(func=ast.Name(id="_is"), args=[_, *codes]):
                yield from (code for each in codes for code in texts(each, constants))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="intersection")):
                yield from texts(ast.Name(name), constants)


def holds_code(node: ast.expr) -> bool:
    return any(
        (isinstance(each, ast.Attribute) and each.attr == "code")
        or (isinstance(each, ast.Name) and each.id in HOLDERS)
        or (isinstance(each, ast.Constant) and each.value == "Code")
        for each in ast.walk(node)
    )


def texts(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in constants:
            yield from texts(constants[each.id], {})
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            if CODE.fullmatch(each.value) and each.value not in HOLDERS:
                yield each.value


def all_handled() -> dict[str, str]:
    return {
        code: str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if "botocore" in path.read_text() or "runledger.aws" in path.read_text()
        or "ServiceError" in path.read_text()
        for code in handled(path)
    }  # fmt: skip


# Many services name the code that apigateway has, ServiceUnavailableException.
SERVICES = (
    "acm apigateway cloudformation cognito-idp dynamodb events lambda pinpoint-sms-voice-v2 s3 "
    "scheduler secretsmanager service-quotas sesv2 socialmessaging ssm stepfunctions"
).split()
# The SDK's own lists, which it retries.
RETRIED = frozenset(
    vars(standard.ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"]
    + vars(standard.TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"]
)


@cache
def modelled() -> frozenset[str]:
    """Returns the names and codes of the errors in botocore's models of the services, and all codes
    that the documentation texts in these models mention, such as the reasons why a transaction is
    canceled."""
    session = botocore.session.get_session()
    found: set[str] = set()
    for service in SERVICES:
        model = session.get_service_model(service)
        for shape in model.error_shapes:
            found |= {shape.name, shape.metadata.get("error", {}).get("code", shape.name)}
        raw = session.get_component("data_loader").load_service_model(service, "service-2")
        found |= set(re.findall(r"<code>(?:\d+ )?([A-Z]\w+)</code>", json.dumps(raw)))
    return frozenset(found)


@pytest.mark.parametrize(("code", "where"), sorted(all_handled().items()), ids=str)
def test_a_code_that_is_handled_exists(code: str, where: str) -> None:
    assert code in modelled() | RETRIED or code in PAGES, where


def test_a_page_is_cited_only_where_botocore_does_not_name_the_code() -> None:
    assert not PAGES.keys() & (modelled() | RETRIED)
    assert PAGES.keys() <= all_handled().keys()


def test_codes_are_found_in_every_way_of_handling_them() -> None:
    found = all_handled()
    assert {"SlowDown", "UsernameExistsException", "NoSuchUpload", "ConflictException"} <= {*found}
    assert {"TransactionConflict", "ItemCollectionSizeLimitExceeded"} <= {*found}
    assert len(found) > 60
