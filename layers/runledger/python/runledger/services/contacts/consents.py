"""Changes of consents, and their record."""

from collections.abc import Callable, Iterable

from runledger.models.consent import (
    ConsentChange,
    ConsentChannel,
    ConsentOrigin,
    Consents,
    ConsentSetting,
    ConsentSource,
)

# The most changes that a contact's record keeps.
MAX_CHANGES = 50
Record = tuple[ConsentChange, ...]


def changed_consents(
    before: Consents,
    settings: Iterable[ConsentSetting],
    source: ConsentSource,
    now: int,
    read_record: Callable[[], Record],
) -> tuple[Consents, Record | None]:
    """Returns the consents after the settings, and the record with these changes, oldest change
    first. Returns None as the record if no consent changes. `read_record` returns the stored
    record; it is called only if a setting differs. At most one setting may be for the same purpose
    and channel.

    A consent that was given before a recorded withdrawal does not undo it; see `ConsentSource`."""
    wanted = tuple(settings)
    if _after(before, wanted) == before:
        return before, None
    record = read_record()
    if source.given_at is not None:
        since = source.given_at
        wanted = tuple(
            each for each in wanted if not (each.is_given and _is_withdrawn(record, each, since))
        )
    after = _after(before, wanted)
    changes = tuple(_change(each, source, now) for each in wanted if _differs(before, after, each))
    return after, (bounded((*record, *changes)) if after != before else None)


def set_consent(
    before: Consents,
    setting: ConsentSetting,
    source: ConsentSource,
    now: int,
    read_record: Callable[[], Record],
) -> tuple[Consents, Record | None]:
    """Works as `changed_consents`, for one setting that somebody made on purpose, with two
    differences. If the contact withdraws a consent that was not given, that is recorded too. And
    an answer to a message counts at the time when the contact sent the answer."""
    if source.answered_at is not None:
        return _answered(before, setting, source, source.answered_at, read_record())
    after, record = changed_consents(before, (setting,), source, now, read_record)
    if record is None:
        record = _repeated_withdrawal(setting, source, now, read_record)
    return after, record


def _answered(
    before: Consents, setting: ConsentSetting, source: ConsentSource, at: int, record: Record
) -> tuple[Consents, Record | None]:
    """Returns the consents after an answer to a message, and the record with the answer; None as
    the record if the answer does not count. `at` is when the contact sent the answer.

    The latest answer decides, in whatever order the answers arrive. So an answer is recorded even
    if it changes no consent, and an answer that is not later than a recorded one changes nothing.
    An answer that gives a consent does not undo a later withdrawal from another place. An answer
    that withdraws a consent counts even if the consent was given later in another place."""
    latest = _latest_answer(record, setting)
    # Of two answers of the same time, the withdrawal counts.
    is_known = latest is not None and (
        latest.at > at or (latest.at == at and latest.is_given <= setting.is_given)
    )
    if is_known or (setting.is_given and _is_withdrawn(record, setting, at)):
        return before, None
    after = _after(before, (setting,))
    change = _change(setting, source.changed(answered_at=None), at)
    is_repeated = (
        after == before
        and latest is not None
        and (latest.is_given, latest.source) == (change.is_given, change.source)
    )
    # Somebody who sends STOP again and again must not push the other changes out of the record.
    kept = tuple(each for each in record if each is not latest) if is_repeated else record
    return after, bounded((*kept, change))


def _latest_answer(record: Record, setting: ConsentSetting) -> ConsentChange | None:
    answers = (
        each
        for each in record
        if each.source.origin is ConsentOrigin.MESSAGE
        and (each.purpose, each.channel) == setting[:2]
    )
    return max(answers, key=lambda each: each.at, default=None)


def _repeated_withdrawal(
    setting: ConsentSetting, source: ConsentSource, now: int, read_record: Callable[[], Record]
) -> Record | None:
    """Returns the record after a setting that changed no consent, or None if the record stays as it
    is.

    A contact may withdraw a consent that it never gave or has already withdrawn. The time of this
    withdrawal is recorded, so that an import cannot undo the withdrawal with an older consent. If
    the same source withdraws it again, such as a link that is used twice, that is not recorded
    again."""
    if setting.is_given or not source.is_contact:
        return None
    record = read_record()
    of_same = (each for each in reversed(record) if (each.purpose, each.channel) == setting[:2])
    last = next(of_same, None)
    if last is not None and not last.is_given and last.source == source:
        return None
    return bounded((*record, _change(setting, source, now)))


def _change(setting: ConsentSetting, source: ConsentSource, now: int) -> ConsentChange:
    return ConsentChange(
        purpose=setting.purpose,
        channel=setting.channel,
        is_given=setting.is_given,
        at=now,
        source=source,
    )


def bounded(record: Record) -> Record:
    """Returns the newest changes. The last change of each purpose and channel always stays, because
    it says when the present consent was given or withdrawn."""
    last = {(each.purpose, each.channel): each for each in record}
    excess = len(record) - MAX_CHANGES
    kept = []
    for each in record:
        is_last = last[each.purpose, each.channel] is each
        if excess > 0 and not is_last:
            excess -= 1
        else:
            kept.append(each)
    return tuple(kept)


def _after(consents: Consents, settings: Iterable[ConsentSetting]) -> Consents:
    for each in settings:
        consents = consents.with_setting(each)
    return consents


def _differs(before: Consents, after: Consents, setting: ConsentSetting) -> bool:
    """Whether the setting changed the consent that it names. A setting for all channels counts as a
    change if the consent on any channel changed."""
    purpose, channel, is_given = setting
    if channel is not None:
        is_new = before.own(purpose, channel) != after.own(purpose, channel)
        return is_new and before.own(purpose, channel) is not is_given
    if before.allows(purpose) != after.allows(purpose):
        return True
    pairs = ((before.own(purpose, each), after.own(purpose, each)) for each in ConsentChannel)
    return any(own and now is None for own, now in pairs)


def _is_withdrawn(record: Record, setting: ConsentSetting, since: int) -> bool:
    """Whether the record has a withdrawal of the setting's consent, at `since` or later: for its
    channel or for all channels."""
    channels = {None, setting.channel}
    return any(
        each.purpose is setting.purpose
        and each.channel in channels
        and not each.is_given
        and each.at >= since
        for each in record
    )
