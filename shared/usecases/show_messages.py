"""The notification log of one booking or package."""

from __future__ import annotations

from shared.domain.appointment import Appointment
from shared.domain.messages import Message, of_effect, of_notice
from shared.domain.package import Package
from shared.usecases.ports import EffectStore, NoticeStore


def messages_about(effects: EffectStore, notices: NoticeStore, about: Appointment | Package) -> list[Message]:
    """Every message in every channel, the oldest first."""
    told = [of_notice(notice) for notice in notices.notices_about(about.client.id, about.id)]
    sent = [message for each in effects.effects_of(about.id) if (message := of_effect(each)) is not None]
    return sorted([*sent, *told], key=lambda message: (message.owed_at, message.id, message.channel))
