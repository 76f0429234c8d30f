"""Sends a sample through an automation's own webhook, signed as its sender would sign it."""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runledger.api.automations import SampleAnswerView
from runledger.clock import Clock
from runledger.errors import ConflictError, InvalidInputError, RunledgerError
from runledger.problem_details import answer_error
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.services.triggers.webhook_targets import live_target
from runledger.sources.facts import Sample
from runledger.sources.registry import source_of
from runledger.sources.samples import sign_sample

if TYPE_CHECKING:
    from runledger.api.automations import SampleDocument
    from runledger.services.secrets.signing import SigningKeys
    from runledger.services.triggers.webhooks import Webhooks
    from runledger.sources.source import Source
    from runledger.store.automations import AutomationStore


@dataclass(frozen=True, slots=True)
class SampleEvents:
    """Sends samples. `public_url` is the address to which senders post webhooks, without the path.
    It is needed because some senders sign the address."""

    automations: "AutomationStore"
    keys: "SigningKeys"
    webhooks: "Webhooks"
    clock: Clock
    public_url: str

    def send(
        self, workspace_id: str, automation_id: str, document: "SampleDocument", address: str
    ) -> SampleAnswerView:
        """Sends the preset's sample, or the one in `document`, as a new event, and returns the
        answer that a sender would get. `address` is the caller's.

        Raises ConflictError if the automation has no webhook, if only the sender can sign, or if no
        key is set."""
        automation = self.automations.get(workspace_id, automation_id)
        target = self.webhooks.targets.receiving(live_target(automation))
        if target.intake is None or automation.webhook_token is None:
            raise ConflictError("the automation has no webhook", automation.status.value)
        source = source_of(target.intake)
        url = f"{self.public_url}/v1/webhooks/in/{automation.webhook_token}"
        sample = _sample(source, document)
        sent = sign_sample(source, self.keys.of(automation), sample, self.clock(), url)
        return self._answer(
            WebhookRequest(
                token=automation.webhook_token,
                headers=sent.headers,
                body=sent.body,
                source=address,
                method=sent.method,
                url=sent.url,
                query=sent.query,
            )
        )

    def _answer(self, request: WebhookRequest) -> SampleAnswerView:
        try:
            answer = self.webhooks.answer(request).answer
        except RunledgerError as error:
            # The sender would get this answer, so here it is the result.
            refused = answer_error(error)
            return _view(refused.status_code, refused.content_type, refused.body)
        return _view(answer.status, answer.content_type, answer.body)


def _sample(source: "Source", document: "SampleDocument") -> Sample:
    headers = {name.lower(): value for name, value in document.headers.items()}
    if document.body is None:
        if not source.facts.samples:
            raise InvalidInputError("this sender has no sample; send a `body`", field="body")
        first = source.facts.samples[0]
        content_type = document.content_type or first.content_type
        return replace(first, content_type=content_type, headers={**first.headers, **headers})
    is_text = isinstance(document.body, str)
    text = document.body if is_text else json.dumps(document.body, ensure_ascii=False)
    content_type = document.content_type or "application/json"
    return Sample("Given", text, content_type, headers)


def _view(status: int, content_type: str | None, body: Any) -> SampleAnswerView:
    return SampleAnswerView(status=status, content_type=content_type or "", body=body or "")
