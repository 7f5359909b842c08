"""JSON patch (RFC 6902), all or nothing, with `[name=web]` in paths.

Stricter than the RFC where its leniency hides mistakes: unknown members are refused, not ignored; an empty list of
operations is refused; the whole document can be neither replaced nor removed; `test` tells 1, 1.0, true and "1" apart.
"""

from __future__ import annotations

from overlay.errors import LimitError, OverlayError, PatchError, raise_all
from overlay.merge.pointer import PointerError, format_pointer, list_index, lookup, parse_pointer
from overlay.merge.same import same, type_name
from overlay.model.value import value
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.model.contents import Locate

    Key = str | int

MAX_OPERATIONS = 10_000
MAX_RESULT = 1_000_000
MAX_DEPTH = 100
_MEMBERS = {
    "add": ("op", "path", "value"),
    "remove": ("op", "path"),
    "replace": ("op", "path", "value"),
    "move": ("op", "path", "from"),
    "copy": ("op", "path", "from"),
    "test": ("op", "path", "value"),
}


@value
class Operation:
    """One checked operation; `source` is its `from`."""

    index: int
    op: str
    path: tuple[str, ...]
    text: str
    source: tuple[str, ...]
    source_text: str
    value: Any


def parse_operations(content: Any, locate: Locate) -> tuple[Operation, ...]:
    """Check the form of a patch's operations.

    Raises PatchError for each that is wrong, LimitError for too many.
    """
    if not isinstance(content, list):
        raise PatchError(f"a JSON patch is a list of operations, found {type_name(content)}", location=locate(()))
    if not content:
        raise PatchError("a JSON patch without operations does nothing", location=locate(()), hint="remove it")
    if len(content) > MAX_OPERATIONS:
        raise LimitError(f"more than {MAX_OPERATIONS} operations in a JSON patch", location=locate(()))
    operations: list[Operation] = []
    errors: list[OverlayError] = []
    for index, item in enumerate(content):
        try:
            operations.append(_parse(index, item, locate))
        except PatchError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(operations)


def _parse(index: int, item: Any, locate: Locate) -> Operation:
    def wrong(message: str, member: str | None = None, hint: str | None = None) -> PatchError:
        place = locate((index,) if member is None else (index, member))
        return PatchError(f"operation {index}: {message}", location=place, hint=hint)

    if not isinstance(item, dict):
        raise wrong(f"a map with op and path is expected, found {type_name(item)}")
    op = item.get("op")
    if "op" not in item:
        raise wrong("op is missing", hint=f"it can be {', '.join(_MEMBERS)}")
    if not isinstance(op, str) or op not in _MEMBERS:
        hint = did_you_mean(str(op), _MEMBERS) or f"it can be {', '.join(_MEMBERS)}"
        raise wrong(f"op {op!r} is unknown", "op", hint)
    members = _MEMBERS[op]
    for member in item:
        if member not in members:
            hint = did_you_mean(member, members) or f"{op} takes {', '.join(members[1:])}"
            raise wrong(f"{op} has no member {member!r}", member, hint)
    for member in members:
        if member not in item:
            raise wrong(f"{op} needs {member}")
    pointers = {}
    for member in ("path", "from"):
        text = item.get(member, "")
        if not isinstance(text, str):
            raise wrong(f"{member} must be a string, found {type_name(text)}", member)
        try:
            pointers[member] = parse_pointer(text)
        except PointerError as error:
            shown = text if len(text) <= 80 else text[:77] + "..."
            raise wrong(f"{member} {shown!r} {error}", member) from None
    path, source = pointers["path"], pointers["from"]
    if not path and op != "test":
        raise wrong(f"{op} of the whole object is not allowed", "path", "name the field that is meant")
    if op == "move" and not source:
        raise wrong("the whole object cannot be moved into itself", "from")
    return Operation(index, op, path, item["path"], source, item.get("from", ""), item.get("value"))


def json_patch(document: Any, operations: tuple[Operation, ...], locate: Locate) -> Any:
    """Return the document after all operations: the same value when nothing changes; the given one is never changed.

    Raises PatchError at the first operation that fails, with the nearest place that exists; LimitError for a result
    that grows too large.
    """
    result = document
    budget = MAX_RESULT
    deeper = False
    for operation in operations:
        try:
            if operation.op in ("copy", "add", "replace"):
                added = _source(result, operation)[1] if operation.op == "copy" else operation.value
                budget -= _size(added, budget)
                deeper = deeper or isinstance(added, (dict, list))
            deeper = deeper or operation.op == "move"
            result = _apply(result, operation)
        except PointerError as error:
            raise _explain(error, operation, locate) from None
        except LimitError as error:
            message = f"operation {operation.index}: {error.message}"
            raise LimitError(message, location=locate((operation.index,))) from None
    if deeper and _deeper_than(result, MAX_DEPTH):
        raise LimitError(f"the result is nested deeper than {MAX_DEPTH}", location=locate(()))
    return document if same(document, result) else result


def _apply(document: Any, operation: Operation) -> Any:
    if operation.op == "test":
        found = lookup(document, operation.path)[1]
        if not same(found, operation.value):
            raise PointerError(f"is {_shown(found)}, the test expects {_shown(operation.value)}")
        return document
    if operation.op == "add":
        return _add(document, operation.path, operation.value)
    if operation.op == "remove":
        return _change(document, operation.path, _removed)
    if operation.op == "replace":
        return _change(document, operation.path, lambda parent, key: _replaced(parent, key, operation.value))
    at, moved = _source(document, operation)
    if operation.op == "copy":
        return _add(document, operation.path, moved)
    if operation.path == operation.source:
        return document
    # RFC 6902, 4.4: remove first, then add at the path as it is then.
    without = _change(document, tuple([str(part) for part in at]), _removed)
    return _add(without, operation.path, moved)


def _source(document: Any, operation: Operation) -> tuple[tuple[Key, ...], Any]:
    try:
        at, found = lookup(document, operation.source)
    except PointerError as error:
        error.member = "from"
        raise
    if operation.op == "move":
        # A selector and an index may name the same element, so compare where both lead.
        try:
            target = lookup(document, operation.path[: len(operation.source)])[0]
        except PointerError:
            target = ()
        if target == at and len(operation.path) > len(at):
            raise PointerError(f"lies inside {operation.source_text}, which is moved")
    return at, found


def _add(document: Any, parts: tuple[str, ...], item: Any) -> Any:
    """Return a copy of the document with the item added at the end of the path."""
    at, container = lookup(document, parts[:-1])
    if isinstance(container, dict):
        return _put(document, at, {**container, parts[-1]: item})
    if isinstance(container, list):
        index = list_index(parts[-1], container, at, adding=True)
        return _put(document, at, [*container[:index], item, *container[index:]])
    raise PointerError(f"leads into {format_pointer(at) or 'the root'}, which is {type_name(container)}")


def _change(document: Any, parts: tuple[str, ...], act: Callable[[Any, Key], Any]) -> Any:
    """Return a copy of the document in which the container of the path's end went through `act(container, key)`."""
    at, _ = lookup(document, parts)
    container = document
    for key in at[:-1]:
        container = container[key]
    return _put(document, at[:-1], act(container, at[-1]))


def _put(document: Any, at: tuple[Key, ...], item: Any) -> Any:
    if not at:
        return item
    return _replaced(document, at[0], _put(document[at[0]], at[1:], item))


def _replaced(container: Any, key: Key, item: Any) -> Any:
    copy = dict(container) if isinstance(container, dict) else list(container)
    copy[key] = item  # type: ignore[index]
    return copy


def _removed(container: Any, key: Key) -> Any:
    copy = dict(container) if isinstance(container, dict) else list(container)
    del copy[key]  # type: ignore[arg-type]
    return copy


def _size(item: Any, most: int) -> int:
    """Count the values in an item, giving up above `most`: copies of copies share memory, but not output."""
    count = 0
    stack = [item]
    while stack:
        each = stack.pop()
        count += 1
        if count > most:
            raise LimitError(f"the patch adds more than {MAX_RESULT} values")
        if isinstance(each, dict):
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)
    return count


def _deeper_than(item: Any, most: int) -> bool:
    level = [item]
    for _ in range(most + 1):
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _shown(item: Any) -> str:
    if isinstance(item, (dict, list)) or item is None:
        return type_name(item)
    return str(item).lower() if isinstance(item, bool) else repr(item)[:60]


def _explain(error: PointerError, operation: Operation, locate: Locate) -> PatchError:
    text = operation.source_text if error.member == "from" else operation.text
    hint = did_you_mean(error.wanted, error.known) if error.wanted else None
    if hint is None and error.known:
        hint = f"there is {', '.join(sorted(error.known)[:10])}"
    near = f"; the nearest that exists is {error.nearest or 'the root'}" if error.nearest is not None else ""
    return PatchError(
        f"operation {operation.index} ({operation.op}): {text or 'the whole object'} {error}{near}",
        location=locate((operation.index, error.member)),
        hint=hint,
    )
