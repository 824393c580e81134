"""What verify says of small networks that are exported wrongly: which line, or none."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.installed import needs_paddle

SOURCE = Path(__file__).with_name("causes.py")
NONE = ""
VIEWS = "writes in place; views"
LOST = "the export loses what is written"
VALUE = "while it is exported, which stays"
CAST = "a CPU ignores it eagerly, and the export casts"
LOGIC = "does not stop at its first side"
FIRST_RUN = "it makes something in its first run"
CONSTANT = "jit.save drops a constant"
ENGINE = "what oneDNN computes of it is not"

CAUSES: dict[str, tuple[str, str, str]] = {
    # The network: the sublayer, what is said of the cause, and whose line it is.
    **{name: ("", VIEWS, name) for name in ("ReshapedView", "SlicedBase", "AddedToColumn")},
    **{name: ("", LOST, name) for name in ("FlattenedView", "InPlaceInput")},
    "FreeFunction": ("", VIEWS, "FreeFunction"),
    **{name: ("", VALUE, name) for name in ("StaticHelper", "InDynamicMode", "HasGradient")},
    "AutoCast": ("", CAST, "AutoCast"),
    **{name: ("", LOGIC, name) for name in ("ShortCircuit", "ValueOfOr")},
    **{name: ("", CONSTANT, name) for name in ("AddedToInput", "AddedAttribute")},
    # Far inside, and however it is called.
    "InList": ("blocks.2", VIEWS, "ReshapedView"),
    "InDict": ("blocks.b", VIEWS, "ReshapedView"),
    "ListOfLists": ("stages.1.1.blocks.2", VIEWS, "ReshapedView"),
    "Encoder": ("encoder.layers.0", LOST, "Encoder"),
    **{name: ("b", VIEWS, name) for name in ("ByKeyword", "WithNone")},
    **{name: ("b", VIEWS, name) for name in ("ListArgument", "DictArgument")},
    # Beside lines that look as suspicious.
    **{name: ("", VIEWS, name) for name in ("DropoutAndView", "NumpyAndView", "WriteBeforeWrite")},
    **{name: ("", VALUE, name) for name in ("ViewAndMode", "ModeBeforeWrite", "MaskAndMode")},
    "IsTensorAndAdded": ("", CONSTANT, "IsTensorAndAdded"),
    "CastAndWrite": ("", CAST, "CastAndWrite"),
    "TwoCauses": ("", VALUE, "TwoCauses"),
    # Without a cause that is a line of theirs.
    "SpectralNorm": ("", FIRST_RUN, ""),
    **dict.fromkeys(("UniqueCast", "Seeded", "EqualOutputs", "Complex"), ("", NONE, "")),
    "EngineInList": ("parts.1", ENGINE, ""),
}
PATHS = {
    "EngineInList": ("jit", "deployed"),
    **dict.fromkeys(("EqualOutputs", "Complex"), ("jit", "predictor")),
    "SlicedBase": ("deployed",),
}
"""Where not jit alone; on `deployed` alone it is not known beforehand that the program is wrong."""
OUTDATED: dict[str, tuple[dict[str, Any], str, str]] = {
    # What was exported, the network with whose weights, and what is said.
    "training branch": ({"name": "TrainingBranch", "training": True}, "", "in training mode"),
    "training dropout": ({"name": "DropsChannels", "training": True}, "", "in training mode"),
    "older code": ({"name": "VersionedOlder"}, "Versioned", "another program"),
    # Written otherwise after train(), and computes the same.
    "other weights after train": (
        {"name": "Normed", "seed": 1, "training": True},
        "Normed",
        "other weights",
    ),
    "other weights": ({"name": "Versioned", "seed": 1}, "Versioned", "other weights"),
}
HEALTHY = ("HealthyList", "HealthyWrites", "HealthyMode", "HealthyArguments")
SOONER = {"InList", "NumpyAndView", "MaskAndMode", "training dropout", "other weights after train"}
"""Some of each kind, which `make test` tries too."""

pytestmark = [pytest.mark.slow, needs_paddle("3.3.")]


@pytest.fixture(scope="module")
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What verify says of the cases that this run is about."""
    chosen = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {params["case"] for params in chosen if "case" in params}
    folder = tmp_path_factory.mktemp("causes")
    cases = [case_of(name, folder) for name in (*CAUSES, *OUTDATED, *HEALTHY) if name in wanted]
    (folder / "cases.json").write_text(json.dumps(cases))
    command = [sys.executable, str(SOURCE.with_name("run_causes.py"))]
    done = subprocess.run(
        [*command, str(folder / "cases.json"), str(folder / "answers.jsonl")],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(map(json.loads, (folder / "answers.jsonl").read_text().splitlines()))


def case_of(name: str, folder: Path) -> dict[str, Any]:
    paths = PATHS.get(name, ("jit",))
    if name not in OUTDATED:
        return {"case": name, "name": name, "paths": paths, "export": "", "weights": ""}
    exported, network, _ = OUTDATED[name]
    prefix, own = folder / name / "net", folder / name / "own" / "net"
    plain = {"training": False, "seed": 0}
    exports = [{**plain, **exported, "prefix": str(prefix)}]
    if network:
        exports.append({**plain, "name": network, "prefix": str(own)})
    return {
        "case": name,
        "name": network or exported["name"],
        "paths": paths,
        "export": str(prefix),
        "weights": f"{own if network else prefix}.pdparams",
        "exports": exports,
    }


def some_of(names):
    return [pytest.param(one, marks=() if one in SOONER else pytest.mark.thorough) for one in names]


def line_of(name: str) -> str:
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    marked = [
        number for number, line in enumerate(lines, 1) if re.search(rf"# cause: .*\b{name}\b", line)
    ]
    return f"causes.py:{marked[0]}"


@pytest.mark.parametrize("case", some_of(CAUSES))
def test_the_line_that_does_it_is_named_or_none(case, told):
    sublayer, says, whose = CAUSES[case]
    found = told[case]

    assert found["sublayer"] == sublayer
    assert found["place"] == (line_of(whose) if whose else "")
    assert (says in found["cause"]) if says else not found["cause"], found["said"]


@pytest.mark.thorough
@pytest.mark.parametrize("case", ["TwoCauses"])
def test_of_two_causes_both_are_named(case, told):
    assert told[case]["said"].count("causes.py:") == 2


@pytest.mark.parametrize("case", some_of(OUTDATED))
def test_files_that_are_not_of_this_network_are_told_apart(case, told):
    _, _, says = OUTDATED[case]

    assert says in told[case]["said"]


@pytest.mark.parametrize("case", some_of(HEALTHY))
def test_a_healthy_network_passes_without_a_diagnosis(case, told):
    assert (told[case]["verdict"], told[case]["said"]) == ("pass", "None")


def test_every_network_is_told():
    written = ast.parse(SOURCE.read_text(encoding="utf-8")).body
    classes = {one.name for one in written if isinstance(one, ast.ClassDef)}
    parts = {"Base", "Good", "Block", "Two", "Sum", "Taking"}
    exported = {name for one, network, _ in OUTDATED.values() for name in (one["name"], network)}

    assert classes == {*CAUSES, *HEALTHY} | parts | exported - {""}
