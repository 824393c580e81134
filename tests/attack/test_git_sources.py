"""Repositories of git that a branch or a catalog names: whatever they say, nothing of it runs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from paddledvc.catalogs.core.listing import Query
from paddledvc.errors import CatalogFailed, ToolFailed
from paddledvc.tools.git import blame, command
from paddledvc.tools.git.foreign import is_safe_git
from paddledvc.tools.sources import git_files
from paddledvc.tools.system.network.errors import Unreadable
from tests.tools.sources.conftest import DATA

if TYPE_CHECKING:
    from pathlib import Path

GONE = "1" * 40
BARE = """[core]
    repositoryformatversion = 1
    bare = true
    fsmonitor = touch {marker}; false
    sshCommand = touch {marker}; false
    hooksPath = hooks
[extensions]
    partialClone = origin
[remote "origin"]
    url = /nowhere
    promisor = true
    uploadpack = touch {marker}; false
[uploadpack]
    packObjectsHook = touch {marker}; false
[log]
    showSignature = true
[gpg]
    program = touch {marker}; false
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder of the copies."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))


@pytest.fixture
def marker(tmp_path):
    """What each attack would leave."""
    return tmp_path / "MARKER"


def set_trap(folder: Path, marker: Path) -> None:
    """Make a folder a repository that lacks what its tags name, and says how to get it."""
    for name in ("objects", "refs/tags", "hooks"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "refs" / "tags" / "det@v1.0.0").write_text(f"{GONE}\n")
    (folder / "config").write_text(BARE.format(marker=marker))
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "fsmonitor"):
        (folder / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (folder / "hooks" / hook).chmod(0o755)


def refused(ask, *arguments) -> str:
    with pytest.raises((CatalogFailed, Unreadable)) as caught:
        ask(*arguments)
    return str(caught.value)


def read(url) -> bytes:
    return b"".join(git_files.read_git_chunks(url))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_repository_that_names_programs_runs_none(marker, catalog, monkeypatch, form):
    tmp_path = marker.parent
    set_trap(tmp_path / "models.git", marker)
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
    url = form.format(tmp_path / "models.git")

    refused(catalog(url).names)
    refused(read, f"git+{url}@{GONE}#a.pdparams")
    refused(git_files.ask_git_size, f"git+{url}@{GONE}#a.pdparams")
    assert not marker.exists()


@pytest.mark.parametrize("form", ["vendor/x", "{root}/vendor/x", "file://{root}/vendor/x", "link"])
def test_a_repository_that_a_commit_brings_is_refused_by_name(
    team, tmp_path, marker, catalog, form
):
    set_trap(team.root / "vendor" / "x", marker)
    (team.root / "link").symlink_to("vendor/x")
    url = form.format(root=team.root)

    told = f"it lies in the work tree {team.root}, whose commits bring what is there; "
    assert told in refused(catalog(url, root=team.root).names)
    if form.startswith(("{", "file")):
        assert told in refused(read, f"git+{url}@{GONE}#a.pdparams")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ext::sh -c touch% {marker}", "'ext::' starts a program"),
        ("fd::17", "'fd::' starts a program"),
        ("-u./evil", "the name of a repository does not begin with '-'"),
        ("ssh://-oProxyCommand=touch {marker}/x", "the name of a host does not begin with '-'"),
        ("ssh://u@-oProxyCommand=x/x", "the name of a host does not begin with '-'"),
        ("git@-oProxyCommand=x:x", "the name of a host does not begin with '-'"),
        ("host:--upload-pack=touch", "the path of a repository does not begin with '-'"),
        ("ftp://host/x", "'ftp://' is nothing that git may speak"),
        ("https://u:secret@host/x", "it holds a password or token"),
        ("https://host\n/x", "has no such characters"),
    ],
)
def test_a_name_that_git_would_take_for_more_is_refused(catalog, marker, url, told):
    url = url.format(marker=marker)

    said = [refused(catalog(url).names), refused(read, f"git+{url}@{GONE}#a")]
    assert all(told in one or "is not git+REPOSITORY" in one for one in said)
    assert not any("secret" in one for one in said)
    assert not marker.exists()


TOLD = {
    "GIT_ALLOW_PROTOCOL=file",
    "GIT_NO_LAZY_FETCH=1",
    "GIT_PROTOCOL_FROM_USER=0",
    "GIT_TERMINAL_PROMPT=0",
    "GIT_CONFIG_VALUE_0=/ci",
    "GIT_CONFIG_KEY_1=safe.bareRepository",
    "GIT_CONFIG_VALUE_1=explicit",
    "GIT_CONFIG_KEY_2=core.fsmonitor",
    "GIT_CONFIG_VALUE_2=false",
    "GIT_CONFIG_KEY_3=core.hooksPath",
    "GIT_CONFIG_VALUE_3=/dev/null",
}


@pytest.mark.slow
def test_every_git_that_reads_another_repository_is_told_to_run_nothing(
    det, catalog, tmp_path, monkeypatch
):
    log, real = tmp_path / "log", shutil.which("git")
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(
        f'#!/bin/sh\n{{ echo "== $*"; env | grep ^GIT_; echo; }} >> "{log}"\nexec {real} "$@"\n'
    )
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "/ci")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=evil'")
    (file,) = catalog(det.root).describe(Query(name="det"), "v1.0.0").files
    git_files.ask_git_size(file.urls[0])

    # Children of git have of the settings what git leaves them.
    calls = [one for one in log.read_text().split("\n\n") if "--git-dir=" in one]
    assert len(calls) > 5
    for call in calls:
        command, *variables = call.splitlines()
        assert set(variables) >= TOLD
        assert "GIT_CONFIG_PARAMETERS" not in call
        assert str(det.root) not in command


def test_a_git_that_runs_what_repositories_say_is_known_by_its_version():
    told = ("2.39.3", "2.39.4", "2.40.1", "2.40.2", "2.45.0", "2.45.1", "2.38.9", "2.50", "3.0.0")
    assert [is_safe_git(f"git version {one}") for one in told] == [
        *(False, True, False, True, False, True, False, True, True),
    ]


@pytest.mark.slow
def test_a_folder_of_the_project_that_is_a_repository_runs_nothing(team, marker):
    """Hooks look at a project in its folder, which a branch may have made a bare repository."""
    (team.root / "ml").mkdir()
    set_trap(team.root / "ml", marker)
    told = (team.root / "ml" / "config").read_text()
    told = told.replace("bare = true", "bare = false\n    worktree = ..").replace("= 1", "= 0", 1)
    (team.root / "ml" / "config").write_text(told.partition("[extensions]")[0])

    with pytest.raises(ToolFailed, match="cannot use bare repository"):
        command.run_git(team.root / "ml", "status")
    with pytest.raises(ToolFailed, match="cannot use bare repository"):
        command.exchange_git(team.root / "ml", "status")
    assert command.answering_git(team.root / "ml", "status").read_line() == b""
    (team.root / "ml" / "models.yaml").touch()
    assert blame.blame_line(team.root / "ml", "models.yaml", 1) is None
    assert not marker.exists()
    assert "ml" in command.run_git(team.root, "status", "--porcelain")


UNSAFE = {
    "configpath": "aws",
    "credentialpath": "aws",
    "profile": "other",
    "bearer_token_command": "./token.sh",
    "keyfile": "key",
    "cert_path": "cert",
    "key_path": "key",
    "ssl_verify": "false",
    "connection_string": "x",
    "proxy_to": "x",
    "gdrive_service_account_json_file_path": "x",
    "ask_password": "true",
}


@pytest.mark.slow
@pytest.mark.parametrize("where", [".dvc/config", "weights/.dvc/config"])
@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_catalog_says_where_its_bytes_are_and_never_what_to_run(own, catalog, form, where):
    options = "".join(f"    {key} = {value}\n" for key, value in UNSAFE.items())
    own.write(where, f"['remote \"s\"']\n    url = s3://zoo\n{options}")
    own.commit()
    own.tag("det@v2.0.0", "bundle@v2.0.0")
    opened = catalog(form.format(own.root))
    (file,) = opened.describe(Query(name="det"), "v2.0.0").files

    told = (
        f"its {where}: its remote 's' sets {' and '.join(sorted(UNSAFE))}, which only the user's "
        "own configuration may"
    )
    assert refused(read, file.urls[0]) == told
    assert refused(opened.describe, Query(name="bundle"), "v2.0.0").endswith(told)
    # The version of before comes as it did.
    (file,) = opened.describe(Query(name="det"), "v1.0.0").files
    if (form, where) == ("{}", ".dvc/config"):
        assert read(file.urls[0]) == DATA["weights/det.pdparams"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [".dvc/config.local", ".DVC/config", "sub/.dvc/Config"])
def test_a_configuration_that_nobody_would_look_at_is_refused(own, name):
    own.write(name, "")
    own.git("add", "--force", name)
    own.git("commit", "--quiet", "--message", "local")
    commit = own.git("rev-parse", "HEAD").strip()

    told = refused(read, f"git+{own.root}@{commit}#weights/det.pdparams")
    assert told == f"its {name} must not be in a commit"


@pytest.mark.slow
def test_a_remote_of_a_catalog_gets_no_secret_of_the_user_by_its_name(own, server, monkeypatch):
    """DVC merges by name what the user says of his remotes with where the catalog moves one."""
    folder = own.root.parent / "global"
    folder.mkdir()
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(folder))
    secret = "    auth = basic\n    user = u\n    password = SECRET\n"
    mine = f"['remote \"storage\"']\n    url = https://team.example/models\n{secret}"
    (folder / "config").write_text(mine)
    own.write(
        ".dvc/config",
        f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {server.url}/moved\n",
    )
    commit = own.commit()
    url = f"git+{own.root}@{commit}#weights/det.pdparams"

    assert "its DVC remote does not have it" in refused(read, url)
    assert server.log
    assert not any("authorization" in one for one in server.asked_with)
    # Where the user names the very place, he is known there.
    (folder / "config").write_text(
        mine.replace("https://team.example/models", f"{server.url}/moved")
    )
    refused(read, url)
    assert any("authorization" in one for one in server.asked_with)


@pytest.mark.slow
def test_a_file_that_says_it_was_imported_leads_nowhere(own, server):
    own.dump(
        "there.pdparams.dvc",
        {
            "deps": [{"path": f"{server.url}/there", "etag": "1"}],
            "outs": [{"path": "there.pdparams"}],
            "frozen": True,
        },
    )
    commit = own.commit()

    refused(read, f"git+{own.root}@{commit}#there.pdparams")
    assert server.log == []


def test_a_path_that_leads_out_of_a_repository_is_refused(det):
    commit = det.git("rev-parse", "HEAD").strip()

    for path, why in (("/etc/passwd", "it is absolute"), ("../x", "it has the part '..'")):
        told = refused(read, f"git+{det.root}@{commit}#{path}")
        assert told == f"nothing may lie at {path!r}: {why}"
