"""What is noted of tensors, in a process of its own: it imports Paddle."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import json
from pathlib import Path
import paddle
from paddledvc.tools.paddle.running import truth_values as branches

def methods():
    return [vars(paddle.Tensor)[name] for name in ("__bool__", "item")]

before = methods()
one, none = paddle.ones([1]), paddle.zeros([1])
with branches.watch_truth_values() as asked:
    answers = ["yes" if tensor else "no" for tensor in (one, none)] + [one.item()]
    paddle.nn.functional.one_hot(paddle.zeros([1], "int64"), 2)
found = [[one.file, one.outcomes] for one in asked.branches(Path.cwd())]
try:
    with branches.watch_truth_values():
        raise ValueError("broken")
except ValueError as error:
    print(json.dumps([answers, found, str(error), before == methods()]))
"""


@pytest.mark.slow
def test_answers_are_kept_unchanged_and_tensors_are_as_before_whatever_happens(
    tmp_path: Path,
) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert json.loads(done.stdout) == [
        ["yes", "no", 1.0],
        [["script.py", [False, True]]],
        "broken",
        True,
    ]
