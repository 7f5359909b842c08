"""Patches onto objects: find what each patch means, merge it, and let nothing pass in silence."""

from __future__ import annotations

from overlay.errors import OverlayError, PatchError, raise_all
from overlay.merge.index import Index
from overlay.merge.mergepatch import merge_patch
from overlay.merge.same import type_name
from overlay.merge.strategic import strategic_merge
from overlay.merge.targets import Matcher
from overlay.model.finding import Finding
from overlay.model.resource import ObjectId, Resource, split_api_version
from overlay.model.value import value
from overlay.nearest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.kube.types import Types
    from overlay.merge.overwrites import Turn
    from overlay.model.contents import ReadPatch
    from overlay.model.location import Location
    from overlay.model.spec import Target

    # (patch, the identities that it means, those of them that exist) -> what is wrong with it as it is written
    Check = Callable[[ReadPatch, Sequence[ObjectId], Sequence[Resource]], list[OverlayError]]
    # (object) -> the patched body; the same one when nothing changes; None when the object is deleted
    Act = Callable[[Resource], "dict[str, Any] | None"]

SHOWN_MATCHES = 10
_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


@value
class Applied:
    """Objects after the patches, in the order in which they came; those that no patch touches are the same values."""

    objects: tuple[Resource, ...]
    findings: tuple[Finding, ...]


def apply_patches(
    objects: Sequence[Resource],
    patches: Sequence[ReadPatch],
    types: Types,
    environment: str,
    check: Check | None = None,
) -> Applied:
    """Apply patches in their order; `check` says what is wrong with one as it is written.

    Raises PatchError or LimitError, or Problems with those of all patches: what matches too few or too many objects,
    does not apply, or would change an object's identity.
    """
    if not patches:
        return Applied(tuple(objects), ())
    index = Index(objects)
    findings: list[Finding] = []
    errors: list[OverlayError] = []
    turns: dict[int, list[Turn]] = {}
    for patch in patches:
        try:
            finding = _apply(patch, index, types, check, turns)
        except OverlayError as error:
            errors.extend(error.each())
            continue
        if finding is not None:
            findings.append(finding)
    for problem in errors:
        problem.environment = environment
    raise_all(errors)
    for at, taken in turns.items():
        if len(taken) > 1 and index.has(at):
            from overlay.merge.overwrites import overwrites  # noqa: PLC0415  # few objects are patched twice

            findings += overwrites(taken, index.at(at), types)
    return Applied(index.objects(), tuple([_in_environment(finding, environment) for finding in findings]))


def _in_environment(finding: Finding, environment: str) -> Finding:
    return Finding(finding.rule, finding.message, finding.location, finding.hint, environment, finding.object)


def _apply(
    patch: ReadPatch, index: Index, types: Types, check: Check | None, turns: dict[int, list[Turn]]
) -> Finding | None:
    act = _action(patch, types)
    found = _find(patch, index)
    errors: list[OverlayError] = []
    if not patch.expect.accepts(len(found)):
        errors.append(_mismatch(patch, index, found))
    if check is not None:
        meant = [index.at(at) for at in found]
        identities = [_own_identity(patch)] if patch.target is None else [one.id for one in meant]
        errors += check(patch, identities, meant)
    raise_all(errors)
    changed = False
    for at in found:
        resource = index.at(at)
        try:
            body = act(resource)
            if body is None:
                index.remove(at)
            elif body is not resource.body:
                _check_identity(resource, body, patch)
                turns.setdefault(at, []).append((patch, resource))
                index.put(at, resource.with_body(body))
            changed = changed or body is not resource.body
        except OverlayError as error:
            for each in error.each():
                each.object = str(resource.id)
                errors.append(each)
    raise_all(errors)
    if changed or not found:
        return None
    first = index.at(found[0]).id
    what = str(first) if len(found) == 1 else f"the {len(found)} objects that it matches"
    return Finding(
        "patch-without-effect",
        f"{patch.label} changes nothing on {what}",
        patch.location,
        "remove it, or look for what was meant",
        object=str(first) if len(found) == 1 else None,
    )


def _action(patch: ReadPatch, types: Types) -> Act:
    """Return what a patch does to one object; its form is checked once, before any object is."""
    content = patch.content
    if patch.kind == "json":
        from overlay.merge.jsonpatch import json_patch, parse_operations  # noqa: PLC0415  # few patches need it

        operations = parse_operations(content, patch.locate)
        return lambda resource: json_patch(resource.body, operations, patch.locate)
    if not isinstance(content, dict):
        raise PatchError(f"{patch.label} must be a map, found {type_name(content)}", location=patch.location)
    if patch.kind == "merge":
        return lambda resource: merge_patch(resource.body, content)

    def merge(resource: Resource) -> dict[str, Any] | None:
        identity = resource.id
        node = types.root(identity.group, identity.version, identity.kind)
        return strategic_merge(resource.body, content, node, patch.locate, resource.origin.location)

    return merge


def _find(patch: ReadPatch, index: Index) -> list[int]:
    if patch.target is not None:
        return index.matching(Matcher(patch.target))
    group, version, kind, namespace, name = _named(patch)
    found = index.named(group, kind, name, namespace)
    for at in found:
        resource = index.at(at)
        if not any(identity.version == version for identity in resource.answers_to()):
            raise PatchError(
                f"{patch.label} is for {kind} of {patch.content['apiVersion']}, the object has "
                f"{resource.body['apiVersion']}",
                location=patch.locate(("apiVersion",)),
                hint="a patch cannot change apiVersion; write the object's",
                object=str(resource.id),
                related=(("the object", resource.origin.location),),
            )
    return found


def _named(patch: ReadPatch) -> tuple[str, str, str, str, str]:
    """Return group, version, kind, namespace and name that a strategic patch without target states."""
    content = patch.content
    metadata = content.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    hint = "a patch without target names its object by apiVersion, kind and metadata.name"
    found = [content.get("apiVersion"), content.get("kind"), metadata.get("name"), metadata.get("namespace") or ""]
    errors: list[OverlayError] = []
    for path, item in zip(_IDENTITY, found, strict=True):
        if not isinstance(item, str) or (not item and path[-1] != "namespace"):
            wrong = "is missing" if item is None else f"is {type_name(item)}, not a string" if item else "is empty"
            message = f"{patch.label}: {'.'.join(path)} {wrong}"
            errors.append(PatchError(message, location=patch.locate(path), hint=hint))
    raise_all(errors)
    group, version = split_api_version(found[0])
    return group, version, found[1], found[3], found[2]


def _check_identity(resource: Resource, body: Any, patch: ReadPatch) -> None:
    """Refuse a patched body that is another object: references, ownership and output files go by identity."""
    for path in _IDENTITY:
        before, after = _get(resource.body, path), _get(body, path)
        if before != after:
            what = ".".join(path)
            change = "removes" if after is None else "changes"
            to = "" if after is None else f" to {_shown(after)}"
            raise PatchError(
                f"{patch.label} {change} {what} of {resource.id}{to}",
                location=patch.location,
                hint="a patch cannot make an object another one",
                related=(("the object", resource.origin.location),),
            )


def _get(body: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        body = body.get(part) if isinstance(body, dict) else None
    return body


def _shown(item: Any) -> str:
    return type_name(item) if isinstance(item, (dict, list)) else str(item)


def _mismatch(patch: ReadPatch, index: Index, found: list[int]) -> PatchError:
    wanted = patch.target
    what = _describe(wanted) if wanted is not None else _own_name(patch)
    location = patch.location
    related: tuple[tuple[str, Location], ...] = ()
    if wanted is None and patch.locate(()).file != patch.location.file:
        # The name that nothing answers to stands in the patch's own file.
        field = ("metadata", "name") if found or not _is_kind_wrong(patch, index) else ("kind",)
        location, related = patch.locate(field), (("the entry", patch.location),)
    if len(found) > patch.expect.least:
        names = [str(index.at(at).id) for at in found]
        shown = ", ".join(names[:SHOWN_MATCHES]) + (", …" if len(names) > SHOWN_MATCHES else "")
        noun = "object matches" if len(found) == 1 else "objects match"
        return PatchError(
            f"{len(found)} {noun} {what}, {patch.expect} expected: {shown}",
            location=location,
            hint=f"narrow the target, or write `expect: {len(found)}` when all are meant",
            related=related,
        )
    count = "no object matches" if not found else f"only {len(found)} of {patch.expect} expected objects match"
    return PatchError(f"{count} {what}", location=location, hint=_near(patch, index), related=related)


def _is_kind_wrong(patch: ReadPatch, index: Index) -> bool:
    """Tell whether an object of the name is there, but nothing of the kind."""
    kind, name = patch.content["kind"], patch.content["metadata"]["name"]
    kinds, labels = index.names()
    return kind not in kinds and any(label.partition("/")[2] == name for label in labels)


def _near(patch: ReadPatch, index: Index) -> str | None:
    """Return a hint that names the objects that come closest to what the patch asks for."""
    target = patch.target
    kind = patch.content["kind"] if target is None else target.kind
    name = patch.content["metadata"]["name"] if target is None else target.name
    kinds, labels = index.names()
    if name:
        same_name = [label for label in labels if label.partition("/")[2] == name]
        if kind in kinds:
            names = [label.partition("/")[2] for label in labels if label.startswith(f"{kind}/")]
            close = [f"{kind}/{each}" for each in nearest(name, names)]
        elif kind:
            close = nearest(f"{kind}/{name}", labels)
        else:
            close = nearest(name, [label.partition("/")[2] for label in labels])
        close = (same_name + [each for each in close if each not in same_name])[:3]
    else:
        close = nearest(kind, kinds) if kind and kind not in kinds else []
    if close:
        return f"did you mean {' or '.join(close)}?"
    if kind in kinds:
        there = [label for label in labels if label.startswith(f"{kind}/")]
        return f"there is {', '.join(there[:SHOWN_MATCHES])}{', …' if len(there) > SHOWN_MATCHES else ''}"
    return f"there are objects of the kinds {', '.join(kinds)}" if kinds else "there are no objects to patch"


def _own_identity(patch: ReadPatch) -> ObjectId:
    group, version, kind, namespace, name = _named(patch)
    return ObjectId(group, version, kind, namespace, name)


def _own_name(patch: ReadPatch) -> str:
    _, _, kind, namespace, name = _named(patch)
    return f"{kind}/{namespace}/{name}" if namespace else f"{kind}/{name}"


def _describe(target: Target) -> str:
    pairs = (
        ("group", target.group),
        ("version", target.version),
        ("kind", target.kind),
        ("name", target.name),
        ("namespace", target.namespace),
        ("labelSelector", target.label_selector),
        ("annotationSelector", target.annotation_selector),
    )
    return "the target " + " ".join([f"{key}={text}" for key, text in pairs if text])
