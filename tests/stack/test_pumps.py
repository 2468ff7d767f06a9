from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import engine, template
from local.clock import Clock
from local.lambdas import FunctionCrashed
from local.outside import Serving
from local.pumps import DeadLetters, EventBus, SchedulePump, StreamPump, settle
from local.template import Rule, Schedule, StreamSource
from tests.stack.conftest import PROJECT, Loop

SOURCE = template.read(PROJECT).streams[0]


class Functions:
    """Keeps what it was called with, and answers or fails as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[str, dict[str, Any]], Any] = lambda _name, _event: None

    async def invoke(self, name: str, event: dict[str, Any], serving: Serving) -> Any:
        self.calls.append((name, event))
        return self.answer(name, event)

    def batches(self) -> list[list[str]]:
        return [
            [record["dynamodb"]["Keys"]["PK"]["S"] for record in event["Records"]]
            for _, event in self.calls
            if "Records" in event
        ]


class Stream:
    def __init__(self, loop: Loop, endpoint: str, source: StreamSource = SOURCE) -> None:
        self.functions, self.dead = Functions(), DeadLetters()
        self.table = f"things-{uuid.uuid4().hex}"
        self.pump = StreamPump([source], self.functions, self.dead, endpoint)
        self._loop, self._dynamodb = loop, engine.client("dynamodb", endpoint)
        engine.create_table(endpoint, self.table, dict(template.read(PROJECT).table))
        self.pump.attach(self.table)

    def put(self, name: str, kind: str = "EFFECT") -> None:
        item = {"PK": {"S": name}, "SK": {"S": name}, "kind": {"S": kind}}
        self._dynamodb.put_item(TableName=self.table, Item=item)

    def drain(self) -> None:
        self._loop.run(self.pump.drain())


@pytest.fixture
def stream(loop: Loop, dynamodb: str) -> Stream:
    return Stream(loop, dynamodb)


def test_new_matching_records_come_in_order_in_batches_and_once(stream: Stream) -> None:
    for name in ("a", "b", "c"):
        stream.put(name)
    stream.put("x", kind="CELL")
    stream.put("a", kind="CHANGED")
    stream.drain()
    stream.drain()
    assert stream.functions.batches() == [["a", "b"], ["c"]]
    assert stream.pump.seen == 5


def test_a_record_has_the_shape_that_lambda_gives(stream: Stream) -> None:
    stream.put("a")
    stream.drain()
    _, event = stream.functions.calls[0]
    (record,) = event["Records"]
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"].endswith(record["eventSourceARN"].partition("/stream/")[2])
    assert record["dynamodb"]["NewImage"]["kind"] == {"S": "EFFECT"}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int)
    assert record["dynamodb"]["SequenceNumber"]


def test_a_crash_brings_the_whole_batch_again(stream: Stream) -> None:
    def crash_once(_name: str, _event: dict[str, Any]) -> None:
        if len(stream.functions.calls) == 1:
            raise FunctionCrashed

    stream.functions.answer = crash_once
    stream.put("a")
    stream.put("b")
    stream.drain()
    assert stream.functions.batches() == [["a", "b"], ["a", "b"]]
    assert stream.dead.letters == []


def test_a_reported_failure_brings_back_that_record_and_what_came_after(stream: Stream) -> None:
    def fail_second_once(_name: str, event: dict[str, Any]) -> dict[str, Any]:
        if len(stream.functions.calls) > 1:
            return {"batchItemFailures": []}
        number = event["Records"][1]["dynamodb"]["SequenceNumber"]
        return {"batchItemFailures": [{"itemIdentifier": number}]}

    stream.functions.answer = fail_second_once
    stream.put("a")
    stream.put("b")
    stream.drain()
    assert stream.functions.batches() == [["a", "b"], ["b"]]


def test_what_never_works_ends_as_a_dead_letter_and_blocks_nothing(stream: Stream) -> None:
    def crash_on_a(_name: str, event: dict[str, Any]) -> None:
        if "a" in {record["dynamodb"]["Keys"]["PK"]["S"] for record in event["Records"]}:
            raise FunctionCrashed

    stream.functions.answer = crash_on_a
    stream.put("a")
    stream.drain()
    stream.put("b")
    stream.drain()
    assert stream.functions.batches() == [["a"], ["a"], ["a"], ["b"]]
    assert len(stream.dead.letters) == 1


RULE = Rule("mail_events", {"source": ["aws.ses"], "detail-type": ["Email Sent"]})


def told(kind: str) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex, "source": "aws.ses", "detail-type": kind, "detail": {}}


async def _put_all(bus: EventBus, *events: dict[str, Any]) -> None:
    running = asyncio.create_task(bus.run())
    for event in events:
        bus.put(event)
    await bus.drain()
    running.cancel()


def test_an_event_goes_where_its_rule_says(loop: Loop) -> None:
    functions = Functions()
    sent = told("Email Sent")
    loop.run(_put_all(EventBus([RULE], functions, DeadLetters()), told("Email Opened"), sent))
    assert functions.calls == [("mail_events", sent)]


def test_an_event_is_tried_three_times_and_then_a_dead_letter(loop: Loop) -> None:
    def crash(_name: str, _event: dict[str, Any]) -> None:
        raise FunctionCrashed

    functions, dead = Functions(), DeadLetters()
    functions.answer = crash
    loop.run(_put_all(EventBus([RULE], functions, dead), told("Email Sent")))
    assert (len(functions.calls), len(dead.letters)) == (3, 1)


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


def test_a_schedule_runs_once_when_the_clock_moves_past_it_however_far(
    loop: Loop, stream: Stream, clock: Clock
) -> None:
    pump = SchedulePump([Schedule("sweeper", 300)], stream.functions, stream.pump)
    counts = []
    for seconds in (0, 290, 20, 86_400, -86_400, 301):
        clock.advance(seconds)
        loop.run(pump.run_due())
        counts.append(len(stream.functions.calls))
    assert counts == [0, 0, 1, 2, 2, 3]


def test_a_disabled_schedule_runs_just_by_hand(loop: Loop, stream: Stream, clock: Clock) -> None:
    pump = SchedulePump([Schedule("sweeper", 300)], stream.functions, stream.pump)
    pump.enable("sweeper", False)
    clock.advance(600)
    loop.run(pump.run_due())
    assert stream.functions.calls == []
    loop.run(pump.run_now("sweeper"))
    pump.enable("sweeper", True)
    clock.advance(600)
    loop.run(pump.run_due())
    assert [name for name, _ in stream.functions.calls] == ["sweeper", "sweeper"]


def test_the_stream_has_told_what_a_schedule_wrote_before_it_comes_again(loop: Loop, stream: Stream) -> None:
    def write(name: str, _event: dict[str, Any]) -> None:
        if name == "sweeper":
            stream.put(f"owed after {len(stream.functions.calls)} calls")

    stream.functions.answer = write
    pump = SchedulePump([Schedule("sweeper", 300)], stream.functions, stream.pump)
    for _ in range(2):
        loop.run(pump.run_now("sweeper"))
    assert [name for name, _ in stream.functions.calls] == ["sweeper", SOURCE.function] * 2


def test_settling_goes_on_until_nothing_moves(loop: Loop, dynamodb: str) -> None:
    stream = Stream(loop, dynamodb)
    bus, due = EventBus([RULE], stream.functions, stream.dead), ["later", "latest"]

    def follow(name: str, _event: dict[str, Any]) -> None:
        if name == "sweeper" and due:
            stream.put(due.pop())
        if name == "outside":
            bus.put(told("Email Sent"))

    stream.functions.answer = follow
    stream.put("first")

    async def live() -> int:
        running = asyncio.create_task(bus.run())
        schedules = SchedulePump([Schedule("sweeper", 300)], stream.functions, stream.pump)
        rounds = await settle(stream.pump, bus, schedules)
        running.cancel()
        return rounds

    assert loop.run(live()) == 2
    assert [name for batch in stream.functions.batches() for name in batch] == ["first", "latest", "later"]
    assert bus.delivered == 3
