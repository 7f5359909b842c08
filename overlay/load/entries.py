"""The lists of a spec: patches, generators and transforms."""

from __future__ import annotations

import re

from overlay.kube.names import is_tag
from overlay.load.fields import DIGEST, Fields
from overlay.load.targets import read_target
from overlay.model.spec import (
    Expect,
    FieldSpec,
    FieldSpecs,
    FileSource,
    Generator,
    GeneratorOptions,
    Image,
    Labels,
    NameReference,
    Patch,
    PathRef,
    Replicas,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EXPECT = re.compile(r"(\d{1,6})(?:(\+)|\.\.(\d{1,6}))?")
_CONTENTS = ("path", "strategicMerge", "jsonPatch", "mergePatch")
_BEHAVIORS = ("create", "merge", "replace")


def read_patches(spec: Fields) -> tuple[Patch, ...]:
    return tuple([_patch(entry) for entry in spec.entries("patches")])


def _patch(entry: Fields) -> Patch:
    ways = [way for way in _CONTENTS if entry.has(way)]
    if len(ways) != 1:
        entry.error(
            f"{entry.label()} needs exactly one of {', '.join(_CONTENTS)}; found {' and '.join(ways) or 'none'}"
        )
    path = entry.string("path")
    operations = entry.take("jsonPatch")
    if entry.has("jsonPatch") and not isinstance(operations, list):
        entry.wrong("a list of operations", operations, "jsonPatch")
        operations = None
    strategic, merge = entry.mapping("strategicMerge"), entry.mapping("mergePatch")
    target_fields = entry.fields("target")
    target = None
    if target_fields is not None:
        target = read_target(target_fields)
        target_fields.finish()
    if target is None and not entry.has("target") and (entry.has("jsonPatch") or entry.has("mergePatch")):
        entry.error(
            f"{entry.label()} needs a target: a {ways[0] if ways else 'patch'} does not name its object",
            hint="add target: {kind: …, name: …}",
        )
    return Patch(
        location=entry.location(),
        content_location=entry.location(ways[0]) if ways else entry.location(),
        target=target,
        expect=read_expect(entry),
        path=None if path is None else PathRef(path, entry.location("path")),
        strategic_merge=strategic,
        json_patch=operations,
        merge_patch=merge,
    )


def read_expect(entry: Fields) -> Expect:
    """Read how many objects are meant."""
    found = entry.take("expect")
    if not entry.has("expect"):
        return Expect()
    text = str(found) if isinstance(found, int) and not isinstance(found, bool) else found
    match = _EXPECT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        entry.wrong('a count such as 1, "1+" or "0..3"', found, "expect")
        return Expect()
    least = int(match[1])
    most = None if match[2] else int(match[3]) if match[3] else least
    if most is not None and most < least:
        entry.error(f"{entry.label('expect')} is {text}: its end is below its start", "expect")
        return Expect()
    return Expect(least, most)


def read_generators(spec: Fields, name: str, kind: str) -> tuple[Generator, ...]:
    return tuple([_generator(entry, kind) for entry in spec.entries(name)])


def _generator(entry: Fields, kind: str) -> Generator:
    entry.need("name")
    behavior = entry.string("behavior") or "create"
    if behavior not in _BEHAVIORS:
        entry.error(f"{entry.label('behavior')} is {behavior!r}, expected {', '.join(_BEHAVIORS)}", "behavior")
    files = []
    for index, ref in enumerate(entry.paths("files")):
        key, equals, path = ref.path.partition("=")
        if not equals:
            key, path = ref.path.rpartition("/")[2], ref.path
        if not key or not path:
            entry.error(f"{entry.label('files', index)} must be `path` or `key=path`", "files", index)
        else:
            files.append(FileSource(key=key, source=PathRef(path, ref.location)))
    options_fields = entry.fields("options")
    options = GeneratorOptions()
    if options_fields is not None:
        options = GeneratorOptions(
            labels=options_fields.pairs("labels"),
            annotations=options_fields.pairs("annotations"),
            immutable=options_fields.boolean("immutable") or False,
            disable_name_suffix_hash=options_fields.boolean("disableNameSuffixHash") or False,
        )
        options_fields.finish()
    return Generator(
        location=entry.location(),
        kind=kind,
        name=entry.string("name") or "",
        namespace=entry.string("namespace") or "",
        behavior=behavior,
        literals=entry.pairs("literals"),
        files=tuple(files),
        envs=entry.paths("envs"),
        type=(entry.string("type") or "") if kind == "Secret" else "",
        options=options,
    )


def read_transforms(
    spec: Fields,
) -> tuple[tuple[Labels, ...], tuple[Image, ...], tuple[Replicas, ...], FieldSpecs]:
    labels = tuple([_labels(entry) for entry in spec.entries("labels")])
    images = tuple([_image(entry) for entry in spec.entries("images")])
    replicas = tuple([_replicas(entry) for entry in spec.entries("replicas")])
    fields = spec.fields("fieldSpecs")
    if fields is None:
        return labels, images, replicas, FieldSpecs()
    specs = FieldSpecs(
        namespace=_field_specs(fields, "namespace"),
        labels=_field_specs(fields, "labels"),
        annotations=_field_specs(fields, "annotations"),
        images=_field_specs(fields, "images"),
        replicas=_field_specs(fields, "replicas"),
        name_reference=tuple([_name_reference(entry) for entry in fields.entries("nameReference")]),
    )
    fields.finish()
    return labels, images, replicas, specs


def _labels(entry: Fields) -> Labels:
    entry.need("pairs")
    return Labels(
        location=entry.location(),
        pairs=entry.pairs("pairs"),
        include_selectors=entry.boolean("includeSelectors") or False,
        include_templates=entry.boolean("includeTemplates") or False,
        fields=_field_specs(entry, "fields"),
    )


def _image(entry: Fields) -> Image:
    entry.need("name")
    image = Image(
        location=entry.location(),
        name=entry.string("name") or "",
        new_name=entry.string("newName"),
        new_tag=entry.string("newTag"),
        digest=entry.string("digest"),
    )
    if not any(entry.has(name) for name in ("newName", "newTag", "digest")):
        entry.error(f"{entry.label()} changes nothing: it needs newName, newTag or digest")
    if image.new_tag and not is_tag(image.new_tag):
        entry.error(
            f"{entry.label('newTag')} is {image.new_tag!r}, which no tag of an image can be",
            "newTag",
            hint="letters, digits, `_`, `.` and `-`, at most 128; a digest stands in digest",
        )
    if image.digest and not DIGEST.fullmatch(image.digest):
        entry.error(f"{entry.label('digest')} is no digest: it needs sha256: and 64 digits", "digest")
    return image


def _replicas(entry: Fields) -> Replicas:
    entry.need("name")
    entry.need("count")
    count = entry.integer("count", least=0)
    return Replicas(location=entry.location(), name=entry.string("name") or "", count=count or 0)


def _field_specs(fields: Fields, name: str) -> tuple[FieldSpec, ...]:
    return tuple([_field_spec(entry) for entry in fields.entries(name)])


def _field_spec(entry: Fields) -> FieldSpec:
    entry.need("path")
    return FieldSpec(
        path=entry.string("path") or "",
        create=entry.boolean("create") or False,
        **_group_version_kind(entry),
    )


def _name_reference(entry: Fields) -> NameReference:
    entry.need("kind")
    entry.need("fieldSpecs")
    return NameReference(fields=_field_specs(entry, "fieldSpecs"), **_group_version_kind(entry))


def _group_version_kind(entry: Fields) -> dict[str, Any]:
    return {name: entry.string(name) or "" for name in ("group", "version", "kind")}
