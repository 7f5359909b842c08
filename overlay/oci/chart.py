"""The base chart as `helm push` writes it, and what `helm push` wrote as checked bytes."""

from __future__ import annotations

import re

from overlay.chart.check import metadata_document
from overlay.errors import ChartError, FetchError, UsageError
from overlay.fetch.reference import is_name
from overlay.fetch.store import digest_of
from overlay.files.archive import unpack
from overlay.files.paths import printable
from overlay.files.tar import write_tar
from overlay.model.location import Location
from overlay.model.value import value
from overlay.oci import media
from overlay.oci.bundle import Artifact
from overlay.oci.epoch import rfc3339
from overlay.oci.gzip import gzip
from overlay.oci.manifest import describe, image, write_json
from overlay.oci.place import read_blob
from overlay.oci.versions import check_version
from overlay.yaml import decode, read_mapping, write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.contents import ChartSource
    from overlay.oci.manifest import Manifest
    from overlay.oci.place import Source

MAX_CHART = 100 * 1024 * 1024
MAX_PROVENANCE = 1024 * 1024
# The fields of Chart.yaml in the order of Helm's own type (pkg/chart/v2/metadata.go), which is that of its JSON.
_FIELDS = (
    "name", "home", "sources", "version", "description", "keywords", "maintainers", "icon", "apiVersion", "condition",
    "tags", "appVersion", "deprecated", "annotations", "kubeVersion", "dependencies", "type",
)  # fmt: skip
_TEXTS = ("name", "version", "apiVersion", "description", "home", "appVersion", "kubeVersion", "type")
_OWN = (media.TITLE, media.VERSION)


@value(kw_only=True)
class Packed:
    """A chart in one file.

    metadata: its Chart.yaml. data: the .tgz. provenance: what `helm package --sign` writes beside, empty without.
    """

    name: str
    version: str
    metadata: dict[str, Any]
    data: bytes
    provenance: bytes = b""

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.tgz"


def pack_chart(source: ChartSource, seconds: int, *, version: str | None, app_version: str | None) -> Packed:
    """Return a chart in one file, its sub-charts included; version, app_version: instead of those in Chart.yaml.

    Raises ChartError, UsageError.
    """
    if source.kind != "helm":
        raise ChartError(f"{source.path} is a folder of manifests, no Helm chart", location=source.location)
    document = metadata_document(source)
    metadata = dict(document.value)
    metadata.update({"version": version} if version else {})
    metadata.update({"appVersion": app_version} if app_version else {})
    for field in _TEXTS:
        if field in metadata and not isinstance(metadata[field], str):
            raise ChartError(
                f"{field} of a chart must be a string", location=document.location((field,)), hint="quote it"
            )
    name, found = metadata.get("name"), metadata.get("version")
    if not isinstance(name, str) or not is_name(name):
        raise ChartError(f"{name!r} cannot name a chart in a registry", location=document.location(("name",)))
    try:
        check_version(found if isinstance(found, str) else "")
    except UsageError as error:
        raise ChartError(error.message, location=document.location(("version",)), hint=error.hint) from None
    files = dict(source.files)
    if version or app_version:
        files["Chart.yaml"] = write_document(metadata).encode()
    # Chart.yaml first, as `helm package` has it: who looks for it need not read on.
    ordered = [("Chart.yaml", files.pop("Chart.yaml")), *sorted(files.items())]
    entries = ((f"{name}/{path}", data) for path, data in ordered)
    return Packed(
        name=name, version=str(found), metadata=metadata, data=b"".join(gzip(write_tar(entries, seconds=seconds)))
    )


def read_packed(data: bytes, shown: str, provenance: bytes = b"") -> Packed:
    """Return a .tgz as the chart that it is; provenance: its signed document, which must be of these bytes.

    Who signed that is for `helm verify` to say. Raises ArchiveError, LimitError, ChartError.
    """
    if provenance and digest_of(data).encode() not in provenance:
        raise ChartError(f"the provenance of {shown} is of another file", location=Location(shown))
    files = dict(unpack(data, shown, Location(shown)))
    metadata = read_mapping(decode(files["Chart.yaml"], f"{shown}/Chart.yaml"), f"{shown}/Chart.yaml").value
    name, version = metadata.get("name"), metadata.get("version")
    if not isinstance(name, str) or not is_name(name) or not isinstance(version, str):
        raise ChartError(f"{shown} has no name and version that a registry can say", location=Location(shown))
    return Packed(name=name, version=check_version(version), metadata=metadata, data=data, provenance=provenance)


def chart_artifact(packed: Packed, seconds: int) -> Artifact:
    """Return the artifact that `helm push` makes of a chart."""
    config = write_json({name: packed.metadata[name] for name in _FIELDS if name in packed.metadata})
    head, layer = describe(media.CHART_CONFIG, config), describe(media.CHART, packed.data)
    layers, blobs = [layer], {head.digest: config, layer.digest: packed.data}
    if packed.provenance:
        layers.append(describe(media.CHART_PROVENANCE, packed.provenance))
        blobs[layers[1].digest] = packed.provenance
    return Artifact(manifest=image("", head, tuple(layers), _annotations(packed, seconds)), blobs=blobs)


def fetch_chart(source: Source, manifest: Manifest) -> Packed:
    """Return the chart that a manifest holds, every part of it checked.

    Raises FetchError, ArchiveError, LimitError, ChartError.
    """
    shown = f"{source.shown}@{manifest.digest}"
    if manifest.config is None or manifest.config.media_type != media.CHART_CONFIG:
        kind = printable(manifest.artifact_type)[:100] or manifest.media_type
        hint = "a bundle is pulled by `overlay pull`" if kind == media.BUNDLE else None
        raise FetchError(f"{shown} is no Helm chart but {kind}", hint=hint)
    layers = [part for part in manifest.parts if part.media_type == media.CHART]
    if len(layers) != 1:
        raise FetchError(f"{shown} holds {len(layers)} charts, expected one")
    signed = [part for part in manifest.parts if part.media_type == media.CHART_PROVENANCE]
    provenance = read_blob(source, signed[0], MAX_PROVENANCE) if signed else b""
    packed = read_packed(read_blob(source, layers[0], MAX_CHART), shown, provenance)
    config = read_mapping(decode(read_blob(source, manifest.config, 1 << 20), shown), shown).value
    if (config.get("name"), config.get("version")) != (packed.name, packed.version):
        raise FetchError(f"{shown} says that it is {_said(config)}, its Chart.yaml says {_said(packed.metadata)}")
    return packed


def _said(metadata: dict[str, Any]) -> str:
    return printable(f"{metadata.get('name')} {metadata.get('version')}")[:200]


def _annotations(packed: Packed, seconds: int) -> dict[str, str]:
    """Return what Helm says of a chart in its manifest (pkg/registry/chart.go)."""
    metadata = packed.metadata
    own = metadata.get("annotations")
    found = {str(name): str(text) for name, text in own.items() if name not in _OWN} if isinstance(own, dict) else {}
    found |= {media.TITLE: packed.name, media.VERSION: packed.version, media.CREATED: rfc3339(seconds)}
    sources, people = metadata.get("sources"), metadata.get("maintainers")
    more = {
        media.DESCRIPTION: metadata.get("description"),
        media.URL: metadata.get("home"),
        media.SOURCE_URL: sources[0] if isinstance(sources, list) and sources else None,
        media.AUTHORS: ", ".join([_person(one) for one in people]) if isinstance(people, list) else None,
    }
    return {**found, **{name: text for name, text in more.items() if isinstance(text, str) and text}}


def _person(found: Any) -> str:
    if not isinstance(found, dict):
        return ""
    name, mail = str(found.get("name") or ""), str(found.get("email") or "")
    return re.sub(r"\s+", " ", f"{name} ({mail})" if mail else name)
