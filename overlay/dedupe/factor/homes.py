"""Where shared entries can go: a parent, a component that just these documents have, or a new one."""

from __future__ import annotations

import posixpath

from overlay.dedupe.factor.lift import lift, listed
from overlay.dedupe.factor.manifests import copied
from overlay.dedupe.factor.step import Moved, Step
from overlay.dedupe.writing import write_layer
from overlay.errors import DocumentError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.dedupe.factor.sheet import Sheet
    from overlay.dedupe.factor.slots import Key
    from overlay.dedupe.factor.step import Proof


@value(kw_only=True)
class Home:
    """A document to share entries in; field: the list of the others that names it; new: it is not there yet."""

    document: str
    field: str
    new: bool


def home_of(sheet: Sheet, proof: Proof, documents: Sequence[str], top: str, *, every: bool) -> Home:
    """Return where some documents can share what they alone have; every: no other has no parent."""
    for path in sorted(proof.parents):
        if path.endswith("/component.yaml") and not path.startswith("<") and proof.users(path) == tuple(documents):
            return Home(document=path, field="components", new=False)
    if every and not any(proof.parents[document][0] for document in documents):
        path = f"{top}/base/base.yaml"
        if sheet.data(path) is None:
            return Home(document=path, field="extends", new=True)
    return Home(document=f"{top}/components/{_named(documents)}/component.yaml", field="components", new=True)


def _named(documents: Sequence[str]) -> str:
    names = [posixpath.basename(posixpath.dirname(document)) for document in documents]
    joined = "-and-".join(names) if len(names) < 4 else f"{names[0]}-and-{len(names) - 1}-more"
    return joined[:63].strip("-")


def gather(
    documents: tuple[str, ...],
    keys: Sequence[Key],
    paths: Sequence[str],
    home: Home,
    read: frozenset[str],
    more: Sequence[Step] = (),
) -> Step:
    """Return the step that moves entries and manifests of documents into what they share; more: what else it does."""

    def apply(sheet: Sheet) -> list[Moved]:
        folder = posixpath.dirname(home.document)
        if home.new:
            if sheet.data(home.document) is not None or any(
                sheet.data(f"{folder}/{name}") is not None for name in ("base.yaml", "environment.yaml")
            ):
                raise DocumentError(f"{folder} is there already")
            kind = "Base" if home.field == "extends" else "Component"
            sheet.write(home.document, write_layer(kind, posixpath.basename(folder), {}).encode())
        moved = [lift(sheet, key, documents, home.document) for key in keys]
        for step in (*copied(documents, paths, home.document, read), *more):
            moved += step.apply(sheet)
        if home.new:
            for document in documents:
                place = posixpath.relpath(folder, posixpath.dirname(document))
                listed(sheet, document, home.field, place)
        return moved

    also = tuple([step.key for step in more])
    return Step(key=("gather", documents, tuple(keys), tuple(paths), also, home.document), apply=apply)
