"""What happens by itself on AWS: the table's stream, the event bus and the schedules, each calling its functions."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Iterable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local import engine, patterns
from local.lambdas import FunctionCrashed, FunctionError, FunctionTimedOut
from local.outside import Serving
from local.template import Rule, Schedule, StreamSource

IDLE_SECONDS = 1.0
"""Between looks at the stream; what a function wrote is looked for at once."""

RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 5.0
SWEEPER = "sweeper"
MOST_ROUNDS = 50
ASYNCHRONOUS_TRIES = 3
"""Lambda tries an asynchronous event twice more."""

FAILURES = (FunctionError, FunctionCrashed, FunctionTimedOut)


class Invoker(Protocol):
    def invoke(self, name: str, event: dict[str, Any], serving: Serving) -> Awaitable[Any]: ...


class DeadLetters:
    """What could not be handed over, as the template's queue would hold it."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []

    def add(self, function: str, event: dict[str, Any]) -> None:
        self.letters.append({"function": function, "event": event})

    def clear(self) -> None:
        self.letters.clear()


class StreamPump:
    """Reads the table's stream from the moment it is attached, and hands matching records over in order."""

    def __init__(
        self, sources: Iterable[StreamSource], lambdas: Invoker, dead: DeadLetters, endpoint: str
    ) -> None:
        self._sources = tuple(sources)
        self._lambdas = lambdas
        self._dead = dead
        self._dynamodb = engine.client("dynamodb", endpoint)
        self._streams = engine.client("dynamodbstreams", endpoint)
        self.seen = 0
        """Records in all, whether or not they matched."""

        self._arn = ""
        self._iterators: dict[str, str | None] = {}
        self._turn = asyncio.Lock()
        self._nudge = asyncio.Event()

    def still(self) -> asyncio.Lock:
        """Held, nothing is read or handed over."""
        return self._turn

    def attach(self, table: str) -> None:
        """From now on reads this table's stream. Call it while the pump is still."""
        self._arn = self._dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        self._iterators = {shard: self._iterator(shard, "LATEST") for shard in self._shards()}

    def nudge(self) -> None:
        """Something may have been written: look now."""
        self._nudge.set()

    async def run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), IDLE_SECONDS)
            self._nudge.clear()
            try:
                await self.drain()
            except (BotoCoreError, ClientError):
                await asyncio.sleep(LONGEST_RETRY_SECONDS)

    async def drain(self) -> None:
        """Hands over all there is."""
        async with self._turn:
            while records := await asyncio.to_thread(self._read):
                self.seen += len(records)
                for source in self._sources:
                    await self._hand_over(source, records)

    def _shards(self) -> list[str]:
        shards = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        return [shard["ShardId"] for shard in shards]

    def _iterator(self, shard: str, kind: str) -> str:
        answer = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, ShardIteratorType=kind)
        iterator: str = answer["ShardIterator"]
        return iterator

    def _read(self) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        for shard, iterator in list(self._iterators.items()):
            if iterator:
                answer = self._streams.get_records(ShardIterator=iterator)
                self._iterators[shard] = answer.get("NextShardIterator")
                records += answer["Records"]
        if not all(self._iterators.values()):
            self._follow_new_shards()
        return [_event_record(record, self._arn) for record in records]

    def _follow_new_shards(self) -> None:
        """A shard closes now and then; what follows it is read from its beginning."""
        for shard in self._shards():
            if shard not in self._iterators:
                self._iterators[shard] = self._iterator(shard, "TRIM_HORIZON")

    async def _hand_over(self, source: StreamSource, records: list[dict[str, Any]]) -> None:
        wanted = [record for record in records if _wanted(source, record)]
        for start in range(0, len(wanted), source.batch_size):
            await self._deliver(source, wanted[start : start + source.batch_size])

    async def _deliver(self, source: StreamSource, batch: list[dict[str, Any]]) -> None:
        tries = 0
        while batch:
            batch = await self._failed(source, batch)
            tries += 1
            if batch and 0 <= source.retries < tries:
                self._dead.add(source.function, {"Records": batch})
                return
            if batch:
                await asyncio.sleep(min(RETRY_SECONDS * 2 ** (tries - 1), LONGEST_RETRY_SECONDS))

    async def _failed(self, source: StreamSource, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The part of the batch that has to come again: from the first record that failed."""
        serving = Serving("stream", uuid.uuid4().hex)
        try:
            answer = await self._lambdas.invoke(source.function, {"Records": batch}, serving)
        except FAILURES:
            return batch
        reported = (answer or {}).get("batchItemFailures", ()) if source.reports_item_failures else ()
        failed = {failure["itemIdentifier"] for failure in reported}
        for index, record in enumerate(batch):
            if record["dynamodb"]["SequenceNumber"] in failed:
                return batch[index:]
        return []


def _wanted(source: StreamSource, record: dict[str, Any]) -> bool:
    return not source.patterns or any(patterns.matches(pattern, record) for pattern in source.patterns)


def _event_record(record: dict[str, Any], arn: str) -> dict[str, Any]:
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = int(change["ApproximateCreationDateTime"].timestamp())
    return {**record, "dynamodb": change, "eventSource": "aws:dynamodb", "eventSourceARN": arn}


class EventBus:
    """EventBridge's default bus."""

    def __init__(self, rules: Iterable[Rule], lambdas: Invoker, dead: DeadLetters) -> None:
        self._rules = tuple(rules)
        self._lambdas = lambdas
        self._dead = dead
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.delivered = 0

    def put(self, event: dict[str, Any]) -> None:
        self._queue.put_nowait(event)

    async def run(self) -> None:
        while True:
            event = await self._queue.get()
            for rule in self._rules:
                if patterns.matches(rule.pattern, event):
                    await self._invoke(rule.function, event)
            self.delivered += 1
            self._queue.task_done()

    async def drain(self) -> None:
        """Waits until every event told so far is delivered."""
        await self._queue.join()

    async def _invoke(self, function: str, event: dict[str, Any]) -> None:
        serving = Serving(event["detail-type"], event["id"])
        for _ in range(ASYNCHRONOUS_TRIES):
            try:
                await self._lambdas.invoke(function, event, serving)
            except FAILURES:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
        self._dead.add(function, event)


class SchedulePump:
    """Runs each schedule's function when it is due by the stack's clock; a moved clock makes it due once."""

    def __init__(self, schedules: Iterable[Schedule], lambdas: Invoker, stream: StreamPump) -> None:
        self._schedules = {schedule.function: schedule for schedule in schedules}
        self._lambdas = lambdas
        self._stream = stream
        self._last: dict[str, float] = defaultdict(time.time)
        self._disabled: set[str] = set()
        self._moved = asyncio.Event()
        self._turn = asyncio.Lock()

    def still(self) -> asyncio.Lock:
        """Held, no schedule runs."""
        return self._turn

    def __contains__(self, name: object) -> bool:
        return name in self._schedules

    def enable(self, name: str, enabled: bool) -> None:
        """As on EventBridge: a disabled schedule does not fire by itself."""
        (self._disabled.discard if enabled else self._disabled.add)(name)

    def enable_all(self) -> None:
        self._disabled.clear()

    def clock_moved(self) -> None:
        self._moved.set()

    async def run(self) -> None:
        while True:
            await self.run_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), 1)
            self._moved.clear()

    async def run_due(self) -> None:
        for name in self._schedules:
            async with self._turn:
                if self._is_due(name):
                    with contextlib.suppress(*FAILURES):
                        await self._run_and_tell(name)

    async def run_now(self, name: str) -> Any:
        """One at a time, as on AWS where minutes lie between: by the next one, the stream has told what was written.

        Raises what the function's failure raises.
        """
        async with self._turn:
            return await self._run_and_tell(name)

    async def _run_and_tell(self, name: str) -> Any:
        try:
            return await self._run(name)
        finally:
            await self._stream.drain()

    async def _run(self, name: str) -> Any:
        self._last[name] = time.time()
        event: dict[str, Any] = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "region": "us-east-1",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "resources": [f"arn:aws:events:us-east-1:000000000000:rule/{name}"],
            "detail": {},
        }
        return await self._lambdas.invoke(name, event, Serving(f"schedule {name}", event["id"]))

    def _is_due(self, name: str) -> bool:
        now = time.time()
        self._last[name] = min(self._last[name], now)
        return name not in self._disabled and now - self._last[name] >= self._schedules[name].seconds


class Deliverer(Protocol):
    delivered: int

    async def drain(self) -> None: ...


async def settle(stream: StreamPump, bus: EventBus, schedules: SchedulePump, *others: Deliverer) -> int:
    """Lets everything happen that is due, until nothing moves: no record written, no event told.

    The number of sweeps that something came of.
    """
    await stream.drain()
    await schedules.run_due()
    await _flow(stream, bus, *others)
    for rounds in range(MOST_ROUNDS):
        before = _moved(stream, bus, *others)
        if SWEEPER in schedules:
            with contextlib.suppress(*FAILURES):
                await schedules.run_now(SWEEPER)
        await _flow(stream, bus, *others)
        if _moved(stream, bus, *others) == before:
            return rounds
    return MOST_ROUNDS


async def _flow(stream: StreamPump, *deliverers: Deliverer) -> None:
    for deliverer in deliverers:
        await deliverer.drain()
    await stream.drain()


def _moved(stream: StreamPump, *deliverers: Deliverer) -> tuple[int, ...]:
    return stream.seen, *(deliverer.delivered for deliverer in deliverers)
