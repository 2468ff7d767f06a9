"""The Twilio client against the stand-in, on a real socket: sent once, whatever happens to the answer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.faults import Fault, Faults, FaultyService
from local.twilio.app import create_app
from local.twilio.state import SENDER, TwilioState
from shared.adapters import twilio
from shared.adapters.twilio import TwilioTexter
from shared.domain.appointment import Appointment
from shared.observability import logger
from shared.usecases.ports import LetterKind, NotToBeSent, Text, TryAgainLater, WillNeverWork
from tests.adapters.paypal_rig import loopback, served

SEND, FIND = "POST */Messages.json", "GET */Messages.json"


@dataclass
class Twilio:
    state: TwilioState
    faults: Faults
    url: str

    def client(self, **changes: str) -> TwilioTexter:
        settings = {
            "api_base": self.url,
            "account_sid": self.state.account_sid,
            "auth_token": self.state.auth_token,
            "sender": SENDER,
            "coach_name": "Robin",
        }
        return TwilioTexter(**{**settings, **changes})

    def fault(self, effect: str, match: str = SEND, **more: Any) -> None:
        self.faults.add(Fault(target="twilio", effect=effect, match=match, **more))

    @property
    def bodies(self) -> list[str]:
        return [message.body for message in self.state.messages]


@pytest.fixture(scope="module")
def server() -> Iterator[Twilio]:
    listening, url = loopback()
    state, faults = TwilioState(), Faults()
    with served(FaultyService(create_app(state), "twilio", faults), listening):
        yield Twilio(state, faults, url)


@pytest.fixture
def world(server: Twilio) -> Twilio:
    server.state.reset()
    server.faults.clear()
    return server


@pytest.fixture
def text(appointment: Appointment) -> Text:
    return Text(kind=LetterKind.CLIENT_BOOKED, about=appointment, owed_at=datetime.now(UTC), again=False)


def again(text: Text) -> Text:
    return replace(text, again=True)


def test_a_text_is_sent_to_its_client_from_our_number(world: Twilio, text: Text) -> None:
    sid = world.client().send(text)
    [message] = world.state.messages
    assert (message.sid, message.to, message.sender) == (sid, text.about.phone, SENDER)
    assert message.body.startswith("Robin: session booked for ")


def test_the_first_try_is_one_call(world: Twilio, text: Text) -> None:
    world.fault("status", FIND)
    assert world.client().send(text)


@pytest.mark.parametrize("code", [21608, 21211, 21614, 21408])
def test_a_number_that_cannot_be_texted_is_final_and_not_in_the_reason(
    world: Twilio, text: Text, code: int
) -> None:
    world.state.refused[text.about.phone] = code
    with pytest.raises(WillNeverWork) as refused:
        world.client().send(text)
    assert str(refused.value) == f"Twilio {code}"


def test_a_client_who_replied_stop_is_not_to_be_texted(world: Twilio, text: Text) -> None:
    world.state.refused[text.about.phone] = 21610
    with pytest.raises(NotToBeSent, match="Twilio 21610: the client replied STOP"):
        world.client().send(text)


def test_a_sender_that_is_not_the_accounts_is_final(world: Twilio, text: Text) -> None:
    with pytest.raises(WillNeverWork, match="Twilio 21606"):
        world.client(sender="+15005550001").send(text)


def test_an_account_that_does_not_exist_is_final(world: Twilio, text: Text) -> None:
    client = world.client()
    client._url = client._url.replace(world.state.account_sid, f"AC{'0' * 32}")
    with pytest.raises(WillNeverWork, match="Twilio 20404"):
        client.send(text)


def test_wrong_keys_can_be_mended(world: Twilio, text: Text) -> None:
    with pytest.raises(TryAgainLater, match="Twilio 20003"):
        world.client(auth_token="of yesterday").send(text)
    assert world.bodies == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_of_twilios_own_is_tried_again(world: Twilio, text: Text, status: int) -> None:
    world.fault("status", status_code=status)
    with pytest.raises(TryAgainLater):
        world.client().send(text)
    world.faults.clear()
    world.client().send(again(text))
    assert len(world.bodies) == 1


def test_an_answer_that_makes_no_sense_is_tried_again(
    world: Twilio, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TwilioState, "_resource", lambda *_: {})
    with pytest.raises(TryAgainLater, match="malformed"):
        world.client().send(text)
    with pytest.raises(TryAgainLater, match="malformed"):
        world.client().send(again(text))


def test_nobody_there_is_tried_again(world: Twilio, text: Text) -> None:
    world.fault("refuse")
    with pytest.raises(TryAgainLater, match="ConnectionError"):
        world.client().send(text)
    assert world.bodies == []


@pytest.mark.parametrize("trial", [False, True])
def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(
    world: Twilio, text: Text, trial: bool
) -> None:
    world.state.trial = trial
    world.fault("drop_response", times=1)
    with pytest.raises(TryAgainLater):
        world.client().send(text)
    assert len(world.bodies) == 1
    assert world.client().send(again(text)) == world.state.messages[0].sid
    assert len(world.bodies) == 1


def test_an_answer_that_takes_too_long_is_no_answer(
    world: Twilio, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio, "READ_SECONDS", 0.1)
    world.fault("delay", seconds=1, times=1)
    with pytest.raises(TryAgainLater, match="ReadTimeout"):
        world.client().send(text)


def test_while_nothing_can_be_looked_up_nothing_is_sent_again(world: Twilio, text: Text) -> None:
    world.fault("status", FIND)
    with pytest.raises(TryAgainLater):
        world.client().send(again(text))
    assert world.bodies == []


def test_what_never_left_is_sent_by_the_next_try(world: Twilio, text: Text) -> None:
    world.client().send(again(text))
    assert len(world.bodies) == 1


def test_the_same_words_of_an_earlier_day_are_another_text(world: Twilio, text: Text) -> None:
    earlier = world.client().send(text)
    world.state.messages[0] = replace(
        world.state.messages[0], created=datetime.now(UTC) - timedelta(minutes=2)
    )
    assert world.client().send(again(text)) != earlier
    assert len(world.bodies) == 2


def test_the_same_words_to_another_number_are_another_text(world: Twilio, text: Text) -> None:
    other = replace(text, about=replace(text.about, phone="+14165550199"))
    world.client().send(other)
    world.client().send(again(text))
    assert [message.to for message in world.state.messages] == ["+14165550199", text.about.phone]


def test_nothing_personal_is_logged(world: Twilio, text: Text) -> None:
    stream, handler = io.StringIO(), logger.registered_handler
    before = handler.setStream(stream)
    try:
        world.state.refused[text.about.phone] = 21211
        with pytest.raises(WillNeverWork):
            world.client().send(text)
        world.fault("refuse")
        with pytest.raises(TryAgainLater):
            world.client().send(text)
    finally:
        handler.setStream(before)
    assert "send_message" in stream.getvalue()
    for personal in (text.about.phone, text.about.phone[1:], "Robin", world.state.auth_token):
        assert personal not in stream.getvalue()


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": SENDER, "Body": "x"}, 21604),
        ({"To": "+14165550123", "Body": "x"}, 21603),
        ({"To": "+14165550123", "From": SENDER}, 21602),
        ({"To": "4165550123", "From": SENDER, "Body": "x"}, 21211),
        ({"To": "+14165550123", "From": "+14165550199", "Body": "x"}, 21606),
        ({"To": "+14165550123", "From": SENDER, "Body": "x" * 1601}, 21617),
    ],
)
def test_the_stand_in_refuses_in_twilios_form(world: Twilio, form: dict[str, str], code: int) -> None:
    url = f"{world.url}/2010-04-01/Accounts/{world.state.account_sid}/Messages.json"
    keys = (world.state.account_sid, world.state.auth_token)
    answer = requests.post(url, data=form, auth=keys, timeout=10)
    assert answer.status_code == 400
    assert answer.json() == answer.json() | {
        "code": code,
        "status": 400,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
    }
    assert requests.post(url, data=form, timeout=10).status_code == 401


def test_the_stand_in_lists_the_newest_first_and_by_number(world: Twilio, text: Text) -> None:
    client, made = world.client(), []
    for phone in ("+14165550123", "+14165550199", "+14165550123"):
        made.append(client.send(replace(text, about=replace(text.about, phone=phone))))
    url = f"{world.url}/2010-04-01/Accounts/{world.state.account_sid}/Messages.json"
    keys = (world.state.account_sid, world.state.auth_token)
    query = {"To": "+14165550123", "From": SENDER}
    page = requests.get(url, params=query, auth=keys, timeout=10).json()
    assert [message["sid"] for message in page["messages"]] == [made[2], made[0]]
    assert {message["status"] for message in page["messages"]} == {"queued"}
    one = requests.get(url, params={**query, "PageSize": "1"}, auth=keys, timeout=10).json()
    assert [message["sid"] for message in one["messages"]] == [made[2]]
    assert one["next_page_uri"]
