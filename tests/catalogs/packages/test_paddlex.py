"""Packages shaped like PaddleX 3.0 and 3.7, which are too large to be installed for tests."""

from __future__ import annotations

import pytest

from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.errors import CatalogFailed

FILE = "inference/utils/official_models.py"
BASE = "https://paddle-model-ecology.bj.bcebos.com/paddlex/official_inference_model"
V30 = f"""
from ...utils import logging

OFFICIAL_MODELS = {{
    "ResNet18": "{BASE}/paddle3.0.0/ResNet18_infer.tar",
    "PP-LCNet_x1_0": "{BASE}/paddle3.0.0/PP-LCNet_x1_0_infer.tar",
    "whisper_tiny": "{BASE}/paddle3.0.0/whisper_tiny.tar",
}}
"""
V37 = f"""
import os
from typing import Set

import huggingface_hub as hf_hub

hf_hub.logging.set_verbosity_error()
os.environ["AISTUDIO_LOG"] = "critical"

try:
    import modelscope.hub.errors as _ms_hub_errors
except Exception as e:
    logging.debug("%r", e)

ALL_MODELS = [
    "ResNet18",
    "PP-LCNet_x1_0",
    "whisper_tiny",
]

ONNX_SUPPORTED_MODELS: Set[str] = {{"PP-LCNet_x1_0"}}


class _BosModelHoster(_BaseModelHoster):
    model_list = ALL_MODELS
    alias = "bos"

    version = "paddle3.0.0"
    base_url = (
        "{BASE}"
    )
    special_model_fn = {{
        "whisper_tiny": "whisper_tiny.tar",
    }}

    def _download(self, model_name, save_dir):
        if model_name in self.special_model_fn:
            fn = self.special_model_fn[model_name]
        else:
            fn = f"{{model_name}}_infer.tar"
        url = f"{{self.base_url}}/{{self.version}}/{{fn}}"
        download_and_extract(url, save_dir.parent, model_name, overwrite=False)


official_models = _ModelManager()
"""


@pytest.fixture
def paddlex(install, open_offline):
    """Install a PaddleX with a list of models and open its catalog."""

    def make(models=V37):
        install("paddlex", {FILE: models}, version="3.7.2")
        return open_offline("paddlex")

    return make


def failure(act):
    with pytest.raises(CatalogFailed) as caught:
        act()
    return str(caught.value)


def test_the_catalog_names_the_package_and_its_version(paddlex):
    assert paddlex().where == "paddlex 3.7.2"


@pytest.mark.parametrize("models", [V30, V37], ids=["3.0", "3.7"])
def test_all_models_are_listed_at_the_version_in_their_urls(models, paddlex):
    catalog = paddlex(models)

    assert catalog.names() == ["PP-LCNet_x1_0", "ResNet18", "whisper_tiny"]
    assert catalog.versions(Query(name="ResNet18")) == [
        Listed(version="3.0.0", paddle=">=3.0.0", format="tar"),
    ]


@pytest.mark.parametrize("models", [V30, V37], ids=["3.0", "3.7"])
@pytest.mark.parametrize(
    ("name", "file"),
    [("PP-LCNet_x1_0", "PP-LCNet_x1_0_infer.tar"), ("whisper_tiny", "whisper_tiny.tar")],
)
def test_a_model_is_an_archive_without_a_digest(name, file, models, paddlex):
    assert paddlex(models).describe(Query(name=name), "3.0.0") == Release(
        version="3.0.0",
        files=(ReleaseFile(path=file, urls=(f"{BASE}/paddle3.0.0/{file}",)),),
        paddle=">=3.0.0",
    )


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        pytest.param("class _Bos", "class _S3", "it has no class _BosModelHoster", id="renamed"),
        pytest.param(
            "_infer.tar", "_infer.zip", "_BosModelHoster is not understood", id="other names"
        ),
        pytest.param("{self.version}/", "", "_BosModelHoster is not understood", id="other URLs"),
        pytest.param('"paddle3.0.0"', "PATH", "line 28 is not understood", id="not literal"),
        pytest.param(
            '"paddle3.0.0"', '"stable"', "the entry 'ResNet18' is not understood", id="no version"
        ),
        pytest.param("base_url =", "host =", "it has no base_url", id="no address"),
        pytest.param("\n    special_", "\n    x_", "it has no special_model_fn", id="no specials"),
        pytest.param(
            "\n]\n", "\n]\nALL_MODELS += more()\n", "line 26 is not understood", id="added to"
        ),
    ],
)
def test_a_list_that_cannot_be_read_is_named(old, new, cause, paddlex):
    assert V37.count(old) == 1
    assert failure(paddlex(V37.replace(old, new)).names) == (
        "the catalog paddlex (paddlex 3.7.2): its list of models cannot be read: "
        f"paddlex/inference/utils/official_models.py: {cause}; install a version of it that this "
        "paddledvc knows, or a newer paddledvc"
    )


@pytest.mark.parametrize(
    ("models", "cause"),
    [
        ("OFFICIAL_MODELS = ['ResNet18']", "OFFICIAL_MODELS is not understood"),
        ("OFFICIAL_MODELS = {'ResNet18': None}", "the entry 'ResNet18' is not understood"),
        ("OFFICIAL_MODELS = {**more()}", "line 1 is not understood"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(models, cause, paddlex):
    assert failure(paddlex(models).names) == (
        "the catalog paddlex (paddlex 3.7.2): its list of models cannot be read: "
        f"paddlex/inference/utils/official_models.py: {cause}; install a version of it that this "
        "paddledvc knows, or a newer paddledvc"
    )


def test_a_missing_package_is_told_with_what_to_install(hide, open_offline):
    hide("paddlex")

    assert failure(open_offline("paddlex").names) == (
        "the catalog paddlex (paddlex): PaddleX is not installed in this environment; "
        "run `pip install paddlex`, with `--no-deps` if only its list of models is needed"
    )
