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
from shared.adapters.wording import pretty_phone, session_title
from shared.domain.appointment import Appointment
from shared.domain.service import FREE
from shared.domain.time import Interval
from shared.usecases.ports import Letter, LetterKind

LANGUAGE = "en"
COACHES_COPIES = frozenset({LetterKind.COACH_BOOKED})


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


def write(letter: Letter, *, coach_name: str, manage_url: str) -> Words:
    """What the letter says, with every time in its reader's zone and all client text inert."""
    context = _context(letter, coach_name, manage_url)
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


def _context(letter: Letter, coach_name: str, manage_url: str) -> dict[str, object]:
    appointment = letter.appointment
    zone = letter.coach_timezone if letter.kind in COACHES_COPIES else appointment.timezone
    return {
        "title": session_title(appointment),
        "minutes": appointment.duration_minutes,
        "when": when(appointment.session, zone),
        "backup": _backup(appointment, zone),
        "client_name": one_line(appointment.client.name or ""),
        "client_email": one_line(appointment.client.email),
        "client_timezone": appointment.timezone,
        "phone": pretty_phone(appointment.phone),
        "phone_e164": appointment.phone,
        "answers": [(_label(key), plain(text).strip()) for key, text in appointment.answers.items()],
        "free": appointment.service == FREE,
        "coach_name": one_line(coach_name),
        "manage_url": manage_url,
        "day": list(_day(letter)),
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


def _day(letter: Letter) -> Iterator[DayLine]:
    about = letter.appointment
    others = (other for other in letter.that_day if other.id != about.id)
    for appointment in sorted([about, *others], key=lambda each: each.start):
        yield DayLine(
            times=when(appointment.session, letter.coach_timezone).times,
            title=session_title(appointment),
            name=one_line(appointment.client.name or appointment.client.email, 60),
            here=appointment is about,
        )
