"""What a user's own test says: what has to be true of the objects of some environments."""

from __future__ import annotations

from overlay.model.location import Location
from overlay.model.project import FieldRule
from overlay.model.spec import Expect, Target
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@value(kw_only=True)
class Assertion:
    """One entry of `assertions`.

    way: `exists`, `absent`, `equals`, `schema` or `expression`. content: the value, the schema as it is written, or
    the expression. target: the objects that are meant; None for an expression over all of them. field: as it is
    written; parts: as it is read.
    """

    location: Location
    way: str
    target: Target | None = None
    expect: Expect = Expect(1, None)
    field: str = ""
    parts: tuple[Any, ...] = ()
    content: Any = None
    message: str = ""


@value(kw_only=True)
class Golden:
    """`golden`: the objects that are kept in a file, and the fields that are not."""

    location: Location
    target: Target | None = None
    ignored: tuple[FieldRule, ...] = ()


@value(kw_only=True)
class Test:
    """`tests/NAME.yaml`; environments: names, or patterns of names, each with its place; all of them when empty."""

    name: str
    location: Location
    environments: tuple[tuple[str, Location], ...] = ()
    golden: Golden | None = None
    assertions: tuple[Assertion, ...] = ()
