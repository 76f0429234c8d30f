"""Puts the services of `services/execution/` together."""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from runledger.composition.messages import MessagesRoom
from runledger.settings import MachineSettings, StartSettings

if TYPE_CHECKING:
    from runledger.services.execution.cancel import Canceler
    from runledger.services.execution.contact_tools import ContactTools
    from runledger.services.execution.integration_tools import IntegrationTools
    from runledger.services.execution.lent_tools import Toolbox
    from runledger.services.execution.machines import Machines, MachineThrottle
    from runledger.services.execution.message_tools import MessageTools
    from runledger.services.execution.settle import ExecutionCloser, Settler
    from runledger.services.execution.skip_wait import WaitSkipper
    from runledger.services.execution.start import Starter
    from runledger.services.execution.superseded_machines import SupersededMachines
    from runledger.services.execution.walk import Walker
    from runledger.services.execution.watchdog import Watchdog
    from runledger.services.retry_budget import RetryBudget


class ExecutionRoom(MessagesRoom):
    def retry_budget(self, remaining_ms: int) -> "RetryBudget":
        """Returns the retry budget of an invocation that has `remaining_ms` left."""
        from runledger.services.retry_budget import MARGIN, RetryBudget

        return RetryBudget(self.clock() + remaining_ms - MARGIN, self.clock, self.sleep)

    def walker(self, toolbox: "Toolbox", request_id: str, remaining_ms: int) -> "Walker":
        """Returns a walker for an invocation that has `remaining_ms` left."""
        from runledger.services.execution.walk import Walker
        from runledger.store.row_reads import read_rows

        return Walker(
            runs=self.stores.runs,
            automations=self.stores.automations,
            contexts=self.contexts,
            toolbox=toolbox,
            gather=self.gather,
            read_rows=partial(read_rows, self.table),
            metrics=self.metrics,
            clock=self.clock,
            request_id=request_id,
            retry_budget=self.retry_budget(remaining_ms),
        )

    @cached_property
    def message_tools(self) -> "MessageTools":
        from runledger.services.execution.message_tools import MessageTools

        return MessageTools(
            channels=self.channels,
            links=self.unsubscribe_links,
            deliveries=self.stores.deliveries,
            contacts=self.stores.contacts,
            gatekeeper=self.gatekeeper,
            suppressions=self.stores.suppressions,
            retries=self.retry_machine,
            clock=self.clock,
        )

    @cached_property
    def contact_tools(self) -> "ContactTools":
        from runledger.services.execution.contact_tools import ContactTools

        return ContactTools(lambda: self.contacts)

    @cached_property
    def integration_tools(self) -> "IntegrationTools":
        from runledger.services.execution.integration_tools import IntegrationTools

        of = self.stores
        return IntegrationTools(
            self.http, self.secret_values, of.runs, of.bodies, self.clock, self.sleep
        )

    @property
    def _execution_prefix(self) -> str:
        """The beginning of the ARN of each Standard execution of the stack, up to the automation
        id."""
        prefix = self.settings(StartSettings).machine_prefix
        return prefix.replace(":stateMachine:", ":execution:")

    @cached_property
    def starter(self) -> "Starter":
        from runledger.services.execution.start import Starter

        prefix = self.settings(StartSettings).machine_prefix
        stepfunctions = self.effect_client("stepfunctions")
        return Starter(self.stores.runs, stepfunctions, prefix, self.clock)

    @cached_property
    def canceler(self) -> "Canceler":
        from runledger.services.execution.cancel import Canceler

        stepfunctions = self.client("stepfunctions")
        return Canceler(self.stores.runs, stepfunctions, self._execution_prefix, self.clock)

    @cached_property
    def wait_skipper(self) -> "WaitSkipper":
        from runledger.services.execution.skip_wait import WaitSkipper

        return WaitSkipper(self.stores.runs, self.contexts, self.canceler, self.clock)

    @cached_property
    def closer(self) -> "ExecutionCloser":
        from runledger.services.execution.settle import ExecutionCloser

        return ExecutionCloser(self.stores.runs, self.contexts, self.clock)

    @cached_property
    def watchdog(self) -> "Watchdog":
        from runledger.services.execution.watchdog import Watchdog

        return Watchdog(
            runs=self.stores.runs,
            automations=self.stores.automations,
            contexts=self.contexts,
            starter=self.starter,
            stepfunctions=self.client("stepfunctions"),
            execution_prefix=self._execution_prefix,
            clock=self.clock,
        )

    @cached_property
    def run_settler(self) -> "Settler":
        from runledger.services.execution.settle import Settler

        return Settler(
            self.stores.runs, self.starter, self.orphaned_messages, self.watchdog, self.clock
        )

    @cached_property
    def machine_throttle(self) -> "MachineThrottle":
        from runledger.services.execution.machines import MachineThrottle

        return MachineThrottle(self.stores.throttle, self.clock)

    @cached_property
    def machines(self) -> "Machines":
        from runledger.deployment import stack_tags
        from runledger.services.execution.machines import Machines

        settings = self.settings(MachineSettings)
        return Machines(
            self.client("stepfunctions"),
            settings.machine_prefix,
            self.machine_throttle,
            settings.machine_role_arn,
            settings.machine_log_group_arn,
            is_traced=settings.tracing == "Active",
            tags=stack_tags(settings.stack),
        )

    @cached_property
    def superseded_machines(self) -> "SupersededMachines":
        from runledger.services.execution.machines import MachineRemover
        from runledger.services.execution.superseded_machines import SupersededMachines

        prefix = self.settings(StartSettings).machine_prefix
        remover = MachineRemover(self.client("stepfunctions"), prefix, self.machine_throttle)
        of = self.stores
        return SupersededMachines(of.machines, remover, of.workspaces, self.clock)
