from __future__ import annotations

import gc
import os
import weakref

import pytest

from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.models.model import Reference
from paddledvc.tools.code.source_files import Sources, source_files_of_code, source_files_of_command
from paddledvc.tools.git.snapshot import Snapshot


@pytest.fixture
def depends(project):
    """Write files of code, by path, and return what a reference depends on."""

    def run(reference, sources):
        for path, source in sources.items():
            project.write(path, source)
        return list(source_files_of_code(Reference.parse(reference), project.root))

    return run


@pytest.mark.parametrize(
    ("reference", "sources", "expected"),
    [
        pytest.param("net.py:Net", {"net.py": ""}, ["net.py"], id="itself"),
        pytest.param("net:Net", {"net.py": ""}, ["net.py"], id="module"),
        pytest.param(
            "net.py:Net",
            {
                "net.py": "import layers\nfrom blocks import Block\n",
                "layers.py": "",
                "blocks.py": "",
            },
            ["blocks.py", "layers.py", "net.py"],
            id="imports",
        ),
        pytest.param(
            "a.py:f",
            {"a.py": "import b", "b.py": "import c", "c.py": "import a"},
            ["a.py", "b.py", "c.py"],
            id="imports of imports, in a circle",
        ),
        pytest.param(
            "a.py:f",
            {"a.py": "def f():\n    if x:\n        import b\n", "b.py": ""},
            ["a.py", "b.py"],
            id="import inside a function",
        ),
        pytest.param(
            "a.py:f",
            {
                "a.py": "try:\n    import b\nexcept ImportError:\n    import c\n",
                "b.py": "",
                "c.py": "",
            },
            ["a.py", "b.py", "c.py"],
            id="either of two",
        ),
        pytest.param(
            "pkg.net:Net",
            {"pkg/__init__.py": "", "pkg/net.py": "", "pkg/unused.py": ""},
            ["pkg/__init__.py", "pkg/net.py"],
            id="package",
        ),
        pytest.param(
            "pkg:Net",
            {"pkg/__init__.py": "from pkg.net import Net", "pkg/net.py": ""},
            ["pkg/__init__.py", "pkg/net.py"],
            id="package itself",
        ),
        pytest.param(
            "pkg/net.py:Net",
            {"pkg/__init__.py": "import helper", "pkg/net.py": "", "helper.py": ""},
            ["helper.py", "pkg/__init__.py", "pkg/net.py"],
            id="file in a package, whose __init__ runs too",
        ),
        pytest.param(
            "pkg/sub/net.py:Net",
            {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/net.py": ""},
            ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/net.py"],
            id="file in a package of a package",
        ),
        pytest.param(
            "pkg.net:Net",
            {
                "pkg/__init__.py": "",
                "pkg/net.py": "from . import a\nfrom .b import x\nfrom .sub.c import y\n",
                "pkg/a.py": "",
                "pkg/b.py": "",
                "pkg/sub/__init__.py": "",
                "pkg/sub/c.py": "from ..d import z\n",
                "pkg/d.py": "",
            },
            [
                "pkg/__init__.py",
                "pkg/a.py",
                "pkg/b.py",
                "pkg/d.py",
                "pkg/net.py",
                "pkg/sub/__init__.py",
                "pkg/sub/c.py",
            ],
            id="relative imports",
        ),
        pytest.param(
            "pkg:f",
            {"pkg/__init__.py": "from .a import f", "pkg/a.py": ""},
            ["pkg/__init__.py", "pkg/a.py"],
            id="relative import in __init__",
        ),
        pytest.param(
            "space/net.py:Net",
            {"space/net.py": "import space.other", "space/other.py": ""},
            ["space/net.py", "space/other.py"],
            id="namespace package",
        ),
        pytest.param(
            "scripts/train.py:f",
            {
                "scripts/train.py": "import data",
                "scripts/data.py": "import more",
                "scripts/more.py": "",
            },
            ["scripts/data.py", "scripts/more.py", "scripts/train.py"],
            id="neighbours of a script",
        ),
        pytest.param(
            "a.py:f",
            {"a.py": "import os, json.decoder\nimport numpy as np\nfrom paddle import nn\n"},
            ["a.py"],
            id="installed packages",
        ),
        pytest.param(
            "a.py:f",
            {
                "a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b\n",
                "b.py": "",
            },
            ["a.py"],
            id="only for types",
        ),
        pytest.param(
            "a.py:f",
            {
                "a.py": "import typing as t\nif t.TYPE_CHECKING:\n  import b\nelse:\n  import c\n",
                "b.py": "",
                "c.py": "",
            },
            ["a.py", "c.py"],
            id="else of types",
        ),
        pytest.param(
            "a.py:f",
            {
                "a.py": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import b\n",
                "b.py": "",
            },
            ["a.py", "b.py"],
            id="not for types",
        ),
        pytest.param(
            "a.py:f",
            {
                "a.py": "from b import *\nfrom c.d import e",
                "b.py": "",
                "c/__init__.py": "",
                "c/d/e.py": "",
            },
            ["a.py", "b.py", "c/__init__.py", "c/d/e.py"],
            id="star and submodule",
        ),
        pytest.param(
            "模型/net.py:Net",
            {"模型/net.py": "import 层", "模型/层.py": ""},
            ["模型/net.py", "模型/层.py"],
            id="unicode",
        ),
        pytest.param(
            "a.py:f",
            {"a.py": 'PATTERN = "\\d"\nimport b\n', "b.py": ""},
            ["a.py", "b.py"],
            id="odd escape",
        ),
        pytest.param(
            "a.py:f",
            {"a.py": f"import b.{'x' * 300}.c\n", "b/__init__.py": "", "b/c.py": ""},
            ["a.py", "b/__init__.py"],
            id="a name too long for a file",
        ),
        pytest.param("paddle.vision.models:resnet50", {}, [], id="installed reference"),
    ],
)
def test_code_depends_on_the_projects_files_that_it_runs(depends, reference, sources, expected):
    assert depends(reference, sources) == expected


def test_nothing_outside_the_project_is_listed(depends, project):
    (project.root.parent / "outside.py").touch()

    assert depends("pkg/a.py:f", {"pkg/a.py": "from .. import outside\nfrom ... import x"}) == [
        "pkg/a.py"
    ]


def test_nothing_is_run(depends):
    assert depends("a.py:f", {"a.py": "raise SystemExit"}) == ["a.py"]


def test_a_missing_file_is_refused(depends):
    with pytest.raises(InvalidInput) as caught:
        depends("nets/net.py:Net", {})

    assert str(caught.value) == "nets/net.py:Net: there is no file nets/net.py in the project"


def test_code_that_is_not_python_is_refused_with_its_place(depends):
    with pytest.raises(InvalidFile) as caught:
        depends("a.py:f", {"a.py": "import b\n", "b.py": "x = 1\ny = = 2\n"})

    assert str(caught.value) == "b.py:2:5: not Python: invalid syntax"


def test_code_may_start_with_a_byte_order_mark(depends):
    assert depends("a.py:f", {"a.py": "\ufeffimport b\n", "b.py": ""}) == ["a.py", "b.py"]


def test_code_with_a_null_byte_is_refused(depends, project):
    project.write_bytes("a.py", b"x = 1\0\n")
    with pytest.raises(InvalidFile) as caught:
        depends("a.py:f", {})

    assert str(caught.value).startswith("a.py:1:")


def test_code_is_read_in_the_encoding_that_it_declares(depends, project):
    project.write_bytes("a.py", "# -*- coding: gbk -*-\nimport b  # 网络\n".encode("gbk"))

    assert depends("a.py:f", {"b.py": ""}) == ["a.py", "b.py"]


def test_code_that_is_not_utf_8_is_refused_with_its_place(depends, project):
    project.write_bytes("a.py", b"x = '\xe9'\n")
    with pytest.raises(InvalidFile) as caught:
        depends("a.py:f", {})

    assert str(caught.value) == "a.py:1:6: byte 0xe9 is not UTF-8; save the file as UTF-8"


def test_a_package_below_src_depends_on_its_own_modules(project):
    project.write("src/pkg/__init__.py", "")
    project.write("src/pkg/blocks.py", "")
    project.write("src/pkg/net.py", "from pkg.blocks import B\n")

    assert source_files_of_code(Reference.parse("src/pkg/net.py:Net"), project.root) == (
        "src/pkg/__init__.py",
        "src/pkg/blocks.py",
        "src/pkg/net.py",
    )


@pytest.mark.parametrize(
    ("command", "files"),
    [
        pytest.param("python cmd/train.py --lr 0.1", ("cmd/parts.py", "cmd/train.py"), id="script"),
        pytest.param("python -m pkg.train", ("pkg/__init__.py", "pkg/train.py"), id="module"),
        pytest.param("./run.sh 'my data.csv' && true", ("my data.csv", "run.sh"), id="files"),
        pytest.param("echo /etc/passwd ../x", (), id="outside"),
        pytest.param("echo 'unclosed", (), id="not a command"),
    ],
)
def test_the_files_of_a_command_line_are_found(project, command, files):
    project.write("cmd/train.py", "import parts\n")
    project.write("cmd/parts.py", "")
    project.write("pkg/__init__.py", "")
    project.write("pkg/train.py", "")
    project.write("run.sh", "")
    project.write("my data.csv", "")

    assert source_files_of_command(command, project.root) == files


def test_what_is_installed_is_parsed_once_until_it_changes(project, tmp_path):
    module = tmp_path / "lib/layers.py"
    module.parent.mkdir()
    module.write_text("class Layer: ...\n")

    first = Sources(root=project.root).read(module)
    assert Sources(root=project.root).read(module) is first

    module.write_text("class Other: ...\n")
    os.utime(module, ns=(1, 1))
    assert list(Sources(root=project.root).read(module).names.bindings) == ["Other"]


def test_a_file_of_the_project_is_parsed_by_each_command(project):
    file = project.write("net.py", "class Net: ...\n")

    assert Sources(root=project.root).read(file) is not Sources(root=project.root).read(file)


@pytest.mark.slow
def test_what_is_installed_in_a_tree_of_git_does_not_outlive_it(project):
    project.write("site-packages/layers.py", "class Layer: ...\n")
    project.commit()
    folder = Snapshot.tree(project.root, "HEAD").folder
    tree = weakref.ref(folder.tree)
    assert list(Sources(root=folder).read(folder / "site-packages/layers.py").names.bindings) == [
        "Layer"
    ]
    del folder
    gc.collect()
    assert tree() is None
