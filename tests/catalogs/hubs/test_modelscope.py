"""A stand-in for ModelScope, asked as its own client asks; see conftest.py."""

from __future__ import annotations

import json
import socket
from hashlib import sha256

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.catalogs.hubs import modelscope
from paddledvc.catalogs.opening import open_catalog
from paddledvc.errors import CatalogFailed
from paddledvc.hashes import Hashes
from paddledvc.models.versions import newest_version
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source

NET = Query(name="team/net")
WEIGHTS = b"weights" * 50_000
FILES = {
    ".gitattributes": b"*.pdparams filter=lfs",
    "net.pdparams": WEIGHTS,
    "sub dir/inference.yml": b"Global:\n  model_name: net\n",
}
DAYS = ("2025-11-03T14:25:30Z", "2025-12-24T00:05:09Z", "2026-01-02T03:04:05Z")
API = "/api/v1/models/team/net"


@pytest.fixture
def hub_kind(modelscope_hub):
    return modelscope_hub


@pytest.fixture
def open_hub(hub_server, tmp_path, monkeypatch):
    """Open the catalog of the hub, as the environment says where that is."""
    monkeypatch.setenv("MODELSCOPE_DOMAIN", hub_server.url)

    def make(timeout=5.0, offline=None, **settings):
        context = Context(name="ms", root=tmp_path, offline=offline, timeout=timeout)
        return open_catalog(context, "modelscope", settings)

    return make


@pytest.fixture
def net(hub_server):
    """A repository of one commit."""
    repository = hub_server.repository("team/net")
    repository.commit(FILES, DAYS[0], branch="master")
    return repository


def failure(act, *arguments):
    with pytest.raises(CatalogFailed) as caught:
        act(*arguments)
    return str(caught.value)


def told(hub_server, cause):
    return f"the catalog ms ({hub_server.url}/models/team/net): {cause}"


def spelled(catalog, query=NET):
    return [listed.version for listed in catalog.versions(query)]


def hashes(data):
    return Hashes(sha256=sha256(data).hexdigest(), size=len(data))


def test_the_tags_that_are_versions_are_the_versions(net, open_hub):
    for tag in ("v1.0", "best", "v1.1.0"):
        net.tag(tag, "master")

    assert open_hub().versions(NET) == (Listed(version="v1.0"), Listed(version="v1.1.0"))


def test_a_repository_without_such_tags_has_its_commits_for_versions(net, open_hub):
    net.commit(FILES, DAYS[1], branch="master")

    assert spelled(open_hub()) == ["2025.11.3.142530", "2025.12.24.509"]
    assert newest_version(spelled(open_hub())) == "2025.12.24.509"


def test_a_version_is_found_again_whatever_came_after_it(net, open_hub):
    before = open_hub().describe(NET, "2025.11.3.142530")
    net.commit({"other.pdparams": b"x"}, DAYS[1], branch="master")
    net.tag("v1.0", "master")

    assert spelled(open_hub()) == ["v1.0"]
    assert open_hub().describe(NET, "2025.11.3.142530") == before


@pytest.mark.parametrize("version", ["v1.0", "2025.11.3.142530"])
def test_a_version_is_pinned_to_its_commit_with_all_its_files(version, net, hub_server, open_hub):
    commit = net.branches["master"][0].name
    net.tag("v1.0", "master")
    net.commit({"net.pdparams": b"other"}, DAYS[1], branch="master")
    at = f"{hub_server.url}/models/team/net/resolve/{commit}"

    assert open_hub().describe(NET, version) == Release(
        version=version,
        files=(
            ReleaseFile(path="net.pdparams", urls=(f"{at}/net.pdparams",), hashes=hashes(WEIGHTS)),
            ReleaseFile(
                path="sub dir/inference.yml",
                urls=(f"{at}/sub%20dir/inference.yml",),
                hashes=hashes(FILES["sub dir/inference.yml"]),
            ),
        ),
        folder=True,
        commit=commit,
    )


def test_the_files_are_those_of_the_commit_wherever_the_tag_goes(net, hub_server, open_hub):
    net.tag("v1.0", "master")
    commit = open_hub().describe(NET, "v1.0").commit
    [listed] = [asked.path for asked in hub_server.asked if "/repo/files" in asked.path]

    assert f"Revision={commit}" in listed


def test_a_single_file_is_described_alone(net, open_hub):
    release = open_hub().describe(Query(name="team/net", file="net.pdparams"), "2025.11.3.142530")

    assert (release.folder, release.format) == (False, None)
    assert [(file.path, file.hashes) for file in release.files] == [
        ("net.pdparams", hashes(WEIGHTS))
    ]


def test_a_file_that_is_not_there_is_told_with_the_nearest(net, hub_server, open_hub):
    query = Query(name="team/net", file="net.pdparam")

    assert failure(open_hub().describe, query, "2025.11.3.142530") == told(
        hub_server,
        "there is no file 'net.pdparam' in 2025.11.3.142530; did you mean 'net.pdparams'?",
    )


def test_a_path_that_leaves_the_folder_is_refused(net, hub_server, open_hub):
    net.branches["master"][0].files = {"../x": b"y"}

    assert failure(open_hub().describe, NET, "2025.11.3.142530") == told(
        hub_server, "it lists a file '../x': it has the part '..'"
    )


def test_a_file_without_a_digest_has_its_size_only(net, hub_server, open_hub):
    entry = {"Path": "a.pdparams", "Type": "blob", "Size": 3, "Sha256": ""}
    body = {"Code": 200, "Data": {"Files": [entry]}}
    hub_server.plan(f"{API}/repo/files", 200, json.dumps(body).encode())
    [file] = open_hub().describe(NET, "2025.11.3.142530").files

    assert file.hashes == Hashes(size=3)


def test_a_version_without_files_is_refused(net, hub_server, open_hub):
    hub_server.plan(f"{API}/repo/files", 200, b'{"Code": 200, "Data": {"Files": null}}')

    assert failure(open_hub().describe, NET, "2025.11.3.142530") == told(
        hub_server, "there are no files in 2025.11.3.142530"
    )


def test_a_list_that_was_cut_off_is_refused(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setattr(modelscope, "MAX_FILES", 4)

    assert failure(open_hub().describe, NET, "2025.11.3.142530") == told(
        hub_server, "it cuts lists off at 4 files, so this one is incomplete"
    )


def test_a_revision_has_only_the_versions_that_it_contains(net, open_hub):
    net.tag("v1.0", "master")
    net.commit(FILES, DAYS[1], branch="master")
    net.tag("v1.1", "master")
    net.commit(FILES, DAYS[2], branch="dev")
    net.tag("v2.0", "dev")
    full = net.branches["master"][0].name
    catalog = open_hub()

    assert {
        revision: spelled(catalog, Query(name="team/net", revision=revision))
        for revision in ("master", "dev", "v1.1", full, full[:8])
    } == {
        "master": ["v1.0", "v1.1"],
        "dev": ["v2.0"],
        "v1.1": ["v1.0", "v1.1"],
        full: ["v1.0"],
        full[:8]: ["v1.0"],
    }


def test_a_revision_that_is_not_there_is_told(net, hub_server, open_hub):
    assert failure(open_hub().versions, Query(name="team/net", revision="mastre")) == told(
        hub_server, "it has no branch, tag or commit 'mastre'; did you mean 'master'?"
    )


def test_a_version_that_is_not_there_is_told(net, hub_server, open_hub):
    assert failure(open_hub().describe, NET, "v1.0") == told(hub_server, "it has no version v1.0")


def test_a_repository_that_is_missing_has_no_versions(hub_server, open_hub):
    assert open_hub().versions(NET) == ()
    assert failure(open_hub().describe, NET, "1.0") == told(
        hub_server, "there is no such repository"
    )


def test_an_empty_repository_has_no_versions(hub_server, open_hub):
    hub_server.repository()

    assert open_hub().versions(NET) == ()


def test_strangers_are_told_how_to_become_known(net, hub_server, open_hub):
    net.private = True

    assert failure(open_hub().versions, NET) == told(
        hub_server,
        "it is private, or only opens on request; set MODELSCOPE_API_TOKEN to a token that may "
        "read it",
    )


def test_a_private_repository_opens_to_the_token(net, hub_server, open_hub, monkeypatch):
    net.private = True
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", hub_server.token)

    assert spelled(open_hub()) == ["2025.11.3.142530"]
    assert {asked.authorization for asked in hub_server.asked} == {"Bearer secret"}


def test_the_token_is_not_shown_to_another_server(net, hub_server, open_hub, monkeypatch):
    net.private = True
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", hub_server.token)
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "modelscope.cn")

    assert failure(open_hub(url=hub_server.url).versions, NET) == told(
        hub_server,
        "it is private, or only opens on request; MODELSCOPE_API_TOKEN is only sent to "
        "https://modelscope.cn and MODELSCOPE_ENDPOINT, and never over plain HTTP",
    )
    assert {asked.authorization for asked in hub_server.asked} == {None}


@pytest.mark.parametrize(("status", "phrase"), [(401, "Unauthorized"), (403, "Forbidden")])
def test_a_refusal_is_told_at_once(status, phrase, hub_server, open_hub):
    hub_server.plan(f"{API}/revisions", status)

    assert failure(open_hub().versions, NET) == told(
        hub_server,
        f"the server answered {status} {phrase}; set MODELSCOPE_API_TOKEN to a token that may "
        "read it",
    )
    assert len(hub_server.asked) == 1


@pytest.mark.parametrize(
    ("status", "phrase"), [(429, "Too Many Requests"), (500, "Internal Server Error")]
)
def test_what_may_pass_is_asked_three_times(status, phrase, hub_server, open_hub, naps):
    hub_server.plan(f"{API}/revisions", status)

    assert failure(open_hub().versions, NET) == told(
        hub_server, f"the server answered {status} {phrase}"
    )
    assert (len(hub_server.asked), naps) == (3, [0.5, 1.0])


def test_an_overloaded_hub_is_not_taken_for_one_without_the_model(hub_server, open_hub, naps):
    body = {"Code": 10010205001, "Message": "Error 1461:\nCan't create\x1b[2J more statements"}
    hub_server.plan(f"{API}/revisions", 404, json.dumps(body).encode())

    assert failure(open_hub().versions, NET) == told(
        hub_server,
        "the server answered 404 Not Found: Error 1461: Can't create[2J more statements",
    )
    assert naps == [0.5, 1.0]


def test_a_server_that_is_no_modelscope_is_told(hub_server, open_hub):
    hub_server.plan(f"{API}/revisions", 404, b"<html>")

    assert failure(open_hub().versions, NET) == told(
        hub_server, "the server answered 404 Not Found"
    )


def test_a_failure_in_an_answer_of_success_is_told(hub_server, open_hub):
    body = '{"Code": 10010203, "Message": "\u7cfb\u7edf\u7e41\u5fd9", "Success": false}'
    hub_server.plan(f"{API}/revisions", 200, body.encode())

    assert failure(open_hub().versions, NET) == told(
        hub_server, "the server answered code 10010203: \u7cfb\u7edf\u7e41\u5fd9"
    )


@pytest.mark.slow
def test_a_silent_hub_is_given_up(hub_server, open_hub, naps):
    hub_server.plan(f"{API}/revisions", 200, delay=2.0)

    assert failure(open_hub(timeout=0.2).versions, NET) == told(
        hub_server, "no answer within 0.2 s"
    )
    assert (len(hub_server.asked), naps) == (1, [])


@pytest.mark.usefixtures("naps")
def test_a_hub_that_hangs_up_is_told(hub_server, open_hub):
    hub_server.plan(f"{API}/revisions", 200, hang_up=True)

    assert failure(open_hub().versions, NET) == told(hub_server, "the server closed the connection")


@pytest.mark.usefixtures("naps")
def test_a_hub_that_is_down_is_told(open_hub):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"

        assert failure(open_hub(url=url).versions, NET) == (
            f"the catalog ms ({url}/models/team/net): connection refused"
        )


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        pytest.param(b"<html>", "its answer is not JSON", id="a page"),
        pytest.param(b"null", "its answer is empty", id="null"),
        pytest.param(b"[]", "its answer has no usable 'Code'", id="a list"),
        pytest.param(b'{"Code": 200}', "its answer has no usable 'Data'", id="no data"),
        pytest.param(
            b'{"Code": 200, "Data": {}}', "its answer has no usable 'RevisionMap'", id="no map"
        ),
        pytest.param(
            b'{"Code": 200, "Data": {"RevisionMap": {"Branches": [], "Tags": 5}}}',
            "its answer has no usable 'Tags'",
            id="a number of tags",
        ),
        pytest.param(
            b'{"Code": 200, "Data": {"RevisionMap": {"Branches": [], "Tags": ["v1"]}}}',
            "its answer has no usable 'Revision'",
            id="bare tags",
        ),
    ],
)
def test_nonsense_is_refused(body, cause, hub_server, open_hub):
    hub_server.plan(f"{API}/revisions", 200, body)

    assert failure(open_hub().versions, NET) == told(hub_server, cause)


def test_an_answer_without_an_end_is_cut_off(hub_server, open_hub, monkeypatch):
    monkeypatch.setattr(modelscope, "MAX_BYTES", 1000)
    hub_server.plan(f"{API}/revisions", 200, b" " * 1001)

    assert failure(open_hub().versions, NET) == told(hub_server, "it has more than 1,000 bytes")


def test_a_long_history_comes_in_pages_however_short(net, hub_server, open_hub):
    hub_server.page = 1
    net.commit(FILES, DAYS[1], branch="master")
    net.commit(FILES, DAYS[2], branch="master")

    assert len(spelled(open_hub())) == 3


def test_a_history_that_never_ends_is_given_up(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setattr(modelscope, "MAX_PAGES", 1)

    assert failure(open_hub().versions, NET) == told(
        hub_server, "its list has more than 1 pages of 50"
    )


def test_an_owner_completes_names(net, open_hub):
    assert spelled(open_hub(owner="team"), Query(name="net")) == ["2025.11.3.142530"]


def test_the_models_of_the_owner_are_named(hub_server, open_hub, monkeypatch):
    monkeypatch.setattr(modelscope, "PAGE", 2)
    for name in ("team/b", "team/a", "team/c", "teamster/d"):
        hub_server.repository(name)

    assert open_hub(owner="team").names() == ["a", "b", "c"]
    assert open_hub().names() == ()


def test_the_hub_is_where_the_environment_says(open_hub, monkeypatch):
    for domain, endpoint, where in (
        ("www.modelscope.ai", "", "https://www.modelscope.ai"),
        ("www.modelscope.ai", "https://hub.example/", "https://hub.example"),
        ("", "", "https://modelscope.cn"),
    ):
        monkeypatch.setenv("MODELSCOPE_DOMAIN", domain)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", endpoint)
        assert open_hub().where == where


def test_nothing_is_asked_offline(hub_server, open_hub):
    catalog = open_hub(offline="--offline")

    assert failure(catalog.versions, NET) == told(
        hub_server, "it needs the network, which --offline forbids"
    )
    assert hub_server.asked == []


def test_what_is_described_can_be_fetched(net, hub_server, open_hub, tmp_path, monkeypatch):
    net.private = True
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", hub_server.token)
    fetched = {}
    for file in open_hub().describe(NET, "2025.11.3.142530").files:
        target = tmp_path / "got"
        source = Source(model="net", urls=file.urls, root=tmp_path)
        assert file.hashes.known
        fetch.fetch_source(source, file.hashes, target)
        fetched[file.path] = target.read_bytes()

    assert fetched == {path: data for path, data in FILES.items() if path != ".gitattributes"}
    assert [asked.authorization for asked in hub_server.asked_of_cdn] == [None]
