from __future__ import annotations

import hashlib

import pytest

import paddledvc
from paddledvc import LockUse
from paddledvc.errors import CatalogFailed, UnknownModel

ZOO = """\
version: 1
models:
  - name: det
    versions:
      - {version: v1.0.0, url: a.pdparams, paddle: ">=2.0"}
      - {version: v1.2.0, url: a.pdparams}
      - {version: v2.0.0, url: a.pdparams}
      - {version: v2.1.0, url: a.pdparams, yanked: true}
      - {version: v3.0.0rc1, url: a.pdparams}
  - name: rec
    versions: [{version: v1.0.0, url: a.pdparams}]
"""
MODELS = """\
catalogs:
  zoo: {kind: index, url: zoo.yaml}
models:
  - name: det
    version: "~=1.0.0"
    source: zoo
    task: detection
  - name: flowers
    version: v1
    base: {name: det, version: "<2"}
"""


@pytest.fixture
def made(project):
    project.write("zoo.yaml", ZOO)
    project.write_bytes("a.pdparams", b"weights")
    return project.models(MODELS)


def test_models_are_listed_with_what_is_locked_of_them(made, project):
    before = [(row.name, row.locked, row.state) for row in paddledvc.list_models(made)]
    paddledvc.lock(made)
    row = paddledvc.list_models(made)[0]
    stale = project.models(MODELS.replace("~=1.0.0", ">=1.1"))

    assert before == [("det", None, "not locked"), ("flowers", None, "not locked")]
    assert (row.requires, row.locked, row.source, row.task, row.size, row.state) == (
        "~=1.0.0",
        "v1.0.0",
        "zoo",
        "detection",
        7,
        "locked",
    )
    assert [one.state for one in paddledvc.list_models(stale)] == ["stale", "locked"]


@pytest.mark.parametrize(
    ("requires", "wanted", "why"),
    [
        pytest.param("~=1.0.0", "v1.0.0", "models.yaml asks for ~=1.0.0", id="own"),
        pytest.param(">=1", "v1.2.0", "flowers, which starts from it, asks for <2", id="child"),
    ],
)
def test_an_outdated_model_says_why_it_cannot_move(made, project, requires, wanted, why):
    paddledvc.lock(made)
    [row] = paddledvc.outdated(project.models(MODELS.replace("~=1.0.0", requires)))

    assert (row.name, row.current, row.wanted, row.latest, row.why) == (
        "det",
        "v1.0.0",
        wanted,
        "v2.0.0",
        why,
    )


def test_a_model_at_the_newest_version_is_not_outdated(made, project):
    made = project.models(MODELS.replace("~=1.0.0", "latest").replace(', version: "<2"', ""))
    paddledvc.lock(made)

    assert paddledvc.outdated(made) == ()


def test_a_build_of_the_locked_version_outdates_it_not(made, project):
    text = MODELS.replace("~=1.0.0", "latest").replace(', version: "<2"', "")
    paddledvc.lock(project.models(text))
    zoo = project.read("zoo.yaml")
    line = next(one for one in zoo.splitlines(keepends=True) if "v2.0.0" in one)
    project.write("zoo.yaml", zoo.replace(line, line + line.replace("v2.0.0", "v2.0.0+cpu")))

    assert paddledvc.outdated(project.models(text)) == ()


def test_a_pre_release_outdates_only_those_who_ask_for_them(made, project):
    made = project.models(MODELS.replace("~=1.0.0", "latest-pre").replace(', version: "<2"', ""))
    paddledvc.lock(made, upgrade_packages=["det==2.0.0"])

    assert [row.latest for row in paddledvc.outdated(made)] == ["v3.0.0rc1"]


def test_a_catalog_that_is_down_is_told_in_the_row(made, project):
    (project.root / "zoo.yaml").unlink()
    [row] = paddledvc.outdated(made)

    assert (row.wanted, row.latest) == (None, None)
    assert row.problem == "the catalog zoo (zoo.yaml): No such file or directory"


def test_the_command_exits_as_it_was_asked_to(made, project, cli):
    paddledvc.lock(made)
    plain, asked = cli("list", "--outdated"), cli("list", "--outdated", "--exit-code")
    (project.root / "zoo.yaml").unlink()
    down = cli("list", "--outdated")

    assert (plain.exit_code, asked.exit_code, down.exit_code) == (0, 1, 3)
    assert plain.stdout.splitlines() == [
        "name    current    wanted    latest    source    why",
        "det     v1.0.0     v1.0.0    v2.0.0    zoo       models.yaml asks for ~=1.0.0",
    ]
    assert "Error: the catalog zoo (zoo.yaml): No such file or directory" in down.stderr


def test_the_catalogs_are_searched(made):
    found = paddledvc.available(made, "De")

    assert [(row.name, row.latest) for row in found if row.catalog == "zoo"] == [("det", "v2.0.0")]


def test_a_declared_catalog_that_is_down_is_no_empty_one(made, project):
    (project.root / "zoo.yaml").unlink()
    with pytest.raises(CatalogFailed):
        paddledvc.available(made, "det")


def test_everything_about_a_model_is_shown(made, project):
    project.commit("Describe det")
    paddledvc.lock(made)
    before = paddledvc.show(made, "det").since
    commit = project.commit("Lock det")
    project.write("models.lock", project.read("models.lock").replace("size: 7", "size: 8"))
    project.commit("Change something else of it")
    shown = paddledvc.show(made, "det")

    assert before is None
    assert (shown.since.name, shown.since.title, shown.since.author) == (commit, "Lock det", "Test")
    assert [(one.who, one.requires, one.line) for one in shown.asked] == [
        ("det", "~=1.0.0", 5),
        ("flowers", "<2", 10),
    ]
    assert (shown.catalog, shown.used_by, shown.present) == ("zoo.yaml", ("flowers",), False)
    assert shown.locked == made.lock().model("det")


def test_a_stale_model_is_shown_with_the_reason(made, project):
    paddledvc.lock(made)
    made = project.models(MODELS.replace("~=1.0.0", ">=1.1"))

    assert paddledvc.show(made, "det").stale == ("models.yaml asks for >=1.1, locked is v1.0.0",)


def test_a_model_is_shown_outside_of_git_and_before_it_is_locked(made):
    shown = paddledvc.show(made, "flowers")

    assert (shown.locked, shown.since, shown.catalog) == (None, None, None)


def test_what_is_shown_reads_as_text(made, cli):
    paddledvc.lock(made)
    lines = cli("show", "det").stdout.splitlines()

    sha256 = hashlib.sha256(b"weights").hexdigest()
    assert lines == [
        "det v1.0.0",
        "  asked for       ~=1.0.0 (models.yaml:5)",
        "                  flowers, which starts from it, <2 (models.yaml:10)",
        "  catalog         zoo: zoo.yaml",
        "  weights         checkpoints/det_v1.0.0.pdparams (7 bytes, not downloaded)",
        f"  md5             {hashlib.md5(b'weights').hexdigest()}",
        f"  sha256          {sha256}",
        "  since           not committed yet",
        "  from            a.pdparams",
        "  format          pdparams",
        "  needs Paddle    >=2.0",
        "  task            detection",
        "  base of         flowers",
    ]


def test_an_unknown_model_cannot_be_shown(made):
    with pytest.raises(UnknownModel, match="did you mean 'det'"):
        paddledvc.show(made, "dett")


def test_nothing_is_asked_of_the_network_offline(project, server):
    url = server.put("/zoo.yaml", ZOO.encode())
    made = project.models(MODELS.replace("url: zoo.yaml", f"url: {url}"))
    [row] = paddledvc.outdated(made, offline=LockUse(offline="--offline").offline)

    assert "which --offline forbids" in row.problem
    assert server.log == []
