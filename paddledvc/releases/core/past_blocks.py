"""Blocks of a file as an earlier state has them, in the file of now; all other bytes stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.blocks import (
    END,
    cut_blocks,
    cut_entry_blocks,
    indent_block_lines,
    newline_of_blocks,
    values_of_blocks,
)
from paddledvc.yaml.edit.lists import EditableList
from paddledvc.yaml.merge.rules import MERGE_FORMS
from paddledvc.yaml.writer import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.yaml.blocks import Blocks, Key

_MODELS = "models"


def take_past_blocks(now: str, then: str, file: str, keys: Iterable[Key]) -> str:
    r"""Put blocks of an earlier state into a text; what that lacks goes.

    Comments above a block stay, and so does a block that says the same.

    Args:
        now: the text.
        then: the text of the earlier state.
        file: the name of both.
        keys: which blocks, such as ``("stages", "train-det")``, or ``("det",)`` of params.yaml.

    Raises:
        InvalidFile: a text cannot be cut into blocks.

    >>> take_past_blocks("# ours\na: 1\nb: 2\n", "a: 0\nc: 3\n", "params.yaml", [("a",), ("b",)])
    '# ours\na: 0\n'
    """
    sections = MERGE_FORMS[file].sections
    ours, theirs = _cut(now, file), _cut(then, file)
    values = values_of_blocks(now, file, sections) or {}
    said = values_of_blocks(then, file, sections) or {}
    texts = {key: block.text for key, block in ours.items()}
    for key in keys:
        if key not in theirs and key in texts:
            texts[key] = ours[key].above
            values.pop(key, None)
        elif key in theirs and key in ours:
            if ours[key].value != theirs[key].value:
                texts[key] = ours[key].above + theirs[key].body
            values[key] = said[key]
        elif key in theirs:
            texts = _insert(texts, key, theirs[key].body, theirs)
            values[key] = said[key]
            values.setdefault(key[:1], said[key[:1]])
    for section in sections:
        values, texts = _close(section, ours, values, texts)
    return _require_said("".join(texts.values()), file, values)


def _close(
    section: str, ours: Blocks, values: dict[Key, Any], texts: dict[Key, str]
) -> tuple[dict[Key, Any], dict[Key, str]]:
    """Write an empty mapping where no entry of a section is left, for DVC takes no null there."""
    key = (section,)
    had, has = (any(one[:1] == key != one for one in every) for every in (ours, values))
    if had and not has:
        return {**values, key: {}}, {**texts, key: f"{ours[key].above}{section}: {{}}\n"}
    return values, texts


def _cut(text: str, file: str) -> Blocks:
    found = cut_blocks(text, file, MERGE_FORMS[file].sections)
    if found is None:
        message = "expected YAML with each entry on lines of its own; write it so, and commit it"
        raise InvalidFile([Problem(file=file, line=1, column=1, path="", message=message)])
    return found


def _insert(texts: dict[Key, str], key: Key, body: str, theirs: Blocks) -> dict[Key, str]:
    """Put a block behind the last one of its section, or in front of the last lines."""
    section, found = key[:1], dict(texts)
    if len(key) > 1 and not any(one[:1] == section and len(one) > 1 for one in found):
        found[section] = theirs[section].body  # there may be `{}`
    if len(key) > 1 and section not in texts:
        last = found.pop(END, "")
        return {**found, key: body, END: last}
    order = list(found)
    before = [at for at, one in enumerate(order) if len(key) > 1 and one[:1] == section]
    place = before[-1] + 1 if before else order.index(END)
    pairs = list(found.items())
    return dict([*pairs[:place], (key, body), *pairs[place:]])


def _require_said(text: str, file: str, wanted: Mapping[Key, Any]) -> str:
    if values_of_blocks(text, file, MERGE_FORMS[file].sections) != wanted:
        message = "its blocks cannot be put together with those of the earlier state"
        raise InvalidFile([Problem(file=file, line=1, column=1, path="", message=message)])
    return text


def take_past_model(now: str, then: str, name: str, environment: Any = None) -> str:
    r"""Put a model's entry of an earlier models.yaml into the one of now, with its comments of now.

    Args:
        now: models.yaml.
        then: models.yaml of the earlier state.
        name: the model, which that one has.
        environment: what it ran in, where its entry did not say so; None where nothing is to be
            added.

    Raises:
        InvalidFile: models.yaml cannot be edited by line.

    >>> now = "models:\n  # ours\n  - name: a\n    version: v2  # the newest\n    owner: us\n"
    >>> then = "models:\n  - name: a\n    version: v1\n    owner: us\n"
    >>> print(take_past_model(now, then, "a"), end="")
    models:
      # ours
      - name: a
        version: v1
        owner: us
    """
    sections = MERGE_FORMS[names.REGISTRY].sections
    key = (_MODELS, name)
    values = values_of_blocks(now, names.REGISTRY, sections)
    said = values_of_blocks(then, names.REGISTRY, sections)
    if values is None or said is None:
        _cut(now, names.REGISTRY)
        _cut(then, names.REGISTRY)
    assert values is not None
    assert said is not None
    wanted = dict(said[key])
    if environment is not None:
        wanted["environment"] = environment
    if values.get(key) == wanted:
        return now
    meant = {**values, key: wanted}
    meant[_MODELS,] = []
    for text in _candidates(now, then, key, environment):
        if values_of_blocks(text, names.REGISTRY, sections) == meant:
            return text
    left = EditableList(now, names.REGISTRY, _MODELS).remove(name) if key in values else now
    return EditableList(left, names.REGISTRY, _MODELS).append(wanted)


def _candidates(now: str, then: str, key: Key, environment: Any) -> Iterator[str]:
    """Write texts with the entry, those that keep more of what people wrote first."""
    sections = MERGE_FORMS[names.REGISTRY].sections
    ours = cut_blocks(now, names.REGISTRY, sections)
    theirs = cut_blocks(then, names.REGISTRY, sections)
    if ours is None or theirs is None:
        return
    texts = {one: block.text for one, block in ours.items()}
    body = theirs[key].body
    if key not in ours:
        if any(one[:1] == (_MODELS,) != one for one in ours):
            comments = _comments(theirs[key].above)
            yield "".join(
                _insert(texts, key, comments + _added(body, environment), theirs).values()
            )
        return
    for new in (_merge_fields(ours[key].body, body), body):
        if new is not None:
            texts[key] = ours[key].above + _added(new, environment)
            yield "".join(texts.values())


def _comments(above: str) -> str:
    """Pick the comments directly above an entry."""
    lines: list[str] = []
    for line in reversed(above.splitlines(keepends=True)):
        if not line.lstrip().startswith("#"):
            break
        lines.insert(0, line)
    return "".join(lines)


def _merge_fields(now: str, then: str) -> str | None:
    """Take the fields of an entry that differ, with the comments above those of now."""
    ours, theirs = cut_entry_blocks(now, names.REGISTRY), cut_entry_blocks(then, names.REGISTRY)
    if ours is None or theirs is None or next(iter(ours)) != next(iter(theirs)):
        return None
    parts = []
    for key, block in theirs.items():
        if key == END:
            continue
        known = ours.get(key)
        if known is None:
            parts.append(block.text)
        else:
            parts.append(known.text if known.value == block.value else known.above + block.body)
    return "".join((*parts, ours[END].body))


def _added(body: str, environment: Any) -> str:
    """Add what a model runs in to its entry."""
    if environment is None:
        return body
    entry = dump_yaml({"environment": environment}, brackets=True)
    fields = cut_entry_blocks(body, names.REGISTRY)
    lines = body.splitlines()
    first = next((line for line in lines if line.lstrip().startswith("-")), "- ")
    column = len(first) - len(first.lstrip().removeprefix("-").lstrip())
    kept = body
    if fields is not None and ("environment",) in fields:
        kept = "".join(one.text for key, one in fields.items() if key != ("environment",))
    return kept + indent_block_lines(entry, column, newline_of_blocks(body))
