"""Who manages which field: `metadata.managedFields` read as the server writes them (fieldsV1)."""

from __future__ import annotations

import json

from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from overlay.model.resource import Body

    # What other managers have at a place, each as the tree below it.
    Others = Sequence[Mapping[str, Any]]

# One manager's fields, as a tree: `f:name`, `k:{…}` and `v:…` lead down, `.` is the value itself.
Fields = dict[str, "Fields"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# What a client wrote before it applied server-side, and what stands for it afterwards.
BEFORE = (
    "kubectl-client-side-apply", "kubectl-edit", "kubectl-create", "kubectl-replace", "kubectl-patch", "kubectl-set",
    "kubectl-expose", "kubectl-run", "kubectl-autoscale", "helm", "kubectl",
)  # fmt: skip
# What people note beside it, which stays where Git says nothing of it: taking a restart's would restart again.
BESIDE = ("kubectl-label", "kubectl-annotate", "kubectl-rollout")


def entry_of(body: Body, manager: str) -> dict[str, Any] | None:
    """Return the entry of what a manager applied, or None where it has applied nothing."""
    for entry in (body.get("metadata") or {}).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            found: dict[str, Any] = entry
            return found
    return None


def holds(desired: Body, live: Body, manager: str) -> bool:
    """Tell, without asking the server, that applying an object would change nothing.

    It would change nothing when the manager has applied exactly these fields, in this version, and each still has the
    value that it applied: no field is added, none given up, none changed. What the server writes in another way than
    we do (quantities, for one) is not recognised and costs a dry-run.
    """
    entry = entry_of(live, manager)
    if entry is None or not entry.get("apiVersion") == live["apiVersion"] == desired["apiVersion"]:
        return False
    metadata = {key: item for key, item in desired["metadata"].items() if key not in ("name", "namespace")}
    # The server does not count what identifies an object among its fields.
    rest = {key: item for key, item in desired.items() if key not in ("apiVersion", "kind", "metadata")}
    if metadata:
        rest["metadata"] = metadata
    others = [one.get("fieldsV1") or {} for one in live["metadata"]["managedFields"] if one is not entry]
    return _same_map(rest, live, entry.get("fieldsV1") or {}, others)


def _same_map(desired: Mapping[str, Any], live: Any, fields: Mapping[str, Any], others: Others) -> bool:
    if not isinstance(live, dict):
        return False
    names = [key for key in fields if key != "."]
    if len(names) != len(desired):
        return False
    for key in names:
        if not key.startswith("f:"):
            return False
        name = key[2:]
        if name not in desired or name not in live:
            return False
        if not _same(desired[name], live[name], fields[key], _below(others, key)):
            return False
    return True


def _same(desired: Any, live: Any, fields: Mapping[str, Any], others: Others) -> bool:
    if not fields:
        # Either all of it was applied as one, or as an empty map: then what others have in it is not ours.
        return same(desired, live) and not any(others)
    if isinstance(desired, dict):
        return _same_map(desired, live, fields, others)
    if isinstance(desired, list) and isinstance(live, list):
        return _same_list(desired, live, fields, others)
    return False


def _below(others: Others, key: str) -> Others:
    # Mostly nobody else has anything where we do.
    return [one[key] for one in others if key in one] if others else others


def _same_list(desired: list[Any], live: list[Any], fields: Mapping[str, Any], others: Others) -> bool:
    """Compare a list that merges: each element that we name has its own fields, in our order."""
    names = [key for key in fields if key != "."]
    if len(names) != len(desired):
        return False
    places: list[int] = []
    left = dict(fields)
    for item in desired:
        found = _element(item, names, live)
        if found is None:
            return False
        key, place = found
        inner = left.pop(key, None)
        if inner is None:
            return False
        if key.startswith("k:") and not _same(item, live[place], inner, _below(others, key)):
            return False
        places.append(place)
    return places == sorted(places)


def _element(item: Any, names: list[str], live: list[Any]) -> tuple[str, int] | None:
    for key in names:
        if key.startswith("k:") and isinstance(item, dict):
            wanted = json.loads(key[2:])
            # A key that the object leaves out (a port's protocol) has the type's default in the live object.
            place = _place(wanted, live)
            if place is not None and all(item.get(part, live[place][part]) == text for part, text in wanted.items()):
                return key, place
        elif key.startswith("v:") and same(json.loads(key[2:]), item):
            place = next((index for index, one in enumerate(live) if same(one, item)), None)
            if place is not None:
                return key, place
    return None


def _place(keys: Mapping[str, Any], live: list[Any]) -> int | None:
    for index, item in enumerate(live):
        if isinstance(item, dict) and all(part in item and item[part] == text for part, text in keys.items()):
            return index
    return None


def outlined(body: Body) -> Body:
    """Return an object's identity, labels and writers alone: ten thousand whole ones would not fit into 150 MB."""
    metadata = body["metadata"]
    entries = [{**one, "fieldsV1": {}} for one in metadata.get("managedFields") or ()]
    return {
        "apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": {**metadata, "managedFields": entries},
    }  # fmt: skip


def managers(body: Body) -> Iterator[tuple[str, str, str, Fields]]:
    """Yield (manager, operation, time, fields) of everyone who manages fields of an object, its status left out."""
    for entry in (body.get("metadata") or {}).get("managedFields") or ():
        if entry.get("subresource") != "status":
            yield (
                str(entry.get("manager") or "unknown"), str(entry.get("operation") or ""), str(entry.get("time") or ""),
                entry.get("fieldsV1") or {},
            )  # fmt: skip


def manages(fields: Mapping[str, Any], path: tuple[str | int, ...], body: Any) -> bool:
    """Tell whether fields cover the value at a path of a body (list elements by index)."""
    for part in path:
        if not fields:
            return True
        if isinstance(part, str):
            step = fields.get(f"f:{part}")
            body = body.get(part) if isinstance(body, dict) else None
        else:
            item = body[part] if isinstance(body, list) and part < len(body) else None
            step = next((inner for key, inner in fields.items() if _means(key, item)), None)
            body = item
        if step is None:
            return False
        fields = step
    return True


def places(fields: Mapping[str, Any], body: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where a body has values that fields cover, each for itself (list elements by index)."""
    if not fields:
        yield above
    for key, inner in fields.items():
        if isinstance(body, dict) and key[2:] in body and key.startswith("f:"):
            yield from places(inner, body[key[2:]], (*above, key[2:]))
        elif isinstance(body, list):
            index = next((number for number, item in enumerate(body) if _means(key, item)), None)
            if index is not None:
                yield from places(inner, body[index], (*above, index))


def _means(key: str, item: Any) -> bool:
    if key.startswith("k:") and isinstance(item, dict):
        return all(item.get(part) == text for part, text in json.loads(key[2:]).items())
    return key.startswith("v:") and bool(json.loads(key[2:]) == item)


def migrated(body: Body, manager: str) -> list[dict[str, Any]] | None:
    """Return managedFields in which what others wrote before is ours, as if we had applied it; None: nothing to do.

    Without it, fields that kubectl or Helm once wrote would stay for ever: they are not ours to remove (hazard K09).
    """
    entries = list((body.get("metadata") or {}).get("managedFields") or ())
    taken = [one for one in entries if one.get("manager") in BEFORE and not one.get("subresource")]
    if not taken:
        return None
    ours = entry_of(body, manager)
    merged: Fields = {}
    for one in [*taken, *([ours] if ours else [])]:
        merged = _union(merged, one.get("fieldsV1") or {})
    # What kubectl keeps of its last apply is none of ours, and goes.
    annotations = merged.get("f:metadata", {}).get("f:annotations", {})
    annotations.pop(f"f:{LAST_APPLIED}", None)
    newest = (ours or taken[-1])["apiVersion"]
    rest = [one for one in entries if one not in taken and one is not ours]
    made = {
        "manager": manager, "operation": "Apply", "apiVersion": newest, "fieldsType": "FieldsV1", "fieldsV1": merged,
        **({"time": taken[-1]["time"]} if "time" in taken[-1] else {}),
    }  # fmt: skip
    return [*rest, made]


def claimed(body: Body, manager: str, place: tuple[str, ...]) -> list[dict[str, Any]] | None:
    """Return managedFields in which a field is ours, as if we had applied it; None where we have applied nothing."""
    ours = entry_of(body, manager)
    if ours is None:
        return None
    tree: Fields = {}
    for name in reversed(place):
        tree = {f"f:{name}": tree}
    rest = [one for one in body["metadata"]["managedFields"] if one is not ours]
    return [*rest, {**ours, "fieldsV1": _union(ours.get("fieldsV1") or {}, tree)}]


def without_manager(body: Body, manager: str) -> list[dict[str, Any]]:
    """Return managedFields without what a manager applied or wrote, as the server takes them."""
    entries = (body.get("metadata") or {}).get("managedFields") or ()
    # The server keeps what it has when it gets an empty list; one empty entry clears them.
    return [one for one in entries if one.get("manager") != manager] or [{}]


def without_given_up(body: Body, manager: str) -> Body:
    """Return what a dry-run says an object becomes as it will be after the migration: without what only others wrote.

    Only an apply after the migration removes it, and a dry-run cannot see that one.
    """
    given_up: set[tuple[str, ...]] = set()
    kept: set[tuple[str, ...]] = set()
    for entry in (body.get("metadata") or {}).get("managedFields") or ():
        is_taken = entry.get("manager") in BEFORE and not entry.get("subresource") and entry.get("manager") != manager
        (given_up if is_taken else kept).update(_leaves(entry.get("fieldsV1") or {}))
    # A field above a kept one is still there, as a map or an element without the rest.
    kept = {path[:length] for path in kept for length in range(1, len(path) + 1)}
    tree: Fields = {}
    for path in given_up - kept:
        inner = tree
        for key in path:
            inner = inner.setdefault(key, {})
    tree.setdefault("f:metadata", {}).setdefault("f:annotations", {})[f"f:{LAST_APPLIED}"] = {}
    made: Body = _without(body, tree)
    return made


def _leaves(fields: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, inner in fields.items():
        if key == ".":
            yield path
        elif inner:
            yield from _leaves(inner, (*path, key))
        else:
            yield (*path, key)


def _without(body: Any, tree: Fields) -> Any:
    """Return a value without the leaves of a tree of fields; what becomes empty by that goes too."""
    if isinstance(body, dict):
        found = {}
        for key, item in body.items():
            inner = tree.get(f"f:{key}")
            left = item if inner is None else _without(item, inner) if inner else _GONE
            if left is not _GONE:
                found[key] = left
        return found if found or not body else _GONE
    if isinstance(body, list):
        rest = []
        for item in body:
            inner = next((inner for key, inner in tree.items() if _means(key, item)), None)
            left = item if inner is None else _without(item, inner) if inner else _GONE
            if left is not _GONE:
                rest.append(left)
        return rest if rest or not body else _GONE
    return body


_GONE = object()


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> Fields:
    found: Fields = {key: _union(inner, {}) for key, inner in one.items()}
    for key, inner in other.items():
        found[key] = _union(found.get(key, {}), inner)
    return found
