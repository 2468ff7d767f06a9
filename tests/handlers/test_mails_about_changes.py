"""Mails about changed sessions, and reminders: each is sent only while what it says is so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.appointment import AppointmentStatus
from shared.domain.checkout import Checkout
from shared.domain.effects import EffectKind, EffectStatus, owed
from shared.domain.money import Money
from shared.usecases.cancel import Cancellation, cancel
from shared.usecases.deliver_effects import deliver_all
from shared.usecases.ports import LetterKind
from shared.usecases.reschedule import Move, reschedule
from tests.builders import NOW, START, caller, package, payment
from tests.handlers.conftest import Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_mails_about_money import BOOKING, PAID, owe, sent

A, E, L = AppointmentStatus, EffectKind, LetterKind
SEQUENCE = 2
STANDS = {A.CONFIRMED, A.COMPLETED, A.NO_SHOW}
TRUE_WHILE = {
    E.CLIENT_BOOKED_MAIL: (L.CLIENT_BOOKED, STANDS),
    E.COACH_BOOKED_MAIL: (L.COACH_BOOKED, STANDS),
    E.CLIENT_MOVED_MAIL: (L.CLIENT_MOVED, STANDS),
    E.COACH_MOVED_MAIL: (L.COACH_MOVED, STANDS),
    E.CLIENT_CANCELLED_MAIL: (L.CLIENT_CANCELLED, {A.CANCELLED}),
    E.COACH_CANCELLED_MAIL: (L.COACH_CANCELLED, {A.CANCELLED}),
    E.CLIENT_REMINDER_MAIL: (L.CLIENT_REMINDER, {A.CONFIRMED}),
}
A_MOMENT = timedelta(seconds=1)
IN_TIME = timedelta(hours=48)


def as_it_is(status: AppointmentStatus) -> Checkout:
    return Checkout(PAID, replace(BOOKING, status=status, sequence=SEQUENCE), None, "request")


def true_while(effect: EffectKind) -> AppointmentStatus:
    return A.CANCELLED if A.CANCELLED in TRUE_WHILE[effect][1] else A.CONFIRMED


def pay_off(stage: Stage) -> list[LetterKind]:
    """Delivers all that is due; the letters that were sent for it."""
    before = len(stage.mailer.sent)
    deliver_all(stage.world(), stage.store.due_effects(stage.clock.at))
    return sorted(sent(stage)[before:])


def move(stage: Stage, booking: str, hours_later: int) -> None:
    moved = START + timedelta(hours=hours_later)
    reschedule(
        stage.shop(),
        stage.till(),
        stage.clock.at,
        caller=caller(),
        wanted=Move(booking, moved),
        idempotency_key=None,
    )


def call_it_off(stage: Stage, booking: str) -> None:
    wanted = Cancellation(booking, "I am ill.")
    cancel(stage.store, stage.clock.at, caller=caller(), wanted=wanted, idempotency_key=None)


@pytest.mark.parametrize("status", [*STANDS, A.CANCELLED])
@pytest.mark.parametrize("effect", TRUE_WHILE)
def test_a_session_that_is_not_so_is_not_written_about(
    stage: Stage, effect: EffectKind, status: AppointmentStatus
) -> None:
    kind, so = TRUE_WHILE[effect]
    owe(stage, as_it_is(status), effect, sequence=SEQUENCE)
    assert sent(stage) == ([kind] if status in so else [])
    ended = EffectStatus.DONE if status in so else EffectStatus.SUPPRESSED
    assert stage.store.effect(PAID.id, f"{effect}-{SEQUENCE}").status is ended


@pytest.mark.parametrize("sequence", [SEQUENCE - 1, SEQUENCE + 1])
@pytest.mark.parametrize("effect", TRUE_WHILE)
def test_a_session_that_has_moved_on_is_not_written_about(
    stage: Stage, effect: EffectKind, sequence: int
) -> None:
    owe(stage, as_it_is(true_while(effect)), effect, sequence=sequence)
    assert sent(stage) == []


@pytest.mark.parametrize(
    ("after_start", "times"), [(-A_MOMENT, 1), (timedelta(), 0), (A_MOMENT, 0)], ids=["before", "at", "after"]
)
def test_nobody_is_reminded_of_what_has_begun(stage: Stage, after_start: timedelta, times: int) -> None:
    stage.clock.at = START + after_start
    owe(stage, as_it_is(A.CONFIRMED), E.CLIENT_REMINDER_MAIL, sequence=SEQUENCE)
    assert sent(stage) == [L.CLIENT_REMINDER] * times
    ended = EffectStatus.DONE if times else EffectStatus.SUPPRESSED
    assert stage.store.effect(PAID.id, f"{E.CLIENT_REMINDER_MAIL}-{SEQUENCE}").status is ended


@pytest.mark.parametrize(
    ("notice", "moves", "fee"),
    [(IN_TIME, 0, None), (IN_TIME, 1, "75.00"), (IN_TIME - timedelta(minutes=5), 0, "75.00")],
)
def test_a_reminder_knows_what_a_change_would_cost_now(
    stage: Stage, notice: timedelta, moves: int, fee: str | None
) -> None:
    booking = replace(BOOKING, start=NOW + notice, reschedules_used=moves, status=A.CONFIRMED)
    owe(stage, Checkout(PAID, booking, None, "request"), E.CLIENT_REMINDER_MAIL)
    (letter,) = stage.mailer.sent
    assert letter.change_fee == (Money.of(fee, "USD") if fee else None)
    assert letter.payment == PAID


def test_a_reminder_of_a_packages_session_counts_its_share_of_the_price(stage: Stage) -> None:
    bought = package()
    stage.store.put_package(bought, payment(amount="500.00", currency="CAD", id=bought.id))
    body = {"package_id": bought.id, "start": START.isoformat(), "phone": "+14165550123", "timezone": "UTC"}
    booking = stage.call("packages/use_session", "alex", body=body).json["id"]
    stage.store.owe(owed(booking, NOW, E.CLIENT_REMINDER_MAIL))
    assert L.CLIENT_REMINDER in pay_off(stage)
    (letter,) = [each for each in stage.mailer.sent if each.kind is L.CLIENT_REMINDER]
    assert letter.change_fee == Money.of("83.33", "CAD")


def test_each_change_is_told_to_both_with_the_day_around_it_for_the_coach(stage: Stage) -> None:
    booking = book(stage).json["id"]
    other = book(stage, "blake", start="2026-11-24T17:00:00Z").json["id"]
    pay_off(stage)
    move(stage, booking, hours_later=4)
    assert pay_off(stage) == [L.CLIENT_MOVED, L.COACH_MOVED]
    call_it_off(stage, booking)
    assert pay_off(stage) == [L.CLIENT_CANCELLED, L.COACH_CANCELLED]
    coachs = [letter for letter in stage.mailer.sent if letter.kind in {L.COACH_MOVED, L.COACH_CANCELLED}]
    assert [[each.id for each in letter.that_day] for letter in coachs] == [[other], [other]]


def test_of_changes_in_quick_succession_only_the_last_is_told(stage: Stage) -> None:
    booking = book(stage).json["id"]
    move(stage, booking, hours_later=4)
    move(stage, booking, hours_later=5)
    assert pay_off(stage) == [L.CLIENT_MOVED, L.COACH_MOVED]
    move(stage, booking, hours_later=4)
    call_it_off(stage, booking)
    assert pay_off(stage) == [L.CLIENT_CANCELLED, L.COACH_CANCELLED]
