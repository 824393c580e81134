"""The pages for contributors: what they name is there, and what they ask for is done everywhere."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

import paddledvc
from paddledvc import cli, names, schemas
from paddledvc.catalogs.opening import KINDS
from paddledvc.gate.core.violations import RULES
from paddledvc.models.verify_settings import GATES, PathName
from paddledvc.verification.core import svg

ROOT = Path(__file__).parent.parent
GUIDES = ("CONTRIBUTING.md", "docs/architecture.md")
GLOSSARY = "docs/glossary.md"
PAGES = (
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md"),
    *("digits/data/README.md", "examples/vision/README.md", "zoo/README.md"),
    *sorted(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md")),
)
SUFFIXES = (".py", ".md", ".toml", ".json", ".svg", ".sh")
PATHS = get_args(PathName)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def quoted(name):
    """List what a page sets in backticks, its blocks of code apart."""
    prose = re.sub(r"^```.*?^```", "", read(name), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


def paths_of(name):
    words = chain.from_iterable(one.split() for one in quoted(name))
    return sorted({one for one in words if "/" in one or one.endswith(SUFFIXES)})


def is_there(path):
    """Tell whether a path is there; ``<kind>`` stands for a name that is yet to come."""
    if re.fullmatch(r"\w+/", path):  # a folder of some room, as `core/`
        return any((ROOT / "paddledvc").rglob(path)) or (ROOT / path).is_dir()
    return (ROOT / path.partition("<")[0]).exists() or (
        "<" in path and (ROOT / path).parent.is_dir()
    )


@pytest.mark.parametrize("guide", GUIDES)
def test_every_file_and_folder_that_a_guide_names_is_there(guide):
    found = paths_of(guide)

    assert len(found) > 20
    assert [path for path in found if not is_there(path)] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_says_to_be_in_a_file_is_in_it(guide):
    # `A` and `B` in `file.py`, wherever a line ends.
    name = r"`[\w.]+`"
    said = re.findall(rf"((?:{name}(?:,| and| or) )*{name}) in `([\w./]+\.\w+)`", flat(guide))
    found = [(one, file) for list_, file in said for one in re.findall(r"`([\w.]+)`", list_)]

    assert len(found) >= 2
    assert [one for one in found if one[0] not in words(read(one[1]))] == []


def flat(name):
    return re.sub(r"\s+", " ", read(name))


def words(text):
    return set(re.findall(r"[\w.]+", text)) | set(re.findall(r"\w+", text))


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES)
def test_every_name_of_code_that_a_guide_gives_is_in_the_code(guide):
    called = {one.removesuffix("()") for one in quoted(guide)}
    given = {one for one in called if re.fullmatch(r"\w+(\.\w+)?", one)}

    assert sorted(one for one in given if not set(one.split(".")) <= known_words()) == []


@cache
def known_words():
    """Give the words of the code, of what builds and tests it, and of the files of a project."""
    files = [*(ROOT / "paddledvc").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    files = [one for one in files if one != Path(__file__)]
    files += [ROOT / one for one in ("Makefile", "pyproject.toml", "README.md")]
    return set().union(*(words(one.read_text(encoding="utf-8")) for one in files))


def test_every_target_of_make_that_a_page_names_is_one():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {one for page in PAGES for one in re.findall(r"`make ([a-z-]+)`", read(page))}

    assert {"quick", "test", "lint", "picture"} <= named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_another_file_or_heading_leads_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)", read(page))
    folder = (ROOT / page).parent
    lost = [
        f"{path}#{anchor}"
        for path, anchor in links
        if not (folder / path).exists()
        or (anchor and anchor not in headings(folder / path if path else ROOT / page))
    ]

    assert lost == []


def headings(file):
    lines = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in lines}


def test_the_readme_leads_to_the_pages_for_contributors():
    assert {
        f"]({page})" for page in (*GUIDES, GLOSSARY) if f"]({page})" not in read("README.md")
    } == set()


@pytest.mark.parametrize("rule", RULES)
def test_the_page_about_the_policy_explains_a_rule(rule):
    rows = [line for line in read("docs/policy.md").splitlines() if line.startswith("|")]

    assert any(f"`{rule}`" in line.split("|")[1] for line in rows)


def test_one_table_names_every_rule_once_and_no_other():
    tables = re.findall(r"(?:^\|.*\n)+", read("docs/policy.md"), re.MULTILINE)
    (table,) = (one for one in tables if "`registry-invalid`" in one)
    named = [one for row in table.splitlines() for one in quoted_in(row.split("|")[1])]

    assert sorted(named) == sorted(RULES)


def quoted_in(text):
    return re.findall(r"`([^`]+)`", text)


def test_every_rule_is_found_by_some_code_and_code_finds_no_other():
    texts = [one.read_text(encoding="utf-8") for one in (ROOT / "paddledvc").rglob("*.py")]
    judging = [one for one in texts if "facts" in one or "Violation" in one]
    named = {one for text in judging if "RULES: Mapping" not in text for one in literals(text)}
    found = {
        one
        for text in judging
        for one in re.findall(r'\b(?:of_model|of_pin|found|Violation)\(\s*"([a-z-]+)"', text)
    }

    assert sorted(RULES.keys() - named) == []
    assert len(found) > 10
    assert sorted(found - RULES.keys()) == []


def literals(text):
    return re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_and_the_pages_know_a_kind_of_catalog(kind):
    known = json.loads(schemas.schema_text("models"))["$defs"]
    chosen = {
        one["if"]["properties"]["kind"]["const"]: one["then"]["$ref"]
        for one in known["catalog"]["allOf"]
    }
    stated = known["catalog"]["properties"]["kind"]

    assert f"catalog-{kind}" in known
    assert chosen[kind] == f"#/$defs/catalog-{kind}"
    assert kind in re.split(r"[ ,]+", stated["x-expected"])
    assert kind in re.split(r"[ ,]+", stated["description"])
    assert f"`{kind}`" in read("README.md")
    assert re.search(rf"^## .*\b{re.escape(kind)}\b", read("docs/catalogs.md"), re.MULTILINE)


@pytest.mark.parametrize("kind", get_args(names.StageKind))
def test_a_kind_of_stage_is_a_command_and_a_function(kind):
    assert callable(getattr(paddledvc, kind))
    assert kind in cli.SECTIONS["Stages"]
    assert f"`paddledvc {kind} " in read("README.md")


def test_the_schemas_list_the_paths_of_verify():
    of_models = list(enums(json.loads(schemas.schema_text("models"))))
    of_reports = list(enums(json.loads(schemas.schema_text("report"))))

    # TensorRT has to know all shapes before it is asked, and a function tells them in its calls.
    measured = [one for one in PATHS if one != "tensorrt"]
    asked, optional, role = [list(PATHS)] * 3
    assert [one for one in of_models if "jit" in one] == [asked, optional, measured, role]
    assert [one for one in of_reports if "jit" in one] == [["export", "parameters", *PATHS]]
    sentence = f"a list of {', '.join(PATHS[:-1])} and {PATHS[-1]}, each once"
    assert schemas.schema_text("models").count(sentence) == 3


def enums(node):
    """Yield every enum of a schema."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "enum":
            yield value
        elif isinstance(value, dict | list):
            yield from enums(value)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_verify_has_its_gate_its_color_and_its_rows(path):
    style = read("paddledvc/display/templates/style.css")
    rows = [line.split("|")[1] for line in read("README.md").splitlines() if line[:3] == "| `"]

    assert path in GATES
    assert f".{svg.svg_color(path)} {{" in style
    assert f"--{svg.svg_color(path)}:" in style
    assert f"\n| `{path}` |" in read("docs/verify.md")
    assert any(f"`{path}`" in row for row in rows)


@pytest.mark.parametrize("project", [".", "examples/vision"])
@pytest.mark.parametrize("name", schemas.SCHEMA_NAMES)
def test_the_schema_that_editors_read_here_is_the_published_one(name, project):
    assert read(f"{project}/.paddledvc/{name}.schema.json") == schemas.schema_text(name)


def terms():
    rows = re.findall(r"^\| ([^|`]+?) \| (.+?) \| `([\w.]+)` \|$", read(GLOSSARY), re.MULTILINE)
    assert len(rows) == read(GLOSSARY).count("\n|") - 2
    return rows


def test_the_glossary_has_each_word_once_in_order_with_one_sentence():
    found = terms()

    assert [word for word, _, _ in found] == sorted({word for word, _, _ in found})
    assert [meaning for _, meaning, _ in found if not re.fullmatch(r"[A-Z].*[^.]\.", meaning)] == []
    assert [meaning for _, meaning, _ in found if ". " in meaning] == []


@pytest.mark.slow
@pytest.mark.parametrize(("word", "code"), [(word, code) for word, _, code in terms()])
def test_a_word_of_the_glossary_is_used_and_names_something_in_the_code(word, code):
    form = re.compile(rf"\b{re.sub(r'[ -]', '[ _-]', word)}(s|es)?\b", re.IGNORECASE)

    assert form.search(used())
    assert find(code) is not None


@cache
def used():
    """Give the text of the code and the pages, the glossary apart; names of code as words."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    files = [
        *(ROOT / "paddledvc").rglob("*.py"),
        *(one for one in pages if one.name != "glossary.md"),
    ]
    text = "\n".join(one.read_text(encoding="utf-8") for one in files)
    return re.sub(r"\s+", " ", text.replace("_", " "))


def find(code):
    """Find what a dotted name of the glossary is: a module, something in one, or a field."""
    parts = code.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for one in parts[count:]:
            fields = getattr(found, "__dataclass_fields__", {})
            found = fields[one] if one in fields else getattr(found, one)
        return found
    return None
