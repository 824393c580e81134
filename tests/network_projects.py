"""Small projects with one network, for the commands that run Paddle."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import paddledvc
from tests import plain_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from paddledvc import Project

IMPORTS = (
    "import numpy as np\nimport paddle\nimport paddle.nn.functional as F\nfrom paddle import nn\n\n"
)
LINEAR = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x)
"""


@pytest.fixture(scope="session")
def draw() -> Callable[..., NDArray[np.float32]]:
    """Draw an array of a shape, the same one in every run."""

    def of_shape(*shape: int) -> NDArray[np.float32]:
        return np.random.default_rng(shape).standard_normal(shape).astype("float32")

    return of_shape


@pytest.fixture(scope="session")
def linear_weights(draw: Callable[..., NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """The weights of a layer whose only sublayer is ``fc = nn.Linear(4, 3)``."""
    return {"fc.weight": draw(4, 3), "fc.bias": draw(3)}


@pytest.fixture(scope="session")
def linear(linear_weights: dict[str, Any]) -> Callable[[str], str]:
    """The code of a layer with ``fc = nn.Linear(4, 3)``, given what its ``forward`` does."""

    def code(forward: str) -> str:
        return LINEAR.replace("return self.fc(x)", forward.strip().replace("\n", "\n        "))

    return code


@pytest.fixture(scope="session")
def lay_out(linear_weights: dict[str, Any]) -> Callable[..., Project]:
    """Make a project with one model, locked and synced.

    Returns:
        A function of the folder and of the code of ``net.py``, after the usual imports. The state
        dict, files and ``params`` are optional; other keywords are entries of the model, which is
        called ``net`` and by default takes one ``x`` of four floats; None leaves an entry out.
    """

    def make(
        root: Path,
        code: str = LINEAR,
        weights: Mapping[str, Any] = linear_weights,
        *,
        files: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        **entry: Any,
    ) -> Project:
        root.mkdir(parents=True, exist_ok=True)
        for name, text in {"net.py": IMPORTS + code, **(files or {})}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        (root / "weights.pdparams").write_bytes(pickle.dumps(dict(weights), protocol=4))
        model = {
            "name": "net",
            "version": "v1",
            "weights_url": "weights.pdparams",
            "network": "net.py:Net",
            "inputs": [{"name": "x", "shape": [None, 4]}],
            "export": {},
            **entry,
        }
        model = {key: value for key, value in model.items() if value is not None}
        (root / "models.yaml").write_text(plain_yaml.dump({"models": [model]}))
        (root / "params.yaml").write_text(plain_yaml.dump(dict(params or {})))
        project = paddledvc.Project(root)
        paddledvc.lock(project)
        if "weights_url" in model:
            paddledvc.sync(project)
        return project

    return make


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, str]]:
    """Hash every file below a folder, and list the empty folders."""

    def of_folder(folder: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file()
            else "folder"
            for path in sorted(folder.rglob("*"))
        }

    return of_folder
