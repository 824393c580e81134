"""Every format that we read, and what reads it for users."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from urllib3.util import connection

from paddledvc import names, paths, urls
from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.gto import Tag, read_gto_tags
from paddledvc.catalogs.core.listing import Query
from paddledvc.catalogs.hubs import huggingface, modelscope
from paddledvc.catalogs.hubs.json_fields import parse_hub_json
from paddledvc.catalogs.opening import open_catalog
from paddledvc.catalogs.packages import paddlex
from paddledvc.catalogs.packages.literals import Unclear
from paddledvc.catalogs.packages.tables import NotUnderstood, Package
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.gate.subject import read_subject_job
from paddledvc.hooks import guard
from paddledvc.hooks.merge_file import merge_file
from paddledvc.models import versions
from paddledvc.models.images import Image, images_agree
from paddledvc.models.model import Input, Reference
from paddledvc.project import Project, read_project_policy
from paddledvc.releases.bundle.core import manifest
from paddledvc.stages.core.record import Record
from paddledvc.tools.code.check_names import Code
from paddledvc.tools.code.source_files import (
    Sources,
    source_files_of_code,
    source_files_of_command,
)
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.core.objects import parse_object_listing
from paddledvc.tools.dvc.trust import read_levels, realms
from paddledvc.tools.dvc.trust.core.realm import parse_realm
from paddledvc.tools.git.database.tree import Tree
from paddledvc.tools.git.refs import parse_pushed_refs
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.paddle.core import program_outputs
from paddledvc.tools.paddle.core.jobs import Network, ReferenceJob
from paddledvc.tools.paddle.running.sampling import sample_calls
from paddledvc.tools.sources import http
from paddledvc.tools.sources.s3 import Location
from paddledvc.tools.system import streams
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.verification.core.evidence import Evidence, Latencies, read_evidence_csv
from paddledvc.weights.checkout import checkout
from paddledvc.weights.core.ledger import parse_ledger
from paddledvc.weights.expected import list_expected, parse_expected
from tests import plain_yaml
from tests.fuzz import examples
from tests.fuzz.bench import Bench, Refused, Wrong, git
from tests.fuzz.examples import SEPARATOR
from tests.gated import EXPORTED, RANGED
from tests.weights_repo import OWN_STAGES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Feed = Callable[[Bench, bytes, random.Random], object]


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        name: what the table calls it.
        kind: how inputs are spoilt; see ``spoil``.
        examples: valid inputs.
        feed: reads an input.
        parts: how many examples an input has, each spoilt by itself.
        slow: whether most inputs need git or a whole command; it gets a third as many.
    """

    name: str
    kind: str
    examples: tuple[bytes, ...]
    feed: Feed
    parts: int = 1
    slow: bool = False


READING = (
    "list",
    "list --format json",
    "show alpha",
    "status",
    "status --format json",
    "check",
    "check --format github",
    "check --format markdown",
    "check --format json",
    "generate --check",
    "lock --check",
    "lock --offline",
    "generate",
    "remove alpha",
)
"""Commands that read the files of a project."""
REMOTES = ("trust --format json", "trust", "status --remote", "pull", "push", "check --remote")


def _file(
    name: str, read: Callable[[Project], object], commands: Sequence[str] = READING,
    often: float = 0.2, **others: bytes,
) -> Feed:  # fmt: skip
    """Read an input in a file of the project: directly, and now and then by a command or a hook."""

    def feed(bench: Bench, data: bytes, rng: random.Random) -> None:
        for other, text in others.items():
            bench.write(_NAMES[other], text)
        bench.write(name, data)
        chosen = rng.random()
        if chosen < often:
            _run_one(bench, rng, *commands)
        elif chosen < often * 1.4:
            _switch(bench)
        else:
            read(Project(bench.root))

    return feed


_NAMES = {"models": "models.yaml", "index": "zoo/index.yaml", "lock": "models.lock"}


def _run_one(bench: Bench, rng: random.Random, *commands: str) -> None:
    """Run one of some commands."""
    bench.run(*rng.choice(commands).split())


def _switch(bench: Bench) -> None:
    """Do what the hook does after a checkout."""
    done = checkout(Project(bench.root), offline="the fuzzer")
    for line in done.lines:
        streams.write_lines(line)
    if not done.complete:
        raise Refused


def _registry(project: Project) -> object:
    read_project_policy(project.snapshot)
    registry = project.registry()
    return [str(one) + repr(one) for one in registry.models]


def _lock(project: Project) -> object:
    return repr(project.lock())


def _params(project: Project) -> object:
    model = project.registry().model("beta")
    return project.hyperparameters(model), project.verify_settings(model), project.params_key(model)


def _own_params(project: Project) -> object:
    return project.own_params(project.registry().model("beta"))


def _config(project: Project) -> object:
    levels = read_levels.read_levels(project.root)
    wanted = realms.list_wanted(project.root, levels)
    return configuration.read_dvc_config(project.root), [f"{one}{two}" for one, two in wanted]


def _listing(bench: Bench, data: bytes, rng: random.Random) -> object:
    """Read what DVC lists of a folder, also as an object that dvc.lock names."""
    if rng.random() < 0.5:
        try:
            return parse_object_listing(data)
        except ValueError as error:
            raise _refused(error) from error

    md5 = hashlib.md5(data).hexdigest()
    bench.write(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}.dir", data)
    locked = plain_yaml.load((bench.root / "dvc.lock").read_bytes())
    for stage in locked["stages"].values():
        for out in stage["outs"]:
            if out["path"] == "exports/beta":
                out.update(md5=f"{md5}.dir", size=12)
    bench.write("dvc.lock", plain_yaml.dump(locked).encode())
    if rng.random() < 0.3:
        return _run_one(bench, rng, "pull", "pull --force", "status", "status --deep")
    return _switch(bench)


def _index(name: str) -> Feed:
    def feed(bench: Bench, data: bytes, rng: random.Random) -> object:
        bench.write(name, data)
        if rng.random() < 0.1:
            bench.write("models.yaml", RANGED.replace("zoo/index.yaml", name).encode())
            return _run_one(
                bench,
                rng,
                "lock",
                "list --available",
                "list --outdated",
                "show det",
                "lock --upgrade",
            )
        return _ask_catalog(bench.root, "index", {"url": name}, ("det", "ocr"))

    return feed


def _ask_catalog(root: Path, kind: str, settings: dict[str, Any], names: Sequence[str]) -> object:
    catalog = open_catalog(Context(name="team", root=root, timeout=1.0), kind, settings)
    found: list[object] = []
    for name in names:
        query = Query(name=name)
        for one in catalog.versions(query)[:3]:
            found += [catalog.describe(query, one.version)]
    with suppress(NotImplementedError):
        found += catalog.names()
    return found


def _refused(error: Exception) -> Exception:
    """Take a ValueError that is documented for a refusal; its text is for people."""
    return InvalidInput(f"x: {error}")


def _parse(read: Callable[[str], object], *passing: type[Exception]) -> Feed:
    """Read an input as text, where a ValueError, or what is named, is the documented refusal."""

    def feed(bench: Bench, data: bytes, rng: random.Random) -> object:
        try:
            return read(data.decode("utf-8", "surrogateescape"))
        except (*passing, ValueError) as error:
            raise _refused(error) from error

    return feed


def _report(bench: Bench, data: bytes, rng: random.Random) -> object:
    text = data.decode("utf-8", "replace")
    if rng.random() < 0.25:
        folder = "reports/resnet50"
        bench.write("models.yaml", EXPORTED.encode())
        bench.write(f"{folder}/verify.json", data)
        bench.write(f"{folder}/{rng.choice(('latency.json', 'verify.csv'))}", data)
        return _run_one(
            bench, rng, "report", "check", "check --branch main", "show resnet50", "list"
        )
    try:
        return rng.choice(
            (Evidence.from_json, Evidence.from_json, Latencies.from_json, read_evidence_csv)
        )(text)
    except ValueError as error:
        raise _refused(error) from error


def _record(bench: Bench, data: bytes, rng: random.Random) -> object:
    if rng.random() < 0.2:
        bench.write("reports/beta/train/record.json", data)
        return _run_one(bench, rng, "show beta", "check", "check --branch main", "list")
    try:
        return Record.from_json(data.decode("utf-8", "replace")).to_json()
    except ValueError as error:
        raise _refused(error) from error


def _note(name: str) -> Feed:
    """Read a note of ours that something has damaged; it is made anew."""
    return partial(_beside, f".paddledvc/tmp/{name}")


def _beside(name: str, bench: Bench, data: bytes, rng: random.Random) -> object:
    bench.write(name, data)
    if rng.random() < 0.5:
        return _run_one(bench, rng, "status", "pull", "lock --offline", "list")
    return _switch(bench)


_marker = partial(_beside, ".git/paddledvc/root")
_rwlock = partial(_beside, ".dvc/tmp/rwlock")


def _noted(folder: str) -> Feed:
    """Read a note in the user's folder for state, under each name that there is."""

    def feed(bench: Bench, data: bytes, rng: random.Random) -> object:
        text = data.decode("utf-8", "replace")
        parse_ledger(text)
        parse_expected(text)
        state = bench.own / "state" / "paddledvc"
        with suppress(Refused):
            _switch(bench)  # so that there is one
        for file in (state / folder).glob("*"):
            file.write_bytes(data)
        try:
            return _switch(bench)
        finally:
            for file in state.rglob("*"):
                if file.is_file():
                    file.unlink()

    return feed


def _trust(bench: Bench, data: bytes, rng: random.Random) -> object:
    name = "0123456789abcdef" * 2
    bench.write(".git/paddledvc/id", f"{name}\n".encode())
    file = bench.own / "state" / "paddledvc" / "trust" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.replace(b"CLONE", str(bench.root / ".git").encode()))
    return _run_one(bench, rng, "trust --format json", "trust", "pull", "status --remote")


def _gto(bench: Bench, data: bytes, rng: random.Random) -> object:
    tags = []
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        name, _, rest = line.partition(" ")
        commit, _, time = rest.partition(" ")
        tags.append(
            Tag(
                name=name,
                commit=None if commit == "-" else commit,
                time=int(time) if time.isdecimal() and len(time) < 20 else None,
            )
        )
    found = read_gto_tags(tags)
    try:
        return [found.find(one) for one in ("det", "zoo:det", data[:9].decode("utf-8", "replace"))]
    except ValueError as error:
        raise _refused(error) from error


def _pushed(bench: Bench, data: bytes, rng: random.Random) -> object:
    """Read what git writes to a pre-push hook: its words are ours to trust, its names are not."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    fields = [line.split(" ") for line in lines]
    head = (
        git(bench.root, "rev-parse", "HEAD").decode().strip()
        if rng.random() < 0.1
        else "c0ffee" + "0" * 34
    )
    # Each line has four words: names without spaces, and full names of commits.
    meant = [
        f"{one[0]} {head} {one[2]} {'0' * 40}"
        for one in fields
        if len(one) == 4 and one[0] and one[2]
    ]
    refs = parse_pushed_refs(meant)
    said = [f"{one.title} {one.branch} {one.is_tag} {one.reviewed}" for one in refs]
    if rng.random() < 0.1:
        project = Project(bench.root)
        guard.guard_pushed(project, guard.pick_pushed_commits(project, refs))
    return said


def _merge(bench: Bench, data: bytes, rng: random.Random) -> object:
    texts = data.split(SEPARATOR)
    texts = (texts * 3)[:3]
    files = [
        bench.write(f".paddledvc/tmp/{name}", text)
        for name, text in zip(("base", "ours", "theirs"), texts, strict=True)
    ]
    name = rng.choice(
        ("models.yaml", "models.lock", "dvc.yaml", "dvc.lock", "params.yaml", "sub/models.yaml")
    )
    if rng.random() < 0.1:
        return bench.run("merge-file", *map(str, files), name)
    done = merge_file(files[0], files[1], files[2], name)
    if not done.clean:
        raise Refused
    return done


def _event(bench: Bench, data: bytes, rng: random.Random) -> object:
    file = bench.write(".paddledvc/tmp/event.json", data)
    word = data[:60].decode("utf-8", "surrogateescape").replace("\0", "")
    asked = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REF_NAME": rng.choice(("main", word)),
    }
    job = read_subject_job(asked)
    for sign, variable in (
        ("GITLAB_CI", "CI_COMMIT_BRANCH"),
        ("TF_BUILD", "BUILD_SOURCEBRANCH"),
        ("JENKINS_URL", "CHANGE_TARGET"),
    ):
        read_subject_job({sign: "1", variable: word})
    if rng.random() < 0.1:
        os.environ.update({key: value for key, value in asked.items() if value})
        try:
            bench.run("check", "--format", rng.choice(("text", "github", "json")))
        finally:
            for key in asked:
                os.environ.pop(key, None)
    return job


def _tree(bench: Bench, data: bytes, rng: random.Random) -> object:
    """Read a tree of git, with names and modes that no git would write."""
    body = b"tree %d\0" % len(data) + data
    name = hashlib.sha1(body).hexdigest()
    bench.write(f".git/objects/{name[:2]}/{name[2:]}", zlib.compress(body))
    tree = Tree(bench.root, name)
    found: list[object] = []
    for one in sorted(tree.folder.iterdir(), key=str)[:20]:
        found += [one.exists(), one.is_dir(), one.is_file(), one.suffix]
        if one.is_file():
            found += [one.read_bytes()]
    for path in ("models.yaml", "data/labels.bin.dvc", "link/x", "a/../b", ".git"):
        found += [(tree.folder / path).exists()]
    if rng.random() < 0.3:
        found += [Snapshot.tree(bench.root, name).texts(("models.yaml", "*.dvc"))]
    return found


def _code(bench: Bench, data: bytes, rng: random.Random) -> object:
    bench.write("net.py", data)
    bench.write("layers.py", examples.CODE[0])
    if rng.random() < 0.05:
        bench.write("models.yaml", EXPORTED.encode())
        return _run_one(bench, rng, "check", "generate")
    sources = Sources(root=bench.root)
    project = Project(bench.root)
    code = Code.of(sources)
    found: list[object] = list(code.misnamed(project.parse_registry(EXPORTED)))
    found += source_files_of_command("python net.py --x layers.py", bench.root, sources)
    found += source_files_of_code(Reference.parse("net.py:Net"), bench.root, sources)
    if code.unreadable:
        raise InvalidFile(code.unreadable)
    return found


def _tables(bench: Bench, data: bytes, rng: random.Random) -> object:
    bench.write(f"installed/paddlex/{paddlex.FILE}", data)
    package = Package(
        folder=bench.root / "installed" / "paddlex", distribution="paddlex", stated="3.0"
    )
    try:
        with package.reading(paddlex.FILE) as scope:
            return [scope[name] for name in ("OFFICIAL_MODELS", "BASE") if name in scope]
    except (NotUnderstood, Unclear) as error:
        raise _refused(error) from error


def _words(bench: Bench, data: bytes, rng: random.Random) -> object:
    """Read paths, URLs, names, versions and images; some of them as words of a command."""
    text = data.decode("utf-8", "surrogateescape")
    if rng.random() < 0.1 and "\0" not in text:
        words = rng.choice(
            (
                ("show",),
                ("add",),
                ("remove",),
                ("status",),
                ("pull",),
                ("trust",),
                ("check", "--base"),
                ("check", "--branch"),
                ("lock", "--offline", "--upgrade-package"),
                ("export",),
                ("sync",),
                ("gc", "--remote"),
                ("hook",),
                ("-C",),
            )
        )
        return bench.run(*words, text)
    fault = paths.find_path_fault(text)
    if fault is None and _leads_out(text):
        raise Wrong("a path that leads out is let pass", ascii(text))
    shown = urls.hide_url_secrets(text), urls.hide_query_secrets(text)
    # What stands behind a slash is of a path, though it may look like one.
    if "://user:secret@" in shown[0] and urls.secret_of_url(text):
        raise Wrong("a secret is shown", ascii(text))
    found: list[object] = [
        paths.find_output_fault(text),
        paths.find_listing_fault([text, "a", text + "/b"]),
        paths.fold_path(text),
        *shown,
    ]
    found += [
        urls.is_url(text),
        urls.is_remote_url(text),
        urls.secret_of_url(text),
        urls.format_of_url(text),
        urls.holds_git_password(text),
    ]
    found += [
        versions.is_version(text),
        versions.is_version_range(text),
        names.suggest_name(text, ["alpha"]),
        images_agree(text, "3.1"),
    ]
    for read in (
        versions.Requirement.parse,
        Image.parse,
        urls.GitFile.parse,
        Location.parse,
        Reference.parse,
        lambda one: parse_realm(one, {}),
        names.slug,
    ):
        with suppress(ValueError):
            found += [read(text)]
    return found


def _leads_out(path: str) -> bool:
    parts = path.split("/")
    return path.startswith("/") or ".." in parts or any(one.lower() == ".git" for one in parts)


@contextmanager
def _answering(data: bytes) -> Iterator[None]:
    """Let every connection be answered by the same bytes."""
    before = connection.create_connection

    def connect(*_: object, **__: object) -> socket.socket:
        ours, theirs = socket.socketpair()
        theirs.settimeout(2)

        def answer() -> None:
            with theirs, suppress(OSError):
                theirs.recv(1 << 16)
                theirs.sendall(data)
                theirs.shutdown(socket.SHUT_WR)
                while theirs.recv(1 << 16):
                    pass

        threading.Thread(target=answer, daemon=True).start()
        return ours

    connection.create_connection = connect
    try:
        yield
    finally:
        connection.create_connection = before


def _http(bench: Bench, data: bytes, rng: random.Random) -> object:
    with _answering(data):
        try:
            choice = rng.randrange(3)
            if choice == 0:
                return http.ask_http_size("http://host/x")
            if choice == 1:
                return http.read_http_document("http://host/x", 1 << 16, 1.0)
            return [len(one) for one in http.read_http_chunks("http://host/x")]
        except Unreadable as error:
            raise _refused(error) from error


def _s3(bench: Bench, data: bytes, rng: random.Random) -> object:
    with _answering(data):
        settings = {
            "url": "s3://zoo/m",
            "endpoint_url": "http://minio:9000",
            "pattern": "{name}/{version}/",
        }
        return _ask_catalog(bench.root, "s3", settings, ("det",))


def _hub(bench: Bench, data: bytes, rng: random.Random) -> object:
    try:
        said = parse_hub_json(data)
    except Unreadable as error:
        raise _refused(error) from error
    said = said if isinstance(said, dict) else {"refs": said, "commits": said, "revision": said}

    def answer(url: str) -> bytes:
        word = next(
            (one for one in ("refs", "commits", "revision", "models?") if one in url), "refs"
        )
        return _dump(said.get(word))

    def send(_self: object, url: str) -> tuple[object, bytes]:
        headers = said.get("headers")
        headers = (
            {str(key): str(one) for key, one in headers.items()}
            if isinstance(headers, dict)
            else {}
        )
        status = said.get("status") if type(said.get("status")) is int else 200
        links = (
            {"next": {"url": str(said.get("links"))}} if "?" in str(said.get("links"))[:3] else {}
        )
        return SimpleNamespace(
            status_code=status,
            links=links,
            headers=headers,
            reason=str(said.get("reason")),
            reason_phrase=str(said.get("reason")),
        ), answer(url)

    def read(url: str, *_: object) -> bytes:
        whole = {
            "Code": said.get("Code"),
            "Message": said.get("Message"),
            "Data": said,
            "data": said.get("data"),
        }
        return _dump(whole)

    api = next(
        one for one in vars(huggingface).values() if isinstance(one, type) and "_send" in vars(one)
    )
    before, reads = api._send, modelscope.http.read_http_document
    api._send, modelscope.http.read_http_document = send, read
    try:
        if rng.random() < 0.5:
            return _ask_catalog(bench.root, "huggingface", {}, ("team/net",))
        return _ask_catalog(bench.root, "modelscope", {}, ("team/net",))
    finally:
        api._send, modelscope.http.read_http_document = before, reads


def _dump(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _samples(name: str) -> Feed:
    def feed(bench: Bench, data: bytes, rng: random.Random) -> object:

        bench.write(name, data)
        network = Network(
            root=bench.root, reference=Reference.parse("net.py:Net"), arguments={}, weights=None
        )
        item = Input(name="x", shape=(None, 4), dtype="float32")
        return sample_calls(ReferenceJob(
            network=network, inputs=(item,), samples=name, input_size=(), batch_sizes=(1, 2),
            seed=0, cases=PurePath("a"), outputs=PurePath("b"),
        ))  # fmt: skip

    return feed


def _programs(bench: Bench, data: bytes, rng: random.Random) -> object:
    read = (
        program_outputs.outputs_of_json
        if data[:1] in b"{["
        else program_outputs.outputs_of_protobuf
    )
    try:
        return [program_outputs.describe_output(one) for one in read(data)]
    except ValueError as error:
        raise _refused(error) from error


def _metrics(bench: Bench, data: bytes, rng: random.Random) -> object:
    bench.write("reports/beta/train/metrics.json", data)
    return _run_one(bench, rng, "check", "show beta", "check --branch main", "list", "status")


def _manifest(bench: Bench, data: bytes, rng: random.Random) -> object:
    try:
        return manifest.parse_manifest(data)
    except manifest.InvalidManifest as error:
        raise _refused(error) from error


def list_formats(root: Path) -> tuple[Format, ...]:
    """List every format; ``root`` is the pristine project, some of whose files are examples."""

    def have(name: str) -> bytes:
        return (root / name).read_bytes()

    models, lock = have("models.yaml"), have("models.lock")
    stages, built, labels = have("dvc.yaml"), have("dvc.lock"), have("data/labels.bin.dvc")
    registries = (models, examples.WHOLE, EXPORTED.encode())
    merged = (models, lock, stages, built, examples.PARAMS)
    index = json.dumps(plain_yaml.load(examples.INDEX)).encode()
    own_params = _file("conf/own.json", _own_params, models=examples.OWN_MODELS)
    return (
        Format("models.yaml", "yaml", registries, _file("models.yaml", _registry)),
        Format("models.lock", "yaml", (lock,), _file("models.lock", _lock)),
        Format("dvc.yaml", "yaml", (stages, OWN_STAGES.encode()), _file("dvc.yaml", list_expected)),
        Format("dvc.lock", "yaml", (built,), _file("dvc.lock", list_expected)),
        Format(".dvc file", "yaml", (labels,), _file("data/labels.bin.dvc", list_expected)),
        Format("params.yaml", "yaml", (examples.PARAMS,), _file("params.yaml", _params)),
        Format("params JSON", "json", (examples.OWN_PARAMS,), own_params),
        Format(".dvc/config", "text", examples.CONFIGS, _file(".dvc/config", _config, REMOTES)),
        Format(".dir listing", "json", (examples.LISTING,), _listing, slow=True),
        Format("catalog index YAML", "yaml", (examples.INDEX,), _index("zoo/index.yaml")),
        Format("catalog index JSON", "json", (index,), _index("zoo/index.json")),
        Format("verify.json", "json", (have("reports/example.json"),), _report),
        Format("bundle manifest", "json", (examples.MANIFEST,), _manifest),
        Format("train record", "json", (examples.RECORD,), _record),
        Format("metrics JSON", "json", examples.METRICS, _metrics, slow=True),
        Format("placed.json", "json", (examples.PLACED,), _note("placed.json"), slow=True),
        Format("journal", "json", examples.JOURNALS, _note("writing.json"), slow=True),
        Format("marker in .git", "text", examples.MARKERS, _marker, slow=True),
        Format("DVC's rwlock", "json", (examples.RWLOCK,), _rwlock, slow=True),
        Format("notes of what is wanted", "json", (examples.WANTED,), _noted("wanted"), slow=True),
        Format("notes of hashes", "text", examples.HASHES, _noted("hashes"), slow=True),
        Format("trust record", "json", (examples.TRUST,), _trust, slow=True),
        Format("samples .npy", "bytes", examples.make_arrays("npy"), _samples("x.npy")),
        Format("samples .npz", "bytes", examples.make_arrays("npz"), _samples("x.npz")),
        Format("GTO tags", "text", examples.TAGS, _gto),
        Format("pre-push lines", "text", examples.PUSHED, _pushed),
        Format("merge inputs", "yaml", merged, _merge, parts=3),
        Format("CI event", "json", examples.EVENTS, _event),
        Format("git tree", "bytes", examples.tree_examples(root), _tree),
        Format("Python source", "text", examples.CODE, _code),
        Format("package tables", "text", examples.TABLES, _tables),
        Format("hub JSON", "json", (examples.HUB,), _hub),
        Format("HTTP answers", "text", examples.ANSWERS, _http),
        Format("S3 listings", "text", examples.S3, _s3),
        Format("Paddle programs", "json", (examples.PROGRAM,), _programs),
        Format("Paddle 2 programs", "bytes", (examples.make_protobuf(),), _programs),
        Format("paths, URLs, versions", "text", examples.WORDS, _words),
    )
