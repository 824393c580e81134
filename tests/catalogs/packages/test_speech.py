"""A package shaped like PaddleSpeech 1.5, which is too large to be installed for tests."""

from __future__ import annotations

import pytest

from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.errors import CatalogFailed
from paddledvc.hashes import Hashes

FILE = "resource/pretrained_models.py"
HOST = "https://paddlespeech.cdn.bcebos.com"
MD5 = [f"{digit:x}" * 32 for digit in range(10)]
MODELS = f"""
__all__ = [
    'cls_dynamic_pretrained_models',
    'st_kaldi_bins',
]

# The tags for pretrained_models should be "{{model_name}}[_{{dataset}}][-{{lang}}][-...]".
cls_dynamic_pretrained_models = {{
    "panns_cnn6-32k": {{
        '1.0': {{
            'url': '{HOST}/cls/panns_cnn6.tar.gz',
            'md5': '{MD5[0]}',
            'cfg_path': 'panns.yaml',  # the yaml config path
            'ckpt_path': 'cnn6',
        }},
    }},
}}

cls_static_pretrained_models = {{
    "panns_cnn6-32k": {{
        '1.0': {{
            'url':
            '{HOST}/cls/inference_model/panns_cnn6_static.tar.gz',
            'md5':
            '{MD5[1]}',
            'params': 'inference.pdiparams',
        }},
    }},
}}

st_kaldi_bins = {{
    "url": "{HOST}/s2t/ted_en_zh/st1/kaldi_bins.tar.gz",
    "md5": "{MD5[2]}",
}}

tts_onnx_pretrained_models = {{
    "fastspeech2_mix_onnx-mix": {{
        '1.0': {{
            'url': '{HOST}/t2s/fastspeech2_csmscljspeech_add-zhen_onnx.zip',
            'md5': '{MD5[3]}',
            'ckpt': ['fastspeech2_mix.onnx'],
            'sample_rate': 24000,
        }},
        '2.0': {{
            'url': '{HOST}/t2s/fastspeech2_mix_onnx_0.2.0.zip',
            'md5': '{MD5[4]}',
        }},
    }},
}}

tts_onnx_pretrained_models[
    "fastspeech2_mix_onnx-zh"] = tts_onnx_pretrained_models[
        "fastspeech2_mix_onnx-en"] = tts_onnx_pretrained_models[
            "fastspeech2_mix_onnx-mix"]

rhy_frontend_models = {{
    'rhy_e2e': {{
        '1.0': {{'url': '{HOST}/Rhy_e2e/rhy_frontend.zip', 'md5': '{MD5[5]}'}},
    }},
}}

StarGANv2VC_source = {{
    '1.0': {{'url': '{HOST}/starganv2vc/StarGANv2VC_source.zip', 'md5': '{MD5[6]}'}}
}}
"""
LINES = MODELS.count("\n")


@pytest.fixture
def speech(install, open_offline):
    """Install a PaddleSpeech with a file of tables and open its catalog."""

    def make(models=MODELS):
        install("paddlespeech", {FILE: models}, version="1.5.0")
        return open_offline("paddlespeech")

    return make


def failure(act):
    with pytest.raises(CatalogFailed) as caught:
        act()
    return str(caught.value)


def test_the_catalog_names_the_package_and_its_version(speech):
    assert speech().where == "paddlespeech 1.5.0"


def test_all_models_are_named_aliases_too(speech):
    assert speech().names() == [
        "fastspeech2_mix_onnx-en",
        "fastspeech2_mix_onnx-mix",
        "fastspeech2_mix_onnx-zh",
        "panns_cnn6-32k",
        "rhy_e2e",
        "static/panns_cnn6-32k",
    ]


def test_all_versions_of_a_model_are_listed(speech):
    assert speech().versions(Query(name="fastspeech2_mix_onnx-zh")) == [
        Listed(version="1.0", format="zip"),
        Listed(version="2.0", format="zip"),
    ]


def test_a_version_is_an_archive_with_a_digest(speech):
    assert speech().describe(Query(name="fastspeech2_mix_onnx-en"), "2.0") == Release(
        version="2.0",
        files=(
            ReleaseFile(
                path="fastspeech2_mix_onnx_0.2.0.zip",
                urls=(f"{HOST}/t2s/fastspeech2_mix_onnx_0.2.0.zip",),
                hashes=Hashes(md5=MD5[4]),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("name", "md5"), [("panns_cnn6-32k", MD5[0]), ("static/panns_cnn6-32k", MD5[1])]
)
def test_the_forms_of_a_model_are_told_apart(name, md5, speech):
    [file] = speech().describe(Query(name=name), "1.0").files

    assert file.hashes.md5 == md5


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        pytest.param(
            "tts_dynamic_pretrained_models = load('tts.json')",
            f"line {LINES + 1} is not understood",
            id="a call",
        ),
        pytest.param(
            "cls_static_pretrained_models.update(more())",
            f"line {LINES + 1} is not understood",
            id="an update",
        ),
        pytest.param(
            "kws_models = ['mdtc']",
            "kws_models is not understood",
            id="no table",
        ),
        pytest.param(
            f"kws_models = {{'mdtc': '{HOST}/mdtc.zip'}}",
            "the entry 'mdtc' of kws_models is not understood",
            id="no versions",
        ),
        pytest.param(
            f"kws_models = {{'mdtc': {{'1.0': {{'url': '{HOST}/mdtc.zip'}}}}}}",
            "the entry 'mdtc' of kws_models is not understood",
            id="no digest",
        ),
        pytest.param(
            f"kws_models = {{'mdtc': {{'new': {{'url': '{HOST}/a.zip', 'md5': '{MD5[0]}'}}}}}}",
            "the entry 'mdtc' is not understood",
            id="no version",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_named_and_no_other_taken(more, cause, speech):
    assert failure(speech(MODELS + more).names) == (
        "the catalog paddlespeech (paddlespeech 1.5.0): its list of models cannot be read: "
        f"paddlespeech/resource/pretrained_models.py: {cause}; install a version of it that this "
        "paddledvc knows, or a newer paddledvc"
    )


def test_a_model_that_two_tables_list_with_other_bytes_is_refused(speech):
    other = f"{{'panns_cnn6-32k': {{'1.0': {{'url': '{HOST}/a.zip', 'md5': '{MD5[9]}'}}}}}}"

    assert failure(speech(MODELS + f"ssl_dynamic_pretrained_models = {other}").names) == (
        "the catalog paddlespeech (paddlespeech 1.5.0): its list of models cannot be read: "
        "panns_cnn6-32k 1.0 is listed twice, with other bytes; install a version of it that this "
        "paddledvc knows, or a newer paddledvc"
    )


def test_a_missing_package_is_told_with_what_to_install(hide, open_offline):
    hide("paddlespeech")

    assert failure(open_offline("paddlespeech").names) == (
        "the catalog paddlespeech (paddlespeech): PaddleSpeech is not installed in this "
        "environment; run `pip install paddlespeech`, with `--no-deps` if only its list of models "
        "is needed"
    )
