"""The projects that blocks are run in, by the names in `<!-- run in: NAME -->` before those."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

import paddledvc
from paddledvc import Project
from paddledvc.tools.dvc.trust.approve import approve_first
from tests.conftest import TRUSTED, Folder
from tests.gated import EXPORTED, FACTS, RANGED, Gated
from tests.pages.reading import list_blocks
from tests.stores_repo import EXPORT, FILES, MODELS, WEIGHTS, A, Stores

if TYPE_CHECKING:
    from collections.abc import Callable

PREPARED: dict[str, Callable[[Folder], None]] = {}
"""What makes each, in an empty folder."""
LONG: set[str] = set()
"""Those whose commands take more than seconds."""


def project(*, long: bool = False) -> Callable[..., Callable[[Folder], None]]:
    def note(prepare: Callable[[Folder], None]) -> Callable[[Folder], None]:
        name = prepare.__name__.replace("_", "-")
        PREPARED[name] = prepare
        LONG.update({name} if long else ())
        return prepare

    return note


@project(long=True)
def empty(folder: Folder) -> None:
    """Make a git repository without a file."""
    folder.git("init", "--quiet")


@project()
def versions(folder: Folder) -> None:
    """Lock a detector of an index that has newer ones."""
    shown = next(one for one in list_blocks("yaml", pages=("README.md",)) if "zoo:" in one.text)
    folder.git("init", "--quiet")
    folder.write("zoo/a.pdparams", "weights")
    listed = [f"      - {{version: v{one}, url: a.pdparams}}\n" for one in ("1.2.0", "1.3.0")]
    index = f"version: 1\nmodels:\n  - name: detector\n    versions:\n{''.join(listed[:1])}"
    folder.write("zoo/index.yaml", index)
    text = shown.text.replace("https://models.example/index.json", "zoo/index.yaml")
    text = re.sub(r"^  team: .*\n|^  - name: reader[\s\S]*", "", text, flags=re.MULTILINE)
    paddledvc.lock(folder.models(text))
    listed.append(listed[0].replace("1.2.0", "1.4.1"))
    folder.write("zoo/index.yaml", index + "".join(listed[1:]))


@project()
def feature(folder: Folder) -> None:
    """Have no models yet, on a feature branch."""
    folder.git("init", "--quiet")
    folder.models("models: []\n")
    folder.git("switch", "--quiet", "-c", "feature/small-network")


@project()
def branches(folder: Folder) -> None:
    """Have two branches, each with its own version of one of three models."""
    stores = _started(folder)
    _release(stores, "v3.2.0")
    folder.git("switch", "--quiet", "-c", "develop")
    _release(stores, "v3.3.0")
    _settle(folder, "main")


@project()
def other_branches(folder: Folder) -> None:
    """Have the same, and look at the other branch."""
    branches(folder)
    _settle(folder, "develop")


def _release(stores: Stores, version: str, **more: bytes) -> None:
    files = {f"checkpoints/{one}_v1.pdparams": one.encode() for one in ("rec", "det")}
    path = f"checkpoints/resnet50_{version}.pdparams"
    models = {f"checkpoints/{one}_v1.pdparams": f"{one}==v1" for one in ("rec", "det")}
    stores.release({path: version.encode() * 99, **files}, {path: f"resnet50=={version}", **models})


IGNORED = "/checkpoints\n/exports\n/data\n/own.pdparams\n/.paddledvc\n/.dvc/tmp\n/.dvc/cache\n"


def _started(folder: Folder) -> Stores:
    folder.git("init", "--quiet")
    stores = Stores(folder)
    folder.write(".gitignore", IGNORED)
    return stores


def _settle(folder: Folder, branch: str) -> None:
    """Switch to a branch with hooks that are live."""
    paddledvc.install_hooks(Project(folder.root))
    folder.git("switch", "--quiet", branch)
    assert paddledvc.pull(Project(folder.root)).placed.complete


@project()
def change(folder: Folder) -> None:
    """Have nothing that a gate could object to."""
    folder.git("init", "--quiet")
    gated = Gated(folder)
    gated.models(EXPORTED)
    gated.commit()
    folder.git("update-ref", "refs/remotes/origin/main", "HEAD")
    gated.branch("feature/detector")


@project()
def findings(folder: Folder) -> None:
    """Add a model whose version may move and one without evidence."""
    folder.git("init", "--quiet")
    gated = Gated(folder)
    folder.write(".gitignore", "/checkpoints/\n/exports/\n")
    folder.write("zoo/a.pdparams", "weights")
    folder.write("zoo/index.yaml", INDEX)
    gated.models("catalogs:\n  team: {kind: index, url: zoo/index.yaml}\nmodels: []\n", build=False)
    gated.commit()
    folder.git("update-ref", "refs/remotes/origin/main", "HEAD")
    gated.branch("feature/detector")
    gated.models(RANGED + WITH_BOTH.partition("models:\n")[2])
    for one in (folder.root / "reports/resnet50").iterdir():
        one.unlink()
    gated.commit()


WITH_BOTH = EXPORTED.replace("    network", f"    sha256: {'1a' * 32}\n    network")
"""A model with both digests."""
INDEX = """\
version: 1
models:
  - name: det
    versions: [{version: 1.1.0, url: a.pdparams}]
"""


@project()
def images(folder: Folder) -> None:
    """Name an image that moves, and one of another Paddle than the evidence."""
    folder.git("init", "--quiet")
    det = WITH_BOTH.replace("resnet50", "det").partition("    network")[0] + FACTS
    resnet50 = WITH_BOTH.partition("models:\n")[2]
    gated = Gated(folder)
    gated.models(
        f"{det}    environment: paddlepaddle/paddle:latest\n"
        f"{resnet50}    environment: paddlepaddle/paddle:2.6-gpu-cuda11.8\n"
    )
    gated.commit()
    gated.branch("feature/x")


@project()
def facts(folder: Folder) -> None:
    """Ask for facts that a model does not state."""
    folder.git("init", "--quiet")
    policy = "policy:\n  production: {requires: [owner, datasets]}\n"
    folder.write("train.py", "")
    text = EXPORTED.replace("    owner: the vision team\n", "")
    Gated(folder).models(
        policy + text + "    train: {command: python train.py, deps: [train.py]}\n"
    )


@project()
def documented(folder: Folder) -> None:
    """Move a version without a line in the CHANGELOG."""
    folder.git("init", "--quiet")
    gated = Gated(folder)
    folder.write("docs/models/CHANGELOG.md", "- resnet50 v3.3.0\n")
    gated.models(EXPORTED)
    gated.commit()
    gated.models(EXPORTED.replace("3.3.0", "3.4.0").replace("0cc1", "1cc1"))
    gated.commit()


@project()
def ignored(folder: Folder) -> None:
    """Ignore what has to be committed."""
    folder.git("init", "--quiet")
    Gated(folder).models(EXPORTED)
    folder.write(".gitignore", "*.log\n*.lock\n")


@project()
def stolen(folder: Folder) -> None:
    """Have a link out of the project in the place of models.yaml."""
    folder.git("init", "--quiet")
    (folder.root / "models.yaml").symlink_to("../../.netrc")
    folder.commit()


@project()
def with_remote(folder: Folder) -> None:
    """Have a remote called prod."""
    stores = _started(folder)
    stores.release({A: WEIGHTS}, MODELS)


@project()
def bundled(folder: Folder) -> None:
    """Have a model with an export, a card and a report."""
    stores = _started(folder)
    folder.write(
        "models.yaml",
        "models:\n  - name: resnet50\n    version: v1.2\n    weights_url: file:///nowhere/resnet50-v1.2\n",
    )
    folder.write("docs/models/resnet50.md", "# resnet50\n")
    folder.write("reports/resnet50/verify.json", "{}\n")
    weights = "checkpoints/resnet50_v1.2.pdparams"
    stores.declare({weights: WEIGHTS * 150, "exports/resnet50": FILES}, {weights: "resnet50==v1.2"})
    os.environ["GIT_COMMITTER_DATE"] = "2025-04-05T12:00:00Z"
    folder.commit()


@project()
def s3_remote(folder: Folder) -> None:
    """Have a bucket as the remote prod."""
    _started(folder).remotes(prod="s3://weights/prod")
    folder.commit()


@project()
def rolled_back(folder: Folder) -> None:
    """Have two versions of a model, both in the cache."""
    _started(folder)
    folder.git("branch", "-M", "main")
    for version in ("v1.0.0", "v1.1.0"):
        folder.write(f"zoo/{version}.pdparams", version * 132)
        url = f"weights_url: zoo/{version}.pdparams"
        made = folder.models(f"models:\n  - name: det\n    version: {version}\n    {url}\n{FACTS}")
        paddledvc.lock(made)
        paddledvc.generate(made)
        folder.commit()
        paddledvc.pull(made)


@project()
def stores(folder: Folder) -> None:
    """Have all that is on main in the remote of feature branches, and nothing here."""
    made = _with_export(folder)
    made.store("dev")
    made.store("prod")
    made.forget()


def _with_export(folder: Folder) -> Stores:
    made = _started(folder)
    made.release({A: WEIGHTS, EXPORT: FILES, "data/x.npz": b"data"}, MODELS)
    folder.git("tag", "-a", "v1.2.0", "-m", "v1.2.0")
    folder.git("switch", "--quiet", "-c", "feature/x")
    return made


@project()
def corrupt(folder: Folder) -> None:
    """Have other bytes under a name in one remote."""
    made = _started(folder)
    made.release({A: WEIGHTS}, MODELS)
    made.store("dev")
    made.spoil("prod", WEIGHTS, WEIGHTS[::-1])
    made.forget()


@project()
def unsent(folder: Folder) -> None:
    """Have the weights here alone."""
    made = _with_export(folder)
    made.place()


@project()
def missing(folder: Folder) -> None:
    """Have the weights in both remotes, and not here."""
    made = _started(folder)
    made.release({A: WEIGHTS}, MODELS)
    folder.git("switch", "--quiet", "-c", "feature/x")
    made.store("dev")
    made.store("prod")
    made.forget()
    paddledvc.install_hooks(Project(folder.root))


@project()
def contradicted(folder: Folder) -> None:
    """Have a branch whose dvc.lock names other bytes than its models.lock."""
    made = _started(folder)
    made.release({A: WEIGHTS}, MODELS)
    folder.git("switch", "--quiet", "-c", "theirs")
    lock = re.sub(r"    md5: .*\n", "", folder.read("models.lock"))
    made.declare({A: WEIGHTS[::-1]}, MODELS)
    folder.write("models.lock", lock)
    folder.commit()
    _settle(folder, "main")


@project()
def no_md5(folder: Folder) -> None:
    """Have a lock that states SHA-256 alone."""
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    folder.git("init", "--quiet")
    folder.write_bytes("a.pdparams", WEIGHTS)
    made = folder.models(
        f"models:\n  - {{name: a, version: v1, weights_url: a.pdparams, sha256: '{digest}',"
        f" size: {len(WEIGHTS)}}}\n"
    )
    paddledvc.lock(made)


@project()
def moved_remote(folder: Folder) -> None:
    """Have a branch that moves the remote which this clone approved."""
    os.environ.pop(TRUSTED)
    made = _started(folder)
    made.remotes(prod="https://weights.example.org/w")
    made.release({A: WEIGHTS, EXPORT: FILES}, MODELS)
    folder.git("update-ref", "refs/remotes/origin/main", "HEAD")
    approve_first(folder.root)
    paddledvc.install_hooks(Project(folder.root))
    folder.git("switch", "--quiet", "-c", "faster")
    made.remotes(prod="https://evil.example/w")
    made.release({A: b"1", EXPORT: {"a": b"2"}}, MODELS)
    folder.git("switch", "--quiet", "main")
    made.forget()


@project()
def old_versions(folder: Folder) -> None:
    """Have weights in the cache that nothing has needed for long, and some that are needed."""
    made = _started(folder)
    hub = folder.root.parent / "hub.git"
    folder.git("init", "--quiet", "--bare", str(hub))
    folder.git("remote", "add", "origin", str(hub))
    for version in ("v3.0.0", "v3.1.0", "v3.2.0"):
        _release(made, version)
    made.store("dev")
    folder.git("branch", "develop")
    folder.git("push", "--quiet", "origin", "main", "develop")


@project()
def repro_undone(folder: Folder) -> None:
    """Have another branch, and what a stage made that nobody committed."""
    made = _started(folder)
    made.release({"own.pdparams": b"one"})
    folder.git("switch", "--quiet", "-c", "next")
    made.release({"own.pdparams": b"two"})
    _settle(folder, "next")
    made.declare({"own.pdparams": b"trained"})
    made.edit("own.pdparams", b"trained")
    folder.git("reset", "--quiet", "--hard")
