"""The image that the jobs of a pipeline run in."""

from __future__ import annotations

import pytest

import paddledvc
from paddledvc.errors import InvalidInput


def a_project(project, images):
    """Write models of which the first starts trainings and needs no image."""
    models = "".join(
        f"  - {{name: m{number}, version: v1, train: {{command: python t.py}}, "
        f"environment: {{image: {image}}}}}\n"
        for number, (image, _) in enumerate(images)
    )
    base = "  - {name: base, version: v1, environment: {image: 'r.example/b:1'}}\n"
    made = project.models(f"models:\n{base}{models}")
    paddledvc.lock(made)
    text = project.read("models.lock")
    for image, digest in images:
        if digest:
            line = f'image: "{image}"'
            assert line in text
            text = text.replace(line, f'{line}\n    image_digest: "{digest}"')
    project.write("models.lock", text)
    return paddledvc.Project(project.root)


DIGEST = f"sha256:{'a' * 64}"


def test_the_image_of_what_is_trained_or_exported_is_named_by_its_digest(project, cli):
    made = a_project(project, [("r.example/paddle:3.3.1", DIGEST)])

    assert paddledvc.env_image(made) == f"r.example/paddle:3.3.1@{DIGEST}"
    assert cli("env", "image").stdout == f"r.example/paddle:3.3.1@{DIGEST}\n"


def test_without_a_locked_image_nothing_is_printed_but_a_note(project, cli):
    project.models("models: []\n")
    project.write("models.lock", "version: 1\nmodels: []\n")
    done = cli("env", "image")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "note: models.lock has no image of a model that is trained or exported\n"
    )


def test_several_images_are_refused(project):
    images = [("r.example/paddle:3.3.1", None), ("r.example/paddle:3.2.0", None)]
    made = a_project(project, images)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.env_image(made)

    assert str(caught.value) == (
        "models.lock has several images, and the jobs of a pipeline run in one: "
        "r.example/paddle:3.2.0 of m1, r.example/paddle:3.3.1 of m0; give the models that are "
        "trained or exported one `environment`"
    )
