from __future__ import annotations

import os

import pytest

import paddledvc
from paddledvc import LockUse
from paddledvc.errors import InvalidInput, UnknownCatalog, Unresolvable

ZOO = """\
version: 1
models:
  - name: det
    versions:
      - {version: v1.0.0, url: a.pdparams}
      - {version: v1.2.0, url: a.pdparams}
      - {version: v2.0.0rc1, url: a.pdparams}
  - name: team/rec
    versions: [{version: "1.0", url: a.pdparams}]
"""
MODELS = """\
# Our models.
catalogs:
  zoo: {kind: index, url: zoo.yaml}
  other: {kind: index, url: other.yaml}
models:
  - name: mine      # in house
    version: v1
    weights_url: a.pdparams
"""
OTHER = "version: 1\nmodels: [{name: det, versions: [{version: v9, url: a.pdparams}]}]\n"


@pytest.fixture
def made(project):
    project.write("zoo.yaml", ZOO)
    project.write("other.yaml", "version: 1\nmodels: []\n")
    project.write_bytes("a.pdparams", b"weights")
    made = project.models(MODELS)
    paddledvc.lock(made)
    return made


def files(project):
    return project.read("models.yaml"), project.read("models.lock")


def test_a_model_is_added_from_its_newest_version_on(made, project):
    done = paddledvc.add(made, "det", source="zoo")

    assert project.read("models.yaml") == (
        MODELS + '\n  - name: det\n    version: ">=1.2.0"\n    source: zoo\n'
    )
    assert [str(change) for change in done.changes] == ["Add det v1.2.0"]
    assert paddledvc.lock(made, check=True).lock.model("det").version == "v1.2.0"


@pytest.mark.parametrize(
    ("model", "version", "locked"),
    [
        pytest.param("det==1.0", "v1.0.0", "v1.0.0", id="exact, as the catalog spells it"),
        pytest.param("det>=1,<2", ">=1,<2", "v1.2.0", id="range"),
        pytest.param("det^1.0", "^1.0", "v1.2.0", id="caret"),
        pytest.param("det ~= 1.0.0", "~= 1.0.0", "v1.0.0", id="spaces"),
        pytest.param("det==2.0rc1", "v2.0.0rc1", "v2.0.0rc1", id="pre-release"),
    ],
)
def test_a_model_is_added_at_the_versions_that_are_asked_for(made, model, version, locked):
    done = paddledvc.add(made, model, source="zoo")

    assert (done.requires, made.registry().model("det").requires.text) == (version, version)
    assert made.lock().model("det").version == locked


@pytest.fixture
def on(made, project):
    """Check out a branch."""

    def check_out(branch, policy=""):
        project.git("init", "--quiet")
        project.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return project.models(policy + MODELS)

    return check_out


@pytest.mark.parametrize("model", ["det", "det>=1", "det^1.2", "det==1.2"])
def test_a_production_branch_gets_the_exact_version(on, project, model):
    made = on("main")
    done = paddledvc.add(made, model, source="zoo")

    assert made.registry().model("det").requires.text == done.requires == "v1.2.0"
    assert done.exact_for == (None if model == "det==1.2" else "production")
    assert paddledvc.lock(made, check=True).changes == ()


@pytest.mark.parametrize("branch", ["develop", "feature/x"])
def test_other_branches_get_what_follows_too(on, branch):
    done = paddledvc.add(on(branch), "det", source="zoo")

    assert (done.requires, done.exact_for) == (">=1.2.0", None)


def test_the_policy_says_which_branches_take_exact_versions(on):
    made = on("stable", "policy: {production: {branches: [stable]}}\n")

    assert paddledvc.add(made, "det", source="zoo").requires == "v1.2.0"


def test_a_range_that_is_there_becomes_exact_on_a_production_branch(on, project):
    made = on("feature/x")
    paddledvc.add(made, "det<2", source="zoo")
    before = project.read("models.yaml")
    made = on("main")
    project.write("models.yaml", before)
    done = paddledvc.add(made, "det")

    assert project.read("models.yaml") == before.replace("<2", "v1.2.0")
    assert (done.requires, done.exact_for) == ("v1.2.0", "production")


@pytest.mark.parametrize(
    ("model", "use", "message"),
    [
        pytest.param(
            "det==2.0rc1",
            LockUse(),
            "det==2.0rc1: production branches take no pre-releases; ask for a final release, or "
            "add the model on another branch",
            id="pre-release",
        ),
        pytest.param(
            "det>=1",
            LockUse(frozen="--frozen"),
            "det: production branches take exact versions only, and --frozen asks no catalog for "
            "one; name it, as det==V",
            id="frozen",
        ),
    ],
)
def test_what_a_production_branch_may_not_have_is_refused(on, project, model, use, message):
    made, before = on("main"), files(project)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, model, source="zoo", use=use)

    assert str(caught.value) == message
    assert files(project) == before


def test_a_frozen_lock_takes_an_exact_version_on_a_production_branch(on):
    done = paddledvc.add(on("main"), "det==1.2", source="zoo", use=LockUse(frozen="--frozen"))

    assert done.requires == "==1.2"


def test_a_build_is_added_as_the_catalog_spells_it(made, project):
    project.write("zoo.yaml", ZOO.replace("v1.2.0", "v1.2.0+cpu"))
    done = paddledvc.add(made, "det==1.2", source="zoo")

    assert (done.requires, made.lock().model("det").version) == ("v1.2.0+cpu", "v1.2.0+cpu")


def test_what_is_nearly_a_version_is_refused_with_what_works(made):
    with pytest.raises(InvalidInput) as index:
        paddledvc.add(made, "det==ch_v4", source="zoo")
    with pytest.raises(InvalidInput) as hub:
        paddledvc.add(made, "team/det==ch_v4", source="huggingface")

    said = "det==ch_v4: '==ch_v4' is not a version; write '==v4+ch'"
    assert str(index.value) == said
    assert str(hub.value) == f"team/{said}, or name a branch or tag of the hub with --revision"


PADDLEX = """\
OFFICIAL_MODELS = {"PP-OCRv5_mobile_det": "https://host/paddle3.0.0/PP-OCRv5_mobile_det_infer.tar"}
"""


def test_paddleocr_is_another_name_for_the_catalog_of_paddlex(made, project, install):
    install("paddlex", {"inference/utils/official_models.py": PADDLEX}, version="3.0")
    use = LockUse(frozen="--frozen")
    done = paddledvc.add(made, "PP-OCRv5_mobile_det", source="paddleocr", use=use)

    assert done.source == made.registry().model("PP-OCRv5_mobile_det").source == "paddlex"


def test_a_catalog_that_is_called_paddleocr_comes_first(made, project):
    made = project.models(MODELS.replace("other:", "paddleocr:"))
    project.write("other.yaml", OTHER)

    assert paddledvc.add(made, "det", source="paddleocr").source == "paddleocr"


PADDLE = {
    "version/__init__.py": "full_version = '3.3.1'\n",
    "vision/models/__init__.py": "__all__ = ['squeezenet1_1', 'mobilenet_v1']\n",
    "vision/models/all.py": """\
model_urls = {
    'squeezenet1_1': ('https://host/squeezenet1_1.pdparams', '0123456789abcdef0123456789abcdef'),
    'mobilenetv1_1.0': ('https://host/m.pdparams', '0123456789abcdef0123456789abcde0'),
    'new': ('https://host/new.pdparams', '0123456789abcdef0123456789abcde1'),
}
""",
}


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        pytest.param(
            "squeezenet1_1",
            '    network: "paddle.vision.models:squeezenet1_1"\n'
            "    inputs:\n"
            "      - name: image\n"
            "        shape: [null, 3, 224, 224]\n"
            "        dtype: float32\n"
            "    export: {}\n",
            id="a network",
        ),
        pytest.param(
            "mobilenetv1_1.0",
            '    network: "paddle.vision.models:mobilenet_v1"\n'
            "    network_args: {scale: 1.0}\n"
            "    inputs:\n"
            "      - name: image\n"
            "        shape: [null, 3, 224, 224]\n"
            "        dtype: float32\n"
            "    export: {}\n",
            id="a network of a width",
        ),
        pytest.param("new", "", id="a network that nobody knows"),
    ],
)
def test_a_new_model_of_paddle_gets_network_inputs_and_export(made, project, install, model, lines):
    install("paddle", PADDLE)
    done = paddledvc.add(made, model, source="paddle.vision")

    assert project.read("models.yaml") == (
        f'{MODELS}\n  - name: {model}\n    version: ">=3.3.1"\n    source: paddle.vision\n{lines}'
    )
    assert done.settings == tuple(
        line.split(":")[0].strip() for line in lines.splitlines() if line[4] != " "
    )


def test_a_model_of_paddle_that_is_there_keeps_what_it_says(made, project, install):
    install("paddle", PADDLE)
    text = f"{MODELS}  - {{name: squeezenet1_1, version: latest, source: paddle.vision}}\n"
    done = paddledvc.add(project.models(text), "squeezenet1_1==3.3.1")

    assert project.read("models.yaml") == text.replace("latest", '"3.3.1"')
    assert done.settings == ()


def test_the_command_ends_with_what_to_do_next(on, project, cli):
    on("main")
    added = cli("add", "det", "--from", "zoo")
    frozen = cli("add", "rec==1", "--from", "zoo", "--frozen")

    assert added.stdout == "Add det v1.2.0\n"
    assert added.stderr.splitlines()[0] == (
        "models.yaml: det v1.2.0 from zoo; production branches take exact versions only"
    )
    assert added.stderr.splitlines()[-1] == "Next: `paddledvc generate`"
    assert frozen.stderr.splitlines()[-1] == "Next: `paddledvc lock && paddledvc generate`"


def test_the_only_catalog_that_lists_a_model_needs_no_name(made):
    assert paddledvc.add(made, "det").source == "zoo"


def test_catalogs_that_both_list_a_model_must_be_told_apart(made, project):
    project.write("other.yaml", OTHER)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det")

    assert str(caught.value) == ("det: zoo and other list it; say which one with --from")


def test_a_name_with_an_owner_gives_a_name_without(made):
    done = paddledvc.add(made, "team/rec")
    model = made.registry().model("rec")

    assert (done.name, model.source_name) == ("rec", "team/rec")


def test_a_model_can_have_another_name_here(made):
    paddledvc.add(made, "det", source="zoo", name="detector")

    assert made.registry().model("detector").source_name == "det"


def test_adding_what_is_there_changes_its_version_in_place(made, project):
    paddledvc.add(made, "det==1.0", source="zoo")
    before = project.read("models.yaml")
    done = paddledvc.add(made, "det==1.2.0")

    assert project.read("models.yaml") == before.replace("version: v1.0.0", "version: v1.2.0")
    assert [str(change) for change in done.changes] == ["Update det v1.0.0 -> v1.2.0"]


def test_a_model_that_is_there_under_another_name_is_found_by_it(made):
    paddledvc.add(made, "team/rec", name="reader")
    paddledvc.add(made, "reader==1.0")

    assert made.registry().model("reader").requires.text == "1.0"


def test_what_cannot_be_locked_is_not_added(made, project):
    before = files(project)
    with pytest.raises(Unresolvable, match="det: no version satisfies"):
        paddledvc.add(made, "det>=7", source="zoo")

    assert files(project) == before


@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param(
            ">=1", "'>=1': expected NAME, NAME==V or a range such as 'NAME>=1,<2'", id="no name"
        ),
        pytest.param(
            "det==x", "det==x: '==x' is not a version; expected one such as", id="no version"
        ),
    ],
)
def test_words_that_are_no_model_are_refused(made, model, message):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, model, source="zoo")

    assert str(caught.value).startswith(message)


def test_a_version_behind_an_at_sign_is_refused_with_what_works(made):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det@1.0", source="zoo")

    assert str(caught.value) == "det@1.0: expected NAME==V; write 'det==1.0'"


def test_a_model_that_no_catalog_lists_is_told_with_the_nearest_name(made):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "dett")

    assert str(caught.value) == "dett: no catalog lists it; did you mean 'det'?"


def test_adding_what_is_there_without_a_version_keeps_what_is_asked_for(made):
    paddledvc.add(made, "det==1.0", source="zoo")

    assert paddledvc.add(made, "det").requires == "v1.0.0"


def test_a_model_with_a_url_gets_no_source(made, project):
    before = files(project)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det==1.0", source="zoo", name="mine")

    assert str(caught.value) == (
        "mine has a URL in models.yaml, which fixes its bytes; take that out first, or add the "
        "model under another name with --as"
    )
    assert files(project) == before


def test_a_catalog_that_is_not_there_is_refused(made, project):
    before = files(project)
    with pytest.raises(UnknownCatalog, match="no catalog is called 'zo'; did you mean 'zoo'"):
        paddledvc.add(made, "det", source="zo")

    assert files(project) == before


def test_a_frozen_lock_stays_while_a_model_is_added(made, project):
    _, lock = files(project)
    done = paddledvc.add(made, "det", source="zoo", use=LockUse(frozen="--frozen"))

    assert (done.requires, project.read("models.lock")) == ("latest", lock)


def test_a_locked_lock_lets_nothing_be_added_or_removed(made, project):
    before = files(project)
    use = LockUse(locked="PADDLEDVC_LOCKED=1")
    with pytest.raises(InvalidInput) as adding:
        paddledvc.add(made, "det", source="zoo", use=use)
    with pytest.raises(InvalidInput) as removing:
        paddledvc.remove(made, ["mine"], use=use)

    forbids = "a model changes models.lock, which PADDLEDVC_LOCKED=1 forbids"
    assert [str(adding.value), str(removing.value)] == [f"adding {forbids}", f"removing {forbids}"]
    assert files(project) == before


def test_a_removed_model_leaves_the_rest_as_it_was(made, project):
    before = files(project)
    paddledvc.add(made, "det", source="zoo")
    done = paddledvc.remove(made, ["det"])

    assert [str(change) for change in done.changes] == ["Remove det v1.2.0"]
    assert files(project) == before


def test_a_base_is_removed_only_with_those_that_start_from_it(made, project):
    made = project.models(MODELS + "  - {name: child, version: v1, base: mine}\n")
    with pytest.raises(InvalidInput) as caught:
        paddledvc.remove(made, ["mine"])
    paddledvc.remove(made, ["mine", "child"])

    assert str(caught.value) == (
        "child starts from the weights of mine; remove it too, or give it another base"
    )
    assert made.registry().models == ()


def test_a_model_that_is_not_there_cannot_be_removed(made):
    with pytest.raises(paddledvc.errors.UnknownModel, match="did you mean 'mine'"):
        paddledvc.remove(made, ["mines"])


def test_a_name_that_another_model_of_the_catalog_has_is_refused(made, project):
    paddledvc.add(made, "team/rec")
    before = files(project)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det", source="zoo", name="rec")

    assert str(caught.value) == (
        "rec in models.yaml is team/rec of zoo; give det another name with --as"
    )
    assert files(project) == before


def test_whatever_comes_after_a_killed_remove_finishes_it(made, project, cli, monkeypatch):
    paddledvc.add(made, "det", source="zoo")
    real = os.replace

    def replace(source, target, **how):
        if str(target).endswith("models.lock"):
            raise KeyboardInterrupt
        real(source, target, **how)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            paddledvc.remove(made, ["det"])
    assert ["det" in text for text in files(project)] == [False, True]
    cli("list")

    assert ["name: det" in text for text in files(project)] == [False, False]
    assert paddledvc.lock(made, check=True).changes == ()
