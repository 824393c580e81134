"""Digests of images, asked of registries on loopback: good ones, strict ones and hostile ones."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import pytest
import requests

from paddledvc.models.images import Image
from paddledvc.tools.sources import image_registries
from paddledvc.tools.sources.image_registries import ask_image_digest, ask_image_digests
from paddledvc.tools.system.network.errors import Unreadable
from tests.registries import INDEX, digest_of, manifest

NAME = "team/paddle:3.3.1"


@pytest.fixture
def ask(tmp_path, naps):
    """Ask a registry for the digest of an image."""

    def asked(registry, name=NAME):
        return ask_image_digest(Image.parse(f"{registry.host}/{name}"), tmp_path)

    return asked


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Write Docker's file of logins."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))

    def write(**config):
        (folder / "config.json").write_text(json.dumps(config))
        return folder / "config.json"

    return write


@pytest.fixture
def logged_in(registry, docker):
    """A registry that gives tokens to one user, whose login Docker has."""
    registry.auth, registry.login, registry.anonymous = "token", ("me", "s3cret"), False
    docker(auths={registry.host: {"auth": registry.basic.removeprefix("Basic ")}})
    return registry


def refusal(ask, registry, name=NAME):
    with pytest.raises(Unreadable) as caught:
        ask(registry, name)
    return str(caught.value)


def test_a_tag_is_resolved_by_one_head(ask, registry):
    assert registry.put(NAME) == ask(registry)
    assert registry.log == [("HEAD", "/v2/team/paddle/manifests/3.3.1", "")]


def test_without_a_stated_digest_it_is_that_of_the_exact_bytes(ask, registry):
    body = manifest() + b"\n  "
    digest, registry.stated = registry.put(NAME, body), ""

    assert ask(registry) == digest == digest_of(body)
    assert registry.asked == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [403, 404, 405, 500])
def test_a_registry_that_refuses_head_is_asked_by_get(ask, registry, status):
    digest, registry.head = registry.put(NAME), status

    assert ask(registry) == digest
    assert registry.asked == ["HEAD", "GET"]


def test_a_token_is_asked_for_without_a_login(ask, registry):
    registry.auth, digest = "token", registry.put(NAME)

    assert ask(registry) == digest
    assert registry.log[1][1] == "/token?service=r&scope=repository%3Ateam%2Fpaddle%3Apull"
    assert [sent for _, _, sent in registry.log] == ["", "", "Bearer t0ken"]


def test_a_login_is_sent_for_a_token_and_the_token_for_the_image(ask, logged_in):
    digest = logged_in.put(NAME)

    assert ask(logged_in) == digest
    assert [sent for _, _, sent in logged_in.log] == ["", logged_in.basic, "Bearer t0ken"]


@pytest.mark.parametrize("key", ["{}", "http://{}", "https://{}/v1/"])
def test_a_registry_may_ask_for_the_login_itself(ask, registry, docker, key):
    registry.auth, registry.login = "basic", ("me", "s3cret")
    docker(auths={key.format(registry.host): {"username": "me", "password": "s3cret"}})
    digest = registry.put(NAME)

    assert ask(registry) == digest
    assert [sent for _, _, sent in registry.log] == ["", registry.basic]


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Put a program on the PATH that tells Docker a login."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def write(script, at=folder):
        program = at / "docker-credential-test"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return write


@pytest.mark.slow
@pytest.mark.parametrize("section", ["credHelpers", "credsStore"])
def test_a_helper_of_docker_is_asked(ask, registry, docker, helper, section):
    registry.auth, registry.login = "basic", ("me", "s3cret")
    docker(**{section: {registry.host: "test"} if section == "credHelpers" else "test"})
    helper(
        f'read -r host\n[ "$1 $host" = "get {registry.host}" ] || exit 1\n'
        'echo \'{"Username": "me", "Secret": "s3cret"}\''
    )
    digest = registry.put(NAME)

    assert ask(registry) == digest


def test_a_helper_that_is_not_there_is_named(ask, registry, docker):
    registry.auth, registry.login = "basic", ("me", "s3cret")
    docker(credsStore="of-nobody")

    assert refusal(ask, registry) == (
        "it answered 401; docker-credential-of-nobody is not installed: log in with `docker login`"
    )


def test_no_helper_of_the_work_tree_is_started(registry, docker, helper, monkeypatch, tmp_path):
    registry.auth, registry.login = "basic", ("me", "s3cret")
    docker(credsStore="test")
    (tmp_path / ".git").mkdir()
    helper(f"touch {tmp_path}/ran", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(Unreadable, match="docker-credential-test is not installed"):
        ask_image_digest(Image.parse(f"{registry.host}/{NAME}"), tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_refused_login_is_named_and_not_shown(ask, logged_in, docker):
    file = docker(auths={logged_in.host: {"auth": "bWU6d3Jvbmc="}})

    assert refusal(ask, logged_in) == (
        f"its server of tokens, {logged_in.host}, answered 401; the login is that of {file}"
    )


def test_who_has_no_login_is_told_to_log_in(ask, registry, docker):
    registry.auth, registry.login = "basic", ("me", "s3cret")
    docker(auths={"other.example": {"auth": "bWU6d3Jvbmc="}})

    assert refusal(ask, registry) == (
        f"it answered 401; log in with `docker login {registry.host}`"
    )


def test_an_identity_token_is_said_to_be_of_no_use_here(ask, registry, docker):
    registry.auth, registry.login = "basic", ("me", "s3cret")
    file = docker(auths={registry.host: {"auth": "bWU6", "identitytoken": "x"}})

    assert refusal(ask, registry) == (
        f"it answered 401; {file} has an identity token for it, which only Docker can use"
    )


def test_a_file_of_docker_that_is_none_is_named(ask, registry, docker):
    registry.auth = "basic"
    docker().write_text("{")

    assert refusal(ask, registry).endswith("config.json is not a JSON object")


def test_an_image_that_is_not_there_is_told_by_its_status(ask, registry):
    with pytest.raises(Unreadable, match="there is no such image") as caught:
        ask(registry)

    assert caught.value.status == 404


def test_a_busy_registry_is_asked_again_when_it_says(ask, registry, naps):
    digest, registry.statuses, registry.headers = registry.put(NAME), [429], {"Retry-After": "3"}

    assert ask(registry) == digest
    assert naps == [3.0]


def test_one_that_stays_busy_is_given_up(ask, registry, naps, monkeypatch):
    monkeypatch.setenv("PADDLEDVC_PATIENCE", "20")
    registry.statuses, registry.headers = [429] * 9, {"Retry-After": "60"}

    assert refusal(ask, registry) == "it answered 429"
    assert naps == []


def test_a_redirect_to_another_server_takes_no_secret_there(ask, logged_in, registries):
    other = registries[1]
    digest = other.put(NAME)
    logged_in.put(NAME)
    logged_in.auth, logged_in.redirect = "", f"http://{other.host}"

    assert ask(logged_in) == digest
    other.auth = "basic"
    assert refusal(ask, logged_in) == "it answered 401"
    assert {sent for _, _, sent in other.log} == {""}


def test_a_token_is_not_taken_along_a_redirect(ask, logged_in, registries, monkeypatch):
    other = registries[1]
    other.put(NAME)
    logged_in.put(NAME)
    usual = type(logged_in).expected.fget
    monkeypatch.setattr(
        type(logged_in),
        "expected",
        property(lambda self: setattr(self, "redirect", f"http://{other.host}") or usual(self)),
    )
    ask(logged_in)

    assert [sent for _, _, sent in logged_in.log] == ["", logged_in.basic, "Bearer t0ken"]
    assert {sent for _, _, sent in other.log} == {""}


@pytest.mark.parametrize(
    ("realm", "message"),
    [
        ("http://tokens.example/t", "'http://tokens.example/t', expected one with https"),
        ("file:///etc/passwd", "'file:///etc/passwd', which is no URL of one"),
        ("https://me:pw@tokens.example/t", "'https://me:pw@tokens.example/t', which is no URL of"),
        ("", "'', which is no URL of one"),
    ],
)
def test_a_login_goes_to_no_server_of_tokens_that_others_hear(ask, logged_in, realm, message):
    logged_in.realm = realm

    assert f"it names the server of tokens {message}" in refusal(ask, logged_in)
    assert {sent for _, _, sent in logged_in.log} == {""}


def test_a_registry_elsewhere_names_no_server_of_this_machine(monkeypatch):
    challenge = {"bearer": {"realm": "http://127.0.0.1:1/token"}}
    login = image_registries._Login(header="Basic x", advice="")

    with pytest.raises(Unreadable, match="expected one with https"):
        image_registries._authorize("https://registry.example/v2/", challenge, login, "s")


def test_the_login_of_another_registry_is_not_sent(ask, registries, docker):
    mine, other = registries
    other.auth, other.login, mine.login = "token", ("me", "s3cret"), ("me", "s3cret")
    docker(auths={mine.host: {"auth": mine.basic.removeprefix("Basic ")}})
    digest = other.put(NAME)

    assert ask(other) == digest
    assert not [sent for _, _, sent in other.log if sent.startswith("Basic")]


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("sha256:0a", "'sha256:0a'"),
        ("latest", "'latest'"),
        (f"sha256:{'0a' * 32}\r\n \x1b[31mevil", None),
        (f"md5:{'0a' * 16}", None),
    ],
)
def test_what_is_no_digest_is_refused_and_shown_escaped(ask, registry, stated, shown):
    registry.stated = stated
    registry.put(NAME)
    said = refusal(ask, registry)

    assert said.startswith("it states '")
    assert said.endswith(" as the digest, which is not one")
    assert shown is None or shown in said
    assert said.isprintable()


def test_a_digest_that_is_not_that_of_the_bytes_is_refused(ask, registry):
    registry.stated, registry.head = f"sha256:{'0a' * 32}", 405
    digest = registry.put(NAME)

    assert refusal(ask, registry) == (
        f"it states the digest {registry.stated}, and its manifest has {digest}"
    )


def test_another_image_than_the_digest_names_is_refused(ask, registry):
    registry.put(NAME)
    name = f"team/paddle@sha256:{'0a' * 32}"
    registry.images[f"/v2/team/paddle/manifests/sha256:{'0a' * 32}"] = manifest()

    assert refusal(ask, registry, name).startswith(f"it was asked for sha256:{'0a' * 32}, and ")


def test_a_page_is_not_taken_for_a_manifest(ask, registry):
    registry.stated = ""
    registry.put(NAME, b"<html>please log in</html>")

    assert refusal(ask, registry) == "what it answered is not the manifest of an image"


def test_a_manifest_without_end_is_not_read(ask, registry, monkeypatch):
    monkeypatch.setattr(image_registries, "MAX_MANIFEST", 1000)
    registry.stated = ""
    registry.put(NAME, manifest("x" * 1000))

    assert refusal(ask, registry) == "its manifest has more than 1,000 bytes"


@pytest.mark.parametrize("body", [b"{}", b"[" * 9000, b'{"token": "a\\nb"}', b'{"token": 1}'])
def test_a_token_that_no_header_can_hold_is_refused(ask, registry, body):
    registry.auth, registry.token_body = "token", body

    assert refusal(ask, registry) == f"its server of tokens, {registry.host}, gives no token"


def test_a_token_without_end_is_not_read(ask, registry):
    registry.auth, registry.token_body = "token", b" " * (image_registries.MAX_TOKEN + 1)

    assert refusal(ask, registry) == "its token has more than 65,536 bytes"


def test_a_registry_that_is_down_is_asked_once_for_all_its_images(tmp_path, monkeypatch):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{sock.getsockname()[1]}"
        asked = []
        usual = image_registries.open_http
        monkeypatch.setattr(
            image_registries, "open_http", lambda *a, **k: asked.append(a) or usual(*a, **k)
        )
        found = ask_image_digests(
            [Image.parse(f"{host}/paddle:3.{minor}") for minor in range(9)], tmp_path
        )

    assert {str(error) for error in found.values()} == {"connection refused"}
    assert len(asked) == 1


def test_the_images_of_a_registry_are_asked_for_once_each(tmp_path, registry):
    wanted = {f"a:{number}": registry.put(f"a:{number}") for number in range(20)}
    images = [Image.parse(f"{registry.host}/{name}") for name in (*wanted, *wanted)]

    found = ask_image_digests(images, tmp_path)

    assert {f"{image.repository}:{image.tag}": found[image] for image in found} == wanted
    assert len(registry.log) == 20


def test_names_without_a_registry_are_those_of_the_hub(tmp_path, monkeypatch):
    asked = []

    def refuse(url, method, headers):
        asked.append(url)
        raise Unreadable("no network")

    monkeypatch.setattr(image_registries, "open_http", refuse)
    for name in ("paddle:3", "paddlepaddle/paddle:3", "docker.io/paddle:3", "r.example/paddle:3"):
        with pytest.raises(Unreadable):
            ask_image_digest(Image.parse(name), tmp_path)

    assert asked == [
        "https://registry-1.docker.io/v2/library/paddle/manifests/3",
        "https://registry-1.docker.io/v2/paddlepaddle/paddle/manifests/3",
        "https://registry-1.docker.io/v2/library/paddle/manifests/3",
        "https://r.example/v2/paddle/manifests/3",
    ]


REAL = shutil.which("docker-registry")


@pytest.fixture
def real(tmp_path):
    """Debian's docker-registry, which lets nobody but one user in where it is told to."""
    started = []

    def start(**auth):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{sock.getsockname()[1]}"
        config = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(tmp_path / "images")}},
            "http": {"addr": host},
            "log": {"level": "error"},
            **auth,
        }
        file = tmp_path / "registry.yml"
        file.write_text(json.dumps(config))
        started.append(
            subprocess.Popen(
                [REAL, "serve", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                requests.get(f"http://{host}/v2/", timeout=5)
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "docker-registry did not start"
                time.sleep(0.05)
            else:
                return host

    yield start
    for one in started:
        one.terminate()
        one.wait()


@pytest.mark.thorough
@pytest.mark.skipif(REAL is None, reason="docker-registry is not installed: apt install it")
def test_a_real_registry_tells_the_digest_of_what_was_pushed(real, tmp_path, docker):
    host = real()
    layer = b"a layer"
    kind = "application/vnd.oci.image.manifest.v1+json"
    begun = requests.post(f"http://{host}/v2/team/paddle/blobs/uploads/", timeout=9)
    place = begun.headers["Location"]
    put = requests.put(f"{place}&digest={digest_of(layer)}", data=layer, timeout=9)
    assert put.status_code == 201
    blob = {"mediaType": "application/octet-stream", "size": 7, "digest": digest_of(layer)}
    one = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": blob, "layers": [blob]})
    several = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {
                "mediaType": kind,
                "size": len(one),
                "digest": digest_of(one.encode()),
                "platform": {"architecture": "amd64", "os": "linux"},
            }
        ],
    }
    pushed = {}
    for tag, body, sent in (("one", one, kind), ("several", json.dumps(several), INDEX)):
        url = f"http://{host}/v2/team/paddle/manifests/{tag}"
        done = requests.put(url, data=body, headers={"Content-Type": sent}, timeout=9)
        assert done.status_code == 201
        pushed[tag] = done.headers["Docker-Content-Digest"]
    image = Image.parse(f"{host}/team/paddle:several")

    assert ask_image_digest(image, tmp_path) == pushed["several"] == digest_of(body.encode())
    assert ask_image_digest(Image.parse(f"{host}/team/paddle:one"), tmp_path) == pushed["one"]
    with pytest.raises(Unreadable, match="there is no such image"):
        ask_image_digest(Image.parse(f"{host}/team/paddle:none"), tmp_path)

    # The bcrypt of `s3cret`, as `htpasswd -B` writes it.
    passwords = tmp_path / "passwords"
    passwords.write_text("me:$2b$04$PZex9IddZqKgt9dohQ/FIeTFgnSuAX.NCkbMU7C0jlbPxUqHNi1mu\n")
    strict = real(auth={"htpasswd": {"realm": "r", "path": str(passwords)}})
    again = Image.parse(f"{strict}/team/paddle:several")
    with pytest.raises(Unreadable, match="it answered 401; log in with"):
        ask_image_digest(again, tmp_path)
    docker(auths={strict: {"username": "me", "password": "s3cret"}})
    assert ask_image_digest(again, tmp_path) == pushed["several"]
