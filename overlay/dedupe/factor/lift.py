"""Entries that several documents have, moved into one that all of them build on."""

from __future__ import annotations

import posixpath

from overlay.dedupe.factor.slots import joined, slots
from overlay.dedupe.factor.step import Moved, Step
from overlay.dedupe.settle import belongs
from overlay.errors import DocumentError
from overlay.merge.same import same
from overlay.yaml.blocks import Block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.dedupe.factor.sheet import Sheet
    from overlay.dedupe.factor.slots import Key


def shared_by_all(sheet: Sheet, documents: Sequence[str], home: str) -> list[Step]:
    """Return a step for each entry that all documents have, in what most of them say."""
    having = [slots(sheet, document) for document in documents]
    found = []
    for key in having[0]:
        if not all(key in one for one in having):
            continue
        agreed = majority([one[key].content for one in having])
        if agreed:
            meant = tuple([documents[at] for at in agreed])
            found.append(_step(key, meant, home))
    return found


def shared_by_some(sheet: Sheet, documents: Sequence[str]) -> dict[tuple[str, ...], list[Key]]:
    """Return the entries that several documents, but not all, say alike, by these documents."""
    having = {document: slots(sheet, document) for document in documents}
    found: dict[tuple[str, ...], list[Key]] = {}
    for key in dict.fromkeys([key for one in having.values() for key in one]):
        groups: list[tuple[Any, list[str]]] = []
        for document, one in having.items():
            if key not in one:
                continue
            known = next((names for content, names in groups if same(content, one[key].content)), None)
            if known is None:
                groups.append((one[key].content, [document]))
            else:
                known.append(document)
        for _, names in groups:
            if len(names) > 1:
                found.setdefault(tuple(names), []).append(key)
    return found


def majority(contents: Sequence[Any]) -> list[int]:
    """Return which of these values are the most frequent one; none where it has no majority."""
    groups: list[list[int]] = []
    for at, content in enumerate(contents):
        known = next((group for group in groups if same(contents[group[0]], content)), None)
        if known is None:
            groups.append([at])
        else:
            known.append(at)
    best = max(groups, key=len)
    return best if len(best) > 1 and belongs(len(best), len(contents)) else []


def _step(key: Key, documents: tuple[str, ...], home: str) -> Step:
    return Step(key=("lift", key, documents, home), apply=lambda sheet: [lift(sheet, key, documents, home)])


def lift(sheet: Sheet, key: Key, documents: Sequence[str], home: str) -> Moved:
    """Move one entry from documents, which say the same, into another one."""
    found = [one for document in documents if (one := slots(sheet, document).get(key)) is not None]
    if len(found) < len(documents):
        raise DocumentError("an earlier step took this entry with it")
    blocks = [sheet.block(document, slot.path) for document, slot in zip(documents, found, strict=True)]
    block = max(blocks, key=lambda one: len(one.comments))
    comments = [line for one in blocks for line in one.comments]
    there = slots(sheet, home).get(key) if sheet.data(home) is not None else None
    for document, slot in zip(documents, found, strict=True):
        comments += sheet.cut(document, slot.path)
    for path in found[0].files:
        move_file(sheet, path, documents, home)
    if there is None:
        sheet.paste(home, found[0].home, block.with_comments(comments))
    else:
        if not same(there.content, found[0].content):
            sheet.put(home, there.path, found[0].content)
        sheet.comment(home, there.path, comments)
    return Moved(what=told(key, found[0].content), how="moved", origins=tuple(documents), home=home)


def move_file(sheet: Sheet, path: str, documents: Sequence[str], home: str) -> None:
    """Move a file that documents name by the same path, each its own copy, to where that path leads from another one.

    Raises DocumentError where the path means one file for all, or another file is in the way.
    """
    sources = [joined(posixpath.dirname(document), path) for document in documents]
    goal = joined(posixpath.dirname(home), path)
    if set(sources) == {goal}:
        return
    data = sheet.data(sources[0])
    folders = [posixpath.dirname(document) for document in documents]
    inside = all(source.startswith(f"{folder}/") for source, folder in zip(sources, folders, strict=True))
    if not inside or data is None or any(sheet.data(source) != data for source in sources):
        raise DocumentError(f"{path} cannot be moved with what names it")
    if sheet.data(goal) not in (None, data):
        raise DocumentError(f"{goal} is another file already")
    for source in sources:
        sheet.write(source, None)
    sheet.write(goal, data)


def told(key: Key, content: Any) -> str:
    """Return how a table names an entry."""
    if key[0] == "patches":
        return f"patches: {patch_label(content)}"
    if key[0] in ("labels", "replacements"):
        pairs = content.get("pairs") if isinstance(content, dict) else None
        return f"{key[0]}: {', '.join(pairs)}" if isinstance(pairs, dict) else key[0]
    return ".".join(key[:2])


def patch_label(entry: dict[str, Any]) -> str:
    """Return what a patch is about, in few words."""
    target = entry.get("target")
    if isinstance(target, dict):
        names = [str(target[name]) for name in ("kind", "name", "namespace", "labelSelector") if name in target]
        return "/".join(names) or "everything"
    for form in ("strategicMerge", "mergePatch"):
        content = entry.get(form)
        if isinstance(content, dict):
            metadata = content.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            return f"{content.get('kind', '')}/{name or ''}".strip("/")
    return str(entry.get("path", ""))


def together(key: tuple[object, ...], steps: Iterable[Step]) -> Step | None:
    """Return one step that makes all of these, None for none."""
    parts = tuple(steps)
    if len(parts) < 2:
        return parts[0] if parts else None

    def apply(sheet: Sheet) -> list[Moved]:
        return [moved for step in parts for moved in step.apply(sheet)]

    return Step(key=(*key, *[part.key for part in parts]), apply=apply, parts=parts)


def listed(sheet: Sheet, document: str, field: str, entry: str) -> None:
    """Put a path into a list of a document, on one line where there is none yet."""
    from overlay.dedupe.factor.slots import spec_of  # noqa: PLC0415

    known = spec_of(sheet, document).get(field)
    if isinstance(known, list) and entry in known:
        return
    if known:
        sheet.paste(document, ("spec", field), Block(key=None, content=entry, lines=(f"- {entry}",)))
    else:
        sheet.paste(document, ("spec",), Block(key=field, content=[entry], lines=(f"{field}: [{entry}]",)))


def listed_block(sheet: Sheet, document: str, field: str, item: Any, lines: Sequence[str]) -> None:
    """Put an item into a list of a document, as these lines have it."""
    sheet.paste(document, ("spec", field), Block(key=None, content=item, lines=tuple(lines)))
