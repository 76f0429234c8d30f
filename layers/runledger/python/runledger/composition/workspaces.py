"""Puts the services of `services/workspaces/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.edges import Edges
from runledger.settings import ConsoleAddressSettings, IdentitySettings, InvitationSettings

if TYPE_CHECKING:
    from runledger.services.workspaces.account_mails import AccountMails
    from runledger.services.workspaces.accounts import Accounts
    from runledger.services.workspaces.console_address import ConsoleAddress
    from runledger.services.workspaces.identity import Identity
    from runledger.services.workspaces.invitations import Invitations, OwnInvitations
    from runledger.services.workspaces.members import Members


class WorkspacesRoom(Edges):
    @cached_property
    def accounts(self) -> "Accounts":
        from runledger.services.workspaces.accounts import Accounts

        pool = self.settings(IdentitySettings).user_pool_id
        return Accounts(self.client("cognito-idp"), pool)

    @cached_property
    def account_mails(self) -> "AccountMails":
        from runledger.services.workspaces.account_mails import AccountMails

        return AccountMails(self.console_address)

    @cached_property
    def console_address(self) -> "ConsoleAddress":
        from runledger.services.workspaces.console_address import ConsoleAddress

        parameter = self.settings(ConsoleAddressSettings).console_parameter
        return ConsoleAddress(self.client("ssm"), parameter)

    @cached_property
    def identity(self) -> "Identity":
        from runledger.services.workspaces.identity import Identity

        settings = self.settings(IdentitySettings)
        pool, client_id = settings.user_pool_id, settings.user_pool_client_id
        return Identity(self.stores.workspaces, lambda: self.accounts, pool, client_id)

    @cached_property
    def members(self) -> "Members":
        from runledger.services.workspaces.members import Members

        return Members(self.stores.workspaces, self.stores.saved_views)

    @cached_property
    def invitations(self) -> "Invitations":
        from runledger.services.workspaces.invitation_mail import InvitationMail
        from runledger.services.workspaces.invitations import Invitations

        of = self.stores
        # A mail that may have been sent is not sent again.
        ses = self.effect_client("sesv2")
        mail = InvitationMail(ses, self.settings(InvitationSettings).sender_email)
        return Invitations(
            of.invitations, of.workspaces, self.rates, self.accounts, mail, self.clock
        )

    @cached_property
    def own_invitations(self) -> "OwnInvitations":
        from runledger.services.workspaces.invitations import OwnInvitations

        of = self.stores
        return OwnInvitations(of.invitations, of.workspaces, self.accounts, self.clock)
