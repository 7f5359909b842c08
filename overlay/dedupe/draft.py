"""A group as one base and what each environment adds: decided from values alone, before any text is written."""

from __future__ import annotations

from overlay.dedupe.difference import smallest_patch
from overlay.dedupe.follow import follow_fields, follow_names, is_sayable, put_text
from overlay.dedupe.keys import aligned, shared_keys
from overlay.dedupe.matching import Words as MemberWords
from overlay.dedupe.matching import facts_of, match
from overlay.dedupe.settings import (
    images_for,
    labels_for,
    only_namespace,
    replicas_for,
    with_images,
    with_labels,
    with_replicas,
)
from overlay.dedupe.settle import belongs, settled
from overlay.dedupe.shared import Change, Draft, Part, Rename, Shared, Words, key_of
from overlay.dedupe.words import exchanged_words
from overlay.kube.leaves import leaves
from overlay.kube.objects import identify
from overlay.kube.scope import Scopes
from overlay.merge.same import same
from overlay.model.location import Location
from overlay.model.resource import Origin, Resource
from overlay.model.value import replace
from overlay.transforms.names import update_references
from overlay.transforms.namespace import set_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.dedupe.fixes import Fixed
    from overlay.dedupe.matching import Slot
    from overlay.dedupe.member import Member, Piece
    from overlay.dedupe.shared import Key
    from overlay.kube.types import Type, Types
    from overlay.model.resource import Body

_ORIGIN = Origin("resource", Location("<adopt>"))


class Drafter:
    """One group of environments on its way to a base; nothing here depends on the order in which they were given."""

    def __init__(
        self, members: Sequence[Member], titles: Mapping[str, str], types: Types, fixed: Fixed | None = None
    ) -> None:
        """`titles`: what each member's environment will be called; `fixed`: matches that the user knows better."""
        self.members = sorted(members, key=lambda member: member.name)
        self.names = [member.name for member in self.members]
        self.types = types
        self.slots = match(self.members, fixed)
        spaces = {member.name: only_namespace(member) for member in self.members}
        self.spaces = {name: space for name, space in spaces.items() if space} if all(spaces.values()) else {}
        self.facts = {
            member.name: {
                "name": titles[member.name],
                **({"namespace": self.spaces[member.name]} if self.spaces else {}),
            }
            for member in self.members
        }
        self.words = {member.name: MemberWords(member) for member in self.members}
        self.preferred = self._preferred()

    def _preferred(self) -> list[str]:
        """Return the environments, the one first that shares most with the others."""
        scores = dict.fromkeys(self.names, 0)
        words = self.words
        for slot in self.slots:
            if len(slot.pieces) < 2:
                continue
            counts: dict[Any, int] = {}
            each = {name: facts_of(piece, words[name]) for name, piece in slot.pieces.items()}
            for found in each.values():
                for fact in found:
                    counts[fact] = counts.get(fact, 0) + 1
            for name, found in each.items():
                scores[name] += sum([counts[fact] - 1 for fact in found])
        return sorted(self.names, key=lambda name: (-scores[name], name))

    def draft(self, excluded: frozenset[Key], *, plain: bool = False) -> Draft:
        """Return the draft in which the excluded objects stay as they are in each environment.

        plain: without settings that act on many objects at once.
        """
        spaces = {} if plain else self.spaces
        shared: list[Shared] = []
        own: dict[str, list[Piece]] = {name: [] for name in self.names}
        taken: set[tuple[str, ...]] = set()
        for slot in sorted(self.slots, key=_place):
            count = len(slot.pieces)
            one = self._shared(slot, spaces) if count > 1 and key_of(slot) not in excluded else None
            if one is None or (one.home, *one.first.id.key) in taken:
                for name, piece in slot.pieces.items():
                    own[name].append(piece)
                continue
            taken.add((one.home, *one.first.id.key))
            shared.append(one)
        facts = self.facts if spaces else {name: {"name": each["name"]} for name, each in self.facts.items()}
        named = follow_names(shared, self.preferred, facts, placed=bool(spaces))
        rules = {id(change.shared): change for change in named}
        shared = [_called(one, rules[id(one)].rule.text) if id(one) in rules else one for one in shared]
        by_key = {one.key: one for one in shared}
        named = [replace(change, shared=by_key[change.shared.key]) for change in named]
        parts = {name: self._part(name, shared, own[name], named, spaces.get(name), plain=plain) for name in self.names}
        fields = follow_fields(shared, parts, self.preferred, facts, self.type_of)
        for part in parts.values():
            self._finish(part, fields)
        bodies: dict[int, Body] = {}
        for change in (*named, *fields):
            body = bodies.get(id(change.shared), change.shared.first.body)
            bodies[id(change.shared)] = put_text(body, change.path, change.rule.text)
        return Draft(shared=tuple(shared), rules=(*named, *fields), parts=parts, bodies=bodies, own=own)

    def _shared(self, slot: Slot, spaces: Mapping[str, str]) -> Shared:
        having = [name for name in self.preferred if name in slot.pieces]
        pieces = [slot.pieces[name] for name in having]
        bodies = [
            _without_namespace(piece.body) if name in spaces else piece.body
            for name, piece in zip(having, pieces, strict=True)
        ]
        keys = shared_keys(bodies[0], self.words[having[0]])
        bodies = [aligned(each, self.words[name], keys)[0] for name, each in zip(having, bodies, strict=True)]
        body = settled(bodies, self.type_of(pieces[0]))
        home = "" if belongs(len(having), len(self.names)) else "+".join(sorted(having))
        resource = Resource(identify(body), body, _ORIGIN)
        return Shared(slot=slot, home=home, first=resource, pieces=tuple(pieces), key=key_of(slot))

    def _owner(self, one: Shared) -> str:
        return next(name for name in self.preferred if name in one.slot.pieces)

    def type_of(self, piece: Piece) -> Type | None:
        return self.types.root(piece.id.group, piece.id.version, piece.id.kind)

    def _part(
        self,
        name: str,
        shared: Sequence[Shared],
        own: Sequence[Piece],
        rules: Sequence[Change],
        space: str | None,
        *,
        plain: bool,
    ) -> Part:
        """Return what one environment's layers make of the shared objects before any patch, and what is wanted."""
        here = [one for one in shared if name in one.slot.pieces]
        absent = [one for one in shared if not one.home and name not in one.slot.pieces]
        named = {id(rule.shared): rule for rule in rules}
        objects: list[Resource] = []
        for one in here:
            found, rule = one.first, named.get(id(one))
            if rule is not None:
                text = rule.rule.apply(self.facts[name][rule.rule.fact])
                found = _renamed(found, "name", text)
            objects.append(found)
        objects += [Resource(piece.id, piece.body, _ORIGIN) for piece in own]
        wanted = [one.slot.pieces[name].body for one in here] + [piece.body for piece in own]
        if space is not None:
            objects = list(set_namespace(objects, space, None, Scopes(objects)))
        renames: list[Rename] = []
        unfit: list[Shared] = []
        for at, (one, body) in enumerate(zip(here, wanted, strict=False)):
            for field in ("name", "namespace"):
                before, after = objects[at].body["metadata"].get(field), body["metadata"].get(field)
                if before == after:
                    continue
                if after is None:
                    unfit.append(one)
                    continue
                renames.append(Rename(shared=one, field=field, before=before, after=after))
                objects[at] = _renamed(objects[at], field, after)
        objects = list(update_references(objects))
        part = Part(
            name=name, space=space, shared=here, absent=absent, renames=renames, unfit=unfit, objects=objects,
            wanted=wanted,
        )  # fmt: skip
        for at, one in enumerate(here):
            keys = shared_keys(one.first.body, self.words[name])
            keys.update(shared_keys(one.first.body, self.words[self._owner(one)]))
            part.wanted[at], moves = aligned(part.wanted[at], self.words[name], keys)
            part.moves += [(one, move) for move in moves]
        if not plain:
            _settings(part)
        return part

    def _finish(self, part: Part, fields: Sequence[Change]) -> None:
        """Find the patches of one environment, over what the base's rules make there."""
        at_of = {id(one): at for at, one in enumerate(part.shared)}
        for change in fields:
            at = at_of.get(id(change.shared))
            if at is not None:
                text = change.rule.apply(self.facts[part.name][change.rule.fact])
                made = put_text(part.objects[at].body, change.path, text)
                part.objects[at] = part.objects[at].with_body(made)
        part.renames = [self._with_like_fields(part, rename, at_of[id(rename.shared)]) for rename in part.renames]
        for at, one in enumerate(part.shared):
            body, wanted = self._with_words(part, at), part.wanted[at]
            if same(body, wanted):
                continue
            found = smallest_patch(body, wanted, self.type_of(one.pieces[0]))
            if found is None:
                part.unfit.append(one)
            else:
                part.patches.append((one, *found))

    def _with_words(self, part: Part, at: int) -> Body:
        """Return an object's body after a few words were exchanged in long texts of it."""
        one, body, wanted = part.shared[at], part.objects[at].body, part.wanted[at]
        if same(body, wanted):
            return body
        node = self.type_of(one.pieces[0])
        have = dict(leaves(body, node))
        for path, item in leaves(wanted, node):
            text = have.get(path)
            if isinstance(text, str) and isinstance(item, str) and text != item and is_sayable(path):
                words = exchanged_words(text, item)
                part.words += [Words(shared=one, path=path, before=old, after=new) for old, new in words]
                body = put_text(body, path, item) if words else body
        return body

    def _with_like_fields(self, part: Part, rename: Rename, at: int) -> Rename:
        """Return a rename that also sets the object's other fields that shall hold the new name."""
        if rename.field != "name":
            return rename
        node = self.type_of(rename.shared.pieces[0])
        body = part.objects[at].body
        have = dict(leaves(body, node))
        paths = [
            path
            for path, item in leaves(part.wanted[at], node)
            if item == rename.after and isinstance(have.get(path), str) and have[path] != item and is_sayable(path)
        ]
        for path in paths:
            body = put_text(body, path, rename.after)
        part.objects[at] = part.objects[at].with_body(body)
        return replace(rename, paths=tuple(paths))


def _settings(part: Part) -> None:
    labels = labels_for(part.objects, part.wanted)
    if labels:
        part.labels = labels
        part.objects = list(with_labels(part.objects, labels))
    part.replicas = replicas_for(part.objects, part.wanted)
    part.objects = list(with_replicas(part.objects, part.replicas))
    part.images = images_for(part.objects, part.wanted)
    part.objects = list(with_images(part.objects, part.images))


def _without_namespace(body: dict[str, Any]) -> dict[str, Any]:
    if body["metadata"].get("namespace") is None:
        return body
    metadata = {key: item for key, item in body["metadata"].items() if key != "namespace"}
    return {**body, "metadata": metadata}


def _called(one: Shared, name: str) -> Shared:
    """Return a shared object under another name in the base."""
    body = {**one.first.body, "metadata": {**one.first.body["metadata"], "name": name}}
    return replace(one, first=Resource(identify(body), body, _ORIGIN))


def _renamed(one: Resource, field: str, text: str) -> Resource:
    body = {**one.body, "metadata": {**one.body["metadata"], field: text}}
    return one.renamed(body, identify(body))


def _place(slot: Slot) -> tuple[str, ...]:
    piece = slot.pieces[min(slot.pieces)]
    return (piece.file, f"{piece.location.line:08}", *piece.id.key)
