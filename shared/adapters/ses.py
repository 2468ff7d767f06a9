"""Amazon SES: one raw message for each letter, sent once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    SSLError,
)

from shared.domain.appointment import Appointment
from shared.domain.package import Package
from shared.observability import outside_call
from shared.usecases.ports import Letter, OutcomeUnknown, TryAgainLater, WillNeverWork

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

    from shared.adapters.letters import Letters

_NEVER_LEFT = (
    EndpointConnectionError,
    ConnectTimeoutError,
    ProxyConnectionError,
    SSLError,
    NoCredentialsError,
)


def make_client(region: str, endpoint: str | None = None) -> SESV2Client:
    """One try for each call: a repeat after a lost answer would be a second email."""
    client: SESV2Client = boto3.client(
        "sesv2",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=10),
    )
    return client


class SesMailer:
    """``mail_from`` is a bare address of a domain verified in SES."""

    def __init__(
        self,
        *,
        client: SESV2Client,
        mail_from: str,
        coach_email: str,
        coach_name: str,
        manage_url: Callable[[Appointment | Package], str],
        booking_url: str,
        configuration_set: str | None = None,
        mock: bool = False,
    ) -> None:
        self._client = client
        self._mail_from = mail_from
        self._coach_email = coach_email
        self._coach_name = coach_name
        self._manage_url = manage_url
        self._booking_url = booking_url
        self._configuration_set = configuration_set
        self._mock = mock

    def send(self, letter: Letter) -> str:
        request = self._request(letter)
        try:
            with outside_call("ses", "send_email"):
                return self._client.send_email(**request)["MessageId"]
        except ClientError as refusal:
            raise _meaning(refusal) from refusal
        except ParamValidationError as error:
            raise WillNeverWork("SES can't take this message") from error
        except _NEVER_LEFT as error:
            raise TryAgainLater(f"SES was not reached: {type(error).__name__}") from error
        except (BotoCoreError, KeyError) as error:
            raise OutcomeUnknown(f"SES gave no answer: {type(error).__name__}") from error

    def check(self) -> str:
        if self._mock:
            return "mock"
        domain = self._mail_from.rpartition("@")[2]
        try:
            with outside_call("ses", "get_email_identity"):
                verified = self._client.get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"]
        except self._client.exceptions.NotFoundException:
            verified = False
        except ClientError as refusal:
            return f"error: SES answered {refusal.response['Error']['Code']}"
        except BotoCoreError as error:
            return f"error: SES was not reached ({type(error).__name__})"
        return "initialized" if verified else f"error: verify the domain {domain} in Amazon SES"

    @cached_property
    def _letters(self) -> Letters:
        from shared.adapters.letters import Letters  # noqa: PLC0415 - templates are for those who send

        return Letters(
            mail_from=self._mail_from,
            coach_email=self._coach_email,
            coach_name=self._coach_name,
            manage_url=self._manage_url,
            booking_url=self._booking_url,
        )

    def _request(self, letter: Letter) -> SendEmailRequestTypeDef:
        message = self._letters.compose(letter)
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._mail_from,
            "Destination": {"ToAddresses": [message["To"].addresses[0].addr_spec]},
            "Content": {"Raw": {"Data": message.as_bytes()}},
            "EmailTags": [{"Name": "effect", "Value": letter.effect_id}],
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return request


def _meaning(refusal: ClientError) -> TryAgainLater | WillNeverWork:
    """A bad request stays bad; all else passes by itself, or a person mends it within the tries.

    SES's own words are left out: they repeat the addresses.
    """
    code = refusal.response["Error"]["Code"]
    kind = WillNeverWork if code == "BadRequestException" else TryAgainLater
    return kind(f"SES answered {code}")
