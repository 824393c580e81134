from __future__ import annotations

import json
import os
from contextlib import contextmanager
from hashlib import md5, sha256

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import DownloadFailed, InvalidFile, NotAProject, StaleLock

MD5 = "0" * 32
TWO = f"""\
models:
  - {{name: b, version: v1, weights_url: https://host/b.pdparams, md5: "{MD5}"}}
  - {{name: a, version: v2, description: first}}
"""


def test_a_lock_is_written(project):
    done = paddledvc.lock(project.models(TWO))

    assert tuple(map(str, done.changes)) == ("Add a v2", "Add b v1")
    assert [model.name for model in done.lock.models] == ["a", "b"]
    assert project.read("models.lock").count("- name:") == 2
    assert Project(project.root).lock() == done.lock


def test_locking_twice_writes_once(project):
    made = project.models(TWO)
    paddledvc.lock(made)
    path = project.root / "models.lock"
    os.utime(path, ns=(1, 1))
    done = paddledvc.lock(made)

    assert (done.changes, path.stat().st_mtime_ns) == ((), 1)


def test_the_lock_of_a_reordered_registry_is_the_same(project):
    paddledvc.lock(project.models(TWO))
    before = project.read("models.lock")
    lines = TWO.splitlines(keepends=True)
    done = paddledvc.lock(project.models(lines[0] + lines[2] + lines[1]))

    assert (done.changes, project.read("models.lock")) == ((), before)


def test_words_about_a_model_do_not_move_the_lock(project):
    paddledvc.lock(project.models(TWO))
    before = project.read("models.lock")
    paddledvc.lock(project.models(TWO.replace("first", "other words")))

    assert project.read("models.lock") == before


def test_a_lock_with_crlf_ends_is_as_good(project):
    made = project.models(TWO)
    paddledvc.lock(made)
    project.write("models.lock", project.read("models.lock").replace("\n", "\r\n"))

    paddledvc.lock(made, check=True)


def test_what_somebody_writes_while_we_wait_is_locked(project, monkeypatch):
    @contextmanager
    def exclusive(_):
        project.models(TWO.replace("v2", "v3"))
        yield

    made = project.models(TWO)
    monkeypatch.setattr(Project, "exclusive", exclusive)

    assert paddledvc.lock(made).lock.model("a").version == "v3"


def test_check_is_content_right_after_locking(project):
    made = project.models(TWO)
    paddledvc.lock(made)

    assert paddledvc.lock(made, check=True).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param("v2", "v3", "a: models.yaml asks for v3, locked is v2", id="version"),
        pytest.param(
            MD5,
            "1" * 32,
            f"b: md5 is {'1' * 32} in models.yaml, {MD5} locked",
            id="md5",
        ),
        pytest.param(
            "  - {name: a, version: v2, description: first}\n",
            "",
            "a: is in models.lock but no longer in models.yaml",
            id="removed",
        ),
    ],
)
def test_check_refuses_a_stale_lock_and_writes_nothing(project, before, after, reason):
    paddledvc.lock(project.models(TWO))
    written = project.read("models.lock")
    made = project.models(TWO.replace(before, after))
    with pytest.raises(StaleLock) as caught:
        paddledvc.lock(made, check=True)

    assert tuple(map(str, caught.value.reasons)) == (reason,)
    assert project.read("models.lock") == written


def test_check_without_any_lock_says_what_to_do(project):
    with pytest.raises(NotAProject) as caught:
        paddledvc.lock(project.models(TWO), check=True)

    assert str(caught.value) == "there is no models.lock yet; run `paddledvc lock`"


def test_a_dry_run_tells_and_writes_nothing(project):
    done = paddledvc.lock(project.models(TWO), dry_run=True)

    assert tuple(map(str, done.changes)) == ("Add a v2", "Add b v1")
    assert not (project.root / "models.lock").exists()


def test_a_dry_run_reads_no_weights(project, server):
    made = project.models(f"models: [{{name: a, version: v1, weights_url: {server.url}/a}}]")
    done = paddledvc.lock(made, dry_run=True)

    assert (done.trusted, server.log) == ((), [])


def test_bytes_that_nobody_hashed_are_read_once_and_trusted(project, server):
    url = server.put("/a.pdparams", b"weights")
    made = project.models(f"models: [{{name: a, version: v1, weights_url: {url}}}]")
    done = paddledvc.lock(made)
    again = paddledvc.lock(made)
    [entry] = done.lock.models

    assert (entry.md5, entry.sha256, entry.size) == (
        md5(b"weights").hexdigest(),
        sha256(b"weights").hexdigest(),
        7,
    )
    assert (done.trusted, again.trusted, again.changes) == (("a",), (), ())
    assert server.log == [("GET", "/a.pdparams")]
    assert not (project.root / "checkpoints").exists()


def test_a_digest_that_people_state_saves_the_reading(project, server):
    url = server.put("/a.pdparams", b"weights")
    made = project.models(f'models: [{{name: a, version: v1, weights_url: {url}, md5: "{MD5}"}}]')
    paddledvc.lock(made)

    assert server.log == []


def test_a_size_that_people_state_must_be_that_of_the_bytes(project, server):
    url = server.put("/a.pdparams", b"weights")
    made = project.models(f"models: [{{name: a, version: v1, weights_url: {url}, size: 8}}]")
    with pytest.raises(paddledvc.errors.ChecksumMismatch):
        paddledvc.lock(made)

    assert not (project.root / "models.lock").exists()


def test_a_source_that_cannot_be_read_leaves_the_old_lock(project, server, naps):
    paddledvc.lock(project.models(TWO))
    before = project.read("models.lock")
    made = project.models(TWO + f"  - {{name: c, version: v1, weights_url: {server.url}/c}}\n")
    with pytest.raises(DownloadFailed):
        paddledvc.lock(made)

    assert project.read("models.lock") == before


def test_what_the_lock_knows_is_kept_where_the_url_moves(project, server):
    url = server.put("/a.pdparams", b"weights")
    registry = f"models: [{{name: a, version: v1, weights_url: {url}}}]"
    before = paddledvc.lock(project.models(registry)).lock.models[0]
    made = project.models(registry.replace("/a.pdparams", "/moved.pdparams"))
    after = paddledvc.lock(made).lock.models[0]

    assert after.urls == (f"{server.url}/moved.pdparams",)
    assert after.hashes == before.hashes


def test_a_merge_conflict_in_the_lock_says_the_way_out(project):
    made = project.models(TWO)
    project.write("models.lock", "version: 1\n<<<<<<< ours\nmodels: []\n=======\n>>>>>>> theirs\n")
    with pytest.raises(InvalidFile) as caught:
        paddledvc.lock(made)

    assert str(caught.value) == (
        "models.lock:2:1: found a merge conflict in lines 2-5; run `paddledvc lock --resolve ours` "
        "or `theirs` to take a side in each, or keep one of the blocks between the markers and run "
        "`paddledvc lock`"
    )


def test_two_branches_that_add_models_merge_without_a_conflict(project):
    """One block a model, sorted: git merges what does not touch."""
    entry = '  - {{name: {0}, version: v1, weights_url: "https://host/{0}", md5: "{1}"}}\n'
    registry = "models:\n" + "".join(entry.format(name, MD5) for name in ("f", "m", "t"))

    def lock(text):
        paddledvc.lock(project.models(text))

    lock(registry)
    project.commit()
    project.git("switch", "--quiet", "--create", "feature")
    lock(registry.replace("models:\n", "models:\n" + entry.format("a", MD5)))
    project.commit()
    project.git("switch", "--quiet", "main")
    lock(registry + entry.format("z", MD5))
    project.commit()
    project.git("merge", "--quiet", "feature", "-m", "merge")

    paddledvc.lock(Project(project.root), check=True)
    assert [m.name for m in Project(project.root).lock().models] == ["a", "f", "m", "t", "z"]


def test_the_command_tells_what_moved(project, cli):
    project.models(TWO)

    assert cli("lock") == (0, "Add a v2\nAdd b v1\n", "Locked 2 models\n")
    assert cli("lock") == (0, "", "Locked 2 models\n")
    assert cli("lock", "--check").exit_code == 0


def test_the_command_tells_what_would_move(project, cli):
    project.models(TWO)

    assert cli("lock", "--dry-run") == (0, "Add a v2\nAdd b v1\n", "Would lock 2 models\n")


def test_the_command_counts_one_model_as_one(project, cli):
    project.models("models: [{name: a, version: v1}]")

    assert cli("lock").stderr == "Locked 1 model\n"


def test_the_command_names_what_it_trusts(project, cli, server):
    url = server.put("/a.pdparams", b"weights")
    project.models(f"models: [{{name: a, version: v1, weights_url: {url}}}]")

    assert cli("lock").stderr.splitlines()[0] == (
        "Trust a: its source publishes no digest, so the bytes downloaded now are locked and "
        "trusted; compare them with what its author publishes"
    )


def test_the_command_exits_with_1_for_a_stale_lock(project, cli):
    paddledvc.lock(project.models(TWO))
    project.models(TWO.replace("v2", "v3"))

    assert cli("lock", "--check") == (
        1,
        "",
        (
            "Error: models.lock is stale; run `paddledvc lock` to update it:\n"
            "  a: models.yaml asks for v3, locked is v2\n"
        ),
    )


def test_the_command_exits_with_2_for_a_broken_registry_with_each_place_at_the_start(project, cli):
    project.models("models:\n  - name: a\n    version: 1.10\n    md6: x\n")

    assert cli("lock") == (
        2,
        "",
        (
            "models.yaml:3:14: models[0].version: found 1.10, which YAML reads as a number (1.1); "
            'expected a version such as v3.3.0, in quotes: "1.10"\n'
            "models.yaml:4:5: models[0].md6: unknown key 'md6'; did you mean 'md5'?\n"
        ),
    )


def test_the_command_prints_json(project, cli):
    project.models("models: [{name: a, version: v1}]")
    done = json.loads(cli("lock", "--format", "json").stdout)

    assert (done["changes"], done["trusted"]) == (
        [{"kind": "add", "name": "a", "before": None, "after": "v1", "fields": []}],
        [],
    )
    assert done["lock"]["models"][0]["name"] == "a"


DATA = b"weights"
KNOWN = {"md5": md5(DATA).hexdigest(), "sha256": sha256(DATA).hexdigest()}


@pytest.mark.parametrize("stated", KNOWN)
@pytest.mark.parametrize("where", ["the work tree", "the cache", "the source"])
def test_digests_join_only_when_asked_from_bytes_that_have_the_stated_ones(
    project, cli, stated, where
):
    url = "a.pdparams" if where == "the source" else "https://nowhere.invalid/a.pdparams"
    made = project.models(
        f'models: [{{name: a, version: v1, weights_url: {url}, {stated}: "{KNOWN[stated]}"}}]'
    )
    cli("lock")
    before = project.read("models.lock")
    place = {
        "the work tree": "checkpoints/a_v1.pdparams",
        "the cache": f".dvc/cache/files/md5/{KNOWN['md5'][:2]}/{KNOWN['md5'][2:]}",
        "the source": "a.pdparams",
    }[where]
    project.write_bytes(place, DATA)
    if (where, stated) == ("the cache", "sha256"):  # under a name that the lock does not state
        project.write_bytes("checkpoints/a_v1.pdparams", DATA)
    assert cli("lock", "--offline").exit_code == 0
    assert project.read("models.lock") == before
    done = cli("lock", "--hash")

    assert done.exit_code == 0
    assert done.stderr.splitlines()[-1].startswith("Next: `paddledvc generate` and `dvc repro`")
    [entry] = made.lock().models
    assert (entry.md5, entry.sha256, entry.size) == (*KNOWN.values(), len(DATA))
    assert entry.trust is None
    after = project.read("models.lock")
    assert cli("lock", "--offline").exit_code == 0
    assert cli("lock", "--hash")[0::2] == (0, "Locked 1 model\n")
    assert project.read("models.lock") == after


def test_bytes_that_lack_a_stated_digest_add_none(project, cli):
    made = project.models(
        f'models: [{{name: a, version: v1, weights_url: a.pdparams, sha256: "{KNOWN["sha256"]}"}}]'
    )
    project.write_bytes("checkpoints/a_v1.pdparams", b"changed")
    project.write_bytes("a.pdparams", b"others!")
    cli("lock")
    done = cli("lock", "--hash")

    assert done.exit_code == 1
    assert f"expected sha256:{KNOWN['sha256']}" in done.stderr
    assert made.lock().models[0].md5 is None


def test_digests_do_not_join_a_lock_that_may_not_change(project, cli):
    project.models(TWO)
    cli("lock")

    assert cli("lock", "--hash", "--check")[0::2] == (
        2,
        "Error: --hash changes models.lock, which --check forbids\n",
    )
