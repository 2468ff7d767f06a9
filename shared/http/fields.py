"""Types of single fields: what a request may carry, checked and brought to one form."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from shared.domain.errors import InvalidInput
from shared.domain.local_time import zone

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:[0-5]\d)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

HOME_REGION = "CA"
"""Where a phone number without a country code is taken to be. North America shares one code."""

BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_BREAKS = frozenset("\n\r\t")


def _instant(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("A time is written like 2026-11-24T14:00:00Z, with its zone.")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such time.") from None


def _date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("A date is written like 2026-11-24.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such date.") from None


def _zone(value: str) -> str:
    try:
        zone(value)
    except InvalidInput as unknown:
        raise ValueError(unknown.detail) from None
    return value


def _phone(value: str) -> str:
    import phonenumbers  # noqa: PLC0415 - only requests that carry a phone pay for it

    try:
        number = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise ValueError("This is not a phone number.") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise ValueError("This is not a phone number that can be called.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def harmless(value: str) -> str:
    """HTML stays as it is and is inert wherever it is shown; what steers a display or a header is refused."""
    for character in value:
        if character in BIDI_OVERRIDES or (
            unicodedata.category(character) in {"Cc", "Cs"} and character not in LINE_BREAKS
        ):
            raise ValueError("The text holds characters that can't be shown.")
    return value.strip()


def _one_line(value: str) -> str:
    if LINE_BREAKS & set(value):
        raise ValueError("The text has one line.")
    return harmless(value)


Instant = Annotated[
    datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
Day = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
Phone = Annotated[
    str, StringConstraints(max_length=32), AfterValidator(_phone), Field(examples=["+14165550123"])
]
PromoCode = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Question = Annotated[
    str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), AfterValidator(_one_line)
]
AnswerText = Annotated[str, StringConstraints(max_length=2000), AfterValidator(harmless)]
Yes = Annotated[bool, Field(strict=True)]
"""``true`` or ``false`` and nothing that reads like it: consent is not guessed."""
Answers = Annotated[dict[Question, AnswerText], Field(max_length=10)]
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200)] | None, Header(alias="Idempotency-Key")
]
