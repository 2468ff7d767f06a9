from __future__ import annotations

from typing import Any

import pytest

from local import patterns, template
from local.assembly import TEMPLATE
from local.environment import parameters
from local.paypal.state import PayPalState
from local.twilio.state import TwilioState
from tests.stack.conftest import PROJECT


def read(stage: str = "local") -> template.Template:
    return template.read(PROJECT, {"Stage": stage, "Origins": "https://a.example,https://b.example"})


def test_a_function_is_known_by_its_folder_with_its_own_settings_over_the_common_ones() -> None:
    functions = read().functions
    assert set(functions) == {"gate", "echo", "answers", "trouble", "outside"}
    assert (functions["trouble"].timeout, functions["echo"].timeout) == (1, 5)
    assert functions["echo"].folder == PROJECT.parent.parent / "functions" / "echo"
    assert functions["gate"].environment == {"STAGE": "local"}


def test_references_conditions_and_missing_values_are_worked_out() -> None:
    local, deployed = read("local").functions["echo"], read("prod").functions["echo"]
    assert local.environment["TABLE_NAME"] == "things-local"
    assert local.environment["WHERE"] == "local-here"
    assert "WHERE" not in deployed.environment


def test_what_a_condition_leaves_out_has_no_route() -> None:
    assert "/away" in {route.path for route in read("prod").routes}
    assert "/away" not in {route.path for route in read("local").routes}


def test_a_route_has_the_common_authorizer_unless_it_says_none() -> None:
    authorizers = {route.path: route.authorizer for route in read().routes}
    assert authorizers["/guarded"] == "Gate"
    assert authorizers["/echo"] is None


def test_lists_of_origins_come_apart() -> None:
    cors = read().cors
    assert cors
    assert cors.origins == ("https://a.example", "https://b.example")


def test_streams_schedules_and_rules_are_read() -> None:
    found = read()
    assert (found.streams[0].function, found.streams[0].batch_size, found.streams[0].retries) == (
        "outside",
        2,
        2,
    )
    assert found.streams[0].reports_item_failures
    assert found.schedules == (template.Schedule("outside", 300),)
    assert found.rules[0].pattern == {"source": ["aws.ses"], "detail-type": ["Email Sent"]}
    assert found.table_name == "things-local"


def test_the_product_s_own_template_has_a_handler_for_every_function() -> None:
    paypal = PayPalState("http://127.0.0.1:3")
    found = template.read(
        TEMPLATE, parameters("http://127.0.0.1:1", "http://127.0.0.1:2", paypal, TwilioState())
    )
    assert found.routes
    assert [
        name for name, function in found.functions.items() if not (function.folder / "handler.py").exists()
    ] == []


@pytest.mark.parametrize(
    ("pattern", "event", "matching"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": "z"}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": 1}}, True),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": ["x"]}, {"a": ["w", "x"]}, True),
        ({"a": [{"exists": False}]}, {"b": 1}, True),
        ({"a": [{"prefix": "ab"}]}, {"a": "abc"}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "x"}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x"}, False),
    ],
)
def test_an_event_matches_a_pattern_when_every_leaf_does(
    pattern: dict[str, Any], event: dict[str, Any], matching: bool
) -> None:
    assert patterns.matches(pattern, event) is matching
