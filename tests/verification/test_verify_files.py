"""Verify without a project: any exported files beside any network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import paddledvc
from paddledvc.errors import Finding, InvalidInput
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify

NETWORK = """
import paddle

class Net(paddle.nn.Layer):
    def __init__(self, classes=3):
        super().__init__()
        self.fc = paddle.nn.Linear(4, classes)
        self.words = paddle.nn.Embedding(10, 4)

    def forward(self, x, ids):
        return {"scores": self.fc(x) + self.fc(self.words(ids)).mean(1), "double": x * 2}
"""
EXPORT = """
import paddle
from net import Net

paddle.seed(0)
net = Net()
net.eval()
spec = paddle.static.InputSpec
paddle.save(net.state_dict(), "net.pdparams")
paddle.save({"model": net.state_dict(), "epoch": 3}, "checkpoint.pdparams")
inputs = [spec([None, 4], "float32", "x"), spec([None, None], "int64", "ids")]
paddle.jit.save(net, "out/my net", input_spec=inputs)
net.fc.bias.set_value(net.fc.bias + 0.1)
paddle.save(net.state_dict(), "other.pdparams")
"""
FILES = ["net.pdparams", "my net.json", "my net.pdiparams"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network, its weights, its export, and the weights of another training."""
    root = tmp_path_factory.mktemp("no project")
    (root / "net.py").write_text(NETWORK)
    subprocess.run([sys.executable, "-c", EXPORT], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def cli_there(cli, folder, monkeypatch):
    def run(*arguments):
        return cli("-C", str(folder), "verify", "--network", "net.py:Net", *arguments)

    return run


@pytest.mark.slow
def test_files_are_compared_in_any_folder_and_nothing_is_written(folder, cli_there):
    before = sorted(folder.rglob("*"))
    done = cli_there("--weights", "net.pdparams", "--export", "out/my net", "--format", "json")
    report = json.loads(done.stdout)

    assert (done.exit_code, report["verdict"], report["evidence"][0]["samples"]) == (0, "pass", 12)
    assert [file["path"] for file in report["evidence"][0]["files"]] == FILES
    assert [path["path"] for path in report["evidence"][0]["paths"]] == [
        "jit",
        "predictor",
        "deployed",
    ]
    outputs = report["evidence"][0]["paths"][0]["outputs"]
    assert [one["name"] for one in outputs] == ["out.double", "out.scores"]
    assert [path for path in sorted(folder.rglob("*")) if path.suffix != ".pyc"] == [
        path for path in before if path.suffix != ".pyc"
    ]


@pytest.mark.slow
def test_files_of_another_training_fail_and_the_report_is_written_where_asked(
    folder, cli_there, tmp_path
):
    evidence = tmp_path / "evidence"
    done = cli_there(
        *("--weights", "other.pdparams", "--export", "out/my net.json", "--path", "jit"),
        *("--batch-sizes", "2", "--report", str(evidence)),
    )

    assert done.exit_code == 1
    assert "jit: out.scores: scaled error" in done.stdout
    assert done.stdout.endswith("net.py:Net: fail, 4 samples at batch sizes 2\n")
    assert sorted(path.name for path in evidence.iterdir()) == [
        "latency.json",
        "verify.csv",
        "verify.html",
        "verify.json",
    ]


@pytest.mark.slow
def test_a_program_that_prints_in_a_branch_is_refused_before_it_runs(folder):
    (folder / "talks.py").write_text(
        "import paddle\n\n\nclass Net(paddle.nn.Layer):\n    def forward(self, x):\n"
        "        if x.sum() > 1e9:\n            x = paddle.static.Print(x)\n        return x * 2\n"
    )
    spec = "[paddle.static.InputSpec([None, 4], 'float32', 'x')]"
    code = f"import paddle, talks; paddle.jit.save(talks.Net(), 'talks', input_spec={spec})"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)

    with pytest.raises(Finding, match=r"talks\.json is not run, .*: print writes to the terminal"):
        paddledvc.verify_files("talks.py:Net", folder / "talks", root=folder)


@pytest.mark.slow
def test_of_a_checkpoint_the_state_dict_is_compared_that_is_named(cli_there):
    given = ("--weights", "checkpoint.pdparams", "--export", "out/my net", "--path", "jit")

    assert cli_there(*given, "--key", "model", "--batch-sizes", "1").exit_code == 0


@pytest.mark.slow
def test_what_builds_the_network_gets_its_arguments(cli_there):
    done = cli_there(
        *("--weights", "net.pdparams", "--export", "out/my net"),
        *("--input", "x[?,4]", "--input", "ids:int64[?,2]", "--arg", "classes=4"),
    )

    assert done.exit_code == 2
    assert "fc.bias is [3] in the file, [4] in net.py:Net" in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("net.Net", "a", None), "network: found 'net.Net', expected MODULE:NAME or FILE.py:NAME"),
        (("n:N", "a/b", None), "there is no exported program a/b.json or a/b.pdmodel"),
        (("n:N", "a/b.json", None), "there is no exported program a/b.json or a/b.pdmodel"),
        (("n:N", "here", "gone"), "there are no weights gone"),
    ],
)
def test_what_is_not_there_is_named(given, message, tmp_path, monkeypatch):
    network, export, weights = given
    monkeypatch.chdir(tmp_path)
    Path("here.json").write_text("{}")
    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify_files(network, Path(export), weights=weights and Path(weights))

    assert str(caught.value).startswith(message)


@pytest.mark.slow
def test_a_program_that_does_not_tell_what_it_takes_needs_a_description(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text('{"program": {}}')
    with pytest.raises(InvalidInput, match="describe each with --input NAME:DTYPE"):
        paddledvc.verify_files("n:N", Path("m"), settings=Verify(paths=("jit",)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a model of models.yaml, or give --network"),
        (("--network", "a:b"), "say what the network takes, with --input NAME:DTYPE[SHAPE]"),
        (("--all", "a"), "--all excludes names"),
        (("--all", "--pin", "a"), "--pin is for one model"),
        (("--network", "a:b", "--pin", "a"), "--pin is for one model"),
        (("--export", "c"), "--export needs --network, which it was made of"),
        (("a", "--network", "a:b", "--export", "c"), "name a model of models.yaml, or give"),
        (("--network", "a:b", "--key", "c"), "--key needs --weights, the file that it is in"),
        (("a", "--batch-sizes", "1"), "--batch-sizes is for --network; what is compared of a"),
        (("--network", "a:b", "--export", "c", "--input", "x"), "found 'x', expected NAME:DTYPE"),
        (("--network", "a:b", "--export", "c", "--batch-sizes", "1,b"), "invalid literal"),
        (("--network", "a:b", "--export", "c", "--arg", "1=2"), "--arg: found '1=2', expected"),
    ],
)
def test_options_that_contradict_each_other_are_refused(arguments, message, cli):
    done = cli("verify", *arguments)

    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x[?,3]", Input(name="x", shape=(None, 3))),
        ("x: float16 [ 2 ]", Input(name="x", shape=(2,), dtype="float16")),
        ("m:bool[]", Input(name="m", shape=(), dtype="bool")),
    ],
)
def test_an_input_is_written_as_its_type_and_shape(text, expected):
    assert Input.parse(text) == expected


@pytest.mark.parametrize("text", ["x", "x[", "x[-1]", "x:float31[1]", "[1]", "x[1,,2]", "x[1]y"])
def test_what_is_no_input_is_refused(text):
    with pytest.raises(ValueError, match="expected NAME:DTYPE"):
        Input.parse(text)
