"""What `release create` writes, refuses and finishes, with real git."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import paddledvc
from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.gate.core.releases.tag_rules import MISSING, MOVED
from paddledvc.releases import create, send_tags
from paddledvc.weights import push as pushing
from paddledvc.weights.core.transfer_results import Bad, Sent
from paddledvc.weights.push import Pushed
from tests.gated import FACTS
from tests.releases.conftest import md5

slow, thorough = pytest.mark.slow, pytest.mark.thorough
CHANGELOG = "docs/models/CHANGELOG.md"
CARDS = ("docs/models/det.md", "docs/models/rec.md")


def made(ours, *names, **options):
    done = paddledvc.create_release(ours, names, **options)
    assert not done.refused, ([str(one) for one in done.verdict.errors], done.problems)
    return [(one.tag, one.state) for one in done.releases], done


def rules(released):
    return [one.rule for one in released.check().violations if one.rule in (MISSING, MOVED)]


@slow
def test_every_model_gets_an_entry_a_commit_and_a_tag_that_states_its_bytes(released, ours):
    before = released.at("HEAD")
    day = released.git("log", "-1", "--format=%cs").strip()

    releases, done = made(ours)

    assert releases == [("det@v1.2.0", "new"), ("rec@v2.0.0", "new")]
    assert released.at("HEAD~1") == before
    assert done.commit == released.at("HEAD") == released.at("det@v1.2.0")
    assert released.git("cat-file", "-p", "det@v1.2.0").partition("\n\n")[2] == (
        f"det v1.2\n\nversion: v1.2\nweights: md5:{md5('det-1.2')}\ncommit: {done.commit}\n"
    )
    assert released.read(CHANGELOG) == (
        f"# Releases of models\n\n"
        f"## `det` v1.2 ({day}, tag `det@v1.2.0`)\n\n"
        f"- the first release\n- weights: `md5:{md5('det-1.2')}`\n\n"
        f"## `rec` v2.0 ({day}, tag `rec@v2.0.0`)\n\n"
        f"- the first release\n- weights: `md5:{md5('rec-2.0')}`\n"
    )
    assert f"`md5:{md5('det-1.2')}` |\n" in released.read(CARDS[0])
    assert "| release | `det@v1.2.0` |\n" in released.read(CARDS[0])
    assert "card-stale" not in [one.rule for one in released.check().violations]
    assert released.git("status", "--porcelain") == ""
    assert rules(released) == []


@thorough
def test_only_what_moved_is_released_and_then_nothing(released, ours):
    made(ours)
    released.move()

    releases, first = made(ours)
    head = released.at("HEAD")
    again, done = made(ours)

    assert releases == [("det@v1.3.0", "new"), ("rec@v2.0.0", "released")]
    assert first.verdict.violations == ()
    assert released.read(CHANGELOG).index("det@v1.3.0") < released.read(CHANGELOG).index("rec@v2")
    assert "the release before is v1.2.0" in released.read(CHANGELOG)
    assert [state for _, state in again] == ["released", "released"]
    assert (done.moved, done.commit, released.at("HEAD")) == ((), None, head)


@thorough
def test_a_dry_run_writes_nothing(released, ours):
    released.clone_of()
    before = released.git("for-each-ref"), released.git("status", "--porcelain")

    releases, _ = made(ours, "det", dry_run=True, push=True)

    assert releases == [("det@v1.2.0", "new")]
    assert before == (released.git("for-each-ref"), released.git("status", "--porcelain"))


@slow
def test_a_run_that_was_killed_is_finished_by_the_next(released, ours, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    points = (
        (create.project_files, "write_project_text"),
        (create, "try_git"),  # when the entry is written, and not committed
        (create.send_tags, "make_tag"),
    )
    for module, name in points:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, killed)
            with pytest.raises(KeyboardInterrupt):
                made(ours)
    commit = released.at("HEAD")
    released.write("notes.txt", "meanwhile")
    released.commit()

    releases, done = made(ours)

    assert releases == [("det@v1.2.0", "tag missing"), ("rec@v2.0.0", "tag missing")]
    assert done.commit is None
    assert released.at("det@v1.2.0") == released.at("rec@v2.0.0") == commit
    assert rules(released) == []


@slow
def test_two_at_once_keep_the_entries_of_each_other(released, ours, monkeypatch):
    check = create._check

    def check_slowly(*args):
        verdict = check(*args)
        time.sleep(0.3)  # both have planned by then, unless one waits
        return verdict

    monkeypatch.setattr(create, "_check", check_slowly)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: made(ours, name), ("det", "rec")))

    assert sorted(released.tags()) == ["det@v1.2.0", "rec@v2.0.0"]
    assert all(f"tag `{tag}`" in released.read(CHANGELOG) for tag in released.tags())


@thorough
def test_a_deleted_tag_is_found_and_made_again(released, ours):
    made(ours)
    commit = released.at("HEAD")
    released.move()
    made(ours)
    released.git("tag", "--delete", "rec@v2.0.0")

    [found] = [one for one in released.check().violations if one.rule == MISSING]
    made(ours)

    assert str(found) == (
        f"{CHANGELOG}:13: error[release-tag-missing]: rec@v2.0.0: this release has no tag in this "
        "clone; run `git fetch --tags`, or if it was deleted, `paddledvc release create`, which "
        "makes it again while this version is locked"
    )
    assert released.at("rec@v2.0.0") == commit
    assert rules(released) == []


@thorough
def test_a_missing_tag_is_a_warning_on_feature_branches_and_a_note_without_any(released, ours):
    made(ours)
    released.branch("feature/x")
    released.git("tag", "--delete", "rec@v2.0.0")
    [found] = [one for one in released.check().violations if one.rule == MISSING]
    released.git("tag", "--delete", "det@v1.2.0")

    assert found.level == "warning"
    assert rules(released) == []
    assert "this clone has no tags to compare releases with; run `git fetch --tags`" in (
        released.check().notes
    )


@slow
def test_a_moved_tag_is_found(released, ours):
    made(ours)
    message = released.git("for-each-ref", "--format=%(contents)", "refs/tags/det@v1.2.0")
    moved = released.move()
    released.git("tag", "--force", "--annotate", "--message", message, "det@v1.2.0", moved.strip())
    [by_copy] = [str(one) for one in released.check().violations if one.rule == MOVED]
    released.git("tag", "--force", "--annotate", "--message", "mine", "det@v1.2.0", moved.strip())
    [by_hand] = [str(one) for one in released.check().violations if one.rule == MOVED]

    assert f"det@v1.2.0: the tag names commit {moved[:7]}, and its message commit" in by_copy
    assert "found a tag that `paddledvc release create` did not make" in by_hand


@thorough
def test_a_tag_whose_message_states_other_bytes_is_found(released, ours):
    made(ours)
    message = released.git("for-each-ref", "--format=%(contents)", "refs/tags/det@v1.2.0")
    forged = message.replace(md5("det-1.2"), "0" * 32)
    released.git("tag", "--force", "--annotate", "--message", forged, "det@v1.2.0")

    [found] = [one.message for one in released.check().violations if one.rule == MOVED]

    assert f"its message states weights md5:{'0' * 32}, and its commit" in found
    assert f"has md5:{md5('det-1.2')}" in found


@thorough
def test_other_branches_uncommitted_changes_and_findings_are_refused(released, ours):
    released.write("models.yaml", released.read("models.yaml") + "# more\n")
    with pytest.raises(InvalidInput, match=r"models\.yaml has changes that are not committed"):
        made(ours)
    released.git("checkout", "--quiet", "models.yaml")
    released.branch("feature/x")
    with pytest.raises(
        InvalidInput, match="feature/x is checked out, expected a production branch"
    ):
        made(ours)
    released.git("checkout", "--quiet", "main")
    released.move(new="v1.3rc1")

    done = paddledvc.create_release(ours)

    assert done.refused
    assert [one.rule for one in done.verdict.errors] == ["version-prerelease"]
    assert released.tags() == []


@thorough
def test_two_versions_of_one_tag_and_images_without_digest_are_refused(released, ours):
    text = released.read("models.yaml")
    released.lock_models(text.replace("v1.2\n", "1.2.0+4\n"), title="a build")
    made(ours)
    released.put("det-1.2.4")
    released.lock_models(
        text.replace("v1.2\n", "1.2.0.4\n")
        .replace(
            "    weights_url: zoo/rec",
            "    environment: paddlepaddle/paddle:3.3.1\n    weights_url: zoo/rec",
        )
        .replace("v2.0\n", "v2.1\n"),
        title="a number",
    )
    lock = released.read("models.lock")
    pinned = next(line for line in lock.splitlines() if "image_digest:" in line)
    released.write("models.lock", lock.replace(f"{pinned}\n", ""))
    released.commit("no digest")

    done = paddledvc.create_release(ours)

    assert done.problems == (
        (
            "det: the tag of 1.2.0.4 is det@v1.2.0+4, which stands for 1.2.0+4 already; give this "
            "one another number"
        ),
        (
            "rec: models.lock has no digest of its image paddlepaddle/paddle:3.3.1; run `paddledvc "
            "lock` where its registry is reachable, or name the image as "
            "paddlepaddle/paddle:3.3.1@sha256:…"
        ),
    )


@thorough
def test_push_sends_weights_branch_and_tags_at_once_and_is_finished_later(released, ours):
    hub = released.clone_of()
    released.move()
    for file in (released.root / ".." / "prod").rglob(md5("det-1.3")[2:]):
        file.unlink()
    refused = paddledvc.create_release(ours)
    assert [one.rule for one in refused.verdict.errors] == ["remote-incomplete"]
    paddledvc.sync(ours, ["det"])

    plan = paddledvc.create_release(ours, push=True, dry_run=True)
    _, done = made(ours, push=True)

    assert len(plan.unsent) == 1
    assert done.pushed == "origin"
    listed = released.git("ls-remote", str(hub))
    assert "refs/tags/det@v1.3.0^{}" in listed
    assert listed.count(released.at("HEAD")) == 4  # HEAD, main, and two tags
    made(ours, push=True)


@thorough
def test_weights_that_cannot_be_sent_are_reported_as_such(released, ours, monkeypatch):
    released.clone_of()
    released.move()
    next((released.root / ".." / "prod").rglob(md5("det-1.3")[2:])).unlink()
    tracked = paddledvc.status(ours).outputs[0].tracked
    full = Bad(title="det v1.3", path="a", place="prod", kind="unreachable", found="no space left")
    sent = Sent(tracked=tracked, state="failed", problems=(full,))
    monkeypatch.setattr(pushing, "push", lambda *_, **__: (Pushed(remote="prod", sent=(sent,)),))

    with pytest.raises(OutsideFailure, match=r"^det v1\.3 cannot be sent to prod: no space left$"):
        paddledvc.create_release(ours, push=True)

    assert released.tags() == []


@thorough
def test_a_rejected_push_leaves_the_release_here_and_says_how_to_go_on(released, ours, tmp_path):
    hub = released.clone_of()
    other = tmp_path / "other"
    released.git("clone", "--quiet", str(hub), str(other))
    released.git("-C", str(other), "commit", "--quiet", "--allow-empty", "-m", "newer")
    released.git("-C", str(other), "push", "--quiet")

    with pytest.raises(OutsideFailure) as caught:
        made(ours, push=True)

    assert "origin did not take refs/heads/main, refs/tags/det@v1.2.0" in str(caught.value)
    assert "undo this release by `git tag --delete det@v1.2.0 rec@v2.0.0`" in str(caught.value)
    assert released.tags() == ["det@v1.2.0", "rec@v2.0.0"]
    assert "refs/tags" not in released.git("ls-remote", str(hub))


@thorough
def test_a_clone_that_does_not_know_the_releases_of_its_remote_releases_none_again(
    released, ours, tmp_path
):
    hub = released.clone_of()
    made(ours, push=True)
    released.write("notes.txt", "later")
    released.commit()
    released.git("push", "--quiet")
    listed = released.git("ls-remote", str(hub))
    released.git("clone", "-q", "--depth=1", "--no-tags", hub.as_uri(), str(tmp_path / "cut"))
    with pytest.raises(InvalidInput, match=r"shallow.*git fetch --unshallow"):
        made(paddledvc.Project(tmp_path / "cut"))

    released.git("tag", "--delete", "det@v1.2.0")
    released.git("tag", "--annotate", "--message", "mine", "det@v1.2.0", "HEAD")
    with pytest.raises(OutsideFailure) as caught:
        send_tags.push_tags(released.root, "origin", ["det@v1.2.0", "rec@v2.0.0"], "main")

    assert "has another tag called det@v1.2.0" in str(caught.value)
    assert "nothing was sent" in str(caught.value)
    assert released.git("ls-remote", str(hub)) == listed


@thorough
def test_a_project_in_a_folder_names_it_in_its_tags_and_leaves_other_changes_alone(project):
    from tests.releases.conftest import MODELS, Released  # noqa: PLC0415

    top = project.root
    project.git("init", "--quiet", "--initial-branch", "main")
    inner = type(project)(top / "ocr")
    project.write("readme.txt", "x")
    project.write(
        "ocr/.dvc/config", "[core]\n    remote = prod\n['remote \"prod\"']\n    url = ../../prod\n"
    )
    one = Released(inner)
    one.root.joinpath(".git").exists()
    one.write("zoo/det-1.2.pdparams", "det-1.2")
    one.write("zoo/rec-2.0.pdparams", "rec-2.0")
    for text in ("det-1.2", "rec-2.0"):
        one.put(text)
    one.models(MODELS, build=False)
    project.commit("lock")
    project.write("readme.txt", "changed")
    project.git("add", "--all")

    releases, _ = made(one.project)

    assert releases == [("ocr=det@v1.2.0", "new"), ("ocr=rec@v2.0.0", "new")]
    assert project.git("status", "--porcelain") == "M  readme.txt\n"
    assert project.git("show", "--name-only", "--format=").split() == [
        f"ocr/{one}" for one in (CHANGELOG, *CARDS)
    ]


@thorough
def test_without_an_identity_and_beside_another_git_nothing_is_lost(released, ours, monkeypatch):
    expected = "git does not know who you are"
    with monkeypatch.context() as patched:
        patched.setenv("GIT_COMMITTER_NAME", "")
        with pytest.raises(InvalidInput, match=expected):
            made(ours)
    lock = released.root / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(OutsideFailure, match=r"index\.lock': File exists"):
        made(ours)
    lock.unlink()

    assert made(ours)[0] == [("det@v1.2.0", "new"), ("rec@v2.0.0", "new")]


@thorough
def test_a_commit_that_a_hook_refuses_can_be_made_later(released, ours):
    hook = released.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no releases today >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(OutsideFailure) as caught:
        made(ours)
    hook.unlink()

    assert str(caught.value) == (
        f"git did not commit {CHANGELOG}, {', '.join(CARDS)}: no releases today\n"
        "What was written stays; fix this and run `paddledvc release create` again"
    )
    assert made(ours)[1].commit == released.at("det@v1.2.0")


TRAINED = f"""\
models:
  - name: det
    version: v1.0
{FACTS}    train: {{command: python train.py, deps: [train.py]}}
    metrics: {{accuracy: {{value: 0.5, tolerance: 0.02}}}}
"""


def trained(released, version, accuracy):
    """Commit another version, as its training leaves it."""
    path = "checkpoints/det_trained.pdparams"
    released.write("train.py", "")
    released.write("reports/det/train/metrics.json", json.dumps({"accuracy": accuracy}))
    released.holds[path] = f"det {version}"
    released.put(released.holds[path])
    released.models(TRAINED.replace("v1.0", version))
    released.commit(version)


@thorough
def test_a_model_worse_than_its_last_release_is_refused_however_many_commits_ago(released, ours):
    trained(released, "v1.0", 0.9)
    paddledvc.create_release(ours)
    before = released.at("HEAD")[:7]
    trained(released, "v1.1", 0.85)
    trained(released, "v1.2", 0.845)
    assert [one.rule for one in released.check().errors] == []

    refused = paddledvc.create_release(ours)
    paddledvc.deprecate_release(ours, "det@v1.0")
    without = paddledvc.create_release(ours, dry_run=True)

    assert [one.message for one in refused.verdict.errors] == [
        (
            f"det: accuracy is 0.845 after training, the release before (commit {before}) has 0.9 "
            "(tolerance 0.02; noise unknown, for the model has no `evaluate`); improve the model, "
            "or agree on a waiver of metric-regressed"
        )
    ]
    assert not without.refused


@thorough
def test_a_fix_of_an_older_release_is_compared_with_the_one_of_its_own_branch(released, ours):
    trained(released, "v1.0", 0.9)
    paddledvc.create_release(ours)
    trained(released, "v2.0", 0.99)
    paddledvc.create_release(ours)
    released.git("switch", "--quiet", "--create", "release/1", "det@v1.0.0")
    trained(released, "v1.1", 0.885)
    trained(released, "v1.2", 0.87)

    refused = paddledvc.create_release(ours)
    trained(released, "v1.3", 0.89)

    assert ["has 0.9 (tolerance" in one.message for one in refused.verdict.errors] == [True]
    assert not paddledvc.create_release(ours).refused


@thorough
def test_what_the_release_itself_writes_is_no_finding_of_it(released, ours):
    made(ours)
    released.move()
    assert {one.rule for one in released.check().violations} == {"docs-stale", "card-stale"}

    assert made(ours, dry_run=True)[1].verdict.violations == ()
    assert made(ours)[1].verdict.violations == ()
    assert released.check().violations == ()
