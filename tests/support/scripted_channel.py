"""A channel whose provider answers as a test prescribes."""

from typing import TYPE_CHECKING, Any

from runledger.channels.base import ProviderAnswer, RenderedMessage, UnknownOutcomeError
from runledger.channels.email import EmailChannel
from runledger.settings import ChannelSettings

from tests.support.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

# What the provider does with the next message.
TAKEN, LATER, NEVER, SILENT, BROKEN = "taken", "later", "never", "silent", "broken"


def _no_client(service: str) -> Any:
    raise AssertionError("a scripted channel makes no calls")


class ScriptedChannel(EmailChannel):
    """The channel. `script` has the answers in order; the last one is repeated. `took` are the
    messages that the provider accepted, whether it answered or not. `before` is called before each
    send."""

    def __init__(self, *script: str) -> None:
        super().__init__(_no_client, ChannelSettings())
        self.script = list(script)
        self.asked: list[RenderedMessage] = []
        self.took: list[RenderedMessage] = []
        self.before: Callable[[], None] = lambda: None

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        self.before()
        self.asked.append(message)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        match answer:
            case "later":
                return ProviderAnswer(
                    accepted=False, code="Throttling", message="slow down", is_transient=True
                )
            case "never":
                return ProviderAnswer(accepted=False, code="MessageRejected", message="no")
            case "broken":
                raise RuntimeError("an error in our own code")
        self.took.append(message)
        if answer == SILENT:
            raise UnknownOutcomeError("read timeout")
        return ProviderAnswer(accepted=True, provider_id=f"message-{len(self.took)}")


def script(engine: Engine, *answers: str) -> ScriptedChannel:
    """Sets the answers of the engine's e-mail provider from now on."""
    channel = ScriptedChannel(*answers)
    engine.channels["EMAIL"] = channel
    return channel
