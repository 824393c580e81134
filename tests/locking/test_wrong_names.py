"""Names of code and files in models.yaml that are wrong: found in the source, and nothing runs."""

from __future__ import annotations

import time

import pytest

import paddledvc
from paddledvc.errors import InvalidFile, PaddleDVCError
from tests.gated import EXPORTED, Gated

MARK = "open(__file__ + '.ran', 'w')\n"
"""What a file writes when it is imported."""
NET = (
    MARK
    + '''
import json
from functools import partial

import paddle
from paddle import nn


class Block(nn.Layer):
    def forward(self, x):
        return x


class Net(nn.Layer):
    def __init__(self, width=8, *, depth):
        super().__init__()

    @classmethod
    def small(cls):
        return cls(depth=1)

    def forward(self, image, mask=None):
        return image


def build(width=8):
    net = Net(width, depth=2)
    return net


def keyed():
    return Keyed()


class Keyed(nn.Layer):
    def forward(self, image, *, mask):
        return image


class Settings:
    """No layer."""


class Typo(nn.Layer):
    def forwrad(self, x):
        return x


def nothing():
    Net(depth=1)


async def later():
    return Net(depth=1)


WIDTH = 3
wide = partial(Net, 64)
made = Block()
'''
)
FILES = {
    "net.py": NET,
    "lib/__init__.py": MARK + "from .nets import Net, Lost\nfrom .more import *\n",
    "lib/nets.py": MARK + "from net import Net\n",
    "lib/more.py": MARK + "from paddle.nn import *\n",
    "lib/broken.py": MARK + "def train(run:\n",
    "train.py": MARK + "def train(run):\n    pass\n\n\ndef two(run, config):\n    pass\n",
    "data.py": MARK + "def samples():\n    pass\n\n\ndef crop(image):\n    pass\n",
    "configs/net.yml": "",
    "data/x.npz.dvc": "outs: [{path: x.npz}]\n",
}
MODEL = """\
models:
  - name: m
    version: v1
    weights_url: https://host/m.pdparams
    md5: "0cc175b9c0f1b6a831c399e269772661"
"""
WRONG = {
    "no such file": (
        "network: ney.py:Net",
        "6:14: models[0].network: there is no file ney.py in the project; did you mean 'net.py'?",
    ),
    "a file of another folder": (
        "network: models/nets.py:Net",
        (
            "6:14: models[0].network: there is no file models/nets.py in the project; did you mean "
            "'lib/nets.py'?"
        ),
    ),
    "dots and a suffix": (
        "network: lib.nets.py:Net",
        (
            "6:14: models[0].network: there is no file lib.nets.py in the project; did you mean "
            "'lib/nets.py'?"
        ),
    ),
    "no such class": (
        "network: net.py:Nett",
        "6:14: models[0].network: net.py has no 'Nett'; did you mean 'Net'?",
    ),
    "a class in other case": (
        "network: net:NET",
        "6:14: models[0].network: net.py has no 'NET'; did you mean 'Net'?",
    ),
    "nothing near": (
        "network: net.py:Detector",
        (
            "6:14: models[0].network: net.py has no 'Detector'; it has Block, Keyed, Net, "
            "Settings, Typo, WIDTH and 6 more"
        ),
    ),
    "no such module": (
        "network: lib.netz:Net",
        "6:14: models[0].network: there is no module lib.netz; did you mean 'lib.nets'?",
    ),
    "no such package": (
        "network: libs.nets:Net",
        (
            "6:14: models[0].network: there is no module libs in the project or installed; did you "
            "mean 'lib'?"
        ),
    ),
    "a module as a package": (
        "network: net.deep:Net",
        "6:14: models[0].network: net.deep: net is a module, and no package",
    ),
    "a re-export of what is not there": (
        "network: lib:Lost",
        "6:14: models[0].network: line 2 of lib/__init__.py fails: lib/nets.py has no 'Lost'",
    ),
    "a method of another name": (
        "network: net.py:Settings.smal",
        "6:14: models[0].network: net.py:Settings has no 'smal'",
    ),
    "an attribute of a function": (
        "network: net.py:build.large",
        "6:14: models[0].network: build of net.py is a function, and has no 'large'",
    ),
    "no layer": (
        "network: net.py:Settings",
        (
            "6:14: models[0].network: net.py:Settings is not a paddle.nn.Layer, because it has no "
            "such base"
        ),
    ),
    "a number": (
        "network: net.py:WIDTH",
        (
            "6:14: models[0].network: net.py:WIDTH is 3, expected a class or a function that "
            "builds a layer"
        ),
    ),
    "a module": (
        "network: lib:nets",
        (
            "6:14: models[0].network: lib:nets is a module, expected a class or a function that "
            "builds a layer"
        ),
    ),
    "a method": (
        "network: net.py:Net.forward",
        (
            "6:14: models[0].network: net.py:Net.forward is a method and needs an object first, "
            "expected a class or a function that builds a layer"
        ),
    ),
    "a training that is a method": (
        "train: {function: 'net.py:Block.forward'}",
        (
            "6:23: models[0].train.function: net.py:Block.forward is a method and needs an object "
            "first, expected a function"
        ),
    ),
    "a layer that is built already": (
        "network: net.py:made",
        (
            "6:14: models[0].network: net.py:made is a layer that is built already, expected a "
            "class or a function that builds a layer"
        ),
    ),
    "a layer without forward": (
        "network: net.py:Typo",
        "6:14: models[0].network: net.py:Typo has no 'forward'; did you mean 'forwrad'?",
    ),
    "a function that returns nothing": (
        "network: net.py:nothing",
        "6:14: models[0].network: net.py:nothing returns nothing, expected a layer",
    ),
    "a function that is async": (
        "network: net.py:later",
        (
            "6:14: models[0].network: net.py:later is async, expected a class or a function that "
            "builds a layer"
        ),
    ),
    "samples that return nothing": (
        "verify: {samples: 'net.py:nothing'}",
        "6:23: models[0].verify.samples: net.py:nothing returns nothing, expected samples",
    ),
    "no such argument": (
        "network: net.py:Net\n    network_args: {dept: 3, depth: 2}",
        (
            "7:26: models[0].network_args.dept: net.py:Net has no argument 'dept', it takes width, "
            "depth; did you mean 'depth'?"
        ),
    ),
    "an argument of a re-export": (
        "network: lib:Net\n    network_args: {depth: 1, heads: 8}",
        (
            "7:37: models[0].network_args.heads: lib:Net has no argument 'heads', it takes width, "
            "depth"
        ),
    ),
    "a missing argument": (
        "network: net.py:Net",
        "6:14: models[0].network: net.py:Net needs depth; give it in network_args",
    ),
    "an input of another name": (
        "network: net.py:build\n    inputs: [{name: imgae, shape: [null, 3]}]",
        (
            "7:21: models[0].inputs[0].name: found 'imgae', and forward of net.py:Net takes image, "
            "mask; did you mean 'image'?"
        ),
    ),
    "an input that is not the first": (
        "network: net.py:build\n    inputs:\n      - {name: mask, shape: [null]}",
        "8:7: models[0].inputs: forward of net.py:Net takes image, mask; add image",
    ),
    "an input too many": (
        (
            "network: net.py:Block\n    inputs:\n      - {name: x, shape: [null]}\n"
            "      - {name: scale, shape: [null]}"
        ),
        "9:16: models[0].inputs[1].name: found 'scale', and forward of net.py:Block takes x",
    ),
    "an input by keyword only": (
        (
            "network: net.py:keyed\n    inputs:\n      - {name: image, shape: [null]}\n"
            "      - {name: mask, shape: [null]}"
        ),
        (
            "9:16: models[0].inputs[1].name: found 'mask', and forward of net.py:Keyed takes "
            "image, mask; inputs are passed by position, and mask is taken by keyword only"
        ),
    ),
    "an input too few": (
        "network: net.py:Keyed\n    inputs: [{name: image, shape: [null]}]",
        "7:13: models[0].inputs: forward of net.py:Keyed takes image, mask; add mask",
    ),
    "no such training": (
        "train: {function: 'train.py:tarin'}",
        "6:23: models[0].train.function: train.py has no 'tarin'; did you mean 'train'?",
    ),
    "a training of two arguments": (
        "train: {function: 'train.py:two'}",
        (
            "6:23: models[0].train.function: train.py:two takes run, config, and is called with "
            "one argument, the run"
        ),
    ),
    "no such samples": (
        "verify: {samples: 'data.py:sample_images'}",
        "6:23: models[0].verify.samples: data.py has no 'sample_images'; did you mean 'samples'?",
    ),
    "samples of an argument": (
        "verify: {samples: 'data.py:crop'}",
        "6:23: models[0].verify.samples: data.py:crop takes image, and is called without arguments",
    ),
    "a preparation without an argument": (
        "verify: {samples: configs, preprocess: 'data.py:samples'}",
        (
            "6:44: models[0].verify.preprocess: data.py:samples takes nothing, and is called with "
            "one argument, an image"
        ),
    ),
}
"""What models.yaml may say wrongly, and what is said of it."""


@pytest.fixture
def files(project):
    """A project with code that must not run, and a function that writes its models.yaml."""
    for path, text in FILES.items():
        project.write(path, text)

    def make(entry):
        return project.models(f"{MODEL}    {entry}\n")

    yield make
    assert [*project.root.rglob("*.ran")] == [], "code of the project was run"


def refused(do, made):
    with pytest.raises(InvalidFile) as caught:
        do(made)
    return str(caught.value)


@pytest.mark.parametrize(("entry", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_name_is_found_at_its_place_before_anything_runs(files, entry, expected):
    made = files(entry)
    start = time.process_time()

    assert refused(paddledvc.lock, made) == f"models.yaml:{expected}"
    assert time.process_time() - start < 1
    assert not (made.root / "models.lock").exists()


def test_lock_generate_train_and_check_find_the_same(files):
    made = files("train: {function: 'train.py:tarin'}")
    why = "train.py has no 'tarin'; did you mean 'train'?"

    for do in (
        paddledvc.lock,
        lambda one: paddledvc.lock(one, check=True),
        paddledvc.generate,
        lambda one: paddledvc.generate(one, check=True),
        lambda one: paddledvc.train(one, "m"),
    ):
        assert refused(do, made) == f"models.yaml:6:23: models[0].train.function: {why}"
    for branch, level in (("main", "error"), ("develop", "error"), ("feature/x", "warning")):
        found = [str(one) for one in paddledvc.check(made, branch=branch).violations]
        assert f"models.yaml:6:23: {level}[reference-missing]: m: {why}" in found


def test_all_mistakes_of_all_models_are_found_at_once(files, cli):
    files(
        "network: net.py:Nett\n    train: {function: 'trian.py:train'}\n"
        "  - {name: n, version: v1, network: 'lib.netz:Net'}"
    )

    done = cli("generate")

    assert (done.exit_code, done.stderr.splitlines()) == (
        2,
        [
            "models.yaml:6:14: models[0].network: net.py has no 'Nett'; did you mean 'Net'?",
            (
                "models.yaml:7:23: models[0].train.function: there is no file trian.py in the "
                "project; did you mean 'train.py'?"
            ),
            (
                "models.yaml:8:37: models[1].network: there is no module lib.netz; did you mean "
                "'lib.nets'?"
            ),
        ],
    )


def test_code_that_is_not_python_is_named_with_its_line(files):
    made = files("train: {function: 'lib.broken:train'}\n    network: net.py:Nett")

    assert refused(paddledvc.lock, made).splitlines() == [
        "lib/broken.py:2:10: not Python: '(' was never closed",
        "models.yaml:7:14: models[0].network: net.py has no 'Nett'; did you mean 'Net'?",
    ]


def test_only_the_model_that_is_trained_must_be_right(files):
    made = files("train: {function: 'train.py:train'}\n  - {name: n, version: v1}")
    paddledvc.lock(made)
    text = (made.root / "models.yaml").read_text()
    wrong = text.replace("name: n, version: v1", "name: n, version: v1, network: 'no.py:N'")
    (made.root / "models.yaml").write_text(wrong)

    # It gets as far as its base weights.
    with pytest.raises(PaddleDVCError, match=r"needs checkpoints/m_v1\.pdparams"):
        paddledvc.train(made, "m")


CANNOT_TELL = {
    "assigned": ("network: a.py:Net", "Net = make()\n"),
    "partial": ("network: net.py:wide", ""),
    "either of two": (
        "network: a.py:Net",
        "try:\n    from fast import Net\nexcept ImportError:\n    from net import Net\n",
    ),
    "conditional": ("network: a.py:Net", "if x:\n    class Net(y.Z):\n        pass\n"),
    "globals": ("network: a.py:Net", "globals()['Net'] = 1\n"),
    "module getattr": ("network: a.py:Net", "def __getattr__(name):\n    return 1\n"),
    "global": ("network: a.py:Net", "def f():\n    global Net\n    Net = 1\n"),
    "star of an installed package": ("network: lib:Linear", ""),
    "star of nobody knows what": ("network: a.py:Net", "from nowhere import *\n"),
    "import of what is not installed": ("network: a.py:Net", "from ppdet.x import Net\n"),
    "not installed": ("network: ppdet.modeling:Net", ""),
    "decorated": (
        "network: a.py:net\n    network_args: {a: 1}",
        "import x\n\n\n@x.register\ndef net():\n    pass\n",
    ),
    "keywords": ("network: a.py:net\n    network_args: {a: 1}", "def net(**more):\n    pass\n"),
    "unknown base": (
        "network: a.py:Net\n    network_args: {a: 1}\n    inputs: [{name: b, shape: [1]}]",
        "from x import Base\n\n\nclass Net(Base):\n    pass\n",
    ),
    "set on a function": (
        "network: a.py:build.large",
        "def build():\n    pass\n\n\nbuild.large = build\n",
    ),
    "class method": ("network: net.py:Net.small", ""),
    "any inputs": (
        "network: a.py:Net\n    inputs: [{name: b, shape: [1]}, {name: c, shape: [1]}]",
        (
            "from paddle import nn\n\n\nclass Net(nn.Layer):\n    def forward(self, b, *more):\n"
            "        pass\n"
        ),
    ),
    "a forward that is static": (
        "network: a.py:Net\n    inputs: [{name: b, shape: [1]}]",
        (
            "import paddle\n\n\nclass Net(paddle.nn.Layer):\n    @paddle.jit.to_static\n"
            "    def forward(self, b):\n        pass\n"
        ),
    ),
    "a forward set on what a factory builds": (
        "network: a.py:make\n    inputs: [{name: b, shape: [1]}]",
        (
            "from net import Block\n\n\ndef make():\n    net = Block()\n"
            "    net.forward = lambda b: b\n    return net\n"
        ),
    ),
    "a forward that a helper of the factory sets": (
        "network: a.py:make\n    inputs: [{name: b, shape: [1]}]",
        (
            "from net import Block\n\n\ndef patched(net):\n    net.forward = lambda b: b\n"
            "    return net\n\n\ndef make():\n    net = Block()\n    patched(net)\n    return net\n"
        ),
    ),
    "a layer that is called by another way": (
        "network: a.py:Net",
        (
            "from paddle import nn\n\n\nclass Net(nn.Layer):\n    def __call__(self, b):\n"
            "        return b\n"
        ),
    ),
    "a base without forward, of which nobody knows more": (
        "network: a.py:Net",
        "from x import Mixin\nfrom paddle import nn\n\n\nclass Net(Mixin, nn.Layer):\n    pass\n",
    ),
    "a function that only raises": (
        "network: a.py:make",
        "def make():\n    raise NotImplementedError\n",
    ),
    "a function that ends the process": (
        "network: a.py:make",
        "import os\n\n\ndef make():\n    os._exit(0)\n",
    ),
    "samples that are yielded": (
        "verify: {samples: 'a.py:make'}",
        "def make():\n    yield 1\n",
    ),
    "a method that takes no self": (
        "train: {function: 'a.py:Work.do'}",
        "class Work:\n    def do(run):\n        pass\n",
    ),
    "a forward that a layer gives itself": (
        "network: a.py:Net\n    inputs: [{name: b, shape: [1]}]",
        (
            "from net import Block\n\n\nclass Net(Block):\n    def __init__(self):\n"
            "        setattr(self, 'forward', self.infer)\n\n"
            "    def infer(self, b):\n        pass\n"
        ),
    ),
    "more folders above than there are": ("network: a.py:Net", f"from {'.' * 60} import Net\n"),
    "a circle": ("network: a.py:Net", "from lib.circle import Net\n"),
    "a module of the same file": ("network: 'lib/__init__.py:nets.Net.small'", ""),
}
"""Names that are there, or of which the source does not tell."""


@pytest.mark.parametrize(("entry", "code"), CANNOT_TELL.values(), ids=CANNOT_TELL)
def test_what_the_source_does_not_tell_is_let_pass(files, project, entry, code):
    project.write("a.py", MARK + code)
    project.write("lib/circle.py", MARK + "from a import Net\n")
    made = files(entry)

    paddledvc.lock(made)
    assert not [
        one for one in paddledvc.check(made, branch="x").violations if "missing" in one.rule
    ]


def test_a_module_whose_name_no_disk_takes_is_not_there(files, project):
    project.write("a.py", f"from {'x' * 300} import Net\n")

    locked = paddledvc.lock(files("network: a.py:Net"))
    assert [one.name for one in locked.lock.models] == ["m"]


@pytest.mark.parametrize("depth", [400, 20_000])
def test_code_of_any_depth_is_read_or_refused(files, project, depth):
    project.write("a.py", "x = " + "-" * depth + "1\nif x:\n    pass\n" + "elif x: pass\n" * depth)
    made = files("network: a.py:Net")

    assert refused(paddledvc.lock, made).startswith(("a.py:", "models.yaml:6:14:"))


def test_modules_that_take_all_names_of_each_other_are_read_once(files, project):
    stars = "".join(f"from m{index} import *\n" for index in range(30))
    for index in range(30):
        project.write(f"m{index}.py", MARK + stars)
    made = files("network: m0:Net")
    start = time.process_time()
    paddledvc.lock(made)

    assert time.process_time() - start < 2


def test_a_package_that_is_installed_is_looked_into_without_its_import(
    project, tmp_path, monkeypatch
):
    site = tmp_path / "site"
    (site / "zoo" / "nets").mkdir(parents=True)
    (site / "zoo" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (site / "zoo" / "nets" / "__init__.py").write_text("from .big import resnet18\n")
    (site / "zoo" / "nets" / "big.py").write_text("def resnet18(classes=10):\n    pass\n")
    monkeypatch.syspath_prepend(site)
    for reference, why in {
        "zoo.nets:resnet81": "zoo.nets has no 'resnet81'; did you mean 'resnet18'?",
        "zoo.netz:resnet18": "there is no module zoo.netz; did you mean 'zoo.nets'?",
    }.items():
        made = project.models(f"models: [{{name: m, version: v1, network: '{reference}'}}]\n")
        assert refused(paddledvc.lock, made) == f"models.yaml:1:42: models[0].network: {why}"
    args = "network: 'zoo.nets:resnet18', network_args: {clases: 5}"
    made = project.models(f"models: [{{name: m, version: v1, {args}}}]\n")

    assert refused(paddledvc.lock, made) == (
        "models.yaml:1:86: models[0].network_args.clases: zoo.nets:resnet18 has no argument "
        "'clases', it takes classes; did you mean 'classes'?"
    )


ABSENT = {
    "config_path: configs/nett.yml": (
        "6:18: models[0].config_path: there is no configs/nett.yml",
        "; did you mean 'configs/net.yml'?",
    ),
    "config_path: config/net.yml": (
        "6:18: models[0].config_path: there is no config/net.yml",
        "; did you mean 'configs'?",
    ),
    "docs: docs/m.md": ("6:11: models[0].docs: there is no docs/m.md", ""),
    "train: {command: 'true', deps: [data/x.npy]}": (
        "6:37: models[0].train.deps[0]: there is no data/x.npy",
        "; did you mean 'data/x.npz'?",
    ),
    "train: {command: 'true', datasets: {d: data/train}}": (
        "6:44: models[0].train.datasets.d: there is no data/train",
        "",
    ),
    "verify: {samples: data/y.npz}": (
        "6:23: models[0].verify.samples: there is no data/y.npz",
        "; did you mean 'data/x.npz'?",
    ),
}
"""Files that are not there, and what is said of them."""


@pytest.mark.slow
@pytest.mark.parametrize(("entry", "expected"), ABSENT.items(), ids=ABSENT)
def test_a_file_that_is_not_there_is_an_error_on_production_and_a_warning_elsewhere(
    files, caplog, entry, expected
):
    made = files(entry)
    where, hint = expected
    place, _, what = where.partition(": models[0]")
    message = f"{what.partition(': ')[2]} in the project, and DVC tracks none{hint}"
    paddledvc.lock(made)

    assert [record.message for record in caplog.records] == [
        f"models.yaml:{where} in the project, and DVC tracks none{hint}"
    ]
    for branch, level in (("main", "error"), ("develop", "warning"), ("feature/x", "warning")):
        found = paddledvc.check(made, branch=branch).violations
        assert [str(one) for one in found if one.rule == "file-missing"] == [
            f"models.yaml:{place}: {level}[file-missing]: m: {message}"
        ]


def test_hyperparameters_are_a_file_and_no_folder(files):
    made = files("train: {function: 'train.py:train', params: big.yml}")
    (made.root / "big.yml").mkdir()
    message = "models[0].train.params: big.yml is a folder, expected a file"
    paddledvc.lock(made)

    assert refused(paddledvc.generate, made) == f"models.yaml:6:49: {message}"
    found = [str(one) for one in paddledvc.check(made, branch="main").violations]
    assert f"models.yaml:6:49: error[stages-invalid]: {message}" in found


def test_what_is_installed_inside_the_project_is_not_the_project_s(files, project, monkeypatch):
    installed = ".venv/lib/python3.11/site-packages"
    project.write(f"{installed}/paddle_like/__init__.py", "from paddle_like import nn as nn\n")
    project.write(f"{installed}/paddle_like/nn/__init__.py", "from .layers import Layer\n")
    project.write(f"{installed}/paddle_like/nn/layers.py", "class Layer:\n    pass\n")
    project.write("a.py", MARK + "from paddle_like import nn\n\n\nclass Net(nn.Layer):\n    pass\n")
    monkeypatch.syspath_prepend(project.root / installed)

    made = files("network: a.py:Net")
    paddledvc.lock(made)
    found = paddledvc.check(made, branch="x").violations

    assert [one for one in found if one.rule == "reference-missing"] == []


def test_a_page_about_a_model_is_a_file_and_no_folder(files):
    made = files("docs: lib")
    paddledvc.lock(made)

    found = [str(one) for one in paddledvc.check(made, branch="main").violations]
    assert "models.yaml:6:11: error[file-missing]: m: lib is a folder, expected a file" in found


def test_what_git_dvc_or_a_stage_has_is_there(files, project, caplog):
    project.write(
        "dvc.yaml",
        "stages:\n  a: {cmd: x, outs: [made/a, {made/b.npz: {cache: false}}]}\n"
        "  b: {foreach: [1], do: {cmd: x, outs: ['made/${item}/c']}}\n",
    )
    project.write("sub/dvc.yaml", "stages:\n  a: {cmd: x, wdir: .., outs: [made/d]}\n")
    project.write("lists/dvc.yaml", "stages:\n  a: {cmd: x, outs: [names.txt]}\n")
    project.write("images.dvc", "outs: [{path: images}]\n")
    deps = "[made/a/x, made/b.npz, made/1/c, lists/names.txt, images/val, data/x.npz, configs]"
    made = files(
        f"train: {{command: 'true', deps: {deps}, outs: [own.log]}}\n    config_path: own.log\n"
        "  - name: n\n    version: v1\n    train: {command: 'true', deps: [exports/m, "
        "checkpoints/m_trained.pdparams, checkpoints/m_v1.pdparams]}"
    )
    paddledvc.lock(made)
    paddledvc.generate(made)

    assert [record.message for record in caplog.records] == []


def test_the_stages_that_read_a_config_depend_on_it(files):
    made = files(
        "config_path: configs/net.yml\n    network: net.py:Block\n    export: {}\n"
        "    inputs: [{name: x, shape: [null, 4]}]\n    train: {function: 'train.py:train'}"
    )
    paddledvc.lock(made)
    paddledvc.generate(made)
    stages = made.read("dvc.yaml").value["stages"]

    assert {name: "configs/net.yml" in stage.get("deps", ()) for name, stage in stages.items()} == {
        "sync-m": False,
        "train-m": True,
        "export-m": True,
        "verify-m": True,
    }


@pytest.fixture
def gated(project):
    made = Gated(project)
    made.write("configs/net.yml", "a: 1\n")
    made.write("data/x.npz.dvc", "outs: [{path: x.npz, md5: " + "a" * 32 + ", hash: md5}]\n")
    made.models(EXPORTED + "    config_path: configs/net.yml\n    docs: README.md\n")
    return made


@pytest.mark.slow
def test_a_change_is_judged_by_the_files_of_its_own_tree(gated):
    gated.write("README.md", "")
    gated.commit()
    assert [one for one in gated.lines() if "missing]" in one and "digest" not in one] == []
    gated.branch("feature/x")
    (gated.root / "README.md").unlink()
    gated.edit("net.py", "class Net(", "class Other(")
    gated.commit("a change")

    told = [one for one in gated.lines(base="main") if "missing]" in one and "digest" not in one]
    assert told == [
        "models.yaml:6:14: error[reference-missing]: resnet50: net.py has no 'Net'; it has Other",
        (
            "models.yaml:13:11: error[file-missing]: resnet50: there is no README.md in the "
            "project, and DVC tracks none"
        ),
    ]


@pytest.mark.slow
def test_files_of_a_submodule_count_as_there_although_it_is_not_fetched(gated, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    for arguments in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "a"]):
        gated.git("-C", str(inner), *arguments)
    gated.write("README.md", "")
    gated.commit()
    protocol = ("-c", "protocol.file.allow=always")
    gated.git(*protocol, "submodule", "--quiet", "add", str(inner), "third")
    gated.edit("models.yaml", "configs/net.yml", "third/net.yml")
    gated.update()
    gated.commit()
    gated.branch("feature/x")
    gated.commit("a change")

    for options in ({}, {"base": "main"}):
        assert [one for one in gated.lines(**options) if "file-missing" in one] == []
    deps = gated.yaml("dvc.yaml")["stages"]["export-resnet50"]["deps"]
    assert "third/net.yml" in deps
