"""The four questions of a change, its tables and its Markdown, told from values alone."""

from __future__ import annotations

import re
from datetime import date

import pytest
from markdown_it import MarkdownIt

from paddledvc.gate.core.violations import Verdict, Violation, Waived
from paddledvc.inventory.core.diff_markdown import LARGEST, render_markdown
from paddledvc.inventory.core.diff_tables import describe_change, list_notes, list_tables
from paddledvc.inventory.core.metric_changes import MetricChange
from paddledvc.inventory.core.model_changes import Difference, DocumentationChange, ModelChange
from paddledvc.inventory.core.model_side import VerifyState, list_stage_deps
from paddledvc.inventory.core.models_diff import ModelsDiff, answer_questions
from paddledvc.models.policy import Waiver

NO_DOCS = DocumentationChange(file=None, state="none", told=None)


def metric(before, after, state, **fields):
    usual = {
        "name": "accuracy",
        "path": "deployed",
        "source": "measured",
        "direction": "higher",
        "tolerance": 0.01,
        "floor": 0.9,
        "percent": True,
    }
    return MetricChange(before=before, after=after, state=state, **{**usual, **fields})


def moved(*metrics, name="det", before="v1", after="v2", kind="moved", **fields):
    fields = {"documentation": NO_DOCS, **fields}
    return ModelChange(name=name, kind=kind, before=before, after=after, metrics=metrics, **fields)


def worse(level="error", model="det"):
    return Violation(rule="metric-regressed", level=level, message="m: it is; do", model=model)


def answer(number, *models, regressions=()):
    found = answer_questions(models, regressions)[number]
    return (found.state, *found.reasons)


def a_diff(*models, **fields):
    usual = {
        "title": "change as merged into main",
        "base": "main",
        "commit": "1" * 40,
        "answers": answer_questions(models, ()),
        "findings": Verdict(title="change", role="production", violations=()),
    }
    return ModelsDiff(models=models, **{**usual, **fields})


KEPT = metric(0.95, 0.95, "same")
BETTER = metric(0.95, 0.96, "better")
WORSE = metric(0.95, 0.945, "worse, within tolerance")
DROPPED = metric(0.95, 0.93, "worse, beyond tolerance")
GONE = metric(0.95, None, "gone")
PASS, FAIL = (VerifyState(standing=one) for one in ("pass", "fail"))


@pytest.mark.parametrize(
    ("model", "regressions", "said"),
    [
        pytest.param(moved(KEPT), (), ("no", "det is as good as before"), id="same"),
        pytest.param(moved(BETTER), (), ("no", "det is better"), id="better"),
        pytest.param(
            moved(WORSE), (), ("no", "det is worse by no more than its tolerances"), id="worse"
        ),
        pytest.param(
            moved(DROPPED),
            (worse(),),
            ("yes", "det: accuracy 95.00 % -> 93.00 % (tolerance 1 point)"),
            id="regressed",
        ),
        pytest.param(
            moved(DROPPED),
            (worse("warning"),),
            (
                "unknown",
                "det: accuracy 95.00 % -> 93.00 % (tolerance 1 point), which may be chance",
            ),
            id="maybe chance",
        ),
        pytest.param(moved(KEPT), (worse(),), ("yes", "det: m: it is"), id="in a part"),
        pytest.param(
            moved(DROPPED, restored=True),
            (),
            ("no", "det is what was released before, which is judged by its floors alone"),
            id="rollback",
        ),
        pytest.param(
            moved(GONE),
            (),
            ("unknown", "det: accuracy was known before, and is no more"),
            id="gone",
        ),
        pytest.param(moved(unmeasured="why"), (), ("unknown", "det: why"), id="not measured"),
        pytest.param(moved(KEPT, incomparable="why"), (), ("unknown", "det: why"), id="other code"),
        pytest.param(
            moved(metric(None, 0.9, "new")),
            (),
            ("unknown", "det: nothing was measured before"),
            id="first measurement",
        ),
        pytest.param(
            moved(KEPT, verify_before=PASS, verify_after=FAIL),
            (),
            ("yes", "det: its export no longer agrees with its network (fail)"),
            id="verify fails",
        ),
        pytest.param(
            moved(kind="added", before=None),
            (),
            ("nothing", "det is new, with nothing to compare with"),
            id="new",
        ),
    ],
)
def test_whether_a_model_regressed_is_told(model, regressions, said):
    assert answer(1, model, regressions=regressions) == said


def test_the_gravest_answer_counts_and_what_is_unknown_is_told_beside():
    models = (moved(KEPT, name="a"), moved(name="b", unmeasured="why"), moved(DROPPED, name="c"))

    assert answer(1, *models, regressions=(worse(model="c"),)) == (
        "yes",
        "c: accuracy 95.00 % -> 93.00 % (tolerance 1 point)",
        "b: why",
    )


def test_published_values_are_no_benchmark():
    published = metric(0.9, 0.9, "same", source="published", path="")

    assert answer(0, moved(published, unmeasured="there is no a.json")) == (
        "no",
        "det: there is no a.json; only published values are known",
    )


@pytest.mark.parametrize(
    ("documentation", "after", "said"),
    [
        (DocumentationChange(file="a.md", state="unchanged", told="a.md"), "v2", "yes"),
        (DocumentationChange(file="a.md", state="changed", told=None), "v2", "yes"),
        (DocumentationChange(file="a.md", state="unchanged", told=None), "v2", "no"),
        (DocumentationChange(file="a.md", state="missing", told=None), "v2", "no"),
        (DocumentationChange(file="a.md", state="unchanged", told=None), "v1", "nothing"),
        (NO_DOCS, "v2", "no"),
    ],
)
def test_whether_the_docs_are_updated_is_told(documentation, after, said):
    assert answer(3, moved(KEPT, after=after, documentation=documentation))[0] == said


def test_tables_have_digests_cut_sizes_and_what_was_not_there():
    change = moved(
        metric(None, 0.89, "new"),
        properties=(
            Difference(what="weights md5", before="a" * 32, after="b" * 32),
            Difference(what="weights size", before=None, after=1234567),
        ),
        latency=(Difference(what="deployed", before=0.5, after=None),),
        verify_before=VerifyState(standing="pass", error=1.5e-7, share=0.15, path="jit"),
        verify_after=VerifyState(standing="of other bytes"),
        documentation=DocumentationChange(file="a.md", state="unchanged", told=None),
    )
    what, metrics = list_tables(change)

    assert what.rows == (
        ("weights md5", "aaaaaaaaaa…", "bbbbbbbbbb…"),
        ("weights size", "-", "1,234,567 bytes"),
        ("verify", "pass", "of other bytes"),
        ("largest error", "1.5e-07, 15 % of its tolerance (jit)", "-"),
        ("latency deployed", "0.5 ms", "-"),
        ("docs", "a.md", "unchanged"),
    )
    assert metrics.rows == (
        ("accuracy", "deployed", "-", "89.00 %", "higher", "1 point", "new, below floor"),
    )


def test_other_settings_and_why_nothing_is_measured_are_notes():
    change = moved(
        settings=("network", "verify"), unmeasured="no report", kind="changed", after="v1"
    )

    assert [*list_notes(change)] == [
        "models.yaml: network, verify changed",
        "not measured: no report",
    ]
    assert describe_change(change) == "v1, changed"


def test_stages_that_are_none_read_nothing():
    odd = {1: {"deps": [1, None, {}]}, "b": None, "c": {"foreach": 1, "do": 2}, "d": {"deps": "a"}}
    files = {"dvc.yaml": {"stages": odd}, "dvc.lock": {"stages": {"c@1": {"deps": 3}, 2: 3}}}

    assert dict(list_stage_deps(files)) == {"1": ("1", "None", "."), "c@1": (), "d": ()}


HOSTILE = "a|b `c` <img src=x> @team #1 !2 [x](http://evil) http://evil ::error:: **b** &amp;"


def is_plain(token):
    return token.type in ("text", "html_inline")


def test_texts_of_a_branch_are_no_markup_links_or_mentions_in_markdown():
    violation = Violation(rule="r", level="error", message=HOSTILE, model="det", file=HOSTILE)
    waiver = Waiver(rule="r", reason=HOSTILE, until=date(2026, 1, 1))
    change = moved(
        metric(0.1, 0.2, "better", name=HOSTILE),
        name=HOSTILE,
        unmeasured=HOSTILE,
        params=(Difference(what=HOSTILE, before=HOSTILE, after=f"{HOSTILE}\n| a |"),),
    )
    verdict = Verdict(
        title="t",
        role="production",
        violations=(violation,),
        waived=(Waived(violation=violation, waiver=waiver),),
        notes=(HOSTILE,),
    )

    text = render_markdown(a_diff(change, title=HOSTILE, base=HOSTILE, findings=verdict))

    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inline = [one for token in tokens for one in token.children or ()]
    assert {one.type for one in inline} <= {
        *("text", "code_inline", "strong_open", "strong_close", "html_inline", "text_special"),
        *("softbreak",),
    }
    html = {one.content for one in inline if one.type == "html_inline"}
    assert html <= {"<br>", "<code>", "</code>"}
    shown = re.sub("<code>.*?</code>", "", "".join(one.content for one in inline if is_plain(one)))
    assert not {"@team", "#1", "!2", "http://evil"} & set(shown.split())
    widths = [
        sum(one.type in ("th_open", "td_open") for one in tokens[start:end])
        for start, end in zip(
            [at for at, one in enumerate(tokens) if one.type == "tr_open"],
            [at for at, one in enumerate(tokens) if one.type == "tr_close"],
            strict=True,
        )
    ]
    assert widths == [2] * 5 + [3] * 2 + [7] * 2


def test_markdown_begins_with_its_marker_and_fits_a_comment():
    models = [
        moved(
            *(metric(0.1, 0.2, "better", name=f"metric{number}") for number in range(100)),
            name=f"model{number}",
        )
        for number in range(100)
    ]
    violations = tuple(worse(model=f"model{number}") for number in range(300))
    verdict = Verdict(title="t", role="production", violations=violations)

    text = render_markdown(a_diff(*models, findings=verdict))

    assert text.startswith("<!-- paddledvc-diff -->\n### Models: `change as merged into main`\n\n")
    assert "\n\n❌ **`check` refuses it: 300 errors by the rules of production**\n\n|" in text
    assert len(text) <= LARGEST + 200
    assert "- and 250 more, which `paddledvc check` lists" in text
    assert "and 50 more rows, which `paddledvc diff` shows in a shell" in text
    assert text.endswith("more models change, which `paddledvc diff` shows in a shell.")


def test_a_change_of_nothing_says_so_in_markdown():
    assert render_markdown(a_diff()).endswith("\n\nNo model changes.")
