"""Which versions stand, held against what GTO itself makes of the same tags."""

from __future__ import annotations

import re

import gto.base
import gto.constants
import gto.tag
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scmrepo.git import GitTag

from paddledvc.catalogs.core.gto import Artifact, ArtifactVersion, Tag, read_gto_tags

A, B, C = "a" * 40, "b" * 40, "c" * 40


def tags(*names, commit=A):
    """Tags that were made one after the other."""
    return [Tag(name=name, commit=commit, time=time) for time, name in enumerate(names)]


def standing(*names, artifact="det"):
    """The versions of an artifact that nobody took back."""
    found = read_gto_tags(tags(*names)).artifacts[artifact]
    return [one.version for one in found.versions if one.cancelled is None]


def test_a_tag_registers_a_version_at_its_commit():
    found = read_gto_tags([Tag(name="det@v1.0.0", commit=B, time=5)])

    version = ArtifactVersion(version="v1.0.0", commit=B, tag="det@v1.0.0")
    assert found.artifacts == {"det": Artifact(name="det", versions=(version,))}
    assert found.ignored == []


def test_a_monorepo_tag_names_folder_and_artifact():
    artifact = read_gto_tags(tags("models/ocr=det@v1.0.0")).artifacts["models/ocr:det"]

    assert (artifact.folder, artifact.key) == ("models/ocr", "det")


def test_the_name_of_an_artifact_may_hold_slashes():
    artifact = read_gto_tags(tags("models/det@v1.0.0")).artifacts["models/det"]

    assert (artifact.folder, artifact.key) == ("", "models/det")


def test_a_cancelled_version_names_the_tag_that_cancels_it():
    found = read_gto_tags(tags("det@v1.0.0", "det@v1.0.0!")).artifacts["det"]

    assert [(one.version, one.cancelled) for one in found.versions] == [("v1.0.0", "det@v1.0.0!")]


def test_a_version_can_be_registered_again_after_its_cancellation():
    assert standing("det@v1.0.0", "det@v1.0.0!", "det@v1.0.0#1") == ["v1.0.0"]
    assert standing("det@v1.0.0", "det@v1.0.0!", "det@v1.0.0#1", "det@v1.0.0!#2") == []


def test_the_times_of_tags_decide_and_not_their_order():
    early = Tag(name="det@v1.0.0!", commit=A, time=1)
    late = Tag(name="det@v1.0.0", commit=A, time=2)

    assert read_gto_tags([late, early]).artifacts["det"].versions[0].cancelled is None


def test_a_cancellation_wins_over_a_registration_of_the_same_second():
    same = [Tag(name=name, commit=A, time=1) for name in ("det@v1.0.0!", "det@v1.0.0")]

    assert read_gto_tags(same).artifacts["det"].versions[0].cancelled == "det@v1.0.0!"


def test_the_last_registration_says_which_commit_holds_a_version():
    found = read_gto_tags(
        [
            Tag(name="det@v1.0.0", commit=A, time=1),
            Tag(name="det@v1.0.0!", commit=A, time=2),
            Tag(name="det@v1.0.0#1", commit=B, time=3),
        ]
    )

    version = ArtifactVersion(version="v1.0.0", commit=B, tag="det@v1.0.0#1")
    assert found.artifacts["det"].versions == (version,)


def test_two_versions_of_one_commit_both_stand():
    assert standing("det@v1.0.0", "det@v1.1.0") == ["v1.0.0", "v1.1.0"]


def test_a_cancellation_of_nothing_is_nothing():
    assert standing("det@v1.0.0", "det@v2.0.0!") == ["v1.0.0"]


def test_a_deprecated_artifact_names_the_tag_that_deprecates_it():
    found = read_gto_tags(tags("det@v1.0.0", "det@deprecated")).artifacts["det"]

    assert found.deprecated == "det@deprecated"
    assert found.versions[0].cancelled is None


@pytest.mark.parametrize("later", ["det@v1.1.0", "det@v1.0.0!", "det#prod#2", "det#prod!#2"])
def test_whatever_happens_after_a_deprecation_brings_the_artifact_back(later):
    found = read_gto_tags(tags("det@v1.0.0", "det@deprecated#1", later))

    assert found.artifacts["det"].deprecated is None


def test_stages_are_no_versions():
    assert "seg" not in read_gto_tags(tags("seg#prod#1")).artifacts
    assert standing("det@v1.0.0", "det#prod#1") == ["v1.0.0"]


def test_an_artifact_without_versions_is_none():
    assert read_gto_tags(tags("det@deprecated", "det@v1.0.0!")).artifacts == {}


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        pytest.param(
            Tag(name="det@v1.0.0", commit=None, time=None),
            "it is not annotated, and GTO counts annotated tags only",
            id="lightweight",
        ),
        pytest.param(
            Tag(name="det@v1.0.0!", commit=None, time=None),
            "it is not annotated, and GTO counts annotated tags only",
            id="a lightweight cancellation",
        ),
        pytest.param(
            Tag(name="det@v1.0.0", commit=None, time=1), "it tags no commit", id="of a file"
        ),
        pytest.param(
            Tag(name="det@1.0.0", commit=A, time=1),
            "it is not of the form NAME@v1.2.3",
            id="without v",
        ),
        pytest.param(
            Tag(name="det@v1.0", commit=A, time=1),
            "it is not of the form NAME@v1.2.3",
            id="two numbers",
        ),
        pytest.param(
            Tag(name="det@v1.0.0-foo", commit=A, time=1),
            "a pre-release is written as -alpha.1, -beta.1, -rc.1 or -dev.1",
            id="a pre-release that Python does not know",
        ),
        pytest.param(
            Tag(name="det@v1.0.0-1", commit=A, time=1),
            "a pre-release is written as -alpha.1, -beta.1, -rc.1 or -dev.1",
            id="a pre-release that Python orders after its release",
        ),
    ],
)
def test_a_tag_that_does_not_count_says_why(tag, why):
    found = read_gto_tags([tag])

    assert found.artifacts == {}
    assert [(one.tag, one.artifact, one.why) for one in found.ignored] == [(tag.name, "det", why)]


@pytest.mark.parametrize("name", ["v1.0.0", "release-2024", "det", "det#prod#1"])
def test_tags_that_name_no_version_are_not_complained_of(name):
    assert read_gto_tags(tags(name)).ignored == []


def test_pre_releases_are_versions():
    names = [f"det@v1.0.0-{pre}" for pre in ("alpha.1", "beta.2", "rc.1", "dev.3")]

    assert len(standing(*names, "det@v1.0.0")) == 5


@pytest.mark.parametrize(
    "name", ["models/ocr:det", "models/ocr=det", "det", "models/ocr:PP-OCRv4.1", "PP-OCRv4.1"]
)
def test_an_artifact_is_found_by_any_of_its_names(name):
    found = read_gto_tags(tags("models/ocr=det@v1.0.0", "models/ocr=PP-OCRv4-1@v1.0.0")).find(name)

    assert found.key == ("PP-OCRv4-1" if "OCRv4" in name else "det")


def test_an_artifact_of_the_root_goes_before_those_of_folders():
    found = read_gto_tags(tags("det@v1.0.0", "a=det@v1.0.0", "b=det@v1.0.0"))

    assert found.find("det").name == "det"
    assert found.find("seg") is None


def test_a_name_that_two_folders_have_is_refused_with_what_to_write():
    found = read_gto_tags(tags("a=det@v1.0.0", "b=det@v1.0.0"))

    with pytest.raises(
        ValueError, match=r"^'det' may be a:det and b:det; write source_name: a:det"
    ):
        found.find("det")


PIECES = ["det", "a/b", "x", "=", ":", "@", "#", "!", "v1.0.0", "v0.1.0-rc.1", "v01.0.0", "1", "."]
PIECES += ["deprecated", "prod", "-", "_", "+b.1", " ", "é", "created"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
def test_the_grammar_is_that_of_gto(name):
    theirs = re.fullmatch(gto.constants.tag_re, name)
    counts = theirs is not None and (theirs["version"] or theirs["stage"] or theirs["deprecated"])
    found = read_gto_tags([Tag(name=name, commit=A, time=1)])
    refused = [one.why for one in found.ignored if "-alpha.1" not in one.why]

    assert refused == ([] if counts or "@" not in name else ["it is not of the form NAME@v1.2.3"])
    if counts and theirs["version"] and not theirs["cancel"] and not found.ignored:
        artifact = gto.constants.tag_to_name(theirs["artifact"])
        assert found.artifacts[artifact].versions[0].version == theirs["version"]


EVENTS = ["det@v1.0.0", "det@v1.1.0", "det@v1.0.0!", "det@v1.1.0!", "det@deprecated", "det#prod"]
COMMITS = {"v1.0.0": A, "v1.1.0": B}


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 4)), max_size=8, unique=True))
def test_what_stands_is_what_stands_for_gto(history):
    named = [
        Tag(name=f"{name}#{index}", commit=COMMITS.get(name[4:10], C), time=time)
        for index, (name, time) in enumerate(history)
    ]
    ours = read_gto_tags(named).artifacts.get("det")
    theirs = _by_gto(named)

    registered = {one.version for one in theirs.versions if one.registrations}
    assert {one.version for one in ours.versions} == registered if ours else not registered
    for version in ours.versions if ours else ():
        (same,) = (one for one in theirs.versions if one.version == version.version)
        assert (version.cancelled is None) == same.is_active
    if ours:
        assert (ours.deprecated is None) == theirs.is_active


def _by_gto(named):
    state = gto.base.BaseRegistryState()
    artifact = state.find_artifact("det", create_new=True)
    for kind in ("deprecated", "@v", "#prod"):
        for tag in sorted((one for one in named if kind in one.name), key=lambda one: one.time):
            gto.tag.index_tag(
                artifact,
                GitTag(
                    name=tag.name,
                    hexsha=C,
                    target=tag.commit,
                    tagger_name="t",
                    tagger_email="t@example.com",
                    tag_time=tag.time,
                    tag_time_offset=0,
                    message="m",
                ),
            )
    return artifact
