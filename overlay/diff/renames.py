"""Objects that came and went, paired where one looks like the other under a new name."""

from __future__ import annotations

from collections import Counter

from overlay.kube.leaves import leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.kube.types import Types
    from overlay.model.resource import Resource

    Pair = tuple[Resource | None, Resource | None]

# What two objects must have in common of all that both have.
LEAST = 0.6
# So many of one kind are compared each with each.
MOST = 100
_IDENTITY = (("metadata", "name"), ("metadata", "namespace"), ("apiVersion",), ("kind",))


def with_renames(pairs: Sequence[Pair], types: Types) -> list[Pair]:
    """Return the pairs with those put together that are the same object under another name; the most alike first."""
    came = [new for old, new in pairs if old is None and new is not None]
    gone = [old for old, new in pairs if new is None and old is not None]
    partners = {id(new): old for old, new in _alike(gone, came, types)}
    taken = {id(old) for old in partners.values()}
    return [
        (partners.get(id(new)) if old is None else old, new)
        for old, new in pairs
        if new is not None or id(old) not in taken
    ]


def _alike(
    gone: Sequence[Resource], came: Sequence[Resource], types: Types
) -> list[tuple[Resource, Resource]]:  # fmt: skip
    kinds: dict[tuple[str, str], tuple[list[Resource], list[Resource]]] = {}
    for at, some in enumerate((gone, came)):
        for one in some:
            kinds.setdefault((one.id.group, one.id.kind), ([], []))[at].append(one)
    found: list[tuple[Resource, Resource]] = []
    for olds, news in kinds.values():
        if not olds or not news or max(len(olds), len(news)) > MOST:
            continue
        before, after = ([_content(one, types) for one in some] for some in (olds, news))
        scores = [
            (-_likeness(mine, other), one, two) for one, mine in enumerate(before) for two, other in enumerate(after)
        ]
        left, right = set(range(len(olds))), set(range(len(news)))
        for score, at, to in sorted(scores):
            if -score >= LEAST and at in left and to in right:
                left.remove(at)
                right.remove(to)
                found.append((olds[at], news[to]))
    return found


def _content(one: Resource, types: Types) -> Counter[str]:
    kind = types.root(one.id.group, one.id.version, one.id.kind)
    return Counter([repr(leaf) for leaf in leaves(one.body, kind) if leaf[0] not in _IDENTITY])


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0
