"""Repositories with a past: commits of locks and reports, and tags, at times that tests choose."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess

from paddledvc.models.lockfile import Lock, LockedModel, render_lockfile

HOUR = 3600
START = 1_790_000_000  # 2026-09-21T14:13:20Z


def locked(name, version, **more):
    """An entry of models.lock whose bytes follow from name and version."""
    md5 = hashlib.md5(f"{name} {version}".encode()).hexdigest()
    given = {"md5": md5, "size": 1000, "path": f"checkpoints/{name}_{version}.pdparams", **more}
    return LockedModel(name=name, version=version, urls=("a.pdparams",), **given)


def evaluated(value, path, md5, metric="accuracy"):
    """The part of an evaluate.json that says what was measured, and of which bytes."""
    files = [{"path": path, "md5": md5}]
    evidence = [{"version": 1, "files": files}]
    return json.dumps({metric: {"network": value}, "samples": 4, "evidence": evidence})


class Past:
    """A project whose commits and tags are made at times of our own.

    Attributes:
        folder: the ``project`` of tests.
        time: of what is made next, in seconds since 1970; each thing takes an hour.
    """

    def __init__(self, folder):
        self.folder, self.time = folder, START
        folder.write("models.yaml", "models: [{name: det, version: v1.0.0}]\n")

    def git(self, *arguments):
        """Run git as somebody who does so at this time."""
        when = f"{self.time} +0000"
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        return subprocess.run(
            ["git", *arguments],
            env={**os.environ, **dates},
            cwd=self.folder.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, *entries, title="a commit", **files):
        """Commit a models.lock, and more files by name, where __ stands for / and _x_ for a dot."""
        if not (self.folder.root / ".git").exists():
            self.git("init", "--quiet")
        if entries:
            self.folder.write("models.lock", render_lockfile(Lock(models=entries)))
        for name, text in files.items():
            self.folder.write(name.replace("__", "/").replace("_x_", "."), text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", title)
        self.time += HOUR
        return self.git("rev-parse", "HEAD")

    def tag(self, name, commit="HEAD"):
        """Make an annotated tag."""
        self.git("tag", "--annotate", "--message", "a tag", name, commit)
        self.time += HOUR
