"""Which objects of environments are the same one: by name, name without the environment's word, or content."""

from __future__ import annotations

from overlay.dedupe.assignment import assign
from overlay.dedupe.environments import tokens
from overlay.kube.leaves import leaves
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.dedupe.fixes import Fixed
    from overlay.dedupe.member import Member, Piece

# Two objects of one kind whose names tell nothing are the same one when they share this part of their fields.
LEAST_ALIKE = 0.6
_SAME_WORD = (
    ("dev", "devel", "develop", "development"),
    ("prod", "prd", "pro", "production", "live"),
    ("stage", "staging", "stg"),
    ("test", "tst", "testing"),
    ("preprod", "preproduction", "pre"),
)
_FAMILY = {word: family[0] for family in _SAME_WORD for word in family}
BY_NAME, BY_WORD, BY_CONTENT, BY_FILE = "name", "word", "content", "file"


@value(kw_only=True)
class Slot:
    """One object as the environments have it.

    pieces: by environment. how: why each is taken for the same object. alike: of those matched by content, how much.
    """

    pieces: dict[str, Piece]
    how: dict[str, str]
    alike: dict[str, float]


class Words:
    """The words that stand for one environment in names, and texts without them."""

    def __init__(self, member: Member) -> None:
        own = [part.lower() for part in tokens(member.name) if part]
        self._own = frozenset([_FAMILY.get(word, word) for word in own if word.isalnum()])
        self._known: dict[str, str] = {}

    def without(self, text: str) -> str:
        """Return a text without the environment's word: `shop-dev` and `dev-shop` give `shop`."""
        known = self._known.get(text)
        if known is None:
            kept = [part for part in tokens(text) if part.isalnum() and not self.means(part)]
            known = self._known[text] = "-".join(kept) or text
        return known

    def means(self, word: str) -> bool:
        lowered = word.lower()
        return _FAMILY.get(lowered, lowered) in self._own


def match(members: Sequence[Member], fixed: Fixed | None = None) -> list[Slot]:
    """Return every object once, with what each environment has of it.

    fixed: what the user says about some of them. The order of members does not matter: they are taken by name.
    """
    ordered = sorted(members, key=lambda member: member.name)
    words = {member.name: Words(member) for member in ordered}
    keyed = [(member.name, *found) for member in ordered for found in _keyed(member, words[member.name])]
    slots: dict[tuple[str, ...], Slot] = {}
    placed, alone = _placed(keyed, fixed)
    # What the user has placed comes first, so that nothing else of its environment takes the place.
    for name, own, piece, how in sorted(keyed, key=lambda one: id(one[2]) not in placed):
        key = placed.get(id(piece), own)
        is_taken = key in slots and name in slots[key].pieces
        slot = slots.setdefault((*key, name) if is_taken else key, Slot(pieces={}, how={}, alike={}))
        slot.pieces[name] = piece
        slot.how[name] = BY_FILE if id(piece) in placed else how
    apart = [slot for slot in slots.values() if any(id(piece) in alone for piece in slot.pieces.values())]
    found = _by_content([slot for slot in slots.values() if slot not in apart], ordered, words) + apart
    for slot in found:
        _explain(slot)
    return found


def _placed(
    keyed: Sequence[tuple[str, tuple[str, ...], Piece, str]], fixed: Fixed | None
) -> tuple[dict[int, tuple[str, ...]], frozenset[int]]:
    """Return the keys of the pieces that the user has placed, and those that are like no other, by `id`."""
    if fixed is None:
        return {}, frozenset()
    keys = {id(piece): key for _, key, piece, _ in keyed}
    placed = {id(piece): (*keys[id(piece)][:3], f"alone {at}") for at, piece in enumerate(fixed.alone)}
    for pieces in fixed.same:
        placed.update({id(piece): keys[id(pieces[0])] for piece in pieces})
    return placed, frozenset(map(id, fixed.alone))


def _keyed(member: Member, words: Words) -> list[tuple[tuple[str, ...], Piece, str]]:
    """Return each object under the key that it shares with its like: its full name where the short one is taken."""
    short: dict[tuple[str, ...], list[Piece]] = {}
    key: tuple[str, ...]
    for piece in member.pieces:
        identity = piece.id
        name = identity.name
        if identity.kind != "Namespace":
            name = words.without(name)
        key = (identity.group, identity.version, identity.kind, words.without(identity.namespace), words.without(name))
        short.setdefault(key, []).append(piece)
    found: list[tuple[tuple[str, ...], Piece, str]] = []
    for key, pieces in short.items():
        if len(pieces) == 1:
            found.append((key, pieces[0], BY_WORD))
            continue
        # Two of one environment would be the same one: only their full names tell.
        found += [((*key[:3], piece.id.namespace, piece.id.name, "exactly"), piece, BY_NAME) for piece in pieces]
    return found


def _by_content(slots: list[Slot], members: Sequence[Member], words: dict[str, Words]) -> list[Slot]:
    """Join objects that only one environment has under their names with the most similar ones of the others."""
    kinds: dict[tuple[str, str, str], list[Slot]] = {}
    for slot in slots:
        identity = next(iter(slot.pieces.values())).id
        kinds.setdefault((identity.group, identity.version, identity.kind), []).append(slot)
    facts: dict[int, frozenset[Any]] = {}

    def of(slot: Slot) -> frozenset[Any]:
        known = facts.get(id(slot))
        if known is None:
            name, piece = next(iter(slot.pieces.items()))
            known = facts[id(slot)] = facts_of(piece, words[name])
        return known

    gone: set[int] = set()
    # Objects that several environments have come first: they are the likelier to miss one that is called otherwise.
    for same_kind, least in [(slots, least) for slots in kinds.values() for least in (2, 1)]:
        for member in members:
            alone = [slot for slot in same_kind if id(slot) not in gone and list(slot.pieces) == [member.name]]
            open_slots = [
                slot
                for slot in same_kind
                if id(slot) not in gone and member.name not in slot.pieces and len(slot.pieces) >= least
            ]
            if not alone or not open_slots:
                continue
            weights = [[_alike(of(one), of(other), len(other.pieces)) for other in open_slots] for one in alone]
            for row, column in assign(weights):
                one, other = alone[row], open_slots[column]
                other.pieces[member.name] = one.pieces[member.name]
                other.how[member.name] = BY_CONTENT
                other.alike[member.name] = round(weights[row][column], 2)
                gone.add(id(one))
    return [slot for slot in slots if id(slot) not in gone]


def facts_of(piece: Piece, words: Words) -> frozenset[Any]:
    """Return an object's fields and values, but for its name."""
    found = []
    for path, item in leaves(piece.body, None):
        if path[:2] in (("metadata", "name"), ("metadata", "namespace")) or path[0] in ("apiVersion", "kind"):
            continue
        found.append((path, words.without(item) if isinstance(item, str) else repr(item)))
    return frozenset(found)


def _alike(one: frozenset[Any], other: frozenset[Any], environments: int) -> float:
    """Return which part of their fields two objects share; of equals the one that more environments have wins."""
    shared = len(one & other)
    part = shared / len(one | other) if shared else 0.0
    return part + 1e-6 * environments if part >= LEAST_ALIKE else 0.0


def _explain(slot: Slot) -> None:
    """Say `name` instead of `word` where no word had to be taken out."""
    names = {piece.id.name for piece in slot.pieces.values()}
    for environment, how in slot.how.items():
        if how == BY_WORD and len(names) == 1:
            slot.how[environment] = BY_NAME
