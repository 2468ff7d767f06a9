"""Our records in DynamoDB's own JSON, against boto3's reading of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.dynamodb.attributes import deserialize, serialize

DYNAMODB_DIGITS = 10**38 - 1

plain = st.none() | st.booleans() | st.integers(-DYNAMODB_DIGITS, DYNAMODB_DIGITS) | st.text(max_size=20)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@given(values)
def test_values_are_written_as_boto3_writes_them(value: object) -> None:
    assert serialize(value) == TypeSerializer().serialize(value)


@given(values)
def test_what_boto3_writes_is_read_as_boto3_reads_it(value: object) -> None:
    written = TypeSerializer().serialize(value)
    assert deserialize(written) == TypeDeserializer().deserialize(written) == value


@pytest.mark.parametrize("value", [0.5, Decimal(1), {"a"}, b"bytes", object()])
def test_what_no_record_holds_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no record holds"):
        serialize(value)


def test_an_attribute_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="SS"):
        deserialize({"SS": ["a"]})
