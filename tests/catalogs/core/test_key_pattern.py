from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.catalogs.s3 import KeyMatch, KeyPattern

NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1)
PATTERNS = [
    "{name}/{version}/{name}.pdparams",
    "{name}-{version}.pdparams",
    "v{version}/{name}.tar.gz",
    "zoo/{name}_v{version}_{name}_{version}.7z",
    "{version}{name}",
]
NAMELESS = (
    "the pattern '{version}/a' has no {name}, so every model would get the same weights; "
    "put {name} where the name of a model is, and what comes before it into the url"
)


@pytest.mark.parametrize(
    ("pattern", "key", "found"),
    [
        ("{name}/{version}/{name}.pd", "a/1.0/a.pd", ("a", "1.0", "")),
        ("{name}/{version}/{name}.pd", "a/1.0/b.pd", None),
        ("{name}/{version}/{name}.pd", "team/a/v1/team/a.pd", ("team/a", "v1", "")),
        ("{name}/{version}/a.pd", "a/latest/a.pd", None),
        ("{name}/{version}/a.pd", "a/1.0/b/a.pd", None),
        ("{name}/{version}/a.pd", "A/1.0/A.PD", None),
        ("{name}-{version}.pd", "resnet-vd-1.0rc1.pd", ("resnet-vd", "1.0rc1", "")),
        ("{name}-{version}.pd", "PP-OCRv4-mobile-2.1.pd", ("PP-OCRv4-mobile", "2.1", "")),
        ("{name}-{version}.pd", "swin-224-1.0.pd", ("swin-224", "1.0", "")),
        ("{name}-{version}.pd", "a-1.0+cu126.pd", ("a", "1.0+cu126", "")),
        ("{name}-{version}.pd", "a-b.pd", None),
        ("{name}_{version}.pd", "a_v1.2_20250405.pd", ("a", "v1.2_20250405", "")),
        ("{name}_{version}.pd", "swin_224_20250405.pd", ("swin_224", "20250405", "")),
        ("{version}/{name}.pd", "1.0/a.pd", ("a", "1.0", "")),
        ("{name}.v{version}.7z", "a.v1.0.7z", ("a", "1.0", "")),
        ("{name}/{version}/", "a\nb/1.0/c\nd", ("a\nb", "1.0", "c\nd")),
        ("{name} ({version})", "a b (1.0)", ("a b", "1.0", "")),
        ("{name}/{version}/", "a/1.0/b/c.json", ("a", "1.0", "b/c.json")),
        ("{name}/{version}/", "a/1.0/b/", None),
        ("{name}/{version}/", "a/1.0/", None),
        ("{name}/{version}/", "a/1.0", None),
        ("/{name}/{version}", "a/1.0", ("a", "1.0", "")),
    ],
)
def test_keys_say_name_and_version(pattern, key, found):
    assert KeyPattern(pattern).match(key) == (found and KeyMatch(*found))


@given(name=NAMES, pattern=st.sampled_from(PATTERNS))
def test_a_key_of_a_known_model_is_always_read(name, pattern):
    key = pattern.replace("{name}", name).replace("{version}", "1.2rc3")

    assert KeyPattern(pattern).match(key, name) == KeyMatch(name, "1.2rc3", "")


def test_keys_of_other_models_are_passed_over():
    assert KeyPattern("{name}-{version}.pd").match("resnet-vd-1.0.pd", "resnet") is None


@pytest.mark.parametrize(
    ("pattern", "name", "beginning"),
    [
        ("{name}/{version}/{name}.pd", "a", "a/"),
        ("{name}/{version}/{name}.pd", None, ""),
        ("zoo/{name}/v{version}", "a", "zoo/a/v"),
        ("zoo/{name}/v{version}", None, "zoo/"),
        ("zoo/{version}/{name}", "a", "zoo/"),
    ],
)
def test_only_keys_that_can_fit_need_to_be_listed(pattern, name, beginning):
    assert KeyPattern(pattern).beginning(name) == beginning


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            "{name}/{arch}/{version}",
            "the pattern '{name}/{arch}/{version}' has {arch}; expected {name} and {version} only",
        ),
        ("{name}/a", "the pattern '{name}/a' has no {version}"),
        ("{version}/a", NAMELESS),
    ],
)
def test_a_pattern_that_cannot_tell_models_apart_is_refused(pattern, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        KeyPattern(pattern)
