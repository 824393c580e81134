"""The real client of the Hugging Face Hub against a stand-in for it; see conftest.py."""

from __future__ import annotations

import json
import logging
import socket
import sys
from hashlib import sha256

import pytest

from paddledvc import errors
from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.catalogs.hubs import huggingface
from paddledvc.catalogs.opening import open_catalog
from paddledvc.errors import CatalogFailed, MissingTool
from paddledvc.hashes import Hashes
from paddledvc.models.versions import newest_version
from paddledvc.paths import find_path_fault
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source

NET = Query(name="team/net")
WEIGHTS = b"weights" * 50_000
FILES = {
    ".gitattributes": b"*.pdparams filter=lfs",
    "net.pdparams": WEIGHTS,
    "inference.yml": b"Global:\n  model_name: net\n",
    "sub dir/\u6a21\u578b.txt": b"a b",
}
DAYS = ("2025-11-03T14:25:30.000Z", "2025-11-03T14:25:30.900Z", "2025-12-24T00:05:09.000Z")


@pytest.fixture
def open_hub(hub_server, tmp_path, monkeypatch):
    """Open the catalog of the hub, as the environment says where that is."""
    monkeypatch.setenv("HF_ENDPOINT", hub_server.url)

    def make(timeout=5.0, offline=None, **settings):
        context = Context(name="hf", root=tmp_path, offline=offline, timeout=timeout)
        return open_catalog(context, "huggingface", settings)

    return make


@pytest.fixture
def net(hub_server):
    """A repository of one commit."""
    repository = hub_server.repository("team/net")
    repository.commit(FILES, DAYS[0])
    return repository


def failure(act, *arguments):
    with pytest.raises(CatalogFailed) as caught:
        act(*arguments)
    return str(caught.value)


def spelled(catalog, query=NET):
    return [listed.version for listed in catalog.versions(query)]


@pytest.mark.slow
def test_the_tags_that_are_versions_are_the_versions(net, open_hub):
    for tag in ("v1.0", "1.1.0", "best", "v2.0rc1"):
        net.tag(tag)

    assert open_hub().versions(NET) == (
        Listed(version="v1.0"),
        Listed(version="1.1.0"),
        Listed(version="v2.0rc1"),
    )


def test_a_repository_without_such_tags_has_its_commits_for_versions(net, open_hub):
    net.tag("best")
    net.commit(FILES, DAYS[2])

    assert spelled(open_hub()) == ["2025.11.3.142530", "2025.12.24.509"]


def test_commits_of_one_second_are_told_apart_in_their_order(net, open_hub):
    older = net.branches["main"][0].name
    newer = net.commit(FILES, DAYS[1])
    catalog = open_hub()

    assert spelled(catalog) == ["2025.11.3.142530", "2025.11.3.142530.1"]
    assert newest_version(spelled(catalog)) == "2025.11.3.142530.1"
    assert catalog.describe(NET, "2025.11.3.142530").commit == older
    assert catalog.describe(NET, "2025.11.3.142530.1").commit == newer


def test_the_newest_version_is_the_newest_commit_whatever_the_order(net, open_hub):
    net.commit(FILES, DAYS[2])
    net.commit(FILES, "2025-11-30T23:59:59.000Z")

    assert newest_version(spelled(open_hub())) == "2025.12.24.509"


def test_a_version_is_found_again_whatever_came_after_it(net, open_hub):
    before = open_hub().describe(NET, "2025.11.3.142530")
    net.commit({"other.pdparams": b"x"}, DAYS[1])
    net.tag("v1.0")

    assert spelled(open_hub()) == ["v1.0"]
    assert open_hub().describe(NET, "2025.11.3.142530") == before


def test_a_version_is_pinned_to_its_commit_with_all_its_files(net, hub_server, open_hub):
    commit = net.branches["main"][0].name
    net.tag("v1.0")
    net.commit({"net.pdparams": b"other"}, DAYS[2])
    at = f"{hub_server.url}/team/net/resolve/{commit}"

    assert open_hub().describe(NET, "v1.0") == Release(
        version="v1.0",
        files=(
            ReleaseFile(
                path="inference.yml",
                urls=(f"{at}/inference.yml",),
                hashes=Hashes(size=len(FILES["inference.yml"])),
            ),
            ReleaseFile(
                path="net.pdparams",
                urls=(f"{at}/net.pdparams",),
                hashes=Hashes(sha256=sha256(WEIGHTS).hexdigest(), size=len(WEIGHTS)),
            ),
            ReleaseFile(
                path="sub dir/\u6a21\u578b.txt",
                urls=(f"{at}/sub%20dir/%E6%A8%A1%E5%9E%8B.txt",),
                hashes=Hashes(size=3),
            ),
        ),
        folder=True,
        commit=commit,
    )


def test_the_name_of_a_git_blob_is_no_digest(net, open_hub):
    net.tag("v1.0")
    hashes = {file.path: file.hashes for file in open_hub().describe(NET, "v1.0").files}

    assert {path for path, known in hashes.items() if known.known} == {"net.pdparams"}


def test_a_single_file_is_described_alone(net, hub_server, open_hub):
    net.tag("v1.0")
    commit = net.branches["main"][0].name
    query = Query(name="team/net", file="sub dir/\u6a21\u578b.txt")

    assert open_hub().describe(query, "v1.0") == Release(
        version="v1.0",
        files=(
            ReleaseFile(
                path="\u6a21\u578b.txt",
                urls=(
                    f"{hub_server.url}/team/net/resolve/{commit}/sub%20dir/%E6%A8%A1%E5%9E%8B.txt",
                ),
                hashes=Hashes(size=3),
            ),
        ),
        format="txt",
        commit=commit,
    )


def test_a_suffix_that_is_known_decides_the_format(net, open_hub):
    net.tag("v1.0")
    release = open_hub().describe(Query(name="team/net", file="net.pdparams"), "v1.0")

    assert (release.format, release.folder) == (None, False)


def test_a_file_that_is_not_there_is_told_with_the_nearest(net, hub_server, open_hub):
    net.tag("v1.0")

    assert failure(open_hub().describe, Query(name="team/net", file="net.pdparam"), "v1.0") == (
        f"the catalog hf ({hub_server.url}/team/net): there is no file 'net.pdparam' in v1.0; "
        "did you mean 'net.pdparams'?"
    )


def test_a_version_without_files_is_refused(hub_server, open_hub):
    hub_server.repository().commit({".gitattributes": b"", "sub/.gitattributes": b""}, DAYS[0])

    assert failure(open_hub().describe, NET, "2025.11.3.142530") == (
        f"the catalog hf ({hub_server.url}/team/net): there are no files in 2025.11.3.142530"
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("/etc/passwd", "'/etc/passwd'", id="absolute"),
        pytest.param("../../x", "'../../x'", id="out of the folder"),
        pytest.param("a/../../x", "'a/../../x'", id="out in the middle"),
        pytest.param("a/..", "'a/..'", id="out at the end"),
        pytest.param("a//b", "'a//b'", id="a part without a name"),
        pytest.param("./a", "'./a'", id="a dot"),
        pytest.param("a\\b", r"'a\\b'", id="backslash"),
        pytest.param("C:/a", "'C:/a'", id="drive"),
        pytest.param("a\x1b[2Jb", r"'a\x1b[2Jb'", id="control character"),
        pytest.param("a\nb", r"'a\nb'", id="line end"),
        pytest.param("a\ud800", r"'a\ud800'", id="half a character"),
        pytest.param("", "''", id="empty"),
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(path, shown, net, hub_server, open_hub):
    net.branches["main"][0].files = {"net.pdparams": b"x", path: b"y"}

    said = failure(open_hub().describe, NET, "2025.11.3.142530")

    where = f"the catalog hf ({hub_server.url}/team/net)"
    assert said == f"{where}: it lists a file {shown}: {find_path_fault(path)}"


def test_a_revision_has_only_the_versions_that_it_contains(net, open_hub):
    net.tag("v1.0")
    net.commit(FILES, DAYS[2])
    net.tag("v1.1")
    net.commit(FILES, "2025-12-01T00:00:00.000Z", branch="dev")
    net.tag("v2.0", "dev")
    full = net.branches["main"][0].name
    catalog = open_hub()

    assert {
        revision: spelled(catalog, Query(name="team/net", revision=revision))
        for revision in ("main", "dev", "v1.1", full, full[:8])
    } == {
        "main": ["v1.0", "v1.1"],
        "dev": ["v2.0"],
        "v1.1": ["v1.0", "v1.1"],
        full: ["v1.0"],
        full[:8]: ["v1.0"],
    }


def test_a_revision_without_version_tags_has_its_commits(net, open_hub):
    net.tag("v1.0")
    commit = net.commit(FILES, DAYS[2], branch="feature/x")
    query = Query(name="team/net", revision="feature/x")
    catalog = open_hub()

    assert spelled(catalog, query) == ["2025.12.24.509"]
    assert catalog.describe(query, "2025.12.24.509").commit == commit


@pytest.mark.parametrize("revision", ["mian", "0123456"])
@pytest.mark.parametrize("ask", ["versions", "describe"])
def test_a_revision_that_is_not_there_is_told(ask, revision, net, hub_server, open_hub):
    catalog, query = open_hub(), Query(name="team/net", revision=revision)
    act = {"versions": catalog.versions, "describe": lambda q: catalog.describe(q, "1.0")}[ask]
    hint = "; did you mean 'main'?" if revision == "mian" else ""

    assert failure(act, query) == (
        f"the catalog hf ({hub_server.url}/team/net): it has no branch, tag or commit "
        f"{revision!r}{hint}"
    )


def test_a_version_that_is_not_there_is_told(net, hub_server, open_hub):
    net.tag("v1.0.0")

    assert failure(open_hub().describe, NET, "v1.0.1") == (
        f"the catalog hf ({hub_server.url}/team/net): it has no version v1.0.1; "
        "did you mean 'v1.0.0'?"
    )


def test_a_repository_that_is_missing_has_no_versions(hub_server, open_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub_server.token)
    catalog = open_hub()

    assert catalog.versions(NET) == ()
    assert failure(catalog.describe, NET, "1.0") == (
        f"the catalog hf ({hub_server.url}/team/net): there is no such repository"
    )


def test_strangers_are_told_how_to_become_known(hub_server, open_hub):
    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): the server answered 401 Unauthorized: there "
        "is no such repository, or it is private; set HF_TOKEN to a token that may read it"
    )


def plan(hub_server, status, body=b"{}", path="/api/models/team/net/refs", **more):
    """Let the hub answer something else."""
    hub_server.plan(path, status, body, **more)


@pytest.mark.parametrize(
    ("status", "headers", "cause"),
    [
        pytest.param(
            403,
            {"X-Error-Code": "GatedRepo"},
            "the server answered 403 Forbidden: it is gated: only accounts that its owner has "
            "admitted may read it; set HF_TOKEN to a token that may read it",
            id="gated",
        ),
        pytest.param(
            401,
            {"X-Error-Message": "Invalid credentials in Authorization header"},
            "the server answered 401 Unauthorized: the token is not valid; set HF_TOKEN to a token "
            "that may read it",
            id="bad token",
        ),
        pytest.param(
            403,
            {},
            "the server answered 403 Forbidden: there is no such repository, or it is private; "
            "set HF_TOKEN to a token that may read it",
            id="forbidden",
        ),
        pytest.param(418, {}, "the server answered 418 I'm a Teapot", id="odd"),
        pytest.param(599, {}, "the server answered 599", id="odder"),
    ],
)
def test_a_refusal_is_told_at_once(status, headers, cause, hub_server, open_hub):
    plan(hub_server, status, headers=headers)

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): {cause}"
    )
    assert len(hub_server.asked) == 1


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (429, "Too Many Requests"),
        (500, "Internal Server Error"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
    ],
)
def test_what_may_pass_is_asked_three_times(status, phrase, hub_server, open_hub, naps):
    plan(hub_server, status, b"<html>")

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): the server answered {status} {phrase}"
    )
    assert (len(hub_server.asked), naps) == (3, [0.5, 1.0])


def test_what_has_passed_is_forgotten(net, hub_server, open_hub, naps):
    plan(hub_server, 500, times=2)

    assert spelled(open_hub()) == ["2025.11.3.142530"]


def test_a_short_wait_that_the_hub_asks_for_is_kept(net, hub_server, open_hub, naps):
    plan(hub_server, 429, headers={"Retry-After": "3"}, times=1)

    assert spelled(open_hub()) == ["2025.11.3.142530"]
    assert naps == [3.0]


def test_nobody_waits_beyond_the_timeout(hub_server, open_hub, naps):
    plan(hub_server, 429, headers={"Retry-After": "300"})

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): the server answered 429 Too Many Requests; "
        "it asks to wait 60 s"
    )
    assert naps == []


@pytest.mark.slow
def test_a_silent_hub_is_given_up(hub_server, open_hub, naps):
    plan(hub_server, 200, delay=2.0)

    assert failure(open_hub(timeout=0.2).versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): no answer within 0.2 s"
    )
    assert (len(hub_server.asked), naps) == (1, [])


def test_a_hub_that_hangs_up_is_told(hub_server, open_hub, naps):
    plan(hub_server, 200, hang_up=True)

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): the server closed the connection"
    )


def test_a_hub_that_is_down_is_told(open_hub, naps):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"

        assert failure(open_hub(url=url).versions, NET) == (
            f"the catalog hf ({url}/team/net): connection refused"
        )


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        pytest.param(b"<html>log in</html>", "its answer is not JSON", id="a page"),
        pytest.param(b"", "its answer is not JSON", id="nothing"),
        pytest.param(b"\xff\xfe", "its answer is not JSON", id="no text"),
        pytest.param(b"[" * 100_000, "its answer is not JSON", id="too deep"),
        pytest.param(b"null", "its answer is empty", id="null"),
        pytest.param(b"[]", "its answer has no usable 'branches'", id="a list"),
        pytest.param(b"{}", "its answer has no usable 'branches'", id="without branches"),
        pytest.param(
            b'{"branches": [], "tags": {}}', "its answer has no usable 'tags'", id="odd tags"
        ),
        pytest.param(
            b'{"branches": [], "tags": [{"name": 1}]}',
            "its answer has no usable 'name'",
            id="a number for a name",
        ),
        pytest.param(
            b'{"branches": [], "tags": [{"name": "v1", "targetCommit": "main"}]}',
            "its answer has no usable 'targetCommit'",
            id="no commit",
        ),
    ],
)
def test_nonsense_is_refused(body, cause, hub_server, open_hub):
    plan(hub_server, 200, body)

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): {cause}"
    )


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        pytest.param({"sha": "main", "siblings": []}, "'sha'", id="no commit"),
        pytest.param({"sha": "0" * 40}, "'siblings'", id="no files"),
        pytest.param({"sha": "0" * 40, "siblings": [{"size": 1}]}, "'rfilename'", id="no name"),
        pytest.param({"sha": "0" * 40, "siblings": [{"rfilename": "a"}]}, "'size'", id="no size"),
        pytest.param(
            {"sha": "0" * 40, "siblings": [{"rfilename": "a", "size": -1}]},
            "'size'",
            id="less than no size",
        ),
        pytest.param(
            {"sha": "0" * 40, "siblings": [{"rfilename": "a", "size": True}]},
            "'size'",
            id="a truth for a size",
        ),
        pytest.param(
            {
                "sha": "0" * 40,
                "siblings": [{"rfilename": "a", "size": 1, "lfs": {"size": 1, "sha256": "0" * 40}}],
            },
            "'sha256'",
            id="the name of a blob for a digest",
        ),
        pytest.param(
            {"sha": "0" * 40, "siblings": [{"rfilename": "a", "size": 1, "lfs": {"size": 1}}]},
            "'sha256'",
            id="no digest",
        ),
    ],
)
def test_nonsense_about_files_is_refused(answer, cause, net, hub_server, open_hub):
    net.tag("v1.0")
    plan(hub_server, 200, json.dumps(answer).encode(), "/api/models/team/net/revision/v1.0")

    assert failure(open_hub().describe, NET, "v1.0") == (
        f"the catalog hf ({hub_server.url}/team/net): its answer has no usable {cause}"
    )


@pytest.mark.parametrize("date", ["yesterday", "2025-13-01T00:00:00.000Z", None, True, 1e99])
def test_nonsense_about_dates_is_refused(date, net, hub_server, open_hub):
    body = json.dumps([{"id": "0" * 40, "date": date}]).encode()
    plan(hub_server, 200, body, "/api/models/team/net/commits/main")

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): its answer has no usable 'date'"
    )


def test_too_many_files_are_refused(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setattr(huggingface, "MAX_FILES", 3)

    assert failure(open_hub().describe, NET, "2025.11.3.142530") == (
        f"the catalog hf ({hub_server.url}/team/net): it lists 4 files, more than 3"
    )


def test_a_long_history_comes_in_pages(net, hub_server, open_hub):
    hub_server.page = 1
    net.commit(FILES, DAYS[1])
    net.commit(FILES, DAYS[2])

    assert len(spelled(open_hub())) == 3


def test_the_next_page_is_asked_of_the_same_server(net, hub_server, open_hub):
    net.commit(FILES, DAYS[2])
    body = json.dumps([{"id": net.branches["main"][1].name, "date": DAYS[2]}]).encode()
    following = f'<{hub_server.cdn}/api/models/team/net/commits/main?p=1&limit=1>; rel="next"'
    plan(
        hub_server,
        200,
        body,
        "/api/models/team/net/commits/main",
        times=1,
        headers={"Link": following},
    )

    assert spelled(open_hub()) == ["2025.11.3.142530", "2025.12.24.509"]
    assert hub_server.asked_of_cdn == []


def test_a_list_that_never_ends_is_given_up(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setattr(huggingface, "MAX_PAGES", 5)
    following = '<https://huggingface.co/?p=1>; rel="next"'
    plan(hub_server, 200, b"[]", "/api/models/team/net/commits/main", headers={"Link": following})

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): its list has more than 5 pages of 500"
    )


def test_a_list_that_is_none_is_refused(net, hub_server, open_hub):
    plan(hub_server, 200, b"{}", "/api/models/team/net/commits/main")

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): its answer is no list"
    )


def test_describing_asks_only_what_listing_has_not_asked(net, hub_server, open_hub):
    catalog = open_hub()
    [version] = spelled(catalog)
    catalog.describe(NET, version)

    assert [asked.path.partition("?")[0] for asked in hub_server.asked] == [
        "/api/models/team/net/refs",
        "/api/models/team/net/commits/main",
        f"/api/models/team/net/revision/{net.branches['main'][0].name}",
    ]


def test_an_owner_completes_names(net, hub_server, open_hub):
    catalog = open_hub(owner="team")

    assert spelled(catalog, Query(name="net")) == ["2025.11.3.142530"]
    assert spelled(catalog, Query(name="team/net")) == ["2025.11.3.142530"]


def test_the_models_of_the_owner_are_named(hub_server, open_hub):
    hub_server.page = 1
    for name in ("team/b", "team/a", "teamster/c"):
        hub_server.repository(name)

    assert open_hub(owner="Team").names() == []
    assert open_hub(owner="team").names() == ["a", "b"]


def test_the_models_of_everybody_are_too_many(hub_server, open_hub):
    assert open_hub().names() == ()
    assert hub_server.asked == []


@pytest.mark.parametrize("name", ["a/b/c", "../x", "a b", "a/..", "PP-YOLOE+_L", "a/b?c", "a\n"])
def test_a_name_that_no_repository_can_have_is_refused(name, hub_server, open_hub):
    assert failure(open_hub().versions, Query(name=name)) == (
        f"the catalog hf ({hub_server.url}/{name}): no repository can be called {name!r}; set "
        "source_name to OWNER/NAME"
    )
    assert hub_server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "huggingface.co",
        "ftp://huggingface.co",
        "https://evil.example\\@huggingface.co",
        "https://user@huggingface.co",
        "https://huggingface.co?x",
        "https://",
    ],
)
def test_a_url_that_is_not_plain_is_refused(url, open_hub):
    assert failure(lambda: open_hub(url=url)) == (
        f"the catalog hf ({url}): expected a URL such as https://hub.example"
    )


def test_the_hub_is_where_the_environment_says(hub_server, open_hub, monkeypatch):
    assert open_hub().where == hub_server.url
    assert open_hub(url="https://hub.example/x/").where == "https://hub.example/x"

    monkeypatch.delenv("HF_ENDPOINT")
    assert open_hub().where == "https://huggingface.co"


def test_nothing_is_asked_offline(hub_server, open_hub):
    catalog = open_hub(offline="PADDLEDVC_OFFLINE", owner="team")
    message = "it needs the network, which PADDLEDVC_OFFLINE forbids"
    where = f"the catalog hf ({hub_server.url}/team"

    assert failure(catalog.versions, NET) == f"{where}/net): {message}"
    assert failure(catalog.describe, NET, "1.0") == f"{where}/net): {message}"
    assert failure(catalog.names) == f"{where}): {message}"
    assert hub_server.asked == []


def test_the_clients_own_offline_mode_is_respected(hub_server, open_hub, hub_forget, monkeypatch):
    from huggingface_hub import constants  # noqa: PLC0415 - once the environment is isolated

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub_forget()

    assert failure(open_hub().versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): it needs the network, which HF_HUB_OFFLINE "
        "forbids"
    )
    assert hub_server.asked == []


def test_a_missing_client_is_told_with_what_to_install(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", None)
    with pytest.raises(MissingTool) as caught:
        open_hub().versions(NET)

    assert str(caught.value) == (
        f"{hub_server.url} is asked through huggingface_hub, which is not installed in this "
        "environment; run `pip install 'paddledvc[hub]'`"
    )


def test_a_private_repository_opens_to_the_token(net, hub_server, open_hub, monkeypatch):
    net.private = True
    monkeypatch.setenv("HF_TOKEN", f"{hub_server.token}\n")

    assert spelled(open_hub()) == ["2025.11.3.142530"]
    assert {asked.authorization for asked in hub_server.asked} == {"Bearer secret"}


def test_the_token_is_not_shown_to_another_server(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub_server.token)
    monkeypatch.setenv("HF_ENDPOINT", "https://huggingface.co")
    net.private = True

    assert failure(open_hub(url=hub_server.url).versions, NET) == (
        f"the catalog hf ({hub_server.url}/team/net): the server answered 401 Unauthorized: there "
        "is no such repository, or it is private; HF_TOKEN is only sent to https://huggingface.co "
        "and HF_ENDPOINT, and never over plain HTTP"
    )
    assert {asked.authorization for asked in hub_server.asked} == {None}


def test_the_token_does_not_follow_a_redirect_of_the_list(net, hub_server, open_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub_server.token)
    hub_server.objects["refs"] = b'{"branches": [], "tags": []}'
    plan(hub_server, 302, headers={"Location": f"{hub_server.cdn}/refs"}, times=1)

    assert spelled(open_hub()) == ["2025.11.3.142530"]
    assert [asked.authorization for asked in hub_server.asked_of_cdn] == [None]


def test_what_is_described_can_be_fetched(net, hub_server, open_hub, tmp_path, monkeypatch):
    net.private = True
    monkeypatch.setenv("HF_TOKEN", hub_server.token)
    release = open_hub().describe(NET, "2025.11.3.142530")
    fetched = {}
    for file in release.files:
        target = tmp_path / "got"
        source = Source(model="net", urls=file.urls, root=tmp_path)
        found = fetch.fetch_source(source, file.hashes, target)
        assert file.hashes.first_difference(found.hashes) is None
        fetched[file.path] = target.read_bytes()

    assert fetched == {path: data for path, data in FILES.items() if path != ".gitattributes"}
    assert [asked.authorization for asked in hub_server.asked_of_cdn] == [None]


def test_bytes_that_are_not_those_of_the_list_are_refused(net, open_hub, hub_server, tmp_path):
    [file] = (
        open_hub().describe(Query(name="team/net", file="net.pdparams"), "2025.11.3.142530").files
    )
    net.branches["main"][0].files["net.pdparams"] = b"other" * len(WEIGHTS)
    source = Source(model="net", urls=file.urls, root=tmp_path)
    with pytest.raises(errors.ChecksumMismatch):
        fetch.fetch_source(source, file.hashes, tmp_path / "got")


@pytest.mark.usefixtures("naps")
def test_nothing_is_printed_and_nothing_kept(net, hub_server, open_hub, home, capfd):
    before = sorted(home.rglob("*"))
    plan(hub_server, 500, times=2, headers={"X-HF-Warning": "topic; upgrade at once"})
    catalog = open_hub(owner="team")
    [version] = spelled(catalog)
    catalog.describe(NET, version)
    catalog.names()
    plan(hub_server, 403, headers={"X-HF-Warning": "other; upgrade at once"})
    failure(open_hub().versions, NET)
    logging.getLogger("huggingface_hub").handlers[0].flush()

    assert capfd.readouterr() == ("", "")
    assert sorted(home.rglob("*")) == before
    assert all("agent" not in asked.path for asked in hub_server.asked)
