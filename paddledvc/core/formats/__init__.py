"""Forms in which a verdict is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core.formats import github, junit, plain_json, sarif, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paddledvc.core.violations import Verdict

FORMATS: Mapping[str, Callable[[Verdict], str]] = {
    "text": text.render,
    "json": plain_json.render,
    "github": github.render,
    "sarif": sarif.render,
    "junit": junit.render,
}
"""What writes each of them, by the name that people ask for it by."""
