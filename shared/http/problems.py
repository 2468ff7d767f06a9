"""Refusals on the wire: RFC 9457 problem details, one table from each refusal to its status."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from shared.domain import errors
from shared.domain.time import isoformat

STATUS: dict[type[errors.DomainError], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PromoNotFound: HTTPStatus.NOT_FOUND,
    errors.PromoExhausted: HTTPStatus.CONFLICT,
    errors.PromoExpired: HTTPStatus.CONFLICT,
    errors.PromoAlreadyUsed: HTTPStatus.CONFLICT,
    errors.SlotTaken: HTTPStatus.CONFLICT,
    errors.SlotNotOffered: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CalendarUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TemporarilyUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.HoldExpired: HTTPStatus.CONFLICT,
    errors.OrderNotApproved: HTTPStatus.CONFLICT,
    errors.OrderMismatch: HTTPStatus.CONFLICT,
    errors.PaymentDeclined: HTTPStatus.PAYMENT_REQUIRED,
    errors.PaymentProviderUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotCancellable: HTTPStatus.CONFLICT,
    errors.PackageExhausted: HTTPStatus.CONFLICT,
    errors.NotReschedulable: HTTPStatus.CONFLICT,
    errors.FeeRequired: HTTPStatus.PAYMENT_REQUIRED,
}

RETRY_AFTER_SECONDS = {
    errors.CalendarUnavailable: 30,
    errors.TemporarilyUnavailable: 5,
    errors.PaymentProviderUnavailable: 10,
}

FieldErrors = Sequence[dict[str, str]]


def refused(refusal: errors.DomainError, request_id: str) -> Response[str]:
    kind = type(refusal)
    extra: dict[str, Any] = {}
    if isinstance(refusal, errors.SlotTaken):
        extra["alternatives"] = [isoformat(start) for start in refusal.alternatives]
    if isinstance(refusal, errors.FeeRequired):
        extra |= {
            "fee_order_id": refusal.order_id,
            "approve_url": refusal.approve_url,
            "fee": refusal.fee,
            "currency": refusal.currency,
            "hold_expires_at": isoformat(refusal.expires_at),
        }
    if isinstance(refusal, errors.InvalidInput):
        extra["errors"] = [{"field": refusal.field, "message": refusal.detail}]
    after = refusal.seconds if isinstance(refusal, errors.TooManyRequests) else RETRY_AFTER_SECONDS.get(kind)
    return problem(
        STATUS[kind],
        refusal.code,
        refusal.detail,
        request_id,
        headers={"Retry-After": str(after)} if after else {},
        **extra,
    )


def invalid(errors_by_field: FieldErrors, request_id: str) -> Response[str]:
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.InvalidInput.code,
        "The request holds values that can't be used.",
        request_id,
        errors=list(errors_by_field),
    )


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    request_id: str,
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> Response[str]:
    body = {
        "type": f"urn:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status.value,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **extra,
    }
    return Response(
        status_code=status.value,
        content_type="application/problem+json",
        body=json.dumps(body),
        headers=dict(headers or {}),
    )
