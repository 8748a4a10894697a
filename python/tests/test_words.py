"""No sentence that a user reads has a word that only the authors understand, or is too long."""

import ast
import inspect
import pathlib
import re

import igam_analyze
from igam_analyze import collect

PRIVATE = re.compile(
    r"\b(left out|leaves? out|passed over|sought|places?|numbering|rests?|looks?|looked|turns?|live|kept"
    r"|grounds|subject|readings?|dumped)\b"
)
ALLOWED = re.compile(r"in place of|--(ap|label)-numbering|>>>.*")

LONGEST = 30
"""The most words of a sentence."""


def texts(source):
    """The strings of a source, with their lines. Each word of an f-string's own parts is one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def private(text):
    return [found.group() for found in PRIVATE.finditer(ALLOWED.sub(" ", text))]


def too_long(text):
    """The sentences of more than 30 words. A colon, a semicolon, an empty line or an item of a list ends one."""
    text = re.sub(r">>>.*|^\s*\.\.\. .*", "", text, flags=re.M)
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*[-*|] )|\n\s*-{3,}\n", text)
    sentences = [sentence for paragraph in paragraphs for sentence in re.split(r"[.;:!?](?=\s|$)", paragraph)]
    return [one for one in sentences if sum(bool(re.search(r"\w", word)) for word in one.split()) > LONGEST]


def test_messages_and_docstrings_of_the_sources():
    folder = pathlib.Path(igam_analyze.__file__).parent
    files = list(folder.rglob("*.py"))
    assert len(files) > 8
    wrong = [
        f"{path.name}:{line}: {found} in {text!r}"
        for path in files
        for line, text in texts(path.read_text(encoding="utf-8"))
        if (found := private(text) + too_long(text))
    ]
    assert not wrong, "\n".join(wrong)


def test_docstrings_of_what_is_compiled():
    public = [getattr(igam_analyze, name) for name in igam_analyze.__all__ if name != "__version__"]
    public += [getattr(collect, name) for name in collect.__all__]
    docs = {}
    for thing in public:
        docs[thing.__name__] = inspect.getdoc(thing)
        for name, member in vars(thing).items() if inspect.isclass(thing) else []:
            if not name.startswith("_"):
                docs[f"{thing.__name__}.{name}"] = inspect.getdoc(member)
    assert len(docs) > 40
    wrong = [f"{name}: {found}" for name, doc in docs.items() if doc and (found := private(doc) + too_long(doc))]
    assert not wrong, "\n".join(wrong)


def test_private_words_are_found():
    assert private("10 rows are left out") == ["left out"]
    assert private(">>> readings = margin_readings()\nin place of --ap-numbering, restored") == []


def test_long_sentences_are_found():
    words = " ".join(["word"] * 16)
    assert too_long(f"{words} − {words}.") == [f"{words} − {words}"]
    assert too_long(f"{words}: {words}; {words}\n\n{words}\n- {words}\n>>> {words} {words}") == []
