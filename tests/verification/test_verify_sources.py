"""Verify on folders of images, at edge values, and at several sizes of dynamic dimensions."""

from __future__ import annotations

import csv
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import paddledvc
from paddledvc.errors import UserCodeFailed
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

NETWORKS = """
import paddle
from paddle import nn


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 2, 3)

    def forward(self, image):
        return self.conv(image).mean([2, 3])


class Square(Net):
    def forward(self, image):
        seen = self.conv(image)
        return (seen + seen.transpose([0, 1, 3, 2])).mean([2, 3])


class Fixed(Net):
    def forward(self, image):
        return self.conv(image).reshape([-1, 2 * 62 * 62])


class Soft(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        assert not bool(paddle.isnan(x).any()), "no NaN please"
        return paddle.nn.functional.softmax(self.fc(x))


def prepare(image):
    return image[:8, :8].transpose(2, 0, 1).astype("float32") / 255
"""
EXPORT = """
import paddle
import networks

for name, key, shape in (
    ("Net", "image", [None, 3, None, None]),
    ("Square", "image", [None, 3, None, None]),
    ("Soft", "x", [None, 4]),
):
    paddle.seed(0)
    net = getattr(networks, name)()
    net.eval()
    paddle.save(net.state_dict(), f"{name}.pdparams")
    spec = paddle.static.InputSpec(shape, "float32", key)
    paddle.jit.save(net, f"out/{name}", input_spec=[spec])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    (root / "networks.py").write_text(NETWORKS)
    (root / "val").mkdir()
    random = np.random.default_rng(0)
    for number in range(4):
        pixels = random.integers(0, 256, (8 + number, 9, 3), "uint8")
        Image.fromarray(pixels).save(root / "val" / f"{number}.png")
    subprocess.run([sys.executable, "-c", EXPORT], cwd=root, check=True, capture_output=True)
    return root


def verified(folder: Path, name: str, **settings: object) -> paddledvc.VerifyReport:
    weights = "Net" if name == "Fixed" else name
    taken = Input.parse("x[?,4]" if name == "Soft" else "image[?,3,?,?]")
    return paddledvc.verify_files(
        f"networks.py:{name}",
        folder / "out" / weights,
        weights=folder / f"{weights}.pdparams",
        inputs=[taken],
        settings=Verify(**settings),
        root=folder,
        report=folder / "report" / name,
    )


def test_a_folder_of_images_is_compared_as_the_function_prepares_them(folder, cli):
    done = cli(
        *("-C", str(folder), "verify", "--network", "networks.py:Net", "--path", "jit"),
        *("--weights", "Net.pdparams", "--export", "out/Net", "--input", "image[?,3,?,?]"),
        *("--samples", "val", "--preprocess", "networks.py:prepare", "--batch-sizes", "1,3"),
    )

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "networks.py:Net: pass, 4 samples at batch sizes 1, 3",
    )


def test_what_differs_at_an_edge_value_is_named_everywhere(folder):
    report = verified(folder, "Soft", edge_values=True, paths=("deployed",), batch_sizes=(1, 2))
    rows = csv.DictReader((folder / "report" / "Soft" / "verify.csv").read_text().splitlines())
    page = (folder / "report" / "Soft" / "verify.html").read_text()

    # oneDNN's softmax gives NaN where Paddle's gives NaN in other places.
    finding = (
        "out: infinities or NaNs at other places than in the dynamic network at edge value inf"
    )
    assert (report.verdict, report.paths[0].findings) == ("fail", (finding,))
    assert finding in page
    assert [row["edge"] for row in rows if row["scaled_error"] == "inf"] == ["inf"]
    assert report.edges == ("", "", "zeros", "ones", "tiny", "huge", "inf")
    refused = (
        "the dynamic network itself fails at edge value nan (AssertionError: no NaN please), so "
        "nothing was compared there"
    )
    assert report.refused == (refused,)
    assert refused in page


def test_sizes_that_the_network_refuses_are_told_and_no_failure(folder):
    report = verified(folder, "Square", paths=("jit",), batch_sizes=(1, 2))
    [refused] = report.refused

    assert (report.verdict, report.samples) == ("pass", 3)
    assert refused.startswith(
        "the dynamic network itself fails at image [1, 3, 96, 128] (ValueError: (InvalidArgument) "
    )
    assert refused.endswith(
        ", so these sizes were not compared; if it takes no others, state them in its inputs"
    )


def test_a_network_that_does_not_take_the_usual_sizes_is_told_how_to_state_its_own(folder):
    with pytest.raises(UserCodeFailed) as caught:
        verified(folder, "Fixed", paths=("jit",))

    assert str(caught.value).splitlines()[-1] == (
        "  it was called with image [3, 3, 96, 96], and ran on image [1, 3, 64, 64] before: sizes "
        "of dynamic dimensions are tried out; state those that it takes by input_size in "
        "models.yaml or by numbers in the shape of the input, or give samples"
    )
