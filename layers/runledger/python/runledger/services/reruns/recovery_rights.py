"""Decides who may begin and continue a recovery that repeats messages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import ForbiddenError, NotFoundError
from runledger.models.rerun import EffectChoice, RerunVersion
from runledger.nodes.base import Function
from runledger.services.reruns.recovery_runs import document_of

if TYPE_CHECKING:
    from runledger.compiler.graph import GraphView
    from runledger.models.recovery import Recovery
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.automations import AutomationStore
    from runledger.store.failures import FailureStore


@dataclass(frozen=True, slots=True)
class RecoveryRights:
    """Allows or forbids a recovery, depending on whether the nodes to repeat send messages.

    The active version's graph tells that, unless the runs belong to several automations or walk an
    older version. In these two cases, each rerun is checked when it is planned, with the rights of
    the recovery's author. Therefore, only an ADMIN may continue a recovery of an ADMIN that may
    include runs of several automations or of an older version."""

    automations: "AutomationStore"
    failures: "FailureStore"
    contexts: "RunContexts"

    def require_to_begin(self, recovery: "Recovery") -> None:
        """Raises ForbiddenError if the recovery would repeat the messages of a node, and the
        recovery's author may not do that."""
        if not recovery.may_repeat_messages and self._repeats_messages(recovery, if_unknown=False):
            raise _forbidden()

    def require_to_continue(self, recovery: "Recovery", *, may_repeat: bool) -> None:
        """Raises ForbiddenError if the recovery may repeat messages and the caller may not."""
        if may_repeat or not recovery.may_repeat_messages:
            return
        if self._repeats_messages(recovery, if_unknown=True):
            raise _forbidden()

    def _repeats_messages(self, recovery: "Recovery", *, if_unknown: bool) -> bool:
        effects = document_of(recovery).effects
        repeated = [id_ for id_, choice in effects.items() if choice.do is EffectChoice.REPEAT]
        if if_unknown and repeated and document_of(recovery).version is RerunVersion.SAME:
            return True
        graph = self._graph(recovery) if repeated else None
        for node_id in repeated:
            node = None if graph is None else graph.nodes.get(node_id)
            if node is None or node.type is None:
                if if_unknown:
                    return True
            elif node.type.function is Function.MESSAGE:
                return True
        return False

    def _graph(self, recovery: "Recovery") -> "GraphView | None":
        """Returns the active graph of the automation whose runs are rerun; None if they belong to
        several automations."""
        automation_id = recovery.filter.automation_id
        if automation_id is None and recovery.filter.error_group is not None:
            group = self.failures.find(recovery.filter.error_group)
            if group is not None and group.workspace_id == recovery.workspace_id:
                automation_id = group.automation_id
        if automation_id is None:
            return None
        try:
            automation = self.automations.get(recovery.workspace_id, automation_id)
        except NotFoundError:
            return None
        if automation.active is None:
            return None
        return self.contexts.version_graph(automation.id, automation.active.version)


def _forbidden() -> ForbiddenError:
    return ForbiddenError(
        "to repeat the messages of a node in a recovery, you need the role ADMIN; choose REUSE or "
        "SUPPRESS instead"
    )
