"""Values of charts that several documents set alike, moved into the values of one that all of them extend."""

from __future__ import annotations

import posixpath

from overlay.dedupe.factor.lift import listed, majority
from overlay.dedupe.factor.sheet import inside
from overlay.dedupe.factor.slots import joined, spec_of
from overlay.dedupe.factor.step import Moved, Step
from overlay.errors import DocumentError
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.dedupe.factor.sheet import Sheet

    Path = tuple[str, ...]

FILE = "values.yaml"


def shared_values(sheet: Sheet, documents: Sequence[str], home: str) -> Iterator[Step]:
    """Yield a step for each value, or whole map of values, that all documents set and most set alike."""
    files = [file for document in documents if (file := own_file(sheet, document))]
    if len(files) < len(documents):
        return
    known = own_file(sheet, home) or ""
    if not known and spec_of(sheet, home).get("values"):
        return
    base = sheet.value(known) if known else {}
    for path, content, agreed in _shared([sheet.value(file) for file in files], base, ()):
        meant = tuple([files[at] for at in agreed])
        origins = tuple([documents[at] for at in agreed])
        yield Step(
            key=("values", path, meant, home),
            apply=lambda sheet, path=path, content=content, meant=meant, origins=origins: [  # type: ignore[misc]
                _lift(sheet, path, content, meant, origins, home)
            ],
        )


def own_file(sheet: Sheet, document: str) -> str | None:
    """Return the values file of a document that has one alone, in its own folder."""
    names = spec_of(sheet, document).get("values") if sheet.data(document) is not None else None
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        return None
    folder = posixpath.dirname(document)
    path = joined(folder, names[0])
    return path if path.startswith(f"{folder}/") and isinstance(sheet.value(path), dict) else None


def _shared(values: Sequence[Any], base: Any, path: Path) -> Iterator[tuple[Path, Any, list[int]]]:
    """Yield (path, value, which documents have just that) of what all set; whole maps where all of it is alike."""
    if not all(isinstance(one, dict) for one in values):
        agreed = majority(values)
        if agreed:
            yield path, values[agreed[0]], agreed
        return
    whole = all(same(values[0], other) for other in values)
    if whole and path and values[0] and not (isinstance(base, dict) and base):
        yield path, values[0], list(range(len(values)))
        return
    for key in values[0]:
        having = [one[key] for one in values if key in one]
        if len(having) == len(values):
            yield from _shared(having, base.get(key) if isinstance(base, dict) else None, (*path, key))


def _lift(sheet: Sheet, path: Path, content: Any, files: Sequence[str], documents: Sequence[str], home: str) -> Moved:
    goal = own_file(sheet, home)
    if goal is None:
        goal = joined(posixpath.dirname(home), FILE)
        if sheet.data(goal) is not None:
            raise DocumentError(f"{goal} is there and not used")
        listed(sheet, home, "values", FILE)
    blocks = [sheet.block(file, path) for file in files]
    block = max(blocks, key=lambda one: len(one.comments))
    comments = [line for one in blocks for line in one.comments]
    for file, document in zip(files, documents, strict=True):
        comments += sheet.cut(file, path)
        if not sheet.text(file).strip():
            sheet.write(file, None)
            sheet.cut(document, ("spec", "values", 0))
    before = sheet.value(goal) if sheet.data(goal) is not None else {}
    there = before
    for part in path:
        there = there.get(part) if isinstance(there, dict) else None
    if there is None:
        at = max(at for at in range(len(path)) if at == 0 or inside(before, path[:at]))
        holder = inside(before, path[:at])
        if holder and not isinstance(holder, dict):
            raise DocumentError(f"{goal} says something else there")
        sheet.paste(goal, path[:-1], block.with_comments(comments))
    else:
        if not same(there, content):
            sheet.put(goal, path, content)
        sheet.comment(goal, path, comments)
    return Moved(what=f"values: {'.'.join(path)}", how="moved", origins=tuple(documents), home=home)
