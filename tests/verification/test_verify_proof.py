"""What samples do not reach: rows of tables, values beyond zero and one, parameters."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS = """
import paddle
from paddle import nn

class Words(nn.Layer):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(100, 4), nn.Embedding(80, 4)
        self.scale = self.create_parameter([4])
        self.unused = nn.Linear(4, 4)

    def forward(self, ids, mask):
        places = paddle.cumsum(mask, 1) * mask
        return (self.words(ids) + self.places(places)).sum(1) * self.scale

class Image(nn.Layer):
    def __init__(self, top=255.0):
        super().__init__()
        self.top = top

    def forward(self, image):
        return image.astype("float32").clip(0, self.top)

class Picky(nn.Layer):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 4)

    def forward(self, ids):
        if not paddle.in_dynamic_mode():
            return self.words(ids)
        assert int(ids.max()) < 10, "no such word"
        return self.words(ids)
"""
EXPORT = """
import paddle
import nets

def spec(name, dtype="int64", sizes=(None, None)):
    return paddle.static.InputSpec(list(sizes), dtype, name)

paddle.seed(0)
words = nets.Words()
paddle.save(words.state_dict(), "words.pdparams")
words.eval()
# As after a training in a process that built other layers before.
paddle.jit.save(words, "out/words", input_spec=[spec("ids"), spec("mask")])
rows = words.words.weight.numpy()
rows[98] += 1
words.words.weight.set_value(rows)
paddle.jit.save(words, "out/other", input_spec=[spec("ids"), spec("mask")])
paddle.jit.save(nets.Image(128.0), "out/image", input_spec=[spec("image", "uint8", (None, 4))])
"""
IDS = Input(name="ids", shape=(None, 2), dtype="int64")
MASK = Input(name="mask", shape=(None, 2), dtype="int64")
SETTINGS = Verify(paths=("jit",), batch_sizes=(2,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with networks, weights and exports, some of others."""
    root = tmp_path_factory.mktemp("proof")
    (root / "nets.py").write_text(NETWORKS)
    subprocess.run([sys.executable, "-c", EXPORT], cwd=root, check=True, capture_output=True)
    return root


def verify(folder, network, export=None, *, settings=SETTINGS, **others):
    return paddledvc.verify_files(
        f"nets.py:{network}",
        export and folder / "out" / export,
        weights=folder / "words.pdparams" if export in ("words", "other") else None,
        settings=settings,
        root=folder,
        **others,
    )


@pytest.mark.slow
def test_other_rows_than_samples_reach_fail_by_the_parameters_name(folder):
    report = verify(folder, "Words", "other", inputs=(IDS, MASK))
    parameters, jit = report.paths

    assert (report.verdict, jit.result, report.worst) == ("fail", "pass", "parameters differ")
    assert report.parameters is not None
    start = "words.weight has other values in the exported files than in the network (scaled error "
    assert parameters.findings[0].startswith(start)
    assert [one.name for one in report.parameters.differing] == ["words.weight"]


@pytest.mark.slow
def test_samples_reach_every_row_and_what_is_unknown_is_in_the_verdict(folder):
    report = verify(folder, "Words", "words", settings=Verify(paths=("jit",)))

    assert report.parameters is not None
    assert (report.parameters.exported, report.parameters.compared) == (3, 3)
    assert report.conclusion == "agrees, but of mask only 0 and 1 were tried (state its range)"
    assert report.notes == ()


@pytest.mark.slow
def test_a_range_that_is_stated_leaves_nothing_to_say(folder):
    ranges = {"ids": (0, 5), "mask": (0, 2)}
    report = verify(folder, "Words", "words", ranges=ranges)

    assert (report.conclusion, report.notes) == ("pass", ())


@pytest.mark.slow
def test_bytes_are_drawn_whole_so_that_a_clip_shows(folder):
    report = verify(folder, "Image", "image")

    assert report.verdict == "fail"
    assert report.paths[0].scaled_error == pytest.approx(127 / 255, rel=1e-3)


@pytest.mark.slow
def test_a_network_that_refuses_what_its_table_takes_is_run_on_zeros_and_ones(folder):
    report = verify(folder, "Picky", inputs=(IDS,))

    assert report.conclusion == (
        "agrees, but of ids only 0 and 1 were tried (it fails on more: AssertionError: "
        "no such word)"
    )


@pytest.mark.slow
@pytest.mark.thorough
def test_files_of_parameters_that_cannot_be_read_are_named(folder, tmp_path):
    for suffix in (".json", ".pdiparams"):
        data = (folder / "out" / f"words{suffix}").read_bytes()
        (tmp_path / f"cut{suffix}").write_bytes(data[: len(data) - (suffix == ".pdiparams")])
    report = paddledvc.verify_files(
        "nets.py:Words",
        tmp_path / "cut",
        weights=folder / "words.pdparams",
        inputs=(IDS, MASK),
        settings=SETTINGS,
        root=folder,
    )

    assert (
        "no parameters were compared, because cut.pdiparams is no file of parameters"
        in report.notes
    )


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"x": (0, 5)}, "range: there is no input 'x', expected one of ['ids', 'mask']"),
        ({"ids": (5, 5)}, "range of ids: found 5 to 5, expected low < high"),
    ],
)
def test_a_range_of_nothing_is_refused(tmp_path, ranges, message):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify_files("n:N", inputs=(IDS, MASK), ranges=ranges, root=tmp_path)

    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["ids", "ids=0", "ids=0-5", "ids=a:b", "ids="])
def test_a_range_that_is_written_otherwise_is_wrong_usage(cli, text):
    done = cli("verify", "--network", "n:N", "--input", "ids:int64[?]", "--range", text)

    assert done.exit_code == 2
    assert "expected NAME=LOW:HIGH such as ids=0:30000" in done.stderr


ZOO = """
import json, sys
import paddle
from paddle import nn
from paddledvc.comparison.parameters import compare_parameters
from paddledvc.tools.paddle.building.parameters import describe_parameters
from paddledvc.tools.paddle.read_parameters import read_exported_parameters

class Transformer(nn.Layer):
    def __init__(self):
        super().__init__()
        self.words, self.body = nn.Embedding(50, 8), nn.Transformer(8, 2, 1, 1, 16)

    def forward(self, a, b):
        return self.body(self.words(a), self.words(b)) @ self.words.weight.T

class Crnn(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2D(1, 4, 3, padding=1), nn.BatchNorm2D(4), nn.ReLU())
        self.head = nn.LSTM(32, 8, direction="bidirect")

    def forward(self, image):
        return self.head(self.body(image).flatten(1, 2).transpose([0, 2, 1]))[0]

def spec(*sizes, dtype="float32"):
    return paddle.static.InputSpec(list(sizes), dtype)

ids = spec(None, None, dtype="int64")
every = {
    "resnet50": (paddle.vision.models.resnet50, [spec(None, 3, 32, 32)]),
    "transformer": (Transformer, [ids, ids]),
    "lstm": (lambda: nn.LSTM(4, 5, 2), [spec(None, None, 4)]),
    "crnn": (Crnn, [spec(None, 1, 8, 16)]),
}
for name, (make, inputs) in every.items():
    network = make()
    network.eval()
    paddle.jit.save(network, name, input_spec=inputs)
    exported = read_exported_parameters(name)
    same = compare_parameters(describe_parameters(network), exported)
    other = make()
    for one in other.parameters():
        one.set_value(one + 0.01)
    differing = compare_parameters(describe_parameters(other), exported).differing
    print(name, len(exported), same.compared, len(same.differing), len(differing) > 0)
"""


@pytest.mark.slow
@pytest.mark.thorough
def test_every_parameter_of_usual_networks_is_found_in_its_export(tmp_path):
    (tmp_path / "zoo.py").write_text(ZOO)
    done = subprocess.run(
        [sys.executable, "zoo.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [
        "resnet50 267 267 0 True",
        "transformer 47 47 0 True",
        "lstm 8 8 0 True",
        "crnn 14 14 0 True",
    ]
