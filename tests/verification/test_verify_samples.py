"""Verify: representative inputs from a file or a function, and what is wrong with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import paddledvc
from paddledvc.errors import InvalidInput, UserCodeFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import Project

pytestmark = pytest.mark.slow

X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)
MAKE_X = """
import numpy as np


def samples():
    return {"x": np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)}


def rows():
    return [[1.0, 2.0, 3.0, 4.0]]


def broken():
    return {"x": 1 / 0}
"""


@pytest.fixture(scope="module")
def exported(lay_out: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = lay_out(tmp_path_factory.mktemp("exported"))
    paddledvc.export(project, "net")
    return project


@pytest.fixture
def with_samples(
    exported: Project, lay_out: Callable[..., Project], tmp_path: Path
) -> Callable[[str], Project]:
    """Make a project that is exported and verified on samples from somewhere."""

    def make(samples: str) -> Project:
        verify = {"samples": samples, "paths": ["jit"], "batch_sizes": [1, 3]}
        project = lay_out(tmp_path, files={"data.py": MAKE_X}, verify=verify)
        folder = tmp_path / "exports" / "net"
        folder.mkdir(parents=True, exist_ok=True)
        for file in (exported.root / "exports" / "net").iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        return project

    return make


def test_a_file_and_a_function_with_the_same_samples_give_the_same_evidence(
    with_samples: Callable[[str], Project], tmp_path: Path
) -> None:
    np.savez(tmp_path / "x.npz", x=X)

    of_file = paddledvc.verify(with_samples("x.npz"), "net")
    of_function = paddledvc.verify(with_samples("data.py:samples"), "net")

    assert (of_file.verdict, of_function.verdict) == ("pass", "pass")
    assert of_file.samples_sha256 == of_function.samples_sha256


def test_every_sample_is_compared(with_samples: Callable[[str], Project], tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=X)

    report = paddledvc.verify(with_samples("x.npz"), "net")

    # The batch of 1, then all five samples by threes.
    assert (report.starts, report.batches, report.samples) == ((0, 0, 3), (1, 3, 2), 5)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        pytest.param(
            {"y": X}, "found arrays ['y'], expected one for each input: ['x']", id="another name"
        ),
        pytest.param(
            {"x": X, "y": X},
            "found arrays ['x', 'y'], expected one for each input: ['x']",
            id="one too many",
        ),
        pytest.param({"x": X.astype("float64")}, "x: found float64, expected float32", id="type"),
        pytest.param({"x": X[:, :3]}, "x: found shape [5, 3], expected [null, 4]", id="size"),
        pytest.param({"x": X[0]}, "x: found shape [4], expected [null, 4]", id="no batch"),
        pytest.param(
            {"x": X[:0]},
            "found samples {'x': 0}, expected equally many of each, and at least one",
            id="no samples",
        ),
    ],
)
def test_samples_that_do_not_fit_the_inputs_are_refused(
    arrays: dict[str, Any],
    problem: str,
    with_samples: Callable[[str], Project],
    tmp_path: Path,
) -> None:
    np.savez(tmp_path / "x.npz", **arrays)

    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify(with_samples("x.npz"), "net")

    assert str(caught.value) == f"samples x.npz: {problem}"


def test_a_missing_file_of_samples_is_named(with_samples: Callable[[str], Project]) -> None:
    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify(with_samples("x.npz"), "net")

    assert str(caught.value) == "samples x.npz: No such file or directory"


def write_text(path: Path) -> None:
    path.write_text("not samples")


def write_truncated(path: Path) -> None:
    np.savez(path, x=X)
    path.write_bytes(path.read_bytes()[:-30])


def write_single_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, X)


def write_objects(path: Path) -> None:
    np.savez(path, x=np.array([{}, []], dtype=object))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(write_text, id="text"),
        pytest.param(write_truncated, id="truncated"),
        pytest.param(write_single_array, id="npy"),
        pytest.param(write_objects, id="objects"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
    ],
)
def test_a_file_that_is_no_npz_is_refused(
    write: Callable[[Path], object], with_samples: Callable[[str], Project], tmp_path: Path
) -> None:
    write(tmp_path / "x.npz")

    with pytest.raises(InvalidInput, match=r"^samples x\.npz: "):
        paddledvc.verify(with_samples("x.npz"), "net")


def test_a_function_that_returns_no_dict_is_refused(
    with_samples: Callable[[str], Project],
) -> None:
    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify(with_samples("data.py:rows"), "net")

    assert str(caught.value) == (
        "samples data.py:rows: it returned a list, expected a dict of an array for each input"
    )


def test_a_function_that_raises_is_shown_with_its_line(
    with_samples: Callable[[str], Project], tmp_path: Path
) -> None:
    project = with_samples("data.py:broken")

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.verify(project, "net")

    lines = str(caught.value).splitlines()
    assert lines[0] == "making samples with data.py:broken failed:"
    assert lines[1] == f'  File "{tmp_path / "data.py"}", line 14, in broken'
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_the_command_exits_2_for_samples_that_do_not_fit(
    lay_out: Callable[..., Project], project: Any, cli: Callable[..., Any]
) -> None:
    np.savez(project.root / "x.npz", y=X)
    project.write("exports/net/inference.json", "{}")
    lay_out(project.root, verify={"samples": "x.npz"})

    done = cli("verify", "net")

    assert (done.exit_code, done.stderr) == (
        2,
        "Error: samples x.npz: found arrays ['y'], expected one for each input: ['x']\n",
    )
