"""Bookings in DynamoDB: each method of the port is one read or one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.dynamodb import bookings, cursors, diaries, items, keys, seeds, writes
from shared.adapters.dynamodb.payment_items import payment
from shared.adapters.dynamodb.table import Found, Table
from shared.adapters.dynamodb.transaction import Step, read, write
from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.diary import Diary, Settings
from shared.domain.errors import PromoAlreadyUsed, PromoExhausted
from shared.domain.promo import MISSES_WINDOW
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import Booked, FreeBookingFacts, Page, PromoReading

if TYPE_CHECKING:
    from shared.domain.effects import Effect

UPCOMING, PAST = "u", "p"


class DynamoBookings:
    """The port ``BookingStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def seed(self) -> None:
        seeds.seed(self.table)

    def check(self) -> None:
        self.table.get("check", keys.settings())

    def settings(self) -> Settings:
        item = self.table.get("settings", keys.settings())
        return diaries.settings(item)

    def diary(self, span: Interval) -> Diary:
        wanted = diaries.wanted(span)
        return diaries.diary(self.table.get_all("diary", wanted), span)

    def promo(self, code: str, client_id: str, now: datetime) -> PromoReading:
        found = self.table.get_all("promo", _promo_keys(code, client_id, now))
        return _promo(found, code, client_id, now)

    def count_miss(self, client_id: str, now: datetime) -> None:
        window = _window(now)
        expires = int((window + 2) * MISSES_WINDOW.total_seconds())
        self.table.update(
            "count_miss",
            keys.misses(client_id, window),
            UpdateExpression="SET expires_at = :expires ADD misses :one",
            ExpressionAttributeValues=items.dump({":one": 1, ":expires": expires}),
        )

    def free_booking_facts(
        self, span: Interval, code: str, client_id: str, appointment_id: str, now: datetime
    ) -> FreeBookingFacts:
        own = keys.appointment(appointment_id)
        found = self.table.get_all(
            "free_booking_facts", [*diaries.wanted(span), *_promo_keys(code, client_id, now), own]
        )
        return FreeBookingFacts(
            diary=diaries.diary(found, span),
            promo=_promo(found, code, client_id, now),
            earlier=bookings.earlier(found, appointment_id),
        )

    def book_free(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        name, code = self.table.name, appointment.promo_code or ""
        uses = (_use_once(name, code, appointment), _use_up(name, code))
        steps = bookings.book(name, appointment, fingerprint, relied_on, effects, *uses)
        write(self.table.client, "book_free", steps)

    def appointment(self, appointment_id: str) -> Appointment | None:
        item = self.table.get("appointment", keys.appointment(appointment_id))
        return None if item is None else items.appointment(items.load(item))

    def booked(self, appointment_id: str) -> Booked | None:
        key, paid = keys.appointment(appointment_id), keys.payment(appointment_id)
        found = read(self.table, "booked", [key, paid])
        item = found.get(keys.pair(key))
        if item is None:
            return None
        appointment = items.appointment(items.load(item))
        if appointment.payment_id and appointment.payment_id != appointment_id:
            found |= self.table.get_all("booked_fee", [keys.payment(appointment.payment_id)])
        return _booked(appointment, found)

    def appointments(self, ids: Sequence[str]) -> list[Appointment]:
        found = self.table.get_all("appointments", [keys.appointment(each) for each in ids])
        return [items.appointment(items.load(item)) for item in found.values()]

    def appointments_of(self, client_id: str, now: datetime, cursor: str | None, limit: int) -> Page:
        half, after = _read_cursor(cursor)
        upcoming: list[Appointment] = []
        if half == UPCOMING:
            upcoming = self._by_client(
                client_id, "GSI1SK > :b", after or isoformat(now), limit + 1, forward=True
            )
        past: list[Appointment] = []
        if len(upcoming) <= limit:
            boundary = after if half == PAST and after else isoformat(now)
            past = self._by_client(
                client_id, "GSI1SK < :b", boundary, limit + 1 - len(upcoming), forward=False
            )
        listed = [*upcoming, *past]
        if len(listed) <= limit:
            return Page(self._with_payments(listed, now), None)
        half = UPCOMING if len(upcoming) >= limit else PAST
        return Page(self._with_payments(listed[:limit], now), _cursor(half, listed[limit - 1]))

    def _with_payments(self, listed: Sequence[Appointment], now: datetime) -> tuple[Booked, ...]:
        shown = [each for each in listed if each.status_at(now) is not AppointmentStatus.EXPIRED]
        paid = [keys.payment(each.payment_id) for each in shown if each.payment_id]
        found = self.table.get_all("payments", paid) if paid else {}
        return tuple(_booked(each, found) for each in shown)

    def _by_client(
        self, client_id: str, condition: str, boundary: str, limit: int, *, forward: bool
    ) -> list[Appointment]:
        answer = self.table.query_index(
            "appointments_of",
            KeyConditionExpression=f"GSI1PK = :client AND {condition}",
            ExpressionAttributeValues=items.dump({":client": keys.by_client(client_id), ":b": boundary}),
            ScanIndexForward=forward,
            Limit=limit,
        )
        return [items.appointment(items.load(item)) for item in answer["Items"]]


def _use_once(table: str, code: str, appointment: Appointment) -> Step:
    record = {
        **keys.promo_use(code, appointment.client.id),
        "kind": "PROMO_USE",
        "appointment_id": appointment.id,
    }
    return writes.put_new(table, record, lambda: PromoAlreadyUsed("you have used this code already"))


def _use_up(table: str, code: str) -> Step:
    return Step(
        {
            "Update": {
                "TableName": table,
                "Key": items.dump(keys.promo(code)),
                "UpdateExpression": "ADD used :one",
                "ConditionExpression": "attribute_exists(PK) AND active = :yes AND used < cap",
                "ExpressionAttributeValues": items.dump({":one": 1, ":yes": True}),
            }
        },
        lambda: PromoExhausted("all uses of this code are gone"),
    )


def _promo_keys(code: str, client_id: str, now: datetime) -> list[keys.Key]:
    return [keys.promo(code), keys.promo_use(code, client_id), keys.misses(client_id, _window(now))]


def _window(now: datetime) -> int:
    return int(now.timestamp() // MISSES_WINDOW.total_seconds())


def _promo(found: Found, code: str, client_id: str, now: datetime) -> PromoReading:
    item = found.get(keys.pair(keys.promo(code)))
    misses = found.get(keys.pair(keys.misses(client_id, _window(now))))
    return PromoReading(
        promo=None if item is None else items.promo(items.load(item)),
        used_by_client=keys.pair(keys.promo_use(code, client_id)) in found,
        misses=0 if misses is None else int(misses["misses"]["N"]),
    )


def _booked(appointment: Appointment, found: Found) -> Booked:
    paid = found.get(keys.pair(keys.payment(appointment.payment_id or appointment.id)))
    return Booked(appointment, None if paid is None else payment(items.load(paid)))


def _cursor(half: str, last: Appointment) -> str:
    return cursors.write(half, keys.by_time(last.start, last.id))


def _read_cursor(cursor: str | None) -> tuple[str, str | None]:
    """Which half of the list to go on with, and after which entry of it."""
    return (UPCOMING, None) if cursor is None else cursors.read(cursor, {UPCOMING, PAST})
