"""URLs that are keys of their own: they do not get from a catalog into files, logs or `ps`."""

from __future__ import annotations

import json

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Query
from paddledvc.catalogs.opening import Checked, open_catalog
from paddledvc.errors import CatalogFailed, DownloadFailed
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
