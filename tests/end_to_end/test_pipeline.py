"""Ten models from models.yaml to DVC: what runs, and what does not."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

pytestmark = pytest.mark.slow

TRAINED = [f"train-m{number}" for number in range(2, 10)] + ["train-PP-YOLOEplus_L"]
UP_TO_DATE = "Data and pipelines are up to date.\n"


def release(ten: Any, name: str, number: int) -> None:
    """Publish other weights under the same version, and pin them."""
    old, new = (
        hashlib.md5(f"weights {which} of {name}\n".encode() * 100).hexdigest()
        for which in (number - 1, number)
    )
    ten.write(f"zoo/{name}.pdparams", f"weights {number} of {name}\n" * 100)
    ten.edit("models.yaml", old, new)
    ten.paddledvc("lock")
    ten.paddledvc("generate")


def train_otherwise(ten: Any) -> None:
    """Change the settings of every training, and generate no stages from them."""
    text = (ten.root / "models.yaml").read_text()
    ten.write("models.yaml", text.replace("python train.py", "python ./train.py"))


def test_the_first_repro_runs_every_stage_once(first_run: Any) -> None:
    assert sorted(first_run.ran) == sorted(["sync-m1", "sync-m2", *TRAINED])


def test_after_a_repro_the_status_is_clean(ten: Any) -> None:
    assert ten.dvc("status") == UP_TO_DATE


def test_a_second_repro_runs_nothing(ten: Any) -> None:
    assert ten.repro() == []


def test_git_sees_nothing_that_a_stage_wrote_and_dvc_keeps(ten: Any) -> None:
    tracked = ten.git("ls-files").splitlines()

    assert [name for name in tracked if name.startswith(("checkpoints/", "exports/"))] == []
    assert ten.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("slug", "lr"),
    [
        pytest.param("m3", 0.25, id="m3", marks=pytest.mark.thorough),
        pytest.param("PP-YOLOEplus_L", 1.125, id="a name with +"),
    ],
)
def test_a_changed_hyperparameter_trains_that_model_alone(slug: str, lr: float, ten: Any) -> None:
    ten.edit("params.yaml", f"lr: {lr}\n", "lr: 7.0\n")

    assert ten.repro() == [f"train-{slug}"]


def test_a_changed_pin_syncs_that_model_alone(ten: Any) -> None:
    release(ten, "m1", 2)

    assert ten.repro() == ["sync-m1"]


def test_a_changed_pin_trains_the_models_that_start_from_it(ten: Any) -> None:
    release(ten, "m2", 2)

    assert ten.repro() == ["sync-m2", "train-m2"]


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("copy", marks=pytest.mark.thorough),
        "hardlink",
        pytest.param("symlink", marks=pytest.mark.thorough),
    ],
)
def test_new_weights_do_not_touch_the_old_ones_in_the_cache(link: str, ten: Any) -> None:
    old = hashlib.md5((ten.root / "checkpoints" / "m1_v1.0.0.pdparams").read_bytes()).hexdigest()
    ten.dvc("config", "cache.type", link)
    ten.dvc("checkout", "--relink")
    release(ten, "m1", 2)

    ten.repro()

    cached = ten.root / ".dvc" / "cache" / "files" / "md5" / old[:2] / old[2:]
    assert hashlib.md5(cached.read_bytes()).hexdigest() == old
    assert b"weights 2" in (ten.root / "checkpoints" / "m1_v1.0.0.pdparams").read_bytes()


def test_a_changed_description_runs_nothing(ten: Any) -> None:
    ten.edit("models.yaml", "description: Model m3 of ten.", "description: The third of ten.")
    ten.paddledvc("lock")
    ten.paddledvc("generate")

    assert ten.yaml("dvc.yaml")["artifacts"]["m3"]["desc"] == "The third of ten."
    assert ten.repro() == []


def test_changed_code_trains_every_model_that_depends_on_it(ten: Any) -> None:
    ten.write("train.py", (ten.root / "train.py").read_text() + "# a change\n")

    assert sorted(ten.repro()) == sorted(TRAINED)


def test_another_order_of_the_models_runs_nothing(ten: Any) -> None:
    models = (ten.root / "models.yaml").read_text().split("- name: ")
    ten.write("models.yaml", "- name: ".join([models[0], *reversed(models[1:])]))
    ten.paddledvc("lock", "--check")
    ten.paddledvc("generate")

    assert ten.repro() == []


def test_a_new_model_runs_its_stages_alone(ten: Any) -> None:
    text = (ten.root / "models.yaml").read_text()
    ten.write("models.yaml", text + "- {name: m11, version: v1, train: {command: python train.py}}")
    ten.write("params.yaml", (ten.root / "params.yaml").read_text() + "m11: {train: {lr: 0.5}}\n")
    ten.paddledvc("lock")
    ten.paddledvc("generate")

    assert ten.repro() == ["train-m11"]


def test_a_stage_that_is_not_generated_anew_is_refused(ten: Any) -> None:
    ten.edit(
        "models.yaml",
        "of ten.\n  weights_url: zoo/m2",
        "of ten.\n  format: pdparams\n  weights_url: zoo/m2",
    )
    ten.write(
        "models.yaml",
        (ten.root / "models.yaml").read_text().replace("python train.py", "python ./train.py"),
    )
    pin = ten.yaml("dvc.yaml")["stages"]["train-m3"]["cmd"].split()[-1]

    done = ten.try_("paddledvc", "train", "m3", "--pin", pin)

    assert done.returncode == 1
    assert done.stderr.startswith(
        f"Error: the stage train-m3 was generated for --pin {pin}, but its settings now give "
    )
    assert done.stderr.endswith("; run `paddledvc generate`, then `dvc repro`\n")


def test_dvc_stops_at_a_stage_that_is_not_generated_anew(ten: Any) -> None:
    ten.write(
        "models.yaml",
        (ten.root / "models.yaml").read_text().replace("python train.py", "python ./train.py"),
    )

    done = ten.try_("dvc", "repro", "--force", "--single-item", "train-m3")

    assert done.returncode != 0
    assert "run `paddledvc generate`, then `dvc repro`" in done.stdout + done.stderr


def test_checks_find_stages_that_are_not_generated_anew(ten: Any) -> None:
    ten.write(
        "models.yaml",
        (ten.root / "models.yaml").read_text().replace("python train.py", "python ./train.py"),
    )

    done = ten.try_("paddledvc", "generate", "--check")

    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "Error: dvc.yaml is stale; run `paddledvc generate` to update it:",
    )


def test_a_frozen_stage_stays_frozen_when_stages_are_generated(ten: Any) -> None:
    ten.dvc("freeze", "train-m3")
    before = (ten.root / "dvc.yaml").read_bytes()

    ten.paddledvc("generate")

    assert (ten.root / "dvc.yaml").read_bytes() == before
    assert ten.yaml("dvc.yaml")["stages"]["train-m3"]["frozen"] is True


def test_a_frozen_stage_stays_frozen_when_it_changes(ten: Any) -> None:
    ten.dvc("freeze", "train-m3")
    ten.write(
        "models.yaml",
        (ten.root / "models.yaml").read_text().replace("python train.py", "python ./train.py"),
    )

    ten.paddledvc("generate")

    stages = ten.yaml("dvc.yaml")["stages"]
    assert [name for name, stage in stages.items() if stage.get("frozen")] == ["train-m3"]
    assert ten.repro("repro", "train-m3", "train-m4") == ["train-m4"]


def test_a_branch_brings_its_own_weights(ten: Any) -> None:
    main = ten.hashes("checkpoints")
    ten.git("checkout", "--quiet", "-b", "feature/lr")
    ten.edit("params.yaml", "lr: 0.25\n", "lr: 7.0\n")
    ten.repro()
    ten.commit("Another learning rate")
    feature = ten.hashes("checkpoints")

    ten.git("checkout", "--quiet", "main")
    ten.dvc("checkout")

    assert ten.hashes("checkpoints") == main
    assert [name for name in main if main[name] != feature[name]] == ["m3_trained.pdparams"]


def test_a_failing_training_stops_dvc_and_keeps_its_message(ten: Any) -> None:
    ten.write("train.py", "raise SystemExit(9)\n")

    done = ten.try_("dvc", "repro", "train-m3")

    assert done.returncode != 0
    assert "Error: `python train.py` failed with exit code 9" in done.stderr


def test_wrong_bytes_never_get_into_the_project(ten: Any) -> None:
    before = ten.hashes("checkpoints")
    release(ten, "m1", 2)
    ten.write("zoo/m1.pdparams", b"an error page")

    done = ten.try_("dvc", "repro", "sync-m1")

    assert done.returncode != 0
    assert "m1: the bytes from zoo/m1.pdparams are not the pinned ones" in done.stderr
    assert ten.hashes("checkpoints") == before
