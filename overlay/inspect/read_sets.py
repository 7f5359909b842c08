"""What environments are made of, remembered from check to check: one of which nothing changed is not loaded to know it.

That follows from the bytes of its files, the names in folders that are read whole, and the documents that stand beside
its own (`Loader`, `chart/source.py`). Where all of them are as they were, so is the answer; all else is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os

from overlay.errors import OverlayError
from overlay.files.entries import Entries
from overlay.files.root import PROJECT_FILE
from overlay.layering.prepared import Prepared
from overlay.load.layers import resolve_ref
from overlay.load.project import DOCUMENTS
from overlay.model.input import Input
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from overlay.files.reader import ProjectFiles
    from overlay.model.contents import ChartSource, ReadLayer
    from overlay.run import Run

    T = TypeVar("T")

FORMAT = 1
MAX_ENTRIES = 100


@value
class Part:
    """A layer or a chart: its files, folders with all names below them, and documents that are there or not."""

    files: tuple[Input, ...]
    folders: tuple[tuple[str, tuple[str, ...]], ...]
    documents: tuple[tuple[str, bool], ...]

    def holds(self, files: ProjectFiles) -> bool:
        """Tell whether all of it is so in a version of the project."""
        try:
            for one in self.files:
                files.read(one.path)
                if files.input(one.path) != one:
                    return False
            return all(
                files.is_folder(folder) and files.walk(folder) == names for folder, names in self.folders
            ) and all(files.exists(path) is there for path, there in self.documents)
        except OverlayError:
            return False


class ReadSets:
    """What the environments of one project were made of when they were last loaded, in both versions of a change."""

    def __init__(self, folder: str, run: Run, version: str) -> None:
        """`folder`: where it is kept; version: of this program."""
        self._entries = Entries(os.path.join(folder, "check-made-of"))
        self._project = run.project
        settings = run.files.input(PROJECT_FILE).digest if run.files.exists(PROJECT_FILE) else ""
        self._key = hashlib.sha256(json.dumps([FORMAT, version, run.project.root, settings]).encode()).hexdigest()
        self._parts: dict[str, Part] = {}
        self._environments: dict[str, list[list[str]]] = {}
        self._read(run.environments)
        self._held: dict[tuple[int, str], bool] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._is_new = False

    def inputs(self, run: Run, name: str) -> tuple[Input, ...] | None:
        """Return what `Run.inputs` would; None where the environment has to be loaded for it."""
        if run.project != self._project:
            return None
        for names in self._environments.get(name, ()):
            if all(self._holds(run.files, part) for part in names):
                return run.with_project({one.path: one for part in names for one in self._parts[part].files})
        return None

    def learn(self, name: str, runs: Iterable[Run | None]) -> None:
        """Remember what an environment is made of in these versions, which have loaded it."""
        found: list[list[str]] = []
        for run in runs:
            if run is not None and run.project == self._project and name in run.environments:
                names = self._parts_of(run, name)
                found += [names] if names and names not in found else []
        if found != self._environments.get(name):
            self._environments[name] = found
            self._is_new = True

    def keep(self) -> None:
        """Write what was learned."""
        if not self._is_new:
            return
        used = {part for found in self._environments.values() for names in found for part in names}
        parts = {part: _plain(self._parts[part]) for part in sorted(used)}
        self._entries.put(self._key, json.dumps([parts, self._environments]).encode())
        self._entries.prune(MAX_ENTRIES, MAX_ENTRIES // 2)

    def _read(self, names: Iterable[str]) -> None:
        """Read what was kept of environments that are still there."""
        payload = self._entries.get(self._key)
        try:
            parts, known = json.loads(payload) if payload is not None else ({}, {})
            self._parts = {part: _part(found) for part, found in parts.items()}
            self._environments = {name: known[name] for name in names if name in known}
        except (ValueError, TypeError, AttributeError):
            pass  # of other code than this

    def _holds(self, files: ProjectFiles, part: str) -> bool:
        known = self._held.get((id(files), part))
        if known is None:
            known = self._held[id(files), part] = self._parts[part].holds(files)
        return known

    def _parts_of(self, run: Run, name: str) -> list[str]:
        """Return the parts of an environment; none of one that cannot be loaded, or that has some from elsewhere."""
        one = run.prepare(name)
        if not isinstance(one, Prepared) or any(entry.path.startswith("<") for entry in run.inputs(one)):
            return []
        if one.chart is not None and one.chart.kind != "helm":
            return []  # a folder of manifests is none with an empty templates/ in it, which is no name below it
        names = [self._name(run, layer, _of_layer) for layer in one.environment.layers]
        return [*names, self._name(run, one.chart, _of_chart)] if one.chart is not None else names

    def _name(self, run: Run, origin: T, part_of: Callable[[Run, T], Part]) -> str:
        """Return what a part is called; one that both versions share may stand beside other documents in each."""
        known = self._names.get((id(run), id(origin)))
        if known is None:
            part = part_of(run, origin)
            known = hashlib.sha256(json.dumps(_plain(part)).encode()).hexdigest()[:32]
            self._parts[known] = part
            self._names[id(run), id(origin)] = known
        return known


def _of_layer(run: Run, layer: ReadLayer) -> Part:
    folder, files = layer.layer.folder, run.files
    spec = layer.layer.spec
    places = dict.fromkeys([resolve_ref(folder, ref, run.remotes) for ref in (*spec.resources, *spec.crds)])
    documents = [f"{folder}/{document}" if folder else document for document in DOCUMENTS]
    return Part(
        layer.inputs,
        tuple([(place, files.walk(place)) for place in places if files.is_folder(place)]),
        tuple([(path, files.exists(path)) for path in documents]),
    )


def _of_chart(run: Run, chart: ChartSource) -> Part:
    is_folder = run.files.is_folder(chart.path)
    return Part(chart.inputs, ((chart.path, run.files.walk(chart.path)),) if is_folder else (), ())


def _plain(part: Part) -> list[object]:
    return [[[one.path, one.digest] for one in part.files], part.folders, part.documents]


def _part(found: list[list[list[str]]]) -> Part:
    files, folders, documents = found
    return Part(
        tuple([Input(path, digest) for path, digest in files]),
        tuple([(folder, tuple(names)) for folder, names in folders]),
        tuple([(path, bool(there)) for path, there in documents]),
    )
