"""Links of a branch: nothing is written behind them, and nothing of what is there shown."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from tests.weights_repo import wrong

SECRET = "SECRETLINE: [of somebody's own\n"
MODELS = """\
models:
  - name: a
    version: v1.0
    weights_url: zoo/a.pdparams
    train: {command: echo, params: hyper.yaml}
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    export: {}
"""
TRAINED = """\
  - name: b
    version: v1.0
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    train: {command: "true"}
    export: {}
"""
FILES = {
    "net.py": "from paddle import nn\n\n\nclass Net(nn.Layer):\n"
    "    def forward(self, x):\n        return x\n",
    "hyper.yaml": "epochs: 1\n",
    "params.yaml": "a: {train: {epochs: 2}}\n",
    "zoo/a.pdparams": "weights",
    ".gitignore": "/checkpoints/\n",
    "reports/a/verify.json": "{}\n",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory, isolated_module):
    """A project with all kinds of files, each of which git tracks."""
    import paddledvc  # noqa: PLC0415
    from tests.conftest import Folder  # noqa: PLC0415

    folder = Folder(tmp_path_factory.mktemp("template") / "project")
    folder.root.mkdir()
    for name, text in FILES.items():
        folder.write(name, text)
    made = folder.models(MODELS)
    folder.git("init", "--quiet")
    paddledvc.init(folder.root, with_hooks=False)
    paddledvc.lock(made)
    paddledvc.generate(made)
    folder.write("dvc.lock", "schema: '2.0'\n")
    folder.commit()
    return folder.root


@pytest.fixture(scope="module")
def isolated_module(home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


class Attacked:
    """A clone of somebody's, who has a file and a folder beside it."""

    def __init__(self, project, template, cli) -> None:
        self.root, self.cli = project.root, cli
        self.git, self.commit = project.git, project.commit
        shutil.rmtree(self.root)
        shutil.copytree(template, self.root, symlinks=True)
        self.outside = self.root.parent / "outside"
        self.outside.mkdir()

    def link(self, name: str, *, to: str) -> None:
        """Put a link into the place of a file or folder, and commit it."""
        path = self.root / name
        is_folder = path.is_dir()
        target = self.outside / to
        if to == "secret":
            target.write_text(SECRET)
        elif to == "copy":
            shutil.copytree(path, target) if is_folder else shutil.copy(path, target)
        shutil.rmtree(path) if is_folder else path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.path.relpath(target, path.parent))
        self.git("add", "--all", "--force", "--", name)
        self.git("commit", "--quiet", "--message", "Improve")

    def seen(self) -> dict[str, bytes]:
        files = (one for one in self.outside.rglob("*") if one.is_file())
        return {one.relative_to(self.outside).as_posix(): one.read_bytes() for one in files}


@pytest.fixture
def attacked(project, template, cli):
    return Attacked(project, template, cli)


READ = {
    "models.yaml": ("check", "list", "status", "lock", "generate"),
    "models.lock": ("list", "status", "lock", "generate"),
    "params.yaml": ("generate", "check"),
    "hyper.yaml": ("generate",),
    "dvc.yaml": ("generate", "status", "list"),
    "dvc.lock": ("status", "list"),
    "net.py": ("lock", "check"),
    "reports/a/verify.json": ("list", "report"),
    "reports": ("list", "report"),
    ".dvc/config": ("status", "pull"),
}
WRITTEN = {
    "models.lock": ("lock",),
    "dvc.yaml": ("generate",),
    "models.yaml": ("remove a",),
    ".gitignore": ("init --no-hooks",),
    ".gitattributes": ("init --no-hooks",),
    ".paddledvc": ("init --no-hooks", "lock"),
    ".paddledvc/tmp": ("lock", "status", "pull"),
    ".dvc/tmp": ("status", "pull"),
    ".dvc/cache": ("status", "pull"),
    "checkpoints": ("sync",),
    "checkpoints/a_v1.0.pdparams": ("sync",),
    "check.json": ("check --format json --output check.json",),
}
CHANGE = {
    "models.lock": ("models.yaml", "v1.0", "v1.1"),
    "dvc.yaml": ("params.yaml", "2", "3"),
    ".gitignore": (".gitignore", "/checkpoints/", ""),
    ".gitattributes": (".gitattributes", "merge", ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_what_is_behind_a_link_of_a_branch_is_not_shown(attacked, name):
    attacked.link(name, to="secret")

    for command in READ[name]:
        ran = attacked.cli(*command.split())
        said = ran.stdout + ran.stderr
        assert "SECRETLINE" not in said
        assert "somebody's own" not in said
        assert ran.exit_code in {0, 1, 2}, said
        if name != "reports" or command == "list":
            assert f"{name} is a link out of the project, to " in said or "symbolic link" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "to"),
    [*((name, "copy") for name in WRITTEN), ("models.lock", "nothing"), (".paddledvc", "nothing")],
)
def test_nothing_is_written_behind_a_link_of_a_branch(attacked, name, to):
    if to == "copy" and not (attacked.root / name).exists():
        path = attacked.root / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if not path.suffix else path.write_text("")
    file, old, new = CHANGE.get(name, ("net.py", "", ""))
    path = attacked.root / file
    path.write_text(path.read_text().replace(old, new))
    attacked.link(name, to=to)
    before = attacked.seen()

    for command in WRITTEN[name]:
        ran = attacked.cli(*command.split())
        assert f"{name} is a link out of the project, to " in ran.stdout + ran.stderr
        assert ran.exit_code == 2
    assert attacked.seen() == before


HOOKED = {
    "dvc.lock": "../../outside",
    ".paddledvc/tmp": "../../..",
    ".dvc/cache": "../../..",
    "checkpoints": ".git/hooks",
}


@pytest.mark.slow
def test_a_switch_writes_nothing_behind_links_and_the_next_branch_gets_its_weights(weights):
    outside = weights.world.parent / "outside"
    outside.write_text(SECRET)
    beside = {*weights.world.parent.rglob("*")} - {*weights.root.rglob("*")}
    hooks = {one: one.read_bytes() for one in (weights.root / ".git/hooks").iterdir()}
    for number, (name, target) in enumerate(HOOKED.items()):
        weights.bare_git("switch", "--quiet", "--create", f"evil{number}", "feature/alpha")
        path = weights.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.symlink_to(target)
        if name == "checkpoints":
            lock = weights.read("dvc.lock").decode().replace("beta_trained.pdparams", "post-merge")
            weights.write("dvc.lock", lock)
        weights.bare_git("add", "--all", "--force", "--", name, "dvc.lock")
        weights.bare_git("commit", "--quiet", "--message", "Improve")
        path.unlink()
        weights.bare_git("switch", "--quiet", "--force", "main")
        weights.paddledvc("pull")

        said = weights.git("switch", f"evil{number}")
        assert f"{name} is a link out of the project, to {target}; nothing was read" in said
        assert "SECRETLINE" not in said
        assert outside.read_text() == SECRET
        weights.git("switch", "develop")
        weights.paddledvc("pull")
        assert wrong(weights.root) == {}

    assert {*weights.world.parent.rglob("*")} - {*weights.root.rglob("*")} == beside
    assert {one: one.read_bytes() for one in (weights.root / ".git/hooks").iterdir()} == hooks


INDEX = "catalogs:\n  zoo: {{kind: index, url: {url}}}\n"
FROM_INDEX = "models: [{name: a, version: v1.0, source: zoo}]\n"


@pytest.mark.slow
@pytest.mark.parametrize("url", ["link.yaml", "folder/secret", "file://{secret}"])
def test_an_index_that_lies_elsewhere_is_not_shown(attacked, url):
    attacked.link("link.yaml", to="secret")
    (attacked.root / "folder").symlink_to(attacked.outside)
    secret = attacked.outside / "secret"
    text = INDEX.format(url=url.format(secret=secret)) + FROM_INDEX
    (attacked.root / "models.yaml").write_text(text)
    attacked.commit()

    for command in ("lock", "list --outdated", "list --available a"):
        ran = attacked.cli(*command.split())
        said = ran.stdout + ran.stderr
        assert "SECRETLINE" not in said
        assert "somebody's own" not in said
        assert ran.exit_code == 3, said
        assert "is a link out of the project" in said or "its text is not shown" in said


@pytest.mark.slow
@pytest.mark.parametrize("url", ["link.bin", "folder/secret"])
def test_what_is_behind_a_link_of_a_branch_is_not_taken_for_weights(attacked, url):
    attacked.link("link.bin", to="secret")
    (attacked.root / "folder").symlink_to(attacked.outside)
    text = f"models: [{{name: a, version: v1.0, weights_url: {url}}}]\n"
    (attacked.root / "models.yaml").write_text(text)
    attacked.commit()

    for command in ("lock", "sync a", "sync a --dry-run", "pull"):
        ran = attacked.cli(*command.split())
        assert (ran.exit_code, ran.stdout.count("SECRET")) == (0 if command == "lock" else 3, 0), (
            ran
        )
        if command != "lock":
            assert "is a link out of the project" in ran.stdout + ran.stderr
    assert not [*(attacked.root / "checkpoints").glob("*")]


@pytest.mark.slow
@pytest.mark.parametrize("name", [".paddledvc", ".paddledvc/tmp"])
def test_our_own_folder_is_no_link_out_whoever_made_it(attacked, name):
    attacked.link(name, to="nothing")
    attacked.git("rm", "--quiet", "-r", "--cached", name)
    attacked.git("commit", "--quiet", "--message", "Forget")
    (attacked.outside / "nothing").mkdir()

    for command in ("status", "pull", "sync"):
        ran = attacked.cli(command)
        assert ran.exit_code, command
        assert f"{name} is a link out of the project" in ran.stdout + ran.stderr
    assert attacked.seen() == {}


@pytest.mark.slow
def test_a_link_that_a_reset_leaves_of_a_branch_is_still_the_branchs(attacked):
    (attacked.outside / "nothing").mkdir()
    attacked.git("switch", "--quiet", "--create", "pr")
    attacked.link("checkpoints", to="nothing/")
    attacked.git("reset", "--quiet", "HEAD~")

    ran = attacked.cli("sync")
    assert ran.exit_code == 2, ran
    assert "checkpoints is a link out of the project" in ran.stdout + ran.stderr
    assert attacked.seen() == {}

    time.sleep(1.1)  # git's notes of where one was know seconds
    (attacked.root / "checkpoints").unlink()
    (attacked.root / "checkpoints").symlink_to(attacked.outside / "nothing")
    ran = attacked.cli("sync")
    assert "DVC accepts no output behind one" in ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sync", "export b", "train b"])
def test_an_output_goes_behind_no_link_out_of_the_project_whoever_made_it(attacked, command):
    made = attacked.root / "models.yaml"
    made.write_text(made.read_text() + TRAINED)
    folder = "exports" if command == "export b" else "checkpoints"
    if folder == "exports":
        weights = attacked.root / "checkpoints/b_trained.pdparams"
        weights.parent.mkdir()
        weights.touch()
    (attacked.root / folder).symlink_to(attacked.outside)

    ran = attacked.cli(*command.split())
    said = ran.stdout + ran.stderr
    assert f"{folder} is a link out of the project, to {attacked.outside}; nothing was " in said
    assert "`dvc cache dir`" in said
    assert ran.exit_code == 2
    assert attacked.seen() == {}
