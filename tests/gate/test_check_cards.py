"""Cards of models, in projects whose stages have run."""

from __future__ import annotations

import pytest
import yaml as pyyaml
from huggingface_hub import ModelCard

import paddledvc
from paddledvc.comparison.caveats import Caveat
from paddledvc.errors import InvalidFile
from paddledvc.hashes import Hashes
from paddledvc.stages.core.record import Dataset, Hashed, Record
from tests.gate.test_check_documents import MOVED
from tests.gate.test_check_metrics import EVALUATED, FUNCTION, REPORT, measured, right
from tests.gated import EXPORTED, Gated

CARD = "docs/models/resnet50.md"
TRAINED = (
    EXPORTED.replace("    export: {}\n", "    export: {}\n    docs: docs/upgrade.md\n")
    + """\
  - name: tuned
    version: v2.0
    base: resnet50
    network: net.py:Net
    train: {function: net.py:fit, datasets: {scans: data/scans.npz}}
    environment: registry.example/paddle:3.3.1
"""
)
HOSTILE = """\
  - name: hostile
    version: v1.0.0
    owner: "a | b @team <script>alert(1)</script>"
    license: "MIT\\n---\\n# not a heading"
    description: "<!-- paddledvc: end --> [x](javascript:y) `z`\\n\\n# no heading"
"""


def write(gated: Gated, *names: str):
    return [(one.model, one.changed) for one in paddledvc.write_cards(gated.project, names)]


def test_a_card_says_what_is_stated_locked_and_verified(gated):
    assert write(gated) == [("resnet50", True)]
    text = gated.read(CARD)

    for line in (
        "| version | `v3.3.0` |",
        "| owner | `the vision team` |",
        "| licence | `Apache-2.0` |",
        "| input | `x: float32[?, 4]` |",
        "The exported files agree with the network on 1 sample.",
        "md5:0cc175b9c0f1b6a831c399e269772661",
    ):
        assert line in text
    assert write(gated) == [("resnet50", False)]


def test_the_parser_of_hugging_face_reads_the_header(gated):
    write(gated)
    data = ModelCard(gated.read(CARD)).data

    assert (data.license, data.library_name, data.tags) == (
        "apache-2.0",
        "paddlepaddle",
        ["paddledvc"],
    )


def test_what_people_wrote_stays(gated):
    mine = "---\nlicense: mit\n# why\nco2: 3\n---\n# ResNet\n\nBy hand.\n\n## Limits\n\nMany.\n"
    gated.write(CARD, mine)
    write(gated)
    gated.edit(CARD, "Many.", "Some.")
    gated.edit(CARD, "v3.3.0", "v9")
    write(gated)
    text = gated.read(CARD)

    assert text.partition("---\n")[2].startswith("license: apache-2.0\n")
    assert "# why\nco2: 3\n---\n# ResNet\n\n<!-- paddledvc: begin " in text
    assert text.endswith("<!-- paddledvc: end -->\n\nBy hand.\n\n## Limits\n\nSome.\n")
    assert "v9" not in text


def test_a_header_that_cannot_be_edited_is_refused_before_anything_is_written(gated):
    gated.models(EXPORTED.replace("resnet50", "a") + HOSTILE, build=False)
    gated.write("docs/models/hostile.md", "---\n[1, 2]\n---\n# H\n")

    with pytest.raises(InvalidFile, match=r"docs/models/hostile.md:1:1: found a header that"):
        paddledvc.write_cards(gated.project)
    assert not (gated.root / "docs/models/a.md").exists()


def test_texts_of_a_branch_break_out_of_neither_markdown_nor_header(gated):
    gated.models(EXPORTED + HOSTILE, build=False)
    write(gated, "hostile")
    text = gated.read("docs/models/hostile.md")
    header = text.split("---\n")[1]

    assert pyyaml.safe_load(header)["license"] == "mit\n---\n# not a heading"
    assert text.count("<!-- paddledvc: end -->") == 1
    assert "<script>" not in text.replace("`a", "")
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# hostile"]


def test_a_card_is_stale_once_something_else_is_so(gated):
    write(gated)
    gated.commit("a card")
    assert gated.lines() == []
    gated.edit("models.yaml", "the vision team", "another team")
    [line] = gated.lines()
    assert line == (
        f"{CARD}: warning[card-stale]: resnet50: it says what was so before; run "
        "`paddledvc report --cards`"
    )
    write(gated)
    assert gated.lines() == []
    gated.edit(CARD, "another team", "my team")
    [line] = gated.lines()
    assert "its generated part or its header was edited by hand" in line
    assert gated.lines(branch="develop") == []


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_key_of_the_header_that_was_edited_by_hand_is_stale_and_keys_of_people_are_not(
    gated, ends
):
    gated.write(CARD, "---\nco2: 3\n---\n# ResNet\n")
    write(gated)
    gated.edit(CARD, "co2: 3", "# why\nco2: 4\nlanguage: [en]")
    gated.write(CARD, gated.read(CARD).replace("\n", ends))
    gated.commit("a card")
    assert gated.lines() == []

    gated.edit(CARD, "license: apache-2.0", "license: mit")
    [line] = gated.lines()
    assert "its generated part or its header was edited by hand" in line
    write(gated)
    assert gated.lines() == []
    gated.edit(CARD, "library_name: paddlepaddle", "library_name: [")
    [line] = gated.lines()
    assert "its header was edited by hand" in line


def test_a_generated_part_without_its_last_line_is_stale_and_not_written_twice(gated):
    write(gated)
    gated.edit(CARD, "<!-- paddledvc: end -->", "")
    gated.commit("a card")

    [line] = gated.lines()
    assert "its generated part has no last line" in line
    with pytest.raises(InvalidFile) as caught:
        write(gated)
    assert str(caught.value) == (
        f"{CARD}:9:1: found the first line of the generated part, and no last line "
        "`<!-- paddledvc: end -->`; add it below the part, or remove the part"
    )


def test_a_page_without_a_generated_part_is_no_card(gated):
    gated.write(CARD, "# resnet50\n\nAll by hand.\n")
    gated.commit()

    assert gated.lines() == []


def test_measured_values_are_told_apart_from_published_ones(gated):
    gated.write("net.py", gated.read("net.py") + FUNCTION)
    gated.write("labels.txt", "a")
    gated.models(EVALUATED.replace("    evaluate:", "    metrics: {accuracy: 90%}\n    evaluate:"))
    gated.write(REPORT, measured(gated, right(())).to_json())
    write(gated)
    text = gated.read(CARD)

    assert "| `accuracy` | network |" in text
    assert "## Published values\n\n| metric | value |\n|---|---|\n| `accuracy` | 90.00 % |" in text
    [result, *_] = ModelCard(text).data.eval_results
    assert (result.metric_type, result.task_type) == ("accuracy", "other")


def test_a_card_says_what_a_training_was_made_of(gated):
    gated.write("net.py", gated.read("net.py") + "\n\ndef fit(run):\n    pass\n")
    gated.write("data/scans.npz", "scans")
    gated.models(TRAINED)
    path = "checkpoints/tuned_trained.pdparams"
    record = Record(
        model="tuned",
        version="v2.0",
        weights=Hashed(path=path, hashes=Hashes(md5=gated.digest(path))),
        commit="c0ffee" * 6 + "c0ff",
        params={"lr": 0.1, "net": {"depth": 3}},
        datasets={"scans": Dataset(path="data/scans.npz", md5="5" * 32)},
        paddle="3.3.1",
        python="3.11.7",
        paddledvc="1.0",
        began="2026-11-22T10:00:00Z",
        seconds=61.25,
        image="mirror.example/paddle:3.3.1",
    )
    gated.write("reports/tuned/train/record.json", record.to_json())
    write(gated)
    text = gated.read("docs/models/tuned.md")

    for line in (
        "| starts from | `resnet50 v3.3.0` |",
        f"| trained weights | `{path}` |",
        "| seconds | `61.2` |",
        "| image | `registry.example/paddle:3.3.1` |",
        "| image | `mirror.example/paddle:3.3.1` |",
        f"| commit that was checked out | `{record.commit}` |",
        f"| `scans` | `data/scans.npz` | `{'5' * 32}` |",
        "| `net.depth` | `3` |",
    ):
        assert line in text
    assert "2026-11-22" not in text
    data = ModelCard(text).data
    assert (data.base_model, data.datasets) == ("resnet50", ["scans"])
    link = "[`docs/upgrade.md`](../../docs/upgrade.md)"
    assert f"| documentation | {link} |" in gated.read(CARD)

    gated.holds[path] = "another training"
    gated.build()
    write(gated, "tuned")
    assert "## Training" not in gated.read("docs/models/tuned.md")


def test_a_card_is_stale_once_something_else_was_measured(gated):
    gated.write("net.py", gated.read("net.py") + FUNCTION)
    gated.write("labels.txt", "a")
    gated.models(EVALUATED)
    gated.write(REPORT, measured(gated, right(())).to_json())
    write(gated)
    assert [one for one in gated.lines() if "card-stale" in one] == []

    gated.write(REPORT, measured(gated, right((1, 2))).to_json())
    [line] = [one for one in gated.lines() if "card-stale" in one]
    assert "resnet50: it says what was so before" in line


@pytest.mark.slow
def test_a_card_documents_no_version_and_is_judged_in_a_change(gated):
    gated.branch("feature/x")
    gated.models(MOVED + f"    docs: {CARD}\n")
    write(gated)
    gated.commit("v3.4.0, without a word")
    [line] = gated.lines(base="main")
    assert (
        f"warning[docs-stale]: resnet50: it moved from v3.3.0 to v3.4.0, and neither {CARD}" in line
    )

    gated.write(CARD, gated.read(CARD) + "\n- resnet50 v3.4.0: better\n")
    gated.edit("models.yaml", "the vision team", "another team")
    gated.commit("a word, and another owner")
    [line] = gated.lines(base="main")
    assert line.startswith(f"{CARD}: warning[card-stale]: resnet50: it says what was so before")


def test_a_page_that_is_not_utf_8_is_refused_and_stays(gated):
    page = "# \u6a21\u578b\n".encode("gbk")
    (gated.root / "docs" / "models").mkdir(parents=True)
    (gated.root / CARD).write_bytes(page)

    with pytest.raises(InvalidFile, match=f"{CARD}:1:4: byte 0xd0 is not UTF-8"):
        write(gated)
    assert (gated.root / CARD).read_bytes() == page


def test_a_card_says_what_keeps_an_agreement_from_proving_much(gated):
    gated.build(caveats=(Caveat(kind="values-untried", text="ids above 9 were not tried"),))
    write(gated)

    said = "The exported files agree with the network on 1 sample, but ids above 9 were not tried."
    assert said in gated.read(CARD)


def test_a_report_of_other_weights_counts_for_nothing(gated):
    gated.write("net.py", gated.read("net.py") + FUNCTION)
    gated.write("labels.txt", "a")
    gated.models(EVALUATED)
    gated.write(REPORT, measured(gated, right(())).to_json())
    gated.edit("models.lock", "0cc175b9", "0cc175b0")
    write(gated)
    text = gated.read(CARD)

    assert "## Metrics" not in text
    assert "**The report is of other files than these.**" in text


def test_the_command_writes_those_that_are_named(gated, cli):
    done = cli("report", "--cards", "resnet50")
    again = cli("report", "--cards", "--format", "json")

    assert done.stdout == f"{CARD}\n"
    assert '"changed": false' in again.stdout
    assert cli("report", "resnet50").exit_code == 2
    assert cli("report", "--cards", "nothing").exit_code == 2
