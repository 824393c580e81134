"""Files of earlier versions are read for ever, and those of newer ones refused with what helps.

``tests/formats/`` has files as paddledvc wrote them on a day: every release adds a folder.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddledvc import schemas
from paddledvc.catalogs.core import index_file
from paddledvc.errors import InvalidFile
from paddledvc.evaluation.core import measured
from paddledvc.models import lockfile, registry
from paddledvc.stages.core import record
from paddledvc.tools.git.hook_scripts.script import HOOK_FORM
from paddledvc.verification.core import evidence
from paddledvc.yaml.reader import parse_yaml

KEPT = Path(__file__).parent / "formats"
PAGE = Path(__file__).parent.parent / "docs/formats.md"
READERS = {
    "models.yaml": lambda text: (
        registry.parse_registry(
            parse_yaml(text, "models.yaml"), schemas.read_schema("models")
        ).models
    ),
    "models.lock": lambda text: (
        lockfile.parse_lockfile(parse_yaml(text, "models.lock"), schemas.read_schema("lock")).models
    ),
    "index.yaml": lambda text: (
        index_file.parse_index_file(
            parse_yaml(text, "index.yaml"), "index.yaml", schemas.read_schema("index")
        ).names
    ),
    "verify.json": lambda text: evidence.Evidence.from_json(text).passes,
    "latency.json": lambda text: evidence.Latencies.from_json(text).median_ms,
    "evaluate.json": lambda text: measured.Measured.from_json(text).metrics,
    "record.json": lambda text: record.Record.from_json(text).weights,
}
NUMBERS = {
    "models.lock": lockfile.FORMAT_VERSION,
    "index.yaml": index_file.VERSION,
    "verify.json": evidence.VERSION,
    "evaluate.json": measured.VERSION,
    "record.json": record.VERSION,
}
FILES = sorted(one.relative_to(KEPT).as_posix() for one in KEPT.glob("*/*"))


def last(name):
    """Give the youngest file of a format."""
    return (KEPT / [one for one in FILES if one.endswith(f"/{name}")][-1]).read_text()


def test_every_format_has_a_file_of_before():
    assert {Path(name).name for name in FILES} == READERS.keys()


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_before_is_read(name):
    assert READERS[Path(name).name]((KEPT / name).read_text())


@pytest.mark.parametrize("name", NUMBERS)
def test_a_file_of_a_newer_version_is_refused_with_what_helps(name):
    newest = NUMBERS[name]
    text = last(name)
    newer = re.sub(
        rf'^(\s*"?version"?: ){newest}\b', rf"\g<1>{newest + 1}", text, flags=re.MULTILINE
    )

    with pytest.raises((InvalidFile, ValueError)) as caught:
        READERS[name](newer)
    expected = f"format {newest + 1}, this paddledvc reads up to {newest}; upgrade paddledvc"
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize("name", ["models.lock", "verify.json", "evaluate.json"])
def test_a_key_of_a_newer_version_is_refused_with_what_helps(name):
    text = last(name)
    newer = re.sub(r'^( +)("?)size("?): ', r"\1\2sizes\3: ", text, count=1, flags=re.MULTILINE)

    with pytest.raises((InvalidFile, ValueError)) as caught:
        READERS[name](newer)
    expected = "unknown key 'sizes'; if a newer paddledvc wrote this file, upgrade paddledvc"
    assert expected in str(caught.value)


def test_the_page_has_the_number_of_every_format():
    rows = re.findall(r"^\| (.+?) \| (\d+|none) \|", PAGE.read_text(), re.MULTILINE)
    stated = {re.findall(r"[\w.]+", file.rpartition("/")[2])[0]: number for file, number in rows}

    for name, number in NUMBERS.items():
        assert stated[name] == str(number), name
    assert stated["hooks"] == str(HOOK_FORM)
    assert all(name in stated for name in READERS)
