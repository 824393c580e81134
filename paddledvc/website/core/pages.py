"""The pages of a site: the same contents give the same bytes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.cards.core import render_card
from paddledvc.display.templates import fill_template
from paddledvc.inventory.core.history_rows import describe_metric
from paddledvc.verification.core import svg
from paddledvc.verification.core.page import list_latency_boxes
from paddledvc.website.core.entries import (
    find_first_metric,
    list_intervals,
    list_metrics,
    read_moment,
    show_moment,
)
from paddledvc.website.core.metric_plot import (
    draw_metric_svg,
    list_metric_paths,
    list_metric_points,
    metric_color,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.cards.core.card import Card
    from paddledvc.inventory.core.history_rows import HistoryRow
    from paddledvc.website.core.entries import Contents, Entry, Interval
    from paddledvc.website.core.metric_plot import MetricPoint

OVERVIEW, PRODUCTION, MODELS = "index.html", "production.html", "models"
_PACKAGE = "paddledvc.website"
_DIGITS = 12
"""Characters of a digest that people read."""
_SHORT = 7
"""Characters of a commit's name that people read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plotted:
    """A metric of a model over its versions."""

    metric: str
    points: tuple[MetricPoint, ...]

    @property
    def drawing(self) -> str:
        """The plot, as SVG."""
        return draw_metric_svg(self.metric, self.points)

    @property
    def legend(self) -> list[tuple[str, str]]:
        """The style of each line, and what it was measured on."""
        return [(metric_color(path), path) for path in list_metric_paths(self.points)]


def name_model_page(slug: str) -> str:
    """Name the page of a model, from the top of the site.

    >>> name_model_page("det")
    'models/det.html'
    """
    return f"{MODELS}/{slug}.html"


def render_site(contents: Contents) -> dict[str, str]:
    """Write all pages, by their names; the one that links to all others is the last."""
    pages = {name_model_page(one.slug): _render_model(contents, one) for one in contents.entries}
    branch = contents.branches[0].title
    intervals = [
        (entry, one) for entry in contents.entries for one in list_intervals(entry, branch)
    ]
    intervals.sort(key=lambda pair: (not pair[1].stage, pair[0].slug, -pair[1].begin))
    pages[PRODUCTION] = _fill(
        "production.html",
        top="",
        script=True,
        branch=branch,
        now=[_interval(*pair) for pair in intervals if pair[1].until is None],
        every=[_interval(*pair) for pair in intervals],
    )
    pages[OVERVIEW] = _fill(
        "overview.html",
        top="",
        script=True,
        contents=contents,
        models=[_summary(one) for one in contents.entries],
    )
    return pages


def render_plot_page(plots: Sequence[tuple[str, Sequence[Plotted]]]) -> str:
    """Write a page of its own with metrics of models.

    Args:
        plots: the name of each model, and its metrics.
    """
    return _fill("plot.html", top=None, script=False, plots=plots)


def list_plots(rows: Sequence[HistoryRow], metrics: Iterable[str]) -> list[Plotted]:
    """Choose the metrics of a model that there is something to show of.

    Args:
        rows: what happened to it, newest first.
        metrics: the metrics, in their order.
    """
    made = (
        Plotted(metric=metric, points=tuple(list_metric_points(rows, metric))) for metric in metrics
    )
    return [one for one in made if one.points]


def _fill(name: str, *, top: str | None, script: bool, **values: object) -> str:
    """Write a page that holds its style and its script, and lets no others run.

    Args:
        name: the template.
        top: the way to the top of the site; None for a page of its own.
        script: whether it needs the script.
        values: what it shows.
    """
    style = fill_template(_PACKAGE, "site.css")
    text = fill_template(_PACKAGE, "site.js") if script else ""
    return fill_template(
        _PACKAGE,
        name,
        top=top,
        style=style,
        style_digest=_digest(style),
        script=text,
        script_digest=_digest(text) if text else "",
        **values,
    )


def _digest(text: str) -> str:
    """Name a text as a Content-Security-Policy does."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _summary(entry: Entry) -> dict[str, object]:
    """Say what the overview shows of a model."""
    described = entry.described
    card = described.card if described is not None else None
    measured = find_first_metric(card, described.goals) if card and described else None
    latency = described.latencies.median_ms[:1] if described and described.latencies else ()
    return {
        "entry": entry,
        "stated": card.stated if card is not None else {},
        "words": " ".join(card.tags) if card is not None else "",
        "metric": ""
        if card is None or measured is None
        else f"{measured[0]} {render_card.format_card_metric(card, measured[0], measured[2])} "
        f"({measured[1]})",
        "standing": card.standing if card is not None else "",
        "latency": ", ".join(f"{value:.3g} ms ({path})" for path, value in latency),
    }


def _interval(entry: Entry, one: Interval) -> dict[str, object]:
    row = one.first
    return {
        "entry": entry,
        "one": one,
        "begin": show_moment(one.begin),
        "until": "now" if one.until is None else show_moment(one.until),
        "weights": _short(row.weights),
        "image": row.image or "",
        "commit": row.tag or row.commit[:_SHORT],
    }


def _render_model(contents: Contents, entry: Entry) -> str:
    described = entry.described
    card = described.card if described is not None else None
    metrics = list_metrics(entry.rows, described.goals if described is not None else ())
    boxes = list_latency_boxes(described.latencies) if described and described.latencies else []
    return _fill(
        "model.html",
        top="../",
        script=False,
        contents=contents,
        entry=entry,
        described=described,
        card=card,
        facts=list(_facts(card)) if card is not None else [],
        training=_named(card.training, render_card.TRAINING) if card is not None else [],
        standing=render_card.STANDINGS[card.standing].strip("*") if card and card.standing else "",
        measured=list(_measured(card)) if card is not None else [],
        published=[
            (name, render_card.format_card_metric(card, name, value))
            for name, value in card.published.items()
        ]
        if card is not None
        else [],
        plots=[one for one in list_plots(entry.rows, metrics) if len(one.points) > 1],
        times=svg.draw_times_svg(boxes) if boxes else "",
        boxes=boxes,
        history=[_happened(row, metrics) for row in entry.rows],
        pages={one.slug for one in contents.entries},
    )


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    """List what the card states, as the card itself does."""
    yield "version", card.version
    yield from _named(card.stated, render_card.STATED)
    yield from _named(card.origin, render_card.ORIGIN)
    for what, values in (("input", card.inputs), ("output", card.outputs)):
        yield from ((what, one) for one in values)
    yield from _named(card.environment, render_card.ENVIRONMENT)
    yield from _named(card.stated, {"docs": "documentation"})


def _named(values: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(label, values[key]) for key, label in labels.items() if key in values]


def _measured(card: Card) -> Iterator[tuple[str, str, str]]:
    for name, paths in card.metrics.items():
        for path, value in paths.items():
            yield name, path, render_card.format_card_metric(card, name, value)


def _happened(row: HistoryRow, metrics: Sequence[str]) -> dict[str, str]:
    first = next((name for name in metrics if row.metrics.get(name)), None)
    return {
        "when": show_moment(read_moment(row.at)),
        "what": row.what,
        "version": row.version or "",
        "stage": row.stage or "",
        "weights": _short(row.weights),
        "image": row.image or "",
        "metric": "" if first is None else f"{first} {describe_metric(row, first)}",
        "by": row.by,
        "where": row.tag or row.commit[:_SHORT],
        "commit": row.commit,
        "title": row.title,
    }


def _short(digest: str | None) -> str:
    kind, colon, hexadecimal = (digest or "").partition(":")
    return f"{kind}{colon}{hexadecimal[:_DIGITS]}"
