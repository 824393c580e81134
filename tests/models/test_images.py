from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc import schemas
from paddledvc.errors import InvalidFile
from paddledvc.models.compatibility import explain_incompatibility
from paddledvc.models.images import Image, compare_images, images_agree, matches_image_paddle
from paddledvc.models.model import Environment
from paddledvc.models.registry import parse_registry
from paddledvc.yaml import reader

DIGEST = "sha256:" + "0a" * 32
MIRROR = "ccr-2vdh3abv-pub.cnc.bj.baidubce.com"


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag"),
    [
        ("paddlepaddle/paddle:3.3.1", None, "paddlepaddle/paddle", "3.3.1"),
        (f"{MIRROR}/paddlepaddle/paddle:3.3.1", MIRROR, "paddlepaddle/paddle", "3.3.1"),
        ("registry:5000/team/paddle:3.3.1", "registry:5000", "team/paddle", "3.3.1"),
        ("registry:5000/team/paddle", "registry:5000", "team/paddle", None),
        ("registry/paddle:3.1", None, "registry/paddle", "3.1"),
        ("localhost/paddle:3.1", "localhost", "paddle", "3.1"),
        ("10.0.0.7/a/b/paddle:3.1", "10.0.0.7", "a/b/paddle", "3.1"),
        ("[::1]:5000/paddle:3.1", "[::1]:5000", "paddle", "3.1"),
        ("Registry/paddle", "Registry", "paddle", None),
        ("paddle", None, "paddle", None),
        ("paddle:5000", None, "paddle", "5000"),
    ],
)
def test_a_name_is_taken_apart_as_docker_does(text, registry, repository, tag):
    for digest in (None, DIGEST):
        image = Image.parse(text if digest is None else f"{text}@{digest}")

        assert (image.registry, image.repository, image.tag) == (registry, repository, tag)
        assert image.digest == digest


@pytest.mark.parametrize(
    ("tag", "paddle", "cuda", "cudnn", "tensorrt"),
    [
        ("3.3.1", "3.3.1", None, None, None),
        ("3.3.1-gpu-cuda12.9-cudnn9.9", "3.3.1", "12.9", "9.9", None),
        ("2.6-gpu-cuda11.8", "2.6", "11.8", None, None),
        ("2.6.0-gpu-cuda11.7-trt8", "2.6.0", "11.7", None, "8"),
        ("2.6.0-gpu-cuda11.7-cudnn8.4-trt8.4", "2.6.0", "11.7", "8.4", "8.4"),
        ("3.0.0b1", "3.0.0b1", None, None, None),
        ("3.0.0-beta1", "3.0.0-beta1", None, None, None),
        ("3.0.0rc0-gpu-cuda11.8-cudnn8.6-trt8.5", "3.0.0rc0", "11.8", "8.6", "8.5"),
        ("v3.3.1", "3.3.1", None, None, None),
        ("V3.0.0RC1-gpu", "3.0.0RC1", None, None, None),
        ("2.6.2-jupyter", "2.6.2", None, None, None),
        ("3.3.1-a100", "3.3.1", None, None, None),
        ("3.3.1-B200-cuda12.9", "3.3.1", "12.9", None, None),
        ("latest", None, None, None, None),
        ("latest-dev", None, None, None, None),
        ("latest-gpu-cuda11.2-cudnn8", None, "11.2", "8", None),
        ("cuda118-dev", None, "11.8", None, None),
        ("nightly", None, None, None, None),
        ("2025-11-03", None, None, None, None),
        ("20251103", None, None, None, None),
        ("24.10-py3", None, None, None, None),
        ("1234567", None, None, None, None),
        ("3f2a1b0", None, None, None, None),
    ],
)
def test_a_tag_names_paddle_and_what_it_is_built_for(tag, paddle, cuda, cudnn, tensorrt):
    for start in ("paddlepaddle/paddle", f"{MIRROR}/paddlepaddle/paddle", "paddle"):
        image = Image.parse(f"{start}:{tag}")

        assert (image.paddle, image.cuda) == (paddle, cuda)
        assert (image.cudnn, image.tensorrt) == (cudnn, tensorrt)


@pytest.mark.parametrize(
    "text",
    ["team/serving:1.4", "paddlepaddle/serving:0.9.0-devel", "paddlex/hps:3.3", "a/paddles:3"],
)
def test_the_tag_of_another_image_names_no_paddle(text):
    assert Image.parse(text).paddle is None
    assert Environment(image=text).paddle is None
    assert Environment(image=text, stated_paddle="3.3.1").paddle == "3.3.1"


@pytest.mark.parametrize(
    ("text", "paddle"),
    [
        (f"{MIRROR}/paddlex/paddlex:paddlex3.3.11-paddlepaddle3.2.0-cpu", "3.2.0"),
        ("paddlex:paddlex3.0.1-paddlepaddle3.0.0rc1-gpu-cuda11.8-cudnn8.9-trt8.6", "3.0.0rc1"),
        ("team/serving:1.4-paddle3.2", "3.2"),
        ("team/serving:1.4_paddle-v3.2.0_py310", "3.2.0"),
        ("team/paddle:gpu-paddle3.2.0", "3.2.0"),
        ("team/serving:1.4-paddle-2", None),
        ("team/serving:1.4-paddle-2025.11", None),
        ("team/serving:mypaddle3.2.0", None),
        ("team/serving:paddlex3.2.0", None),
        ("team/serving:paddle3.2.0cpu", None),
    ],
)
def test_a_part_of_a_tag_that_says_paddle_names_it_in_any_image(text, paddle):
    assert Image.parse(text).paddle == paddle


@pytest.mark.parametrize(
    ("image", "stated", "paddle"),
    [
        ("paddle:3.3.1", "3", "3.3.1"),
        ("paddle:3", "3.3.1", "3.3.1"),
        ("paddle:2.6-gpu-cuda11.8", "2.6.2", "2.6.2"),
        ("paddle:2.6.2", "2.6.2.post117", "2.6.2.post117"),
        ("paddle:2.6.2", "3.3.1", "3.3.1"),
        ("paddle:latest", "3.3", "3.3"),
    ],
)
def test_the_more_exact_of_a_tag_and_what_is_stated_beside_it_counts(image, stated, paddle):
    assert Environment(image=image, stated_paddle=stated).paddle == paddle


@pytest.mark.parametrize(
    ("tag", "floating"),
    [
        ("", True),
        (":latest", True),
        (":LATEST", True),
        (":latest-dev", True),
        (":latest-gpu-cuda11.2-cudnn8", True),
        (":cuda118-dev", True),
        (":3.3.1-dev", True),
        (":gpu_latest", True),
        (":nightly", True),
        (":develop", True),
        (":3.3.1", False),
        (":2.6-gpu-cuda11.8", False),
        (":0.9.0-cuda10.1-devel", False),
        (":developers-1.2", False),
    ],
)
def test_a_tag_that_moves_by_intent_floats_unless_a_digest_holds_it(tag, floating):
    assert Image.parse(f"registry:5000/paddle{tag}").floating is floating
    assert Image.parse(f"registry:5000/paddle{tag}@{DIGEST}").floating is False


@pytest.mark.parametrize(
    "text",
    [
        *("", "a b", "https://host/paddle:3", "paddle:3:4", "paddle@3.3.1", "team/Paddle:3"),
        *("paddle:", "/paddle", "paddle/", "paddle:-3", "paddle:3\n", f"paddle@{DIGEST[:-1]}"),
        *("paddle@md5:" + "0" * 32, "p\u00e4ddle:3"),
    ],
)
def test_what_docker_would_refuse_is_no_image(text):
    with pytest.raises(ValueError, match="expected a container image such as"):
        Image.parse(text)


@given(st.text(max_size=40))
def test_any_text_is_taken_apart_or_refused(text):
    try:
        image = Image.parse(text)
    except ValueError:
        assert Environment(image=text).paddle is None
        return
    written = f"{image.registry}/" if image.registry else ""
    written += image.repository
    written += f":{image.tag}" if image.tag else ""
    assert (f"{written}@{image.digest}" if image.digest else written) == text


@pytest.mark.parametrize(
    ("found", "named", "same"),
    [
        ("3.3.1", "3.3.1", True),
        ("3.3.1+gpu", "3.3.1", True),
        ("2.6.2.post117", "2.6.2", True),
        ("2.6.2", "2.6.2.post117", True),
        ("2.6.2", "2.6", True),
        ("2.6.2", "2", True),
        ("2.6", "2.6.0", True),
        ("2.6.1", "2.6.2", False),
        ("2.16.0", "2.1", False),
        ("3.0.0rc1", "3.0.0", False),
        ("3.0.0", "3.0.0rc1", False),
        ("3.0.0b1", "3.0.0-beta1", True),
        ("3.4.0.dev20251120", "3.4.0", False),
        ("0.0.0", "3.3.1", False),
        ("custom", "3.3.1", False),
        ("custom", "custom", True),
    ],
)
def test_a_paddle_is_the_one_that_a_tag_names(found, named, same):
    assert matches_image_paddle(found, named) is same


def test_two_names_of_a_paddle_agree_where_one_is_the_beginning_of_the_other():
    assert images_agree("2.6", "2.6.2")
    assert images_agree("2.6.2", "2.6")
    assert not images_agree("2.6.1", "2.6.2")


def test_a_tag_without_a_last_number_stands_for_every_release_of_it():
    short = Environment(image="paddlepaddle/paddle:2.6-gpu-cuda11.8")
    exact = Environment(image="paddlepaddle/paddle:2.6.0-gpu-cuda11.7-trt8")

    assert explain_incompatibility(short, [">=2.6.1,<3"], None) is None
    assert explain_incompatibility(exact, [">=2.6.1,<3"], None) == (
        "needs Paddle >=2.6.1,<3, and paddlepaddle/paddle:2.6.0-gpu-cuda11.7-trt8 has Paddle 2.6.0"
    )
    assert explain_incompatibility(short, [">=3"], None) is not None
    assert explain_incompatibility(Environment(stated_paddle="3"), [">=3.1.1,<3.4"], None) is None
    assert explain_incompatibility(Environment(stated_paddle="3"), ["<3"], None) is not None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "environment: Paddle 3\nmodels: []\n",
            "models.yaml:1:14: environment: found 'Paddle 3', expected",
        ),
        (
            "models:\n  - {name: a, version: v1, environment: {image: 'paddle:3:4'}}\n",
            "models.yaml:2:49: models[0].environment.image: found 'paddle:3:4', expected",
        ),
        (
            "environment: {image: paddle:3, mirrors: [r.example/paddle:3, Paddle 3]}\nmodels: []\n",
            "models.yaml:1:62: environment.mirrors[1]: found 'Paddle 3', expected",
        ),
    ],
)
def test_what_is_no_image_is_refused_at_its_place(text, line):
    with pytest.raises(InvalidFile) as caught:
        parse_registry(reader.parse_yaml(text, "models.yaml"), schemas.read_schema("models"))

    assert str(caught.value) == f"{line} a container image such as paddlepaddle/paddle:3.3.1"


def test_mirrors_are_of_an_image():
    text = "environment: {paddle: 3.3.1, mirrors: [paddle:3]}\nmodels: []\n"
    with pytest.raises(InvalidFile) as caught:
        parse_registry(reader.parse_yaml(text, "models.yaml"), schemas.read_schema("models"))

    assert str(caught.value) == (
        "models.yaml:1:39: environment.mirrors: mirrors are other names of image; state image too"
    )


A, B = ("sha256:" + one * 64 for one in "ab")


@pytest.mark.parametrize(
    ("found", "locked", "same"),
    [
        (f"a/p:1@{A}", f"a/p@{A}", "equal"),
        (f"b.io/p@{A}", f"a/p:1@{A}", "equal"),
        (f"a/p:1@{B}", f"a/p:1@{A}", "differs"),
        ("docker.io/library/p", "p:latest", "equal"),
        ("a/p:1", f"a/p:1@{A}", "unknown"),
        (f"a/p:1@{A}", "a/p:1", "equal"),
        (f"a/p@{A}", "a/p:1", "unknown"),
        ("a/p:2", f"a/p:1@{A}", "differs"),
        ("--rm", "a/p:1", "differs"),
    ],
)
def test_images_are_the_same_by_their_digests_and_else_by_their_names(found, locked, same):
    assert compare_images(found, locked) == same


def test_a_mirror_of_the_image_counts_by_its_own_digest():
    assert compare_images(f"m.io/p@{B}", f"a/p:1@{A}", (f"m.io/p:1@{B}",)) == "equal"
