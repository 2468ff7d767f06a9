"""The rules and their stories need no network: here, whoever opens a socket fails."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _alone(socket_disabled: None) -> None:
    """``socket_disabled`` comes from pytest-socket."""
