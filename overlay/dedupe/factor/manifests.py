"""Manifests that several documents hold as copies, moved to one that all of them build on."""

from __future__ import annotations

import posixpath

from overlay.dedupe.factor.lift import listed, move_file
from overlay.dedupe.factor.slots import joined, spec_of
from overlay.dedupe.factor.step import Moved, Step
from overlay.errors import DocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.dedupe.factor.sheet import Sheet

_ENDINGS = (".yaml", ".yml", ".json")


def own_manifests(sheet: Sheet, document: str, read: frozenset[str]) -> dict[str, str]:
    """Return the files that a document's `resources` mean, from its folder, each with the entry that means it.

    read: all files that are read by anybody.
    """
    folder = posixpath.dirname(document)
    found: dict[str, str] = {}
    entries = spec_of(sheet, document).get("resources")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, str):
            continue
        place = joined(folder, entry)
        if not place.startswith(f"{folder}/"):
            continue
        paths = [place] if place in read else [path for path in read if path.startswith(f"{place}/")]
        for path in paths:
            if path.endswith(_ENDINGS) and sheet.data(path) is not None:
                found[path.removeprefix(f"{folder}/")] = entry
    return dict(sorted(found.items()))


def copies(sheet: Sheet, documents: Sequence[str], read: frozenset[str]) -> dict[tuple[str, ...], list[str]]:
    """Return the manifests that several documents hold byte for byte under one name, by these documents."""
    having: dict[tuple[str, bytes], list[str]] = {}
    for document in documents:
        folder = posixpath.dirname(document)
        for path in own_manifests(sheet, document, read):
            data = sheet.data(joined(folder, path))
            if data is not None:
                having.setdefault((path, data), []).append(document)
    found: dict[tuple[str, ...], list[str]] = {}
    for (path, _), meant in having.items():
        if len(meant) > 1:
            found.setdefault(tuple(meant), []).append(path)
    return found


def copied(documents: Sequence[str], paths: Sequence[str], home: str, read: frozenset[str]) -> list[Step]:
    """Return a step for each manifest that documents hold as copies."""
    return [
        Step(
            key=("copy", path, tuple(documents), home),
            apply=lambda sheet, path=path: [_lift(sheet, path, documents, home, read)],  # type: ignore[misc]
        )
        for path in paths
    ]


def _lift(sheet: Sheet, path: str, documents: Sequence[str], home: str, read: frozenset[str]) -> Moved:
    entries = [own_manifests(sheet, document, read).get(path, "") for document in documents]
    if not all(entries):
        raise DocumentError(f"an earlier step took {path} with it")
    move_file(sheet, path, documents, home)
    for document, entry in zip(documents, entries, strict=True):
        forget(sheet, document, entry, read)
    cover(sheet, home, path, entries[0])
    return Moved(what=f"resources: {path}", how="moved", origins=tuple(documents), home=home)


def forget(sheet: Sheet, document: str, entry: str, read: frozenset[str]) -> None:
    """Take an entry out of `resources` that means no file any more."""
    if entry not in own_manifests(sheet, document, read).values():
        at = spec_of(sheet, document)["resources"].index(entry)
        sheet.cut(document, ("spec", "resources", at))


def cover(sheet: Sheet, home: str, path: str, entry: str) -> None:
    """Let `resources` of a document mean a file of its folder."""
    known = spec_of(sheet, home).get("resources") if sheet.data(home) is not None else None
    place = joined("", path)
    for one in known if isinstance(known, list) else ():
        if isinstance(one, str) and (joined("", one) == place or place.startswith(f"{joined('', one)}/")):
            return
    listed(sheet, home, "resources", entry)
