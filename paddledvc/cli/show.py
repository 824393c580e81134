"""``paddledvc show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import echo_json, format_option, pass_project
from paddledvc.workflows import show as workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.lock import LockedModel
    from paddledvc.core.model import Model
    from paddledvc.project import Project
    from paddledvc.workflows.show import Shown

SHORT = 10
"""Characters of a commit's name that people read."""


@click.command()
@click.argument("name")
@format_option
@pass_project
def show(project: Project, name: str, *, output: str) -> None:
    """Show a model, and why it is locked at that version.

    Says who asks for which versions and where, which catalog lists them, and since which commit
    the version is locked. Asks no network.

    \b
    Example:
      paddledvc show resnet50
    """
    shown = workflow.show(project, name)
    if output == "json":
        echo_json(shown)
        return
    click.echo(f"{name} {shown.locked.version if shown.locked else '(not locked)'}")
    previous = ""
    for label, text in _lines(shown):
        click.echo(f"  {label if label != previous else '':12} {text}")
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
    if shown.locked is not None:
        yield "locked since", _since(shown)
        yield from _weights(shown.locked, present=shown.present)
    yield from _described(model)
    yield from (("base of", other) for other in shown.used_by)


def _described(model: Model) -> Iterator[tuple[str, str]]:
    for label in ("task", "license", "owner", "description", "config_path", "base"):
        if (value := getattr(model, label)) is not None:
            yield label.replace("_", " "), " ".join(str(value).split())
    if model.tags:
        yield "tags", ", ".join(model.tags)
    yield from (("metrics", f"{metric.name} {metric.value:g}") for metric in model.metrics)


def _since(shown: Shown) -> str:
    if shown.since is None:
        return "not committed yet"
    one = shown.since
    return f"{one.name[:SHORT]} {one.date} {one.author}: {one.title}"


def _weights(entry: LockedModel, *, present: bool) -> Iterator[tuple[str, str]]:
    if entry.commit is not None:
        yield "commit", entry.commit
    if not entry.downloads:
        return
    size = "" if entry.total_size is None else f"{entry.total_size:,} bytes, "
    yield "weights", f"{entry.path} ({size}{'in place' if present else 'not downloaded'})"
    for url in entry.urls:
        yield "from", url
    for file in entry.files:
        yield "file", f"{file.path} from {file.urls[0]}"
    for label in ("md5", "sha256", "format", "image"):
        if (value := getattr(entry, label)) is not None:
            yield label, value
    if entry.paddle is not None:
        yield "needs Paddle", entry.paddle
