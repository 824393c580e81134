"""The installed Paddle's own tables, and packages shaped like other releases of Paddle."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.errors import CatalogFailed
from paddledvc.hashes import Hashes

EXAMPLE = Path(__file__).parents[3] / "examples" / "vision" / "models.yaml"
INSTALLED = metadata.version("paddlepaddle")
LIST = """
import json, pathlib, sys
from paddledvc.catalogs.core.listing import Query
from paddledvc.catalogs.opening import open_catalog
from paddledvc.catalogs.base import Context

catalog = open_catalog(Context(name="paddle.vision", root=pathlib.Path()), "paddle.vision", {})
[listed] = catalog.versions(Query(name="vgg16"))
catalog.describe(Query(name="vgg16"), listed.version)
print(json.dumps([len(catalog.names()), sorted(sys.modules)]))
"""
MD5 = "cf548f46534aa3560945be4b95cd11c4"
URL = "https://paddle-hapi.bj.bcebos.com/models/resnet18.pdparams"
RESNET = f"""
model_urls: dict[str, tuple[str, str]] = {{
    'resnet18': (
        '{URL}',
        '{MD5}',
    ),
}}
"""
VERSION = "full_version     = '9.1.0'\nmajor            = '9'\n"


@pytest.fixture
def fake(install):
    """Install a Paddle of one or more modules of models."""

    def make(*models, states=VERSION, **fields):
        files = {f"vision/models/m{index}.py": text for index, text in enumerate(models)}
        install("paddle", {**files, "version/__init__.py": states}, **fields)

    return make


def failure(act):
    with pytest.raises(CatalogFailed) as caught:
        act()
    return str(caught.value)


@pytest.mark.slow
def test_all_official_weights_of_the_installed_paddle_are_listed(open_offline):
    catalog = open_offline("paddle.vision")
    expected = {
        model["name"]: (INSTALLED, model["weights_url"], model["md5"])
        for model in yaml.safe_load(EXAMPLE.read_text())["models"]
    }
    found = {}
    for name in catalog.names():
        [listed] = catalog.versions(Query(name=name))
        release = catalog.describe(Query(name=name), listed.version)
        found[name] = (listed.version, release.files[0].urls[0], release.files[0].hashes.md5)

    assert len(found) == 36
    assert found == expected


@pytest.mark.slow
def test_networks_and_inputs_of_all_official_weights_are_those_of_the_example(open_offline):
    catalog = open_offline("paddle.vision")
    settings = ("network", "network_args", "inputs", "export")
    expected = {
        model["name"]: {key: model[key] for key in settings if key in model}
        for model in yaml.safe_load(EXAMPLE.read_text())["models"]
    }

    found = {name: catalog.find_settings(Query(name=name)) for name in catalog.names()}
    assert found == expected


def test_a_network_that_the_package_does_not_name_has_no_settings(fake, open_offline):
    fake(RESNET)
    catalog = open_offline("paddle.vision")

    assert catalog.find_settings(Query(name="resnet18")) == {}


@pytest.mark.slow
def test_paddle_is_not_imported():
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    count, modules = json.loads(done.stdout)

    assert count == 36
    assert not {"paddle", "numpy"} & set(modules)


def test_the_catalog_names_the_package_and_its_version(open_offline):
    assert open_offline("paddle.vision").where == f"paddle.vision of paddlepaddle {INSTALLED}"


def test_the_version_of_weights_is_paddles_own(fake, open_offline):
    fake(RESNET)
    catalog = open_offline("paddle.vision")
    query = Query(name="resnet18")

    assert catalog.versions(query) == [
        Listed(version="9.1.0", paddle=">=2.0", format="pdparams"),
    ]
    assert catalog.describe(query, "9.1.0") == Release(
        version="9.1.0",
        files=(ReleaseFile(path="resnet18.pdparams", urls=(URL,), hashes=Hashes(md5=MD5)),),
        paddle=">=2.0",
    )


def test_a_build_for_cuda_has_the_version_of_paddle(fake, open_offline, monkeypatch):
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
    fake(RESNET, version="9.1.0.post120", distribution="paddlepaddle-gpu")
    catalog = open_offline("paddle.vision")

    assert catalog.where == "paddle.vision of paddlepaddle-gpu 9.1.0"
    assert [one.version for one in catalog.versions(Query(name="resnet18"))] == ["9.1.0"]


@pytest.mark.parametrize("states", ["full_version = '0.0.0'", ""])
def test_a_build_that_does_not_state_its_version_has_that_of_pip(states, fake, open_offline):
    fake(RESNET, states=states, version="9.2.0.dev1", distribution="paddlepaddle")

    [listed] = open_offline("paddle.vision").versions(Query(name="resnet18"))
    assert listed.version == "9.2.0.dev1"


def test_a_build_whose_version_is_none_is_refused(fake, open_offline):
    fake(RESNET, states="full_version = 'develop'", version="9.1", distribution="paddlepaddle")

    assert failure(open_offline("paddle.vision").names) == (
        "the catalog paddle.vision (paddle.vision of paddlepaddle develop): its list of models "
        "cannot be read: it calls its version develop; install a version of it that this "
        "paddledvc knows, or a newer paddledvc"
    )


def test_a_release_of_paddle_that_is_gone_is_told(fake, open_offline):
    fake(RESNET)
    catalog = open_offline("paddle.vision")

    assert failure(lambda: catalog.describe(Query(name="resnet18"), "9.0.0")) == (
        f"the catalog paddle.vision ({catalog.where}): it has resnet18 9.1.0, not 9.0.0"
    )


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        pytest.param(
            "from .urls import model_urls",
            "paddle/vision/models/m1.py: line 1 is not understood",
            id="moved elsewhere",
        ),
        pytest.param(
            RESNET + "model_urls.update(more())",
            "paddle/vision/models/m1.py: line 8 is not understood",
            id="added to",
        ),
        pytest.param(
            f"model_urls = {{'vgg': '{URL}'}}",
            "paddle/vision/models/m1.py: the entry 'vgg' is not understood",
            id="without digests",
        ),
        pytest.param(
            f"model_urls = {{'vgg': ('{URL}', None)}}",
            "paddle/vision/models/m1.py: the entry 'vgg' is not understood",
            id="without one digest",
        ),
        pytest.param(
            "model_urls = ['vgg']",
            "paddle/vision/models/m1.py: model_urls is not understood",
            id="a list",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_named_and_no_other_taken(broken, cause, fake, open_offline):
    fake(RESNET, broken, version="9.1.0", distribution="paddlepaddle")

    assert failure(open_offline("paddle.vision").names) == (
        "the catalog paddle.vision (paddle.vision of paddlepaddle 9.1.0): its list of models "
        f"cannot be read: {cause}; install a version of it that this paddledvc knows, or a newer "
        "paddledvc"
    )


def test_a_paddle_without_tables_is_refused(fake, open_offline):
    fake("class ResNet: ...", version="9.1.0", distribution="paddlepaddle")

    assert failure(open_offline("paddle.vision").names) == (
        "the catalog paddle.vision (paddle.vision of paddlepaddle 9.1.0): its list of models "
        "cannot be read: there is no model; install a version of it that this paddledvc knows, or "
        "a newer paddledvc"
    )


def test_a_missing_paddle_is_told_with_what_to_install(hide, open_offline):
    hide("paddle")

    assert failure(open_offline("paddle.vision").names) == (
        "the catalog paddle.vision (paddle.vision): Paddle is not installed in this environment; "
        "run `pip install 'paddledvc[cpu]'`, or install the paddlepaddle-gpu that fits your CUDA"
    )
