"""Texts to clients who agreed to them: on every way to a session, at every moment of it, and at no other."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.absent_twilio import AbsentTwilio
from shared.domain.effects import MAX_ATTEMPTS, EffectStatus
from shared.domain.messages import Channel, Message, MessageState
from shared.domain.reminders import REMINDERS
from shared.usecases.deliver_effects import deliver_all
from shared.usecases.ports import LetterKind, NotToBeSent, Text, TryAgainLater, WillNeverWork
from shared.usecases.show_messages import messages_about
from shared.usecases.write_letter import OVERTAKEN
from tests.builders import NOW, START
from tests.fakes import FakeTexter
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_booking_a_free_session import book, unchanged
from tests.handlers.test_changing import FRIDAY, FRIDAY_LATER, cancel, move
from tests.handlers.test_packages import own, use
from tests.handlers.test_paying import order, order_package, pay

DAY, HOUR = REMINDERS
L = LetterKind
YES = {"sms_consent": True}


def free(stage: Stage, **said: Any) -> Answer:
    return book(stage, **said)


def single(stage: Stage, **said: Any) -> Answer:
    order_id = order(stage, **said).json["order_id"]
    stage.paypal.approve(order_id)
    return pay(stage, order_id)


def from_package(stage: Stage, **said: Any) -> Answer:
    return use(stage, own(stage), **said)


WAYS = [free, single, from_package]


@pytest.fixture
def texter(stage: Stage) -> FakeTexter:
    assert isinstance(stage.texter, FakeTexter)
    return stage.texter


def deliver(stage: Stage, **later: float) -> None:
    stage.clock.at += timedelta(**later)
    deliver_all(stage.world(), stage.store.due_effects(stage.clock.at))


def remind(stage: Stage) -> None:
    stage.invoke("reminders", stage.event("reminders/scheduled"))
    deliver(stage)


def said(texts: list[Text]) -> list[LetterKind]:
    return [text.kind for text in texts]


def booked(stage: Stage, **said: Any) -> str:
    return str(free(stage, **YES, **said).json["id"])


def log(stage: Stage, booking: str) -> list[Message]:
    about = stage.store.appointment(booking)
    assert about is not None
    return messages_about(stage.store, stage.store, about)


def texts_in_log(stage: Stage, booking: str) -> list[Message]:
    return [message for message in log(stage, booking) if message.channel is Channel.SMS]


@pytest.mark.parametrize("way", WAYS)
def test_who_agreed_is_texted_at_every_moment(stage: Stage, texter: FakeTexter, way: Any) -> None:
    booking = way(stage, **YES, start="2026-11-27T15:00:00Z").json["id"]
    kept = stage.store.appointment(booking)
    assert kept is not None
    assert kept.sms_consent_at == NOW
    deliver(stage)
    assert move(stage, booking, FRIDAY_LATER).status == 200
    deliver(stage)
    for before in REMINDERS:
        stage.clock.at = FRIDAY_LATER - before
        remind(stage)
        remind(stage)
    cancel(stage, booking)
    deliver(stage)
    assert said(texter.sent) == [
        L.CLIENT_BOOKED,
        L.CLIENT_MOVED,
        L.CLIENT_REMINDER,
        L.CLIENT_REMINDER,
        L.CLIENT_CANCELLED,
    ]
    assert {text.about.phone for text in texter.sent} == {"+14165550123"}
    assert texter.sent[-1].about.sms_consent_at == NOW


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("answer", [{}, {"sms_consent": False}])
def test_who_did_not_agree_is_never_texted_and_no_text_is_owed(
    stage: Stage, texter: FakeTexter, way: Any, answer: dict[str, bool]
) -> None:
    booking = way(stage, **answer, start="2026-11-27T15:00:00Z").json["id"]
    move(stage, booking, FRIDAY_LATER)
    stage.clock.at = FRIDAY_LATER - DAY
    remind(stage)
    cancel(stage, booking)
    deliver(stage)
    assert texter.sent == []
    assert texts_in_log(stage, booking) == []
    assert len(log(stage, booking)) > 0


def test_a_move_with_a_fee_keeps_the_consent(stage: Stage, texter: FakeTexter) -> None:
    booking = single(stage, **YES).json["id"]
    fee = move(stage, booking, FRIDAY).json["fee_order_id"]
    stage.paypal.approve(fee)
    assert move(stage, booking, FRIDAY, fee_order_id=fee).status == 200
    deliver(stage)
    assert said(texter.sent) == [L.CLIENT_MOVED]
    moved = stage.store.appointment(booking)
    assert moved is not None
    assert (moved.start, moved.sms_consent_at) == (FRIDAY, NOW)


@pytest.mark.parametrize("way", WAYS)
def test_while_texts_are_off_a_booking_just_works_and_the_log_says_so(stage: Stage, way: Any) -> None:
    stage.texter = AbsentTwilio()
    answer = way(stage, **YES)
    assert answer.status == 201
    deliver(stage)
    assert cancel(stage, answer.json["id"]).status == 200
    deliver(stage, days=1)
    assert not [each for each in stage.store.due_effects(stage.clock.at) if "sms" in each[1]]
    found = texts_in_log(stage, answer.json["id"])
    assert {(each.state, each.error) for each in found} == {(MessageState.SUPPRESSED, "texts are off")}
    assert len(found) == 2


def test_turned_on_later_they_are_sent_from_then_on(stage: Stage, texter: FakeTexter) -> None:
    stage.texter = AbsentTwilio()
    booked(stage)
    deliver(stage)
    stage.texter = texter
    stage.clock.at = START - DAY
    stage.clock.at = START - HOUR
    remind(stage)
    assert said(texter.sent) == [L.CLIENT_REMINDER]


def test_a_text_that_was_overtaken_is_not_sent(stage: Stage, texter: FakeTexter) -> None:
    booking = booked(stage, start="2026-11-27T15:00:00Z")
    move(stage, booking, FRIDAY_LATER)
    cancel(stage, booking)
    deliver(stage)
    assert said(texter.sent) == [L.CLIENT_CANCELLED]
    assert Counter((each.state, each.error) for each in texts_in_log(stage, booking)) == {
        (MessageState.SUPPRESSED, OVERTAKEN): 2,
        (MessageState.SENT, None): 1,
    }


def test_the_log_says_of_a_lost_and_overtaken_text_that_it_may_have_been_sent(
    stage: Stage, texter: FakeTexter
) -> None:
    texter.fails_after = TryAgainLater("ReadTimeout")
    booking = booked(stage, start="2026-11-27T15:00:00Z")
    deliver(stage)
    texter.fails_after = None
    cancel(stage, booking)
    deliver(stage, hours=1)
    assert said(texter.sent) == [L.CLIENT_BOOKED, L.CLIENT_CANCELLED]
    [overtaken] = [each for each in texts_in_log(stage, booking) if each.state is MessageState.SUPPRESSED]
    assert overtaken.error == f"{OVERTAKEN}; an earlier try may have been sent"


def test_a_session_that_has_begun_is_not_texted_about(stage: Stage, texter: FakeTexter) -> None:
    booked(stage)
    stage.clock.at = START
    deliver(stage)
    assert texter.sent == []


@pytest.mark.parametrize("failure", [TryAgainLater("Twilio 20500"), RuntimeError("a fault of ours")])
def test_while_twilio_is_down_all_else_works_and_the_text_comes_later(
    stage: Stage, texter: FakeTexter, failure: Exception
) -> None:
    texter.fails_before = failure
    booking = booked(stage, start="2026-11-27T15:00:00Z")
    for _ in range(MAX_ATTEMPTS - 1):
        deliver(stage, hours=1)
    assert len(stage.mailer.sent) == 2
    assert [(each.state, each.error) for each in texts_in_log(stage, booking)] == [
        (MessageState.OWED, type(failure).__name__)
    ]
    texter.fails_before = None
    deliver(stage, hours=1)
    assert said(texter.sent) == [L.CLIENT_BOOKED]
    [sent] = texts_in_log(stage, booking)
    assert (sent.state, sent.provider_id, sent.error) == (MessageState.SENT, "text-1", None)


@pytest.mark.parametrize("lost", [TryAgainLater("ReadTimeout"), SystemExit("the process dies")])
def test_a_text_whose_answer_was_lost_is_not_sent_twice(
    stage: Stage, texter: FakeTexter, lost: BaseException
) -> None:
    texter.fails_after = lost  # type: ignore[assignment]
    booking = booked(stage)
    for _ in range(5):
        with suppress(SystemExit):
            deliver(stage)
    assert len(texter.sent) == 1
    texter.fails_after = None
    for _ in range(10):
        deliver(stage, minutes=1)
    assert said(texter.sent) == [L.CLIENT_BOOKED]
    [sent] = texts_in_log(stage, booking)
    assert (sent.state, sent.provider_id) == (MessageState.SENT, "text-1")


def test_a_number_that_can_not_be_texted_is_told_to_a_person(
    stage: Stage, texter: FakeTexter, logged: io.StringIO
) -> None:
    texter.fails_before = WillNeverWork("Twilio 21211")
    booking = booked(stage)
    deliver(stage)
    [dead] = texts_in_log(stage, booking)
    assert (dead.state, dead.error) == (MessageState.DEAD, "Twilio 21211")
    assert '"EffectsDead":1' in logged.getvalue()
    assert "Twilio 21211" in logged.getvalue()
    assert "5550123" not in logged.getvalue()


def test_whoever_replied_stop_is_left_alone_and_nobody_has_to_look(
    stage: Stage, texter: FakeTexter, logged: io.StringIO
) -> None:
    texter.fails_before = NotToBeSent("Twilio 21610: the client replied STOP")
    booking = booked(stage)
    deliver(stage)
    [left] = texts_in_log(stage, booking)
    assert (left.state, left.error) == (MessageState.SUPPRESSED, "Twilio 21610: the client replied STOP")
    assert "EffectsDead" not in logged.getvalue()


@pytest.mark.parametrize("consent", ["yes", "true", 1, [True], {"at": "now"}])
def test_a_consent_that_is_not_a_plain_yes_or_no_is_refused(stage: Stage, consent: Any) -> None:
    for answer in (
        book(stage, sms_consent=consent),
        order(stage, sms_consent=consent),
        use(stage, own(stage), sms_consent=consent),
    ):
        assert (answer.status, answer.json["code"]) == (422, "validation_failed")
        assert "sms_consent" in answer.text
    assert unchanged(stage)


def test_a_package_alone_is_no_reason_to_text(stage: Stage) -> None:
    answer = order_package(stage, **YES)
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")


def test_the_same_key_with_another_consent_is_another_request(stage: Stage) -> None:
    assert book(stage, key="k", **YES).status == 201
    assert book(stage, key="k", **YES).status == 201
    again = book(stage, key="k")
    assert (again.status, again.json["code"]) == (422, "idempotency_key_reused")


def test_the_log_has_every_message_in_every_channel(stage: Stage, texter: FakeTexter) -> None:
    booking = booked(stage)
    before = log(stage, booking)
    assert {(each.channel, each.kind, each.state) for each in before} == {
        (Channel.EMAIL, "client_booked", MessageState.OWED),
        (Channel.EMAIL, "coach_booked", MessageState.OWED),
        (Channel.SMS, "client_booked", MessageState.OWED),
    }
    deliver(stage, seconds=5)
    stage.store.note_undelivered(booking, "client_booked_mail-0", "mail-1", EffectStatus.BOUNCED, "Permanent")
    after = {(each.channel, each.kind): each for each in log(stage, booking)}
    assert {key: (each.state, each.provider_id, each.error) for key, each in after.items()} == {
        (Channel.EMAIL, "client_booked"): (MessageState.BOUNCED, "mail-1", "Permanent"),
        (Channel.EMAIL, "coach_booked"): (MessageState.SENT, "mail-2", None),
        (Channel.SMS, "client_booked"): (MessageState.SENT, "text-1", None),
        (Channel.IN_APP, "client_booked"): (MessageState.SENT, None, None),
    }
    assert after[Channel.SMS, "client_booked"].owed_at == NOW
    assert after[Channel.SMS, "client_booked"].ended_at == NOW + timedelta(seconds=5)
