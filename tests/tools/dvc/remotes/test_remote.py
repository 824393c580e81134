"""Remotes on folders, and on two implementations of S3 on loopback: rclone's and moto's."""

from __future__ import annotations

import gc
import hashlib
import inspect
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from paddledvc.errors import RemoteFailed
from paddledvc.tools.dvc.remotes import remote as remotes
from paddledvc.tools.dvc.remotes.failures import Broken
from paddledvc.tools.dvc.remotes.filesystem import AsyncCall
from paddledvc.tools.dvc.remotes.remote import open_remote
from tests.conftest import TRUSTED
from tests.s3 import ACCESS_KEY, SECRET_KEY

pytestmark = pytest.mark.slow
LARGE = os.urandom(20_000_000)
"""More than what is sent in one part."""
OID, OTHER, FOLDER = "ab" + "c" * 30, "ab" + "d" * 30, "ef" + "0" * 30 + ".dir"


class Store(NamedTuple):
    """A place for a remote.

    Attributes:
        url: of the remote.
        options: its other options in DVC's configuration.
    """

    url: str
    options: dict[str, str]


@pytest.fixture(scope="session")
def moto():
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def rclone_store(bucket):
    return Store(f"s3://{bucket.name}/a folder", {"endpointurl": bucket.endpoint})


@pytest.fixture
def moto_store(bucket, moto, monkeypatch):
    from botocore.session import Session  # noqa: PLC0415 - slow

    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    options = {"endpoint_url": moto, "region_name": "us-east-1"}
    Session().create_client("s3", **options).create_bucket(Bucket=bucket.name)
    return Store(f"s3://{bucket.name}", {"endpointurl": moto, "region": "us-east-1"})


@pytest.fixture
def folder_store(tmp_path):
    return Store(str(tmp_path / "a folder" / "über"), {})


@pytest.fixture(params=["folder", "rclone", pytest.param("moto", marks=pytest.mark.thorough)])
def store(request):
    return request.getfixturevalue(f"{request.param}_store")


@pytest.fixture
def configure(project, monkeypatch):
    """Write DVC's configuration of a remote called ``prod``, and open it."""

    def write(url, *, patience=None, local=None, **options):
        for name, lines in (("config", {"url": url, **options}), ("config.local", local)):
            if lines is not None:
                text = "".join(f"    {key} = {value}\n" for key, value in lines.items())
                project.write(f".dvc/{name}", f"['remote \"prod\"']\n{text}")
        places = (os.environ[TRUSTED], url.split()[0], options.get("endpointurl", ""))
        monkeypatch.setenv(TRUSTED, " ".join(places))
        opened.append(open_remote(project.root, "prod", patience=patience))
        return opened[-1]

    opened = []
    yield write
    for remote in opened:
        remote.close()


@pytest.fixture
def remote(store, configure):
    return configure(store.url, **store.options)


@pytest.fixture
def failure(configure):
    """Open a remote of DVC's configuration and ask it; return what it says."""

    def ask(*arguments, **options):
        with pytest.raises(RemoteFailed) as caught:
            configure(*arguments, **options).sizes([OID])
        return caught.value

    return ask


@pytest.fixture
def file(tmp_path):
    def write(data, name="some bytes"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("data", [b"", b"weights", LARGE], ids=["empty", "small", "large"])
def test_what_was_put_is_got_byte_for_byte(remote, file, tmp_path, data):
    remote.put(OID, file(data))
    found = remote.get(OID, tmp_path / "got")

    assert (tmp_path / "got").read_bytes() == data
    assert found.md5 == hashlib.md5(data).hexdigest()
    assert found.size == len(data)


def test_sizes_are_told_of_what_is_there(remote, file):
    remote.put(OID, file(b"weights"))
    remote.put(FOLDER, file(b""))

    assert remote.sizes([OID, OTHER, FOLDER]) == {OID: 7, FOLDER: 0}
    assert remote.sizes([]) == {}


def test_sizes_of_many_are_told_by_the_listings_of_their_folders(remote, file, monkeypatch):
    monkeypatch.setattr(remotes, "MANY", 2)
    for oid in (OID, OTHER, FOLDER):
        remote.put(oid, file(oid.encode()))

    assert remote.sizes([OID, FOLDER, "0" * 32]) == {OID: 32, FOLDER: 36}


def test_every_object_is_told_and_nothing_else(remote, file):
    remote.put(OID, file(b"weights"))
    remote.put(FOLDER, file(b"[]"))
    before = {one.oid: one.size for one in remote.every()}
    remote.try_write()
    [modified] = {type(one.modified) for one in remote.every()}

    assert before == {OID: 7, FOLDER: 2}
    assert {one.oid for one in remote.every()} == {OID, FOLDER}
    assert modified is float


def test_an_empty_remote_has_nothing(remote):
    assert list(remote.every()) == []
    assert remote.sizes([OID]) == {}


def test_what_others_put_meanwhile_is_seen(store, configure, file):
    one, other = (configure(store.url, **store.options) for _ in range(2))
    assert one.sizes([OID]) == {}
    assert list(one.every()) == []
    other.put(OID, file(b"weights"))

    assert one.sizes([OID]) == {OID: 7}
    assert [found.oid for found in one.every()] == [OID]


def test_what_is_removed_is_gone_and_may_be_removed_again(remote, file):
    remote.put(OID, file(b"weights"))
    remote.remove(OID)
    remote.remove(OID)

    assert remote.sizes([OID]) == {}


def test_what_is_put_again_replaces_what_was_there(remote, file, tmp_path):
    remote.put(OID, file(b"old"))
    remote.put(OID, file(b"new ones"))
    remote.get(OID, tmp_path / "got")

    assert (tmp_path / "got").read_bytes() == b"new ones"


def test_an_object_that_is_not_there_says_so(remote, tmp_path):
    with pytest.raises(RemoteFailed) as caught:
        remote.get(OID, tmp_path / "got")

    assert caught.value.absent
    assert caught.value.cause == "there is no such object"


def test_progress_is_told_to_the_end(remote, file, tmp_path):
    sent, got = [], []
    remote.put(OID, file(LARGE), lambda *told: sent.append(told))
    remote.get(OID, tmp_path / "got", lambda *told: got.append(told))

    assert got[-1] == (len(LARGE), len(LARGE))
    assert sent[-1] == (len(LARGE), len(LARGE))
    assert [done for done, _ in got] == sorted({done for done, _ in got})


def test_dvc_finds_what_was_put(remote, file, project):
    data = b"weights"
    oid = hashlib.md5(data).hexdigest()
    remote.put(oid, file(data))
    record = f"outs:\n- md5: {oid}\n  size: 7\n  hash: md5\n  path: a.bin\n"
    project.write("a.bin.dvc", record)
    project.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    project.commit()
    command = [sys.executable, "-m", "dvc", "pull", "--quiet", "--remote", "prod"]
    subprocess.run(command, cwd=project.root, check=True)

    assert project.read("a.bin") == "weights"


def test_a_folder_shows_an_object_whole_or_not_at_all(folder_store, configure, file, project):
    remote = configure(folder_store.url)
    code = (
        "import os, signal, sys; from pathlib import Path; "
        "from paddledvc.tools.dvc.remotes.remote import open_remote; "
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL); Path.replace = os.replace; "
        f"open_remote(Path.cwd(), 'prod').put({OID!r}, Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(file(b"weights"))]
    killed = subprocess.run(command, cwd=project.root, check=False)

    assert killed.returncode == -9
    assert remote.sizes([OID]) == {}
    assert list(remote.every()) == []
    remote.put(OID, file(b"weights"))
    assert remote.sizes([OID]) == {OID: 7}


def test_an_object_in_a_folder_is_read_only_as_dvc_makes_it(folder_store, configure, file):
    configure(folder_store.url).put(OID, file(b"weights"))

    path = Path(folder_store.url, "files", "md5", OID[:2], OID[2:])
    assert path.stat().st_mode & 0o777 == 0o444


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_nobody_may_write_to_says_so(folder_store, configure, file):
    folder = Path(folder_store.url)
    folder.mkdir(parents=True)
    folder.chmod(0o555)
    with pytest.raises(RemoteFailed) as caught:
        configure(folder_store.url).put(OID, file(b"weights"))

    assert caught.value.cause == "no permission"


def test_a_file_in_the_place_of_the_folder_says_so(folder_store, configure, file):
    folder = Path(folder_store.url)
    folder.parent.mkdir()
    folder.write_bytes(b"")
    with pytest.raises(RemoteFailed) as caught:
        configure(folder_store.url).put(OID, file(b"weights"))

    assert caught.value.cause == "a file is in the way of its folder"


def test_keys_may_be_in_the_local_configuration_alone(bucket, configure, file, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name)
    keys = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
    remote = configure(f"s3://{bucket.name}", endpointurl=bucket.endpoint, local=keys)
    remote.put(OID, file(b"weights"))

    assert remote.sizes([OID]) == {OID: 7}


def test_no_credentials(bucket, failure, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    assert str(failure(f"s3://{bucket.name}", endpointurl=bucket.endpoint)) == (
        f"the remote prod (s3://{bucket.name}): no credentials were found; set AWS_PROFILE, "
        "AWS_ACCESS_KEY_ID or the keys of .dvc/config.local"
    )


def test_a_wrong_secret(bucket, failure, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret-key")

    found = failure(f"s3://{bucket.name}", endpointurl=bucket.endpoint)
    assert found.cause == "the server denies access"


def test_a_profile_that_nobody_wrote(bucket, failure):
    found = failure(f"s3://{bucket.name}", endpointurl=bucket.endpoint, profile="team")

    assert found.cause == "The config profile (team) could not be found"


def test_a_bucket_that_is_not_there(bucket, failure, configure, file):
    options = {"endpointurl": bucket.endpoint}
    found = failure("s3://no-such-bucket/a", **options)

    assert (found.cause, found.absent) == ("there is no such bucket", False)
    with pytest.raises(RemoteFailed, match="there is no such bucket"):
        configure("s3://no-such-bucket/a", **options).put(OID, file(b"weights"))


def test_a_server_that_is_down(bucket, failure):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = failure("s3://zoo", endpointurl=f"http://127.0.0.1:{port}")

    assert (found.cause, found.silent) == ("connection refused", True)


def test_a_host_that_does_not_exist(bucket, failure):
    found = failure("s3://zoo", endpointurl="http://models.invalid")

    assert found.cause == "no such host"


def test_a_server_that_says_nothing(bucket, failure, mute):
    found = failure("s3://zoo", endpointurl=mute, patience=1)

    assert (found.cause, found.silent) == ("no answer within 1 s", True)


def test_an_http_server_that_says_nothing(failure, mute):
    assert failure(mute, patience=1).cause == "no answer within 1 s"


def test_an_http_server_is_read(server, configure, tmp_path):
    server.put(f"/zoo/files/md5/{OID[:2]}/{OID[2:]}", b"weights")
    remote = configure(f"{server.url}/zoo")

    assert remote.sizes([OID, OTHER]) == {OID: 7}
    remote.get(OID, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"weights"
    with pytest.raises(RemoteFailed, match="it cannot list what it holds"):
        list(remote.every())


def test_a_plug_in_that_is_not_installed(failure, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] in ("dvc_s3", "s3fs")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dvc_s3", None)

    assert failure("s3://zoo").cause == "s3:// needs dvc-s3; run `pip install 'dvc[s3]'`"
    assert failure("gs://zoo").cause == "gs:// needs dvc-gs; run `pip install 'dvc[gs]'`"


def test_a_remote_with_versions_in_the_cloud(failure):
    assert failure("s3://zoo", version_aware="true").cause == (
        "it keeps versions of files in the cloud (version_aware), which paddledvc cannot use"
    )


def test_a_remote_that_would_ask_for_a_password(failure):
    assert failure("http://models.invalid", auth="basic", user="me", ask_password="true").cause == (
        "it asks for a password; put that into .dvc/config.local instead"
    )


def test_a_configuration_that_dvc_refuses(failure):
    wrong = {"endpoint": "http://minio"}

    assert failure("s3://zoo", **wrong).cause.startswith(
        ".dvc/config:3: remote 'prod' sets endpoint, paddledvc does not know what that does, so no "
        "branch may; nothing was sent. "
    )
    assert failure("s3://zoo", local=wrong).cause.startswith(
        "extra keys not allowed @ data['remote']['prod']['endpoint']"
    )


def test_a_name_that_is_not_configured(project):
    project.write(".dvc/config", "")
    with pytest.raises(RemoteFailed) as caught:
        open_remote(project.root, "prod")

    assert str(caught.value) == "the remote prod: remote 'prod' doesn't exist"


def test_a_password_in_a_url_is_not_told(failure):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    local = {"url": f"http://me:secret@127.0.0.1:{port}"}  # which no branch may name
    found = str(failure(f"http://127.0.0.1:{port}", local=local))
    assert found == f"the remote prod (http://127.0.0.1:{port}): connection refused"


class Cutting:
    """Passes bytes on to a server, but cuts the first long answer after some of them.

    Attributes:
        url: where it listens.
        cuts: how many answers it has cut.
    """

    def __init__(self, server, after):
        self._server, self._after = server, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._between, args=(client,), daemon=True).start()

    def _between(self, client):
        with client, socket.create_connection(self._server) as upstream:
            asking = threading.Thread(target=self._pass, args=(client, upstream), daemon=True)
            asking.start()
            self._pass(upstream, client, limit=None if self.cuts else self._after)
            asking.join()

    def _pass(self, one, other, limit=None):
        done = 0
        with suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
                done += len(data)
                if limit is not None and done > limit:
                    self.cuts += 1
                    break
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()


def test_a_connection_that_breaks_off_is_taken_up_again(bucket, configure, file, tmp_path):
    configure(f"s3://{bucket.name}", endpointurl=bucket.endpoint).put(OID, file(LARGE))
    host, _, port = bucket.endpoint.removeprefix("http://").partition(":")
    cutting = Cutting((host, int(port)), after=5_000_000)
    remote = configure(f"s3://{bucket.name}", endpointurl=cutting.url)
    remote.get(OID, tmp_path / "got", size=len(LARGE))
    cutting.close()

    assert cutting.cuts == 1
    assert (tmp_path / "got").read_bytes() == LARGE


@pytest.fixture(params=["a download", "a part", "an upload", "a question"])
def waiting(request, bucket, configure, file, mute):
    """A remote that nobody answers for, and something that waits for it."""
    remote = configure("s3://zoo", endpointurl=mute, patience=60)
    acts = {
        "a download": lambda: remote.get(OID, file(b""), size=10),
        "a part": lambda: list(remote._system._parts("zoo/a", 0, 10)),
        "an upload": lambda: remote.put(OID, file(LARGE)),
        "a question": lambda: remote.sizes([OID]),
    }
    return remote, acts[request.param]


def test_what_waits_for_a_server_can_be_stopped(waiting):
    remote, act = waiting
    timer = threading.Timer(0.5, remote.stop)
    began = time.monotonic()
    timer.start()
    with pytest.raises((RemoteFailed, Broken), match="it was stopped"):
        act()
    timer.join()

    assert time.monotonic() - began < 5  # not the minute that the server has


@pytest.mark.parametrize("name", get_args(AsyncCall))
def test_fsspec_asks_every_asynchronous_file_system_for_the_calls_that_can_be_stopped(name):
    from fsspec import asyn  # noqa: PLC0415 - slow
    from fsspec.implementations.http import HTTPFileSystem  # noqa: PLC0415 - slow
    from s3fs import S3FileSystem  # noqa: PLC0415 - slow

    assert f"_{name}" in asyn.async_methods
    for kind in (HTTPFileSystem, S3FileSystem):
        assert inspect.iscoroutinefunction(getattr(kind, f"_{name}"))


def connected():
    """The sessions of HTTP that this process has open."""
    from aiohttp import ClientSession  # noqa: PLC0415 - slow

    found = (one for one in gc.get_objects() if isinstance(one, ClientSession))
    return {id(one) for one in found if not one.closed}


@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_a_closed_remote_leaves_no_connection_open(scheme, bucket, server, configure):
    before = connected()
    if scheme == "s3":
        remote = configure(f"s3://{bucket.name}", endpointurl=bucket.endpoint)
    else:
        remote = configure(server.url)
    remote.sizes([OID])
    opened = connected() - before
    remote.close()

    assert len(opened) == 1
    assert connected() & opened == set()


def test_a_project_in_no_git_repository_has_remotes_too(folder_store, configure, file, project):
    assert not (project.root / ".git").exists()
    configure(folder_store.url).put(OID, file(b"weights"))


def test_nothing_of_dvc_is_imported_before_a_remote_is_opened():
    code = (
        "import sys, paddledvc.tools.dvc.remotes.remote as _; "
        "print([name for name in ('dvc', 'fsspec', 's3fs', 'botocore') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
