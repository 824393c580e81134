from __future__ import annotations

import pytest

from paddledvc import errors
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import Failure


@pytest.mark.parametrize(
    "name",
    ["Finding", "ChecksumMismatch", "InvalidFile", "StaleLock", "ToolFailed", "UnknownModel"],
)
def test_an_error_of_a_worker_is_made_again_with_its_text_and_exit_code(name):
    error = process._error(Failure(error=name, message="said"))

    assert (type(error), str(error), error.exit_code) == (
        getattr(errors, name),
        "said",
        getattr(errors, name).exit_code,
    )


def test_an_error_of_no_known_kind_is_a_failure_outside():
    assert process._error(Failure(error="Strange", message="said")).exit_code == 3
