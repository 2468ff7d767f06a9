"""The text message an effect owes, written from what is true when it is sent."""

from __future__ import annotations

from datetime import datetime

from shared.domain.effects import Effect, EffectKind
from shared.usecases.ports import BookingStore, LetterKind, NotToBeSent, Text, WillNeverWork
from shared.usecases.write_letter import OVERTAKEN, stands_so

TEXTS = {
    EffectKind.CLIENT_BOOKED_SMS: LetterKind.CLIENT_BOOKED,
    EffectKind.CLIENT_MOVED_SMS: LetterKind.CLIENT_MOVED,
    EffectKind.CLIENT_CANCELLED_SMS: LetterKind.CLIENT_CANCELLED,
    EffectKind.CLIENT_REMINDER_SMS: LetterKind.CLIENT_REMINDER,
}


def write_text(effect: Effect, bookings: BookingStore, now: datetime) -> Text:
    """Raises ``NotToBeSent`` when things have moved on, or the client never agreed; ``WillNeverWork``."""
    appointment, kind = bookings.appointment(effect.subject_id), TEXTS[effect.kind]
    if appointment is None:
        raise WillNeverWork("the booking is gone")
    if appointment.sms_consent_at is None:
        raise NotToBeSent("no consent")
    over = kind is not LetterKind.CLIENT_CANCELLED and appointment.start <= now
    if over or appointment.sequence != effect.sequence or not stands_so(kind, effect, appointment, now):
        raise NotToBeSent(OVERTAKEN)
    return Text(kind=kind, about=appointment, owed_at=effect.owed_at, again=effect.attempts > 1)
