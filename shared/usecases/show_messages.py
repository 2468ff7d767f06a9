"""The notification log of one booking or package."""

from __future__ import annotations

from shared.domain.appointment import Appointment
from shared.domain.messages import Message, of_effect, of_notice
from shared.domain.package import Package
from shared.usecases.ports import EffectStore, NoticeStore


def messages_about(effects: EffectStore, notices: NoticeStore, about: Appointment | Package) -> list[Message]:
    """Every message in every channel, the oldest first; those about the fee for cancelling it, too."""
    fee = about.payment_id if isinstance(about, Appointment) else None
    found: list[Message] = []
    for subject in {about.id, fee or about.id}:
        found += map(of_notice, notices.notices_about(about.client.id, subject))
        found += filter(None, map(of_effect, effects.effects_of(subject)))
    return sorted(found, key=lambda message: (message.owed_at, message.id, message.channel))
