"""Pages read as a browser reads them, as far as Python's own parser goes."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset(("meta", "input", "br"))
"""Elements of our pages that have no end tag."""


class Page(HTMLParser):
    """A page, whose tags have to be closed in order.

    Attributes:
        links: where its links go.
        ids: ids of elements, in order.
        scripts: the texts of its scripts.
        styles: the texts of its styles.
        policy: its Content-Security-Policy.
        rows: the texts of the cells of all rows.
        filters: the data of rows that the script shows and hides.
        shapes: names and classes of what is drawn.
        attributes: names of all attributes.
    """

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.rows, self.filters, self.shapes = [], [], [], [], []
        self.scripts, self.styles, self.attributes, self.policy = [], [], set(), ""
        self._open, self.words = [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.attributes |= found.keys()
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        if "http-equiv" in found:
            self.policy = found["content"]
        if tag == "tr":
            self.rows.append([])
            self.filters += [found] if "data-filter" in found else []
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag in {"circle", "line"}:
            self.shapes.append((tag, found["class"]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        where = self._open[-1] if self._open else ""
        if where in {"script", "style"}:
            (self.scripts if where == "script" else self.styles).append(data)
        elif {"td", "th"} & {*self._open}:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())
        else:
            self.words += data.split()

    @property
    def text(self):
        """What it says outside of tables."""
        return " ".join(self.words)
