"""Edits of a list of a file, read back before anybody writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.edit import edit_items
from paddledvc.yaml.edit.find_items import find_items
from paddledvc.yaml.reader import parse_yaml
from paddledvc.yaml.writer import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.yaml.edit.list_spans import Items


@dataclass(frozen=True, slots=True)
class EditableList:
    r"""A top-level list in the text of a file; each edit gives the new text.

    Attributes:
        text: the whole file.
        file: its name, for messages.
        key: the key of the list.

    >>> models = EditableList("models: []  # ours\n", "models.yaml", "models")
    >>> print(models.append({"name": "a", "version": ">=3"}), end="")
    models:  # ours
      - name: a
        version: ">=3"
    """

    text: str
    file: str
    key: str

    def append(self, entry: Mapping[str, Any]) -> str:
        """Add an item after the last one.

        Raises:
            InvalidFile: the list cannot be edited by line.
        """
        found, before = self._items(), self._value()
        edited = edit_items.append_item(self.text, found, dump_yaml(dict(entry)))
        return self._checked(edited, before, [*(before[self.key] or []), dict(entry)])

    def remove(self, name: str) -> str:
        """Take out the item called ``name``.

        Raises:
            UnknownModel: there is no such item.
            InvalidFile: the list cannot be edited by line, or something else needs the item.
        """
        found, before = self._items(), self._value()
        edited = edit_items.remove_item(self.text, found, name)
        index = edit_items.index_of(found, name)
        meant = [item for at, item in enumerate(before[self.key]) if at != index]
        return self._checked(edited, before, meant)

    def set_scalar(self, name: str, key: str, value: str) -> str:
        """Put text in the place of one value of the item called ``name``.

        Raises:
            UnknownModel: there is no such item.
            InvalidFile: the list or the value cannot be edited by line.
        """
        found, before = self._items(), self._value()
        edited = edit_items.set_scalar(self.text, found, name, key, value)
        meant = list(before[self.key])
        index = edit_items.index_of(found, name)
        meant[index] = {**meant[index], key: value}
        return self._checked(edited, before, meant)

    def _items(self) -> Items:
        found = find_items(self.text, self.file, self.key)
        if found is None:
            message = f"expected a key `{self.key}:`"
            raise InvalidFile([Problem(file=self.file, line=1, column=1, path="", message=message)])
        return found

    def _value(self) -> dict[str, Any]:
        value: Any = parse_yaml(self.text, self.file).value
        return dict(value)

    def _checked(self, edited: str, before: dict[str, Any], meant: list[Any]) -> str:
        """Return an edited text that says what was meant."""
        after = parse_yaml(edited, self.file).value
        edit_items.require_meant(after, {**before, self.key: meant}, self.file)
        return edited
