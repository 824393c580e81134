"""Images locked by digest: registries on loopback, asked once, and only where that is needed."""

from __future__ import annotations

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import InvalidInput, StaleLock
from paddledvc.locking.current import LockUse, current_lock
from tests.registries import manifest

DIGEST = f"sha256:{'0a' * 32}"
OTHER_DIGEST = f"sha256:{'1b' * 32}"
OTHER = manifest("another")


@pytest.fixture
def locked(project, registries, caplog):
    """Write models.yaml and lock it; give what is locked, by name, and the warnings."""

    def lock(text="", **options):
        if text:
            for number, one in enumerate(registries):
                text = text.replace(f"R{number}", one.host)
            project.write("models.yaml", text)
        caplog.clear()
        done = paddledvc.lock(Project(project.root), **options)
        return done.lock.by_name, [record.getMessage() for record in caplog.records]

    return lock


ONE = "environment: R0/paddle:3.3.1\nmodels:\n  - {name: a, version: v1}\n"
TWO = f"{ONE}  - {{name: b, version: v1}}\n"


def test_a_tag_is_locked_by_its_digest_and_asked_for_once(locked, registry, project, cli):
    digest = registry.put("paddle:3.3.1")
    models, warnings = locked(TWO)

    assert [one.image_digest for one in models.values()] == [digest, digest]
    assert f'    image_digest: "{digest}"\n' in project.read("models.lock")
    assert (warnings, registry.asked) == ([], ["HEAD"])
    locked()
    assert cli("lock", "--check").exit_code == 0
    assert registry.asked == ["HEAD"]


def test_the_digest_stays_when_the_tag_moves_until_it_may(locked, registry, project, cli):
    digest = registry.put("paddle:3.3.1")
    locked(ONE)
    moved = registry.put("paddle:3.3.1", OTHER)

    assert locked(TWO)[0]["b"].image_digest == digest
    assert registry.asked == ["HEAD"]
    done = cli("lock", "--upgrade-image", "--dry-run")
    assert done.stdout == "Change a v1 (image_digest)\nChange b v1 (image_digest)\n"
    assert {one.image_digest for one in locked(upgrade_images=True)[0].values()} == {moved}


def test_another_name_is_another_question(locked, registry):
    registry.put("paddle:3.3.1")
    locked(ONE)
    digest = registry.put("paddle:3.3.2")

    assert locked(ONE.replace("3.3.1", "3.3.2"))[0]["a"].image_digest == digest


def test_a_digest_in_models_yaml_is_the_digest(locked, registry):
    for name in (f"R0/paddle:3.3.1@{DIGEST}", f"R0/paddle@{DIGEST}"):
        assert locked(ONE.replace("R0/paddle:3.3.1", name))[0]["a"].image_digest == DIGEST
    assert registry.log == []


def test_an_image_without_a_tag_is_not_asked_for(locked, registry):
    assert locked(ONE.replace(":3.3.1", ""))[0]["a"].image_digest is None
    assert registry.log == []


def test_each_mirror_has_its_digest_and_another_one_is_a_warning(locked, registries):
    digest = registries[0].put("paddle:3.3.1")
    registries[1].put("paddle:3.3.1")
    drifted = registries[1].put("copy:3.3.1", OTHER)
    hosts = [one.host for one in registries]
    text = (
        "environment: {image: R0/paddle:3.3.1, mirrors: [R1/paddle:3.3.1, R1/copy:3.3.1]}\n"
        "models: [{name: a, version: v1}]\n"
    )
    models, warnings = locked(text)

    assert models["a"].image_mirrors == (
        f"{hosts[1]}/paddle:3.3.1@{digest}",
        f"{hosts[1]}/copy:3.3.1@{drifted}",
    )
    [warning] = warnings
    assert warning == (
        f"{hosts[1]}/copy:3.3.1 is {drifted}, and {hosts[0]}/paddle:3.3.1, which it mirrors, is "
        f"{digest}; both are locked as they are, so compare them before they take each other's "
        "place"
    )
    registries[0].put("other:1")
    another = "  - {name: b, version: v1, environment: R0/other:1}\n"
    text = text.replace("[{name: a, version: v1}]\n", f"\n  - {{name: a, version: v1}}\n{another}")
    assert locked(text)[1] == []


def test_a_new_mirror_is_asked_for_and_one_that_is_gone_is_stale(locked, registries, project):
    for one in registries:
        one.put("paddle:3.3.1")
    both = (
        "environment: {image: R0/paddle:3.3.1, mirrors: [R1/paddle:3.3.1]}\n"
        "models: [{name: a, version: v1}]\n"
    )
    locked(ONE)
    assert len(locked(both)[0]["a"].image_mirrors) == 1
    assert [len(one.asked) for one in registries] == [1, 1]

    with pytest.raises(StaleLock, match="image_mirrors is absent in models"):
        locked(ONE, check=True)


@pytest.mark.parametrize("reason", ["--offline", "down", "refused"])
def test_without_its_registry_an_image_is_locked_by_its_tag(locked, registry, project, cli, reason):
    registry.statuses = [403] * 9
    name = "127.0.0.1:1/paddle:3.3.1" if reason == "down" else f"{registry.host}/paddle:3.3.1"
    use = LockUse(offline="--offline" if reason == "--offline" else None)
    why = {
        "--offline": "--offline forbids asking",
        "down": "127.0.0.1:1: connection refused",
        "refused": f"{registry.host}: it answered 403",
    }
    models, warnings = locked(TWO.replace("R0/paddle:3.3.1", name), use=use)

    assert [one.image_digest for one in models.values()] == [None, None]
    [warning] = warnings
    assert warning == (
        f"models.lock has no digest of {name} ({why[reason]}); run `paddledvc lock` where their "
        "registries can be reached"
    )
    assert cli("lock", "--check").exit_code == 0
    assert locked(use=LockUse(frozen="--frozen"))[1] == []


def test_a_digest_that_cannot_be_asked_for_anew_stays(locked, registry):
    digest = registry.put("paddle:3.3.1")
    locked(ONE)
    registry.images.clear()
    models, warnings = locked(upgrade_images=True)

    assert models["a"].image_digest == digest
    [warning] = warnings
    assert warning == (
        f"models.lock keeps the digest of {registry.host}/paddle:3.3.1 ({registry.host}: there is "
        "no such image); run `paddledvc lock --upgrade-image` where their registries can be reached"
    )


def test_what_forbids_to_change_the_lock_forbids_to_move_images(locked):
    with pytest.raises(InvalidInput, match=r"--upgrade-image changes models\.lock, which --check"):
        locked(ONE, check=True, upgrade_images=True)


def test_a_lock_of_another_image_is_stale_by_that_alone(locked, registry):
    registry.put("paddle:3.3.1")
    locked(ONE)
    name = f"R0/paddle:3.3.1@{DIGEST}"
    with pytest.raises(StaleLock) as caught:
        locked(ONE.replace("R0/paddle:3.3.1", name), check=True)

    assert [one.why.partition(" in ")[0] for one in caught.value.reasons] == [
        f"image is {registry.host}/paddle:3.3.1@{DIGEST}"
    ]


def test_a_digest_in_the_lock_that_models_yaml_contradicts_is_stale(locked, project):
    locked(ONE.replace("R0/paddle:3.3.1", f"paddle:3.3.1@{DIGEST}"))
    text = project.read("models.lock").replace(
        f'digest: "{DIGEST}"', f'digest: "sha256:{"1b" * 32}"'
    )
    project.write("models.lock", text)

    with pytest.raises(StaleLock, match="image_digest is absent"):
        locked(check=True)


def test_an_update_before_use_asks_no_registry_and_takes_the_digest_that_others_have(
    locked, registry, project
):
    digest = registry.put("paddle:3.3.1")
    locked(ONE)
    now = project.models(TWO.replace("R0", registry.host))

    assert [one.image_digest for one in current_lock(now, now.registry()).models] == [digest] * 2
    assert registry.asked == ["HEAD"]
