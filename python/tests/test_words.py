"""No sentence that a user reads has a word that only the authors understand."""

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


def texts(source):
    """The strings of a source, with their lines. Each word of an f-string's own parts is one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def private(text):
    return [found.group() for found in PRIVATE.finditer(ALLOWED.sub(" ", text))]


def test_messages_and_docstrings_of_the_sources():
    folder = pathlib.Path(igam_analyze.__file__).parent
    files = list(folder.rglob("*.py"))
    assert len(files) > 8
    wrong = [
        f"{path.name}:{line}: {private(text)} in {text!r}"
        for path in files
        for line, text in texts(path.read_text(encoding="utf-8"))
        if private(text)
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
    wrong = [f"{name}: {private(doc)}" for name, doc in docs.items() if doc and private(doc)]
    assert not wrong, "\n".join(wrong)


def test_private_words_are_found():
    assert private("10 rows are left out") == ["left out"]
    assert private(">>> readings = margin_readings()\nin place of --ap-numbering, restored") == []
