"""The words of the mails: times as their reader lives them, and client text that stays text."""

from __future__ import annotations

from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from shared.adapters import mails
from shared.domain.appointment import Actor, Client
from shared.domain.money import Money
from shared.domain.payment import PaymentStatus
from shared.usecases.ports import Letter, LetterKind
from shared.zones import assert_zone_data
from tests.builders import payment
from tests.letters import (
    BOOKED,
    CANCELLED,
    MOVED,
    OF_COACH,
    OF_PACKAGES,
    OF_SESSIONS,
    about_package,
    appointment,
    at,
    letter,
)

SITE = "https://coach.example/"
MANAGE = f"{SITE}manage.html?id=3f"
KINDS = list(LetterKind)


@pytest.fixture(scope="module", autouse=True)
def zone_data() -> None:
    assert_zone_data()


def words(kind: LetterKind = LetterKind.CLIENT_BOOKED, **changes: Any) -> mails.Words:
    return written(letter(kind, **changes))


def of_package(kind: LetterKind, **changes: Any) -> mails.Words:
    return written(about_package(kind, **changes))


def written(about: Letter) -> mails.Words:
    return mails.write(about, coach_name="Alex Morgan", manage_url=MANAGE, booking_url=SITE)


class Tags(HTMLParser):
    """Counts elements, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


class Text(HTMLParser):
    """What a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.read = ""
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.read += data


@pytest.mark.parametrize(
    ("start", "zone", "date", "times", "shown_zone"),
    [
        # The day before, and the day of, the clock change of New York on 2026-11-01.
        (
            "2026-10-31T17:00:00Z",
            "America/New_York",
            "Saturday, October 31, 2026",
            "1:00 – 1:30 PM",
            "UTC-04:00",
        ),
        (
            "2026-11-01T18:00:00Z",
            "America/New_York",
            "Sunday, November 1, 2026",
            "1:00 – 1:30 PM",
            "UTC-05:00",
        ),
        # The first of two 01:30s, whose session ends in the second hour.
        (
            "2026-11-01T05:30:00Z",
            "America/New_York",
            "Sunday, November 1, 2026",
            "1:30 AM (UTC-04:00) – 1:00 AM (UTC-05:00)",
            "UTC-04:00",
        ),
        # British Columbia no longer changes its clocks.
        (
            "2026-11-10T17:00:00Z",
            "America/Vancouver",
            "Tuesday, November 10, 2026",
            "10:00 – 10:30 AM",
            "UTC-07:00",
        ),
        (
            "2026-11-10T17:00:00Z",
            "Asia/Kathmandu",
            "Tuesday, November 10, 2026",
            "10:45 – 11:15 PM",
            "UTC+05:45",
        ),
        (
            "2026-11-10T13:00:00Z",
            "Australia/Lord_Howe",
            "Wednesday, November 11, 2026",
            "12:00 – 12:30 AM",
            "Australia/Lord Howe (UTC+11:00)",
        ),
        (
            "2026-11-10T23:45:00Z",
            "Europe/London",
            "Tuesday, November 10, 2026",
            "11:45 PM – 12:15 AM on Wednesday",
            "Europe/London (UTC)",
        ),
        ("2026-11-10T11:45:00Z", "UTC", "Tuesday, November 10, 2026", "11:45 AM – 12:15 PM", "UTC"),
    ],
)
def test_the_client_reads_the_session_in_their_own_zone(
    start: str, zone: str, date: str, times: str, shown_zone: str
) -> None:
    mail = words(start=at(start), timezone=zone)
    for body in (mail.text, mail.html):
        assert date in body
        assert times in body
        assert shown_zone in body


def test_the_coach_reads_the_same_instant_in_the_coachs_zone() -> None:
    mail = words(LetterKind.COACH_BOOKED, start=at("2026-11-10T17:00:00Z"), timezone="America/Vancouver")
    assert "12:00 – 12:30 PM" in mail.text
    assert "America/Toronto (UTC-05:00)" in mail.text
    assert mail.subject == "Booked: Jane Doe, Tue, Nov 10 at 12:00 PM"


@pytest.mark.parametrize("kind", OF_COACH)
def test_the_coach_gets_no_link_that_only_the_client_can_open(kind: LetterKind) -> None:
    mail = words(kind)
    assert SITE not in mail.text + mail.html


def test_the_client_learns_who_calls_whom_and_how_to_change_it() -> None:
    mail = words(backup_start=at("2026-11-11T18:30:00Z"))
    assert mail.subject == "Booked: your session on Tue, Nov 10 at 10:00 AM"
    for body in (mail.text, mail.html):
        assert "Alex Morgan will call you" in body
        assert "+1 604-555-0123" in body
        assert "Wednesday, November 11, 2026" in body
        assert "11:30 AM – 12:00 PM" in body
        assert MANAGE in body


def test_the_policy_of_a_free_session_names_no_fee_and_that_of_a_paid_one_does() -> None:
    free, paid = words(), words(service="single")
    for body in (free.text, free.html):
        assert "There is no fee." in body
        assert "48 hours" not in body
    for body in (paid.text, paid.html):
        assert "48 hours" in body
        assert "50%" in body


def test_the_coach_sees_the_client_the_answers_and_the_day_in_order() -> None:
    before = appointment(id="1" * 32, start=at("2026-11-10T14:30:00Z"), client=person("Marc"))
    after = appointment(id="2" * 32, start=at("2026-11-10T19:00:00Z"), client=person("Priya"))
    mail = words(
        LetterKind.COACH_BOOKED,
        that_day=[after, appointment(), before],
        answers={"what_brings_you": "A change\nof career"},
    )
    assert "jane@client.example" in mail.text
    assert "+1 604-555-0123" in mail.text
    assert "What brings you\n    A change\n    of career\n" in mail.text
    day = mail.text.partition("Your day")[2]
    assert day.index("Marc") < day.index("Jane Doe") < day.index("Priya")
    assert day.count("Jane Doe") == 1
    assert "  > 12:00 – 12:30 PM  Jane Doe" in day
    assert "9:30 – 10:00 AM  Marc" in day


def test_a_day_with_nothing_else_says_so() -> None:
    assert "Nothing else is booked that day." in words(LetterKind.COACH_BOOKED).text


@pytest.mark.parametrize("kind", BOOKED + MOVED)
@pytest.mark.parametrize(
    ("booked", "says"),
    [
        ({"service": "single", "paid": payment(amount="150.00", currency="CAD")}, "150.00 CAD"),
        ({"service": "package", "package_id": "9c" * 16}, "package"),
    ],
)
def test_a_booked_mail_says_what_paid_for_the_session(
    kind: LetterKind, booked: dict[str, Any], says: str
) -> None:
    mail = words(kind, **booked)
    for body in (mail.text, mail.html):
        assert "Paid" in body
        assert says in body


@pytest.mark.parametrize("kind", OF_SESSIONS)
def test_of_a_free_session_nothing_is_said_to_be_paid(kind: LetterKind) -> None:
    mail = words(kind)
    assert "Paid" not in mail.text + mail.html


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_can_follow_the_link_is_told_the_policy(kind: LetterKind) -> None:
    for service, says in (("free", "There is no fee."), ("single", "48 hours")):
        mail = words(kind, service=service)
        for body in (mail.text, mail.html):
            assert MANAGE not in body or says in body or ("48 hours" in body and kind in OF_PACKAGES)


def test_a_moved_session_is_told_with_its_new_time_alone() -> None:
    to_client, to_coach = (words(kind, start=at("2026-11-12T17:00:00Z")) for kind in MOVED)
    assert to_client.subject == "Moved: your session is now on Thu, Nov 12 at 10:00 AM"
    assert to_coach.subject == "Moved: Jane Doe, now Thu, Nov 12 at 12:00 PM"
    for body in (to_client.text, to_client.html):
        assert "Your session has moved" in body
        assert "10:00 – 10:30 AM" in body
        assert MANAGE in body
    for body in (to_coach.text, to_coach.html):
        assert "12:00 – 12:30 PM" in body
        assert "Your day, Thu, Nov 12" in body


@pytest.mark.parametrize(
    ("actor", "to_client", "to_coach"),
    [
        (Actor.CLIENT, "You cancelled this session.", "The client cancelled it."),
        (Actor.COACH, "Alex Morgan cancelled this session. We are sorry.", "You cancelled it."),
    ],
)
def test_a_cancelled_mail_says_who_cancelled(actor: Actor, to_client: str, to_coach: str) -> None:
    client, coach = (words(kind, cancelled_by=actor) for kind in CANCELLED)
    assert client.subject == "Cancelled: your session on Tue, Nov 10 at 10:00 AM"
    assert coach.subject == "Cancelled: Jane Doe, Tue, Nov 10 at 12:00 PM"
    assert to_client in client.text
    assert to_client in client.html
    assert to_coach in coach.text
    assert to_coach in coach.html


def test_the_reason_for_cancelling_is_the_clients_word_to_the_coach() -> None:
    reason = "I am ill.\n<b>Sorry</b>\u202e"
    client, coach = (words(kind, cancel_reason=reason) for kind in CANCELLED)
    assert "The client’s reason\n    I am ill.\n    <b>Sorry</b>\n" in coach.text
    assert "I am ill.\n&lt;b&gt;Sorry&lt;/b&gt;<" in coach.html
    by_coach = words(LetterKind.COACH_CANCELLED, cancel_reason=reason, cancelled_by=Actor.COACH)
    for mail in (client, by_coach):
        assert "I am ill" not in mail.text + mail.html


@pytest.mark.parametrize(
    ("refund_due", "refunded", "to_client", "to_coach"),
    [
        (
            "75.00",
            "0.00",
            ["75.00 USD, to the PayPal account", "75.00 USD of the 150.00 USD you paid"],
            ["You keep"],
        ),
        (
            "75.00",
            "75.00",
            ["75.00 USD, to the PayPal account", "75.00 USD of the 150.00 USD you paid"],
            ["You keep"],
        ),
        (
            "150.00",
            "0.00",
            ["150.00 USD, which is everything you paid"],
            ["150.00 USD of 150.00 USD, by itself"],
        ),
        ("0.00", "0.00", ["othing of the 150.00 USD you paid"], ["othing of 150.00 USD", "You keep"]),
    ],
)
def test_a_cancelled_paid_session_says_what_goes_back_and_what_is_kept(
    refund_due: str, refunded: str, to_client: list[str], to_coach: list[str]
) -> None:
    # An earlier move cost a fee of its own: it was never a part of what can go back.
    paid = payment(
        status=PaymentStatus.REFUND_DUE,
        refund_due=Decimal(refund_due),
        refunded=Decimal(refunded),
        fee=Decimal("150.00"),
    )
    for kind, says in zip(CANCELLED, (to_client, to_coach), strict=True):
        mail = words(kind, service="single", paid=paid)
        for body in (mail.text, Text(mail.html).read):
            assert all(line in body for line in says)
            assert refund_due != "150.00" or not {"Kept", "keep"} & set(body.split())


@pytest.mark.parametrize(
    ("booked", "returned", "to_client", "to_coach"),
    [
        ({"package_id": "9c" * 16}, True, "is back in your package", "is back in the client’s package"),
        (
            {"package_id": "9c" * 16},
            False,
            "is used up. Nothing was charged.",
            "is used up. Nothing was charged.",
        ),
        ({"promo_code": "WIMD25"}, True, "WIMD25 can be used again.", "WIMD25: its use is given back."),
        ({"promo_code": "WIMD25"}, False, "WIMD25 is used up.", "WIMD25: its use is spent."),
    ],
)
def test_a_cancelled_session_without_a_payment_says_whether_it_can_be_used_again(
    booked: dict[str, Any], returned: bool, to_client: str, to_coach: str
) -> None:
    for kind, says in zip(CANCELLED, (to_client, to_coach), strict=True):
        mail = words(kind, credit_returned=returned, **booked)
        for body in (mail.text, Text(mail.html).read):
            assert says in body
            assert "USD" not in body
    client = words(LetterKind.CLIENT_CANCELLED, credit_returned=returned, **booked)
    assert ("Nothing is left to pay." in client.text) is returned


@pytest.mark.parametrize(
    ("status", "fee", "to_client", "to_coach"),
    [
        (
            PaymentStatus.CREATED,
            "0.00",
            "are charging the fee of 83.33 USD",
            "until the fee of 83.33 USD is paid",
        ),
        (PaymentStatus.PENDING, "0.00", "An email tells you which.", "being charged"),
        (PaymentStatus.CAPTURED, "83.33", "83.33 USD was charged", "is back in the client’s package"),
        (PaymentStatus.EXPIRED, "0.00", "so nothing was charged. The session", "could not be charged"),
        (PaymentStatus.DENIED, "0.00", "is used up", "is used up"),
    ],
)
def test_a_package_session_cancelled_for_a_fee_says_how_far_that_is(
    status: PaymentStatus, fee: str, to_client: str, to_coach: str
) -> None:
    package = "9c" * 16
    returned = status is PaymentStatus.CAPTURED
    paid = payment(amount="83.33", status=status, cancels="3f" * 16, fee=Decimal(fee))
    for kind, says in zip(CANCELLED, (to_client, to_coach), strict=True):
        mail = words(kind, paid=paid, package_id=package, credit_returned=returned)
        for body in (mail.text, Text(mail.html).read):
            assert says in body
            assert not {"Goes", "Kept", "keep:"} & set(body.split())
            assert "payment of its own" not in body


@pytest.mark.parametrize(
    ("status", "fee", "subject", "says"),
    [
        (
            PaymentStatus.CAPTURED,
            "83.33",
            "Fee of 83.33 USD charged: your session on",
            "back in your package",
        ),
        (PaymentStatus.EXPIRED, "0.00", "No fee charged: your session on", "is used up"),
    ],
)
def test_what_became_of_a_fee_is_told(status: PaymentStatus, fee: str, subject: str, says: str) -> None:
    paid = payment(amount="83.33", status=status, cancels="3f" * 16, fee=Decimal(fee))
    mail = words(LetterKind.CLIENT_FEE, paid=paid, package_id="9c" * 16)
    assert mail.subject.startswith(subject)
    for body in (mail.text, Text(mail.html).read):
        assert says in body


def test_a_cancelled_session_leads_to_another_time_and_is_no_part_of_the_coachs_day() -> None:
    client = words(LetterKind.CLIENT_CANCELLED)
    for body in (client.text, client.html):
        assert SITE in body.replace(MANAGE, "")
        assert "There will be no call." in body
    assert "line-through" in client.html
    other = appointment(id="1" * 32, start=at("2026-11-10T14:30:00Z"), client=person("Marc"))
    day = words(LetterKind.COACH_CANCELLED, that_day=[other]).text.partition("Your day")[2]
    assert "Marc" in day
    assert "Jane Doe" not in day
    assert "Nothing else" not in day
    assert "Nothing else is booked that day." in words(LetterKind.COACH_CANCELLED).text


@pytest.mark.parametrize(
    ("booked", "fee", "says"),
    [
        ({}, None, "Costs nothing."),
        ({"service": "single"}, None, "Costs nothing."),
        ({"service": "single"}, "75.00", "Costs 75.00 CAD."),
        (
            {"service": "package", "package_id": "9c" * 16},
            "83.33",
            "Moving it costs 83.33 CAD. Cancelling it costs the same",
        ),
    ],
)
def test_a_reminder_says_when_who_calls_and_what_changing_would_cost(
    booked: dict[str, Any], fee: str | None, says: str
) -> None:
    mail = words(LetterKind.CLIENT_REMINDER, change_fee=Money.of(fee, "CAD") if fee else None, **booked)
    assert mail.subject == "Reminder: your session on Tue, Nov 10 at 10:00 AM"
    for body in (mail.text, mail.html):
        assert "10:00 – 10:30 AM" in body
        assert "Alex Morgan will call you" in body
        assert MANAGE in body
        assert (fee or "costs nothing").lower() in body.lower()
    assert says in Text(mail.html).read


def test_a_pending_payment_keeps_the_time_and_asks_for_nothing() -> None:
    mail = words(LetterKind.CLIENT_PAYMENT_PENDING, service="single")
    assert mail.subject == "Payment pending: your session on Tue, Nov 10 at 10:00 AM"
    for body in (mail.text, mail.html):
        assert "150.00 USD" in body
        assert "10:00 – 10:30 AM" in body
        assert "There is nothing for you to do." in body
        assert "not booked yet" in body
        assert MANAGE in body


def test_a_failed_payment_took_nothing_and_the_time_is_free_again() -> None:
    mail = words(LetterKind.CLIENT_PAYMENT_FAILED, service="single")
    assert mail.subject == "Payment not completed: your session on Tue, Nov 10 at 10:00 AM"
    for body in (mail.text, mail.html):
        assert "150.00 USD" in body
        assert "Nothing was taken." in body
        assert "free again" in body
        assert SITE in body.replace(MANAGE, "")


def test_a_lost_time_gives_all_of_the_money_back_and_leads_to_another_time() -> None:
    mail = words(LetterKind.CLIENT_TIME_LOST, service="single")
    assert mail.subject == "We could not keep your time on Tue, Nov 10 at 10:00 AM: your money goes back"
    for body in (mail.text, mail.html):
        assert "150.00 USD" in body
        assert "goes back where it came from, within days" in body
        assert "10:00 – 10:30 AM" in body
        assert "another time" in body
        assert SITE in body.replace(MANAGE, "")


@pytest.mark.parametrize(
    ("refunded", "shown", "of"),
    [("75.00", "75.00 USD", "of the 150.00 USD you paid"), ("150.00", "150.00 USD", "everything you paid")],
)
def test_a_refund_says_how_much_of_how_much_went_back_and_where(refunded: str, shown: str, of: str) -> None:
    paid = payment(status=PaymentStatus.PARTIALLY_REFUNDED, refunded=Decimal(refunded))
    mail = words(LetterKind.CLIENT_REFUNDED, service="single", paid=paid)
    assert mail.subject == f"Refund of {shown}: your session on Tue, Nov 10 at 10:00 AM"
    for body in (mail.text, mail.html):
        assert shown in body
        assert of in body
        assert "the PayPal account you paid from" in body


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (LetterKind.CLIENT_PAYMENT_PENDING, "Payment pending: your package of 3 sessions"),
        (LetterKind.CLIENT_PAYMENT_FAILED, "Payment not completed: your package of 3 sessions"),
        (LetterKind.CLIENT_REFUNDED, "Refund of 0.00 USD: your package of 3 sessions"),
        (LetterKind.CLIENT_PACKAGE, "Your package of 3 sessions is ready to book from"),
    ],
)
def test_money_for_a_package_is_told_without_a_time(kind: LetterKind, subject: str) -> None:
    mail = of_package(kind)
    assert mail.subject == subject
    for body in (mail.text, mail.html):
        assert "500.00 USD" in body
        assert "Package: 3 sessions of 60 minutes" in body
        assert "UTC" not in body
        assert "your time" not in body.lower()


def test_a_package_is_receipted_with_the_policy_and_how_to_book_from_it() -> None:
    mail = words(LetterKind.CLIENT_PACKAGE)
    for body in (mail.text, mail.html):
        assert "receipt" in body
        assert "48 hours" in body
        assert "Book from your package" in body
        assert MANAGE in body


def test_the_coach_learns_who_bought_a_package_for_how_much() -> None:
    mail = words(LetterKind.COACH_PACKAGE, paid=payment(amount="500.00", currency="CAD"))
    assert mail.subject == "Package bought: Jane Doe, 500.00 CAD"
    for body in (mail.text, mail.html):
        assert "Jane Doe" in body
        assert "jane@client.example" in body
        assert "500.00 CAD" in body


@pytest.mark.parametrize("kind", KINDS)
def test_no_mail_carries_what_only_paypal_and_we_need(kind: LetterKind) -> None:
    paid = payment(order_id="ORDERID", capture_id="CAPTUREID", approve_url="https://paypal.example/approve")
    mail = words(kind, paid=paid)
    for secret in ("ORDERID", "CAPTUREID", "paypal.example", paid.id):
        assert secret not in mail.subject + mail.text + mail.html


@pytest.mark.parametrize("kind", KINDS)
def test_html_in_client_text_stays_text(kind: LetterKind) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    answers = {"<b onclick=x>": evil, "about": "{{ 7 * 7 }}"}
    hostile = Tags(words(kind, client=person(evil), answers=answers).html)
    assert not {"script", "img", "b"} & set(hostile.found)
    assert hostile.handlers == []
    assert "49" not in words(kind, answers=answers).text


@pytest.mark.parametrize("kind", KINDS)
def test_control_and_reordering_characters_are_dropped(kind: LetterKind) -> None:
    mail = words(
        kind, client=person("ab\u202ecd\x00\x1b[31m\u2066e"), answers={"x": "line\r\nnext\x07\u202d\ud83d"}
    )
    for body in (mail.subject, mail.text, mail.html):
        assert not set(body) & set("\u202a\u202b\u202d\u202e\u2066\u2069\x00\x07\x1b\r")
        body.encode()
    assert "abcd[31me" in mail.text


@pytest.mark.parametrize("kind", KINDS)
def test_right_to_left_names_and_emoji_survive(kind: LetterKind) -> None:
    mail = words(kind, client=person("שרה 👩🏽‍🚀 Ünal"))
    assert "שרה 👩🏽‍🚀 Ünal" in mail.text
    assert "<bdi>שרה 👩🏽‍🚀 Ünal</bdi>" in mail.html


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_without_a_name_gets_whole_sentences(kind: LetterKind) -> None:
    mail = words(kind, client=Client(id="c", email="jane@client.example"))
    assert "None" not in mail.text + mail.html
    assert "  " not in mail.subject


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_loaded_from_elsewhere(kind: LetterKind) -> None:
    html = words(kind).html
    assert not {"img", "script", "link", "iframe"} & set(Tags(html).found)
    assert "url(" not in html


def test_huge_text_is_no_reason_to_fail() -> None:
    mail = words(LetterKind.COACH_BOOKED, client=person("n" * 100_000), answers={"a": "x" * 100_000})
    assert len(mail.subject) <= 200


def person(name: str) -> Client:
    return Client(id="c" * 32, email="jane@client.example", name=name)


@pytest.mark.parametrize(
    ("kind", "subject", "says"),
    [
        (
            LetterKind.CLIENT_PAYMENT_PENDING,
            "Payment pending: moving your session to",
            "stays at the time it has",
        ),
        (
            LetterKind.CLIENT_PAYMENT_FAILED,
            "Payment not completed: moving your session to",
            "stays at the time it has",
        ),
        (
            LetterKind.CLIENT_TIME_LOST,
            "We could not move your session to",
            "Nothing has changed about your session",
        ),
        (
            LetterKind.CLIENT_REFUNDED,
            "Refund of 75.00 USD: moving your session to",
            "fee for moving your session",
        ),
    ],
)
def test_of_a_fee_for_a_move_nothing_sounds_as_if_the_session_were_gone(
    kind: LetterKind, subject: str, says: str
) -> None:
    paid = payment(status=PaymentStatus.PARTIALLY_REFUNDED, refunded=Decimal("75.00"))
    mail = words(kind, service="single", paid=paid, moves="5e" * 16)
    assert mail.subject.startswith(f"{subject} Tue, Nov 10 at 10:00 AM")
    for body in (mail.text, mail.html):
        assert says.lower() in body.lower()
        assert MANAGE in body
        assert "not booked" not in body.lower()
