"""One change of a project's texts that may make them shorter: what it is about, and how it is made."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overlay.dedupe.factor.sheet import Sheet


@value(kw_only=True)
class Moved:
    """What a step does, for a reader.

    what: the entry. how: `moved`, `dropped` or `merged`. origins: the documents that had it. home: where it is now.
    """

    what: str
    how: str
    origins: tuple[str, ...]
    home: str


@value(kw_only=True)
class Step:
    """A change to try. key: names it, so that what failed is not tried again.

    apply: makes it; raises OverlayError where the texts are written in a way that forbids it.
    parts: narrower steps, to try where this one is no gain.
    """

    key: tuple[object, ...]
    apply: Callable[[Sheet], list[Moved]]
    parts: tuple[Step, ...] = ()


@value(kw_only=True)
class Proof:
    """All environments, built with a sheet's changes.

    wrong: what is not as it was; empty when all is. layers: of each environment, the paths of its documents.
    parents: of each document, what it extends and what components it has. read: all files that were read.
    idle: places (file, line) of patches that change nothing, each with the environments in which they do not.
    """

    wrong: str
    layers: Mapping[str, tuple[str, ...]]
    parents: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    read: frozenset[str]
    idle: Mapping[tuple[str, int], frozenset[str]]

    def children(self, home: str) -> tuple[str, ...]:
        """Return the documents that extend one, sorted."""
        return tuple(sorted([path for path, (extends, _) in self.parents.items() if home in extends]))

    def users(self, component: str) -> tuple[str, ...]:
        return tuple(sorted([path for path, (_, components) in self.parents.items() if component in components]))

    def with_layer(self, document: str) -> frozenset[str]:
        """Return the environments that a document is a layer of."""
        return frozenset([name for name, layers in self.layers.items() if document in layers])
