"""The plain program repeats the dynamic network to the bit only with as many threads."""

from __future__ import annotations

import pytest

from tests.faults.sweeps import sweep


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
def test_no_number_of_threads_is_an_error_of_the_program(threads, tmp_path):
    found = sweep("wide", tmp_path, "untouched", OMP_NUM_THREADS=threads)

    errors = {(one.path, one.threads): one.scaled_error for one in found}
    assert {way: error for way, error in errors.items() if way[0] != "deployed"} == {
        ("jit", 1): 0.0,
        ("predictor", 1): 0.0,
        ("predictor", 2): 0.0,
    }
    assert max(errors.values()) < 1e-5
