"""A session was cancelled, and its event still stands in Google: its time is open all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.appointment import Appointment
from shared.domain.time import Interval, isoformat
from shared.usecases.deliver_effects import deliver
from tests.builders import START, appointment
from tests.handlers.conftest import COACH, Answer, Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_changing import buy
from tests.handlers.test_packages import own, use
from tests.handlers.test_paying import order
from tests.handlers.test_reading import listed, starts

HOUR = timedelta(hours=1)
AT = isoformat(START)
WITHIN = Interval(START + timedelta(minutes=10), START + timedelta(minutes=20))

Book = Callable[[Stage], Answer]


def by_package(stage: Stage) -> Answer:
    return use(stage, own(stage))


def by_order(stage: Stage) -> Answer:
    return order(stage, start=AT)


every_way = pytest.mark.parametrize("attempt", [book, by_package, by_order])


@pytest.fixture
def cancelled(stage: Stage) -> Appointment:
    """An hour's session at ``START``."""
    session = appointment("casey", duration_minutes=60)
    stage.store.freed.append(session.session)
    stage.calendar.put_event(session)
    return session


@pytest.mark.usefixtures("cancelled")
@every_way
def test_it_can_be_booked_at_once(stage: Stage, attempt: Book) -> None:
    assert attempt(stage).status == 201
    assert (stage.calendar.asked, stage.calendar.looked) == (1, 1)


@pytest.mark.usefixtures("cancelled")
@every_way
def test_where_the_coach_has_something_on_behind_it_it_is_taken(stage: Stage, attempt: Book) -> None:
    stage.calendar.others = [WITHIN]
    answer = attempt(stage)
    assert (answer.status, answer.json["code"]) == (409, "slot_taken")


@pytest.mark.usefixtures("cancelled")
@every_way
def test_while_google_does_not_tell_whose_event_it_is_nothing_is_booked(stage: Stage, attempt: Book) -> None:
    stage.calendar.hiding = True
    answer = attempt(stage)
    assert (answer.status, answer.json["code"]) == (503, "calendar_unavailable")
    assert not stage.store.diary(Interval(START, START + HOUR)).claims


@pytest.mark.usefixtures("cancelled")
def test_google_is_asked_about_it_only_by_those_who_want_it(stage: Stage) -> None:
    stage.calendar.hiding = True
    assert book(stage, start=isoformat(START + HOUR)).status == 201
    assert stage.calendar.looked == 0


def test_buffers_may_reach_into_it(stage: Stage, cancelled: Appointment) -> None:
    settings = stage.store.settings()
    buffered = replace(settings.schedule, buffer_before_minutes=10, buffer_after_minutes=10)
    stage.store.change_settings(replace(settings, schedule=buffered))
    assert book(stage, "alex", start=isoformat(cancelled.end)).status == 201
    assert book(stage, "blake", start=isoformat(START - timedelta(minutes=30))).status == 201


def test_once_another_has_it_google_is_not_asked_any_more(stage: Stage, cancelled: Appointment) -> None:
    order(stage, "blake", start=AT)
    stage.calendar.looked = 0
    assert AT not in starts(listed(stage))
    assert book(stage).json["code"] == "slot_taken"
    assert cancelled.id in stage.calendar.events
    assert stage.calendar.looked == 0


def test_it_is_listed_while_its_event_stands_and_afterwards(stage: Stage, cancelled: Appointment) -> None:
    in_between = starts(listed(stage))
    assert AT in in_between
    assert stage.calendar.looked == 1
    stage.calendar.remove_event(cancelled.id)
    assert starts(listed(stage)) == in_between
    assert stage.calendar.looked == 1


def test_where_the_coach_has_something_on_behind_it_it_is_not_listed(
    stage: Stage, cancelled: Appointment
) -> None:
    stage.calendar.others = [WITHIN]
    offered = starts(listed(stage))
    assert AT not in offered
    assert isoformat(START + timedelta(minutes=30)) in offered
    stage.calendar.remove_event(cancelled.id)
    assert starts(listed(stage)) == offered


def test_a_listing_keeps_it_busy_while_google_does_not_tell(stage: Stage, cancelled: Appointment) -> None:
    stage.calendar.hiding = True
    assert_all_but_its_hour(listed(stage), cancelled.start)
    stage.calendar.failing = RuntimeError()
    stage.clock.at += timedelta(seconds=30)
    looked = stage.calendar.looked
    assert_all_but_its_hour(listed(stage), cancelled.start)
    assert stage.calendar.looked == looked, (
        "Google has just failed: asking again would cost its timeout twice"
    )


def assert_all_but_its_hour(answer: Answer, start: datetime) -> None:
    offered = starts(answer)
    assert len(offered) == 2 * 16 - 2
    assert not {isoformat(start), isoformat(start + HOUR / 2)} & {*offered}


def test_a_session_that_is_to_be_moved_is_in_no_way_of_its_new_time(stage: Stage) -> None:
    own = buy(stage, START)
    deliver(stage.world(), own, "calendar_event-0")
    settings = stage.store.settings()
    stage.store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=1)))
    overlapping, elsewhere = isoformat(START + HOUR / 2), isoformat(START + 3 * HOUR)
    assert starts(listed(stage, service="single", end_date="2026-11-24")) == []
    offered = starts(listed(stage, service="single", moving=own))
    assert {overlapping, elsewhere} <= set(offered)
    assert AT not in offered, "it is there already"
    for to in (overlapping, elsewhere):
        path, body = f"/booking/admin/{own}/reschedule", {"start": to}
        moved = stage.call("admin/move", COACH, path=path, body=body, headers={"idempotency-key": to})
        assert moved.status == 200


@pytest.mark.parametrize("moving", ["another's", "f" * 32, ""])
def test_for_anothers_session_nothing_is_different(stage: Stage, moving: str) -> None:
    anothers = buy(stage, START, "blake")
    before = starts(listed(stage, service="single"))
    said = anothers if moving == "another's" else moving
    assert starts(listed(stage, service="single", moving=said)) == before
