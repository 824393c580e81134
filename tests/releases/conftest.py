"""A project of two models that is ready for its first release."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from paddledvc import Project
from tests.gated import FACTS, Gated

MODELS = f"""\
models:
  - name: det
    version: v1.2
    weights_url: zoo/det-1.2.pdparams
{FACTS}  - name: rec
    version: v2.0
    weights_url: zoo/rec-2.0.pdparams
{FACTS}"""


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Released(Gated):
    """A project whose weights lie in the remote prod, on the branch main.

    The weights of a version hold its name.
    """

    def put(self, text):
        file = self.root / ".." / "prod" / "files" / "md5" / md5(text)[:2] / md5(text)[2:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def lock_models(self, text, *bytes_, title="lock"):
        """Write models.yaml, lock it, and commit."""
        for one in bytes_:
            self.write(f"zoo/{one}.pdparams", one)
            self.put(one)
        self.models(text, build=False)
        return self.commit(title)

    def move(self, old="v1.2", new="v1.3", name="det"):
        """Move a model to another version, which production has."""
        text = self.read("models.yaml").replace(f"version: {old}\n", f"version: {new}\n", 1)
        text = text.replace(f"{name}-{old[1:]}", f"{name}-{new[1:]}")
        return self.lock_models(text, f"{name}-{new[1:]}", title=f"{name} {new}")

    def tags(self):
        return self.git("tag", "--list").split()

    def at(self, revision):
        return self.git("rev-parse", f"{revision}^{{commit}}").strip()

    def clone_of(self):
        """Make the repository that this one pushes to."""
        url = self.root.parent / "hub.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(url)], check=True)
        self.git("remote", "add", "origin", str(url))
        self.git("push", "--quiet", "--set-upstream", "origin", "main")
        return url


@pytest.fixture
def released(project):
    made = Released(project)
    made.write(
        ".dvc/config", "[core]\n    remote = prod\n['remote \"prod\"']\n    url = ../../prod\n"
    )
    made.git("init", "--quiet", "--initial-branch", "main")
    made.lock_models(MODELS, "det-1.2", "rec-2.0")
    return made


@pytest.fixture
def ours(released):
    """The project itself."""
    return Project(released.root)
