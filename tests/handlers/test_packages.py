"""GET /booking/my-packages and POST /booking/use-package-session, from API Gateway's event to the answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.package import Package, PackageStatus
from shared.domain.payment import PaymentStatus
from shared.domain.time import Interval, isoformat
from tests.builders import NOW, START, package, payment
from tests.handlers.conftest import Answer, Stage

USE, MINE = "packages/use_session", "packages/mine"
HOUR = timedelta(hours=1)


def own(stage: Stage, client: str = "alex", **changes: Any) -> Package:
    """A package in the store, with its payment."""
    bought = package(client, **changes)
    stage.store.put_package(
        bought, payment(client, "500.00", "CAD", id=bought.id, service="package", created_at=NOW)
    )
    return bought


def use(stage: Stage, of: Package, client: str = "alex", key: str | None = None, **changes: Any) -> Answer:
    fields = {
        "package_id": of.id,
        "start": isoformat(START),
        "phone": "+14165550123",
        "timezone": "America/Toronto",
        **changes,
    }
    body = {name: value for name, value in fields.items() if value is not ...}
    headers = {"idempotency-key": key or f"{client}-{sorted(fields.items(), key=str)}"}
    return stage.call(USE, client, body=body, headers=headers)


def mine(stage: Stage, client: str = "alex", **query: str) -> Answer:
    return stage.call(MINE, client, query=query)


def used(stage: Stage, of: Package) -> int:
    found = stage.store.package_facts(Interval(NOW, NOW), of.id, "f" * 32).package
    assert found is not None
    return found.sessions_used


def unchanged(stage: Stage, of: Package) -> bool:
    claims = stage.store.diary(Interval(NOW, NOW + timedelta(days=90))).claims
    return used(stage, of) == of.sessions_used and not claims and not stage.store.due_effects(NOW)


def test_the_sample_events_book_and_list(stage: Stage) -> None:
    context = stage.event(USE)["requestContext"]["authorizer"]["lambda"]
    bought = own(stage, context["client_id"], id=json.loads(stage.event(USE)["body"])["package_id"])
    answer = stage.call(USE)
    assert answer.status == 201
    booked = answer.json
    assert booked == booked | {
        "service": "package",
        "status": "confirmed",
        "start": "2026-11-24T15:00:00Z",
        "end": "2026-11-24T16:00:00Z",
        "local_start": "2026-11-24T08:00:00-07:00",
        "timezone": "America/Vancouver",
        "duration_minutes": 60,
        "phone": "+14165550123",
        "backup_start": "2026-11-25T15:00:00Z",
        "answers": {"What would you like to talk about?": "My first weeks as a manager"},
        "payment": None,
        "package_id": bought.id,
        "promo_code": None,
        "calendar": {"status": "owed", "conflict": False},
        "manage_url": f"https://coach.example/manage.html?id={booked['id']}",
    }
    listed = stage.call(MINE)
    assert listed.headers["Cache-Control"] == "no-store"
    assert listed.json == {
        "items": [
            {
                "id": bought.id,
                "service": "package",
                "status": "active",
                "sessions_total": 3,
                "sessions_used": 1,
                "sessions_remaining": 2,
                "duration_minutes": 60,
                "created_at": "2026-11-23T13:00:00Z",
                "payment": {
                    "status": "captured",
                    "amount": "500.00",
                    "currency": "CAD",
                    "order_id": "5O190127TN364715T",
                    "refunded": "0.00",
                    "fee": "0.00",
                },
            }
        ],
        "next": None,
    }


def test_three_sessions_of_a_package_and_no_fourth(stage: Stage) -> None:
    bought = own(stage)
    for number in range(3):
        assert use(stage, bought, start=isoformat(START + number * HOUR)).status == 201
    answer = use(stage, bought, start=isoformat(START + 3 * HOUR))
    assert (answer.status, answer.json["code"]) == (409, "package_exhausted")
    assert used(stage, bought) == 3
    (listed,) = mine(stage).json["items"]
    assert (listed["sessions_used"], listed["sessions_remaining"]) == (3, 0)
    booked = stage.call("appointments/mine", "alex").json["items"]
    assert [each["package_id"] for each in booked] == [bought.id] * 3


def test_what_follows_a_session_from_a_package_is_what_follows_any(stage: Stage) -> None:
    booked = use(stage, own(stage)).json
    stage.invoke("sweeper", stage.event("sweeper/scheduled"))
    assert [each.package_id for each in stage.calendar.events.values()] == [booked["package_id"]]
    assert sorted(letter.kind for letter in stage.mailer.sent) == ["client_booked", "coach_booked"]
    assert not stage.store.due_effects(NOW)


def test_a_session_is_as_long_as_the_package_says_whatever_is_sold_now(stage: Stage) -> None:
    bought = own(stage, duration_minutes=90)
    settings = stage.store.settings()
    stage.store.change_settings(replace(settings, services={"free": settings.service("free")}))
    answer = use(stage, bought)
    assert (answer.status, answer.json["end"]) == (201, isoformat(START + timedelta(minutes=90)))


def test_a_session_has_the_buffers_of_the_day_it_is_booked(stage: Stage) -> None:
    settings = stage.store.settings()
    buffered = replace(settings.schedule, buffer_before_minutes=10, buffer_after_minutes=15)
    stage.store.change_settings(replace(settings, schedule=buffered))
    use(stage, own(stage))
    (claim,) = stage.store.diary(Interval(NOW, NOW + timedelta(days=7))).claims
    assert claim.interval == Interval(START - timedelta(minutes=10), START + timedelta(minutes=75))


def test_a_repeat_under_the_same_key_gives_the_same_answer_and_uses_nothing_more(stage: Stage) -> None:
    bought = own(stage, sessions_total=1)
    first = use(stage, bought, key="k")
    stage.calendar.failing = RuntimeError()
    stage.clock.at = START + timedelta(days=2)
    again = use(stage, bought, key="k", phone="(416) 555-0123")
    assert (again.status, again.json) == (201, first.json)
    assert used(stage, bought) == 1


def test_a_repeat_is_answered_after_the_package_was_refunded(stage: Stage) -> None:
    bought = own(stage)
    first = use(stage, bought, key="k")
    refunded = replace(bought, status=PackageStatus.REFUNDED, sessions_used=1)
    stage.store.put_package(refunded, payment(id=bought.id))
    assert use(stage, bought, key="k").json == first.json
    assert use(stage, bought, key="another").json["code"] == "package_exhausted"


def test_the_key_with_another_request_is_refused(stage: Stage) -> None:
    bought, other = own(stage), own(stage)
    use(stage, bought, key="k")
    stage.call("book_free/book", "alex", headers={"idempotency-key": "f"}, body=_free_body())
    for answer in (
        use(stage, other, key="k"),
        use(stage, bought, key="k", phone="+14165550124"),
        use(stage, bought, key="f"),
        stage.call("book_free/book", "alex", headers={"idempotency-key": "k"}, body=_free_body()),
    ):
        assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert (used(stage, bought), used(stage, other)) == (1, 0)


def _free_body() -> dict[str, str]:
    return {
        "promo_code": "WIMD25",
        "start": isoformat(START + 3 * HOUR),
        "phone": "+14165550123",
        "timezone": "America/Toronto",
    }


@pytest.mark.parametrize(
    ("whose", "status"),
    [
        ("blake", PackageStatus.ACTIVE),
        ("blake", PackageStatus.REFUNDED),
        ("alex", PackageStatus.ORDERED),
        ("alex", PackageStatus.LAPSED),
    ],
)
def test_a_package_that_is_not_ones_own_or_not_paid_does_not_exist(
    stage: Stage, whose: str, status: PackageStatus
) -> None:
    there = own(stage, whose, status=status)
    answer = use(stage, there)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert answer.json["detail"] == use(stage, package()).json["detail"]
    assert unchanged(stage, there)


@pytest.mark.parametrize("bad_id", ["f" * 32, "f" * 31, "../settings", "SETTINGS#SETTINGS", "é"])
def test_an_id_that_is_none_is_not_found(stage: Stage, bad_id: str) -> None:
    answer = use(stage, package(id=bad_id))
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_a_refunded_package_is_not_used_but_shown_with_what_went_back(stage: Stage) -> None:
    bought = package(status=PackageStatus.REFUNDED, sessions_used=1)
    refunded = payment(
        id=bought.id,
        amount="500.00",
        status=PaymentStatus.PARTIALLY_REFUNDED,
        refunded=Decimal("333.34"),
    )
    stage.store.put_package(bought, refunded)
    answer = use(stage, bought)
    assert (answer.status, answer.json["code"]) == (409, "package_exhausted")
    assert unchanged(stage, bought)
    (listed,) = mine(stage).json["items"]
    assert (listed["status"], listed["sessions_used"], listed["sessions_remaining"]) == ("refunded", 1, 0)
    assert (listed["payment"]["status"], listed["payment"]["refunded"]) == ("partially_refunded", "333.34")


def test_a_taken_time_is_refused_with_hours_nearby_and_uses_nothing(stage: Stage) -> None:
    alex, blake = own(stage), own(stage, "blake")
    use(stage, alex)
    answer = use(stage, blake, "blake", start=isoformat(START + timedelta(minutes=30)))
    assert (answer.status, answer.json["code"]) == (409, "slot_taken")
    assert answer.json["alternatives"] == [
        isoformat(START + timedelta(minutes=minutes)) for minutes in (-60, 60, 90, 120, 150)
    ]
    assert used(stage, blake) == 0
    assert use(stage, blake, "blake", start=answer.json["alternatives"][0]).status == 201


def test_a_time_that_google_calls_busy_is_taken(stage: Stage) -> None:
    bought = own(stage)
    stage.calendar.others = [Interval(START + timedelta(minutes=59), START + 2 * HOUR)]
    assert use(stage, bought).json["code"] == "slot_taken"
    assert unchanged(stage, bought)


def test_without_google_nothing_is_booked(stage: Stage) -> None:
    bought = own(stage)
    stage.calendar.failing = RuntimeError()
    answer = use(stage, bought)
    assert (answer.status, answer.json["code"]) == (503, "calendar_unavailable")
    assert unchanged(stage, bought)


def test_a_full_day_is_taken(stage: Stage) -> None:
    bought = own(stage)
    settings = stage.store.settings()
    stage.store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=1)))
    assert use(stage, bought).status == 201
    answer = use(stage, bought, start=isoformat(START + 3 * HOUR))
    assert answer.json["code"] == "slot_taken"
    assert all(not start.startswith("2026-11-24") for start in answer.json["alternatives"])
    assert used(stage, bought) == 1


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-24T15:07:00Z",  # off the grid
        "2026-11-24T21:30:00Z",  # would end after hours
        "2026-11-28T15:00:00Z",  # a Saturday
        "2026-11-23T15:00:00Z",  # inside the notice
        "2026-11-23T12:00:00Z",  # past
        "2027-01-25T15:00:00Z",  # the window ends on the 22nd
        "9999-12-31T23:59:00Z",
    ],
)
def test_a_time_that_is_not_offered_is_refused(stage: Stage, start: str) -> None:
    bought = own(stage)
    answer = use(stage, bought, start=start)
    assert (answer.status, answer.json["code"]) == (422, "slot_not_offered")
    assert unchanged(stage, bought)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("package_id", ...),
        ("package_id", ""),
        ("package_id", 7),
        ("package_id", "f" * 65),
        ("start", "2026-11-24T10:00:00"),  # naive
        ("start", ...),
        ("phone", "12"),
        ("phone", ...),
        ("timezone", "Mars/Base"),
        ("timezone", ...),
        ("backup_start", "2026-11-22T15:00:00Z"),  # past
        ("backup_start", "2026-11-24T15:00:00Z"),  # the very same time
        ("answers", {"Topic?": "bell\u0007"}),
        ("promo_code", "WIMD25"),
        ("duration_minutes", 5),
        ("service", "single"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field_and_changes_nothing(
    stage: Stage, field: str, value: Any
) -> None:
    bought = own(stage)
    answer = use(stage, bought, **{field: value})
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert field in {error["field"].split(".")[0] for error in answer.json["errors"]}
    assert unchanged(stage, bought)


def test_a_clients_own_packages_page_by_page(stage: Stage) -> None:
    made = [own(stage, created_at=NOW + timedelta(minutes=n)).id for n in range(3)]
    own(stage, status=PackageStatus.ORDERED)
    own(stage, "blake")
    first = mine(stage, limit="2").json
    rest = mine(stage, limit="2", cursor=first["next"]).json
    assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None
    assert mine(stage, "casey").json == {"items": [], "next": None}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "nonsense"}])
def test_a_bad_page_is_refused(stage: Stage, query: dict[str, str]) -> None:
    answer = mine(stage, **query)
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")


def test_bought_paid_and_used(stage: Stage) -> None:
    """From the order on: before the money is in, there is nothing to use."""
    order = stage.call("checkout/order_package", "alex").json["order_id"]
    package_id = stage.store.order(order).payment_id or ""
    assert use(stage, package(id=package_id), key="early").status == 404
    stage.paypal.approve(order)
    bought = stage.call("checkout/pay_package", "alex", body={"paypal_order_id": order})
    assert (bought.status, bought.json["id"]) == (201, package_id)
    assert mine(stage).json["items"] == [bought.json]
    assert use(stage, package(id=package_id), key="early").status == 201
    assert mine(stage).json["items"][0]["sessions_remaining"] == 2
