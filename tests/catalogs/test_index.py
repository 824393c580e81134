from __future__ import annotations

import json
import threading

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Listed, Query, ReleaseFile
from paddledvc.catalogs.opening import open_catalog
from paddledvc.errors import CatalogFailed
from paddledvc.hashes import Hashes

DET = Query(name="det")
INDEX = """\
version: 1
models:
  - name: det
    task: detection
    versions:
      - version: v1.0.0
        url: det/det_v1.pdparams
        urls: ["https://mirror/det_v1.pdparams"]
        md5: 0123456789ABCDEF0123456789ABCDEF
        size: 12
        paddle: ">=3.0"
      - {version: v2.0.0, url: det_v2.json, yanked: NaNs on edge devices}
      - {version: v3.0.0, url: det_v3.bin, format: pdparams, yanked: true}
  - name: ocr
    versions:
      - version: v1.0.0
        files:
          - {path: inference.pdiparams, url: ocr/inference.pdiparams}
          - {path: inference.json, url: ocr/inference.json}
"""


@pytest.fixture
def index(project):
    def build(text=INDEX, url="zoo/index.yaml", offline=None):
        if not url.startswith("http"):
            project.write(url, text)
        context = Context(name="zoo", root=project.root, offline=offline)
        return open_catalog(context, "index", {"url": url})

    return build


def failure(catalog, query=DET):
    with pytest.raises(CatalogFailed) as caught:
        catalog.versions(query)
    return str(caught.value)


def test_the_versions_of_a_model_are_listed(index):
    assert index().versions(DET) == (
        Listed(version="v1.0.0", paddle=">=3.0", format="pdparams"),
        Listed(version="v2.0.0", yanked="yanked: NaNs on edge devices", format="json"),
        Listed(version="v3.0.0", yanked="yanked", format="pdparams"),
    )


def test_a_version_is_described_with_urls_that_hold_in_the_project(index):
    release = index().describe(DET, "v1.0.0")

    assert release.files == (
        ReleaseFile(
            path="det_v1.pdparams",
            urls=("zoo/det/det_v1.pdparams", "https://mirror/det_v1.pdparams"),
            hashes=Hashes(md5="0123456789abcdef0123456789abcdef", size=12),
        ),
    )
    assert (release.paddle, release.folder) == (">=3.0", False)


def test_urls_are_relative_to_the_index_on_its_server(index, server):
    url = server.put(
        "/models/index.json",
        json.dumps(
            {
                "version": 1,
                "models": [
                    {"name": "det", "versions": [{"version": "v1", "url": "../det.pdparams?x=1"}]}
                ],
            }
        ).encode(),
    )

    [file] = index(url=url).describe(DET, "v1").files
    assert file.urls == (f"{server.url}/det.pdparams?x=1",)


def test_urls_are_relative_to_where_the_index_was_found(index, server):
    server.put("/v7/zoo/index.yaml?signature=secret", INDEX.encode())
    server.redirects["/latest/index.yaml"] = "/v7/zoo/index.yaml?signature=secret"

    [file] = index(url=f"{server.url}/latest/index.yaml").describe(DET, "v1.0.0").files
    assert file.urls[0] == f"{server.url}/v7/zoo/det/det_v1.pdparams"


def test_a_page_in_the_place_of_an_index_is_named(index, server):
    url = server.put("/index.json", b"<!DOCTYPE html><title>Sign in</title><p>Please</p>")

    assert failure(index(url=url)).endswith(
        ': it is a web page, "Sign in", and no index; open the URL in a browser to see what it '
        "asks for"
    )


def test_a_model_of_several_files_is_a_folder(index):
    release = index().describe(Query(name="ocr"), "v1.0.0")

    assert release.folder
    assert [file.path for file in release.files] == ["inference.json", "inference.pdiparams"]
    assert index().versions(Query(name="ocr"))[0].format == "json"


def test_a_model_that_is_not_there_has_no_versions(index):
    assert index().versions(Query(name="rec")) == ()


def test_a_date_behind_a_version_is_listed_as_it_is_written(index):
    catalog = index(INDEX.replace("version: v2.0.0", "version: v1.2_20250405"))

    assert catalog.versions(DET)[1].version == "v1.2_20250405"
    assert catalog.describe(DET, "v1.2_20250405").version == "v1.2_20250405"


def test_what_is_nearly_a_version_is_refused_with_what_works(index):
    text = INDEX.replace("version: v2.0.0", "version: ch_v4")

    assert failure(index(text)).endswith("found 'ch_v4', expected one exact version; write 'v4+ch'")


def test_the_models_are_named(index):
    assert index().names() == ("det", "ocr")


def test_json_is_read_as_yaml_is(index):
    from paddledvc.yaml import reader  # noqa: PLC0415 - only here

    text = json.dumps(reader.parse_yaml(INDEX, "x").value)
    assert index(text).versions(DET) == index(INDEX, "b.yaml").versions(DET)


def test_an_index_is_read_once_by_many_threads(index, server):
    catalog = index(url=server.put("/index.yaml", INDEX.encode()))
    threads = [threading.Thread(target=catalog.versions, args=(DET,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.requests["/index.yaml"] == 1


def test_a_server_that_is_down_is_asked_once_and_named_every_time(index, server, naps):
    url = f"{server.url}/index.yaml"
    server.statuses["/index.yaml"] = [503] * 9
    catalog = index(url=url)

    expected = f"the catalog zoo ({url}): the server answered 503 Service Unavailable"
    assert [failure(catalog), failure(catalog)] == [expected, expected]
    assert server.requests["/index.yaml"] == 4


def test_a_server_that_recovers_is_asked_again(index, server, naps):
    server.statuses["/index.yaml"] = [503]
    catalog = index(url=server.put("/index.yaml", INDEX.encode()))

    assert len(catalog.versions(DET)) == 3


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        pytest.param(
            "<html>",
            "it is a web page, and no index; open the URL in a browser to see what it asks for",
            id="a page",
        ),
        pytest.param(
            "version: 2\nmodels: []\n",
            "line 1: version: found format 2, this paddledvc reads up to 1; upgrade paddledvc",
            id="a newer format",
        ),
        pytest.param(
            "version: 1\nmodels: [{name: det, versions: [{version: v1}]}]\n",
            "line 2: models[0].versions[0]: found a mapping, expected a mapping with version "
            "and either url or files",
            id="no url",
        ),
        pytest.param(
            '{"version": 1, "models": [',
            "line 2: not YAML: did not find expected node content",
            id="truncated",
        ),
        pytest.param(
            "version: 1\nmodels:\n  - {name: det, versions: []}\n  - {name: det, versions: []}\n",
            "line 4: models[1].name: 'det' is listed already",
            id="a model twice",
        ),
        pytest.param(
            "version: 1\n"
            "models: [{name: det, versions: [{version: new, url: a}, {version: '1', url: a}, "
            "{version: v1.0, url: a}]}]\n",
            "line 2: models[0].versions[0].version: found 'new', expected one exact version "
            "such as v3.3.0, and 1 more",
            id="nonsense",
        ),
        pytest.param(
            "version: 1\n"
            "models: [{name: det, versions: [{version: '1', url: a}, {version: v1.0, "
            "url: a}]}]\n",
            "line 2: models[0].versions[1].version: 'v1.0' and '1' are one version",
            id="a version twice",
        ),
        pytest.param(
            "version: 1\nmodels: [{name: det, versions: [{version: v1, url: a, paddle: '3'}]}]\n",
            "line 2: models[0].versions[0].paddle: found '3', expected a range such as >=3.0,<4",
            id="a range that is none",
        ),
        pytest.param(
            "version: 1\n"
            "models: [{name: det, versions: [{version: v1, files: [{path: ../x, "
            "url: a}]}]}]\n",
            "line 2: models[0].versions[0].files[0].path: found '../x', expected a path "
            "inside the model's folder",
            id="out of the folder",
        ),
    ],
)
def test_what_is_no_index_is_refused_with_its_line(index, text, cause):
    assert failure(index(text)) == f"the catalog zoo (zoo/index.yaml): {cause}"


def test_bytes_that_are_no_text_are_refused(index, server):
    url = server.put("/index.yaml", b"\xff\xfe")

    assert failure(index(url=url)) == f"the catalog zoo ({url}): it is not UTF-8"


def test_a_missing_file_is_named(index, project):
    context = Context(name="zoo", root=project.root)
    catalog = open_catalog(context, "index", {"url": "index.yaml"})

    assert failure(catalog) == "the catalog zoo (index.yaml): No such file or directory"


def test_offline_refuses_a_server_and_reads_a_file(index, server):
    url = server.put("/index.yaml", INDEX.encode())

    assert index(offline="--offline").versions(DET)
    assert failure(index(url=url, offline="PADDLEDVC_OFFLINE=1")) == (
        f"the catalog zoo ({url}): it needs the network, which PADDLEDVC_OFFLINE=1 forbids"
    )
    assert server.log == []


def test_an_index_is_read_up_to_a_limit_that_can_be_raised(tmp_path, monkeypatch):
    (tmp_path / "index.json").write_text('{"version": 1, "models": []}' + " " * 100)
    opened = open_catalog(Context(name="zoo", root=tmp_path), "index", {"url": "index.json"})
    monkeypatch.setattr("paddledvc.catalogs.index.MAX_BYTES", 100)

    with pytest.raises(CatalogFailed) as caught:
        opened.names()
    assert str(caught.value) == (
        "the catalog zoo (index.json): it has more than 100 bytes; "
        "PADDLEDVC_MAX_INDEX allows more, in MiB"
    )
    monkeypatch.setenv("PADDLEDVC_MAX_INDEX", "1")
    again = open_catalog(Context(name="zoo", root=tmp_path), "index", {"url": "index.json"})
    assert list(again.names()) == []
