"""One sentence for one failure, whichever program or library met it."""

from __future__ import annotations

import errno
import os

import pytest

from paddledvc.tools.system.network import errors as network_errors


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("[Errno -2] Name or service not known", "no such host"),
        ("[Errno 8] nodename nor servname provided, or not known", "no such host"),
        ("Could not resolve host: h", "no such host"),
        (
            "ssh: Could not resolve hostname h: Temporary failure in name resolution",
            "the host's name cannot be resolved",
        ),
        ("[Errno 111] Connection refused", "connection refused"),
        ("Failed to connect to h port 9: Couldn't connect to server", "connection refused"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "its certificate is not trusted"),
        ("SSL certificate problem: certificate has expired", "its certificate is not trusted"),
        ("server certificate verification failed. CAfile: none", "its certificate is not trusted"),
        ("no alternative certificate subject name matches", "its certificate is not trusted"),
        ("IncompleteRead(7 bytes read, 9 more expected)", "the connection broke off"),
        ("Response payload is not completed", "the connection broke off"),
        ("fatal: early EOF", "the connection broke off"),
        ("error: RPC failed; curl 56 Connection reset by peer", "the connection broke off"),
        ("RemoteDisconnected('Remote end closed')", "the server closed the connection"),
        ("Server disconnected", "the server closed the connection"),
        ("Connection was closed before we received", "the server closed the connection"),
        ("[Errno 104] Connection reset by peer", "the connection was reset"),
        ("[Errno 113] No route to host", "no route to the host"),
        ("[Errno 101] Network is unreachable", "no network"),
        ("unable to set private key file: 'key.pem' type PEM", None),
    ],
)
def test_the_text_of_a_network_error_has_a_meaning(text, meaning):
    assert network_errors.meaning_of_network_text(text) == meaning
    assert network_errors.meaning_of_network_error(RuntimeError(text)) == meaning


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        (errno.ECONNREFUSED, "connection refused"),
        (errno.ECONNRESET, "the connection was reset"),
        (errno.EHOSTUNREACH, "no route to the host"),
        (errno.ENETUNREACH, "no network"),
    ],
)
def test_a_number_means_what_its_text_does(number, meaning):
    assert (
        network_errors.meaning_of_network_error(OSError(number, "Connect call failed")) == meaning
    )
    assert network_errors.meaning_of_network_error(RuntimeError(os.strerror(number))) == meaning


def test_a_file_system_is_not_taken_for_a_network():
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert network_errors.meaning_of_network_error(full) is None
    assert network_errors.meaning_of_file_error(full) == "no space left"
    assert network_errors.meaning_of_file_error(ConnectionError()) is None


def answer(code, words="", status=400):
    return {
        "Error": {"Code": code, "Message": words},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


@pytest.mark.parametrize(
    ("said", "named", "unnamed"),
    [
        (answer("NoSuchKey"), "there is no such object", "there is no such object"),
        (answer("404"), "there is no such object", "there is no such object"),
        (answer("NoSuchBucket"), "there is no such bucket at S", "there is no such bucket"),
        (answer("403", "Forbidden"), "S denies access", "the server denies access"),
        (
            answer("ExpiredToken", "x"),
            "S says that the credentials have expired",
            "the credentials have expired",
        ),
        (
            answer("SlowDown", "Reduce your rate.", 503),
            "S answered 503 Reduce your rate.",
            "the server answered 503 Reduce your rate.",
        ),
        (
            answer("InvalidURI", "x"),
            "S answered InvalidURI: x",
            "the server answered InvalidURI: x",
        ),
        (answer("418"), "S answered 418", "the server answered 418"),
    ],
)
def test_an_answer_of_s3_means_the_same_with_and_without_the_server(said, named, unnamed):
    assert network_errors.meaning_of_s3_network_error(said, "S") == named
    assert network_errors.meaning_of_s3_network_error(said) == unnamed


@pytest.mark.parametrize(
    ("reason", "passes"),
    [
        ("no such host", True),
        ("the host's name cannot be resolved", True),
        ("connection refused", True),
        ("no answer in time", True),
        (network_errors.no_answer_error(5), True),
        (network_errors.broken_off_error(3, 9), True),
        ("the connection was reset", True),
        ("its certificate is not trusted", False),
        ("there is no git repository", False),
    ],
)
def test_what_may_not_hold_a_moment_later_is_told_apart(reason, passes):
    assert network_errors.may_error_pass(reason) == passes
