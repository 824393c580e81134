from __future__ import annotations

import pytest

from paddledvc.tools.dvc.remotes.new_remotes import NewRemote


@pytest.mark.parametrize(
    ("text", "name", "url"),
    [
        ("prod=s3://weights/prod", "prod", "s3://weights/prod"),
        ("s3://weights/prod", "storage", "s3://weights/prod"),
        ("/mnt/a=b", "storage", "/mnt/a=b"),
        ("Dev=../weights", "dev", "../weights"),
        ("dev=ssh://me@host/weights", "dev", "ssh://me@host/weights"),
    ],
)
def test_a_remote_is_a_name_and_a_url(text, name, url):
    found = NewRemote.parse(text)

    assert (found.name, found.url, found.endpoint) == (name, url, None)


def test_the_endpoint_is_for_s3_alone():
    assert NewRemote.parse("a=s3://b", "http://minio:9000").endpoint == "http://minio:9000"
    assert NewRemote.parse("a=/mnt", "http://minio:9000").endpoint is None


@pytest.mark.parametrize("text", ["", "=s3://b", " "])
def test_what_is_no_remote_is_refused(text):
    with pytest.raises(ValueError, match="neither URL nor NAME=URL"):
        NewRemote.parse(text)


@pytest.mark.parametrize(
    "url", ["s3://KEY:SECRET@b", "s3://KEY@b", "https://me:secret@host/a", "ssh://me:x@host/a"]
)
def test_secrets_are_refused_for_git_would_keep_them(url):
    with pytest.raises(ValueError, match="holds a key or a password") as caught:
        NewRemote.parse(f"prod={url}")

    assert "SECRET" not in str(caught.value).replace("secret_access_key", "")
    assert ".dvc/config.local" in str(caught.value)


def test_secrets_in_the_endpoint_are_refused_too():
    with pytest.raises(ValueError, match="holds a key or a password"):
        NewRemote.parse("prod=s3://b", "http://me:secret@minio:9000")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "a b=s3://weights",
            (
                "'a b' is no name for a remote; use letters, digits, '.', '_' and '-', "
                "or begin a path by './'"
            ),
        ),
        (
            "it's=/mnt",
            (
                "\"it's\" is no name for a remote; use letters, digits, '.', '_' and '-', "
                "or begin a path by './'"
            ),
        ),
        ("a=/mnt/x\ny", r"the URL '/mnt/x\ny' of the remote a holds a control character"),
        ("a=s3://", "the URL s3:// of the remote a names no server or bucket"),
        ("https:///a", "the URL https:///a of the remote storage names no server or bucket"),
    ],
)
def test_what_no_remote_can_be_called_is_refused_with_the_reason(text, why):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared
        NewRemote.parse(text)

    assert str(caught.value) == why


def test_a_path_may_hold_an_equals_sign():
    assert NewRemote.parse("./a b=c").url == "./a b=c"
    assert NewRemote.parse("file:///mnt/x").url == "file:///mnt/x"
