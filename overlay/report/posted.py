"""A report that others may have written, as text that can be posted: bounded, and nothing of it acts (hazard C10)."""

from __future__ import annotations

import re
import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Match

# GitHub takes 65,536 characters of a comment, and 1 MiB of a summary.
COMMENT = 65_000
SUMMARY = 1_000_000
# What stands between two characters that would act together; nobody sees it.
_APART = "\u200b"
# HTML that folds and lays out, and cannot lead anywhere.
_TAGS = re.compile(r"</?(?:details|summary|sub|sup|b|i|code|pre|br|kbd|table|thead|tbody|tr|td|th)>", re.IGNORECASE)
_ACTING = re.compile(
    r"<(?=[A-Za-z/!?])"  # a tag, a comment, a link in angle brackets
    r"|@(?=[A-Za-z0-9])"  # somebody is told
    r"|\](?=[(\[:])"  # a link, its definition
    r"|!(?=\[)"  # an image
    r"|\b(?:https?|ftp|mailto|xmpp):(?=\S)|\bwww(?=\.)"  # what becomes a link by itself
    r"|#(?=\d)|\bGH-(?=\d)"  # an issue, which would tell that it was named
    r"|&(?=[#A-Za-z0-9])"  # a character in another form
    r"|(?<=[`~])[ \t]*(?=(?:mermaid|geojson|topojson|stl|math)\b)",  # a block that is drawn
    re.IGNORECASE,
)


def posted(text: str, *, marker: str, heading: str, link: str, limit: int) -> str:
    """Return what to post: a marker to find it again by, a heading, a link to the whole, and as much as fits.

    text: the report, which whoever wrote the pull request may have chosen. limit: the most characters.
    """
    head = f"{marker}\n### {defanged(heading)}\n\n" + (f"[The whole report]({link})\n\n" if link else "")
    lines = defanged(text).splitlines(keepends=True)
    room = limit - len(head) - 200
    size, kept = 0, 0
    for line in lines:
        if size + len(line) > room:
            break
        size += len(line)
        kept += 1
    left = len(lines) - kept
    more = f"**{left} more line{'s' * (left != 1)}** of the report {'are' if left != 1 else 'is'} not shown here.\n\n"
    # The end of a text that was cut may be inside of anything: what must be read stands before it.
    return f"{head}{more if left else ''}{''.join(lines[:kept])}".rstrip("\n") + "\n"


def defanged(text: str) -> str:
    """Return markdown in which only its own layout acts: no mention, link, image, foreign HTML or hidden character."""
    shown = "".join([one if one == "\n" or _is_plain(one) else _code(one) for one in text.replace("\r\n", "\n")])
    return _ACTING.sub(_apart, shown)


def _apart(match: Match[str]) -> str:
    if match[0] == "<" and _TAGS.match(match.string, match.start()):
        return "<"
    return match[0] + _APART


def _is_plain(character: str) -> bool:
    # Controls, and what turns, joins or hides text.
    return character == "\t" or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


def _code(character: str) -> str:
    return "" if character == _APART else f"\\u{{{ord(character):x}}}"
