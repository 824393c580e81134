"""``paddledvc show``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.inventory import show as workflow
from paddledvc.models.model import model_reports_folder, model_stage_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.lock_history import Earlier
    from paddledvc.inventory.show import Shown, ShownPart
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.project import Project
    from paddledvc.stages.core.record import Record
    from paddledvc.tools.git.blame import Commit
    from paddledvc.verification.core.evidence import Latencies

SHORT = 10
"""Characters of a commit's name that people read."""
_ABSENT = {"weights": "not downloaded"}


@click.command()
@click.argument("name", shell_complete=complete_model)
@format_option
@pass_project
def show(project: Project, name: str, *, output: str) -> None:
    """Show a model, and why it is locked at that version.

    Shows who asks for which versions and where, the catalog that lists them, the state of its
    weights, export, evidence and latency, the commit since which this version has had these bytes,
    and earlier versions. Uses no network.

    \b
    Example:
      paddledvc show resnet50
    """
    shown = workflow.show(project, name)
    if output == "json":
        echo_json(shown)
        return
    echo(f"{name} {shown.locked.version if shown.locked else '(not locked)'}")
    previous = ""
    for label, text in _lines(shown):
        echo(f"  {label if label != previous else '':15} {text}")
        previous = label


def _lines(shown: Shown) -> Iterator[tuple[str, str]]:
    model = shown.model
    for one in shown.asked:
        starts = "" if one.who == model.name else f"{one.who}, which starts from it, "
        yield "asked for", f"{starts}{one.requires} ({one.file}:{one.line})"
    if shown.catalog is not None:
        yield "catalog", f"{model.source}: {shown.catalog}"
    elif model.source is not None:
        yield "source", model.source
    yield from (("stale", why) for why in shown.stale)
    if shown.locked is not None and not shown.parts:
        yield "locked since", _since(shown.since)
    for part in shown.parts:
        yield from _part(part)
    if shown.locked is not None:
        yield from _sources(shown.locked)
    if shown.evidence is not None:
        yield "evidence", _evidence(shown)
    if shown.latencies is not None:
        yield from (("latency", line) for line in _latencies(shown.latencies))
    yield from _training(shown)
    yield from _environment(shown)
    yield from _described(shown)
    yield from (("base of", other) for other in shown.used_by)
    yield from (("in the group", group) for group in shown.groups)
    yield from (("was", _was(one)) for one in shown.earlier)


def _part(one: ShownPart) -> Iterator[tuple[str, str]]:
    """Say where weights or an export are, what they hash to, and since when."""
    part = one.part
    if part.stage is not None and not part.made:
        yield part.what, f"{part.path} (not built yet; run `dvc repro {part.stage}`)"
        return
    where = "in place" if one.present else _ABSENT.get(part.what, "not here")
    size = "" if part.size is None else f"{part.size:,} bytes, "
    yield part.what, f"{part.path} ({size}{where})"
    for kind in ("md5", "sha256"):
        if (digest := getattr(part, kind)) is not None:
            yield kind, digest
    yield "since", _since(one.since)


def _evidence(shown: Shown) -> str:
    report = f"{model_reports_folder(shown.model)}/verify.json"
    if shown.evidence == "missing":
        return f"missing; run `dvc repro {model_stage_name('verify', shown.model)}`"
    return f"{shown.evidence} ({report})"


def _latencies(found: Latencies) -> Iterator[str]:
    """Say what a call of each path takes at its largest batch size, and its process."""
    batches = {one.path: f" at batch {one.batch}" for one in found.calls}
    rates, memory = dict(found.samples_per_second), dict(found.peak_mib)
    for path, milliseconds in found.median_ms:
        said = [f"{path} {milliseconds:g} ms{batches.get(path, '')}"]
        said += [f"{rates[path]:,.0f} samples/s"] if path in rates else []
        said += [f"{memory[path]:,.0f} MiB"] if path in memory else []
        yield ", ".join(said)


def _training(shown: Shown) -> Iterator[tuple[str, str]]:
    """Say what made the trained weights, or else what models.yaml states of it."""
    if shown.trained is not None:
        yield from _record(shown.trained)
        return
    if shown.unrecorded:
        yield "trained", shown.unrecorded
    datasets = shown.model.train.datasets if shown.model.train is not None else {}
    yield from (("dataset", f"{name} {path}") for name, path in datasets.items())


def _record(record: Record) -> Iterator[tuple[str, str]]:
    yield "trained", f"{record.began}, in {record.seconds:.0f} s"
    if record.commit is not None:
        yield "at commit", record.commit[:SHORT] + (" with changes" if record.dirty else "")
    ran = record.runtime.device if record.runtime is not None else record.device
    yield "with", f"Paddle {record.paddle or 'none'}, Python {record.python}, {ran}"
    yield from (("param", f"{name} {value}") for name, value in record.params.items())
    for name, data in record.datasets.items():
        yield "dataset", f"{name} {data.path} {data.md5 or '(not there)'}"
    yield from (("variable", f"{name}={value}") for name, value in record.environment.items())


def _environment(shown: Shown) -> Iterator[tuple[str, str]]:
    """Name the image, and its Paddle where that is not to be read from it."""
    if shown.image is not None:
        yield "image", shown.image
        locked = shown.locked
        if locked is not None and locked.image == shown.image and locked.image_digest is not None:
            yield "digest", locked.image_digest
    if shown.paddle is not None and shown.paddle not in (shown.image or ""):
        yield "has Paddle", shown.paddle


def _was(one: Earlier) -> str:
    export = f", export {one.export}" if one.export else ""
    return f"{one.version} {one.weights or 'without known weights'}{export} on {one.where}"


def _described(shown: Shown) -> Iterator[tuple[str, str]]:
    model = shown.model
    for one in model.inputs:
        yield "inputs", f"{one.name} {one.dtype}{_shape(one.shape)}"
    for out in shown.outputs:
        yield "outputs", f"{out.name} {out.dtype or ''}{_shape(out.shape)}".rstrip()
    for label in ("task", "license", "owner", "description", "docs", "config_path", "base"):
        if (value := getattr(model, label)) is not None:
            yield label.replace("_", " "), " ".join(str(value).split())
    if model.tags:
        yield "tags", ", ".join(model.tags)
    yield from _metrics(shown)
    if model.meta is not None:
        yield "meta", json.dumps(model.meta, default=str, ensure_ascii=False)


def _metrics(shown: Shown) -> Iterator[tuple[str, str]]:
    """Say what is measured of the weights of now, and what is stated of them."""
    measured = shown.measured.metrics if shown.measured is not None else {}
    for name, values in measured.items():
        yield "measured", f"{name} {', '.join(f'{one:.6g} {path}' for path, one in values.items())}"
    # Of a model that is not trained here somebody else has found it.
    kind = "published" if shown.model.train is None else "stated"
    for metric in shown.model.metrics:
        yield "metrics", f"{metric.name} {metric.value:g} ({kind})"


def _shape(shape: tuple[int | None, ...] | None) -> str:
    sizes = ("?" if size is None else str(size) for size in shape or ())
    return "" if shape is None else f"[{','.join(sizes)}]"


def _since(commit: Commit | None) -> str:
    if commit is None:
        return "not committed yet"
    cut = ", or earlier, as this clone is shallow" if commit.cut else ""
    return f"{commit.name[:SHORT]} {commit.date} {commit.author}: {commit.title}{cut}"


def _sources(entry: LockedModel) -> Iterator[tuple[str, str]]:
    if entry.commit is not None:
        yield "commit", entry.commit
    for url in entry.urls:
        yield "from", url
    for file in entry.files:
        yield "file", f"{file.path} from {file.urls[0]}"
    if entry.downloads and entry.format is not None:
        yield "format", entry.format
    if entry.paddle is not None:
        yield "needs Paddle", entry.paddle
