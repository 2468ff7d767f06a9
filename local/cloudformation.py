"""As much of CloudFormation as the template needs: its short tags, parameters, conditions and references."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import yaml

PSEUDO_PARAMETERS = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "local",
}


class _Nothing:
    """``AWS::NoValue``: the key or list entry that holds it is left out."""


NOTHING = _Nothing()


class _Loader(yaml.SafeLoader):
    pass


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(path.read_text(), _Loader)  # noqa: S506 (a safe loader, with tags)
    return document


class Resolver:
    """Replaces references and functions by values. A resource is its logical id, or the name it is given."""

    def __init__(self, document: dict[str, Any], parameters: dict[str, str]) -> None:
        declared = document.get("Parameters", {})
        defaults = {name: str(entry["Default"]) for name, entry in declared.items() if "Default" in entry}
        given = {
            name: value.split(",") if declared[name]["Type"] == "CommaDelimitedList" else value
            for name, value in (defaults | parameters).items()
            if name in declared
        }
        self._values: dict[str, Any] = {**PSEUDO_PARAMETERS, **given, "AWS::NoValue": NOTHING}
        self._document = document

    def __call__(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for entry in node if (value := self(entry)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, argument), *_ = node.items()
            if key in self._functions:
                return self._functions[key](self, argument)
        return {key: value for key, entry in node.items() if (value := self(entry)) is not NOTHING}

    def holds(self, condition: str) -> bool:
        return bool(self(self._document["Conditions"][condition]))

    def _ref(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        properties = self._document["Resources"][name].get("Properties", {})
        named = next((key for key in properties if key in ("TableName", "Name", "FunctionName")), None)
        return self(properties[named]) if named else name

    def _sub(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return str(self(own[name]))
            return str(self._get_att(name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def _get_att(self, path: list[str]) -> str:
        return ".".join(path)

    def _if(self, argument: list[Any]) -> Any:
        condition, yes, no = argument
        return self(yes if self.holds(condition) else no)

    def _find_in_map(self, argument: list[Any]) -> Any:
        table, first, second = (self(part) for part in argument)
        return self(self._document["Mappings"][table][first][second])

    def _join(self, argument: list[Any]) -> str:
        separator, parts = argument
        return str(separator).join(str(part) for part in self(parts))

    def _equals(self, argument: list[Any]) -> bool:
        left, right = self(argument)
        return str(left) == str(right)

    _functions: ClassVar[dict[str, Callable[[Resolver, Any], Any]]] = {
        "Ref": _ref,
        "Condition": holds,
        "Fn::Sub": _sub,
        "Fn::GetAtt": _get_att,
        "Fn::If": _if,
        "Fn::FindInMap": _find_in_map,
        "Fn::Join": _join,
        "Fn::Equals": _equals,
        "Fn::Not": lambda self, argument: not self(argument[0]),
        "Fn::And": lambda self, argument: all(self(argument)),
        "Fn::Or": lambda self, argument: any(self(argument)),
        "Fn::Split": lambda self, argument: str(self(argument[1])).split(argument[0]),
    }
