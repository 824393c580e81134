from __future__ import annotations

import pytest

from paddledvc.environments.core.chosen import Chosen, choose_environment, require_image
from paddledvc.environments.core.facts import Running, compare_facts
from paddledvc.errors import InvalidInput
from paddledvc.models.lockfile import Lock, LockedModel
from paddledvc.models.model import Environment, Model
from paddledvc.models.registry import Registry
from paddledvc.models.versions import Requirement

A, B = ("sha256:" + one * 64 for one in "ab")
IMAGE = "paddlepaddle/paddle:3.3.1-gpu-cuda12.9-cudnn9.9"
HERE = Running(
    python="3.10.12",
    paddle="3.3.1",
    cuda="12.9",
    cuda_runtime="12.9",
    cudnn="9.9.0",
    driver="575.57.08",
    driver_cuda="12.9",
    image=f"{IMAGE}@{A}",
)


def chosen(image=f"{IMAGE}@{A}", **stated):
    environment = Environment(image=IMAGE if image else None, **stated)
    return Chosen(name=None, version=None, models=(), environment=environment, image=image)


def states(running=HERE, of=None):
    return {one.name: one.state for one in compare_facts(of or chosen(python="3.10"), running)}


def changed(**fields):
    return Running(**{name: getattr(HERE, name) for name in HERE.__slots__} | fields)


ALL = dict.fromkeys(("image", "Python", "Paddle", "CUDA", "cuDNN", "driver"), "equal")


def test_what_the_tag_of_the_image_names_is_compared_as_far_as_it_has_digits():
    assert states() == ALL


@pytest.mark.parametrize(
    ("here", "name", "state"),
    [
        ({"python": "3.1.0"}, "Python", "differs"),
        ({"paddle": "3.3.10"}, "Paddle", "differs"),
        ({"paddle": None, "cuda": None}, "Paddle", "unknown"),
        ({"cuda": "12.6", "cuda_runtime": "12.6"}, "CUDA", "differs"),
        ({"cuda_runtime": "12.6"}, "CUDA", "differs"),
        ({"cuda_runtime": None}, "CUDA", "equal"),
        ({"cuda": ""}, "CUDA", "differs"),
        ({"cudnn": ""}, "cuDNN", "differs"),
        ({"cudnn": None}, "cuDNN", "unknown"),
        ({"driver_cuda": "11.8"}, "driver", "differs"),
        ({"driver_cuda": "12.2"}, "driver", "equal"),
        ({"driver_cuda": None}, "driver", "unknown"),
        ({"image": None}, "image", "unknown"),
        ({"image": IMAGE}, "image", "unknown"),
        ({"image": f"{IMAGE}@{B}"}, "image", "differs"),
    ],
)
def test_a_fact_that_is_another_or_unknown_here_is_named_so(here, name, state):
    assert states(changed(**here))[name] == state


def test_a_paddle_that_is_not_installed_is_unknown_with_what_to_install():
    found = {one.name: one for one in compare_facts(chosen(), Running(python="3.11.7"))}

    assert (found["Paddle"].state, found["CUDA"].state) == ("unknown", "unknown")
    assert "run `pip install 'paddledvc[cpu]'`" in found["Paddle"].why


def test_what_nothing_states_is_not_compared():
    found = states(of=chosen(image=None, python="3.10"))

    assert found == dict.fromkeys(ALL, "not stated") | {"Python": "equal"}


def registry(*models, **more):
    wanted = Requirement.parse("v1")
    every = (Model(name=name, requires=wanted, **fields) for name, fields in models)
    return Registry(models=tuple(every), **more)


def lock(*entries):
    return Lock(models=tuple(LockedModel(version="v1", **one) for one in entries))


def test_the_image_is_pinned_by_the_digest_of_the_lock():
    given = registry(("det", {"environment": Environment(image="a/p:1")}), ("rec", {}))
    locked = lock({"name": "det", "image": "a/p:1", "image_digest": A}, {"name": "rec"})

    assert choose_environment(given, locked, "det").image == f"a/p:1@{A}"
    assert choose_environment(given, locked, None).image == f"a/p:1@{A}"


def refusal(given, locked, name=None):
    with pytest.raises(InvalidInput) as caught:
        require_image(choose_environment(given, locked, name))
    return str(caught.value)


def test_a_project_without_an_image_is_told_the_line_to_add():
    assert refusal(registry(("det", {})), lock({"name": "det"})) == (
        "models.yaml states no environment for the project; add `environment: "
        "{image: paddlepaddle/paddle:3.3.1}` at its top or to a model, then run `paddledvc lock`"
    )


def test_models_of_several_images_are_named_with_them():
    one, other = ({"environment": Environment(image=f"a/p:{tag}")} for tag in "12")
    given = registry(("det", one), ("rec", other))
    locked = lock({"name": "det", "image": "a/p:1"}, {"name": "rec", "image": "a/p:2"})

    assert refusal(given, locked) == (
        "found several environments: det has a/p:1, rec has a/p:2; name one of these models"
    )


@pytest.mark.parametrize("image", ["a; rm -rf ~", "$(id)", "a\nRUN id", "--privileged", "-v.x/y"])
def test_what_no_image_is_gets_onto_no_command_line(image):
    given = registry(("det", {"environment": Environment(image=image)}))

    assert "found" in refusal(given, lock({"name": "det", "image": image}), "det")


def test_a_lock_of_another_image_is_stale():
    given = registry(("det", {}), environment=Environment(image="a/p:2"))

    assert refusal(given, lock({"name": "det", "image": "a/p:1"})) == (
        "models.lock has a/p:1 for det, models.yaml states a/p:2; run `paddledvc lock`"
    )
