"""SES's event publishing as EventBridge delivers it.

Shapes: Amazon SES Developer Guide, "Examples of event data" and "Monitoring SES events using EventBridge".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from local.ses.message import StoredMessage

Event = dict[str, Any]

ACCOUNT = "123456789012"
REGION = "us-east-1"
BOUNCING = "bounce@simulator.amazonses.com"
COMPLAINING = "complaint@simulator.amazonses.com"


def events_of(message: StoredMessage) -> Iterator[Event]:
    """What SES tells of a message it took: that it was sent, and what SES's simulator addresses answer.

    Without a configuration set SES publishes nothing.
    """
    if message.sending.configuration_set is None:
        return
    yield _event(message, "Email Sent", "Send", {"send": {}})
    recipients = {address.lower() for address in message.sending.recipients}
    if BOUNCING in recipients:
        yield _event(message, "Email Bounced", "Bounce", {"bounce": _bounce(message)})
    if COMPLAINING in recipients:
        yield _event(message, "Email Complaint Received", "Complaint", {"complaint": _complaint(message)})


def _event(message: StoredMessage, detail_type: str, event_type: str, outcome: dict[str, Any]) -> Event:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": "aws.ses",
        "account": ACCOUNT,
        "time": f"{message.sent_at:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [],
        "detail": {"eventType": event_type, "mail": _mail(message), **outcome},
    }


def _mail(message: StoredMessage) -> dict[str, Any]:
    domain = message.source.rpartition("@")[2]
    return {
        "timestamp": _milliseconds(message.sent_at),
        "source": message.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "messageId": message.id,
        "destination": list(message.sending.recipients),
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in message.headers.items()],
        "commonHeaders": {
            "from": [message.sender],
            "to": list(message.sending.recipients),
            "messageId": message.id,
            "subject": message.subject,
        },
        "tags": {
            "ses:configuration-set": [message.sending.configuration_set],
            "ses:source-ip": ["192.0.2.0"],
            "ses:from-domain": [domain],
            "ses:caller-identity": ["local"],
            **{name: [value] for name, value in message.sending.tags.items()},
        },
    }


def _bounce(message: StoredMessage) -> dict[str, Any]:
    return {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": BOUNCING,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
        "timestamp": _milliseconds(message.sent_at),
        "feedbackId": f"{message.id}-feedback",
        "reportingMTA": "dsn; mta.example.com",
    }


def _complaint(message: StoredMessage) -> dict[str, Any]:
    return {
        "complainedRecipients": [{"emailAddress": COMPLAINING}],
        "timestamp": _milliseconds(message.sent_at),
        "feedbackId": f"{message.id}-feedback",
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": _milliseconds(message.sent_at),
    }


def _milliseconds(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"
