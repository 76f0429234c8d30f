"""A row of an import: a contact to create or to change."""

from runledger.models.addresses import Address
from runledger.models.base import Model
from runledger.models.consent import ConsentSetting, ConsentSource
from runledger.models.contact import ContactChange


class ContactRow(Model):
    """What one row changes of its contact, which is found by the address or external id `by`.
    `number` is the number of the row in the file. `source` says where the `consents` come from."""

    number: int
    by: Address
    change: ContactChange
    consents: tuple[ConsentSetting, ...]
    source: ConsentSource


class BadRow(Model):
    """What is wrong with a row. `field` is the contact's field with the wrong value, in camelCase,
    if the problem has one."""

    number: int
    field: str | None
    text: str
