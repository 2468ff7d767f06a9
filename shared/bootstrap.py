"""The composition root: the only place that builds adapters. Each is built on first use, and kept.

Adapters are imported where they are built, so that a function loads only what it uses.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from shared import config as configuration
from shared.adapters.clock import SystemClock
from shared.observability import logger
from shared.zones import assert_zone_data

if TYPE_CHECKING:
    from shared.adapters.dynamodb.attention import DynamoAttention
    from shared.adapters.dynamodb.changes import DynamoChanges
    from shared.adapters.dynamodb.effects import DynamoEffects
    from shared.adapters.dynamodb.inbox import DynamoInbox
    from shared.adapters.dynamodb.notices import DynamoNotices
    from shared.adapters.dynamodb.packages import DynamoPackages
    from shared.adapters.dynamodb.payments import DynamoPayments
    from shared.adapters.dynamodb.store import DynamoBookings
    from shared.adapters.dynamodb.table import Table
    from shared.adapters.invitations import Invitations
    from shared.adapters.manage_links import ManageLinks
    from shared.adapters.paypal_api import PayPalApi
    from shared.adapters.token_verifier import TokenVerifier
    from shared.domain.appointment import Appointment
    from shared.domain.package import Package
    from shared.usecases.checkout import Shop
    from shared.usecases.deliver_effects import World
    from shared.usecases.move_by_coach import Desk
    from shared.usecases.ports import Calendar, Mailer, PaymentGateway, Texter, WebhookVerifier
    from shared.usecases.reconcile import Sources
    from shared.usecases.show_open_times import RecentBusy
    from shared.usecases.sweep import Books
    from shared.usecases.till import Till

assert_zone_data()

clock = SystemClock()


@cache
def config() -> configuration.Config:
    return configuration.read()


@cache
def table() -> Table:
    from shared.adapters.dynamodb.table import Table, make_client

    return Table(make_client(config().region), config().needed("table_name"))


@cache
def bookings() -> DynamoBookings:
    from shared.adapters.dynamodb.store import DynamoBookings

    return DynamoBookings(table())


@cache
def effects() -> DynamoEffects:
    from shared.adapters.dynamodb.effects import DynamoEffects

    return DynamoEffects(table())


@cache
def payments() -> DynamoPayments:
    from shared.adapters.dynamodb.payments import DynamoPayments

    return DynamoPayments(table())


@cache
def packages() -> DynamoPackages:
    from shared.adapters.dynamodb.packages import DynamoPackages

    return DynamoPackages(table())


@cache
def inbox() -> DynamoInbox:
    from shared.adapters.dynamodb.inbox import DynamoInbox

    return DynamoInbox(table())


@cache
def notices() -> DynamoNotices:
    from shared.adapters.dynamodb.notices import DynamoNotices

    return DynamoNotices(table())


@cache
def attention() -> DynamoAttention:
    from shared.adapters.dynamodb.attention import DynamoAttention

    return DynamoAttention(table())


def effects_named_in(stream_event: Mapping[str, Any]) -> list[tuple[str, str]]:
    from shared.adapters.dynamodb.effects import named_in

    return named_in(stream_event)


@cache
def calendar() -> Calendar:
    service_account = configuration.google_service_account(config())
    if service_account is None:
        return _calendar_without_google()
    from shared.adapters.google_calendar import GoogleCalendar

    return GoogleCalendar(
        service_account,
        config().needed("coach_google_calendar_id"),
        config().google_calendar_api_base,
        mock=config().google_mock,
    )


def _calendar_without_google() -> Calendar:
    """Never on production: there, times that nobody checked would be sold as free."""
    if config().stage == "prod":
        raise configuration.ConfigurationError("GOOGLE_SERVICE_ACCOUNT_KEY is not set")
    from shared.adapters.mock_calendar import MockCalendar

    logger.warning("no Google credentials: the coach's calendar is a mock that is never busy")
    return MockCalendar()


@cache
def recent_busy() -> RecentBusy:
    from shared.usecases.show_open_times import RecentBusy

    return RecentBusy(calendar())


@cache
def gateway() -> PaymentGateway:
    api = _paypal_api()
    if api is None:
        from shared.adapters.absent_paypal import AbsentPayPal

        logger.warning("no PayPal credentials: every order is refused")
        return AbsentPayPal()
    from shared.adapters.paypal import PayPalGateway

    return PayPalGateway(api, vault_enabled=config().paypal_vault_enabled, mock=config().paypal_mock)


@cache
def webhook_verifier() -> WebhookVerifier:
    """Without PayPal, or without a webhook id, it finds nothing genuine."""
    api = _paypal_api()
    if api is None:
        from shared.adapters.absent_paypal import AbsentPayPal

        return AbsentPayPal()
    if config().paypal_webhook_id is None:
        logger.warning("PAYPAL_WEBHOOK_ID is not set: every webhook is refused")
    from shared.adapters import paypal_signature as signature

    if config().paypal_webhook_verification == "api":
        return signature.AskingPayPal(api, config().paypal_webhook_id)
    live = config().paypal_mode == "live"
    origins = signature.LIVE_CERTIFICATES if live else signature.SANDBOX_CERTIFICATES
    root = config().paypal_certificate_root
    if root is None:
        return signature.CheckingCertificates(config().paypal_webhook_id, origins=origins)
    # A stand-in serves certificates itself, made out to the name that PayPal's bear.
    standin = {config().paypal_api_base: next(iter(origins.values()))}
    return signature.CheckingCertificates(config().paypal_webhook_id, origins=standin, roots=root.encode())


@cache
def _paypal_api() -> PayPalApi | None:
    """None without credentials. Never on production: there, sessions with a price could not be sold."""
    if config().paypal_client_id is None and config().stage != "prod":
        return None
    client_id = config().needed("paypal_client_id")
    secret = configuration.secrets(config(), "PAYPAL_CLIENT_SECRET").get("PAYPAL_CLIENT_SECRET")
    if secret is None:
        raise configuration.ConfigurationError("PAYPAL_CLIENT_SECRET is not set")
    from shared.adapters.paypal_api import PayPalApi

    return PayPalApi(api_base=config().paypal_api_base, client_id=client_id, client_secret=secret)


@cache
def shop() -> Shop:
    """Everything that selling touches."""
    from shared.usecases.checkout import Shop

    back = f"{_site_url()}/sessions.html?paid="
    return Shop(payments(), bookings(), calendar(), gateway(), f"{back}1", f"{back}0")


@cache
def changes() -> DynamoChanges:
    from shared.adapters.dynamodb.changes import DynamoChanges

    return DynamoChanges(table(), saved_methods=config().paypal_vault_enabled)


@cache
def desk() -> Desk:
    """Everything that the coach's own changes touch."""
    from shared.usecases.move_by_coach import Desk

    return Desk(changes(), bookings(), calendar())


@cache
def till() -> Till:
    """Everything that settling a payment touches."""
    from shared.usecases.till import Till

    return Till(payments(), changes(), gateway(), calendar(), clock)


@cache
def books() -> Books:
    """Everything that the sweeper looks through."""
    from shared.usecases.sweep import Books

    return Books(world(), inbox(), attention())


@cache
def sources() -> Sources:
    """Everything that the daily comparison compares."""
    from shared.adapters.dynamodb.reading import DynamoBooks
    from shared.usecases.reconcile import Sources

    return Sources(DynamoBooks(table()), gateway(), calendar(), attention(), clock)


@cache
def mailer() -> Mailer:
    from shared.adapters.ses import SesMailer, make_client

    return SesMailer(
        client=make_client(config().region),
        mail_from=config().needed("mail_from"),
        coach_email=config().needed("coach_email"),
        coach_name=config().coach_name,
        manage_url=manage_link,
        booking_url=f"{_site_url()}/",
        configuration_set=config().mail_configuration_set,
        mock=config().mail_mock,
    )


@cache
def texter() -> Texter:
    if not config().twilio_sms_enabled:
        from shared.adapters.absent_twilio import AbsentTwilio

        return AbsentTwilio()
    account_sid, sender = config().needed("twilio_account_sid"), config().needed("twilio_from")
    token = configuration.secrets(config(), "TWILIO_AUTH_TOKEN").get("TWILIO_AUTH_TOKEN")
    if token is None:
        raise configuration.ConfigurationError("TWILIO_AUTH_TOKEN is not set")
    from shared.adapters.twilio import TwilioTexter

    return TwilioTexter(
        api_base=config().twilio_api_base,
        account_sid=account_sid,
        auth_token=token,
        sender=sender,
        coach_name=config().coach_name,
    )


@cache
def invitations() -> Invitations:
    from shared.adapters.invitations import Invitations

    return Invitations(organizer_email=config().needed("mail_from"), organizer_name=config().coach_name)


@cache
def world() -> World:
    from shared.usecases.deliver_effects import World

    return World(bookings(), effects(), mailer(), texter(), till(), notices())


@cache
def token_verifier() -> TokenVerifier:
    from shared.adapters.signing_keys import SigningKeys
    from shared.adapters.token_verifier import TokenVerifier

    issuer = config().jwt_issuer
    secrets = configuration.secrets(config(), "APP_SECRET", "JWT_SHARED_SECRET")
    return TokenVerifier(
        keys=SigningKeys(issuer) if issuer else None,
        audience=config().jwt_audience,
        shared_secret=secrets.get("JWT_SHARED_SECRET"),
        app_secret=_app_secret(secrets),
        coach_email=config().needed("coach_email"),
    )


@cache
def _manage_links() -> ManageLinks:
    from shared.adapters.manage_links import ManageLinks

    return ManageLinks(_app_secret(configuration.secrets(config(), "APP_SECRET")))


def _app_secret(secrets: Mapping[str, str]) -> str:
    if "APP_SECRET" not in secrets:
        raise configuration.ConfigurationError("APP_SECRET is not set")
    return secrets["APP_SECRET"]


def manage_link(about: Appointment | Package) -> str:
    """For the client's mails: opens the booking without a sign-in.

    The token is behind the ``#``, which no browser sends: it is in no server's log and in no referrer.
    """
    from shared.domain.package import Package

    if isinstance(about, Package):
        return manage_url(about)
    return f"{_site_url()}/manage.html#t={_manage_links().token(about)}&id={about.session_id}"


def manage_url(about: Appointment | Package) -> str:
    """For who is signed in. A package has no page of its own: it is on the one of the client's sessions."""
    from shared.domain.package import Package

    if isinstance(about, Package):
        return f"{_site_url()}/sessions.html"
    return f"{_site_url()}/manage.html?id={about.id}"


def _site_url() -> str:
    return config().needed("site_url").rstrip("/")
