"""Objects by kind and name, so that a patch looks only at those that it can mean."""

from __future__ import annotations

from overlay.merge.targets import effective_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overlay.merge.targets import Matcher
    from overlay.model.resource import Resource


class Index:
    """The objects of one run of patches; identities do not change, bodies and presence do."""

    def __init__(self, objects: Sequence[Resource]) -> None:
        self._objects: list[Resource | None] = list(objects)
        self._by_kind: dict[str, dict[str, list[int]]] = {}
        for at, resource in enumerate(objects):
            pairs = {(identity.kind, identity.name): None for identity in resource.answers_to()}
            for kind, name in pairs:
                self._by_kind.setdefault(kind, {}).setdefault(name, []).append(at)

    def at(self, position: int) -> Resource:
        """Return the object at a position that a search returned."""
        resource = self._objects[position]
        if resource is None:
            raise LookupError(position)
        return resource

    def has(self, position: int) -> bool:
        """Tell whether the object at a position is still there."""
        return self._objects[position] is not None

    def put(self, position: int, resource: Resource) -> None:
        self._objects[position] = resource

    def remove(self, position: int) -> None:
        self._objects[position] = None

    def objects(self) -> tuple[Resource, ...]:
        return tuple([resource for resource in self._objects if resource is not None])

    def _present(self, positions: Iterable[int]) -> list[int]:
        return [at for at in sorted(set(positions)) if self._objects[at] is not None]

    def named(self, group: str, kind: str, name: str, namespace: str) -> list[int]:
        """Return the positions of the objects of this name; without a namespace, in any."""
        return [
            at
            for at in self._present(self._by_kind.get(kind, {}).get(name, ()))
            if any(
                identity.group == group
                and identity.kind == kind
                and identity.name == name
                and (not namespace or namespace == effective_namespace(identity))
                for identity in self.at(at).answers_to()
            )
        ]

    def matching(self, matcher: Matcher) -> list[int]:
        """Return the positions of the objects that a target means."""
        candidates: list[int] = []
        name = matcher.name.literal
        for kind, names in self._by_kind.items():
            if not matcher.kind.accepts(kind):
                continue
            if name:
                candidates.extend(names.get(name, ()))
            else:
                for positions in names.values():
                    candidates.extend(positions)
        return [at for at in self._present(candidates) if matcher.matches(self.at(at))]

    def names(self) -> tuple[list[str], list[str]]:
        """Return the kinds, and `Kind/name` of every object, sorted."""
        kinds: set[str] = set()
        labels: set[str] = set()
        for kind, names in self._by_kind.items():
            for name, positions in names.items():
                if self._present(positions):
                    kinds.add(kind)
                    labels.add(f"{kind}/{name}")
        return sorted(kinds), sorted(labels)
