"""The Lambda functions that a machine calls."""

from dataclasses import dataclass

from runledger.nodes.base import Function


@dataclass(frozen=True, slots=True)
class FunctionArns:
    """The ARNs of the functions that run nodes."""

    logic: str
    message: str
    integration: str

    def of(self, function: Function) -> str:
        by_function = {
            Function.LOGIC: self.logic,
            Function.MESSAGE: self.message,
            Function.INTEGRATION: self.integration,
        }
        return by_function[function]
