"""Look at a text's events before anything is built from them, when its characters call for it."""

from __future__ import annotations

import re

from overlay.errors import LimitError, OverlayError, YamlError
from overlay.model.location import Location
from overlay.yaml.directives import has_directive
from overlay.yaml.libyaml import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    CParser,
    DocumentStartEvent,
    NodeEvent,
    StreamEndEvent,
)
from overlay.yaml.limits import MAX_ALIASES, MAX_DEPTH, MAX_EXPANDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# An anchor or alias at the start of a token: rare in manifests, so most texts skip the events. The character is looked
# for first, what stands before it then: the other way around costs ten times as much.
_ANCHOR = re.compile(r"[&*](?<![^\s\[{,:?-][&*])\S")
_DEEP_BLOCK = re.compile(r"\n[ \-?]{500}")
_BREAKS = ("\r", "\x85", "\u2028", "\u2029")
_OPENINGS = 500


def needs_scan(text: str) -> bool:
    """Tell whether a text could hold aliases, directives or nesting that endangers the composer."""
    if ("&" in text or "*" in text) and _ANCHOR.search(text):
        return True
    lines = "\n" + text
    for sign in _BREAKS:
        if sign in text:
            lines = lines.replace(sign, "\n")
    if has_directive(text) or _DEEP_BLOCK.search(lines):
        return True
    if text.count("[") + text.count("{") <= _OPENINGS:
        return False
    # `---` at the start of a line ends a document wherever it stands, so no nesting crosses it.
    return any(part.count("[") + part.count("{") > _OPENINGS for part in text.split("\n---"))


def scan(text: str, file: str) -> None:
    """Refuse directives, aliases beyond the limits, recursive aliases and deep nesting.

    Sizes are counted as if every alias were expanded, so that a bomb is seen before it goes off.
    """
    parser = CParser(text)
    open_anchors: list[tuple[str, int]] = []
    sizes: dict[str, int] = {}
    depth = aliases = size = 0
    while True:
        event = parser.get_event()
        kind = event.__class__
        if kind is StreamEndEvent:
            return
        if kind is DocumentStartEvent:
            if event.version or event.tags:
                raise YamlError(
                    "directives such as %YAML and %TAG are not allowed",
                    location=_at(file, event),
                    hint="remove the line; they change what values mean",
                )
            sizes.clear()
            aliases = size = 0
            continue
        if kind is AliasEvent:
            aliases += 1
            size += _alias_size(event, sizes, open_anchors, file)
        elif isinstance(event, NodeEvent):
            size += 1
            if isinstance(event, CollectionStartEvent):
                depth += 1
                open_anchors.append((event.anchor or "", size - 1))
                if depth > MAX_DEPTH:
                    raise _too_deep(file, event)
            elif event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
            anchor, before = open_anchors.pop()
            if anchor:
                sizes[anchor] = size - before
        if aliases > MAX_ALIASES:
            raise LimitError(f"too many aliases: more than {MAX_ALIASES}", location=_at(file, event))
        if size > MAX_EXPANDED:
            raise LimitError(
                f"too many aliases: the document has more than {MAX_EXPANDED} values once they are expanded",
                location=_at(file, event),
            )


def _alias_size(event: Any, sizes: dict[str, int], open_anchors: list[tuple[str, int]], file: str) -> int:
    if any(anchor == event.anchor for anchor, _ in open_anchors):
        raise YamlError(
            f"recursive alias: *{event.anchor} stands inside the value that &{event.anchor} names",
            location=_at(file, event),
        )
    # An unknown alias is the composer's error to explain.
    return sizes.get(event.anchor, 1)


def _too_deep(file: str, event: Any) -> OverlayError:
    return LimitError(f"nesting deeper than {MAX_DEPTH}", location=_at(file, event))


def _at(file: str, event: Any) -> Location:
    return Location(file, event.start_mark.line + 1, event.start_mark.column + 1)
