"""What a buyer sees of PayPal: the page where they approve, and the script that puts its button into a shop."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from local.paypal.account import EMAIL, NAME, PAYER_ID
from local.paypal.amounts import CURRENCIES
from local.paypal.errors import PayPalError
from local.paypal.order import Order, Outcome
from local.paypal.state import PayPalState

PAGES = Path(__file__).parent / "pages"
SDK = PAGES / "sdk.js"
POLICY = "default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class Funding:
    outcome: Outcome
    name: str
    effect: str


FUNDINGS = (
    Funding("approve", "PayPal balance", "Paid at once"),
    Funding("pending", "Bank account by eCheck", "Stays pending until the bank has paid"),
    Funding("decline", "Card ending in 0002", "The bank will decline it"),
)
OUTCOMES: dict[str, Outcome] = {funding.outcome: funding.outcome for funding in FUNDINGS}
GONE = (404, "This payment is not open any more", "Go back and start again.")
PAID = (409, "This was already paid", "There is nothing left to do here.")


def routes(state: PayPalState) -> list[BaseRoute]:
    checkout = _Checkout(state)
    return [
        Route("/checkoutnow", checkout.page, methods=["GET"]),
        Route("/checkoutnow", checkout.choose, methods=["POST"]),
        Route("/sdk/js", checkout.sdk),
        Mount("/checkoutnow/static", StaticFiles(directory=PAGES / "static")),
    ]


class _Checkout:
    def __init__(self, state: PayPalState) -> None:
        self._state = state
        self._pages = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def page(self, request: Request) -> Response:
        self._state.catch_up()
        try:
            order = self._visited(request)
        except PayPalError:
            return self._closed(*GONE)
        if order.status == "COMPLETED":
            return self._closed(*PAID)
        wanted, currency = request.query_params.get("currency"), order.request.amount.currency
        if wanted and wanted != currency:
            problem = f"Expected currency from order api call to be {wanted}, got {currency}."
            return self._tell_shop(request, {"type": "error", "message": problem}, problem)
        return self._show("checkout.html", action=f"?{request.url.query}", **_facts(order))

    async def choose(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            order = self._visited(request)
            if form.get("action") != "pay":
                return self._leave(order, request, approved=False)
            self._state.approve(order.id, OUTCOMES.get(form.get("funding", ""), "approve"))
        except PayPalError:
            return self._closed(*GONE)
        except ValueError:
            return self._closed(*PAID)
        return self._leave(order, request, approved=True)

    async def sdk(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("client-id") != self._state.client_id:
            return _script("throw new Error('client-id not recognized');", 400)
        if asked.get("currency", "USD") not in CURRENCIES:
            return _script("throw new Error('currency not supported');", 400)
        return _script(SDK.read_text())

    def _visited(self, request: Request) -> Order:
        with self._state.lock:
            return self._state.orders.visit(request.query_params.get("token", ""))

    def _leave(self, order: Order, request: Request, *, approved: bool) -> Response:
        """Back to the shop: by a message to the page that opened this one, or by redirect."""
        if request.query_params.get("origin"):
            message = {"type": "approve" if approved else "cancel", "orderID": order.id, "payerID": PAYER_ID}
            return self._tell_shop(request, message, "You can close this window")
        target = order.request.experience.get("return_url" if approved else "cancel_url")
        if target is None:
            return self._closed(200, "The payment is approved" if approved else "Cancelled: nothing was paid")
        given = {"token": order.id, **({"PayerID": PAYER_ID} if approved else {})}
        joint = "&" if urlsplit(target).query else "?"
        return RedirectResponse(f"{target}{joint}{urlencode(given)}", 303)

    def _tell_shop(self, request: Request, message: dict[str, str], words: str) -> Response:
        origin = request.query_params.get("origin", "")
        return self._show("closed.html", title=words, words="", message=message, origin=origin)

    def _closed(self, status: int, title: str, words: str = "You can close this window.") -> Response:
        return self._show("closed.html", status, title=title, words=words, message=None, origin="")

    def _show(self, template: str, status: int = 200, **facts: Any) -> Response:
        nonce = secrets.token_urlsafe(16)
        html = self._pages.get_template(template).render(nonce=nonce, **facts)
        headers = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
        return HTMLResponse(html, status, headers=headers)


def _facts(order: Order) -> dict[str, Any]:
    request = order.request
    return {
        "amount": request.amount.as_json(),
        "brand": request.experience.get("brand_name", "Your coach"),
        "description": request.unit.get("description", ""),
        "fundings": FUNDINGS,
        "invoice": request.invoice_id,
        "buyer": f"{NAME['given_name']} {NAME['surname']}",
        "email": EMAIL,
        "saves": "vault" in request.attributes,
        "pay_now": request.experience.get("user_action") == "PAY_NOW",
    }


def _script(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="text/javascript", headers={"Cache-Control": "no-store"})
