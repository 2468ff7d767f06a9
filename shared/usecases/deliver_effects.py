"""What is owed after a booking is paid off: take one up, read the booking again, make the world match it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.appointment import STANDING, Appointment
from shared.domain.effects import IN_CALENDAR, MAX_ATTEMPTS, Effect, EffectKind, retry_delay
from shared.domain.notices import notice_of
from shared.observability import count, logger
from shared.usecases.follow_payment import collect, give_up_refund, pay_back
from shared.usecases.ports import (
    BookingStore,
    Calendar,
    Clock,
    EffectStore,
    Letter,
    Mailer,
    NoticeStore,
    NotToBeSent,
    OutcomeUnknown,
    Texter,
    TryAgainLater,
    WillNeverWork,
)
from shared.usecases.till import Till
from shared.usecases.write_letter import write_letter
from shared.usecases.write_text import TEXTS, write_text

LOOKS = 5
"""How often one worker follows a booking that changes while its event is being written."""


@dataclass(frozen=True, slots=True)
class World:
    """All that delivering touches."""

    bookings: BookingStore
    effects: EffectStore
    mailer: Mailer
    texter: Texter
    till: Till
    notices: NoticeStore

    @property
    def calendar(self) -> Calendar:
        return self.till.calendar

    @property
    def clock(self) -> Clock:
        return self.till.clock


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
    if effect.attempts > MAX_ATTEMPTS:
        _give_up(world, effect, "each try ended without a word")
        return True
    try:
        provider_id = _make_it_so(world, effect)
    except NotToBeSent as reason:
        world.effects.suppress_effect(effect, world.clock.now(), _why_not(reason, effect))
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


def _why_not(reason: NotToBeSent, effect: Effect) -> str:
    """Of a try that ended without a word, nobody knows whether it was sent."""
    return str(reason) if effect.attempts == 1 else f"{reason}; an earlier try may have been sent"


def _make_it_so(world: World, effect: Effect) -> str | None:
    match effect.kind:
        case kind if kind in IN_CALENDAR:
            _match_calendar(world, effect.subject_id)
            return None
        case EffectKind.REFUND:
            pay_back(world.till, effect.subject_id)
            return None
        case EffectKind.CHARGE:
            collect(world.till, effect.subject_id)
            return None
        case kind if kind in TEXTS:
            return world.texter.send(write_text(effect, world.bookings, world.clock.now()))
        case _:
            return _tell(world, effect, write_letter(effect, world.bookings, world.till))


def _tell(world: World, effect: Effect, letter: Letter) -> str:
    """In the app first, so that whoever can't be reached by mail still reads it there."""
    notice = notice_of(effect, letter.about, world.clock.now())
    if notice is not None:
        world.notices.post(notice)
    return world.mailer.send(letter)


def _match_calendar(world: World, appointment_id: str) -> None:
    """Whatever the booking is now. Who was slower than another worker with a newer booking finds that out, and mends
    what it has just written over."""
    seen = _booking(world, appointment_id)
    for _ in range(LOOKS):
        if seen.status in STANDING:
            world.calendar.put_event(seen)
        else:
            world.calendar.remove_event(appointment_id)
        before, seen = seen, _booking(world, appointment_id)
        if seen == replace(before, calendar_status=seen.calendar_status):
            return
    raise TryAgainLater("the booking is being changed again and again")


def _booking(world: World, appointment_id: str) -> Appointment:
    appointment = world.bookings.appointment(appointment_id)
    if appointment is None:
        raise WillNeverWork("the booking is gone")
    return appointment


def _try_later(world: World, effect: Effect, failed: Exception) -> None:
    if effect.attempts >= MAX_ATTEMPTS:
        _give_up(world, effect, type(failed).__name__)
        return
    logger.warning("effect failed", effect=effect.id, subject=effect.subject_id, error=type(failed).__name__)
    due_at: datetime = world.clock.now() + retry_delay(effect.attempts)
    world.effects.postpone_effect(effect, due_at, type(failed).__name__)


def _give_up(world: World, effect: Effect, error: str) -> None:
    if effect.kind is EffectKind.REFUND:
        give_up_refund(world.till, effect.subject_id, error)
    world.effects.bury_effect(effect, error)
    logger.error("effect dead", effect=effect.id, subject=effect.subject_id, error=error)
    count("EffectsDead")
