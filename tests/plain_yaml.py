"""YAML as programs other than ours read and write it, by libyaml where it is there."""

from __future__ import annotations

from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def load(text: str | bytes) -> Any:
    """Read one document."""
    return yaml.load(text, LOADER)


def dump(value: Any) -> str:
    """Write one document, keys in the order that they have."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False)
