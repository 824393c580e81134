"""What is installed here, for tests that need it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest


def needs_paddle(start: str) -> pytest.MarkDecorator:
    """Skip tests of what was seen with one Paddle, where another is installed."""
    try:
        installed = version("paddlepaddle")
    except PackageNotFoundError:
        installed = "none"
    return pytest.mark.skipif(
        not installed.startswith(start), reason=f"Paddle here is {installed}, not {start}*"
    )
