"""The mail service tells that a mail bounced, was refused or complained about: it is recorded, and a person told."""

from __future__ import annotations

import io
from typing import Any

import pytest

from shared.domain.attention import AttentionKind
from shared.domain.effects import EffectStatus
from shared.usecases.ports import OutcomeUnknown
from tests.handlers.conftest import Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_what_follows import nudge, status, sweep

EFFECT = "client_booked_mail-0"
NEWS = pytest.mark.parametrize(
    ("sample", "becomes", "error"),
    [
        ("bounced", EffectStatus.BOUNCED, "Permanent General"),
        ("complained", EffectStatus.COMPLAINED, "abuse"),
        ("rejected", EffectStatus.BOUNCED, "rejected by the mail service"),
    ],
)


@pytest.fixture
def booked(stage: Stage) -> str:
    return str(book(stage).json["id"])


def news(stage: Stage, sample: str, appointment_id: str) -> None:
    event: Any = stage.event(f"mail_events/{sample}")
    event["detail"]["mail"]["tags"]["effect"] = [f"{appointment_id}.{EFFECT}"]
    stage.invoke("mail_events", event)


@NEWS
def test_it_is_recorded_and_put_before_a_person_and_the_booking_stands(
    stage: Stage, booked: str, sample: str, becomes: EffectStatus, error: str, logged: io.StringIO
) -> None:
    nudge(stage, booked)
    for _ in range(2):
        news(stage, sample, booked)
    effect = stage.store.effect(booked, EFFECT)
    assert (effect.status, effect.last_error) == (becomes, error)
    (noted,) = stage.store.open_attention()
    assert (noted.kind, noted.subject_id) == (AttentionKind.MAIL_BOUNCED, booked)
    assert noted.detail == f"{EFFECT} {becomes}: {error}"
    assert '"NeedsAttention":1' in logged.getvalue()
    assert "alex" not in logged.getvalue()
    seen = stage.call("appointments/one", "alex", path=f"/booking/{booked}").json
    assert seen["status"] == "confirmed"


@NEWS
def test_it_is_not_sent_again_though_its_sending_was_in_doubt(
    stage: Stage, booked: str, sample: str, becomes: EffectStatus, error: str
) -> None:
    stage.mailer.fails_after = OutcomeUnknown("no answer")
    nudge(stage, booked)
    stage.mailer.fails_after = None
    news(stage, sample, booked)
    news(stage, "sent", booked)
    sweep(stage, hours=1)
    assert [each.effect_id for each in stage.mailer.sent].count(f"{booked}.{EFFECT}") == 1
    assert (status(stage, booked, EFFECT), error) == (becomes, stage.store.effect(booked, EFFECT).last_error)


def test_a_complaint_of_no_named_kind_is_one(stage: Stage, booked: str) -> None:
    event: Any = stage.event("mail_events/complained")
    event["detail"]["mail"]["tags"]["effect"] = [f"{booked}.{EFFECT}"]
    del event["detail"]["complaint"]["complaintFeedbackType"]
    stage.invoke("mail_events", event)
    assert stage.store.effect(booked, EFFECT).last_error == "unnamed"


@NEWS
def test_news_of_mails_that_are_not_ours_are_ignored(
    stage: Stage, sample: str, becomes: EffectStatus, error: str
) -> None:
    event = stage.event(f"mail_events/{sample}")
    stage.invoke("mail_events", event)
    event["detail"]["mail"]["tags"] = {"effect": ["nonsense"]}
    stage.invoke("mail_events", event)
    event["detail"]["mail"]["tags"] = {}
    stage.invoke("mail_events", event)
    assert not stage.store.open_attention(), (becomes, error)
