"""Where everything happens: the real handlers on fakes, behind what may fail, and how they are called."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.caller import LinkHolder
from shared.domain.promo import SEED_PROMOS
from shared.domain.settlement import CaptureStatus, RefundState, RefundStatus
from shared.domain.time import isoformat, minutes
from tests.builders import NOW
from tests.fake_paypal import FakePayPal
from tests.fakes import FakeCalendar, FakeMailer, FakeStore
from tests.handlers.conftest import Answer, Stage
from tests.handlers.sequence import promises, turns
from tests.handlers.sequence.facts import EVER, MONEY_CAME, Facts
from tests.handlers.sequence.fragile import Died, Fate, Fragile

CLIENTS = ("alex", "blake", "casey")
PORTS = ("paypal", "calendar", "mailer", "store")
WRITES = frozenset(
    {"hold", "change", "change_booking", "move_paid", "return_credit", "book_free", "book_from_package"}
)
TROUBLE = frozenset(
    {"TryAgainLater", "TemporarilyUnavailable", "CalendarUnavailable", "PaymentProviderUnavailable"}
)
PUT_OFF = frozenset({429, 503})

which = st.integers(0, 15)
who = st.sampled_from(CLIENTS)
when = st.integers(0, 11)
by_link = st.booleans()


class PayPal(FakePayPal):
    """Its word for a capture follows from the refunds."""

    def _put_refund(self, order_id: str, made: RefundState) -> None:
        super()._put_refund(order_id, made)
        self._say_again(order_id)

    def settle_refund(self, request_id: str, status: RefundStatus) -> None:
        super().settle_refund(request_id, status)
        for order_id in self.orders:
            self._say_again(order_id)

    def _say_again(self, order_id: str) -> None:
        order = self.orders[order_id]
        done = sum(each.amount.amount for each in order.refunds if each.status is RefundStatus.COMPLETED)
        for capture in [each for each in order.captures if each.status in MONEY_CAME]:
            whole = done == capture.amount.amount
            part = CaptureStatus.PARTIALLY_REFUNDED if done else CaptureStatus.COMPLETED
            self.settle_capture(order_id, CaptureStatus.REFUNDED if whole else part)


@dataclass
class Tally:
    """What was tried in all: ``events`` are the audit trail's words."""

    sequences: int = 0
    steps: int = 0
    events: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)


@dataclass
class Scene:
    """The stage, with everything it touches behind something that may fail. The handlers are loaded once."""

    stage: Stage
    fate: Fate
    log: io.StringIO
    tally: Tally
    elsewhere: dict[str, Any] = field(default_factory=dict)
    """The handlers of another instance, at work at the same moment."""

    @classmethod
    def on(cls, stage: Stage, log: io.StringIO) -> Scene:
        fate = Fate()
        for port in PORTS:
            setattr(stage, port, Fragile(port, fate))
        return cls(stage, fate, log, Tally())

    def begin(self) -> None:
        self.fate.lift()
        self.stage.clock.at = NOW
        store = FakeStore()
        store.seed()
        (promo,) = SEED_PROMOS
        store.change_promo(replace(promo, cap=2))
        inner = {"store": store, "paypal": PayPal(), "calendar": FakeCalendar(), "mailer": FakeMailer()}
        for port, each in inner.items():
            getattr(self.stage, port).inner = each

    def between(self, act: Callable[[], None]) -> None:
        """In the middle of a request, by another instance: the framework keeps the event per process."""
        at_work, handlers = (BaseRouter.current_event, BaseRouter.lambda_context), self.stage._handlers
        self.stage._handlers = self.elsewhere
        act()
        self.stage._handlers = handlers
        BaseRouter.current_event, BaseRouter.lambda_context = at_work


class Town(RuleBasedStateMachine):
    def __init__(self, scene: Scene) -> None:
        super().__init__()
        scene.begin()
        self.scene, self.stage, self.fate = scene, scene.stage, scene.fate
        self.store: FakeStore = self.stage.store.inner  # type: ignore[attr-defined]
        self.paypal: PayPal = self.stage.paypal.inner  # type: ignore[attr-defined]
        self.calendar: FakeCalendar = self.stage.calendar.inner  # type: ignore[attr-defined]
        self.mailer: FakeMailer = self.stage.mailer.inner  # type: ignore[attr-defined]
        self.requests: list[Callable[..., None]] = []
        self.asking: Callable[..., None] | None = None
        self.letters_told = 0
        self.touched: set[str] = set()
        """Sessions whose events the coach changed by hand."""
        self.interrupted = False
        """Something came in between: a letter may tell how things stood a moment ago."""
        self.seen = self.facts
        self.broken: AssertionError | None = None
        self.fate.watch = self.watch

    # What there is

    @property
    def now(self) -> datetime:
        return self.stage.clock.at

    @property
    def facts(self) -> Facts:
        """As it is now, and stays."""
        return Facts(self.store, self.paypal, self.now, tuple(self.calendar.others))

    @property
    def shown(self) -> list[str]:
        """Orders that a buyer was shown. One whose hold was refused is known to nobody."""
        return [each for each in self.paypal.orders if self.store.order(each).payment_id]

    @property
    def captured(self) -> list[str]:
        return [each.id for each in self.paypal.orders.values() if each.captures]

    @property
    def fees(self) -> list[str]:
        """Orders for the fee of a move."""
        return [each for each in self.shown if (booking := self.held_by(each)) and booking.moves]

    @property
    def methods(self) -> list[str]:
        """Orders with which the buyer's method was saved."""
        return [each.id for each in self.paypal.orders.values() if each.saved_method]

    @property
    def under_way(self) -> list[Any]:
        return [*self.store.due_effects(EVER), *self.store.due_payments(EVER), *self.store.open_events(EVER)]

    def held_by(self, order: str) -> Appointment | None:
        return self.store.appointment(self.store.order(order).payment_id or "")

    def session_of(self, number: int) -> Appointment:
        """One that stands, if there is one, but for one number."""
        known = list(self.facts.bookings.values())
        standing = [each for each in known if each.status is AppointmentStatus.CONFIRMED]
        return self.pick(standing if standing and number else known, number)

    @staticmethod
    def pick(items: list[Any], number: int) -> Any:
        return items[number % len(items)]

    def time(self, number: int) -> datetime:
        """One of three times that overlap, on one of the next working days."""
        day = self.now.replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=1 + number // 3)
        day += timedelta(days=2) if day.weekday() > 4 else timedelta()
        return day + minutes(30 * (number % 3))

    def session(self, start: datetime) -> dict[str, Any]:
        return {"start": isoformat(start), "phone": "+14165550123", "timezone": "America/Toronto"}

    def buyer(self, order: str, *, by_link: bool = False) -> str | LinkHolder:
        """``by_link`` where there is one: a manage link is good for its own booking's fees."""
        hold = self.held_by(order)
        if by_link and hold is not None and hold.moves:
            return self.client_of(self.facts.bookings[hold.moves], by_link=True)
        return self.facts.payments[self.store.order(order).payment_id or ""].client_id

    @staticmethod
    def client_of(booking: Appointment, *, by_link: bool) -> str | LinkHolder:
        if not by_link:
            return booking.client.id
        return LinkHolder(
            appointment_id=booking.id,
            client_id=booking.client.id,
            manage_key=booking.manage_key,
            until=booking.manage_until,
        )

    # How it is asked

    def ask(
        self, name: str, client: str | LinkHolder, body: dict[str, Any] | None = None, **changes: Any
    ) -> Answer | None:
        """Under a key of its own; the very request can be repeated. None when the process died."""
        headers = {"idempotency-key": f"request {len(self.requests)}"}
        first: list[Answer] = []

        def request(otherwise: dict[str, Any] | None = None) -> None:
            """``otherwise`` changes the body, under the same key."""
            other = otherwise is not None and body is not None
            sent = body | otherwise if other else body
            asked = {**changes, "headers": headers} | ({} if sent is None else {"body": sent})
            before, self.asking = self.asking, request
            answer = self.run(lambda: self.stage.call(name, client, **asked))
            self.asking = before
            keyed = body is not None and "fee_order_id" not in body
            link_is_over = isinstance(client, LinkHolder) and self.now >= client.until
            if answer is not None and not (link_is_over and answer.status == 401):
                self._check_answer(name, answer, first, same=not other, keyed=keyed)

        self.requests.append(request)
        request()
        return first[0] if first else None

    def _check_answer(
        self, name: str, answer: Answer, first: list[Answer], *, same: bool, keyed: bool
    ) -> None:
        """``keyed`` requests keep their key once they did something; being paid again does nothing."""
        assert answer.status < 500 or answer.status == 503, self.scene.log.getvalue()
        code = answer.json.get("code", "") if answer.status >= 400 else ""
        self.scene.tally.answers[f"{name} {answer.status} {code}"] += 1
        done = bool(first) and first[0].status in {200, 201, 204}
        if not same:
            did_it = done and keyed and (first[0].status == 201 or not name.startswith("checkout"))
            assert not did_it or answer.status in {422, *PUT_OFF}, f"{name}: another request under one key"
        elif done and answer.status not in PUT_OFF:
            assert answer.status // 100 == 2, f"{name}: {first[0].status}, then {answer.text}"
            assert self._about(answer) == self._about(first[0])
        if same and not done:
            first[:] = [answer]

    @staticmethod
    def _about(answer: Answer) -> Any:
        return None if answer.status == 204 else answer.json.get("id", answer.json.get("order_id"))

    def schedule(self, function: str) -> None:
        event = self.stage.event(f"{function}/scheduled")
        self.run(lambda: self.stage.invoke(function, event), may_fail=True)

    def run(self, what: Callable[[], Any], *, may_fail: bool = False) -> Any:
        """The process may die in it. ``may_fail`` is for what a schedule or stream calls again."""
        try:
            return what()
        except Died:
            return None
        except Exception as failed:
            if may_fail and type(failed).__name__ in TROUBLE:
                return None
            raise

    # What holds

    def watch(self, call: str, done: tuple[Any, ...]) -> None:
        """In the middle of a handler, which would answer for a broken promise: it is told after the step."""
        try:
            if call in WRITES:
                before, self.seen = self.seen, self.facts
                turns.check_turn(before, self.seen)
            elif call == "send" and not self.interrupted:
                promises.check_letter(self.facts, *done)
        except AssertionError as broken:
            self.broken = self.broken or broken

    def check(self) -> None:
        if self.broken:
            raise self.broken
        promises.check_now(self.facts, self.mailer.sent)
        for line in self.scene.log.getvalue().splitlines():
            told = json.loads(line)
            assert told["message"] != "sweep failed", told
            assert told["message"] != "effect failed" or told["error"] in TROUBLE, told
        self.scene.log.truncate(0)
        self.scene.log.seek(0)
        self.interrupted = False
