"""A real S3 server on loopback: rclone, on a folder of plain files."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# rclone takes keys of a few characters for unknown ones.
ACCESS_KEY, SECRET_KEY = "an-access-key-for-tests", "a-secret-key-for-tests"
STARTED = re.compile(r"\[(http://[^\]]+)/\]")


class S3Server:
    """A server of S3; its buckets are the folders of ``root``.

    Attributes:
        url: the endpoint, ``http://127.0.0.1:PORT``.
    """

    def __init__(self, root: Path, *options: str) -> None:
        root.mkdir()
        self.root = root
        log = root.with_name(f"{root.name}.log")
        command = ["rclone", "serve", "s3", "--addr", "127.0.0.1:0", *options, str(root)]
        # Without this it does not see what is put into its folder behind its back; with 0 it stands
        # still for ever after a while, and polls without a pause.
        command += ["--dir-cache-time", "1ms", "--poll-interval", "0"]
        command += ["--config", str(root.with_name("none.conf"))]
        bin_folder = Path(sys.executable).parent
        program = shutil.which("rclone", path=f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
        assert program is not None, "rclone is missing; install the test dependencies"
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command, executable=program, stderr=errors, env={"HOME": str(root)}
            )
        while (started := STARTED.search(log.read_text())) is None:
            assert self._process.poll() is None, log.read_text()
            time.sleep(0.01)
        self.url = started[1]

    def bucket(self) -> Bucket:
        """Make a bucket."""
        return Bucket(self)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


class Bucket:
    """An empty bucket of a name of its own."""

    def __init__(self, server: S3Server) -> None:
        self.name, self.endpoint = f"zoo-{secrets.token_hex(4)}", server.url
        self._root = server.root / self.name
        self._root.mkdir()

    def put(self, key: str, data: bytes = b"weights") -> str:
        """Put an object and return its key."""
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return key


@pytest.fixture(scope="session")
def start_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., S3Server]]:
    """Start servers of S3 that end with the tests."""
    started: list[S3Server] = []

    def start(*options: str) -> S3Server:
        started.append(S3Server(tmp_path_factory.mktemp("s3") / "root", *options))
        return started[-1]

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def s3_server(start_s3: Callable[..., S3Server]) -> S3Server:
    """The server that most tests share."""
    return start_s3("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}")


@pytest.fixture(scope="session")
def descriptions() -> Iterator[None]:
    """Read what S3 is from botocore's files once, not for every server that a test starts."""
    from botocore import loaders, session  # noqa: PLC0415 - slow

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", cache(loaders.create_loader))
        yield


@pytest.fixture
def no_aws(isolated: None, descriptions: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's settings of AWS out of a test."""
    for key in tuple(os.environ):
        if key.startswith("AWS_"):
            monkeypatch.delenv(key)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def bucket(s3_server: S3Server, no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, and an environment that names its server and the right keys."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server.url)
    made = s3_server.bucket()
    # As the settings of a pipeline do.
    places = (os.environ.get("PADDLEDVC_TRUST_REMOTES", ""), f"s3://{made.name}", s3_server.url)
    monkeypatch.setenv("PADDLEDVC_TRUST_REMOTES", " ".join(places))
    return made


@pytest.fixture
def mute() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
