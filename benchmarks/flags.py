"""Which variables of the environment change the bytes of an export, as Markdown.

It exports small networks with every flag of the installed Paddle set to something else than its
default, as ``paddledvc export`` would without a guard: many flags at once, and where the bytes
change or the export fails, half as many, until it is a single one. That takes half an hour; with
arguments only those are tried. Some flags leave files: run it in an empty folder.

usage: python benchmarks/flags.py [NAME=VALUE ...]
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = 12
"""Variables that are tried at once at first."""
FORMATS = {"json": "1", "pdmodel": "0"}
"""What ``FLAGS_enable_pir_api`` must be for a format."""
OTHERS = {
    "OMP_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
    "MKL_CBWR": "COMPATIBLE",
    "CPU_NUM": "4",
    "GLOG_v": "1",
    "NVIDIA_TF32_OVERRIDE": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "PADDLE_TRAINERS_NUM": "2",
    "PADDLE_TRAINER_ID": "1",
    "ENABLE_FALL_BACK": "False",
    "MIN_GRAPH_SIZE": "0",
    "STRICT_MODE": "1",
    "SOT_WITH_CONTROL_FLOW": "0",
    "SOT_ALLOW_DYNAMIC_SHAPE": "1",
    "ENABLE_CINN_IN_DY2ST": "0",
    "stride_in_no_check_dy2st_diff": "1",
    "TRANSLATOR_CODE_LEVEL": "1",
    "PYTHONHASHSEED": "7",
    "TZ": "Asia/Tokyo",
    "LC_ALL": "C",
}
"""Variables beside Paddle's flags that it, or what it stands on, reads."""


class Convolutions(nn.Layer):  # type: ignore[misc]  # Paddle is untyped here
    """Convolution, batch norm, interpolation, softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2D(3, 8, 3), nn.BatchNorm2D(8)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        """Compute one output."""
        y = functional.relu(self.norm(self.conv(x)))
        y = functional.interpolate(y, scale_factor=2.0, mode="bilinear")
        return functional.softmax(self.head(y.mean([2, 3])))


class Recurrent(nn.Layer):  # type: ignore[misc]
    """Embedding, LSTM, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm = nn.Embedding(50, 8), nn.LSTM(8, 8)
        self.drop, self.head = nn.Dropout(0.3), nn.Linear(8, 3)

    def forward(self, ids: Any) -> Any:
        """Compute one output."""
        y, _ = self.lstm(self.embed(ids))
        return self.drop(self.head(y[:, -1]))


class Attention(nn.Layer):  # type: ignore[misc]
    """A layer of a transformer, einsum, a transposed view."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16)
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Any) -> Any:
        """Compute two outputs."""
        y = self.norm(functional.gelu(self.encoder(x)))
        return paddle.einsum("bij,bkj->bik", y, y), y.reshape([-1, 8]).transpose([1, 0])


class Branching(nn.Layer):  # type: ignore[misc]
    """A branch on a tensor, an unrolled loop."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        """Compute one output."""
        y = self.near(x) if x.mean() > 0 else self.far(x)
        for _ in range(2):
            y = paddle.concat([y, x], axis=-1)[:, :4] * 2.0 + 1.0
        return y


class Tagging(nn.Layer):  # type: ignore[misc]
    """Embedding, layer norm, dropout: what Paddle 3 still writes in Paddle 2's format."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm = nn.Embedding(50, 8), nn.LayerNorm(8)
        self.drop, self.head = nn.Dropout(0.3), nn.Linear(8, 3)

    def forward(self, ids: Any) -> Any:
        """Compute two outputs."""
        y = functional.relu(self.norm(self.embed(ids)))
        return self.drop(self.head(y.mean(1))), y.reshape([-1, 8])


def networks() -> dict[str, tuple[Any, list[Any]]]:
    """Build the networks, each with what it takes."""
    image = paddle.static.InputSpec([None, 3, None, None], "float32", "x")
    ids = paddle.static.InputSpec([None, 6], "int64", "ids")
    if not paddle.base.framework.use_pir_api():
        return {"convolutions": (Convolutions(), [image]), "tagging": (Tagging(), [ids])}
    return {
        "convolutions": (Convolutions(), [image]),
        "recurrent": (Recurrent(), [ids]),
        "attention": (Attention(), [paddle.static.InputSpec([None, 5, 8], "float32", "x")]),
        "branching": (Branching(), [paddle.static.InputSpec([None, 4], "float32", "x")]),
        "tagging": (Tagging(), [ids]),
    }


def export(folder: Path) -> dict[str, str]:
    """Export all networks and hash every file."""
    random = np.random.default_rng(0)
    with paddle.utils.unique_name.guard():
        for name, (layer, specs) in networks().items():
            state = {
                key: abs(random.standard_normal(tensor.shape)).astype("float32")
                for key, tensor in layer.state_dict().items()
            }
            layer.set_state_dict(state)
            layer.eval()
            paddle.jit.save(layer, str(folder / name), input_spec=specs)
    # The third file of Paddle 2's format is a pickle that no server reads.
    return {
        file.name: hashlib.md5(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.suffix != ".info"
    }


def ask(*arguments: str, **variables: str) -> Any:
    """Run this file in a process of its own; None where that fails."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("FLAGS_")}
    environment = {**kept, "GLOG_minloglevel": "3", "PYTHONWARNINGS": "ignore", **variables}
    command = [sys.executable, str(Path(__file__).resolve()), *arguments]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=300, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    lines = done.stdout.decode(errors="replace").splitlines()
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def others() -> dict[str, str]:
    """Give every flag of Paddle another value than its default."""
    known = paddle.base.core.globals()
    return {name: other(known[name]) for name in known.keys()}  # noqa: SIM118 - it is no mapping


def other(value: object) -> str:
    """Give another value than a default."""
    if isinstance(value, bool):
        return str(not value)
    return str(value + 1) if isinstance(value, int | float) else "1"


def culprits(
    names: list[str], values: dict[str, str], on: str, before: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Find the variables that change what is exported, by halves."""
    variables = {name: values[name] for name in names}
    found = ask("--export", **{"FLAGS_enable_pir_api": on, **variables})
    if found == before:
        return
    if len(names) == 1:
        after = found or {}
        files = [name for name in before | after if after.get(name) != before.get(name)]
        yield names[0], "the export fails" if found is None else ", ".join(files)
        return
    parts = 2 if len(names) <= GROUP else -(-len(names) // GROUP)
    size = -(-len(names) // parts)
    for start in range(0, len(names), size):
        yield from culprits(names[start : start + size], values, on, before)


def main() -> None:
    """Try everything, and print what changed which files."""
    if sys.argv[1:] == ["--export"]:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(export(Path(folder))))
        return
    tried = dict(one.split("=", 1) for one in sys.argv[1:]) or {**others(), **OTHERS}
    print("| format | variable | what changes |\n|---|---|---|")
    for form, on in FORMATS.items():
        before = ask("--export", FLAGS_enable_pir_api=on)
        for name, changes in culprits(sorted(tried), tried, on, before):
            print(f"| {form} | `{name}={tried[name]}` | {changes} |", flush=True)
    print(f"\n{len(tried)} variables tried")


if __name__ == "__main__":
    main()
