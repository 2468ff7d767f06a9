"""What must be so once everything has come to rest: PayPal, the table, the calendar and the mailbox agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.environment import TABLE
from local.stack import Stack
from tests import invariants

Json = dict[str, Any]

BOUGHT = frozenset({"PAYMENT", "APPOINTMENT", "PACKAGE"})
STANDING = frozenset({"confirmed", "active"})
AT_REST = frozenset(
    {"captured", "denied", "expired", "refunded", "partially_refunded", "disputed", "needs_review"}
)
OVER = frozenset({"done", "suppressed"})
"""What was owed, and is not any more."""

SHOWN = 60
"""So many characters of what owed it are to be seen in a mail."""

BOOKED = ("client_booked_mail", "coach_booked_mail")
PACKAGE = ("client_package_mail", "coach_package_mail")


class World:
    def __init__(self, stack: Stack) -> None:
        everything = invariants.rows(stack.urls["dynamodb"], TABLE)
        self._kinds: dict[str, dict[str, Json]] = defaultdict(dict)
        for row in everything:
            kind = row.get("kind", "")
            self._kinds[kind][row["id"] if kind in BOUGHT else f"{row['PK']} {row['SK']}"] = row
        ledger = stack.control("GET", "/paypal/ledger")
        self.payment_of_order = {
            order["id"]: order["purchase_units"][0]["custom_id"] for order in ledger["orders"]
        }
        self._captures: dict[str, list[Json]] = defaultdict(list)
        for capture in ledger["captures"]:
            self._captures[self.payment_of_order[capture["order_id"]]].append(capture)
        self._given_back: dict[str, Decimal] = defaultdict(Decimal)
        for refund in ledger["refunds"]:
            if refund["status"] != "FAILED":
                self._given_back[refund["capture_id"]] += Decimal(refund["amount"]["value"])
        self._events = Counter(
            event["extendedProperties"]["private"]["bookingId"]
            for event in stack.control("GET", "/calendar/events")
        )
        self._mails = Counter(_effect_of(mail) for mail in stack.control("GET", "/mailbox"))

    def wrong_with(self, payment_id: str, ends: Mapping[str, bool]) -> list[str]:
        """What is not as it must be with what one client bought."""
        payment = self._kinds["PAYMENT"][payment_id]
        booking = self._kinds["APPOINTMENT"].get(payment_id)
        bought = booking or self._kinds["PACKAGE"][payment_id]
        stands, money = bought["status"] in STANDING, self._money(payment_id, payment)
        kept = payment["status"] in {"captured", "partially_refunded", "disputed"}
        promises = {
            f"it ended {payment['status']}": payment["status"] in ends,
            f"what was bought is {bought['status']}": ends.get(payment["status"]) is stands,
            f"the payment is left {payment['status']}": payment["status"] in AT_REST,
            f"its booking or package is left {bought['status']}": bought["status"] not in {"held", "ordered"},
            "somebody is to look at it again": "check_at" not in payment,
            f"PayPal kept {money}, the payment is {payment['status']}": (money > 0) is kept,
            f"PayPal kept {money}, and nothing stands": money == 0 or stands,
            "it stands without money": not stands or self._was_taken(payment_id),
            "captured more than once": len(self._captures[payment_id]) <= 1,
            f"{self._events[payment_id]} events": self._events[payment_id]
            == (stands and booking is not None),
        }
        return [said for said, holds in promises.items() if not holds] + self._mails_wrong(
            payment_id, stands, booking
        )

    def _was_taken(self, payment_id: str) -> bool:
        return any(capture["status"] != "PENDING" for capture in self._captures[payment_id])

    def _money(self, payment_id: str, payment: Json) -> Decimal:
        """What PayPal holds for the coach of it."""
        taken = [each for each in self._captures[payment_id] if each["status"] not in {"DECLINED", "PENDING"}]
        back = sum((self._given_back[each["id"]] for each in taken), Decimal())
        if taken and back != Decimal(payment["refunded"]):
            return Decimal("-1")
        return sum((Decimal(each["amount"]["value"]) for each in taken), Decimal()) - back

    def _mails_wrong(self, payment_id: str, stands: bool, booking: Json | None) -> list[str]:
        effects = {
            row["SK"]: row for row in self._kinds["EFFECT"].values() if row["PK"] == f"OWED#{payment_id}"
        }
        wrong = [f"{sk} is {row['status']}" for sk, row in effects.items() if row["status"] not in OVER]
        expected: Counter[str] = Counter()
        for sk, row in effects.items():
            if "_mail-" in sk:
                expected[f"{payment_id}.{sk}"[:SHOWN]] += row["status"] == "done"
        wrong += [
            f"{effect} was sent {self._mails[effect]} times"
            for effect, times in expected.items()
            if self._mails[effect] != times
        ]
        kinds = BOOKED if booking else PACKAGE
        for kind in kinds:
            sent = sum(n for effect, n in self._mails.items() if effect.startswith(f"{payment_id}.{kind}-"))
            if sent != stands:
                wrong.append(f"{kind} was sent {sent} times")
        return wrong

    def unhandled(self) -> list[str]:
        """Webhooks that were taken and not seen through."""
        return [name for name, row in self._kinds["INBOX"].items() if "handled_at" not in row]


def _effect_of(mail: Json) -> str:
    """``{appointment or package}.{kind}-{sequence}``: each letter carries what owed it."""
    return str(mail["headers"]["Content-Type"]).partition('"=_')[2].partition('"')[0]
