"""The words of texts: one message of GSM's alphabet, in the client's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest

from shared.adapters.texts import GSM, LONGEST_NAME, WORDS, body, gsm
from shared.domain.appointment import Appointment
from shared.usecases.ports import LetterKind, Text
from tests.builders import NOW, appointment

ONE_MESSAGE = 160
LATE_IN_THE_YEAR = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)


def text(kind: LetterKind, about: Appointment) -> Text:
    return Text(kind=kind, about=about, owed_at=NOW, again=False)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            LetterKind.CLIENT_BOOKED,
            "Robin: session booked for Tue, Nov 24, 7:00 AM, Vancouver time. We'll call you."
            " Details in your email. Reply STOP to end texts.",
        ),
        (
            LetterKind.CLIENT_MOVED,
            "Robin: session moved to Tue, Nov 24, 7:00 AM, Vancouver time. We'll call you. Details in your email.",
        ),
        (
            LetterKind.CLIENT_CANCELLED,
            "Robin: session of Tue, Nov 24, 7:00 AM, Vancouver time is cancelled. Details in your email.",
        ),
        (
            LetterKind.CLIENT_REMINDER,
            "Robin: reminder of your session, Tue, Nov 24, 7:00 AM, Vancouver time. We'll call you."
            " Changes: see your email.",
        ),
    ],
)
def test_a_text_says_what_when_and_what_next(kind: LetterKind, words: str) -> None:
    # Vancouver no longer changes its clocks: UTC-7 in November, too.
    about = appointment(start=datetime(2026, 11, 24, 14, tzinfo=UTC), timezone="America/Vancouver")
    assert body(text(kind, about), "Robin") == words


@pytest.mark.parametrize("kind", WORDS)
def test_in_every_zone_it_is_one_message(kind: LetterKind) -> None:
    for zone in available_timezones():
        words = body(text(kind, appointment(start=LATE_IN_THE_YEAR, timezone=zone)), "W" * LONGEST_NAME)
        assert len(words) <= ONE_MESSAGE, words
        assert set(words) <= GSM, words


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "Your coach"),
        ("François Côté", "Francois Coté"),
        ("李 Coach", "? Coach"),
        ("Robin\nSTOP", "Robin STOP"),
        ("A" * 80, f"{'A' * (LONGEST_NAME - 1)}."),
    ],
)
def test_the_coachs_name_costs_no_second_message(name: str, shown: str) -> None:
    words = body(text(LetterKind.CLIENT_REMINDER, appointment()), name)
    assert words.partition(":")[0] == shown
    assert set(words) <= GSM


def test_a_character_outside_the_alphabet_loses_its_accent_or_is_a_question_mark() -> None:
    assert gsm("é ê ñ ç – ’ 😀") == "é e ñ c ? ? ?"
