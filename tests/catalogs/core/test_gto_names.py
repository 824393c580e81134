"""Which tag stands for a version: readable by GTO, and in the order of the versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.catalogs.core.gto import Tag, list_gto_events
from paddledvc.catalogs.core.gto_names import name_artifact, name_gto_version, name_release_tag
from paddledvc.models.versions import as_version


def numbers(most):
    parts = st.lists(st.integers(0, 3), min_size=1, max_size=most)
    return parts.map(lambda one: ".".join(map(str, one)))


AFTER = st.sampled_from(["", ".post1", ".post20250405", "-20250405"])
PRE = st.sampled_from(["a1", "b2", "rc1", "rc2", ".dev3"])
VERSIONS = st.tuples(numbers(5), AFTER).map("".join) | st.tuples(numbers(3), PRE).map("".join)


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        ("v1.2", "v1.2.0"),
        ("1", "v1.0.0"),
        ("v3.3.0", "v3.3.0"),
        ("2025.04.05", "v2025.4.5"),
        ("1.2.3.4", "v1.2.3+4"),
        ("1.2.3.0", "v1.2.3"),
        ("1.2.3.4.0.5", "v1.2.3+4.0.5"),
        ("v1.2_20250405", "v1.2.0+post.20250405"),
        ("v1.2-20250405", "v1.2.0+post.20250405"),
        ("1.2.3.4.post1", "v1.2.3+4.post.1"),
        ("v4+ch", "v4.0.0+ch"),
        ("1.0.post2+cpu.7", "v1.0.0+post.2.cpu.7"),
        ("1.2rc1", "v1.2.0-rc.1"),
        ("1.2a2", "v1.2.0-alpha.2"),
        ("1.2b3+cpu", "v1.2.0-beta.3+cpu"),
        ("1.2.dev4", "v1.2.0-dev.4"),
    ],
)
def test_a_version_has_one_tag(version, tag):
    assert name_gto_version(version) == tag


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("1!2.0", "an epoch"),
        ("1.2.3.4rc1", "a pre-release of a version of more than three numbers"),
        ("1.2rc1.dev2", "a pre-release with .dev"),
        ("1.2rc1.post2", "a pre-release with .post"),
        ("1.2.post2.dev1", "a pre-release with .post"),
    ],
)
def test_what_no_tag_can_order_is_refused(version, why):
    with pytest.raises(ValueError, match=rf"{why}, which GTO's tags cannot order"):
        name_gto_version(version)


@given(VERSIONS, VERSIONS)
def test_tags_are_ordered_as_their_versions(one, other):
    tags = [as_version(name_gto_version(version)) for version in (one, other)]

    assert (tags[0] < tags[1]) == (as_version(one) < as_version(other))
    assert (tags[0] == tags[1]) == (as_version(one) == as_version(other))


@given(VERSIONS)
def test_gto_reads_every_tag(version):
    tag = name_release_tag("ocr", "det", version)
    events, ignored = list_gto_events([Tag(name=tag, commit="a" * 40, time=1)])

    assert not ignored
    assert [one.version for one in events["ocr:det"]] == [name_gto_version(version)]


def test_a_name_that_gto_does_not_allow_is_refused():
    with pytest.raises(ValueError, match="GTO allows no artifact called 'a-'"):
        name_release_tag("", "a.", "1.0")
    assert name_artifact("ocr", "PP-OCRv4.1") == "ocr=PP-OCRv4-1"
