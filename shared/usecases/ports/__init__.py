"""What the use cases need from the world. Each is shaped by what the business does, not by a product's API."""

from shared.usecases.ports.attention import AttentionStore
from shared.usecases.ports.bookings import (
    AlreadyBooked,
    Booked,
    BookingStore,
    DiaryChanged,
    EarlierBooking,
    FreeBookingFacts,
    Page,
    PromoReading,
)
from shared.usecases.ports.books import BookReader
from shared.usecases.ports.changes import BookingMoved, CaseReading, ChangeStore
from shared.usecases.ports.checkouts import (
    CheckoutFacts,
    OrderReading,
    PaymentMoved,
    PaymentStore,
    Request,
)
from shared.usecases.ports.effects import EffectStore, Invitations, Letter, LetterKind, Mailer, Text, Texter
from shared.usecases.ports.gateway import (
    AlreadyCaptured,
    AlreadyRefunded,
    CreatedOrder,
    LedgerClosed,
    PaymentGateway,
    RefundRefused,
    WebhookVerifier,
)
from shared.usecases.ports.inbox import InboxStore, Received
from shared.usecases.ports.notices import NoticePage, NoticeStore
from shared.usecases.ports.packages import Bought, PackageFacts, PackagePage, PackageStore
from shared.usecases.ports.world import (
    Calendar,
    Clock,
    NotToBeSent,
    OutcomeUnknown,
    TryAgainLater,
    WillNeverWork,
)

__all__ = [
    "AlreadyBooked",
    "AlreadyCaptured",
    "AlreadyRefunded",
    "AttentionStore",
    "BookReader",
    "Booked",
    "BookingMoved",
    "BookingStore",
    "Bought",
    "Calendar",
    "CaseReading",
    "ChangeStore",
    "CheckoutFacts",
    "Clock",
    "CreatedOrder",
    "DiaryChanged",
    "EarlierBooking",
    "EffectStore",
    "FreeBookingFacts",
    "InboxStore",
    "Invitations",
    "LedgerClosed",
    "Letter",
    "LetterKind",
    "Mailer",
    "NotToBeSent",
    "NoticePage",
    "NoticeStore",
    "OrderReading",
    "OutcomeUnknown",
    "PackageFacts",
    "PackagePage",
    "PackageStore",
    "Page",
    "PaymentGateway",
    "PaymentMoved",
    "PaymentStore",
    "PromoReading",
    "Received",
    "RefundRefused",
    "Request",
    "Text",
    "Texter",
    "TryAgainLater",
    "WebhookVerifier",
    "WillNeverWork",
]
