"""Sites of registries whose past is made here, read as a browser would."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import time
from pathlib import Path

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import InvalidInput
from paddledvc.website.write_site import MARKER
from tests.inventory.past import evaluated
from tests.website.conftest import MODELS, pinned
from tests.website.reading import Page

pytestmark = pytest.mark.slow


@pytest.fixture
def site(released, tmp_path):
    """The pages of a site of two models, by name."""
    written(released, tmp_path / "site")
    return read(tmp_path / "site")


def written(past, folder):
    return paddledvc.write_site(Project(past.folder.root), folder)


def read(folder):
    found = {one.relative_to(folder).as_posix(): one for one in folder.rglob("*.html")}
    return {name: Page(file.read_text("utf-8")) for name, file in found.items()}


def bytes_of(folder):
    files = (one for one in folder.rglob("*") if one.is_file())
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


def test_the_overview_has_every_model_with_its_versions_by_branch_and_stage(site):
    page = site["index.html"]

    assert page.text.startswith("Models Models In production 2 models From git: main at ")
    assert page.rows[1][:6] == [
        "det Finds text <b>.",
        "main v1.1.0 develop v1.2.0",
        "prod v1.1.0",
        "Ann",
        "object_detection",
        "Apache-2.0",
    ]
    assert page.rows[2][:4] == ["rec", "main v1.0.0 develop v1.0.0", "", "Bo"]
    assert page.filters[0]["data-words"] == "fast"


def test_a_model_has_its_card_its_history_its_lineage_and_its_metrics_over_versions(site):
    page, other = site["models/det.html"], site["models/rec.html"]

    assert ["stage prod", "v1.1.0"] in page.rows
    assert ["branch develop", "v1.2.0"] in page.rows
    assert ["documentation", "javascript:alert(1)"] in page.rows
    assert "Base of: rec" in page.text
    assert "Starts from: det" in other.text
    assert ("rec.html" in page.links, "det.html" in other.links) == (True, True)
    assert "group: ocr" in page.text
    assert page.shapes.count(("circle", "c4")) == 2, "one for each version"
    assert [row[:4] for row in page.rows if row[1] in {"locked", "released", "assigned"}] == [
        ["2026-09-22 19:13", "assigned", "v1.1.0", "prod"],
        ["2026-09-22 18:13", "released", "v1.1.0", ""],
        ["2026-09-22 17:13", "locked", "v1.1.0", ""],
        ["2026-09-21 16:13", "assigned", "v1.0.0", "prod"],
        ["2026-09-21 15:13", "released", "v1.0.0", ""],
        ["2026-09-21 14:13", "locked", "v1.0.0", ""],
    ]


def test_what_was_in_production_is_a_table_of_intervals(site):
    page = site["production.html"]
    over_time = [row for row in page.rows if row[0] == "det" and row[4] != "now"]

    assert [row[1:5] for row in over_time] == [
        ["stage prod", "v1.0.0", "2026-09-21 16:13", "2026-09-22 19:13"],
        ["branch main", "v1.0.0", "2026-09-21 14:13", "2026-09-22 17:13"],
    ]
    assert len(page.filters) == 5, "what lasts too"
    ended = next(one for one in page.filters if one["data-until"])
    assert int(ended["data-until"]) - int(ended["data-begin"]) == 86_400 + 3 * 3600


def test_a_model_that_went_keeps_its_page_and_its_interval_ends(released, tmp_path):
    released.folder.write("models.yaml", MODELS.splitlines()[0] + " []\n")
    released.commit(pinned("rec", "v1.0.0"))
    released.folder.write("models.lock", "version: 1\nmodels: []\n")
    released.commit()
    written(released, tmp_path / "site")
    pages = read(tmp_path / "site")

    assert pages["index.html"].rows[2][:2] == ["rec", "develop v1.0.0"]
    assert [row[4] for row in pages["production.html"].rows if row[:2] == ["rec", "branch main"]][
        -1
    ] == "2026-09-23 22:13"


def test_links_lead_inside_the_site_and_nothing_else_is_loaded(site):
    for name, page in site.items():
        for link in page.links:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
            assert target in site, name
        assert len(page.ids) == len(set(page.ids))
        assert {"src", "onclick", "style"} & page.attributes == set()


def test_the_policy_of_a_page_allows_its_own_style_and_script_only(site):
    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    for name, page in site.items():
        [style] = page.styles
        scripts = "".join(f" script-src 'sha256-{digest(one)}';" for one in page.scripts)
        assert page.policy == (
            f"default-src 'none'; style-src 'sha256-{digest(style)}';{scripts}"
            " base-uri 'none'; form-action 'none'"
        ), name
        assert len(page.scripts) == (not name.startswith("models/"))


HOSTILE = "</script></title><script>alert(1)</script>\u2028\u202e\"'&"


def test_what_a_branch_says_is_text(released, tmp_path):
    before = written(released, tmp_path / "plain")
    models = MODELS.replace("'Finds text <b>.'", json.dumps(HOSTILE)).replace("Ann", "'<i>'")
    released.folder.write("models.yaml", models)
    det = pinned("det", "v1.2.0", image="<img src=x onerror=alert(1)>")
    released.folder.write("reports/rec/evaluate.json", '{"</svg><script>": {"<b>": 1}}')
    released.commit(det, pinned("rec", "v1.1.0"), title=HOSTILE)
    released.git("branch", "release/<script>")
    after = written(released, tmp_path / "hostile")

    assert after.pages == before.pages
    plain, hostile = read(tmp_path / "plain"), read(tmp_path / "hostile")
    for name, page in hostile.items():
        assert page.scripts == plain[name].scripts
        assert page.attributes == plain[name].attributes
        assert page.ids == plain[name].ids
    assert "</script></title><script>alert(1)</script>\\u2028\\u202e" in hostile["index.html"].rows[
        1
    ][0].replace(" ", "")
    assert "<img src=x onerror=alert(1)>" in str(hostile["models/det.html"].rows)
    assert "release/<script> at " in hostile["index.html"].text


def test_the_same_commits_and_tags_give_the_same_bytes(released, tmp_path, monkeypatch):
    written(released, tmp_path / "first")
    released.folder.write("models.yaml", "models: [{name: nothing, version: v9}]\n")
    monkeypatch.setenv("TZ", "UTC+7")
    time.tzset()
    written(released, tmp_path / "second")

    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "second")
    assert sorted(bytes_of(tmp_path / "first")) == [
        MARKER,
        "index.html",
        "models/det.html",
        "models/rec.html",
        "production.html",
    ]


def test_a_folder_with_other_files_is_refused_and_stays(released, tmp_path, cli):
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("mine")
    done = cli("report", "--site", f"{other}")

    assert done.exit_code == 2
    assert f"{other} holds index.html, which is no page of a site; name a new" in done.stderr
    assert bytes_of(other) == {"index.html": b"mine"}
    (other / "index.html").unlink()
    (other / "models").symlink_to(tmp_path)
    assert "holds the link models, which" in cli("report", "--site", f"{other}").stderr


def test_a_site_is_replaced_and_the_pages_of_what_is_gone_are_removed(released, tmp_path):
    folder = tmp_path / "site"
    written(released, folder)
    (folder / ".index.html.x-1-2.part").write_text("what a killed process left")
    marker = (folder / MARKER).read_text()
    (folder / MARKER).write_text(f"{marker}models/gone.html\n../kept.html\n")
    for name in ("site/models/gone.html", "kept.html"):
        (tmp_path / name).write_text("")
    written(released, folder)

    assert not (folder / "models/gone.html").exists()
    assert (tmp_path / "kept.html").exists()
    assert (folder / MARKER).read_text() == marker


def test_a_branch_that_cannot_be_read_is_left_out_unless_it_is_production(released, tmp_path, cli):
    released.git("switch", "--quiet", "develop")
    released.commit(models_x_yaml="models: [{name: det}]\n")
    done = cli("report", "--site", f"{tmp_path}/site")

    assert done.exit_code == 0
    assert done.stderr.startswith("warning: develop is left out: models.yaml:1:10: ")
    assert done.stdout.endswith("index.html: 4 pages\nfrom main, develop\n")
    released.git("switch", "--quiet", "main")
    released.commit(models_x_yaml="models: [{name: det}]\n")
    refused = cli("report", "--site", f"{tmp_path}/site")
    assert refused.exit_code == 2
    assert "main cannot be shown: models.yaml:1:10: " in refused.stderr


def test_without_a_commit_there_is_no_site(past, tmp_path):
    with pytest.raises(InvalidInput, match="is in no git repository"):
        written(past, tmp_path / "site")
    past.git("init", "--quiet")
    with pytest.raises(InvalidInput, match="nothing is committed"):
        written(past, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_plot_is_one_page_with_a_metric_over_versions(released, tmp_path, cli):
    file = tmp_path / "plot.html"
    done = cli("history", "--metric", "accuracy", "--plot", f"{file}")
    page = Page(file.read_text())

    assert done == (0, f"{file}: det\n", "")
    assert (
        " det accuracy 0.8688 0.8875 0.9062 0.925 0.9437 v1.0.0 (2026-09-21): 0.875 " in page.text
    )
    assert page.shapes.count(("circle", "c4")) == 2
    assert (page.links, page.scripts) == ([], [])


def test_without_a_metric_there_is_nothing_to_plot(past, tmp_path, cli):
    past.commit(pinned("det", "v1.0.0"))
    done = cli("history", "det", "--plot", f"{tmp_path}/plot.html")

    assert done.exit_code == 2
    assert "no report of det in this history has a metric, expected evaluate.json" in done.stderr
    assert not (tmp_path / "plot.html").exists()
    assert (
        "leave out --at and --stage" in cli("history", "--at", "2026-01-01", "--plot", "x").stderr
    )


def test_only_drawings_and_our_own_style_and_script_are_taken_for_html():
    folder = Path(paddledvc.__file__).parent / "website/templates"
    safe = {
        (file.name, line.partition("{{")[2].partition("}}")[0].strip())
        for file in folder.iterdir()
        for line in file.read_text("utf-8").splitlines()
        if "safe" in line
    }

    assert safe == {
        ("site.html", "style|safe"),
        ("site.html", "script|safe"),
        ("site_parts.html", "one.drawing|safe"),
        ("model.html", "times|safe"),
    }


def test_reports_of_other_bytes_are_not_plotted(released, tmp_path):
    det = pinned("det", "v1.3.0")
    released.commit(det, reports__det__evaluate_x_json=evaluated(0.5, det.path, "0" * 32))
    written(released, tmp_path / "site")

    page = read(tmp_path / "site")["models/det.html"]
    assert page.shapes.count(("circle", "c4")) == 2
    assert "accuracy 0.5 (of other bytes)" in str(page.rows)
