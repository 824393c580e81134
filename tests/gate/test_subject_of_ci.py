from __future__ import annotations

import pytest

from paddledvc.gate.subject import Job, read_subject_job

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "1" * 40}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        pytest.param({}, None, id="no CI"),
        pytest.param({"CI": "true"}, None, id="another CI"),
        pytest.param(
            {
                **GITHUB,
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_BASE_REF": "release/1",
                "GITHUB_HEAD_REF": "feature/x",
                "GITHUB_REF_NAME": "7/merge",
                "GITHUB_REF_TYPE": "branch",
            },
            Job(system="GitHub Actions", target="release/1", branch="feature/x", commit="1" * 40),
            id="GitHub pull request",
        ),
        pytest.param(
            {
                **GITHUB,
                "GITHUB_EVENT_NAME": "pull_request_target",
                "GITHUB_BASE_REF": "main",
                "GITHUB_HEAD_REF": "feature/x",
                "GITHUB_REF_NAME": "main",
            },
            Job(system="GitHub Actions", target="main", branch="feature/x"),
            id="GitHub pull request, run on the target",
        ),
        pytest.param(
            {
                **GITHUB,
                "GITHUB_EVENT_NAME": "merge_group",
                "GITHUB_BASE_REF": "",
                "GITHUB_REF_NAME": f"gh-readonly-queue/release/1/pr-7-{'a' * 40}",
                "GITHUB_REF_TYPE": "branch",
            },
            Job(
                system="GitHub Actions",
                target="release/1",
                branch=f"gh-readonly-queue/release/1/pr-7-{'a' * 40}",
            ),
            id="GitHub merge queue",
        ),
        pytest.param(
            {
                **GITHUB,
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_BASE_REF": "",
                "GITHUB_REF_NAME": "develop",
                "GITHUB_REF_TYPE": "branch",
            },
            Job(system="GitHub Actions", branch="develop"),
            id="GitHub push",
        ),
        pytest.param(
            {**GITHUB, "GITHUB_REF_NAME": "v1", "GITHUB_REF_TYPE": "tag"},
            Job(system="GitHub Actions", branch="v1", tag=True),
            id="GitHub tag",
        ),
        pytest.param(
            {
                "GITLAB_CI": "true",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/x",
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "2" * 40,
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": "3" * 40,
            },
            Job(system="GitLab CI", target="main", branch="feature/x", target_commit="2" * 40),
            id="GitLab merge request",
        ),
        pytest.param(
            {"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
            Job(system="GitLab CI", target="main"),
            id="GitLab merge request with little said",
        ),
        pytest.param(
            {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "develop", "CI_COMMIT_BEFORE_SHA": "4" * 40},
            Job(system="GitLab CI", branch="develop", before="4" * 40),
            id="GitLab branch",
        ),
        pytest.param(
            {"GITLAB_CI": "true", "CI_COMMIT_TAG": "v1"},
            Job(system="GitLab CI", branch="v1", tag=True),
            id="GitLab tag",
        ),
        pytest.param(
            {
                "BITBUCKET_BUILD_NUMBER": "7",
                "BITBUCKET_PR_DESTINATION_BRANCH": "main",
                "BITBUCKET_BRANCH": "feature/x",
            },
            Job(system="Bitbucket Pipelines", target="main", branch="feature/x"),
            id="Bitbucket pull request",
        ),
        pytest.param(
            {
                "TF_BUILD": "True",
                "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
                "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/feature/x",
                "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
            },
            Job(system="Azure Pipelines", target="main", branch="feature/x"),
            id="Azure pull request",
        ),
        pytest.param(
            {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/release/1"},
            Job(system="Azure Pipelines", branch="release/1"),
            id="Azure branch",
        ),
        pytest.param(
            {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/tags/v1"},
            Job(system="Azure Pipelines", branch="v1", tag=True),
            id="Azure tag",
        ),
        pytest.param(
            {
                "JENKINS_URL": "https://ci",
                "CHANGE_TARGET": "main",
                "CHANGE_BRANCH": "feature/x",
                "BRANCH_NAME": "PR-7",
            },
            Job(system="Jenkins", target="main", branch="feature/x"),
            id="Jenkins change",
        ),
        pytest.param(
            {"JENKINS_URL": "https://ci"}, Job(system="Jenkins"), id="Jenkins that says nothing"
        ),
    ],
)
def test_the_branch_and_the_target_are_read_from_the_variables(environment, found):
    assert read_subject_job(environment) == found


@pytest.mark.parametrize(
    ("event", "before"),
    [
        (b'{"before": "c0ffee"}', "c0ffee"),
        (b'{"before": 7}', None),
        (b"{}", None),
        (b"[]", None),
        (b"{", None),
        (b"[" * 100_000, None),
        (b"\xff", None),
        (None, None),
    ],
)
def test_what_a_push_to_github_replaces_is_read_from_its_event(tmp_path, event, before):
    file = tmp_path / "event.json"
    if event is not None:
        file.write_bytes(event)
    push = {**GITHUB, "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(file)}

    found = read_subject_job({**push, "GITHUB_REF_NAME": "main"})
    assert found == Job(system="GitHub Actions", branch="main", before=before)
    dispatched = read_subject_job({**push, "GITHUB_EVENT_NAME": "workflow_dispatch"})
    assert dispatched == Job(system="GitHub Actions")
