"""Values as YAML that every reader understands alike."""

from __future__ import annotations

from typing import Any

import yaml

from paddledvc.yaml.quoting import needs_no_quotes


class _Dumper(yaml.SafeDumper):
    """Indent lists, repeat instead of aliasing, quote what YAML 1.1 and 1.2 read differently."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if needs_no_quotes(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(value: Any, *, brackets: bool = False) -> str:
    """Write a value as YAML that every reader understands alike.

    Args:
        value: a mapping, or what is in one.
        brackets: whether lists and mappings of plain scalars within it go on one line.

    >>> print(dump_yaml({"a": ["on", "x-1"]}), end="")
    a:
      - "on"
      - x-1
    >>> print(dump_yaml({"a": [None, 3]}, brackets=True), end="")
    a: [null, 3]
    """
    # PyYAML would put a mapping of scalars alone into braces too.
    nested = isinstance(value, dict) and any(isinstance(one, dict | list) for one in value.values())
    return yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=None if brackets and nested else False,
        sort_keys=False,
        allow_unicode=True,
        width=10**6,
        indent=2,
    )
