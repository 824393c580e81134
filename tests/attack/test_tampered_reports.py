"""A report that a branch spoils: refused with a sentence by whoever reads it, and only text."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.gate.test_check_metrics import EVALUATED, FUNCTION, measured, right
from tests.gated import EXPORTED, Gated

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = "reports/resnet50/verify.json"
MEASURED = "reports/resnet50/evaluate.json"
ATTACK = "<img src=x onerror=alert(1)>"
READERS = (("check",), ("report",), ("status",), ("list",), ("show", "resnet50"))
INTERNAL = 70
MISSING = object()


@pytest.fixture
def verified(project):
    made = Gated(project)
    made.models(EXPORTED)
    made.commit("released")
    return made


@pytest.fixture
def evaluated(verified):
    verified.write("net.py", verified.read("net.py") + FUNCTION)
    verified.models(EVALUATED)
    made = measured(verified, right(range(9)), right(range(10)), changed=1, spread={})
    verified.write(MEASURED, made.to_json())
    verified.write("reports/resnet50/evaluate/confusion.csv", "actual,predicted\n1,2\n")
    verified.commit("measured")
    return verified


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every place of a document."""
    if path:
        yield path
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield from places(value[key], (*path, key))


def parent(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        value = value[key]
    return value


def spoilt(value: Any, path: tuple[Any, ...], put: Any) -> str:
    """Put something at a place, or leave out what stands there."""
    changed = copy.deepcopy(value)
    if put is MISSING:
        del parent(changed, path)[path[-1]]
    else:
        parent(changed, path)[path[-1]] = put
    return json.dumps(changed).replace(f'"{LONG}"', "9" * 4400)


LONG = "more digits than Python reads"
SPOILT = [
    (("evidence", 0, "samples"), ATTACK, f"samples: found '{ATTACK}', expected a whole number"),
    (("verdict",), "passed", "verdict: found 'passed', expected one of pass, fail"),
    (("evidence", 0, "paths", 0, "path"), ATTACK, "evidence[0].paths[0].path: found '<img"),
    (("evidence", 0, "files", 0, "md5"), ATTACK, "alert(1)>', expected 32 hexadecimal digits"),
    (("evidence", 0, "more"), 1, "evidence[0].more: unknown key 'more'"),
    (("evidence", 0, "files"), None, "evidence[0].files: found nothing, expected a list"),
    (("evidence", 0, "paths", 0, "passed"), MISSING, "evidence[0].paths[0]: 'passed' is missing"),
    (("evidence", 0, "scaled_error", "jit"), float("nan"), "holds NaN, which JSON does not have"),
    (("evidence", 0, "samples"), LONG, "holds a whole number of more than 4,300 digits"),
    (("evidence", 0, "paths", 0, "passed"), False, "the verdict is pass, and jit has not passed"),
    (("evidence", 0, "model"), "\ud800", "holds a character that no text has"),
    (("evidence", 0, "paths", 0, "outputs", 0, "scaled_error"), 0.5, "contradicts itself: jit"),
]


def test_check_refuses_a_tampered_report_and_names_file_key_found_and_expected(verified, cli):
    value = json.loads(verified.read(REPORT))
    for path, put, sentence in SPOILT:
        verified.write(REPORT, spoilt(value, path, put))
        code, out, err = cli("check")

        assert code == 1, err
        found = next(line for line in out.splitlines() if "evidence-invalid" in line)
        assert REPORT in found
        assert sentence in found


@pytest.mark.slow
def test_no_spoilt_value_of_a_report_ends_a_reader_without_a_sentence(verified, cli):
    """Every key is left out, or something else put there, and every reader asked."""
    value = json.loads(verified.read(REPORT))
    nested: list[Any] = []
    for _ in range(600):
        nested = [nested]
    texts = [spoilt(value, path, MISSING) for path in places(value)]
    texts += [
        spoilt(value, path, put)
        for path in list(places(value))[::3]
        for put in (ATTACK, None, -1, 10**400, [], {}, nested)
    ]
    for number in range(0, len(texts), 6):
        verified.write(REPORT, texts[number])
        reader = READERS[number // 6 % len(READERS)]
        done = cli(*reader)
        assert done[0] != INTERNAL, (reader, texts[number], done)
        assert "Traceback" not in done[2]


def test_what_a_tampered_report_says_is_text_on_its_page(verified, cli):
    value = json.loads(verified.read(REPORT))
    evidence = value["evidence"][0]
    evidence["model"] = evidence["model_version"] = ATTACK
    evidence["notes"] = [ATTACK, "\u202egnp.exe"]
    evidence["samples_sha256"] = "1" * 64
    evidence["paths"][0]["findings"] = [ATTACK]
    verified.write(REPORT, json.dumps(value))
    assert cli("report")[0] == 0
    pages = [verified.read("reports/index.html"), verified.read("reports/resnet50/verify.html")]

    assert not any("<img" in page or "\u202e" in page for page in pages)
    assert all("default-src 'none'" in page for page in pages), "and no script would run"
    assert "&lt;img src=x onerror=alert(1)&gt;" in pages[1]


@pytest.mark.slow
def test_no_spoilt_value_of_what_was_measured_ends_a_reader_without_a_sentence(evaluated, cli):
    """Every key is left out, or something else put there: its page says so, or shows it as text."""
    value = json.loads(evaluated.read(MEASURED))
    nested: list[Any] = []
    for _ in range(600):
        nested = [nested]
    texts = [
        spoilt(value, path, put)
        for path in places(value)
        for put in (MISSING, ATTACK, None, -1, 10**400, 1e300, [], {}, nested)
    ]
    for number in range(0, len(texts), 30 * len(READERS) + 1):
        for reader in READERS:
            evaluated.write(MEASURED, texts[number])
            done = cli(*reader)
            assert done[0] != INTERNAL, (reader, texts[number], done)
            assert "Traceback" not in done[2]
        assert "<img" not in evaluated.read("reports/resnet50/verify.html")


def test_what_a_tampered_measurement_says_is_text_on_its_page(evaluated, cli):
    value = json.loads(evaluated.read(MEASURED))
    details = value["evidence"][0]
    value[ATTACK] = dict.fromkeys(details["inputs_sha256"], 0.5)
    details["runtime"]["network"]["device"] = "\u202egnp.exe"
    for one in (*details["slices"],):
        one["by"] = ATTACK
    details["parts"] = {ATTACK: details["parts"]["form"]}
    evaluated.write(MEASURED, json.dumps(value))
    folder = "reports/resnet50/evaluate"
    evaluated.write(f"{folder}/confusion.csv", f"{ATTACK},b\n{ATTACK},1\n")
    row = f"{ATTACK},deployed,accuracy,1,0"
    evaluated.write(f"{folder}/changed.csv", f"sample,path,metric,network,exported\n{row}\n")
    assert cli("report")[0] == 0
    pages = [evaluated.read("reports/index.html"), evaluated.read("reports/resnet50/verify.html")]

    assert not any("<img" in page or "\u202e" in page for page in pages)
    assert pages[1].count("&lt;img src=x onerror=alert(1)&gt;") >= 8


def test_a_report_cannot_claim_more_samples_than_it_has(evaluated, cli):
    """An interval would be too narrow, and a part better or worse than it is."""
    value = json.loads(evaluated.read(MEASURED))
    for path, put, sentence in (
        (("evidence", 0, "samples"), 5_000, "has no parts of 5000 samples"),
        (
            ("evidence", 0, "slices", 0, "samples"),
            5_000,
            "has other parts of form than its",
        ),
        (("accuracy", "network"), 0.5, "says that accuracy is 0.5 of network, and its 500 samples"),
        (("evidence", 0, "files", 0, "md5"), "1" * 32, "with md5:11111111111111111111111111111111"),
        (("evidence", 0, "more"), 1, "evidence[0].more: unknown key"),
    ):
        evaluated.write(MEASURED, spoilt(value, path, put))
        code, _, _ = cli("report")
        page = evaluated.read("reports/resnet50/verify.html")

        assert code == 0
        assert sentence in " ".join(page.split()), page
        assert "its numbers are not shown" in page
        assert "0.982 (" not in page


def test_tables_that_no_verification_wrote_are_refused(verified, cli):
    name = "reports/resnet50/verify.csv"
    head = verified.read(name).splitlines()[0]
    for row in ("99999999999,1,jit,y,0.5", "-1,1,jit,y,0.5", "0,1,jit,y,nan", "0,1,jit"):
        verified.write(name, f"{head}\n{row}\n")
        code, _, err = cli("report")

        assert code == 2, row
        assert f"{name}:" in err
    verified.write(name, head)
    verified.write("reports/resnet50/latency.json", '{"median_ms": {"jit": NaN}}')

    assert cli("report")[:2] == (2, "")
