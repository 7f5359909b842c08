"""Build to {path: text}: the only answer to "what is written", and under which names."""

from __future__ import annotations

import hashlib
import json

from overlay.errors import OutputError
from overlay.yaml import write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.build import Build
    from overlay.model.cluster import ClusterSettings, ConflictRule
    from overlay.model.project import FieldRule
    from overlay.model.resource import ObjectId

# JSON content under a name that no manifest reader picks up: Argo CD reads every .yaml, .yml and .json file.
RECORD = "overlay.metadata"
RECORD_KIND = "Metadata"
MAX_NAME = 240
_RESERVED = frozenset(("con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))))
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")


def tree(build: Build) -> dict[str, str]:
    """Return file names and texts: one file per object, and the record of what is ours.

    A name says kind and name; namespace and group are added where two objects would share one.
    Raises OutputError where two names differ only in what some file systems do not tell apart.
    """
    files = manifests(build)
    return {**files, RECORD: record_text(record(build, files))}


def manifests(build: Build) -> dict[str, str]:
    """Return file names and texts of the objects alone."""
    names = _names([one.id for one in build.objects])
    return {name: write_document(one.body) for name, one in zip(names, build.objects, strict=True)}


def record(build: Build, files: dict[str, str]) -> dict[str, Any]:
    """Return the record beside the manifests: settings, versions, inputs and the files that are ours."""
    settings = build.settings
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": RECORD_KIND,
        "environment": build.environment,
        "tool": {"overlay": build.tool_version, "helm": build.helm_version},
        "chart": None
        if build.chart is None
        else {
            "name": build.chart.name,
            "version": build.chart.version,
            "appVersion": build.chart.app_version,
            "path": build.chart.path,
        },
        "settings": {
            "releaseName": settings.release_name,
            "namespace": settings.namespace,
            "kubernetesVersion": settings.kubernetes_version,
            "apiVersions": list(settings.api_versions),
            "revision": settings.revision,
            "isUpgrade": settings.is_upgrade,
            "includeCRDs": settings.include_crds,
            "includeTests": settings.include_tests,
            **({"cluster": _cluster(settings.cluster)} if settings.cluster is not None else {}),
            **({"mask": [_field(one) for one in settings.masked]} if settings.masked else {}),
        },
        "inputs": {entry.path: entry.digest for entry in build.inputs},
        "files": {name: digest(text) for name, text in sorted(files.items())},
        "notes": build.notes,
    }


def _cluster(cluster: ClusterSettings) -> dict[str, Any]:
    """Return what a run that has no source needs to know of the cluster, under the document's names."""
    health = [
        {
            "apiVersion": one.api_version, "kind": one.kind, "current": one.current.text,
            **({"inProgress": one.in_progress.text} if one.in_progress is not None else {}),
            **({"failed": one.failed.text} if one.failed is not None else {}),
        }
        for one in cluster.health
    ]  # fmt: skip
    return {
        "context": cluster.context or None,
        "serverMatch": cluster.server_match or None,
        "uid": cluster.uid or None,
        "maxPrune": cluster.max_prune or None,
        "wait": cluster.wait,
        "timeout": cluster.timeout,
        "drift": cluster.drift,
        "conflicts": [_conflict(one) for one in cluster.conflicts],
        **({"health": health} if health else {}),
    }


def _conflict(rule: ConflictRule) -> dict[str, str]:
    said = {"path": rule.path, "action": rule.action, "kind": rule.kind, "manager": rule.manager}
    return {name: text for name, text in said.items() if text}


def _field(rule: FieldRule) -> dict[str, str]:
    named = {"path": rule.path, "kind": rule.kind, "name": rule.name}
    return {name: text for name, text in named.items() if text}


def record_text(value: dict[str, Any]) -> str:
    """Return a record as it is written."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def digest(text: str) -> str:
    """Return `sha256:<hex>` of a text's UTF-8 bytes."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _names(identities: list[ObjectId]) -> list[str]:
    """Name each object's file by as few of kind, name, namespace and group as tell it apart."""
    names = [""] * len(identities)
    taken: set[str] = set()
    pending = list(range(len(identities)))
    for more in range(3):
        groups: dict[str, list[int]] = {}
        for index in pending:
            groups.setdefault(_file_name(_label(identities[index], more)), []).append(index)
        pending = []
        for name, indexes in groups.items():
            if len(indexes) == 1 and name not in taken:
                names[indexes[0]] = name
                taken.add(name)
            else:
                pending += indexes
    if pending:
        clashing = " and ".join(str(identities[index]) for index in pending[:4])
        raise OutputError(
            f"{clashing} would share one file", hint="their names differ only in characters that file systems fold"
        )
    return names


def _label(identity: ObjectId, more: int) -> str:
    """Say kind and name; with `more`, also namespace (1) and group (2)."""
    group = f".{identity.group}" if more > 1 and identity.group else ""
    namespace = f".{identity.namespace}" if more and identity.namespace else ""
    return f"{identity.kind}{group}-{identity.name}{namespace}"


def _file_name(text: str) -> str:
    lowered = text.lower()
    safe = "".join([c if c in _SAFE else "-" for c in lowered])
    stem = safe.split(".", 1)[0]
    if safe != lowered or len(safe) > MAX_NAME or stem in _RESERVED or safe.startswith((".", "-")):
        # Something was lost, so that two names could become one: the hash keeps them apart.
        safe = f"{safe[: MAX_NAME - 20].strip('.')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".lstrip(".-")
    return f"{safe}.yaml"
