"""`replacements`, `protect` and `allow` of a spec: what points at fields by dotted paths."""

from __future__ import annotations

from overlay.kube.dotted import BadPath, parse_path
from overlay.load.targets import read_target
from overlay.model.spec import FieldOptions, Guard, PathRef, Replacement, ReplacementTarget, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.load.fields import Fields

FACTS = ("name", "namespace", "releaseName", "kubernetesVersion", "cluster")
_WAYS = ("source", "sourceValue")
_NAME = "metadata.name"


def read_replacements(spec: Fields) -> tuple[Replacement, ...]:
    return tuple([_replacement(entry) for entry in spec.entries("replacements")])


def _replacement(entry: Fields) -> Replacement:
    ways = [way for way in _WAYS if entry.has(way)]
    if len(ways) != 1:
        entry.error(f"{entry.label()} needs exactly one of {', '.join(_WAYS)}; found {' and '.join(ways) or 'none'}")
    entry.need("targets")
    literal = entry.take("sourceValue")
    if entry.has("sourceValue") and not isinstance(literal, str):
        entry.wrong("a string", literal, "sourceValue", hint="quote it")
        literal = None
    source = entry.fields("source")
    target, fact, options = None, None, FieldOptions()
    path = PathRef(_NAME, entry.location())
    if source is not None:
        fact = source.string("fact")
        options = _options(source, creating=False)
        path = _field_path(source) or PathRef(_NAME, source.location())
        if fact is None:
            target = read_target(source)
        else:
            if fact not in FACTS:
                source.error(f"{source.label('fact')} is {fact!r}, expected {', '.join(FACTS)}", "fact")
            for name in source.value:
                if name != "fact":
                    source.error(f"{source.label(name)} means nothing beside fact", name)
                    source.known.append(name)
        source.finish()
    return Replacement(
        location=entry.location(),
        source=target,
        field_path=path,
        source_options=options,
        literal=literal,
        fact=fact,
        targets=tuple([_target(each) for each in entry.entries("targets")]),
    )


def _target(entry: Fields) -> ReplacementTarget:
    entry.need("select")
    select = entry.fields("select")
    read = _finished(select) if select is not None else None
    paths = _paths(entry, "fieldPaths")
    return ReplacementTarget(
        location=entry.location(),
        select=read or Target(location=entry.location()),
        reject=tuple([read_target(reject) for reject in entry.entries("reject")]),
        field_paths=paths or (PathRef(_NAME, entry.location()),),
        options=_options(entry, creating=True),
    )


def _finished(fields: Fields) -> Target:
    target = read_target(fields)
    fields.finish()
    return target


def _options(holder: Fields, *, creating: bool) -> FieldOptions:
    fields = holder.fields("options")
    if fields is None:
        return FieldOptions()
    delimiter = fields.string("delimiter") or ""
    index = fields.integer("index", least=-1 if creating else 0)
    create = (fields.boolean("create") or False) if creating else False
    words = (fields.string("replace") or "") if creating else ""
    if index is not None and not delimiter:
        fields.error(f"{fields.label('index')} counts parts between delimiters: it needs delimiter", "index")
    for name, found in (("delimiter", delimiter), ("create", create)):
        if words and found:
            fields.error(f"{fields.label(name)} means nothing beside replace, which changes words of a text", name)
    fields.finish()
    return FieldOptions(delimiter=delimiter, index=index or 0, create=create, replace=words)


def _field_path(source: Fields) -> PathRef | None:
    path = source.string("fieldPath")
    return None if path is None else _checked(source, PathRef(path, source.location("fieldPath")), "fieldPath")


def _paths(entry: Fields, name: str) -> tuple[PathRef, ...]:
    return tuple([_checked(entry, ref, name, index) for index, ref in enumerate(entry.paths(name))])


def _checked(fields: Fields, ref: PathRef, *names: str | int) -> PathRef:
    try:
        parse_path(ref.path)
    except BadPath as error:
        fields.error(
            f"{fields.label(*names)} {ref.path!r} {error}", *names, hint="write it like spec.ports.[name=http].port"
        )
    return ref


def read_guards(spec: Fields, name: str) -> tuple[Guard, ...]:
    guards = []
    for entry in spec.entries(name):
        entry.need("fields")
        target = entry.fields("target")
        guards.append(
            Guard(
                location=entry.location(),
                target=_finished(target) if target is not None else None,
                fields=_paths(entry, "fields"),
            )
        )
    return tuple(guards)
