"""Try one change after the other: what makes the project shorter and every environment the same is kept."""

from __future__ import annotations

import posixpath

from overlay.dedupe.factor.homes import gather, home_of
from overlay.dedupe.factor.lift import patch_label, shared_by_all, shared_by_some, together
from overlay.dedupe.factor.manifests import copied, copies
from overlay.dedupe.factor.near import nearly_copied
from overlay.dedupe.factor.patches import merged, shared_parts
from overlay.dedupe.factor.sheet import Sheet, lines_of
from overlay.dedupe.factor.slots import joined, spec_of
from overlay.dedupe.factor.step import Moved, Step
from overlay.dedupe.factor.values import shared_values
from overlay.errors import OverlayError
from overlay.model.value import value
from overlay.yaml import read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from overlay.dedupe.factor.step import Proof
    from overlay.kube.types import Types

    # (changes by path) → all environments, built with them
    Prover = Callable[[Mapping[str, bytes | None]], Proof]

MOST_ROUNDS = 50


@value(kw_only=True)
class Factored:
    """What came of it.

    changes: files with their new bytes; None: it goes. moved: what was moved, dropped and merged, in this order.
    lines: of each document's folder, before and after.
    """

    changes: dict[str, bytes | None]
    moved: tuple[Moved, ...]
    lines: dict[str, tuple[int, int]]


class Search:
    """The project's texts with what was found so far."""

    def __init__(self, read: Callable[[str], bytes | None], prover: Prover, top: str, types: Types) -> None:
        """`top`: the environments folder."""
        self.sheet = Sheet(read)
        self.prover = prover
        self.top = top
        self.types = types
        self.first = self.proof = prover({})
        self.moved: list[Moved] = []
        self._tried: set[tuple[object, ...]] = set()

    def run(self) -> Factored:
        """Return the shortest that was found; the same project, the same answer."""
        for _ in range(MOST_ROUNDS):
            self._tried.clear()  # what was no gain before can be one now
            gains = [self._all(each) for each in (self._idle, self._merged, self._up, self._aside)]
            if not any(gains):
                break
        lines = own_lines(self.sheet, self.proof, self.first)
        return Factored(changes=dict(sorted(self.sheet.changes.items())), moved=tuple(self.moved), lines=lines)

    def _all(self, steps: Callable[[], Iterable[Step]]) -> bool:
        """Take steps of one kind until none is left that is a gain; tell whether there was one."""
        gained = False
        while any(self._take(step) for step in steps()):
            gained = True
        return gained

    def _take(self, step: Step) -> bool:
        if step.key in self._tried:
            return any(self._take(part) for part in step.parts)
        self._tried.add(step.key)
        sheet = self.sheet.copy()
        try:
            moved = step.apply(sheet)
            proof = self.prover(sheet.changes) if sheet.grown() < self.sheet.grown() else None
        except OverlayError:
            proof = None
        if proof is None or proof.wrong:
            return any(self._take(part) for part in step.parts)
        self.sheet, self.proof = sheet, proof
        self.moved += moved
        return True

    def _documents(self) -> list[str]:
        return sorted([path for path in self.proof.parents if not path.startswith("<")])

    def _idle(self) -> Iterator[Step]:
        """Yield patches that change nothing in any environment that has them."""
        for document in self._documents():
            having = self.proof.with_layer(document)
            entries = spec_of(self.sheet, document).get("patches")
            if not isinstance(entries, list) or not any(file == document for file, _ in self.proof.idle):
                continue
            found = read_mapping(self.sheet.text(document), document)
            for at, entry in enumerate(entries):
                place = found.location(("spec", "patches", at))
                if having <= self.proof.idle.get((place.file, place.line), frozenset()):
                    yield self._without(document, at, entry)

    def _without(self, document: str, at: int, entry: object) -> Step:
        label = patch_label(entry) if isinstance(entry, dict) else ""

        def apply(sheet: Sheet) -> list[Moved]:
            sheet.cut(document, ("spec", "patches", at))
            return [Moved(what=f"patches: {label}", how="dropped", origins=(document,), home="")]

        def with_file(sheet: Sheet) -> list[Moved]:
            path = entry.get("path") if isinstance(entry, dict) else None
            folder = posixpath.dirname(document)
            # What lies elsewhere may be meant by others.
            if isinstance(path, str) and joined(folder, path).startswith(f"{folder}/"):
                sheet.write(joined(folder, path), None)
            return apply(sheet)

        alone = Step(key=("idle", document, at, str(entry)), apply=apply)
        return Step(key=("idle with its file", document, at, str(entry)), apply=with_file, parts=(alone,))

    def _merged(self) -> Iterator[Step]:
        for document in self._documents():
            yield from merged(self.sheet, document)

    def _up(self) -> Iterator[Step]:
        """Yield what all children of a document share, all of it first."""
        for home in self._documents():
            children = self.proof.children(home)
            if len(children) < 2 or any(child.startswith("<") for child in children):
                continue
            steps = [
                *shared_by_all(self.sheet, children, home),
                *copied(
                    children, copies(self.sheet, children, self.proof.read).get(children, ()), home, self.proof.read
                ),
            ]
            near = nearly_copied(self.sheet, children, home, self.proof.read, self.types)
            for found in (steps, near, list(shared_parts(self.sheet, children, home)), self._values(children, home)):
                step = together(("up", home), found)
                if step is not None:
                    yield step

    def _values(self, children: tuple[str, ...], home: str) -> list[Step]:
        try:
            return list(shared_values(self.sheet, children, home))
        except OverlayError:
            return []

    def _aside(self) -> Iterator[Step]:
        """Yield what some children of a document share, or documents that extend nothing."""
        families = [self.proof.children(home) for home in sorted(self.proof.parents)]
        roots = [
            path
            for path in self._documents()
            if path.endswith("/environment.yaml") and not self.proof.parents[path][0] and not self.proof.children(path)
        ]
        for family in [*families, tuple(roots)]:
            members = tuple([path for path in family if not path.startswith("<")])
            if len(members) < 2:
                continue
            if members == tuple(roots):
                home = home_of(self.sheet, self.proof, members, self.top, every=True)
                near = nearly_copied(self.sheet, members, home.document, self.proof.read, self.types)
                if near:
                    yield gather(members, (), (), home, self.proof.read, near)
            entries = shared_by_some(self.sheet, members)
            files = copies(self.sheet, members, self.proof.read)
            groups = sorted({*entries, *files}, key=lambda group: (-len(group), group))
            for group in groups:
                if group == family and family != tuple(roots):
                    continue
                home = home_of(self.sheet, self.proof, group, self.top, every=group == tuple(roots))
                yield gather(group, entries.get(group, ()), files.get(group, ()), home, self.proof.read)


def own_lines(sheet: Sheet, proof: Proof, before: Proof) -> dict[str, tuple[int, int]]:
    """Return the lines of each document's folder, before and after, of files that are, or were, read."""
    documents = {path for one in (before, proof) for path in one.parents if not path.startswith("<")}
    folders = sorted({posixpath.dirname(path) for path in documents}, key=len, reverse=True)
    found = {folder: [0, 0] for folder in sorted(folders)}
    for path in before.read | proof.read | set(sheet.changes):
        owner = next((folder for folder in folders if path.startswith(f"{folder}/")), None)
        if owner is not None:
            found[owner][0] += lines_of(sheet.before(path))
            found[owner][1] += lines_of(sheet.data(path))
    return {folder: (one, other) for folder, (one, other) in found.items()}
