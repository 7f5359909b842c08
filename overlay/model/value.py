"""Frozen, slotted value classes: what `@dataclass(frozen=True, slots=True)` gives, without its cost at import.

The standard decorator imports `inspect` and compiles six functions for every class: 25 ms for our forty, half of what
a whole `overlay render` may take. This one makes closures. Type checkers see dataclasses (PEP 681).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, dataclass_transform, overload

    T = TypeVar("T")
else:

    def dataclass_transform(**_):  # noqa: ANN003, ANN201
        return lambda function: function

    def overload(function):  # noqa: ANN001, ANN201
        return function


class _Factory:
    """A default that is made afresh for every instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], Any]) -> Any:
    """Give a field a default that is made afresh for every instance."""
    return _Factory(default_factory)


@overload
def value(cls: type[T], /) -> type[T]: ...
@overload
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...  # noqa: F811
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: Any = None, /, *, kw_only: bool = False) -> Any:  # noqa: F811  # our own overload is none to ruff
    """Make a class a frozen value: its annotated fields are its arguments, its equality and its hash."""
    if cls is None:
        return lambda real: _make(real, kw_only=kw_only)
    return _make(cls, kw_only=kw_only)


def replace(instance: T, /, **changes: Any) -> T:
    """Return a copy of a value with some fields changed."""
    names = instance.__match_args__  # type: ignore[attr-defined]
    for name in changes:
        if name not in names:
            raise TypeError(f"{type(instance).__name__} has no field {name}")
    return type(instance)(**{name: changes[name] if name in changes else getattr(instance, name) for name in names})


def _make(cls: Any, *, kw_only: bool) -> Any:
    namespace = dict(cls.__dict__)
    names = tuple(namespace.get("__annotations__", ()))
    defaults = {name: namespace.pop(name) for name in names if name in namespace}
    namespace.pop("__dict__", None)
    namespace.pop("__weakref__", None)
    namespace["__slots__"] = names
    namespace["__match_args__"] = names
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    setters = tuple(made.__dict__[name].__set__ for name in names)
    pairs = tuple(zip(names, setters, strict=True))
    count = len(names)
    label = cls.__qualname__

    def __init__(self: Any, *args: Any, **fields: Any) -> None:  # noqa: N807
        given = len(args)
        if given == count and not fields:
            for put, item in zip(setters, args, strict=True):
                put(self, item)
            return
        if given > (0 if kw_only else count):
            raise TypeError(f"{label} takes {'keywords only' if kw_only else f'{count} arguments at most'}")
        for put, item in zip(setters[:given], args, strict=True):
            put(self, item)
        used = 0
        for name, put in pairs[given:]:
            if name in fields:
                put(self, fields[name])
                used += 1
            elif name in defaults:
                default = defaults[name]
                put(self, default.make() if default.__class__ is _Factory else default)
            else:
                raise TypeError(f"{label} misses {name}")
        if used != len(fields):
            wrong = [name for name in fields if name not in names[given:]]
            raise TypeError(f"{label} has no field {', '.join(wrong)}, or it was given twice")

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        if other.__class__ is not made:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(tuple([getattr(self, name) for name in names]))

    def __repr__(self: Any) -> str:  # noqa: N807
        return f"{label}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"

    def __setattr__(_: Any, name: str, __: Any) -> None:  # noqa: N807
        raise AttributeError(f"{label}.{name} cannot be assigned: values are frozen")

    def __delattr__(_: Any, name: str) -> None:  # noqa: N807
        raise AttributeError(f"{label}.{name} cannot be deleted: values are frozen")

    def __reduce__(self: Any) -> Any:  # noqa: N807
        return _restore, (made, tuple([getattr(self, name) for name in names]))

    for function in (__init__, __eq__, __hash__, __repr__, __setattr__, __delattr__, __reduce__):
        if function.__name__ not in namespace:
            setattr(made, function.__name__, function)
    return made


def _restore(cls: Any, items: tuple[Any, ...]) -> Any:
    return cls(**dict(zip(cls.__match_args__, items, strict=True)))
