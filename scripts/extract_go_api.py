"""Read from Kubernetes' Go sources what its published schemas leave out: closed sets of values, and removed APIs.

usage: python scripts/extract_go_api.py API APIMACHINERY [APIEXTENSIONS]     (folders of the modules k8s.io/…, unpacked)

Writes scripts/kubernetes_enums.json, which extract_kubernetes.py bakes into the tables, and
schemas/kubernetes/lifecycle.json: by `group/version/kind`, in which minor version of Kubernetes 1 an API came, was
deprecated and went, and what replaces it. What the newest sources forgot is added from the table below, and from the
kinds that one version's tables have and the next one's have not.

Source: Kubernetes' modules, Apache-2.0, and its deprecated API migration guide.
"""

from __future__ import annotations

import json
import os
import re
import sys
from itertools import pairwise
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = os.path.join(HERE, "..", "schemas", "kubernetes")
# API kinds that the newest sources no longer have, or whose deprecation they do not mark.
GUIDE: dict[str, dict[str, Any]] = {
    "v1/ComponentStatus": {"deprecated": 19},
    "v1/Endpoints": {"deprecated": 33, "replacement": "discovery.k8s.io/v1 EndpointSlice"},
    "policy/v1beta1/PodSecurityPolicy": {"deprecated": 21, "removed": 25, "replacement": "Pod Security Admission"},
    "extensions/v1beta1/PodSecurityPolicy": {"deprecated": 11, "removed": 16, "replacement": "Pod Security Admission"},
    "apiregistration.k8s.io/v1beta1/APIService": {
        "deprecated": 19,
        "removed": 22,
        "replacement": "apiregistration.k8s.io/v1 APIService",
    },
    "batch/v2alpha1/CronJob": {"removed": 21, "replacement": "batch/v1 CronJob"},
    "settings.k8s.io/v1alpha1/PodPreset": {"removed": 20},
    "auditregistration.k8s.io/v1alpha1/AuditSink": {"removed": 19},
    "autoscaling/v2beta1/HorizontalPodAutoscaler": {
        "deprecated": 22,
        "removed": 25,
        "replacement": "autoscaling/v2 HorizontalPodAutoscaler",
    },
    "autoscaling/v2beta2/HorizontalPodAutoscaler": {
        "deprecated": 23,
        "removed": 26,
        "replacement": "autoscaling/v2 HorizontalPodAutoscaler",
    },
}
_ENUM = re.compile(r"^// \+enum\b[^\n]*\n(?://[^\n]*\n)*type (\w+) string", re.MULTILINE)
_CONST = re.compile(r'^\s*\w+\s+(\w+)\s*=\s*"([^"]*)"', re.MULTILINE)
_CONVERTED = re.compile(r'^\s*\w+\s*=\s*(\w+)\("([^"]*)"\)', re.MULTILINE)
# A value taken from another package: the set would not be whole.
_FOREIGN = re.compile(r"^\s*\w+\s+(\w+)\s*=\s*[A-Za-z]|^\s*\w+\s*=\s*(\w+)\([A-Za-z]", re.MULTILINE)
# Closed sets that the sources do not mark.
CLOSED = {
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement": {
        "operator": ["DoesNotExist", "Exists", "In", "NotIn"],
    },
}
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\s*\w+\s+(\[\])?\*?(?:\w+\.)?(\w+)\s+`[^`]*json:"(\w+)', re.MULTILINE)
_GROUP = re.compile(r'GroupName\s*=\s*"([^"]*)"')
_LIFECYCLE = re.compile(
    r"^func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed|Replacement)\(\).*?\{\n\treturn (.*?)\n\}",
    re.MULTILINE | re.DOTALL,
)
_KIND = re.compile(r'Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"')


def packages(root: str) -> list[str]:
    """Return the folders below a module that hold types.go and stand at group/version."""
    return sorted(folder for folder, _, files in os.walk(root) if "types.go" in files and "/testing" not in folder)


def text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def enums(folders: list[str], prefix: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Return, by definition and field, the values of every type that its package marks `+enum`."""
    found: dict[str, dict[str, list[str]]] = {}
    inlined = {"EphemeralContainerCommon": "EphemeralContainer"}
    shared: dict[str, list[str]] = {}
    for folder in folders:
        source = text(os.path.join(folder, "types.go"))
        closed = set(_ENUM.findall(source)) - {name for pair in _FOREIGN.findall(source) for name in pair}
        values: dict[str, list[str]] = {}
        for name, item in _CONST.findall(source) + _CONVERTED.findall(source):
            if name in closed and item not in values.setdefault(name, []):
                values[name].append(item)
        if folder.endswith("/core/v1"):
            shared = {name: items for name, items in values.items() if len(items) > 1}
        for struct, body in _STRUCT.findall(source):
            for _, type_name, field in _FIELD.findall(body):
                items = values.get(type_name) or (shared.get(type_name) if f"v1.{type_name}" in body else None)
                if items:
                    found.setdefault(f"{prefix[folder]}.{inlined.get(struct, struct)}", {})[field] = sorted(items)
    return {**found, **CLOSED}


def lifecycle(folders: list[str]) -> dict[str, dict[str, Any]]:
    """Return, by kind, the minor versions that the generated lifecycle functions state."""
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        path = os.path.join(folder, "zz_generated.prerelease-lifecycle.go")
        group = _GROUP.search(text(os.path.join(folder, "register.go")))
        if not os.path.exists(path) or group is None:
            continue
        for kind, event, body in _LIFECYCLE.findall(text(path)):
            if kind.endswith("List"):
                continue
            key = "/".join(part for part in (group[1], os.path.basename(folder), kind) if part)
            entry = found.setdefault(key, {})
            if event == "Replacement":
                match = _KIND.search(body)
                if match:
                    entry["replacement"] = f"{match[1]}/{match[2]} {match[3].removesuffix('List')}".lstrip("/")
            else:
                major, minor = (int(part) for part in body.split(","))
                if major == 1:
                    entry[event.lower()] = minor
    return found


def complete(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add what the guide knows and what the tables show; leave out what never goes and was always there."""
    for key, entry in GUIDE.items():
        found[key] = {**found.get(key, {}), **entry}
    kinds = {}
    for name in os.listdir(TABLES):
        match = re.fullmatch(r"1\.(\d+)\.json", name)
        if match:
            kinds[int(match[1])] = set(json.loads(text(os.path.join(TABLES, name)))["kinds"])
    versions = sorted(kinds)
    for before, after in pairwise(versions):
        for key in kinds[before] - kinds[after]:
            found.setdefault(key, {}).setdefault("removed", after)
        for key in kinds[after] - kinds[before]:
            found.setdefault(key, {}).setdefault("introduced", after)
    for key, entry in found.items():
        # The sources say when an API is due to go; the tables say whether it did.
        served = [minor for minor in versions if key in kinds[minor]]
        if served and served[-1] < versions[-1]:
            entry["removed"] = served[-1] + 1
        elif served and entry.get("removed", 999) <= versions[-1]:
            del entry["removed"]
    return {
        key: entry
        for key, entry in sorted(found.items())
        if "deprecated" in entry or "removed" in entry or entry.get("introduced", 0) > versions[0]
    }


def main() -> None:
    roots = [os.path.abspath(root) for root in sys.argv[1:]]
    if len(roots) < 2:
        sys.exit(__doc__)
    folders = packages(roots[0])
    prefix = {folder: "io.k8s.api." + ".".join(folder.split("/")[-2:]) for folder in folders}
    meta = os.path.join(roots[1], "pkg", "apis", "meta", "v1")
    prefix[meta] = "io.k8s.apimachinery.pkg.apis.meta.v1"
    with open(os.path.join(HERE, "kubernetes_enums.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(enums([*folders, meta], prefix), indent=1, sort_keys=True) + "\n")
    more = [folder for root in roots[2:] for folder in packages(root) if "/pkg/apis/" in folder]
    apis = complete(lifecycle([folder for folder in (*folders, *more) if "register.go" in os.listdir(folder)]))
    rows = ",\n".join(f"{json.dumps(key)}:{json.dumps(entry, separators=(',', ':'))}" for key, entry in apis.items())
    with open(os.path.join(TABLES, "lifecycle.json"), "w", encoding="utf-8") as file:
        file.write(f'{{"source":"Kubernetes Go modules, Apache-2.0; see NOTICE","apis":{{\n{rows}\n}}}}\n')


if __name__ == "__main__":
    main()
