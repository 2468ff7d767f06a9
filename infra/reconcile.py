"""``make reconcile``: runs the daily comparison now, and prints its report.

``reconcile.py STACK`` asks the function of a deployed stack, with the rights of whoever runs it. Without one, the
local stack of ``make run`` runs its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config

ENDPOINTS = Path(".local") / "endpoints.json"
LONGEST_SECONDS = 310
"""A little more than the function may take."""

COMPARED = {
    "payments": "payments in the books",
    "sessions": "sessions in the books",
    "packages": "packages in the books",
    "orders_asked": "orders asked of PayPal",
    "ledger_entries": "entries of PayPal's ledger",
    "calendar_events": "sessions in the calendar",
}

Report = dict[str, Any]


class NoReport(Exception):
    """The comparison did not run to its end; the message says why."""


def of_local_stack(endpoints: Path = ENDPOINTS) -> Report:
    if not endpoints.exists():
        raise NoReport("the local stack is not running: start it with `make run`, or name a STAGE")
    address = json.loads(endpoints.read_text())["control"]
    answer = requests.post(f"{address}/run", json={"schedule": "reconcile"}, timeout=LONGEST_SECONDS)
    if not answer.ok:
        raise NoReport(answer.json()["detail"])
    report: Report = answer.json()["answer"]
    return report


def of_deployed(stack: str) -> Report:
    function = _output(stack, "ReconcileFunction")
    patient = Config(read_timeout=LONGEST_SECONDS, retries={"total_max_attempts": 1})
    answer = boto3.client("lambda", config=patient).invoke(FunctionName=function, Payload=b"{}")
    report: Report = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise NoReport(f"{report.get('errorType')}: {report.get('errorMessage')}")
    return report


def _output(stack: str, key: str) -> str:
    (description,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return str(next(each["OutputValue"] for each in description["Outputs"] if each["OutputKey"] == key))


def lines(report: Report) -> Iterator[str]:
    yield f"Compared from {report['since']} to {report['until']}"
    yield ""
    for name, words in COMPARED.items():
        yield f"  {report['compared'][name]:>6}  {words}"
    for gap in report["left_out"]:
        yield f"  left out  {gap}"
    yield ""
    found = report["differences"]
    if not found:
        yield "No differences."
        return
    yield f"{len(found)} different, {report['noted']} new on the list of what needs a person:"
    yield ""
    kinds, subjects = (max(len(each[name]) for each in found) for name in ("kind", "subject_id"))
    for each in found:
        yield f"  {each['kind']:<{kinds}}  {each['subject_id']:<{subjects}}  {each['detail']}"


if __name__ == "__main__":
    try:
        found = of_deployed(sys.argv[1]) if len(sys.argv) > 1 else of_local_stack()
    except NoReport as failed:
        sys.exit(f"nothing was compared: {failed}")
    sys.stdout.write("\n".join([*lines(found), ""]))
