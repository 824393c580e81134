"""Images, required facts and documentation at the gate; tests/gated.py plays ``dvc repro``."""

from __future__ import annotations

import re
from datetime import date

import pytest

import paddledvc
from paddledvc.models.policy import FEATURE, INTEGRATION, PRODUCTION
from tests.gated import EXPORTED, FACTS, Gated, a_waiver

DIGEST = "sha256:" + "0a" * 32
TODAY = date(2026, 11, 22)
SEED = """\
models:
  - name: resnet50_imagenet
    version: v3.3.0
    source: paddlehub
    hub_url: https://paddlemodels.bj.bcebos.com/resnet50.pdparams
    md5: d41d8cd98f00b204e9800998ecf8427e
    task: image_classification
    accuracy_top1: 76.8%
    description: ResNet50 trained on ImageNet1K, used as backbone.
  - name: pp-yolo-tiny
    version: v3.3.1
    source: model_zoo_official
    config_path: configs/yolo/pp_yolo_tiny.yml
    weights_url: https://paddledet.bj.bcebos.com/models/pp_yolo_tiny.pdparams
    md5: a1b2c3d4e5f67890abcdef1234567890
    input_size: [416, 416]
    description: Lightweight object detection model for edge devices.
"""
"""A registry that teams already have."""
FULL = (
    re.sub("    (weights_url|md5): .*\n", "", EXPORTED)
    + """\
    train: {command: python train.py, datasets: {mnist: data/mnist.npz}}
    task: image_classification
    outputs: [{name: y}]
    accuracy_top1: 76.8%
    environment: paddlepaddle/paddle:3.3.1-gpu-cuda12.9-cudnn9.9
"""
)
"""A model of which everything is stated."""
ALL = "owner, license, task, description, inputs, outputs, datasets, metrics, environment"


@pytest.fixture
def full(project):
    """One whose policy requires all facts, and whose model states them."""
    made = Gated(project)
    made.write("train.py", "")
    made.write("data/mnist.npz", "")
    made.models(f"policy: {{production: {{requires: [{ALL}]}}}}\n{FULL}")
    made.commit()
    return made


def of_images(made, **options):
    return [line for line in made.lines(**options) if "[image-" in line]


def in_environment(made, environment, *, of_registry=False):
    """State what a model, or all of them, run in; all else stays built."""
    text = made.read("models.yaml")
    if of_registry:
        made.write("models.yaml", f"environment: {environment}\n{text}")
    else:
        made.write(
            "models.yaml", text.replace("    owner", f"    environment: {environment}\n    owner")
        )
    made.lock()


def test_an_image_that_moves_is_refused_on_production_only(gated):
    in_environment(gated, "paddlepaddle/paddle:latest")

    assert gated.lines() == [
        (
            "models.yaml:9:18: error[image-floating]: resnet50: paddlepaddle/paddle:latest changes "
            "over time, expected a fixed one on production branches; give "
            "it the tag of a version, as in paddlepaddle/paddle:3.3.1, or a digest: "
            "paddlepaddle/paddle:latest@sha256:…"
        )
    ]
    assert gated.lines(branch="develop") == []
    assert gated.lines(branch="feature/x") == []


@pytest.mark.parametrize("form", ["{}", "{{image: {}}}"])
@pytest.mark.parametrize(
    "image",
    ["paddle", "registry:5000/team/serving", "paddle:latest-gpu-cuda11.2", "a/b:cuda118-dev"],
)
def test_whatever_moves_is_found_at_its_place_and_a_digest_holds_it(gated, image, form):
    in_environment(gated, form.format(image))
    [line] = gated.lines()
    column = 18 + len(form.partition("{}")[0].replace("{{", "{"))
    assert line.startswith(f"models.yaml:9:{column}: error[image-floating]: resnet50: {image} ")
    gated.edit("models.yaml", image, f"{image}@{DIGEST}")
    gated.lock()

    assert gated.lines() == []


def test_the_image_of_all_models_is_told_once(gated):
    gated.write("models.yaml", gated.read("models.yaml") + "  - {name: b, version: v1}\n")
    in_environment(gated, "{image: paddle:nightly}", of_registry=True)
    lines = of_images(gated)

    assert len(lines) == 1
    assert lines[0].startswith(
        "models.yaml:1:22: error[image-floating]: environment: paddle:nightly changes over time, "
    )


def test_an_image_of_all_models_that_none_runs_in_is_no_finding(gated):
    in_environment(gated, "paddle:3.3.1")
    in_environment(gated, "paddle:latest", of_registry=True)

    assert of_images(gated) == []


def test_no_image_is_no_finding(gated):
    assert of_images(gated) == []
    in_environment(gated, "{paddle: 3.3.1}")

    assert gated.lines() == []


@pytest.mark.parametrize(
    "image",
    [
        "paddlepaddle/paddle:3.3.1",
        "registry:5000/team/paddle:3.3.1-gpu-cuda12.9-cudnn9.9",
        "paddlepaddle/paddle:3.3-gpu-cuda12.9",
        "team/serving:1.4",
        "team/paddle:20261103",
    ],
)
def test_a_report_by_the_paddle_of_the_image_passes(gated, image):
    in_environment(gated, image)

    assert gated.lines() == []


@pytest.mark.parametrize(
    ("environment", "column", "has", "paddle"),
    [
        ("paddlepaddle/paddle:3.2.0", 18, "paddlepaddle/paddle:3.2.0", "3.2.0"),
        ("paddlepaddle/paddle:2.6-gpu-cuda11.8", 18, None, "2.6"),
        ("paddlepaddle/paddle:2.6.0-gpu-cuda11.7-trt8", 18, None, "2.6.0"),
        ("paddlepaddle/paddle:3.3.1rc0", 18, None, "3.3.1rc0"),
        ("{image: team/serving:1.4, paddle: 3.2.0}", 26, "team/serving:1.4", "3.2.0"),
        ("{paddle: 3.2.0}", 18, "its environment", "3.2.0"),
        ("{image: paddle:3.2.0, paddle: '3'}", 26, "paddle:3.2.0", "3.2.0"),
        ("paddlex/paddlex:paddlex3.3.11-paddlepaddle3.2.0-cpu", 18, None, "3.2.0"),
    ],
)
def test_a_report_by_another_paddle_than_the_image_has_is_refused(
    gated, environment, column, has, paddle
):
    in_environment(gated, environment)
    line = (
        f"models.yaml:9:{column}: {{}}[image-other-paddle]: resnet50: "
        f"reports/resnet50/verify.json was made by Paddle 3.3.1, and {has or environment} has "
        f"Paddle {paddle}; run `dvc repro --force --single-item verify-resnet50` with Paddle "
        f"{paddle}, or name an image of Paddle 3.3.1"
    )

    assert of_images(gated) == [line.format("error")]
    assert of_images(gated, branch="develop") == [line.format("warning")]
    assert of_images(gated, branch="feature/x") == []


def test_a_report_of_other_bytes_says_nothing_of_the_image(gated):
    in_environment(gated, "paddlepaddle/paddle:3.2.0")
    gated.edit("reports/resnet50/verify.json", "0cc175b9c0f1b6a831c399e269772661", "a1" * 16)

    assert of_images(gated) == []
    assert "evidence-other-bytes" in [one.rule for one in gated.check().errors]


def test_one_path_that_another_paddle_ran_is_enough(gated):
    in_environment(gated, "paddlepaddle/paddle:3.3.1")
    report = gated.read("reports/resnet50/verify.json")
    head, _, tail = report.rpartition('"paddle": "3.3.1"')
    gated.write("reports/resnet50/verify.json", f'{head}"paddle": "3.2.0"{tail}')

    [line] = of_images(gated)
    assert "verify.json was made by Paddle 3.2.0, and paddlepaddle/paddle:3.3.1 has" in line


A, B = (f"paddlepaddle/paddle:3.3.1@sha256:{one * 64}" for one in "ab")


def ran_in(made, image, report="verify"):
    """Note in a report the image that it was made in."""
    noted = f'"device": "cpu", "image": "{image}"'
    made.edit(f"reports/resnet50/{report}.json", '"device": "cpu"', noted)


def test_a_report_that_was_made_in_another_image_than_is_locked_is_found(gated):
    in_environment(gated, A)
    ran_in(gated, B)
    line = (
        f"models.yaml:9:18: {{}}[image-other]: resnet50: reports/resnet50/verify.json was made in "
        f"{B}, and models.lock has {A}; run `dvc repro --force --single-item verify-resnet50` in "
        "that one, which `paddledvc env docker` starts, or name the other one in models.yaml"
    )

    assert of_images(gated) == [line.format("error")]
    assert of_images(gated, branch="develop") == [line.format("warning")]
    assert of_images(gated, branch="feature/x") == []
    gated.edit("reports/resnet50/verify.json", "0cc175b9c0f1b6a831c399e269772661", "a1" * 16)
    assert of_images(gated) == []


@pytest.mark.parametrize(
    "image", [A, A.replace("paddlepaddle/", "mirror.example/"), A.partition("@")[0]]
)
def test_a_report_of_the_locked_image_by_any_name_of_it_passes(gated, image):
    in_environment(gated, A)
    ran_in(gated, image)

    assert of_images(gated) == []


@pytest.mark.parametrize(("branch", "level"), [("main", "error"), ("feature/x", "warning")])
def test_a_paddle_that_contradicts_the_tag_is_told_once(gated, branch, level):
    in_environment(gated, "{image: paddle:2.6.2, paddle: 3.3.1}", of_registry=True)

    assert of_images(gated, branch=branch) == [
        (
            f"models.yaml:1:22: {level}[image-other-paddle]: environment: paddle: 3.3.1 is stated "
            "of paddle:2.6.2, whose tag names Paddle 2.6.2; correct one of them"
        )
    ]
    gated.edit("models.yaml", "paddle: 3.3.1", "paddle: 2.6")
    assert "is stated of" not in str(gated.lines())


@pytest.mark.parametrize("rule", ["image-floating", "image-other-paddle", "fact-missing"])
def test_the_rules_can_be_waived(gated, rule):
    environment = "paddle:latest" if rule == "image-floating" else "paddle:3.2.0"
    if rule != "fact-missing":
        in_environment(gated, environment)
    gated.edit("models.yaml", "    owner: the vision team\n", "")
    gated.write("models.yaml", a_waiver(rule, "2026-12-04") + gated.read("models.yaml"))
    verdict = gated.check(today=TODAY)

    assert [one.violation.rule for one in verdict.waived] == [rule]
    assert rule not in [one.rule for one in verdict.violations]


def test_owner_licence_and_description_are_warned_of_on_production(gated):
    gated.models(EXPORTED.removesuffix(FACTS), build=False)

    assert gated.lines() == [
        (
            "models.yaml:2:11: warning[fact-missing]: resnet50: owner, license and description "
            "are missing, expected on production branches; add them to models.yaml"
        )
    ]
    assert gated.lines(branch="develop") == []
    assert gated.lines(branch="feature/x") == []


def test_a_model_that_states_all_that_is_required_passes(full):
    assert full.lines() == []


@pytest.mark.parametrize(
    ("fact", "without"),
    [
        ("owner", "    owner: the vision team\n"),
        ("license", "    license: Apache-2.0\n"),
        ("task", "    task: image_classification\n"),
        ("description", "    description: A backbone.\n"),
        ("outputs", "    outputs: [{name: y}]\n"),
        ("train.datasets", ", datasets: {mnist: data/mnist.npz}"),
        ("metrics", "    accuracy_top1: 76.8%\n"),
        ("environment.image", "    environment: paddlepaddle/paddle:3.3.1-gpu-cuda12.9-cudnn9.9\n"),
    ],
)
def test_each_required_fact_that_is_taken_away_is_an_error(full, fact, without):
    full.edit("models.yaml", without, "")

    assert [line for line in full.lines() if "fact-missing" in line] == [
        (
            f"models.yaml:3:11: error[fact-missing]: resnet50: {fact} is missing, expected on "
            "production branches; add it to models.yaml"
        )
    ]
    assert [line for line in full.lines(branch="develop") if "fact-missing" in line] == []


def test_an_export_needs_inputs_whatever_the_policy_requires(full):
    full.edit("models.yaml", "    inputs: [{name: x, shape: [null, 4]}]\n", "")

    assert full.lines()[0] == (
        "models.yaml:6:13: error[registry-invalid]: models[0].export: an export needs 'inputs'; "
        "add it to the model"
    )


def test_a_paddle_alone_is_no_image_and_that_of_all_models_is_one(full):
    image = "paddlepaddle/paddle:3.3.1-gpu-cuda12.9-cudnn9.9"
    full.edit("models.yaml", image, "{paddle: 3.3.1}")
    assert "environment.image is missing" in str(full.lines())
    full.edit("models.yaml", "    environment: {paddle: 3.3.1}\n", "")
    full.write("models.yaml", full.read("models.yaml") + f"environment: {image}\n")
    paddledvc.lock(full.project)

    assert full.lines() == []


def test_what_is_neither_exported_nor_trained_needs_no_inputs_data_or_image(project):
    made = Gated(project)
    text = f"models:\n  - name: a\n    version: v1\n{FACTS}    task: t\n    accuracy_top1: 0.9\n"
    made.models(f"policy: {{production: {{requires: [{ALL}]}}}}\n{text}", build=False)

    assert made.lines(branch="main") == []


@pytest.mark.parametrize(
    ("requires", "lines"),
    [
        ("[]", []),
        ("[task]", ["error[fact-missing]: resnet50: task is missing, "]),
        ("[owner, task]", ["error[fact-missing]: resnet50: owner and task are missing, "]),
    ],
)
def test_a_list_in_the_policy_replaces_the_built_in_one(gated, requires, lines):
    policy = f"policy: {{production: {{requires: {requires}}}}}\n"
    gated.models(policy + EXPORTED.removesuffix(FACTS), build=False)
    found = [line.partition(" ")[2] for line in gated.lines()]

    assert len(found) == len(lines)
    assert all(line.startswith(start) for line, start in zip(found, lines, strict=True))


def test_every_role_may_require_facts(gated):
    gated.edit("models.yaml", "models:", "policy: {feature: {requires: [metrics]}}\nmodels:")

    assert [line.partition(": ")[2] for line in gated.lines(branch="feature/x")] == [
        (
            "error[fact-missing]: resnet50: metrics is missing, expected on feature branches; "
            "add it to models.yaml"
        )
    ]


def test_only_production_recommends_facts_by_itself():
    assert PRODUCTION.recommends == ("owner", "license", "description")
    assert [role.requires for role in (PRODUCTION, INTEGRATION, FEATURE)] == [(), (), ()]
    assert INTEGRATION.recommends == FEATURE.recommends == ()


def test_the_registry_that_teams_have_gets_one_error_and_two_warnings_on_main(project):
    made = Gated(project)
    made.write("configs/yolo/pp_yolo_tiny.yml", "")
    made.models(SEED, build=False)
    made.commit()
    missing = "owner and license are missing, expected on production branches; add them to"

    assert made.lines(branch="main") == [
        f"models.yaml:2:11: warning[fact-missing]: resnet50_imagenet: {missing} models.yaml",
        (
            "models.yaml:6:10: error[digest-of-nothing]: resnet50_imagenet: found the md5 of an "
            "empty file, expected that of the weights; download them again and hash them, or leave "
            "the digest out"
        ),
        f"models.yaml:10:11: warning[fact-missing]: pp-yolo-tiny: {missing} models.yaml",
    ]
