"""Reminders, by the real handlers, on a schedule that fires twice, late, and now and then not for an hour."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from shared.domain.appointment import Appointment
from shared.domain.reminders import REMINDERS
from shared.domain.time import isoformat
from shared.usecases.deliver_effects import deliver_all
from shared.usecases.ports import Letter, LetterKind, TryAgainLater
from tests.builders import NOW, START
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_packages import own, use
from tests.handlers.test_paying import order, pay

DAY, HOUR = REMINDERS
TICK = timedelta(minutes=5)
AN_HOUR_OF_TICKS = 12
Moment = tuple[str, datetime, timedelta]
"""A session's id, its start, and how long before."""


def run(stage: Stage) -> int:
    """The schedule fires once, and the stream's worker sends what became owed."""
    owed: int = stage.invoke("reminders", stage.event("reminders/scheduled"))["owed"]  # type: ignore[assignment]
    deliver(stage)
    return owed


def deliver(stage: Stage) -> None:
    deliver_all(stage.world(), stage.store.due_effects(stage.clock.at))


def reminders(stage: Stage) -> list[Letter]:
    return [letter for letter in stage.mailer.sent if letter.kind is LetterKind.CLIENT_REMINDER]


def session(letter: Letter) -> Appointment:
    assert isinstance(letter.about, Appointment)
    return letter.about


def told(stage: Stage) -> Counter[Moment]:
    """By the effect each letter was owed by."""
    return Counter(
        (
            session(letter).id,
            session(letter).start,
            timedelta(minutes=int(letter.effect_id.rpartition("-")[2])),
        )
        for letter in reminders(stage)
    )


def move(stage: Stage, booking: str, start: datetime, client: str = "alex") -> Answer:
    path = f"/booking/{booking}/reschedule"
    body, headers = {"start": isoformat(start)}, {"idempotency-key": f"move {booking} {start}"}
    return stage.call("reschedule/move", client, path=path, body=body, headers=headers)


def cancel(stage: Stage, booking: str, client: str = "alex") -> Answer:
    headers = {"idempotency-key": f"cancel {booking}"}
    return stage.call("cancel/cancel", client, path=f"/booking/{booking}/cancel", body={}, headers=headers)


def at(stage: Stage, moment: datetime) -> None:
    stage.clock.at = moment


def test_each_reminder_is_sent_once_however_often_the_schedule_fires(stage: Stage) -> None:
    booked = book(stage).json["id"]
    at(stage, START - DAY - TICK)
    assert run(stage) == 0
    at(stage, START - DAY)
    assert (run(stage), run(stage)) == (1, 0)
    at(stage, START - HOUR)
    assert (run(stage), run(stage)) == (1, 0)
    at(stage, START)
    assert run(stage) == 0
    assert told(stage) == {(booked, START, DAY): 1, (booked, START, HOUR): 1}


def test_a_late_one_is_sent_while_it_is_worth_it(stage: Stage) -> None:
    book(stage)
    at(stage, START - HOUR - TICK)
    assert run(stage) == 1
    at(stage, START - TICK)
    assert run(stage) == 1
    assert len(reminders(stage)) == 2


def test_whoever_booked_five_hours_ahead_is_reminded_an_hour_before_alone(stage: Stage) -> None:
    at(stage, START - timedelta(hours=5))
    booked = book(stage).json["id"]
    for _ in range(60):
        run(stage)
        stage.clock.at += TICK
    assert told(stage) == {(booked, START, HOUR): 1}


def test_a_hold_is_no_session_and_a_payment_settles_its_time(stage: Stage) -> None:
    left = order(stage, "blake", start=isoformat(START))
    bought = order(stage, start=isoformat(START + HOUR)).json["order_id"]
    at(stage, START - DAY + timedelta(hours=2))
    stage.store.change_settings(stage.store.settings())
    assert left.status == 201
    assert run(stage) == 0
    stage.paypal.approve(bought)
    assert pay(stage, bought).status == 201
    assert run(stage) == 0
    at(stage, START)
    assert run(stage) == 1
    assert [timed for _, timed, _ in told(stage)] == [START + HOUR]


def test_a_moved_session_has_new_ones_and_its_old_time_none(stage: Stage) -> None:
    booked = book(stage).json["id"]
    at(stage, START - DAY)
    run(stage)
    later = START + 2 * DAY
    assert move(stage, booked, later).status == 200
    for moment in (START - HOUR, later - DAY, later - HOUR):
        at(stage, moment)
        run(stage)
    assert told(stage) == {(booked, START, DAY): 1, (booked, later, DAY): 1, (booked, later, HOUR): 1}


def test_a_session_moved_to_five_hours_ahead_is_reminded_of_an_hour_before_alone(stage: Stage) -> None:
    booked = book(stage, start=isoformat(START + 2 * DAY)).json["id"]
    at(stage, START - timedelta(hours=5))
    assert move(stage, booked, START).status == 200
    for _ in range(60):
        run(stage)
        stage.clock.at += TICK
    assert told(stage) == {(booked, START, HOUR): 1}


def test_state_is_read_again_before_it_is_sent(stage: Stage) -> None:
    booked = book(stage).json["id"]
    deliver(stage)
    at(stage, START - DAY)
    stage.mailer.fails_before = TryAgainLater("down")
    run(stage)
    stage.mailer.fails_before = None
    assert cancel(stage, booked).status == 200
    stage.clock.at += HOUR
    deliver(stage)
    assert reminders(stage) == []


def test_one_that_was_held_up_until_the_next_ones_moment_is_not_sent_any_more(stage: Stage) -> None:
    booked = book(stage).json["id"]
    at(stage, START - DAY)
    stage.mailer.fails_before = TryAgainLater("down")
    run(stage)
    stage.mailer.fails_before = None
    at(stage, START - HOUR)
    run(stage)
    assert told(stage) == {(booked, START, HOUR): 1}


@pytest.mark.parametrize("seed", range(8))
def test_a_week_with_a_schedule_that_fires_twice_late_and_skips_an_hour(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    sessions = {"alex": START, "blake": START + DAY, "casey": START + 2 * DAY + HOUR, "drew": START + 2 * DAY}
    booked = {
        client: str(book(stage, client, start=isoformat(start)).json["id"])
        for client, start in sessions.items()
    }
    packaged = str(use(stage, own(stage, "erin"), "erin", start=isoformat(START + 3 * HOUR)).json["id"])
    expected = {(booked["alex"], START, before) for before in REMINDERS}
    expected |= {(packaged, START + 3 * HOUR, before) for before in REMINDERS}
    moved_to = START + 2 * DAY + 3 * HOUR
    cancelled_at = sessions["blake"] - timedelta(minutes=chance.randrange(70, 23 * 60, 5))
    moved_at = sessions["casey"] - timedelta(minutes=chance.randrange(30 * 60, 50 * 60, 5))
    expected |= {(booked["blake"], sessions["blake"], DAY)}
    expected |= {(booked["casey"], moved_to, before) for before in REMINDERS}
    expected |= {(booked["drew"], sessions["drew"], before) for before in REMINDERS}
    skipped = 0
    for tick in range(7 * 24 * 12):
        at(stage, NOW + tick * TICK)
        if stage.clock.at == cancelled_at:
            deliver(stage)
            assert cancel(stage, booked["blake"], "blake").status == 200
        if stage.clock.at == moved_at:
            assert move(stage, booked["casey"], moved_to, "casey").status == 200
        if skipped:
            skipped -= 1
            continue
        if tick % AN_HOUR_OF_TICKS == 0 and chance.random() < 1 / 6:
            skipped = AN_HOUR_OF_TICKS
        stage.clock.at += timedelta(seconds=chance.choice([0, 0, 30, 200]))
        for _ in range(chance.choice([1, 1, 2])):
            run(stage)
    assert told(stage) == dict.fromkeys(expected, 1), f"seed {seed}"
