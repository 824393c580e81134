from __future__ import annotations

import subprocess
import sys

import pytest

import paddledvc
from paddledvc.errors import InvalidInput

WRITE = 'sleep {pause}; echo {text} > "$PADDLEDVC_WEIGHTS"'


@pytest.fixture
def training(project):
    def training(command):
        made = project.models(
            f"models:\n  - name: m\n    version: v1\n    train:\n      command: '{command}'\n"
        )
        paddledvc.lock(made)
        return made

    return training


def weights(project):
    return project.read("checkpoints/m_trained.pdparams")


def test_what_a_killed_training_left_behind_goes_with_the_next(training, project):
    project.write("checkpoints/.train-m.dead/m_trained.pdparams", "half")
    paddledvc.train(training(WRITE.format(pause=0, text="new")), "m")

    assert weights(project) == "new\n"
    assert [path.name for path in (project.root / "checkpoints").iterdir()] == [
        "m_trained.pdparams"
    ]


def test_a_training_writes_to_a_place_of_its_own_each_time(training, project):
    made = training('echo "$PADDLEDVC_WEIGHTS" > "$PADDLEDVC_WEIGHTS"')
    places = set()
    for _ in range(2):
        paddledvc.train(made, "m")
        places.add(weights(project))

    assert len(places) == 2


@pytest.mark.slow
def test_two_trainings_of_one_model_run_one_after_the_other(training, project):
    training(WRITE.format(pause=1, text="$$"))
    command = [sys.executable, "-m", "paddledvc", "train", "m"]
    both = [
        subprocess.Popen(command, cwd=project.root, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    errors = "".join(process.communicate(timeout=60)[1] for process in both)

    assert [process.returncode for process in both] == [0, 0]
    assert errors == "waiting for another paddledvc to finish with train-m\n"


def test_a_folder_in_the_place_of_the_weights_is_refused_before_the_training(training, project):
    made = training("touch ran")
    (project.root / "checkpoints" / "m_trained.pdparams").mkdir(parents=True)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.train(made, "m")

    assert str(caught.value) == (
        "checkpoints/m_trained.pdparams is a folder; the weights need the name"
    )
    assert not (project.root / "ran").exists()


def test_a_changed_script_of_a_command_makes_its_stage_depend_on_it(training, project):
    project.write("tools/make.py", "")
    made = training("python tools/make.py")
    paddledvc.generate(made)

    assert "      - tools/make.py\n" in project.read("dvc.yaml")
