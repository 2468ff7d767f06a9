"""What clients are told in the app: GET /booking/notifications and PUT /booking/notifications/{id}/read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.settlement import CaptureStatus
from shared.domain.time import isoformat
from shared.usecases.ports import TryAgainLater, WillNeverWork
from tests.builders import NOW, START
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_paying import order, pay
from tests.handlers.test_reminders import cancel, deliver, move, run

MINE, READ = "notifications/mine", "notifications/read"
DAY = timedelta(days=1)


def told(stage: Stage, client: str = "alex", **query: str) -> list[dict[str, Any]]:
    answer = stage.call(MINE, client, query=query)
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def kinds(stage: Stage, client: str = "alex") -> list[str]:
    return [each["kind"] for each in told(stage, client)]


def read(stage: Stage, notice_id: str, client: str = "alex") -> Answer:
    return stage.call(READ, client, path=f"/booking/notifications/{notice_id}/read")


def later(stage: Stage) -> None:
    stage.clock.at += timedelta(minutes=1)


def test_a_booking_is_told_to_its_client_alone(stage: Stage) -> None:
    booked = book(stage).json["id"]
    deliver(stage)
    assert told(stage) == [
        {
            "id": f"{booked}.client_booked_mail-0",
            "kind": "booked",
            "subject_id": booked,
            "start": isoformat(START),
            "created_at": isoformat(NOW),
            "read": False,
        }
    ]
    assert told(stage, "blake") == []


def test_each_moment_of_a_session_is_told_once_the_latest_on_top(stage: Stage) -> None:
    booked = book(stage).json["id"]
    deliver(stage)
    later(stage)
    assert move(stage, booked, START + 2 * DAY).status == 200
    deliver(stage)
    deliver(stage)
    stage.clock.at = START + DAY
    run(stage)
    run(stage)
    later(stage)
    assert cancel(stage, booked).status == 200
    deliver(stage)
    assert kinds(stage) == ["cancelled", "reminder", "moved", "booked"]
    starts = [each["start"] for each in told(stage)]
    assert starts == [*[isoformat(START + 2 * DAY)] * 3, isoformat(START)]


def test_money_is_told_of_as_well(stage: Stage) -> None:
    pending = order(stage, start=isoformat(START + 7 * DAY)).json["order_id"]
    stage.paypal.next_capture = CaptureStatus.PENDING
    stage.paypal.approve(pending)
    assert pay(stage, pending).status in {200, 201, 202}
    deliver(stage)
    assert kinds(stage) == ["payment_pending"]


@pytest.mark.parametrize("failure", [TryAgainLater("down"), WillNeverWork("no such address")])
def test_whoever_no_mail_reaches_is_told_all_the_same_and_once(stage: Stage, failure: Exception) -> None:
    book(stage)
    stage.mailer.fails_before = failure
    for _ in range(5):
        deliver(stage)
        stage.clock.at += timedelta(hours=1)
    assert kinds(stage) == ["booked"]
    assert told(stage)[0]["created_at"] == isoformat(NOW)


def test_what_was_read_stays_read(stage: Stage) -> None:
    book(stage)
    deliver(stage)
    (notice,) = told(stage)
    for _ in range(2):
        answer = read(stage, notice["id"])
        assert (answer.status, answer.json) == (200, notice | {"read": True})
    assert told(stage) == [notice | {"read": True}]


def test_another_clients_notice_looks_like_none(stage: Stage) -> None:
    book(stage)
    deliver(stage)
    (notice,) = told(stage)
    foreign, unknown = read(stage, notice["id"], "blake"), read(stage, "f" * 32)
    assert (foreign.status, foreign.json["code"]) == (404, "not_found")
    assert {**foreign.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert told(stage) == [notice]


def test_an_id_of_any_length_is_just_unknown(stage: Stage) -> None:
    assert read(stage, "x" * 5000).status == 404


def test_the_list_comes_in_pages(stage: Stage) -> None:
    booked = book(stage).json["id"]
    deliver(stage)
    later(stage)
    cancel(stage, booked)
    deliver(stage)
    first = stage.call(MINE, "alex", query={"limit": "1"}).json
    second = stage.call(MINE, "alex", query={"limit": "1", "cursor": first["next"]}).json
    assert [each["kind"] for page in (first, second) for each in page["items"]] == ["cancelled", "booked"]
    assert second["next"] is None
    assert stage.call(MINE, "alex", query={"cursor": "nonsense"}).status == 422
