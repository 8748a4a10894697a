"""Preprocessor of mdBook, for its versions 0.4 and 0.5: what a page links to outside docs/ is not part of the site. Such a
link leads to the repository that book.toml names.
"""

import json
import posixpath
import re
import sys


def in_repository(page, target):
    """The path in the repository of what a page in docs/ links to, if that is outside docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    return None if path.startswith("docs/") else path


def linked(page, text, repository):
    """The text of a page with its links to the repository."""

    def link(match):
        mark, words, target = match.groups()
        path = in_repository(page, target) if target.startswith("../") else None
        kind = "raw" if mark else "blob"
        return match[0] if path is None else f"{mark}[{words}]({repository}/{kind}/main/{path})"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", link, text)


def walk(items, repository):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            chapter["content"] = linked(chapter["path"], chapter["content"], repository)
            walk(chapter["sub_items"], repository)


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    context, book = json.load(sys.stdin)
    repository = context["config"]["output"]["html"]["git-repository-url"]
    walk(book["items"] if "items" in book else book["sections"], repository)
    json.dump(book, sys.stdout)


if __name__ == "__main__":
    main()
