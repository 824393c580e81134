"""One comment a merge request, by the routes of GitHub and GitLab over real HTTP."""

from __future__ import annotations

import json
import socket

import pytest

import paddledvc
from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.gate.core.violations import Verdict
from paddledvc.inventory.core.diff_markdown import MARKER
from paddledvc.inventory.core.models_diff import ModelsDiff, answer_unreadable
from tests.gated import EXPORTED, Gated
from tests.inventory.forge import GITHUB, GITLAB, Forge


def a_diff(title="change as merged into main"):
    verdict = Verdict(title=title, role="production", violations=())
    return ModelsDiff(
        title=title, base="main", commit=None, answers=answer_unreadable("x"), models=(),
        findings=verdict,
    )  # fmt: skip


@pytest.fixture
def open_forge():
    """Start servers, and stop them."""
    opened = []

    def start(kind):
        opened.append(Forge(kind))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def github(open_forge, tmp_path, monkeypatch):
    """A server of GitHub's API, and a job of a pull request there."""
    forge = open_forge(GITHUB)
    (tmp_path / "event.json").write_text(json.dumps({"number": 7, "pull_request": {}}))
    for key, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "team/models",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_TOKEN": "a-token",
    }.items():
        monkeypatch.setenv(key, value)
    return forge


@pytest.fixture
def gitlab(open_forge, monkeypatch):
    """A server of GitLab's API, and a job of a merge request there."""
    forge = open_forge(GITLAB)
    forge.me = "project_12_bot"
    for key, value in {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "12",
        "CI_MERGE_REQUEST_IID": "7",
        "PADDLEDVC_GITLAB_TOKEN": "a-token",
        "CI_JOB_TOKEN": "may-not-write",
    }.items():
        monkeypatch.setenv(key, value)
    return forge


@pytest.fixture(params=["github", "gitlab"])
def forge(request):
    return request.getfixturevalue(request.param)


def test_the_comment_is_written_once_and_then_updated_in_place(forge):
    states = [paddledvc.comment(a_diff(title)).state for title in ("one", "one", "two")]

    assert states == ["created", "unchanged", "updated"]
    [written] = forge.comments
    assert written["body"].startswith(f"{MARKER}\n### Models: `two`")
    assert set(forge.tokens) == {forge.kind["token"]}


def test_the_comment_is_found_behind_a_hundred_others(forge):
    for number in range(100):
        forge.add("a-person", f"{number}")
    paddledvc.comment(a_diff("one"))
    forge.add("a-person", "later")

    assert paddledvc.comment(a_diff("two")).state == "updated"
    assert [one["id"] for one in forge.comments if MARKER in one["body"]] == [200]


def test_a_comment_of_somebody_else_with_our_first_line_is_left_alone(forge):
    theirs = forge.add("a-person", f"{MARKER}\napproved")

    assert paddledvc.comment(a_diff()).state == "created"
    assert theirs["body"] == f"{MARKER}\napproved"
    assert len(forge.comments) == 2


def test_a_comment_of_ours_that_quotes_the_marker_is_another_one(forge):
    forge.add(forge.me or "github-actions[bot]", f"see {MARKER}")

    assert paddledvc.comment(a_diff()).state == "created"


@pytest.mark.parametrize("variable", ["GITHUB_TOKEN", "GITHUB_EVENT_PATH"])
def test_without_a_token_or_a_pull_request_the_job_summary_has_the_text(
    github, monkeypatch, tmp_path, variable
):
    monkeypatch.delenv(variable)
    done = paddledvc.comment(a_diff())

    reasons = {"GITHUB_TOKEN": "GITHUB_TOKEN is not set"}
    assert (done.state, done.in_summary) == ("refused", True)
    assert done.reason == reasons.get(variable, "this job is about no pull request")
    assert (tmp_path / "summary.md").read_text().startswith(MARKER)
    assert github.asked == []


def test_a_fork_whose_token_may_not_write_gets_the_job_summary(github, tmp_path):
    github.refuses["POST"] = 403
    (tmp_path / "summary.md").write_text("before\n")
    done = paddledvc.comment(a_diff())

    assert (done.state, done.reason) == ("refused", "GitHub: the server answered 403 Forbidden")
    assert (tmp_path / "summary.md").read_text().startswith(f"before\n{MARKER}")


def test_gitlab_without_a_token_of_its_own_says_which_to_set(gitlab, monkeypatch):
    monkeypatch.delenv("PADDLEDVC_GITLAB_TOKEN")
    done = paddledvc.comment(a_diff())

    assert (done.state, done.reason) == ("refused", "PADDLEDVC_GITLAB_TOKEN is not set")
    assert gitlab.asked == []


def test_a_server_that_fails_is_a_failure_that_keeps_the_text(github, tmp_path):
    github.refuses["GET"] = 500
    with pytest.raises(OutsideFailure) as caught:
        paddledvc.comment(a_diff())

    assert str(caught.value) == (
        "no comment was written: GitHub: the server answered 500 Internal Server Error; the job "
        "summary has the text"
    )
    assert (tmp_path / "summary.md").read_text().startswith(MARKER)


def test_a_server_that_is_down_is_a_failure(github, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(OutsideFailure, match=r"GitHub: .*connection refused"):
        paddledvc.comment(a_diff())


def test_the_token_follows_no_redirect_and_goes_over_no_plain_http(github, open_forge, monkeypatch):
    other = open_forge(GITHUB)
    github.redirects = f"{other.url}/user"
    with pytest.raises(OutsideFailure, match="it redirects, and a token stays with the first host"):
        paddledvc.comment(a_diff())
    monkeypatch.setenv("GITHUB_API_URL", "http://forge.invalid")
    with pytest.raises(OutsideFailure, match="a token is only sent by https"):
        paddledvc.comment(a_diff())
    assert other.asked == []


def test_the_token_is_in_no_message(github, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_TOKEN", "a secret\nof two lines")
    done = paddledvc.comment(a_diff())

    assert done.reason == "GITHUB_TOKEN is no token"
    assert "secret" not in (tmp_path / "summary.md").read_text() + repr(done)
    assert github.asked == []


def test_outside_of_a_job_it_is_wrong_usage():
    with pytest.raises(InvalidInput, match="this is no job of GitHub Actions or GitLab CI"):
        paddledvc.comment(a_diff())


@pytest.mark.slow
def test_the_command_prints_the_change_comments_and_says_so(project, github, cli, monkeypatch):
    gated = Gated(project)
    gated.models(EXPORTED)
    gated.commit()
    done = cli("diff", "HEAD", "--comment")

    assert (done.exit_code, done.stderr) == (0, "note: the comment on the merge request: created\n")
    assert done.stdout.startswith("the work tree, compared with HEAD")
    assert github.comments[0]["body"].startswith(MARKER)
    monkeypatch.delenv("GITHUB_TOKEN")
    refused = cli("diff", "HEAD", "--comment")
    assert (refused.exit_code, refused.stderr) == (
        0,
        "note: no comment was written: GITHUB_TOKEN is not set; the job summary has the text\n",
    )
