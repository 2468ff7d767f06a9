"""Cuts installed packages down to what the functions run: ``python prune.py FOLDER``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

# Service models boto3 is asked for; the files beside the folders are read for every service.
BOTOCORE_SERVICES = {"dynamodb", "sesv2", "ssm"}
# Their names in botocore's list of endpoints, of which each new session reads every word.
BOTOCORE_ENDPOINTS = {"dynamodb", "email", "ssm"}
DISCOVERY_DOCUMENTS = {"calendar.v3.json"}

UNUSED = (
    "bin",
    ".lock",
    "*.dist-info/licenses",
    "*.dist-info/RECORD",
    "boto3/data",  # resources; functions use clients
    "boto3/examples",
    "cffi",  # builds bindings; those built need its backend alone
    "cffi-*",
    "pycparser",
    "pycparser-*",
    # gRPC, protocol buffers and traces of Google's other clients: calendars speak JSON.
    "apiclient",
    "google/_upb",
    "google/api",
    "google/cloud",
    "google/gapic",
    "google/logging",
    "google/longrunning",
    "google/protobuf",
    "google/rpc",
    "google/type",
    "googleapis_common_protos-*",
    "opentelemetry",
    "opentelemetry_api-*",
    "proto",
    "proto_plus-*",
    "protobuf-*",
    # Google's keys are read by cryptography where that is installed.
    "pyasn1",
    "pyasn1-*",
    "pyasn1_modules",
    "pyasn1_modules-*",
    # Where a number is from, whose it is and its zone are never asked.
    "phonenumbers/geodata",
    "phonenumbers/carrierdata",
    "phonenumbers/tzdata",
    "pydantic/v1",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    "**/tests",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.c",
    "**/*.h",
)


def prune(packages: Path) -> None:
    for pattern in UNUSED:
        for path in sorted(packages.glob(pattern)):
            remove(path)
    keep_only(packages / "botocore" / "data", BOTOCORE_SERVICES, folders=True)
    keep_endpoints(packages / "botocore" / "data" / "endpoints.json")
    keep_only(packages / "googleapiclient" / "discovery_cache" / "documents", DISCOVERY_DOCUMENTS)


def keep_only(folder: Path, names: set[str], *, folders: bool = False) -> None:
    missing = names - {path.name for path in folder.iterdir()}
    if missing:
        sys.exit(f"{folder} has no {', '.join(sorted(missing))}")
    for path in folder.iterdir():
        if path.name not in names and path.is_dir() >= folders:
            remove(path)


def keep_endpoints(file: Path) -> None:
    known = json.loads(file.read_text())
    for partition in known["partitions"]:
        services = partition["services"]
        partition["services"] = {
            name: services[name] for name in sorted(BOTOCORE_ENDPOINTS & services.keys())
        }
    if "dynamodb" not in known["partitions"][0]["services"]:
        sys.exit(f"{file} does not list services as it used to")
    file.write_text(json.dumps(known))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
