"""A draft as files: the base's manifests, its document, components, and one small document per environment."""

from __future__ import annotations

import re
from functools import partial

from overlay.dedupe.matching import Words
from overlay.dedupe.notes import notes_beside
from overlay.dedupe.settings import SCALED, is_image
from overlay.dedupe.shared import is_namespace
from overlay.dedupe.targets import target_for
from overlay.dedupe.texts import base_text
from overlay.dedupe.writing import NOTES, height, write_layer
from overlay.kube.dotted import format_path
from overlay.merge.pointer import format_pointer
from overlay.model.value import value
from overlay.yaml import write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from overlay.dedupe.member import Member, Piece
    from overlay.dedupe.shared import Change, Draft, Part, Rename, Shared
    from overlay.dedupe.shared import Words as Exchange
    from overlay.kube.leaves import Path
    from overlay.model.resource import Body, Resource

MANIFESTS = "manifests"
# A patch of more lines gets a file of its own.
LONGEST_INLINE = 24
_ENDING = re.compile(r"\.(yaml|yml|json)\Z")


@value(kw_only=True)
class Titles:
    """What the documents of a group are called: its base, its environments by member, its components' prefix."""

    base: str
    environments: Mapping[str, str]
    prefix: str = ""


class Writer:
    """Writes one group's files; paths are below the environments folder."""

    def __init__(
        self, members: Sequence[Member], titles: Titles, elsewhere: Mapping[str, Collection[int]] | None = None
    ) -> None:
        """`elsewhere`: components that hold objects of the base, and these objects by `id`."""
        self.titles = titles
        self.elsewhere = elsewhere or {}
        self.words = {member.name: Words(member) for member in members}
        self.files: dict[str, str] = {}
        # Comments that an environment's document has already: (object's id, text).
        self.told: dict[str, set[tuple[int, str]]] = {}
        # Where each shared object stands, and its text, by `id`.
        self.places: dict[int, str] = {}
        self.texts: dict[int, str] = {}
        # Lines that each shared object's patches take, to tell whether sharing it pays.
        self.lines: dict[int, int] = {}

    def write(self, draft: Draft) -> dict[str, str]:
        """Return the files of a draft; raises Unclear where a patch cannot say which object it means."""
        homes = list(dict.fromkeys([one.home for one in draft.shared]))
        for home in [home for home in homes if home]:
            spec = self._shared(f"components/{self._component(home)}", home, draft)
            self.files[f"components/{self._component(home)}/component.yaml"] = write_layer(
                "Component", self._component(home), spec
            )
        spec = self._shared(self.titles.base, "", draft) if "" in homes else {}
        if spec:
            self.files[f"{self.titles.base}/base.yaml"] = write_layer("Base", self.titles.base, spec)
        for name, part in draft.parts.items():
            title = self.titles.environments[name]
            document = self._environment(part, draft, [home for home in homes if home and name in home.split("+")])
            self.files[f"{title}/environment.yaml"] = write_layer("Environment", title, document)
        return self.files

    def _component(self, home: str) -> str:
        names = home.split("+")
        joined = "-and-".join(names) if len(names) < 4 else f"{names[0]}-and-{len(names) - 1}-more"
        return f"{self.titles.prefix}{joined}"[:63].strip("-")

    def _shared(self, folder: str, home: str, draft: Draft) -> dict[str, Any]:
        shared = [one for one in draft.shared if one.home == home]
        away = {number for numbers in self.elsewhere.values() for number in numbers}
        here = [one for one in shared if id(one) not in away]
        names = self._file_names([(one.pieces[0], self._owner(one)) for one in here])
        for one in shared:
            self.lines[id(one)] = 0
            self.texts[id(one)] = base_text(draft.bodies.get(id(one), one.first.body), one.pieces)
        for one, name in zip(here, names, strict=True):
            text = self.texts[id(one)]
            self.places[id(one)] = f"{folder}/{MANIFESTS}/{name}"
            self.files[self.places[id(one)]] = text
            self.lines[id(one)] = text.count("\n")
        spec: dict[str, Any] = {}
        if self.elsewhere and not home:
            spec["components"] = [f"../components/{name}" for name in self.elsewhere]
        if here:
            spec["resources"] = [MANIFESTS]
        space = _only_space(draft)
        if space is not None:
            spec["namespace"] = space
        changes = [rule for rule in draft.rules if rule.shared.home == home]
        if changes:
            spec["replacements"] = self._followed(changes, [one.first for one in shared])
        return spec

    def _owner(self, one: Shared) -> str:
        return next(name for name, piece in one.slot.pieces.items() if piece is one.pieces[0])

    def _followed(self, changes: Sequence[Change], objects: Sequence[Resource]) -> list[dict[str, Any]]:
        """Return `replacements` by fact; like fields of one object stand together, and so do objects of one kind."""
        fields: dict[tuple[str, str, int], list[str]] = {}
        of: dict[int, Shared] = {}
        for change in changes:
            key = (change.rule.fact, change.rule.words, id(change.shared))
            fields.setdefault(key, []).append(format_path(change.path))
            of[id(change.shared)] = change.shared
        alike: dict[tuple[str, str, str, tuple[str, ...]], list[Shared]] = {}
        for (fact, words, number), paths in fields.items():
            alike.setdefault((fact, words, of[number].first.id.kind, tuple(paths)), []).append(of[number])
            self.lines[number] += 3
        entries: dict[str, list[dict[str, Any]]] = {}
        for (fact, words, _, places), meant in alike.items():
            target: dict[str, Any] = {"select": target_for([one.first.id for one in meant], objects)}
            if places != ("metadata.name",):
                target["fieldPaths"] = list(places)
            if words:
                target["options"] = {"replace": words}
            entries.setdefault(fact, []).append(target)
        return [{"source": {"fact": fact}, "targets": targets} for fact, targets in entries.items()]

    def _environment(self, part: Part, draft: Draft, homes: Iterable[str]) -> dict[str, Any]:
        folder = self.titles.environments[part.name]
        own = draft.own[part.name]
        spec: dict[str, Any] = {}
        if f"{self.titles.base}/base.yaml" in self.files:
            spec["extends"] = [f"../{self.titles.base}"]
        components = [f"../components/{self._component(home)}" for home in homes]
        if components:
            spec["components"] = components
        if own:
            spec["resources"] = [MANIFESTS]
            for piece, name in zip(own, self._file_names([(piece, part.name) for piece in own]), strict=True):
                self.files[f"{folder}/{MANIFESTS}/{name}"] = piece.text or write_document(piece.body)
        if part.space is not None and _only_space(draft) is None:
            spec["namespace"] = part.space
        patches = [*self._deletions(part), *self._patches(part, folder), *self._moves(part)]
        if patches:
            spec["patches"] = patches
        if part.labels:
            spec["labels"] = [{"pairs": part.labels}]
        if part.replicas:
            spec["replicas"] = self._counted(part)
        if part.images:
            spec["images"] = self._imaged(part)
        if part.renames or part.words:
            spec["replacements"] = self._renames(part)
        return spec

    def _deletions(self, part: Part) -> list[dict[str, Any]]:
        kinds: dict[tuple[str, str], list[Shared]] = {}
        for one in part.absent:
            kinds.setdefault((one.first.id.group, one.first.id.kind), []).append(one)
            self.lines[id(one)] += 2
        there = [*part.objects, *[one.first for one in part.absent]]
        found = []
        for absent in kinds.values():
            entry: dict[str, Any] = {"target": target_for([one.first.id for one in absent], there)}
            if len(absent) > 1:
                entry["expect"] = len(absent)
            found.append({**entry, "strategicMerge": {"$patch": "delete"}})
        return found

    def _patches(self, part: Part, folder: str) -> list[dict[str, Any]]:
        """Return one patch for each difference; the same difference of several objects of a kind is one patch."""
        alike: dict[tuple[str, str, str], list[tuple[Shared, str, Any]]] = {}
        for one, form, content in part.patches:
            key = (one.first.id.group, one.first.id.kind, write_document({form: content}))
            alike.setdefault(key, []).append((one, form, content))
        before = {id(one): made.body for one, made in zip(part.shared, part.objects, strict=False)}
        found: list[dict[str, Any]] = []
        for same_patch in alike.values():
            one, form, content = same_patch[0]
            lines = height({form: content})
            for each, _, _ in same_patch:
                self.lines[id(each)] += 1 + lines // len(same_patch)
            if len(same_patch) == 1 and lines > LONGEST_INLINE:
                found.append(self._patch_file(one, form, content, part, folder, before[id(one)]))
                continue
            entry: dict[str, Any] = {"target": target_for([each.first.id for each, _, _ in same_patch], part.objects)}
            if len(same_patch) > 1:
                entry["expect"] = len(same_patch)
            notes = dict.fromkeys(
                [note for each, _, _ in same_patch for note in self._notes(each, part, before[id(each)])]
            )
            if notes:
                entry = {NOTES: list(notes), **entry}
            found.append({**entry, form: content})
        return found

    def _notes(
        self, one: Shared, part: Part, base: Body, is_meant: Callable[[Path], bool] = lambda _: True
    ) -> list[str]:
        """Return the comments beside what the environment has otherwise than `base`; each is told once."""
        told = self.told.setdefault(part.name, set())
        found = notes_beside(one.slot.pieces[part.name], base, self.texts[id(one)], is_meant)
        new = [note for note in found if (id(one), note) not in told]
        told.update([(id(one), note) for note in new])
        return new

    def _counted(self, part: Part) -> list[dict[str, Any]]:
        """Return `replicas`, each with the comments beside it."""
        found = []
        for entry in part.replicas:
            notes = [
                note
                for one in part.shared
                if one.first.id.name == entry["name"] and one.first.id.kind in SCALED
                for note in self._notes(one, part, one.first.body, lambda path: path == ("spec", "replicas"))
            ]
            found.append({NOTES: notes, **entry} if notes else entry)
        return found

    def _imaged(self, part: Part) -> list[dict[str, Any]]:
        """Return `images`, each with the comments beside it."""
        found = []
        for entry in part.images:
            notes = [
                note
                for one in part.shared
                for note in self._notes(one, part, one.first.body, partial(is_image, one.first.body, entry["name"]))
            ]
            found.append({NOTES: notes, **entry} if notes else entry)
        return found

    def _moves(self, part: Part) -> list[dict[str, Any]]:
        """Return the patches that give long texts the keys that this environment has for them."""
        of: dict[int, Shared] = {}
        steps: dict[int, list[dict[str, Any]]] = {}
        for one, move in part.moves:
            of[id(one)] = one
            places = [format_pointer((move.field, key)) for key in (move.shared, move.own)]
            steps.setdefault(id(one), []).append({"op": "move", "from": places[0], "path": places[1]})
        for number, found in steps.items():
            self.lines[number] += 2 + len(found)
        return [
            {"target": target_for([of[number].first.id], part.objects), "jsonPatch": found}
            for number, found in steps.items()
        ]

    def _patch_file(self, one: Shared, form: str, content: Any, part: Part, folder: str, base: Body) -> dict[str, Any]:
        (name,) = self._file_names([(one.pieces[0], self._owner(one))])
        path = f"patches/{name.rpartition('/')[2]}"
        target = target_for([one.first.id], part.objects)
        if f"{folder}/{path}" in self.files:
            return {"target": target, form: content}
        notes = "".join([f"{note}\n" for note in self._notes(one, part, base)])
        self.files[f"{folder}/{path}"] = notes + write_document(content)
        return {"path": path, "target": target}

    def _renames(self, part: Part) -> list[dict[str, Any]]:
        """Return `replacements` for what this environment calls otherwise, by the new text."""
        there = part.objects
        entries: dict[str, list[dict[str, Any]]] = {}
        moved, renames = _moved_together(part)
        for before, after in moved.items():
            target: dict[str, Any] = {"select": {"namespace": before}, "fieldPaths": ["metadata.namespace"]}
            entries.setdefault(after, []).append(target)
        for rename in renames:
            target = {"select": target_for([rename.shared.first.id], there)}
            paths = [f"metadata.{rename.field}", *[format_path(path) for path in rename.paths]]
            if paths != ["metadata.name"]:
                target["fieldPaths"] = paths
            if rename.before is None:
                target["options"] = {"create": True}
            entries.setdefault(rename.after, []).append(target)
            self.lines[id(rename.shared)] += 4
        for words in part.words:
            target = {
                "select": target_for([words.shared.first.id], there),
                "fieldPaths": [format_path(_moved_path(part, words))],
                "options": {"replace": words.before},
            }
            entries.setdefault(words.after, []).append(target)
            self.lines[id(words.shared)] += 5
        return [{"sourceValue": text, "targets": targets} for text, targets in entries.items()]

    def _file_names(self, pieces: Sequence[tuple[Piece, str]]) -> list[str]:
        """Return a file's name for each object: its own file's where it was alone there, else kind and name."""
        names: list[str] = []
        taken: set[str] = set()
        for piece, owner in pieces:
            words = self.words[owner]
            kind = piece.id.kind.lower()
            called = piece.id.name if is_namespace(piece.id) else words.without(piece.id.name)
            labelled = re.sub(r"[^a-z0-9]+", "-", f"{kind}-{called}".lower()).strip("-")[:100]
            wishes = [labelled, re.sub(r"[^a-z0-9]+", "-", f"{kind}-{piece.id.name}".lower()).strip("-")[:100]]
            if piece.alone:
                wishes.insert(0, _ENDING.sub("", piece.file))
            name = next((wish for wish in wishes if wish.lower() not in taken), "")
            number = 2
            while not name:
                wish = f"{labelled}-{number}"
                name, number = ("" if wish in taken else wish), number + 1
            taken.add(name.lower())
            names.append(f"{name}.yaml")
        return names


def _only_space(draft: Draft) -> str | None:
    """Return the namespace that all environments are in, so that the base can say it."""
    spaces = {part.space for part in draft.parts.values()}
    return spaces.pop() if len(spaces) == 1 else None


def _moved_path(part: Part, words: Exchange) -> Path:
    """Return where a text is when `replacements` act: patches have moved it by then."""
    for one, move in part.moves:
        if one is words.shared and words.path[:2] == (move.field, move.shared):
            return (move.field, move.own)
    return words.path


def _moved_together(part: Part) -> tuple[dict[str, str], list[Rename]]:
    """Return the namespaces all of whose objects go to one other, and the renames that are left."""
    goals: dict[str, set[str]] = {}
    for one, body in zip(part.shared, part.wanted, strict=False):
        goals.setdefault(one.first.id.namespace, set()).add(body["metadata"].get("namespace") or "")
    for body in part.wanted[len(part.shared) :]:
        goals.setdefault(body["metadata"].get("namespace") or "", set()).add("?")
    moved = {before: next(iter(after)) for before, after in goals.items() if before and len(after) == 1}
    moved = {before: after for before, after in moved.items() if after not in (before, "", "?")}
    left = [one for one in part.renames if one.field != "namespace" or one.before not in moved]
    return moved, left
