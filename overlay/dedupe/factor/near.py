"""Manifests that several documents hold in nearly the same words: one of them, and what each changes as a patch."""

from __future__ import annotations

import posixpath

from overlay.dedupe.difference import smallest_patch
from overlay.dedupe.factor.lift import listed_block
from overlay.dedupe.factor.manifests import cover, forget, own_manifests
from overlay.dedupe.factor.slots import joined
from overlay.dedupe.factor.step import Moved, Step
from overlay.dedupe.member import Piece
from overlay.dedupe.settle import settled
from overlay.dedupe.texts import base_text
from overlay.dedupe.writing import item_lines
from overlay.errors import DocumentError, OverlayError
from overlay.kube.objects import identify
from overlay.merge.same import same
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.dedupe.factor.sheet import Sheet
    from overlay.kube.types import Types


def nearly_copied(sheet: Sheet, documents: Sequence[str], home: str, read: frozenset[str], types: Types) -> list[Step]:
    """Return a step for each manifest that all documents hold under one name, as one object with differences."""
    held = [own_manifests(sheet, document, read) for document in documents]
    found = []
    for path in held[0]:
        if not path.endswith((".yaml", ".yml")) or not all(path in one for one in held):
            continue
        files = [joined(posixpath.dirname(document), path) for document in documents]
        if all(sheet.data(file) == sheet.data(files[0]) for file in files):
            continue
        try:
            keys = {identify(sheet.value(file)).key for file in files}
        except OverlayError:
            continue  # several objects in one file, or none
        if len(keys) == 1:
            found.append(
                Step(
                    key=("near", path, tuple(documents), home),
                    apply=lambda sheet, path=path: [_lift(sheet, path, documents, home, read, types)],  # type: ignore[misc]
                )
            )
    return found


def _lift(sheet: Sheet, path: str, documents: Sequence[str], home: str, read: frozenset[str], types: Types) -> Moved:
    files = [joined(posixpath.dirname(document), path) for document in documents]
    goal = joined(posixpath.dirname(home), path)
    if sheet.data(goal) is not None:
        raise DocumentError(f"{goal} is another file already")
    entries = [own_manifests(sheet, document, read).get(path, "") for document in documents]
    if not all(entries):
        raise DocumentError(f"an earlier step took {path} with it")
    bodies = [sheet.value(file) for file in files]
    pieces = [_piece(sheet, file) for file in files]
    identity = pieces[0].id
    node = types.root(identity.group, identity.version, identity.kind)
    shared = settled(bodies, node)
    sheet.write(goal, base_text(shared, pieces).encode())
    cover(sheet, home, path, entries[0])
    for document, file, body, entry in zip(documents, files, bodies, entries, strict=True):
        sheet.write(file, None)
        forget(sheet, document, entry, read)
        if same(shared, body):
            continue
        patch = smallest_patch(shared, body, node)
        if patch is None:
            raise DocumentError(f"no patch makes {file} of what is shared")
        target = {"kind": identity.kind, "name": identity.name.replace(".", "\\.")}
        item: dict[str, Any] = {"target": target, patch[0]: patch[1]}
        listed_block(sheet, document, "patches", item, item_lines(item))
    return Moved(what=f"resources: {path}", how="moved", origins=tuple(documents), home=home)


def _piece(sheet: Sheet, file: str) -> Piece:
    body = sheet.value(file)
    return Piece(
        id=identify(body), body=body, text=sheet.text(file), file=posixpath.basename(file),
        location=Location(file, 1, 1), alone=True,
    )  # fmt: skip
