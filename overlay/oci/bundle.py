"""Builds as a bundle: a manifest and its blobs; builds, the files that they read and one time settle every byte."""

from __future__ import annotations

from overlay.errors import LimitError, UsageError
from overlay.fetch.store import digest_of
from overlay.files.tar import write_tar
from overlay.model.value import value
from overlay.oci import media
from overlay.oci.attestations import attachments
from overlay.oci.epoch import rfc3339
from overlay.oci.gzip import gzip
from overlay.oci.manifest import Descriptor, Manifest, describe, image, write_json
from overlay.oci.media import FORMAT, KIND, MAX_BUNDLE, MAX_BUNDLE_FILES, TOP
from overlay.transforms.images import image_references
from overlay.tree import RECORD, digest, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from overlay.model.build import Build


@value(kw_only=True)
class Facts:
    """What a bundle says of itself beside its builds.

    seconds: its one time. revision: the commit that it was rendered from, empty where there is none. dirty: files that
    builds read and that are not as committed. annotations: what overlay.yaml says, by names such as `title`.
    """

    name: str
    version: str
    seconds: int
    revision: str = ""
    dirty: tuple[str, ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()


@value(kw_only=True)
class Artifact:
    """A manifest and the bytes of its blobs by digest. attached: manifests that refer to it; blobs has theirs, too."""

    manifest: Manifest
    blobs: Mapping[str, bytes]
    attached: tuple[Manifest, ...] = ()


class Made:
    """An artifact that was just made, as a source."""

    def __init__(self, artifact: Artifact, shown: str) -> None:
        self.artifact = artifact
        self.at_once = 4
        self.shown = shown

    def tags(self) -> tuple[str, ...]:
        return ()

    def manifest(self, reference: str) -> Manifest:
        return next((one for one in self.artifact.attached if one.digest == reference), self.artifact.manifest)

    def chunks(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        yield self.artifact.blobs[descriptor.digest][start:]

    def lookup(self, _: str) -> Manifest | None:
        return None

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        is_subject = digest == self.artifact.manifest.digest
        return tuple([one.as_referrer for one in self.artifact.attached]) if is_subject else ()


def bundle(builds: Sequence[Build], source: Mapping[str, bytes], lock: bytes | None, facts: Facts) -> Artifact:
    """Return the bundle of some environments.

    source: the files of the project that they were built from. lock: overlay.lock. Raises LimitError.
    """
    builds = sorted(builds, key=lambda build: build.environment)
    trees = {build.environment: tree(build) for build in builds}
    rendered = [
        (f"{TOP}/{name}/{file}", text.encode()) for name, files in trees.items() for file, text in sorted(files.items())
    ]
    _refuse_large(rendered)
    plain = b"".join(write_tar(rendered, seconds=facts.seconds, folders=True))
    said = _config(builds, trees, source, facts)
    config = write_json(said)
    blobs: list[tuple[Descriptor, bytes]] = []

    def add(media_type: str, data: bytes, title: str, **more: str) -> None:
        blobs.append((describe(media_type, data, {media.TITLE: title, **more}), data))

    # `oras pull` unpacks a layer that says so into a folder of this title.
    unpacked = {"io.deis.oras.content.digest": digest_of(plain), "io.deis.oras.content.unpack": "true"}
    add(media.RENDERED, b"".join(gzip([plain])), TOP, **unpacked)
    archive = b"".join(gzip(write_tar(sorted(source.items()), seconds=facts.seconds, folders=True)))
    add(media.SOURCE, archive, "source.tar.gz")
    if lock is not None:
        add(media.LOCK, lock, "overlay.lock")
    add(media.REPORT, write_json(_report(builds, trees)), "report.json")
    layers = tuple([descriptor for descriptor, _ in blobs])
    head = describe(media.BUNDLE_CONFIG, config)
    manifest = image(media.BUNDLE, head, layers, _annotations(facts))
    attached = attachments(manifest, said)
    return Artifact(
        manifest=manifest,
        blobs={
            head.digest: config,
            **{descriptor.digest: data for descriptor, data in blobs},
            **{digest: data for _, more in attached for digest, data in more.items()},
        },
        attached=tuple([one for one, _ in attached]),
    )


def _refuse_large(files: Sequence[tuple[str, bytes]]) -> None:
    total = sum(len(data) for _, data in files)
    if total > MAX_BUNDLE:
        raise LimitError(f"the bundle would have {total} bytes, more than the limit of {MAX_BUNDLE}")
    if len(files) > MAX_BUNDLE_FILES:
        raise LimitError(f"the bundle would have {len(files)} files, more than the limit of {MAX_BUNDLE_FILES}")


def _annotations(facts: Facts) -> dict[str, str]:
    """Return the manifest's annotations: of remotes, branches, machines and people only what overlay.yaml says."""
    found = {
        media.TITLE: facts.name,
        **{f"org.opencontainers.image.{name}": text for name, text in facts.annotations},
        media.VERSION: facts.version,
        media.CREATED: rfc3339(facts.seconds),
    }
    return {**found, media.REVISION: facts.revision} if facts.revision else found


def _config(
    builds: Sequence[Build], trees: Mapping[str, Mapping[str, str]], source: Mapping[str, bytes], facts: Facts
) -> dict[str, Any]:
    images = {build.environment: image_references(build) for build in builds}
    inputs = {entry.path: entry.digest for build in builds for entry in build.inputs}
    for path, data in source.items():
        if inputs.setdefault(path, digest_of(data)) != digest_of(data):
            raise UsageError(f"{path} changed while it was packaged", hint="package again")
    return {
        "apiVersion": FORMAT,
        "kind": KIND,
        "name": facts.name,
        "version": facts.version,
        "source": {"revision": facts.revision or None, "dirty": list(facts.dirty)},
        "tool": {"overlay": builds[0].tool_version, "helm": max(build.helm_version for build in builds)},
        "environments": [_environment(build, images[build.environment], trees[build.environment]) for build in builds],
        "images": sorted({one for each in images.values() for one in each}),
        "inputs": dict(sorted(inputs.items())),
    }


def _environment(build: Build, images: list[str], files: Mapping[str, str]) -> dict[str, Any]:
    chart = build.chart
    return {
        "name": build.environment,
        "namespace": build.settings.namespace,
        "releaseName": build.settings.release_name,
        "kubernetesVersion": build.settings.kubernetes_version,
        "chart": None if chart is None else {"name": chart.name, "version": chart.version, "path": chart.path},
        "objects": len(build.objects),
        "images": images,
        # The record lists the digest of every other file, so that this one stands for all of them.
        "record": digest(files[RECORD]),
    }


def _report(builds: Sequence[Build], trees: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return what is inside, for whoever reviews a bundle without unpacking it."""
    found = []
    for build in builds:
        names = [name for name in trees[build.environment] if name != RECORD]
        objects = [
            {
                "apiVersion": one.body.get("apiVersion"),
                "kind": one.id.kind,
                "namespace": one.id.namespace or None,
                "name": one.id.name,
                "file": name,
            }
            for name, one in zip(names, build.objects, strict=True)
        ]
        findings = [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "message": finding.message,
                "object": finding.object,
                "location": None if finding.location is None else str(finding.location),
            }
            for finding in build.findings
        ]
        found.append({"name": build.environment, "objects": objects, "findings": findings, "notes": build.notes})
    return {"apiVersion": FORMAT, "kind": "BundleReport", "environments": found}
