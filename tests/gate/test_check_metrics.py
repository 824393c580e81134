"""What `check` says of what `evaluate` measured."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from paddledvc.evaluation.core.measured import Measured, Parts, Scores, Slice
from paddledvc.gate.core.metrics.metric_regressions import Comparison
from paddledvc.hashes import Hashes
from paddledvc.models.evaluate_settings import Evaluate, MetricGoal, SliceGoal
from paddledvc.models.verify_settings import Engine
from paddledvc.stages.core.record import Hashed
from tests.gated import EXPORTED, RUNTIME, a_waiver

GOALS = "{accuracy: {direction: higher, tolerance: 1%, floor: 90%}, loss: {direction: lower}}"
EVALUATED = f"""{EXPORTED}    evaluate:
      function: net.py:evaluate
      deps: [labels.txt]
      metrics: {GOALS}
      slices: {{form: {{tolerance: 3%, at_least: 50}}}}
"""
FUNCTION = "\n\ndef evaluate(model, run):\n    return {}\n"
REPORT = "reports/resnet50/evaluate.json"
SAMPLES = 500


def right(wrong):
    """Outcomes of all samples, some of them wrong."""
    return [int(at not in wrong) for at in range(SAMPLES)]


def measured(gated, network, deployed=None, **changes):
    """Make a report of the bytes that are built now."""
    model = gated.project.registry().model("resnet50")
    lock = gated.project.lock().model("resnet50")
    digests = {lock.path: lock.md5, **gated.exported(model.slug)}
    outcomes = {"network": network, "deployed": network if deployed is None else deployed}
    forms = ["even" if at % 2 == 0 else "odd" for at in range(SAMPLES)]
    shares = {path: sum(one) / SAMPLES for path, one in outcomes.items()}
    slices = [
        Slice(
            by="form",
            name=name,
            samples=SAMPLES // 2,
            metrics={
                "accuracy": {
                    path: sum(one[first::2]) * 2 / SAMPLES for path, one in outcomes.items()
                }
            },
        )
        for first, name in enumerate(("even", "odd"))
    ]
    made = Measured(
        metrics={"accuracy": shares, "loss": {"network": 0.5, "deployed": 0.5}},
        samples=SAMPLES,
        model="resnet50",
        model_version="v1",
        files=tuple(Hashed(path=path, hashes=Hashes(md5=md5)) for path, md5 in digests.items()),
        inputs_sha256=dict.fromkeys(outcomes, "ab" * 32),
        ids_sha256="cd" * 32,
        code_sha256="ef" * 32,
        scores={"accuracy": Scores.of(outcomes)},
        slices=tuple(slices),
        parts={"form": Parts.of(forms)},
        runtime=dict.fromkeys(outcomes, RUNTIME),
    )
    return replace(made, **changes)


@pytest.fixture
def evaluated(gated):
    """A project whose one model is measured, on `main`."""
    gated.write("net.py", gated.read("net.py") + FUNCTION)
    gated.write("labels.txt", "a")
    gated.write("params.yaml", "resnet50: {evaluate: {threshold: 0.5, batch_size: 8}}\n")
    gated.models(EVALUATED, build=False)
    gated.write(REPORT, measured(gated, right(range(10))).to_json())
    gated.build()
    gated.commit()
    return gated


def change(gated, report, *, weights="other"):
    """Commit on a branch of its own other weights of a new version, with a report."""
    gated.branch("change")
    if weights:
        gated.edit("models.yaml", "version: v3.3.0", "version: v3.4.0")
        old = gated.project.registry().model("resnet50").md5
        gated.edit("models.yaml", old, "1" * 32)
        gated.holds["exports/resnet50"] = weights
        gated.update(build=False)
    gated.write(REPORT, report(gated).to_json())
    gated.build()
    gated.commit("Change")


def found(gated, **options):
    rules = ("metric", "export-metric", "not-repeatable")
    every = gated.check(**options).violations
    return [(one.level, str(one)) for one in every if one.rule.startswith(rules)]


def test_a_model_that_is_measured_well_has_no_finding(evaluated):
    assert evaluated.lines() == []


@pytest.mark.parametrize(
    ("role", "level"), [("required", ["metric-missing"]), ("passing", []), ("none", [])]
)
def test_a_missing_report_counts_as_the_role_says(evaluated, role, level):
    (evaluated.root / REPORT).unlink()
    evaluated.edit(
        "models.yaml", "models:", f"policy: {{production: {{metrics: {role}}}}}\nmodels:"
    )

    assert [one.rule for one in evaluated.check(branch="main").errors if "metric" in one.rule] == (
        level
    )


def test_the_function_is_read_and_never_run(evaluated):
    (evaluated.root / REPORT).unlink()
    evaluated.write("net.py", f"open('RAN', 'w')\n{evaluated.read('net.py')}")

    assert [one.rule for one in evaluated.check().errors if "metric" in one.rule] == [
        "metric-missing"
    ]
    assert not (evaluated.root / "RAN").exists()
    assert not Path("RAN").exists()


def test_values_below_their_floor_fail_without_any_baseline(evaluated):
    report = measured(evaluated, right(range(60)), right(range(40)))
    evaluated.write(REPORT, report.to_json())

    assert [line for _, line in found(evaluated)] == [
        (
            "reports/resnet50/evaluate.json: error[export-metric-differs]: resnet50: accuracy is "
            "88.00 % for the network and 92.00 % for the exported files on deployed, expected at "
            "most 0.088 points apart; run `paddledvc verify resnet50`, which names the sublayer, "
            "and see that both get the same inputs"
        ),
        (
            "reports/resnet50/evaluate.json: error[metric-below-floor]: resnet50: accuracy is "
            "88.00 % on network, expected at least 90.00 %; improve the model, or change the floor "
            "in models.yaml"
        ),
    ]


@pytest.mark.parametrize(("lost", "rules"), [(4, []), (6, ["export-metric-differs"])])
def test_files_in_bfloat16_may_be_a_hundredth_off(evaluated, lost, rules):
    engine = "    verify: {engine: {precision: bfloat16}}\n    evaluate:"
    evaluated.edit("models.yaml", "    evaluate:", engine)
    report = measured(
        evaluated, right(range(10)), right(range(10 + lost)), engine=Engine(precision="bfloat16")
    )
    evaluated.write(REPORT, report.to_json())

    assert [one.rule for one in evaluated.check().violations if "metric" in one.rule] == rules


def test_a_drop_that_the_samples_prove_is_an_error(evaluated):
    change(evaluated, lambda gated: measured(gated, right([*range(8), *range(100, 116)])))

    assert found(evaluated, base="main") == [
        (
            "error",
            (
                "reports/resnet50/evaluate.json: error[metric-regressed]: resnet50: accuracy is "
                "95.20 % on deployed, main has 98.00 % (tolerance 1 point; 16 of 500 samples newly "
                "wrong, 2 newly right, p < 0.001); improve the model, or agree on a waiver of "
                "metric-regressed"
            ),
        )
    ]


def test_a_drop_that_may_be_chance_warns_and_says_what_would_prove_it(evaluated):
    change(evaluated, lambda gated: measured(gated, right(range(4, 20))))

    assert found(evaluated, base="main") == [
        (
            "warning",
            (
                "reports/resnet50/evaluate.json: warning[metric-regressed]: resnet50: accuracy is "
                "96.80 % on deployed, main has 98.00 % (tolerance 1 point; 10 of 500 samples newly "
                "wrong, 4 newly right, p = 0.090); it may be chance: 635 samples that differ alike "
                "would prove it"
            ),
        )
    ]
    evaluated.git("checkout", "--quiet", "main")
    evaluated.edit("models.yaml", "models:", "policy: {production: {noise: fail}}\nmodels:")
    evaluated.commit("Be strict")
    evaluated.git("checkout", "--quiet", "change")
    assert [level for level, _ in found(evaluated, base="main")] == ["error"]


def test_a_drop_within_the_tolerance_is_none(evaluated):
    change(evaluated, lambda gated: measured(gated, right(range(15))))
    assert found(evaluated, base="main") == []


def test_scores_are_decoded_once_however_many_parts_are_worse(evaluated, monkeypatch):
    forms = [str(at % 10) for at in range(SAMPLES)]

    def divided(gated, wrong):
        network = right(wrong)
        parts = [
            Slice(by="form", name=str(one), samples=50, metrics={"accuracy": shares})
            for one in range(10)
            for shares in [dict.fromkeys(("network", "deployed"), sum(network[one::10]) / 50)]
        ]
        return measured(gated, network, slices=tuple(parts), parts={"form": Parts.of(forms)})

    evaluated.write(REPORT, divided(evaluated, range(10)).to_json())
    evaluated.build()
    evaluated.commit()
    change(evaluated, lambda gated: divided(gated, [at for at in range(30) if at % 10 < 4]))
    decoded = []
    of_path = Scores.of_path
    monkeypatch.setattr(
        Scores, "of_path", lambda self, *of: decoded.append((self, of)) or of_path(self, *of)
    )
    assert len(found(evaluated, base="main")) == 4
    often = Counter((id(scores), of) for scores, of in decoded)
    assert max(often.values()) <= 2  # once as it is read, once as it is compared


def test_a_part_of_the_samples_that_is_worse_is_found_though_the_whole_is_not(evaluated):
    odd = [*range(1, 20, 2), *range(101, 121, 2)]
    change(evaluated, lambda gated: measured(gated, right(odd[:15])))

    assert [line for _, line in found(evaluated, base="main")] == [
        (
            "reports/resnet50/evaluate.json: error[metric-regressed]: resnet50: accuracy of the "
            "samples whose form is odd is 94.00 % on deployed, main has 98.00 % (tolerance 3 "
            "points; 10 of 250 samples newly wrong, 0 newly right, p < 0.001); improve the "
            "model, or agree on a waiver of metric-regressed"
        )
    ]


def compare(before, now, parts, *, tolerance=0.01):
    """Compare outcomes of two models whose samples are in parts."""

    def report(outcomes):
        members = {name: [at for at, one in enumerate(parts) if one == name] for name in set(parts)}
        slices = tuple(
            Slice(
                by="form",
                name=name,
                samples=len(ones),
                metrics={"accuracy": {"network": sum(outcomes[at] for at in ones) / len(ones)}},
            )
            for name, ones in sorted(members.items())
        )
        return Measured(
            metrics={"accuracy": {"network": sum(outcomes) / len(outcomes)}},
            samples=len(outcomes),
            files=(),
            inputs_sha256={},
            scores={"accuracy": Scores.of({"network": outcomes})},
            slices=slices,
            parts={"form": Parts.of(parts)},
        )

    goal = MetricGoal(name="accuracy", direction="higher", tolerance=tolerance)
    settings = Evaluate(function="net.py:f", metrics=(goal,), slices=(SliceGoal(name="form"),))
    made = Comparison(where="main", noise="warn", goal=goal, now=report(now), before=report(before))
    return list(made.find_drops(settings))


def test_equal_models_with_many_parts_fail_in_at_most_one_run_of_twenty():
    rng = random.Random(5)
    parts = [str(at % 20) for at in range(2_000)]
    failed = 0
    for _ in range(40):
        drawn = [rng.random() for _ in parts]
        before, now = ([int(not low <= one < low + 0.02) for one in drawn] for low in (0, 0.02))
        failed += any(level == "error" for _, level in compare(before, now, parts, tolerance=0.03))
    assert failed <= 2


def test_a_part_that_may_be_chance_is_told_to_be_one_of_many():
    parts = [str(at % 10) for at in range(1_000)]
    now = [int(not (at % 10 == 3 and at < 60)) for at in range(1_000)]

    ((line, level),) = compare([1] * 1_000, now, parts)
    assert level == "warning"
    assert "6 of 100 samples newly wrong, 0 newly right, p = 0.016" in line
    assert "it may be chance, as the worst of 10 parts: 127 samples that differ alike" in line


def test_a_drop_of_one_path_that_may_be_chance_hides_no_proven_one_of_another(evaluated):
    network, deployed = right([*range(8), *range(100, 116)]), right(range(4, 20))
    change(evaluated, lambda gated: measured(gated, network, deployed))

    lines = [(level, line) for level, line in found(evaluated, base="main") if "regressed" in line]
    assert [(level, "95.20 % on network" in line) for level, line in lines] == [("error", True)]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"code_sha256": "00" * 32}, "measured by other code than main"),
        ({"ids_sha256": "00" * 32}, "measured on other samples than main (500 0000…, main 500 cdc"),
        (
            {"inputs_sha256": {"network": "00" * 32, "deployed": "00" * 32}},
            "measured on other inputs than main (0000…, main abab…)",
        ),
    ],
)
def test_what_was_measured_otherwise_is_not_compared_until_the_baseline_is(evaluated, changes, why):
    worse = right([*range(8), *range(100, 116)])
    before = measured(evaluated, right(range(10)), **changes)
    change(evaluated, lambda gated: measured(gated, worse, **changes))

    ((level, line),) = found(evaluated, base="main")
    assert (level, why in line) == ("error", True)
    assert "run `paddledvc evaluate resnet50 --baseline main`, and commit what it writes" in line

    evaluated.write("reports/resnet50/baseline.json", before.to_json())
    evaluated.commit("Measure the baseline")
    assert ["main has 98.00 %" in line for _, line in found(evaluated, base="main")] == [True]

    of_others = replace(before, files=before.files[:1])
    evaluated.write("reports/resnet50/baseline.json", of_others.to_json())
    evaluated.commit("Measure something else")
    assert ["metric-not-comparable" in line for _, line in found(evaluated, base="main")] == [True]


def test_where_the_target_has_no_report_its_weights_measured_now_count(evaluated):
    before = measured(evaluated, right(range(10)))
    (evaluated.root / REPORT).unlink()
    evaluated.commit("Lose the report")
    change(evaluated, lambda gated: measured(gated, right([*range(8), *range(100, 116)])))
    assert found(evaluated, base="main") == []

    for files, expected in ((before.files, [True]), (before.files[:1], []), ((), [])):
        evaluated.write("reports/resnet50/baseline.json", replace(before, files=files).to_json())
        evaluated.commit("Measure the baseline")
        lines = [line for _, line in found(evaluated, base="main")]
        assert ["main has 98.00 %" in line for line in lines] == expected


def test_other_values_of_the_same_bytes_are_a_measurement_that_does_not_repeat(evaluated):
    change(evaluated, lambda gated: measured(gated, right(range(9))), weights="")

    ((level, line),) = found(evaluated, base="main")
    assert level == "warning"
    assert "error" not in line
    assert "accuracy is 0.982 on network, and 0.98 on main, of the same weights" in line


@pytest.mark.parametrize("weights", ["", "other"])
@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("labels.txt", "a", "b", "measured with another labels.txt than main"),
        ("params.yaml", "0.5", "0.4", "measured with other hyperparameters than main (params.yaml"),
        ("params.yaml", "size: 8", "size: 4", ""),
    ],
)
def test_values_of_other_labels_or_hyperparameters_are_not_compared(  # noqa: PLR0913, PLR0917
    evaluated, weights, file, old, new, why
):
    """They change no input of the network, and no code."""
    worse = right([*range(8), *range(100, 116)])
    before = measured(evaluated, right(range(10)))

    def report(gated):
        gated.edit(file, old, new)
        return measured(gated, worse)

    change(evaluated, report, weights=weights)
    lines = [line for _, line in found(evaluated, base="main")]
    if not why:
        assert [("not-repeatable" in one, "regressed" in one) for one in lines] == (
            [(not weights, bool(weights))]
        )
        return
    assert [why in one and "--baseline main" in one for one in lines] == [True] * bool(weights)

    evaluated.write("reports/resnet50/baseline.json", before.to_json())
    evaluated.commit("Measure the baseline")
    lines = [line for _, line in found(evaluated, base="main")]
    assert ["metric-regressed" in line for line in lines] == [True] * bool(weights)


def test_the_same_weights_in_other_code_of_the_network_can_be_worse(evaluated):
    """Without exported files nothing else tells of it."""

    def report(gated):
        gated.edit("layers.py", gated.read("layers.py"), gated.read("layers.py") + "# other\n")
        return measured(gated, right([*range(8), *range(100, 116)]))

    change(evaluated, report, weights="")
    assert ["metric-regressed" in line for _, line in found(evaluated, base="main")] == [True]


def test_a_report_of_other_weights_is_never_judged_as_if_it_were_right(evaluated):
    report = measured(evaluated, right(range(10)))
    change(evaluated, lambda _: report)

    ((level, line),) = found(evaluated, base="main")
    assert level == "error"
    assert "[metric-of-other-weights]: resnet50: reports/resnet50/evaluate.json is not of " in line


def test_an_edited_value_is_seen_through(evaluated):
    value = json.loads(evaluated.read(REPORT))
    value["accuracy"]["deployed"] = 0.999
    evaluated.write(REPORT, json.dumps(value))

    assert [line.partition(": resnet50: ")[2] for _, line in found(evaluated)] == [
        (
            "the report says that accuracy is 0.999 of deployed, and its 500 samples that it is "
            "0.98; run `dvc repro` and commit the report"
        )
    ]


def test_going_back_to_what_was_released_is_no_regression(evaluated):
    evaluated.git("checkout", "--quiet", "main")
    good = evaluated.read("models.yaml"), evaluated.read(REPORT)
    evaluated.edit("models.yaml", "version: v3.3.0", "version: v3.4.0")
    old = evaluated.project.registry().model("resnet50").md5
    evaluated.edit("models.yaml", old, "1" * 32)
    evaluated.holds["exports/resnet50"] = "other"
    evaluated.update(build=False)
    evaluated.write(REPORT, measured(evaluated, right([])).to_json())
    evaluated.build()
    evaluated.commit("Improve")

    evaluated.branch("rollback")
    evaluated.holds.clear()
    evaluated.write("models.yaml", good[0])
    evaluated.update(build=False)
    evaluated.write(REPORT, measured(evaluated, right(range(30))).to_json())
    evaluated.build()
    evaluated.commit("Roll back")

    assert found(evaluated, base="main") == []


def test_a_tag_is_judged_by_its_floors_alone(evaluated, monkeypatch):
    change(evaluated, lambda gated: measured(gated, right([*range(8), *range(100, 116)])))
    evaluated.git("tag", "v2")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REF_TYPE", "tag")
    monkeypatch.setenv("GITHUB_REF_NAME", "v2")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")

    assert found(evaluated) == []


def test_a_regression_can_be_waived(evaluated):
    evaluated.write(
        "models.yaml", a_waiver("metric-regressed", "2999-01-01") + evaluated.read("models.yaml")
    )
    evaluated.commit("Waive")
    change(evaluated, lambda gated: measured(gated, right([*range(8), *range(100, 116)])))

    assert found(evaluated, base="main") == []


PUBLISHED = f"""{EXPORTED}    metrics: {{accuracy: 76.8%, loss: 0.5}}
"""


def test_a_published_value_that_nobody_measures_is_no_finding(gated):
    gated.models(PUBLISHED)
    gated.commit()
    assert gated.lines() == []


def test_a_published_value_that_is_measured_otherwise_is_a_warning(evaluated):
    evaluated.edit("models.yaml", "    evaluate:", "    metrics: {accuracy: 99%}\n    evaluate:")
    evaluated.update(build=False)
    evaluated.write(REPORT, measured(evaluated, right(range(10))).to_json())
    evaluated.build()

    ((level, line),) = found(evaluated)
    assert level == "warning"
    assert "accuracy is 98.00 % as measured here, and 99.00 % as published" in line


def test_weights_that_only_the_same_push_released_are_no_rollback(evaluated, monkeypatch, tmp_path):
    before = evaluated.git("rev-parse", "HEAD").strip()
    change(evaluated, lambda gated: measured(gated, right([*range(8), *range(100, 116)])))
    evaluated.write("notes.txt", "one more commit")
    evaluated.commit("Take notes")
    evaluated.git("branch", "--quiet", "--force", "main")
    evaluated.git("checkout", "--quiet", "main")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"before": before}))
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REF_NAME": "main",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(event),
    }.items():
        monkeypatch.setenv(name, value)

    ((level, line),) = found(evaluated)
    assert (level, "[metric-regressed]" in line) == ("error", True)


def test_as_many_samples_are_compared_with_as_many(evaluated):
    """The digests of the ids may agree in an edited report, where the numbers do not."""
    some = right(range(10))[:400]

    def fewer(gated):
        shares = dict.fromkeys(("network", "deployed"), sum(some) / 400)
        outcomes = dict.fromkeys(shares, some)
        return measured(
            gated,
            right([]),
            metrics={"accuracy": shares, "loss": dict.fromkeys(shares, 0.5)},
            samples=400,
            scores={"accuracy": Scores.of(outcomes)},
            slices=(Slice(by="form", name="even", samples=400, metrics={"accuracy": shares}),),
            parts={"form": Parts.of(["even"] * 400)},
        )

    change(evaluated, fewer)
    assert [
        "measured on other samples than main (400 cdcd…, main 500 cdcd…)" in line
        for _, line in found(evaluated, base="main")
    ] == [True]


def test_a_report_without_the_parts_that_are_asked_for_is_no_measurement_of_them(evaluated):
    report = measured(evaluated, right(range(10)), slices=(), parts={})
    evaluated.write(REPORT, report.to_json())

    ((level, line),) = found(evaluated)
    assert level == "error"
    assert "error[metric-missing]: resnet50: the report has no parts by form" in line


WEAKER = [
    ("floor: 90%", "floor: 80%", "the floor of accuracy from 90.00 % to 80.00 %"),
    (", floor: 90%", "", "no longer asks for a floor of accuracy, which was 90.00 %"),
    ("tolerance: 1%,", "tolerance: 10%,", "the tolerance of accuracy from 1 point to 10 points"),
    (
        "tolerance: 1%,",
        "relative: 10%,",
        "from 1 point to 10 % of its value",
    ),
    ("loss: {direction: lower}", "loss: {direction: higher}", "takes a higher loss for better"),
    (", loss: {direction: lower}", "", "no longer asks anything of loss"),
    (
        "direction: lower",
        "direction: lower, export: 3",
        "the export's loss differ by 3, not",
    ),
    ("slices: {form: {tolerance: 3%, at_least: 50}}", "seed: 0", "no longer judges parts by form"),
    ("tolerance: 3%,", "tolerance: 30%,", "lets parts by form lose more than before"),
    ("at_least: 50", "at_least: 5000", "from 5000 samples on only, not from 50"),
    (EVALUATED.partition("    evaluate:")[2], "", "takes `evaluate` away"),
    ("name: resnet50", "name: resnet51", "calls resnet50 another name"),
    (
        "metrics: {accuracy",
        "paths: []\n      metrics: {accuracy",
        "no longer measures the model on deployed",
    ),
]


@pytest.mark.parametrize(("old", "new", "what"), WEAKER)
def test_a_change_after_which_less_is_asked_of_a_model_says_so(evaluated, old, new, what):
    evaluated.branch("change")
    text = evaluated.read("models.yaml")
    assert old in text
    text = text.replace(old, new, 1)
    evaluated.write("models.yaml", text if "function:" in text else text.replace("evaluate:", ""))
    evaluated.commit("Ask for less")

    lines = [line for line in evaluated.lines(base="main") if "goal-weakened" in line]
    assert [what in line for line in lines] == [True], lines
    assert "warning[goal-weakened]: resnet5" in lines[0]


def test_a_change_after_which_more_is_asked_says_nothing(evaluated):
    evaluated.branch("change")
    evaluated.edit("models.yaml", "floor: 90%", "floor: 95%")
    evaluated.edit("models.yaml", "tolerance: 1%", "tolerance: 0.5%")
    evaluated.edit("models.yaml", "at_least: 50", "at_least: 40")
    evaluated.commit("Ask for more")

    assert [line for line in evaluated.lines(base="main") if "weakened" in line] == []


def test_where_nothing_was_measured_before_that_is_noted(evaluated):
    (evaluated.root / REPORT).unlink()
    evaluated.commit("Measure nothing")
    change(evaluated, lambda gated: measured(gated, right(range(10))))

    assert evaluated.check(base="main").notes == (
        (
            "resnet50: main has no metrics to compare with, so only floors are judged; "
            "`paddledvc evaluate resnet50 --baseline main` measures them"
        ),
    )
    evaluated.git("checkout", "--quiet", "main")
    assert evaluated.check().notes == ()


def test_a_measurement_in_another_image_than_is_locked_is_found(evaluated):
    evaluated.edit("models.yaml", "models:", "environment: paddlepaddle/paddle:3.3.1\nmodels:")
    evaluated.update(build=False)
    runtime = replace(RUNTIME, image="paddlepaddle/paddle:3.2.0")
    runtimes = dict.fromkeys(("network", "deployed"), runtime)
    report = measured(evaluated, right(range(10)), runtime=runtimes)
    evaluated.write(REPORT, report.to_json())

    [found] = [one for one in evaluated.check().errors if one.rule == "image-other"]
    assert "; run `dvc repro --force --single-item evaluate-resnet50` in" in str(found)
    assert Measured.from_json(report.to_json()) == report
    assert Measured.from_json(report.to_json()).runtime["network"].image == runtime.image
