from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from yaml import safe_load

from paddledvc import schemas
from paddledvc.errors import InvalidFile, UnknownModel
from paddledvc.models import registry
from paddledvc.models.evaluate_settings import Evaluate, MetricGoal, Plot, SliceGoal
from paddledvc.models.model import (
    Declared,
    Environment,
    Export,
    Input,
    Launch,
    Metric,
    Model,
    Output,
    Reference,
    Train,
)
from paddledvc.models.policy import FEATURE, INTEGRATION, PRODUCTION, Policy
from paddledvc.models.registry import PLAIN_FIELDS, Deploy
from paddledvc.models.verify_settings import Engine, OutputTolerance, Tolerance, Verify
from paddledvc.models.versions import Requirement
from paddledvc.yaml import reader


def parse(text):
    return registry.parse_registry(
        reader.parse_yaml(text, "models.yaml"), schemas.read_schema("models")
    )


def complaints(text):
    with pytest.raises(InvalidFile) as caught:
        parse(text)
    return str(caught.value).splitlines()


def a_model(lines):
    """Write a registry of one model with these lines below its name and version."""
    text = "models:\n  - name: a\n    version: v1\n"
    return text + "".join(f"    {line}\n" for line in lines.split("\n"))


def named(name):
    return f"models:\n  - name: {name}\n    version: v1\n"


def of_version(version):
    return f"models:\n  - name: a\n    version: {version}\n    source: huggingface\n"


BROKEN = [
    pytest.param(case["text"], case["lines"], id=case["id"])
    for case in safe_load(Path(__file__).with_name("broken_registries.yaml").read_text("utf-8"))
]


@pytest.mark.parametrize(("text", "lines"), BROKEN)
def test_a_broken_registry_is_refused_with_place_and_reason(text, lines):
    assert complaints(text) == [f"models.yaml:{line}" for line in lines]


@pytest.mark.parametrize(
    ("lines", "written"),
    [
        pytest.param("weights_url: w\nsize: 1e3", "1e3", id="size"),
        pytest.param("input_size: 416.0", "416.0", id="input_size"),
        pytest.param("inputs: [{name: x, shape: [null, 4.0]}]", "4.0", id="shape"),
        pytest.param("verify: {batch_sizes: [1, 3.0]}", "3.0", id="batch_sizes"),
        pytest.param("train: {command: x, seed: 1.0}", "1.0", id="seed"),
    ],
)
def test_a_whole_number_written_with_a_point_or_exponent_is_refused(lines, written):
    [line] = complaints(a_model(lines))

    assert f"found {written}, which YAML reads as a number" in line


def test_every_missing_key_is_named():
    assert complaints("models:\n  - {}\n") == [
        "models.yaml:2:5: models[0]: 'name' is missing",
        "models.yaml:2:5: models[0]: 'version' is missing",
    ]


def test_an_empty_file_is_refused():
    assert complaints("") == ["models.yaml:1:1: found nothing, expected a mapping with models"]


def test_all_problems_of_a_file_come_at_once_in_the_order_of_the_file():
    text = """\
models:
  - name: a b
    version: 1.10
    md5: d41d8
  - name: ok
    version: v1
    base: abc
    vresion: v2
  - version: newest
    export: {}
    name: ok
policy: []
"""

    assert [line.partition(": ")[0] for line in complaints(text)] == [
        "models.yaml:2:11",
        "models.yaml:3:14",
        "models.yaml:4:10",
        "models.yaml:7:11",
        "models.yaml:8:5",
        "models.yaml:9:14",
        "models.yaml:10:13",
        "models.yaml:10:13",
        "models.yaml:10:13",
        "models.yaml:11:11",
        "models.yaml:12:9",
    ]


def test_problems_are_data_too():
    with pytest.raises(InvalidFile) as caught:
        parse(of_version("1.10"))
    [problem] = caught.value.problems

    assert (problem.file, problem.line, problem.column, problem.path) == (
        "models.yaml",
        3,
        14,
        "models[0].version",
    )


def test_the_example_of_the_readme_is_accepted_unchanged():
    models = parse("""\
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
""").models

    assert models == (
        Model(
            name="resnet50_imagenet",
            requires=Requirement.parse("v3.3.0"),
            source="paddlehub",
            urls=("https://paddlemodels.bj.bcebos.com/resnet50.pdparams",),
            md5="d41d8cd98f00b204e9800998ecf8427e",
            task="image_classification",
            metrics=(Metric(name="accuracy_top1", value=0.768),),
            description="ResNet50 trained on ImageNet1K, used as backbone.",
        ),
        Model(
            name="pp-yolo-tiny",
            requires=Requirement.parse("v3.3.1"),
            source="model_zoo_official",
            config_path="configs/yolo/pp_yolo_tiny.yml",
            urls=("https://paddledet.bj.bcebos.com/models/pp_yolo_tiny.pdparams",),
            md5="a1b2c3d4e5f67890abcdef1234567890",
            input_size=(416, 416),
            description="Lightweight object detection model for edge devices.",
        ),
    )


EVERYTHING = """\
environment: {image: "registry/paddle:3.1", paddle: 3.1.1}
policy: {integration: {branches: [next], lock: any}}
catalogs: {team: {kind: git, url: "git@host:models.git"}}
models:
  - name: base
    version: v1
    hub_url: https://host/b.pdparams
  - name: PP-YOLOE+_L
    version: v3.3.1
    source: zoo
    weights_url: https://host/a.tar.gz
    hub_url: https://host/b.pdparams
    urls: ["https://mirror/a.tar.gz", "https://host/a.tar.gz", zoo/a.tar.gz]
    md5: D41D8CD98F00B204E9800998ECF8427E
    sha256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855
    size: 12
    format: tar.gz
    task: detection
    description: |
      Two lines,
      kept.
    license: Apache-2.0
    owner: vision@example.com
    tags: [edge, demo]
    accuracy: 0.5
    accuracy_top5: 93.1%
    metrics:
      latency: {value: 12, direction: lower, tolerance: 10%}
      recall: 1e-2
    config_path: configs/a b.yml
    input_size: 640
    base: base
    network: nets/yolo.py:build.large
    network_args: {depth: 0.33, name: [x, null]}
    inputs:
      - {name: image, shape: [null, 3, 640, 640]}
      - {name: ids, shape: [], dtype: int64, range: [0, 10]}
    forward: [{image: image, sizes: [ids, null]}]
    outputs:
      - {name: boxes, shape: [null, 6], dtype: float32}
      - {name: count}
    docs: docs/yolo.md
    train:
      function: pkg.train:train
      deps: [data, configs/x.yml]
      outs: [logs]
      datasets: {coco: data/coco}
      params: configs/yolo/big.yml
      launch: {processes: 2, nodes: 3, master: "host-1:6170", backend: gloo}
      seed: 7
      device: gpu
    export: {format: pdmodel, allow: [in-place, branch-types]}
    verify:
      samples: data/samples.npz
      batch_sizes: [2, 5]
      seed: 3
      device: gpu
      paths: [jit, gpu]
      tolerance:
        program: 0
        engine: 1.0e-4
        device: 0.5
        reason: measured
        outputs: {"out[1]": {engine: 1.0e-3, reason: a mask}}
      optional: [deployed]
      engine: {onednn: false, ir_optim: false, memory_optim: false, threads: 4}
    evaluate:
      function: yolo/measure.py:evaluate
      deps: [data/val]
      metrics:
        map: {direction: higher, tolerance: 1%, floor: 40.5%, export: 0.1%}
        loss: {direction: lower, relative: 0.05}
      slices: {size: {tolerance: 3%, at_least: 20}, light: null}
      plots: {confusion: {template: confusion, x: predicted, y: actual}, curve: {}}
      paths: [deployed, gpu]
      seed: 5
      device: gpu:1
      timeout: 60
    environment: registry/paddle:3.2
    meta: {anything: [1, {a: null}]}
  - name: det
    version: ">=1,<2"
    source: team
    source_name: zoo:detector
    revision: release/1
    file: det.pdparams
    key: model
    paddle: ">=3.0"
    base: {name: base, version: ^1}
"""


def test_everything_that_a_model_can_say_is_read():
    model = parse(EVERYTHING).model("PP-YOLOE+_L")

    assert model == Model(
        name="PP-YOLOE+_L",
        requires=Requirement.parse("v3.3.1"),
        source="zoo",
        urls=(
            "https://host/a.tar.gz",
            "https://host/b.pdparams",
            "https://mirror/a.tar.gz",
            "zoo/a.tar.gz",
        ),
        md5="d41d8cd98f00b204e9800998ecf8427e",
        sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        size=12,
        format="tar.gz",
        task="detection",
        description="Two lines,\nkept.\n",
        license="Apache-2.0",
        owner="vision@example.com",
        tags=("edge", "demo"),
        metrics=(
            Metric(name="accuracy", value=0.5),
            Metric(name="accuracy_top5", value=0.931),
            Metric(name="latency", value=12.0, direction="lower", tolerance=0.1),
            Metric(name="recall", value=0.01),
        ),
        config_path="configs/a b.yml",
        input_size=(640, 640),
        base="base",
        network=Reference(module="nets/yolo.py", name="build.large"),
        network_args={"depth": 0.33, "name": ["x", None]},
        inputs=(
            Input(name="image", shape=(None, 3, 640, 640)),
            Input(name="ids", shape=(), dtype="int64", range=(0, 10)),
        ),
        forward=[{"image": "image", "sizes": ["ids", None]}],
        outputs=(
            Output(name="boxes", shape=(None, 6), dtype="float32"),
            Output(name="count"),
        ),
        docs="docs/yolo.md",
        train=Train(
            function=Reference(module="pkg.train", name="train"),
            deps=("data", "configs/x.yml"),
            outs=("logs",),
            datasets={"coco": "data/coco"},
            params="configs/yolo/big.yml",
            launch=Launch(processes=2, nodes=3, master="host-1:6170", backend="gloo"),
            seed=7,
            device="gpu",
        ),
        export=Export(format="pdmodel", allow=("in-place", "branch-types")),
        verify=Verify(
            samples="data/samples.npz",
            batch_sizes=(2, 5),
            seed=3,
            device="gpu",
            paths=("jit", "gpu"),
            optional=("deployed",),
            tolerance=Tolerance(
                program=0,
                engine=1e-4,
                device=0.5,
                reason="measured",
                outputs={"out[1]": OutputTolerance(engine=1e-3, reason="a mask")},
            ),
            engine=Engine(onednn=False, ir_optim=False, memory_optim=False, threads=4),
        ),
        evaluate=Evaluate(
            function="yolo/measure.py:evaluate",
            metrics=(
                MetricGoal(
                    name="map",
                    direction="higher",
                    tolerance=0.01,
                    floor=0.405,
                    export=0.001,
                    percent=True,
                ),
                MetricGoal(name="loss", direction="lower", relative=0.05),
            ),
            deps=("data/val",),
            slices=(SliceGoal(name="size", tolerance=0.03, at_least=20), SliceGoal(name="light")),
            plots=(
                Plot(name="confusion", template="confusion", x="predicted", y="actual"),
                Plot(name="curve"),
            ),
            paths=("deployed", "gpu"),
            seed=5,
            device="gpu:1",
            timeout=60,
        ),
        environment=Environment(image="registry/paddle:3.2"),
        meta={"anything": [1, {"a": None}]},
    )


def test_everything_that_a_model_of_a_catalog_can_say_is_read():
    assert parse(EVERYTHING).model("det") == Model(
        name="det",
        requires=Requirement(text=">=1,<2", version=None),
        source="team",
        source_name="zoo:detector",
        revision="release/1",
        file="det.pdparams",
        key="model",
        paddle=">=3.0",
        base="base",
        base_requires=Requirement(text="^1", version=None),
    )


def test_everything_that_a_registry_can_say_beside_its_models_is_read():
    read = parse(EVERYTHING)

    assert (read.environment, read.policy, read.catalogs) == (
        Environment(image="registry/paddle:3.1", stated_paddle="3.1.1"),
        Policy(roles=(PRODUCTION, replace(INTEGRATION, branches=("next",), fresh=False), FEATURE)),
        {"team": Declared(kind="git", settings={"url": "git@host:models.git"})},
    )


def test_the_schema_knows_no_model_key_that_is_not_in_the_test_of_everything():
    known = set(json.loads(schemas.schema_text("models"))["$defs"]["model"]["properties"])
    entries = reader.parse_yaml(EVERYTHING, "models.yaml").value["models"]

    assert known - set().union(*entries) == set()


@pytest.mark.parametrize("name", ["models", "lock", "index", "report", "evaluate"])
def test_the_published_schemas_are_valid_json_schema_2020_12(name):
    schema = json.loads(schemas.schema_text(name))

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_two_downloads_to_files_of_one_name_are_refused():
    text = (
        "models:\n"
        "  - {name: x_1.0_rc, version: '1', weights_url: a.pdparams}\n"
        "  - {name: x, version: 1.0_rc_1, weights_url: b.pdparams}\n"
    )

    assert complaints(text) == [
        (
            "models.yaml:3:12: models[1].name: 'x' 1.0_rc_1 and 'x_1.0_rc' would be downloaded to "
            "files of one name; rename one of them"
        )
    ]


def test_every_key_of_a_model_is_described_in_the_schema():
    model = json.loads(schemas.schema_text("models"))["$defs"]["model"]
    silent = [
        key
        for key, rule in model["properties"].items()
        if "$ref" not in rule and "description" not in rule
    ]

    assert silent == []


def test_plain_fields_are_keys_of_the_schema():
    known = json.loads(schemas.schema_text("models"))["$defs"]["model"]["properties"]

    assert set(PLAIN_FIELDS) <= set(known)


def test_a_registry_without_models_is_empty():
    assert parse("models:\n").models == ()


def test_models_keep_the_order_of_the_file():
    text = "models:\n" + "".join(f"  - {{name: {name}, version: v1}}\n" for name in "cab")

    assert [model.name for model in parse(text).models] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("76.8%", 0.768, id="percent"),
        pytest.param('"76.8 %"', 0.768, id="percent after a space"),
        pytest.param("0.1%", 0.001, id="small percent"),
        pytest.param("100%", 1.0, id="all"),
        pytest.param("-1.5e-3", -0.0015, id="exponent"),
        pytest.param('"0.5"', 0.5, id="quoted"),
        pytest.param("3", 3.0, id="whole"),
    ],
)
def test_a_metric_is_a_number_and_a_percentage_a_fraction(written, value):
    assert parse(a_model(f"accuracy: {written}")).models[0].metrics == (
        Metric(name="accuracy", value=value),
    )


@pytest.mark.parametrize(
    ("version", "exact"),
    [
        pytest.param("v3.3.0", True, id="v"),
        pytest.param("3.3.0rc1", True, id="pre"),
        pytest.param("'1.10'", True, id="quoted"),
        pytest.param("2024.1", None, id="number"),
        pytest.param("'>=3.2,<4'", False, id="range"),
        pytest.param("~=3.2", False, id="compatible"),
        pytest.param("^3.2", False, id="caret"),
        pytest.param("==3.2", True, id="equals"),
        pytest.param("==3.*", False, id="any patch"),
        pytest.param("latest", False, id="latest"),
        pytest.param("latest-pre", False, id="latest-pre"),
    ],
)
def test_a_version_is_exact_or_a_range(version, exact):
    if exact is None:
        assert 'in quotes: "2024.1"' in complaints(of_version(version))[0]
    else:
        assert parse(of_version(version)).models[0].requires.exact is exact


@pytest.mark.parametrize(
    "name", ["PP-YOLOE+_L", "PP-OCRv4.1", "ERNIE-3.0-tiny", "resnet50_imagenet", "r", "50", "a+"]
)
def test_names_of_paddles_zoos_are_accepted(name):
    assert parse(named(f'"{name}"')).models[0].name == name


@pytest.mark.parametrize(
    "url",
    [
        "https://host/a.pdparams?x=1&y=2#z",
        "https://host/a%20b.pdparams",
        "http://127.0.0.1:8000/a",
        "file:///data/a%20b.pdparams",
        "zoo/a b.pdparams",
        "模型/权重.pdparams",
        "a..b/c",
        "https://host/@scope/a",
    ],
)
def test_urls_and_paths_of_the_project_are_accepted(url):
    assert parse(a_model(f'weights_url: "{url}"')).models[0].urls == (url,)


def test_an_unknown_model_suggests_the_nearest_name():
    with pytest.raises(UnknownModel) as caught:
        parse(named("resnet50")).model("resnet5")

    assert str(caught.value) == ("models.yaml has no model 'resnet5'; did you mean 'resnet50'?")


def test_an_unknown_model_that_resembles_none_lists_all():
    text = "models: [{name: b, version: v1}, {name: a, version: v1}]"
    with pytest.raises(UnknownModel) as caught:
        parse(text).model("zzz")

    assert str(caught.value) == "models.yaml has no model 'zzz'; it has a, b"


def test_an_unknown_model_of_an_empty_registry_is_plainly_not_there():
    with pytest.raises(UnknownModel) as caught:
        parse("models: []").model("a")

    assert str(caught.value) == "models.yaml has no model 'a'"


def test_a_group_stands_for_its_models_and_a_model_for_itself():
    text = "models: [{name: det, version: v1}, {name: rec, version: v1}]\ngroups: {ocr: [det, rec]}"
    registry = parse(text)

    assert (registry.members("ocr"), registry.members("rec")) == (("det", "rec"), ("rec",))


def test_a_deployment_names_the_script_that_the_pipeline_runs():
    assert parse("models: []\ndeploy: {script: ops/deploy.sh}").deploy == Deploy(
        script="ops/deploy.sh"
    )
    assert parse("models: []").deploy is None
