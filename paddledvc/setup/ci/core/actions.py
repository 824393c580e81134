"""The actions that generated workflows use, each pinned to a commit."""

from __future__ import annotations

ACTIONS = {
    "actions/cache": ("cdf6c1fa76f9f475f3d7449005a359c84ca0f306", "v5.0.3"),
    "actions/checkout": ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6.0.2"),
    "actions/download-artifact": ("37930b1c2abaa49bbe596cd826c3c89aef350131", "v7.0.0"),
    "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
    "actions/upload-artifact": ("b7c566a772e6b6bfb58ed0dc250532a479d7789f", "v6.0.0"),
}
"""Commit and version by name. A tag can be moved to other code, a commit cannot."""


def pin_action(name: str) -> str:
    """Write an action as a workflow uses it.

    >>> pin_action("actions/cache")
    'actions/cache@cdf6c1fa76f9f475f3d7449005a359c84ca0f306 # v5.0.3'
    """
    commit, version = ACTIONS[name]
    return f"{name}@{commit} # {version}"
