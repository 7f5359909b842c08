"""Names at the end of a build: content hashes for generated objects, and every reference to a name that changed."""

from __future__ import annotations

import hashlib
import json

from overlay.errors import OverlayError, TransformError, raise_all
from overlay.kube.fieldpath import change, selects, split_path
from overlay.kube.namereferences import NAME_REFERENCES
from overlay.model.resource import ObjectId

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.resource import Resource
    from overlay.model.spec import FieldSpec, NameReference

    # By the next part of a path: what follows, and the numbers of those that end there.
    _Tree = dict[str, tuple["_Tree", list[int]]]

_HASH_DIGITS = str.maketrans("013ae", "ghkmt")


def content_hash(body: dict[str, Any]) -> str:
    """Return kustomize's ten characters for a ConfigMap's or Secret's content (api/hasher)."""
    kind = body["kind"]
    # The name is always empty there: kustomize looks it up under the one key "metadata/name".
    hashed: dict[str, Any] = {"kind": kind, "name": "", "data": body.get("data", "")}
    if kind == "Secret":
        hashed["type"] = body.get("type", "")
    optional = "stringData" if kind == "Secret" else "binaryData"
    if optional in body:
        hashed[optional] = body[optional]
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # Go's encoder escapes these.
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_HASH_DIGITS)


def add_hashes(objects: Sequence[Resource]) -> tuple[Resource, ...]:
    """Return the objects with a hash of their content behind the name of each that needs one."""
    result = []
    for one in objects:
        if not one.needs_hash:
            result.append(one)
            continue
        name = f"{one.id.name}-{content_hash(one.body)}"
        body = {**one.body, "metadata": {**one.body["metadata"], "name": name}}
        result.append(one.renamed(body, ObjectId(one.id.group, one.id.version, one.id.kind, one.id.namespace, name)))
    return tuple(result)


def update_references(objects: Sequence[Resource], extra: tuple[NameReference, ...] = ()) -> tuple[Resource, ...]:
    """Return the objects with every reference to a renamed or moved object rewritten.

    Raises TransformError where a reference could mean two objects that got different names.
    """
    named: dict[str, dict[str, list[Resource]]] = {}
    changed_kinds = {one.id.kind for one in objects if one.aliases}
    if not changed_kinds:
        return tuple(objects)
    for one in objects:
        if one.id.kind in changed_kinds:
            for name in dict.fromkeys([identity.name for identity in one.answers_to()]):
                named.setdefault(one.id.kind, {}).setdefault(name, []).append(one)
    references = [ref for ref in (*NAME_REFERENCES, *extra) if ref.kind in changed_kinds]
    by_kind: dict[str, list[tuple[NameReference, FieldSpec]]] = {}
    for ref in references:
        for spec in ref.fields:
            by_kind.setdefault(spec.kind, []).append((ref, spec))
    errors: list[OverlayError] = []
    result = []
    places: dict[tuple[str, str, str], _Places] = {}
    for one in objects:
        kind = (one.id.group, one.id.version, one.id.kind)
        if kind not in places:
            meant = (*by_kind.get(one.id.kind, ()), *by_kind.get("", ()))
            places[kind] = _Places([(ref, split_path(spec.path)) for ref, spec in meant if selects(spec, one.id)])
        body = one.body
        for ref, parts in places[kind].of(body):
            body = change(body, parts, _Finder(one, ref, named[ref.kind], errors).rewrite)
        result.append(one.with_body(body))
    raise_all(errors)
    return tuple(result)


class _Places:
    """Where objects of a kind may refer to others: a tree of paths, so that an object is walked once for all of them.

    A pod's template has a dozen such places, and most of them are not there.
    """

    def __init__(self, meant: Sequence[tuple[NameReference, tuple[str, ...]]]) -> None:
        self._meant = meant
        self._tree: _Tree = {}
        for number, (_, parts) in enumerate(meant):
            node = self._tree
            for part in parts[:-1]:
                node = node.setdefault(part, ({}, []))[0]
            node.setdefault(parts[-1], ({}, []))[1].append(number)

    def of(self, body: dict[str, Any]) -> list[tuple[NameReference, tuple[str, ...]]]:
        """Return what there is of it in one object, in its order."""
        found: set[int] = set()
        self._walk(body, self._tree, found)
        return [self._meant[number] for number in sorted(found)]

    def _walk(self, holder: Any, tree: _Tree, found: set[int]) -> None:
        if isinstance(holder, list):
            for item in holder:
                self._walk(item, tree, found)
        elif isinstance(holder, dict):
            for name, (inner, numbers) in tree.items():
                if name in holder:
                    found.update(numbers)
                    if inner:
                        self._walk(holder[name], inner, found)


class _Finder:
    """Finds what a field of one object refers to among the objects of one kind."""

    def __init__(
        self, referrer: Resource, ref: NameReference, named: dict[str, list[Resource]], errors: list[OverlayError]
    ) -> None:
        self.referrer = referrer
        self.ref = ref
        self.named = named
        self.errors = errors

    def rewrite(self, value: Any, holder: dict[str, Any]) -> Any:
        if isinstance(value, list):
            items = [self.rewrite(item, holder) for item in value]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        if isinstance(value, dict):
            return self._named_map(value)
        if not isinstance(value, str) or holder.get("kind", self.ref.kind) != self.ref.kind:
            return value
        found = self._find(value, None)
        return found.id.name if found is not None and found.id.name != value else value

    def _named_map(self, value: dict[str, Any]) -> dict[str, Any]:
        """Rewrite a subject or a webhook's service, which give name and namespace side by side."""
        name = value.get("name")
        if not isinstance(name, str) or value.get("kind", self.ref.kind) != self.ref.kind:
            return value
        namespace = value.get("namespace")
        found = self._find(name, namespace if isinstance(namespace, str) else "")
        if found is None:
            return value
        new = {**value, "name": found.id.name}
        if found.id.namespace:
            new["namespace"] = found.id.namespace
        return value if new == value else new

    def _find(self, name: str, namespace: str | None) -> Resource | None:
        """Return the object that had this name; namespace None means "where the referrer is"."""
        candidates = [
            one
            for one in self.named.get(name, ())
            if (not self.ref.group or self.ref.group == one.id.group)
            and any(identity.name == name and self._near(identity, one.id, namespace) for identity in one.answers_to())
        ]
        exact = [one for one in candidates if one.id.name == name and namespace is None]
        names = {(one.id.name, one.id.namespace) for one in exact or candidates}
        if len(names) > 1:
            self.errors.append(
                TransformError(
                    f"{self.referrer.id} refers to {self.ref.kind} {name}, which could be "
                    f"{' or '.join(sorted(str(one.id) for one in candidates))}",
                    location=self.referrer.origin.location,
                    object=str(self.referrer.id),
                    hint="give them different names",
                )
            )
            return None
        return (exact or candidates)[0] if candidates else None

    def _near(self, identity: ObjectId, now: ObjectId, namespace: str | None) -> bool:
        if namespace is not None:
            return identity.namespace == namespace or not identity.namespace or not namespace
        here = self.referrer.id.namespace
        return now.namespace == here or not now.namespace or not here
