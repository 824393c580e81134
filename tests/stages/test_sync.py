from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from hashlib import md5, sha256

import pytest

import paddledvc
from paddledvc import LockUse, Project
from paddledvc.errors import (
    ChecksumMismatch,
    DownloadFailed,
    InvalidInput,
    OutsideFailure,
    StaleLock,
    StaleStages,
    UnknownModel,
    UnsavedEdit,
)
from paddledvc.stages.sync import Probed, Reached
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.system.links import link_file

DATA = os.urandom(1_500_000)
PATH = "checkpoints/a_v1.pdparams"


def a_registry(*urls, data=DATA, name="a", version="v1"):
    lines = "".join(f"      - {url}\n" for url in urls)
    return (
        f"models:\n  - name: {name}\n    version: {version}\n    urls:\n{lines}"
        f'    md5: "{md5(data).hexdigest()}"\n    size: {len(data)}\n'
    )


@pytest.fixture
def locked(project, server, naps):
    """Make a project of one locked model whose bytes the server has at /a.pdparams."""

    def make(*urls, data=DATA, folder=project):
        good = server.put("/a.pdparams", data)
        made = folder.models(a_registry(*(urls or (good,)), data=data))
        paddledvc.lock(made)
        return made

    return make


def litter(project):
    folder = project.root / "checkpoints"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_weights_are_downloaded_and_checked(locked, server, project):
    [done] = paddledvc.sync(locked(), ["a"])

    assert (done.name, done.version, done.path, done.state, done.url) == (
        "a",
        "v1",
        PATH,
        "fetched",
        f"{server.url}/a.pdparams",
    )
    assert done.hashes.sha256 == sha256(DATA).hexdigest()
    assert (project.root / PATH).read_bytes() == DATA
    assert litter(project) == ["a_v1.pdparams"]


def test_weights_that_are_in_place_ask_no_network(locked, server):
    made = locked()
    paddledvc.sync(made)
    asked = len(server.log)
    [done] = paddledvc.sync(made)

    assert (done.state, done.url, len(server.log)) == ("present", None, asked)


def test_weights_that_a_user_brought_are_left_alone(locked, server, project):
    made = locked()
    path = project.write_bytes(PATH, DATA)
    os.utime(path, ns=(1, 1))
    paddledvc.sync(made)

    assert server.log == []
    assert path.stat().st_mtime_ns == 1


@pytest.mark.parametrize(
    "old",
    [
        pytest.param(b"old", id="other size"),
        pytest.param(DATA[:-1] + bytes([DATA[-1] ^ 1]), id="one bit"),
        pytest.param(DATA[:-1], id="truncated"),
        pytest.param(b"", id="empty"),
    ],
)
def test_wrong_weights_in_place_are_replaced_by_force_alone(locked, project, server, old):
    made = locked()
    project.write_bytes(PATH, old)
    if old:  # else nothing would be lost
        with pytest.raises(UnsavedEdit) as caught:
            paddledvc.sync(made)
        assert str(caught.value) == (
            f"{PATH}: it was changed, and neither DVC's cache nor any commit has that; to keep "
            f"it, run `mv {PATH} {PATH}.mine`; to drop it, run `paddledvc sync --force a`"
        )
        assert (caught.value.exit_code, server.log) == (1, [])
        assert (project.root / PATH).read_bytes() == old

    assert paddledvc.sync(made, force=bool(old))[0].state == "fetched"
    assert (project.root / PATH).read_bytes() == DATA


@pytest.mark.parametrize("links", ["copy", "hardlink", "symlink"])
def test_an_edit_of_synced_weights_is_kept_and_what_the_cache_has_gives_way(
    locked, project, links, caplog
):
    made = locked()
    cache = Cache.of(project.root)
    with cache.receiving(md5(b"old").hexdigest()) as new:
        new.write_bytes(b"old")
    (project.root / "checkpoints").mkdir()
    file, object_ = project.root / PATH, cache.path(md5(b"old").hexdigest())
    link_file(str(object_), str(file), (links,))
    file.resolve().chmod(0o644)
    file.write_bytes(b"mine")  # in place: through the link, where it is one
    with pytest.raises(UnsavedEdit):
        paddledvc.sync(made)
    assert file.read_bytes() == b"mine"

    file.write_bytes(b"old")
    assert paddledvc.sync(made)[0].state == "fetched"
    kept = object_.relative_to(project.root)
    assert caplog.messages == [
        (
            f"{PATH} held changes that no commit has; the cache keeps them as "
            f"{md5(b'old').hexdigest()}; `install -m 644 {kept} {PATH}` brings it back"
        )
    ]


def test_one_changed_byte_is_refused_and_the_old_file_stays(locked, server, project):
    made = locked()
    project.write_bytes(PATH, b"old")
    changed = bytearray(DATA)
    changed[700_000] ^= 1
    server.files["/a.pdparams"] = bytes(changed)
    with pytest.raises(ChecksumMismatch) as caught:
        paddledvc.sync(made, force=True)

    assert str(caught.value) == (
        f"a: the bytes from {server.url}/a.pdparams are not the pinned ones\n"
        f"  expected md5:{md5(DATA).hexdigest()}\n"
        f"  found    md5:{md5(changed).hexdigest()}\n"
        "  a_v1.pdparams is still what it was\n"
        "  If they are intended, they need a new version; or state their digest in models.yaml, "
        "where that names the URL. Then run `paddledvc lock`"
    )
    assert (project.root / PATH).read_bytes() == b"old"
    assert litter(project) == ["a_v1.pdparams"]


def test_a_shorter_file_is_refused_by_its_size(locked, server):
    made = locked()
    server.files["/a.pdparams"] = DATA[:1000]
    with pytest.raises(ChecksumMismatch) as caught:
        paddledvc.sync(made)

    assert (caught.value.expected, caught.value.found) == ("size:1500000", "size:1000")


def test_a_truncated_download_is_an_outside_failure_and_the_old_file_stays(locked, server, project):
    made = locked()
    project.write_bytes(PATH, b"old")
    server.truncate["/a.pdparams"] = 1_000_000
    with pytest.raises(DownloadFailed):
        paddledvc.sync(made, force=True)

    assert (project.root / PATH).read_bytes() == b"old"
    assert litter(project) == ["a_v1.pdparams"]


def test_a_mirror_helps_out(locked, server):
    made = locked(f"{server.url}/gone", f"{server.url}/a.pdparams")

    assert paddledvc.sync(made)[0].url == f"{server.url}/a.pdparams"


@pytest.mark.parametrize("kind", ["path", "url"])
def test_weights_of_the_disk_are_brought_too(project, kind):
    path = project.write_bytes("zoo/weights 模型.pdparams", DATA)
    url = "zoo/weights 模型.pdparams" if kind == "path" else path.as_uri()
    made = project.models(a_registry(url))
    paddledvc.lock(made)

    assert paddledvc.sync(made)[0].url == url
    assert (project.root / PATH).read_bytes() == DATA


def test_a_link_in_place_is_replaced_and_the_cache_behind_it_stays(locked, project):
    made = locked()
    cached = project.write_bytes("cache/x", b"old")
    (project.root / "checkpoints").mkdir()
    (project.root / PATH).symlink_to(cached)
    paddledvc.sync(made)

    assert not (project.root / PATH).is_symlink()
    assert (project.root / PATH).read_bytes() == DATA
    assert cached.read_bytes() == b"old"


def test_a_good_link_in_place_stays(locked, project):
    made = locked()
    cached = project.write_bytes("cache/x", DATA)
    (project.root / "checkpoints").mkdir()
    (project.root / PATH).symlink_to(cached)

    assert paddledvc.sync(made)[0].state == "present"
    assert (project.root / PATH).is_symlink()


def test_a_dangling_link_in_place_is_replaced(locked, project):
    made = locked()
    (project.root / "checkpoints").mkdir()
    (project.root / PATH).symlink_to("nowhere")
    paddledvc.sync(made)

    assert (project.root / PATH).read_bytes() == DATA


def test_a_read_only_file_in_place_is_replaced(locked, project):
    made = locked()
    project.write_bytes(PATH, b"old").chmod(0o444)
    paddledvc.sync(made, force=True)

    assert (project.root / PATH).read_bytes() == DATA


def test_a_folder_in_place_is_an_outside_failure(locked, project):
    made = locked()
    (project.root / PATH).mkdir(parents=True)
    with pytest.raises(OutsideFailure, match=r"^cannot write .*a_v1.pdparams: Is a directory$"):
        paddledvc.sync(made)


def test_a_project_may_lie_below_spaces_and_unicode(locked, project, tmp_path):
    root = tmp_path / "a folder" / "模型 [1]"
    root.mkdir(parents=True)
    other = type(project)(root)
    paddledvc.sync(locked(folder=other))

    assert (root / PATH).read_bytes() == DATA


def test_git_does_not_see_what_sync_leaves_for_itself(locked, project):
    made = locked()
    project.write(".gitignore", "/checkpoints/\n")
    project.commit()
    paddledvc.sync(made)

    assert project.git("status", "--porcelain") == ""


def test_all_models_with_weights_are_synced_by_default(project):
    project.write_bytes("w", DATA)
    made = project.models("""\
        models:
          - {name: b, version: v1, weights_url: w}
          - {name: none, version: v1}
          - {name: a, version: v1, weights_url: w}
        """)
    paddledvc.lock(made)

    assert [done.name for done in paddledvc.sync(made)] == ["b", "a"]


def test_progress_is_told_with_the_name_of_the_model(locked):
    seen = []
    paddledvc.sync(locked(), progress=lambda *told: seen.append(told))

    assert seen[-1] == ("a", len(DATA), len(DATA))


def test_the_pin_of_the_stage_is_accepted(locked, project):
    made = locked()
    paddledvc.generate(made)
    pin = project.read("dvc.yaml").partition("paddledvc sync a --pin ")[2].split()[0]

    assert paddledvc.sync(made, ["a"], pin=pin)[0].state == "fetched"


def test_another_pin_is_refused(locked, server):
    with pytest.raises(StaleStages) as caught:
        paddledvc.sync(locked(), ["a"], pin="v1-00000000")

    assert str(caught.value).startswith(
        "the stage sync-a was generated for --pin v1-00000000, but its settings now give v1-"
    )
    assert server.log == []


def test_a_pin_without_a_model_is_wrong_usage(project):
    project.write_bytes("w", DATA)
    made = project.models(
        "models: [{name: a, version: v1, weights_url: w}, {name: b, version: v1, weights_url: w}]"
    )
    paddledvc.lock(made)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.sync(made, pin="x")

    assert str(caught.value) == "--pin belongs to one model; name it"


def test_a_stale_lock_is_refused_where_it_may_not_be_updated(locked, project):
    locked()
    made = project.models(project.read("models.yaml").replace("version: v1", "version: v2"))
    with pytest.raises(StaleLock) as caught:
        paddledvc.sync(made, use=LockUse(locked="--locked"))

    assert str(caught.value) == (
        "models.lock is stale, and --locked forbids updating it; run `paddledvc lock` to update "
        "it:\n  a: models.yaml asks for v2, locked is v1"
    )


def test_a_stale_lock_is_updated_first(locked, project):
    locked()
    made = project.models(project.read("models.yaml").replace("version: v1", "version: v2"))
    [done] = paddledvc.sync(made)

    assert (done.version, made.lock().model("a").version) == ("v2", "v2")


def test_a_stage_never_updates_the_lock(locked, project):
    locked()
    made = project.models(project.read("models.yaml").replace("version: v1", "version: v2"))
    with pytest.raises(StaleLock, match="stale, and --pin forbids"):
        paddledvc.sync(made, ["a"], pin="v1-00000000")


def test_a_frozen_lock_is_trusted_although_it_is_stale(locked, project):
    locked()
    made = project.models(project.read("models.yaml").replace("version: v1", "version: v2"))
    [done] = paddledvc.sync(made, use=LockUse(frozen="--frozen"))

    assert (done.version, made.lock().model("a").version) == ("v1", "v1")


def test_an_unknown_model_is_refused(locked):
    with pytest.raises(UnknownModel):
        paddledvc.sync(locked(), ["b"])


def test_a_model_without_weights_is_refused(project):
    made = project.models("models: [{name: a, version: v1}]")
    paddledvc.lock(made)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.sync(made, ["a"])

    assert str(caught.value) == "a has no weights to download; add weights_url, or a source"


def test_a_project_without_models_has_nothing_to_sync(project):
    made = project.models("models: []")
    paddledvc.lock(made)

    assert paddledvc.sync(made) == []


# ---------------------------------------------------------------------------------------------
# Processes


def start(project, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "paddledvc", "sync", *arguments],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_sync_that_is_killed_leaves_the_old_file_and_the_next_one_mends_all(
    locked, server, project
):
    made = locked()
    project.write_bytes(PATH, b"old")
    server.delay["/a.pdparams"] = 0.5
    with start(project, "--force") as process:
        assert server.sent.wait(20)
        while len(litter(project)) < 2:
            time.sleep(0.01)
        process.kill()
    after_kill = litter(project)
    server.delay.clear()
    paddledvc.sync(made, force=True)

    assert len(after_kill) == 2
    assert after_kill[0].endswith(".part")
    assert (project.root / PATH).read_bytes() == DATA
    assert litter(project) == ["a_v1.pdparams"]


def test_litter_goes_even_where_the_weights_are_in_place(locked, project):
    made = locked()
    project.write_bytes(PATH, DATA)
    project.write_bytes(f"checkpoints/.{PATH.rpartition('/')[2]}.1-abcd.part", b"half")
    paddledvc.sync(made)

    assert litter(project) == ["a_v1.pdparams"]


@pytest.mark.slow
def test_two_syncs_at_once_download_once_and_both_succeed(locked, server, project):
    locked()
    server.delay["/a.pdparams"] = 0.01
    with start(project) as one, start(project) as other:
        results = [
            (*process.communicate(timeout=30), process.returncode) for process in (one, other)
        ]

    assert [code for _, _, code in results] == [0, 0], results
    assert server.requests["/a.pdparams"] == 1
    assert sorted(out.rpartition(", ")[2] for out, _, _ in results) == [
        f"from {server.url}/a.pdparams)\n",
        "in place)\n",
    ]
    assert (project.root / PATH).read_bytes() == DATA


# ---------------------------------------------------------------------------------------------
# The command


def test_the_command_says_what_it_did(locked, cli, server):
    locked()

    assert cli("sync", "a") == (
        0,
        f"a v1: {PATH} (1,500,000 bytes, from {server.url}/a.pdparams)\n",
        "",
    )
    assert cli("sync") == (0, f"a v1: {PATH} (1,500,000 bytes, in place)\n", "")


def test_the_command_prints_json(locked, cli, server):
    locked()
    [done] = json.loads(cli("sync", "--format", "json").stdout)

    assert done == {
        "name": "a",
        "version": "v1",
        "path": PATH,
        "state": "fetched",
        "url": f"{server.url}/a.pdparams",
        "hashes": {
            "md5": md5(DATA).hexdigest(),
            "sha256": sha256(DATA).hexdigest(),
            "size": len(DATA),
        },
    }


def test_a_mismatch_exits_with_1_and_says_it_once(locked, cli, server):
    locked()
    server.files["/a.pdparams"] = b"x"
    done = cli("sync")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: a: the bytes from {server.url}/a.pdparams are not the pinned ones\n"
        "  expected size:1500000\n"
        "  found    size:1\n"
        "  If they are intended, they need a new version; or state their digest in models.yaml, "
        "where that names the URL. Then run `paddledvc lock`\n"
    )


def test_a_dead_source_exits_with_3(locked, cli, server):
    locked(f"{server.url}/gone")

    assert cli("sync") == (
        3,
        "",
        (
            "Error: a: no source of the weights could be read\n"
            f"  {server.url}/gone: the server answered 404 Not Found\n"
        ),
    )


def test_another_pin_exits_with_1(locked, cli):
    locked()

    assert cli("sync", "a", "--pin", "v1-00000000").exit_code == 1


def test_an_unknown_model_exits_with_2(locked, cli):
    locked()

    assert cli("sync", "zzz") == (
        2,
        "",
        "Error: models.yaml has no model 'zzz'; it has a\n",
    )


def test_a_dry_run_asks_and_downloads_nothing(locked, cli, server, project):
    locked()
    done = cli("sync", "--dry-run")

    assert done == (
        0,
        (
            "model    version    hash known    answer               source\n"
            f"a        v1         yes           ok, 1,500,000 bytes  {server.url}/a.pdparams\n"
        ),
        "",
    )
    assert server.log == [("HEAD", "/a.pdparams")]
    assert litter(project) == []


def test_a_dry_run_of_another_size_exits_with_1(locked, cli, server):
    locked()
    server.files["/a.pdparams"] = b"x"
    done = cli("sync", "--dry-run")

    assert done.exit_code == 1
    assert "has 1 bytes, the pin says 1,500,000" in done.stdout


def test_a_dry_run_without_any_source_exits_with_3(locked, cli, server):
    locked(f"{server.url}/gone")
    done = cli("sync", "--dry-run")

    assert done.exit_code == 3
    assert "the server answered 404 Not Found" in done.stdout


def test_a_dry_run_with_one_good_mirror_exits_with_0(locked, cli, server):
    locked(f"{server.url}/gone", f"{server.url}/a.pdparams")
    done = cli("sync", "--dry-run")

    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 3


def test_a_dry_run_prints_json(locked, cli, server):
    locked()
    [probed] = json.loads(cli("sync", "--dry-run", "--format", "json").stdout)

    assert probed == {
        "name": "a",
        "version": "v1",
        "path": PATH,
        "hash_known": True,
        "present": False,
        "sources": [
            {
                "url": f"{server.url}/a.pdparams",
                "file": "",
                "size": 1_500_000,
                "problem": "",
                "hashes": None,
                "differs": False,
            }
        ],
    }


def test_a_dry_run_that_hashes_reads_every_byte_of_every_source_and_writes_none(
    locked, cli, server, project
):
    server.put("/b.pdparams", DATA)
    locked(f"{server.url}/a.pdparams", f"{server.url}/b.pdparams")
    done = cli("sync", "--dry-run", "--hash")

    assert done.exit_code == 0
    assert done.stdout.count("ok, 1,500,000 bytes, as pinned") == 2
    assert [path for _, path in server.log] == ["/a.pdparams", "/b.pdparams"]
    assert litter(project) == []
    [probed] = json.loads(cli("sync", "--dry-run", "--hash", "--format", "json").stdout)
    assert probed["sources"][1]["hashes"]["size"] == 1_500_000


@pytest.mark.parametrize(
    "other",
    [
        ({"/b.pdparams": b"x" * 1_500_000}, 1, "has md5:"),
        ({"/b.pdparams": b"x"}, 1, "has size:1, the pin says size:1500000"),
        ({}, 3, "the server answered 404 Not Found"),
    ],
)
def test_a_dry_run_that_hashes_accepts_no_mirror_with_other_bytes(locked, cli, server, other):
    put, code, answer = other
    locked(f"{server.url}/a.pdparams", f"{server.url}/b.pdparams")
    server.files.update(put)
    done = cli("sync", "--dry-run", "--hash")

    assert (done.exit_code, done.stderr) == (code, "")
    assert "ok, 1,500,000 bytes, as pinned" in done.stdout
    assert answer in done.stdout


def test_a_folder_is_within_reach_only_if_each_of_its_files_is():
    def answer(file, problem=""):
        return Reached(url=f"https://host/{file}", file=file, size=None, problem=problem)

    def reachable(*sources):
        about = {"name": "a", "version": "v1", "path": "a", "hash_known": True, "present": False}
        return Probed(**about, sources=sources).reachable

    assert reachable(answer("x"), answer("y", "gone"), answer("y"))
    assert not reachable(answer("x"), answer("y", "gone"))


def test_hash_alone_is_no_option_of_a_sync(locked, cli):
    locked()

    assert cli("sync", "--hash").exit_code == 2


def test_a_project_is_found_from_a_folder_below(locked, project, monkeypatch):
    locked()
    (project.root / "deep" / "er").mkdir(parents=True)

    assert Project.find(project.root / "deep" / "er").root == project.root


def test_a_download_stops_soon_after_the_size_of_the_pin(locked, project, server):
    made = locked()
    server.files["/a.pdparams"] = bytes(20_000_000)
    with pytest.raises(ChecksumMismatch) as caught:
        paddledvc.sync(made)

    assert caught.value.expected == "size:1500000"
    assert int(caught.value.found.partition(":")[2]) < 5_000_000


@pytest.mark.parametrize("name", ["fifo", "folder"])
def test_what_is_no_file_is_no_source(project, name):
    (project.root / "folder").mkdir()
    os.mkfifo(project.root / "fifo")
    made = project.models(f"models: [{{name: a, version: v1, weights_url: {name}}}]")
    with pytest.raises(DownloadFailed) as caught:
        paddledvc.lock(made)

    assert caught.value.causes == (f"{name}: not a file",)
