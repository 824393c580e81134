"""The one reader and the one writer of YAML.

YAML 1.1 and 1.2 disagree about ``on``, ``1:30`` and ``1e3``. DVC reads 1.2, so plain scalars are
resolved here as DVC's reader resolves them, and whatever the two could read differently is written
in quotes. The parsing itself is libyaml's, through PyYAML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from paddledvc.core.document import Document, Path, Position
from paddledvc.core.splice import Entry, Section
from paddledvc.errors import InvalidFile, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # a PyYAML built without libyaml: slower, the same answers

    class _Parser(  # type: ignore[no-redef]
        yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer
    ):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)
            yaml.composer.Composer.__init__(self)


# The rules of DVC's reader (ruamel.yaml, YAML 1.2).
_INT = re.compile(r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@%+-]*(?: [A-Za-z0-9_./@%+-]+)*")
_AMBIGUOUS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"}
MAX_VALUES = 1_000_000
MAX_ALIAS_VALUES = 10_000


class _NodeLoader(_Parser):
    """Compose nodes and leave the meaning of scalars to us."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _node: object, _index: object) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


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
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
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
            file=self.file, value=None, position=lambda _p, _k: _position(node), written=str
        )
        self.problems.append(document.problem(path, message))

    def _fail(self, node: yaml.Node, path: Path, message: str) -> None:
        self._note(node, path, message)
        raise InvalidFile(self.problems)


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    try:
        return int(digits, 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10)
    except ValueError:
        return text


def parse(text: str, file: str) -> Document:
    """Read YAML into plain values that still know their lines.

    Args:
        text: the YAML.
        file: its name, for messages.

    Raises:
        InvalidFile: not YAML, keys that stand twice, aliases without end, or merge conflicts.

    >>> parse("a: [1, two]", "x.yaml").value
    {'a': [1, 'two']}
    """
    root = compose(text, file)
    if root is None:
        return Document(
            file=file, value=None, position=lambda _p, _k: _START, written=lambda _p: ""
        )
    builder = _Builder(file)
    try:
        value = builder.build(root, ())
    except RecursionError:
        builder.problems.append(_problem(file, 1, 1, "values are nested too deeply"))
        raise InvalidFile(builder.problems) from None
    if builder.problems:
        raise InvalidFile(builder.problems)
    return Document(
        file=file,
        value=value,
        position=lambda path, at_key: _position(_find(root, path, at_key=at_key)),
        written=lambda path: _written(_find(root, path)),
    )


def compose(text: str, file: str) -> yaml.Node | None:
    """Read YAML into nodes; None for a file without any value.

    Raises:
        InvalidFile: not YAML, or with merge conflicts.
    """
    if marker := re.search(r"^(<{7}|>{7}|={7}$)", text, re.MULTILINE):
        line = text.count("\n", 0, marker.start()) + 1
        advice = "found a merge conflict; resolve it first"
        if file.endswith(".lock"):
            advice = (
                "found a merge conflict; take either side, for example with "
                f"`git checkout --ours {file}`, then run `paddledvc lock`"
            )
        raise InvalidFile([_problem(file, line, 1, advice)])
    try:
        node: yaml.Node | None = _NodeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"not YAML: {error.problem or error.context}{_yaml_hint(text, line)}"
        raise InvalidFile([_problem(file, line, column, message)]) from error
    except (yaml.YAMLError, RecursionError) as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise InvalidFile([_problem(file, line, 1, f"not YAML: {error}")]) from error
    return node


def _yaml_hint(text: str, line: int) -> str:
    written = (text.splitlines() or [""])[min(line, text.count("\n") + 1) - 1 : line]
    if written and re.search(r":\s+[><^~=!*@`%&]", written[0]):
        return "; a value that starts like this must be in quotes"
    if written and "\t" in written[0]:
        return "; indent with spaces, not with tabs"
    return ""


def _problem(file: str, line: int, column: int, message: str) -> Problem:
    return Problem(file=file, line=line, column=column, path="", message=message)


_START = Position(line=1, column=1)


def _position(node: yaml.Node) -> Position:
    return Position(line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _written(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _find(root: yaml.Node, path: Path, *, at_key: bool = False) -> yaml.Node:
    """Find the node at a path, or the nearest one above it."""
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


def outline(text: str, file: str, key: str) -> Section | None:
    """Find the lines of a top-level section and of its entries; None where there is no such key.

    Raises:
        InvalidFile: the section is written in one line as ``{…}``, or is no mapping.
    """
    root = compose(text, file)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for index, (key_node, value_node) in enumerate(pairs):
        if key_node.value != key:
            continue
        lines = text.splitlines()
        start = key_node.start_mark.line
        limit = pairs[index + 1][0].start_mark.line if index + 1 < len(pairs) else len(lines)
        if _written(value_node) in _WORDS and not isinstance(value_node, yaml.CollectionNode):
            return Section(start=start, end=start + 1, indent=2, entries=())
        if isinstance(value_node, yaml.MappingNode) and not value_node.value:
            return Section(start=start, end=value_node.end_mark.line + 1, indent=2, entries=())
        if not isinstance(value_node, yaml.MappingNode) or value_node.flow_style:
            message = "expected entries on lines of their own, not in braces or a list"
            raise InvalidFile([_problem(file, start + 1, 1, f"{key}: {message}")])
        return _section(lines, start, limit, value_node)
    return None


def _section(lines: list[str], start: int, limit: int, node: yaml.MappingNode) -> Section:
    indent = node.value[0][0].start_mark.column
    starts = [key.start_mark.line for key, _ in node.value]
    ends = [_content_end(lines, end, indent) for end in (*starts[1:], limit)]
    entries = tuple(
        Entry(name=str(key.value), start=first, end=end)
        for (key, _), first, end in zip(node.value, starts, ends, strict=True)
    )
    return Section(start=start, end=ends[-1], indent=indent, entries=entries)


def _content_end(lines: list[str], end: int, indent: int) -> int:
    """Step back over blank lines and over comments that belong to what follows."""
    while end > 0:
        line = lines[end - 1]
        is_comment = line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent
        if line.strip() and not is_comment:
            break
        end -= 1
    return end


class _Dumper(yaml.SafeDumper):
    """Indent lists, repeat instead of aliasing, quote what YAML 1.1 and 1.2 read differently."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _AMBIGUOUS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _represent_text)


def dump(value: Any) -> str:
    """Write a value as YAML that every reader understands alike.

    >>> print(dump({"a": ["on", "x-1"]}), end="")
    a:
      - "on"
      - x-1
    """
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6, indent=2
    )
