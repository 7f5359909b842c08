"""Fields that environments of one base set differently become typed values of a chart, where that is shorter."""

from __future__ import annotations

import posixpath

from overlay.dedupe.factor.lift import listed
from overlay.dedupe.factor.manifests import own_manifests
from overlay.dedupe.factor.patches import PATCHES, leaves, place_of, spot
from overlay.dedupe.factor.search import own_lines
from overlay.dedupe.factor.sheet import Sheet, inside
from overlay.dedupe.factor.slots import FORMS, canonical, joined, spec_of
from overlay.dedupe.factor.templates import is_sayable, names_for, schema, template
from overlay.errors import DocumentError, OverlayError
from overlay.kube.dotted import Element, format_path
from overlay.kube.objects import identify
from overlay.merge.same import same
from overlay.model.value import value
from overlay.yaml import write_document
from overlay.yaml.blocks import Block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from overlay.dedupe.factor.patches import Leaf, Path
    from overlay.dedupe.factor.search import Prover
    from overlay.dedupe.factor.step import Proof
    from overlay.model.resource import Resource

CHART = "chart"
_ENDINGS = (".yaml", ".yml")
_CHARTED = (
    "`overlay explain ENV OBJECT FIELD` names the template's line behind a field that is patched: let it take a value "
    "there, and set that instead of patching"
)


@value(kw_only=True)
class Field:
    """A field of a manifest. file: its path. owner: the object, as `Kind/name`. path: in the document."""

    file: str
    owner: str
    leaf: Leaf
    path: Path
    content: Any


@value(kw_only=True)
class Setting:
    """A value of the chart. by: what each child sets, by its document. fields: that follow it."""

    name: str
    home: str
    fields: tuple[Field, ...]
    by: tuple[tuple[str, Any], ...]

    @property
    def default(self) -> Any:
        """What most children say; of several such values the manifest's own, else the first."""
        said = [item for _, item in self.by]
        counts = [sum(same(item, other) for other in said) for item in said]
        most = [item for item, count in zip(said, counts, strict=True) if count == max(counts)]
        return next((item for item in most if same(item, self.fields[0].content)), most[0])


@value(kw_only=True)
class LeftBase:
    """A base whose environments patch it, and why no values come of that; hint: what to do, if anything."""

    home: str
    reason: str
    hint: str = ""


@value(kw_only=True)
class Extracted:
    """What came of it, as `Factored`; settings: the new values."""

    changes: dict[str, bytes | None]
    settings: tuple[Setting, ...]
    lines: dict[str, tuple[int, int]]
    left_out: tuple[LeftBase, ...]


class Extraction:
    """Looks for values, base by base."""

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        prover: Prover,
        objects: Callable[[str], Sequence[Resource]],
    ) -> None:
        """`objects`: an environment's objects by its name."""
        self.sheet = Sheet(read)
        self.prover = prover
        self.objects = objects
        self.first = self.proof = prover({})
        self.settings: list[Setting] = []
        self.left_out: list[LeftBase] = []

    def run(self) -> Extracted:
        """Return the values that make the project shorter; none where there are no such."""
        for home in sorted(self.proof.parents):
            try:
                self._extract(home)
            except OverlayError as error:  # this base is written in a way that forbids it
                self.left_out.append(LeftBase(home=home, reason=error.message, hint=error.hint or ""))
        return Extracted(
            changes=dict(sorted(self.sheet.changes.items())),
            settings=tuple(self.settings),
            lines=own_lines(self.sheet, self.proof, self.first),
            left_out=tuple(self.left_out),
        )

    def _extract(self, home: str) -> None:
        children = self.proof.children(home)
        if home.startswith("<") or len(children) < 2:
            return
        taken = self._taken(home)
        if taken:
            patching = [child for child in children if "patches" in spec_of(self.sheet, child)]
            if len(patching) > 1:
                self.left_out.append(LeftBase(home=home, reason=taken, hint=_CHARTED))
            return
        found = self._settings(home, children)
        best = self._trimmed(self._with(home, found), found) if found else None
        if best is None:
            found = [one for one in found if not self.prover(self._with(home, (one,)).changes).wrong]
            best = self._trimmed(self._with(home, found), found) if found else None
        if best is None:
            return
        # A value has to pay for its lines in the chart and its schema.
        for setting in list(found):
            fewer = [one for one in found if one is not setting]
            trial = self._trimmed(self._with(home, fewer), fewer) if fewer else None
            if trial is not None and trial[0].grown() < best[0].grown():
                best, found = trial, fewer
        if best[0].grown() < self.sheet.grown():
            self.sheet, self.proof = best
            self.settings += found

    def _taken(self, home: str) -> str | None:
        """Return why a document can have no chart of its own: somebody who builds on it has one, or values, already."""
        for path in sorted({path for each in self.proof.layers.values() if home in each for path in each}):
            if path.startswith("<"):
                return f"its environments build on {path}, which is no part of this project"
            spec = spec_of(self.sheet, path)
            if "chart" in spec or "values" in spec:
                return f"{path} has {'a chart' if 'chart' in spec else 'values'} already"
        return None

    def _settings(self, home: str, children: Sequence[str]) -> list[Setting]:
        """Return what could be values: fields that children set to different ones, those that agree as one."""
        named = {path: name for name, layers in self.proof.layers.items() for path in (layers[-1],)}
        if not all(child in named for child in children):
            return []
        by_child = {child: self.objects(named[child]) for child in children}
        groups: dict[str, list[tuple[Field, list[Any]]]] = {}
        for field in self._fields(home):
            said = []
            for child in children:
                body = next((one.body for one in by_child[child] if _is(one, field.owner)), None)
                place = place_of(body, field.leaf) if body is not None else None
                said.append(inside(body, place) if place else None)
            alike = [type(item) is type(field.content) and is_sayable(item) for item in said]
            if not all(alike) or all(same(said[0], item) for item in said[1:]):
                continue
            if any(next(_touching(self.sheet, child, field.leaf), None) for child in children):
                groups.setdefault(canonical(said), []).append((field, said))
        fields = [tuple([field for field, _ in group]) for group in groups.values()]
        names = names_for([(each[0].owner.partition("/")[2], _words(each[0].leaf)) for each in fields])
        return [
            Setting(name=name, home=home, fields=mine, by=tuple(zip(children, group[0][1], strict=True)))
            for name, mine, group in zip(names, fields, groups.values(), strict=True)
        ]

    def _fields(self, home: str) -> Iterator[Field]:
        folder = posixpath.dirname(home)
        for path in own_manifests(self.sheet, home, self.proof.read):
            file = joined(folder, path)
            try:
                body = self.sheet.value(file)
                owner = identify(body)
            except OverlayError:
                continue  # several objects in one file
            if owner.kind == "Secret":
                continue  # what it holds is shown nowhere
            for leaf, content in leaves(body):
                place = place_of(body, leaf)
                if leaf[0] in ("apiVersion", "kind") or leaf[:2] in (("metadata", "name"), ("metadata", "namespace")):
                    continue
                if place is not None and is_sayable(content):
                    yield Field(file=file, owner=f"{owner.kind}/{owner.name}", leaf=leaf, path=place, content=content)

    def _with(self, home: str, settings: Sequence[Setting]) -> Sheet:
        """Return the project with the manifests of a base as a chart of these values, which its children set."""
        sheet = self.sheet.copy()
        folder = posixpath.dirname(home)
        manifests = own_manifests(sheet, home, self.proof.read)
        if not manifests or not all(path.endswith(_ENDINGS) for path in manifests):
            raise DocumentError(f"{home} has no manifests of its own that a chart could be made of")
        if any(path.startswith(f"{folder}/{CHART}/") for path in self.proof.read):
            raise DocumentError(f"{folder}/{CHART} is there already")
        fields: dict[str, dict[Path, tuple[str, Any]]] = {}
        for setting in settings:
            for field in setting.fields:
                fields.setdefault(field.file, {})[field.path] = (setting.name, field.content)
        for path in manifests:
            file = joined(folder, path)
            text = template(sheet.text(file), fields.get(file, {}), file)
            sheet.write(file, None)
            name = path.removeprefix("manifests/").removeprefix("templates/")
            sheet.write(f"{folder}/{CHART}/templates/{name}", text.encode())
        for entry in dict.fromkeys(manifests.values()):
            at = spec_of(sheet, home)["resources"].index(entry)
            sheet.cut(home, ("spec", "resources", at))
        sheet.paste(home, ("spec",), Block(key="chart", content={"path": CHART}, lines=(f"chart: {{path: {CHART}}}",)))
        name = posixpath.basename(folder)
        sheet.write(f"{folder}/{CHART}/Chart.yaml", f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n".encode())
        if settings:
            self._write_values(sheet, f"{folder}/{CHART}", settings)
        return sheet

    def _write_values(self, sheet: Sheet, chart: str, settings: Sequence[Setting]) -> None:
        values = {setting.name: setting.default for setting in settings}
        sheet.write(f"{chart}/values.yaml", write_document(values).encode())
        about = {one.name: (one.default, summary(one)) for one in settings}
        sheet.write(f"{chart}/values.schema.json", schema(about).encode())
        own: dict[str, dict[str, Any]] = {}
        for setting in settings:
            for child, item in setting.by:
                if not same(item, setting.default):
                    own.setdefault(child, {})[setting.name] = item
        for child, mine in own.items():
            file = f"{posixpath.dirname(child)}/values.yaml"
            if sheet.data(file) is not None:
                raise DocumentError(f"{file} is there and not used")
            sheet.write(file, write_document(mine).encode())
            listed(sheet, child, "values", "values.yaml")

    def _trimmed(self, sheet: Sheet, settings: Sequence[Setting]) -> tuple[Sheet, Proof] | None:
        """Return the project without what its children do not need to say any more; None where it is another one."""
        proof = self.prover(sheet.changes)
        if proof.wrong:
            return None
        at_once = sheet.copy()
        try:
            for setting, field, child in _meant(settings):
                while (path := next(_touching(at_once, child, field.leaf), None)) is not None:
                    _move_comments(at_once, setting, at_once.cut(child, path))
            found = self.prover(at_once.changes)
        except OverlayError:
            found = None
        if found is not None and not found.wrong:
            return at_once, found
        for setting, field, child in _meant(settings):
            sheet, proof = self._without(sheet, proof, setting, child, field.leaf)
        return sheet, proof

    def _without(self, sheet: Sheet, proof: Proof, setting: Setting, child: str, leaf: Leaf) -> tuple[Sheet, Proof]:
        """Take what sets a field out of a child where that changes nothing; its comments go to the value."""
        kept: set[Path] = set()
        while True:
            path = next((each for each in _touching(sheet, child, leaf) if each not in kept), None)
            if path is None:
                return sheet, proof
            trial = sheet.copy()
            try:
                _move_comments(trial, setting, trial.cut(child, path))
                found = self.prover(trial.changes)
            except OverlayError:
                kept.add(path)
                continue
            if found.wrong:
                kept.add(path)
            else:
                sheet, proof = trial, found


def _meant(settings: Sequence[Setting]) -> list[tuple[Setting, Field, str]]:
    """Return each value's fields with each document that sets them."""
    return [(setting, field, child) for setting in settings for field in setting.fields for child, _ in setting.by]


def _move_comments(sheet: Sheet, setting: Setting, comments: Sequence[str]) -> None:
    sheet.comment(f"{posixpath.dirname(setting.home)}/{CHART}/values.yaml", (setting.name,), comments)


def _touching(sheet: Sheet, document: str, leaf: Leaf) -> Iterator[Path]:
    """Yield the entries of a document that may set a field."""
    spec = spec_of(sheet, document)
    value_of = sheet.value(document)
    entries = spec.get("patches")
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        place = (*PATCHES, at)
        for form in FORMS:
            content = entry.get(form)
            if content is not None and any(known == leaf for known, _ in leaves(content)):
                yield spot(value_of, place, form, leaf)
        for step in entry.get("jsonPatch") or ():
            if isinstance(step, dict) and str(step.get("path", "")).rpartition("/")[2] == leaf[-1]:
                yield spot(value_of, place, "jsonPatch", (canonical(step),))
    for name, last in (("replicas", "replicas"), ("images", "image")):
        items = spec.get(name)
        if leaf[-1] == last and isinstance(items, list):
            yield from [("spec", name, at) for at in range(len(items))]


def _is(one: Resource, owner: str) -> bool:
    return any(f"{each.kind}/{each.name}" == owner for each in one.answers_to())


def _words(leaf: Leaf) -> tuple[str, ...]:
    return tuple([part[0] if isinstance(part, tuple) else part for part in leaf])


def told(field: Field) -> str:
    """Return how a table and the schema name a field."""
    path = tuple([Element((("name", part[0]),)) if isinstance(part, tuple) else part for part in field.leaf])
    return f"{field.owner} {format_path(path)}"


def summary(setting: Setting) -> str:
    """Return which fields follow a value, in few words."""
    more = len(setting.fields) - 1
    return told(setting.fields[0]) + (f" and {more} more" if more else "")
