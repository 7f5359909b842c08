"""base.yaml, environment.yaml, component.yaml and overlay.yaml: from YAML to frozen values."""

from __future__ import annotations

from overlay.errors import OverlayError, raise_all
from overlay.files.names import MAX_RELEASE, refuse_name
from overlay.load.cluster import read_cluster
from overlay.load.diff_rules import read_diff_rules
from overlay.load.entries import read_generators, read_patches, read_transforms
from overlay.load.fields import DIGEST, Fields
from overlay.load.policy import read_policy
from overlay.load.publishing import read_publish
from overlay.load.replacements import read_guards, read_replacements
from overlay.load.verifying import read_verify
from overlay.model.project import Project
from overlay.model.spec import API_VERSION, KINDS, Chart, Layer, Release, SortOptions, Spec
from overlay.model.value import replace
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.yaml import Document

_SEVERITIES = ("ignore", "warn", "error")
_BUNDLE_FACTS = ("title", "description", "url", "source", "documentation", "vendor", "licenses", "authors")
_ORDERS = ("apply", "fifo", "legacy")
# Where a chart may come from: (what must stand beside it, what may).
_CHART_WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "path": ((), ()),
    "repository": (("name", "version"), ()),
    "oci": ((), ("version", "digest")),
    "git": (("ref",), ("path",)),
    "url": (("digest",), ()),
}


def read_layer(document: Document, folder: str) -> Layer:
    """Return a Base, Environment or Component; `document` is one mapping.

    Raises DocumentError, or Problems with all that is wrong with it.
    """
    errors: list[OverlayError] = []
    top = Fields(document, document.value, (), errors)
    kind, name = read_header(top, KINDS)
    spec_fields = top.fields("spec")
    top.finish()
    spec = _spec(spec_fields, kind) if spec_fields is not None else Spec()
    raise_all(sorted(errors, key=by_place))
    return Layer(
        kind=kind,
        name=name,
        folder=folder,
        file=document.file,
        location=document.location(("metadata", "name")),
        spec=spec,
    )


def read_project(document: Document, root: str) -> Project:
    """Return an overlay.yaml; the environments' folder is as it is written.

    Raises DocumentError, or Problems with all that is wrong with it.
    """
    errors: list[OverlayError] = []
    top = Fields(document, document.value, (), errors)
    _, name = read_header(top, ("Project",))
    project = Project(root=root, name=name)
    spec = top.fields("spec")
    top.finish()
    if spec is not None:
        ignored, masked = read_diff_rules(spec)
        project = replace(
            project,
            environments=spec.string("environments") or project.environments,
            kubernetes_version=_version(spec),
            strict=spec.boolean("strict") or False,
            unknown_kinds=_unknown_kinds(spec),
            policy=read_policy(spec),
            bundle=_bundle(spec),
            ignored=ignored,
            masked=masked,
        )
        spec.finish()
    raise_all(sorted(errors, key=by_place))
    return project


def _bundle(spec: Fields) -> tuple[tuple[str, str], ...]:
    found = spec.fields("bundle")
    if found is None:
        return ()
    pairs = [(name, found.string(name)) for name in _BUNDLE_FACTS]
    found.finish()
    return tuple([(name, text) for name, text in pairs if text])


def _unknown_kinds(spec: Fields) -> str:
    validate = spec.fields("validate")
    if validate is None:
        return "warn"
    severity = validate.string("unknownKinds") or "warn"
    if severity not in _SEVERITIES:
        hint = did_you_mean(severity, _SEVERITIES)
        validate.error(
            f"validate.unknownKinds is {severity!r}, expected {', '.join(_SEVERITIES)}", "unknownKinds", hint=hint
        )
    validate.finish()
    return severity


def by_place(error: OverlayError) -> tuple[int, int]:
    """Order problems as a reader meets them."""
    return (error.location.line, error.location.column) if error.location else (0, 0)


def read_header(top: Fields, kinds: tuple[str, ...]) -> tuple[str, str]:
    """Read apiVersion, kind and metadata; return the kind and the name."""
    top.need("apiVersion")
    top.need("kind")
    api_version = top.string("apiVersion")
    if api_version and api_version != API_VERSION:
        top.error(f"apiVersion is {api_version!r}, this program reads {API_VERSION}", "apiVersion")
    kind = top.string("kind")
    if kind and kind not in kinds:
        hint = did_you_mean(kind, kinds)
        top.error(f"kind is {kind!r}, expected {' or '.join(kinds)}", "kind", hint=hint)
    return kind or kinds[0], _name(top)


def _name(top: Fields) -> str:
    top.need("metadata")
    metadata = top.fields("metadata")
    if metadata is None:
        return ""
    metadata.need("name")
    name = metadata.string("name") or ""
    reason = refuse_name(name) if name else None
    if reason:
        metadata.error(f"metadata.name {name!r} {reason}", "name")
    metadata.finish()
    return name


def _version(fields: Fields) -> str | None:
    """Read kubernetesVersion: `1.34` or `1.34.2`, with or without a leading v."""
    version = fields.string("kubernetesVersion")
    if version is None:
        return None
    parts = version.removeprefix("v").split(".")
    if len(parts) in (2, 3) and all(part.isascii() and part.isdigit() for part in parts):
        return version.removeprefix("v")
    fields.error(f'kubernetesVersion is {version!r}, expected a version such as "1.34"', "kubernetesVersion")
    return None


def _spec(fields: Fields, kind: str) -> Spec:
    if kind == "Component":
        for name in ("extends", "chart", "release"):
            if fields.has(name):
                fields.error(
                    f"a Component cannot have {name}: it is a part that environments opt into",
                    name,
                    hint="move it to the Base or the Environment",
                )
    namespace = fields.string("namespace")
    reason = refuse_name(namespace) if namespace else None
    if reason:
        fields.error(f"namespace {namespace!r} {reason}", "namespace")
    config_maps = read_generators(fields, "configMaps", "ConfigMap")
    secrets = read_generators(fields, "secrets", "Secret")
    labels, images, replicas, field_specs = read_transforms(fields)
    spec = Spec(
        extends=fields.places("extends"),
        components=fields.places("components"),
        chart=_chart(fields),
        release=_release(fields),
        kubernetes_version=_version(fields),
        api_versions=fields.strings("apiVersions"),
        include_crds=fields.boolean("includeCRDs"),
        values=fields.paths("values"),
        resources=fields.places("resources", single=True),
        crds=fields.places("crds", single=True),
        config_maps=config_maps,
        secrets=secrets,
        patches=read_patches(fields),
        namespace=namespace,
        labels=labels,
        annotations=fields.pairs("annotations"),
        name_prefix=fields.string("namePrefix") or "",
        name_suffix=fields.string("nameSuffix") or "",
        replicas=replicas,
        images=images,
        replacements=read_replacements(fields),
        protect=read_guards(fields, "protect"),
        allow=read_guards(fields, "allow"),
        sort_options=_sort_options(fields),
        build_metadata=_build_metadata(fields),
        publish=read_publish(fields),
        cluster=read_cluster(fields),
        signed_by=read_verify(fields),
        field_specs=field_specs,
        locations={name: fields.location(name) for name in fields.value},
    )
    fields.finish()
    return spec


def _sort_options(fields: Fields) -> SortOptions | None:
    options = fields.fields("sortOptions")
    if options is None:
        return None
    options.need("order")
    order = options.string("order") or "apply"
    if order not in _ORDERS:
        options.error(f"sortOptions.order is {order!r}, expected {', '.join(_ORDERS)}", "order")
    legacy = options.fields("legacySortOptions")
    first = last = None
    if legacy is not None:
        if order != "legacy":
            options.error("legacySortOptions means nothing beside another order than legacy", "legacySortOptions")
        first, last = legacy.strings("orderFirst"), legacy.strings("orderLast")
        legacy.finish()
    options.finish()
    return SortOptions(order=order, order_first=first, order_last=last)


def _build_metadata(fields: Fields) -> tuple[str, ...]:
    found = fields.strings("buildMetadata")
    for index, name in enumerate(found):
        if name != "originAnnotations":
            hint = did_you_mean(name, ("originAnnotations",))
            fields.error(
                f"buildMetadata[{index}] is {name!r}, expected originAnnotations", "buildMetadata", index, hint=hint
            )
    return found


def _chart(fields: Fields) -> Chart | None:
    chart = fields.fields("chart")
    if chart is None:
        return None
    read = Chart(
        location=chart.location(),
        path=chart.string("path"),
        repository=chart.string("repository"),
        name=chart.string("name"),
        version=chart.string("version"),
        oci=chart.string("oci"),
        git=chart.string("git"),
        ref=chart.string("ref"),
        url=chart.string("url"),
        digest=chart.string("digest"),
    )
    ways = [way for way in _CHART_WAYS if chart.has(way) and not (way == "path" and chart.has("git"))]
    if len(ways) != 1:
        found = " and ".join(ways) or "none"
        chart.error(f"spec.chart needs exactly one of path, repository, oci, git or url; found {found}")
    else:
        required, optional = _CHART_WAYS[ways[0]]
        for name in chart.value:
            if name in chart.known and name not in (ways[0], *required, *optional):
                chart.error(f"spec.chart.{name} means nothing beside {ways[0]}", name)
        for name in required:
            chart.need(name)
        if ways[0] == "oci" and not chart.has("version") and not chart.has("digest"):
            chart.error("spec.chart needs version or digest beside oci")
        if read.repository and read.repository.startswith("oci://"):
            chart.error(
                "spec.chart.repository names a registry, not a Helm repository",
                "repository",
                hint=f"write oci: {read.repository.rstrip('/')}/{read.name or 'NAME'}",
            )
        if read.digest and not DIGEST.fullmatch(read.digest):
            chart.error(f"spec.chart.digest is {read.digest[:100]!r}, expected sha256: and 64 digits", "digest")
    chart.finish()
    return read


def _release(fields: Fields) -> Release:
    release = fields.fields("release")
    if release is None:
        return Release()
    read = Release(
        name=release.string("name"),
        namespace=release.string("namespace"),
        revision=release.integer("revision", least=1),
        is_upgrade=release.boolean("isUpgrade"),
    )
    for field, found, longest in (("name", read.name, MAX_RELEASE), ("namespace", read.namespace, 63)):
        reason = refuse_name(found, longest=longest) if found else None
        if reason:
            release.error(f"spec.release.{field} {found!r} {reason}", field)
    release.finish()
    return read
