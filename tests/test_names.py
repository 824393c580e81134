from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc import schemas
from paddledvc.names import name_params_key, slug

NAME = next(
    one["pattern"]
    for one in json.loads(schemas.schema_text("models"))["$defs"]["name"]["allOf"]
    if one.get("pattern", "").startswith("^[A-Za-z0-9]")
)
SPECIAL = ["null", "true", "on", "nan", "inf", "None", "1e5", "1", "0x1F", "1_000", "2d106det"]


@pytest.mark.slow
@given(st.from_regex(re.compile(NAME, re.ASCII), fullmatch=True) | st.sampled_from(SPECIAL))
def test_dvc_exp_run_can_address_the_hyperparameters_of_every_name(name):
    from hydra.core.override_parser.overrides_parser import OverridesParser  # noqa: PLC0415 - slow

    [found] = OverridesParser.create().parse_overrides([f"{name_params_key(name)}.train.lr=1"])

    assert found.key_or_group == f"{name_params_key(name)}.train.lr"


@pytest.mark.parametrize(
    ("name", "key"),
    [("3d-det", "_3d-det"), ("1e5", "_1e5"), ("v1.0", "v1-0"), ("on", "on"), ("a-1", "a-1")],
)
def test_only_the_key_of_a_name_that_begins_with_a_digit_is_not_the_slug(name, key):
    assert name_params_key(name) == key
    assert (key == slug(name)) is (not name[0].isdigit())
