"""Strategic merge patch: maps merge, lists merge by the keys that Kubernetes' own tables declare.

The result is kustomize 5.8.1's for the same patch and object: elements that the patch names come first, in its order,
then the object's others (in lists with several keys, only new elements come first). Maps always merge, whatever their
strategy. Where kustomize ignores a part of the patch or damages the object, Kubernetes' meaning is followed:

- a second key (protocol) that one side leaves out matches any, or the default where several would match;
- `$retainKeys`, `$deleteFromPrimitiveList/f` and `$setElementOrder/f` act, and do not end up in the object;
- `$patch: replace` beside apiVersion and kind replaces the object, in an element the element, alone in a list the list;
- directives inside a list that is replaced as a whole are an error, not content;
- a list element without its merge key, and two elements of one key, are errors;
- map, list and plain value never replace each other: that is an error with both types; null deletes, whatever stands.
"""

from __future__ import annotations

from overlay.errors import OverlayError, PatchError, raise_all
from overlay.merge.keyed import KeyedList, in_order
from overlay.merge.same import path_text, same, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.types import Type
    from overlay.model.contents import Locate
    from overlay.model.location import Location

    Path = tuple[str | int, ...]

_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"
_GONE = object()


def strategic_merge(
    body: dict[str, Any], patch: dict[str, Any], node: Type | None, locate: Locate, place: Location
) -> dict[str, Any] | None:
    """Return the object with a patch merged into it: `body` itself when nothing changes, None when it is deleted.

    What the patch says of apiVersion, kind, metadata.name and metadata.namespace only names the object.
    place: where the object came from, for errors. Raises PatchError, or Problems with all of them.
    """
    merge = _Merge(patch, locate, place)
    content = _without_identity(patch)
    if not isinstance(content.get("metadata", {}), dict):
        raise merge.error(f"metadata must be a map, found {type_name(content['metadata'])}", ("metadata",))
    result = merge.map(body, content, node, ())
    raise_all(merge.errors)
    return None if result is _GONE else _with_identity(body, result)


def _without_identity(patch: dict[str, Any]) -> dict[str, Any]:
    content = {key: item for key, item in patch.items() if key not in ("apiVersion", "kind")}
    metadata = content.get("metadata")
    if isinstance(metadata, dict):
        content["metadata"] = {key: item for key, item in metadata.items() if key not in ("name", "namespace")}
        if not content["metadata"]:
            del content["metadata"]
    return content


def _with_identity(body: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Give back what `$patch` and `$retainKeys` take from the object's identity."""
    kept: dict[str, Any] = {key: body[key] for key in ("apiVersion", "kind") if key in body and key not in result}
    before, metadata = body.get("metadata"), result.get("metadata", {})
    if isinstance(before, dict):
        names = {key: before[key] for key in ("name", "namespace") if key in before and key not in metadata}
        if names:
            kept["metadata"] = {**names, **metadata}
    if not kept:
        return result
    restored = {**kept, **result, **kept}
    return body if same(body, restored) else restored


class _Merge:
    """One patch on its way into one object; problems are gathered."""

    def __init__(self, patch: dict[str, Any], locate: Locate, place: Location) -> None:
        self.patch = patch
        self.locate = locate
        self.place = place
        self.errors: list[OverlayError] = []

    def error(self, message: str, path: Path, hint: str | None = None) -> PatchError:
        related = (("the object", self.place),)
        error = PatchError(message, location=self.locate(path), hint=hint, related=related)
        self.errors.append(error)
        return error

    def text(self, path: Path) -> str:
        return path_text(self.patch, path) or "the patch"

    def map(self, base: dict[str, Any], patch: dict[str, Any], node: Type | None, path: Path) -> Any:
        directive = patch.get("$patch", "merge")
        if directive == "delete":
            return _GONE
        if directive == "replace":
            result = self._fields({}, patch, node, path)
            return base if same(base, result) else result
        if directive != "merge":
            self._unknown_directive(directive, path)
        return self._fields(base, patch, node, path)

    def _unknown_directive(self, directive: Any, path: Path) -> None:
        self.error(f"$patch is {directive!r}", (*path, "$patch"), "it can be delete, replace or merge")

    def _fields(self, base: dict[str, Any], patch: dict[str, Any], node: Type | None, path: Path) -> dict[str, Any]:
        changed = self._prepared(base, patch, path)
        orders: list[str] = []
        for key, item in patch.items():
            if _is_directive(key):
                if key.startswith(_ORDER):
                    orders.append(key)
                continue
            before = changed.get(key)
            child = node.field(key) if node is not None else None
            after = _GONE if item is None else self._value(before, item, child, (*path, key))
            if after is _GONE:
                if key in changed:
                    changed = dict(changed) if changed is base else changed
                    del changed[key]
            elif after is not before or key not in changed:
                changed = dict(changed) if changed is base else changed
                changed[key] = after
        for key in orders:
            name = key.removeprefix(_ORDER)
            child = node.field(name) if node is not None else None
            ordered = self._ordered((base.get(name), changed.get(name)), patch, key, child, path)
            if ordered is not None:
                changed = {**changed, name: ordered}
        return changed

    def _prepared(self, base: dict[str, Any], patch: dict[str, Any], path: Path) -> dict[str, Any]:
        """Return the object's map after `$retainKeys` and `$deleteFromPrimitiveList/…`."""
        changed = base
        if "$retainKeys" in patch:
            retain = patch["$retainKeys"]
            if not isinstance(retain, list) or not all(isinstance(key, str) for key in retain):
                self.error("$retainKeys must be a list of field names", (*path, "$retainKeys"))
                return base
            for key, item in patch.items():
                if not _is_directive(key) and key not in retain and item is not None:
                    hint = f"add {key} to $retainKeys, or leave it out"
                    self.error(f"$retainKeys drops {key}, which the patch sets", (*path, key), hint)
            if any(key not in retain for key in base):
                changed = {key: item for key, item in base.items() if key in retain}
        for key, values in patch.items():
            if not key.startswith(_DELETE_FROM):
                continue
            name = key.removeprefix(_DELETE_FROM)
            if not isinstance(values, list) or any(isinstance(item, (dict, list)) for item in values):
                self.error(f"{key} must be a list of plain values", (*path, key))
                continue
            items = changed.get(name)
            if items is not None and not isinstance(items, list):
                self._clash(items, values, (*path, key))
                continue
            dropped = {(item.__class__, item) for item in values}
            kept = [
                item for item in items or () if isinstance(item, (dict, list)) or (item.__class__, item) not in dropped
            ]
            if items and len(kept) < len(items):
                changed = {**changed, name: kept}
        return changed

    def _value(self, before: Any, item: Any, node: Type | None, path: Path) -> Any:
        if isinstance(item, dict):
            if before is None or isinstance(before, dict):
                return self.map({} if before is None else before, item, node, path)
        elif isinstance(item, list):
            if before is None or isinstance(before, list):
                return self._list([] if before is None else before, item, node, path)
        elif not isinstance(before, (dict, list)):
            return before if same(before, item) else item
        self._clash(before, item, path)
        return before

    def _clash(self, before: Any, item: Any, path: Path) -> None:
        self.error(
            f"{self.text(path)} is {type_name(item)} in the patch but {type_name(before)} in the object",
            path,
            "give it the object's type; to replace it, set it with a JSON patch",
        )

    def _list(self, base: list[Any], patch: list[Any], node: Type | None, path: Path) -> Any:
        before = base
        # `- $patch: replace` is about the list, not an element of it.
        whole = [item for item in patch if isinstance(item, dict) and item.keys() == {"$patch"}]
        elements = [(index, item) for index, item in enumerate(patch) if not any(item is one for one in whole)]
        if whole:
            directive = whole[0]["$patch"]
            if len(whole) > 1 or (directive == "delete" and elements):
                self.error(f"{self.text(path)} has a $patch directive beside others that contradict it", path)
                return base
            if directive == "delete":
                return _GONE
            if directive not in ("replace", "merge"):
                self._unknown_directive(directive, (*path, patch.index(whole[0])))
            base = [] if directive == "replace" else base
        if node is None or "merge" not in node.strategy:
            for index, item in elements:
                self._refuse_directives(item, (*path, index))
            result = [item for _, item in elements]
        elif node.keys:
            result = self._keyed(base, elements, node, path)
        else:
            result = self._union(base, elements, path)
        return before if same(before, result) else result

    def _refuse_directives(self, item: Any, path: Path) -> None:
        if isinstance(item, dict):
            for key, child in item.items():
                if _is_directive(key):
                    self.error(
                        f"{key} cannot act here: the list around it has no merge key, so it is replaced as a whole",
                        (*path, key),
                        "write the whole list, or change an element with a JSON patch and [name=…] in its path",
                    )
                self._refuse_directives(child, (*path, key))
        elif isinstance(item, list):
            for index, child in enumerate(item):
                self._refuse_directives(child, (*path, index))

    def _union(self, base: list[Any], elements: list[tuple[int, Any]], path: Path) -> list[Any]:
        """Merge a list of plain values, such as finalizers: the patch's first, each once."""
        for index, item in elements:
            if isinstance(item, (dict, list)):
                message = f"{self.text(path)} is a list of plain values, found {type_name(item)}"
                self.error(message, (*path, index))
                return base
        values = [item for _, item in elements] + [item for item in base if not isinstance(item, (dict, list))]
        others = [item for item in base if isinstance(item, (dict, list))]
        return list({(item.__class__, item): item for item in values}.values()) + others

    def _keyed(self, base: list[Any], patch: list[tuple[int, Any]], node: Type, path: Path) -> list[Any]:
        elements = KeyedList(base, node.keys)
        for found in elements.problems:
            self.error(f"{self.text(path)}: in the object, {found}", path, "a patch cannot tell its elements apart")
        if elements.problems:
            return base
        placed: list[tuple[int | None, Any]] = []
        seen: set[Any] = set()
        touched: set[int] = set()
        for index, item in patch:
            key, problem = elements.key_of(item)
            at: int | None = None
            if problem is None and key in seen:
                problem = f"{elements.describe(key)} stands there twice"
            if problem is None:
                seen.add(key)
                at, problem = elements.find(key)
                if at is not None and at in touched:
                    problem = f"{elements.describe(key)} means an element that the patch already changes"
            if problem is not None:
                self.error(f"{self.text(path)}: {problem}", (*path, index))
                continue
            if at is not None:
                touched.add(at)
            placed.append((at, self.map({} if at is None else base[at], item, node.element(), (*path, index))))
        if elements.several_keys or any(part is not None for key in seen for part in key[1:]):
            changed = {at: item for at, item in placed if at is not None}
            front = [item for at, item in placed if at is None]
            rest = [changed.get(at, item) for at, item in enumerate(base)]
        else:
            front = [item for _, item in placed]
            rest = [item for at, item in enumerate(base) if at not in touched]
        return [item for item in front + rest if item is not _GONE]

    def _ordered(
        self, lists: tuple[Any, Any], patch: dict[str, Any], directive: str, node: Type | None, path: Path
    ) -> list[Any] | None:
        """Return a list (before, merged) in the order that `$setElementOrder/…` asks for; None when it has it."""
        before, items = lists
        order = patch[directive]
        if not isinstance(items, list):
            return None
        if not isinstance(order, list):
            self.error(f"{directive} must be a list", (*path, directive))
            return None
        keys = node.keys[:1] if node is not None and "merge" in node.strategy else ()
        name = directive.removeprefix(_ORDER)
        named = patch.get(name)
        for index, item in enumerate(named if isinstance(named, list) else ()):
            if isinstance(item, dict) and "$patch" in item:
                continue
            if not any(same(_order_key(item, keys), _order_key(one, keys)) for one in order):
                self.error(
                    f"{self.text((*path, name, index))} is missing in {directive}",
                    (*path, directive),
                    "the order must name every element that the patch sets",
                )
                return None
        stood = before if isinstance(before, list) else []
        ordered = in_order(items, [_order_key(one, keys) for one in order], stood, lambda item: _order_key(item, keys))
        return None if same(items, ordered) else ordered


def _is_directive(key: str) -> bool:
    return key in ("$patch", "$retainKeys") or key.startswith((_DELETE_FROM, _ORDER))


def _order_key(item: Any, keys: tuple[str, ...]) -> Any:
    return item.get(keys[0]) if keys and isinstance(item, dict) else item
