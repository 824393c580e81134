from __future__ import annotations

import pytest

from paddledvc import Project
from paddledvc.errors import InvalidFile, InvalidInput, NotAProject
from paddledvc.models.verify_settings import Engine, Tolerance

MODELS = """
models:
  - name: m
    version: v1
    network: net.py:Net
    inputs: [{name: x, shape: [null, 3]}]
    base: b
    export: {}
    verify:
      engine: {onednn: false}
  - name: b
    version: v1
"""


@pytest.fixture
def made(project):
    return project.models(MODELS)


def test_a_project_is_found_from_a_folder_below_it(made, project):
    project.write("src/deep/file", "")

    assert Project.find(project.root / "src" / "deep") == made


def test_where_there_is_no_project_the_next_step_is_told(tmp_path):
    with pytest.raises(NotAProject) as caught:
        Project.find(tmp_path)

    assert str(caught.value) == (
        f"no models.yaml in {tmp_path} or above; run `paddledvc init` to start a project"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "- m",
            "params.yaml:1:1: expected a mapping of a model's slug to its sections",
            id="list",
        ),
        pytest.param(
            "m: 3",
            "params.yaml:1:4: m: expected a mapping with train, verify and evaluate, found 3",
            id="model",
        ),
        pytest.param(
            "m: {train: 3}",
            "params.yaml:1:12: m.train: expected a mapping of hyperparameters, found 3",
            id="section",
        ),
    ],
)
def test_params_of_another_form_are_refused(made, project, text, reason):
    project.write("params.yaml", text)
    with pytest.raises(InvalidFile) as caught:
        made.section(made.registry().model("m"), "train")

    assert str(caught.value) == reason


def test_verify_settings_of_params_win_key_by_key(made, project):
    project.write(
        "params.yaml",
        "m: {verify: {tolerance: {engine: 1e-3, reason: measured}, engine: {threads: 2}}}",
    )
    settings = made.verify_settings(made.registry().model("m"))

    assert settings.tolerance == Tolerance(engine=1e-3, reason="measured")
    assert settings.engine == Engine(onednn=False, threads=2)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        pytest.param(
            "{tolerence: 1}",
            "m.verify.tolerence: unknown key 'tolerence'; did you mean 'tolerance'?",
            id="unknown key",
        ),
        pytest.param(
            "{samples: x.npz}",
            "m.verify.samples: samples are a dependency of the stage; name them in models.yaml",
            id="samples",
        ),
        pytest.param(
            "{preprocess: 'a.py:f'}",
            "m.verify.preprocess: preprocess is a dependency of the stage; name it in models.yaml",
            id="preprocess",
        ),
    ],
)
def test_verify_settings_of_params_are_checked_as_those_of_models(made, project, section, reason):
    project.write("params.yaml", f"m: {{verify: {section}}}")
    with pytest.raises(InvalidFile) as caught:
        made.verify_settings(made.registry().model("m"))

    assert str(caught.value) == f"params.yaml:1:14: {reason}"


def test_weights_that_are_not_there_name_the_next_step(made):
    with pytest.raises(InvalidInput) as caught:
        made.weights("checkpoints/b_v1.pdparams", made.registry().model("m"))

    assert str(caught.value) == (
        "m needs checkpoints/b_v1.pdparams, which is missing; run `dvc repro` to make it, or "
        "`dvc pull` to get it"
    )
