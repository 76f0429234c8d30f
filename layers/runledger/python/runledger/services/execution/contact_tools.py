"""The tool of nodes that change the run's contact."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NodeError,
    NotFoundError,
    TransientError,
)
from runledger.nodes.tools import Tools
from runledger.services.execution.lent_tools import LentTools

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.contact import ContactChange
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.execution.node_claims import NodeClaim
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContext


@dataclass(frozen=True, slots=True)
class RunContact:
    """Changes the contact of one run."""

    contacts: "Callable[[], Contacts]"
    workspace_id: str
    contact_id: str | None

    def change(self, change: "ContactChange") -> str | None:
        if self.contact_id is None:
            return "the run has no contact"
        try:
            self.contacts().change(self.workspace_id, self.contact_id, change)
        except NotFoundError:
            return "the contact no longer exists"
        except InvalidInputError as error:
            raise NodeError("INVALID_VALUE", f"the contact cannot be changed: {error}") from error
        except ConflictError as error:
            if error.field is None:
                raise TransientError("other requests are changing the contact") from error
            raise NodeError(
                "CONTACT_CONFLICT", f"the contact cannot be changed: {error}"
            ) from error
        return None


@dataclass(frozen=True, slots=True)
class ContactTools:
    """Provides the run's contact. `contacts` is called only by a node that changes the contact, so
    other nodes do not load the code for it."""

    contacts: "Callable[[], Contacts]"

    def lend(
        self, context: "RunContext", claim: "NodeClaim", retry_budget: "RetryBudget"
    ) -> LentTools:
        run = context.run
        return LentTools(Tools(contact=RunContact(self.contacts, run.workspace_id, run.contact_id)))
