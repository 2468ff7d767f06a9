"""Every flow of money, stopped before and after each of its outside calls, or that call failing; then time passes.

Money that was taken stands for a confirmed booking or an issued package, or it all went back; nothing else stands, is
held or is owed; each client hears of it once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.crash import call_sites, change_flows, towns
from tests.crash.buyer import Buyer, open_times
from tests.crash.flows import FLOWS
from tests.crash.matrix import Case, Ran, Town
from tests.crash.world import World

ONLY_AFTER_TROUBLE = {"dynamodb.look_later", "dynamodb.postpone_effect", "google.update_event"}
"""What undisturbed flows call by chance if at all: the disturbed ones do."""

ELSEWHERE = {
    # free sessions, and lists to look at
    *("dynamodb.book_free", "dynamodb.count_miss", "dynamodb.free_booking_facts", "dynamodb.promo"),
    *("dynamodb.appointments_of", "dynamodb.packages_of", "dynamodb.payments"),
    # in the app; a session from a package: no money moves
    *("dynamodb.notices_of", "dynamodb.read_notice"),
    *("dynamodb.book_from_package", "dynamodb.package_facts"),
    # the daily comparison, which only reads
    *("dynamodb.scan_books", "dynamodb.open_attention", "google.list_events", "paypal.ledger"),
    # a name in the audit trail alone: it is written with the move
    "dynamodb.fee_taken",
    # after hours of failing, for a person
    *("dynamodb.bury_effect", "dynamodb.note_attention"),
    *("dynamodb.refund_failed", "dynamodb.refund_put_off"),
    # a mail that did not arrive
    "dynamodb.note_undelivered",
    # a fee charged to a saved method: tests/handlers/test_saved_methods.py
    *("paypal.charge", "dynamodb.charge_repeated", "dynamodb.charge_ended", "dynamodb.ledger_awaited"),
    *("dynamodb.method", "dynamodb.forget_method", "dynamodb.method_saved"),
    # setting up, and looking whether it is
    *("dynamodb.check", "dynamodb.seed", "ses.get_email_identity"),
    # the other way to verify a webhook; when PayPal forgot an order
    *("paypal.certificate", "paypal.get_capture"),
}
"""What has nothing to do here. A call that is neither here nor in a flow fails the test."""


@pytest.fixture(scope="module")
def all_towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Town]]:
    with towns.begun(tmp_path_factory, _town) as begun:
        yield begun


def _town(stack: Stack) -> Town:
    times = open_times(stack)
    return Town(stack, lambda name: Buyer(stack, name, next(times)))


@pytest.fixture(scope="module")
def cases(all_towns: list[Town]) -> list[Case]:
    return towns.planned(all_towns, FLOWS)


def test_every_outside_call_of_money_is_among_the_cases(cases: list[Case]) -> None:
    without_cases = call_sites.all_calls() - {case.call.name for case in cases}
    assert without_cases - ONLY_AFTER_TROUBLE == ELSEWHERE | change_flows.CALLED


def test_whatever_fails_money_and_bookings_agree_in_the_end(
    all_towns: list[Town], cases: list[Case], subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    towns.run(all_towns, cases)
    calls = {name for town in all_towns for name in town.calls_made()}
    assert calls >= ONLY_AFTER_TROUBLE
    for town in all_towns:
        for ran, wrong in _what_is_wrong(town):
            with subtests.test(msg=str(ran)):
                assert not wrong
        towns.check_all(town)
    with capsys.disabled():
        print(towns.told("money's crash matrix", all_towns, cases))


def _what_is_wrong(town: Town) -> list[tuple[Ran, list[str]]]:
    """With each client."""
    world = World(town.stack)
    found = []
    for ran in town.ran:
        payment_id = world.payment_of_order.get(ran.buyer.order_id)
        there = world.wrong_with(payment_id, ran.flow.ends) if payment_id else ["it has no order"]
        found.append((ran, ran.wrong + there))
    return found
