"""Copy one value to many places : an object's field, a literal or a fact (kustomize's `replacements`)."""

from __future__ import annotations

from overlay.errors import OverlayError, TransformError, raise_all
from overlay.kube.dotted import BadPath, Element, as_text, find, format_path, parse_path
from overlay.kube.objects import identify
from overlay.merge.targets import Matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from overlay.kube.dotted import Part
    from overlay.model.location import Location
    from overlay.model.resource import Resource
    from overlay.model.spec import FieldOptions, PathRef, Replacement, ReplacementTarget, Target


def replace_values(
    objects: Sequence[Resource], entries: Sequence[Replacement], facts: Mapping[str, str | None]
) -> tuple[Resource, ...]:
    """Return the objects with every replacement made, one after the other.

    facts: of the environment, by name; None for one that it does not have.
    Raises TransformError, or Problems, where a source is not exactly one object or lacks the field, where nothing is
    selected, and where a field is neither there nor to be created.
    """
    result = list(objects)
    errors: list[OverlayError] = []
    for entry in entries:
        try:
            value = _source(result, entry, facts)
            for target in entry.targets:
                _fill(result, target, value, errors)
        except OverlayError as error:
            errors.extend(error.each())
    raise_all(errors)
    return tuple(result)


def _source(objects: Sequence[Resource], entry: Replacement, facts: Mapping[str, str | None]) -> Any:
    if entry.source is None and entry.fact is None:
        return entry.literal or ""
    if entry.source is None:
        known = facts.get(entry.fact or "")
        if known is None:
            raise TransformError(
                f"this environment has no {entry.fact}",
                location=entry.location,
                hint="set cluster: {context: …} in the environment" if entry.fact == "cluster" else None,
            )
        return known
    matcher = Matcher(entry.source)
    found = [one for one in objects if matcher.matches(one)]
    if len(found) != 1:
        names = ", ".join([str(one.id) for one in found[:10]])
        raise TransformError(
            f"the source matches {len(found)} objects: {names}" if found else "no object matches the source",
            location=entry.source.location,
            hint="narrow it to one object" if found else _kinds(objects, entry.source),
        )
    values = find(found[0].body, _path(entry.field_path))
    if len(values) != 1 or values[0][1] is None or values[0][1] in ({}, []):
        what = "has no" if not values else "has an empty" if len(values) == 1 else f"has {len(values)} times"
        raise TransformError(
            f"{found[0].id} {what} {entry.field_path.path}",
            location=entry.field_path.location,
            object=str(found[0].id),
            related=(("the object", found[0].origin.location),),
        )
    return _part(values[0][1], entry.source_options, entry.field_path)


def _part(value: Any, options: FieldOptions, path: PathRef) -> Any:
    if not options.delimiter:
        return value
    if isinstance(value, (dict, list)):
        raise TransformError(f"a delimiter splits texts, {path.path} is none", location=path.location)
    parts = as_text(value).split(options.delimiter)
    if not 0 <= options.index < len(parts):
        raise TransformError(
            f"{path.path} is {as_text(value)!r}: it has {len(parts)} parts between {options.delimiter!r}, "
            f"no part {options.index}",
            location=path.location,
            hint="parts count from 0",
        )
    return parts[options.index]


def _fill(objects: list[Resource], target: ReplacementTarget, value: Any, errors: list[OverlayError]) -> None:
    select, rejects = Matcher(target.select), [Matcher(one) for one in target.reject]
    found = [
        at
        for at, one in enumerate(objects)
        if select.matches(one) and not any(reject.matches(one) for reject in rejects)
    ]
    if not found:
        hint = _kinds(objects, target.select)
        errors.append(TransformError("no object matches the target", location=target.select.location, hint=hint))
    for path in target.field_paths:
        parts = _path(path)
        for at in found:
            try:
                objects[at] = _filled(objects[at], parts, value, target.options, path)
            except OverlayError as error:
                errors.append(error)


def _filled(one: Resource, parts: tuple[Part, ...], value: Any, options: FieldOptions, path: PathRef) -> Resource:
    def put(old: Any, place: str) -> Any:
        return _joined(old, value, options, place, path.location)

    body = _changed(one.body, parts, 0, put, value if options.create else None)
    if body is None:
        raise TransformError(
            f"{one.id} has no {path.path}",
            location=path.location,
            object=str(one.id),
            hint="options: {create: true} makes it",
            related=(("the object", one.origin.location),),
        )
    if body is one.body:
        return one
    for name in ("apiVersion", "kind"):
        if body.get(name) != one.body[name]:
            raise TransformError(
                f"a replacement cannot change {name}, which makes {one.id} another object",
                location=path.location,
                object=str(one.id),
            )
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise TransformError(
            f"the replacement leaves {one.id} without a name", location=path.location, object=str(one.id)
        )
    return one.renamed(body, identify(body))


def _joined(old: Any, value: Any, options: FieldOptions, place: str, location: Location) -> Any:
    """Return what stands at the place of `old`: a scalar keeps its type where the value allows it."""
    if options.replace:
        if not isinstance(old, str) or options.replace not in old or isinstance(value, (dict, list)):
            raise TransformError(f"{place} does not hold the words {options.replace!r}", location=location)
        return old.replace(options.replace, as_text(value))
    if options.delimiter:
        if isinstance(old, (dict, list)) or isinstance(value, (dict, list)):
            raise TransformError(f"a delimiter splits texts, {place} is none", location=location)
        parts = as_text(old).split(options.delimiter) if old is not None else []
        text = as_text(value)
        if options.index < 0:
            parts.insert(0, text)
        elif options.index >= len(parts):
            parts.append(text)
        else:
            parts[options.index] = text
        value = options.delimiter.join(parts)
    if isinstance(old, str) and not isinstance(value, (dict, list)):
        return as_text(value)
    if isinstance(old, bool) and value in ("true", "false"):
        return value == "true"
    if isinstance(old, int) and isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii():
        return int(value)
    return value


def _changed(holder: Any, parts: Sequence[Part], at: int, put: Callable[[Any, str], Any], create: Any) -> Any:
    """Return `holder` with what stands at the path changed; None when it leads nowhere.

    create: the value to make missing fields for, or None.
    """
    if at == len(parts):
        return put(holder, format_path(parts))
    part = parts[at]
    if isinstance(holder, list):
        return _changed_list(holder, parts, at, put, create)
    if not isinstance(holder, dict):
        return None
    if part == "*":
        new = {key: _changed(item, parts, at + 1, put, create) for key, item in holder.items()}
        kept = {key: holder[key] if item is None else item for key, item in new.items()}
        return kept if any(item is not None for item in new.values()) else None
    key = str(part)
    if key in holder:
        inner = _changed(holder[key], parts, at + 1, put, create)
        return None if inner is None else {**holder, key: inner}
    if create is None:
        return None
    made = _made(parts, at + 1, create)
    return None if made is None else {**holder, key: made}


def _changed_list(
    holder: list[Any], parts: Sequence[Part], at: int, put: Callable[[Any, str], Any], create: Any
) -> Any:
    part = parts[at]
    if part == "*":
        meant = list(range(len(holder)))
    elif isinstance(part, Element):
        meant = [index for index, item in enumerate(holder) if part.means(item)]
    else:
        meant = [part] if isinstance(part, int) and part < len(holder) else []
    changed = list(holder)
    hit = False
    for index in meant:
        inner = _changed(holder[index], parts, at + 1, put, create)
        if inner is not None:
            changed[index], hit = inner, True
    if not meant and create is not None:
        if part == "-" or part == len(holder):
            element: Any = None
        elif isinstance(part, Element):
            element = dict(part.pairs) if part.pairs[0][0] else part.pairs[0][1]
        else:
            return None
        made = _made(parts, at + 1, create) if element is None else _changed(element, parts, at + 1, put, create)
        if made is not None:
            changed.append(made)
            hit = True
    return changed if hit else None


def _made(parts: Sequence[Part], at: int, value: Any) -> Any:
    """Return new maps and lists for the rest of a path, with the value at its end; None for `*` and an index."""
    if at == len(parts):
        return value
    part = parts[at]
    if isinstance(part, int) or part == "*":
        return None
    inner = _made(parts, at + 1, value)
    if inner is None:
        return None
    if isinstance(part, Element):
        return [{**dict(part.pairs), **inner}] if isinstance(inner, dict) else None
    return [inner] if part == "-" else {part: inner}


def _path(ref: PathRef) -> tuple[Part, ...]:
    try:
        return parse_path(ref.path)
    except BadPath as error:
        raise TransformError(f"the field path {ref.path!r} {error}", location=ref.location) from None


def _kinds(objects: Sequence[Resource], target: Target) -> str:
    from overlay.nearest import did_you_mean  # noqa: PLC0415  # only a mistake asks

    labels = [f"{one.id.kind}/{one.id.name}" for one in objects]
    close = did_you_mean(f"{target.kind}/{target.name}", labels) if target.name else None
    return close or f"there are objects of the kinds {', '.join(sorted({one.id.kind for one in objects})) or 'none'}"
