"""What is written more than once: whole files, whole documents, and blocks inside documents.

Each map and list of a text gets a digest of its content, from the leaves up, so that equal ones meet in one table. Time
and memory grow with the text. A block counts where it stands on its own, not as a part of a larger repeated one.
"""

from __future__ import annotations

import hashlib

from overlay.errors import OverlayError
from overlay.model.value import value
from overlay.yaml import decode, read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from overlay.model.location import Location
    from overlay.yaml import Document

# Shorter blocks are no duplication: three lines of labels are cheaper than what shares them.
LEAST_LINES = 6


@value(kw_only=True)
class Duplicate:
    """Something that stands in several places.

    what: `file`, `document` or `block`. name: of a document or a block, what it is. lines: of one of them.
    """

    what: str
    name: str
    lines: int
    places: tuple[Location, ...]

    @property
    def could_go(self) -> int:
        return self.lines * (len(self.places) - 1)


@value(kw_only=True)
class Report:
    """All duplicates of some files, what saves most first; unread: files that are no YAML."""

    files: int
    lines: int
    duplicates: tuple[Duplicate, ...]
    unread: tuple[str, ...]

    @property
    def could_go(self) -> int:
        return sum(one.could_go for one in self.duplicates)


class _Node:
    """One map or list of a document: its digest, the lines that it takes, and the nodes in it."""

    __slots__ = ("children", "digest", "lines", "path")

    def __init__(self, path: tuple[str | int, ...], digest: bytes, lines: int, children: list[_Node]) -> None:
        self.path = path
        self.digest = digest
        self.lines = lines
        self.children = children


def find_duplicates(files: Iterable[tuple[str, bytes]]) -> Report:
    """Return what files, given as (path, bytes), say more than once."""
    same: dict[bytes, list[tuple[str, int]]] = {}
    documents: list[tuple[Document, _Node]] = []
    unread: list[str] = []
    count = lines = 0
    for path, data in files:
        count += 1
        height = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
        lines += height
        known = same.setdefault(hashlib.sha256(data.strip()).digest(), [])
        known.append((path, height))
        if len(known) > 1:
            continue
        try:
            documents += [(found, _node(found.value, ())) for found in read_documents(decode(data, path), path)]
        except OverlayError:
            unread.append(path)
    found = [
        Duplicate(what="file", name="", lines=each[0][1], places=tuple([_top(path) for path, _ in each]))
        for each in same.values()
        if len(each) > 1 and each[0][1] > 0
    ]
    found += _repeated(documents)
    ranked = sorted(found, key=lambda one: (-one.could_go, one.what, str(one.places[0])))
    return Report(files=count, lines=lines, duplicates=tuple(ranked), unread=tuple(unread))


def _top(path: str) -> Location:
    from overlay.model.location import Location  # noqa: PLC0415

    return Location(path, 1, 1)


def _repeated(documents: list[tuple[Document, _Node]]) -> Iterator[Duplicate]:
    times: dict[bytes, int] = {}
    for _, root in documents:
        pending = [root]
        while pending:
            node = pending.pop()
            if node.lines >= LEAST_LINES:
                times[node.digest] = times.get(node.digest, 0) + 1
                # What a repeated block holds is repeated with it; it counts alone only where it also stands elsewhere.
                pending += node.children
    places: dict[bytes, list[tuple[Document, _Node]]] = {}
    for document, root in documents:
        pending = [root]
        while pending:
            node = pending.pop()
            if node.lines < LEAST_LINES:
                continue
            if times[node.digest] > 1:
                places.setdefault(node.digest, []).append((document, node))
            else:
                pending += node.children
    for found in places.values():
        if len(found) < 2:
            continue
        document, node = found[0]
        where = sorted(
            {each.location(inner.path, key=True) for each, inner in found},
            key=lambda place: (place.file, place.line, place.column),
        )
        if len(where) > 1:
            what = "block" if any(inner.path for _, inner in found) else "document"
            yield Duplicate(what=what, name=_name(document, node), lines=node.lines, places=tuple(where))


def _name(document: Document, node: _Node) -> str:
    if node.path:
        return ".".join([str(part) for part in node.path])
    body = document.value
    metadata = body.get("metadata") if isinstance(body, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{body.get('kind')}/{name}" if isinstance(name, str) else ""


def _node(item: Any, path: tuple[str | int, ...]) -> _Node:
    digest, lines, children = _measured(item, path)
    return _Node(path, digest, lines, children)


def _measured(item: Any, path: tuple[str | int, ...]) -> tuple[bytes, int, list[_Node]]:
    """Return the digest of a value, the lines that it takes in block style, and the maps and lists in it."""
    if isinstance(item, dict):
        pairs, lines, children = [], 0, []
        for key in sorted(item):
            digest, height, below = _measured(item[key], (*path, key))
            pairs.append(key.encode("utf-8", "surrogatepass") + b"\0" + digest)
            lines += height + (isinstance(item[key], (dict, list)) and bool(item[key]))
            if isinstance(item[key], (dict, list)):
                children.append(_Node((*path, key), digest, height, below))
        return hashlib.blake2b(b"{" + b"\1".join(pairs), digest_size=16).digest(), max(lines, 1), children
    if isinstance(item, list):
        found = [(_measured(child, (*path, at)), child, at) for at, child in enumerate(item)]
        children = [
            _Node((*path, at), digest, height, below)
            for (digest, height, below), child, at in found
            if isinstance(child, (dict, list))
        ]
        digest = hashlib.blake2b(b"[" + b"\1".join([one[0] for one, _, _ in found]), digest_size=16).digest()
        return digest, max(sum(one[1] for one, _, _ in found), 1), children
    text = f"{type(item).__name__}:{item}"
    lines = 1 + item.count("\n") if isinstance(item, str) else 1
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), lines, []
