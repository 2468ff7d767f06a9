"""The words of each mail: subject, text and HTML, from templates in one folder a language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from shared.adapters.mails.times import When, when
from shared.adapters.text import one_line, plain
from shared.adapters.wording import package_title, pretty_phone, session_title
from shared.domain.appointment import Actor, Appointment, AppointmentStatus
from shared.domain.package import Package
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.service import FREE
from shared.domain.time import Interval
from shared.usecases.ports import Letter, LetterKind

LANGUAGE = "en"
COACHES_COPIES = frozenset(
    {
        LetterKind.COACH_BOOKED,
        LetterKind.COACH_MOVED,
        LetterKind.COACH_CANCELLED,
        LetterKind.COACH_PACKAGE,
    }
)
FEE_OPEN = frozenset(
    {PaymentStatus.CREATED, PaymentStatus.CAPTURING, PaymentStatus.PENDING, PaymentStatus.NEEDS_REVIEW}
)


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """One session of the coach's day; ``here`` marks the one the letter is about."""

    times: str
    title: str
    name: str
    here: bool


def write(letter: Letter, *, coach_name: str, manage_url: str, booking_url: str) -> Words:
    """What the letter says, with every time in its reader's zone and all client text inert."""
    context = {
        "coach_name": one_line(coach_name),
        "client_name": one_line(letter.about.client.name or ""),
        "client_email": one_line(letter.about.client.email),
        "manage_url": manage_url,
        "booking_url": booking_url,
        **_money(letter.payment),
        "change_fee": f"{letter.change_fee} {letter.change_fee.currency}" if letter.change_fee else None,
        **_matter(letter),
    }
    text = _environment().get_template(f"{LANGUAGE}/{letter.kind}.txt").make_module(context)
    html = _environment().get_template(f"{LANGUAGE}/{letter.kind}.html").render(context)
    return Words(subject=one_line(_subject(text)), text=str(text), html=html)


def _subject(module: Any) -> str:
    return str(module.subject)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _money(payment: Payment | None) -> dict[str, object]:
    """The price, and what of it went or goes back; None of a session that costs nothing by itself.

    ``fee`` is the one for cancelling a package's session.
    """
    if payment is None:
        return {"amount": None, "fee": None}
    price, currency = payment.amount.amount, payment.amount.currency
    goes_back = max(payment.refund_due, payment.refunded)
    return {
        "amount": f"{price} {currency}",
        "refunded": f"{payment.refunded} {currency}",
        "all_refunded": payment.refunded == price,
        "goes_back": f"{goes_back} {currency}" if goes_back else None,
        "kept": f"{price - goes_back} {currency}" if goes_back < price else None,
        "fee": f"{price} {currency}" if payment.cancels else None,
        "fee_open": payment.status in FEE_OPEN,
        "fee_taken": bool(payment.fee),
    }


def _matter(letter: Letter) -> dict[str, object]:
    """What was booked or bought; ``when`` is None for a package, which is for no time yet."""
    about = letter.about
    if isinstance(about, Package):
        return {
            "what": package_title(about),
            "sessions": about.sessions_total,
            "when": None,
            "free": False,
            "from_package": True,
            "moving": False,
        }
    zone = letter.coach_timezone if letter.kind in COACHES_COPIES else about.timezone
    return {
        "what": f"{session_title(about)}, {about.duration_minutes} minutes",
        "title": session_title(about),
        "when": when(about.session, zone),
        "backup": _backup(about, zone),
        "client_timezone": about.timezone,
        "phone": pretty_phone(about.phone),
        "phone_e164": about.phone,
        "answers": [(_label(key), plain(text).strip()) for key, text in about.answers.items()],
        "free": about.service == FREE,
        "from_package": about.package_id is not None,
        "moving": about.moves is not None,
        "move_fee": f"{about.move_fee} {about.move_fee.currency}" if about.move_fee else None,
        "by_client": about.cancelled_by is Actor.CLIENT,
        "reason": plain(about.cancel_reason or "").strip(),
        "promo_code": about.promo_code,
        "returned": about.credit_returned,
        "day": list(_day(about, letter)),
    }


def _backup(appointment: Appointment, zone: str) -> When | None:
    if appointment.backup_start is None:
        return None
    return when(
        Interval(appointment.backup_start, appointment.backup_start + (appointment.end - appointment.start)),
        zone,
    )


def _label(key: str) -> str:
    """``what_brings_you`` as ``What brings you``."""
    words = one_line(key.replace("_", " "))
    return words[:1].upper() + words[1:]


def _day(about: Appointment, letter: Letter) -> Iterator[DayLine]:
    sessions = [other for other in letter.that_day if other.id != about.id]
    if about.status is not AppointmentStatus.CANCELLED:
        sessions.append(about)
    for appointment in sorted(sessions, key=lambda each: each.start):
        yield DayLine(
            times=when(appointment.session, letter.coach_timezone).times,
            title=session_title(appointment),
            name=one_line(appointment.client.name or appointment.client.email, 60),
            here=appointment is about,
        )
