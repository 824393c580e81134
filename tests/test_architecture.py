"""The picture of the rooms, and the page about it: they say what the code is."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "docs" / "draw_architecture.py"


def load_script():
    spec = spec_from_file_location("draw_architecture", SCRIPT)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


drawing = load_script()


@pytest.fixture
def copy(tmp_path):
    """A copy of the package to build something into, and its contracts."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "paddledvc", tmp_path / "paddledvc", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_picture_shows_what_the_code_is():
    drawn = drawing.PICTURE.read_text(encoding="utf-8")

    assert drawn == drawing.draw(), "docs/architecture.svg is another picture; run `make picture`"


@pytest.mark.slow
def test_an_import_between_rooms_that_is_new_changes_the_picture(copy):
    (copy / "paddledvc" / "display" / "new.py").write_text(
        "def f():\n    from paddledvc import hashes\n", encoding="utf-8"
    )

    assert ("display", "hashes") in drawing.arrows(copy)
    assert drawing.draw(copy) != drawing.draw()


@pytest.mark.slow
def test_a_room_that_moves_to_another_floor_changes_the_picture(copy):
    file = copy / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('    "weights | locking",', '    "weights",\n    "locking",'), "utf-8"
    )

    assert drawing.draw(copy) != drawing.draw()


@pytest.mark.slow
@pytest.mark.parametrize("other", ["cli", "setup"])
def test_an_import_that_does_not_go_down_is_named_instead_of_drawn(other, copy):
    file = copy / "paddledvc" / "hooks" / "new.py"
    file.write_text(f"import paddledvc.{other}\n", encoding="utf-8")

    with pytest.raises(SystemExit) as caught:
        drawing.draw(copy)
    assert caught.value.code == f"hooks imports {other}, which is not below it; see `lint-imports`"


@pytest.mark.slow
def test_the_arrows_of_the_picture_follow_from_the_imports_that_the_contracts_count():
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("paddledvc", cache_dir=None)
    rooms = {room for row in drawing.floors(ROOT) for room in row}
    counted = {
        (one.split(".")[1], other.split(".")[1])
        for one in graph.modules - {"paddledvc"}
        for other in graph.find_modules_directly_imported_by(one) - {"paddledvc"}
    }
    found = {(room, one) for room, others in drawing.imports(ROOT).items() for one in others}
    between = {(one, other) for one, other in counted if {one, other} <= rooms and one != other}

    assert {(one, other) for one, other in found if {one, other} <= rooms} == between
    # All of them can be had from the drawn ones, and no drawn one from the others.
    drawn = set(drawing.arrows(ROOT))
    assert drawn <= between
    assert closure(drawn) == closure(between)
    assert all(closure(drawn - {one}) != closure(drawn) for one in drawn)


def closure(pairs):
    found = set(pairs)
    while more := {(a, d) for a, b in found for c, d in pairs if b == c} - found:
        found |= more
    return found


def test_the_page_lists_every_room_on_its_floor():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| .+ \|$", page, re.MULTILINE)

    assert sorted((int(number), room) for number, room in rows) == sorted(
        (number, room) for number, row in enumerate(drawing.floors(ROOT), 1) for room in row
    )
    assert [int(number) for number, _ in rows] == sorted(int(number) for number, _ in rows)
