"""Puts the services of `services/bulk/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.reruns import RerunsRoom
from runledger.settings import ExportSettings, ImportSettings

if TYPE_CHECKING:
    from runledger.services.bulk.bulk_cancel import BulkCancels
    from runledger.services.bulk.due_exports import DueExports
    from runledger.services.bulk.due_imports import DueImports
    from runledger.services.bulk.export_pages import ExportPages
    from runledger.services.bulk.export_removal import ExportRemoval
    from runledger.services.bulk.exports import ExportMachine, ExportQueries, ExportRequests
    from runledger.services.bulk.import_removal import ImportRemoval
    from runledger.services.bulk.import_visits import ImportVisits
    from runledger.services.bulk.imports import ImportMachine, ImportQueries, ImportRequests


class BulkRoom(RerunsRoom):
    @cached_property
    def export_machine(self) -> "ExportMachine":
        from runledger.services.bulk.exports import ExportMachine

        arn = self.settings(ExportSettings).export_arn
        return ExportMachine(self.effect_client("stepfunctions"), arn)

    @cached_property
    def export_requests(self) -> "ExportRequests":
        from runledger.services.bulk.exports import ExportRequests

        return ExportRequests(
            self.stores.exports, self.list_snapshots, self.export_machine, self.clock
        )

    @cached_property
    def export_queries(self) -> "ExportQueries":
        from runledger.services.bulk.exports import ExportQueries

        return ExportQueries(self.stores.exports, self.export_files, self.cursors, self.clock)

    @cached_property
    def export_pages(self) -> "ExportPages":
        from runledger.services.bulk.export_pages import ExportPages

        return ExportPages(self.stores.exports, self.export_files, self.list_snapshots, self.clock)

    @cached_property
    def export_removal(self) -> "ExportRemoval":
        from runledger.services.bulk.export_removal import ExportRemoval

        return ExportRemoval(self.stores.exports, self.export_files)

    @cached_property
    def due_exports(self) -> "DueExports":
        from runledger.services.bulk.due_exports import DueExports

        return DueExports(self.stores.exports, self.export_files, self.export_machine, self.clock)

    @cached_property
    def bulk_cancels(self) -> "BulkCancels":
        from runledger.services.bulk.bulk_cancel import BulkCancels

        of = self.stores
        return BulkCancels(
            of.bulk_cancels,
            self.list_snapshots,
            of.runs,
            self.canceler,
            self.wait_skipper,
            self.clock,
        )

    @cached_property
    def import_machine(self) -> "ImportMachine":
        from runledger.services.bulk.imports import ImportMachine

        arn = self.settings(ImportSettings).import_arn
        return ImportMachine(self.effect_client("stepfunctions"), arn)

    @cached_property
    def import_requests(self) -> "ImportRequests":
        from runledger.services.bulk.imports import ImportRequests

        return ImportRequests(
            self.stores.imports, self.import_files, self.import_machine, self.clock
        )

    @cached_property
    def import_queries(self) -> "ImportQueries":
        from runledger.services.bulk.imports import ImportQueries

        return ImportQueries(self.stores.imports, self.import_files, self.cursors, self.clock)

    @cached_property
    def import_visits(self) -> "ImportVisits":
        from runledger.services.bulk.import_visits import ImportVisits
        from runledger.services.contacts.contact_rows import ContactRows

        rows = ContactRows(self.stores.contacts, self.contacts)
        return ImportVisits(self.stores.imports, self.import_files, rows, self.gather, self.clock)

    @cached_property
    def import_removal(self) -> "ImportRemoval":
        from runledger.services.bulk.import_removal import ImportRemoval

        return ImportRemoval(self.stores.imports, self.import_files)

    @cached_property
    def due_imports(self) -> "DueImports":
        from runledger.services.bulk.due_imports import DueImports

        return DueImports(self.stores.imports, self.import_machine, self.clock)
