from __future__ import annotations

import hashlib

import pytest

import paddledvc
from paddledvc.errors import InvalidFile
from paddledvc.hooks import guard, run
from paddledvc.tools.git.refs import PushedRef

BYTES = {"v1": b"weights 1", "v2": b"weights 2", "v3": b"weights 3"}
A = "a v1: checkpoints/a_v1.pdparams"
REGISTRY = "models:\n  - {{name: a, version: {version}, weights_url: zoo/a-{version}.pdparams}}\n"


class Zoo:
    """A repository whose commits lock versions of a model, with folders as remotes."""

    def __init__(self, project, remotes):
        self.repository, self.remotes = project, remotes
        self.root = project.root
        self.name_remotes("prod", "staging", "dev")
        project.write(".gitignore", "/checkpoints/\n/.dvc/cache/\n/.dvc/tmp/\n/zoo/\n")

    def name_remotes(self, *names):
        lines = [f"['remote \"{name}\"']\n    url = {self.remotes / name}\n" for name in names]
        self.repository.write(".dvc/config", "".join(lines))

    def lock(self, version, policy=""):
        self.repository.write_bytes(f"zoo/a-{version}.pdparams", BYTES[version])
        project = self.repository.models(REGISTRY.format(version=version) + policy)
        paddledvc.lock(project)
        paddledvc.sync(project)
        return self.repository.commit(version)

    @property
    def project(self):
        return paddledvc.Project(self.root)

    def stored(self):
        """Tell which weights each remote has, by the version that they are."""
        names = {hashlib.md5(data).hexdigest(): version for version, data in BYTES.items()}
        found = sorted(self.remotes.glob("*/files/md5/??/*"))
        return sorted((path.parts[-5], names[path.parent.name + path.name]) for path in found)


@pytest.fixture
def zoo(project, tmp_path):
    return Zoo(project, tmp_path / "remotes")


def branch(commit, name, old=None):
    return PushedRef(commit=commit, target=f"refs/heads/{name}", old=old)


@pytest.mark.slow
def test_weights_go_to_the_remote_of_each_branch(zoo):
    first, second = zoo.lock("v1"), zoo.lock("v2")
    done = guard.send_pushed(
        zoo.project,
        [branch(first, "main"), branch(first, "develop"), branch(second, "feature/x", old=first)],
    )

    assert zoo.stored() == [("dev", "v2"), ("prod", "v1"), ("staging", "v1")]
    assert [(one.remote, one.refs, one.complete) for one in done] == [
        ("prod", ("main",), True),
        ("staging", ("develop",), True),
        ("dev", ("feature/x",), True),
    ]
    assert done[0].lines == ("weights: sent a v1 to prod (9 B)",)


@pytest.mark.slow
def test_what_is_there_is_not_sent_again(zoo):
    first = zoo.lock("v1")
    guard.send_pushed(zoo.project, [branch(first, "main")])
    (again,) = guard.send_pushed(zoo.project, [branch(first, "release/1.0")])

    assert (again.complete, again.lines) == (True, ())


def test_the_weights_of_tags_go_where_releases_are(zoo):
    first = zoo.lock("v1")
    zoo.repository.git("tag", "--annotate", "v1.0", "--message", "first")
    tag = zoo.repository.git("rev-parse", "v1.0").strip()
    assert tag != first

    guard.send_pushed(zoo.project, [PushedRef(commit=tag, target="refs/tags/v1.0")])
    assert zoo.stored() == [("prod", "v1")]


@pytest.mark.parametrize(
    ("target", "remote"),
    [
        ("refs/for/main", "prod"),
        ("refs/for/main%topic=better,r=a@example.org", "prod"),
        ("refs/for/main/better", "prod"),
        ("refs/for/refs/heads/develop", "staging"),
        ("refs/for/release/1.2", "prod"),
        ("refs/drafts/feature/x", "dev"),
        ("refs/changes/34/1234/1", "dev"),
        ("refs/team/backup", "dev"),
    ],
)
def test_weights_go_with_every_ref_to_the_remote_of_what_it_is_for(zoo, target, remote):
    first = zoo.lock("v1")
    (sent,) = guard.send_pushed(zoo.project, [PushedRef(commit=first, target=target)])

    assert zoo.stored() == [(remote, "v1")]
    assert (sent.refs, sent.complete) == ((target,), True)


def test_notes_name_no_weights(zoo):
    zoo.lock("v1")
    zoo.repository.git("notes", "add", "--message", "fine", "HEAD")
    notes = zoo.repository.git("rev-parse", "refs/notes/commits").strip()

    pushed = PushedRef(commit=notes, target="refs/notes/commits")
    assert guard.send_pushed(zoo.project, [pushed]) == ()


def test_a_commit_without_weights_needs_nothing(zoo):
    commit = zoo.repository.commit("nothing yet")

    assert guard.send_pushed(zoo.project, [branch(commit, "main")]) == ()


def test_without_a_remote_nothing_can_be_sent(zoo):
    zoo.name_remotes()
    first = zoo.lock("v1")

    (done,) = guard.send_pushed(zoo.project, [branch(first, "main")])
    assert done.lines == ("weights: those of main were not sent: .dvc/config names no remote",)
    assert done.complete  # whoever has no remote has chosen so


def test_one_remote_serves_every_branch(zoo):
    zoo.name_remotes("team")
    first = zoo.lock("v1")
    guard.send_pushed(zoo.project, [branch(first, "main")])

    assert zoo.stored() == [("team", "v1")]


@pytest.mark.slow
def test_the_policy_is_that_of_the_branch_so_far(zoo):
    first = zoo.lock("v1")
    second = zoo.lock("v2", policy="policy: {production: {remote: dev}}\n")
    guard.send_pushed(zoo.project, [branch(second, "main", old=first)])
    assert zoo.stored() == [("prod", "v2")]

    guard.send_pushed(zoo.project, [branch(second, "master")])
    assert zoo.stored() == [("dev", "v1"), ("dev", "v2"), ("prod", "v2")]


def lose(zoo):
    for path in (*zoo.root.glob(".dvc/cache/files/md5/*/*"), *zoo.root.glob("*/a*.pdparams")):
        path.unlink()


@pytest.mark.slow
def test_what_the_commits_on_the_way_need_is_sent_too(zoo):
    zero = zoo.repository.commit("nothing yet")
    zoo.lock("v1")
    second = zoo.lock("v2")
    (done,) = guard.send_pushed(zoo.project, [branch(second, "main", old=zero)])

    assert zoo.stored() == [("prod", "v1"), ("prod", "v2")]
    assert done.lines == ("weights: sent a v2, a v1 to prod (18 B)",)


@pytest.mark.slow
def test_a_new_branch_brings_what_its_git_remote_has_not(zoo):
    first = zoo.lock("v1")
    zoo.lock("v2")
    third = zoo.lock("v3")
    for name in ("hub", "fork"):
        zoo.repository.git("remote", "add", name, "nowhere")
    zoo.repository.git("update-ref", "refs/remotes/hub/main", first)
    zoo.repository.git("update-ref", "refs/remotes/fork/x", third)

    guard.send_pushed(zoo.project, [branch(third, "main")], to="https://nameless/hub.git")
    assert zoo.stored() == [("prod", "v3")]
    guard.send_pushed(zoo.project, [branch(third, "main")], to="hub")
    assert zoo.stored() == [("prod", "v2"), ("prod", "v3")]


@pytest.mark.slow
def test_what_was_there_and_is_not_fetched_is_as_a_new_branch(zoo):
    zoo.lock("v1")
    second = zoo.lock("v2")
    guard.send_pushed(zoo.project, [branch(second, "main", old="c0ffee" + "0" * 34)])

    assert zoo.stored() == [("prod", "v1"), ("prod", "v2")]


@pytest.mark.slow
def test_a_version_on_a_branch_that_was_merged_and_undone_is_sent(zoo):
    first = zoo.lock("v1")
    zoo.repository.git("switch", "--quiet", "--create", "side")
    zoo.lock("v2")
    zoo.repository.git("switch", "--quiet", "-")
    zoo.repository.git("merge", "--quiet", "--no-ff", "--strategy", "ours", "side")
    merged = zoo.repository.git("rev-parse", "HEAD").strip()
    guard.send_pushed(zoo.project, [branch(merged, "main", old=first)])

    assert zoo.stored() == [("prod", "v1"), ("prod", "v2")]


@pytest.mark.slow
def test_what_only_earlier_commits_need_and_nobody_has_does_not_stop_a_push(zoo):
    first = zoo.lock("v1")
    lose(zoo)
    second = zoo.lock("v2")
    (done,) = guard.send_pushed(zoo.project, [branch(second, "main")])

    assert (zoo.stored(), done.complete) == ([("prod", "v2")], True)
    sent, warning = done.lines
    assert sent == "weights: sent a v2 to prod (9 B)"
    assert warning == (
        f"weights: warning: only earlier commits need a v1 (commit {first[:7]}): not in prod, and "
        "cannot be sent"
    )


@pytest.mark.slow
def test_what_a_branch_lacks_stops_it_though_another_needed_it_once(zoo):
    first = zoo.lock("v1")
    lose(zoo)
    second = zoo.lock("v2")
    (done,) = guard.send_pushed(
        zoo.project, [branch(second, "main"), branch(first, "release/1.0", old=first)]
    )

    assert done.complete is False


@pytest.mark.slow
def test_an_earlier_commit_that_cannot_be_read_does_not_stop_a_push(zoo):
    zoo.repository.write("models.lock", "nonsense: [")
    zoo.repository.commit("nonsense")
    zoo.repository.write("models.lock", "version: 1\nmodels: []\n")
    first = zoo.lock("v1")
    (done,) = guard.send_pushed(zoo.project, [branch(first, "main")])

    assert (zoo.stored(), done.complete) == ([("prod", "v1")], True)


def test_weights_that_are_nowhere_are_named(zoo, monkeypatch, capsys):
    first = zoo.lock("v1")
    zoo.name_remotes("prod")
    lose(zoo)
    (done,) = guard.send_pushed(zoo.project, [branch(first, "main")])

    assert done.complete is False
    assert done.lines == (
        "weights: a v1 is not in prod, and cannot be sent",
        f"  {A} cannot be fetched from zoo/a-v1.pdparams: No such file or directory",
        f"  {A} is missing in cache",
    )


@pytest.mark.slow
def test_the_hook_stops_a_push_whose_weights_are_nowhere(zoo, monkeypatch, capsys):
    first = zoo.lock("v1")
    lose(zoo)
    monkeypatch.chdir(zoo.root)
    monkeypatch.setattr("sys.stdin", [f"refs/heads/a {first} refs/heads/main {'0' * 40}\n"])

    assert run.run(run.Call(name="pre-push", folders=(".",), arguments=("origin", "url"))) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "weights: a v1 is not in prod, and cannot be sent"
    assert said[-1] == (
        "paddledvc: push blocked; get what is missing with `paddledvc pull` or `dvc repro`, or "
        "bypass with `git push --no-verify`"
    )


@pytest.mark.slow
def test_the_hook_stops_a_push_whose_remote_is_down(zoo, monkeypatch, capsys):
    first = zoo.lock("v1")
    zoo.remotes.write_text("a file is in the way")
    monkeypatch.chdir(zoo.root)
    monkeypatch.setattr("sys.stdin", [f"refs/heads/a {first} refs/heads/main {'0' * 40}\n"])

    assert run.run(run.Call(name="pre-push", folders=(".",), arguments=("origin", "url"))) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"the remote prod ({zoo.remotes}/prod): a file is in the way of its folder",
        (
            "paddledvc: push blocked; push again when the remote prod answers, or bypass with `git "
            "push --no-verify`"
        ),
    ]


@pytest.mark.slow
def test_a_remote_that_is_down_keeps_no_other_from_its_weights(zoo):
    commit = zoo.lock("v1")
    zoo.repository.write(
        ".dvc/config",
        "['remote \"prod\"']\n    url = http://127.0.0.1:9/x\n"
        f"['remote \"dev\"']\n    url = {zoo.remotes}/dev\n",
    )
    paddledvc.trust(zoo.project)

    prod, dev = guard.send_pushed(zoo.project, [branch(commit, "main"), branch(commit, "feature")])
    assert (prod.remote, prod.complete, prod.sent) == ("prod", False, ())
    assert "connection refused" in prod.problem
    assert (dev.remote, dev.complete) == ("dev", True)
    assert [one.state for one in dev.sent] == ["sent"]


def test_a_commit_that_cannot_be_read_is_an_error(zoo):
    zoo.lock("v1")
    zoo.repository.write("models.lock", "nonsense: [")
    commit = zoo.repository.commit("nonsense")

    with pytest.raises(InvalidFile):
        guard.send_pushed(zoo.project, [branch(commit, "main")])


def test_a_deleted_branch_needs_nothing(zoo, monkeypatch):
    monkeypatch.chdir(zoo.root)
    monkeypatch.setattr("sys.stdin", [f"(delete) {'0' * 40} refs/heads/main {'1' * 40}\n"])
    zoo.repository.models("models: []\n")
    zoo.repository.commit()

    assert run.run(run.Call(name="pre-push", folders=(".",), arguments=("origin", "url"))) == 0


def test_a_tag_of_a_file_is_no_commit_that_needs_anything(zoo):
    first = zoo.lock("v1")
    blob = zoo.repository.git("hash-object", "-w", "models.yaml").strip()
    of_file = PushedRef(commit=blob, target="refs/tags/file")

    assert guard.pick_pushed_commits(zoo.project, [of_file, branch(first, "main")]) == (
        branch(first, "main"),
    )
