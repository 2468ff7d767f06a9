"""The mailer with AWS's own client against the SES stand-in, on a port of its own."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from icalendar import Calendar
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from local.ses.app import create_app, create_mailbox_app
from local.ses.state import SesState
from shared.adapters.ses import SesMailer, make_client
from shared.domain.appointment import Client
from shared.usecases.ports import LetterKind, OutcomeUnknown, TryAgainLater, WillNeverWork
from shared.zones import assert_zone_data
from tests.letters import BOOKED, CANCELLED, MOVED, OF_COACH, letter

KINDS = list(LetterKind)
METHODS = dict.fromkeys(BOOKED + MOVED, "REQUEST") | dict.fromkeys(CANCELLED, "CANCEL")
PAIRS = [BOOKED, MOVED, CANCELLED]


@pytest.fixture(scope="module", autouse=True)
def zone_data() -> None:
    assert_zone_data()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def stand_in() -> Iterator[tuple[SesState, str]]:
    state = SesState(verified_domains={"coach.example"})
    with served(create_app(state)) as endpoint:
        yield state, endpoint


@pytest.fixture
def ses(stand_in: tuple[SesState, str]) -> SesState:
    state, _ = stand_in
    state.reset()
    return state


@pytest.fixture
def mailer(stand_in: tuple[SesState, str], ses: SesState) -> SesMailer:
    return mailer_to(stand_in[1])


def mailer_to(endpoint: str, *, read_timeout: float | None = None, **changes: Any) -> SesMailer:
    values: dict[str, Any] = {
        "client": make_client("us-east-1", endpoint),
        "mail_from": "sessions@coach.example",
        "coach_email": "alex@coach.example",
        "coach_name": "Alex Morgan",
        "manage_url": lambda appointment: f"https://coach.example/manage.html?id={appointment.id}",
        "booking_url": "https://coach.example/",
        "configuration_set": "mails",
    }
    if read_timeout:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout)
        values["client"] = boto3.client("sesv2", "us-east-1", endpoint_url=endpoint, config=config)
    return SesMailer(**values | changes)


def sent(ses: SesState) -> tuple[bytes, EmailMessage]:
    """The one message that arrived: its bytes, and the same parsed."""
    assert len(ses.messages) == 1
    raw = ses.messages[0].sending.raw
    return raw, message_from_bytes(raw, _class=EmailMessage, policy=SMTP)


def person(name: str, email: str = "jane@client.example") -> Client:
    return Client(id="c" * 32, email=email, name=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_text_then_html_in_seven_bits_and_of_a_booking_an_invitation(
    kind: LetterKind, mailer: SesMailer, ses: SesState
) -> None:
    message_id = mailer.send(letter(kind, client=person("Zoë Ünal")))
    raw, message = sent(ses)
    assert ses.messages[0].id == message_id
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert message.get_content_type() == "multipart/alternative"
    found = [(part.get_content_type(), part["Content-Transfer-Encoding"]) for part in message.iter_parts()]
    words = [("text/plain", "quoted-printable"), ("text/html", "quoted-printable")]
    assert found == ([*words, ("text/calendar", "base64")] if kind in METHODS else words)


@pytest.mark.parametrize("kind", METHODS)
def test_the_calendar_part_arrives_byte_for_byte_and_its_method_is_the_calendars(
    kind: LetterKind, mailer: SesMailer, ses: SesState
) -> None:
    mailer.send(letter(kind))
    _, message = sent(ses)
    part = list(message.iter_parts())[-1]
    ics = part.get_payload(decode=True)
    assert isinstance(ics, bytes)
    assert ics.startswith(b"BEGIN:VCALENDAR\r\n")
    assert ics.count(b"\n") == ics.count(b"\r\n")
    assert part.get_param("method") == Calendar.from_ical(ics)["method"] == METHODS[kind]
    assert part.get_content_disposition() is None
    assert ses.mailbox()[0]["ics"] == ics.decode()


@pytest.mark.parametrize("kinds", PAIRS)
def test_client_and_coach_get_the_same_invitation(
    kinds: tuple[LetterKind, ...], mailer: SesMailer, ses: SesState
) -> None:
    for kind in kinds:
        mailer.send(letter(kind))
    to_client, to_coach = ses.mailbox()
    assert to_client["to"] == "jane@client.example"
    assert to_coach["to"] == "alex@coach.example"
    assert to_client["ics"] == to_coach["ics"]


@pytest.mark.parametrize("to_coach", [False, True])
def test_invitations_follow_the_session_through_its_changes(
    to_coach: bool, mailer: SesMailer, ses: SesState
) -> None:
    for kinds in PAIRS:
        mailer.send(letter(kinds[to_coach], sequence=PAIRS.index(kinds)))
    found = [Calendar.from_ical(mail["ics"]).walk("VEVENT")[0] for mail in ses.mailbox()]
    assert [event["sequence"] for event in found] == [0, 1, 2]
    assert [event["status"] for event in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    for name in ("uid", "organizer", "attendee"):
        assert len({str(event[name]) for event in found}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_mails_come_from_the_verified_domain_and_are_answered_to_the_other_person(
    kind: LetterKind, mailer: SesMailer, ses: SesState
) -> None:
    mailer.send(letter(kind))
    client, coach = "jane@client.example", "alex@coach.example"
    headers = ses.mailbox()[0]["headers"]
    assert headers["From"] == "Alex Morgan <sessions@coach.example>"
    assert (headers["To"], headers["Reply-To"]) == ((coach, client) if kind in OF_COACH else (client, coach))


def test_an_address_is_never_shown_as_the_senders_name(ses: SesState, stand_in: tuple[SesState, str]) -> None:
    mailer_to(stand_in[1], coach_name="alex@coach.example").send(letter())
    assert ses.mailbox()[0]["from"] == "sessions@coach.example"


def test_a_subject_stays_on_one_line(mailer: SesMailer, ses: SesState) -> None:
    mailer.send(letter(LetterKind.CLIENT_TIME_LOST))
    (message,) = ses.messages
    [subject] = [line for line in message.sending.raw.splitlines() if line.startswith(b"Subject:")]
    assert len(subject) > 78
    assert subject.endswith(b"your money goes back")


def test_the_same_letter_gives_the_same_bytes(mailer: SesMailer, ses: SesState) -> None:
    for _ in range(2):
        mailer.send(letter(LetterKind.COACH_BOOKED))
    first, second = ses.messages
    assert first.sending.raw == second.sending.raw


@pytest.mark.parametrize(
    "name",
    [
        "Jane\r\nBcc: eve@evil.example",
        "Jane\nContent-Type: text/html\n\n<b>",
        "=?utf-8?q?Jane=0D=0ABcc:_eve@evil.example?=",
        "\u2028Bcc: eve@evil.example\u202e\x85X: y",
        "\ud83d half",
        "שרה" * 200,
        "n" * 100_000,
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_name_adds_no_header_and_no_recipient(
    kind: LetterKind, name: str, mailer: SesMailer, ses: SesState
) -> None:
    mailer.send(letter(kind, client=person(name)))
    _, message = sent(ses)
    assert set(message.keys()) == {
        "Subject",
        "From",
        "To",
        "Reply-To",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert len(message["To"].addresses) == 1
    assert not set("\r\n\u2028\u202e") & set(str(message["Subject"]))
    assert len(list(message.iter_parts())) == (3 if kind in METHODS else 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "jane@",
        "@client.example",
        "a@b.example\r\nBcc: eve@evil.example",
        "a@b.example, c@d.example",
        "zoë@client.example",
    ],
)
def test_what_is_no_address_is_never_tried_again(
    kind: LetterKind, address: str, mailer: SesMailer, ses: SesState
) -> None:
    with pytest.raises(WillNeverWork) as refusal:
        mailer.send(letter(kind, client=person("Jane", address)))
    assert ses.messages == []
    assert not address or address not in str(refusal.value)


def test_one_that_ses_will_not_take_from_us_is_tried_again(ses: SesState, mailer: SesMailer) -> None:
    ses.verified_domains.clear()
    with pytest.raises(TryAgainLater) as refusal:
        mailer.send(letter())
    assert not isinstance(refusal.value, OutcomeUnknown)
    assert "MessageRejected" in str(refusal.value)
    assert "coach.example" not in str(refusal.value)


def test_a_paused_account_is_tried_again(ses: SesState, mailer: SesMailer) -> None:
    ses.sending_enabled = False
    with pytest.raises(TryAgainLater, match="SendingPausedException"):
        mailer.send(letter())


def test_a_bad_request_is_never_tried_again(ses: SesState, stand_in: tuple[SesState, str]) -> None:
    with pytest.raises(WillNeverWork, match="BadRequestException"):
        mailer_to(stand_in[1], coach_email="alex@nowhere").send(letter(LetterKind.COACH_BOOKED))


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (429, "TooManyRequestsException"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
        (403, "AccessDenied"),
    ],
)
def test_a_refusal_that_may_pass_is_tried_again_and_surely_not_sent(status: int, name: str) -> None:
    asked: list[str] = []

    async def refuse(request: Any) -> Response:
        asked.append(request.url.path)
        return PlainTextResponse("{}", status, headers={"x-amzn-ErrorType": name})

    app = Starlette(routes=[Route("/v2/email/outbound-emails", refuse, methods=["POST"])])
    with served(app) as endpoint, pytest.raises(TryAgainLater) as refusal:
        mailer_to(endpoint).send(letter())
    assert not isinstance(refusal.value, OutcomeUnknown)
    assert len(asked) == 1


def test_nobody_listening_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TryAgainLater) as refusal:
        mailer_to(f"http://127.0.0.1:{port}").send(letter())
    assert not isinstance(refusal.value, OutcomeUnknown)


@contextmanager
def silent_server(*, hang_up: bool) -> Iterator[tuple[str, list[bytes]]]:
    """Takes each request and never answers: keeps the line open, or hangs up."""
    requests: list[bytes] = []
    kept: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            requests.append(connection.recv(65536))
            connection.close() if hang_up else kept.append(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in kept:
            connection.close()


@pytest.mark.parametrize("hang_up", [True, False])
def test_a_lost_answer_leaves_the_outcome_unknown_and_nothing_is_sent_twice(hang_up: bool) -> None:
    with silent_server(hang_up=hang_up) as (endpoint, requests):
        with pytest.raises(OutcomeUnknown):
            mailer_to(endpoint, read_timeout=0.2).send(letter())
        assert len(requests) == 1


def test_an_answer_without_an_id_leaves_the_outcome_unknown() -> None:
    async def answer(_: Any) -> Response:
        return PlainTextResponse("{}")

    app = Starlette(routes=[Route("/v2/email/outbound-emails", answer, methods=["POST"])])
    with served(app) as endpoint, pytest.raises(OutcomeUnknown):
        mailer_to(endpoint).send(letter())


def test_the_client_tries_once() -> None:
    config = make_client("us-east-1", "http://127.0.0.1:9").meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (3, 10)


def test_health_names_what_is_missing(
    ses: SesState, mailer: SesMailer, stand_in: tuple[SesState, str]
) -> None:
    assert mailer.check() == "initialized"
    assert mailer_to(stand_in[1], mock=True).check() == "mock"
    ses.verified_domains.clear()
    assert mailer.check() == "error: verify the domain coach.example in Amazon SES"
    assert mailer_to("http://127.0.0.1:9").check().startswith("error: SES was not reached")


def test_ses_tells_that_it_sent_a_message_and_names_our_effect(ses: SesState, mailer: SesMailer) -> None:
    events: list[dict[str, Any]] = []
    ses.on_sent = events.append
    about = letter(LetterKind.COACH_BOOKED)
    message_id = mailer.send(about)
    assert [event["detail-type"] for event in events] == ["Email Sent"]
    mail = events[0]["detail"]["mail"]
    assert events[0]["source"] == "aws.ses"
    assert mail["messageId"] == message_id
    assert mail["tags"]["effect"] == [about.effect_id]
    assert mail["destination"] == ["alex@coach.example"]


@pytest.mark.parametrize(
    ("address", "detail_type", "key"),
    [
        ("bounce@simulator.amazonses.com", "Email Bounced", "bounce"),
        ("complaint@simulator.amazonses.com", "Email Complaint Received", "complaint"),
    ],
)
def test_the_simulators_addresses_bounce_and_complain(
    address: str, detail_type: str, key: str, ses: SesState, mailer: SesMailer
) -> None:
    events: list[dict[str, Any]] = []
    ses.on_sent = events.append
    mailer.send(letter(client=person("Jane", address)))
    assert [event["detail-type"] for event in events] == ["Email Sent", detail_type]
    assert key in events[1]["detail"]
    assert events[1]["detail"]["mail"]["tags"]["effect"] == events[0]["detail"]["mail"]["tags"]["effect"]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: sessions@coach.example\r\nSubject: \xc3\xa9\r\n\r\nx",
        b"From: sessions@coach.example\n\nx",
        b"From: sessions@coach.example\r\n\r\n" + b"x" * 999,
        b"Subject: none sent it\r\n\r\nx",
        b"From: sessions@coach.example\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\nno part",
    ],
)
def test_the_stand_in_refuses_what_ses_would_refuse(
    raw: bytes, ses: SesState, stand_in: tuple[SesState, str]
) -> None:
    client = make_client("us-east-1", stand_in[1])
    with pytest.raises(client.exceptions.BadRequestException):
        client.send_email(Destination={"ToAddresses": ["a@b.example"]}, Content={"Raw": {"Data": raw}})
    assert ses.messages == []


class TestMailbox:
    @pytest.fixture
    def browser(self, ses: SesState) -> TestClient:
        return TestClient(create_mailbox_app(ses))

    def test_it_lists_mails_oldest_first_and_by_recipient(
        self, browser: TestClient, mailer: SesMailer
    ) -> None:
        for kind in BOOKED:
            mailer.send(letter(kind))
        mails = browser.get("/messages").json()
        assert [mail["to"] for mail in mails] == ["jane@client.example", "alex@coach.example"]
        assert set(mails[0]) == {"id", "to", "from", "subject", "text", "html", "ics", "headers", "sent_at"}
        assert browser.get("/messages", params={"to": "Alex@coach.example"}).json() == mails[1:]
        assert browser.get(f"/messages/{mails[0]['id']}").json() == mails[0]

    def test_the_invitation_downloads_as_it_was_sent(
        self, browser: TestClient, ses: SesState, mailer: SesMailer
    ) -> None:
        mailer.send(letter())
        mail = ses.mailbox()[0]
        answer = browser.get(f"/messages/{mail['id']}.ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        assert answer.content == mail["ics"].encode()

    @pytest.mark.parametrize("view", ["mail", "text", "invitation", "headers"])
    def test_no_mail_can_run_anything_in_the_reader(
        self, view: str, browser: TestClient, ses: SesState, mailer: SesMailer
    ) -> None:
        mailer.send(letter(LetterKind.COACH_BOOKED, client=person("<script>alert(1)</script>")))
        mail_id = ses.mailbox()[0]["id"]
        page = browser.get("/", params={"id": mail_id, "view": view})
        assert "<script>alert" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        framed = browser.get(f"/messages/{mail_id}/mail")
        policy = framed.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "allow-scripts" not in policy + page.text

    def test_an_unknown_mail_is_not_found(self, browser: TestClient) -> None:
        assert browser.get("/messages/nope").status_code == 404
        assert browser.get("/messages/nope.ics").status_code == 404
        assert browser.get("/").status_code == 200
