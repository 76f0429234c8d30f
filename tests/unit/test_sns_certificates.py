"""Certificates of Amazon SNS are read only from Amazon's hosts, and only once from each address."""

import pytest
from runledger.clock import MINUTE
from runledger.errors import NodeError, SignatureRefusedError, TransientError
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.sources.schemes.certificates import Certificates, require_amazon

HOST = "https://sns.eu-central-1.amazonaws.com"
GOOD = f"{HOST}/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem"


class Amazon:
    """Answers every call with one status, or fails."""

    def __init__(self, status: int = 200, fault: NodeError | None = None) -> None:
        self.calls: list[HttpRequest] = []
        self.status = status
        self.fault = fault

    def call(self, request: HttpRequest) -> HttpResponse:
        self.calls.append(request)
        if self.fault is not None:
            raise self.fault
        return HttpResponse(
            status=self.status, headers=(), body=b"PEM", truncated=False, duration_ms=1
        )


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        GOOD.replace("eu-central-1", "us-gov-west-1"),
        GOOD.replace("eu-central-1.amazonaws.com", "cn-north-1.amazonaws.com.cn"),
    ],
)
def test_an_address_of_amazon_is_read_once(url: str) -> None:
    amazon = Amazon()
    certificates = Certificates(amazon, lambda: 0)
    assert [certificates.read(url) for _ in range(3)] == [b"PEM"] * 3
    assert [call.url for call in amazon.calls] == [url]


@pytest.mark.parametrize(
    "url",
    [
        "",
        GOOD.replace("https", "http"),
        GOOD.replace("sns.", ""),
        GOOD.replace("sns.", "evil.sns."),
        GOOD.replace(".com/", ".com.evil.example/"),
        GOOD.replace(".com/", ".com:8443/"),
        GOOD.replace(".com/", ".com@evil.example/"),
        GOOD.replace("https://", "https://user@"),
        GOOD.replace("eu-central-1", "eu-central-1.s3"),
        GOOD.replace(".com/", ".com/bucket/"),
        GOOD.replace(".pem", ".pem?x=1"),
        GOOD.replace(".pem", ".pem#x"),
        GOOD + "\n",
        GOOD.replace("eu", "\uff45u"),
        f"{HOST}/?Action=ConfirmSubscription",
        "https://sns.amazonaws.com/SimpleNotificationService-7ff53184.pem",
    ],
)
def test_no_other_address_is_called(url: str) -> None:
    amazon = Amazon()
    with pytest.raises(SignatureRefusedError, match="does not match"):
        Certificates(amazon, lambda: 0).read(url)
    assert amazon.calls == []


def test_redirects_may_not_leave_amazon() -> None:
    amazon = Amazon()
    Certificates(amazon, lambda: 0).read(GOOD)
    check = amazon.calls[0].egress.check
    check("https", "sns.us-east-1.amazonaws.com", 443)
    for scheme, host, port in (
        ("http", "sns.us-east-1.amazonaws.com", 80),
        ("https", "sns.us-east-1.amazonaws.com", 8_443),
        ("https", "169.254.169.254", 443),
        ("https", "sns.us-east-1.amazonaws.com.evil.example", 443),
    ):
        with pytest.raises(NodeError, match="is not a host of Amazon SNS"):
            check(scheme, host, port)
    assert check is require_amazon


@pytest.mark.parametrize("status", [403, 404])
def test_a_certificate_that_does_not_exist_is_the_senders_fault(status: int) -> None:
    with pytest.raises(SignatureRefusedError):
        Certificates(Amazon(status), lambda: 0).read(GOOD)


@pytest.mark.parametrize("amazon", [Amazon(503), Amazon(302), Amazon(fault=NodeError("T", "x"))])
def test_amazons_silence_is_a_passing_fault_and_not_kept(amazon: Amazon) -> None:
    certificates = Certificates(amazon, lambda: 0)
    with pytest.raises(TransientError):
        certificates.read(GOOD)
    amazon.status, amazon.fault = 200, None
    assert certificates.read(GOOD) == b"PEM"


def test_a_stranger_cannot_make_us_call_amazon_without_end() -> None:
    now = MINUTE
    amazon = Amazon()
    certificates = Certificates(amazon, lambda: now)
    urls = [GOOD.replace("-7ff5", f"-{number:04}") for number in range(12)]
    for url in urls[:10]:
        certificates.read(url)
    with pytest.raises(TransientError, match="too many certificates"):
        certificates.read(urls[10])
    assert certificates.read(urls[0]) == b"PEM"
    now += MINUTE
    assert certificates.read(urls[10]) == b"PEM"
    assert len(amazon.calls) == 11
