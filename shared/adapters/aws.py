"""Clients of AWS, straight from botocore: what boto3 puts on top is for resources and S3, and costs a cold start."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session


def make_client(service: str, region: str, config: Config | None = None, endpoint: str | None = None) -> Any:
    """The same client as ``boto3.client`` makes."""
    return _session().create_client(service, region_name=region, endpoint_url=endpoint, config=config)


@cache
def _session() -> Session:
    """One for all, since each reads AWS's list of endpoints anew."""
    return get_session()
