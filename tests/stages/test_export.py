"""Export: the same bytes from the same weights, or a message and the old files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import paddledvc
from paddledvc.errors import Finding, InvalidInput, StaleStages, UserCodeFailed, WorkerDied

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import ExportedModel, Project

pytestmark = pytest.mark.slow

CONVOLUTIONS = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        # More than ten layers: linear_10 sorts before linear_9 in the file of the weights.
        self.conv = nn.Conv2D(1, 4, 3)
        self.norm = nn.BatchNorm2D(4)
        self.linears = nn.LayerList([nn.Linear(4, 4) for _ in range(11)])
        self.drop = nn.Dropout(0.5)

    def forward(self, image):
        y = F.relu(self.norm(self.conv(image))).mean([2, 3])
        for linear in self.linears:
            y = self.drop(linear(y))
        return {"scores": y, "best": y.argmax(1)}
"""
IMAGE = [{"name": "image", "shape": [None, 1, None, None]}]


@pytest.fixture(scope="module")
def convolutions(
    lay_out: Callable[..., Project], draw: Callable[..., Any], tmp_path_factory: Any
) -> Project:
    weights = {"conv.weight": draw(4, 1, 3, 3), "conv.bias": draw(4)}
    weights |= {f"norm.{key}": abs(draw(4)) for key in ("weight", "bias", "_mean", "_variance")}
    for i in range(11):
        weights |= {f"linears.{i}.weight": draw(4, 4), f"linears.{i}.bias": draw(4)}
    return lay_out(tmp_path_factory.mktemp("project"), CONVOLUTIONS, weights, inputs=IMAGE)


@pytest.fixture(scope="module")
def exported(convolutions: Project) -> ExportedModel:
    return paddledvc.export(convolutions, "net")


def test_an_export_reports_the_files_that_it_wrote(
    exported: ExportedModel, convolutions: Project, contents: Callable[..., Any]
) -> None:
    found = contents(convolutions.root / "exports")

    assert found == {
        "net": "folder",
        "net/inference.json": exported.files["inference.json"].sha256,
        "net/inference.pdiparams": exported.files["inference.pdiparams"].sha256,
    }


@pytest.mark.parametrize("hash_seed", ["0", "4294967295"])
def test_every_process_exports_the_same_bytes(
    hash_seed: str,
    exported: ExportedModel,
    convolutions: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", hash_seed)

    again = paddledvc.export(convolutions, "net")

    assert again == exported


def test_a_copy_of_the_project_exports_the_same_bytes(
    exported: ExportedModel, convolutions: Project, tmp_path: Path
) -> None:
    for name in ("net.py", "models.yaml", "models.lock", "weights.pdparams"):
        (tmp_path / name).write_bytes((convolutions.root / name).read_bytes())
    copy = paddledvc.Project(tmp_path)
    paddledvc.sync(copy)

    assert paddledvc.export(copy, "net") == exported


def test_a_network_is_exported_in_eval_mode(
    lay_out: Callable[..., Project], linear: Callable[[str], str], tmp_path: Path
) -> None:
    code = linear("assert not self.training\nassert not self.fc.training\nreturn self.fc(x)")
    project = lay_out(tmp_path, code)

    done = paddledvc.export(project, "net")

    assert sorted(done.files) == ["inference.json", "inference.pdiparams"]


def test_a_sublayer_that_stays_in_training_mode_is_refused(
    lay_out: Callable[..., Project], draw: Callable[..., Any], tmp_path: Path
) -> None:
    code = """
class Stubborn(nn.Dropout):
    def __init__(self):
        super().__init__(0.5)
        self.__dict__["training"] = True

    def __setattr__(self, name, value):
        if name != "training":
            super().__setattr__(name, value)


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.drop = Stubborn()

    def forward(self, x):
        return self.drop(self.fc(x))
"""
    project = lay_out(tmp_path, code)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    assert str(caught.value) == (
        "sublayer drop of Net stays in training mode after eval(); dropout and batch norm would "
        "differ once exported"
    )


def test_a_forward_that_its_author_made_static_is_exported(
    lay_out: Callable[..., Project], linear: Callable[[str], str], tmp_path: Path
) -> None:
    spec = 'paddle.static.InputSpec([None, 4], "float32", "x")'
    code = linear("return self.fc(x)").replace(
        "    def forward", f"    @paddle.jit.to_static(input_spec=[{spec}])\n    def forward"
    )
    project = lay_out(tmp_path, code)

    done = paddledvc.export(project, "net")

    assert sorted(done.files) == ["inference.json", "inference.pdiparams"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"fc.bias": None}, "the file lacks fc.bias", id="missing"),
        pytest.param(
            {f"head.{i}": np.zeros(1, "float32") for i in range(8)},
            "the network has no place for 8 of the 10 keys of the file, such as head.0, head.1, "
            "head.2",
            id="extra",
        ),
        pytest.param(
            {"fc.weight": np.zeros((3, 4), "float32")},
            "fc.weight is [3, 4] in the file, [4, 3] in net.py:Net",
            id="another shape",
        ),
        pytest.param(
            {"fc.bias": np.zeros(3, "float16")},
            "fc.bias is float16 in the file, float32 in net.py:Net",
            id="another type",
        ),
        pytest.param(
            {"fc.bias": np.zeros(3, "uint16")},
            "fc.bias is bfloat16 in the file, float32 in net.py:Net",
            id="bfloat16",
        ),
    ],
)
def test_weights_that_do_not_fit_the_network_are_named(
    change: dict[str, Any],
    problem: str,
    lay_out: Callable[..., Project],
    linear_weights: dict[str, Any],
    tmp_path: Path,
) -> None:
    weights = {
        key: value for key, value in {**linear_weights, **change}.items() if value is not None
    }
    project = lay_out(tmp_path, weights=weights)

    with pytest.raises(InvalidInput) as caught:
        paddledvc.export(project, "net")

    file = tmp_path / "checkpoints" / "net_v1.pdparams"
    assert str(caught.value) == f"the weights in {file} do not fit net.py:Net: {problem}"


IN_PLACE = "y = self.fc(x)\ny.add_(x[:, :3])\nreturn y"
BRANCH_TYPES = "y = self.fc(x)\nif y.sum() > 0:\n    n = 1\nelse:\n    n = y.sum()\nreturn y * n"
ADVICE = (
    "  The exported program would not compute what the network computes. Change the network, or, "
    "if verify passes with it, set export: {{allow: [{}]}}"
)


@pytest.mark.parametrize(
    ("forward", "name"),
    [
        pytest.param(IN_PLACE, "in-place", id="in-place"),
        pytest.param(BRANCH_TYPES, "branch-types", id="branch-types"),
    ],
)
def test_a_warning_that_foretells_another_result_is_refused(
    forward: str,
    name: str,
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    tmp_path: Path,
) -> None:
    project = lay_out(tmp_path, linear(forward))

    with pytest.raises(Finding) as caught:
        paddledvc.export(project, "net")

    first, *_, advice = str(caught.value).splitlines()
    assert (first.startswith(f"the export warns ({name}): "), advice) == (True, ADVICE.format(name))


@pytest.mark.parametrize(
    ("forward", "name"),
    [
        pytest.param(IN_PLACE, "in-place", id="in-place"),
        pytest.param(BRANCH_TYPES, "branch-types", id="branch-types"),
    ],
)
def test_a_warning_that_the_model_allows_is_reported(
    forward: str,
    name: str,
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    tmp_path: Path,
) -> None:
    project = lay_out(tmp_path, linear(forward), export={"allow": [name]})

    done = paddledvc.export(project, "net")

    assert done.warnings == (name,)


def test_a_factory_that_returns_no_layer_is_refused(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, "def Net():\n    return [1]\n")

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    assert str(caught.value) == "net.py:Net returned a list, expected a paddle.nn.Layer"


def test_a_forward_that_names_self_otherwise_is_refused(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    code = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(this, x):
        return this.fc(x)
"""
    project = lay_out(tmp_path, code)

    with pytest.raises(UserCodeFailed, match="forward of Net calls its layer 'this', and Paddle"):
        paddledvc.export(project, "net")


def test_a_factory_that_raises_is_shown_with_its_line(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, "def Net():\n    return {}['width']\n")

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    lines = str(caught.value).splitlines()
    assert lines[0] == "building net.py:Net failed:"
    assert lines[1] == f'  File "{tmp_path / "net.py"}", line 7, in Net'
    assert lines[-1] == "KeyError: 'width'"


def test_an_error_deep_inside_paddle_still_shows_the_users_line(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    code = """
def Net():
    deep = nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(5, 3))))
    return deep(paddle.ones([1, 4]))
"""
    project = lay_out(tmp_path, code)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    assert f'  File "{tmp_path / "net.py"}", line 9, in Net' in str(caught.value).splitlines()


def test_a_factory_that_ends_the_process_is_an_error(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, "def Net():\n    raise SystemExit(0)\n")

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    assert str(caught.value) == "building net.py:Net: the code ended the process (0)"


def test_a_process_that_vanishes_without_an_answer_is_an_error(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, "import os\n\ndef Net():\n    os._exit(0)\n")

    with pytest.raises(WorkerDied) as caught:
        paddledvc.export(project, "net")

    assert (
        str(caught.value)
        == "the process that was exporting net.py:Net ended early, with exit code 0"
    )


def test_a_class_without_readable_source_is_explained(
    lay_out: Callable[..., Project], linear: Callable[[str], str], tmp_path: Path
) -> None:
    code = f'made = {{}}\nexec("from paddle import nn\\n" + {linear("return x")!r}, made)\n'
    project = lay_out(tmp_path, code + 'Net = made["Net"]\n')

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    lines = str(caught.value).splitlines()
    assert (lines[0], lines[-1]) == (
        "exporting net.py:Net failed:",
        "OSError: could not get source code",
    )


# Segmentation fault of Paddle 3.3.1, which cannot add a numpy array to a tensor while it traces.
CRASH = 'return self.fc(x) + np.array([1.0, 2.0, 3.0], "float32")'


def test_a_crash_of_paddle_names_the_signal(
    lay_out: Callable[..., Project], linear: Callable[[str], str], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, linear(CRASH))

    with pytest.raises(WorkerDied) as caught:
        paddledvc.export(project, "net")

    assert caught.value.how == "the process that was exporting net.py:Net was killed by SIGSEGV"


@pytest.mark.parametrize(
    "forward",
    [
        pytest.param(CRASH, id="crash"),
        pytest.param("raise ValueError", id="error"),
        pytest.param(IN_PLACE, id="warning"),
    ],
)
def test_a_failing_export_leaves_the_old_one_and_nothing_else(
    forward: str,
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    contents: Callable[..., Any],
    tmp_path: Path,
) -> None:
    project = lay_out(tmp_path, linear(forward))
    old = tmp_path / "exports" / "net" / "inference.json"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    before = contents(tmp_path / "exports")

    with pytest.raises(paddledvc.errors.PaddleDVCError):
        paddledvc.export(project, "net")

    assert contents(tmp_path / "exports") == before


def test_an_export_replaces_every_old_file(lay_out: Callable[..., Project], tmp_path: Path) -> None:
    project = lay_out(tmp_path)
    stray = tmp_path / "exports" / "net" / "inference.pdmodel"
    stray.parent.mkdir(parents=True)
    stray.write_text("of an older Paddle")

    done = paddledvc.export(project, "net")

    assert sorted(path.name for path in stray.parent.iterdir()) == sorted(done.files)


PARTS = "from paddle import nn\n\ndef head():\n    return nn.Linear(4, 3)\n"
WITH_PARTS = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = head()

    def forward(self, x):
        return self.fc(x)
"""


@pytest.mark.parametrize(
    ("network", "files"),
    [
        pytest.param(
            "nets/net.py:Net",
            {
                "nets/parts.py": PARTS,
                "nets/net.py": "from paddle import nn\nfrom parts import head\n" + WITH_PARTS,
            },
            id="a file and its neighbour",
        ),
        pytest.param(
            "nets.net:Net",
            {
                "nets/__init__.py": "",
                "nets/parts.py": PARTS,
                "nets/net.py": "from paddle import nn\nfrom .parts import head\n" + WITH_PARTS,
            },
            id="a module of a package",
        ),
        pytest.param(
            "nets/deep/net.py:Net",
            {
                "nets/__init__.py": "",
                "nets/parts.py": PARTS,
                "nets/deep/__init__.py": "",
                "nets/deep/net.py": "from paddle import nn\nfrom ..parts import head\n"
                + WITH_PARTS,
            },
            id="a file of a package",
        ),
        pytest.param(
            "src/nets/net.py:Net",
            {
                "src/nets/__init__.py": "",
                "src/nets/parts.py": PARTS,
                "src/nets/net.py": "from paddle import nn\nfrom .parts import head\n" + WITH_PARTS,
            },
            id="a file of a package below src",
        ),
        pytest.param(
            "audio/signal.py:Net",
            {"audio/signal.py": "from paddle import nn\n" + PARTS + WITH_PARTS},
            id="a file that is called as a module of Python",
        ),
        pytest.param(
            "nets/factories.py:Factories.net",
            {
                "nets/factories.py": "from paddle import nn\n"
                + PARTS
                + WITH_PARTS
                + "\n\nclass Factories:\n    net = Net\n",
            },
            id="a name in a class",
        ),
    ],
)
def test_networks_are_found_where_users_put_them(
    network: str, files: dict[str, str], lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, files=files, network=network)

    done = paddledvc.export(project, "net")

    assert sorted(done.files) == ["inference.json", "inference.pdiparams"]


def test_arguments_reach_the_factory(lay_out: Callable[..., Project], tmp_path: Path) -> None:
    code = "def Net(*, size, names):\n    raise ValueError([size, names])\n"
    project = lay_out(tmp_path, code, network_args={"size": 3, "names": ["a"]})

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    assert str(caught.value).splitlines()[-1] == "ValueError: [3, ['a']]"


def test_a_project_folder_may_have_spaces_and_any_letters(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path / "mein Modell 数字 é")

    done = paddledvc.export(project, "net")

    assert sorted(done.files) == ["inference.json", "inference.pdiparams"]


def test_a_model_without_an_export_section_is_named(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, export=False)

    with pytest.raises(InvalidInput) as caught:
        paddledvc.export(project, "net")

    assert str(caught.value) == "net has no `export` section in models.yaml"


def test_weights_that_are_not_there_are_named(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path)
    (tmp_path / "checkpoints" / "net_v1.pdparams").unlink()

    with pytest.raises(InvalidInput) as caught:
        paddledvc.export(project, "net")

    assert str(caught.value) == (
        "net needs checkpoints/net_v1.pdparams, which is missing; run `dvc repro` to make it, or "
        "`dvc pull` to get it"
    )


def test_a_pin_of_other_settings_is_refused(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path)

    with pytest.raises(StaleStages, match="run `paddledvc generate`, then `dvc repro`"):
        paddledvc.export(project, "net", pin="00000000")


@pytest.mark.parametrize(
    ("forward", "call"),
    [
        pytest.param("return self.fc(x['image']) + x['added']", None, id="a dict"),
        # Tried as a dict first, which must not leave a trace in the bytes.
        pytest.param("a, b = x\nreturn self.fc(b) + a", None, id="a list"),
        pytest.param(
            "return self.fc(x['in'][0]) + x['more']",
            {"x": {"in": ["image"], "more": "added"}},
            id="what is stated",
        ),
    ],
)
def test_inputs_in_a_dict_or_a_list_are_exported_flat_and_the_same_each_time(
    forward: str,
    call: Any,
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    tmp_path: Path,
) -> None:
    inputs = [{"name": "added", "shape": [None, 3]}, {"name": "image", "shape": [None, 4]}]
    project = lay_out(tmp_path, linear(forward), inputs=inputs, forward=call)

    first = paddledvc.export(project, "net")

    assert paddledvc.export(project, "net") == first
    report = paddledvc.verify(project, "net")
    assert (report.verdict, {path.result for path in report.paths}) == ("pass", {"pass"})
