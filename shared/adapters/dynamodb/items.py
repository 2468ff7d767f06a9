"""Between the domain's records and the table's items. Instants are ISO strings, amounts strings, lengths numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from shared.adapters.dynamodb import keys
from shared.domain import schedule as schedule_data
from shared.domain.appointment import Actor, Appointment, AppointmentStatus, CalendarStatus, Client
from shared.domain.attention import Attention, AttentionKind
from shared.domain.diary import Claim, Settings
from shared.domain.effects import Effect, EffectKind, EffectStatus
from shared.domain.money import Money
from shared.domain.notices import Notice, NoticeKind
from shared.domain.promo import Promo
from shared.domain.service import Service
from shared.domain.time import Interval, isoformat

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def dump(record: Item) -> Item:
    """To DynamoDB's own JSON; what is None is left out."""
    return {name: _serialize(value) for name, value in record.items() if value is not None}


def present(record: Item) -> Item:
    """For an item within an item."""
    return {name: value for name, value in record.items() if value is not None}


def load(item: Item) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def optional(value: datetime | None) -> str | None:
    return None if value is None else isoformat(value)


def optional_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def appointment_record(appointment: Appointment) -> Item:
    return {
        "id": appointment.id,
        "client_id": appointment.client.id,
        "email": appointment.client.email,
        "name": appointment.client.name,
        "service": appointment.service,
        "status": appointment.status.value,
        "start": isoformat(appointment.start),
        "duration_minutes": appointment.duration_minutes,
        "buffer_before_minutes": appointment.buffer_before_minutes,
        "buffer_after_minutes": appointment.buffer_after_minutes,
        "timezone": appointment.timezone,
        "phone": appointment.phone,
        "backup_start": optional(appointment.backup_start),
        "answers": appointment.answers,
        "promo_code": appointment.promo_code,
        "package_id": appointment.package_id,
        "reschedules_used": appointment.reschedules_used,
        "sequence": appointment.sequence,
        "calendar_status": appointment.calendar_status.value,
        "payment_id": appointment.payment_id,
        "sms_consent_at": optional(appointment.sms_consent_at),
        "hold_until": optional(appointment.hold_until),
        "paying": appointment.paying or None,
        "cancelled_by": appointment.cancelled_by.value if appointment.cancelled_by else None,
        "cancel_reason": appointment.cancel_reason,
        "credit_returned": appointment.credit_returned,
        "moves": appointment.moves,
        "manage_key": appointment.manage_key,
        "move_fee": f"{appointment.move_fee} {appointment.move_fee.currency}"
        if appointment.move_fee
        else None,
        "timed_at": optional(appointment.timed_at),
        "leaves": [isoformat(end) for end in appointment.leaves] if appointment.leaves else None,
        "created_at": isoformat(appointment.created_at),
        "updated_at": isoformat(appointment.updated_at),
    }


def appointment(record: Item) -> Appointment:
    return Appointment(
        id=record["id"],
        client=Client(id=record["client_id"], email=record["email"], name=record.get("name")),
        service=record["service"],
        status=AppointmentStatus(record["status"]),
        start=instant(record["start"]),
        duration_minutes=int(record["duration_minutes"]),
        buffer_before_minutes=int(record["buffer_before_minutes"]),
        buffer_after_minutes=int(record["buffer_after_minutes"]),
        timezone=record["timezone"],
        phone=record["phone"],
        backup_start=optional_instant(record.get("backup_start")),
        answers=record["answers"],
        promo_code=record.get("promo_code"),
        package_id=record.get("package_id"),
        reschedules_used=int(record["reschedules_used"]),
        sequence=int(record["sequence"]),
        calendar_status=CalendarStatus(record["calendar_status"]),
        payment_id=record.get("payment_id"),
        sms_consent_at=optional_instant(record.get("sms_consent_at")),
        hold_until=optional_instant(record.get("hold_until")),
        paying=record.get("paying", False),
        cancelled_by=Actor(record["cancelled_by"]) if "cancelled_by" in record else None,
        cancel_reason=record.get("cancel_reason"),
        credit_returned=record.get("credit_returned"),
        moves=record.get("moves"),
        manage_key=int(record.get("manage_key", 0)),
        move_fee=Money.of(*record["move_fee"].split(" ")) if "move_fee" in record else None,
        timed_at=optional_instant(record.get("timed_at")),
        leaves=Interval(*map(instant, record["leaves"])) if "leaves" in record else None,
        created_at=instant(record["created_at"]),
        updated_at=instant(record["updated_at"]),
    )


def effect_record(effect: Effect) -> Item:
    return {
        **keys.effect(effect.subject_id, effect.id),
        "kind": "EFFECT",
        "effect": effect.kind.value,
        "subject_id": effect.subject_id,
        "sequence": effect.sequence,
        "minutes_before": effect.minutes_before,
        "left": freed_text(effect.left) if effect.left else None,
        "status": effect.status.value,
        "attempts": effect.attempts,
        "GSI1PK": keys.OWED,
        "GSI1SK": keys.by_time(effect.due_at, effect.subject_id),
        "owed_at": isoformat(effect.owed_at),
        "due_at": isoformat(effect.due_at),
    }


def effect(record: Item) -> Effect:
    return Effect(
        subject_id=record["subject_id"],
        kind=EffectKind(record["effect"]),
        sequence=int(record["sequence"]),
        owed_at=instant(record["owed_at"]),
        due_at=instant(record["due_at"]),
        status=EffectStatus(record["status"]),
        attempts=int(record["attempts"]),
        provider_id=record.get("provider_id"),
        last_error=record.get("last_error"),
        minutes_before=int(record["minutes_before"]) if "minutes_before" in record else None,
        done_at=optional_instant(record.get("done_at")),
        left=_interval(record["left"]) if "left" in record else None,
    )


def notice_record(notice: Notice) -> Item:
    return {
        **keys.notice(notice.client_id, notice.id),
        "kind": "NOTICE",
        "id": notice.id,
        "client_id": notice.client_id,
        "notice": notice.kind.value,
        "subject_id": notice.subject_id,
        "start": optional(notice.start),
        "noted_at": isoformat(notice.noted_at),
        "GSI1PK": keys.by_reader(notice.client_id),
        "GSI1SK": keys.by_time(notice.noted_at, notice.id),
    }


def notice(record: Item) -> Notice:
    return Notice(
        id=record["id"],
        client_id=record["client_id"],
        kind=NoticeKind(record["notice"]),
        subject_id=record["subject_id"],
        start=optional_instant(record.get("start")),
        noted_at=instant(record["noted_at"]),
        read=record.get("read", False),
    )


def attention_record(attention: Attention) -> Item:
    return {
        **keys.attention(attention.id),
        "kind": "ATTENTION",
        "attention": attention.kind.value,
        "subject_id": attention.subject_id,
        "detail": attention.detail,
        "noted_at": isoformat(attention.noted_at),
        "GSI1PK": keys.OPEN_ATTENTION,
        "GSI1SK": keys.by_time(attention.noted_at, attention.id),
    }


def attention(record: Item) -> Attention:
    return Attention(
        kind=AttentionKind(record["attention"]),
        subject_id=record["subject_id"],
        detail=record["detail"],
        noted_at=instant(record["noted_at"]),
    )


def promo_record(promo: Promo) -> Item:
    return {
        **keys.promo(promo.code),
        "kind": "PROMO",
        "code": promo.code,
        "cap": promo.cap,
        "used": promo.used,
        "active": promo.active,
        "ends_at": optional(promo.expires_at),
    }


def promo(record: Item) -> Promo:
    return Promo(
        code=record["code"],
        cap=int(record["cap"]),
        used=int(record["used"]),
        active=record["active"],
        expires_at=optional_instant(record.get("ends_at")),
    )


def settings_record(settings: Settings) -> Item:
    return {
        **keys.settings(),
        "kind": "SETTINGS",
        "version": settings.version,
        "schedule": schedule_data.to_dict(settings.schedule),
        "services": [_service_record(service) for service in settings.services.values()],
    }


def settings(record: Item) -> Settings:
    services = [_service(service) for service in record["services"]]
    return Settings(
        schedule=schedule_data.from_dict(record["schedule"]),
        services={service.id: service for service in services},
        version=int(record["version"]),
    )


def _service_record(service: Service) -> Item:
    return {
        "id": service.id,
        "name": service.name,
        "duration_minutes": service.duration_minutes,
        "prices": {price.currency: str(price) for price in service.prices},
        "sessions": service.sessions,
    }


def _service(record: Item) -> Service:
    return Service(
        id=record["id"],
        name=record["name"],
        duration_minutes=int(record["duration_minutes"]),
        prices=tuple(Money.of(amount, currency) for currency, amount in record["prices"].items()),
        sessions=int(record["sessions"]),
    )


CLAIM_PREFIX = "claim:"


def claim_text(appointment: Appointment) -> str:
    """One claim in a week's item, short since a week is read whole: epoch minutes, the hold's end in seconds."""
    start, end = appointment.claim
    hold = "-" if appointment.hold_until is None else int(appointment.hold_until.timestamp())
    paying = " paying" if appointment.paying else ""
    return f"{_minutes(start)} {_minutes(end)} {_minutes(appointment.start)} {hold} {appointment.client.id}{paying}"


def claims(week: Item, span: Interval) -> list[Claim]:
    """Those of one week's item, as DynamoDB gives it, that meet the span.

    Read in bulk by every listing, so not through ``load``; what lies outside is left before anything is made of it.
    """
    first, last = _minutes(span.start), _minutes(span.end)
    found = []
    for name, value in week.items():
        if name.startswith(CLAIM_PREFIX):
            start, end, *rest = value["S"].split(" ")
            if int(start) < last and first < int(end):
                found.append(_claim(name.removeprefix(CLAIM_PREFIX), start, end, *rest))
    return found


FREED_PREFIX = "freed:"


def freed_name(appointment_id: str, sequence: int) -> str:
    """``sequence`` is that of the time that was left."""
    return f"{FREED_PREFIX}{appointment_id}-{sequence}"


def freed_text(session: Interval) -> str:
    return f"{_minutes(session.start)} {_minutes(session.end)}"


def freed(week: Item, span: Interval) -> list[Interval]:
    """Times that sessions had before they were cancelled or moved."""
    found = [_interval(value["S"]) for name, value in week.items() if name.startswith(FREED_PREFIX)]
    return [session for session in found if session.overlaps(span)]


def _claim(
    appointment_id: str,
    start: str,
    end: str,
    session_start: str,
    hold_until: str,
    client_id: str,
    *paying: str,
) -> Claim:
    return Claim(
        appointment_id,
        client_id,
        Interval(_instant(start), _instant(end)),
        _instant(session_start),
        None if hold_until == "-" else datetime.fromtimestamp(int(hold_until), UTC),
        bool(paying),
    )


def _interval(text: str) -> Interval:
    return Interval(*map(_instant, text.split(" ")))


def _minutes(value: datetime) -> int:
    return int(value.timestamp()) // 60


def _instant(epoch_minutes: str) -> datetime:
    return datetime.fromtimestamp(int(epoch_minutes) * 60, UTC)
