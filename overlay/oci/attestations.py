"""What a bundle says of its making and of its contents: SLSA provenance and a bill of materials (CycloneDX).

Both are worked out from the manifest and the config alone, so that whoever signs them needs to trust no earlier copy.
"""

from __future__ import annotations

from urllib.parse import quote

from overlay.errors import FetchError
from overlay.oci import media
from overlay.oci.manifest import describe, image, write_json
from overlay.oci.statement import PAYLOAD_TYPE, write_statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.oci.manifest import Descriptor, Manifest

PROVENANCE = "https://slsa.dev/provenance/v1"
MATERIALS = "https://cyclonedx.org/bom"
CYCLONEDX = "application/vnd.cyclonedx+json"
PREDICATE = "in-toto.io/predicate-type"
_BUILD_TYPE = "https://overlay.dev/bundle/v1"
_BUILDER = "https://overlay.dev/builder/v1"
_EMPTY = b"{}"


def provenance(manifest: Manifest, config: dict[str, Any]) -> dict[str, Any]:
    """Return how a bundle was made: https://slsa.dev/spec/v1.1/provenance."""
    source = config["source"]
    return {
        "buildDefinition": {
            "buildType": _BUILD_TYPE,
            "externalParameters": {
                "name": config["name"],
                "version": config["version"],
                "environments": [one["name"] for one in config["environments"]],
            },
            "internalParameters": {"dirty": source["dirty"]},
            "resolvedDependencies": [
                *_commit(manifest, source["revision"]),
                *[{"name": path, "digest": _digest(digest)} for path, digest in config["inputs"].items()],
                *_layers(manifest, media.LOCK),
            ],
        },
        "runDetails": {
            "builder": {"id": _BUILDER, "version": {name: text for name, text in config["tool"].items() if text}},
            "byproducts": _layers(manifest, media.REPORT),
        },
    }


def _commit(manifest: Manifest, revision: str | None) -> list[dict[str, Any]]:
    if not revision:
        return []
    place = manifest.annotation(media.SOURCE_URL)
    uri = {"uri": f"git+{place}@{revision}"} if place else {"name": "source"}
    return [{**uri, "digest": {"gitCommit": revision}}]


def _layers(manifest: Manifest, media_type: str) -> list[dict[str, Any]]:
    found = [part for part in manifest.parts if part.media_type == media_type]
    return [{"name": part.annotation(media.TITLE), "digest": _digest(part.digest)} for part in found]


def _digest(text: str) -> dict[str, str]:
    algorithm, _, found = text.partition(":")
    return {algorithm: found}


def materials(manifest: Manifest, config: dict[str, Any]) -> dict[str, Any]:
    """Return what a bundle runs and is made of, its images and charts: https://cyclonedx.org/docs/1.6/json."""
    charts = {
        (one["chart"]["name"], one["chart"]["version"]) for one in config["environments"] if one["chart"] is not None
    }
    tools = [{"type": "application", "name": name, "version": text} for name, text in config["tool"].items() if text]
    root = f"bundle:{config['name']}@{config['version']}"
    components = [*[_chart(*chart) for chart in sorted(charts)], *[_image(one) for one in config["images"]]]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": manifest.annotation(media.CREATED),
            "tools": {"components": tools},
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": config["name"],
                "version": config["version"],
                "hashes": [{"alg": "SHA-256", "content": manifest.digest.partition(":")[2]}],
            },
        },
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": [one["bom-ref"] for one in components]}],
    }


def _chart(name: str, version: str) -> dict[str, Any]:
    package = f"pkg:helm/{quote(name, safe='')}" + (f"@{quote(version, safe='')}" if version else "")
    version_of = {"version": version} if version else {}
    return {"type": "application", "bom-ref": f"chart:{name}@{version}", "name": name, **version_of, "purl": package}


def _image(reference: str) -> dict[str, Any]:
    """Return an image: its tag is a version that may move, its digest is one that does not."""
    rest, _, digest = reference.partition("@")
    head, slash, last = rest.rpartition("/")
    short, _, tag = last.partition(":")
    name = f"{head}{slash}{short}"
    purl = f"pkg:oci/{quote(short.lower(), safe='')}" + (f"@{quote(digest, safe='')}" if digest else "")
    more = f"?repository_url={quote(name, safe='')}" + (f"&tag={quote(tag, safe='')}" if tag else "")
    algorithm, _, text = digest.partition(":")
    return {
        "type": "container",
        "bom-ref": f"image:{reference}",
        "name": name,
        **({"version": digest or tag} if digest or tag else {}),
        **({"hashes": [{"alg": "SHA-256", "content": text}]} if algorithm == "sha256" else {}),
        "purl": purl + more,
    }


def statements(manifest: Manifest, config: dict[str, Any]) -> dict[str, bytes]:
    """Return the in-toto statements that can be made of a bundle, by what they say.

    Raises FetchError for the config of somebody else's bundle that does not say how that was made.
    """
    try:
        found = {PROVENANCE: provenance(manifest, config), MATERIALS: materials(manifest, config)}
    except (LookupError, TypeError, AttributeError, ValueError):
        raise FetchError(f"{manifest.digest} has a config that does not say how the bundle was made") from None
    return {
        kind: write_statement(manifest.digest, kind, predicate, name=config["name"])
        for kind, predicate in found.items()
    }


def attachments(manifest: Manifest, config: dict[str, Any]) -> list[tuple[Manifest, dict[str, bytes]]]:
    """Return what is attached to a bundle that is packaged: manifests that refer to it, with their blobs."""
    statement = write_statement(manifest.digest, PROVENANCE, provenance(manifest, config), name=config["name"])
    return [
        referrer(manifest.descriptor, PAYLOAD_TYPE, statement, {PREDICATE: PROVENANCE}),
        referrer(manifest.descriptor, CYCLONEDX, write_json(materials(manifest, config)), {}),
    ]


def referrer(
    subject: Descriptor, media_type: str, data: bytes, annotations: dict[str, str]
) -> tuple[Manifest, dict[str, bytes]]:
    """Return a manifest of one blob that refers to a manifest, and its blobs by digest."""
    config, layer = describe(media.EMPTY, _EMPTY), describe(media_type, data)
    return image(media_type, config, (layer,), annotations, subject), {config.digest: _EMPTY, layer.digest: data}
