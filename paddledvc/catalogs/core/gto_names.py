"""What GTO's tags of our models are called.

GTO knows versions of three numbers, pre-releases, and build metadata behind a plus sign, which come
later than the version without it for PEP 440, and for GTO itself by the time of the tag.
"""

from __future__ import annotations

from paddledvc.catalogs.core.gto import Tag, list_gto_events
from paddledvc.models.versions import as_version
from paddledvc.names import slug

_THREE = 3
_PRE = {"a": "alpha", "b": "beta", "rc": "rc"}


def name_gto_version(version: str) -> str:
    """Write a version as GTO's tags do.

    Raises:
        ValueError: no tag can stand for it in its order; the message is the end of a sentence.

    >>> name_gto_version("v1.2"), name_gto_version("2025.04.05"), name_gto_version("1.2rc1")
    ('v1.2.0', 'v2025.4.5', 'v1.2.0-rc.1')
    >>> name_gto_version("1.2.3.4"), name_gto_version("v1.2_20250405")
    ('v1.2.3+4', 'v1.2.0+post.20250405')
    """
    found = as_version(version)
    release = (*found.release, 0, 0)[: max(_THREE, len(found.release))]
    more = [*release[_THREE:]]
    while more and more[-1] == 0:
        more.pop()
    if why := _unordered(version, bool(more)):
        raise ValueError(f"{version} is {why}, which GTO's tags cannot order")
    pre = f"-{_PRE[found.pre[0]]}.{found.pre[1]}" if found.pre else ""
    if found.dev is not None:
        pre = f"-dev.{found.dev}"
    build: list[object] = [*more]
    build += ["post", found.post] if found.post is not None else []
    build += [found.local] if found.local else []
    end = f"+{'.'.join(map(str, build))}" if build else ""
    return f"v{'.'.join(map(str, release[:_THREE]))}{pre}{end}"


def _unordered(version: str, more: bool) -> str:  # noqa: FBT001 - of one call
    found = as_version(version)
    if found.epoch:
        return "a version with an epoch"
    if not found.is_prerelease:
        return ""
    if found.post is not None:
        return "a pre-release with .post"
    if found.pre and found.dev is not None:
        return "a pre-release with .dev"
    return "a pre-release of a version of more than three numbers" if more else ""


def name_artifact(folder: str, model: str) -> str:
    """Write a model as GTO's tags do.

    Args:
        folder: that of the project in its repository; empty for the top.
        model: the model's name.

    Raises:
        ValueError: GTO allows no such name.

    >>> name_artifact("", "PP-OCRv4.1"), name_artifact("models/ocr", "det")
    ('PP-OCRv4-1', 'models/ocr=det')
    """
    name = f"{folder}={slug(model)}" if folder else slug(model)
    events, _ = list_gto_events([Tag(name=f"{name}@v0.0.0", commit="", time=0)])
    if name.replace("=", ":") not in events:
        hint = "; the names of its folders have letters, digits, '.', '_' and '-'" if folder else ""
        raise ValueError(f"GTO allows no artifact called {name!r}{hint}")
    return name


def is_release_stage(text: str) -> bool:
    """Tell whether GTO's tags can name a release stage so.

    >>> is_release_stage("prod"), is_release_stage("prod#2"), is_release_stage("my prod")
    (True, False, False)
    """
    events, _ = list_gto_events([Tag(name=f"det#{text}", commit="", time=0)])
    return [one.stage for one in events.get("det", ())] == [text]


def name_release_tag(folder: str, model: str, version: str) -> str:
    """Name the tag that registers a version of a model.

    Raises:
        ValueError: GTO has none for that name or version.

    >>> name_release_tag("", "det", "v1.2")
    'det@v1.2.0'
    """
    return f"{name_artifact(folder, model)}@{name_gto_version(version)}"
