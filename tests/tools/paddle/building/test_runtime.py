"""Paddle itself, and what is not Paddle though it has its name."""

from __future__ import annotations

import importlib
import subprocess
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


@pytest.mark.slow
@pytest.mark.parametrize(("image", "noted"), [("a/p:1", "a/p:1"), ("", "None")])
def test_what_runs_notes_the_image_that_it_runs_in(
    image: str, noted: str, environment: dict[str, str]
) -> None:
    code = (
        "from paddledvc.tools.paddle.building.runtime import describe_runtime\n"
        "print(describe_runtime('cpu').image)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PADDLEDVC_IMAGE": image},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == noted
