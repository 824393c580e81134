"""What stands where weights should be is named, and never pinned as weights."""

from __future__ import annotations

import gzip
import zlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from paddledvc.errors import ChecksumMismatch, DownloadFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source
from paddledvc.tools.sources.first_bytes import describe_no_weights
from paddledvc.tools.sources.http import http_retry_after
from paddledvc.tools.system.network.errors import Unreadable

WEIGHTS = b"\x80\x04 weights" * 500
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in &amp; go</title></head></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98304000\n"
S3_ERROR = (
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Expired</Message></Error>'
)
JSON_ERROR = b'{"message": "Bad credentials", "status": "401"}'
FOUND = [
    (PAGE, 'it is a web page, "Sign in & go", and no weights; open the URL'),
    (b"\n  <!-- a -->\n<HTML>", "it is a web page, and no weights"),
    (POINTER, "a pointer of git-lfs, and no weights; run `git lfs pull`"),
    (b"/annex/objects/MD5-s9--0\n", "a pointer of git-annex, and no weights; run `git annex get`"),
    (b"../../.git/annex/objects/0/1/MD5", "a pointer of git-annex, and no weights"),
    (b"outs:\n- md5: 00\n  path: a\n", "a pointer of DVC, and no weights; run `dvc pull`"),
    (S3_ERROR, 'a document about an error, "AccessDenied: Expired", and no weights'),
    (JSON_ERROR, "a document about an error"),
    (b"", "it is empty, and no weights"),
    (b"\xef\xbb\xbf\n<!-- a -->" + PAGE, 'it is a web page, "Sign in & go", and no weights'),
    (PAGE.decode().encode("utf-16"), 'it is a web page, "Sign in & go", and no weights'),
    (b'<?xml version="1.0"?>\n' + PAGE, 'it is a web page, "Sign in & go", and no weights'),
    (b'<ErrorResponse xmlns="a"><Error><Code>Expired</Code>', 'about an error, "Expired", and no'),
    (b'[{"errors": [{"status": 404}]}]', "it is a document, "),
    (b'{"success": false}', 'it is a document, "{"success": false}", and no weights'),
    (b'"Not authorized"', "it is a document, "),
    (b"<script>location = '/login'</script>", "it is a document, "),
    (b"\x89PNG\r\n\x1a\n\0\0", "it is a PNG image, and not what .pdparams says"),
    (b"PK\x03\x04\0\0", "it is a zip archive, as PyTorch writes, and not what .pdparams says"),
    (gzip.compress(WEIGHTS, mtime=0), "it is packed by gzip, and not what .pdparams says"),
    (b"\x40" + b"\0" * 7 + b'{"a": {}}', "it is a safetensors file, and not what .pdparams says"),
]


def asked(url, tmp_path):
    return Source(model="a", urls=(url,), root=tmp_path)


@pytest.mark.parametrize(("data", "why"), FOUND)
@pytest.mark.parametrize("stated", [False, True])
def test_it_is_named_when_it_is_pinned_or_brought(server, tmp_path, data, why, stated):
    source = asked(server.put("/a.pdparams", data), tmp_path)
    expected = Hashes(md5="0" * 32) if stated else Hashes()

    for read in (
        lambda: fetch.hash_source(source, expected),
        lambda: fetch.fetch_source(source, expected, tmp_path / "a"),
    ):
        with pytest.raises(DownloadFailed) as caught:
            read()
        assert why in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("data", "why"), FOUND)
def test_it_is_named_before_anything_is_brought(server, tmp_path, data, why):
    server.headers["Content-Type"] = "text/html; charset=utf-8"
    with pytest.raises(Unreadable) as caught:
        fetch.source_size(server.put("/a.pdparams", data), tmp_path)
    assert why in str(caught.value)


def test_a_pointer_in_the_project_is_named_too(tmp_path):
    (tmp_path / "a.pdparams").write_bytes(POINTER)

    with pytest.raises(DownloadFailed, match="a pointer of git-lfs"):
        fetch.hash_source(asked("a.pdparams", tmp_path), Hashes())
    with pytest.raises(Unreadable, match="a pointer of git-lfs"):
        fetch.source_size("a.pdparams", tmp_path)


def test_bytes_that_have_the_stated_digest_are_what_is_wanted(server, tmp_path):
    expected = fetch.files.hash_file_chunks(iter([PAGE]))
    source = asked(server.put("/a.pdparams", PAGE), tmp_path)

    assert fetch.hash_source(source, expected) == expected


@pytest.mark.parametrize("name", ["card.html", "config.json", "README.md", "model.xml"])
def test_a_folder_of_weights_may_hold_texts(name):
    assert describe_no_weights(PAGE, f"https://host/a/{name}?x=1") is None
    assert describe_no_weights(POINTER, f"https://host/a/{name}") is not None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdparams", WEIGHTS),
        ("a.pdparams", b"weights " * 9),
        ("a.pdparams", b"\0" * 300),  # a tensor that paddle.save wrote in its binary format
        ("a.safetensors", b"\x40" + b"\0" * 7 + b'{"a": {}}'),
        ("a.tar", gzip.compress(WEIGHTS, mtime=0)),
        ("a.tar.gz", gzip.compress(WEIGHTS, mtime=0)),
        ("a.zip", b"PK\x03\x04\0\0"),
        ("a.pdmodel", b'\n<\x08\0{"'),
        ("a.onnx", b"\x08\x08\x12\x07pytorch"),
        ("pytorch_model.bin", b"PK\x03\x04\0\0"),
        ("train.jsonl", b'{"a": 1}\n{"a": 2}'),
        ("preview", b"\x89PNG\r\n\x1a\n\0\0"),
    ],
)
def test_what_its_name_says_is_right(name, data):
    assert describe_no_weights(data, f"https://host/{name}?x=1") is None


def test_a_pickle_is_not_safetensors():
    why = describe_no_weights(WEIGHTS, "https://host/a.safetensors")
    assert why is not None
    assert why.startswith("it is a pickle, as .pdparams files are, and not what .safetensors says")


def test_other_bytes_are_weights_of_another_version(server, tmp_path):
    with pytest.raises(ChecksumMismatch):
        fetch.hash_source(asked(server.put("/a", WEIGHTS), tmp_path), Hashes(md5="0" * 32))


@pytest.mark.parametrize("said", ["gzip", "x-gzip", "deflate"])
def test_a_body_that_comes_packed_though_it_should_not_is_unpacked(server, tmp_path, said):
    packed = zlib.compress(WEIGHTS) if said == "deflate" else gzip.compress(WEIGHTS, mtime=0)
    server.headers["Content-Encoding"] = said
    source = asked(server.put("/a.pdparams", packed), tmp_path)
    expected = fetch.files.hash_file_chunks(iter([WEIGHTS]))

    assert fetch.hash_source(source, Hashes()) == expected
    fetch.fetch_source(source, expected, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == WEIGHTS
    assert fetch.source_size(source.urls[0], tmp_path) is None


def test_an_archive_that_the_server_calls_packed_stays_as_it_is(server, tmp_path):
    server.headers["Content-Encoding"] = "x-gzip"
    data = gzip.compress(WEIGHTS, mtime=0)
    source = asked(server.put("/a.tar.gz", data), tmp_path)

    assert fetch.hash_source(source, Hashes()) == fetch.files.hash_file_chunks(iter([data]))
    assert fetch.source_size(source.urls[0], tmp_path) == len(data)


def test_what_nobody_here_can_unpack_is_refused_by_its_name(server, tmp_path):
    server.headers["Content-Encoding"] = "br"
    with pytest.raises(DownloadFailed, match=r"sends it packed \(br\) though it was asked not to"):
        fetch.hash_source(asked(server.put("/a", WEIGHTS), tmp_path), Hashes())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 429, 500, 501, 503])
def test_a_server_that_refuses_to_tell_the_size_is_asked_for_the_beginning(
    server, tmp_path, status
):
    url = server.put("/a.pdparams", WEIGHTS)
    server.refuse_head["/a.pdparams"] = status

    assert fetch.source_size(url, tmp_path) == len(WEIGHTS)


def test_a_server_may_ask_to_wait_until_a_date():
    soon = datetime.now(timezone.utc) + timedelta(seconds=30)

    assert 20 < http_retry_after({"Retry-After": format_datetime(soon, usegmt=True)}) <= 30
    assert http_retry_after({"Retry-After": "Fri, 07 Nov 2014 23:59:59 GMT"}) == 0
    assert http_retry_after({"Retry-After": "7"}) == 7
    assert http_retry_after({"Retry-After": "soon"}) == 0
    assert http_retry_after({"Retry-After": "9" * 30}) == 60
