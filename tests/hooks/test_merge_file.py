from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

import pytest

from paddledvc.errors import InvalidInput
from paddledvc.hooks import merge_file as module
from paddledvc.hooks.merge_file import merge_file
from paddledvc.tools.system.beneath import TEXT


class Merged(NamedTuple):
    text: str
    clean: bool
    conflicts: tuple[str, ...]


@pytest.fixture
def merge(tmp_path):
    """Merge three texts as a file of a name; the result is what ``ours`` holds then."""

    folder = tmp_path / "merge"
    folder.mkdir()

    def run(base, ours, theirs, name="models.yaml", **options):
        paths = {}
        for side, text in {"base": base, "ours": ours, "theirs": theirs}.items():
            paths[side] = folder / side
            paths[side].write_bytes(text if isinstance(text, bytes) else text.encode())
        done = merge_file(**paths, name=name, **options)
        data = paths["ours"].read_bytes()
        assert data == done.text.encode(errors="surrogateescape")
        assert sorted(path.name for path in folder.iterdir()) == ["base", "ours", "theirs"]
        return Merged(data.decode(errors="replace"), done.clean, done.conflicts)

    return run


def entry(name, version="v1", **fields):
    fields = {"weights_url": f"https://host/{name}-{version}", **fields}
    lines = [f"name: {name}", f"version: {version}", *(f"{k}: {v}" for k, v in fields.items())]
    return "  - " + "\n    ".join(lines) + "\n"


def registry(*entries):
    return "models:\n" + "".join(entries)


def marked(ours, theirs):
    return f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"


def test_models_that_were_added_and_moved_on_both_sides_are_all_there(merge):
    a, b, z = entry("a"), entry("b"), entry("z")
    a2, b2, left, right = entry("a", "v2"), entry("b", "v2"), entry("left"), entry("right")

    assert merge(registry(a, b, z), registry(a2, b, z, left), registry(a, b2, z, right)) == Merged(
        registry(a2, b2, z, left, right), True, ()
    )


def test_a_model_that_both_moved_is_one_conflict_around_its_block(merge):
    a, b, z = entry("a"), entry("b"), entry("z")
    ours, theirs = "  # we\n" + entry("b", "v2"), "  # they\n" + entry("b", "v3")

    assert merge(registry(a, b, z), registry(a, ours, z), registry(a, theirs, z)) == Merged(
        registry(a, marked(ours, theirs), z), False, ("b",)
    )


def test_comments_and_blank_lines_stay_byte_for_byte(merge):
    head, tail = "# of the file\n\nmodels:   # ours\n\n", "\n# of the policy\npolicy: {}\n\n# end\n"
    a, b = "  # of a\n  - {name: a,  version: v1}  # flow\n", "\n  -   name: b\n      version: v1\n"
    ours = head + a + b + "\n  # of c\n" + entry("c") + tail
    theirs = head + a.replace("v1", "v2") + b + tail

    assert merge(head + a + b + tail, ours, theirs) == Merged(
        ours.replace("name: a,  version: v1", "name: a,  version: v2"), True, ()
    )


def test_different_fields_of_a_model_are_merged_even_if_their_lines_touch(merge):
    base = registry(entry("a", task="t", owner="me"))
    ours = registry(entry("a", "v2", task="t", owner="me"))
    theirs = registry(entry("a", task="u  # better", owner="me", license="MIT"))

    assert merge(base, ours, theirs) == Merged(
        registry(entry("a", "v2", task="u  # better", owner="me", license="MIT")), True, ()
    )


def test_lines_within_a_field_are_merged(merge):
    train = "\n      function: t.py:train\n      deps: [x]\n      device: gpu\n      seed: {}\n"
    base = registry(entry("a", train=train.format(1)))

    assert merge(base, base.replace("[x]", "[x, y]"), base.replace("seed: 1", "seed: 2")) == Merged(
        base.replace("[x]", "[x, y]").replace("seed: 1", "seed: 2"), True, ()
    )


@pytest.mark.parametrize("field", ["md5", "hub_url", "base", "paddle"])
def test_a_version_is_never_paired_with_the_bytes_of_another(field, merge):
    ours = entry("a", "v2", task="t", owner="me", **{field: "x"})
    theirs = entry("a", task="t", owner="me", **{field: "y"})
    base = entry("a", task="t", owner="me", **{field: "x"})

    assert merge(registry(base), registry(ours), registry(theirs)) == Merged(
        registry(marked(ours, theirs)), False, ("a",)
    )


def test_a_model_in_braces_that_both_changed_is_a_conflict(merge):
    def model(**fields):
        return (
            f"  - {{name: a, version: v1, {', '.join(f'{k}: {v}' for k, v in fields.items())}}}\n"
        )

    ours, theirs = model(task="u", owner="me"), model(task="t", owner="you")

    assert merge(registry(model(task="t", owner="me")), registry(ours), registry(theirs)) == Merged(
        registry(marked(ours, theirs)), False, ("a",)
    )


def test_a_key_that_both_added_in_other_places_is_there_once(merge):
    train = "\n      function: t.py:train\n      deps: [x]\n      device: gpu"
    base = registry(entry("a", train=train), entry("b"))
    ours = base.replace("gpu\n", "gpu\n      seed: 1\n")
    theirs = base.replace("train\n", "train\n      seed: 1\n").replace("b-v1", "b-v2")
    found = merge(base, ours, theirs)

    assert found == Merged(ours.replace("b-v1", "b-v2"), True, ())


def test_a_model_that_one_removed_and_the_other_moved_is_a_conflict(merge):
    a, b = entry("a"), entry("b")

    assert merge(registry(a, b), registry(b), registry(entry("a", "v2"), b)) == Merged(
        registry(marked("", entry("a", "v2")), b), False, ("a",)
    )


def test_settings_beside_the_models_are_blocks_too(merge):
    base = "policy:\n  x: 1\nmodels: []\ncatalogs:\n  a: {kind: index}\n"
    ours = base.replace("x: 1", "x: 2") + "  b: {kind: index}\n"
    theirs = base.replace("models:", "environment: paddle:3\nmodels:") + "  c: {kind: git}\n"

    assert merge(base, ours, theirs) == Merged(
        "policy:\n  x: 2\nenvironment: paddle:3\nmodels: []\n"
        "catalogs:\n  a: {kind: index}\n  b: {kind: index}\n  c: {kind: git}\n",
        True,
        (),
    )


def test_settings_that_both_changed_are_a_conflict(merge):
    base = "environment:\n  image: a\n  other: 1\n  paddle: b\n"
    ours, theirs = base.replace("a\n", "c\n"), base.replace("b\n", "d\n")

    assert merge(base, ours, theirs) == Merged(marked(ours, theirs), False, ("environment",))


@pytest.mark.parametrize("base", ["", "models: []\n", "models:\n", "models:\n\n"])
def test_the_first_models_of_two_branches_are_both_there(base, merge):
    ours, theirs = registry(entry("a")), registry(entry("b"))

    assert merge(base, ours, theirs) == Merged(registry(entry("a"), entry("b")), True, ())


HEADER = "# Written by `paddledvc lock`.\nversion: 1\n"


def pin(name, version="v1", **fields):
    fields = {"version": version, "md5": (name + version) * 8, **fields}
    lines = [f'name: "{name}"', *(f'{key}: "{value}"' for key, value in fields.items())]
    return "  - " + "\n    ".join(lines) + "\n"


def lock(*pins, header=HEADER):
    return header + ("models:\n" if pins else "models: []\n") + "".join(pins)


def test_pins_of_both_sides_are_sorted_by_name(merge):
    b, d = pin("b"), pin("d")
    ours, theirs = lock(b, pin("d", "v2"), pin("e")), lock(pin("a"), b, pin("c"), d)

    assert merge(lock(b, d), ours, theirs, "sub/models.lock") == Merged(
        lock(pin("a"), b, pin("c"), pin("d", "v2"), pin("e")), True, ()
    )


def test_two_pins_of_a_model_are_never_mixed(merge):
    a, ours, theirs = pin("a", x="1", y="1"), pin("a", x="2", y="1"), pin("a", x="1", y="2")

    assert merge(lock(a, pin("b")), lock(ours, pin("b")), lock(theirs), "models.lock") == Merged(
        lock(marked(ours, theirs)), False, ("a",)
    )


def test_locks_of_two_formats_are_one_conflict(merge):
    ours = lock(pin("a"), pin("b"), pin("c"), header="version: 2\n")
    theirs = lock(pin("a"), pin("b"), pin("c"), pin("d"), header="version: 1\n")
    base = lock(pin("a"), pin("b"), pin("c"), header="version: 1\n")

    assert merge(base, ours, theirs, "models.lock") == Merged(
        marked(ours, theirs), False, ("the whole file",)
    )


def test_a_lock_in_which_nothing_is_left_is_one_conflict(merge):
    ours, theirs = lock(pin("b")), lock(pin("a"))

    assert merge(lock(pin("a"), pin("b")), ours, theirs, "models.lock") == Merged(
        marked(ours, theirs), False, ("the whole file",)
    )


@pytest.mark.parametrize(
    ("spoil"),
    [
        pytest.param(lambda text: text.replace("version: 1\n", "\tversion: 1\n"), id="no YAML"),
        pytest.param(lambda text: text + "<<<<<<< ours\n", id="half a conflict"),
        pytest.param(lambda text: text.encode() + b"# \xff\n", id="no UTF-8"),
    ],
)
def test_a_lock_that_cannot_be_read_is_never_merged_without_a_conflict(spoil, merge):
    base = lock(pin("a"), pin("b"), pin("c"))
    ours, theirs = (
        lock(pin("a", "v2"), pin("b"), pin("c")),
        lock(pin("a"), pin("b"), pin("c", "v2")),
    )
    found = merge(base, ours, spoil(theirs), "models.lock")

    assert not found.clean
    assert found.text.count("<<<<<<<") >= 1


def test_a_hand_edited_lock_that_still_can_be_read_is_merged(merge):
    base = lock(pin("a"), pin("b"), pin("c"))
    flow = '  - {"name": "b", version: "v1"}\n'
    ours, theirs = lock(pin("a", "v2"), flow, pin("c")), lock(pin("a"), pin("b"), pin("c", "v2"))

    assert merge(base, ours, theirs, "models.lock") == Merged(
        lock(pin("a", "v2"), flow, pin("c", "v2")), True, ()
    )


def test_lines_that_git_would_merge_into_a_pin_of_neither_side_are_a_conflict(merge):
    def odd(**fields):
        words = ",\n ".join(f'{key}: "{value}"' for key, value in fields.items())
        return f"version: 1\nmodels: [{{{words}}}]\n"

    fields = {"name": "a", "version": "v1", "source": "x", "requires": "v1", "md5": "0"}
    ours, theirs = odd(**{**fields, "version": "v2"}), odd(**{**fields, "md5": "1"})

    assert merge(odd(**fields), ours, theirs, "models.lock") == Merged(
        marked(ours, theirs), False, ("the whole file",)
    )


STAGES = "schema: '2.0'\nstages:\n"


def stage(name, out="0"):
    return f"  {name}:\n    cmd: x\n    deps:\n    - path: a\n    outs:\n    - md5: {out}\n"


def test_stages_that_ran_on_either_side_are_taken_from_it(merge):
    a, b = stage("a"), stage("b")

    assert merge(
        STAGES + a + b,
        STAGES + stage("a", "1") + b + stage("c"),
        STAGES + a + stage("b", "1") + stage("d"),
        "dvc.lock",
    ) == Merged(STAGES + stage("a", "1") + stage("b", "1") + stage("c") + stage("d"), True, ())


def test_of_a_stage_that_ran_on_both_sides_ours_stays_in_conflict(merge):
    a, ours, theirs = stage("a"), stage("a", "1"), stage("a", "2").replace("cmd: x", "cmd: y")

    assert merge(STAGES + a, STAGES + ours, STAGES + theirs, "dvc.lock") == Merged(
        STAGES + ours, False, ("a",)
    ), "ours stays without markers, which nobody could resolve and DVC cannot read"


def test_generated_stages_that_both_sides_added_are_both_there(merge):
    base = "# mine\nstages:\n  own:\n    cmd: x\nartifacts:\n  own:\n    path: x\n"
    ours = base.replace("cmd: x\n", "cmd: x\n  a:\n    cmd: y\n") + "  a:\n    path: y\n"
    theirs = base.replace("cmd: x\n", "cmd: x\n  b:\n    cmd: z\n") + "  b:\n    path: z\n"

    assert merge(base, ours, theirs, "dvc.yaml") == Merged(
        "# mine\nstages:\n  own:\n    cmd: x\n  a:\n    cmd: y\n  b:\n    cmd: z\n"
        "artifacts:\n  own:\n    path: x\n  a:\n    path: y\n  b:\n    path: z\n",
        True,
        (),
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_line_ends_and_a_byte_order_mark_stay(newline, mark, merge):
    def written(*entries):
        return (mark + "# x\n" + registry(*entries)).replace("\n", newline)

    a, b = entry("a"), entry("b")

    assert merge(written(a), written(a, b), written(entry("a", "v2"))) == Merged(
        written(entry("a", "v2"), b), True, ()
    )


def test_a_file_without_a_newline_at_its_end_is_merged(merge):
    a, b = entry("a"), entry("b")

    assert merge(
        registry(a, b)[:-1], registry(a, b, entry("c"))[:-1], registry(a, entry("b", "v2"))[:-1]
    ) == Merged(registry(a, entry("b", "v2"), entry("c")), True, ())


ANCHORS = "defaults: &d\n  license: MIT\n  version: v1\n" + registry(
    "  - <<: *d\n    name: a\n    task: t\n", "  - name: b\n    version: v1\n"
)


def test_what_an_anchor_brings_is_merged_too(merge):
    ours, theirs = ANCHORS.replace("MIT", "BSD"), ANCHORS.replace("task: t", "task: u")

    assert merge(ANCHORS, ours, theirs) == Merged(ours.replace("task: t", "task: u"), True, ())


def test_a_version_that_an_anchor_brings_is_not_paired_with_other_bytes_either(merge):
    ours = ANCHORS.replace("version: v1\nmodels", "version: v2\nmodels")
    theirs = ANCHORS.replace("task: t", "task: t\n    md5: x")

    assert merge(ANCHORS, ours, theirs) == Merged(marked(ours, theirs), False, ("the whole file",))


def test_a_registry_in_brackets_is_merged_line_by_line_if_that_says_what_it_should(merge):
    base = "models: [\n  {name: a, version: v1},\n  {name: b, version: v1},\n  {name: c}\n]\n"
    ours, theirs = base.replace("a, version: v1", "a, version: v2"), base.replace("c}", "d}")

    assert merge(base, ours, theirs) == Merged(ours.replace("c}", "d}"), True, ())


def test_a_registry_that_cannot_be_read_is_merged_as_git_does(merge):
    base = registry(entry("a"), "  - version: no name\n", entry("b"), entry("c"))
    ours, theirs = base.replace("host/a-v1", "x"), base.replace("host/c-v1", "y")

    assert merge(base, ours, theirs) == Merged(ours.replace("host/c-v1", "y"), True, ())


def test_a_result_that_would_be_no_yaml_is_a_conflict(merge):
    base = registry(entry("a"), "  - version: no name\n", entry("b"), entry("c"))
    ours, theirs = base.replace("version: no name", "b: 1"), base + "    name: c\n"

    assert merge(base, ours, theirs) == Merged(marked(ours, theirs), False, ("the whole file",))


def test_a_file_that_is_none_of_ours_is_merged_as_git_does(merge):
    assert merge("a\nb\nc\n", "x\nb\nc\n", "a\nb\ny\n", "other.txt") == Merged(
        "x\nb\ny\n", True, ()
    )
    assert merge("a\n", "b\n", "c\n", "other.txt") == Merged(marked("b\n", "c\n"), False, ())


def test_what_is_no_text_at_all_is_a_conflict_of_the_whole(merge):
    found = merge(b"a\0\n", b"b\0\n", b"c\0\n", "models.yaml")

    assert found == Merged(marked("b\0\n", "c\0\n"), False, ("the whole file",))


def test_a_base_with_conflicts_decides_nothing(merge):
    a = {version: pin("a", version) for version in ("v1", "v2", "v3")}
    wide = marked(a["v1"], a["v2"]).replace("<<<<<<<", "<" * 9).replace("=======", "=" * 9)
    base = lock(wide.replace(">>>>>>>", ">" * 9), pin("b"), pin("c"))

    assert merge(
        base, lock(a["v1"], pin("b", "v2"), pin("c")), lock(a["v2"], pin("b")), "models.lock"
    ) == Merged(lock(marked(a["v1"], a["v2"]), pin("b", "v2")), False, ("a",))
    assert merge(
        base, lock(a["v3"], pin("b"), pin("c")), lock(a["v3"], pin("b", "v2")), "models.lock"
    ) == Merged(lock(a["v3"], pin("b", "v2")), True, ())


def test_conflicts_show_the_base_where_git_is_told_so(merge, project, monkeypatch):
    project.git("init", "--quiet")
    project.git("config", "merge.conflictStyle", "diff3")
    monkeypatch.chdir(project.root)
    found = merge(*(registry(entry("a", version)) for version in ("v1", "v2", "v3")), marker_size=9)

    assert found.text == (
        f"models:\n{'<' * 9} ours\n{entry('a', 'v2')}{'|' * 9} base\n{entry('a')}"
        f"{'=' * 9}\n{entry('a', 'v3')}{'>' * 9} theirs\n"
    )


@pytest.fixture
def files(project):
    def write(*texts, name="models.yaml"):
        for side, text in zip(("base", "ours", "theirs"), texts, strict=True):
            project.write_bytes(side, text.encode())
        return ("base", "ours", "theirs", name)

    return write


def test_the_command_says_that_it_merged(files, cli):
    a = registry(entry("a"))
    arguments = files(a, a, registry(entry("a"), entry("b")))

    assert cli("merge-file", *arguments) == (0, "merged\n", "")


def test_the_command_names_what_both_sides_changed(files, cli, project):
    arguments = files(*(registry(entry("a", v), entry("b", v)) for v in ("v1", "v2", "v3")))

    assert cli("merge-file", "--marker-size", "7", "--", *arguments) == (
        1,
        "conflict\n",
        "models.yaml: both sides changed a, b\n",
    )
    assert project.read("ours").count("<<<<<<< ours\n") == 2


def test_the_command_says_nothing_of_merges_that_nobody_sees(files, cli):
    arguments = files(*(registry(entry("a", version)) for version in ("v1", "v2", "v3")))

    assert cli("merge-file", *arguments, "--marker-size", "9") == (1, "conflict\n", "")


def test_the_command_needs_no_project_and_explains_itself(cli):
    done = cli("merge-file", "--help")

    assert done.exit_code == 0
    assert done.stdout.startswith("Usage: paddledvc merge-file [OPTIONS] BASE OURS THEIRS NAME\n")
    assert "Example:\n    paddledvc merge-file base.lock ours.lock" in done.stdout


def test_the_command_is_not_in_the_overview(cli):
    assert "merge-file" not in cli("--help").stdout


@pytest.mark.slow
def test_a_merge_that_is_killed_leaves_the_file_as_it_was(files, project):
    files(*(registry(entry("a", version)) for version in ("v1", "v2", "v3")))
    before = project.read("ours")
    code = (
        "import os, pathlib\n"
        "from paddledvc.hooks.merge_file import merge_file\n"
        "pathlib.Path.write_bytes = lambda self, data: os.abort() if 'ours.' in self.name else "
        "open(self, 'wb').write(data)\n"
        "merge_file(*map(pathlib.Path, ('base', 'ours', 'theirs')), 'models.yaml')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project.root, check=False)

    assert done.returncode < 0
    assert project.read("ours") == before


def test_a_side_of_more_bytes_than_such_a_file_may_have_is_left_to_git(tmp_path):
    for side in ("base", "ours", "theirs"):
        (tmp_path / side).touch()
    os.truncate(tmp_path / "theirs", TEXT + 1)  # sparse

    with pytest.raises(InvalidInput, match="has 67,108,865 bytes, expected 67,108,864 at most"):
        merge_file(tmp_path / "base", tmp_path / "ours", tmp_path / "theirs", "models.lock")
    assert not (tmp_path / "ours").read_bytes()


PARAMS = "# all\na:\n  train: {lr: 0.1, epochs: 2}\n\nb:\n  train:\n    lr: 0.1\n    seed: 1\n"


def test_hyperparameters_are_merged_by_model_and_by_key(merge):
    ours = PARAMS.replace("lr: 0.1, epochs: 2", "lr: 0.2, epochs: 2").replace("seed: 1", "seed: 2")
    theirs = PARAMS.replace("    lr: 0.1\n", "    lr: 0.3\n") + "c:\n  train: {lr: 1}\n"

    assert merge(PARAMS, ours, theirs, "params.yaml") == Merged(
        ours.replace("    lr: 0.1\n", "    lr: 0.3\n") + "c:\n  train: {lr: 1}\n", True, ()
    )


def test_a_hyperparameter_that_both_changed_is_a_conflict_of_its_model(merge):
    ours, theirs = PARAMS.replace("seed: 1", "seed: 2"), PARAMS.replace("seed: 1", "seed: 3")
    merged = merge(PARAMS, ours, theirs, "params.yaml")

    assert (merged.clean, merged.conflicts) == (False, ("b",))
    assert merged.text.startswith("# all\na:\n  train: {lr: 0.1, epochs: 2}\n<<<<<<< ours\n")


@pytest.fixture(params=["ours", "theirs"])
def favour(request, monkeypatch):
    monkeypatch.setattr(module, "find_favoured_side", lambda _: request.param)
    return request.param


@pytest.mark.parametrize(
    ("name", "base", "changed"),
    [
        ("params.yaml", PARAMS, "seed: 1"),
        ("models.yaml", registry(entry("a")), "version: v1"),
        ("dvc.lock", STAGES + stage("a"), "cmd: x"),
        ("models.lock", "not: yaml: [\n", "yaml"),
        ("other.txt", "one\ntwo\n", "two"),
    ],
)
def test_a_favoured_side_stands_where_both_changed_the_same(merge, favour, name, base, changed):
    side = favour
    sides = {"ours": base.replace(changed, f"{changed}8"), "theirs": base.replace(changed, "x: 9")}
    merged = merge(base, sides["ours"], sides["theirs"], name)

    assert (merged.text, merged.clean) == (sides[side], True)
