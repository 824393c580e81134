"""The policy that models.yaml states, in the work tree and in what git keeps."""

from __future__ import annotations

import pytest

from paddledvc import Project
from paddledvc.models.policy import DEFAULT
from paddledvc.project import read_project_policy
from paddledvc.tools.git.snapshot import Snapshot

STATED = "policy: {production: {branches: [stable]}}\n"
PLACES = {
    "work tree": Snapshot.work_tree,
    "index": Snapshot.index,
    "commit": lambda root: Snapshot.tree(root, "HEAD"),
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def see(request, project):
    """Commit a models.yaml, and see it in one of the places."""

    def see_text(data):
        project.write_bytes("models.yaml", data if isinstance(data, bytes) else data.encode())
        project.commit()
        return request.param(project.root)

    return see_text


@pytest.mark.parametrize(
    "rest", ["models: []\n", "models: [{name: a}]\n", "modles: []\nmodels: 1\n", ""]
)
def test_a_policy_counts_whatever_else_is_wrong_with_the_file(see, rest):
    found = read_project_policy(see(STATED + rest))
    assert found is not None
    assert found.role("stable").name == "production"
    assert found.role("main").name == "feature"


@pytest.mark.parametrize("text", ["", "models: []\n", "models: [\n", "policy:\n", "- policy\n"])
def test_where_none_is_stated_the_usual_one_counts(see, text):
    assert read_project_policy(see(text)) == DEFAULT


@pytest.mark.parametrize(
    "text",
    [
        "policy: {produktion: {}}\n",
        "policy: 1\n",
        "policy: {waivers: [{rule: lock-stale, reason: why, until: 2026-02-30}]}\n",
        f"<<<<<<< ours\n{STATED}=======\n{STATED}>>>>>>> theirs\n",
        f"{STATED}models: [\n",
    ],
)
def test_one_that_breaks_its_rules_is_none(see, text):
    assert read_project_policy(see(text)) is None


def test_bytes_that_are_not_utf8_are_refused_in_the_work_tree_alone(project):
    project.write_bytes("models.yaml", f"# Fl\xf6te\n{STATED}".encode("latin-1"))
    project.commit()
    assert read_project_policy(Snapshot.work_tree(project.root)) is None
    kept = read_project_policy(Snapshot.tree(project.root, "HEAD"))
    assert kept is not None
    assert kept.role("stable").name == "production"


def test_the_first_that_has_the_file_decides(project):
    project.commit("nothing yet")
    project.write("models.yaml", STATED)
    project.commit()
    project.write("models.yaml", "models: []")
    before, now, here = (
        Snapshot.tree(project.root, "HEAD~1"),
        Snapshot.tree(project.root, "HEAD"),
        Snapshot.work_tree(project.root),
    )
    assert read_project_policy(before) == read_project_policy() == DEFAULT
    assert read_project_policy(before, now, here) == read_project_policy(now) != DEFAULT
    assert read_project_policy(here, now) == DEFAULT


def test_a_project_whose_policy_cannot_be_read_has_the_usual_one(project):
    project.write("models.yaml", "policy: 1\n")
    assert Project(project.root).policy() == DEFAULT
    project.write("models.yaml", f"{STATED}models: [{{name: a}}]\n")
    assert Project(project.root).policy().role("stable").name == "production"


def test_the_policy_of_a_commit_counts_behind_a_link_too(project):
    # The gate judges what is behind the link, so it has to be by the rules that are there.
    project.write("conf/kept.yaml", STATED)
    (project.root / "models.yaml").unlink(missing_ok=True)
    (project.root / "models.yaml").symlink_to("conf/kept.yaml")
    project.commit()

    kept = read_project_policy(Snapshot.tree(project.root, "HEAD"))

    assert kept is not None
    assert kept.role("stable").name == "production"
