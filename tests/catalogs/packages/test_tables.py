"""What catalogs of installed packages have in common, on a catalog of a package made for it."""

from __future__ import annotations

import threading

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Query
from paddledvc.catalogs.packages.tables import Package, PackageCatalog, make_table_release
from paddledvc.errors import CatalogFailed

URL = "https://host/a.tar"
TABLE = "urls.py"


class Zoo(PackageCatalog):
    MODULE = "zoo"
    DISTRIBUTIONS = ("paddle-zoo", "zoo")
    MISSING = "the zoo is not installed in this environment; run `pip install paddle-zoo`"

    def read(self, package):
        with package.reading(TABLE) as scope:
            return [
                (name, make_table_release(name, *entry))
                for name, entries in scope["urls"]
                for entry in entries
            ]


@pytest.fixture
def zoo(tmp_path):
    """Open the catalog."""
    return lambda: Zoo(Context(name="animals", root=tmp_path), {})


def failure(act):
    with pytest.raises(CatalogFailed) as caught:
        act()
    return str(caught.value)


def test_a_package_is_found_without_importing_it(install):
    install("zoo", {}, version="1.2", distribution="paddle-zoo")

    package = Package.find("zoo", ["zoo", "paddle-zoo"])
    assert package is not None
    assert (package.folder.name, package.distribution, package.stated) == (
        "zoo",
        "paddle-zoo",
        "1.2",
    )


def test_a_package_that_pip_does_not_know_has_no_version(install, zoo):
    install("zoo", {})

    assert zoo().where == "zoo"


def test_a_folder_that_is_no_package_is_passed_over(install, tmp_path):
    (tmp_path / "site" / "zoo").mkdir()

    assert Package.find("zoo", ["zoo"]) is None


def test_versions_come_with_what_is_known_of_them(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}'), ('2.0', '{URL}')])]"})
    listed = zoo().versions(Query(name="a"))

    assert [(one.version, one.format) for one in listed] == [("1.0", "tar"), ("2.0", "tar")]


def test_a_model_that_is_not_listed_has_no_versions(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}')])]"})

    assert zoo().versions(Query(name="b")) == []


def test_a_version_is_found_whatever_its_spelling(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}')])]"})

    assert zoo().describe(Query(name="a"), "v1").files[0].urls == (URL,)


def test_what_is_listed_twice_alike_is_one(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}'), ('1.0', '{URL}')])]"})

    assert len(zoo().versions(Query(name="a"))) == 1


def test_what_is_listed_twice_with_other_bytes_is_refused(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}'), ('v1', '{URL}x')])]"})

    assert failure(zoo().names) == (
        "the catalog animals (zoo): its list of models cannot be read: a v1 is listed twice, with "
        "other bytes; install a version of it that this paddledvc knows, or a newer paddledvc"
    )


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(("one", URL), id="no version"),
        pytest.param((1.0, URL), id="a number for a version"),
        pytest.param(("1.0", "ftp://host/a"), id="another kind of URL"),
        pytest.param(("1.0", None), id="no URL"),
        pytest.param(("1.0", URL, "d41d8cd98f"), id="a digest that is too short"),
        pytest.param(("1.0", URL, 3), id="a number for a digest"),
    ],
)
def test_an_entry_that_is_not_understood_is_refused_with_the_whole_list(entry, install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}')]), ('b', [{entry!r}])]"}, version="3")

    assert failure(lambda: zoo().versions(Query(name="a"))) == (
        "the catalog animals (zoo 3): its list of models cannot be read: zoo/urls.py: the entry "
        "'b' is not understood; install a version of it that this paddledvc knows, or a newer "
        "paddledvc"
    )


@pytest.mark.parametrize(
    ("files", "cause"),
    [
        pytest.param({}, "there is no zoo/urls.py", id="no file"),
        pytest.param({TABLE: "x = 1"}, "zoo/urls.py: it has no urls", id="no table"),
        pytest.param({TABLE: "urls = f()"}, "zoo/urls.py: line 1 is not understood", id="a call"),
        pytest.param({TABLE: "urls = ("}, "zoo/urls.py: it is not Python", id="no Python"),
        pytest.param(
            {TABLE: f"urls = {'-' * 9000}1"}, "zoo/urls.py: it is nested too deeply", id="depths"
        ),
        pytest.param({TABLE: "urls = []"}, "there is no model", id="no model"),
        pytest.param({f"{TABLE}/a.py": ""}, "zoo/urls.py: Is a directory", id="a folder"),
    ],
)
def test_a_package_that_is_not_as_known_is_refused(files, cause, install, zoo):
    install("zoo", files)

    assert failure(zoo().names) == (
        f"the catalog animals (zoo): its list of models cannot be read: {cause}; install a version "
        "of it that this paddledvc knows, or a newer paddledvc"
    )


def test_a_package_that_is_not_installed_is_named(zoo):
    assert failure(zoo().names) == (
        "the catalog animals (zoo): the zoo is not installed in this environment; "
        "run `pip install paddle-zoo`"
    )


def test_a_name_that_is_nearly_right_is_suggested(install, zoo):
    install("zoo", {TABLE: f"urls = [('zebra', [('1.0', '{URL}')])]"})

    assert failure(lambda: zoo().describe(Query(name="zebre"), "1.0")) == (
        "the catalog animals (zoo): it has no model 'zebre'; did you mean 'zebra'?"
    )


def test_a_version_that_is_gone_is_told_with_those_there_are(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}'), ('1.1', '{URL}')])]"})

    assert failure(lambda: zoo().describe(Query(name="a"), "0.9")) == (
        "the catalog animals (zoo): it has a 1.0, 1.1, not 0.9"
    )


def test_a_revision_is_refused(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}')])]"})

    assert failure(lambda: zoo().describe(Query(name="a", revision="main"), "1.0")) == (
        "the catalog animals (zoo): it has no revisions; take `revision` out of a"
    )


def test_a_file_of_a_model_that_is_one_file_is_refused(install, zoo):
    install("zoo", {TABLE: f"urls = [('a', [('1.0', '{URL}')])]"})

    assert failure(lambda: zoo().describe(Query(name="a", file="b.tar"), "1.0")) == (
        "the catalog animals (zoo): a is one file, a.tar; take `file` out of a"
    )
    assert zoo().describe(Query(name="a", file="a.tar"), "1.0").version == "1.0"


def test_the_tables_are_read_once_whatever_comes_of_it(install, zoo, monkeypatch):
    reads = []
    original = Zoo.read
    monkeypatch.setattr(Zoo, "read", lambda *args: (reads.append(1), original(*args))[1])
    install("zoo", {TABLE: "urls = []"})
    catalog = zoo()
    threads = [threading.Thread(target=failure, args=(catalog.names,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert reads == [1]
