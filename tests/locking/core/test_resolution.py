from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.errors import Unresolvable
from paddledvc.hashes import Hashes
from paddledvc.locking.core.resolution import (
    find_clashing_resolutions,
    list_stale_resolutions,
    plan_resolution,
    resolve_pin,
)
from paddledvc.locking.core.selection import (
    NO_UPGRADE,
    Upgrade,
    find_unsatisfied_want,
    select_version,
)
from paddledvc.models import lockfile as locks
from paddledvc.models.compatibility import explain_incompatibility
from paddledvc.models.lockfile import Lock
from paddledvc.models.model import Declared, Environment, Model
from paddledvc.models.registry import Registry
from paddledvc.models.versions import Requirement, as_version, same_version
from paddledvc.stages.core.settings_digest import digest_settings

EMPTY = Lock(models=())
ZOO = {name: Declared(kind="index", settings={"url": f"{name}.yaml"}) for name in ("zoo", "team")}
EVERYTHING = Upgrade(everything=True)


def a_model(name="det", version=">=1", source="zoo", **fields):
    return Model(name=name, requires=Requirement.parse(version), source=source, **fields)


def a_registry(*models, **fields):
    return Registry(models=models, catalogs=ZOO, **fields)


def listed(*versions, **fields):
    return {"det": [Listed(version=version, **fields) for version in versions]}


def release(name, version):
    digest = digest_settings((name, version)) * 4
    file = ReleaseFile(
        path=f"{name}.pdparams",
        urls=(f"https://zoo/{name}_{version}.pdparams",),
        hashes=Hashes(md5=digest, size=len(version)),
    )
    return Release(version=version, files=(file,))


def resolve(registry, catalog, previous=EMPTY, upgrade=NO_UPGRADE):
    """Lock as ``paddledvc lock`` does, of a catalog that is a mapping of names to versions."""
    planned = plan_resolution(registry, previous, upgrade)
    if planned.conflicts:
        raise planned.conflicts[0]
    entries = list(planned.entries)
    for question in planned.questions:
        choice = select_version(question, catalog.get(question.query.name, ()))
        told = replace(release(question.query.name, choice.version), paddle=choice.listed.paddle)
        entries.append(resolve_pin(question, told))
    return Lock(models=tuple(sorted(entries, key=lambda entry: entry.name)))


def versions_of(lock):
    return {entry.name: entry.version for entry in lock.models}


def taken(version, *available, **fields):
    return (
        resolve(a_registry(a_model(version=version)), listed(*available, **fields))
        .models[0]
        .version
    )


def complaint(*models, catalog, **fields):
    with pytest.raises(Unresolvable) as caught:
        resolve(a_registry(*models, **fields), catalog)
    return str(caught.value)


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        pytest.param(">=3.2,<4", "v3.10.0", id="newest of a range, by number"),
        pytest.param("~=3.2.0", "v3.2.5", id="compatible"),
        pytest.param("==3.2.*", "v3.2.5", id="any patch"),
        pytest.param("^3.2", "v3.10.0", id="caret"),
        pytest.param("latest", "v4.0.0", id="latest"),
        pytest.param("latest-pre", "v4.1.0rc1", id="latest with pre-releases"),
        pytest.param(">=4.1rc0", "v4.1.0rc1", id="a range that names a pre-release"),
        pytest.param(">=3.2,!=4.0.0", "v3.10.0", id="but not that one"),
        pytest.param("3.2.5", "v3.2.5", id="exact, as the catalog spells it"),
        pytest.param("==3.2.5", "v3.2.5", id="exact by =="),
        pytest.param("v4.1.0rc1", "v4.1.0rc1", id="exact pre-release"),
    ],
)
def test_the_newest_version_that_satisfies_is_taken(requirement, expected):
    assert taken(requirement, "v4.1.0rc1", "v3.2.5", "v3.10.0", "v4.0.0", "v3.1") == expected


@pytest.mark.parametrize(
    ("requirement", "available", "expected"),
    [
        pytest.param("==1.0", ["1.0+cpu"], "1.0+cpu", id="== takes a build"),
        pytest.param("==1.0", ["1.0+cpu", "1.0"], "1.0", id="== prefers the one without"),
        pytest.param("latest", ["1.0+cpu", "v1.0"], "v1.0", id="so does latest"),
        pytest.param(">=1.0", ["1.0+cpu", "1.0", "1.0+gpu"], "1.0", id="so does a range"),
        pytest.param("latest", ["1.1+cpu", "1.0"], "1.1+cpu", id="among builds of one version"),
        pytest.param("==1.0+cpu", ["1.0+cpu", "1.0"], "1.0+cpu", id="unless one is named"),
    ],
)
def test_the_build_without_a_local_part_is_preferred(requirement, available, expected):
    assert taken(requirement, *available) == expected


def test_a_build_that_is_not_yanked_is_preferred_over_one_that_is():
    catalog = {"det": [Listed(version="1.0", yanked="NaNs"), Listed(version="1.0+cpu")]}

    assert versions_of(resolve(a_registry(a_model(version="==1.0")), catalog)) == {"det": "1.0+cpu"}


def test_a_locked_build_stays_while_it_satisfies_everybody():
    registry = a_registry(a_model(version="==1.0"))
    lock = resolve(registry, listed("1.0+cpu"))

    assert resolve(registry, listed("1.0+cpu", "1.0"), lock) == lock
    assert versions_of(resolve(registry, listed("1.0+cpu", "1.0"), lock, EVERYTHING)) == {
        "det": "1.0"
    }


def test_a_version_alone_of_which_there_are_builds_says_how_to_ask_for_them():
    assert complaint(a_model(version="v1.0"), catalog=listed("1.0+cpu", "1.0+gpu")) == (
        "det: no version satisfies all of this\n"
        "  models.yaml asks for v1.0\n"
        "  zoo lists 1.0+gpu, 1.0+cpu\n"
        "  v1.0 is the version without a local part; ask for ==v1.0 to take any build of it"
    )


def test_a_model_of_which_the_catalog_lists_nothing_says_so():
    assert complaint(a_model(version="v1.0"), catalog={}).endswith("zoo lists no version of it")


def test_a_version_that_is_there_but_does_not_load_is_no_matter_of_builds():
    environment = Environment(stated_paddle="2.6")
    catalog = listed("1.0", "1.1+cpu", paddle=">=3.0")

    assert "local part" not in complaint(
        a_model(version="1.0"), catalog=catalog, environment=environment
    )
    assert "local part" not in complaint(
        a_model(version="1.1+cpu"), catalog=catalog, environment=environment
    )


def test_a_version_is_pinned_with_all_that_the_catalog_says():
    [entry] = resolve(a_registry(a_model()), listed("v1.0")).models

    assert (entry.version, entry.source) == ("v1.0", "zoo")
    assert (entry.urls, entry.md5, entry.size) == (
        ("https://zoo/det_v1.0.pdparams",),
        digest_settings(("det", "v1.0")) * 4,
        4,
    )
    assert (entry.format, entry.path) == ("pdparams", "checkpoints/det_v1.0.pdparams")


def test_a_folder_of_files_is_pinned_file_by_file():
    [question] = plan_resolution(a_registry(a_model()), EMPTY).questions
    files = tuple(
        ReleaseFile(path=path, urls=(f"https://zoo/{path}",), hashes=Hashes(md5="0" * 32))
        for path in ("a/x.json", "y.bin")
    )
    entry = resolve_pin(question, Release(version="v1", files=files, folder=True, commit="c" * 40))

    assert [file.path for file in entry.files] == ["a/x.json", "y.bin"]
    assert (entry.path, entry.format, entry.urls, entry.commit) == (
        "checkpoints/det_v1",
        None,
        (),
        "c" * 40,
    )


def test_a_new_version_moves_no_pin():
    registry = a_registry(a_model())
    lock = resolve(registry, listed("v1.0"))

    assert resolve(registry, listed("v1.0", "v2.0"), lock) == lock


def test_a_range_that_still_admits_the_pin_moves_nothing():
    lock = resolve(a_registry(a_model()), listed("v1.0"))
    wider = a_registry(a_model(version=">=0.5,<3"))

    assert list_stale_resolutions(wider, lock) == ()
    assert resolve(wider, listed("v1.0", "v2.0"), lock) == lock


@pytest.mark.parametrize(
    "upgrade",
    [
        pytest.param(EVERYTHING, id="everything"),
        pytest.param(Upgrade(models={"det": None}), id="the model"),
        pytest.param(Upgrade(models={"det": Requirement.parse("==2.0")}), id="to a version"),
    ],
)
def test_an_upgrade_moves_the_pin(upgrade):
    registry = a_registry(a_model())
    lock = resolve(registry, listed("v1.0"))

    assert versions_of(resolve(registry, listed("v1.0", "v2.0"), lock, upgrade)) == {"det": "v2.0"}


def test_an_upgrade_of_another_model_moves_nothing():
    registry = a_registry(a_model(), a_model("rec"))
    catalog = {"det": [Listed(version="v1.0")], "rec": [Listed(version="v1.0")]}
    lock = resolve(registry, catalog)
    newer = {name: [*versions, Listed(version="v2.0")] for name, versions in catalog.items()}

    after = resolve(registry, newer, lock, Upgrade(models={"rec": None}))
    assert versions_of(after) == {"det": "v1.0", "rec": "v2.0"}


def test_a_yanked_version_is_taken_only_when_it_is_asked_for_exactly():
    catalog = {"det": [Listed(version="v1.0"), Listed(version="v2.0", yanked="yanked: NaNs")]}
    exactly = a_registry(a_model(version="v2.0"))
    [question] = plan_resolution(exactly, EMPTY).questions

    assert versions_of(resolve(a_registry(a_model()), catalog)) == {"det": "v1.0"}
    assert select_version(question, catalog["det"]).warning == "det v2.0 is yanked: NaNs"


def test_a_yanked_version_stays_locked():
    registry = a_registry(a_model())
    lock = resolve(registry, listed("v1.0"))
    catalog = listed("v1.0", yanked="cancelled")

    assert resolve(registry, catalog, lock) == lock
    assert list_stale_resolutions(registry, lock) == ()


def test_versions_that_the_image_cannot_load_are_passed_over():
    catalog = {
        "det": [
            Listed(version="v1", format="pdparams"),
            Listed(version="v2", format="pdparams", paddle=">=2.0,<3.3"),
            Listed(version="v3", format="pdparams", paddle=">=3.3"),
            Listed(version="v4", format="json"),
        ]
    }
    old = Environment(image="host/paddlepaddle/paddle:2.6.2-gpu-cuda12.0-cudnn8.9")

    assert versions_of(resolve(a_registry(a_model(), environment=old), catalog)) == {"det": "v2"}


def test_the_pin_moves_when_the_image_can_no_longer_load_it():
    catalog = {"det": [Listed(version="v1"), Listed(version="v2", paddle=">=3.3")]}
    lock = resolve(a_registry(a_model()), catalog)
    pinned = Lock(models=(replace(lock.models[0], paddle=">=3.3"),))
    downgraded = a_registry(a_model(), environment=Environment(stated_paddle="3.1.0"))

    assert [str(reason) for reason in list_stale_resolutions(downgraded, pinned)] == [
        "det: v2 needs Paddle >=3.3, and its environment has Paddle 3.1.0"
    ]
    assert versions_of(resolve(downgraded, catalog, pinned)) == {"det": "v1"}


def test_a_base_satisfies_all_who_start_from_it():
    registry = a_registry(
        a_model("det", ">=1"),
        a_model("a", "v1", base="det", base_requires=Requirement.parse("<3")),
        a_model("b", "v1", base="det", base_requires=Requirement.parse("!=2.5")),
    )
    catalog = {**listed("v1", "v2", "v2.5", "v3"), "a": [Listed(version="v1")]}

    assert versions_of(resolve(registry, {**catalog, "b": catalog["a"]}))["det"] == "v2"


def test_bases_that_cannot_both_be_satisfied_say_who_wants_what():
    assert complaint(
        a_model("det", ">=1"),
        a_model("flowers", "v1", base="det", base_requires=Requirement.parse("<2")),
        a_model("swallows", "v1", base="det", base_requires=Requirement.parse(">=2")),
        catalog={name: [Listed(version="v1"), Listed(version="v2")] for name in ("det", "flowers")},
    ) == (
        "det: no version satisfies all of this\n"
        "  models.yaml asks for >=1\n"
        "  flowers, which starts from it, asks for <2\n"
        "  swallows, which starts from it, asks for >=2\n"
        "  zoo lists v2, v1"
    )


def test_the_one_version_of_a_url_that_does_not_satisfy_says_who_wants_what():
    base = Model(name="det", requires=Requirement.parse("v1"), urls=("a.pdparams",))
    child = a_model("flowers", "v1", base="det", base_requires=Requirement.parse(">=2"))

    assert complaint(base, child, catalog={}) == (
        "det: no version satisfies all of this\n"
        "  models.yaml asks for v1\n"
        "  flowers, which starts from it, asks for >=2\n"
        "  change one of them in models.yaml"
    )


def test_a_program_that_the_image_cannot_load_is_refused_by_name():
    model = Model(name="det", requires=Requirement.parse("v1"), urls=("det.json",))
    image = Environment(image="paddlepaddle/paddle:2.6.2")

    assert complaint(model, catalog={}, environment=image) == (
        "det: v1 is a .json program, which needs Paddle 3, "
        "and paddlepaddle/paddle:2.6.2 has Paddle 2.6.2\n"
        "  name another version in models.yaml, or another environment"
    )


def test_what_is_listed_but_cannot_be_taken_is_explained():
    catalog = {
        "det": [
            Listed(version="v0.9"),
            Listed(version="v1.1", yanked="cancelled by the tag det@v1.1!"),
            Listed(version="v2.0rc1"),
            Listed(version="v1.2", paddle=">=3.3"),
        ]
    }
    image = Environment(image="paddlepaddle/paddle:3.1.0")

    assert complaint(a_model(), catalog=catalog, environment=image) == (
        "det: no version satisfies all of this\n"
        "  models.yaml asks for >=1\n"
        "  zoo lists v2.0rc1 (a pre-release), v1.2 (needs Paddle >=3.3, and "
        "paddlepaddle/paddle:3.1.0 has Paddle 3.1.0), v1.1 (cancelled by the tag det@v1.1!), v0.9\n"
        "  pre-releases are taken only when asked for: latest-pre, or a range that names one"
    )


def test_other_bytes_under_a_known_version_are_refused():
    registry = a_registry(a_model())
    lock = resolve(registry, listed("v1.0"))
    other = Lock(models=(replace(lock.models[0], md5="f" * 32),))
    with pytest.raises(Unresolvable) as caught:
        resolve(registry, listed("v1.0"), other, EVERYTHING)

    assert str(caught.value) == (
        f"det: zoo says md5:{lock.models[0].md5} of v1.0, models.lock says md5:{'f' * 32}\n"
        "  a version never changes its bytes; ask for a new one, or find out which is wrong\n"
        "  to take the new bytes nevertheless, `paddledvc remove` and `add` the model"
    )


def test_a_digest_in_models_yaml_must_be_that_of_the_catalog():
    assert complaint(a_model(version="v1.0", md5="f" * 32), catalog=listed("v1.0")) == (
        f"det: zoo says md5:{digest_settings(('det', 'v1.0')) * 4} of v1.0, "
        f"models.yaml says md5:{'f' * 32}\n"
        "  a version never changes its bytes; ask for a new one, or find out which is wrong"
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param(
            {"version": ">=2"}, "models.yaml asks for >=2, locked is v1.0", id="requirement"
        ),
        pytest.param(
            {"source_name": "other"},
            "source_name is other in models.yaml, absent locked",
            id="name in the source",
        ),
        pytest.param({"file": "a"}, "file is a in models.yaml, absent locked", id="file"),
        pytest.param(
            {"revision": "dev"}, "revision is dev in models.yaml, absent locked", id="revision"
        ),
        pytest.param(
            {"version": "v1.0", "md5": "f" * 32},
            f"models.yaml states md5:{'f' * 32}, "
            f"locked is md5:{digest_settings(('det', 'v1.0')) * 4}",
            id="digest",
        ),
    ],
)
def test_a_stale_pin_says_why(fields, reason):
    lock = resolve(a_registry(a_model()), listed("v1.0"))

    assert [str(one) for one in list_stale_resolutions(a_registry(a_model(**fields)), lock)] == [
        f"det: {reason}"
    ]


def test_a_base_that_no_longer_satisfies_makes_the_lock_stale():
    lock = resolve(a_registry(a_model()), listed("v1.0"))
    child = a_model("a", "v1", base="det", base_requires=Requirement.parse(">=2"))
    reasons = [str(one) for one in list_stale_resolutions(a_registry(a_model(), child), lock)]

    assert reasons == [
        "a: is in models.yaml but not in models.lock",
        "det: a, which starts from it, asks for >=2, locked is v1.0",
    ]


def test_models_that_would_share_a_file_are_told_apart():
    registry = a_registry(a_model("x_1.0_rc", "latest"), a_model("X", "latest-pre"))
    catalog = {"x_1.0_rc": [Listed(version="1")], "X": [Listed(version="1.0_RC_1")]}

    [error] = find_clashing_resolutions(resolve(registry, catalog).models)
    assert str(error) == (
        "x_1.0_rc: checkpoints/x_1.0_rc_1.pdparams is where X is downloaded to; "
        "rename one of the two"
    )


NUMBERS = [f"{major}.{minor}{pre}" for major in "012" for minor in "012" for pre in ("", "rc1")]
RANGES = [f"{sign}{number}" for sign in ("", ">=", "<=", "!=", "^", "==") for number in NUMBERS]
ranges = st.sampled_from(["latest", "latest-pre", ">=0.1", "<2", "!=1.1"] * 9 + RANGES)
finds = st.sampled_from(
    [
        Listed(version=version, yanked=yanked, paddle=paddle)
        for version in NUMBERS
        for yanked in (None, None, None, "yanked")
        for paddle in (None, None, ">=3", "<3")
    ]
)
catalogs = st.fixed_dictionaries(
    {name: st.lists(finds, min_size=8, unique_by=lambda one: one.version) for name in "abc"}
)


@st.composite
def registries(draw):
    names = draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True))
    models = []
    for at, name in enumerate(names):
        base = draw(st.sampled_from([None, None, *names[:at]]))
        models.append(
            a_model(
                name,
                draw(ranges),
                source=draw(st.sampled_from(["zoo", "zoo", "team"])),
                source_name=draw(st.sampled_from([None, None, "b"])),
                file=draw(st.sampled_from([None, None, "x"])),
                base=base,
                base_requires=Requirement.parse(draw(ranges)) if base else None,
            )
        )
    paddle = draw(st.sampled_from([None, "2.6.2", "3.3.1"]))
    return a_registry(*models, environment=Environment(stated_paddle=paddle))


def attempt(*arguments):
    try:
        return resolve(*arguments)
    except Unresolvable:
        return None


@given(registries(), catalogs)
def test_a_lock_is_fresh_right_after_locking_and_locking_again_moves_nothing(registry, catalog):
    lock = attempt(registry, catalog)
    assume(lock is not None)

    assert list_stale_resolutions(registry, lock) == ()
    assert resolve(registry, catalog, lock) == lock


@given(registries(), catalogs, catalogs)
def test_a_fresh_lock_needs_no_catalog_whatever_catalogs_say_by_now(registry, before, after):
    lock = attempt(registry, before)
    assume(lock is not None)

    assert resolve(registry, after, lock) == lock


@given(registries(), registries(), catalogs)
def test_the_lock_is_fresh_exactly_where_locking_would_change_nothing(before, now, catalog):
    lock = attempt(before, catalog)
    assume(lock is not None)
    after = attempt(now, catalog, lock)

    assert (list_stale_resolutions(now, lock) == ()) is (after == lock)


@given(registries(), catalogs, st.randoms())
def test_the_order_of_models_and_of_versions_does_not_matter(registry, catalog, random):
    models = list(registry.models)
    random.shuffle(models)
    shuffled = {name: random.sample(entries, len(entries)) for name, entries in catalog.items()}
    lock = attempt(registry, catalog)
    other = attempt(replace(registry, models=tuple(models)), shuffled)

    assert (lock and locks.render_lockfile(lock)) == (other and locks.render_lockfile(other))


@given(registries(), registries(), catalogs)
def test_a_pin_leaves_its_version_only_if_that_no_longer_satisfies(before, now, catalog):
    lock = attempt(before, catalog)
    assume(lock is not None)
    after = attempt(now, catalog, lock)
    assume(after is not None)
    for question in plan_resolution(now, EMPTY).questions:
        name = question.model.name
        locked = lock.by_name.get(name)
        if locked is None or locked.source_name != question.model.source_name:
            continue
        [listed] = [one for one in catalog[question.query.name] if one.version == locked.version]
        still_good = find_unsatisfied_want(
            question.wants, locked.version
        ) is None and not explain_incompatibility(question.environment, [listed.paddle], None)
        assert (after.by_name[name].version == locked.version) or not still_good


@given(registries(), catalogs)
def test_what_is_locked_is_the_newest_that_everybody_admits(registry, catalog):
    lock = attempt(registry, catalog)
    assume(lock is not None)
    for question in plan_resolution(registry, EMPTY).questions:
        name = question.model.name
        wanted = [want.requirement for want in question.wants]
        pre = any(requirement.names_prerelease for requirement in wanted)
        exact = any(requirement.exact for requirement in wanted)
        paddle = question.environment.paddle
        admitted = [
            one.version
            for one in catalog[question.query.name]
            if all(requirement.allows(one.version, prereleases=pre) for requirement in wanted)
            and (one.yanked is None or exact)
            and (paddle is None or one.paddle != (">=3" if paddle < "3" else "<3"))
        ]
        assert same_version(versions_of(lock)[name], max(admitted, key=as_version))
