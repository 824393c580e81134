from __future__ import annotations

from datetime import date

import pytest

from paddledvc import schemas
from paddledvc.errors import InvalidFile
from paddledvc.models import policy
from paddledvc.models.policy import FEATURE, INTEGRATION, PRODUCTION, Policy, Waiver
from paddledvc.models.registry import parse_registry
from paddledvc.yaml import reader

TEXT = """\
policy:
  production: {branches: [stable, "v*"], versions: range, prereleases: true, remote: gold}
  integration: {lock: any, evidence: none}
  feature: {lock: fresh}
  waivers:
    - {rule: lock-stale, reason: moving house, until: 2026-12-04, branches: [stable]}
    - {rule: evidence-missing, model: a, reason: no GPU, until: "2026-12-05"}
models: []
"""


def read(text):
    return parse_registry(
        reader.parse_yaml(text, "models.yaml"), schemas.read_schema("models")
    ).policy


def complaints(text):
    with pytest.raises(InvalidFile) as caught:
        read(f"policy: {text}\nmodels: []\n")
    return [line.removeprefix("models.yaml:") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    ("branch", "role"),
    [
        ("main", "production"),
        ("master", "production"),
        ("release/1.2", "production"),
        ("hotfix/a/b", "production"),
        ("develop", "integration"),
        ("feature/main", "feature"),
        ("Main", "feature"),
        ("dependabot/x", "feature"),
        (None, "feature"),
    ],
)
def test_the_built_in_roles_are_those_of_git_flow(branch, role):
    assert Policy().role(branch).name == role


def test_a_registry_without_a_policy_has_the_built_in_one():
    assert read("models: []\n") == Policy()


def test_what_a_policy_does_not_say_is_as_built_in():
    said = read(TEXT)
    production, integration, feature = said.roles

    assert (production.branches, production.versions) == (("stable", "v*"), "range")
    assert (production.prereleases, production.remote) == (True, "gold")
    assert (production.fresh, production.evidence) == (PRODUCTION.fresh, PRODUCTION.evidence)
    assert (integration.fresh, integration.evidence) == (False, "none")
    assert (integration.branches, integration.remote) == (("develop",), INTEGRATION.remote)
    assert (feature.fresh, feature.branches) == (True, FEATURE.branches)
    assert (said.role("main").name, said.role("v1").name) == ("feature", "production")


def test_waivers_are_read_with_their_days():
    assert read(TEXT).waivers == (
        Waiver(
            rule="lock-stale",
            reason="moving house",
            until=date(2026, 12, 4),
            branches=("stable",),
        ),
        Waiver(rule="evidence-missing", reason="no GPU", until=date(2026, 12, 5), model="a"),
    )


def test_a_waiver_holds_on_its_branches_and_up_to_its_day():
    [waiver, other] = read(TEXT).waivers

    assert waiver.holds("stable", date(2026, 12, 4))
    assert not waiver.holds("stable", date(2026, 12, 5))
    assert not waiver.holds("main", date(2026, 12, 4))
    assert not waiver.holds(None, date(2026, 12, 4))
    assert other.holds(None, date(2026, 12, 4))
    assert (str(waiver), str(other)) == ("lock-stale", "evidence-missing of a")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "{prodction: {}}",
            "1:10: policy.prodction: unknown key 'prodction'; did you mean 'production'?",
        ),
        (
            "{production: {versions: exakt}}",
            (
                "1:33: policy.production.versions: found 'exakt', expected exact, range or any; "
                "did you mean 'exact'?"
            ),
        ),
        (
            "{production: {lock: stale, prereleases: maybe}}",
            (
                "1:29: policy.production.lock: found 'stale', expected fresh or any\n"
                "1:49: policy.production.prereleases: found 'maybe', expected true or false"
            ),
        ),
        (
            "{production: {requires: [ownr, task, task]}}",
            (
                "1:33: policy.production.requires: found a list, expected a list of owner, "
                "license, task, description, inputs, outputs, datasets, metrics and environment, "
                "each once\n"
                "1:34: policy.production.requires[0]: found 'ownr', expected one of owner, "
                "license, task, description, inputs, outputs, datasets, metrics, environment; did "
                "you mean 'owner'?"
            ),
        ),
        (
            "{feature: {branches: []}}",
            (
                "1:30: policy.feature.branches: found an empty list, expected a list of branches "
                "or patterns such as release/*, each once"
            ),
        ),
        (
            '{production: {branches: ["[", "v[0-9]"]}}',
            (
                "1:34: policy.production.branches[0]: found '[', expected the name of a branch, "
                "or a pattern such as release/*"
            ),
        ),
        (
            "{waivers: [{rule: lock-stale}]}",
            (
                "1:20: policy.waivers[0]: 'reason' is missing\n"
                "1:20: policy.waivers[0]: 'until' is missing"
            ),
        ),
        (
            "{waivers: [{rule: evidence-mising, reason: why not, until: tomorrow}]}",
            (
                "1:27: policy.waivers[0].rule: found 'evidence-mising', expected a rule that can "
                "be waived, such as evidence-missing; did you mean 'evidence-missing'?\n"
                "1:68: policy.waivers[0].until: found 'tomorrow', expected a date such as "
                "2026-12-04"
            ),
        ),
        (
            "{waivers: [{rule: lock-stale, reason: why not, until: 2026-02-30}]}",
            "1:63: policy.waivers[0].until: found '2026-02-30', which is no day of the calendar",
        ),
        (
            "{waivers: [{rule: registry-invalid, reason: why not, until: 2026-02-03}]}",
            (
                "1:27: policy.waivers[0].rule: found 'registry-invalid', expected a rule that can "
                "be waived, such as evidence-missing; did you mean 'metric-invalid'?"
            ),
        ),
    ],
)
def test_a_broken_policy_is_refused_with_place_and_reason(text, lines):
    assert complaints(text) == lines.splitlines()


def test_problems_of_the_policy_come_with_those_of_the_models():
    text = "policy: {waivers: [{rule: lock-stale, reason: why not, until: 2026-02-30}]}\n"
    with pytest.raises(InvalidFile) as caught:
        read(text + "models: [{name: a}]\n")

    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("remotes", "default", "order"),
    [
        (["dev", "prod", "staging"], "dev", ("prod", "dev", "staging")),
        (["embedded"], None, ("embedded",)),
        (["b", "a"], "b", ("b", "a")),
        ([], None, ()),
        ([], "gone", ()),
    ],
)
def test_the_remote_of_a_role_comes_first(remotes, default, order):
    assert policy.order_remotes_by_policy(PRODUCTION, remotes, default) == order


def test_stages_that_a_policy_lists_are_all_that_there_are():
    stages = {"prod": {"branches": ["main"], "approvals": 2}, "qa": {"branches": ["*"]}}
    read = policy.read_policy({"stages": stages})

    assert read.stage_rule("prod") == policy.StageRule(branches=("main",), approvals=2)
    assert read.stage_rule("qa") == policy.StageRule(branches=("*",))
    assert read.stage_rule("other") is None
