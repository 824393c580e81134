"""What the commands of `release` print, and their exit codes."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.thorough


def test_a_release_is_printed_as_a_plan_and_what_became_of_it(released, cli):
    plan = cli("release", "create", "det", "--dry-run")
    done = cli("release", "create", "det")
    again = cli("release", "create", "det")
    promoted = cli("release", "promote", "det", "prod")
    taken_back = cli("release", "deprecate", "det@v1.2", "--format", "json")

    assert plan.stdout.splitlines()[1].split()[:4] == ["det", "v1.2", "det@v1.2.0", "-"]
    assert plan.stdout.endswith("dry run: nothing was written\n")
    commit = released.at("HEAD")[:7]
    assert done.stdout.endswith(
        f"committed {commit} on main; run `paddledvc release create --push` to send it\n"
    )
    assert again.stdout == "nothing to release: every locked version is released or withdrawn\n"
    assert promoted.stdout == f"det#prod#1 puts det v1.2.0 (commit {commit}) into prod\n"
    assert json.loads(taken_back.stdout)["tag"] == "det@v1.2.0!"
    assert {one.exit_code for one in (plan, done, again, promoted, taken_back)} == {0}


def test_findings_exit_with_1_and_wrong_usage_with_2(released, cli):
    cli("release", "create")
    released.move(new="v1.3rc1")

    found = cli("release", "create", "--format", "json")
    unknown = cli("release", "promote", "det@v7", "prod")
    released.git("checkout", "--quiet", "--detach")
    detached = cli("release", "create")
    released.git("checkout", "--quiet", "main")
    released.move(old="v1.3rc1", new="v1!2.0")
    untold = cli("release", "create")

    assert (found.exit_code, unknown.exit_code, detached.exit_code) == (1, 2, 2)
    assert json.loads(found.stdout)["verdict"]["errors"] == 1
    assert "HEAD is detached, expected a production branch (main, master," in detached.stderr
    assert "error: det: v1!2.0 is a version with an epoch, which GTO's tags" in untold.stderr
    assert untold.stdout == "nothing was released; fix the findings above first\n"
