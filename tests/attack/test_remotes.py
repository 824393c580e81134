"""A branch is data: what its .dvc/config names is asked nothing, told nothing and started never."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import RemoteNotTrusted
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.remotes.remote import open_remote
from paddledvc.tools.dvc.trust import record as records
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.dvc.trust.gate import require_trusted_remote
from paddledvc.tools.dvc.trust.read_levels import read_levels
from paddledvc.tools.sources import s3
from paddledvc.weights.checkout import checkout
from tests.conftest import TRUSTED
from tests.stores_repo import EXPORT, FILES, MODELS, WEIGHTS, A, Stores

pytestmark = pytest.mark.slow  # a clone and its server each
SECTION = "['remote \"dev\"']\n"


@pytest.fixture
def clone(stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stores:
    """A clone of a server, on main, that trusts what main names: the folders dev and prod."""
    monkeypatch.delenv(TRUSTED)
    stores.folder.write(
        ".gitignore", "/checkpoints/\n/exports/\n/.dvc/cache/\n/.dvc/config.local\n"
    )
    stores.folder.commit("Ignore weights")
    stores.folder.git("init", "--quiet", "--bare", str(tmp_path / "hub.git"))
    stores.folder.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    stores.folder.git("push", "--quiet", "origin", "main")
    stores.store("dev")
    approve_first(stores.root)
    return stores


def attack(clone: Stores, config: str) -> None:
    """Switch to a branch of somebody else, which needs weights that this clone has not."""
    clone.folder.git("switch", "--quiet", "-c", "evil")
    clone.folder.write(".dvc/config", config)
    clone.release({A: b"the weights of the branch", EXPORT: FILES}, MODELS)
    clone.forget()


def arrive(clone: Stores) -> None:
    """See that an honest branch still gets its weights."""
    clone.folder.git("checkout", "--quiet", "--force", "main")
    assert checkout(Project(clone.root)).complete
    assert clone.read(A) == WEIGHTS


def refusal(clone: Stores, name: str = "dev") -> str:
    with pytest.raises(RemoteNotTrusted) as caught:
        open_remote(clone.root, name)
    return str(caught.value)


def test_a_branch_that_moves_a_remote_gets_neither_a_question_nor_the_password(clone, server):
    clone.folder.write(
        ".dvc/config.local", f"{SECTION}auth = basic\nuser = ann\npassword = s3cret\n"
    )
    attack(clone, f"[core]\n    remote = dev\n{SECTION}    url = {server.url}/w\n")

    (line,) = checkout(Project(clone.root)).lines
    assert line == (
        f"paddledvc: remote 'dev' of this branch points to {server.url}/w (approved: "
        f"{clone.root.parent}/stores/dev). Nothing was sent, 2 weights are missing. "
        "Who wrote that: git log -p -1 .dvc/config; if it is right: paddledvc trust dev; "
        "then: paddledvc pull"
    )
    pulled = paddledvc.pull(Project(clone.root))
    (pushed,) = paddledvc.push(Project(clone.root))
    there = paddledvc.remote_status(Project(clone.root), branches=["evil"])

    assert "untrusted" in {bad.kind for bad in pulled.problems}
    assert pushed.problem.startswith("remote 'dev' of this branch points to ")
    assert {one.inspected.state for one in there.outputs} == {"untrusted"}
    assert server.log == []
    (clone.root / ".dvc/config.local").unlink()  # DVC knows no password of the folders of main
    arrive(clone)


def test_approved_is_what_was_shown_and_nothing_else(clone, server):
    attack(clone, f"{SECTION}    url = {server.url}/w\n")

    (done,) = paddledvc.trust(Project(clone.root), ["dev"])

    assert str(done) == f"dev: {clone.root.parent}/stores/dev → {server.url}/w"
    open_remote(clone.root, "dev").close()
    for moved in (
        f"{server.url}/x",
        f"{server.url}/w/below",
        f"http://localhost:{server.url[-5:]}/w",
    ):
        clone.folder.write(".dvc/config", f"{SECTION}    url = {moved}\n")
        assert f"points to {moved}" in refusal(clone)


def test_no_branch_sets_what_starts_a_program(clone, monkeypatch):
    url = "s3://b/w"
    monkeypatch.setenv(TRUSTED, url)
    clone.folder.write(".dvc/config", f"{SECTION}    url = {url}\n    configpath = ../aws.cfg\n")

    assert refusal(clone) == (
        ".dvc/config:3: remote 'dev' sets configpath, which may start a program, name a file of "
        "yours or lead elsewhere, so no branch may; nothing was sent. Remove that line; what you "
        "want of it, set for this clone alone: dvc remote modify --local dev configpath VALUE"
    )
    with pytest.raises(RemoteNotTrusted):
        paddledvc.trust(Project(clone.root), ["dev"])


SPELLINGS = (
    "    url = https://good.example@{host}/w\n",
    "    url = remote://base/w\n['remote \"base\"']\n    url = http://{host}/\n",
    "    url = s3://team/w\n    endpointurl = http://{host}\n",
    "    url = ../.git/hooks\n",
    "[core]\n['remote \"DEV\"']\n    url = http://{host}/w\n",
    "    \"url\" = '''http://{host}/w'''  # written so that only DVC reads it\n",
)


def test_no_spelling_of_a_place_gets_by(clone, server):
    host = server.url.removeprefix("http://")
    for config in SPELLINGS:
        clone.folder.write(".dvc/config", f"{SECTION}{config.format(host=host)}")

        assert "nothing was sent" in refusal(clone)
        assert "nothing was sent" in refusal(clone, "Dev")
    assert server.log == []


def test_no_name_of_a_branch_makes_a_command_of_what_people_are_told_to_run(clone):
    name = "x; touch mark"
    for line, said in (("url = https://host/w", "trust"), ("url = x\n$(id) = 1", "--local")):
        clone.folder.write(".dvc/config", f"['remote \"{name}\"']\n    {line}\n")

        with pytest.raises(RemoteNotTrusted) as caught:
            require_trusted_remote(clone.root, name, read_levels(clone.root))

        (words,) = re.findall(rf"{said} (.*)", str(caught.value))
        assert shlex.split(words)[0] == name


def test_what_only_this_clone_names_needs_no_approval_and_neither_does_a_folder_in_it(
    clone, server
):
    clone.folder.write(
        ".dvc/config", f"{SECTION}    url = http://evil.example/w\n    verify = true\n"
    )
    clone.folder.write(".dvc/config.local", f"{SECTION}    url = {server.url}/w\n")
    with closing(open_remote(clone.root, "dev")) as remote:
        assert remote.url == f"{server.url}/w"

    clone.folder.write(".dvc/config", f"{SECTION}    url = ../.paddledvc/remote\n")
    clone.folder.write(".dvc/config.local", "")
    with closing(open_remote(clone.root, "dev")) as remote:
        assert remote.url == f"{clone.root}/.paddledvc/remote"


def test_a_folder_in_the_clone_that_is_a_link_out_of_it_needs_approval(clone, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (clone.root / "inside").symlink_to(tmp_path / "elsewhere")
    clone.folder.write(".dvc/config", f"{SECTION}    url = ../inside\n")

    assert f"points to {tmp_path}/elsewhere" in refusal(clone)


@pytest.mark.parametrize("name", [".dvc/config.local", ".dvc/CONFIG.local"])
def test_a_local_configuration_that_git_tracks_is_the_branchs(clone, name):
    clone.folder.write(".dvc/config.local", f"{SECTION}    url = http://evil.example/w\n")
    clone.folder.write(name, f"{SECTION}    url = http://evil.example/w\n")
    clone.folder.git("add", "--force", name)

    assert "points to http://evil.example/w" in refusal(clone)


def test_the_secret_of_one_remote_never_goes_to_the_place_of_another(clone, monkeypatch):
    config = "['remote \"{}\"']\n    url = https://one.example/w\n['remote \"{}\"']\n    url = https://two.example/w\n"
    clone.folder.write(".dvc/config", config.format("one", "two"))
    paddledvc.trust(Project(clone.root))
    clone.folder.write(".dvc/config", config.format("two", "one"))
    open_remote(
        clone.root, "one"
    ).close()  # a name is only a name, as long as no secret hangs on it

    clone.folder.write(".dvc/config.local", "['remote \"one\"']\n    password = of one\n")

    assert "remote 'one' of this branch points to https://two.example/w" in refusal(clone, "one")
    open_remote(clone.root, "two").close()


def test_a_copied_clone_brings_no_approval_and_takes_none_away(clone, tmp_path, caplog):
    shutil.copytree(clone.root, tmp_path / "copy")
    assert records.read_record(clone.root) is not None
    assert records.read_record(tmp_path / "copy") is None

    approve_first(tmp_path / "copy")

    assert records.read_record(clone.root) is not None
    assert f"this clone trusts what origin/main names: dev ({tmp_path}/stores/dev)" in caplog.text


def test_approvals_lie_outside_of_the_clone_for_its_user_alone(clone):
    (file,) = [
        one
        for one in Path(os.environ["XDG_STATE_HOME"], "paddledvc", "trust").iterdir()
        if str(clone.root) in one.read_text()
    ]

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("{")
    assert records.read_record(clone.root) is None


def test_the_first_command_approves_what_the_servers_branch_names_and_no_other(clone, caplog):
    paddledvc.revoke_trust(Project(clone.root))
    (file,) = [
        one
        for one in Path(os.environ["XDG_STATE_HOME"], "paddledvc", "trust").iterdir()
        if str(clone.root) in one.read_text()
    ]
    approve_first(clone.root)
    assert "points to" in refusal(clone)  # what was revoked stays so
    file.unlink()
    attack(clone, f"{SECTION}    url = http://evil.example/w\n")

    paddledvc.pull(Project(clone.root))

    assert "points to http://evil.example/w" in refusal(clone)
    (told,) = caplog.messages
    assert told == (
        f"this clone trusts what origin/main names: dev ({clone.root.parent}/stores/dev), "
        f"prod ({clone.root.parent}/stores/prod)"
    )


def test_hooks_approve_nothing(clone, server):
    for one in Path(os.environ["XDG_STATE_HOME"], "paddledvc", "trust").iterdir():
        one.unlink()
    clone.forget()

    (line,) = checkout(Project(clone.root)).lines

    assert "which this clone has not approved. Nothing was sent" in line


def test_in_a_pipeline_its_settings_approve_and_nothing_else(clone, monkeypatch):
    attack(clone, f"{SECTION}    url = s3://team/w\n    endpointurl = https://minio.example\n")
    paddledvc.revoke_trust(Project(clone.root))
    monkeypatch.setenv("CI", "true")

    approve_first(clone.root)

    assert refusal(clone).endswith(
        "Who wrote that: git log -p -1 .dvc/config; if it is right, "
        "approve it in the settings of the pipeline, never in the repository: "
        "PADDLEDVC_TRUST_REMOTES='s3://team/w https://minio.example', or "
        "PADDLEDVC_TRUST_REF=origin/main for what the protected branch names"
    )
    for places in (
        "s3://team",
        "s3://team/w",
        "s3://tea https://minio.example",
        "s3://team/w https://minio",
    ):
        monkeypatch.setenv(TRUSTED, places)
        assert "points to" in refusal(clone)
    monkeypatch.setenv(TRUSTED, "s3://team https://minio.example/")
    assert gate_passes(clone)


def gate_passes(clone: Stores) -> bool:
    require_trusted_remote(clone.root, "dev", read_levels(clone.root))
    return True


def test_a_protected_branch_is_the_servers_whatever_else_is_called_so(clone, monkeypatch):
    paddledvc.revoke_trust(Project(clone.root))
    monkeypatch.setenv("PADDLEDVC_TRUST_REF", "origin/main")
    assert gate_passes(clone)
    attack(clone, f"{SECTION}    url = http://evil.example/w\n")
    for kind in ("tag", "branch"):
        clone.folder.git(kind, "origin/main")

    assert "points to http://evil.example/w" in refusal(clone)


def move_cache(clone: Stores) -> None:
    config = (clone.root / ".dvc/config").read_text()
    clone.folder.write(
        ".dvc/config", config.replace("[cache]\n", "[cache]\n    dir = ../../elsewhere\n")
    )


def test_a_cache_that_a_branch_moves_is_neither_read_nor_written(clone, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    attack(clone, (clone.root / ".dvc/config").read_text())
    move_cache(clone)

    (line,) = checkout(Project(clone.root)).lines

    assert line == (
        f"weights: not touched: the cache of this branch points to {tmp_path}/elsewhere, which "
        "this clone has not approved; nothing was sent. Who wrote that: git log -p -1 .dvc/config; "
        "if it is right: paddledvc trust cache; fix this, then run `paddledvc pull`"
    )
    for use in (paddledvc.status, paddledvc.pull, paddledvc.gc):
        with pytest.raises(RemoteNotTrusted, match="the cache of this branch points to"):
            use(Project(clone.root))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    clone.folder.git("checkout", "--quiet", "--force", "main")
    arrive(clone)


def test_another_work_tree_does_not_take_over_a_cache_that_is_not_approved(clone, tmp_path):
    clone.folder.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "linked")
    move_cache(clone)

    (line,) = checkout(Project(tmp_path / "linked")).lines

    assert "the cache of this branch points to" in line
    assert not (tmp_path / "linked/.dvc/config.local").exists()


@pytest.mark.parametrize("command", [paddledvc.pull, paddledvc.push])
def test_the_first_command_in_another_work_tree_approves_the_cache_of_the_servers_branch(
    clone, tmp_path, command
):
    config = clone.folder.read(".dvc/config").replace("[cache]", f"[cache]\n    dir = {tmp_path}/c")
    clone.folder.write(".dvc/config", config)
    clone.folder.commit("A cache for all")
    clone.folder.git("push", "--quiet", "origin", "main")
    clone.folder.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "linked")
    for one in Path(os.environ["XDG_STATE_HOME"], "paddledvc", "trust").iterdir():
        one.unlink()  # a clone of before

    command(Project(tmp_path / "linked"))
    assert Cache.of(tmp_path / "linked").folder == tmp_path / "c/files/md5"


def test_no_branch_says_where_dvc_keeps_its_notes(clone, tmp_path):
    clone.folder.write(".dvc/config", "[core]\n    site_cache_dir = ../notes\n")

    with pytest.raises(
        RemoteNotTrusted, match=r"^\.dvc/config:2: core\.site_cache_dir names a folder"
    ):
        paddledvc.status(Project(clone.root))


def test_aws_reads_the_users_own_files_whatever_comes_later(clone, monkeypatch):
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    with closing(open_remote(clone.root, "dev")):
        folder = Path.home() / ".aws"
        assert os.environ["AWS_CONFIG_FILE"] == str(folder / "config")
        assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == str(folder / "credentials")


def test_what_is_local_may_name_files(clone, monkeypatch):
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    clone.folder.write(
        ".dvc/config.local", "['remote \"x\"']\nurl = s3://b/w\nconfigpath = ../mine\n"
    )
    with closing(open_remote(clone.root, "dev")):
        assert "AWS_CONFIG_FILE" not in os.environ


def test_no_key_of_aws_signs_a_question_to_a_server_that_only_a_branch_names(
    clone, monkeypatch, no_aws
):
    from botocore import UNSIGNED  # noqa: PLC0415 - slow

    monkeypatch.chdir(clone.root)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")

    def signs(endpoint: str | None) -> bool:
        return s3._client(endpoint, 1.0).meta.config.signature_version is not UNSIGNED

    config = f"{SECTION}    url = s3://team/w\n    endpointurl = http://minio.example:9000/\n"
    clone.folder.write(".dvc/config", config)
    assert not signs("http://minio.example:9000")
    paddledvc.trust(Project(clone.root))
    assert signs("http://minio.example:9000")
    assert not signs("http://minio.example:9001")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://minio.example:9001")
    assert signs("http://minio.example:9001")
    monkeypatch.setenv(TRUSTED, "https://minio.example")
    assert signs("https://minio.example")
    assert signs(None)


def test_a_hook_asks_no_server_for_weights_that_only_a_branch_names(clone, server, monkeypatch):
    new = b"the weights of the branch"
    url = server.put("/a.pdparams", new)
    clone.folder.git("switch", "--quiet", "-c", "evil")
    clone.release({A: new, EXPORT: FILES}, MODELS)
    lock = clone.folder.read("models.lock").replace("file:///nowhere/a-v1", url)
    clone.folder.write("models.lock", lock)
    clone.folder.commit("elsewhere")
    clone.forget()

    assert checkout(Project(clone.root)).lines[-1] == (
        f"paddledvc: models.lock of this branch names {server.url}, which that of origin/main does "
        "not. Nothing was sent, a v1 is missing. See whether that is right; then: paddledvc pull"
    )
    assert server.log == []
    with monkeypatch.context() as settings:
        settings.setenv(TRUSTED, server.url)
        assert checkout(Project(clone.root)).lines[0].startswith("weights: a v1")
    arrive(clone)
    # Who starts a command by hand wants to have them.
    clone.folder.git("checkout", "--quiet", "--force", "evil")
    clone.forget()
    paddledvc.pull(Project(clone.root))
    assert clone.read(A) == new


def test_one_function_opens_remotes_and_it_asks_the_gate_first():
    folder = Path(paddledvc.__file__).parent
    texts = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")}
    opening = re.compile(
        r"get_cloud_fs|dvc\.fs\b|import_dvc\(\"dvc\.(?:repo|api|data_cloud)|fsspec\.filesystem"
    )
    openers = {name for name, text in texts.items() if opening.search(text)}
    # DVC's files and folders of this machine, for `.dvcignore`.
    assert openers == {"tools/dvc/command.py", "tools/dvc/remotes/remote.py"}
    assert len(opening.findall(texts["tools/dvc/command.py"])) == 1
    opener = texts["tools/dvc/remotes/remote.py"]
    assert len(re.findall(r"get_cloud_fs", opener)) == 1
    assert 0 < opener.index("gate.require_trusted_remote(root, name") < opener.index("get_cloud_fs")
    # Whoever names the cache to read or write it asks by `find_cache_folder`.
    namers = {name for name, text in texts.items() if "configured_cache_folder(" in text}
    assert namers == {
        "tools/dvc/cache.py",
        "tools/dvc/configuration.py",
        "tools/dvc/linked_tree.py",  # compares names
        "weights/garbage/collect.py",
    }
    # What DVC's program does in a project must not open its remotes.
    started = {
        found for text in texts.values() for found in re.findall(r"run_dvc\(\s*\"([a-z-]+)\"", text)
    }
    assert started == {"init", "remote", "list", "get", "--version"}
