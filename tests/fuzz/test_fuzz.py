"""A small part of ``make fuzz``, and that its judge sees what it is there for."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from paddledvc.errors import InvalidInput
from tests.fuzz.bench import LIMIT, SECRET, Bench, Refused, isolate
from tests.fuzz.sweep import sweep


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A project that is an empty folder."""
    for name, value in os.environ.items():
        monkeypatch.setenv(name, value)  # so that all is put back
    pristine = tmp_path / "pristine"
    (pristine / ".git").mkdir(parents=True)
    (pristine / ".git" / "config").write_text("[core]\n")
    (tmp_path / "top").mkdir()
    made = Bench(tmp_path / "top", pristine)
    isolate(made.home, made.own)
    monkeypatch.chdir(made.root)
    return made


def refuse():
    raise InvalidInput("no")


def refuse_more():
    raise Refused


def fail():
    raise KeyError("x")


def exhaust():
    raise MemoryError


def run_out():
    return run_out()


def stop():
    raise SystemExit(70)


@pytest.mark.parametrize(
    ("feed", "kind", "why"),
    [
        (lambda: 7, "accepted", ""),
        (refuse, "rejected", ""),
        (refuse_more, "rejected", ""),
        (fail, "failed", "KeyError"),
        (exhaust, "failed", "MemoryError"),
        (run_out, "failed", "RecursionError"),
        (stop, "failed", "SystemExit"),
        (partial(time.sleep, 60), "failed", "hang"),
        (lambda: sys.stdout.unescaped.write("\x1b[2J"), "failed", "raw control character"),
        (lambda: sys.stdout.unescaped.write("a\n ::error::b"), "failed", "command to CI"),
        (lambda: sys.stderr.write("this is a bug"), "failed", "bug"),
        (lambda: sys.stdout.write(SECRET), "failed", "shows what is outside"),
        (lambda: sys.stdout.write("\x1b[2J\n::error::b"), "accepted", ""),
        (lambda: sys.stdout.unescaped.write("::error file=a::b\n"), "accepted", ""),
        (lambda: Path("../escaped").touch(), "failed", "outside: "),
        (lambda: Path("~/.bash_profile").expanduser().write_text(""), "failed", "outside: "),
        (lambda: Path("~/.netrc").expanduser().unlink(), "failed", "outside: "),
        (lambda: Path(".git/config").write_text("x"), "failed", "outside: .git/config"),
        (lambda: Path(".git/hooks").mkdir(), "failed", "outside: .git/hooks"),
        (lambda: Path("README.md").write_text("x"), "failed", "outside: README.md"),
        (lambda: Path("models.yaml").write_text("x"), "accepted", ""),
    ],
)
def test_the_judge_sees_what_must_not_be(bench, feed, kind, why):
    verdict = bench.judge(feed, limit=0.05 if why == "hang" else LIMIT)

    assert (verdict.kind, verdict.why[: len(why)]) == (kind, why)
    assert bench.judge(lambda: None).kind == "accepted"  # all was put back
    assert sorted(one.name for one in bench.root.rglob("*")) == [".git", "config"]


@pytest.mark.thorough
def test_no_spoilt_input_of_any_format_does_harm():
    rows = sweep("tests", 2000, jobs=2)

    assert {name: row.failed for name, row in rows.items() if row.failed} == {}
    assert len(rows) >= 37
    assert all(row.accepted for row in rows.values())
