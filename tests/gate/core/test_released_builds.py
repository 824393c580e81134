"""Released versions keep their bytes: trained weights and exports, by the dvc.locks of the past."""

from __future__ import annotations

import json
from datetime import date

import pytest

from paddledvc import schemas
from paddledvc.errors import InvalidFile
from paddledvc.gate.core.facts import Facts
from paddledvc.gate.core.released_builds import Past, Search, list_released_makings
from paddledvc.gate.core.released_locks import State, Timeline
from paddledvc.gate.core.version_rules import judge_rewritten_versions
from paddledvc.models import policy, registry
from paddledvc.models.lockfile import Lock, LockedModel, render_lockfile
from paddledvc.tools.dvc.core import builds
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.yaml import reader

T1, T2, T3, CODE = "a1" * 16, "b2" * 16, "d3" * 16, "c0" * 16
TRAINED = """\
models:
  - name: digits
    version: v1.0.0
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    train: {command: python train.py}
    export: {}
"""
SYNCED = TRAINED.replace("train: {command: python train.py}", "weights_url: https://h/x.pdparams")
BASED = TRAINED.replace("train: {command: python train.py}", "base: resnet") + (
    "  - {name: resnet, version: v2, weights_url: https://h/r.pdparams}\n"
)
RELEASED = "released bytes never change, so give these a new version"


def a_lock(version="v1.0.0", name="digits", **fields):
    return Lock(models=(LockedModel(name=name, version=version, **fields),))


def synced(md5, version="v1.0.0"):
    path = "checkpoints/digits_v1.0.0.pdparams"
    return a_lock(version, urls=("https://h/x.pdparams",), md5=md5, path=path)


def files_of(number):
    return {"inference.json": f"{number:032x}", "inference.pdiparams": "f" * 32}


def oid(number):
    return folder_object_name(files_of(number))


def trained(md5, *, code=CODE, hashed="      hash: md5\n"):
    return f"""\
  train-digits:
    cmd: paddledvc train digits --pin 282505af
    deps:
    - path: net.py
      hash: md5
      md5: {code}
      size: 5
    outs:
    - path: checkpoints/digits_trained.pdparams
{hashed}      md5: {md5}
      size: 9
"""


def exported(number, *, weights=T1, pin="c893d752", path="checkpoints/digits_trained.pdparams"):
    return f"""\
  export-digits:
    cmd: paddledvc export digits --pin {pin}
    deps:
    - path: {path}
      hash: md5
      md5: {weights}
      size: 9
    - path: net.py
      hash: md5
      md5: {CODE}
      size: 5
    outs:
    - path: exports/digits
      hash: md5
      md5: {oid(number)}
      size: 9
      nfiles: 2
"""


def built(*stages):
    return "schema: '2.0'\nstages:\n" + "".join(stages)


def report(number, paddle="3.3.1"):
    """Write what is read of a report."""
    files = [
        {"path": f"exports/digits/{file}", "md5": md5, "sha256": None, "size": None}
        for file, md5 in files_of(number).items()
    ]
    entry = {"version": 1, "paths": [], "files": files}
    if paddle is not None:
        entry["runtime"] = {"paddle": paddle, "commit": "0", "device": "cpu", "flags": {}}
    return json.dumps({"verdict": "pass", "evidence": [entry]})


def read(text):
    try:
        return reader.parse_yaml(text, "dvc.lock").value
    except InvalidFile:
        return None


def judge(models, lock, now, *past, here=""):
    """Judge files by what production branches had, oldest first, and by tags.

    Args:
        models: models.yaml.
        lock: models.lock.
        now: dvc.lock.
        past: models.lock, dvc.lock and perhaps the report of a state; a tag is in a list.
        here: the report beside what is judged.
    """
    wanted = registry.parse_registry(
        reader.parse_yaml(models, "models.yaml"), schemas.read_schema("models")
    )
    built_now = builds.read_built_outputs(read(now))
    making = dict(list_released_makings(wanted, lock, built_now))
    timeline = Timeline(lock, render_lockfile(lock).encode(), set(making), read)
    known = {}
    for number, one in enumerate(past):
        tag = isinstance(one, list)
        state = State(where=f"the tag v{number}" if tag else f"main ({number})", tag=tag)
        known[state] = one
        if one[0] is not None:
            then = one[0] if isinstance(one[0], str) else render_lockfile(one[0])
            timeline.add(state, then.encode())
    search = Search(making, timeline.stood, now.encode(), built_now, read)
    looked = []
    while chosen := search.choose():
        for state, asked in chosen.items():
            looked.append(state)
            if known[state][1] is not None:
                search.look(state, known[state][1].encode(), asked)
    reports = {
        (one.state, one.name): known[one.state][2]
        for one in search.rivals()
        if len(known[one.state]) > 2
    }
    facts = Facts(
        branch="main",
        role=policy.PRODUCTION,
        policy=policy.DEFAULT,
        own=policy.DEFAULT,
        changed=False,
        today=date(2026, 11, 22),
        documents={"models.lock": reader.parse_yaml(render_lockfile(lock), "models.lock")},
        registry=wanted,
        lock=lock,
        built=built_now,
        reports={"digits": here} if here else {},
        past=Past(released=timeline.released, now=making, made=search.made, reports=reports),
    )
    judge.looked = looked
    return [one.message for one in judge_rewritten_versions(facts)]


def test_a_version_that_was_trained_keeps_its_weights():
    before, now = built(trained(T1)), built(trained(T2))

    assert judge(TRAINED, a_lock(), now, (a_lock(), before)) == [
        (
            f"digits v1.0.0: its trained weights were md5:{T1} on main (0), now they are "
            f"md5:{T2}; {RELEASED}"
        )
    ]
    assert judge(TRAINED, a_lock(), before, (a_lock(), before)) == []
    assert judge(TRAINED, a_lock(), now) == []


def test_a_new_version_may_be_trained_anew():
    before, now = built(trained(T1)), built(trained(T2))

    assert judge(TRAINED, a_lock("v1.1.0"), now, (a_lock(), before)) == []


def test_a_stage_that_ran_anew_and_gave_the_same_bytes_changes_nothing():
    before, now = built(trained(T1, code=T3)), built(trained(T1))

    assert judge(TRAINED, a_lock(), now, (a_lock(), before)) == []


def test_the_first_bytes_of_a_version_are_the_released_ones():
    """What was rewritten on main is no release, so to go back to the first bytes is right."""
    first, second = (a_lock(), built(trained(T1))), (a_lock(), built(trained(T2)))

    assert judge(TRAINED, a_lock(), first[1], first, second, first) == []
    [found] = judge(TRAINED, a_lock(), second[1], first, second, second)
    assert f"were md5:{T1} on main (0), now they are md5:{T2}" in found


def test_only_the_models_lock_of_the_same_commit_says_which_version_it_was():
    """A version that was trained as the one before it is released with those weights."""
    states = [(a_lock("v0.9.0"), built(trained(T1))), (a_lock(), built(trained(T2)))]

    assert judge(TRAINED, a_lock(), built(trained(T2)), *states) == []
    [found] = judge(TRAINED, a_lock(), built(trained(T1)), *states)
    assert f"were md5:{T2} on main (1)" in found


def test_a_version_in_another_spelling_is_the_same():
    [found] = judge(TRAINED, a_lock("1.0"), built(trained(T2)), (a_lock(), built(trained(T1))))

    assert found.startswith(f"digits 1.0: its trained weights were md5:{T1}")


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        pytest.param(a_lock(), None, id="no dvc.lock"),
        pytest.param(None, built(trained(T1)), id="no models.lock"),
        pytest.param(a_lock(), "", id="empty"),
        pytest.param(a_lock(), built(), id="no stages"),
        pytest.param(a_lock(), built("<<<<<<< ours\n", trained(T1)), id="in conflict"),
        pytest.param(a_lock(), "\0\xff: [", id="not YAML"),
        pytest.param(a_lock(), "stages: {train-digits: 1}", id="no stage"),
        pytest.param(a_lock(), built(trained(T1, hashed="")), id="hashed by DVC 2"),
        pytest.param(a_lock(), built(trained("")), id="no hash"),
        pytest.param(
            "<<<<<<< x\n" + render_lockfile(a_lock()), built(trained(T1)), id="lock in conflict"
        ),
        pytest.param("models: [", built(trained(T1)), id="no lock"),
        pytest.param(a_lock(name="numbers"), built(trained(T1)), id="another name"),
    ],
)
def test_a_state_that_tells_nothing_is_passed_over(lock, text):
    """The next one that does tell counts."""
    now = built(trained(T2))

    assert judge(TRAINED, a_lock(), now, (lock, text)) == []
    [found] = judge(TRAINED, a_lock(), now, (lock, text), (a_lock(), built(trained(T3))))
    assert f"were md5:{T3} on main (1)" in found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(built(trained(T1)).replace("\n", "\r\n"), id="Windows"),
        pytest.param(built(trained(T1)).rstrip("\n"), id="no last line end"),
        pytest.param(built(trained(T1)).replace("train-digits:", "'train-digits':"), id="quoted"),
        pytest.param(json.dumps(read(built(trained(T1)))), id="JSON"),
        pytest.param(built(trained(T1)).replace("\n  ", "\n    ").replace("\n      ", "\n        "),
                     id="indented"),
        pytest.param(built(exported(1, weights=T2), trained(T1)), id="order"),
    ],
)  # fmt: skip
def test_a_dvc_lock_that_looks_otherwise_is_read_too(text):
    [found] = judge(TRAINED, a_lock(), built(trained(T2)), (a_lock(), text))

    assert f"were md5:{T1} on main (0)" in found


def test_a_model_that_has_gone_and_comes_back_keeps_its_bytes():
    past = [(a_lock(), built(trained(T1))), (Lock(models=()), built())]

    [found] = judge(TRAINED, a_lock(), built(trained(T2)), *past)
    assert f"were md5:{T1} on main (0)" in found


def test_a_tag_counts_whatever_the_branch_had():
    """Main may have been rewritten since."""
    second = (a_lock(), built(trained(T2)))

    [found] = judge(TRAINED, a_lock(), second[1], second, [a_lock(), built(trained(T1))])
    assert f"were md5:{T1} on the tag v1, now they are md5:{T2}" in found


def test_a_model_that_was_downloaded_cannot_be_trained_under_the_same_version():
    [found] = judge(TRAINED, a_lock(), built(trained(T2)), (synced(T1), built()))

    assert found == (
        f"digits v1.0.0: its locked weights were md5:{T1} on main (0), now its trained weights are "
        f"md5:{T2}; {RELEASED}"
    )
    assert judge(TRAINED, a_lock(), built(trained(T1)), (synced(T1), built())) == []


def test_a_model_that_was_trained_cannot_be_downloaded_under_the_same_version():
    [found] = judge(SYNCED, synced(T2), built(), (a_lock(), built(trained(T1))))

    assert found == (
        f"digits v1.0.0: its trained weights were md5:{T1} on main (0), now its locked weights are "
        f"md5:{T2}; {RELEASED}"
    )
    assert judge(SYNCED, synced(T1), built(), (a_lock(), built(trained(T1)))) == []


def test_what_is_left_of_a_training_says_nothing_of_a_download():
    """DVC keeps stages in dvc.lock that dvc.yaml no longer has."""
    past = (synced(T1), built(trained(T3)))

    assert judge(SYNCED, synced(T1), built(trained(T3)), past) == []


def test_weights_that_are_fine_tuned_were_not_released_before_that_was_done():
    both = SYNCED.replace("export", "train: {command: python train.py}\n    export")

    assert judge(both, synced(T1), built(trained(T2)), (synced(T1), built())) == []
    past = (synced(T1), built(exported(1, path="checkpoints/digits_v1.0.0.pdparams")))
    [found] = judge(both, synced(T1), built(trained(T2)), past)
    assert f"its weights were md5:{T1} on main (0), now its trained weights are md5:{T2}" in found


def test_a_model_with_the_weights_of_its_base_keeps_those():
    lock = Lock(
        models=(
            LockedModel(name="digits", version="v1.0.0", base="resnet"),
            LockedModel(name="resnet", version="v2", urls=("https://h/r",), path="checkpoints/r2"),
        )
    )
    old = (lock, built(exported(1, path="checkpoints/r1")))

    [found] = judge(BASED, lock, built(exported(3, weights=T2, path="checkpoints/r2")), old)
    assert f"digits v1.0.0: its weights were md5:{T1} on main (0), now they are md5:{T2}" in found


def test_an_export_of_the_same_weights_by_the_same_paddle_keeps_its_bytes():
    past = (synced(T1), built(exported(1)), report(1))

    assert judge(SYNCED, synced(T1), built(exported(3)), past, here=report(3)) == [
        (
            f"digits v1.0.0: its export was md5:{oid(1)} on main (0), now it is md5:{oid(3)}, of "
            "the same weights, with the same settings (--pin c893d752), by the same Paddle 3.3.1; "
            "released bytes never change, so give this a new version"
        )
    ]


def test_another_paddle_may_export_a_version_anew():
    past = (synced(T1), built(exported(1)), report(1, "3.2.0"))
    again = (synced(T1), built(exported(3)), report(3))

    assert judge(SYNCED, synced(T1), built(exported(3)), past, here=report(3)) == []
    [found] = judge(SYNCED, synced(T1), built(exported(5)), past, again, here=report(5))
    assert f"its export was md5:{oid(3)} on main (1), now it is md5:{oid(5)}" in found
    assert judge(SYNCED, synced(T1), built(exported(1)), past, again, here=report(1, "3.2.0")) == []


def test_an_export_with_other_settings_may_be_other_bytes():
    past = (synced(T1), built(exported(1, pin="aaaaaaaa")), report(1))

    assert judge(SYNCED, synced(T1), built(exported(3)), past, here=report(3)) == []


@pytest.mark.parametrize(
    ("then", "now", "which"),
    [
        pytest.param(report(1), "", "this one", id="none now"),
        pytest.param(report(1), report(7), "this one", id="of other bytes now"),
        pytest.param(report(1), report(3, None), "this one", id="without a Paddle now"),
        pytest.param(report(7), report(3), "that one", id="of other bytes then"),
        pytest.param("{", report(3), "that one", id="none then"),
    ],
)
def test_where_no_report_says_which_paddle_it_was_the_settings_decide(then, now, which):
    past = (synced(T1), built(exported(1)), then)

    [found] = judge(SYNCED, synced(T1), built(exported(3)), past, here=now)
    assert f"(--pin c893d752), and no report says which Paddle {which} was made by; " in found


def test_the_report_of_an_export_may_come_with_a_later_commit():
    first = (synced(T1), built(exported(1)))
    verified = (synced(T1), built(exported(1)), report(1, "3.2.0"))

    past = (first, verified)
    assert judge(SYNCED, synced(T1), built(exported(3)), *past, here=report(3)) == []


def test_an_export_of_other_weights_is_told_by_its_weights():
    past = (a_lock(), built(trained(T1), exported(1)), report(1))
    now = built(trained(T2), exported(3, weights=T2))

    [found] = judge(TRAINED, a_lock(), now, past, here=report(3))
    assert "its trained weights were" in found


def test_of_many_states_few_are_looked_at():
    past = [(a_lock(f"v0.{number}"), built(trained(T3))) for number in range(200)]
    past += [(a_lock(), built(trained(T1))) for _ in range(200)]

    assert judge(TRAINED, a_lock(), built(trained(T1)), *past) == []
    assert [state.where for state in judge.looked] == ["main (200)"]
    now = built(trained(T2), exported(3, weights=T2))
    assert len(judge(TRAINED, a_lock(), now, *past)) == 1
    assert [state.where for state in judge.looked] == ["main (200)"]


def test_a_download_that_is_not_exported_is_not_looked_for():
    assert judge(SYNCED, synced(T1), built(), (synced(T1), built(trained(T2)))) == []


def test_the_first_digest_that_was_locked_is_the_released_one_too():
    first, second = (synced(T1), built()), (synced(T2), built())

    assert judge(SYNCED, synced(T1), built(), first, second) == []
    [found] = judge(SYNCED, synced(T2), built(), first, second)
    assert found == (
        f"digits v1.0.0 was locked with md5:{T1} on main (0), now it is md5:{T2}; {RELEASED}"
    )
    [found] = judge(SYNCED, synced(T1), built(), first, second, [*second])
    assert f"was locked with md5:{T2} on the tag v2, now it is md5:{T1}" in found


def test_a_model_that_was_never_built_is_not_looked_for():
    assert judge(TRAINED, a_lock(), built(), (a_lock(), built(trained(T1)))) == []
    assert judge.looked == []
