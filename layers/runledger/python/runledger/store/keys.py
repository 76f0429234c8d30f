"""Every key and index of the table; no other module builds a key.

| question | where | partition | sort |
|---|---|---|---|
| a run, its event and its steps  | table | `RUN#run` | `RUN`, `PAYLOAD`, `STEP#node` |
| steps that a rerun reuses when it reaches their nodes | table | `RUN#run` | `PREPARED#node` |
| runs by the value of a key | table | `KEY#sha256(value)` | `name#createdAt#run` |
| reruns of a run, and of its reruns | table | `RERUNS#run` | `rerun` |
| a delivery attempt | table | `DELIVERY#delivery` | `DELIVERY` |
| an attempt by its provider's id of the message | table | `SENT#channel#message` | `SENT` |
| the newest marketing SMS to a phone, by workspace | table | `TEXTED#sha256(phone)` | `workspace` |
| a refusal; its event, if that is kept | table | `REFUSAL#refusal` | `REFUSAL`, `EVENT` |
| captured events of an automation | table | `CAPTURE#automation` | `createdAt#id` |
| number of events that a capture has kept | table | `CAPTURE#automation` | `COUNT#capture` |
| kept events of a workspace | table | `WORKSPACE#workspace#KEPT` | `createdAt#id` |
| an erasure's event search | table | `WORKSPACE#workspace#KEPT` | `SEARCH#sha256(contact)` |
| the expiry of a deleted run, delivery … | table | that of its row | `TOMBSTONE` |
| a failure group; the failed runs of it | table | `FAILURE#group` | `GROUP`, `createdAt#run` |
| whether an address is suppressed | table | `SUPPRESSION#sha256(address)` | `SUPPRESSION` |
| recent messages to a recipient | table | `FREQUENCY#workspace#KIND#who` | `FREQUENCY` |
| newest runs (and others) by status | gsi1 | `workspace#KIND#bucket#shard` | `createdAt#id` |
| the same for one automation | gsi2 | `workspace#KIND#automation#bucket#shard` | `createdAt#id` |
| everything about a contact | gsi3 | `workspace#contact` | `createdAt#id` |
| due rows | gsi4, sparse | `DUE#shard` | `dueAt#id` |
| held runs of an automation, oldest first | gsi4, sparse | `HELD#automation` | `createdAt#run` |
| recoveries that are due | gsi4, sparse | `DUE#RECOVERY` | `dueAt#id` |
| hours that are due to be counted | gsi4, sparse | `DUE#TOTAL#shard` | `dueAt#id` |
| a workspace | table | `WORKSPACE#workspace` | `WORKSPACE` |
| automations of a workspace; one by id | table | `WORKSPACE#workspace#AUTOMATION` | `automation` |
| automations that start after runs of another | table | `AUTOMATION#up` | `DOWNSTREAM#automation` |
| an automation's draft and versions | table | `AUTOMATION#automation` | `DRAFT`, `VERSION#000001` |
| its schedule and fires, by day | table | `AUTOMATION#automation` | `SCHEDULE`, `FIRE#day#000001` |
| machines of superseded versions | table | `AUTOMATION#automation` | `MACHINE#000001` |
| the activation of a version | table | `AUTOMATION#automation` | `ACTIVATION#000001` |
| the release of held runs | table | `AUTOMATION#automation` | `RELEASE` |
| turns of a rate limit | table | `PACE#name` | `PACE` |
| automation by webhook token | table | `WEBHOOK#sha256(token)` | `WEBHOOK` |
| a contact in an automation, with its run | table | `REENTRY#automation#contact` | `REENTRY` |
| webhooks of one source this minute | table | `RATE#automation#source` | `minute` |
| events that a filter ignored, by hour | table | `IGNORED#automation` | `hour` |
| contacts of a workspace; one by id | table | `WORKSPACE#workspace#CONTACT` | `contact` |
| the changes of a contact's consents | table | `WORKSPACE#workspace#CONSENT` | `contact` |
| contacts by a metadata date | table | `WORKSPACE#workspace#DATE#D#MM-DD#key` | `YYYY#contact` |
| contacts with an unreadable date | table | `WORKSPACE#workspace#NODATE#key` | `contact` |
| metadata keys that date automations use | table | `WORKSPACE#workspace` | `DATEKEYS` |
| contacts by name | table | `WORKSPACE#workspace#NAME` | `name#contact` |
| contacts by tag | table | `WORKSPACE#workspace#TAG#tag` | `contact` |
| contact by e-mail or phone | table | `WORKSPACE#workspace#ADDRESS` | `EMAIL#…`, `PHONE#…` |
| contact by an id in another system | table | `WORKSPACE#workspace#ADDRESS` | `EXTERNAL:name#…` |
| erased contacts of a workspace | table | `WORKSPACE#workspace#ERASURE` | `contact` |
| segments of a workspace; one by id | table | `WORKSPACE#workspace#SEGMENT` | `segment` |
| templates of a workspace; one by id | table | `WORKSPACE#workspace#TEMPLATE` | `template` |
| secret names of a workspace | table | `WORKSPACE#workspace#SECRET` | `name` |
| exports of a workspace; one by id | table | `WORKSPACE#workspace#EXPORT` | `export` |
| imports of contacts of a workspace; one by id | table | `WORKSPACE#workspace#IMPORT` | `import` |
| bulk actions of a workspace; one by id | table | `WORKSPACE#workspace#CANCEL` | `cancellation` |
| recoveries of a workspace; one by id | table | `WORKSPACE#workspace#RECOVERY` | `recovery` |
| recovery by its idempotency key | table | `WORKSPACE#workspace#RECOVERYKEY` | `sha256(key)` |
| export by its idempotency key | table | `WORKSPACE#workspace#EXPORTKEY` | `sha256(key)` |
| bulk action by its idempotency key | table | `WORKSPACE#workspace#CANCELKEY` | `sha256(key)` |
| the runs of a recovery, by state | table | `RECOVERY#recovery` | `STATE#createdAt#run` |
| the reruns of a recovery | table | `RECOVERYRERUNS#recovery` | `createdAt#rerun` |
| counts of rows by scope and hour | table | `TOTALS#workspace#KIND#part` | hour |
| how far the stream was read | table | `FRESHNESS`, `PULSE#number` | `FRESHNESS`, `PULSE` |
| how far its readers lagged lately | table | `FRESHNESS` | `LAG#slot` |
| members of a workspace | table | `WORKSPACE#workspace#MEMBER` | `user` |
| workspaces of a user; when they signed out | table | `USER#user` | `workspace`, `SESSIONS` |
| invitations of a workspace; one by id | table | `WORKSPACE#workspace#INVITATION` | `invitation` |
| shared views of a workspace | table | `WORKSPACE#workspace#VIEW` | `SHARED#view` |
| a member's own views | table | `WORKSPACE#workspace#VIEW` | `OWN#user#view` |
| a member's default view of a list | table | `WORKSPACE#workspace#VIEW` | `DEFAULT#user#list` |
| invitations of an address | table | `INVITED#sha256(address)` | `workspace` |

gsi1 to gsi4 are KEYS_ONLY. gsi1, gsi2 and gsi3 share one sort attribute, `createdKey`, because the
run row must stay under 1 KB. Times in keys are 13 digits of epoch milliseconds. The kind of a row
in gsi3 and gsi4 is the prefix of its id (`run_`, `dlv_`). PENDING and RUNNING share the bucket
OPEN, so that starting a run rewrites no index. List partitions are sharded by a hash of the id over
the workspace's shard count. All workspaces share the partitions of the due index, but each
workspace uses only a few of them, so that its due rows never fill all partitions. The status of a
refusal is its reason. One partition of gsi1 lists a workspace's suppressed addresses, and another
one its failure groups. A partition of gsi2 lists the failure groups of one automation. The part of
a scope is an automation, or `*` for the whole workspace. An hour is identified by its first moment.
"""

import hashlib
import zlib
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from runledger.models.run import RunStatus

DUE_SHARDS = 16
# How many of these partitions a workspace's rows use. A run writes to the due index when it is
# opened and when it ends, and a partition takes 1,000 writes per second.
DUE_SHARDS_OF_WORKSPACE = 4
OPEN_BUCKET = "OPEN"
# Replaces the automation if a scope is a whole workspace.
_WHOLE = "*"


class Index(StrEnum):
    BY_STATUS = "gsi1"
    BY_AUTOMATION = "gsi2"
    BY_CONTACT = "gsi3"
    DUE = "gsi4"


class Kind(StrEnum):
    RUN = "RUN"
    DELIVERY = "DLV"
    REFUSAL = "REF"
    SUPPRESSION = "SUP"
    FAILURE = "ERR"


class DateKind(StrEnum):
    """Whether a date is a day, which is the same in every zone, or an instant. An instant is listed
    under its day in UTC."""

    DAY = "D"
    INSTANT = "T"


# Partition and sort attribute of each index.
INDEX_ATTRIBUTES: dict[Index, tuple[str, str]] = {
    Index.BY_STATUS: ("gsi1pk", "createdKey"),
    Index.BY_AUTOMATION: ("gsi2pk", "createdKey"),
    Index.BY_CONTACT: ("gsi3pk", "createdKey"),
    Index.DUE: ("gsi4pk", "dueKey"),
}


class Key(NamedTuple):
    pk: str
    sk: str


def run(run_id: str) -> Key:
    return Key(f"RUN#{run_id}", "RUN")


def event(run_id: str) -> Key:
    return Key(f"RUN#{run_id}", "PAYLOAD")


STEP_PREFIX = "STEP#"


def step(run_id: str, node_id: str) -> Key:
    return Key(f"RUN#{run_id}", f"{STEP_PREFIX}{node_id}")


PREPARED_PREFIX = "PREPARED#"


def prepared_step(run_id: str, node_id: str) -> Key:
    """Returns the key of a step that a rerun records when it comes to the node."""
    return Key(f"RUN#{run_id}", f"{PREPARED_PREFIX}{node_id}")


def keyed_runs(workspace_id: str, value: str) -> str:
    """Returns the partition of the items by which runs are found from the value of a key, such as
    an order number. The name of the key does not matter. `value` is folded, as
    `models.run_keys.folded` describes. The partition has a hash of the value, because the value may
    be personal."""
    text = f"{workspace_id}#{value}"
    return f"KEY#{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def keyed_name(name: str) -> str:
    """Returns the text with which the sort key of a `keyed_run` begins if the run's key has this
    name. `name` is folded, as `models.run_keys.folded` describes. In the sort key, the creation
    time and the id of the run follow."""
    return f"{name}#"


def keyed_run(workspace_id: str, name: str, value: str, created_at: int, run_id: str) -> Key:
    """Returns the key of the item by which a run is found from one of the run's keys. `name` and
    `value` of the run's key are folded."""
    partition = keyed_runs(workspace_id, value)
    return Key(partition, f"{keyed_name(name)}{created_key(created_at, run_id)}")


def family(root_run_id: str) -> str:
    """Returns the partition of all reruns that go back to one run."""
    return f"RERUNS#{root_run_id}"


def rerun(root_run_id: str, run_id: str) -> Key:
    return Key(family(root_run_id), run_id)


def delivery(delivery_id: str) -> Key:
    return Key(f"DELIVERY#{delivery_id}", "DELIVERY")


def sent_message(channel: str, provider_id: str) -> Key:
    """Returns the key of the item that leads from a provider's id of a message to its delivery.
    Only channels whose reports contain no id of ours have such items."""
    return Key(f"SENT#{channel}#{provider_id}", "SENT")


def texted(phone: str) -> str:
    """Returns the partition of the workspaces that sent marketing to a phone number. An answer to
    an SMS names no workspace, so the workspaces are found by the number. The partition is a hash,
    so that the row does not show the number."""
    return f"TEXTED#{hashlib.sha256(phone.encode(errors='surrogatepass')).hexdigest()}"


def texted_by(phone: str, workspace_id: str) -> Key:
    return Key(texted(phone), workspace_id)


def refusal(refusal_id: str) -> Key:
    return Key(f"REFUSAL#{refusal_id}", "REFUSAL")


def refused_event(refusal_id: str) -> Key:
    """Returns the key of a refusal's event, in the partition of the refusal."""
    return Key(refusal(refusal_id).pk, "EVENT")


def captured_event(automation_id: str, kept_at: int, event_id: str) -> Key:
    return Key(f"CAPTURE#{automation_id}", created_key(kept_at, event_id))


def capture_count(automation_id: str, capture_id: str) -> Key:
    """Returns the key of a capture's counter, beside its events."""
    return Key(f"CAPTURE#{automation_id}", f"COUNT#{capture_id}")


def kept_event(workspace_id: str, kept_at: int, event_id: str) -> Key:
    """Returns the key of the item by which an erasure finds a kept event."""
    return Key(f"WORKSPACE#{workspace_id}#KEPT", created_key(kept_at, event_id))


def kept_search(workspace_id: str, contact_id: str) -> Key:
    """Returns the key of the row that stores how far an erasure has searched the kept events. The
    key has a hash of the contact's id, because the row stays for some days after the contact is
    gone."""
    digest = hashlib.sha256(contact_id.encode()).hexdigest()
    return Key(f"WORKSPACE#{workspace_id}#KEPT", f"SEARCH#{digest}")


def failure_group(group_id: str) -> Key:
    return Key(failure_members(group_id), "GROUP")


def failure_members(group_id: str) -> str:
    """Returns the partition of a failure group's runs. Their sort keys are those of the list
    indexes."""
    return f"FAILURE#{group_id}"


def failed_run(group_id: str, created_at: int, run_id: str) -> Key:
    return Key(failure_members(group_id), created_key(created_at, run_id))


def failure_groups(workspace_id: str, automation_id: str | None = None) -> tuple[Index, str]:
    """Returns the index and partition that list the groups of a workspace or of one automation, by
    their latest failure. One partition is enough: few groups are new per second, and the others
    move once an hour."""
    kind = Kind.FAILURE
    if automation_id is None:
        return Index.BY_STATUS, by_status(workspace_id, kind, "ALL", 0)
    return Index.BY_AUTOMATION, by_automation(workspace_id, kind, automation_id, "ALL", 0)


def tombstone(of: Key) -> Key:
    """Returns the key of the tombstone of a run, a delivery or a refusal. It is in the partition of
    the row with the key `of`, and is written after that row was deleted."""
    return Key(of.pk, "TOMBSTONE")


def suppression(workspace_id: str, address_kind: str, address: str) -> Key:
    """Returns the key of a suppressed address. Each address has its own partition, because every
    message reads the entry of its address. The key is a hash, so that an address is still
    recognized after its owner was erased."""
    digest = suppression_digest(workspace_id, address_kind, address)
    return Key(f"SUPPRESSION#{digest}", "SUPPRESSION")


def suppression_digest(workspace_id: str, address_kind: str, address: str) -> str:
    text = f"{workspace_id}#{address_kind}#{address}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def frequency(workspace_id: str, address_kind: str, recipient: str) -> Key:
    """Returns the key of a recipient's frequency. `recipient` is a contact's id, or an address
    that belongs to no contact."""
    return Key(f"FREQUENCY#{workspace_id}#{address_kind}#{recipient}", "FREQUENCY")


def suppressions(workspace_id: str) -> str:
    """Returns the partition of gsi1 that lists a workspace's suppressions. One is enough: few are
    added per second."""
    return by_status(workspace_id, Kind.SUPPRESSION, "ALL", 0)


def workspace(workspace_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}", "WORKSPACE")


def automation(workspace_id: str, automation_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#AUTOMATION", automation_id)


def draft(automation_id: str) -> Key:
    return Key(f"AUTOMATION#{automation_id}", "DRAFT")


VERSION_PREFIX = "VERSION#"


def version(automation_id: str, number: int) -> Key:
    return Key(f"AUTOMATION#{automation_id}", f"{VERSION_PREFIX}{number:06d}")


DOWNSTREAM_PREFIX = "DOWNSTREAM#"


def downstream(upstream_id: str, automation_id: str) -> Key:
    return Key(f"AUTOMATION#{upstream_id}", f"{DOWNSTREAM_PREFIX}{automation_id}")


def schedule(automation_id: str) -> Key:
    return Key(f"AUTOMATION#{automation_id}", "SCHEDULE")


def schedule_id(automation_id: str) -> str:
    """Returns the schedule's id in the due index."""
    return f"sch_{automation_id}"


FIRE_PREFIX = "FIRE#"


def fire(automation_id: str, day: date, version: int) -> Key:
    return Key(f"AUTOMATION#{automation_id}", f"{FIRE_PREFIX}{day.isoformat()}#{version:06d}")


def fire_id(automation_id: str, day: date, version: int) -> str:
    """Returns the fire's id in the due index."""
    return f"fire_{automation_id}#{day.isoformat()}#{version:06d}"


def machine(automation_id: str, number: int) -> Key:
    return Key(f"AUTOMATION#{automation_id}", f"MACHINE#{number:06d}")


def machine_id(automation_id: str, number: int) -> str:
    """Returns a superseded machine's id in the due index."""
    return f"mch_{automation_id}_{number}"


def activation(automation_id: str, number: int) -> Key:
    return Key(f"AUTOMATION#{automation_id}", f"ACTIVATION#{number:06d}")


def activation_id(automation_id: str, number: int) -> str:
    """Returns an activation's id in the due index."""
    return f"act_{automation_id}_{number}"


def release(automation_id: str) -> Key:
    return Key(f"AUTOMATION#{automation_id}", "RELEASE")


def release_id(automation_id: str) -> str:
    """Returns a release's id in the due index."""
    return f"rel_{automation_id}"


HELD_PREFIX = "HELD#"


def held(automation_id: str) -> str:
    """Returns the partition of the due index with an automation's held runs. The tick does not read
    it."""
    return f"{HELD_PREFIX}{automation_id}"


def throttle(name: str) -> Key:
    return Key(f"PACE#{name}", "PACE")


def webhook(token: str) -> Key:
    """Returns the key of a webhook token. The key is a hash of the token, so the item does not show
    the token, and any text that a caller sends can be looked up. A caller cannot influence how long
    the lookup takes."""
    digest = hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
    return Key(f"WEBHOOK#{digest}", "WEBHOOK")


def reentry(automation_id: str, contact_id: str) -> Key:
    return Key(f"REENTRY#{automation_id}#{contact_id}", "REENTRY")


def rate(automation_id: str, source: str, minute: int) -> Key:
    return Key(f"RATE#{automation_id}#{source}", f"{minute:09d}")


def ignored_events(automation_id: str, hour: int) -> Key:
    return Key(f"IGNORED#{automation_id}", f"{hour:07d}")


def contact(workspace_id: str, contact_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#CONTACT", contact_id)


def consent_record(workspace_id: str, contact_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#CONSENT", contact_id)


def contact_address(workspace_id: str, kind: str, address: str) -> Key:
    """Returns the key of the item by which one contact is found. `kind` is that of an `Address`:
    EMAIL, PHONE, or `EXTERNAL:` and a name."""
    return Key(f"WORKSPACE#{workspace_id}#ADDRESS", f"{kind}#{address}")


def contact_phone(workspace_id: str, phone: str) -> Key:
    return contact_address(workspace_id, "PHONE", phone)


def contact_dates(workspace_id: str, kind: DateKind, month: int, day: int, field: str) -> str:
    """Returns the partition of the contacts whose metadata hold a date with this month and day."""
    return f"WORKSPACE#{workspace_id}#DATE#{kind}#{month:02d}-{day:02d}#{field}"


def contact_date(workspace_id: str, kind: DateKind, day: date, field: str, contact_id: str) -> Key:
    partition = contact_dates(workspace_id, kind, day.month, day.day, field)
    return Key(partition, f"{date_year(day.year)}{contact_id}")


def unreadable_date(workspace_id: str, field: str, contact_id: str) -> Key:
    """Returns the key of the item that lists a contact with an unreadable date in a metadata field
    that date automations use. All such contacts of a field are in one partition."""
    return Key(f"WORKSPACE#{workspace_id}#NODATE#{field}", contact_id)


def date_fields(workspace_id: str) -> Key:
    """Returns the key of the item with the metadata fields that the workspace's date automations
    use or used."""
    return Key(workspace(workspace_id).pk, "DATEKEYS")


def date_year(year: int) -> str:
    """Returns the prefix of the sort keys of a year's dates."""
    return f"{year:04d}#"


def contact_names(workspace_id: str) -> str:
    """Returns the partition of all names of a workspace's contacts."""
    return f"WORKSPACE#{workspace_id}#NAME"


def contact_name(workspace_id: str, name: str, contact_id: str) -> Key:
    """Returns the key of the item by which a contact is found by a folded name."""
    return Key(contact_names(workspace_id), f"{name}#{contact_id}")


def contact_tag(workspace_id: str, tag: str, contact_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#TAG#{tag}", contact_id)


def erasure(workspace_id: str, contact_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#ERASURE", contact_id)


def erasure_id(workspace_id: str, contact_id: str) -> str:
    """Returns an erasure's id in the due index."""
    return f"era_{workspace_id}#{contact_id}"


def segment(workspace_id: str, segment_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#SEGMENT", segment_id)


def template(workspace_id: str, template_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#TEMPLATE", template_id)


def secret(workspace_id: str, name: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#SECRET", name)


def secret_id(workspace_id: str, name: str) -> str:
    """Returns a secret name's id in the due index."""
    return f"sec_{workspace_id}#{name}"


def export(workspace_id: str, export_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#EXPORT", export_id)


def contact_import(workspace_id: str, import_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#IMPORT", import_id)


def bulk_cancel(workspace_id: str, cancellation_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#CANCEL", cancellation_id)


def recovery(workspace_id: str, recovery_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#RECOVERY", recovery_id)


def recovery_request(workspace_id: str, idempotency_key: str) -> Key:
    """Returns the key of the item that leads from an idempotency key to its recovery."""
    return _request(workspace_id, "RECOVERY", idempotency_key)


def export_request(workspace_id: str, idempotency_key: str) -> Key:
    """Returns the key of the item that leads from an idempotency key to its export."""
    return _request(workspace_id, "EXPORT", idempotency_key)


def bulk_cancel_request(workspace_id: str, idempotency_key: str) -> Key:
    """Returns the key of the item that leads from an idempotency key to its bulk action."""
    return _request(workspace_id, "CANCEL", idempotency_key)


def _request(workspace_id: str, kind: str, idempotency_key: str) -> Key:
    digest = hashlib.sha256(idempotency_key.encode(errors="surrogatepass")).hexdigest()
    return Key(f"WORKSPACE#{workspace_id}#{kind}KEY", digest)


def recovery_items(recovery_id: str) -> str:
    """Returns the partition of a recovery's runs."""
    return f"RECOVERY#{recovery_id}"


def recovery_item(recovery_id: str, state: str, place: str) -> Key:
    """Returns the key of a recovery's run. `place` is `created_key` of the run."""
    return Key(recovery_items(recovery_id), f"{state}#{place}")


def recovery_reruns(recovery_id: str) -> str:
    """Returns the partition of the reruns that a recovery opened. Their sort keys are those of the
    list indexes."""
    return f"RECOVERYRERUNS#{recovery_id}"


def recovery_rerun(recovery_id: str, created_at: int, run_id: str) -> Key:
    return Key(recovery_reruns(recovery_id), created_key(created_at, run_id))


def member(workspace_id: str, user_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#MEMBER", user_id)


def shared_view(workspace_id: str, view_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#VIEW", f"SHARED#{view_id}")


def own_view(workspace_id: str, user_id: str, view_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#VIEW", f"OWN#{user_id}#{view_id}")


def default_view(workspace_id: str, user_id: str, list_name: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#VIEW", f"DEFAULT#{user_id}#{list_name}")


def membership(user_id: str, workspace_id: str) -> Key:
    return Key(f"USER#{user_id}", workspace_id)


def sessions(user_id: str) -> Key:
    """Returns the key of a user's sign-out. It is in the partition of the user's memberships, so
    that one query reads both; no workspace has the id `SESSIONS`."""
    return Key(f"USER#{user_id}", "SESSIONS")


def invitation(workspace_id: str, invitation_id: str) -> Key:
    return Key(f"WORKSPACE#{workspace_id}#INVITATION", invitation_id)


def invited(email: str, workspace_id: str) -> Key:
    """Returns the key of the item by which an invitation is found from its address. The key has
    only a hash of the address. A workspace has at most one invitation per address."""
    return Key(f"INVITED#{hashlib.sha256(email.encode()).hexdigest()}", workspace_id)


def grants_access(key: Key) -> bool:
    """Returns whether the row with this key makes a person a member of a workspace, or invites a
    person to a workspace. Returns False for the row that stores a user's sign-out."""
    kind, *parts = key.pk.split("#")
    if kind == "WORKSPACE":
        return parts[1:] in (["MEMBER"], ["INVITATION"])
    return kind == "INVITED" or (kind == "USER" and key.sk != "SESSIONS")


TOTALS_PREFIX = "TOTALS#"


def totals(workspace_id: str, kind: str, part: str | None) -> str:
    """Returns the partition of a scope's hours. A `part` of None means the whole workspace."""
    return f"{TOTALS_PREFIX}{workspace_id}#{kind}#{_WHOLE if part is None else part}"


def total(workspace_id: str, kind: str, part: str | None, hour: int) -> Key:
    return Key(totals(workspace_id, kind, part), total_sort(hour))


def total_sort(hour: int) -> str:
    return f"{hour:013d}"


def total_id(key: Key) -> str:
    """Returns the id of a scope's hour in the due index."""
    return f"tot_{key.pk.removeprefix(TOTALS_PREFIX)}#{key.sk}"


def total_of(key: Key) -> tuple[str, str, str | None, int]:
    """Returns the workspace, the kind of rows, the automation (None for the whole workspace) and
    the hour of a total's key."""
    _, workspace_id, kind, part = key.pk.split("#", 3)
    return workspace_id, kind, None if part == _WHOLE else part, int(key.sk)


def pulse(number: int) -> Key:
    return Key(f"PULSE#{number}", "PULSE")


def pulse_number(partition: str) -> int:
    return int(partition.removeprefix("PULSE#"))


def freshness() -> Key:
    return Key("FRESHNESS", "FRESHNESS")


def stream_lag(slot: int) -> Key:
    """Returns the key of the row that stores the longest lag of one minute. There is a fixed number
    of such rows, so a later minute overwrites the row of an earlier one. They are in the partition
    of `freshness`, so that one query reads all of them."""
    return Key(freshness().pk, f"LAG#{slot:02d}")


def shard_of(item_id: str, shards: int) -> int:
    return zlib.crc32(item_id.encode()) % shards


def run_bucket(status: RunStatus) -> str:
    return status.value if status.is_terminal else OPEN_BUCKET


def by_status(workspace_id: str, kind: Kind, bucket: str, shard: int) -> str:
    return f"{workspace_id}#{kind}#{bucket}#{shard}"


def by_automation(
    workspace_id: str, kind: Kind, automation_id: str, bucket: str, shard: int
) -> str:
    return f"{workspace_id}#{kind}#{automation_id}#{bucket}#{shard}"


def by_contact(workspace_id: str, contact_id: str) -> str:
    return f"{workspace_id}#{contact_id}"


def created_key(created_at: int, item_id: str) -> str:
    return f"{created_at:013d}#{item_id}"


def after_created(key: str) -> str:
    """Returns the first text that sorts after this `createdKey`."""
    return f"{key} "


def created_at_of(key: str) -> int:
    return int(key[:13])


def due_at_of(key: str) -> int:
    return int(key[:13])


def id_of(key: str) -> str:
    """Returns the id in a `createdKey` or `dueKey`, which follows the time."""
    return key[14:]


def due(workspace_id: str, item_id: str) -> str:
    """Returns the due partition of a row: one of its workspace's partitions, by the row's id.
    Earlier releases used only the first partition of a workspace. The tick finds their rows too,
    because it reads all partitions."""
    first = shard_of(workspace_id, DUE_SHARDS)
    return f"DUE#{(first + shard_of(item_id, DUE_SHARDS_OF_WORKSPACE)) % DUE_SHARDS}"


def due_of_workspace(workspace_id: str) -> tuple[str, ...]:
    """Returns the due partitions of a workspace's rows. Other workspaces share them."""
    first = shard_of(workspace_id, DUE_SHARDS)
    return tuple(f"DUE#{(first + shard) % DUE_SHARDS}" for shard in range(DUE_SHARDS_OF_WORKSPACE))


def due_total(workspace_id: str) -> str:
    """Returns the due partition of hours to be counted. It is separate, so that other rows never
    wait for a count."""
    return f"DUE#TOTAL#{shard_of(workspace_id, DUE_SHARDS)}"


def due_recovery() -> str:
    """Returns the due partition of recoveries. It is separate, so that other rows never wait for a
    recovery. One partition is enough, because few recoveries are in progress at a time."""
    return "DUE#RECOVERY"


def due_partitions() -> tuple[tuple[str, ...], ...]:
    """Returns the due partitions in groups, the most urgent group first. The partitions of one
    group are equally urgent."""
    shards = range(DUE_SHARDS)
    return (
        tuple(f"DUE#{shard}" for shard in shards),
        tuple(f"DUE#TOTAL#{shard}" for shard in shards),
        (due_recovery(),),
    )


def due_key(due_at: int, item_id: str) -> str:
    return f"{due_at:013d}#{item_id}"


def shard_in_use(list_partition: str) -> int:
    """Returns a row's shard, from its gsi1 partition. A row stays in the shard in which it was
    opened."""
    return int(list_partition.rpartition("#")[2])
