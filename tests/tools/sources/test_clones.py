"""Repositories behind URLs, read through copies in the cache: ``file:`` and git's own server."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from paddledvc.catalogs.core.listing import Query
from paddledvc.errors import CatalogFailed, ToolFailed
from paddledvc.tools.dvc import command
from paddledvc.tools.git import foreign
from paddledvc.tools.sources import clones, git_files
from paddledvc.tools.system.network.errors import Unreadable

DET = Query(name="det")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder of the copies."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "paddledvc" / "git"


@pytest.fixture
def url(det):
    """The URL of a repository."""
    return f"file://{det.root}"


def listed(catalog):
    return {one.version: one.yanked for one in catalog.versions(DET)}


def failure(ask, *arguments):
    with pytest.raises(CatalogFailed) as caught:
        ask(*arguments)
    return str(caught.value)


def copy_of(cache):
    (folder,) = (path for path in cache.iterdir() if path.is_dir())
    return folder


@pytest.mark.slow
def test_a_copy_has_no_history_and_no_large_files(det, url, catalog, cache):
    det.git("config", "uploadpack.allowFilter", "true")
    det.write("large.bin", os.urandom(5 << 20))
    det.artifacts(det="large.bin")
    det.commit()
    det.tag("det@v2.0.0")
    assert len(listed(catalog(url))) == 3

    copy = foreign.Repository(objects=copy_of(cache), url=url)
    assert foreign.run_in_repository(copy, "rev-list", "--count", "det@v2.0.0").strip() == "1"
    assert sum(path.stat().st_size for path in copy.objects.rglob("*.pack")) < 1 << 20


@pytest.mark.slow
def test_a_large_file_comes_when_it_is_read(det, url, catalog):
    det.git("config", "uploadpack.allowFilter", "true")
    data = os.urandom(5 << 20)
    det.write("large.bin", data)
    det.artifacts(det="large.bin")
    det.commit()
    det.tag("det@v2.0.0")
    (file,) = catalog(url).describe(DET, "v2.0.0").files

    assert file.hashes.size == len(data)
    assert b"".join(git_files.read_git_chunks(file.urls[0])) == data
    assert catalog(url, offline="--offline").describe(DET, "v2.0.0").files == (file,)


def test_a_tag_that_is_deleted_upstream_is_gone(det, url, catalog):
    assert len(listed(catalog(url))) == 2
    det.git("tag", "--delete", "det@v1.1.0")

    assert list(listed(catalog(url))) == ["v1.0.0"]


def test_the_last_tag_that_is_deleted_upstream_is_gone(det, url, catalog):
    assert len(listed(catalog(url))) == 2
    det.git("tag", "--delete", "det@v1.1.0", "det@v1.0.0")

    assert listed(catalog(url)) == {}


@pytest.mark.slow
def test_a_tag_that_moves_upstream_moves(det, url, catalog):
    before = catalog(url).describe(DET, "v1.0.0").commit
    det.tag("det@v1.0.0", at="det@v1.1.0^{}")

    assert catalog(url).describe(DET, "v1.0.0").commit != before


def test_a_tag_may_take_the_place_of_a_folder_of_tags(det, url, catalog):
    det.tag("det@v1.2.0/x")
    assert len(listed(catalog(url))) == 2
    det.git("tag", "--delete", "det@v1.2.0/x")
    det.tag("det@v1.2.0")

    assert len(listed(catalog(url))) == 3


@pytest.mark.parametrize("commits", [0, 1])
def test_a_repository_without_tags_has_no_models(team, catalog, commits):
    for _ in range(commits):
        team.commit()

    assert catalog(f"file://{team.root}").names() == []


def test_one_catalog_asks_once(det, url, catalog):
    opened = catalog(url)
    assert len(listed(opened)) == 2
    det.tag("det@v1.2.0")

    assert len(listed(opened)) == 2
    assert len(listed(catalog(url))) == 3


@pytest.mark.slow
def test_threads_that_open_a_repository_at_once_share_a_copy(url, catalog, cache, caplog):
    caplog.set_level(logging.WARNING)
    found = []
    asking = [threading.Thread(target=lambda: found.append(listed(catalog(url)))) for _ in range(6)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert found == [{"v1.0.0": None, "v1.1.0": None}] * 6
    assert caplog.messages == []
    assert copy_of(cache).name.startswith("team-s-models----")


def leave_lock(copy):
    (copy / "shallow.lock").touch()
    (copy / "refs/tags").mkdir(exist_ok=True)
    (copy / "packed-refs.lock").touch()


def lose_head(copy):
    (copy / "HEAD").unlink()


def cut_packs(copy):
    shutil.rmtree(copy / "objects" / "pack")


def empty(copy):
    shutil.rmtree(copy)
    copy.mkdir()


def spoil_packs(copy):
    for path in (copy / "objects" / "pack").glob("*.pack"):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:12].ljust(path.stat().st_size, b"!"))


def cut_objects(copy):
    for path in (copy / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    "harm", [leave_lock, lose_head, cut_packs, spoil_packs, empty, cut_objects]
)
def test_a_copy_in_pieces_is_made_anew(det, url, catalog, cache, harm):
    det.git("config", "uploadpack.allowFilter", "true")
    assert len(listed(catalog(url))) == 2
    harm(copy_of(cache))

    assert len(listed(catalog(url))) == 2
    assert catalog(url).describe(DET, "v1.0.0").files[0].hashes.size == 6


def test_a_copy_in_pieces_can_be_removed_while_there_is_no_network(url, catalog, cache):
    assert len(listed(catalog(url))) == 2
    cut_objects(copy_of(cache))
    message = failure(catalog(url, offline="--offline").names)

    assert message.startswith(f"the catalog team ({url}): ")
    told = f"; if it stays so, remove {copy_of(cache)}, a copy that will be made again"
    assert message.endswith(told)
    assert "\n" not in message


def test_a_copy_whose_making_was_killed_is_made(url, catalog, cache):
    left = cache / f".{clones._folder(url).name}.abc" / "new"
    left.mkdir(parents=True)

    assert len(listed(catalog(url))) == 2
    assert not left.exists()


@pytest.mark.slow
def test_a_copy_stays_while_its_repository_is_away(det, url, catalog):
    commit = catalog(url).describe(DET, "v1.0.0").commit
    det.root.rename(det.root.with_name("away"))
    assert failure(catalog(url).names) == f"the catalog team ({url}): there is no git repository"

    found = catalog(url, offline="--offline").describe(DET, "v1.0.0")
    assert found.commit == commit
    assert git_files.ask_git_size(found.files[0].urls[0]) == 6


def test_without_the_network_and_a_copy_there_is_nothing(url, catalog):
    message = failure(catalog(url, offline="PADDLEDVC_OFFLINE").names)

    told = "it needs the network, which PADDLEDVC_OFFLINE forbids"
    assert message == f"the catalog team ({url}): {told}"


def test_without_the_network_no_folder_can_be_listed(det, url, catalog):
    det.artifacts(det="weights")
    det.commit()
    det.tag("det@v2.0.0")
    assert len(listed(catalog(url))) == 3

    message = failure(catalog(url, offline="--offline").describe, DET, "v2.0.0")
    told = "to list weights needs the network, which --offline forbids"
    assert message == f"the catalog team ({url}): det@v2.0.0: {told}"


@pytest.mark.slow
def test_a_commit_whose_tag_is_gone_is_fetched_by_its_name(det, url, cache):
    commit = det.git("rev-parse", "det@v1.0.0^{}").strip()
    det.git("tag", "--delete", "det@v1.0.0")

    assert foreign.repository_has_commit(clones.find_clone_with_commit(url, commit), commit)
    det.root.rename(det.root.with_name("away"))
    assert foreign.repository_has_commit(clones.find_clone_with_commit(url, commit), commit)


def test_a_commit_that_is_gone_is_an_error(url):
    with pytest.raises(Unreadable) as caught:
        clones.find_clone_with_commit(url, "0" * 40)

    assert str(caught.value) == f"the repository has no commit {'0' * 40}"


def test_a_cache_that_cannot_be_written_to_is_an_error(url, catalog, cache):
    cache.parent.mkdir(parents=True)
    cache.write_text("in the way")
    message = failure(catalog(url).names)

    lock = clones._folder(url).with_suffix(".lock")
    assert message == f"the catalog team ({url}): cannot write {lock}: File exists"


class _Smart(BaseHTTPRequestHandler):
    """git's own program behind a server, as nginx and Apache run it."""

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        self._answer(
            self._chunked() if "Transfer-Encoding" in self.headers else self.rfile.read(size)
        )

    def _chunked(self):
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        return data

    def _answer(self, body):
        if self.server.secret and self.headers.get("Authorization") is None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        at = urlsplit(self.path)
        env = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": at.path,
            "QUERY_STRING": at.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=env, capture_output=True, check=True
        )
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split(" ")[0]))
        for name, value in {**fields, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class _Dumb(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve(tmp_path):
    """Serve the repositories of a folder over HTTP."""
    servers = []

    def start(handler, *, secret=False):
        class Handler(handler):
            def __init__(self, *arguments):
                extra = {"directory": str(tmp_path)} if handler is _Dumb else {}
                super().__init__(*arguments, **extra)

        httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        httpd.root, httpd.secret, httpd.daemon_threads = tmp_path, secret, True
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((httpd, thread))
        return f"http://127.0.0.1:{httpd.server_address[1]}"

    yield start
    for httpd, thread in servers:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def bare(det, tmp_path):
    """The repository as a server keeps it."""
    det.write("w.bin", b"weights")
    det.artifacts(det="w.bin")
    det.commit()
    det.tag("det@v2.0.0")
    det.git("clone", "--quiet", "--bare", ".", str(tmp_path / "models.git"))
    return tmp_path / "models.git"


@pytest.mark.slow
def test_a_repository_is_read_over_http(bare, serve, catalog):
    opened = catalog(f"{serve(_Smart)}/models.git")

    assert list(listed(opened)) == ["v1.0.0", "v1.1.0", "v2.0.0"]
    (file,) = opened.describe(DET, "v2.0.0").files
    assert b"".join(git_files.read_git_chunks(file.urls[0])) == b"weights"


@pytest.mark.slow
def test_a_server_of_plain_files_will_do(bare, serve, catalog, cache):
    subprocess.run(["git", "update-server-info"], cwd=bare, check=True)
    opened = catalog(f"{serve(_Dumb)}/models.git")

    assert list(listed(opened)) == ["v1.0.0", "v1.1.0", "v2.0.0"]
    (file,) = opened.describe(DET, "v2.0.0").files
    assert b"".join(git_files.read_git_chunks(file.urls[0])) == b"weights"


def test_a_server_that_asks_for_a_password_is_not_waited_for(bare, serve, catalog):
    url = f"{serve(_Smart, secret=True)}/models.git"

    told = "git has no credentials for it, or it does not exist; `git ls-remote` must list it first"
    assert failure(catalog(url).names) == f"the catalog team ({url}): {told}"


def test_secrets_of_a_url_are_not_shown(bare, serve, catalog):
    url = f"{serve(_Smart)}/nothing.git"
    secret = url.replace("http://", "http://token@")
    opened = catalog(secret)

    told = "it holds a password or token, which ends up in files; let git's credentials have it"
    assert opened.where == url
    assert failure(opened.names) == f"the catalog team ({url}): {told}"


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_not_waited_for_long(catalog):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/models.git"
        message = failure(catalog(url, timeout=1).names)

    assert message == f"the catalog team ({url}): no answer in time"


def test_a_server_that_is_not_there_may_be_there_later(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/models.git"
        with pytest.raises(Unreadable) as caught:
            clones.refresh_clone(url)

    assert (str(caught.value), caught.value.again) == ("connection refused", True)


def test_ssh_asks_nobody(tmp_path, monkeypatch, catalog):
    said = tmp_path / "said"
    (tmp_path / "ssh").write_text(f'#!/bin/sh\necho "$@" > {said}\nexit 1\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    failure(catalog("git@host:team/models.git", timeout=7).names)
    assert said.read_text().startswith("-o BatchMode=yes -o ConnectTimeout=7 ")

    own = tmp_path / "own"
    own.write_text(f"#!/bin/sh\necho own > {said}\nexit 1\n")
    own.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\tsshCommand = {own}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    failure(catalog("git@host:team/models.git").names)
    assert said.read_text() == "own\n"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("fatal: unable to access 'https://h/x/': Could not resolve host: h", "no such host"),
        ("ssh: Could not resolve hostname h: Name or service not known\nfatal: x", "no such host"),
        ("ssh: connect to host h port 22: Connection refused\nfatal: x", "connection refused"),
        (
            "ssh: Could not resolve hostname h: Temporary failure in name resolution\nfatal: x",
            "the host's name cannot be resolved",
        ),
        (
            "fatal: unable to access 'https://h/x/': Recv failure: Connection reset by peer",
            "the connection was reset",
        ),
        (
            "error: RPC failed; curl 56 Connection reset\nfatal: early EOF",
            "the connection broke off",
        ),
        ("ssh: connect to host h port 22: Connection timed out\nfatal: x", "no answer in time"),
        (
            "fatal: unable to access 'https://h/': SSL certificate problem: expired",
            "its certificate is not trusted",
        ),
        (
            "Host key verification failed.\nfatal: x",
            "ssh does not know its host key; connect to it with ssh once",
        ),
        ("git@h: Permission denied (publickey).\nfatal: x", foreign._CREDENTIALS),
        ("remote: busy\nfatal: the remote end hung up\n", "the remote end hung up"),
        ("remote: busy\n", "remote: busy"),
        ("", "git ended with exit code 128"),
    ],
)
def test_the_telling_line_of_git_is_told(said, reason):
    assert foreign.reason_of_git(ToolFailed(["git"], 128, said)) == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "ERROR: unexpected error - Unable to locate credentials\n\nHaving any troubles?",
            "there are no credentials for its DVC remote",
        ),
        (
            "ERROR: unexpected error - Forbidden: An error occurred (403) when calling HeadObject",
            "its DVC remote refuses the credentials",
        ),
        (
            "ERROR: unexpected error - s3 is supported, but requires 'dvc-s3' to be installed",
            "s3 is supported, but requires 'dvc-s3' to be installed",
        ),
        ("it did not end within 600 s", "its DVC remote does not answer in time"),
        ("Killed", "DVC ended with exit code 1"),
    ],
)
def test_the_telling_line_of_dvc_is_told(said, reason):
    assert command.reason_of_dvc(ToolFailed(["python"], 1, said)) == reason
