"""Objects of S3, from a real server; a plain HTTP server stands in for what it never answers."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import threading
from hashlib import sha256

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    ResponseStreamingError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.hashes import Hashes
from paddledvc.tools.sources import fetch, s3
from paddledvc.tools.sources.s3 import Location
from paddledvc.tools.system.network.errors import Unreadable

DATA = bytes(range(256)) * 8300  # two megabytes and a bit
KEYS = ["resnet50.pdparams", "a b/c d.pdparams", "模型/é.pdparams", "100%/a+b&c=d;e'(f)!.pdparams"]
ODD_KEYS = ["a?b", "a#b", "%41", "a?endpoint_url=b"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.fixture
def url(bucket):
    """Put an object and give its URL."""
    return lambda key, data=DATA: str(Location(bucket=bucket.name, key=bucket.put(key, data)))


@pytest.fixture
def closed():
    """The URL of a port on loopback that nothing listens to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


@pytest.fixture
def at(server, no_aws):
    """Give the URL of a key on a plain HTTP server that stands in for one of S3."""
    return lambda key: f"s3://zoo/{key}?endpoint_url={server.url}"


def read(url):
    return b"".join(s3.read_s3_chunks(url))


def failure(act):
    with pytest.raises(Unreadable) as caught:
        act()
    return str(caught.value), caught.value.again


@given(key=TEXT, endpoint=st.none() | TEXT)
def test_a_location_survives_being_written_as_a_url(key, endpoint):
    location = Location(bucket="zoo", key=key, endpoint=endpoint)

    assert Location.parse(str(location)) == location


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///key", "https://zoo/a", "s3://zoo/a?b", "s3://zoo/a#b", "zoo/a"]
)
def test_a_url_that_is_none_of_s3_is_refused(url):
    assert failure(lambda: s3.ask_s3_size(url)) == (
        f"{url!r} is not s3://BUCKET/KEY; write ? and # in a key as %3F and %23",
        False,
    )


@pytest.mark.parametrize("url", ["s3://zoo", "s3://zoo/"])
def test_a_url_of_a_bucket_names_no_object(url):
    assert failure(lambda: read(url)) == (f"{url!r} names a bucket and no object in it", False)


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS + ODD_KEYS)
def test_bytes_arrive_as_they_are_whatever_the_key(key, url):
    assert read(url(key)) == DATA


@pytest.mark.slow
def test_progress_is_told_in_bytes_that_grow_to_a_megabyte_at_a_time(url):
    seen = []
    sizes = [len(chunk) for chunk in s3.read_s3_chunks(url("a"), lambda *told: seen.append(told))]

    assert sizes[0] < 1 << 12
    assert max(sizes) <= 1 << 20
    assert seen == [(sum(sizes[: count + 1]), len(DATA)) for count in range(len(sizes))]


def test_an_empty_object_has_no_chunks(url):
    assert list(s3.read_s3_chunks(url("a", b""))) == []


def test_the_size_is_known_without_reading(url):
    assert s3.ask_s3_size(url("a b")) == len(DATA)


def test_a_reader_that_stops_half_way_leaves_nothing_open(url):
    chunks = s3.read_s3_chunks(url("a"))
    next(chunks)
    chunks.close()

    assert read(url("b")) == DATA


@pytest.mark.slow
def test_two_downloads_at_once_do_not_mix(url):
    urls = {data: url(data.decode(), data * 3_000_000) for data in (b"a", b"b", b"c", b"d")}
    found = {}

    def load(data):
        found[data] = read(urls[data])

    threads = [threading.Thread(target=load, args=(data,)) for data in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {data: data * 3_000_000 for data in urls}


def test_a_source_in_s3_is_fetched_and_compared(url, tmp_path):
    source = fetch.Source(model="m", urls=[url("a b.pdparams")], root=tmp_path)
    expected = Hashes(sha256=sha256(DATA).hexdigest(), size=len(DATA))
    done = fetch.fetch_source(source, expected, tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == DATA
    assert done.url == source.urls[0]
    assert fetch.source_size(source.urls[0], tmp_path) == len(DATA)


def test_the_endpoint_of_a_url_goes_before_that_of_the_environment(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    location = Location(bucket=bucket.name, key=bucket.put("a"), endpoint=bucket.endpoint)

    assert read(str(location)) == b"weights"


def test_a_profile_names_server_and_keys(bucket, monkeypatch, tmp_path):
    lines = ["[profile team]"]
    for key, variable in (
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
        ("endpoint_url", "AWS_ENDPOINT_URL_S3"),
    ):
        lines.append(f"{key} = {os.environ[variable]}")
        monkeypatch.delenv(variable)
    (tmp_path / "config").write_text("\n".join(lines))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "team")

    assert read(f"s3://{bucket.name}/{bucket.put('a')}") == b"weights"


@pytest.mark.slow
def test_a_public_bucket_needs_no_credentials(start_s3, no_aws):
    bucket = start_s3().bucket()
    location = Location(bucket=bucket.name, key=bucket.put("a"), endpoint=bucket.endpoint)

    assert read(str(location)) == b"weights"


@pytest.mark.slow
def test_a_change_of_the_environment_is_noticed(url, monkeypatch):
    where = url("a")
    assert s3.ask_s3_size(where) == len(DATA)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    assert failure(lambda: read(where))[0].endswith("the secret key is not that of the access key")


def test_a_missing_object_is_told(bucket):
    missing = f"s3://{bucket.name}/a"

    assert failure(lambda: read(missing)) == ("there is no such object", False)
    assert failure(lambda: s3.ask_s3_size(missing)) == ("there is no such object", False)


def test_a_missing_bucket_is_told_with_the_server(bucket):
    assert failure(lambda: read("s3://nowhere/a")) == (
        f"there is no such bucket at {bucket.endpoint}",
        False,
    )


def test_a_wrong_secret_key_is_told(url, bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    assert failure(lambda: read(url("a"))) == (
        f"{bucket.endpoint} says that the secret key is not that of the access key",
        False,
    )
    assert failure(lambda: s3.ask_s3_size(url("a"))) == (f"{bucket.endpoint} denies access", False)


def test_an_unknown_access_key_is_told(url, bucket, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-access-key")

    assert failure(lambda: read(url("a"))) == (
        f"{bucket.endpoint} says that there is no such access key",
        False,
    )


def test_half_of_the_credentials_are_told(url, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert failure(lambda: read(url("a"))) == (
        "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
        False,
    )


def test_a_profile_that_is_not_there_is_told(url, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert failure(lambda: read(url("a"))) == (
        "The config profile (nobody) could not be found",
        False,
    )


def test_a_refusal_without_credentials_says_so(server, at):
    server.statuses["/zoo/a"] = [403]

    assert failure(lambda: read(at("a"))) == (
        f"{server.url} denies access; no credentials of AWS were found, so it was asked without",
        False,
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ExpiredToken", "says that the credentials have expired"),
        ("InvalidToken", "says that the session token is not valid"),
        (
            "RequestTimeTooSkewed",
            "says that the clock of this machine differs too much from the server's",
        ),
        ("AccessDenied", "denies access"),
        ("InvalidObjectState", "answered InvalidObjectState: it is in Glacier"),
        ("", "answered : it is in Glacier"),
    ],
)
def test_a_refusal_is_told_in_words(code, reason, bucket):
    def refuse():
        answer = {"Error": {"Code": code, "Message": "it is in Glacier"}}
        with s3.s3_client_answers(None, 1):
            raise ClientError(answer, "GetObject")

    assert failure(refuse) == (f"{bucket.endpoint} {reason}", False)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_busy_server_may_be_asked_again(status, server, at):
    server.put("/zoo/a", b"")
    server.statuses["/zoo/a"] = [status]
    reason, again = failure(lambda: read(at("a")))

    assert reason.startswith(f"{server.url} answered {status} ")
    assert again


def test_a_server_that_took_too_long_may_be_asked_again(bucket):
    def refuse():
        answer = {
            "Error": {"Code": "RequestTimeout", "Message": "too slow"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        with s3.s3_client_answers(None, 1):
            raise ClientError(answer, "GetObject")

    assert failure(refuse) == (f"{bucket.endpoint} answered 400 too slow", True)


def test_a_server_that_is_down_may_be_asked_again(no_aws, closed):
    assert failure(lambda: read(f"s3://zoo/a?endpoint_url={closed}")) == (
        f"connection refused ({closed})",
        True,
    )


def test_an_endpoint_that_is_no_url_is_told(no_aws):
    assert failure(lambda: read("s3://zoo/a?endpoint_url=minio:9000")) == (
        "Invalid endpoint: minio:9000",
        False,
    )


def test_a_name_that_no_bucket_can_have_is_told(no_aws):
    reason, again = failure(lambda: read("s3://a@b/key"))

    assert reason.startswith('Invalid bucket name "a@b": Bucket name must match')
    assert not again


def test_a_dead_proxy_is_named(at, closed, monkeypatch):
    monkeypatch.setenv("http_proxy", closed)

    assert failure(lambda: read(at("a"))) == ("the proxy: connection refused", True)


@pytest.mark.parametrize(
    ("broken", "reason", "again"),
    [
        pytest.param(
            SSLError(endpoint_url="x", error="[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
            "its certificate is not trusted",
            False,
            id="certificate",
        ),
        pytest.param(
            EndpointConnectionError(endpoint_url="x", error="[Errno -2] Name or service not known"),
            "no such host ({})",
            True,
            id="host",
        ),
        pytest.param(
            ResponseStreamingError(error="ConnectionResetError(104, 'Connection reset by peer')"),
            "the connection was reset ({})",
            True,
            id="reset",
        ),
        pytest.param(
            ResponseParserError("unable"), "the server does not speak S3", False, id="parser"
        ),
    ],
)
def test_a_network_that_fails_is_told_in_words(broken, reason, again, bucket):
    def fail():
        with s3.s3_client_answers(None, 1):
            raise broken

    assert failure(fail) == (reason.format(bucket.endpoint), again)


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_given_up(no_aws, mute, monkeypatch):
    monkeypatch.setattr("paddledvc.tools.sources.s3.TIMEOUTS", (10.0, 0.1))

    assert failure(lambda: read(f"s3://zoo/a?endpoint_url={mute}")) == (
        f"no answer from {mute} within 0.1 s",
        False,
    )


@pytest.mark.slow
def test_a_server_that_stops_in_the_middle_is_given_up(server, at, monkeypatch):
    monkeypatch.setattr("paddledvc.tools.sources.s3.TIMEOUTS", (10.0, 0.1))
    server.put("/zoo/a", DATA)
    server.delay["/zoo/a"] = 30
    reason, again = failure(lambda: read(at("a")))

    assert (reason, again) == (f"no answer from {server.url} within 0.1 s", False)


def test_a_body_that_breaks_off_is_told_with_how_far_it_came(server, at):
    server.put("/zoo/a", DATA)
    server.truncate["/zoo/a"] = 1_500_000

    assert failure(lambda: read(at("a"))) == (
        f"the connection broke off after 1,500,000 of {len(DATA):,} bytes",
        True,
    )


@pytest.mark.slow
def test_a_server_that_dies_in_the_middle_is_told(start_s3, no_aws):
    server = start_s3()
    bucket = server.bucket()
    location = Location(
        bucket=bucket.name, key=bucket.put("a", bytes(64 << 20)), endpoint=server.url
    )
    chunks = s3.read_s3_chunks(str(location))
    next(chunks)
    server.kill()
    reason, again = failure(lambda: list(chunks))

    assert reason.startswith("the connection ")
    assert again


@pytest.mark.slow
def test_a_server_that_closes_the_connection_at_once_is_told(server, at):
    server.drop.add("/zoo/a")

    assert failure(lambda: read(at("a"))) == (
        f"the server closed the connection ({server.url})",
        True,
    )


@pytest.mark.slow
def test_nothing_of_s3_is_imported_before_it_is_needed():
    code = "import sys, paddledvc, paddledvc.tools.sources.s3; print('botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_objects_are_listed_by_the_beginning_of_their_keys(bucket):
    for key in ("a/1", "a/2", "ab", "b"):
        bucket.put(key, key.encode())
    found = s3.list_s3_objects(Location(bucket=bucket.name, key="a"), 60)

    assert [(one.key, one.size) for one in found] == [("a/1", 3), ("a/2", 3), ("ab", 2)]


@pytest.mark.parametrize("key", KEYS + ODD_KEYS)
def test_keys_are_listed_as_they_are(key, bucket):
    bucket.put(key)

    assert [one.key for one in s3.list_s3_objects(Location(bucket=bucket.name, key=""), 60)] == [
        key
    ]


@pytest.mark.slow
def test_all_pages_of_a_listing_are_read(bucket):
    keys = sorted(bucket.put(f"a/{number}", b"") for number in range(2100))
    found = s3.list_s3_objects(Location(bucket=bucket.name, key="a/"), 60)

    assert [one.key for one in found] == keys


LISTING = "/zoo?list-type=2&prefix=&encoding-type=url"


def test_a_busy_server_is_asked_for_a_listing_again(server, at, naps):
    server.put(LISTING, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
    server.statuses[LISTING] = [503, 500]

    assert list(s3.list_s3_objects(Location.parse(at("")), 60)) == []
    assert naps == [0.5, 1.0]


def test_a_server_that_stays_busy_is_given_up(server, at, naps):
    server.statuses[LISTING] = [503] * 9
    reason, again = failure(lambda: list(s3.list_s3_objects(Location.parse(at("")), 60)))

    assert (reason, again) == (f"{server.url} answered 503 Service Unavailable", True)
    assert naps == [0.5, 1.0]


@pytest.mark.parametrize(
    "answer",
    [
        "<html><p>Hello</p></html>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>",
    ],
)
def test_what_is_no_server_of_s3_is_told(answer, server, at):
    server.put(LISTING, answer.encode())

    assert failure(lambda: list(s3.list_s3_objects(Location.parse(at("")), 60))) == (
        "the server does not speak S3",
        False,
    )


def test_a_listing_that_does_not_say_how_to_go_on_is_refused(server, at):
    server.put(LISTING, b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")

    assert failure(lambda: list(s3.list_s3_objects(Location.parse(at("")), 60))) == (
        "the server lists only a part of the objects and does not say how to continue",
        False,
    )


@pytest.fixture
def stated(server, at):
    """Ask for the digest of an object that is served with some headers."""

    def ask(**headers):
        server.put("/zoo/a", DATA)
        server.headers |= {f"x-amz-checksum-{key}": value for key, value in headers.items()}
        return s3.ask_s3_sha256(Location.parse(at("a")), 60)

    return ask


DIGEST = base64.b64encode(sha256(DATA).digest()).decode()


def test_a_digest_of_the_whole_object_is_taken(stated):
    assert stated(sha256=DIGEST, type="FULL_OBJECT") == sha256(DATA).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"sha256": f"{DIGEST}-3", "type": "COMPOSITE"}, id="a digest of digests"),
        pytest.param({"sha256": DIGEST, "type": "COMPOSITE"}, id="a digest of one digest"),
        pytest.param({"sha256": DIGEST}, id="of who knows what"),
        pytest.param({"crc64nvme": "AAAAAAAAAAA=", "type": "FULL_OBJECT"}, id="another digest"),
        pytest.param({"sha256": "AAAA", "type": "FULL_OBJECT"}, id="a short one"),
        pytest.param({"sha256": "!", "type": "FULL_OBJECT"}, id="no base64"),
    ],
)
def test_no_other_digest_is_taken_for_one_of_the_object(headers, stated):
    assert stated(**headers) is None


def test_an_etag_is_never_taken_for_a_digest(bucket):
    location = Location(bucket=bucket.name, key=bucket.put("a", DATA))

    assert s3.ask_s3_sha256(location, 60) is None


def test_the_digest_of_a_missing_object_is_not_asked_for_twice(bucket):
    location = Location(bucket=bucket.name, key="a")

    assert failure(lambda: s3.ask_s3_sha256(location, 60)) == ("there is no such object", False)
