"""Entries and messages of releases are found again, and nothing else is."""

from __future__ import annotations

import pytest

from paddledvc.catalogs.core.release_statements import (
    Statement,
    find_released_tags,
    parse_statement,
    render_release_heading,
    render_statement,
)

STATED = Statement(version="v1.2", weights="md5:a", export="md5:b", commit="c0ffee")


def test_what_a_message_states_is_read_again_before_a_signature():
    message = render_statement("det", STATED)

    assert parse_statement(f"{message}\n-----BEGIN PGP SIGNATURE-----\ncommit: x\n") == STATED
    assert parse_statement(message.replace("\n", "\r\n")) == STATED
    assert parse_statement("det v1.2\n\nversion: v1.2\n") is None


@pytest.mark.parametrize(
    "heading",
    [
        "## det v1.2 (2026-11-22)",
        "### `det` v1.2 (2026-11-22, tag `det@v1.2.0`)",
        "## `det` v1.2 (2026-11-22, tag `det@latest`)",
        "## `det` v1.2 (2026-11-22, tag `det@v1;rm -rf .`)",
        "## `det` v1.2 (2026-11-22, tag `$(x)@v1.2.0`)",
    ],
)
def test_a_heading_of_another_form_is_no_release(heading):
    assert find_released_tags(f"{heading}\n") == {}


def test_every_heading_is_found_at_its_line_whatever_ends_it():
    tags = ("ocr=det@v1.2.0", "det@v1.3.0-rc.1", "det@v1.2.3+4")
    headings = [render_release_heading("PP_OCR", "v1", "2026-11-22", tag) for tag in tags]

    assert find_released_tags("\r\n\r\n".join(headings)) == dict(zip(tags, (1, 3, 5), strict=True))
