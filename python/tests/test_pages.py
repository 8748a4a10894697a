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


def doc_examples(source):
    """The code in the doc comments of a Rust source, without the lines that rustdoc hides."""
    for block in re.findall(r"^ *//[/!] ```(?:no_run)?\n(.*?)^ *//[/!] ```$", source, re.M | re.S):
        lines = re.findall(r"^ *//[/!] ?(.*)$", block, re.M)
        yield "\n".join(line for line in lines if not line.startswith("# ")) + "\n"


def test_rust_page_has_code_that_is_compiled():
    """Each block is the example, or one in a doc comment, both of which the tests of the crate compile."""
    compiled = {(ROOT / "examples/from_arrays.rs").read_text()}
    for path in (ROOT / "src").rglob("*.rs"):
        compiled |= set(doc_examples(path.read_text()))
    blocks = re.findall(r"^```rust\n(.*?)^```$", (DOCS / "rust.md").read_text(), re.M | re.S)
    assert len(blocks) == 3
    for block in blocks:
        assert block in compiled, f"not in examples/from_arrays.rs, nor in a doc comment of src/:\n{block}"


def test_rust_page_names_what_there_is():
    page = (DOCS / "rust.md").read_text()
    manifest = (ROOT / "Cargo.toml").read_text()
    features = re.findall(r"^(\w+) = \[", manifest.split("\n[features]\n")[1].split("\n[")[0], re.M)
    table = page.split("| Feature |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) == set(features) - {"default"}
    assert re.search(r"Rust (\S+) or later", page)[1] == re.search(r'^rust-version = "(.*)"', manifest, re.M)[1]
    root, types = (ROOT / "src/lib.rs").read_text().split("pub mod types {")
    public = {"": root, "types::": types}
    exported = {
        under + name
        for under, text in public.items()
        for use in re.findall(r"pub use ([^;]+);", text)
        for name in re.findall(r"\w+", use.split("::{")[-1] if "{" in use else use.rsplit("::")[-1])
    } | {"figure"}
    table = page.split("| Type or function |")[1].split("\n\n")[0]
    named = {name for row in re.findall(r"^\| (`[^|]*) \|", table, re.M) for name in re.findall(r"`([\w:]+)`", row)}
    assert len(named) > 30
    assert named <= exported, named - exported
    # Of the root, no other is left.
    assert {name for name in exported if "::" not in name} <= named
