"""Objects made from Kubernetes' types, right ones and wrong ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from overlay.kube.types import Type, Types

WRONG: tuple[Any, ...] = (None, True, 3, 3.0, 1.5, "three", "", [], {}, [None], {"a": None}, [{}], {"name": 3}, 2**40)
SCALARS: dict[str, tuple[Any, ...]] = {
    "string": ("", "web", "a-b"),
    "integer": (0, 1, 80),
    "number": (0.5, 2),
    "boolean": (True, False),
    "quantity": ("1", "128Mi", 1, 0.5, "1e3"),
    "int-or-string": (80, "http", "25%"),
    "any": (None, {}, "x", [1]),
}
FORMATTED = {"date-time": ("2026-01-31T12:00:00Z",), "byte": ("aGk=", ""), "int32": (1, 2), "int64": (1, 2**40)}


@st.composite
def right(draw: st.DrawFn, of: Type, depth: int = 0) -> Any:
    """Draw a value that a type accepts; rarely more than a few fields, deep ones less."""
    if of.nullable and draw(st.integers(0, 19)) == 0:
        return None
    if of.enum:
        return draw(st.sampled_from(of.enum))
    if of.form in SCALARS:
        return draw(st.sampled_from(FORMATTED.get(of.format, SCALARS[of.form])))
    if of.form == "list":
        count = draw(st.integers(0, 2 if depth < 8 else 0))
        return [draw(right(of.element(), depth + 1)) for _ in range(count)]
    if of.form == "map":
        names = draw(st.lists(st.sampled_from(("app", "tier", "cpu")), max_size=2, unique=True))
        element = of.element()
        return {name: draw(right(element, depth + 1)) if element else "x" for name in names}
    names = sorted(of.fields)
    most = 4 if depth < 5 else 1 if depth < 9 else 0
    chosen = draw(st.lists(st.sampled_from(names), max_size=most, unique=True)) if names and most else []
    return {name: draw(right(of.field(name), depth + 1)) for name in sorted({*chosen, *of.required})}


@st.composite
def objects(draw: st.DrawFn, types: Types, kinds: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    """Draw an object of one of the kinds, as often wrong as right."""
    group, version, kind = draw(st.sampled_from(kinds))
    root = types.root(group, version, kind)
    body = draw(right(root))
    body["apiVersion"] = f"{group}/{version}" if group else version
    body["kind"] = kind
    # Three in four are changed somewhere; a change may be harmless.
    for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
        path = draw(
            st.sampled_from([path for path in places(body) if path not in (("apiVersion",), ("kind",))] or [()])
        )
        if path:
            body = changed(body, path, draw(st.sampled_from(CHANGES))(draw(st.sampled_from(WRONG))))
    return body


def put(wrong: Any) -> Any:
    return lambda container, key: container.__setitem__(key, wrong)


def misspell(_: Any) -> Any:
    def act(container: Any, key: Any) -> None:
        if isinstance(container, dict):
            container[f"{key}x"] = container.pop(key)

    return act


def drop(_: Any) -> Any:
    return lambda container, key: container.pop(key)


def more(wrong: Any) -> Any:
    def act(container: Any, key: Any) -> None:
        if isinstance(container, dict):
            container["extra"] = wrong
        else:
            container.append(wrong)

    return act


CHANGES = (put, put, misspell, drop, more)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value below one."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


def changed(value: Any, path: tuple[Any, ...], act: Any) -> Any:
    """Return a copy in which `act(container, key)` changed one place."""
    if len(path) == 1:
        copy = dict(value) if isinstance(value, dict) else list(value)
        act(copy, path[0])
        return copy
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], act)
    return copy
