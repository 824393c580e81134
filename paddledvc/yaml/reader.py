"""YAML into plain values that still know their lines."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from paddledvc.errors import InvalidFile
from paddledvc.yaml import fast_reader
from paddledvc.yaml.document import Document, Path, Position
from paddledvc.yaml.nodes import (
    KNOWN_TAGS,
    MAX_ALIAS_VALUES,
    MAX_VALUES,
    compose_nodes,
    read_scalar_node,
    short_node_tag,
)

if TYPE_CHECKING:
    from paddledvc.errors import Problem


def parse_yaml(text: str, file: str) -> Document:
    """Read YAML into plain values that still know their lines.

    Args:
        text: the YAML.
        file: its name, for messages.

    Raises:
        InvalidFile: not YAML, keys that stand twice, aliases without end, or merge conflicts.

    >>> parse_yaml("a: [1, two]", "x.yaml").value
    {'a': [1, 'two']}
    """
    try:
        value = fast_reader.read_plain_fast(text)
    except fast_reader.NotPlain:
        return _parse_nodes(text, file)
    if value is None:
        return _parse_nodes(text, file)
    root = cache(lambda: compose_nodes(text, file))
    return Document(
        file=file,
        text=text,
        value=value,
        position=lambda path, at_key: _position(_find(root(), path, at_key=at_key)),
        written=lambda path: _written(_find(root(), path)),
    )


def _parse_nodes(text: str, file: str) -> Document:
    """Read YAML with all that it can hold, and say where its mistakes are."""
    root = compose_nodes(text, file)
    if root is None:
        return Document(
            file=file,
            text=text,
            value=None,
            position=lambda _p, _k: Position(line=1, column=1),
            written=lambda _p: "",
        )
    builder = _Builder(file)
    value = builder.build(root, ())
    if builder.problems:
        raise InvalidFile(builder.problems)
    return Document(
        file=file,
        text=text,
        value=value,
        position=lambda path, at_key: _position(_find(root, path, at_key=at_key)),
        written=lambda path: _written(_find(root, path)),
    )


def _position(node: yaml.Node) -> Position:
    return Position(line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _written(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _find(root: yaml.Node | None, path: Path, *, at_key: bool = False) -> yaml.Node:
    """Find the node at a path, or the nearest one above it."""
    assert root is not None, "a file without any value is read by its nodes"
    node = root
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            pairs = [pair for pair in node.value if pair[0].value == str(step)]
            if not pairs:
                return node
            node = pairs[0][0] if last and at_key else pairs[0][1]
        else:
            return node
    return node


class _Builder:
    """Turn nodes into values; every problem found on the way is kept."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._values = 0
        self._alias_values = 0

    def build(self, node: yaml.Node, path: Path, *, aliased: bool = False) -> Any:
        self._count(node, path, aliased=aliased)
        if node.tag not in KNOWN_TAGS[type(node)]:
            self._note(
                node, path, f"the tag {short_node_tag(node.tag)} means nothing here; leave it out"
            )
            return None
        if isinstance(node, yaml.ScalarNode):
            return read_scalar_node(node)
        again = id(node) in self._seen
        if id(node) in self._open:
            self._fail(node, path, "an alias that contains itself has no end")
        self._seen.add(id(node))
        self._open.add(id(node))
        value = self._collection(node, path, aliased=aliased or again)
        self._open.discard(id(node))
        return value

    def _collection(self, node: yaml.Node, path: Path, *, aliased: bool) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [
                self.build(item, (*path, index), aliased=aliased)
                for index, item in enumerate(node.value)
            ]
        return self._mapping(node, path, aliased=aliased)

    def _mapping(self, node: yaml.Node, path: Path, *, aliased: bool) -> dict[str, Any]:
        value: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(key_node, path, "found a list or mapping as a key, expected text")
                continue
            key = key_node.value
            if key == "<<" and not key_node.style:
                for source in self._merge_sources(value_node, path):
                    merged = {**source, **merged}
                continue
            if key in lines:
                first = lines[key]
                self._note(key_node, (*path, key), f"the key stands in line {first} already")
                continue
            lines[key] = key_node.start_mark.line + 1
            value[key] = self.build(value_node, (*path, key), aliased=aliased)
        return {**merged, **value}

    def _merge_sources(self, node: yaml.Node, path: Path) -> list[dict[str, Any]]:
        built = self.build(node, (*path, "<<"), aliased=True)
        sources = built if isinstance(built, list) else [built]
        if all(isinstance(source, dict) for source in sources):
            return sources
        self._note(node, (*path, "<<"), "expected a mapping, or a list of mappings, to merge")
        return []

    def _count(self, node: yaml.Node, path: Path, *, aliased: bool) -> None:
        """Stop an alias bomb long before it fills the memory."""
        self._values += 1
        self._alias_values += aliased
        if self._values > MAX_VALUES or self._alias_values > MAX_ALIAS_VALUES:
            limit = MAX_ALIAS_VALUES if aliased else MAX_VALUES
            self._fail(node, path, f"aliases repeat more than {limit:,} values; write them out")

    def _note(self, node: yaml.Node, path: Path, message: str) -> None:
        document = Document(
            file=self.file,
            text="",
            value=None,
            position=lambda _p, _k: _position(node),
            written=str,
        )
        self.problems.append(document.problem(path, message))

    def _fail(self, node: yaml.Node, path: Path, message: str) -> None:
        self._note(node, path, message)
        raise InvalidFile(self.problems)
