"""URLs that are keys of their own: they do not get from a catalog into files, logs or `ps`."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import paddledvc
from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Query
from paddledvc.catalogs.opening import Checked, open_catalog
from paddledvc.errors import CatalogFailed, DownloadFailed, InvalidFile
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source

SECRETS = {
    "https://user:SECRET@host/a.pdparams": "a user or password",
    "https://SECRET@host/a.pdparams": "a user or password",
    "s3://zoo/a.pdparams?endpoint_url=https%3A%2F%2Fu%3ASECRET%40host": "a user or password",
    "https://host/a.pdparams?X-Amz-Expires=9&X-Amz-Signature=SECRET": "X-Amz-Signature",
    "https://host/a.pdparams?x-goog-signature=SECRET": "x-goog-signature",
    "https://host/a.pdparams?sv=1&sig=SECRET": "sig",
    "https://host/a.pdparams?token=SECRET": "token",
    "https://host/a.pdparams?authorization=bce-auth-v1%2FSECRET": "authorization",
    "https://host/a.pdparams?security-token=SECRET&Expires=1": "security-token",
    "https://host/a.pdparams?q-ak=SECRET&q-signature=SECRET": "q-ak",
    "https://host/a.pdparams?private_token=SECRET": "private_token",
    "https://host/a.pdparams?auth_key=1-SECRET": "auth_key",
    "https://host/a.pdparams?Password=SECRET": "Password",
    "https://host/a.pdparams?x=1&AccessKeyId=SECRET": "AccessKeyId",
    "https://host/a.pdparams?X%2DAmz%2DSignature=SECRET": "X%2DAmz%2DSignature",
    "https://host/a.pdparams?temp_url_expires=1&temp_url_sig=SECRET": "temp_url_sig",
    "https://host/a.pdparams?hdnts=exp=1~hmac=SECRET": "hdnts",
    "https://host/a.pdparams?key=AIzaSECRET": "key",
    "https://host/a.pdparams?x=1;credentials=SECRET": "credentials",
    "https://host/a.pdparams?subscription-key=SECRET": "subscription-key",
    "https://host/a.pdparams?sessionid=SECRET": "sessionid",
    "https://host/a.pdparams#access_token=SECRET": "access_token",
    f"git+https://u:SECRET@host/models@{'0' * 40}#a.pdparams": "a password or token",
    f"git+ssh://u:SECRET@host/models@{'0' * 40}#a.pdparams": "a password or token",
}


@pytest.mark.parametrize("url", SECRETS, ids=list(SECRETS.values()))
def test_a_catalog_that_lists_one_is_refused_and_the_secret_is_not_told(tmp_path, url):
    versions = [{"version": "v1", "url": url}, {"version": "v2", "url": "https://host/b.pdparams"}]
    index = {"version": 1, "models": [{"name": "a", "versions": versions}]}
    (tmp_path / "index.json").write_text(json.dumps(index))
    context = Context(name="zoo", root=tmp_path)
    opened = Checked(context, open_catalog(context, "index", {"url": "index.json"}))

    with pytest.raises(CatalogFailed) as caught:
        opened.describe(Query(name="a"), "v1")
    assert "SECRET" not in str(caught.value)
    if not url.startswith("https://") or "@" not in url:  # of which the schema speaks
        assert f"which holds {SECRETS[url]}, and the lock is in git" in str(caught.value)
        assert opened.describe(Query(name="a"), "v2").files[0].urls == ("https://host/b.pdparams",)


def test_one_that_is_locked_already_is_not_told(tmp_path, server, naps):
    url = f"{server.url}/a?X-Amz-Signature=SECRET"
    with pytest.raises(DownloadFailed) as caught:
        fetch.hash_source(Source(model="a", urls=[url], root=tmp_path), Hashes())

    assert f"{server.url}/a?X-Amz-Signature=***: the server answered 404" in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("url", [one for one in SECRETS if one.startswith("https://")])
def test_models_yaml_takes_none_either_and_does_not_show_it(project, url):
    made = project.models(f"models:\n  - {{name: a, version: v1, weights_url: '{url}'}}\n")

    with pytest.raises(InvalidFile) as caught:
        paddledvc.lock(made)
    assert "models[0].weights_url" in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "query", ["tokenizer=a", "design=b", "authors=c", "Expires=1", "v=token", "key=a"]
)
def test_a_query_that_only_looks_like_one_is_none(project, query):
    url = f"https://host/a.pdparams?{query}"
    made = project.models(
        f"models:\n  - {{name: a, version: v1, weights_url: '{url}', md5: '{'0' * 32}'}}\n"
    )

    assert paddledvc.lock(made).lock.models[0].urls == (url,)


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("X-Amz-Date=20240101T000000Z&X-Amz-Expires=5400&X-Amz-Signature=S", "2024-01-01 01:30"),
        ("X-Goog-Date=20240101T000000Z&X-Goog-Expires=60", "2024-01-01 00:01"),
        ("OSSAccessKeyId=a&Expires=1704067200&Signature=S", "2024-01-01 00:00"),
        ("sv=2022&se=2024-01-01T02%3A00%3A00Z&sig=S", "2024-01-01 02:00"),
        (
            "authorization=bce-auth-v1%2Fak%2F2024-01-01T00:00:00Z%2F1800%2Fhost%2FS",
            "2024-01-01 00:30",
        ),
    ],
)
def test_a_signed_url_that_has_expired_says_so(tmp_path, server, naps, query, end):
    source = Source(model="a", urls=[f"{server.url}/gone?{query}"], root=tmp_path)
    with pytest.raises(DownloadFailed) as caught:
        fetch.hash_source(source, Hashes())

    assert f"; this is a signed URL that expired at {end} UTC" in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Date=20990101T000000Z&X-Amz-Expires=5400",
        "X-Amz-Date=yesterday&X-Amz-Expires=5400",
        "X-Amz-Date=20240101T000000Z&X-Amz-Expires=999999999999",
        "Expires=99999999999999999999",
        "se=soon",
        "Expires=9999999999",
        "",
    ],
)
def test_what_does_not_say_when_it_expires_or_has_not_is_not_blamed(tmp_path, server, naps, query):
    source = Source(model="a", urls=[f"{server.url}/gone?{query}"], root=tmp_path)
    with pytest.raises(DownloadFailed) as caught:
        fetch.hash_source(source, Hashes())

    assert "expired" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
        b'{"error": "ExpiredToken", "message": "The token has EXPIRED"}',
    ],
)
def test_a_store_that_says_that_something_expired_is_quoted(tmp_path, naps, body):
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as refusing:
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{refusing.server_port}/a"
        source = Source(model="a", urls=[url], root=tmp_path)
        with pytest.raises(
            DownloadFailed, match="403 Forbidden; it says that a request, signature"
        ):
            fetch.hash_source(source, Hashes())
        refusing.shutdown()
