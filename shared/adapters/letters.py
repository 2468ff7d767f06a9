"""A letter as the bytes of one email: text, HTML and the invitation."""

from __future__ import annotations

from collections.abc import Callable
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from shared.adapters import mails
from shared.adapters.invitations import CANCEL, REQUEST, Invitations
from shared.adapters.text import one_line
from shared.domain.appointment import Appointment
from shared.domain.package import Package
from shared.usecases.ports import Letter, LetterKind, WillNeverWork

METHODS = {
    LetterKind.CLIENT_BOOKED: REQUEST,
    LetterKind.COACH_BOOKED: REQUEST,
    LetterKind.CLIENT_MOVED: REQUEST,
    LetterKind.COACH_MOVED: REQUEST,
    LetterKind.CLIENT_CANCELLED: CANCEL,
    LetterKind.COACH_CANCELLED: CANCEL,
}
"""What each letter's invitation asks of a calendar (RFC 5546); letters not named here carry none."""

WIDE = SMTP.clone(max_line_length=300)
"""For the headers alone, once the parts are encoded: a long subject stays on one line."""


class Letters:
    """``mail_from`` is a bare address of a domain verified in SES; ``booking_url`` is where anybody books."""

    def __init__(
        self,
        *,
        mail_from: str,
        coach_email: str,
        coach_name: str,
        manage_url: Callable[[Appointment | Package], str],
        booking_url: str,
    ) -> None:
        self._mail_from = mail_from
        self._coach_email = coach_email
        self._coach_name = "" if "@" in coach_name else one_line(coach_name, 60)
        self._manage_url = manage_url
        self._booking_url = booking_url
        self._invitations = Invitations(organizer_email=mail_from, organizer_name=self._coach_name)

    def compose(self, letter: Letter) -> EmailMessage:
        """Raises ``WillNeverWork`` when an address is none. The same letter always gives the same bytes."""
        client, coach = _address(letter.about.client.email), _address(self._coach_email)
        to_coach = letter.kind in mails.COACHES_COPIES
        words = mails.write(
            letter,
            coach_name=self._coach_name,
            manage_url=self._manage_url(letter.about),
            booking_url=self._booking_url,
        )
        message = EmailMessage(policy=SMTP)
        message["Subject"] = words.subject
        message["From"] = Address(self._coach_name, addr_spec=self._mail_from)
        message["To"] = coach if to_coach else client
        message["Reply-To"] = client if to_coach else coach
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(words.text, cte="quoted-printable")
        message.add_alternative(words.html, subtype="html", cte="quoted-printable")
        if letter.kind in METHODS and isinstance(letter.about, Appointment):
            self._invite(message, letter.about, METHODS[letter.kind])
        message.set_boundary(f"=_{letter.effect_id[:60]}")  # "=_" can't be in quoted-printable or base64
        message.policy = WIDE
        return message

    def _invite(self, message: EmailMessage, appointment: Appointment, method: str) -> None:
        """Outlook refuses a part whose method is not the calendar's."""
        ask = self._invitations.cancel if method == CANCEL else self._invitations.request
        message.add_alternative(
            ask(appointment),
            maintype="text",
            subtype="calendar",
            params={"method": method, "charset": "UTF-8"},
            cte="base64",
        )


def _address(email: str) -> Address:
    try:
        email.encode("ascii")
        return Address(addr_spec=email)
    except (MessageError, ValueError, IndexError) as error:
        raise WillNeverWork("the recipient's address is not one that SES can mail") from error
