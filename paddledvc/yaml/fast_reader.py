"""YAML as nearly everybody writes it, read straight into values: twice as fast as by nodes."""

from __future__ import annotations

from typing import Any

import yaml

from paddledvc.yaml.nodes import MAX_DEPTH, MAX_VALUES, read_plain_node

_Parser = getattr(getattr(yaml, "cyaml", None), "CParser", None)
"""libyaml's parser; None where PyYAML was built without it."""

CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")


class NotPlain(Exception):
    """The text has anchors, tags, merge keys or mistakes, which need a closer look."""


def read_plain_fast(text: str) -> Any:
    """Read a document without anchors, tags and merge keys into values.

    Raises:
        NotPlain: it has some, or is no YAML; nothing is said about where.

    >>> read_plain_fast("a: [1, two]")
    {'a': [1, 'two']}
    """
    if _Parser is None or any(marker in text for marker in CONFLICT):
        raise NotPlain
    try:
        parser = _Parser(text.removeprefix("\ufeff"))
        return _EventReader(parser).document()
    except (yaml.YAMLError, ValueError) as error:
        raise NotPlain from error


class _EventReader:
    """Turn libyaml's events into values, the outermost first."""

    def __init__(self, parser: Any) -> None:
        self._next = parser.get_event
        self._values = 0
        self._known: dict[str, Any] = {}

    def document(self) -> Any:
        """Read the only document of a stream."""
        value = None
        starts = 0
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            starts += isinstance(event, yaml.DocumentStartEvent)
            if starts > 1:
                raise NotPlain
            if not isinstance(event, _MARKS):
                value = self._value(event, 0)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        self._values += 1
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        if depth == MAX_DEPTH or self._values > MAX_VALUES:
            raise NotPlain
        if kind is yaml.AliasEvent or event.anchor is not None or event.tag is not None:
            raise NotPlain
        return self._mapping(depth) if kind is yaml.MappingStartEvent else self._sequence(depth)

    def _sequence(self, depth: int) -> list[Any]:
        value: list[Any] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            value.append(self._value(event, depth + 1))
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if type(event) is not yaml.ScalarEvent or event.anchor or event.tag:
                raise NotPlain
            key: str = event.value
            if key in value or key == "<<":
                raise NotPlain
            value[key] = self._value(self._next(), depth + 1)
        return value

    def _scalar(self, event: Any) -> Any:
        if event.anchor is not None or event.tag is not None:
            raise NotPlain
        text: str = event.value
        if not event.implicit[0]:  # it stands in quotes, or is a block of text
            return text
        if text not in self._known:
            self._known[text] = read_plain_node(text)
        return self._known[text]


_MARKS = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
