from __future__ import annotations

from dataclasses import dataclass, fields, replace

import pytest

from paddledvc.errors import StaleStages
from paddledvc.locking.core.resolution import plan_resolution
from paddledvc.models import lockfile as locks
from paddledvc.models import registry
from paddledvc.models.evaluate_settings import Evaluate, MetricGoal, Plot, SliceGoal
from paddledvc.models.model import (
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
from paddledvc.models.registry import Registry
from paddledvc.models.verify_settings import Engine, Tolerance, Verify
from paddledvc.models.versions import Requirement
from paddledvc.stages.core import pipeline as pipelines
from paddledvc.stages.core import settings_digest
from paddledvc.stages.core.pipeline import Pipeline
from paddledvc.stages.core.settings_digest import (
    export_digest,
    list_settings,
    sync_digest,
    train_digest,
    verify_digest,
)

MARK = {"generated_by": "paddledvc"}
BASE = Model(name="base", requires=Requirement.parse("v1"), urls=("https://host/b.pdparams",))
OTHER = replace(BASE, name="other")
FETCHED = Model(
    name="m",
    requires=Requirement.parse("v1"),
    urls=("https://host/m.pdparams",),
    md5="0" * 32,
    network=Reference(module="net.py", name="Net"),
    inputs=(Input(name="x", shape=(None, 4)),),
    export=Export(),
)
TRAINED = replace(
    FETCHED,
    urls=(),
    md5=None,
    base="base",
    train=Train(function=Reference(module="train.py", name="train")),
)
BY_COMMAND = replace(TRAINED, train=Train(command="python train.py"))


def a_pipeline(*models, **fields):
    registry = Registry(models=models)
    lock = locks.Lock(models=plan_resolution(registry, locks.Lock(models=())).entries)
    return Pipeline(registry=registry, lock=lock, **fields)


def pins_of(model):
    """Digest what each stage of a model uses, by kind."""
    pipeline = a_pipeline(BASE, OTHER, model)
    registry, lock = pipeline.registry, pipeline.lock
    found = {
        "export": settings_digest.export_digest(registry, lock, model),
        "verify": settings_digest.verify_digest(registry, lock, model),
    }
    if model.urls:
        found["sync"] = settings_digest.sync_digest(lock, model)
    if model.evaluate:
        found["evaluate"] = settings_digest.evaluate_digest(registry, lock, model)
    if model.train:
        found["train"] = settings_digest.train_digest(registry, lock, model)
    return found


def moved(before, after):
    old, new = pins_of(before), pins_of(after)
    return sorted(kind for kind in old.keys() & new.keys() if old[kind] != new[kind])


EVALUATE = Evaluate(function="net.py:f", metrics=(MetricGoal(name="m", direction="higher"),))
MEASURED = replace(TRAINED, evaluate=EVALUATE)
EVERYWHERE = [
    pytest.param({"evaluate": EVALUATE}, [], id="evaluate"),
    pytest.param({"source": "zoo"}, [], id="source"),
    pytest.param({"task": "detection"}, [], id="task"),
    pytest.param({"description": "words"}, [], id="description"),
    pytest.param({"license": "MIT"}, [], id="license"),
    pytest.param({"owner": "me"}, [], id="owner"),
    pytest.param({"tags": ("t",)}, [], id="tags"),
    pytest.param({"metrics": (Metric(name="m", value=1.0),)}, [], id="metrics"),
    pytest.param({"config_path": "c.yml"}, [], id="config_path"),
    pytest.param({"environment": Environment(image="paddle:3")}, [], id="environment"),
    pytest.param({"source_name": "zoo:det"}, [], id="source_name"),
    pytest.param({"revision": "main"}, [], id="revision"),
    pytest.param({"file": "a.pdparams"}, [], id="file"),
    pytest.param({"paddle": ">=2.0"}, [], id="paddle"),
    pytest.param({"base_requires": Requirement.parse("v1")}, [], id="base_requires"),
    pytest.param({"meta": {"a": 1}}, [], id="meta"),
    pytest.param({"docs": "docs/m.md"}, [], id="docs"),
    pytest.param({"outputs": (Output(name="y"),)}, ["verify"], id="outputs"),
    pytest.param({"forward": [{"x": "x"}]}, ["export", "verify"], id="forward"),
    pytest.param({"export": Export(format="pdmodel")}, ["export"], id="export.format"),
    pytest.param({"input_size": (32, 32)}, ["verify"], id="input_size"),
    pytest.param({"export": Export(allow=("in-place",))}, ["export"], id="export.allow"),
    pytest.param({"verify": Verify(samples="s.npz")}, ["verify"], id="verify.samples"),
    pytest.param({"verify": Verify(preprocess="a.py:f")}, ["verify"], id="verify.preprocess"),
    pytest.param({"verify": Verify(edge_values=True)}, ["verify"], id="verify.edge_values"),
    pytest.param({"verify": Verify(batch_sizes=(1,))}, ["verify"], id="verify.batch_sizes"),
    pytest.param({"verify": Verify(timeout=9.0)}, [], id="verify.timeout"),
    pytest.param({"verify": Verify(seed=1)}, ["verify"], id="verify.seed"),
    pytest.param({"verify": Verify(device="gpu")}, ["verify"], id="verify.device"),
    pytest.param({"verify": Verify(paths=("jit",))}, ["verify"], id="verify.paths"),
    pytest.param(
        {"verify": Verify(tolerance=Tolerance(engine=0.1))}, ["verify"], id="verify.tolerance"
    ),
    pytest.param({"verify": Verify(optional=("gpu",))}, ["verify"], id="verify.optional"),
    pytest.param({"verify": Verify(engine=Engine(threads=2))}, ["verify"], id="verify.engine"),
    pytest.param({"verify": Verify(reference="float64")}, ["verify"], id="verify.reference"),
    pytest.param(
        {"inputs": (Input(name="y", shape=(None, 4)),)}, ["export", "verify"], id="inputs.name"
    ),
    pytest.param(
        {"inputs": (Input(name="x", shape=(None, 5)),)}, ["export", "verify"], id="inputs.shape"
    ),
    pytest.param(
        {"inputs": (Input(name="x", shape=(None, 4), dtype="int64"),)},
        ["export", "verify"],
        id="inputs.dtype",
    ),
    pytest.param(
        {"inputs": (Input(name="x", shape=(None, 4), range=(0, 9)),)},
        ["verify"],
        id="inputs.range",
    ),
]
REFERENCE = Reference(module="other.py", name="Net")
FETCHED_ONLY = [
    pytest.param({"requires": Requirement.parse("v2")}, ["export", "sync", "verify"], id="version"),
    pytest.param({"urls": ("https://mirror/m.pdparams",)}, ["sync"], id="urls"),
    pytest.param({"md5": "1" * 32}, ["sync"], id="md5"),
    pytest.param({"sha256": "a" * 64}, ["sync"], id="sha256"),
    pytest.param({"size": 3}, ["sync"], id="size"),
    pytest.param({"format": "safetensors"}, ["export", "sync", "verify"], id="format"),
    pytest.param({"base": "base"}, [], id="base"),
    pytest.param({"key": "model"}, ["export", "verify"], id="key"),
    pytest.param({"network": REFERENCE}, ["export", "verify"], id="network"),
    pytest.param({"network_args": {"a": 1}}, ["export", "verify"], id="network_args"),
    pytest.param({"train": Train(command="x")}, ["export", "verify"], id="train: other weights"),
    pytest.param({"name": "n"}, ["export", "sync", "verify"], id="name"),
]
ALL = ["export", "train", "verify"]
TRAINED_ONLY = [
    pytest.param({"requires": Requirement.parse("v2")}, [], id="version"),
    pytest.param({"base": "other"}, ["train"], id="base"),
    pytest.param({"base": None}, ["train"], id="no base"),
    pytest.param({"urls": ("https://host/m.pdparams",)}, ["train"], id="urls: another base"),
    pytest.param({"network": REFERENCE}, ALL, id="network"),
    pytest.param({"network_args": {"a": 1}}, ALL, id="network_args"),
    pytest.param({"name": "n"}, ALL, id="name"),
    pytest.param({"train": replace(TRAINED.train, seed=1)}, ["train"], id="train.seed"),
    pytest.param({"train": replace(TRAINED.train, device="gpu")}, ["train"], id="train.device"),
    pytest.param({"train": replace(TRAINED.train, launch=Launch())}, ["train"], id="train.launch"),
    pytest.param({"train": replace(TRAINED.train, deps=("d",))}, [], id="train.deps"),
    pytest.param({"train": replace(TRAINED.train, outs=("o",))}, [], id="train.outs"),
    pytest.param({"train": replace(TRAINED.train, datasets={"d": "d"})}, [], id="train.datasets"),
    pytest.param({"train": replace(TRAINED.train, params="p.yml")}, [], id="train.params"),
    pytest.param(
        {"train": Train(function=Reference(module="train.py", name="other"))},
        ["train"],
        id="train.function",
    ),
    pytest.param({"train": Train(command="x")}, ["train"], id="train.command"),
]


@pytest.mark.parametrize(("change", "expected"), [*EVERYWHERE, *FETCHED_ONLY])
def test_the_pins_of_a_fetched_model_move_with_what_its_stages_use(change, expected):
    assert moved(FETCHED, replace(FETCHED, **change)) == expected


@pytest.mark.parametrize(("change", "expected"), [*EVERYWHERE, *TRAINED_ONLY])
def test_the_pins_of_a_trained_model_move_with_what_its_stages_use(change, expected):
    assert moved(TRAINED, replace(TRAINED, **change)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"network": REFERENCE}, ["export", "verify"], id="network"),
        pytest.param({"network_args": {"a": 1}}, ["export", "verify"], id="network_args"),
    ],
)
def test_a_training_by_command_does_not_depend_on_the_network(change, expected):
    assert moved(BY_COMMAND, replace(BY_COMMAND, **change)) == expected


def test_every_field_of_a_model_is_in_the_tables_above():
    tables = [*EVERYWHERE, *FETCHED_ONLY, *TRAINED_ONLY]
    tried = {name for param in tables for name in param.values[0]}

    assert tried == {field.name for field in fields(Model)}


def test_every_setting_of_a_verification_is_in_the_tables_above():
    tried = {param.id.partition(".")[2] for param in EVERYWHERE if "verify." in param.id}

    assert tried == {field.name for field in fields(Verify)}


@pytest.mark.parametrize(
    ("precision", "tolerance", "expected"),
    [
        ("float32", Tolerance(engine=1e-5, device=1e-4), ["verify"]),
        ("float32", Tolerance(engine=2e-5), ["verify"]),
        ("bfloat16", Tolerance(engine=2e-2), []),
        ("bfloat16", Tolerance(engine=1e-5), ["verify"]),
    ],
)
def test_a_stated_tolerance_moves_the_pin_unless_a_reduced_precision_implies_it(
    precision, tolerance, expected
):
    before = Verify(engine=Engine(precision=precision))
    after = replace(before, tolerance=tolerance)

    assert moved(replace(FETCHED, verify=before), replace(FETCHED, verify=after)) == expected


def test_the_digest_of_a_mapping_does_not_depend_on_its_order():
    left = replace(FETCHED, network_args={"a": 1, "b": 2})
    right = replace(FETCHED, network_args={"b": 2, "a": 1})

    assert pins_of(left) == pins_of(right)


def test_a_new_version_of_the_base_moves_the_training_alone():
    def train_pin(base):
        pipeline = a_pipeline(base, TRAINED)
        return settings_digest.train_digest(pipeline.registry, pipeline.lock, TRAINED)

    assert train_pin(BASE) != train_pin(replace(BASE, requires=Requirement.parse("v2")))


def test_a_pin_of_sync_starts_with_the_version():
    assert pins_of(FETCHED)["sync"].startswith("v1-")


def test_a_pin_is_eight_hexadecimal_digits():
    assert all(len(pin.removeprefix("v1-")) == 8 for pin in pins_of(FETCHED).values())
    assert all(int(pin.removeprefix("v1-"), 16) >= 0 for pin in pins_of(FETCHED).values())


def test_the_stages_of_a_fetched_model():
    pin = pins_of(FETCHED)
    pipeline = a_pipeline(FETCHED, code={FETCHED.network: ("net.py", "layers.py")})

    assert pipelines.build_stages(pipeline) == {
        "sync-m": {
            "cmd": f"paddledvc sync m --pin {pin['sync']}",
            "outs": [{"checkpoints/m_v1.pdparams": {"persist": True}}],
            "meta": MARK,
        },
        "export-m": {
            "cmd": f"paddledvc export m --pin {pin['export']}",
            "deps": ["checkpoints/m_v1.pdparams", "layers.py", "net.py"],
            "outs": ["exports/m"],
            "meta": MARK,
        },
        "verify-m": {
            "cmd": f"paddledvc verify m --pin {pin['verify']}",
            "deps": ["checkpoints/m_v1.pdparams", "exports/m", "layers.py", "net.py"],
            "outs": [{"reports/m/latency.json": {"cache": False}}],
            "metrics": [{"reports/m/verify.json": {"cache": False}}],
            "plots": [
                {
                    "reports/m/verify.csv": {
                        "cache": False,
                        "x": "sample",
                        "y": "scaled_error",
                        "template": "paddledvc_errors",
                    }
                }
            ],
            "meta": MARK,
        },
    }


def test_the_training_stage_of_a_model():
    model = replace(
        TRAINED,
        train=replace(TRAINED.train, deps=("data", "base.txt"), outs=("z.log", "a.log")),
    )
    code = {model.network: ("net.py",), model.train.function: ("net.py", "train.py")}
    pipeline = a_pipeline(BASE, model, code=code, sections=frozenset({("m", "train")}))

    assert pipelines.build_stages(pipeline)["train-m"] == {
        "cmd": f"paddledvc train m --pin {pins_of(model)['train']}",
        "deps": ["base.txt", "checkpoints/base_v1.pdparams", "data", "net.py", "train.py"],
        "params": ["m.train"],
        "outs": ["checkpoints/m_trained.pdparams", "a.log", "z.log"],
        "metrics": [{"reports/m/train/metrics.json": {"cache": False}}],
        "plots": [{"reports/m/train/plots/metrics": {"cache": False, "x": "step"}}],
        "meta": MARK,
    }


def test_a_training_by_command_depends_on_no_python_code_and_plots_nothing():
    code = {BY_COMMAND.network: ("net.py",)}
    stage = pipelines.build_stages(a_pipeline(BASE, BY_COMMAND, code=code))["train-m"]

    assert (stage["deps"], "plots" in stage) == (["checkpoints/base_v1.pdparams"], False)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        pytest.param(FETCHED, ["sync-m", "export-m", "verify-m"], id="fetched"),
        pytest.param(TRAINED, ["train-m", "export-m", "verify-m"], id="trained"),
        pytest.param(replace(FETCHED, export=None), ["sync-m"], id="no export"),
        pytest.param(replace(FETCHED, network=None), ["sync-m"], id="no network"),
        pytest.param(replace(TRAINED, export=None, base=None), ["train-m"], id="no base"),
        pytest.param(Model(name="m", requires=Requirement.parse("v1")), [], id="only a name"),
        pytest.param(
            replace(TRAINED, train=None), ["export-m", "verify-m"], id="the base's weights"
        ),
    ],
)
def test_a_model_has_the_stages_that_its_fields_ask_for(model, names):
    built = pipelines.build_stages(a_pipeline(BASE, model))

    assert [name for name in built if name != "sync-base"] == names


def test_the_weights_of_a_model_are_trained_ones_then_its_own_then_its_bases():
    both = replace(TRAINED, urls=FETCHED.urls)
    neither = replace(TRAINED, train=None)
    pipeline = a_pipeline(BASE, both)
    other = a_pipeline(BASE, neither)

    assert registry.weights_in_registry(pipeline.registry, pipeline.lock, both) == (
        "checkpoints/m_trained.pdparams"
    )
    assert registry.base_weights_in_registry(pipeline.registry, pipeline.lock, both) == (
        "checkpoints/m_v1.pdparams"
    )
    assert registry.weights_in_registry(other.registry, other.lock, neither) == (
        "checkpoints/base_v1.pdparams"
    )


def test_a_params_section_is_a_dependency_of_its_own_stage_alone():
    sections = frozenset({("m", "verify"), ("base", "train")})
    built = pipelines.build_stages(a_pipeline(BASE, TRAINED, sections=sections))

    assert {name: stage["params"] for name, stage in built.items() if "params" in stage} == {
        "verify-m": ["m.verify"]
    }


def test_stages_use_the_slug_and_commands_the_name():
    built = pipelines.build_stages(a_pipeline(replace(FETCHED, name="PP-OCRv4.1+")))

    assert built["export-PP-OCRv4-1plus"]["cmd"].startswith("paddledvc export PP-OCRv4.1+ --pin ")
    assert built["export-PP-OCRv4-1plus"]["outs"] == ["exports/PP-OCRv4-1plus"]


@pytest.mark.parametrize(
    ("samples", "code", "deps"),
    [
        pytest.param("data/s.npz", {}, ["data/s.npz"], id="file"),
        pytest.param(
            "data.py:samples",
            {Reference(module="data.py", name="samples"): ("data.py", "more.py")},
            ["data.py", "more.py"],
            id="function",
        ),
        pytest.param(
            "data/val",
            {Reference(module="prepare.py", name="crop"): ("prepare.py",)},
            ["data/val", "prepare.py"],
            id="images",
        ),
    ],
)
def test_samples_are_a_dependency_of_verify_alone(samples, code, deps):
    preprocess = "prepare.py:crop" if samples == "data/val" else None
    verify = Verify(samples=samples, preprocess=preprocess)
    built = pipelines.build_stages(a_pipeline(replace(FETCHED, verify=verify), code=code))

    assert set(deps) <= set(built["verify-m"]["deps"])
    assert not set(deps) & set(built["export-m"]["deps"])


def test_the_artifacts_of_models():
    plain = replace(BASE, name="p.q")
    told = replace(TRAINED, task="t", tags=("x", "y"), description="costs ${5}")

    assert pipelines.build_artifacts(a_pipeline(BASE, plain, told)) == {
        "base": {"path": "checkpoints/base_v1.pdparams", "type": "model", "meta": MARK},
        "p-q": {"path": "checkpoints/p.q_v1.pdparams", "type": "model", "meta": MARK},
        "m": {
            "path": "checkpoints/m_trained.pdparams",
            "type": "model",
            "desc": "costs \\${5}",
            "labels": ["t", "x", "y"],
            "meta": MARK,
        },
    }


def test_a_model_that_borrows_its_bases_weights_is_no_artifact():
    assert list(pipelines.build_artifacts(a_pipeline(BASE, replace(TRAINED, train=None)))) == [
        "base"
    ]


def test_a_stage_of_other_settings_is_refused():
    with pytest.raises(StaleStages) as caught:
        settings_digest.require_digest("sync", FETCHED, "v1-00000000", "v1-11111111")

    assert str(caught.value) == (
        "the stage sync-m was generated for --pin v1-00000000, but its settings now give "
        "v1-11111111; run `paddledvc generate`, then `dvc repro`"
    )


def test_a_stage_of_todays_settings_is_let_pass():
    assert settings_digest.require_digest("sync", FETCHED, "v1-00000000", "v1-00000000") is None


def test_a_setting_that_a_later_version_adds_moves_no_pin():
    @dataclass(frozen=True, kw_only=True, slots=True)
    class LaterTrain(Train):
        mixed_precision: bool = False

    now = Train(command="make", seed=3)
    later = LaterTrain(command="make", seed=3)

    assert list_settings(later) == list_settings(now)


def test_pins_are_those_of_the_first_release():
    model = Model(
        name="m",
        requires=Requirement.parse("v1"),
        urls=("m.pdparams",),
        md5="0" * 32,
        network=Reference(module="net.py", name="Net"),
        inputs=(Input(name="x", shape=(None, 3)),),
        train=Train(function=Reference(module="train.py", name="train")),
        export=Export(),
    )
    registry = Registry(models=(model,))
    lock = locks.Lock(models=plan_resolution(registry, locks.Lock(models=())).entries)

    assert (
        sync_digest(lock, model),
        train_digest(registry, lock, model),
        export_digest(registry, lock, model),
        verify_digest(registry, lock, model),
    ) == ("v1-7b101bb9", "26b7553a", "160baee0", "3f8c83c5")


def test_how_a_plot_is_drawn_is_renewed_and_makes_no_stage_stale():
    def stage(template, cmd="verify"):
        plot = {"a.csv": {"cache": False, "template": template}}
        return {"verify-a": {"cmd": cmd, "plots": [plot], "meta": {"generated_by": "paddledvc"}}}

    redrawn = pipelines.merge_pipeline_section(stage("scatter"), stage("paddledvc_errors"))
    changed = pipelines.merge_pipeline_section(
        stage("scatter"), stage("paddledvc_errors", "verify it")
    )

    assert list(redrawn.changed) == ["verify-a"]
    assert list(redrawn.differences) == []
    assert list(changed.differences) == [("verify-a", "is out of date")]


def test_what_dvc_shows_as_a_metric_is_renewed_and_makes_no_stage_stale():
    latency, verdict, own = ({name: {"cache": False}} for name in ("l.json", "v.json", "o.json"))

    def stage(**files):
        return {"verify-a": {"cmd": "verify", **files, "meta": {"generated_by": "paddledvc"}}}

    wanted = stage(outs=[latency], metrics=[verdict])
    shown = pipelines.merge_pipeline_section(stage(metrics=[latency, verdict]), wanted)
    fewer = pipelines.merge_pipeline_section(stage(metrics=[verdict]), wanted)
    cached = pipelines.merge_pipeline_section(stage(metrics=["l.json", verdict]), wanted)
    other = pipelines.merge_pipeline_section(stage(outs=[own], metrics=[verdict]), wanted)

    assert shown.changed == wanted
    assert [list(one.differences) for one in (shown, fewer, cached, other)] == [
        [],
        *([("verify-a", "is out of date")],) * 3,
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"function": "net.py:g"}, ["evaluate"]),
        ({"metrics": (MetricGoal(name="n", direction="higher"),)}, ["evaluate"]),
        ({"metrics": (MetricGoal(name="m", direction="lower", floor=1, tolerance=2),)}, []),
        ({"deps": ("data",)}, []),
        ({"slices": (SliceGoal(name="form"),)}, ["evaluate"]),
        ({"plots": (Plot(name="curve"),)}, ["evaluate"]),
        ({"pictures": True}, ["evaluate"]),
        ({"paths": ("jit",)}, ["evaluate"]),
        ({"paths": ("deployed",)}, []),
        ({"seed": 1}, ["evaluate"]),
        ({"device": "gpu"}, ["evaluate"]),
        ({"timeout": 5.0}, []),
    ],
)
def test_what_is_measured_depends_on_what_measures_and_not_on_what_is_asked(change, expected):
    changed = replace(MEASURED, evaluate=replace(EVALUATE, **change))
    assert moved(MEASURED, changed) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"network_args": {"a": 1}},
        {"forward": [["x"]]},
        {"verify": Verify(engine=Engine(threads=4))},
        {"inputs": (Input(name="y", shape=(None, 4)),)},
    ],
)
def test_what_is_measured_depends_on_how_the_model_runs(change):
    assert "evaluate" in moved(MEASURED, replace(MEASURED, **change))


def test_what_is_measured_depends_on_the_engine_that_params_yaml_says():
    sections = frozenset({("m", "evaluate"), ("m", "verify"), ("m", "verify.engine")})
    stages = pipelines.build_stages(a_pipeline(BASE, MEASURED, sections=sections))

    assert stages["evaluate-m"]["params"] == ["m.evaluate", "m.verify.engine"]
