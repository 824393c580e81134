from __future__ import annotations

import random
import sys

import pytest

from paddledvc.errors import UserCodeFailed
from paddledvc.models.model import Reference
from paddledvc.tools.paddle.building import user_objects


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Forget what a test imported, and where from."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def load(root, text):
    return user_objects.load_user_object(Reference.parse(text), root)


def test_a_file_called_like_a_module_of_python_does_not_replace_it(project):
    project.write("random.py", "class Net: pass\n")

    assert load(project.root, "random.py:Net").__name__ == "Net"
    assert sys.modules["random"] is random


def test_a_file_is_imported_once_however_it_is_reached(project):
    project.write("flowers/network.py", "class Net: pass\n")
    project.write("flowers/train.py", "from network import Net\n")

    assert load(project.root, "flowers/train.py:Net") is load(
        project.root, "flowers/network.py:Net"
    )


def test_two_files_of_one_name_are_two_modules(project):
    for folder in ("one", "two"):
        project.write(f"{folder}/plain_model.py", f"name = {folder!r}\n")

    assert [load(project.root, f"{folder}/plain_model.py:name") for folder in ("one", "two")] == [
        "one",
        "two",
    ]


def test_a_file_that_fails_is_not_left_half_imported(project):
    project.write("broken_model.py", "x = 1\nraise ValueError('no')\n")
    with pytest.raises(UserCodeFailed):
        load(project.root, "broken_model.py:x")

    assert "broken_model" not in sys.modules


def test_a_package_below_src_finds_its_own_modules(project):
    project.write("src/shapes_pkg/__init__.py", "")
    project.write("src/shapes_pkg/blocks.py", "class B: pass\n")
    project.write("src/shapes_pkg/net.py", "from shapes_pkg.blocks import B\n")

    assert load(project.root, "src/shapes_pkg/net.py:B").__module__ == "shapes_pkg.blocks"


def test_a_name_that_is_not_there_is_named_with_the_nearest(project):
    project.write("near_model.py", "class Network: pass\n")
    with pytest.raises(UserCodeFailed) as caught:
        load(project.root, "near_model.py:Netwrok")

    assert str(caught.value) == ("near_model.py has no 'Netwrok'; did you mean 'Network'?")
