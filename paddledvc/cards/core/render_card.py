"""A card as Markdown, with the YAML header that Hugging Face's readers of cards know."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from paddledvc.cards.core.card import card_path
from paddledvc.display import markdown
from paddledvc.display.escaping import escape_text
from paddledvc.display.markdown import list_table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.cards.core.card import Card
    from paddledvc.cards.core.parts import Part

LIBRARY = "paddlepaddle"
_UP = "../../"
"""How the folder of the project is called from that of the cards."""
_NOT_IN_LINKS = re.compile(r"[^A-Za-z0-9._~/-]")
TASKS = frozenset(
    (
        *("audio-classification", "automatic-speech-recognition", "depth-estimation"),
        *("document-question-answering", "feature-extraction", "image-classification"),
        *("image-feature-extraction", "image-segmentation", "image-to-image", "image-to-text"),
        *("keypoint-detection", "object-detection", "question-answering", "summarization"),
        *("tabular-classification", "tabular-regression", "text-classification"),
        *("text-generation", "text-to-speech", "time-series-forecasting", "token-classification"),
        *("translation", "video-classification", "zero-shot-image-classification"),
    )
)
"""Tasks that the header may name as ``pipeline_tag``."""
STATED = {
    "owner": "owner",
    "license": "licence",
    "task": "task",
}
ORIGIN = {
    "source": "source",
    "source_name": "name in its source",
    "commit": "commit of the source",
    "format": "format",
    "paddle": "loads with Paddle",
}
ENVIRONMENT = {
    "image": "image",
    "digest": "image digest",
    "paddle": "Paddle",
    "cuda": "CUDA",
    "python": "Python",
}
TRAINING = {
    "seconds": "seconds",
    "device": "device",
    "paddle": "Paddle",
    "python": "Python",
    "image": "image",
    "seed": "seed",
    "commit": "commit that was checked out",
    "changes": "changes since that commit",
}
STANDINGS = {
    "pass": "The exported files agree with the network.",
    "shows nothing": "The report passes, but its samples show nothing.",
    "fail": "**The exported files do not agree with the network.**",
    "not-repeatable": "**The exported files do not give the same outputs twice.**",
    "missing": "The exported files have not been compared with the network.",
    "invalid": "**The report of the exported files cannot be read.**",
    "of other bytes": "**The report is of other files than these.**",
}


def make_card_header(card: Card) -> dict[str, Any]:
    """List what the header says, by key; keys that have nothing to say are None.

    >>> from paddledvc.cards.core.card import Card
    >>> header = make_card_header(Card(name="det", slug="det", version="v1", tags=("fast",)))
    >>> header["library_name"], header["tags"], header["license"]
    ('paddlepaddle', ['paddledvc', 'fast'], None)
    """
    task = card.stated.get("task", "").replace("_", "-").lower()
    licence = card.stated.get("license")
    return {
        # Hugging Face knows licences by SPDX's names in small letters.
        "license": None if licence is None else licence.lower(),
        "library_name": LIBRARY,
        "pipeline_tag": task if task in TASKS else None,
        "tags": list(dict.fromkeys(("paddledvc", *card.tags))),
        "base_model": card.base or None,
        "datasets": [name for name, *_ in card.datasets] or None,
        "metrics": list(card.metrics) or None,
        "model-index": _make_index(card, task),
    }


def _make_index(card: Card, task: str) -> list[dict[str, Any]] | None:
    """Write what was measured as readers of model-index want it: each with a task and a dataset."""
    if not card.metrics:
        return None
    results = [
        {
            "task": {"type": task or "other"},
            "dataset": {"type": "evaluate", "name": f"{card.samples} samples of {card.name}"},
            "metrics": [
                {"type": name, "value": paths[path], "name": f"{name} ({path})"}
                for name, paths in card.metrics.items()
                if path in paths
            ],
        }
        for path in dict.fromkeys(path for paths in card.metrics.values() for path in paths)
    ]
    return [{"name": f"{card.name} {card.version}", "results": results}]


def render_card(card: Card) -> str:
    """Write the generated part of a card."""
    parts = [
        _text(card.stated["description"]) if "description" in card.stated else "",
        _table(("", ""), _list_facts(card)),
        *_section("Files", ("what", "path", "bytes", "digest"), map(_part, card.parts)),
        *_section("Metrics", ("metric", "measured on", "value"), _list_measured(card)),
        *_section("Published values", ("metric", "value"), _list_published(card)),
        *_agreement(card),
        *_section("Training", ("", ""), _named(card.training, TRAINING)),
        *_section(
            "Datasets",
            ("name", "path", "md5"),
            ((_code(a), _code(b), _code(c) or "unknown") for a, b, c in card.datasets),
        ),
        *_section(
            "Hyperparameters",
            ("name", "value"),
            ((_code(key), _code(value)) for key, value in card.params.items()),
        ),
    ]
    return "\n\n".join(filter(None, parts))


def _list_facts(card: Card) -> Iterator[tuple[str, str]]:
    yield "version", _code(card.version)
    if card.release:
        yield "release", _code(card.release)
    yield from _named(card.stated, STATED)
    if card.lineage:
        yield "starts from", ", which starts from ".join(map(_code, card.lineage))
    yield from _named(card.origin, ORIGIN)
    for what, values in (("input", card.inputs), ("output", card.outputs)):
        yield from ((what, _code(one)) for one in values)
    yield from _named(card.environment, ENVIRONMENT)
    docs = card.stated.get("docs")
    if docs is not None and posixpath.normpath(docs) != card_path(card.slug):
        yield "documentation", _link(docs)


def _named(values: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((label, _code(values[key])) for key, label in labels.items() if key in values)


def _part(one: Part) -> tuple[str, ...]:
    digests = [f"{kind}:{getattr(one, kind)}" for kind in ("sha256", "md5") if getattr(one, kind)]
    size = "" if one.size is None else f"{one.size:,}"
    return one.what, _code(one.path), size, "<br>".join(map(_code, digests)) or "not built"


def _list_measured(card: Card) -> Iterator[tuple[str, ...]]:
    for name, paths in card.metrics.items():
        for path, value in paths.items():
            yield _code(name), _text(path), format_card_metric(card, name, value)


def _list_published(card: Card) -> Iterator[tuple[str, ...]]:
    for name, value in card.published.items():
        yield _code(name), format_card_metric(card, name, value)


def format_card_metric(card: Card, name: str, value: float) -> str:
    """Write the value of a metric as people write it."""
    return f"{value:.2%}".replace("%", " %") if name in card.percent else f"{value:.6g}"


def _agreement(card: Card) -> Iterator[str]:
    """Say whether the export agrees, and how far each way to run it is off."""
    if not card.standing:
        return
    yield "## Export"
    yield _judge(card)
    rows = [
        (
            _text(one.path),
            one.result,
            "" if one.error is None else f"{one.error:.3g}",
            "" if one.used is None else f"{one.used:.1%}".replace("%", " %"),
            _code(one.ran),
        )
        for one in card.compared
    ]
    yield _table(("path", "result", "scaled error", "of its tolerance", "ran on"), rows)


def _judge(card: Card) -> str:
    said = STANDINGS[card.standing]
    if card.standing not in ("pass", "shows nothing"):
        return said
    agrees = STANDINGS["pass"].rstrip(".")
    if count := card.compared_samples:
        agrees += f" on {count:,} sample{'' if count == 1 else 's'}"
    if card.caveats:
        return f"{agrees}, but {'; '.join(map(_text, card.caveats))}."
    return f"{agrees}." if card.standing == "pass" else said


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    if table := _table(head, rows):
        yield f"## {title}"
        yield table


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    every = list(rows)
    return "\n".join(list_table_lines(head, every)) if every else ""


def _code(text: str) -> str:
    return markdown.code_span(escape_text(text))


def _text(text: str) -> str:
    return markdown.escape_markdown(escape_text(text))


def _link(path: str) -> str:
    """Link a file of the project from the folder of the cards."""
    quoted = _NOT_IN_LINKS.sub(lambda one: "".join(f"%{b:02X}" for b in one[0].encode()), path)
    return f"[{_code(path)}]({_UP}{quoted})"
