"""Anchored regular expressions from users: those that could run for ages are refused."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LENGTH = 500
# Python's engine tries every way to share a text among repetitions: three take milliseconds for the longest name that
# Kubernetes allows, five take hours.
MAX_REPEATS = 3
MAX_OPTIONAL = 8
# Compiled when a pattern needs them: most targets are plain words.
_EXACT = r"\{\d+\}"
_DOUBTFUL = r"\[|--|&&|~~|\|\|"
_COUNTED = r"\{\d*(?:,\d*)?\}"


class PatternError(Exception):
    """Why a pattern is not accepted."""


class Pattern:
    """An expression that a whole text must match. literal: that text, where the expression has no special character."""

    __slots__ = ("_match", "literal", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.literal: str | None = text if _is_literal(text) else None
        self._match: Callable[[str], object] | None = None
        if self.literal is None:
            _check(text)
            try:
                self._match = re.compile(text, re.ASCII).fullmatch
            except (re.error, OverflowError, RecursionError) as error:
                raise PatternError(f"is no regular expression: {error}") from None

    def accepts(self, text: str) -> bool:
        """Tell whether a text matches; the empty pattern accepts everything."""
        if self._match is None:
            return not self.literal or text == self.literal
        return self._match(text) is not None


def _is_literal(text: str) -> bool:
    return not text or (text.isascii() and (text.replace("-", "").replace("_", "") or "x").isalnum())


def _check(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise PatternError(f"is longer than {MAX_LENGTH} characters")
    if "[[:" in text:
        raise PatternError("uses a class like [[:alpha:]]; write [a-z]")
    if re.search(r"\(\?(?![ims-]+[):]|:|P?<[A-Za-z])|\\[1-9]|\(\?P=", text):
        raise PatternError("uses a lookaround, condition or back reference, which is not supported")
    repeats = optional = at = 0
    # For each open group: whether it holds a repetition or a choice, which must not be repeated again.
    open_groups = [False]
    closed = False
    while at < len(text):
        character = text[at]
        width = 1
        after_group, closed = closed, False
        if character == "\\":
            width = 2
        elif character == "[":
            width = _class_width(text, at)
            if re.search(_DOUBTFUL, re.sub(r"\\.", "", text[at + 1 : at + width - 1])):
                raise PatternError("has [, --, &&, ~~ or || inside a class, which is ambiguous; put \\ before it")
        elif character == "(":
            open_groups.append(False)
        elif character == ")" and len(open_groups) > 1:
            inner = open_groups.pop()
            open_groups[-1] = open_groups[-1] or inner
            closed = inner
        elif character == "|":
            open_groups[-1] = True
        elif character == "?" and text[at - 1 : at] != "(":
            optional += 1
            open_groups[-1] = True
        elif character in "*+" or (character == "{" and re.match(_COUNTED, text[at:])):
            counted = re.match(_COUNTED, text[at:]) if character == "{" else None
            width = counted.end() if counted else 1
            # Repeating something twice over is what makes matching exponential.
            if after_group:
                raise PatternError("repeats a group that itself repeats or chooses, which can take exponential time")
            if counted is None or not re.match(_EXACT, text[at:]):
                repeats += 1
            open_groups[-1] = True
        at += width
    if repeats > MAX_REPEATS or optional > MAX_OPTIONAL:
        raise PatternError(f"has more than {MAX_REPEATS} repetitions or {MAX_OPTIONAL} optional parts")


def _class_width(text: str, at: int) -> int:
    """Return the length of the character class that starts here; an open one is re's to explain."""
    end = at + 1
    if text[end : end + 1] == "^":
        end += 1
    if text[end : end + 1] == "]":
        end += 1
    while end < len(text) and text[end] != "]":
        end += 2 if text[end] == "\\" else 1
    return end + 1 - at
