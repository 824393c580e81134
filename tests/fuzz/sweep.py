"""Feed spoilt inputs of every format to what reads it, and print what became of them, as a table.

usage: python tests/fuzz/sweep.py [--seed SEED] [--inputs INPUTS] [--jobs N] [FORMAT...]
       python tests/fuzz/sweep.py --replay FILE FORMAT

An input may be taken, or refused in a sentence and with exit code 1, 2 or 3. It fails if there is
a traceback, if it takes more than 5 s of work or 20 s on the clock, if anything changes outside of
the project's folder, or below .git what is not ours, if what is printed could command a terminal
or a CI runner, or if it shows what lies outside. Failing inputs are kept, and ``--replay`` feeds
one again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import bench as benches
from tests.fuzz.bench import Bench, Verdict
from tests.fuzz.formats import list_formats
from tests.fuzz.pool import FORK, Pool, Told, make_input
from tests.gated import EXPORTED, Gated
from tests.weights_repo import start

if TYPE_CHECKING:
    from collections.abc import Sequence

INPUTS = 40_000
PACE = 5000
"""Inputs after which the next sign of life is given."""
KEPT = 3
"""Inputs that are kept of those of a format that fail alike."""
WAYS = 60
"""How often a kept input is fed again, as there are several ways to read one."""


@dataclass(slots=True)
class Row:
    """What became of the inputs of a format."""

    rejected: int = 0
    accepted: int = 0
    failed: list[Told] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, told: Told) -> None:
        self.seconds += told.seconds
        if told.verdict.kind == "failed":
            self.failed.append(told)
        elif told.verdict.kind == "accepted":
            self.accepted += 1
        else:
            self.rejected += 1


def sweep(
    seed: str, inputs: int, jobs: int, chosen: Sequence[str] = (), kept: Path | None = None
) -> dict[str, Row]:
    """Feed inputs of every format, or of those that are chosen.

    Args:
        seed: what all inputs follow from.
        inputs: how many there are to be at least.
        jobs: processes that feed them.
        chosen: names of formats; all of them by default.
        kept: a folder for inputs that fail.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        top = Path(folder).resolve()
        pristine = make_pristine(top)
        every = {one.name: one for one in list_formats(pristine)}
        formats = {name: every[name] for name in chosen or every}
        shares = {name: 1 if one.slow else 3 for name, one in formats.items()}
        whole = sum(shares.values())
        counts = {name: -(-inputs * share // whole) for name, share in shares.items()}
        rows = {name: Row() for name in formats}
        alike: Counter[tuple[str, str]] = Counter()
        for done, told in enumerate(Pool(top, pristine, seed, counts).run(jobs), start=1):
            rows[told.name].add(told)
            if done % PACE == 0:
                print(f"{done:,} of {sum(counts.values()):,}", file=sys.stderr, flush=True)
            if told.verdict.kind != "failed":
                continue
            alike[told.name, told.verdict.why] += 1
            if alike[told.name, told.verdict.why] == 1:
                line = f"{told.name}, input {told.number}: {told.verdict.why}"
                print(line, file=sys.stderr, flush=True)
            if kept is not None and alike[told.name, told.verdict.why] <= KEPT:
                _keep(kept, told, make_input(seed, formats[told.name], told.number)[0])
    return rows


def _keep(folder: Path, told: Told, data: bytes) -> None:
    name = "".join(one if one.isalnum() else "-" for one in told.name).strip("-")
    (folder / f"{name}.{told.number}").write_bytes(data)
    why = f"{told.verdict.why}\n{told.verdict.detail}\n"
    (folder / f"{name}.{told.number}.why").write_text(why, errors="backslashreplace")


def make_pristine(top: Path) -> Path:
    """Make the project that each process copies, in a process whose settings are its own."""
    process = FORK.Process(target=_make_pristine, args=(top,))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit("the project for the inputs cannot be made; see above")
    return top / "pristine" / "work"


def _make_pristine(top: Path) -> None:
    home, gated = top / "home", top / "gated"
    for folder in (home, gated):
        folder.mkdir()
    (home / ".gitconfig").write_text(benches.GIT)
    benches.isolate(home, top / "own")
    folder = SimpleNamespace(
        root=gated,
        read=lambda name: (gated / name).read_text(),
        write=partial(_write, gated),
    )
    Gated(folder).models(EXPORTED)
    made = start(top / "pristine" / "work", os.environ)
    report = json.loads((gated / "reports/resnet50/verify.json").read_text())
    made.write("reports/example.json", json.dumps(report))
    made.commit("reports")
    shutil.rmtree(made.root / ".git" / "hooks", ignore_errors=True)
    # The server's branch names no remote, so that this clone trusts none that an input names.
    made.write(".dvc/config", "")
    made.commit("no remotes")
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    made.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    made.git("remote", "add", "origin", "/nowhere")
    made.git("reset", "--quiet", "--hard", "HEAD~1")


def _write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def replay(file: Path, name: str) -> Verdict:
    """Feed one input again, in several ways."""
    data = file.read_bytes()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        top = Path(folder).resolve()
        pristine = make_pristine(top)
        one = Bench(top / "bench", pristine)
        benches.isolate(one.home, one.own)
        os.chdir(one.root)
        benches.confine()
        fed = next(each for each in list_formats(pristine) if each.name == name)
        ways = (partial(fed.feed, one, data, random.Random(way)) for way in range(WAYS))
        verdicts = list(map(one.judge, ways))
        os.chdir("/")
    return next((one for one in verdicts if one.kind == "failed"), verdicts[0])


def print_table(rows: dict[str, Row]) -> None:
    print("| format | inputs | rejected | accepted | failures | ms each |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    together = Row()
    for name, row in rows.items():
        _print_row(name, row)
        together.rejected += row.rejected
        together.accepted += row.accepted
        together.failed += row.failed
        together.seconds += row.seconds
    _print_row("together", together)


def _print_row(name: str, row: Row) -> None:
    count = row.rejected + row.accepted + len(row.failed)
    each = 1000 * row.seconds / max(1, count)
    print(
        f"| {name} | {count} | {row.rejected} | {row.accepted} | {len(row.failed)} | {each:.1f} |"
    )


def main(words: Sequence[str]) -> int:
    """Sweep, or feed one input again."""
    parser = argparse.ArgumentParser(usage=(__doc__ or "").partition("usage: ")[2])
    parser.add_argument("--seed", default="")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--replay", type=Path, metavar="FILE")
    parser.add_argument("formats", nargs="*", metavar="FORMAT")
    asked = parser.parse_args(words)
    if asked.replay is not None:
        verdict = replay(asked.replay, *asked.formats)
        print(verdict.kind, verdict.why, verdict.detail, sep="\n")
        return int(verdict.kind == "failed")
    seed = asked.seed or str(random.SystemRandom().randrange(10**6))
    print(f"seed {seed}; the same again: SEED={seed} INPUTS={asked.inputs} make fuzz", flush=True)
    kept = Path(tempfile.mkdtemp(prefix="fuzz-failures-"))
    rows = sweep(seed, asked.inputs, asked.jobs, asked.formats, kept)
    print_table(rows)
    with suppress(OSError):
        kept.rmdir()  # nothing failed
    if kept.exists():
        print(f"failing inputs, {KEPT} of each kind, and why they fail: {kept}")
    return int(any(row.failed for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
