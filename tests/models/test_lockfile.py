from __future__ import annotations

from dataclasses import replace

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from paddledvc import schemas
from paddledvc.errors import InvalidFile, StaleLock, UnknownModel
from paddledvc.locking.core.resolution import (
    list_stale_resolutions,
    plan_resolution,
    require_fresh_resolution,
)
from paddledvc.models import lockfile as locks
from paddledvc.models.lockfile import Lock, LockedModel
from paddledvc.models.model import Environment, Metric, Model
from paddledvc.models.registry import Registry
from paddledvc.models.verify_settings import Verify
from paddledvc.models.versions import Requirement
from paddledvc.names import name_collision_key
from paddledvc.yaml import reader

EMPTY = Lock(models=())
MD5, OTHER_MD5 = "0" * 32, "1" * 32
SHA, OTHER_SHA = "a" * 64, "b" * 64


def said(values):
    return tuple(map(str, values))


def a_model(name="a", version="v1", **fields):
    return Model(name=name, requires=Requirement.parse(version), **fields)


def a_registry(*models, image=None):
    return Registry(models=models, environment=image and Environment(image=image))


def weights(name="a", version="v1", **fields):
    return a_model(name, version, **{"urls": (f"https://host/{name}.pdparams",), **fields})


def lock_of(*models, previous=EMPTY):
    return resolve(a_registry(*models), previous)


def resolve(registry, previous):
    """Lock what needs no catalog."""
    planned = plan_resolution(registry, previous)
    assert planned.questions == planned.conflicts == ()
    return Lock(models=planned.entries)


def parse(text):
    return locks.parse_lockfile(reader.parse_yaml(text, "models.lock"), schemas.read_schema("lock"))


def complaint(text):
    with pytest.raises(InvalidFile) as caught:
        parse(text)
    return str(caught.value)


def hexadecimal(length):
    return st.integers(0, 16**length - 1).map(f"{{:0{length}x}}".format)


words = st.text(alphabet="aé模\x7f\x85\u2028 :#'\"${}\\-0~\t", min_size=1, max_size=9)
names = st.text(alphabet="aA0.+_-", max_size=6).map("x{}y".format)
versions = st.sampled_from(["v1.0.0", "2.1rc1", "1!3", "v3.3.0+cu118", "1.10", "0"])
models = st.builds(
    Model,
    name=names,
    requires=versions.map(Requirement.parse),
    source=st.none() | words,
    urls=st.lists(words.map("https://host/".__add__), max_size=3, unique=True).map(tuple),
    md5=st.none() | hexadecimal(32),
    sha256=st.none() | hexadecimal(64),
    size=st.none() | st.integers(0, 2**50),
    format=st.sampled_from([None, "pdparams", "tar.gz"]),
    base=st.none() | names,
    environment=st.none() | words.map(lambda image: Environment(image=image)),
)
registries = st.builds(
    Registry,
    models=st.lists(models, max_size=6, unique_by=lambda m: name_collision_key(m.name)).map(tuple),
    environment=st.none() | words.map(lambda image: Environment(image=image)),
)


@given(registries)
def test_a_lock_survives_being_written_and_read(registry):
    lock = resolve(registry, EMPTY)

    assert parse(locks.render_lockfile(lock)) == lock


@given(registries)
def test_every_yaml_reader_understands_a_lock_alike(registry):
    text = locks.render_lockfile(resolve(registry, EMPTY))

    assert reader.parse_yaml(text, "models.lock").value == YAML(typ="safe").load(text)
    assert reader.parse_yaml(text, "models.lock").value == pyyaml.safe_load(text)


@given(registries, st.randoms())
def test_the_order_of_the_models_does_not_matter(registry, random):
    shuffled = list(registry.models)
    random.shuffle(shuffled)
    other = replace(registry, models=tuple(shuffled))

    assert locks.render_lockfile(resolve(other, EMPTY)) == locks.render_lockfile(
        resolve(registry, EMPTY)
    )


@given(registries)
def test_locking_twice_changes_nothing(registry):
    once = resolve(registry, EMPTY)

    assert resolve(registry, once) == once


@given(registries)
def test_a_lock_is_fresh_right_after_locking_but_for_bytes_that_nobody_hashed(registry):
    lock = resolve(registry, EMPTY)

    assert said(list_stale_resolutions(registry, lock)) == tuple(
        f"{model.name}: its bytes have not been hashed yet"
        for model in lock.models
        if not model.hashed
    )


@given(registries)
def test_what_is_learnt_about_the_bytes_is_kept_and_makes_the_lock_fresh(registry):
    lock = resolve(registry, EMPTY)
    learnt = Lock(
        models=tuple(
            replace(
                entry,
                md5=entry.md5 or MD5,
                sha256=entry.sha256 or SHA,
                size=entry.size if entry.size is not None else 3,
            )
            if entry.urls
            else entry
            for entry in lock.models
        )
    )

    assert resolve(registry, learnt) == learnt
    assert list_stale_resolutions(registry, learnt) == ()


@given(registries, models)
def test_a_new_model_moves_no_other_entry(registry, model):
    others = tuple(
        other
        for other in registry.models
        if name_collision_key(other.name) != name_collision_key(model.name)
    )
    registry = replace(registry, models=others)
    grown = replace(registry, models=(*others, model))
    before = resolve(registry, EMPTY).by_name
    after = resolve(grown, EMPTY).by_name

    assert {name: entry for name, entry in after.items() if name != model.name} == before


def test_a_lock_is_written_sorted_and_quoted_a_block_a_model():
    lock = resolve(
        a_registry(
            a_model("b", "1.10", base="a"),
            weights(
                "a",
                source="zoo",
                urls=("https://host/a.tar.gz", "zoo/é.pdparams"),
                md5="12345678901234567890123456789012",
                size=7,
            ),
            image="paddle:3",
        ),
        EMPTY,
    )

    assert locks.render_lockfile(lock) == (
        "# yaml-language-server: $schema=.paddledvc/lock.schema.json\n"
        "# Written by `paddledvc lock` from models.yaml; do not edit.\n"
        "version: 1\n"
        "models:\n"
        '  - name: "a"\n'
        '    version: "v1"\n'
        '    source: "zoo"\n'
        "    urls:\n"
        '      - "https://host/a.tar.gz"\n'
        '      - "zoo/é.pdparams"\n'
        '    md5: "12345678901234567890123456789012"\n'
        "    size: 7\n"
        '    format: "tar.gz"\n'
        '    path: "checkpoints/a_v1.tar.gz"\n'
        '    image: "paddle:3"\n'
        '  - name: "b"\n'
        '    version: "1.10"\n'
        '    base: "a"\n'
        '    image: "paddle:3"\n'
    )


def test_an_empty_lock_is_written_as_such():
    assert locks.render_lockfile(EMPTY).endswith("version: 1\nmodels: []\n")
    assert parse(locks.render_lockfile(EMPTY)) == EMPTY


def test_the_format_is_pdparams_where_nothing_says_otherwise():
    [entry] = lock_of(weights(urls=("https://host/download?id=7",))).models

    assert (entry.format, entry.path) == ("pdparams", "checkpoints/a_v1.pdparams")


def test_a_models_own_image_wins_over_that_of_the_file():
    registry = a_registry(
        a_model("a", environment=Environment(image="own")), a_model("b"), image="all"
    )

    assert [m.image for m in resolve(registry, EMPTY).models] == ["own", "all"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"task": "detection"}, id="task"),
        pytest.param({"description": "other words"}, id="description"),
        pytest.param({"license": "MIT"}, id="license"),
        pytest.param({"owner": "me"}, id="owner"),
        pytest.param({"tags": ("x",)}, id="tags"),
        pytest.param({"metrics": (Metric(name="m", value=1.0),)}, id="metrics"),
        pytest.param({"config_path": "c.yml"}, id="config_path"),
        pytest.param({"input_size": (1, 2)}, id="input_size"),
        pytest.param({"network_args": {"a": 1}}, id="network_args"),
        pytest.param({"verify": Verify(seed=3)}, id="verify"),
        pytest.param({"meta": {"a": 1}}, id="meta"),
    ],
)
def test_a_field_that_is_no_part_of_a_version_moves_nothing(change):
    model = weights(md5=MD5)

    assert lock_of(replace(model, **change)) == lock_of(model)


@pytest.mark.parametrize(
    ("wanted", "known", "kept"),
    [
        pytest.param({}, {"md5": MD5, "sha256": SHA, "size": 3}, (MD5, SHA, 3), id="all"),
        pytest.param({"md5": MD5}, {"md5": MD5, "sha256": SHA, "size": 3}, (MD5, SHA, 3), id="md5"),
        pytest.param({"size": 3}, {"md5": MD5, "size": 3}, (MD5, None, 3), id="size"),
        pytest.param(
            {"md5": OTHER_MD5}, {"md5": MD5, "size": 3}, (OTHER_MD5, None, None), id="new"
        ),
        pytest.param({"sha256": SHA}, {"md5": MD5, "size": 3}, (None, SHA, None), id="other kind"),
        pytest.param({"size": 4}, {"md5": MD5, "size": 3}, (MD5, None, 4), id="other size"),
        pytest.param(
            {"md5": MD5, "sha256": OTHER_SHA},
            {"md5": MD5, "sha256": SHA, "size": 3},
            (MD5, OTHER_SHA, None),
            id="half new",
        ),
    ],
)
def test_what_is_known_about_the_same_bytes_is_kept(wanted, known, kept):
    [entry] = lock_of(weights(**wanted), previous=lock_of(weights(**known))).models

    assert (entry.md5, entry.sha256, entry.size) == kept


def test_nothing_is_kept_from_another_version():
    [entry] = lock_of(weights(version="v2"), previous=lock_of(weights(md5=MD5))).models

    assert entry.md5 is None


def test_models_that_nobody_hashed_are_named():
    lock = lock_of(weights("b"), weights("a", md5=MD5), a_model("c"))

    assert [model.name for model in lock.models if not model.hashed] == ["b"]


LOCKED = weights(md5=MD5, size=3, source="zoo")


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        pytest.param([LOCKED], (), id="fresh"),
        pytest.param([], ("a: is in models.lock but no longer in models.yaml",), id="removed"),
        pytest.param(
            [LOCKED, weights("b", md5=MD5)],
            ("b: is in models.yaml but not in models.lock",),
            id="added",
        ),
        pytest.param(
            [replace(LOCKED, requires=Requirement.parse("v2"))],
            ("a: models.yaml asks for v2, locked is v1",),
            id="version",
        ),
        pytest.param(
            [replace(LOCKED, md5=OTHER_MD5)],
            (f"a: md5 is {OTHER_MD5} in models.yaml, {MD5} locked",),
            id="md5",
        ),
        pytest.param(
            [replace(LOCKED, source=None)],
            ("a: source is absent in models.yaml, zoo locked",),
            id="source gone",
        ),
        pytest.param(
            [replace(LOCKED, urls=("https://x/1", "https://x/2"))],
            ("a: urls is https://x/1, https://x/2 in models.yaml, https://host/a.pdparams locked",),
            id="urls",
        ),
        pytest.param(
            [replace(LOCKED, format="zip")],
            ("a: format is zip in models.yaml, pdparams locked",),
            id="format",
        ),
        pytest.param(
            [replace(LOCKED, environment=Environment(image="paddle:3"))],
            ("a: image is paddle:3 in models.yaml, absent locked",),
            id="image",
        ),
    ],
)
def test_a_stale_lock_says_where_and_why(wanted, reasons):
    assert said(list_stale_resolutions(a_registry(*wanted), lock_of(LOCKED))) == reasons


def test_an_edited_path_makes_a_lock_stale():
    [entry] = lock_of(LOCKED).models
    edited = Lock(models=(replace(entry, path="../../outside.pdparams"),))

    assert said(list_stale_resolutions(a_registry(LOCKED), edited)) == (
        "a: path is checkpoints/a_v1.pdparams in models.yaml, ../../outside.pdparams locked",
    )


def test_a_lock_without_a_digest_is_stale():
    assert said(list_stale_resolutions(a_registry(weights()), lock_of(weights()))) == (
        "a: its bytes have not been hashed yet",
    )


def test_a_stale_lock_is_refused_with_every_reason():
    registry = a_registry(weights("b", md5=MD5), weights("c", md5=MD5))
    with pytest.raises(StaleLock) as caught:
        require_fresh_resolution(registry, lock_of(LOCKED))

    assert str(caught.value) == (
        "models.lock is stale; run `paddledvc lock` to update it:\n"
        "  a: is in models.lock but no longer in models.yaml\n"
        "  b: is in models.yaml but not in models.lock\n"
        "  c: is in models.yaml but not in models.lock"
    )
    assert len(caught.value.reasons) == 3


def test_only_the_models_asked_for_have_to_be_fresh():
    registry = a_registry(LOCKED, weights("b", md5=MD5))

    require_fresh_resolution(registry, lock_of(LOCKED), ("a",))
    with pytest.raises(StaleLock):
        require_fresh_resolution(registry, lock_of(LOCKED), ("b",))


def test_a_model_that_is_not_locked_is_unknown():
    with pytest.raises(UnknownModel) as caught:
        EMPTY.model("a")

    assert str(caught.value) == "models.lock has no model 'a'; run `paddledvc lock`"


def test_a_newer_format_is_refused():
    assert complaint("version: 2\nmodels: []\n") == (
        "models.lock:1:10: version: found format 2, this paddledvc reads up to 1; upgrade paddledvc"
    )


def test_a_newer_format_is_refused_whatever_else_it_says():
    assert "upgrade paddledvc" in complaint("version: 2\nthings: [new]\n")


ENTRY = 'version: 1\nmodels:\n  - name: "a"\n    version: "v1"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "", "1:1: found nothing, expected a mapping with version and models", id="empty"
        ),
        pytest.param("version: 1\n", "1:1: 'models' is missing", id="no models"),
        pytest.param(
            ENTRY + "    md6: x\n",
            "5:5: models[0].md6: unknown key 'md6'; if a newer paddledvc wrote this file, "
            "upgrade paddledvc",
            id="unknown key",
        ),
        pytest.param(
            ENTRY + "    md5: 12345678901234567890123456789012\n",
            "5:10: models[0].md5: found 12345678901234567890123456789012, which YAML reads as a "
            "whole number; expected 32 lower-case hexadecimal digits, in quotes: "
            '"12345678901234567890123456789012"',
            id="unquoted digest",
        ),
        pytest.param(
            "version: 1\nmodels:\n<<<<<<< HEAD\n",
            "3:1: found a merge conflict; run `paddledvc lock --resolve ours` or `theirs` to take "
            "a side in each, or keep one of the blocks between the markers and run "
            "`paddledvc lock`",
            id="conflict",
        ),
    ],
)
def test_what_is_no_lock_is_refused(text, expected):
    assert complaint(text) == f"models.lock:{expected}"


def test_urls_without_a_path_are_refused_in_words_that_people_understand():
    found = complaint(ENTRY + '    urls:\n      - "https://host/a"\n')

    assert found.splitlines() == [
        "models.lock:3:5: models[0]: 'format' is missing",
        "models.lock:3:5: models[0]: 'path' is missing",
    ]


def test_a_model_that_is_locked_twice_is_refused():
    twice = ENTRY + '  - name: "a"\n    version: "v2"\n'

    assert complaint(twice) == (
        "models.lock:5:11: models[1].name: 'a' is locked in line 3 already; "
        "run `paddledvc lock` after removing either"
    )


def test_a_version_that_is_none_is_refused():
    assert complaint(ENTRY.replace('version: "v1"', 'version: "banana"')) == (
        "models.lock:4:14: models[0].version: found 'banana', expected one exact version; "
        "run `paddledvc lock` after fixing or removing the entry"
    )


def test_a_path_outside_the_project_is_refused():
    text = ENTRY + '    format: "pdparams"\n    path: "../../outside"\n'

    assert complaint(text).startswith("models.lock:6:11: models[0].path: ")


def test_a_locked_model_knows_its_hashes():
    entry = LockedModel(name="a", version="v1", md5=MD5, size=3)

    assert (entry.hashes.md5, entry.hashes.sha256, entry.hashes.size) == (MD5, None, 3)
