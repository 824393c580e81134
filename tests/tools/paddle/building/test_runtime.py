"""Paddle itself, and what is not Paddle though it has its name."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from paddledvc.errors import NO_PADDLE, MissingTool
from paddledvc.tools.paddle.building import runtime

if TYPE_CHECKING:
    from pathlib import Path


FOLDER = "; only a folder of that name was found, {}/paddle, which is not a package"
OTHER = " is imported instead of Paddle; rename or remove it"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (None, NO_PADDLE),
        ("paddle/left/over.txt", NO_PADDLE + FOLDER),
        ("paddle/__init__.py", "{}/paddle/__init__.py" + OTHER),
        ("paddle.py", "{}/paddle.py" + OTHER),
    ],
)
def test_what_has_the_name_of_paddle_and_is_none_is_named(
    made: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if made is not None:
        (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / made).touch()
    for name in [name for name in sys.modules if name.partition(".")[0] == "paddle"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(MissingTool) as caught:
        runtime.import_paddle()

    sys.modules.pop("paddle", None)
    assert str(caught.value) == said.format(tmp_path)
