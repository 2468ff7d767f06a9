"""Cold starts: from spawning Lambda's runtime client to the first answer, against a bare handler that reads one item.

A bare handler is measured twice: packaged as SAM packages a function with a requirements file (boto3 from pip,
without bytecode), and with our own layer, so that compiling in advance gives no head start.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.lambda_runtime import running
from bench.samples import booking, order, sample, signed_in

ROOT = Path(__file__).parent.parent
ROUNDS = 5
PACKAGED, COMPILED = "bare boto3, packaged by SAM", "bare boto3, compiled"
BARE_HANDLER = """
import os

import boto3

client = boto3.client("dynamodb", region_name=os.environ["AWS_REGION"])


def handler(event, context):
    key = {"PK": {"S": "SETTINGS"}, "SK": {"S": "SETTINGS"}}
    return {"found": "Item" in client.get_item(TableName=os.environ["TABLE_NAME"], Key=key)}
"""


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    folder: Path
    layers: tuple[Path, ...]
    event: Callable[[int], Any]
    """Of the round: a booking has to be a new one each time."""


@dataclass(frozen=True, slots=True)
class Result:
    """``milliseconds`` and ``peak_memory_mb`` are medians; ``answers`` are the distinct ones that came."""

    name: str
    milliseconds: float
    peak_memory_mb: float
    answers: tuple[str, ...]


def measure(env: Mapping[str, str], build_dir: Path, rounds: int = ROUNDS) -> list[Result]:
    """The bare handlers first. Rounds are interleaved, so that a busy minute of the machine slows all alike."""
    build_dir = build_dir.resolve()
    subjects = [*_bare(build_dir), *_functions(build_dir, env)]
    taken: dict[str, list[tuple[float, float, str]]] = {subject.name: [] for subject in subjects}
    for number in range(rounds):
        for subject in subjects:
            taken[subject.name].append(_start(subject, subject.event(number), env))
    return [
        Result(
            name,
            median(seconds for seconds, _, _ in runs) * 1000,
            median(memory for _, memory, _ in runs),
            tuple(sorted({answer for _, _, answer in runs})),
        )
        for name, runs in taken.items()
    ]


def report(results: Sequence[Result]) -> str:
    bare = {result.name: result.milliseconds for result in results}
    lines = [f"{'cold start':32} {'ms':>6} {'/ packaged':>11} {'/ compiled':>11} {'peak MB':>8}  answer"]
    lines += [
        f"{result.name:32} {result.milliseconds:6.0f} {result.milliseconds / bare[PACKAGED]:11.2f} "
        f"{result.milliseconds / bare[COMPILED]:11.2f} {result.peak_memory_mb:8.0f}  {', '.join(result.answers)}"
        for result in results
    ]
    return "\n".join(lines)


def _start(subject: Subject, event: Any, env: Mapping[str, str]) -> tuple[float, float, str]:
    with running(subject.folder, subject.layers, env) as function:
        outcome = function.invoke(event)
        status = outcome.body.get("statusCode") if isinstance(outcome.body, dict) else None
        return outcome.at - function.spawned_at, function.peak_memory_mb(), str(status or outcome.kind)


def _functions(build_dir: Path, env: Mapping[str, str]) -> list[Subject]:
    events: dict[str, Callable[[int], Any]] = {
        "health": lambda _: sample("health/health"),
        "config": lambda _: sample("config/config"),
        "availability": lambda _: sample("availability/two_days"),
        "promo": lambda _: sample("promo/known"),
        "book_free": booking,
        "checkout": lambda number: order(ROUNDS + number),
        "paypal_webhook": lambda _: sample("paypal_webhook/order_approved"),
        "appointments": lambda _: sample("appointments/mine"),
        "cancel": lambda _: sample("cancel/cancel"),
        "reschedule": lambda _: sample("reschedule/move"),
        "notifications": lambda _: sample("notifications/mine"),
        "authorizer": lambda _: signed_in(env),
    }
    layers = (build_dir / "DependenciesLayer" / "python", build_dir / "SharedLayer" / "python")
    return [Subject(name, build_dir / _logical_id(name), layers, event) for name, event in events.items()]


def _bare(build_dir: Path) -> list[Subject]:
    packaged = _with_handler(ROOT / ".local" / "bench" / "packaged")
    if not (packaged / "boto3").exists():
        _install_boto3(packaged)
    compiled = _with_handler(ROOT / ".local" / "bench" / "compiled")
    return [
        Subject(PACKAGED, packaged, (), lambda _: {}),
        Subject(COMPILED, compiled, (build_dir / "DependenciesLayer" / "python",), lambda _: {}),
    ]


def _with_handler(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "handler.py").write_text(BARE_HANDLER)
    return folder


def _install_boto3(folder: Path) -> None:
    version = re.search(r'"boto3==([^"]+)"', (ROOT / "pyproject.toml").read_text())
    assert version
    uv = shutil.which("uv") or str(ROOT / ".local" / "tools" / "bin" / "uv")
    subprocess.run([uv, "pip", "install", "--quiet", "--target", folder, f"boto3=={version[1]}"], check=True)


def _logical_id(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_")) + "Function"
