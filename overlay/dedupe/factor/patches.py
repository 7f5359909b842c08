"""Parts of patches on the same object: what several documents' patches share, and several patches of one document."""

from __future__ import annotations

from itertools import pairwise

from overlay.dedupe.factor.lift import majority, patch_label
from overlay.dedupe.factor.sheet import inside
from overlay.dedupe.factor.slots import FORMS, canonical, grouped, is_named_list
from overlay.dedupe.factor.step import Moved, Step
from overlay.errors import DocumentError
from overlay.merge.same import same
from overlay.yaml.blocks import block_at, cut
from overlay.yaml.edit import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.dedupe.factor.sheet import Sheet
    from overlay.dedupe.factor.slots import Key

    Path = tuple[str | int, ...]
    # A key of a map, or the name of a list's item.
    Leaf = tuple[str | tuple[str], ...]

PATCHES: Path = ("spec", "patches")


def shared_parts(sheet: Sheet, documents: Sequence[str], home: str) -> Iterator[Step]:
    """Yield a step for each object that all documents patch, for the fields in which their patches agree."""
    groups = [grouped(sheet, document) for document in documents]
    for key in groups[0]:
        if not all(len(one.get(key, ())) == 1 for one in groups):
            continue
        entries = [
            inside(sheet.value(document), (*PATCHES, one[key][0]))
            for document, one in zip(documents, groups, strict=True)
        ]
        parts = _shared(key[1], entries)
        if parts and not all(same(entries[0], entry) for entry in entries):
            meant = (key, tuple(documents), home)
            yield Step(
                key=("part", *meant, canonical([str(part) for part in parts])),
                apply=lambda sheet, key=key, parts=parts: [_lift(sheet, key, parts, documents, home)],  # type: ignore[misc]
            )


def merged(sheet: Sheet, document: str) -> Iterator[Step]:
    """Yield a step for each two patches of a document that are about the same."""
    for key, places in grouped(sheet, document).items():
        for first, second in pairwise(places):
            content = canonical(inside(sheet.value(document), (*PATCHES, second)))
            yield Step(
                key=("merge", document, key, content),
                apply=lambda sheet, one=first, two=second: [_merge(sheet, document, one, two)],  # type: ignore[misc]
            )


def _shared(form: str, entries: Sequence[dict[str, Any]]) -> dict[Leaf, Any]:
    """Return the fields that all entries set, with what most of them set there."""
    if form not in FORMS:
        texts = [[canonical(step) for step in entry[form]] for entry in entries]
        common = [text for text in texts[0] if all(text in other for other in texts)]
        return {(text,): None for text in common}
    found: dict[Leaf, Any] = {}
    found_leaves = [dict(leaves(entry[form], named="target" not in entry)) for entry in entries]
    for leaf in found_leaves[0]:
        if all(leaf in one for one in found_leaves):
            agreed = majority([one[leaf] for one in found_leaves])
            if agreed:
                found[leaf] = found_leaves[agreed[0]][leaf]
    return found


def leaves(item: Any, path: Leaf = (), *, named: bool = False) -> Iterator[tuple[Leaf, Any]]:
    """Yield the fields of a patch; named: the patch itself says which object it is about."""
    if isinstance(item, dict) and item:
        for key, child in item.items():
            if not (named and (*path, key) in _IDENTITY):
                yield from leaves(child, (*path, key), named=named)
    elif is_named_list(item):
        for child in item:
            below = {key: each for key, each in child.items() if key != "name"}
            yield from leaves(below or {}, (*path, (child["name"],)))
    elif path:
        yield path, item


_IDENTITY: tuple[Leaf, ...] = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


def place_of(content: Any, leaf: Leaf) -> Path | None:
    """Return where a field is in a patch."""
    found: list[str | int] = []
    for part in leaf:
        if isinstance(part, tuple):
            if not isinstance(content, list):
                return None
            at = next((at for at, each in enumerate(content) if each.get("name") == part[0]), None)
            if at is None:
                return None
            found.append(at)
            content = content[at]
        elif isinstance(content, dict) and part in content:
            found.append(part)
            content = content[part]
        else:
            return None
    return tuple(found)


def _lift(sheet: Sheet, key: Key, parts: dict[Leaf, Any], documents: Sequence[str], home: str) -> Moved:
    """Write a patch of the shared fields into `home`, and take them out of the documents' own."""
    form = key[1]
    if any(len(grouped(sheet, document).get(key, ())) != 1 for document in documents):
        raise DocumentError("an earlier step took this patch with it")
    places = [(*PATCHES, grouped(sheet, document)[key][0]) for document in documents]
    entries = [inside(sheet.value(document), place) for document, place in zip(documents, places, strict=True)]
    counts = [len(_agreeing(form, entry, parts)) for entry in entries]
    at = counts.index(max(counts))
    block = sheet.block(documents[at], places[at])
    text = "\n".join(block.within("patches", 2).lines) + "\n"
    text = _only(text, form, parts, entries[at])
    shared = block_at(text, ("patches", 0), home)
    comments: list[str] = []
    for document, place, entry in zip(documents, places, entries, strict=True):
        for leaf in _agreeing(form, entry, parts):
            comments += sheet.cut(document, spot(sheet.value(document), place, form, leaf))
    sheet.paste(home, PATCHES, shared.with_comments(comments))
    return Moved(what=f"part of patches: {patch_label(entries[at])}", how="moved", origins=tuple(documents), home=home)


def _agreeing(form: str, entry: dict[str, Any], parts: dict[Leaf, Any]) -> list[Leaf]:
    if form not in FORMS:
        return list(parts)
    own = dict(leaves(entry[form], named="target" not in entry))
    return [leaf for leaf, item in parts.items() if leaf in own and same(own[leaf], item)]


def _only(text: str, form: str, parts: dict[Leaf, Any], entry: dict[str, Any]) -> str:
    """Return the text of a patch with the shared fields alone, as most have them."""
    from overlay.yaml import read_mapping  # noqa: PLC0415

    place: Path = ("patches", 0)
    if form in FORMS:
        own = dict(leaves(entry[form], named="target" not in entry))
        others = [leaf for leaf in own if leaf not in parts]
    else:
        own = {}
        others = [(step,) for step in map(canonical, entry[form]) if (step,) not in parts]
    for leaf in others:
        text, _ = cut(text, spot(read_mapping(text, "<patch>").value, place, form, leaf), "<patch>")
    for leaf, item in parts.items():
        if form in FORMS and not same(own[leaf], item):
            content = inside(read_mapping(text, "<patch>").value, (*place, form))
            text = put(text, (*place, form, *(place_of(content, leaf) or ())), item, "<patch>")
    return text


def spot(document: Any, place: Path, form: str, leaf: Leaf) -> Path:
    """Return what goes with a field: itself, or what would be left with nothing but a name."""
    content = inside(document, (*place, form))
    if form not in FORMS:
        at = next((at for at, step in enumerate(content) if canonical(step) == leaf[0]), None)
        inner: Path | None = (at,) if at is not None else None
    else:
        inner = place_of(content, leaf)
    if inner is None:
        raise DocumentError("the field is not there any more")
    path: Path = (*place, form, *inner)
    while len(path) > len(place):
        holder = inside(document, path[:-1])
        if len(holder) > 1 and not _is_bare(holder, path, place, document):
            break
        path = path[:-1]
    return path


def _is_bare(holder: Any, path: Path, place: Path, document: Any) -> bool:
    """Tell whether a holder says nothing without the last part of the path but what it is about."""
    if not isinstance(holder, dict):
        return False
    rest = {key for key in holder if key != path[-1]}
    depth = len(path) - 1 - len(place)
    if depth == 0:
        return rest <= {"target", "expect"}
    if depth == 1 and "target" not in inside(document, place):
        metadata = holder.get("metadata")
        bare = not isinstance(metadata, dict) or set(metadata) <= {"name", "namespace"}
        return rest <= {"apiVersion", "kind", "metadata"} and (bare or path[-1] == "metadata")
    return isinstance(path[-2], int) and rest <= {"name"}


def _merge(sheet: Sheet, document: str, first: int, second: int) -> Moved:
    """Pour a later patch into an earlier one on the same object."""
    one, two = (*PATCHES, first), (*PATCHES, second)
    entry = inside(sheet.value(document), two)
    form = next(name for name in (*FORMS, "jsonPatch") if name in entry)
    label = patch_label(entry)
    if form not in FORMS:
        for at in range(len(entry[form])):
            sheet.paste(document, (*one, form), sheet.block(document, (*two, form, at)))
    else:
        _pour(sheet, document, (*one, form), (*two, form))
    comments = sheet.cut(document, two)
    sheet.comment(document, one, comments)
    return Moved(what=f"patches: {label}", how="merged", origins=(document,), home=document)


def _pour(sheet: Sheet, document: str, goal: Path, source: Path) -> None:
    """Add what one map of a patch says to another one; where both say something, the later one counts."""
    for key, item in inside(sheet.value(document), source).items():
        there = inside(sheet.value(document), goal)
        if key not in there:
            sheet.paste(document, goal, sheet.block(document, (*source, key)))
        elif same(there[key], item):
            continue
        elif isinstance(item, dict) and item and isinstance(there[key], dict) and there[key]:
            _pour(sheet, document, (*goal, key), (*source, key))
        elif is_named_list(item) and is_named_list(there[key]):
            _pour_list(sheet, document, (*goal, key), (*source, key))
        else:
            sheet.put(document, (*goal, key), item)


def _pour_list(sheet: Sheet, document: str, goal: Path, source: Path) -> None:
    for at, item in enumerate(inside(sheet.value(document), source)):
        names = [each["name"] for each in inside(sheet.value(document), goal)]
        if item["name"] in names:
            _pour(sheet, document, (*goal, names.index(item["name"])), (*source, at))
        else:
            sheet.paste(document, goal, sheet.block(document, (*source, at)))
