"""Metrics over versions as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.inventory.history import history
from paddledvc.tools.git.project_files import write_output_text
from paddledvc.website.core.entries import list_metrics
from paddledvc.website.core.pages import list_plots, render_plot_page

if TYPE_CHECKING:
    import os

    from paddledvc.project import Project


def plot_history(  # noqa: PLR0913 - as of `history`
    project: Project,
    file: str | os.PathLike[str],
    name: str | None = None,
    *,
    branch: str | None = None,
    since: str | None = None,
    metric: str | None = None,
) -> tuple[str, ...]:
    """Write a page with metrics over versions, for each model that has any.

    Args:
        project: the project.
        file: the page.
        name: the model; None for all.
        branch: as of ``history``, which raises the same errors.
        since: as of ``history``.
        metric: the metric; None for all.

    Returns:
        The models that the page shows.

    Raises:
        InvalidInput: no metric was measured.

    Example:
        project = paddledvc.Project.find(".")
        paddledvc.plot_history(project, "accuracy.html", metric="accuracy")
    """
    rows = history(project, name, branch=branch, since=since, metric=metric).rows
    plots = []
    for model in sorted({row.model for row in rows}):
        its = [row for row in rows if row.model == model]
        shown = list_plots(its, list_metrics(its) if metric is None else [metric])
        if shown:
            plots.append((model, shown))
    if not plots:
        what = f"the metric {metric}" if metric is not None else "a metric"
        whose = f" of {name}" if name is not None else ""
        raise InvalidInput(
            f"no report{whose} in this history has {what}, expected evaluate.json or "
            "train/metrics.json below reports/; run `dvc repro` and commit the reports"
        )
    write_output_text(project.root, Path(file), render_plot_page(plots))
    return tuple(model for model, _ in plots)
