"""What a commit holds of a model, as the tag of its release states it."""

from __future__ import annotations

from paddledvc.gate.read_releases import read_release_tags, read_released_bytes
from tests.gated import md5


def test_weights_and_export_are_those_of_both_locks(gated):
    model = gated.project.registry().model("resnet50")

    [found, nothing] = read_released_bytes(gated.root, [(model, "HEAD"), (model, "HEAD^{tree}:")])

    assert nothing is None
    assert found == ("v3.3.0", f"md5:{md5('a')}", f"md5:{gated.digest('exports/resnet50')}")


def test_a_tag_that_is_not_annotated_or_of_a_file_states_nothing(gated):
    gated.git("tag", "light@v1.0.0")
    gated.git(
        "tag", "--annotate", "-m", "version: v1\ncommit: x", "file@v1.0.0", "HEAD:models.yaml"
    )

    tags = read_release_tags(gated.root)

    assert {name: (one.commit, one.stated) for name, one in tags.items()} == {
        "light@v1.0.0": (None, None),
        "file@v1.0.0": (None, None),
    }
