from __future__ import annotations

import pytest

import paddledvc
from paddledvc.errors import InvalidFile

MD5 = "0" * 32
MODELS = f"""\
models:
  - {{name: a, version: v1, weights_url: a.pdparams, md5: "{MD5}"}}
  - {{name: b, version: v1, weights_url: b.pdparams, md5: "{MD5}"}}
"""


@pytest.fixture
def conflicted(project):
    """A lock of which two branches moved the second model."""
    made = project.models(MODELS)
    paddledvc.lock(made)
    head, entry = project.read("models.lock").split('  - name: "b"\n')
    ours = f'  - name: "b"\n{entry.replace(MD5, "1" * 32)}'
    theirs = f'  - name: "b"\n{entry.replace("v1", "v2")}'
    project.write_bytes(
        "models.lock", f"{head}<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n".encode()
    )
    return made


def test_a_conflict_in_the_lock_names_the_command_that_mends_it(conflicted, cli):
    for arguments in (["lock"], ["lock", "--check"], ["sync"], ["generate"]):
        done = cli(*arguments)

        assert done.exit_code == 2
        assert done.stderr == (
            "models.lock:12:1: found a merge conflict in lines 12-28; run "
            "`paddledvc lock --resolve ours` or `theirs` to take a side in each, or keep one of "
            "the blocks between the markers and run `paddledvc lock`\n"
        )


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_the_command_mends_it(conflicted, cli, side):
    assert cli("lock", "--resolve", side).exit_code == 0
    assert cli("lock", "--check").exit_code == 0
    assert conflicted.lock().model("b").version == "v1"


def test_a_conflict_in_models_yaml_comes_first_and_is_resolved_with_the_lock(conflicted, project):
    made = project.models("<<<<<<< ours\nmodels: []\n=======\n" + MODELS + ">>>>>>> theirs\n")
    with pytest.raises(InvalidFile, match=r"models\.yaml:1:1: found a merge conflict in lines 1-7"):
        paddledvc.lock(made)
    done = paddledvc.lock(made, resolve="theirs")

    assert done.resolved == ("models.lock", "models.yaml")
    assert project.read("models.yaml") == MODELS
    assert [one.name for one in made.lock().models] == ["a", "b"]


@pytest.mark.parametrize("option", ["--check", "--dry-run", "--locked"])
def test_what_changes_nothing_takes_no_side(conflicted, project, cli, option):
    before = project.read("models.lock")
    done = cli("lock", option, "--resolve", "ours")

    assert (done.exit_code, done.stderr) == (
        2,
        f"Error: --resolve changes files, which {option} forbids\n",
    )
    assert project.read("models.lock") == before


def test_a_lock_without_conflicts_has_no_sides(project):
    made = project.models(MODELS)
    paddledvc.lock(made)

    assert paddledvc.lock(made, resolve="theirs").changes == ()
