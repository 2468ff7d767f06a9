"""What a page needs before anyone signs in, and what the operator's health check sees."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from shared.config import Config
from shared.domain.diary import Settings
from shared.domain.policy import POLICY
from shared.domain.service import FREE, Service

PAYPAL = "https://www.paypal.com"
"""Where its script is, for live and sandbox alike: the client id tells."""


class Price(BaseModel):
    amount: str
    currency: str


class ServiceView(BaseModel):
    id: str
    name: str
    duration_minutes: int
    sessions: int
    prices: list[Price]


class PolicyView(BaseModel):
    notice_hours: int
    fee_percent: int
    free_reschedules: int


class SignInView(BaseModel):
    """OpenID Connect, authorization code with PKCE. ``issuer`` is None where the host page signs its users in."""

    issuer: str | None
    client_id: str | None
    scope: str


class PayPalView(BaseModel):
    """``sdk_url`` is PayPal's script, to be loaded with this client id and one of the currencies.

    ``saves_method`` tells that a purchase asks PayPal to save the payment method, so that fees can be charged to it:
    the page has to say so before the client pays.
    """

    client_id: str
    currencies: list[str]
    sdk_url: str
    saves_method: bool


class ConfigView(BaseModel):
    """``sms`` tells that clients can be texted: the page asks them for their consent."""

    coach_name: str
    coach_timezone: str
    services: list[ServiceView]
    bookable: list[str]
    policy: PolicyView
    booking_window_days: int
    minimum_notice_minutes: int
    step_minutes: int
    paypal: PayPalView | None
    sms: bool
    sign_in: SignInView


class HealthView(BaseModel):
    ok: bool
    version: str
    stage: str
    dynamodb: str
    google_calendar: str
    paypal: str
    email: str


def config_view(settings: Settings, config: Config) -> ConfigView:
    schedule = settings.schedule
    return ConfigView(
        coach_name=config.coach_name or "Your coach",
        coach_timezone=schedule.timezone,
        services=[_service(service) for service in settings.services.values()],
        bookable=[
            each.id for each in settings.services.values() if each.id == FREE or config.paypal_client_id
        ],
        policy=PolicyView(
            notice_hours=POLICY.notice // timedelta(hours=1),
            fee_percent=int(POLICY.fee_share * 100),
            free_reschedules=POLICY.free_reschedules,
        ),
        booking_window_days=schedule.booking_window_days,
        minimum_notice_minutes=schedule.minimum_notice_minutes,
        step_minutes=schedule.step_minutes,
        paypal=_paypal(settings, config),
        sms=config.twilio_sms_enabled,
        sign_in=SignInView(
            issuer=config.jwt_issuer, client_id=config.jwt_audience, scope="openid email profile"
        ),
    )


def _paypal(settings: Settings, config: Config) -> PayPalView | None:
    if config.paypal_client_id is None:
        return None
    prices = [price for service in settings.services.values() for price in service.prices]
    return PayPalView(
        client_id=config.paypal_client_id,
        currencies=list(dict.fromkeys(price.currency for price in prices)),
        sdk_url=f"{config.paypal_api_base if config.paypal_mock else PAYPAL}/sdk/js",
        saves_method=config.paypal_vault_enabled,
    )


def _service(service: Service) -> ServiceView:
    return ServiceView(
        id=service.id,
        name=service.name,
        duration_minutes=service.duration_minutes,
        sessions=service.sessions,
        prices=[Price(amount=str(price), currency=price.currency) for price in service.prices],
    )
