"""The mailbox: every mail the SES stand-in took, for people to read and programs to list.

A mail is shown in a frame that may neither run scripts nor load anything, whatever it contains.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icalendar import Calendar
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from local.ses.message import StoredMessage
from local.ses.state import SesState

PAGES = Path(__file__).parent / "pages"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self';"
    " base-uri 'none'; form-action 'self'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)
VIEWS = ("mail", "text", "invitation", "headers")


@dataclass(frozen=True, slots=True)
class Invitation:
    method: str
    facts: list[tuple[str, str]]


def create_mailbox_app(state: SesState) -> Starlette:
    pages = _pages()

    def found(request: Request) -> StoredMessage:
        message = state.find(request.path_params["id"])
        if message is None:
            raise HTTPException(404, "no such message")
        return message

    async def page(request: Request) -> Response:
        opened = state.find(request.query_params.get("id", ""))
        html = pages.get_template("mailbox.html").render(
            messages=list(reversed(state.messages)),
            opened=opened,
            views=VIEWS,
            view=_view(request, opened),
            invitation=_invitation(opened),
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})

    async def messages(request: Request) -> Response:
        return JSONResponse(state.mailbox(request.query_params.get("to")))

    async def message(request: Request) -> Response:
        return JSONResponse(found(request).as_json())

    async def mail(request: Request) -> Response:
        html = found(request).parts.html or ""
        new_tabs = html.replace("<head>", '<head><base target="_blank" rel="noreferrer">', 1)
        return HTMLResponse(new_tabs, headers={"Content-Security-Policy": MAIL_POLICY})

    async def ics(request: Request) -> Response:
        calendar = found(request).parts.ics
        if calendar is None:
            raise HTTPException(404, "no invitation in this message")
        return Response(
            calendar.encode(),
            media_type="text/calendar",
            headers={"Content-Disposition": 'attachment; filename="session.ics"'},
        )

    return Starlette(
        routes=[
            Route("/", page),
            Route("/messages", messages),
            Route("/messages/{id}.ics", ics),
            Route("/messages/{id}/mail", mail),
            Route("/messages/{id}", message),
            Mount("/static", StaticFiles(directory=PAGES / "static")),
        ]
    )


def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _view(request: Request, opened: StoredMessage | None) -> str:
    asked = request.query_params.get("view", VIEWS[0])
    if asked not in VIEWS or (asked == "invitation" and opened and not opened.parts.ics):
        return VIEWS[0]
    return asked


def _invitation(message: StoredMessage | None) -> Invitation | None:
    if message is None or message.parts.ics is None:
        return None
    calendar = Calendar.from_ical(message.parts.ics)
    event: Any = calendar.walk("VEVENT")[0]
    attendees = event.get("attendee", [])
    people = attendees if isinstance(attendees, list) else [attendees]
    facts = [
        ("What", str(event.get("summary", ""))),
        ("Starts", f"{event.decoded('dtstart'):%A, %B %d, %Y, %H:%M %Z}"),
        ("Ends", f"{event.decoded('dtend'):%A, %B %d, %Y, %H:%M %Z}"),
        ("Description", str(event.get("description", ""))),
        ("Organizer", _person(event["organizer"])),
        ("Attendee", ", ".join(_person(person) for person in people)),
        ("Status", str(event.get("status", ""))),
        ("Sequence", str(event.get("sequence", 0))),
        ("UID", str(event["uid"])),
    ]
    return Invitation(method=str(calendar["method"]), facts=facts)


def _person(address: Any) -> str:
    email = str(address).removeprefix("mailto:")
    return f"{address.params['CN']} ({email})" if "CN" in address.params else email
