from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from paddledvc.verification.core import svg
from paddledvc.verification.core.page import Evidence, overview, page

INF = float("inf")
OPEN = {"meta", "br"}


class Strict(HTMLParser):
    """Reads a page, and sees that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.words, self.outside = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in OPEN:
            self.open.append(tag)
        self.outside += [value for key, value in attrs if key in ("src", "href") and "://" in value]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def read(text):
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    assert parser.outside == []
    return " ".join(" ".join(parser.words).split())


def evidence(slug="net", verdict="pass", errors=(0.0, 2e-8), findings=(), **fields):
    path = {
        "path": "jit",
        "passed": verdict == "pass",
        "gate": "program",
        "tolerance": 1e-7,
        "findings": list(findings),
        "outputs": [{"name": "out", "scaled_error": max(errors), "ulps": 3, "top1_changed": None}],
    }
    details = {
        "model": "net <b>",
        "model_version": "v1.0",
        "batch_sizes": [1, 3],
        "repeatable": True,
        "runtime": {"paddle": "3.3.1", "device": "cpu"},
        "files": [{"path": "w.pdparams", "md5": "ab", "sha256": None, "size": 1200}],
        "samples_sha256": "cd",
        "paths": [path],
        **fields,
    }
    worst = max(errors)
    return Evidence(
        slug=slug,
        report={
            "verdict": verdict,
            "scaled_error": {"jit": "inf" if worst == INF else worst},
            "tolerance_used": {"jit": "inf" if worst == INF else worst / 1e-7},
            "samples": len(errors),
            "evidence": [details],
        },
        latency={"calls": [{"path": "jit", "batch": 3, "median_ms": 2.0, "p95_ms": 3.0}]},
        errors=[
            {"sample": str(n), "batch": "1", "path": "jit", "output": "out", "scaled_error": str(e)}
            for n, e in enumerate(errors)
        ],
    )


def test_a_page_says_the_verdict_and_what_it_is_of():
    words = read(page(evidence()))

    assert "net <b> v1.0: pass" in words
    assert "2 samples at batch sizes 1, 3; Paddle 3.3.1 on cpu" in words
    assert "jit pass 2e-08 1e-07 0.2 program" in words
    assert "w.pdparams ab 1200" in words


def test_what_is_wrong_stands_at_the_top():
    finding = "out: scaled error 0.5 over the tolerance 1e-07"
    text = page(evidence(verdict="fail", errors=(0.5, INF), findings=[finding]))

    assert text.index(finding) < text.index("<h2>")
    assert "1 1 jit out inf inf" in read(text)


def test_where_a_disagreement_begins_is_told():
    begins = {"sublayer": "b", "kind": "Conv", "scaled_error": 1.0, "cause": "c", "advice": "d"}
    made = evidence(verdict="fail")
    made.details["paths"][0]["diagnosis"] = begins

    assert "jit: it begins in sublayer b (Conv): c; d" in read(page(made))


def test_notes_and_the_error_against_float64_are_told():
    words = read(page(evidence(notes=["look <here>"], float64_error={"out": 1.5e-7})))

    assert "note: look <here>" in words
    assert "that float32 has anyway. output scaled error out 1.5e-07" in words


def test_errors_at_edge_values_are_named():
    made = evidence(verdict="fail", errors=(0.5,))
    made.details["paths"][0]["outputs"][0]["edge"] = "nan"
    words = read(page(replace(made, errors=[{**made.errors[0], "edge": "inf"}])))

    assert "jit out at edge value nan 0.5" in words
    assert "jit out at edge value inf 0.5" in words


def test_a_network_that_is_not_repeatable_is_told():
    words = read(page(evidence(verdict="not-repeatable", repeatable=False)))

    assert "gives other outputs when it is run again" in words


def test_equal_outputs_have_no_largest_errors():
    assert "No output differs in any bit." in read(page(evidence(errors=(0.0, 0.0))))


def test_a_path_that_did_not_run_has_no_points():
    words = read(page(evidence(verdict="fail", errors=(0.0,), paths=[])))

    assert "<circle" not in words


def test_the_overview_names_failures_first():
    fine, bad = evidence("a"), evidence("b", verdict="fail", errors=(1.0,))
    text = overview([fine, bad])

    assert "1 of 2 models pass" in read(text)
    assert re.findall(r'href="([^"]+)"', text) == ["b/verify.html", "a/verify.html"]


def heights(text):
    return [float(one) for one in re.findall(r'cy="([^"]+)"', text)]


def test_larger_errors_stand_higher_and_those_above_the_tolerance_are_marked():
    series = svg.Series(path="jit", tolerance=1e-7, errors=(0.0, 1e-9, 1e-8, 1e-3, INF))
    text = svg.errors([series])

    assert heights(text) == sorted(heights(text), reverse=True)
    assert len(set(heights(text))) == 5
    assert text.count(' bad"') == 2
    assert "tolerance 1e-07: jit" in text


@pytest.mark.parametrize("errors", [(0.0,), (INF,), (1e-300,), (1e300, 1e-300), (0.0, INF)])
def test_any_errors_can_be_drawn(errors):
    text = svg.errors([svg.Series(path="jit", tolerance=0, errors=errors)])

    assert all(0 <= height <= svg.HEIGHT for height in heights(text))
    assert "nan" not in text


def test_of_many_samples_the_worst_of_each_few_is_drawn():
    errors = tuple(1e-3 if number == 4321 else 1e-9 for number in range(10_000))
    text = svg.errors([svg.Series(path="jit", tolerance=1e-5, errors=errors)])

    assert text.count("<circle") <= svg.MOST
    assert "jit, sample 4321: 0.001" in text


def test_a_box_spans_the_middle_half_of_the_calls():
    box = svg.Box(path="jit", fastest=1, q1=2, median=3, q3=4, p95=8)
    text = svg.times([box, svg.Box(path="eager", fastest=0, q1=0, median=0, q3=0, p95=0)])
    first = re.search(r'<rect class="c0" x="([^"]+)" y="[^"]+" width="([^"]+)"', text)
    unit = (svg.WIDTH - svg.LEFT - svg.RIGHT - 60) / 8

    assert float(first[1]) == pytest.approx(svg.LEFT + 40 + 2 * unit, abs=0.1)
    assert float(first[2]) == pytest.approx(2 * unit, abs=0.1)
    assert "jit: median 3 ms, 95 % within 8 ms" in text
