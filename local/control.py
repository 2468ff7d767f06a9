"""The control address: shows and moves what normally takes days or bad luck. Never part of a deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.bodies import Body, Count
from local.faults import Fault
from local.google.errors import GoogleError
from local.lambdas import FunctionCrashed, FunctionError, FunctionTimedOut
from local.outside import CrashPlan
from local.paypal import control as paypal
from local.paypal.errors import PayPalError
from local.pumps import settle

if TYPE_CHECKING:
    from local.assembly import Assembly


class ClockBody(Body):
    now: AwareDatetime | None = None
    advance_seconds: float | None = None
    real: Literal[True] | None = None


class TokenBody(Body):
    email: str
    role: Literal["client", "coach"]


class RunBody(Body):
    schedule: str


class ScheduleBody(Body):
    enabled: bool


class EventBody(Body):
    start: str
    end: str
    summary: str = ""
    transparency: Literal["opaque", "transparent"] = "opaque"
    all_day: bool = False


class RefusedNumberBody(Body):
    to: str
    code: int


class FaultBody(Body):
    target: Literal["paypal", "google", "ses", "twilio", "dynamodb"]
    match: str = "*"
    effect: Literal["refuse", "status", "delay", "drop_response"]
    status_code: Annotated[int, Field(ge=400, le=599)] = 503
    seconds: Annotated[float, Field(ge=0)] = 0
    times: Count | None = None
    after: Annotated[int, Field(ge=0)] = 0


class CrashBody(Body):
    function: str
    before: str | None = None
    after: str | None = None
    times: Count = 1
    skip: Annotated[int, Field(ge=0)] = 0


Call = Callable[["Assembly", Request], Awaitable[Any]]


async def read_clock(stack: Assembly, _: Request) -> Any:
    return stack.outside.clock.as_json()


async def set_clock(stack: Assembly, request: Request) -> Any:
    body = ClockBody.model_validate(await request.json())
    _exactly_one(now=body.now, advance_seconds=body.advance_seconds, real=body.real)
    clock = stack.outside.clock
    # Whoever is at work ends first: hours never pass in the middle of a function, or before the stream tells.
    async with stack.courier.still(), stack.schedules.still():
        await stack.stream.drain()
        await stack.bus.drain()
        async with stack.stream.still():
            if body.now:
                clock.set_now(body.now)
            elif body.advance_seconds is not None:
                clock.advance(body.advance_seconds)
            else:
                clock.reset()
    return clock.as_json()


async def make_token(stack: Assembly, request: Request) -> Any:
    body = TokenBody.model_validate(await request.json())
    return {"token": stack.signin.issue_token(body.email, body.role)}


async def run_schedule(stack: Assembly, request: Request) -> Any:
    name = RunBody.model_validate(await request.json()).schedule
    if name not in stack.schedules:
        raise HTTPException(404, f"the template has no schedule {name}")
    try:
        answer = await stack.schedules.run_now(name)
    except (FunctionError, FunctionCrashed, FunctionTimedOut) as error:
        raise HTTPException(502, str(error)) from error
    return {"schedule": name, "answer": answer}


async def set_schedule(stack: Assembly, request: Request) -> Any:
    name, body = request.path_params["name"], ScheduleBody.model_validate(await request.json())
    if name not in stack.schedules:
        raise HTTPException(404, f"the template has no schedule {name}")
    stack.schedules.enable(name, body.enabled)
    return {"schedule": name, **body.model_dump()}


async def settle_all(stack: Assembly, _: Request) -> Any:
    rounds = await settle(stack.stream, stack.bus, stack.schedules, stack.courier)
    return {"rounds": rounds, "owed": await asyncio.to_thread(stack.owed)}


async def mailbox(stack: Assembly, request: Request) -> Any:
    return stack.ses.mailbox(request.query_params.get("to"))


async def notifications(stack: Assembly, request: Request) -> Any:
    return await asyncio.to_thread(stack.messages, request.query_params.get("subject", ""))


async def texts(stack: Assembly, request: Request) -> Any:
    return stack.twilio.listed(request.query_params.get("to"))


async def refuse_number(stack: Assembly, request: Request) -> Any:
    body = RefusedNumberBody.model_validate(await request.json())
    stack.twilio.refused[body.to] = body.code


async def calendar_events(stack: Assembly, _: Request) -> Any:
    return stack.google.coach_events()


async def add_calendar_event(stack: Assembly, request: Request) -> Any:
    body = EventBody.model_validate(await request.json())
    return stack.google.add_event(**body.model_dump())


async def delete_calendar_event(stack: Assembly, request: Request) -> Any:
    stack.google.delete_event(request.path_params["id"])


async def add_fault(stack: Assembly, request: Request) -> Any:
    body = FaultBody.model_validate(await request.json())
    stack.outside.faults.add(Fault(**body.model_dump()))
    return stack.outside.faults.as_json()[-1]


async def list_faults(stack: Assembly, _: Request) -> Any:
    return stack.outside.faults.as_json()


async def clear_faults(stack: Assembly, _: Request) -> Any:
    stack.outside.faults.clear()


async def plan_crash(stack: Assembly, request: Request) -> Any:
    body = CrashBody.model_validate(await request.json())
    _exactly_one(before=body.before, after=body.after)
    if body.function not in stack.lambdas:
        raise HTTPException(404, f"the template has no function {body.function}")
    moment = f"before {body.before}" if body.before else f"after {body.after}"
    stack.outside.crashes.add(CrashPlan(body.function, moment, body.times, body.skip))
    return body.model_dump(exclude_none=True)


async def list_crashes(stack: Assembly, _: Request) -> Any:
    return stack.outside.crashes.left()


async def clear_crashes(stack: Assembly, _: Request) -> Any:
    stack.outside.crashes.clear()


async def list_calls(stack: Assembly, _: Request) -> Any:
    return stack.outside.calls.as_json()


async def clear_calls(stack: Assembly, _: Request) -> Any:
    stack.outside.calls.clear()


async def list_dead_letters(stack: Assembly, _: Request) -> Any:
    return stack.dead.letters


async def reset(stack: Assembly, _: Request) -> Any:
    await stack.reset()
    return stack.outside.clock.as_json()


CALLS: tuple[tuple[str, str, Call], ...] = (
    ("GET", "/clock", read_clock),
    ("PUT", "/clock", set_clock),
    ("POST", "/tokens", make_token),
    ("POST", "/run", run_schedule),
    ("PUT", "/schedules/{name}", set_schedule),
    ("POST", "/settle", settle_all),
    ("GET", "/mailbox", mailbox),
    ("GET", "/notifications", notifications),
    ("GET", "/texts", texts),
    ("PUT", "/texts/refused", refuse_number),
    ("GET", "/calendar/events", calendar_events),
    ("POST", "/calendar/events", add_calendar_event),
    ("DELETE", "/calendar/events/{id}", delete_calendar_event),
    *paypal.CALLS,
    ("POST", "/faults", add_fault),
    ("GET", "/faults", list_faults),
    ("DELETE", "/faults", clear_faults),
    ("POST", "/crash", plan_crash),
    ("GET", "/crash", list_crashes),
    ("DELETE", "/crash", clear_crashes),
    ("GET", "/calls", list_calls),
    ("DELETE", "/calls", clear_calls),
    ("GET", "/dead-letters", list_dead_letters),
    ("PUT", "/reset", reset),
)


def create_app(stack: Assembly) -> Starlette:
    def endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            found = await call(stack, request)
            return JSONResponse({} if found is None else found)

        return answer

    return Starlette(
        routes=[Route(path, endpoint(call), methods=[method]) for method, path, call in CALLS],
        exception_handlers={
            HTTPException: _problem,
            ValidationError: _invalid,
            ValueError: _invalid,
            GoogleError: _refused,
            PayPalError: _refused,
        },
    )


def _exactly_one(**fields: datetime | float | str | bool | None) -> None:
    if sum(value is not None for value in fields.values()) != 1:
        raise ValueError(f"give exactly one of {', '.join(fields)}")


def _error(status: int, detail: str) -> Response:
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


async def _problem(_: Request, error: Exception) -> Response:
    return _error(getattr(error, "status_code", 500), str(getattr(error, "detail", error)))


async def _invalid(_: Request, error: Exception) -> Response:
    return _error(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def _refused(_: Request, error: Exception) -> Response:
    return _error(getattr(error, "status", HTTPStatus.BAD_REQUEST), str(error))
