from __future__ import annotations

import pytest

from paddledvc.tools.dvc.trust.core.judge_remote import judge_remote
from paddledvc.tools.dvc.trust.core.keys import find_setting_line
from paddledvc.tools.dvc.trust.core.levels import Levels
from paddledvc.tools.dvc.trust.core.realm import Ambiguous, parse_realm


def levels(versioned, local=None, shared=None):
    """Say what each level says of remotes, by their names."""
    return Levels(
        **{
            name: {("", remote): said for remote, said in (level or {}).items()}
            for name, level in (("versioned", versioned), ("local", local), ("shared", shared))
        }
    )


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("s3://b/w", "configpath"),
        ("s3://b/w", "credentialpath"),
        ("s3://b/w", "ssl_verify"),
        ("gs://b/w", "credentialpath"),
        ("webdavs://host/w", "bearer_token_command"),
        ("webdavs://host/w", "cert_path"),
        ("webdavs://host/w", "key_path"),
        ("ssh://host/w", "keyfile"),
        ("https://host/w", "ssl_verify"),
        ("webhdfs://host/w", "proxy_to"),
        ("webhdfs://host/w", "data_proxy_target"),
        ("hdfs://host/w", "kerb_ticket"),
        ("azure://box/w", "connection_string"),
        ("gdrive://root", "gdrive_user_credentials_file"),
        ("gdrive://root", "gdrive_service_account_json_file_path"),
        ("s3://b/w", "a_key_of_tomorrow"),
        ("/mnt/w", "configpath"),
    ],
)
def test_no_branch_sets_what_starts_a_program_or_names_a_file(url, key):
    of_branch = {"dev": {"url": url, key: "x"}, "below": {"url": "remote://dev/sub"}}

    assert judge_remote(levels(of_branch), "dev").refused == f"sets {key}"
    assert judge_remote(levels(of_branch), "below").key == ("dev", key)
    assert judge_remote(levels({"dev": {key: "x"}}, {"dev": {"url": url}}), "dev").refused
    # Whoever says it for this clone alone may, and then the branch says nothing any more.
    assert not judge_remote(levels(of_branch, {"dev": {key: "y"}}), "dev").refused
    assert not judge_remote(levels({}, of_branch), "dev").versioned


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example@evil.example/w",
        "https://good.example\\@evil.example/w",
        "http://ann:pw@evil.example/w",
        "ssh://ann:pw@evil.example/w",
        "s3://key@bucket/w",
        "s3:///w",
        "http:///w",
        "http://host:port/w",
        "http://host/w/%2e%2e/x",
        "http://host/w/%2Fx",
        "http://host/w/../x",
        "http://host/w?x=1",
        "http://host#@good.example/w",
        "http://host\t/w",
        "http://ho st/w",
        "http://host/w\u202e",
        "http://[fe80::1%25eth0]/w",
        "http://" + "a" * 70 + ".\u00fcber/",
        "ext://sh -c x",
        "file:///w",
        " http://host/w",
        "://host",
        "remote://nobody/w",
    ],
)
def test_a_url_that_two_programs_may_read_as_two_places_is_refused(url):
    with pytest.raises(Ambiguous):
        parse_realm(url, {})
    assert judge_remote(levels({"dev": {"url": url}}), "dev").key == ("dev", "url")


@pytest.mark.parametrize(
    "said",
    [
        {"url": "http://host/w2"},
        {"url": "https://host/w"},
        {"url": "http://host:8080/w"},
        {"url": "http://other/w"},
        {"url": "webdav://host/w"},
        {"url": "http://host/w", "auth": "basic"},
        {"url": "http://host/w", "custom_auth_header": "X"},
        {"url": "http://host/w", "user": "ann"},
        {"url": "http://host/w", "ask_password": "true"},
        {"url": "http://host/w", "password": "x"},
        {"url": "/host/w"},
    ],
)
def test_another_place_account_or_way_to_log_in_is_another_realm(said):
    one = judge_remote(levels({"dev": {"url": "http://host/w"}}), "dev").realm

    assert judge_remote(levels({"dev": said}), "dev").realm.digest != one.digest


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTP://Host.:80/w/", "http://host/w"),
        ("https://b\u00fccher.example/w", "https://xn--bcher-kva.example:443/w"),
        ("webdavs://ann@host/w", "webdavs://ann@HOST:443/w"),
        ("http://[::1]:80/w", "http://[::1]/w"),
        ("/mnt/a/../w", "/mnt/w"),
    ],
)
def test_one_place_has_one_form(url, same):
    assert parse_realm(url, {}) == parse_realm(same, {})


def test_the_port_and_user_of_a_setting_are_those_of_the_url():
    by_setting = parse_realm("ssh://host:1/w", {"port": "2222", "user": "ann"})

    assert by_setting == parse_realm("ssh://ann@host:2222/w", {})


def test_what_changes_no_place_is_free():
    free = {"verify": "true", "jobs": "4", "read_timeout": "5"}
    one = judge_remote(levels({"dev": {"url": "http://host/w", **free}}), "dev")

    assert one.realm == parse_realm("http://host/w", {})
    assert not judge_remote(
        levels({"dev": free}, {"dev": {"url": "http://host/w"}}), "dev"
    ).versioned


def test_what_the_branch_adds_to_a_remote_of_this_clone_needs_approval():
    own = {"dev": {"url": "s3://team/w", "access_key_id": "id"}}

    moved = judge_remote(levels({"dev": {"endpointurl": "http://evil"}}, own), "dev")

    assert str(moved.realm) == "s3://team/w (endpointurl http://evil)"
    assert moved.secretive == {"dev"}


def test_a_remote_of_a_remote_is_where_that_is_with_what_that_needs():
    both = levels(
        {"sub": {"url": "remote://BASE/below"}, "loop": {"url": "remote://loop/x"}},
        {"base": {"url": "https://host/w", "password": "x"}},
    )

    found = judge_remote(both, "sub")

    assert (found.realm.url, found.bases) == ("https://host/w/below", ("sub", "base"))
    assert found.secretive == {"base"}
    assert judge_remote(both, "loop").refused
    assert judge_remote(both, "nobody") is None


def test_no_secret_is_shown():
    realm = parse_realm("https://host/w", {"password": "hunter2", "token": "t0ken"})

    assert str(realm) == "https://host/w (password, token)"
    assert "hunter2" not in repr(realm)


def test_the_line_of_a_setting_is_found_in_its_own_section():
    text = "[core]\nremote = a\n['remote \"a\"']\n  url = x\n[ 'remote \"B\"' ]\n  'url' = y\n"

    assert [find_setting_line(text, f'remote "{name}"', "url") for name in "abc"] == [4, 6, 1]
