"""The words of each text message: one line in the language of the mails, that fits one message of GSM's own alphabet.

Source: 3GPP TS 23.038, the default alphabet; 160 characters of it are one message, any other character makes it 70.
"""

from __future__ import annotations

import unicodedata

from shared.adapters.mails.times import when
from shared.adapters.text import one_line
from shared.usecases.ports import LetterKind, Text

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
LONGEST_NAME = 24

WORDS = {
    LetterKind.CLIENT_BOOKED: "{coach}: session booked for {when}. We'll call you. Details in your email."
    " Reply STOP to end texts.",
    LetterKind.CLIENT_MOVED: "{coach}: session moved to {when}. We'll call you. Details in your email.",
    LetterKind.CLIENT_CANCELLED: "{coach}: session of {when} is cancelled. Details in your email.",
    LetterKind.CLIENT_REMINDER: "{coach}: reminder of your session, {when}. We'll call you. Changes: see your email.",
}


def body(text: Text, coach_name: str) -> str:
    """Times are in the client's zone. The same text always has the same words: it is found again by them."""
    at = when(text.about.session, text.about.timezone)
    coach = one_line(coach_name, LONGEST_NAME) or "Your coach"
    return gsm(WORDS[text.kind].format(coach=coach, when=f"{at.short_date}, {at.start}, {at.city}"))


def gsm(words: str) -> str:
    """Letters that GSM does not have lose their accent; whatever else it does not have becomes a question mark."""
    return "".join(each if each in GSM else _plain(each) for each in words)


def _plain(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    return base if base in GSM else "?"
