"""What must be so of every session whose client's plans may have changed, once everything has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from local.environment import TABLE
from local.stack import Stack
from shared.adapters.dynamodb import items, keys
from shared.domain.appointment import Appointment
from shared.domain.notices import NOTICES
from shared.domain.reminders import REMINDERS
from shared.domain.time import isoformat, minutes
from tests import invariants
from tests.crash.change_flows import End
from tests.crash.changer import Changer
from tests.crash.world import AT_REST, OVER, SHOWN, World


class ChangedWorld(World):
    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        everything = invariants.rows(stack.urls["dynamodb"], TABLE)
        self._cells = Counter((row["owner"], row["PK"]) for row in everything if row["SK"] == "CELL")
        self._uses = Counter(row["appointment_id"] for row in everything if row.get("kind") == "PROMO_USE")
        self._audited = Counter((row["PK"], row["event"]) for row in everything if row.get("kind") == "AUDIT")
        self._notices = {row["SK"] for row in everything if row.get("kind") == "NOTICE"}
        self._texts = Counter(text["to"] for text in stack.control("GET", "/texts"))
        self._starts = Counter(
            (event["extendedProperties"]["private"]["bookingId"], _instant(event["start"]["dateTime"]))
            for event in stack.control("GET", "/calendar/events")
        )

    def wrong_with_change(self, client: Changer, ends: Collection[End]) -> list[str]:
        """What is not as it must be with one client's session, and with the fees for moving it."""
        if not client.booking_id:
            return ["it has no booking"]
        session = items.appointment(self._kinds["APPOINTMENT"][client.booking_id])
        end = self._end(client, session)
        return [
            *([] if end in ends else [f"it ended as {end}"]),
            *self._time_wrong(session),
            *(wrong for payment_id in self._payments(client) for wrong in self._money_wrong(payment_id)),
            *self._told_wrong(session),
            *self._texts_wrong(client, session),
            *self._reminders_wrong(client, session),
        ]

    def _end(self, client: Changer, session: Appointment) -> End:
        package = self._kinds["PACKAGE"].get(client.package_id)
        fees = sum((self._kept(fee) for fee in self._fees(client)), Decimal("0.00"))
        return End(
            status=session.status,
            moved=isoformat(session.start) != client.start,
            kept=str(self._kept(client.package_id or client.booking_id)),
            fee=str(fees),
            used=int(package["sessions_used"]) if package else self._uses[session.id],
        )

    def _fees(self, client: Changer) -> list[str]:
        """For moving the session, and for cancelling it."""
        for_moves = (
            each for each, row in self._kinds["APPOINTMENT"].items() if row.get("moves") == client.booking_id
        )
        to_cancel = (
            each for each, row in self._kinds["PAYMENT"].items() if row.get("cancels") == client.booking_id
        )
        return [*for_moves, *to_cancel]

    def _payments(self, client: Changer) -> Iterator[str]:
        mine = (client.booking_id, client.package_id, *self._fees(client))
        return (each for each in mine if each in self._kinds["PAYMENT"])

    def _kept(self, payment_id: str) -> Decimal:
        payment = self._kinds["PAYMENT"].get(payment_id)
        return self._money(payment_id, payment) if payment else Decimal("0.00")

    def _time_wrong(self, session: Appointment) -> Iterator[str]:
        """It has all of its time and nothing else, and one event there."""
        stands = session.status == "confirmed"
        cells = {cell["PK"] for cell in keys.cells(session.claim)} if stands else set()
        claimed = {cell for owner, cell in self._cells if owner == session.id}
        if claimed != cells:
            yield f"it claims {sorted(claimed)}"
        events = {start: n for (of, start), n in self._starts.items() if of == session.id}
        if events != ({isoformat(session.start): 1} if stands else {}):
            yield f"it is {session.status} at {isoformat(session.start)}, its events are {events}"

    def _money_wrong(self, payment_id: str) -> Iterator[str]:
        payment = self._kinds["PAYMENT"][payment_id]
        if payment["status"] not in AT_REST or "check_at" in payment:
            yield f"a payment is left {payment['status']}"
        if len(self._captures[payment_id]) > 1 + payment.get("declines", 0):
            yield "captured more than once"
        booking = self._kinds["APPOINTMENT"].get(payment_id, {})
        if "moves" in booking:
            kept, made = self._kept(payment_id) > 0, booking["status"] == "completed"
            if kept is not made:
                yield f"the fee is {payment['status']}, the move {booking['status']}"
            if self._audited[f"AUDIT#{payment_id}", "fee_taken"] != made:
                yield "it is not in the audit trail that the fee was taken"
            if self._starts_of(payment_id) or self._claims_of(payment_id):
                yield "the hold of the new time is left"
        went_back = any(self._given_back[each["id"]] for each in self._captures[payment_id])
        if self._sent(payment_id, "client_refunded_mail") != went_back:
            yield f"{payment_id}: the mail about the refund was not sent just once"

    def _starts_of(self, appointment_id: str) -> bool:
        return any(of == appointment_id for of, _ in self._starts)

    def _claims_of(self, appointment_id: str) -> bool:
        return any(owner == appointment_id for owner, _ in self._cells)

    def _sent(self, subject_id: str, kind: str) -> int:
        return sum(n for effect, n in self._mails.items() if effect.startswith(f"{subject_id}.{kind}-"))

    def _told_wrong(self, session: Appointment) -> Iterator[str]:
        """Each change is told once to the client and to the coach; in the app, whatever the client had mail about."""
        changes = ["booked-0"]
        if session.status == "cancelled":
            changes.append(f"cancelled-{session.sequence}")
        elif session.sequence:
            changes.append(f"moved-{session.sequence}")
        for change in changes:
            kind, _, sequence = change.partition("-")
            for whom in ("client", "coach"):
                sent = self._mails[f"{session.id}.{whom}_{kind}_mail-{sequence}"]
                if sent != 1:
                    yield f"{whom} was told {sent} times: {change}"
        yield from self._effects_wrong(session.id)

    def _texts_wrong(self, client: Changer, session: Appointment) -> Iterator[str]:
        """Each that was not held back was sent once, and to nobody who did not agree.

        One whose answer was lost, and that things overtook before it was looked for, is held back and was sent.
        """
        owed = [
            row
            for row in self._kinds["EFFECT"].values()
            if row["PK"] == f"OWED#{session.id}" and "_sms-" in row["SK"]
        ]
        sent = sum(row["status"] == "done" for row in owed)
        doubtful = sum(row["status"] == "suppressed" and row["attempts"] > 1 for row in owed)
        arrived = self._texts[client.texted_at]
        if bool(owed) != bool(client.texted_at) or not sent <= arrived <= sent + doubtful:
            yield f"{arrived} texts were sent: {sent} of {len(owed)}"

    def _effects_wrong(self, subject_id: str) -> Iterator[str]:
        for row in self._kinds["EFFECT"].values():
            if row["PK"] != f"OWED#{subject_id}":
                continue
            effect, mailed = f"{subject_id}.{row['SK']}", "_mail-" in row["SK"]
            times = int(mailed and row["status"] == "done")
            if row["status"] not in OVER:
                yield f"{effect} is {row['status']}"
            if self._mails[effect[:SHOWN]] != times:
                yield f"{effect} was sent {self._mails[effect[:SHOWN]]} times"
            noted = row["SK"].partition("-")[0] in NOTICES
            if (effect in self._notices) != (noted and times == 1):
                yield f"{effect} is not noted as it was sent"

    def _reminders_wrong(self, client: Changer, session: Appointment) -> Iterator[str]:
        """At most one of each is seen to above, for every effect is sent at most once."""
        if not client.reminded:
            return
        for before in REMINDERS:
            effect = f"{session.id}.client_reminder_mail-{session.sequence}-{before // minutes(1)}"
            if self._mails[effect[:SHOWN]] != 1:
                yield f"{effect} was sent {self._mails[effect[:SHOWN]]} times"


def _instant(local: str) -> str:
    return isoformat(datetime.fromisoformat(local).astimezone(UTC))
