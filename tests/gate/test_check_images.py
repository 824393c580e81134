"""Digests of images at the gate: locked, and asked of registries on loopback by ``--remote``."""

from __future__ import annotations

import pytest

import paddledvc
from tests.gated import EXPORTED, a_waiver
from tests.registries import manifest

DIGEST = f"sha256:{'0a' * 32}"
UNPINNED = (
    "models.yaml:{}: warning[image-not-pinned]: {}: models.lock has no digest of {}, so another "
    "image may take the tag; run `paddledvc lock` where its registry can be reached, and commit "
    "models.lock"
)


def in_image(made, environment, *, of_registry=False):
    """Lock with images as registries tell them, or without, where none does."""
    text = made.read("models.yaml")
    if of_registry:
        made.write("models.yaml", f"environment: {environment}\n{text}")
    else:
        made.write(
            "models.yaml", text.replace("    owner", f"    environment: {environment}\n    owner")
        )
    paddledvc.lock(made.project)


def lines(made, **options):
    if options.get("remote"):
        made.write(".dvc/config", "['remote \"prod\"']\n    url = ../../prod\n")
    return [line for line in made.lines(**options) if "[image-" in line]


def notes(made):
    return [one for one in made.check(remote=True).notes if "has moved" in one]


def test_an_image_without_a_locked_digest_is_a_warning_on_production(gated):
    in_image(gated, "127.0.0.1:1/paddle:3.3.1")

    assert lines(gated) == [UNPINNED.format("9:18", "resnet50", "127.0.0.1:1/paddle:3.3.1")]
    assert lines(gated, branch="develop") == []


def test_it_is_told_once_of_the_image_of_all_models(gated):
    gated.write("models.yaml", gated.read("models.yaml") + "  - {name: b, version: v1}\n")
    in_image(gated, "{image: 127.0.0.1:1/paddle:3.3.1}", of_registry=True)

    assert lines(gated) == [UNPINNED.format("1:22", "environment", "127.0.0.1:1/paddle:3.3.1")]


def test_a_mirror_without_one_is_named_too(gated, registry):
    registry.put("paddle:3.3.1")
    image = f"{registry.host}/paddle:3.3.1"
    in_image(gated, f"{{image: {image}, mirrors: [127.0.0.1:1/paddle:3.3.1]}}")

    assert lines(gated) == [UNPINNED.format("9:26", "resnet50", "127.0.0.1:1/paddle:3.3.1")]


def test_a_digest_satisfies_it_wherever_it_stands(gated, registry):
    registry.put("paddle:3.3.1")
    in_image(gated, f"{registry.host}/paddle:3.3.1")
    assert lines(gated) == []
    gated.edit("models.yaml", "paddle:3.3.1", f"paddle:3.3.1@{DIGEST}")
    gated.edit("models.lock", "paddle:3.3.1", f"paddle:3.3.1@{DIGEST}")
    text = gated.read("models.lock")
    gated.write("models.lock", "".join(x for x in text.splitlines(True) if "image_d" not in x))

    assert gated.lines() == []


def test_a_waiver_lets_it_pass(gated):
    gated.write("models.yaml", a_waiver("image-not-pinned", "2099-01-01") + EXPORTED)
    in_image(gated, "127.0.0.1:1/paddle:3.3.1")

    assert gated.lines() == []


@pytest.fixture
def pinned(gated, registries):
    """A model whose image and mirror are locked, and are where they were."""
    for one in registries:
        one.put("paddle:3.3.1")
    image, mirror = (f"{one.host}/paddle:3.3.1" for one in registries)
    in_image(gated, f"{{image: {image}, mirrors: [{mirror}]}}")
    gated.update()
    for one in registries:
        one.log.clear()
    return gated


@pytest.mark.slow
def test_an_image_that_is_where_it_was_passes_and_is_asked_for_once_each(pinned, registries):
    assert lines(pinned, remote=True) == notes(pinned) == []
    assert [one.asked for one in registries] == [["HEAD", "HEAD"]] * 2


@pytest.mark.slow
def test_a_tag_that_moved_is_found_at_its_digest(pinned, registries):
    old = registries[0].put("paddle:3.3.1")
    new = registries[0].put("paddle:3.3.1", manifest("new"))
    image = f"{registries[0].host}/paddle:3.3.1"
    line = pinned.read("models.lock").splitlines().index(f'    image_digest: "{old}"') + 1

    [found] = lines(pinned, remote=True)
    assert found == (
        f"models.lock:{line}:19: warning[image-moved]: resnet50: {image} is {new} now, locked is "
        f"{old}; to take it, run `paddledvc lock --upgrade-image`"
    )
    assert lines(pinned) == []


@pytest.mark.slow
def test_an_image_that_is_gone_is_found(pinned, registries):
    digest = registries[1].put("paddle:3.3.1")
    registries[1].images.clear()
    name = f"{registries[1].host}/paddle:3.3.1"
    line = len(pinned.read("models.lock").partition("image_mirrors:")[0].splitlines()) + 1

    [found] = lines(pinned, remote=True)
    assert found == (
        f"models.lock:{line}:9: warning[image-moved]: resnet50: its registry has no {name} any "
        f"more, locked is {digest}; push it again, or name another image"
    )


@pytest.mark.slow
def test_an_image_that_is_named_by_its_digest_is_asked_for_by_that(gated, registries):
    digest = registries[0].put("paddle:3.3.1")
    registries[1].put("paddle:3.3.1")
    names = [f"{one.host}/paddle:3.3.1@{digest}" for one in registries]
    in_image(gated, f"{{image: '{names[0]}', mirrors: ['{names[1]}']}}")
    gated.update()
    for one in registries:
        one.put("paddle:3.3.1", manifest("new"))
    assert lines(gated, remote=True) == []
    for one in registries:
        del one.images[f"/v2/paddle/manifests/{digest}"]

    assert len(lines(gated, remote=True)) == 2


@pytest.mark.slow
def test_a_registry_that_does_not_answer_is_a_note_and_no_pass_in_silence(pinned, registries):
    registries[0].statuses = [403] * 9
    host = registries[0].host

    assert lines(pinned, remote=True) == []
    registries[0].statuses = [403] * 9
    assert notes(pinned) == [
        f"whether {host}/paddle:3.3.1 has moved is not known ({host}: it answered 403)"
    ]
