"""Field paths as people write them: `spec.template.spec.containers.[name=web].image` (kustomize's replacements)."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

MAX_LENGTH = 4_096


class BadPath(ValueError):
    """What is wrong with a path; the message follows the path."""


@value
class Element:
    """The element of a list that has these values; for a list of scalars the one pair's key is empty."""

    pairs: tuple[tuple[str, str], ...]

    def means(self, item: Any) -> bool:
        """Tell whether this is the element; numbers are compared as they are written."""
        if isinstance(item, dict):
            return all(key and key in item and as_text(item[key]) == wanted for key, wanted in self.pairs)
        return len(self.pairs) == 1 and not self.pairs[0][0] and as_text(item) == self.pairs[0][1]

    def __str__(self) -> str:
        return "[" + ",".join([f"{key}={text}" for key, text in self.pairs]) + "]"


if TYPE_CHECKING:
    # A field's name, an index, the element whose fields have these values, or `*` for every element.
    Part: TypeAlias = str | int | Element


def as_text(item: Any) -> str:
    """Return a scalar as a document would show it."""
    if item is None:
        return "null"
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item)


def parse_path(text: str) -> tuple[Part, ...]:
    r"""Return the parts of a dotted path.

    A dot inside a name is written `\.` or the name stands in brackets: `metadata.annotations.[a.b/c]`. `[name=web]`
    picks a list element, `[name=web,port=80]` by several fields, `[=x]` a scalar; a number is an index, `*` every
    element. A bracket needs no dot before it. Raises BadPath.
    """
    if not text:
        raise BadPath("is empty")
    if len(text) > MAX_LENGTH:
        raise BadPath(f"is longer than {MAX_LENGTH} characters")
    parts: list[Part] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] == "[":
            close = text.find("]", at)
            if close < 0:
                raise BadPath("has a [ without ]")
            parts.append(_bracket(text[at + 1 : close]))
            at = close + 1
            if at < end and text[at] not in ".[":
                raise BadPath(f"has {text[at]!r} behind ]: a dot is expected")
        else:
            name, at = _name(text, at)
            parts.append(int(name) if name.isascii() and name.isdigit() and len(name) < 7 else name)
        if at < end and text[at] == ".":
            at += 1
            if at == end:
                raise BadPath("ends with a dot")
    return tuple(parts)


def _name(text: str, at: int) -> tuple[str, int]:
    found = []
    while at < len(text) and text[at] not in ".[":
        if text[at] == "\\" and text[at + 1 : at + 2] == ".":
            at += 1
        found.append(text[at])
        at += 1
    if not found:
        raise BadPath("has two dots in a row")
    return "".join(found), at


def _bracket(text: str) -> Part:
    if "=" not in text:
        if not text:
            raise BadPath("has an empty []")
        return text
    pairs: list[tuple[str, str]] = []
    # A comma ends a pair only where another key follows: image names and selectors hold commas, too.
    for piece in text.split(","):
        if "=" in piece or not pairs:
            key, _, wanted = piece.partition("=")
            pairs.append((key, wanted))
        else:
            key, wanted = pairs[-1]
            pairs[-1] = (key, f"{wanted},{piece}")
    return Element(tuple(pairs))


def format_path(parts: Sequence[Part]) -> str:
    """Return parts as `parse_path` reads them.

    >>> format_path(("spec", "containers", Element((("name", "web"),)), "image"))
    'spec.containers.[name=web].image'
    """
    shown = []
    for part in parts:
        if isinstance(part, str) and ("." in part or "[" in part or part.isdigit()):
            shown.append(f"[{part}]" if "]" not in part and "=" not in part else part.replace(".", "\\."))
        else:
            shown.append(str(part))
    return ".".join(shown)


def find(body: Any, parts: Sequence[Part]) -> list[tuple[tuple[str | int, ...], Any]]:
    """Return (concrete path, value) of everything that a path means in a body; none when it leads nowhere."""
    found: list[tuple[tuple[str | int, ...], Any]] = [((), body)]
    for part in parts:
        found = [((*walked, step), item) for walked, holder in found for step, item in _steps(holder, part)]
    return found


def _steps(holder: Any, part: Part) -> list[tuple[str | int, Any]]:
    if isinstance(holder, dict):
        key = str(part) if isinstance(part, int) else part
        if isinstance(key, str) and key in holder:
            return [(key, holder[key])]
        return list(holder.items()) if part == "*" else []
    if isinstance(holder, list):
        if part == "*":
            return list(enumerate(holder))
        if isinstance(part, Element):
            return [(index, item) for index, item in enumerate(holder) if part.means(item)]
        if isinstance(part, int) and part < len(holder):
            return [(part, holder[part])]
    return []
