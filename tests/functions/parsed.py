"""Markdown as a reader's program understands it, and texts that try to be more than text there."""

import re
from typing import NamedTuple

from hypothesis import strategies as st
from markdown_it import MarkdownIt

# GitHub's tables and strikethrough besides what CommonMark has
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PIECES = [
    *"\n\r\t \\`*_#[]()<>!|~=-+.&;:$'\"1aé{}%\u00a0\u2028\u202e\x00",
    "\n\n",
    "```",
    "~~",
    "~~~",
    "**",
    "__",
    "    ",
    "---",
    "===",
    "1. ",
    "**Solution:** ",
    "### 2026-11-21: ",
    "](http://evil.example)",
    "![a](b)",
    "<script>alert(1)</script>",
    "<!--",
    "-->",
    "&lt;",
    "&#35;",
    "<https://evil.example>",
    "|---|",
    "|-|\n|x|",
    "[a]: b",
    "\\",
]
nasty = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join).filter(lambda text: bool(line(text)))


class Part(NamedTuple):
    """One token: what it is, how deep, and of which kinds the tokens within it are."""

    kind: str
    tag: str
    level: int
    within: tuple[str, ...]


def structure(markdown: str) -> list[Part]:
    """Return what a text is made of: headings, lists, emphasis, links, never which words they hold."""
    parts = []
    for token in READER.parse(markdown):
        kinds = [child.type for child in token.children or []]
        merged = [kind for number, kind in enumerate(kinds) if kind != "text" or kinds[:number][-1:] != ["text"]]
        parts.append(Part(token.type, token.tag, token.level, tuple(merged)))
    return parts


def texts(markdown: str) -> list[str]:
    """List what a person reads, paragraph by paragraph."""
    inline = [token for token in READER.parse(markdown) if token.type == "inline"]
    return [
        line("".join(child.content or " " * (child.type == "softbreak") for child in one.children or []))
        for one in inline
    ]


def line(text: str) -> str:
    """Write a text as one line of what can be printed."""
    shown = "".join(sign if sign.isprintable() or sign in "\u00a0\u202f" else " " for sign in text)
    return re.sub(" +", " ", shown).strip()
