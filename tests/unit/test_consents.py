"""Consents for all channels and for single ones, and the record of their changes."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.channels.registry import CHANNEL_NAMES
from runledger.models.consent import (
    ChannelConsents,
    ConsentChange,
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    Consents,
    ConsentSetting,
    ConsentSource,
)
from runledger.services.contacts.consents import (
    MAX_CHANGES,
    Record,
    bounded,
    changed_consents,
    set_consent,
)

MARKETING, TRANSACTIONAL = ConsentPurpose.MARKETING, ConsentPurpose.TRANSACTIONAL
EMAIL, SMS = ConsentChannel.EMAIL, ConsentChannel.SMS
IMPORT = ConsentSource(origin=ConsentOrigin.IMPORT, by="ada@example.com", detail="imp_1")

settings_of = st.builds(
    ConsentSetting,
    st.sampled_from(ConsentPurpose),
    st.none() | st.sampled_from(ConsentChannel),
    st.booleans(),
)


def written(**consents: object) -> Consents:
    return Consents.model_validate(consents)


def after(consents: Consents, *settings: ConsentSetting) -> Consents:
    for each in settings:
        consents = consents.with_setting(each)
    return consents


def change(
    purpose: ConsentPurpose, channel: ConsentChannel | None, is_given: bool, at: int
) -> ConsentChange:
    return ConsentChange(purpose=purpose, channel=channel, is_given=is_given, at=at, source=IMPORT)


def test_every_channel_can_have_consents() -> None:
    assert tuple(ConsentChannel) == CHANNEL_NAMES


def test_a_channel_without_its_own_consent_is_like_all_channels() -> None:
    consents = written(marketing=True, channels={"SMS": {"marketing": False}})
    assert consents.allows(MARKETING)
    assert consents.allows(MARKETING, EMAIL)
    assert not consents.allows(MARKETING, SMS)
    assert consents.allows(TRANSACTIONAL, SMS)


@given(st.lists(settings_of, max_size=8))
def test_a_withdrawal_holds_until_that_consent_is_given(settings: list[ConsentSetting]) -> None:
    """Compares the consents with a plain model. For each purpose and channel, the model keeps
    whether the person allows messages, and whether the person withdrew this consent on this channel
    alone."""
    consents = Consents()
    allowed = {
        (purpose, channel): purpose is TRANSACTIONAL
        for purpose in ConsentPurpose
        for channel in (None, *ConsentChannel)
    }
    withdrawn: set[tuple[ConsentPurpose, ConsentChannel]] = set()
    for each in settings:
        consents = consents.with_setting(each)
        purpose, channel, is_given = each
        if channel is None:
            allowed[purpose, None] = is_given
            for one in ConsentChannel:
                if (purpose, one) not in withdrawn:
                    allowed[purpose, one] = is_given
        else:
            allowed[purpose, channel] = is_given
            (withdrawn.discard if is_given else withdrawn.add)((purpose, channel))
        for (of, on), expected in allowed.items():
            assert consents.allows(of, on) is expected, (of, on, settings)


@given(st.lists(settings_of, max_size=6), settings_of)
def test_a_setting_takes_effect_at_once_and_repeating_it_changes_nothing(
    settings: list[ConsentSetting], last: ConsentSetting
) -> None:
    consents = after(Consents(), *settings, last)
    assert consents.allows(last.purpose, last.channel) is last.is_given
    assert consents.with_setting(last) == consents


@given(st.lists(settings_of, max_size=6))
def test_what_was_read_can_be_sent_back(settings: list[ConsentSetting]) -> None:
    consents = after(Consents(), *settings)
    read = Consents.model_validate(consents.model_dump(mode="json", by_alias=True))
    assert after(consents, *read.sent()) == consents
    assert after(Consents(), *read.sent()) == consents


def test_a_document_sets_only_what_it_names() -> None:
    assert list(written().sent()) == []
    sent = written(
        channels={"EMAIL": {"marketing": True}, "SMS": {"transactional": None}},
        transactional=False,
    ).sent()
    assert list(sent) == [(TRANSACTIONAL, None, False), (MARKETING, EMAIL, True)]


def test_a_consent_on_one_channel_that_says_nothing_new_is_not_kept() -> None:
    assert after(Consents(), ConsentSetting(TRANSACTIONAL, EMAIL, True)) == Consents()
    given = after(Consents(), ConsentSetting(MARKETING, EMAIL, True))
    assert given.channels == {EMAIL: ChannelConsents(marketing=True)}
    assert after(given, ConsentSetting(MARKETING, None, False)) == Consents()


# ── the record ──────────────────────────────────────────────────────────────────────────────────


def never() -> Record:
    raise AssertionError("the record is read only if something differs")


def test_the_record_is_not_read_if_nothing_differs() -> None:
    consents = written(marketing=True, channels={"SMS": {"marketing": False}})
    same = changed_consents(consents, consents.sent(), IMPORT, 5, never)
    assert same == (consents, None)


@given(st.lists(st.tuples(settings_of, st.booleans()), max_size=12))
def test_the_record_alone_tells_the_consents(steps: list[tuple[ConsentSetting, bool]]) -> None:
    """If the recorded changes are applied in order, each change has an effect, and the result is
    the contact's consents."""
    consents = Consents()
    record: Record = ()
    for now, (setting, has_second) in enumerate(steps):
        both = [setting]
        if has_second:
            other = next(each for each in ConsentPurpose if each is not setting.purpose)
            both.append(ConsentSetting(other, EMAIL, setting.is_given))
        before, old = consents, record
        consents, noted = changed_consents(before, both, IMPORT, now, partial(tuple, old))
        assert (noted is None) == (consents == before)
        record = noted if noted is not None else old
        assert record[: len(old)] == old
        assert all(each.at == now for each in record[len(old) :])
    played = Consents()
    for each in record:
        now_set = played.with_setting(ConsentSetting(each.purpose, each.channel, each.is_given))
        assert now_set != played, each
        played = now_set
    assert played == consents


def test_a_withdrawal_for_all_and_a_consent_on_one_channel_are_both_recorded() -> None:
    before = written(marketing=True)
    sent = written(marketing=False, channels={"EMAIL": {"marketing": True}}).sent()
    consents, record = changed_consents(before, sent, IMPORT, 5, tuple)
    assert consents == written(marketing=False, channels={"EMAIL": {"marketing": True}})
    assert record == (change(MARKETING, None, False, 5), change(MARKETING, EMAIL, True, 5))


def test_the_record_is_bounded_but_keeps_the_reason_of_every_present_consent() -> None:
    withdrawn = change(MARKETING, SMS, False, 1)
    changes = [change(TRANSACTIONAL, None, at % 2 == 0, at) for at in range(2, 200)]
    kept = bounded((withdrawn, *changes))
    assert len(kept) == MAX_CHANGES
    assert kept[0] == withdrawn
    assert kept[1:] == tuple(changes[-(MAX_CHANGES - 1) :])


# ── consents that were given earlier ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given_at", "withdrawn_on", "set_on", "is_given"),
    [
        (9, None, None, False),
        (10, None, None, False),
        (11, None, None, True),
        (0, None, None, False),
        (None, None, None, True),
        (9, EMAIL, EMAIL, False),
        (9, None, EMAIL, False),
        (11, None, EMAIL, True),
        # Withdrawn on another channel only.
        (9, SMS, EMAIL, True),
    ],
)
def test_an_older_consent_does_not_undo_a_withdrawal(
    given_at: int | None,
    withdrawn_on: ConsentChannel | None,
    set_on: ConsentChannel | None,
    is_given: bool,
) -> None:
    before = after(Consents(), ConsentSetting(MARKETING, withdrawn_on, False))
    record = (change(MARKETING, withdrawn_on, False, 10),)
    source = IMPORT.changed(given_at=given_at)
    setting = ConsentSetting(MARKETING, set_on, True)
    consents, noted = changed_consents(before, [setting], source, 20, lambda: record)
    assert consents.allows(MARKETING, set_on) is is_given
    assert (noted is not None) is is_given


def test_an_older_consent_counts_if_nothing_was_withdrawn() -> None:
    source = IMPORT.changed(given_at=0)
    setting = ConsentSetting(MARKETING, None, True)
    consents, record = changed_consents(Consents(), [setting], source, 20, tuple)
    assert consents.marketing
    assert record is not None
    assert record[0].source.given_at == 0


def test_an_old_withdrawal_always_counts() -> None:
    record = (change(MARKETING, None, True, 10),)
    source = IMPORT.changed(given_at=1)
    setting = ConsentSetting(MARKETING, None, False)
    consents, _ = changed_consents(written(marketing=True), [setting], source, 20, lambda: record)
    assert not consents.marketing


# ── answers to messages ─────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_of_two_answers_at_the_same_time_the_withdrawal_counts(order: tuple[bool, bool]) -> None:
    record: Record = ()
    consents = written(marketing=False)
    source = ConsentSource(origin=ConsentOrigin.MESSAGE, detail="dlv_1", answered_at=5)
    for is_given in order:
        setting = ConsentSetting(MARKETING, SMS, is_given)
        consents, changed = set_consent(consents, setting, source, 9, partial(tuple, record))
        record = changed or record
    assert not consents.allows(MARKETING, SMS)


@given(
    before=st.booleans(),
    answers=st.lists(
        # Small numbers, so that two answers may have the same time.
        st.tuples(st.booleans(), st.integers(1, 5) | st.integers(1, 10**13)),
        min_size=1,
        max_size=8,
    ),
    data=st.data(),
)
def test_the_latest_answer_decides_whatever_the_order(
    before: bool, answers: list[tuple[bool, int]], data: st.DataObject
) -> None:
    consents = written(marketing=before)
    record: Record = ()
    order = data.draw(st.permutations(answers + data.draw(st.lists(st.sampled_from(answers)))))
    for is_given, at in order:
        source = ConsentSource(origin=ConsentOrigin.MESSAGE, detail="dlv_1", answered_at=at)
        setting = ConsentSetting(MARKETING, SMS, is_given)
        known = record
        consents, changed = set_consent(consents, setting, source, 1, partial(tuple, known))
        record = known if changed is None else changed
    # Of two at the same time, the withdrawal counts.
    latest = max(answers, key=lambda each: (each[1], not each[0]))
    assert consents.allows(MARKETING, SMS) is latest[0]
    assert consents.marketing is before
    times = [each.at for each in record]
    assert times == sorted(times) and times[-1] == latest[1]
    assert (record[-1].is_given, record[-1].source.answered_at) == (latest[0], None)
    # Each of them again, in any order.
    for is_given, at in order:
        source = ConsentSource(origin=ConsentOrigin.MESSAGE, detail="dlv_1", answered_at=at)
        setting = ConsentSetting(MARKETING, SMS, is_given)
        again = set_consent(consents, setting, source, 1, partial(tuple, record))
        assert again == (consents, None)
