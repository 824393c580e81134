from __future__ import annotations

import importlib

import pytest

from paddledvc import errors
from paddledvc.tools.paddle import __main__ as worker
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


@pytest.mark.parametrize("doer", worker.DOERS.values())
def test_who_does_a_job_is_a_function_that_is_there(doer):
    module, _, name = doer.partition(":")

    assert callable(getattr(importlib.import_module(f"paddledvc.tools.paddle.{module}"), name))
