"""Whose approval of a release counts, with real git and keys of SSH."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import paddledvc
from paddledvc.errors import Finding, InvalidInput, OutsideFailure
from paddledvc.gate.core.releases.approval_rules import INVALID, TOO_FEW
from paddledvc.names import SIGNERS
from tests.releases.conftest import MODELS, Released

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="OpenSSH's ssh-keygen is not installed"
)
slow, thorough = pytest.mark.slow, pytest.mark.thorough
STAGES = """\
policy: {stages: {prod: {branches: [main], approvals: 1}, twice: {branches: [main], approvals: 2}}}
"""
PEOPLE = ("ann", "bo", "cy", "dee")
BO = "approval/det/v1.2.0/bo-example-com"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key of each person: the file, and its line of allowed signers."""
    folder = tmp_path_factory.mktemp("keys")
    lines = {}
    for one in PEOPLE:
        form = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f")
        subprocess.run([*form, str(folder / one)], check=True)
        public = (folder / f"{one}.pub").read_text().strip()
        lines[one] = f'{one}@example.com namespaces="git" {public}\n'
    return folder, lines


class Team:
    """People who take turns at a project; ann makes the change and the release."""

    def __init__(self, released, ours, keys):
        self.at, self.ours, (self.keys, self.lines) = released, ours, keys
        released.git("config", "gpg.format", "ssh")
        self.sits("ann")
        released.write(SIGNERS, "".join(self.lines[one] for one in ("ann", "bo", "cy")))
        released.lock_models(STAGES + released.read("models.yaml"), title="stages")
        self.sits("dee")
        assert not paddledvc.create_release(ours).refused
        self.sits("ann")

    def sits(self, name, key=None):
        self.at.git("config", "user.name", name)
        self.at.git("config", "user.email", f"{name}@example.com")
        self.at.git("config", "user.signingKey", str(self.keys / f"{key or name}.pub"))

    def approves(self, name, what="det@v1.2", key=None, **options):
        self.sits(name, key)
        done = paddledvc.approve_release(self.ours, what, **options)
        self.sits("ann")
        return done.tag

    def refuses(self, name, what="det@v1.2", **options):
        before = self.at.tags()
        with pytest.raises(Finding) as caught:
            self.approves(name, what, **options)
        assert self.at.tags() == before
        return str(caught.value)

    def promotes(self, stage):
        return paddledvc.promote_release(self.ours, "det@v1.2", stage).tag

    def lacks(self, stage):
        with pytest.raises(Finding) as caught:
            self.promotes(stage)
        return str(caught.value)

    def found(self):
        rules = (INVALID, TOO_FEW)
        return [str(one) for one in self.at.check().violations if one.rule in rules]

    def signs(  # noqa: PLR0913
        self, name, commit, tag=BO, *, text=None, by="--sign", key=None
    ):
        """Make a tag as `release approve` does, but of whatever one likes."""
        said = text or self.at.git("for-each-ref", "--format=%(contents)", "refs/tags/det@v1.2.0")
        self.sits(name, key)
        self.at.git("tag", by, "--message", said, tag, self.at.at(commit))
        self.sits("ann")


@pytest.fixture
def team(released, ours, keys, monkeypatch):
    for one in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_AUTHOR_{one}", raising=False)
        monkeypatch.delenv(f"GIT_COMMITTER_{one}", raising=False)
    return Team(released, ours, keys)


@slow
def test_a_stage_takes_what_another_person_approved_by_a_signature_that_git_verifies(team, keys):
    assert team.lacks("prod") == (
        "prod asks for approvals, by the policy of main: det@v1.2.0 has 0 of 1 approvals; someone "
        "else who may approve runs `paddledvc release approve det@v1.2.0 --push`, then `git fetch "
        "--tags` brings it here"
    )
    assert team.approves("bo", message="weights: fine\nby me") == BO

    said = team.at.git("cat-file", "tag", BO)
    signers = f"gpg.ssh.allowedSignersFile={team.at.root / SIGNERS}"
    team.at.git("-c", signers, "verify-tag", BO)
    assert said.partition("\n\n")[2].partition("-----BEGIN")[0] == (
        team.at.git("for-each-ref", "--format=%(contents)", "refs/tags/det@v1.2.0")
        + "\n  weights: fine\n  by me\n"
    ).replace("\n\n\n", "\n\n")
    assert team.at.at(BO) == team.at.at("det@v1.2.0")
    assert team.promotes("prod") == "det#prod#1"
    assert team.found() == []


@thorough
def test_two_approvals_are_those_of_two_people(team):
    team.approves("bo")
    assert team.refuses("bo") == (
        f"bo@example.com approved det v1.2.0 before, in {BO}; --push sends it"
    )
    team.signs("bo", "det@v1.2.0", f"{BO}-2")
    assert "det@v1.2.0 has 1 of 2 approvals (bo@example.com); someone else" in team.lacks("twice")
    team.approves("cy")
    assert team.promotes("twice") == "det#twice#1"


@thorough
def test_the_addresses_of_a_line_and_of_a_key_are_one_person(team):
    key = team.lines["cy"].split(" ", 1)[1]
    team.at.write(SIGNERS, f"{team.lines['bo']}cy@home,cy@example.com {key}ann@example.com {key}")
    team.at.commit("signers")

    assert team.refuses("cy") == (
        "cy@example.com is an author of the change; someone else has to approve det v1.2.0"
    )


@thorough
def test_a_second_key_and_address_of_one_person_is_no_second_approval(team):
    bo, dee = (team.lines[one].split(" ", 1)[1] for one in ("bo", "dee"))
    team.at.write(SIGNERS, f"# keys\nbo@example.com,bo@home {bo}bo@home {dee}")
    team.at.commit("signers")
    team.approves("bo")
    team.signs("bo", "det@v1.2.0", f"{BO}-2", key="dee")

    assert team.lacks("twice").startswith(
        "twice asks for approvals, by the policy of main: det@v1.2.0 has 1 of 2 approvals "
        "(bo@example.com); someone else"
    )


@slow
def test_who_made_the_change_or_the_release_must_not_approve_it(team):
    assert team.refuses("ann") == (
        "ann@example.com is an author of the change; someone else has to approve det v1.2.0"
    )
    assert team.refuses("dee") == (
        "dee@example.com made the tag of the release; someone else has to approve det v1.2.0"
    )
    assert team.refuses("bo", key="ann") == (
        "det@v1.2.0 was not approved by this signature, and "
        f"{BO} was not kept: ann@example.com is an author of the change"
    )
    team.signs("ann", "det@v1.2.0")
    assert f"{BO} does not count: ann@example.com is an author of the change" in team.lacks("prod")
    [found] = team.found()
    assert found == (
        f"docs/models/CHANGELOG.md:3: error[approval-invalid]: {BO}: this approval does not count: "
        f"ann@example.com is an author of the change; `git push --delete origin {BO}` and `git tag "
        "--delete` remove it"
    )


@thorough
def test_authors_are_those_since_the_release_before_and_writers_of_documents_are_none(team):
    team.sits("bo")
    team.at.move()
    team.sits("cy")
    team.at.write("docs/models/notes.md", "good")
    team.at.commit("notes")
    team.sits("dee")
    assert not paddledvc.create_release(team.ours).refused

    assert "bo@example.com is an author" in team.refuses("bo", "det@v1.3")
    assert team.approves("cy", "det@v1.3") == "approval/det/v1.3.0/cy-example-com"
    assert team.approves("ann", "det@v1.3", dry_run=True).endswith("/ann-example-com")


@thorough
def test_a_release_of_a_version_that_its_commit_does_not_have_hides_no_author(team):
    team.sits("bo")
    team.at.move()
    team.at.git("tag", "--annotate", "--message", "x", "det@v1.2.9", "HEAD")
    team.sits("dee")
    assert not paddledvc.create_release(team.ours).refused

    assert "bo@example.com is an author" in team.refuses("bo", "det@v1.3")


@thorough
def test_a_release_within_what_was_merged_hides_no_author(team):
    team.at.branch("feature/x")
    team.sits("bo")
    team.at.move(new="v1.2.9")
    team.at.git("tag", "--annotate", "--message", "x", "det@v1.2.9", "HEAD")
    team.sits("cy")
    team.at.move("v1.2.9", "v1.3")
    team.sits("ann")
    team.at.git("checkout", "--quiet", "main")
    team.at.git("merge", "--quiet", "--no-ff", "--no-edit", "feature/x")
    team.sits("dee")
    assert not paddledvc.create_release(team.ours).refused

    assert "bo@example.com is an author" in team.refuses("bo", "det@v1.3")


@slow
def test_a_key_that_only_a_feature_branch_has_does_not_count(team):
    team.at.branch("feature/key")
    team.at.write(SIGNERS, "".join(map(team.lines.get, PEOPLE)).replace("dee@", "eve@"))
    team.at.commit("my own key")

    assert team.refuses("eve", key="dee").startswith(
        "det@v1.2.0 was not approved by this signature, and approval/det/v1.2.0/eve-example-com "
        "was not kept: its key SHA256:"
    )
    team.signs("cy", "det@v1.2.0")
    team.at.git("checkout", "--quiet", "main")
    assert team.promotes("prod") == "det#prod#1"


@thorough
def test_a_deleted_key_stops_counting(team):
    team.approves("bo")
    team.promotes("prod")
    team.at.write(SIGNERS, team.lines["cy"])
    team.at.commit("bo left")

    invalid, few = team.found()

    assert invalid.startswith(
        f"docs/models/CHANGELOG.md:3: error[approval-invalid]: {BO}: this approval does not "
        "count: its key SHA256:"
    )
    assert few.startswith(
        "docs/models/CHANGELOG.md:3: error[approval-missing]: det@v1.2.0 is in prod, and has 0 of "
        f"1 approvals; {BO} does not count: its key SHA256:"
    )
    assert "has 0 of 1 approvals" in team.lacks("prod")
    team.approves("cy")
    assert [one.partition(": ")[2].partition("]")[0] for one in team.found()] == [
        "error[approval-invalid"
    ]


@slow
def test_tags_that_are_no_valid_approvals_are_found_and_do_not_count(team):
    name = "approval/det/v1.2.0/{}".format
    team.signs("bo", "det@v1.2.0", name("unsigned"), by="--annotate")
    team.at.git("tag", name("light"), "det@v1.2.0^{commit}")
    team.signs("bo", "HEAD~1", name("other"))
    team.signs("bo", "det@v1.2.0", name("text"), text="approved")
    team.signs("bo", "det@v1.2.0", "mine")
    team.at.git("update-ref", f"refs/tags/{name('renamed')}", "mine")
    team.signs("bo", "det@v1.2.0", name("spoilt"))
    _spoil(team, name("spoilt"))
    head, before = team.at.at("det@v1.2.0")[:7], team.at.at("HEAD~1")[:7]

    invalid = [one.partition(name(""))[2].partition("; `git push")[0] for one in team.found()]

    assert "det@v1.2.0 has 0 of 1 approvals; approval/det/v1.2.0/light does" in team.lacks("prod")
    assert invalid == [
        f"{one}: this approval does not count: {why}"
        for one, why in (
            ("light", "it is not signed"),
            ("other", f"it approves commit {before}, and the release is commit {head}"),
            ("renamed", "it was made as mine, and renamed"),
            ("spoilt", "its signature does not verify"),
            ("text", "it states another version or other bytes than det@v1.2.0"),
            ("unsigned", "it is not signed"),
        )
    ]


@thorough
def test_a_commit_in_a_stage_that_is_no_release_of_ours_is_found(team):
    commit = team.at.at("HEAD~1")
    team.at.git("tag", "--annotate", "--message", "x", "rec#prod#1", commit)
    team.at.git("tag", "--annotate", "--message", "x", "det@v3.0.0", "HEAD~2")
    team.at.git("tag", "--annotate", "--message", "x", "det#prod#1", "HEAD~2")
    step = "only what `paddledvc release create` released can be approved, so promote such one"
    expected = [
        f"error[approval-missing]: det@v3.0.0 is in prod, and has 0 of 1 approvals; {step}",
        (
            f"error[approval-missing]: rec at commit {commit[:7]} is in prod, and has 0 of 1 "
            f"approvals; {step}"
        ),
    ]

    assert team.found() == expected
    team.at.clone_of()
    assert team.found() == expected
    team.at.branch("hotfix/x")
    assert team.found() == []


def _spoil(team, name):
    data = team.at.git("cat-file", "tag", name).replace("det v1.2", "det v1,2", 1)
    done = subprocess.run(
        ["git", "hash-object", "-t", "tag", "-w", "--stdin"],
        cwd=team.at.root,
        input=data,
        capture_output=True,
        text=True,
        check=True,
    )
    team.at.git("update-ref", f"refs/tags/{name}", done.stdout.strip())


@thorough
def test_an_approval_is_sent_and_a_clone_without_tags_says_nothing(team):
    hub = team.at.clone_of()
    team.approves("bo", push=True)
    assert BO in team.at.git("ls-remote", str(hub))
    assert team.approves("bo", push=True) == BO
    team.at.git("tag", "--delete", *team.at.tags())
    assert team.found() == []

    team.at.git("fetch", "--quiet", "--tags")
    team.at.git("tag", "--delete", BO)
    with pytest.raises(OutsideFailure) as caught:
        team.approves("bo", push=True, message="again")
    assert str(caught.value) == (
        f"origin has another tag called {BO}; nothing was sent. Run `git tag --delete '{BO}'`, "
        "`git fetch --tags`, and the same command again"
    )


@thorough
def test_the_command_says_what_it_made_and_exits_with_1_for_who_must_not_approve(team, cli):
    commit = team.at.at("HEAD")[:7]
    author = cli("release", "approve", "det")
    team.sits("bo")
    plan = cli("release", "approve", "det", "--dry-run")
    done = cli("release", "approve", "det@v1.2")
    again = cli("release", "approve", "det", "--format", "json")

    assert "ann@example.com is an author of the change" in author.stderr
    assert plan.stdout == f"dry run: {BO} would approve det v1.2.0 (commit {commit})\n"
    assert done.stdout == (
        f"{BO} approves det v1.2.0 (commit {commit}), signed by bo@example.com\n"
    )
    assert [one.exit_code for one in (author, plan, done, again)] == [1, 0, 0, 1]


@thorough
def test_a_project_in_a_folder_has_its_own_signers_and_names_the_folder(project, keys):
    project.git("init", "--quiet", "--initial-branch", "main")
    inner = Released(type(project)(project.root / "ocr"))
    inner.commit = inner.folder.commit = project.commit
    inner.write(
        ".dvc/config", "[core]\n    remote = prod\n['remote \"prod\"']\n    url = ../../prod\n"
    )
    inner.lock_models(MODELS, "det-1.2", "rec-2.0")
    project.write("other.txt", "by bo")
    project.git("add", ".")
    project.git("-c", "user.email=bo@example.com", "commit", "--quiet", "--message", "elsewhere")
    team = Team(inner, inner.project, keys)

    tag = team.approves("bo")

    assert tag == "approval/ocr=det/v1.2.0/bo-example-com"
    assert team.promotes("prod") == "ocr=det#prod#1"
    assert team.found() == []
    inner.git("tag", "--delete", tag)
    [found] = team.found()
    assert "ocr=det@v1.2.0 is in prod, and has 0 of 1 approvals; someone else who may" in found
    assert "`paddledvc release approve det@v1.2.0 --push`" in found


@thorough
def test_where_nothing_verifies_signatures_none_is_called_invalid(team):
    team.approves("bo")
    team.at.git("config", "gpg.ssh.program", "/nonexistent/ssh-keygen")

    with pytest.raises(
        OutsideFailure, match="git cannot verify signatures here: fatal: cannot run"
    ):
        team.promotes("prod")


@thorough
def test_what_is_missing_to_approve_is_said_with_the_next_step(team):
    team.at.git("config", "--unset", "user.signingKey")
    with pytest.raises(InvalidInput) as caught:
        paddledvc.approve_release(team.ours, "det@v1.2")
    assert str(caught.value) == (
        "user.signingKey is not set, expected an SSH key to sign with; run `git config gpg.format "
        "ssh` and `git config user.signingKey ~/.ssh/id_ed25519.pub`"
    )
    team.at.git("config", "--unset", "gpg.format")
    with pytest.raises(InvalidInput, match=r"gpg\.format is openpgp, expected an SSH key"):
        paddledvc.approve_release(team.ours, "det@v1.2")
    with pytest.raises(InvalidInput, match=r"det has no release v1\.9\.0"):
        paddledvc.approve_release(team.ours, "det@v1.9")
    paddledvc.deprecate_release(team.ours, "det@v1.2")
    with pytest.raises(Finding, match=r"det v1\.2\.0 is withdrawn by det@v1\.2\.0!; approve one"):
        paddledvc.approve_release(team.ours, "det@v1.2")
    team.at.git("rm", "--quiet", SIGNERS)
    team.at.commit("no signers")
    with pytest.raises(InvalidInput, match=r"main has no \.paddledvc/allowed_signers, which says"):
        paddledvc.approve_release(team.ours, "rec")
