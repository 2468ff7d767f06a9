"""Words that mails and invitations share."""

from __future__ import annotations

import phonenumbers

from shared.domain.appointment import Appointment
from shared.domain.package import Package
from shared.domain.service import FREE


def session_title(appointment: Appointment) -> str:
    return "Free coaching session" if appointment.service == FREE else "Coaching session"


def package_title(package: Package) -> str:
    return f"Package: {package.sessions_total} sessions of {package.duration_minutes} minutes"


def pretty_phone(e164: str) -> str:
    """``+14165550123`` as ``+1 416-555-0123``."""
    number = phonenumbers.parse(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
