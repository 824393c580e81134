"""What fills templates of pages in: every value is text there, whatever it holds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from paddledvc.display.escaping import escape_text

if TYPE_CHECKING:
    from jinja2 import Environment


def fill_template(package: str, name: str, **values: object) -> str:
    """Write a page, or a part of one.

    Args:
        package: the package in whose folder ``templates`` it is looked for, before ours.
        name: the template.
        values: what it shows.
    """
    return _open_templates(package).get_template(name).render(**values)


@cache
def _open_templates(package: str) -> Environment:
    import jinja2  # noqa: PLC0415 - it takes 50 ms, and few commands write a page

    loaders = [jinja2.PackageLoader(one) for one in (package, "paddledvc.display")]
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    found.filters["cell"] = _cell
    return found


def _visible(value: object) -> object:
    """Write what nobody sees, such as marks that turn a line around, as its escape."""
    return escape_text(value) if type(value) is str else value


def _cell(value: object) -> object:
    """Write a number in as many digits as are worth reading, and nothing where there is none."""
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else value
