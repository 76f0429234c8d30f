"""Reads the certificates of Amazon SNS: from Amazon's own hosts only, each address once."""

import re
from collections import OrderedDict, deque

from runledger.clock import MINUTE, Clock
from runledger.errors import NodeError, SignatureRefusedError, TransientError
from runledger.nodes.egress import EgressRule
from runledger.nodes.tools import HttpCaller, HttpRequest
from runledger.sources.schemes.refusing import WRONG

_SENDER = "Amazon SNS"
_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?")
_URL = re.compile(rf"https://({_HOST.pattern})/SimpleNotificationService-[0-9a-zA-Z]{{1,64}}\.pem")
_KEPT = 32
# A stranger can name any number of certificates; Amazon has one for each region.
_READS_A_MINUTE = 10
_TIMEOUT_SECONDS = 3.0
_HTTPS_PORT = 443


class Certificates:
    """Reads certificates and keeps them. An address contains the fingerprint of its certificate, so
    it always leads to the same one."""

    def __init__(self, http: HttpCaller, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._reads: deque[int] = deque(maxlen=_READS_A_MINUTE)

    def read(self, url: str) -> bytes:
        """Returns the certificate as PEM. Raises SignatureRefusedError for an address that is not
        one of Amazon SNS, and TransientError if it did not answer."""
        if not _URL.fullmatch(url):
            raise SignatureRefusedError(
                WRONG, f"{_SENDER}: SigningCertURL is not an address of Amazon SNS"
            )
        kept = self._kept.get(url)
        if kept is None:
            kept = self._fetch(url)
            self._kept[url] = kept
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept

    def _fetch(self, url: str) -> bytes:
        now = self._clock()
        if len(self._reads) == _READS_A_MINUTE and self._reads[0] > now - MINUTE:
            raise TransientError(
                "too many certificates had to be fetched; send the message again in a minute"
            )
        self._reads.append(now)
        request = HttpRequest(
            method="GET",
            url=url,
            headers={},
            body=None,
            timeout_seconds=_TIMEOUT_SECONDS,
            egress=EgressRule(check=require_amazon),
        )
        try:
            answer = self._http.call(request)
        except NodeError as error:
            raise TransientError(
                "the certificate could not be read; send the message again", str(error)
            ) from error
        if answer.status in (403, 404):
            raise SignatureRefusedError(
                WRONG, f"{_SENDER}: Amazon has no certificate at SigningCertURL"
            )
        if answer.status != 200 or answer.truncated:
            raise TransientError("the certificate could not be read; send the message again")
        return answer.body


def require_amazon(scheme: str, host: str, port: int) -> None:
    """Raises NodeError `HOST_NOT_ALLOWED` unless a call goes to a host of Amazon SNS. Redirects are
    checked as well."""
    if scheme != "https" or port != _HTTPS_PORT or not _HOST.fullmatch(host):
        raise NodeError("HOST_NOT_ALLOWED", f"{host} is not a host of Amazon SNS")
