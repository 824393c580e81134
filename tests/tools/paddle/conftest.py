"""Weights files as Paddle itself writes and reads them, each made in one process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

WRITER = """
import warnings
warnings.filterwarnings("ignore")
import numpy as np
import paddle

paddle.seed(0)
layer = paddle.nn.Sequential(paddle.nn.Linear(3, 2), paddle.nn.BatchNorm1D(2))
state = layer.state_dict()
np.savez("expected.npz", **{key: value.numpy() for key, value in state.items()})
for protocol in (2, 3, 4):
    paddle.save(state, f"protocol{protocol}.pdparams", protocol=protocol)
paddle.save(state, "state.safetensors", safetensors=True)
paddle.save(state, "safetensors.pdparams", safetensors=True)
paddle.save({"model": state, "epoch": 1}, "pickle.safetensors", safetensors=True)
paddle.save(state, "plain.safetensors", protocol=4)
half = {key: value.astype("bfloat16") for key, value in state.items()}
paddle.save(half, "bfloat16.pdparams", protocol=4)
paddle.save(half, "bfloat16.safetensors", safetensors=True)
np.savez("bfloat16.npz", **{key: value.numpy() for key, value in half.items()})
paddle.save(paddle.get_rng_state(), "rng.pdparams", protocol=4)
paddle.save(layer[0].weight, "tensor.pdparams", protocol=4)
"""
READER = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np
from paddledvc.errors import InvalidInput
from paddledvc.tools.paddle.building import state_dict as weights
from pathlib import Path

messages = {}
for file in sys.argv[2:]:
    try:
        np.savez(f"{sys.argv[1]}/{file}.npz", **weights.read_state_dict(Path(file)))
    except InvalidInput as error:
        messages[file] = str(error)
Path(sys.argv[1], "messages.json").write_text(json.dumps(messages))
"""


@pytest.fixture(scope="session")
def paddle_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what Paddle 3 saves, and with the same values as .npz."""
    folder = tmp_path_factory.mktemp("saved")
    subprocess.run([sys.executable, "-c", WRITER], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def read_beside_paddle() -> Callable[..., dict[str, dict[str, NDArray] | str]]:
    """Read files in a process that may import Paddle, as safetensors need it.

    Returns:
        A function of a folder and the names of files in it; it returns for each the arrays, or
        the message of the error.
    """

    def read(folder: Path, *names: str) -> dict[str, dict[str, NDArray] | str]:
        answers = folder / "answers"
        answers.mkdir(exist_ok=True)
        command = [sys.executable, "-c", READER, str(answers), *names]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        found: dict[str, dict[str, NDArray] | str] = json.loads(
            (answers / "messages.json").read_text()
        )
        for name in set(names) - set(found):
            with np.load(answers / f"{name}.npz") as arrays:
                found[name] = dict(arrays)
        return found

    return read
