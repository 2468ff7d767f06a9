"""The ports in memory: real implementations, held to the same contract as the real ones, and told how to fail."""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.appointment import Appointment, CalendarStatus
from shared.domain.diary import Claim, Diary, Settings
from shared.domain.effects import MAX_ATTEMPTS, Effect, EffectKind, EffectStatus, lease
from shared.domain.errors import (
    CalendarUnavailable,
    InvalidInput,
    PromoAlreadyUsed,
    PromoExhausted,
    SlotTaken,
)
from shared.domain.promo import MISSES_WINDOW, SEED_PROMOS, Promo
from shared.domain.schedule import DEFAULT_SCHEDULE
from shared.domain.service import SEED_SERVICES
from shared.domain.time import Interval
from shared.usecases.ports import (
    AlreadyBooked,
    DiaryChanged,
    EarlierBooking,
    FreeBookingFacts,
    Letter,
    Page,
    PromoReading,
)


@dataclass
class FakeClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class FakeCalendar:
    """``foreign`` are the coach's own busy times; ``failing`` makes every call fail."""

    foreign: list[Interval] = field(default_factory=list)
    events: dict[str, Appointment] = field(default_factory=dict)
    failing: Exception | None = None
    asked: int = 0

    def busy(self, span: Interval) -> list[Interval]:
        self.asked += 1
        if self.failing:
            raise CalendarUnavailable("down")
        return [busy for busy in self.foreign if busy.overlaps(span)]

    def put_event(self, appointment: Appointment) -> None:
        if self.failing:
            raise self.failing
        self.events[appointment.id] = appointment

    def remove_event(self, appointment_id: str) -> None:
        if self.failing:
            raise self.failing
        self.events.pop(appointment_id, None)

    def check(self) -> str:
        return "initialized"


@dataclass
class FakeMailer:
    """``fails_before`` nothing is sent; ``fails_after`` it is sent and the answer lost."""

    sent: list[Letter] = field(default_factory=list)
    fails_before: Exception | None = None
    fails_after: Exception | None = None

    def send(self, letter: Letter) -> str:
        if self.fails_before:
            raise self.fails_before
        self.sent.append(letter)
        if self.fails_after:
            raise self.fails_after
        return f"mail-{len(self.sent)}"

    def check(self) -> str:
        return "initialized"


class FakeStore:
    """Both store ports over dictionaries, one lock for all."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings: Settings | None = None
        self._promos: dict[str, Promo] = {}
        self._uses: set[tuple[str, str]] = set()
        self._misses: dict[tuple[str, int], int] = {}
        self._booked: dict[str, tuple[Appointment, str]] = {}
        self._appointments: dict[str, Appointment] = {}
        self._effects: dict[tuple[str, str], Effect] = {}
        self._writes = 0

    def seed(self) -> None:
        services = {service.id: service for service in SEED_SERVICES}
        self._settings = self._settings or Settings(schedule=DEFAULT_SCHEDULE, services=services, version=1)
        for promo in SEED_PROMOS:
            self._promos.setdefault(promo.code, promo)

    def check(self) -> None:
        self.settings()

    def settings(self) -> Settings:
        assert self._settings is not None, "not seeded"
        return self._settings

    def change_settings(self, settings: Settings) -> None:
        self._settings = replace(settings, version=self.settings().version + 1)

    def change_promo(self, promo: Promo) -> None:
        self._promos[promo.code] = promo

    def diary(self, span: Interval) -> Diary:
        with self._lock:
            claims = [_claim(each) for each in self._appointments.values() if each.claim.overlaps(span)]
            return Diary(settings=self.settings(), claims=tuple(claims), week_versions={"all": self._writes})

    def promo(self, code: str, client_id: str, now: datetime) -> PromoReading:
        return PromoReading(
            promo=self._promos.get(code),
            used_by_client=(code, client_id) in self._uses,
            misses=self._misses.get((client_id, _window(now)), 0),
        )

    def count_miss(self, client_id: str, now: datetime) -> None:
        key = (client_id, _window(now))
        self._misses[key] = self._misses.get(key, 0) + 1

    def free_booking_facts(
        self, span: Interval, code: str, client_id: str, appointment_id: str, now: datetime
    ) -> FreeBookingFacts:
        with self._lock:
            return FreeBookingFacts(
                self.diary(span), self.promo(code, client_id, now), self._earlier_booking(appointment_id)
            )

    def book_free(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        with self._lock:
            code = appointment.promo_code or ""
            promo = self._promos.get(code)
            if appointment.id in self._booked:
                raise AlreadyBooked
            if (code, appointment.client.id) in self._uses:
                raise PromoAlreadyUsed("used")
            if promo is None or not promo.active or not promo.remaining:
                raise PromoExhausted("exhausted")
            binding = self.diary(appointment.claim).binding(appointment.client.id, appointment.created_at)
            if binding:
                raise SlotTaken("taken")
            if relied_on.settings.version != self.settings().version:
                raise DiaryChanged
            if self.settings().schedule.daily_limit and relied_on.week_versions != {"all": self._writes}:
                raise DiaryChanged
            self._writes += 1
            self._promos[code] = replace(promo, used=promo.used + 1)
            self._uses.add((code, appointment.client.id))
            self._booked[appointment.id] = (appointment, fingerprint)
            self._appointments[appointment.id] = appointment
            self._effects |= {(effect.subject_id, effect.id): effect for effect in effects}

    def _earlier_booking(self, appointment_id: str) -> EarlierBooking | None:
        booked = self._booked.get(appointment_id)
        return None if booked is None else EarlierBooking(*booked)

    def appointment(self, appointment_id: str) -> Appointment | None:
        return self._appointments.get(appointment_id)

    def appointments(self, ids: Sequence[str]) -> list[Appointment]:
        return [self._appointments[each] for each in ids if each in self._appointments]

    def appointments_of(self, client_id: str, now: datetime, cursor: str | None, limit: int) -> Page:
        own = [each for each in self._appointments.values() if each.client.id == client_id]
        upcoming = sorted((each for each in own if each.start >= now), key=lambda each: each.start)
        past = sorted((each for each in own if each.start < now), key=lambda each: each.start, reverse=True)
        listed = [*upcoming, *past]
        begin = 0 if cursor is None else _read_cursor(cursor)
        end = begin + limit
        more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(listed) else None
        return Page(tuple(listed[begin:end]), more)

    def due_effects(self, now: datetime) -> list[tuple[str, str]]:
        return [key for key, effect in self._effects.items() if _due(effect, now)]

    def effect(self, subject_id: str, effect_id: str) -> Effect:
        return self._effects[subject_id, effect_id]

    def lease_effect(self, subject_id: str, effect_id: str, now: datetime) -> Effect | None:
        with self._lock:
            effect = self._effects.get((subject_id, effect_id))
            if effect is None or not _due(effect, now):
                return None
            leased = replace(effect, due_at=now + lease(effect_id), attempts=effect.attempts + 1)
            self._effects[subject_id, effect_id] = leased
            if leased.attempts > MAX_ATTEMPTS:
                self.bury_effect(leased, "each try ended without a word")
                return None
            return leased

    def postpone_effect(self, effect: Effect, due_at: datetime, error: str) -> None:
        self._change_mine(effect, due_at=due_at, last_error=error)

    def bury_effect(self, effect: Effect, error: str) -> None:
        self._change_mine(effect, status=EffectStatus.DEAD, last_error=error)
        self._note_calendar(effect, CalendarStatus.FAILED)

    def finish_effect(self, effect: Effect, now: datetime, provider_id: str | None) -> None:
        self._note_calendar(effect, CalendarStatus.WRITTEN)
        self.confirm_sent(effect.subject_id, effect.id, provider_id or "-", now)

    def confirm_sent(self, subject_id: str, effect_id: str, provider_id: str, now: datetime) -> None:
        effect = self._effects.get((subject_id, effect_id))
        if effect is not None and effect.status is not EffectStatus.DONE:
            done = replace(effect, status=EffectStatus.DONE, provider_id=provider_id, last_error=None)
            self._effects[subject_id, effect_id] = done

    def _change_mine(self, effect: Effect, **changes: object) -> None:
        key = (effect.subject_id, effect.id)
        now = self._effects[key]
        if now.status is EffectStatus.OWED and now.attempts == effect.attempts:
            self._effects[key] = replace(now, **changes)  # type: ignore[arg-type]

    def _note_calendar(self, effect: Effect, status: CalendarStatus) -> None:
        if effect.kind is EffectKind.CALENDAR_EVENT:
            booked = self._appointments[effect.subject_id]
            self._appointments[booked.id] = replace(booked, calendar_status=status)


def _claim(appointment: Appointment) -> Claim:
    return Claim(
        appointment.id, appointment.client.id, appointment.claim, appointment.start, appointment.hold_until
    )


def _due(effect: Effect, now: datetime) -> bool:
    return effect.status is EffectStatus.OWED and effect.due_at <= now


def _window(now: datetime) -> int:
    return int(now.timestamp() // MISSES_WINDOW.total_seconds())


def _read_cursor(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except ValueError:
        raise InvalidInput("cursor", "this is no cursor of this list") from None
