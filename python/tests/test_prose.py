"""The pages are in plain words: no word that only the authors understand, and no long sentence."""

import re

import pytest
from conftest import ROOT
from test_words import PRIVATE

PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "data").rglob("*.md")),
    *(ROOT / name for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]),
]
# Reading a file is plain; a reading of a formula or of a number is not.
NOUN = r"readings|(?:a|the|this|each|another|other|one|which|either|first|second) reading"
WORDS = re.compile(PRIVATE.pattern.replace("readings?", NOUN), re.I)
# A reason in data/shapes is called look-alike.
ALLOWED = re.compile(r"in place of|look-alike|\blook(s|ed|ing)? (something )?(at|for|in|up|like|alike)\b|turns? \w+ into", re.I)
LONGEST = 30


def prose(text):
    """The text of a page without blocks of code and comments, line by line: a piece of code is one word, of a link its
    text stays."""
    blank = lambda found: "\n" * found.group().count("\n")
    text = re.sub(r"^ *```.*?^ *```$|<!--.*?-->", blank, text, flags=re.M | re.S)
    text = re.sub(r"^> ?", "", text, flags=re.M)
    text = re.sub(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", "`code`", text)
    text = re.sub(r"\]\([^)\s]*\)|<(?:https?:|/?code|img|br|a |/a)[^>]*>", "]", text)
    return text


def sentences(text):
    """The sentences of prose. Items of lists, cells of tables and headings are their own; a colon or semicolon ends one."""
    for block in re.split(r"\n\s*\n|\n(?=\s*[-*] )|\n(?=\s*\d+\. )|\n(?=\|)|\n(?=#)", text):
        line = " ".join(block.split())
        for part in line.strip("|").split("|") if line.startswith("|") else [line]:
            yield from re.split(r"(?<=[.!?:;])[*)\"]*\s+", part)


def private(text):
    return [found.group() for found in WORDS.finditer(ALLOWED.sub(" ", prose(text)))]


def long(text):
    return [sentence for sentence in sentences(prose(text)) if len(sentence.split()) > LONGEST]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_have_no_private_word(page):
    lines = ALLOWED.sub(" ", prose(page.read_text())).split("\n")
    found = [(number, WORDS.findall(line), line) for number, line in enumerate(lines, 1)]
    wrong = [f"{page.name}:{number}: {words} in {line}" for number, words, line in found if words]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_have_no_long_sentence(page):
    wrong = long(page.read_text())
    assert not wrong, "\n".join(f"{len(sentence.split())} words: {sentence}" for sentence in wrong)


def test_what_is_wrong_is_found():
    assert len(PAGES) > 25 and "readings?" in PRIVATE.pattern
    assert private("Rows are left out, see [a place](place.md).\n\n```sh\nlooks\n```\n") == ["left out", "place"]
    assert private("`turns`, ``a ` place``, in place of `--ap`, look-alike, <!-- a reading -->replaced by reading") == []
    assert private("Another reading of it, where two readings fit") == ["Another reading", "readings"]
    assert long("word " * 30 + "[end](of a link). " + "word " * 30) == ["word " * 30 + "[end](of a link)."]
    assert long("| " + "word " * 30 + "| " + "word " * 30 + "|\n\n- " + "word " * 20 + "\n- " + "word " * 20) == []
