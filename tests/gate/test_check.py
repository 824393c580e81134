"""Every rule of the gate, broken once; ``dvc repro`` is played by tests/gated.py."""

from __future__ import annotations

import json
from datetime import date

import pytest

import paddledvc
from paddledvc import schemas
from paddledvc.comparison.caveats import Caveat
from paddledvc.gate.core.violations import RULES, UNWAIVABLE
from paddledvc.gate.judge_subject import judge_tree
from paddledvc.tools.dvc.core.objects import folder_object_name
from tests.gated import EXPORTED, FACTS, RANGED, Gated, a_waiver, md5

TODAY = date(2026, 11, 22)
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
OTHER = "a1" * 16
LOCK = "run `paddledvc lock`"
REPRO = "run `dvc repro` and commit dvc.lock"


def of_rules(found):
    return [one.rule for one in found]


@pytest.mark.slow
def test_a_project_that_is_locked_built_and_verified_passes_on_every_branch(gated):
    for branch in ("main", "release/1.0", "hotfix/7", "develop", "feature/x"):
        assert gated.lines(branch=branch) == [], branch


@pytest.mark.slow
def test_the_verdict_names_the_branch_and_its_role(gated):
    verdict = gated.check()

    assert (verdict.title, verdict.role, verdict.notes) == ("main", "production", ())
    assert gated.check(branch="develop").title == "the work tree as develop"
    gated.branch("feature/x")
    verdict = gated.check()
    assert (verdict.title, verdict.role) == ("feature/x", "feature")


def test_outside_of_git_the_rules_of_a_feature_hold(project):
    made = Gated(project)
    made.models(EXPORTED)
    verdict = made.check()

    assert (verdict.title, verdict.role, verdict.violations) == ("a detached HEAD", "feature", ())


def test_problems_of_the_registry_are_findings_at_their_places(gated):
    gated.edit("models.yaml", "version: v3.3.0", "version: 3.30")
    gated.edit("models.yaml", "export: {}", "exprot: {}")

    assert gated.lines() == [
        (
            "models.yaml:3:14: error[registry-invalid]: models[0].version: found 3.30, which YAML "
            'reads as a number (3.3); expected a version such as v3.3.0, in quotes: "3.30"'
        ),
        (
            "models.yaml:8:5: error[registry-invalid]: models[0].exprot: unknown key 'exprot'; did "
            "you mean 'export'?"
        ),
    ]


def test_a_registry_that_is_gone_is_a_finding(gated):
    project = gated.project
    (gated.root / "models.yaml").unlink()

    assert [str(one) for one in paddledvc.check(project, branch="main").violations] == [
        (
            "models.yaml: error[registry-invalid]: there is no models.yaml; restore it, or run "
            "`paddledvc init`"
        )
    ]


@pytest.mark.parametrize(
    ("branch", "level"), [("main", "error"), ("develop", "error"), ("feature/x", "warning")]
)
def test_a_missing_lock_is_refused_where_it_must_be_fresh(gated, branch, level):
    (gated.root / "models.lock").unlink()
    (gated.root / "dvc.lock").unlink()

    found = [one for one in gated.lines(branch=branch) if "lock-missing" in one]
    assert found == [
        f"models.lock: {level}[lock-missing]: there is no models.lock; {LOCK} and commit it"
    ]


def test_a_registry_without_models_needs_no_lock(project):
    made = Gated(project)
    project.models("models: []\n")

    assert made.lines(branch="main") == []


@pytest.mark.parametrize(("branch", "level"), [("develop", "error"), ("feature/x", "warning")])
def test_a_stale_lock_is_told_with_its_reasons(gated, branch, level):
    gated.edit("models.yaml", "version: v3.3.0", "version: v3.4.0")
    gated.write("models.yaml", gated.read("models.yaml") + "  - {name: new, version: v1}\n")
    lock = gated.read("models.lock").replace("resnet50", "old")
    gated.write("models.lock", gated.read("models.lock") + lock.partition("models:\n")[2])

    assert gated.lines(branch=branch) == [
        (
            f"models.yaml:2:11: {level}[lock-stale]: resnet50: models.yaml asks for v3.4.0, locked "
            f"is v3.3.0; {LOCK}"
        ),
        (
            f"models.yaml:12:12: {level}[lock-stale]: new: is in models.yaml but not in "
            f"models.lock; {LOCK}"
        ),
        (
            f"models.lock:12:11: {level}[lock-stale]: old: is in models.lock but no longer in "
            f"models.yaml; {LOCK}"
        ),
    ]


def test_reasons_of_several_lines_come_in_one(gated):
    gated.models(
        "models:\n  - {name: a, version: v1}\n  - {name: b, version: v1, base: a}\n", build=False
    )
    gated.write(
        "models.yaml",
        "models:\n  - {name: a, version: v1}\n"
        '  - {name: b, version: v1, base: {name: a, version: ">=2"}}\n',
    )
    gated.write("dvc.lock", "")

    assert gated.lines(branch="develop") == [
        (
            "models.yaml:2:12: error[lock-stale]: a: no version satisfies all of this; models.yaml "
            "asks for v1; b, which starts from it, asks for >=2; change one of them in "
            f"models.yaml; {LOCK}"
        )
    ]


def test_a_lock_that_cannot_be_read_is_a_finding_at_its_place(gated):
    gated.edit("models.lock", 'version: "v3.3.0"', 'version: "v3.3.0"\n    sice: 1')

    [line] = gated.lines(branch="feature/x")
    assert line == (
        "models.lock:7:5: error[lock-invalid]: models[0].sice: unknown key 'sice'; if a newer "
        "paddledvc wrote this file, upgrade paddledvc"
    )


def test_a_merge_conflict_in_the_lock_is_a_finding(gated):
    gated.edit("models.lock", "models:\n", "models:\n<<<<<<< ours\n=======\n>>>>>>> theirs\n")

    [line] = gated.lines(branch="main")
    assert line.startswith("models.lock:5:1: error[lock-invalid]: found a merge conflict in lines")


@pytest.mark.parametrize(("branch", "level"), [("main", "error"), ("feature/x", "warning")])
def test_stages_that_are_not_generated_are_told_one_by_one(gated, branch, level):
    gated.edit("dvc.yaml", "paddledvc sync resnet50 --pin", "paddledvc sync resnet50 --verbose")
    stages = gated.yaml("dvc.yaml")
    gated.write("dvc.yaml", gated.read("dvc.yaml").replace("verify-resnet50:", "verify-old:"))
    lines = [one for one in gated.lines(branch=branch) if "stages-stale" in one]

    assert list(stages["stages"]) == ["sync-resnet50", "export-resnet50", "verify-resnet50"]
    generate = "run `paddledvc generate`"
    assert lines == [
        f"dvc.yaml:1:1: {level}[stages-stale]: verify-resnet50 is missing; {generate}",
        f"dvc.yaml:2:3: {level}[stages-stale]: sync-resnet50 is out of date; {generate}",
        f"dvc.yaml:19:3: {level}[stages-stale]: verify-old no longer has a model; {generate}",
    ]


def test_a_dvc_yaml_that_is_not_there_is_told_once(gated):
    (gated.root / "dvc.yaml").unlink()

    assert gated.lines(branch="develop") == [
        (
            "dvc.yaml: error[stages-stale]: there is no dvc.yaml; run `paddledvc generate` and "
            "commit it"
        )
    ]


def test_a_stage_of_the_users_in_our_place_is_a_finding(gated):
    gated.edit("dvc.yaml", "      generated_by: paddledvc", "      generated_by: me")

    [line] = gated.lines(branch="feature/x")
    assert line.startswith("dvc.yaml:2:3: error[stages-invalid]: stages.sync-resnet50: the name is")


def test_code_that_is_named_and_not_there_is_a_finding(gated):
    (gated.root / "net.py").unlink()

    assert gated.lines(branch="develop") == [
        (
            "models.yaml:6:14: error[reference-missing]: resnet50: there is no file net.py in the "
            "project"
        )
    ]


@pytest.mark.parametrize("name", ["dvc.yaml", "dvc.lock", "params.yaml"])
def test_a_file_of_dvc_that_cannot_be_read_is_a_finding(gated, name):
    gated.write(name, "stages: [\n")
    lines = gated.lines(branch="feature/x")

    assert len(lines) == 1
    assert lines[0].startswith(f"{name}:2:1: error[stages-invalid]: ")


def ranged(project, versions="1.0.0 1.1.0", *, requires=">=1,<2"):
    """Make a project whose one model comes from a catalog of some versions."""
    made = Gated(project)
    listed = [
        f'      - {{version: {version}, url: det.pdparams, md5: "{md5(version)}"}}\n'
        for version in versions.split()
    ]
    index = "version: 1\nmodels:\n  - name: det\n    versions:\n"
    made.write("zoo/index.yaml", index + "".join(listed))
    text = RANGED.replace(">=1,<2", requires)
    made.models(text, build=False)
    made.commit()
    return made


@pytest.mark.slow
def test_production_asks_for_exact_versions(project):
    made = ranged(project)

    assert made.lines(branch="main") == [
        (
            "models.yaml:5:14: error[version-not-exact]: det: found '>=1,<2', expected one exact "
            "version on production branches; write 1.1.0, which is locked"
        )
    ]
    assert made.lines(branch="develop") == []
    assert made.lines(branch="feature/x") == []


@pytest.mark.slow
def test_latest_is_a_range_too(project):
    made = ranged(project, requires="latest")

    assert of_rules(made.check(branch="main").errors) == ["version-not-exact"]
    assert made.lines(branch="develop") == []


def test_a_version_that_is_not_locked_cannot_be_proposed(project):
    made = ranged(project)
    (made.root / "models.lock").unlink()

    [line] = [one for one in made.lines(branch="main") if "not-exact" in one]
    assert line.endswith("expected one exact version on production branches; name one")


@pytest.mark.slow
def test_a_prerelease_that_is_asked_for_belongs_on_feature_branches(project):
    made = ranged(project, "1.0.0 1.1.0rc1", requires=">=1.1rc1")

    assert made.lines(branch="develop") == [
        (
            "models.yaml:5:14: error[version-prerelease]: det: found '>=1.1rc1', expected a final "
            "release on integration branches; ask for one"
        )
    ]
    assert made.lines(branch="feature/x") == []


def test_a_prerelease_that_is_locked_only_is_found_in_the_lock(project):
    made = ranged(project, "1.0.0 1.1.0rc1", requires=">=1.1rc1")
    made.edit("models.yaml", ">=1.1rc1", "latest")
    lines = made.lines(branch="develop")

    assert [one for one in lines if "prerelease" in one] == [
        (
            "models.lock:6:14: error[version-prerelease]: det: 1.1.0rc1 is locked, expected a "
            "final release on integration branches; ask for one in models.yaml and run `paddledvc "
            "lock`"
        )
    ]


def test_latest_pre_is_no_range_even_where_prereleases_are_allowed(project):
    made = ranged(project, "1.0.0 1.1.0rc1", requires="latest-pre")
    made.write("models.yaml", "policy: {integration: {prereleases: true}}\n" + RANGED)
    made.edit("models.yaml", '">=1,<2"', "latest-pre")

    assert made.lines(branch="develop") == [
        (
            "models.yaml:6:14: error[version-not-exact]: det: found 'latest-pre', expected an "
            "exact version, a range or `latest` on integration branches; write 1.1.0rc1, which is "
            "locked"
        )
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        ("md5", EMPTY),
        ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def test_the_digest_of_an_empty_file_is_told_once(gated, kind, digest):
    text = EXPORTED.replace('md5: "0cc175b9c0f1b6a831c399e269772661"', f'{kind}: "{digest}"')
    gated.models(text)

    [line] = [one for one in gated.lines(branch="feature/x") if "nothing" in one]
    assert line == (
        f"models.yaml:5:{10 + len(kind) - 3}: error[digest-of-nothing]: resnet50: found the {kind} "
        "of an empty file, expected that of the weights; download them again and hash them, or "
        "leave the digest out"
    )


def test_a_lock_that_hashed_nothing_is_found_too(project):
    made = Gated(project)
    project.write_bytes("zoo/a.pdparams", b"weights")
    made.models("models:\n  - {name: a, version: v1, weights_url: zoo/a.pdparams}\n", build=False)
    # As an earlier version locked it, which took an empty file for weights.
    made.edit("models.lock", md5("weights"), md5(""))

    found = made.lines(branch="develop")
    assert [line for line in found if "digest-of-nothing" in line] == [
        (
            "models.lock:9:10: error[digest-of-nothing]: a: found the md5 of an empty file, "
            "expected that of the weights; see what its source has, fix models.yaml and run "
            "`paddledvc lock`"
        )
    ]


@pytest.mark.slow
def test_an_export_that_was_never_built_is_refused_on_production(gated):
    (gated.root / "dvc.lock").unlink()

    assert gated.lines() == [
        (
            "models.yaml:2:11: error[not-built]: resnet50: sync-resnet50, export-resnet50, "
            f"verify-resnet50 have not run, as dvc.lock does not have them; {REPRO}"
        )
    ]
    assert gated.lines(branch="develop") == []


def test_a_model_that_is_only_downloaded_need_not_be_built(project):
    made = Gated(project)
    made.models(EXPORTED.replace("    export: {}\n", ""), build=False)

    assert made.lines(branch="main") == []


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        pytest.param(
            "layers.py",
            "",
            "changed = True\n",
            "dvc.lock:9:3: error[not-built]: resnet50: export-resnet50 ran with a different "
            "layers.py",
            id="code",
        ),
        pytest.param(
            "dvc.lock",
            "paddledvc export resnet50 --pin ",
            "paddledvc export resnet50 --pin 0",
            "dvc.lock:9:3: error[not-built]: resnet50: export-resnet50 ran as `paddledvc export "
            "resnet50 --pin 0{pin}`, and dvc.yaml now says `paddledvc export resnet50 --pin {pin}`",
            id="settings",
        ),
        pytest.param(
            "reports/resnet50/verify.csv",
            "sample",
            "example",
            "dvc.lock:25:3: error[not-built]: resnet50: verify-resnet50 wrote a different "
            "reports/resnet50/verify.csv",
            id="report",
        ),
    ],
)
def test_what_was_built_from_something_else_is_told(gated, name, old, new, why):
    pin = gated.yaml("dvc.yaml")["stages"]["export-resnet50"]["cmd"].rpartition(" ")[2]
    gated.write(name, gated.read(name).replace(old, new, 1) if old else new)

    assert gated.lines()[0] == f"{why.format(pin=pin)}; {REPRO}"


@pytest.mark.slow
def test_hyperparameters_that_changed_since_are_told(gated):
    gated.write("params.yaml", "resnet50: {verify: {seed: 1}}\n")
    gated.update()
    assert gated.lines() == []
    gated.write("params.yaml", "resnet50: {verify: {seed: 2}}\n")

    [line] = gated.lines()
    assert line.endswith(
        f"verify-resnet50 ran with different hyperparameters resnet50.verify; {REPRO}"
    )


def test_a_dependency_that_was_not_there_is_told(gated):
    gated.write("layers.py", "import more\n")
    gated.write("more.py", "")
    gated.update(build=False)

    assert [line.partition("resnet50: ")[2] for line in gated.lines()] == [
        f"export-resnet50 ran with a different layers.py, ran without more.py; {REPRO}",
        f"verify-resnet50 ran with a different layers.py, ran without more.py; {REPRO}",
    ]


def test_of_many_reasons_a_few_are_told(gated):
    for number in range(5):
        gated.write(f"more{number}.py", "")
    gated.write("layers.py", "".join(f"import more{number}\n" for number in range(5)))
    gated.update(build=False)

    assert "ran without more0.py, ran without more1.py and 3 more; " in gated.lines()[0]


def test_line_ends_that_git_changes_make_no_difference(gated):
    gated.write("layers.py", "a = 1\n")
    gated.build()
    gated.write("layers.py", "a = 1\r\n")

    assert gated.lines() == []


@pytest.mark.slow
def test_a_dependency_that_dvc_tracks_counts_by_its_hash(gated):
    text = EXPORTED + "    verify: {samples: data/samples.npz}\n"
    tracked = "outs:\n- md5: {}\n  hash: md5\n  path: samples.npz\n"
    gated.models(text, build=False)
    gated.write("data/samples.npz.dvc", tracked.format(md5("data/samples.npz")))
    gated.build()
    assert gated.lines() == []
    gated.write("data/samples.npz.dvc", tracked.format(OTHER))

    assert gated.lines() == [
        (
            "dvc.lock:25:3: error[not-built]: resnet50: verify-resnet50 ran with a different "
            f"data/samples.npz; {REPRO}"
        )
    ]


@pytest.mark.parametrize(("branch", "level"), [("main", "error"), ("feature/x", "warning")])
def test_other_bytes_in_dvc_lock_are_told(gated, branch, level):
    gated.edit("dvc.lock", "0cc175b9c0f1b6a831c399e269772661", OTHER)

    assert gated.lines(branch=branch)[0] == (
        f"dvc.lock:3:3: {level}[built-other-bytes]: resnet50: dvc.lock has md5:{OTHER} of "
        "checkpoints/resnet50_v3.3.0.pdparams, models.lock:5:11 has "
        f"md5:0cc175b9c0f1b6a831c399e269772661; {REPRO}"
    )


@pytest.mark.slow
def test_a_missing_report_is_refused_on_production(gated):
    (gated.root / "reports/resnet50/verify.json").unlink()

    assert gated.lines() == [
        (
            "models.yaml:8:13: error[evidence-missing]: resnet50: there is no "
            "reports/resnet50/verify.json, expected a report that its export agrees with its "
            "network; run `dvc repro` and commit the report"
        )
    ]
    assert gated.lines(branch="develop") == []


@pytest.mark.slow
def test_a_report_that_fails_is_refused_wherever_there_is_one(gated):
    gated.build(passes=False)
    expected = [
        (
            "reports/resnet50/verify.json: error[evidence-failing]: resnet50: the verdict is fail "
            "(jit: y: scaled error 0.01 over the tolerance 1e-07), expected pass; fix the export "
            "or what it is compared with, then run `dvc repro`"
        )
    ]

    assert gated.lines() == expected
    assert gated.lines(branch="develop") == expected
    assert gated.lines(branch="feature/x") == []


@pytest.mark.slow
def test_a_report_of_samples_that_show_nothing_counts_as_none(gated):
    gated.build(caveats=(Caveat(kind="nothing-shown", text="the samples show nothing: x"),))
    message = (
        "[evidence-missing]: resnet50: the report does not count, because the samples show "
        "nothing: x; verify it on samples that the network distinguishes (verify: {samples: …} in "
        "models.yaml), and commit the report"
    )

    assert gated.lines() == [f"reports/resnet50/verify.json: error{message}"]
    assert gated.lines(branch="develop") == [f"reports/resnet50/verify.json: warning{message}"]
    assert gated.lines(branch="feature/x") == []


@pytest.mark.slow
def test_a_report_must_show_every_path_that_the_policy_names(gated):
    gated.edit("models.yaml", "models:", "policy: {production: {paths: [jit, gpu]}}\nmodels:")

    assert gated.lines(branch="main") == [
        (
            "reports/resnet50/verify.json: error[evidence-path]: resnet50: the report shows no "
            "agreement on the path gpu, which production asks for; verify it where that can run, "
            "and commit the report"
        )
    ]
    assert gated.lines(branch="develop") == []


@pytest.mark.slow
def test_a_verdict_that_somebody_wrote_over_is_seen_through(gated):
    gated.build(passes=False)
    gated.edit("reports/resnet50/verify.json", '"verdict": "fail"', '"verdict": "pass"')

    assert of_rules(gated.check().errors) == ["not-built", "evidence-invalid"]
    [finding] = gated.check(branch="develop").errors
    assert "contradicts itself: the verdict is pass, and jit has not passed" in finding.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes in line 1"),
        ("[]", "is no report of `paddledvc verify`"),
        ('{"evidence": []}', "is no report of `paddledvc verify`"),
        ('{"evidence": [{"version": 0}]}', "has the format 0, this paddledvc reads 1"),
    ],
)
def test_a_report_that_cannot_be_read_is_a_finding(gated, text, why):
    gated.write("reports/resnet50/verify.json", text)

    assert gated.lines(branch="develop") == [
        (
            "reports/resnet50/verify.json: error[evidence-invalid]: resnet50: the report "
            f"{why}; run `dvc repro` and commit the report"
        )
    ]


def test_a_report_of_a_newer_paddledvc_asks_for_that_alone(gated):
    name = "reports/resnet50/verify.json"
    gated.write(name, '{"evidence": [{"version": 2}]}')

    why = "the report has the format 2, this paddledvc reads up to 1; upgrade paddledvc"
    assert gated.lines(branch="develop") == [f"{name}: error[evidence-invalid]: resnet50: {why}"]


@pytest.mark.slow
def test_a_report_of_other_weights_is_refused(gated):
    report = "reports/resnet50/verify.json"
    gated.edit(report, "0cc175b9c0f1b6a831c399e269772661", OTHER)
    expected = (
        f"{report}: error[evidence-other-bytes]: resnet50: the report is of "
        f"checkpoints/resnet50_v3.3.0.pdparams with md5:{OTHER}, models.lock has "
        "md5:0cc175b9c0f1b6a831c399e269772661; run `dvc repro` and commit the report"
    )

    assert gated.lines()[-1] == expected
    assert gated.lines(branch="develop") == [expected.replace("error[", "warning[")]


def test_a_report_of_another_version_is_refused(gated):
    gated.edit("models.yaml", "v3.3.0", "v3.4.0")
    gated.update(build=False)

    assert (
        "the report is not of checkpoints/resnet50_v3.4.0.pdparams, which is its weights now"
        in gated.lines()[-1]
    )


def test_a_report_of_another_export_is_refused(gated):
    gated.edit("reports/resnet50/verify.json", md5("resnet50 inference.json"), OTHER)
    found = [one for one in gated.lines() if "evidence" in one]

    assert len(found) == 1
    assert "the report is of exports/resnet50 with md5:" in found[0]
    assert f"dvc.lock has md5:{gated.digest('exports/resnet50')}; " in found[0]


def test_a_report_is_of_the_weights_that_were_trained(project):
    made = Gated(project)
    made.write("train.py", "def train(run):\n    pass\n")
    made.models(
        "models:\n  - name: net\n    version: v1\n    network: net.py:Net\n"
        "    inputs: [{name: x, shape: [null, 4]}]\n    train: {function: train.py:train}\n"
        "    export: {}\n" + FACTS
    )
    assert made.lines(branch="main") == []
    digest = md5("checkpoints/net_trained.pdparams")
    made.edit("reports/net/verify.json", digest, OTHER)

    assert made.lines(branch="main")[-1] == (
        "reports/net/verify.json: error[evidence-other-bytes]: net: the report is of "
        f"checkpoints/net_trained.pdparams with md5:{OTHER}, dvc.lock has md5:{digest}; run "
        "`dvc repro` and commit the report"
    )


def test_a_waiver_lets_a_finding_pass_until_its_day(gated):
    (gated.root / "reports/resnet50/verify.json").unlink()
    waiver = a_waiver("evidence-missing", "2026-12-04", model="resnet50")
    gated.write("models.yaml", waiver + EXPORTED)
    verdict = gated.check(today=date(2026, 12, 4))

    assert verdict.violations == ()
    assert [(one.violation.rule, one.waiver.reason) for one in verdict.waived] == [
        ("evidence-missing", "the lab is closed")
    ]


def test_an_expired_waiver_waives_nothing_and_is_a_finding(gated):
    (gated.root / "reports/resnet50/verify.json").unlink()
    waiver = a_waiver("evidence-missing", "2026-12-04", model="resnet50")
    gated.write("models.yaml", waiver + EXPORTED)
    lines = [str(one) for one in gated.check(today=date(2026, 12, 5)).violations]

    assert lines[0] == (
        "models.yaml:3:5: error[waiver-expired]: the waiver of evidence-missing of resnet50 "
        "expired on 2026-12-04, and no longer applies; fix what it was for, and remove it"
    )
    assert "error[evidence-missing]" in lines[1]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"model": "other"}, id="model"),
        pytest.param({"branches": ["release/*"]}, id="branch"),
    ],
)
def test_a_waiver_of_something_else_waives_nothing(gated, fields):
    (gated.root / "reports/resnet50/verify.json").unlink()
    waiver = a_waiver("evidence-missing", "2026-12-04", **fields)
    gated.write("models.yaml", waiver + EXPORTED)

    assert "evidence-missing" in of_rules(gated.check(today=TODAY).errors)


@pytest.mark.slow
def test_a_waiver_of_no_use_is_a_warning_where_all_rules_hold(gated):
    gated.write("models.yaml", a_waiver("evidence-missing", "2026-12-04") + EXPORTED)

    assert [str(one) for one in gated.check(today=TODAY).violations] == [
        (
            "models.yaml:3:5: warning[waiver-unused]: the waiver of evidence-missing matches no "
            "finding; remove it"
        )
    ]
    assert gated.check(today=TODAY, branch="feature/x").violations == ()


def test_a_waiver_of_the_remote_is_of_no_use_only_where_the_remote_was_asked(gated):
    gated.write("models.yaml", a_waiver("remote-incomplete", "2026-12-04") + EXPORTED)

    assert gated.check(today=TODAY).violations == ()


@pytest.mark.slow
def test_a_policy_can_ask_for_less_and_for_more(gated):
    (gated.root / "reports/resnet50/verify.json").unlink()
    gated.write("models.yaml", "policy: {production: {evidence: none}}\n" + EXPORTED)
    assert gated.lines() == []
    gated.write("models.yaml", "policy: {feature: {evidence: required}}\n" + EXPORTED)

    assert "evidence-missing" in of_rules(gated.check(branch="feature/x").errors)


def test_the_schema_lets_exactly_those_rules_be_waived_that_can_be():
    schema = json.loads(schemas.schema_text("models"))["$defs"]["waiver"]["properties"]["rule"]

    assert set(schema["enum"]) == set(RULES) - UNWAIVABLE
    assert schema["enum"] == sorted(schema["enum"])


@pytest.mark.slow
def test_the_command_prints_findings_and_exits_with_1_where_one_is_an_error(gated, cli):
    (gated.root / "reports/resnet50/verify.json").unlink()
    done = cli("check")

    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout.splitlines()[0] == "checking main (production)"
    assert done.stdout.splitlines()[-1] == "1 error"
    assert cli("check", "--branch", "develop").stdout == (
        "checking the work tree as develop (integration)\nno findings\n"
    )
    assert cli("check", "--branch", "develop").exit_code == 0


@pytest.mark.slow
def test_warnings_are_errors_where_somebody_wants_that(gated, cli):
    gated.edit("models.yaml", "version: v3.3.0", "version: v3.4.0")

    done = cli("check", "--branch", "feature/x")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "1 warning")
    done = cli("check", "--branch", "feature/x", "--strict")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "1 error")


def test_a_file_of_findings_is_written_beside_the_text(gated, cli):
    done = cli("check", "--format", "json", "--output", "found.json")

    assert done.stdout == "checking main (production)\nno findings\n"
    assert json.loads(gated.read("found.json")) == {
        "title": "main",
        "role": "production",
        "prefix": "",
        "errors": 0,
        "warnings": 0,
        "violations": [],
        "waived": [],
        "notes": [],
    }


def test_a_file_that_nobody_may_read_is_no_finding(gated, cli):
    (gated.root / "models.lock").unlink()
    (gated.root / "models.lock").mkdir()
    done = cli("check")

    assert (done.exit_code, done.stderr) == (2, "Error: cannot read models.lock: Is a directory\n")


@pytest.fixture
def trained(gated):
    """A model that is trained with a folder that git keeps."""
    gated.write("train.py", "")
    for name in ("rose.txt", "more/tulip.txt"):
        gated.write(f"data/flowers/{name}", name)
    train = "    train: {command: python train.py, deps: [train.py, data/flowers]}"
    lines = [line for line in EXPORTED.splitlines() if "url:" not in line and "md5:" not in line]
    text = "\n".join([*lines, train, ""]).replace("v3.3.0", "v3.4.0")
    gated.models(text, build=False)
    gated.build()
    return gated


def flowers(gated):
    names = ("rose.txt", "more/tulip.txt")
    return folder_object_name(
        {name: md5((gated.root / "data/flowers" / name).read_bytes()) for name in names}
    )


def test_a_folder_that_git_keeps_is_compared_too(trained):
    built = trained.read("dvc.lock").replace(md5("data/flowers"), flowers(trained))
    trained.write("dvc.lock", built)
    assert trained.lines() == []
    trained.write("data/flowers/rose.txt", "withered")

    [line] = trained.lines()
    assert (
        "warning[not-built]: resnet50: train-resnet50 ran with a different data/flowers, " in line
    )
    assert "unless git ignores a part of that; run `dvc repro`" in line


@pytest.mark.slow
def test_a_folder_is_read_out_of_the_tree_that_is_judged(trained):
    trained.write(
        "dvc.lock", trained.read("dvc.lock").replace(md5("data/flowers"), flowers(trained))
    )
    trained.commit("built")
    trained.write("data/flowers/rose.txt", "withered")
    assert judge_tree(trained.project, "HEAD", branch="main").violations == ()
    trained.commit("withered")

    [found] = judge_tree(trained.project, "HEAD", branch="main").violations
    assert (found.rule, found.level) == ("not-built", "warning")
