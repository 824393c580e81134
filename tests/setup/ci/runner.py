"""What a forge does with a pipeline: jobs in clones of their own, with caches and artifacts.

The lines of the jobs are run by Bash as they stand. Actions are replaced by what they do, images by
this machine, and `pip install` by nothing.
"""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml

from tests.forks import run_module

if TYPE_CHECKING:
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
PIP = """\
#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then exit 0; fi
exec {python} "$@"
"""


class Runner:
    """Runs the jobs of GitHub's workflow for one event.

    Attributes:
        origin: the repository that jobs clone.
        results: how each job ended.
        logs: what each job printed.
    """

    def __init__(
        self, origin: Path, place: Path, variables: dict[str, str], context: dict[str, Any]
    ) -> None:
        self.origin, self.place, self.variables, self.context = origin, place, variables, context
        self.results: dict[str, str] = {}
        self.logs: dict[str, str] = {}
        self.outputs: dict[str, dict[str, str]] = {}
        self._programs = place / "bin"
        self._programs.mkdir(parents=True)
        for name in ("paddledvc", "dvc"):
            self._program(
                name, f'#!/bin/sh\nexec {" ".join(map(_quoted, run_module(name)))} "$@"\n'
            )
        self._program("python", PIP.format(python=_quoted(sys.executable)))

    def _program(self, name: str, text: str) -> None:
        file = self._programs / name
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def run(self, workflow: dict[str, Any], until: str | None = None) -> dict[str, str]:
        """Run the jobs in their order, and say how each ended."""
        for name, job in workflow["jobs"].items():
            self.results[name] = self._job(name, job, workflow)
            if name == until:
                break
        return self.results

    def again(self, workflow: dict[str, Any], name: str) -> str:
        """Run one more job in a clone of its own, after those that have run."""
        self.results[name] = self._job(name, workflow["jobs"][name], workflow)
        return self.results[name]

    def _job(self, name: str, job: dict[str, Any], workflow: dict[str, Any]) -> str:
        needs = job.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        condition = str(job.get("if", "true"))
        fine = all(self.results[one] == "success" for one in needs)
        if (not fine and "cancelled()" not in condition) or not self.holds(condition):
            return "skipped"
        if "container" in job:
            assert self.fill(job["container"]), f"{name} has no image"
        workflow = {**workflow, "env": {**workflow.get("env", {}), **job.get("env", {})}}
        clone = self.place / f"{name}-{len(list(self.place.iterdir()))}"
        outputs: dict[str, str] = {}
        log = ""
        result = "success"
        for step in job["steps"]:
            code, said = self._step(step, clone, workflow, outputs)
            log += said
            if code and not step.get("continue-on-error"):
                result = "failure"
                break
        self.logs[name] = log
        self.outputs[name] = outputs
        return result

    def _step(
        self, step: dict[str, Any], clone: Path, workflow: dict[str, Any], outputs: dict[str, str]
    ) -> tuple[int, str]:
        if "uses" in step:
            return self._action(step["uses"].partition("@")[0], step.get("with", {}), clone)
        written = self.place / "output"
        written.write_text("")
        own = {**workflow.get("env", {}), **step.get("env", {})}
        environment = {
            **self.variables,
            **{key: self.fill(str(value)) for key, value in own.items()},
            "GITHUB_OUTPUT": str(written),
            "PATH": f"{self._programs}:{self.variables['PATH']}",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=clone, env=environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        outputs.update(line.split("=", 1) for line in written.read_text().splitlines())
        return done.returncode, f"$ {step['run']}\n{done.stdout}{done.stderr}"

    def _action(self, name: str, settings: dict[str, Any], clone: Path) -> tuple[int, str]:
        artifacts = self.place / "artifacts" / str(settings.get("name"))
        if name == "actions/checkout":
            assert settings["persist-credentials"] is False
            return _check_out(self.origin, clone, self.context), ""
        if name == "actions/cache":
            (self.place / "cached").mkdir(exist_ok=True)
            cached = clone / settings["path"]
            cached.parent.mkdir(parents=True, exist_ok=True)
            cached.symlink_to(self.place / "cached")
        if name == "actions/upload-artifact":
            for path in settings["path"].split():
                if (clone / path).is_dir():
                    shutil.copytree(clone / path, artifacts / path, dirs_exist_ok=True)
                elif (clone / path).exists():
                    artifacts.mkdir(parents=True, exist_ok=True)
                    shutil.copy(clone / path, artifacts / path)
        if name == "actions/download-artifact":
            if not artifacts.is_dir():
                return 1, f"Artifact not found for name: {settings['name']}\n"
            shutil.copytree(artifacts, clone / settings.get("path", "."), dirs_exist_ok=True)
        return 0, ""

    def fill(self, text: str) -> str:
        """Fill in what stands in braces."""
        return EXPRESSION.sub(lambda one: str(self._value(one[1])), text)

    def holds(self, condition: str) -> bool:
        """Tell whether a condition holds, in braces or not."""
        found = EXPRESSION.fullmatch(condition.strip())
        return bool(self._value(found[1] if found else condition))

    def _value(self, expression: str) -> Any:
        names = re.sub(r"hashFiles\([^)]*\)", "''", expression).replace("!cancelled()", "True")
        names = names.replace("&&", " and ").replace("||", " or ").replace("true", "True")
        values = {
            **self.context,
            **{f"needs.{job}.outputs.{key}": value
               for job, found in self.outputs.items() for key, value in found.items()},
        }  # fmt: skip
        literal = re.compile(r"'[^']*'|[a-z][\w-]*(?:\.[\w-]+)+")
        python = literal.sub(
            lambda one: one[0] if one[0].startswith("'") else repr(values.get(one[0], "")), names
        )
        return eval(python.replace("\n", " "), {})


def _check_out(origin: Path, clone: Path, context: dict[str, Any]) -> int:
    def git(*arguments: str, folder: Path = clone) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    git("clone", "--quiet", "--no-checkout", str(origin), str(clone), folder=origin)
    git("fetch", "--quiet", "origin", f"{context['github.ref']}:refs/checked-out")
    ref = str(context["github.ref"])
    branch = ref.removeprefix("refs/heads/")
    how = ("-B", branch) if ref.startswith("refs/heads/") else ("--detach",)
    git("checkout", "--quiet", *how, "refs/checked-out")
    return 0


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def load(text: str) -> dict[str, Any]:
    """Read a pipeline."""
    return yaml.safe_load(text)


def without(workflow: dict[str, Any], job: str, step: str) -> dict[str, Any]:
    """Take a step out of a job: by its name, or by the action that it uses."""
    steps = workflow["jobs"][job]["steps"]
    kept = [
        one for one in steps
        if one.get("name") != step and not one.get("uses", "").startswith(f"{step}@")
    ]  # fmt: skip
    assert len(kept) == len(steps) - 1, (job, step)
    workflow["jobs"][job]["steps"] = kept
    return workflow
