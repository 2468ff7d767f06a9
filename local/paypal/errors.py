"""PayPal's refusals: its error envelope, and the words of its OpenAPI files for each issue.

Clients switch on ``details[].issue``: descriptions differ between calls and change over time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication credentials.",
    ),
    403: ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}

ISSUES: dict[str, tuple[int, str]] = {
    "INVALID_ARRAY_MAX_ITEMS": (400, "The number of items in an array parameter is too large."),
    "INVALID_ARRAY_MIN_ITEMS": (400, "The number of items in an array parameter is too small."),
    "INVALID_PARAMETER_SYNTAX": (400, "The value of a field does not conform to the expected format."),
    "INVALID_PARAMETER_VALUE": (400, "A parameter value is not valid."),
    "INVALID_STRING_LENGTH": (400, "The value of a field is either too short or too long"),
    "MALFORMED_REQUEST_JSON": (400, "The request JSON is not well formed."),
    "MISSING_REQUIRED_PARAMETER": (400, "A required parameter is missing."),
    "PAYPAL_REQUEST_ID_REQUIRED": (
        400,
        "A PayPal-Request-Id is required if you are trying to process payment for an Order. Please specify a"
        " PayPal-Request-Id or Create the Order without a 'payment_source' specified.",
    ),
    "FIELD_NOT_PATCHABLE": (400, "Field cannot be patched."),
    "PERMISSION_DENIED": (
        403,
        "You do not have permission to access or perform operations on this resource.",
    ),
    "INVALID_RESOURCE_ID": (
        404,
        "Specified resource ID does not exist. Please check the resource ID and try again.",
    ),
    "PREVIOUS_REQUEST_IN_PROGRESS": (
        409,
        "A previous request on this resource is currently in progress. Please wait for sometime and try again."
        " It is best to space out the initial and the subsequent request(s) to avoid receiving this error.",
    ),
    "AGREEMENT_ALREADY_CANCELLED": (422, "The requested agreement is already canceled."),
    "AMOUNT_MISMATCH": (
        422,
        "Should equal item_total + tax_total + shipping + handling + insurance - shipping_discount - discount.",
    ),
    "CANNOT_BE_ZERO_OR_NEGATIVE": (
        422,
        "Must be greater than zero. If the currency supports decimals, only two decimal place precision is"
        " supported.",
    ),
    "CAPTURE_FULLY_REFUNDED": (422, "The capture has already been fully refunded"),
    "COMPLIANCE_VIOLATION": (422, "Transaction is declined due to compliance violation."),
    "DECIMAL_PRECISION": (
        422,
        "If the currency supports decimals, only two decimal place precision is supported.",
    ),
    "DUPLICATE_INVOICE_ID": (
        422,
        "Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account setting requires"
        " that Invoice Id be unique for each transaction.",
    ),
    "INSTRUMENT_DECLINED": (
        422,
        "The instrument presented  was either declined by the processor or bank, or it can't be used for this"
        " payment.",
    ),
    "INVALID_CURRENCY_CODE": (
        422,
        "Currency code is invalid or is not currently supported. Please refer"
        " https://developer.paypal.com/api/rest/reference/currency-codes/ for list of supported currency codes.",
    ),
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": (
        422,
        "You have exceeded the maximum number of payment attempts.",
    ),
    "MAX_NUMBER_OF_REFUNDS_EXCEEDED": (
        422,
        "You have exceeded the maximum number of refund attempts for this capture.",
    ),
    "NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE": (
        422,
        "The API caller or the merchant on whose behalf the API call is initiated is not allowed to vault the"
        " given source. Please contact PayPal customer support for assistance.",
    ),
    "ORDER_ALREADY_CAPTURED": (
        422,
        "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.",
    ),
    "ORDER_ALREADY_COMPLETED": (422, "The order cannot be patched after it is completed."),
    "ORDER_NOT_APPROVED": (
        422,
        "Payer has not yet approved the Order for payment. Please redirect the payer to the 'rel':'approve' url"
        " returned as part of the HATEOAS links within the Create Order call or provide a valid `payment_source`"
        " in the request.",
    ),
    "PARTIAL_REFUND_NOT_ALLOWED": (422, "You cannot do a refund less than the original capture amount."),
    "PAYEE_ACCOUNT_RESTRICTED": (422, "The merchant account is restricted."),
    "PAYER_ACTION_REQUIRED": (
        422,
        "Transaction cannot complete successfully, instruct the buyer to return to PayPal.",
    ),
    "PAYER_CANNOT_PAY": (
        422,
        "Payer cannot pay for this transaction. Please contact the payer to find other ways to pay for this"
        " transaction.",
    ),
    "PENDING_CAPTURE": (
        422,
        "Cannot initiate a refund as the capture is pending. Capture is typically pending when the payer has"
        " funded the transaction using e-check/bank funded.",
    ),
    "REFUND_AMOUNT_EXCEEDED": (
        422,
        "The refund amount must be less than or equal to the capture amount that has not yet been refunded.",
    ),
    "REFUND_CAPTURE_CURRENCY_MISMATCH": (422, "Refund must be in the same currency as the capture"),
    "REFUND_FAILED_INSUFFICIENT_FUNDS": (
        422,
        "Capture could not be refunded due to insufficient funds. Please check to see if you have sufficient"
        " funds in your PayPal account or if the bank account linked to your PayPal account is verified and has"
        " sufficient funds.",
    ),
    "REFUND_NOT_ALLOWED": (422, "Capture cannot be refunded."),
    "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": (
        422,
        "Refunds are not allowed on this capture due to a chargeback on the card or bank. Please contact the"
        " payee to resolve the chargeback.",
    ),
    "REFUND_TIME_LIMIT_EXCEEDED": (422, "You are over the time limit to perform a refund on this capture"),
    "TOKEN_EXPIRED": (422, "The token is expired and cannot be used for payment."),
    "TOKEN_ID_NOT_FOUND": (
        422,
        "Specified token was not found. Verify the token and try the request again.",
    ),
    "TRANSACTION_DISPUTED": (
        422,
        "Partial refunds cannot be offered at this time because there is an open case on this transaction. Visit"
        " the PayPal Resolution Center to review this case.",
    ),
    "TRANSACTION_REFUSED": (422, "The request was refused."),
}


class PayPalError(Exception):
    """One refusal by issue; ``detail`` adds ``field``, ``value`` and ``location``, ``links`` what to do next."""

    def __init__(self, issue: str, links: tuple[Mapping[str, str], ...] = (), **detail: str) -> None:
        super().__init__(issue)
        self.status, description = ISSUES[issue]
        self.detail = {**detail, "issue": issue, "description": description}
        self.links = links


class TokenRefused(Exception):
    """A refusal of the token endpoint (RFC 6749, section 5.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


OTHER_WORDS = {("payments", "DUPLICATE_INVOICE_ID"): "Invoice ID was previously used to refund a capture."}
"""Where one API words an issue differently from the others."""


def envelope(
    status: int, debug_id: str, error: PayPalError | None = None, api: str = "orders"
) -> dict[str, Any]:
    """The body of a refusal; without an error, one that gives no issue."""
    name, message = NAMES.get(status, NAMES[500])
    body: dict[str, Any] = {"name": name, "message": message, "debug_id": debug_id, "links": []}
    if error:
        issue = error.detail["issue"]
        about = f"https://developer.paypal.com/docs/api/{api}/v2/#error-{issue}"
        words = OTHER_WORDS.get((api, issue), error.detail["description"])
        body["details"] = [error.detail | {"description": words}]
        body["links"] = [{"href": about, "rel": "information_link", "method": "GET"}, *error.links]
    return body
