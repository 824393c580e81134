"""What every test shares: isolation, a project folder, an HTTP server, and the command line."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from hypothesis import settings

from paddledvc import Project
from tests.forks import forked, forks  # noqa: F401 - fixtures of tests, and not of doctests
from tests.network_projects import (  # noqa: F401 - the same
    contents,
    draw,
    lay_out,
    linear,
    linear_weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

for profile, examples in (("quick", 20), ("test", 60), ("thorough", 600)):
    settings.register_profile(
        profile, deadline=None, max_examples=examples, derandomize=True, database=None
    )
settings.register_profile("search", deadline=None, max_examples=3000, database=None)

# A shell that starts us in the background has us ignore ^C, and our own processes inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "tests.s3",
    "tests.weights_repo",
    "tests.outputs_repo",
    "tests.stores_repo",
    "tests.registries",
]


def pytest_configure(config: pytest.Config) -> None:
    """Try each property with as many examples as what is run has time for."""
    chosen = config.option.markexpr
    usual = {"not slow and not thorough": "quick", "not slow": "quick", "thorough": "thorough"}
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", usual.get(chosen, "test")))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without the garbage collector, which would visit thousands of tests ever again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try each property among the thorough tests again, with more examples."""
    if settings.default is not None and settings.default.max_examples > 60:
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker("thorough")


LEAKING = ("GIT_", "PADDLEDVC_", "DVC_", "AWS_", "HF_", "HUGGING", "MODELSCOPE_")
CI = ("CI", "GITHUB_", "GITLAB_", "BITBUCKET_", "TF_BUILD", "JENKINS_")
TRUSTED = "PADDLEDVC_TRUST_REMOTES"
"""Remotes that are folders of a test are trusted; tests/attack takes that away."""
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home folder, with the git identity that commits in tests bear."""
    folder = tmp_path_factory.mktemp("home")
    template = folder / "template"  # without the dozen samples of hooks that each copy would copy
    (template / "hooks").mkdir(parents=True)
    (template / "info").mkdir()
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@example.com\n"
        f"[init]\n\tdefaultBranch = main\n\ttemplateDir = {template}\n"
        "[commit]\n\tgpgsign = false\n"
        # Every commit would start a program that finds nothing to collect.
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[core]\n\tfsync = none\n"
    )
    return folder


NAMES_THAT_NOBODY_HAS = {"RES_OPTIONS": "timeout:1 attempts:1"}
"""How glibc asks for hosts such as ``models.invalid``: where no server answers, for a second."""
NOBODY = {"https_proxy": "http://127.0.0.1:9"}
"""What keeps this process from the servers of the world, such as the registry of an image."""
PATIENT = {"PADDLEDVC_PATIENCE": "120"}
"""What lets a busy machine answer in its own time, where no test is about how long one waits."""


@pytest.fixture(scope="session")
def environment(usual_variables: dict[str, str]) -> dict[str, str]:
    """The variables of other programs; tests have parameters of that name, too."""
    return usual_variables


@pytest.fixture(scope="session")
def usual_variables(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of other programs: an empty home, and nothing of this machine's settings."""
    leaking = (*LEAKING, *CI, "COV_CORE", "PYTEST_")
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(leaking) and not key.lower().endswith("_proxy")
    }
    return {
        **kept,
        "HOME": str(home),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"])),
        **{f"XDG_{name}_HOME": str(home / name) for name in ("CONFIG", "CACHE", "DATA", "STATE")},
        "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(home / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(tmp_path_factory.mktemp("dvc-site")),
        "DVC_NO_ANALYTICS": "1",
        "DVC_STUDIO_OFFLINE": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
        "GIT_MERGE_AUTOEDIT": "no",
        "GIT_TERMINAL_PROMPT": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        **NAMES_THAT_NOBODY_HAS,
        **PATIENT,
        TRUSTED: str(tmp_path_factory.getbasetemp().parent),
    }


@pytest.fixture(autouse=True)
def isolated(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep the machine's home, git, DVC, proxies and settings out of every test."""
    for key in tuple(os.environ):
        if key.startswith((*LEAKING, *CI)) or key.lower() in PROXIES:
            monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(home))
    for folder in ("config", "cache", "data", "state"):
        monkeypatch.setenv(f"XDG_{folder.upper()}_HOME", str(home / folder))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(home / "dvc-global"))
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(home / "dvc-system"))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(home / "dvc-site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv(TRUSTED, str(tmp_path_factory.getbasetemp().parent))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for key, value in {**NAMES_THAT_NOBODY_HAS, **NOBODY}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    # Stages call `paddledvc` and `python` by name.
    bin_folder = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join((bin_folder, os.environ.get("PATH", ""))))


class Folder:
    """A folder of a project, and short ways to fill it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> Path:
        """Write a text file, its common indentation removed, line ends as they are."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(text).encode())
        return path

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def read(self, name: str) -> str:
        """Read a text file, line ends as they are."""
        return (self.root / name).read_bytes().decode()

    def models(self, text: str) -> Project:
        """Write models.yaml and return the project."""
        self.write("models.yaml", text)
        return Project(self.root)

    def git(self, *arguments: str) -> str:
        """Run git in the folder and return what it printed."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def commit(self, title: str = "a commit") -> str:
        """Commit all that is in the folder, in a git repository made if need be."""
        if not (self.root / ".git").exists():
            self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", title)
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """An empty folder for a project; ``project.models(text)`` makes it one."""
    root = tmp_path / "project"
    root.mkdir()
    return Folder(root.resolve())


class Ran(NamedTuple):
    """How a command of ours ended."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def cli(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command of ours in the project's folder, in this process."""
    from paddledvc.cli import paddledvc  # noqa: PLC0415 - not for tests of the core

    def run(*arguments: str) -> Ran:
        monkeypatch.chdir(project.root)
        result = CliRunner().invoke(paddledvc, arguments, prog_name="paddledvc")
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a head and a body are two packets: 40 ms, for the second waits
    server: _HTTPServer

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        site = self.server.site
        path = unquote(self.path)
        site.note(self.command, path)
        site.asked_with.append({key.lower(): value for key, value in self.headers.items()})
        planned = site.statuses.get(path)
        status = planned.pop(0) if planned else 200
        if self.command == "HEAD" and path in site.refuse_head:
            status = site.refuse_head[path]
        if path in site.drop:
            self.close_connection = True
            return
        if status == 200 and path in site.redirects:
            self._head(302, 0, {"Location": site.redirects[path]})
        elif status != 200:
            self._head(status, 0, {})
        elif path not in site.files:
            self._head(404, 0, {})
        else:
            self._file(site, path)

    def _file(self, site: Server, path: str) -> None:
        data = site.files[path]
        chunked = path in site.chunked
        self._head(200, None if chunked else len(data), {})
        if self.command == "HEAD":
            return
        sent = data[: site.truncate.get(path, len(data))]
        part = site.part_size if path in site.delay else max(len(sent), 1)
        for start in range(0, len(sent), part):
            piece = sent[start : start + part]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            self.wfile.flush()
            site.sent.set()
            time.sleep(site.delay.get(path, 0))
        if chunked and len(sent) == len(data):
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = len(sent) < len(data)

    def _head(self, status: int, length: int | None, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, **self.server.site.headers}.items():
            self.send_header(name, value)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    site: Server

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are what some tests are about."""


class Server:
    """An HTTP server on loopback that does what a test asks for.

    Attributes:
        url: ``http://127.0.0.1:PORT``.
        files: bytes by path.
        statuses: status codes to answer with first, by path; used up one a request.
        truncate: bytes after which the connection is closed, by path; Content-Length stays.
        delay: seconds after each ``part_size`` bytes, by path.
        chunked: paths that are sent without a Content-Length.
        redirects: where a path redirects to.
        refuse_head: status codes that HEAD gets, by path.
        drop: paths whose connection is closed without an answer.
        headers: headers added to every answer.
        log: method and path of every request, in order.
        asked_with: the headers of every request, in order, their names in lower case.
        sent: set once the first bytes of a body have been sent.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.files: dict[str, bytes] = {}
        self.statuses: dict[str, list[int]] = {}
        self.truncate: dict[str, int] = {}
        self.delay: dict[str, float] = {}
        self.part_size = 1 << 16
        self.chunked: set[str] = set()
        self.redirects: dict[str, str] = {}
        self.refuse_head: dict[str, int] = {}
        self.drop: set[str] = set()
        self.headers: dict[str, str] = {}
        self.log: list[tuple[str, str]] = []
        self.asked_with: list[dict[str, str]] = []
        self.sent = threading.Event()
        self._lock = threading.Lock()

    def note(self, method: str, path: str) -> None:
        with self._lock:
            self.log.append((method, path))

    @property
    def requests(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(path for _, path in self.log)

    def put(self, path: str, data: bytes) -> str:
        """Serve a file and return its URL."""
        self.files[path] = data
        return self.url + path


@pytest.fixture
def server() -> Iterator[Server]:
    """A controllable HTTP server on loopback."""
    httpd = _HTTPServer(("127.0.0.1", 0), _Handler)
    site = Server(httpd.server_address[1])
    httpd.site = site
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    httpd.shutdown()
    thread.join()
    with suppress(OSError):
        httpd.server_close()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take no time to wait between tries; the list tells how long the waits would have been."""
    waits: list[float] = []
    # Not time.sleep itself, which the server of the same process sleeps with.
    clock = SimpleNamespace(sleep=waits.append, monotonic=time.monotonic)
    monkeypatch.setattr("paddledvc.tools.system.network.retry.time", clock)
    return waits
