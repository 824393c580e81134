from __future__ import annotations

import json
import os

import pytest

import paddledvc
from paddledvc.errors import InvalidFile, InvalidInput, NotAProject, StaleLock, StaleStages
from paddledvc.yaml import reader
from tests.gated import NET

MODELS = """\
models:
  - name: base
    version: v1
    weights_url: zoo/base.pdparams
    md5: "00000000000000000000000000000000"
    description: the base
  - name: m
    version: v1
    base: base
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    train: {function: train.py:train, deps: [data.npz]}
    export: {}
"""
ALL = ("sync-base", "train-m", "export-m", "verify-m")


@pytest.fixture
def ready(project):
    """Make a locked project of two models, with dvc.yaml as given."""
    project.write("net.py", NET)
    project.write("layers.py", "")
    project.write("train.py", "def train(run):\n    pass\n")

    def make(stages=None, models=MODELS):
        made = project.models(models)
        paddledvc.lock(made)
        if stages is not None:
            (project.root / "dvc.yaml").write_bytes(stages.encode())
        return made

    return make


def stages(project):
    return reader.parse_yaml(project.read("dvc.yaml"), "dvc.yaml").value["stages"]


def changed(project, before, after):
    """Name the stages that a change of models.yaml changes."""
    old = stages(project)
    made = project.models(MODELS.replace(before, after))
    paddledvc.lock(made)
    done = paddledvc.generate(made)
    new = stages(project)

    assert before in MODELS
    assert [name for name in done.stages.changed if name in new] == sorted(
        name for name in old if name in new and old[name] != new[name]
    )
    return [name for name in done.stages.changed if name in new]


def test_stages_are_generated_for_every_model(ready, project):
    done = paddledvc.generate(ready())

    assert (done.stages.added, done.artifacts.added) == (ALL, ("base", "m"))
    assert tuple(stages(project)) == ALL
    assert stages(project)["train-m"]["deps"] == [
        "checkpoints/base_v1.pdparams",
        "data.npz",
        "layers.py",
        "net.py",
        "train.py",
    ]


def test_generating_twice_writes_once(ready, project):
    made = ready()
    paddledvc.generate(made)
    path = project.root / "dvc.yaml"
    os.utime(path, ns=(1, 1))
    done = paddledvc.generate(made)

    assert (done.stages.added, done.stages.changed, done.stages.removed) == ((), (), ())
    assert path.stat().st_mtime_ns == 1


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("the base", "other words", [], id="description"),
        pytest.param("0" * 32, "1" * 32, ["sync-base"], id="md5"),
        pytest.param(
            "version: v1\n    weights",
            "version: v2\n    weights",
            ["sync-base", "train-m"],
            id="version",
        ),
        pytest.param("null, 4", "null, 5", ["export-m", "verify-m"], id="inputs"),
        pytest.param("export: {}", "export: {allow: [in-place]}", ["export-m"], id="export"),
        pytest.param("[data.npz]}", "[data.npz], seed: 1}", ["train-m"], id="seed"),
        pytest.param("[data.npz]", "[other.npz]", ["train-m"], id="deps"),
        pytest.param("export: {}", "export: {}\n    verify: {seed: 2}", ["verify-m"], id="verify"),
    ],
)
def test_a_change_of_a_model_changes_only_the_stages_that_use_it(
    ready, project, before, after, expected
):
    paddledvc.generate(ready())

    assert changed(project, before, after) == expected


def test_a_description_changes_the_artifact_alone(ready, project):
    paddledvc.generate(ready())
    made = project.models(MODELS.replace("the base", "other words"))
    paddledvc.lock(made)

    done = paddledvc.generate(made)

    assert (done.stages.changed, done.artifacts.changed) == ((), ("base",))


def test_hyperparameters_of_another_model_change_nothing(ready, project):
    made = ready()
    project.write("params.yaml", "m: {train: {epochs: 1}}\n")
    paddledvc.generate(made)
    project.write("params.yaml", "m: {train: {epochs: 2}}\nother: {train: {epochs: 1}}\n")
    done = paddledvc.generate(made)

    assert (done.stages.added, done.stages.changed, done.stages.removed) == ((), (), ())


def test_a_new_section_of_hyperparameters_changes_its_stage_alone(ready, project):
    made = ready()
    paddledvc.generate(made)
    project.write("params.yaml", "m: {train: {epochs: 1}}\n")

    assert paddledvc.generate(made).stages.changed == ("train-m",)
    assert stages(project)["train-m"]["params"] == ["m.train"]


def test_a_new_import_of_the_code_changes_the_stages_that_run_it(ready, project):
    made = ready()
    paddledvc.generate(made)
    project.write("more.py", "")
    project.write("layers.py", "import more\n")

    assert paddledvc.generate(made).stages.changed == ("export-m", "train-m", "verify-m")


def test_a_folder_of_images_and_the_code_that_prepares_them_are_dependencies_of_verify(
    ready, project
):
    paddledvc.generate(ready())
    project.write("prepare.py", "import more\n\n\ndef crop(image):\n    return image\n")
    project.write("more.py", "")
    verify = "    export: {}\n    verify: {samples: data/val/, preprocess: 'prepare.py:crop'}\n"

    assert changed(project, "    export: {}\n", verify) == ["verify-m"]
    assert {"data/val", "prepare.py", "more.py"} <= set(stages(project)["verify-m"]["deps"])


def test_a_model_that_goes_takes_its_stages_and_nothing_else(ready, project):
    text = "stages:\n  mine: {cmd: x}  # mine\nvars: [a]  # kept\n"
    paddledvc.generate(ready(text))
    before = project.read("dvc.yaml")
    made = project.models(MODELS.partition("  - name: m\n")[0])
    paddledvc.lock(made)
    done = paddledvc.generate(made)

    assert done.stages.removed == ("export-m", "train-m", "verify-m")
    assert done.artifacts.removed == ("m",)
    assert list(stages(project)) == ["mine", "sync-base"]
    assert project.read("dvc.yaml").startswith("stages:\n  mine: {cmd: x}  # mine\n  sync-base:")
    assert "vars: [a]  # kept\n" in before
    assert "vars: [a]  # kept\n" in project.read("dvc.yaml")


def test_all_models_gone_leave_the_users_file_as_it_was(ready, project):
    text = "# mine\nvars: [a]\n\nstages:\n    mine:\n        cmd: 'x'\n"
    paddledvc.generate(ready(text))
    made = project.models("models: []\n")
    paddledvc.lock(made)
    paddledvc.generate(made)

    assert project.read("dvc.yaml") == text


USERS = """\
# head
vars:
    -   params.yaml

stages:
    # the user's
    prepare:   {cmd: "python prepare.py"}   # beside

    last:
        cmd: |
            echo one
            # no comment
        deps: [ 'a' ,b ]
# tail
plots:
- a.csv
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(USERS, id="as it is"),
        pytest.param(USERS.replace("\n", "\r\n"), id="crlf"),
        pytest.param(USERS.rstrip("\n"), id="no last newline"),
        pytest.param("\ufeff" + USERS, id="byte order mark"),
    ],
)
def test_every_byte_of_the_user_survives(ready, project, text):
    paddledvc.generate(ready(text))
    written = project.read("dvc.yaml")
    head, tail = text.split("# tail")

    assert written.startswith(head)
    assert ("# tail" + tail).rstrip("\r\n") in written
    assert ("\r\n" in text) == ("\r\n" in written)
    assert "\r\n" not in text or "\n" not in written.replace("\r\n", "")


@pytest.mark.parametrize("text", ["stages: {}\n", "stages:\n", "stages: null\nartifacts: {}\n"])
def test_empty_sections_are_filled(ready, project, text):
    paddledvc.generate(ready(text))

    assert tuple(stages(project)) == ALL


@pytest.mark.parametrize("key", ["stages", "artifacts"])
def test_a_section_in_braces_is_refused(ready, project, key):
    text = f"vars: []\n{key}: {{mine: {{cmd: x}}}}\n"
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(ready(text))

    assert str(caught.value) == (
        f"dvc.yaml:2:1: {key}: expected entries on lines of their own, not in braces or a list"
    )
    assert project.read("dvc.yaml") == text


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n"])
def test_a_dvc_yaml_that_is_no_mapping_is_refused(ready, project, text):
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(ready(text))

    assert str(caught.value).startswith("dvc.yaml:1:1: ")
    assert "expected a mapping" in str(caught.value)
    assert project.read("dvc.yaml") == text


def test_a_users_stage_of_a_name_that_is_needed_is_refused_with_its_place(ready, project):
    text = "stages:\n  mine: {cmd: x}\n  train-m:\n    cmd: y\n  sync-base: {cmd: z}\n"
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(ready(text))

    advice = (
        "the name is needed for a generated entry, but this one is not marked with "
        "`meta: {generated_by: paddledvc}`; rename it, or delete it to let it be generated"
    )
    assert str(caught.value).splitlines() == [
        f"dvc.yaml:3:3: stages.train-m: {advice}",
        f"dvc.yaml:5:3: stages.sync-base: {advice}",
    ]
    assert project.read("dvc.yaml") == text


def test_a_users_artifact_of_a_name_that_is_needed_is_refused(ready):
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(ready("artifacts:\n  m: {path: x}\n"))

    assert str(caught.value).startswith("dvc.yaml:2:3: artifacts.m: the name is needed")


def test_a_frozen_stage_stays_frozen(ready, project):
    made = ready()
    paddledvc.generate(made)
    text = project.read("dvc.yaml").replace("  train-m:\n", "  train-m:\n    frozen: true\n")
    project.write("dvc.yaml", text)
    quiet = paddledvc.generate(made)
    change = changed(project, "[data.npz]", "[other.npz]")

    assert (quiet.stages.changed, change) == ((), ["train-m"])
    assert stages(project)["train-m"]["frozen"] is True


def test_an_edited_stage_of_ours_is_put_right(ready, project):
    made = ready()
    paddledvc.generate(made)
    before = project.read("dvc.yaml")
    project.write("dvc.yaml", before.replace("paddledvc export m", "echo"))

    assert paddledvc.generate(made).stages.changed == ("export-m",)
    assert project.read("dvc.yaml") == before


def test_stages_keep_the_place_that_people_gave_them(ready, project):
    made = ready()
    paddledvc.generate(made)
    text = project.read("dvc.yaml")
    head, rest = text.split("  train-m:\n")
    train, export = rest.split("  export-m:\n")
    moved = (
        head + "  export-m:\n" + export.replace("\nartifacts", f"  train-m:\n{train}\nartifacts", 1)
    )
    project.write("dvc.yaml", moved)

    assert paddledvc.generate(made).stages.changed == ()
    assert list(stages(project)) == ["sync-base", "export-m", "verify-m", "train-m"]


def test_check_is_content_right_after_generating(ready):
    made = ready()
    paddledvc.generate(made)

    assert paddledvc.generate(made, check=True).stages.added == ()


def test_check_says_what_is_stale_and_writes_nothing(ready, project):
    made = ready()
    paddledvc.generate(made)
    text = project.read("dvc.yaml").replace("paddledvc export m", "echo")
    text = text.replace("  sync-base:", "  sync-gone:")
    project.write("dvc.yaml", text)
    with pytest.raises(StaleStages) as caught:
        paddledvc.generate(made, check=True)

    assert str(caught.value) == (
        "dvc.yaml is stale; run `paddledvc generate` to update it:\n"
        "  sync-base is missing\n"
        "  export-m is out of date\n"
        "  sync-gone no longer has a model"
    )
    assert project.read("dvc.yaml") == text


def test_a_stale_lock_is_refused_by_a_check(ready, project):
    ready()
    made = project.models(MODELS.replace("version: v1\n    base", "version: v2\n    base"))
    with pytest.raises(StaleLock, match="stale, and --check forbids updating it"):
        paddledvc.generate(made, check=True)


def test_a_missing_lock_says_what_to_do_to_a_check(ready, project):
    ready()
    (project.root / "models.lock").unlink()
    with pytest.raises(NotAProject) as caught:
        paddledvc.generate(project.models(MODELS), check=True)

    assert str(caught.value) == "there is no models.lock yet; run `paddledvc lock`"


def test_code_that_is_not_there_is_refused(ready, project):
    made = ready()
    (project.root / "train.py").unlink()
    with pytest.raises(paddledvc.errors.InvalidInput) as caught:
        paddledvc.generate(made)

    assert str(caught.value) == (
        "models.yaml:12:23: models[1].train.function: there is no file train.py in the project"
    )


def test_params_that_are_a_list_are_refused(ready, project):
    project.write("params.yaml", "- a\n")
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(ready())

    assert str(caught.value) == (
        "params.yaml:1:1: expected a mapping of a model's slug to its sections"
    )


def test_a_project_without_models_gets_no_dvc_yaml(project):
    made = project.models("models: []")
    paddledvc.lock(made)
    paddledvc.generate(made)

    assert not (project.root / "dvc.yaml").exists()


def test_the_command_tells_what_it_did(ready, cli, project):
    ready()

    assert cli("generate").stdout.splitlines() == [
        *(f"Add stage {name}" for name in ALL),
        "Add artifact base",
        "Add artifact m",
    ]
    assert cli("generate") == (0, "", "dvc.yaml is up to date\n")
    assert cli("generate", "--check").exit_code == 0


def test_the_command_exits_with_1_for_stale_stages(ready, cli):
    ready()
    done = cli("generate", "--check")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: dvc.yaml is stale; run `paddledvc generate`")


def test_the_command_exits_with_2_for_a_foreign_stage(ready, cli):
    ready("stages:\n  train-m: {cmd: x}\n")
    done = cli("generate")

    assert done.exit_code == 2
    assert done.stderr.startswith("dvc.yaml:2:3: stages.train-m: ")


def test_the_command_prints_json(ready, cli):
    ready()

    assert json.loads(cli("generate", "--format", "json").stdout) == {
        "stages": {"added": [*ALL], "changed": [], "removed": []},
        "artifacts": {"added": ["base", "m"], "changed": [], "removed": []},
        "resolved": [],
        "unresolved": [],
    }


def test_hyperparameters_under_the_name_instead_of_the_slug_are_refused(project):
    made = project.models('models: [{name: PP-OCRv4.1, version: v1, train: {command: "true"}}]')
    paddledvc.lock(made)
    project.write("params.yaml", "PP-OCRv4.1: {train: {epochs: 3}}\n")
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(made)

    assert str(caught.value) == (
        "params.yaml:1:1: PP-OCRv4.1: write it as 'PP-OCRv4-1'; "
        "DVC's params allow no other form of the name"
    )


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        pytest.param("trian", "no stage reads a section 'trian'; did you mean 'train'?", id="typo"),
        pytest.param(
            "export",
            "no stage reads a section 'export'; expected train, verify or evaluate",
            id="export",
        ),
    ],
)
def test_a_section_of_hyperparameters_that_no_stage_reads_is_refused(
    ready, project, section, reason
):
    made = ready()
    project.write("params.yaml", f"m:\n  {section}: {{epochs: 3}}\n")
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(made)

    assert str(caught.value) == f"params.yaml:2:3: m.{section}: {reason}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(b"|\n      echo", 4, id="no newline at the end"),
        pytest.param(b"|+\n      echo\n", 5, id="a text that keeps its newlines"),
        pytest.param(b">2+ # all\n      echo\n", 5, id="with an indentation"),
        pytest.param(b">+2\n      echo\n\n", 6, id="in the other order"),
    ],
)
def test_a_file_that_ends_inside_of_a_text_is_left_alone(ready, project, text, line):
    made = ready()
    before = b"stages:\n  mine:\n    cmd: " + text
    project.write("dvc.yaml", "").write_bytes(before)
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(made)

    assert (project.root / "dvc.yaml").read_bytes() == before
    assert str(caught.value) == (
        f"dvc.yaml:{line}:1: the file ends inside of this text; add a newline to its end first"
    )


def test_a_quoted_section_of_which_nothing_stays_keeps_its_notes(ready, project):
    made = ready()
    paddledvc.generate(made)
    text = project.read("dvc.yaml")
    project.write("dvc.yaml", text.replace("stages:\n", '"stages":   # c\n  # note\n', 1))
    made = project.models("models: []\n")
    paddledvc.generate(made)

    assert '"stages"' not in project.read("dvc.yaml")
    assert "stages: {}   # c\n  # note\n" in project.read("dvc.yaml")


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_side_is_taken_of_conflicting_stages_which_are_then_generated(ready, project, side):
    made = ready()
    paddledvc.generate(made)
    before = project.read("dvc.yaml")
    entry = next(line for line in before.splitlines(keepends=True) if "cmd: paddledvc" in line)
    conflicted = (
        f"<<<<<<< ours\n{entry.replace('--pin', '--pin a')}=======\n{entry}>>>>>>> theirs\n"
    )
    project.write("dvc.yaml", before.replace(entry, conflicted))
    with pytest.raises(InvalidFile, match="run `paddledvc generate --resolve ours` or `theirs`"):
        paddledvc.generate(made)
    paddledvc.generate(made, resolve=side)

    assert project.read("dvc.yaml") == before


@pytest.mark.parametrize(("side", "kept"), [("ours", "1"), ("theirs", "2")])
def test_a_side_is_taken_of_what_two_branches_built(ready, project, cli, side, kept):
    paddledvc.generate(ready())
    ours, theirs = (f"stages:\n  a:\n    cmd: echo {n}\n" for n in ("1", "2"))
    conflicted = f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"
    project.write("dvc.lock", conflicted)
    done = cli("generate", "--resolve", side)

    assert (done.exit_code, done.stdout) == (0, f"Take {side} in dvc.lock\n")
    assert project.read("dvc.lock") == (ours if kept == "1" else theirs)
    assert cli("generate", "--resolve", side) == (0, "", "dvc.yaml is up to date\n")


def test_a_check_takes_no_side(ready):
    with pytest.raises(InvalidInput, match=r"--resolve changes files, which --check forbids"):
        paddledvc.generate(ready(), check=True, resolve="ours")


DIGIT = 'models: [{name: 3d-net, version: v1, train: {command: "true"}}]'


def test_hyperparameters_of_a_name_that_begins_with_a_digit_are_where_dvc_addresses_them(project):
    made = project.models(DIGIT)
    project.write("params.yaml", "_3d-net: {train: {epochs: 3}}\n")

    paddledvc.generate(made)

    assert '    params:\n      - "_3d-net.train"\n' in project.read("dvc.yaml")
    assert made.section(made.registry().models[0], "train") == {"epochs": 3}


def test_hyperparameters_under_a_slug_that_begins_with_a_digit_still_do(project, caplog):
    made = project.models(DIGIT)
    project.write("params.yaml", "3d-net: {train: {epochs: 3}}\n")

    paddledvc.generate(made)

    assert '    params:\n      - "3d-net.train"\n' in project.read("dvc.yaml")
    assert made.section(made.registry().models[0], "train") == {"epochs": 3}
    assert "params.yaml: `dvc exp run -S` cannot address '3d-net'; rename it to '_3d-net'" in (
        caplog.messages
    )


def test_hyperparameters_under_both_keys_are_refused(project):
    made = project.models(DIGIT)
    project.write("params.yaml", "3d-net: {train: {a: 1}}\n_3d-net: {train: {a: 2}}\n")

    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(made)

    assert str(caught.value) == ("params.yaml:1:1: 3d-net: '_3d-net' is there too; keep that one")
