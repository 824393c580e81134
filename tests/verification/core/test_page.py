from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from paddledvc.verification.core import evidence, svg
from paddledvc.verification.core import page as pages
from paddledvc.verification.core.evidence import ErrorRow, Evidence, Latencies
from paddledvc.verification.core.json_values import decode_value
from paddledvc.verification.core.page import Origin, Verification, render_overview_page, render_page

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


RUNTIME = {"paddle": "3.3.1", "commit": "abc", "device": "cpu", "flags": {}}


def a_verification(slug="net", verdict="pass", errors=(0.0, 2e-8), findings=(), **fields):
    path = {
        "path": "jit",
        "passed": verdict == "pass",
        "gate": "program",
        "tolerance": 1e-7,
        "findings": list(findings),
        "outputs": [
            {
                "name": "out",
                "edge": fields.pop("edge", ""),
                "scaled_error": "inf" if max(errors) == INF else max(errors),
                "ulps": 3,
                "top1_changed": fields.pop("top1", None if verdict == "pass" else 1),
            }
        ],
        "diagnosis": fields.pop("diagnosis", None),
    }
    details = {
        "version": 1,
        "model": "net <b>",
        "model_version": "v1.0",
        "batch_sizes": [1, 3],
        "repeatable": True,
        "runtime": RUNTIME,
        "files": [{"path": "w.pdparams", "md5": "ab" * 16, "sha256": None, "size": 1200}],
        "samples_sha256": "cd" * 32,
        "paths": [path],
        **fields,
    }
    worst = max(errors)
    report = {
        "verdict": verdict,
        "scaled_error": {"jit": "inf" if worst == INF else worst},
        "tolerance_used": {"jit": "inf" if worst == INF else worst / 1e-7},
        "samples": len(errors),
        "evidence": [details],
    }
    latency = {"calls": [{"path": "jit", "batch": 3, "median_ms": 2.0, "p95_ms": 3.0}]}
    return Verification(
        slug=slug,
        evidence=Evidence.from_json(json.dumps(report)),
        latencies=Latencies.from_json(json.dumps(latency)),
        errors=tuple(
            ErrorRow(sample=number, batch=1, path="jit", output="out", scaled_error=error)
            for number, error in enumerate(errors)
        ),
    )


def test_a_page_says_the_verdict_and_what_it_is_of():
    words = read(render_page(a_verification()))

    assert "net <b> v1.0: pass" in words
    assert "2 samples at batch sizes 1, 3; Paddle 3.3.1 on cpu" in words
    assert "jit pass 2e-08 1e-07 0.2 program" in words
    assert f"w.pdparams {'ab' * 16} 1200" in words


def test_what_is_wrong_stands_at_the_top():
    finding = "out: scaled error 0.5 over the tolerance 1e-07"
    begins = {"sublayer": "b", "kind": "Conv", "scaled_error": 1.0, "cause": "c", "advice": "d"}
    fields = {"findings": [finding], "diagnosis": {**begins, "place": "net.py:12"}}
    text = render_page(a_verification(verdict="fail", errors=(0.5, INF), **fields))

    places = [text.index(one) for one in ("jit: net.py:12: c; d", finding, "1 of 2 first", "<h2>")]
    assert places == sorted(places), "the cause leads"
    assert "jit: net.py:12: c; d; it begins in sublayer b (Conv)" in read(text)
    assert "1 1 jit out inf inf" in read(text)


def test_first_answers_that_change_are_counted_in_words():
    made = a_verification(verdict="fail", errors=(0.5, 0.1, 0.0))

    assert "jit: 1 of 3 first answers change (out)" in read(render_page(made))
    made = a_verification(top1=0)
    assert "0 of 2 first answers change" in read(render_page(made))


def test_whose_a_report_is_and_since_when_stands_on_both_pages():
    origin = Origin(owner="the team", version="v1.2", commit="abc1234", date="2026-11-22")
    made = replace(a_verification(), origin=origin)
    page, overview = render_page(made), render_overview_page([made])

    assert "net <b> v1.2: pass" in read(page)
    assert "Owner: the team; commit of the report: abc1234 of 2026-11-22" in read(page)
    assert '<a href="../index.html">' in page
    assert "v1.2 the team pass 0.2 jit 3.3.1 abc1234 2026-11-22" in read(overview)
    assert "href" not in render_page(made, linked=False)


def test_the_largest_errors_name_each_sample_once():
    made = a_verification(verdict="fail", errors=(0.5, 1e-8))
    rows = [replace(row, path=path) for row in made.errors for path in ("jit", "gpu")]
    jit = made.evidence.paths[0]
    both = replace(made.evidence, paths=(jit, replace(jit, path="gpu")))
    words = read(render_page(replace(made, evidence=both, errors=tuple(rows))))

    assert words.count("0 1 jit out 0.5") == 1
    assert "0 1 gpu out" not in words
    assert "0.5 5e+06 jit, gpu 1 1 jit" in words


def test_a_verdict_that_its_own_paths_deny_is_no_pass():
    made = a_verification()
    lying = replace(made, evidence=replace(made.evidence, paths=()))

    assert "v1.0: fail" in read(render_page(lying))
    assert "0 of 1 models pass" in read(render_overview_page([lying]))


def test_no_label_of_a_plot_lies_on_a_point_or_on_another_label():
    every = [
        svg.Series(path=path, tolerance=tolerance, errors=(tolerance, tolerance / 2, 1e-9, INF))
        for path, tolerance in (("jit", 1e-7), ("deployed", 1.1e-7), ("onnx", 1.2e-7), ("gpu", 1))
    ]
    text = svg.draw_errors_svg(every)
    labels = re.findall(r'<text class="tolerance" x="([^"]+)" y="([^"]+)"', text)
    across = [float(one) for one in re.findall(r'cx="([^"]+)"', text)]
    lines = sorted(float(y) for _, y in labels)

    assert len(labels) == 4
    assert min(float(x) for x, _ in labels) > max(across) + 3
    assert min(after - before for before, after in pairwise(lines)) >= svg.LINE
    assert lines[0] > 0
    assert lines[-1] <= svg.HEIGHT - svg.BOTTOM


def test_where_a_disagreement_begins_is_told():
    begins = {"sublayer": "b", "kind": "Conv", "scaled_error": 1.0, "cause": "c", "advice": "d"}
    made = a_verification(verdict="fail", diagnosis=begins)

    assert "jit: c; d; it begins in sublayer b (Conv)" in read(render_page(made))


def test_notes_and_the_error_against_float64_are_told():
    words = read(render_page(a_verification(notes=["look <here>"], float64_error={"out": 1.5e-7})))

    assert "note: look <here>" in words
    assert "that float32 has anyway. output scaled error out 1.5e-07" in words


def test_errors_at_edge_values_are_named():
    made = a_verification(verdict="fail", errors=(0.5,), edge="nan")
    words = read(render_page(replace(made, errors=(replace(made.errors[0], edge="inf"),))))

    assert "jit out at edge value nan 0.5" in words
    assert "jit out at edge value inf 0.5" in words


def test_a_network_that_is_not_repeatable_is_told():
    words = read(render_page(a_verification(verdict="not-repeatable", repeatable=False)))

    assert "gives different outputs when it is run again" in words


def test_equal_outputs_have_no_largest_errors():
    assert "No output differs in any bit." in read(render_page(a_verification(errors=(0.0, 0.0))))


def test_a_path_that_did_not_run_has_no_points():
    words = read(render_page(a_verification(verdict="fail", errors=(0.0,), paths=[])))

    assert "<circle" not in words


def test_the_overview_names_failures_first():
    fine, bad = a_verification("a"), a_verification("b", verdict="fail", errors=(1.0,))
    text = render_overview_page([fine, bad])

    assert "1 of 2 models pass" in read(text)
    assert re.findall(r'href="([^"]+)"', text) == ["b/verify.html", "a/verify.html"]


def heights(text):
    return [float(one) for one in re.findall(r'cy="([^"]+)"', text)]


def test_larger_errors_stand_higher_and_those_above_the_tolerance_are_marked():
    series = svg.Series(path="jit", tolerance=1e-7, errors=(0.0, 1e-9, 1e-8, 1e-3, INF))
    text = svg.draw_errors_svg([series])

    assert heights(text) == sorted(heights(text), reverse=True)
    assert len(set(heights(text))) == 5
    assert text.count(' bad"') == 2
    assert "tolerance 1e-07: jit" in text


@pytest.mark.parametrize("errors", [(0.0,), (INF,), (1e-300,), (1e300, 1e-300), (0.0, INF)])
def test_any_errors_can_be_drawn(errors):
    text = svg.draw_errors_svg([svg.Series(path="jit", tolerance=0, errors=errors)])

    assert all(0 <= height <= svg.HEIGHT for height in heights(text))
    assert "nan" not in text


def test_of_many_samples_the_worst_of_each_few_is_drawn():
    errors = tuple(1e-3 if number == 4321 else 1e-9 for number in range(10_000))
    text = svg.draw_errors_svg([svg.Series(path="jit", tolerance=1e-5, errors=errors)])

    assert text.count("<circle") <= svg.MOST
    assert "jit, sample 4321: 0.001" in text


def test_a_box_spans_the_middle_half_of_the_calls():
    box = svg.Box(path="jit", fastest=1, q1=2, median=3, q3=4, p95=8)
    text = svg.draw_times_svg([box, svg.Box(path="eager", fastest=0, q1=0, median=0, q3=0, p95=0)])
    first = re.search(r'<rect class="c0" x="([^"]+)" y="[^"]+" width="([^"]+)"', text)
    unit = (svg.WIDTH - svg.LEFT - svg.RIGHT - 60) / 8

    assert float(first[1]) == pytest.approx(svg.LEFT + 40 + 2 * unit, abs=0.1)
    assert float(first[2]) == pytest.approx(2 * unit, abs=0.1)
    assert "jit: median 3 ms, 95 % within 8 ms" in text


class Structure(HTMLParser):
    """Reads what a page is built of, and apart from it the text that it shows."""

    def __init__(self, text) -> None:
        super().__init__()
        self.built, self.words = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.built.append((tag, attrs))

    def handle_endtag(self, tag):
        self.built.append((tag, None))

    def handle_comment(self, data):
        self.built.append(("comment", data))

    def handle_decl(self, decl):
        self.built.append(("declaration", decl))

    def handle_data(self, data):
        self.words.append(data)


def filled(value, text):
    """Put a text wherever a report has one, also where it names something."""
    if isinstance(value, dict):
        return {key if key in KEYS else text: filled(one, text) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, text) for one in value]
    return text if isinstance(value, str) else value


KEYS = {
    *("verdict", "scaled_error", "tolerance_used", "samples", "evidence", "version", "model"),
    *("model_version", "batch_sizes", "repeatable", "float64_error", "notes", "runtime", "paddle"),
    *("commit", "device", "flags", "files", "path", "md5", "sha256", "size", "samples_sha256"),
    *("paths", "passed", "gate", "tolerance", "findings", "diagnosis", "sublayer", "kind"),
    *("cause", "advice", "outputs", "name", "edge", "ulps", "branches", "file", "line", "code"),
    *("outcomes", "edge_values", "dtype", "shape", "reason", "engine", "precision"),
    *("calls", "batch", "median_ms", "p95_ms", "processes", "peak_mib", "seconds"),
    "samples_per_second",
}
REPORT = {
    "verdict": "fail",
    "scaled_error": {"jit": 0.5},
    "tolerance_used": {"jit": 5e6},
    "samples": 2,
    "evidence": [
        {
            "version": 1,
            "model": "net",
            "model_version": "v1",
            "batch_sizes": [1],
            "repeatable": False,
            "float64_error": {"out": 1e-7},
            "notes": ["look"],
            "branches": [{"file": "n.py", "line": 1, "code": "if x:", "outcomes": [True]}],
            "edge_values": ["nan"],
            "outputs": [{"name": "out", "dtype": "float32", "shape": [1]}],
            "runtime": {**RUNTIME, "flags": {"FLAGS_x": "1"}},
            "files": [{"path": "w.pdparams", "md5": "ab", "sha256": "cd", "size": 3}],
            "samples_sha256": "ef",
            "engine": {"precision": "float32"},
            "tolerance": {"reason": "why", "outputs": {"out": {"reason": "why"}}},
            "paths": [
                {
                    "path": "jit",
                    "passed": False,
                    "gate": "program",
                    "tolerance": 1e-7,
                    "runtime": RUNTIME,
                    "findings": ["out: off"],
                    "diagnosis": {
                        "sublayer": "b",
                        "kind": "Conv",
                        "scaled_error": 1.0,
                        "cause": "it is old",
                        "advice": "mend it",
                    },
                    "outputs": [{"name": "out", "edge": "nan", "scaled_error": 0.5, "ulps": 3}],
                }
            ],
        }
    ],
}
LATENCY = {
    "samples_per_second": {"jit": 5.0},
    "calls": [{"path": "jit", "batch": 1, "median_ms": 2.0, "p95_ms": 3.0}],
    "processes": [{"path": "jit", "peak_mib": 5.0, "seconds": {"import": 1.0}}],
}


def filled_verification(text):
    """A verification of which every text is the given one, whatever a schema says to that."""
    value = filled(REPORT, text)
    row = ErrorRow(sample=0, batch=1, path=text, output=text, scaled_error=0.5, edge=text)
    return Verification(
        slug=text,
        evidence=decode_value(Evidence, evidence._joined(value, value["evidence"][0])),
        latencies=Latencies.from_json(json.dumps(filled(LATENCY, text))),
        errors=(row, replace(row, sample=1)),
        origin=Origin(owner=text, version=text, commit=text, date=text),
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload="alert(1)">',
        "' onmouseover='alert(1)",
        '" style="x" class="',
        "javascript:alert(1)",
        "</style></title></svg></td><script>alert(1)</script>",
        "<!-- <a href=javascript:alert(1)>",
        "&lt;b&gt; &amp;",
        "{{ 7 * 7 }}{% raw %}",
    ],
)
def test_no_text_of_a_report_is_anything_but_text_in_a_page(hostile):
    harmless, bad = filled_verification("word"), filled_verification(hostile)
    expected, found = Structure(render_page(harmless)), Structure(render_page(bad))

    assert found.built == expected.built
    assert found.words == [one.replace("word", hostile) for one in expected.words]
    assert "".join(found.words).count(hostile) > 30

    expected, found = (
        Structure(render_overview_page([harmless])),
        Structure(render_overview_page([bad])),
    )
    links = [dict(attrs)["href"] for tag, attrs in found.built if tag == "a" and attrs]
    assert [urlsplit(link).scheme for link in links] == [""]
    assert [(tag, tag == "a" or attrs) for tag, attrs in found.built] == [
        (tag, tag == "a" or attrs) for tag, attrs in expected.built
    ]
    assert [[key for key, _ in attrs] for tag, attrs in found.built if tag == "a" and attrs] == [
        ["href"]
    ]
    assert found.words == [one.replace("word", hostile) for one in expected.words]


def test_only_plots_are_taken_for_html_by_templates():
    folder = Path(pages.__file__).parents[1] / "templates"
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}

    safe = {name: re.findall(r"{{[^}]*safe[^}]*}}", text) for name, text in texts.items()}
    assert {name: found for name, found in safe.items() if found} == {
        "model.html": [
            "{{ svg.draw_errors_svg(series)|safe }}",
            "{{ svg.draw_times_svg(boxes)|safe }}",
        ]
    }
    assert not any(re.search("autoescape|script|Markup", text) for text in texts.values())


def test_a_report_without_shares_and_runtime_has_a_page():
    made = a_verification()
    bare = replace(made.evidence, tolerance_used={}, scaled_error={}, runtime=None)

    assert "net <b>: pass 2 samples at batch sizes 1, 3 Owner" in read(
        render_page(replace(made, evidence=bare))
    ).replace(" v1.0", "")
    assert "net <b> v1.0 pass 0 jit" in read(render_overview_page([replace(made, evidence=bare)]))


def test_a_path_of_a_newer_version_is_drawn_too():
    series = svg.Series(path="npu", tolerance=1e-7, errors=(1e-8,))

    assert '<circle class="other"' in svg.draw_errors_svg([series])
