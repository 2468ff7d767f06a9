"""What is owed after a booking is paid off: take one up, read the booking again, make the world match it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.effects import MAX_ATTEMPTS, Effect, EffectKind, retry_delay
from shared.domain.local_time import span_of_days
from shared.domain.time import Interval
from shared.observability import count, logger
from shared.usecases.ports import (
    BookingStore,
    Calendar,
    Clock,
    EffectStore,
    Letter,
    LetterKind,
    Mailer,
    OutcomeUnknown,
    WillNeverWork,
)

LETTERS = {
    EffectKind.CLIENT_BOOKED_MAIL: LetterKind.CLIENT_BOOKED,
    EffectKind.COACH_BOOKED_MAIL: LetterKind.COACH_BOOKED,
}
STANDING = frozenset({AppointmentStatus.CONFIRMED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW})


@dataclass(frozen=True, slots=True)
class World:
    """All that delivering touches."""

    bookings: BookingStore
    effects: EffectStore
    calendar: Calendar
    mailer: Mailer
    clock: Clock


def deliver_all(world: World, candidates: Iterable[tuple[str, str]]) -> int:
    """Delivers each that is still owed and due; the number it took up."""
    return sum(deliver(world, subject_id, effect_id) for subject_id, effect_id in candidates)


def deliver(world: World, subject_id: str, effect_id: str) -> bool:
    """Takes the effect up and sees it through; False when it was not to be had.

    Whatever goes wrong outside is noted on the effect and tried again later: one bad call blocks nothing else.
    """
    effect = world.effects.lease_effect(subject_id, effect_id, world.clock.now())
    if effect is None:
        return False
    try:
        provider_id = _make_it_so(world, effect)
    except WillNeverWork as hopeless:
        _give_up(world, effect, str(hopeless))
    except OutcomeUnknown:
        # It may have been done. The lease runs on, and the provider's own word may come before it ends.
        logger.warning("effect in doubt", effect=effect.id, subject=subject_id)
    except Exception as failed:
        _try_later(world, effect, failed)
    else:
        world.effects.finish_effect(effect, world.clock.now(), provider_id)
    return True


def _make_it_so(world: World, effect: Effect) -> str | None:
    appointment = world.bookings.appointment(effect.subject_id)
    if appointment is None:
        raise WillNeverWork("the booking is gone")
    if effect.kind is EffectKind.CALENDAR_EVENT:
        _match_calendar(world.calendar, appointment)
        return None
    if appointment.sequence != effect.sequence or appointment.status not in STANDING:
        return None  # the booking has moved on, and with it what there is to say
    return world.mailer.send(_letter(world, effect, appointment))


def _match_calendar(calendar: Calendar, appointment: Appointment) -> None:
    if appointment.status in STANDING:
        calendar.put_event(appointment)
    else:
        calendar.remove_event(appointment.id)


def _letter(world: World, effect: Effect, appointment: Appointment) -> Letter:
    zone = world.bookings.settings().schedule.timezone
    kind = LETTERS[effect.kind]
    return Letter(
        kind=kind,
        appointment=appointment,
        coach_timezone=zone,
        that_day=_that_day(world.bookings, appointment, zone) if kind is LetterKind.COACH_BOOKED else (),
        effect_id=f"{effect.subject_id}.{effect.id}",
    )


def _that_day(store: BookingStore, appointment: Appointment, zone: str) -> tuple[Appointment, ...]:
    """The coach's other standing sessions on the local day of this one, in order."""
    day = appointment.start.astimezone(ZoneInfo(zone)).date()
    span: Interval = span_of_days(zone, day, day)
    claims = [claim for claim in store.diary(span).claims if span.start <= claim.session_start < span.end]
    ids = [claim.appointment_id for claim in claims if claim.appointment_id != appointment.id]
    others = [each for each in store.appointments(ids) if each.status in STANDING]
    return tuple(sorted(others, key=lambda each: each.start))


def _try_later(world: World, effect: Effect, failed: Exception) -> None:
    if effect.attempts >= MAX_ATTEMPTS:
        _give_up(world, effect, type(failed).__name__)
        return
    logger.warning("effect failed", effect=effect.id, subject=effect.subject_id, error=type(failed).__name__)
    due_at: datetime = world.clock.now() + retry_delay(effect.attempts)
    world.effects.postpone_effect(effect, due_at, type(failed).__name__)


def _give_up(world: World, effect: Effect, error: str) -> None:
    world.effects.bury_effect(effect, error)
    logger.error("effect dead", effect=effect.id, subject=effect.subject_id, error=error)
    count("EffectsDead")
