"""Prefixes of a real S3 server; a plain HTTP server stands in for what it never lists."""

from __future__ import annotations

import base64
import threading
from hashlib import sha256

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.catalogs.opening import open_catalog
from paddledvc.errors import CatalogFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import fetch, s3

PATTERN = "{name}/{version}/{name}.pdparams"
ONE_OBJECT = """\
<ListBucketResult><Contents><Key>%s</Key><Size>3</Size></Contents>
<IsTruncated>false</IsTruncated></ListBucketResult>"""


@pytest.fixture
def catalog(bucket, tmp_path):
    """Open the catalog of a prefix of the bucket."""

    def make(url=None, pattern=PATTERN, *, offline=None, timeout=60.0, **settings):
        context = Context(name="zoo", root=tmp_path, offline=offline, timeout=timeout)
        settings |= {"url": url or f"s3://{bucket.name}/models", "pattern": pattern}
        return open_catalog(context, "s3", settings)

    return make


@pytest.fixture
def put(bucket):
    """Put objects under the prefix."""

    def fill(*keys):
        for key in keys:
            bucket.put(f"models/{key}", key.encode())

    return fill


def failure(act):
    with pytest.raises(CatalogFailed) as caught:
        act()
    return str(caught.value)


def listed(catalog, name):
    return sorted(one.version for one in catalog.versions(Query(name=name)))


@pytest.mark.slow
def test_versions_are_in_the_keys(put, catalog):
    put("a/1.0/a.pdparams", "a/v1.1/a.pdparams", "b/2.0/b.pdparams")

    assert catalog().versions(Query(name="a")) == [
        Listed(version="1.0", format="pdparams"),
        Listed(version="v1.1", format="pdparams"),
    ]


@pytest.mark.slow
def test_a_model_that_is_not_there_has_no_versions(put, catalog):
    put("a/1.0/a.pdparams")

    assert catalog().versions(Query(name="b")) == []


@pytest.mark.slow
def test_keys_that_do_not_fit_are_passed_over(put, catalog):
    put("a/1.0/a.pdparams", "a/1.0/README.md", "a/latest/a.pdparams", "a/1.0/x/a.pdparams", "c")

    assert listed(catalog(), "a") == ["1.0"]
    assert catalog().names() == ["a"]


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "/", "/models", "/models/"])
def test_a_prefix_is_a_folder_however_it_is_written(prefix, bucket, catalog):
    key = "models/a/1.0" if "models" in prefix else "a/1.0"
    bucket.put(f"{key}/a.pdparams")
    bucket.put("models-old/a/0.9/a.pdparams")

    assert listed(catalog(f"s3://{bucket.name}{prefix}"), "a") == ["1.0"]


@pytest.mark.parametrize(
    "name", ["PP-YOLOE+_L", "a b", "模型", "100%", "what?#", "team/resnet", "a&b=c", "%41"]
)
def test_bytes_arrive_whatever_the_name(name, put, catalog, tmp_path):
    put(f"{name}/1.0/weights file.pdparams")
    found = catalog(pattern="{name}/{version}/weights file.pdparams")
    [file] = found.describe(Query(name=name), "1.0").files
    source = fetch.Source(model=name, urls=file.urls, root=tmp_path)
    fetched = fetch.fetch_source(source, file.hashes, tmp_path / "weights")

    assert (tmp_path / "weights").read_text() == f"{name}/1.0/weights file.pdparams"
    assert fetched.hashes.size == file.hashes.size
    assert found.names() == [name]


def test_a_version_is_one_file_with_its_size(put, catalog, bucket):
    put("a/1.0/a.pdparams")

    assert catalog().describe(Query(name="a"), "v1.0") == Release(
        version="1.0",
        files=(
            ReleaseFile(
                path="a.pdparams",
                urls=(f"s3://{bucket.name}/models/a/1.0/a.pdparams",),
                hashes=Hashes(size=len("a/1.0/a.pdparams")),
            ),
        ),
    )


def test_urls_name_the_server_that_the_catalog_names(put, catalog, bucket, monkeypatch):
    put("a/1.0/a.pdparams")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    found = catalog(endpoint_url=bucket.endpoint)
    [url] = found.describe(Query(name="a"), "1.0").files[0].urls

    assert found.where == f"s3://{bucket.name}/models at {bucket.endpoint}"
    assert b"".join(s3.read_s3_chunks(url)) == b"a/1.0/a.pdparams"


def test_a_pattern_that_ends_in_a_slash_stands_for_folders(put, catalog, bucket):
    put("a/1.0/inference.json", "a/1.0/params/0.pdiparams", "a/1.1/inference.json", "a/README.md")
    found = catalog(pattern="{name}/{version}/")
    release = found.describe(Query(name="a"), "1.0")

    assert found.versions(Query(name="a")) == [Listed(version="1.0"), Listed(version="1.1")]
    assert release.folder
    assert [(file.path, file.urls) for file in release.files] == [
        ("inference.json", (f"s3://{bucket.name}/models/a/1.0/inference.json",)),
        ("params/0.pdiparams", (f"s3://{bucket.name}/models/a/1.0/params/0.pdiparams",)),
    ]


def test_one_file_of_a_folder_can_be_taken(put, catalog):
    put("a/1.0/inference.json", "a/1.0/params/0.pdiparams")
    query = Query(name="a", file="params/0.pdiparams")
    release = catalog(pattern="{name}/{version}/").describe(query, "1.0")

    assert not release.folder
    assert [file.path for file in release.files] == ["0.pdiparams"]


def test_a_file_that_a_version_lacks_is_told(put, catalog, bucket):
    put("a/1.0/inference.json")
    found = catalog(pattern="{name}/{version}/")

    assert failure(lambda: found.describe(Query(name="a", file="inference.jsn"), "1.0")) == (
        f"the catalog zoo (s3://{bucket.name}/models): a 1.0 has no file 'inference.jsn'; "
        "did you mean 'inference.json'?"
    )


def test_a_revision_is_refused(put, catalog, bucket):
    put("a/1.0/a.pdparams")

    assert failure(lambda: catalog().describe(Query(name="a", revision="main"), "1.0")) == (
        f"the catalog zoo (s3://{bucket.name}/models): it has no revisions; "
        "take `revision` out of a"
    )


def test_a_version_that_is_gone_is_told(put, catalog, bucket):
    put("a/1.0/a.pdparams")

    assert failure(lambda: catalog().describe(Query(name="a"), "1.1")) == (
        f"the catalog zoo (s3://{bucket.name}/models): it has no a 1.1"
    )


def test_a_version_in_two_spellings_is_refused(put, catalog, bucket):
    put("a/1.0/a.pdparams", "a/v1/a.pdparams", "b/1.0/b.pdparams")
    found = catalog()

    assert failure(lambda: found.versions(Query(name="a"))) == (
        f"the catalog zoo (s3://{bucket.name}/models): it has a 1.0 and v1, which are one version"
    )
    assert listed(found, "b") == ["1.0"]


@pytest.mark.parametrize("key", ["../b", "b/../../c", "./b", "b//c", "/b", "b\\c", "b&#10;c"])
def test_a_key_that_is_no_path_of_a_file_is_refused(key, server, catalog):
    answer = ONE_OBJECT % f"a/1.0/{key}"
    server.put("/zoo?list-type=2&prefix=a/&encoding-type=url", answer.encode())
    found = catalog("s3://zoo", "{name}/{version}/", endpoint_url=server.url)
    full = f"a/1.0/{key}".replace("&#10;", "\n")

    assert failure(lambda: found.describe(Query(name="a"), "1.0")) == (
        f"the catalog zoo (s3://zoo at {server.url}): the key {full!r} cannot be the path of a file"
    )


def test_a_digest_that_the_server_states_of_the_whole_object_is_taken(server, catalog):
    server.put("/zoo?list-type=2&prefix=a/&encoding-type=url", (ONE_OBJECT % "a/1.0/a").encode())
    server.put("/zoo/a/1.0/a", b"abc")
    digest = sha256(b"abc")
    server.headers = {
        "ETag": '"900150983cd24fb0d6963f7d28e17f72"',
        "x-amz-checksum-sha256": base64.b64encode(digest.digest()).decode(),
        "x-amz-checksum-type": "FULL_OBJECT",
    }
    found = catalog("s3://zoo", "{name}/{version}/{name}", endpoint_url=server.url)
    [file] = found.describe(Query(name="a"), "1.0").files

    assert file.hashes == Hashes(sha256=digest.hexdigest(), size=3)


def test_an_object_that_is_gone_since_it_was_listed_is_told(server, catalog):
    server.put("/zoo?list-type=2&prefix=a/&encoding-type=url", (ONE_OBJECT % "a/1.0/a").encode())
    found = catalog("s3://zoo", "{name}/{version}/{name}", endpoint_url=server.url)

    assert failure(lambda: found.describe(Query(name="a"), "1.0")) == (
        f"the catalog zoo (s3://zoo at {server.url}): 'a/1.0/a': there is no such object"
    )


def test_only_what_can_fit_is_listed_and_once(server, catalog):
    server.put("/zoo?list-type=2&prefix=m/a/&encoding-type=url", (ONE_OBJECT % "x").encode())
    found = catalog("s3://zoo/m", endpoint_url=server.url)
    threads = [threading.Thread(target=found.versions, args=(Query(name="a"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.log == [("GET", "/zoo?list-type=2&prefix=m/a/&encoding-type=url")]


@pytest.mark.slow
def test_a_missing_bucket_is_told(catalog, bucket):
    assert failure(catalog("s3://nowhere/models").names) == (
        f"the catalog zoo (s3://nowhere/models): there is no such bucket at {bucket.endpoint}"
    )


def test_wrong_credentials_are_told(catalog, bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    assert failure(catalog().names) == (
        f"the catalog zoo (s3://{bucket.name}/models): {bucket.endpoint} says that the secret key "
        "is not that of the access key"
    )


def test_denied_access_is_told(server, catalog, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)  # else nothing is signed
    path = "/zoo?list-type=2&prefix=&encoding-type=url"
    server.statuses[path] = [403]

    assert failure(catalog("s3://zoo", endpoint_url=server.url).names) == (
        f"the catalog zoo (s3://zoo at {server.url}): {server.url} denies access"
    )


@pytest.mark.slow
def test_a_server_that_does_not_answer_in_time_is_told(catalog, bucket, mute):
    assert failure(catalog(endpoint_url=mute, timeout=0.1).names) == (
        f"the catalog zoo (s3://{bucket.name}/models at {mute}): no answer from {mute} within 0.1 s"
    )


def test_a_server_that_gives_no_answer_is_not_asked_again_for_others(server, catalog):
    found = catalog("s3://zoo", endpoint_url=server.url)
    server.drop.add("/zoo?list-type=2&prefix=a/&encoding-type=url")
    messages = {failure(lambda: found.versions(Query(name=name))) for name in "ab"}  # noqa: B023

    [message] = messages
    assert message == (
        f"the catalog zoo (s3://zoo at {server.url}): "
        f"the server closed the connection ({server.url})"
    )
    assert len(server.log) == 1


def test_a_server_that_is_down_is_told(catalog, bucket):
    assert failure(catalog(endpoint_url="http://127.0.0.1:9").names) == (
        f"the catalog zoo (s3://{bucket.name}/models at http://127.0.0.1:9): "
        "connection refused (http://127.0.0.1:9)"
    )


def test_the_network_is_not_used_where_that_is_forbidden(catalog, bucket):
    assert failure(catalog(offline="--offline").names) == (
        f"the catalog zoo (s3://{bucket.name}/models): "
        "it needs the network, which --offline forbids"
    )


@pytest.mark.parametrize(
    ("url", "pattern", "cause"),
    [
        ("s3://zoo", "{version}/a", "the pattern '{version}/a' has no {name}, so every model"),
        ("s3://zoo/a#b", PATTERN, "'s3://zoo/a#b' is not s3://BUCKET/KEY; write ? and #"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(url, pattern, cause, catalog):
    assert failure(lambda: catalog(url, pattern)).startswith(f"the catalog zoo ({url}): {cause}")
