"""The repository's own demo, as someone who has just cloned it runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import ModelCard

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

HERE = Path(__file__).parents[2]
BUILT = ("sync-digits-base", "train-digits", "export-digits", "verify-digits", "evaluate-digits")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, repo_at: Callable[[Path], Any]) -> Any:
    """A copy of what git tracks here, built by ``dvc repro`` and committed; not to be changed."""
    repo = repo_at(tmp_path_factory.mktemp("demo") / "repo")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, tracked.split("\0")):
        if (HERE / name).is_file():
            repo.write(name, (HERE / name).read_bytes())
    repo.commit("The demo")
    repo.ran = repo.repro()
    repo.commit("Built")
    return repo


def test_the_lock_and_the_stages_are_fresh(demo: Any) -> None:
    demo.paddledvc("lock", "--check")
    demo.paddledvc("generate", "--check")


def test_every_stage_runs_in_its_order(demo: Any) -> None:
    assert tuple(demo.ran) == BUILT


def test_the_digits_are_read_well(demo: Any) -> None:
    metrics = json.loads((demo.root / "reports" / "digits" / "train" / "metrics.json").read_text())

    assert metrics["test_accuracy"] > 0.95


def test_the_exported_model_agrees_with_the_network(demo: Any) -> None:
    report = json.loads((demo.root / "reports" / "digits" / "verify.json").read_text())

    assert report["verdict"] == "pass"


def test_the_exported_model_is_as_good_as_the_network(demo: Any) -> None:
    measured = json.loads((demo.root / "reports" / "digits" / "evaluate.json").read_text())

    accuracy = measured["test_accuracy"]
    assert accuracy["network"] == accuracy["deployed"] > 0.95
    assert measured["evidence"][0]["samples"] == 510


def test_the_record_says_what_made_the_weights_that_dvc_has(demo: Any) -> None:
    record = json.loads((demo.root / "reports/digits/train/record.json").read_text())
    stage = demo.yaml("dvc.lock")["stages"]["train-digits"]
    read = {one["path"]: one["md5"] for one in (*stage["deps"], *stage["outs"])}

    assert record["weights"]["md5"] == read["checkpoints/digits_trained.pdparams"]
    assert record["base"]["md5"] == read["checkpoints/digits-base_v1.0.0.pdparams"]
    assert record["datasets"] == {
        "digits": {"path": "digits/data/digits.npz", "md5": read["digits/data/digits.npz"]}
    }
    assert record["params"] == demo.yaml("params.yaml")["digits"]["train"]
    assert (record["commit"], record["dirty"]) == (demo.git("rev-parse", "HEAD~1").strip(), False)


def test_it_ends_in_a_screen_that_says_what_there_is_and_what_to_try(
    demo: Any, tmp_path: Path
) -> None:
    again = demo.copy(tmp_path)
    _, done, last = again.run("bash", ".ci/demo").partition("Done. ")
    screen = (done + last).splitlines()

    assert len(screen) <= 24
    # The path of an environment may be as long as it likes.
    assert max(len(line) for line in screen if not line.startswith("  . ")) <= 80
    made = [line.split()[0] for line in screen[2:7]]
    assert made[-1] == "reports/index.html"
    assert [name for name in made if not (again.root / name).exists()] == []
    environment = next(line.split()[1] for line in screen if line.startswith("  . "))
    assert Path(environment).is_file()
    assert again.git("status", "--porcelain") == ""
    found = json.loads(again.paddledvc("doctor", "--format", "json"))["checks"]
    # The tests set a variable that it warns of.
    wrong = [one for one in found if one["state"] != "ok" and one["topic"] != "environment"]
    assert wrong == []


def test_nothing_is_left_to_do(demo: Any) -> None:
    assert demo.dvc("status") == "Data and pipelines are up to date.\n"


def test_a_second_repro_runs_nothing(demo: Any) -> None:
    assert demo.repro() == []


@pytest.mark.thorough
def test_a_bundle_of_it_is_all_that_a_clone_without_a_remote_needs(
    demo: Any, repo_at: Callable[[Path], Any], tmp_path: Path
) -> None:
    site = repo_at(tmp_path / "site")
    site.git("pull", "--quiet", str(demo.root), "HEAD")
    made = json.loads(
        demo.paddledvc(
            *("release", "bundle", "digits", "--split", "50kB"),
            *("--output", str(tmp_path / "usb"), "--format", "json"),
        )
    )
    site.paddledvc("release", "bundle", "--verify", made["folder"])
    site.paddledvc("release", "bundle", "--import", made["folder"])

    assert not (site.root / ".paddledvc/remote").exists()
    assert len(made["manifest"]["parts"]) > 3
    assert site.repro() == []
    assert site.dvc("status") == "Data and pipelines are up to date.\n"
    assert "digits: pass, 64 samples" in site.paddledvc("verify", "digits")
    again = json.loads(
        site.paddledvc("release", "bundle", "digits", "--split", "50kB", "--format", "json")
    )
    assert again["manifest"] == made["manifest"]


def test_the_metrics_of_every_stage_are_shown_and_no_noise(demo: Any) -> None:
    shown = json.loads(demo.dvc("metrics", "show", "--json"))[""]["data"]
    read = {name.removeprefix("reports/digits/"): one["data"] for name, one in shown.items()}
    paths = {"network", "deployed"}

    assert read.keys() == {"train/metrics.json", "verify.json", "evaluate.json"}
    assert read["verify.json"] == {"verdict": "pass"}
    assert {name: set(values) for name, values in read["evaluate.json"].items()} == {
        "test_loss": paths,
        "test_accuracy": paths,
        "worst_slice": {"test_loss", "test_accuracy"},
    }
    assert read["train/metrics.json"]["test_accuracy"] > 0.95


def test_a_pipeline_of_an_earlier_version_is_renewed_and_runs_nothing(
    demo: Any, tmp_path: Path
) -> None:
    old = demo.copy(tmp_path)
    latency = "- reports/digits/latency.json:\n          cache: false\n"
    now = f"    outs:\n      {latency}    metrics:\n      "
    before = old.root.joinpath("dvc.yaml").read_text()
    old.edit("dvc.yaml", now, f"    metrics:\n      {latency}      ")

    assert old.paddledvc("generate", "--check") == "Change stage verify-digits\n"
    assert old.paddledvc("generate") == "Change stage verify-digits\n"

    assert old.root.joinpath("dvc.yaml").read_text() == before
    assert old.dvc("status") == "Data and pipelines are up to date.\n"
    assert old.git("status", "--porcelain") == ""


def test_the_plots_show_the_curves_and_the_errors_of_the_samples(demo: Any, tmp_path: Path) -> None:
    demo.dvc("plots", "show", "--out", str(tmp_path))

    page = (tmp_path / "index.html").read_text()
    assert [name for name in ("train_loss", "test_accuracy", "scaled_error") if name in page] == [
        "train_loss",
        "test_accuracy",
        "scaled_error",
    ]


def test_every_number_of_a_curve_is_plotted(demo: Any) -> None:
    curve = "reports/digits/train/plots/metrics/train_loss.tsv"
    rows = [line.split("\t") for line in (demo.root / curve).read_text().splitlines()[1:]]

    plotted = json.loads(demo.dvc("plots", "show", curve, "--json", "--split"))

    (plot,) = plotted["data"][next(iter(plotted["data"]))]
    points = plot["anchor_definitions"]["<DVC_METRIC_DATA>"]
    assert [float(point["train_loss"]) for point in points] == [float(loss) for _, loss in rows]
    assert len(rows) == demo.yaml("params.yaml")["digits"]["train"]["epochs"]


def test_what_is_kept_by_git_is_clean_after_the_build(demo: Any) -> None:
    assert demo.git("status", "--porcelain") == ""


def test_an_export_that_is_built_again_changes_nothing(demo: Any, tmp_path: Path) -> None:
    again = demo.copy(tmp_path)
    shutil.rmtree(again.root / "exports")

    again.dvc("repro", "--force", "--single-item", "export-digits")

    assert again.dvc("status") == "Data and pipelines are up to date.\n"


def test_the_card_of_it_says_what_was_measured_and_passes_the_gate(
    demo: Any, tmp_path: Path
) -> None:
    again = demo.copy(tmp_path)
    again.paddledvc("report", "--cards")
    again.commit("Cards")
    text = (again.root / "docs/models/digits.md").read_text()
    measured = json.loads((again.root / "reports/digits/evaluate.json").read_text())
    record = json.loads((again.root / "reports/digits/train/record.json").read_text())

    accuracy = measured["test_accuracy"]
    assert f"| `test_accuracy` | network | {accuracy['network']:.2%}".replace("%", " %") in text
    assert "The exported files agree with the network on " in text
    assert f"`md5:{record['weights']['md5']}`" in text
    assert f"| commit that was checked out | `{record['commit']}` |" in text
    data = ModelCard(text).data
    assert (data.base_model, data.datasets) == ("digits-base", ["digits"])
    assert {one.metric_value for one in data.eval_results} >= {*accuracy.values()}
    assert "card-stale" not in again.run("paddledvc", "check")


def test_the_gate_lets_what_was_built_onto_main(demo: Any) -> None:
    assert demo.run("paddledvc", "check").splitlines() == [
        "checking main (production)",
        (
            "note: digits: main has no metrics to compare with, so only floors are judged; "
            "`paddledvc evaluate digits --baseline main` measures them"
        ),
        "no findings",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "rules"),
    [
        ("digits/network.py", "import paddle", "import paddle as p, paddle", ["not-built"] * 4),
        ("params.yaml", "epochs: 20", "epochs: 21", ["not-built"]),
        ("reports/digits/verify.json", '"pass"', '"fail"', ["not-built", "evidence-failing"]),
        ("dvc.lock", "81c2a42d", "81c2a42e", ["built-other-bytes", "not-built"]),
    ],
)
def test_the_gate_refuses_what_was_not_built_so(  # noqa: PLR0913
    demo: Any, tmp_path: Path, *, name: str, old: str, new: str, rules: list[str]
) -> None:
    copy = demo.copy(tmp_path)
    copy.git("checkout", "--quiet", "-b", "feature/x")
    text = (copy.root / name).read_text()
    (copy.root / name).write_text(text.replace(old, new, 1))
    copy.commit("spoilt")
    copy.git("checkout", "--quiet", "--detach")
    done = copy.try_("paddledvc", "check", "--base", "main", "--format", "json")

    assert done.returncode == 1
    assert [one["rule"] for one in json.loads(done.stdout)["violations"]] == rules
