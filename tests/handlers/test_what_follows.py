"""What is owed after a booking: the stream worker, the sweeper, and the mail service's own word."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.effects import MAX_ATTEMPTS, EffectStatus
from shared.usecases.ports import LetterKind, OutcomeUnknown, TryAgainLater, WillNeverWork
from tests.builders import NOW
from tests.handlers.conftest import Stage
from tests.handlers.test_booking_a_free_session import book

SAMPLE_ID = "0f8fad5bd9cb469fa16570867728950e"


@pytest.fixture
def booked(stage: Stage) -> str:
    return str(book(stage).json["id"])


def nudge(stage: Stage, appointment_id: str) -> None:
    event = stage.event("effects/booked")
    for record in event["Records"]:
        record["dynamodb"]["Keys"]["PK"]["S"] = f"OWED#{appointment_id}"
    stage.invoke("effects", event)


def sweep(stage: Stage, **later: float) -> None:
    stage.clock.at += timedelta(**later)
    stage.invoke("sweeper", stage.event("sweeper/scheduled"))


def status(stage: Stage, appointment_id: str, effect: str) -> EffectStatus:
    return stage.store.effect(appointment_id, effect).status


def kinds(stage: Stage) -> list[LetterKind]:
    return sorted(letter.kind for letter in stage.mailer.sent)


def test_the_nudge_writes_the_event_and_sends_both_mails(stage: Stage, booked: str) -> None:
    nudge(stage, booked)
    assert list(stage.calendar.events) == [booked]
    assert kinds(stage) == [LetterKind.CLIENT_BOOKED, LetterKind.COACH_BOOKED]
    assert not stage.store.due_effects(NOW + timedelta(days=1))
    seen = stage.call("appointments/one", "alex", path=f"/booking/{booked}").json
    assert seen["calendar"]["status"] == "written"


def test_the_nudge_twice_does_everything_once(stage: Stage, booked: str) -> None:
    nudge(stage, booked)
    nudge(stage, booked)
    sweep(stage, hours=5)
    assert len(stage.mailer.sent) == 2


def test_a_nudge_for_what_does_not_exist_does_nothing(stage: Stage) -> None:
    nudge(stage, SAMPLE_ID)
    assert not stage.mailer.sent


def test_the_sweeper_makes_up_for_a_lost_nudge(stage: Stage, booked: str) -> None:
    sweep(stage)
    assert list(stage.calendar.events) == [booked]
    assert len(stage.mailer.sent) == 2


def test_the_coachs_copy_shows_the_day_around_it(stage: Stage, booked: str) -> None:
    other = book(stage, "blake", start="2026-11-24T17:00:00Z").json["id"]
    book(stage, "casey", start="2026-11-25T17:00:00Z")
    nudge(stage, booked)
    coachs = next(each for each in stage.mailer.sent if each.kind is LetterKind.COACH_BOOKED)
    assert [each.id for each in coachs.that_day] == [other]
    assert coachs.coach_timezone == "America/Toronto"


def test_one_failing_part_does_not_hold_up_the_others(stage: Stage, booked: str) -> None:
    stage.calendar.failing = TryAgainLater("down")
    nudge(stage, booked)
    assert len(stage.mailer.sent) == 2
    assert status(stage, booked, "calendar_event-0") is EffectStatus.OWED
    stage.calendar.failing = None
    sweep(stage, seconds=29)
    assert not stage.calendar.events
    sweep(stage, seconds=1)
    assert list(stage.calendar.events) == [booked]


@pytest.mark.parametrize("failure", [TryAgainLater("down"), RuntimeError("a fault of ours")])
def test_after_ten_tries_it_is_dead_and_the_booking_stands(
    stage: Stage, booked: str, failure: Exception, logged: io.StringIO
) -> None:
    stage.calendar.failing = failure
    for _ in range(MAX_ATTEMPTS - 1):
        sweep(stage, hours=1)
    assert status(stage, booked, "calendar_event-0") is EffectStatus.OWED
    sweep(stage, hours=1)
    assert status(stage, booked, "calendar_event-0") is EffectStatus.DEAD
    assert '"EffectsDead":1' in logged.getvalue()
    seen = stage.call("appointments/one", "alex", path=f"/booking/{booked}").json
    assert (seen["status"], seen["calendar"]["status"]) == ("confirmed", "failed")


def test_what_will_never_work_is_not_tried_again(stage: Stage, booked: str) -> None:
    stage.mailer.fails_before = WillNeverWork("no such address")
    sweep(stage)
    assert status(stage, booked, "client_booked_mail-0") is EffectStatus.DEAD


def test_a_mail_surely_not_sent_is_sent_soon(stage: Stage, booked: str) -> None:
    stage.mailer.fails_before = TryAgainLater("throttled")
    nudge(stage, booked)
    stage.mailer.fails_before = None
    sweep(stage, seconds=30)
    assert len(stage.mailer.sent) == 2


def test_a_mail_in_doubt_waits_for_the_services_own_word(stage: Stage, booked: str) -> None:
    stage.mailer.fails_after = OutcomeUnknown("no answer")
    nudge(stage, booked)
    assert len(stage.mailer.sent) == 2
    event: Any = stage.event("mail_events/sent")
    event["detail"]["mail"]["tags"]["effect"] = [letter.effect_id for letter in stage.mailer.sent]
    stage.invoke("mail_events", event)
    stage.mailer.fails_after = None
    for _ in range(20):
        sweep(stage, minutes=5)
    assert len(stage.mailer.sent) == 2
    assert status(stage, booked, "client_booked_mail-0") is EffectStatus.DONE


def test_a_mail_in_doubt_without_any_word_is_sent_again_after_a_while(stage: Stage, booked: str) -> None:
    stage.mailer.fails_after = OutcomeUnknown("no answer")
    nudge(stage, booked)
    stage.mailer.fails_after = None
    sweep(stage, minutes=14)
    assert len(stage.mailer.sent) == 2
    sweep(stage, minutes=1)
    assert len(stage.mailer.sent) == 4


def test_a_mail_event_that_is_not_ours_is_ignored(stage: Stage) -> None:
    event = stage.event("mail_events/sent")
    stage.invoke("mail_events", event)
    event["detail"]["mail"]["tags"] = {}
    stage.invoke("mail_events", event)
