"""What a draft is made of: shared objects, what each environment changes, and what the base says for all of them."""

from __future__ import annotations

from overlay.dedupe.keys import Move
from overlay.dedupe.matching import Slot
from overlay.dedupe.member import Piece
from overlay.dedupe.rules import Rule
from overlay.model.resource import Body, ObjectId, Resource
from overlay.model.value import field, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from overlay.kube.leaves import Path

    # Names one object of a group: (environment, identity) of everything that was taken for it.
    Key: TypeAlias = tuple[object, ...]


@value(kw_only=True)
class Shared:
    """An object of the base, or of a component.

    home: empty for the base, else the names of the component's environments, joined by `+`.
    first: the object as the base has it. pieces: as the environments wrote it, the preferred one first.
    """

    slot: Slot
    home: str
    first: Resource
    pieces: tuple[Piece, ...]
    key: Key


@value(kw_only=True)
class Change:
    """A text of a shared object that follows each environment's namespace or name."""

    shared: Shared
    path: Path
    rule: Rule


@value(kw_only=True)
class Rename:
    """What one environment calls an object otherwise: field is `name` or `namespace`.

    paths: further fields of the object that hold the same text.
    """

    shared: Shared
    field: str
    before: str | None
    after: str
    paths: tuple[Path, ...] = ()


@value(kw_only=True)
class Words:
    """Words in a long text that one environment has otherwise."""

    shared: Shared
    path: Path
    before: str
    after: str


class Part:
    """What one environment adds to the shared objects; filled step by step while the draft is made.

    objects: as the settings so far make them, the shared ones first. wanted: the bodies that they must get.
    unfit: objects that no patch can make right. patches: (object, how the patch is called, its content).
    """

    def __init__(
        self,
        *,
        name: str,
        space: str | None,
        shared: list[Shared],
        absent: list[Shared],
        renames: list[Rename],
        unfit: list[Shared],
        objects: list[Resource],
        wanted: list[Body],
    ) -> None:
        self.name = name
        self.space = space
        self.shared = shared
        self.absent = absent
        self.renames = renames
        self.unfit = unfit
        self.objects = objects
        self.wanted = wanted
        self.labels: dict[str, str] = {}
        self.images: list[dict[str, str]] = []
        self.replicas: list[dict[str, Any]] = []
        self.words: list[Words] = []
        self.moves: list[tuple[Shared, Move]] = []
        self.patches: list[tuple[Shared, str, Any]] = []


@value(kw_only=True)
class Draft:
    """A whole group: shared objects, rules of the base and its components, environments' parts and own objects.

    bodies: of shared objects whose rules need another text in the base than theirs, by `id`.
    """

    shared: tuple[Shared, ...]
    rules: tuple[Change, ...]
    parts: dict[str, Part]
    bodies: dict[int, Body]
    own: dict[str, list[Piece]] = field(default_factory=dict)


def key_of(slot: Slot) -> Key:
    return tuple(sorted((name, piece.id.key) for name, piece in slot.pieces.items()))


def is_namespace(identity: ObjectId) -> bool:
    return identity.kind == "Namespace" and not identity.group
