"""The daily comparison: PayPal, our payments and bookings, and the coach's calendar have to tell the same story."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.appointment import AppointmentStatus, CalendarStatus
from shared.domain.attention import AttentionKind
from shared.domain.checkout import LOOK_AGAIN
from shared.domain.money import Money
from shared.domain.package import PackageStatus
from shared.domain.payment import NOTHING, TAKEN, Payment, PaymentStatus
from shared.domain.settlement import CaptureStatus, GivenBack, OrderState, given_back
from shared.domain.statements import CalendarEvent, LedgerEntry, LedgerKind
from shared.domain.time import Interval, isoformat

QUIET = timedelta(minutes=15)
"""What moved more recently may be in the middle of it: the next day's comparison sees it."""

LONGEST_MOVE = timedelta(days=1)
"""The sweeper asks PayPal every few minutes; what has not arrived by then will not arrive by itself."""

LONGEST_WAIT = timedelta(days=7)
"""What PayPal itself takes its time over, a transfer from a bank or a refund to one, is there by then."""

OUR_ID = re.compile(r"[0-9a-f]{32}")
"""The coach's PayPal account may take money for other things: theirs are not marked like this."""

STANDING = frozenset({AppointmentStatus.CONFIRMED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW})
MOVING = frozenset({PaymentStatus.CAPTURING, PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDING})
SPOKEN_FOR = frozenset({PaymentStatus.REFUND_FAILED, PaymentStatus.DISPUTED})
"""A person knows already that its money is not where it belongs."""

_TOOK_MONEY = frozenset({CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What of an appointment there is to compare: nothing that tells whose it is."""

    id: str
    status: AppointmentStatus
    time: Interval
    calendar_status: CalendarStatus
    updated_at: datetime
    payment_id: str | None = None

    @property
    def stands(self) -> bool:
        return self.status in STANDING


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldPackage:
    id: str
    status: PackageStatus
    updated_at: datetime

    @property
    def stands(self) -> bool:
        return self.status is PackageStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Books:
    """Everything we have written down, by id. A payment and what it pays for share one."""

    payments: Mapping[str, Payment]
    sessions: Mapping[str, Session]
    packages: Mapping[str, SoldPackage]

    def paid_for(self, payment_id: str) -> Session | SoldPackage | None:
        return self.sessions.get(payment_id) or self.packages.get(payment_id)


@dataclass(frozen=True, slots=True)
class PayPalSays:
    """``orders`` by payment id, None for one PayPal does not know; payments that are not in it are not compared."""

    orders: Mapping[str, OrderState | None]
    ledger: Sequence[LedgerEntry] = ()


@dataclass(frozen=True, slots=True)
class CalendarSays:
    """Our events within ``span``."""

    span: Interval
    events: Sequence[CalendarEvent]


class DifferenceKind(StrEnum):
    CAPTURED_NOT_CONFIRMED = "captured_not_confirmed"
    CONFIRMED_NOT_CAPTURED = "confirmed_not_captured"
    CAPTURED_TWICE = "captured_twice"
    AMOUNT_DIFFERS = "amount_differs"
    REFUNDS_DIFFER = "refunds_differ"
    UNKNOWN_MONEY = "unknown_money"
    PAYMENT_STUCK = "payment_stuck"
    EVENT_MISSING = "event_missing"
    EVENT_MOVED = "event_moved"
    EVENT_LEFT_OVER = "event_left_over"


@dataclass(frozen=True, slots=True)
class Difference:
    """``subject_id`` is the appointment's or package's id where there is one, else PayPal's."""

    kind: DifferenceKind
    subject_id: str
    detail: str
    attention: AttentionKind = AttentionKind.DIFFERENCE


_K = DifferenceKind


def to_ask_about(books: Books, ledger: Sequence[LedgerEntry], since: datetime) -> list[Payment]:
    """Payments whose orders PayPal is to be asked for: those that moved, and those its ledger names."""
    named = {entry.custom_id for entry in ledger}
    captures = {entry.capture_id or entry.id for entry in ledger}
    return [
        payment
        for payment in books.payments.values()
        if payment.order_id is not None
        and (payment.updated_at >= since or payment.id in named or payment.capture_id in captures)
    ]


def differences(
    books: Books, paypal: PayPalSays, calendar: CalendarSays | None, now: datetime
) -> list[Difference]:
    """In no order that means anything; none where all agree."""
    return [
        *_unknown_money(books, paypal.ledger),
        *(each for payment in _settled(books, paypal, now) for each in _of_money(books, payment, paypal)),
        *_stuck(books, now),
        *_never_paid(books, now),
        *(_of_calendar(books, calendar, now) if calendar else ()),
    ]


# Money


def _unknown_money(books: Books, ledger: Sequence[LedgerEntry]) -> Iterator[Difference]:
    unknown = {}
    for entry in ledger:
        if entry.custom_id and OUR_ID.fullmatch(entry.custom_id) and entry.custom_id not in books.payments:
            unknown[entry.capture_id or entry.id] = entry
    for capture_id, entry in unknown.items():
        detail = (
            f"PayPal's ledger has {_said(entry.amount)} for {entry.custom_id}, which is no payment of ours."
        )
        yield Difference(_K.UNKNOWN_MONEY, capture_id, detail, AttentionKind.UNKNOWN_PAYMENT)


def _settled(books: Books, paypal: PayPalSays, now: datetime) -> Iterator[Payment]:
    """Payments nobody is at: neither moving, nor already with a person."""
    for payment_id in paypal.orders:
        payment, thing = books.payments.get(payment_id), books.paid_for(payment_id)
        if payment is None or payment.status in MOVING or payment.status is PaymentStatus.NEEDS_REVIEW:
            continue
        if payment.updated_at <= now - QUIET and (thing is None or thing.updated_at <= now - QUIET):
            yield payment


def _of_money(books: Books, payment: Payment, paypal: PayPalSays) -> Iterator[Difference]:
    account = _account(payment, paypal.orders[payment.id], paypal.ledger)
    thing = books.paid_for(payment.id)
    stands = thing is not None and thing.stands
    wrong = sorted(_said(money) for money in account.captures.values() if money != payment.amount)
    if wrong:
        detail = f"PayPal took {' and '.join(wrong)}; {_said(payment.amount)} was asked for."
        yield Difference(_K.AMOUNT_DIFFERS, payment.id, detail)
        if any(money.currency != payment.amount.currency for money in account.captures.values()):
            return  # no sums across currencies
    if len(account.kept_captures) > 1:
        detail = f"PayPal took it {len(account.kept_captures)} times: {', '.join(account.kept_captures)}."
        yield Difference(_K.CAPTURED_TWICE, payment.id, detail)
    if not account.captures and (stands or payment.status in TAKEN):
        what = "It stands" if stands else "It is down as paid"
        yield Difference(
            _K.CONFIRMED_NOT_CAPTURED, payment.id, f"{what}, and PayPal has taken nothing for it."
        )
    if payment.status not in SPOKEN_FOR:
        yield from _of_refunds(payment, account, stands=stands)
        yield from _unearned(payment, account, thing)


def _of_refunds(payment: Payment, account: _Account, *, stands: bool) -> Iterator[Difference]:
    if account.given_back == payment.refunded:
        return
    currency = payment.amount.currency
    detail = (
        f"PayPal gave {account.given_back} {currency} back; {payment.refunded} {currency} is written down."
    )
    whole = account.given_back >= payment.amount.amount
    kind = AttentionKind.REFUNDED_BUT_BOOKED if whole and stands else AttentionKind.DIFFERENCE
    yield Difference(_K.REFUNDS_DIFFER, payment.id, detail, kind)


def _unearned(
    payment: Payment, account: _Account, thing: Session | SoldPackage | None
) -> Iterator[Difference]:
    """A fee is earned, and so is what was used of a package that was paid back."""
    paid_back = isinstance(thing, SoldPackage) and thing.status is PackageStatus.REFUNDED
    if account.kept > payment.fee and not (thing is not None and thing.stands) and not paid_back:
        kept = f"{account.kept} {payment.amount.currency}"
        status = thing.status.value if thing else "nothing"
        detail = f"PayPal holds {kept} for what is {status}; the payment is {payment.status.value}."
        yield Difference(_K.CAPTURED_NOT_CONFIRMED, payment.id, detail)


def _stuck(books: Books, now: datetime) -> Iterator[Difference]:
    for payment in books.payments.values():
        since = _moving_since(books, payment)
        if since is not None and since < now - (LONGEST_WAIT if _is_at_paypal(payment) else LONGEST_MOVE):
            detail = f"The payment is {payment.status.value} since {isoformat(since)} or longer."
            yield Difference(_K.PAYMENT_STUCK, payment.id, detail)


def _moving_since(books: Books, payment: Payment) -> datetime | None:
    """Every look at PayPal moves the payment itself. An order to capture lives hours; a refund begins with what
    was paid for ending.
    """
    if payment.status not in MOVING | {PaymentStatus.PENDING}:
        return None
    thing = books.paid_for(payment.id)
    if payment.status in {PaymentStatus.CAPTURING, PaymentStatus.PENDING} or thing is None:
        return payment.created_at
    return thing.updated_at


def _is_at_paypal(payment: Payment) -> bool:
    """Taken on by PayPal and pending there, rather than tried by us again and again."""
    if payment.status is PaymentStatus.PENDING:
        return True
    asked_hourly = payment.check_at is not None and payment.check_at >= payment.updated_at + LOOK_AGAIN
    return payment.status is PaymentStatus.REFUNDING and asked_hourly


def _never_paid(books: Books, now: datetime) -> Iterator[Difference]:
    for session in books.sessions.values():
        known = session.payment_id is None or session.payment_id in books.payments
        if session.stands and not known and session.updated_at <= now - QUIET:
            detail = "It stands, and the payment that it names is not there."
            yield Difference(_K.CONFIRMED_NOT_CAPTURED, session.id, detail)


@dataclass(frozen=True, slots=True)
class _Account:
    """What PayPal holds of one payment. ``given_back`` is of the payment's own captures, and done.

    ``kept`` leaves out what is on its way back; ``kept_captures`` are ids of captures that are not given back whole.
    """

    captures: Mapping[str, Money]
    kept_captures: Sequence[str]
    given_back: Decimal
    kept: Decimal


def _account(payment: Payment, order: OrderState | None, ledger: Sequence[LedgerEntry]) -> _Account:
    """The order tells what became of it; the ledger, of what else was taken in the payment's name."""
    known = order.captures if order else ()
    listed = {e.id: e.amount for e in ledger if e.kind is LedgerKind.CAPTURE and e.custom_id == payment.id}
    taken = {each.id: each.amount for each in known if each.status in _TOOK_MONEY}
    captures = {**listed, **taken}
    own = {each for each in captures if each in taken or each == payment.capture_id}
    listed_back = {each: _listed_back(each, ledger) for each in captures}
    returned = {each.id for each in known if each.status is CaptureStatus.REFUNDED}
    returned |= {each for each, money in captures.items() if listed_back[each] >= money.amount}
    back = given_back(order) if order else GivenBack(NOTHING, NOTHING)
    own_back = sum((listed_back[each] for each in own), NOTHING)
    others_back = sum((listed_back[each] for each in captures.keys() - own), NOTHING)
    taken_in_all = sum((money.amount for money in captures.values()), NOTHING)
    return _Account(
        captures=captures,
        kept_captures=sorted(captures.keys() - returned),
        given_back=max(back.done, own_back),
        kept=taken_in_all - max(back.total, own_back) - others_back,
    )


def _listed_back(capture_id: str, ledger: Sequence[LedgerEntry]) -> Decimal:
    refunds = (e for e in ledger if e.kind is LedgerKind.REFUND and e.capture_id == capture_id)
    return sum((refund.amount.amount for refund in refunds), NOTHING)


def _said(money: Money) -> str:
    return f"{money} {money.currency}"


# The calendar


def _of_calendar(books: Books, calendar: CalendarSays, now: datetime) -> Iterator[Difference]:
    written: dict[str, list[Interval]] = {}
    for event in calendar.events:
        written.setdefault(event.session_id, []).append(event.time)
    for session in books.sessions.values():
        if _belongs_in(calendar.span, session) and _is_quiet(session, now):
            yield from _of_event(session, written.get(session.id, []))
    for session_id, times in written.items():
        known = books.sessions.get(session_id)
        if known is None or (not known.stands and _is_quiet(known, now)):
            status = known.status.value if known else "unknown"
            detail = (
                f"The calendar has an event at {isoformat(times[0].start)} for a session that is {status}."
            )
            yield Difference(_K.EVENT_LEFT_OVER, session_id, detail)


def _belongs_in(span: Interval, session: Session) -> bool:
    return session.status is AppointmentStatus.CONFIRMED and span.start <= session.time.start < span.end


def _is_quiet(session: Session, now: datetime) -> bool:
    """An event that is owed is on its way."""
    return session.calendar_status is not CalendarStatus.OWED and session.updated_at <= now - QUIET


def _of_event(session: Session, times: Sequence[Interval]) -> Iterator[Difference]:
    start = isoformat(session.time.start)
    if not times:
        detail = f"The session at {start} is not in the calendar."
        yield Difference(_K.EVENT_MISSING, session.id, detail)
    elif session.time not in times:
        detail = f"The session is at {start}; the calendar has it at {isoformat(times[0].start)}."
        yield Difference(_K.EVENT_MOVED, session.id, detail)
