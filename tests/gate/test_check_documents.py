"""Documentation that goes with versions, and files that git ignores, at the gate; real git."""

from __future__ import annotations

import pytest

from paddledvc.gate.core.documentation_rules import documents_version
from paddledvc.gate.judge_subject import judge_subject
from paddledvc.gate.subject import Subject
from paddledvc.hooks.guard import guard_staged
from paddledvc.models.model import Model
from paddledvc.models.versions import Requirement
from tests.conftest import Folder
from tests.gated import EXPORTED, FACTS, NET, Gated

CHANGELOG = "docs/models/CHANGELOG.md"
MOVED = EXPORTED.replace("v3.3.0", "v3.4.0").replace("0cc175b9", "0cc175b0")
SECOND = f"  - name: second\n    version: v1.0.0\n{FACTS}"


def stale(version="v3.4.0", what="moved from v3.3.0 to v3.4.0", name="resnet50"):
    return (
        f"{name}: it {what}, and {CHANGELOG} gained no line that names both the model and "
        f"{version}; add one, such as `- {name} {version}: what changed`"
    )


def messages(verdict, rule="docs-stale"):
    return [one.message for one in verdict.violations if one.rule == rule]


def move(gated, *, docs=None):
    """Move the version on a branch, and write something somewhere."""
    gated.branch("feature/x")
    gated.models(MOVED if docs is None else MOVED + f"    docs: {docs}\n")
    return gated


@pytest.mark.slow
def test_a_version_that_moves_without_a_word_is_warned_of(gated):
    move(gated).commit()

    [line] = gated.lines(base="main")
    assert line == f"models.yaml:3:14: warning[docs-stale]: {stale()}"
    assert gated.lines() == []
    assert messages(gated.check(base="main", branch="develop")) == []


@pytest.mark.slow
def test_a_line_of_the_changelog_or_of_its_own_document_is_enough(gated):
    move(gated, docs="docs/resnet50.md")
    gated.write("docs/resnet50.md", "# resnet50\n\n- 3.4.0 is better\n")
    gated.commit("a line that does not name the model")
    assert messages(gated.check(base="main")) == [
        (
            "resnet50: it moved from v3.3.0 to v3.4.0, and neither docs/resnet50.md nor "
            f"{CHANGELOG} gained a line that names both the model and v3.4.0; add one, such as "
            "`- resnet50 v3.4.0: what changed`"
        )
    ]
    gated.write("docs/resnet50.md", "# resnet50\n\n- resnet50 3.4.0 is better\n")
    gated.commit("one that does")
    assert gated.lines(base="main") == []
    gated.write("docs/resnet50.md", "# resnet50\n")
    gated.write(CHANGELOG, "## 2026-12\n\n* **resnet50** v3.4.0: trained longer\n")
    gated.commit("one of the changelog")

    assert gated.lines(base="main") == []


@pytest.mark.slow
@pytest.mark.parametrize("docs", [CHANGELOG, f"./{CHANGELOG}"])
def test_a_document_that_is_the_changelog_is_named_once(gated, docs):
    gated.write(CHANGELOG, "# Models\n")
    gated.models(MOVED + f"    docs: {docs}\n", build=False)
    gated.git("add", "--all")

    assert messages(guard_staged(gated.project)) == [stale()]


@pytest.mark.slow
def test_a_line_that_was_there_before_is_not_gained(gated):
    gated.write(CHANGELOG, "- resnet50 v3.4.0 will be better\n")
    gated.commit("a promise")
    move(gated).commit()

    assert messages(gated.check(base="main")) == [stale()]


@pytest.mark.slow
def test_a_new_model_is_warned_of_where_a_team_writes_about_models(gated):
    gated.branch("feature/x")
    gated.models(EXPORTED + SECOND)
    gated.commit("a second model")
    assert gated.lines(base="main") == []
    gated.write(CHANGELOG, "# Models\n")
    gated.commit("a changelog")
    assert messages(gated.check(base="main")) == [stale("v1.0.0", "is new at v1.0.0", "second")]
    gated.write(CHANGELOG, "# Models\n- second 1.0.0\n")
    gated.commit("and a line")

    assert gated.lines(base="main") == []


@pytest.mark.slow
def test_the_merge_result_counts_and_another_change_of_the_target_does_not(gated):
    move(gated)
    gated.write("docs/own.md", "- resnet50 v3.4.0\n")
    gated.commit()
    gated.git("checkout", "--quiet", "main")
    gated.write(CHANGELOG, "- resnet50 v3.4.0\n")
    gated.commit("by somebody else")
    gated.git("checkout", "--quiet", "feature/x")

    assert messages(gated.check(base="main")) == [stale()]


@pytest.mark.slow
def test_a_check_of_main_looks_at_what_its_last_commit_and_the_work_tree_change(gated):
    gated.models(MOVED)
    assert gated.lines() == []  # there is no commit before the one that is checked out
    gated.commit("moved")
    assert messages(gated.check()) == [stale()]
    gated.write(CHANGELOG, "- resnet50 v3.4.0\n")
    assert gated.lines() == []
    gated.commit("a line")

    assert gated.lines() == []


@pytest.mark.slow
def test_a_push_is_looked_at_from_where_ci_says_that_the_branch_was(gated):
    before = gated.git("rev-parse", "HEAD").strip()
    gated.models(MOVED)
    gated.commit("moved")
    gated.commit("something else")
    assert gated.lines() == []
    pushed = Subject(title="main", branch="main", before=before, here=True)

    assert messages(judge_subject(gated.project, pushed)) == [stale()]


@pytest.mark.slow
def test_a_check_as_another_branch_looks_at_what_differs_from_it(gated):
    move(gated)

    assert messages(gated.check(branch="main")) == [stale()]


@pytest.mark.slow
def test_the_hook_looks_at_what_is_staged(gated):
    gated.models(MOVED)
    gated.git("add", "--all")
    assert messages(guard_staged(gated.project)) == [stale()]
    gated.write(CHANGELOG, "- resnet50 v3.4.0\n")
    assert messages(guard_staged(gated.project)) == [stale()]
    gated.git("add", "--all")

    assert messages(guard_staged(gated.project)) == []


@pytest.mark.slow
def test_a_document_that_is_not_there_is_a_finding(gated):
    gated.write("models.yaml", EXPORTED + "    docs: docs/resnet50.md\n")
    line = (
        "models.yaml:12:11: {}[file-missing]: resnet50: there is no docs/resnet50.md in the "
        "project, and DVC tracks none"
    )
    assert gated.lines() == [line.format("error")]
    assert gated.lines(branch="feature/x") == [line.format("warning")]
    gated.write("docs/resnet50.md", "")

    assert gated.lines() == []
    gated.git("add", "models.yaml")
    [found] = guard_staged(gated.project).violations
    assert str(found) == line.format("error")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("- PP-YOLOE+_L v1.2.0: better", True),
        ("- PP-YOLOE+_L: 1.1.0 -> 1.2.0", True),
        ("## PP-YOLOEplus_L@v1.2.0", True),
        ("checkpoints/PP-YOLOE+_L_v1.2.0.pdparams", True),
        ("| `PP-YOLOE+_L` | `1.2.0` |", True),
        ("See PP-YOLOE+_L. 1.2.0.", True),
        ("升级PP-YOLOE+_L到v1.2.0版", True),
        ("- 模型:PP-YOLOEplus_L更新至1.2.0。", True),
        ("- Pp-Yoloe+_l V1.2.0", True),
        ("- _PP-YOLOE+_L_ v1.2.0: better", True),
        ("- __PP-YOLOEplus_L__ _v1.2.0_", True),
        ("- _PP-YOLOE+_L v1.2.0_", True),
        ("- _PP-YOLOE+_L_s_ v1.2.0", False),
        ("- a_PP-YOLOE+_L_ v1.2.0", False),
        ("- PP-YOLOE+_L V1.2.0RC1", False),
        ("- PP-YOLOE+_L v1.2.0rc1", False),
        ("- PP-YOLOE+_L 1.2.0-rc1", False),
        ("- PP-YOLOE+_L 1.2.0.post1", False),
        ("- PP-YOLOE+_L 1.2.0.1", False),
        ("- PP-YOLOE+_L 11.2.0", False),
        ("- PP-YOLOE+_L 2.1.2.0", False),
        ("- PP-YOLOE+_Large 1.2.0", False),
        ("- PP-YOLOE+_L-s 1.2.0", False),
        ("- a-PP-YOLOE+_L 1.2.0", False),
        ("- 1.2.0", False),
        ("- PP-YOLOE+_L", False),
    ],
)
def test_a_line_names_a_model_and_its_version(line, named):
    for version in ("v1.2.0", "1.2.0"):
        model = Model(name="PP-YOLOE+_L", requires=Requirement.parse(version))

        assert documents_version(line, model, version) is named


def ignored(named, pattern, keep, *, it="it"):
    return (
        f"git ignores {named} by the pattern `{pattern}`, expected {it} to be committed; remove "
        f"the pattern, or add {keep} at the end of .gitignore"
    )


@pytest.mark.parametrize(("branch", "level"), [("main", "error"), ("feature/x", "warning")])
def test_files_that_git_ignores_are_named_with_the_line_of_the_pattern(project, branch, level):
    project.write(".gitignore", "# of a template\n*.lock\n/reports/\n")
    made = Gated(project)
    made.models(EXPORTED)
    made.commit()

    assert made.lines(branch=branch) == [
        f".gitignore:2: {level}[ignored-by-git]: "
        + ignored(
            "models.lock and dvc.lock", "*.lock", "`!/models.lock` and `!/dvc.lock`", it="them"
        ),
        f".gitignore:3: {level}[ignored-by-git]: "
        + ignored("3 files in reports/", "/reports/", "`!/reports/` and `!/reports/**`", it="them"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "patterns", ["*.lock\nreports", "*.json\n*.yaml\n*.csv", "/*", "*", ".*\nreports/*\n/dvc.*"]
)
def test_the_lines_that_are_proposed_put_an_end_to_it(project, patterns):
    project.write(".gitignore", f"{patterns}\n")
    made = Gated(project)
    made.write("docs/models/resnet50.md", "")
    made.write(".dvc/config", "")
    made.models(EXPORTED + "    docs: docs/models/resnet50.md\n")
    made.commit()
    advice = " ".join(messages(made.check(branch="main"), "ignored-by-git"))
    lines = [word for word in advice.split("`") if word.startswith("!")]
    assert lines
    project.write(".gitignore", "\n".join([patterns, *lines, ""]))

    assert made.lines(branch="main") == []


def test_code_documents_and_settings_have_to_be_committed_too(project):
    project.write(".gitignore", "lib/\n/docs\n.*\n!.gitignore\n")
    made = Gated(project)
    made.write("lib/net.py", NET)
    made.write("docs/resnet50.md", "")
    made.write(".dvc/config", "")
    made.write(".gitattributes", "")
    text = EXPORTED.replace("net.py", "lib/net.py") + "    docs: docs/resnet50.md\n"
    made.models(text, build=False)
    made.commit()
    found = messages(made.check(branch="develop"), "ignored-by-git")

    assert found == [
        ignored("lib/net.py", "lib/", "`!/lib/` and `!/lib/**`"),
        ignored("docs/resnet50.md", "/docs", "`!/docs/` and `!/docs/**`"),
        ignored(
            ".dvc/config and .gitattributes",
            ".*",
            "`!/.dvc/`, `!/.dvc/**` and `!/.gitattributes`",
            it="them",
        ),
    ]


def test_a_file_that_git_tracks_is_not_ignored(gated):
    gated.write(".gitignore", "*.lock\nreports/\n*.yaml\n")

    assert gated.lines() == []


@pytest.mark.parametrize("place", ["clone", "person"])
def test_patterns_of_the_clone_and_of_a_person_count_too(gated, tmp_path, place):
    gated.git("rm", "--quiet", "--cached", "models.lock")
    if place == "clone":
        file, where = ".git/info/exclude", ".git/info/exclude:1: "
        gated.write(file, "*.lock\n")
    else:
        file = tmp_path / "ignore"
        file.write_text("\n*.lock\n")
        where = ""
        gated.git("config", "core.excludesFile", str(file))
    by = "*.lock`" if place == "clone" else f"*.lock` in line 2 of {file}"

    [line] = [one for one in gated.lines() if "ignored" in one]
    assert line.startswith(f"{where}error[ignored-by-git]: git ignores models.lock by the pattern")
    assert f"`{by}, expected it to be committed; " in line


@pytest.mark.slow
def test_a_project_in_a_folder_is_told_of_the_pattern_at_the_top(tmp_path):
    top = Folder(tmp_path / "mono")
    made = Gated(Folder(top.root / "vision"))
    top.write(".gitignore", "*.lock\n")
    made.models(EXPORTED)
    top.commit()
    [found] = made.check(branch="main").errors

    assert (found.file, found.line) == ("../.gitignore", 1)
    assert made.check(branch="main").path(found) == ".gitignore"
    made.write(".gitignore", "!/models.lock\n!/dvc.lock\n")
    assert made.lines(branch="main") == []


@pytest.mark.slow
def test_the_hook_and_a_merge_name_the_line_beside_what_is_missing(project):
    project.write(".gitignore", "*.lock\n")
    made = Gated(project)
    made.models("models: []\n", build=False)
    made.commit("nothing yet")
    made.branch("feature/x")
    made.models(EXPORTED)
    made.git("add", "--all")
    made.git("checkout", "--quiet", "-B", "main")
    found = [one.rule for one in guard_staged(made.project).errors]
    assert found == ["lock-missing", "ignored-by-git"]
    made.git("checkout", "--quiet", "-B", "feature/x")
    made.commit("one model")
    made.git("branch", "--force", "main", "HEAD~1")

    found = [one.rule for one in made.check(base="main").errors]
    assert found == ["lock-missing", "ignored-by-git"]


def test_a_deploy_script_that_is_not_there_is_a_finding(gated):
    gated.write("models.yaml", f"{EXPORTED}deploy: {{script: ops/deploy.sh}}\n")

    assert gated.lines() == [
        (
            "models.yaml:12:18: error[file-missing]: there is no ops/deploy.sh in the project, and "
            "DVC tracks none"
        )
    ]
    gated.write("ops/deploy.sh", "")
    assert gated.lines() == []
