"""E-mail by Amazon SES (API v2)."""

from typing import TYPE_CHECKING, ClassVar

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from runledger.channels.base import Channel, ProviderAnswer, RenderedMessage, UnknownOutcomeError
from runledger.models.contact import normalize_email

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

    from runledger.models.contact import Contact
    from runledger.models.template import TemplateDocument

# Documented for SendEmail as passing conditions:
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
_TRANSIENT = frozenset(
    {
        "TooManyRequestsException",
        "LimitExceededException",
        "SendingPausedException",
        "Throttling",
        "ThrottlingException",
        "ServiceUnavailable",
        "InternalFailure",
    }
)


class EmailChannel(Channel):
    name: ClassVar[str] = "EMAIL"

    def __init__(self, ses: "SESV2Client", sender: str) -> None:
        self._ses = ses
        self._sender = sender

    def address_of(self, contact: "Contact") -> str | None:
        return contact.email

    def normalize(self, address: str) -> str:
        return normalize_email(address)

    def template_problem(self, template: "TemplateDocument") -> tuple[str, str] | None:
        return ("subject", "an e-mail needs a subject") if not template.subject else None

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        try:
            answer = self._ses.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [message.address]},
                Content={
                    "Simple": {
                        "Subject": {"Data": message.subject or "", "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": message.body, "Charset": "UTF-8"}},
                    }
                },
                EmailTags=[
                    {"Name": "deliveryId", "Value": message.delivery_id},
                    {"Name": "workspaceId", "Value": message.workspace_id},
                ],
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "Unknown")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return ProviderAnswer(
                accepted=False,
                code=code,
                message=error.response.get("Error", {}).get("Message", code),
                is_transient=code in _TRANSIENT or status >= 500,
            )
        except EndpointConnectionError as error:
            return ProviderAnswer(
                accepted=False, code="Unreachable", message=str(error), is_transient=True
            )
        except BotoCoreError as error:
            # The request left and no answer came back: SES may have taken the message.
            raise UnknownOutcomeError(str(error)) from error
        return ProviderAnswer(accepted=True, provider_id=answer["MessageId"])
