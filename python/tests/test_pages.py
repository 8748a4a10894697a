"""The pages as a site and on a forge: every page is in the summary, and every link leads somewhere."""

import importlib.util
import os
import re

import pytest
from conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
OTHERS = [ROOT / name for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md", "data/shapes/README.md"]]
KINDS = ["Summary", "Tutorial", "How to", "Reference", "Explanation"]


def prose(path):
    """The text without blocks and pieces of code."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    return re.sub(r"(?<!`)`[^`\n]+`", "", text)


def links(path):
    """What a page links to: path in the repository, and anchor."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield (path.parent / file).resolve() if file else path, anchor


def anchors(path):
    """The anchors of a page's headings, as GitHub and mdBook make them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    seen = {}
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        anchor = re.sub(r"[^\w\- ]", "", re.sub(r"\]\(.*?\)", "]", heading).lower()).replace(" ", "-")
        count = seen.setdefault(anchor, 0)
        seen[anchor] += 1
        yield f"{anchor}-{count}" if count else anchor


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for path, anchor in links(page):
        assert path.exists(), path
        assert path.is_relative_to(ROOT), path
        if anchor:
            assert anchor in set(anchors(path)), f"{path.name}#{anchor}"


def test_every_page_is_in_the_summary():
    summary = DOCS / "SUMMARY.md"
    listed = [path for path, _ in links(summary)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {path for path in PAGES if path != summary}
    assert re.findall("^# (.*)$", summary.read_text(), re.M) == KINDS


def test_first_page_has_every_page():
    shown = {path for path, _ in links(DOCS / "README.md")}
    left = {path for path in PAGES if path not in shown and path.name not in ["README.md", "SUMMARY.md"]}
    assert not left


def test_links_out_of_the_site_lead_to_the_repository():
    place = importlib.util.spec_from_file_location("repository_links", DOCS / "repository_links.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    for page in PAGES:
        name = page.relative_to(DOCS).as_posix()
        text = module.linked(name, page.read_text(), "https://host/project")
        for kept in re.findall(r"\]\((\.\./[^)\s#]+)", text):
            assert (page.parent / kept).resolve().is_relative_to(DOCS), (name, kept)
        for path in re.findall(r"\(https://host/project/(?:blob|raw)/main/([^)\s#]+)", text):
            assert os.path.exists(ROOT / path), (name, path)
    assert module.linked("a/b.md", "[c](../c.md) ![d](../../d.svg)", "R") == "[c](../c.md) ![d](R/raw/main/d.svg)"
