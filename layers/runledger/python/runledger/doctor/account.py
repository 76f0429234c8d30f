"""Checks of an AWS account: whether a stack can be deployed to it, and which limits the account
has."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from runledger.clock import DAY, SECOND, Clock
from runledger.deployment import region_problem
from runledger.doctor.findings import Check, Clients, Finding, Level, code_of

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
DEFAULT_CONCURRENCY = 1_000
# Readers of the stream of a new table and a few functions at once.
LEAST_CONCURRENCY = 100
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
UNRESERVED_CONCURRENCY = 100
# Of a table whose capacity is on demand:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
DEFAULT_TABLE_WRITES = 40_000
# Write units of a run of five nodes with a message: docs/access-patterns.md.
WRITES_OF_A_RUN = 26
# CloudFront takes certificates of this region alone:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
CERTIFICATE_REGION = "us-east-1"
EXAMPLE_SENDER = "no-reply@example.com"
_SOON = 30 * DAY
_MUCH = 0.8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the account must allow: the properties of the deployed stack, or of a stack that is to
    be deployed. `reserved` is the concurrency to reserve beyond what the stack reserves already."""

    region: str
    sender: str
    domain: str = ""
    certificate: str = ""
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class AccountChecks:
    client: Clients
    wanted: Wanted
    clock: Clock

    def all(self) -> list[Check]:
        checks = [
            Check("account", "sts:GetCallerIdentity", self.account),
            Check("region", "nothing", self.region),
            Check("Lambda concurrency", "lambda:GetAccountSettings", self.concurrency),
            Check("table quota", "dynamodb:DescribeLimits", self.table_quota),
            Check("SES", "ses:GetAccount", self.sending),
            Check("sender", "ses:GetEmailIdentity", self.sender),
        ]
        if self.wanted.domain or self.wanted.certificate:
            checks.append(Check("certificate", "acm:DescribeCertificate", self.certificate))
        return checks

    def account(self) -> Iterator[Finding]:
        found = self.client("sts").get_caller_identity()
        yield Finding(Level.OK, "account", f"{found['Account']}, as {found['Arn']}")

    def region(self) -> Iterator[Finding]:
        problem = region_problem(self.wanted.region)
        if problem is None:
            yield Finding(Level.OK, "region", self.wanted.region)
        else:
            yield Finding(Level.PROBLEM, "region", problem)

    def concurrency(self) -> Iterator[Finding]:
        subject = "Lambda concurrency"
        found = self.client("lambda").get_account_settings()["AccountLimit"]
        limit, free = found["ConcurrentExecutions"], found["UnreservedConcurrentExecutions"]
        said = f"{limit:,} functions at once, {free:,} of them not reserved"
        raise_it = (
            "Request a higher quota of concurrent executions (L-B99A9384 in Service Quotas); "
            f"{DEFAULT_CONCURRENCY:,} is the default, and new accounts begin below it."
        )
        if limit < LEAST_CONCURRENCY:
            yield Finding(Level.PROBLEM, subject, said, raise_it)
        elif limit < DEFAULT_CONCURRENCY:
            yield Finding(Level.WARNING, subject, said, raise_it)
        else:
            yield Finding(Level.OK, subject, said)
        most = max(0, free - UNRESERVED_CONCURRENCY)
        if self.wanted.reserved > most:
            yield Finding(
                Level.PROBLEM,
                subject,
                f"{self.wanted.reserved:,} cannot be reserved for the intake",
                f"AWS keeps {UNRESERVED_CONCURRENCY} unreserved: set IntakeConcurrency to at most "
                f"{most:,}, or request a higher quota.",
            )

    def table_quota(self) -> Iterator[Finding]:
        found = self.client("dynamodb").describe_limits()
        writes = found["TableMaxWriteCapacityUnits"]
        said = (
            f"{writes:,} write units a second, about {writes // WRITES_OF_A_RUN:,} runs of five "
            "nodes"
        )
        if writes < DEFAULT_TABLE_WRITES:
            advice = f"Request the default of {DEFAULT_TABLE_WRITES:,} units for each table."
            yield Finding(Level.WARNING, "table quota", said, advice)
        else:
            yield Finding(Level.OK, "table quota", said)

    def sending(self) -> Iterator[Finding]:
        """Checks whether the account may send e-mails with SES, to whom and how many. Source:
        https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html"""
        found = self.client("sesv2").get_account()
        health = found.get("EnforcementStatus", "HEALTHY")
        if not found.get("SendingEnabled", False):
            advice = "Read why in SES's console, and switch it on again."
            yield Finding(Level.PROBLEM, "SES", "sending is switched off", advice)
        elif health == "SHUTDOWN":
            advice = "Answer AWS's case about your bounces or complaints."
            yield Finding(Level.PROBLEM, "SES", "AWS has stopped this account's mails", advice)
        elif health != "HEALTHY":
            advice = "Reduce bounces and complaints before AWS stops your mails."
            yield Finding(Level.WARNING, "SES", f"the account is in {health}", advice)
        quota = found.get("SendQuota", {})
        a_day = quota.get("Max24HourSend", 0.0)
        # A quota of -1 is none.
        day = f"{a_day:,.0f}" if a_day >= 0 else "any number of"
        said = f"{day} mails a day, {quota.get('MaxSendRate', 0.0):,.0f} a second"
        if not found.get("ProductionAccessEnabled", False):
            advice = "Request production access; until then, only verified addresses get mail."
            yield Finding(Level.WARNING, "SES", f"in the sandbox: {said}", advice)
        elif 0 <= _MUCH * a_day <= quota.get("SentLast24Hours", 0.0):
            advice = "Request a higher sending quota; messages beyond it are retried, then fail."
            yield Finding(Level.WARNING, "SES", f"{said}, most of them used up", advice)
        else:
            yield Finding(Level.OK, "SES", said)

    def sender(self) -> Iterator[Finding]:
        sender = self.wanted.sender
        if sender == EXAMPLE_SENDER:
            advice = "Set SenderEmail to an address that you verified in SES."
            yield Finding(Level.PROBLEM, "sender", f"{sender} is only an example", advice)
            return
        for identity in (sender, sender.partition("@")[2]):
            try:
                found = self.client("sesv2").get_email_identity(EmailIdentity=identity)
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise
                continue
            if found.get("VerifiedForSendingStatus", False):
                yield from self._signed(identity, found.get("DkimAttributes", {}))
                return
        yield Finding(
            Level.PROBLEM,
            "sender",
            f"{sender} is not verified in SES in {self.wanted.region}",
            "Verify the address or its domain there, and wait until SES shows it as verified.",
        )

    def _signed(self, identity: str, dkim: dict[str, object]) -> Iterator[Finding]:
        if dkim.get("SigningEnabled") and dkim.get("Status") == "SUCCESS":
            yield Finding(Level.OK, "sender", f"{identity} is verified and signs with DKIM")
            return
        # https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
        advice = "Verify the domain with DKIM: many mailboxes refuse or hide unsigned mail."
        yield Finding(Level.WARNING, "sender", f"{identity} is verified, without DKIM", advice)

    def certificate(self) -> Iterator[Finding]:
        arn, domain = self.wanted.certificate, self.wanted.domain
        if not arn or f":acm:{CERTIFICATE_REGION}:" not in arn:
            advice = f"Set ConsoleCertificateArn to a certificate in {CERTIFICATE_REGION}."
            said = f"{domain or 'the console'} has none in {CERTIFICATE_REGION}"
            yield Finding(Level.PROBLEM, "certificate", said, advice)
            return
        acm = self.client("acm", CERTIFICATE_REGION)
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        names = [found["DomainName"], *found.get("SubjectAlternativeNames", [])]
        said = f"{', '.join(dict.fromkeys(names))}, {found['Status']}"
        if found["Status"] != "ISSUED":
            advice = "Complete its validation: write its CNAME record into your DNS."
            yield Finding(Level.PROBLEM, "certificate", said, advice)
        elif domain and not any(_covers(name, domain) for name in names):
            advice = f"Request a certificate for {domain}."
            yield Finding(Level.PROBLEM, "certificate", f"{said}: not for {domain}", advice)
        elif "NotAfter" in found and _ends_soon(found["NotAfter"].timestamp(), self.clock()):
            advice = "ACM renews it only while its CNAME record exists; look at it in ACM."
            until = found["NotAfter"].date().isoformat()
            yield Finding(Level.WARNING, "certificate", f"{said}, ends on {until}", advice)
        else:
            yield Finding(Level.OK, "certificate", said)


def _covers(name: str, domain: str) -> bool:
    """Whether a certificate for `name` is for this domain. An asterisk stands for one label."""
    if name.startswith("*."):
        return domain.partition(".")[2].lower() == name[2:].lower()
    return name.lower() == domain.lower()


def _ends_soon(seconds: float, now: int) -> bool:
    return seconds * SECOND - now < _SOON
