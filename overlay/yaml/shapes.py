"""Documents of one shape: of all that differ in a few values only, one is parsed, and the others are made from it."""

from __future__ import annotations

import re

from overlay.yaml.libyaml import ScalarNode, SequenceNode
from overlay.yaml.reader import PLAIN, Document, read_documents
from overlay.yaml.scalars import NotJson, resolve_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Path = tuple[str | int, ...]
    # Where a value stands in the document, in which quotes, and whether within `{}` or `[]`.
    Site = tuple[Path, str, bool]

# A value that could be another one: it stands behind a key, on one line, and means itself whatever is around it. There
# is no space in it, and no character that YAML takes for more than itself where it stands (YAML 1.2, 7.3.3).
_PLAIN = r"-?[A-Za-z0-9_./+=~](?>(?:[A-Za-z0-9_./+=~@%$();^-]|:(?=[A-Za-z0-9_./]))*)"
_QUOTED = r"\"[ !#-\[\]-~]*+\"|'[ -&(-~]*+'"
_SITE = re.compile(rf": ({_PLAIN}|{_QUOTED})(?=[\n,}}]| \}}|\Z)")
# Within `{}` and `[]` fewer characters are only themselves.
_IN_FLOW = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
# Longer ones are read: what stands on one line with them could be too long for a key.
_LONGEST = 500
# apiVersion, kind and name come first in most objects.
_FIRST = 3
_NONE = object()


class _Shape:
    """A document that was parsed.

    tokens: its values as they are written. sites: None for what only looks like a value. made: what was made last, with
    its values, by the first ones: those of an object that comes again.
    """

    __slots__ = ("made", "mark", "sites", "tokens", "value")

    def __init__(self, document: Document, tokens: list[str], sites: list[Site | None]) -> None:
        self.value = document.value
        self.mark = document.mark
        self.tokens = tokens
        self.sites = sites
        self.made: dict[str, tuple[list[str], Any]] = {}

    def value_with(self, tokens: list[str]) -> Any:
        """Return the document with other values in it, or _NONE where that takes a parser to know.

        What is the same in it and in what it is made from is the same object.
        """
        if len(tokens) != len(self.tokens):
            return _NONE
        name = "\0".join(tokens[:_FIRST])
        known, root = self.made.get(name) or (self.tokens, self.value)
        copied: set[int] = set()
        for site, before, token in zip(self.sites, known, tokens, strict=True):
            if token == before:
                continue
            meant = _meaning(site, token) if site is not None else _NONE
            if meant is _NONE or site is None:
                return _NONE
            if not copied:
                root = root.copy()
                copied.add(id(root))
            _put(root, site[0], meant, copied)
        self.made[name] = tokens, root
        return root


def _meaning(site: Site, token: str) -> Any:
    _, quote, in_flow = site
    if len(token) > _LONGEST or (token[0] if token[0] in "\"'" else "") != quote:
        return _NONE
    if quote:
        return token[1:-1]
    if in_flow and not _IN_FLOW.fullmatch(token):
        return _NONE
    try:
        return resolve_plain(token)
    except NotJson:
        return _NONE


def _put(root: Any, path: Path, item: Any, copied: set[int]) -> None:
    """Put a value at its place; what is on the way there is copied once."""
    holder = root
    for part in path[:-1]:
        below = holder[part]
        if id(below) not in copied:
            below = holder[part] = below.copy()
            copied.add(id(below))
        holder = below
    holder[path[-1]] = item


class Shapes:
    """The shapes that were seen."""

    def __init__(self) -> None:
        self._known: dict[str, _Shape] = {}

    def read(self, text: str, file: str, first: int = 0) -> list[Document]:
        """Return what `read_documents` returns, and raise what it raises."""
        pieces = _SITE.split(text)
        key, tokens = "\0".join(pieces[::2]), pieces[1::2]
        shape = self._known.get(key)
        if shape is not None:
            value = shape.value_with(tokens)
            if value is not _NONE:
                return [Document(value, shape.mark, file, text, first)]
        documents = read_documents(text, file, first)
        if shape is None and len(documents) == 1:
            sites = _sites(documents[0], pieces)
            if sites is not None:
                self._known[key] = _Shape(documents[0], tokens, sites)
        return documents


def _sites(document: Document, pieces: Sequence[str]) -> list[Site | None] | None:
    """Return the places of what looks like values; None where one place is not one value."""
    root = document.root
    # The nodes of a large document count from somewhere else.
    places = _places(root) if root.start_mark is document.mark else None
    if places is None:
        return None
    found: list[Site | None] = []
    at = 0
    for before, token in zip(pieces[::2], pieces[1::2], strict=False):
        at += len(before) + 2
        path, node, in_flow = places.get(at, ((), None, False))
        at += len(token)
        quote = token[0] if token[0] in "\"'" else ""
        is_one = node is not None and node.end_mark.index == at and (node.tag is PLAIN) == (not quote)
        found.append((path, quote, in_flow) if is_one else None)
    return found


def _places(root: Any) -> dict[int, tuple[Path, Any, bool]] | None:
    """Return each scalar that is a value, with its path, by where it begins; None for aliases and merge keys."""
    places: dict[int, tuple[Path, Any, bool]] = {}
    seen: set[int] = set()
    pending: list[tuple[Any, Path, bool]] = [(root, (), False)]
    while pending:
        node, path, in_flow = pending.pop()
        kind, held = node.__class__, node.value
        if id(node) in seen:
            return None
        seen.add(id(node))
        if kind is ScalarNode:
            places[node.start_mark.index] = (path, node, in_flow)
        elif kind is SequenceNode:
            in_flow = in_flow or node.flow_style
            pending += [(item, (*path, at), in_flow) for at, item in enumerate(held)]
        else:
            in_flow = in_flow or node.flow_style
            for key_node, value_node in held:
                key = key_node.value
                if key == "<<":
                    return None
                if value_node.__class__ is ScalarNode and id(value_node) not in seen:
                    seen.add(id(value_node))
                    places[value_node.start_mark.index] = ((*path, key), value_node, in_flow)
                else:
                    pending.append((value_node, (*path, key), in_flow))
    return places
