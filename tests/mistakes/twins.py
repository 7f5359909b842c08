"""The sample project as kustomize and helm would have it, so that both can be asked about the same mistake.

The chart is helm's as it stands, with the values files of one environment. Each of our documents becomes a
kustomization.yaml beside it; the base's resources are what helm made of the chart.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

RENDERED = "all.yaml"
DOCUMENTS = {"Base": "base.yaml", "Environment": "environment.yaml", "Component": "component.yaml"}
KINDS = {
    "Base": ("Kustomization", "v1beta1"),
    "Environment": ("Kustomization", "v1beta1"),
    "Component": ("Component", "v1alpha1"),
}
# What kustomize calls otherwise, or has no word for.
RENAMED = {"configMaps": "configMapGenerator", "secrets": "secretGenerator", "annotations": "commonAnnotations"}
WITHOUT = ("chart", "extends", "values", "crds", "release", "kubernetesVersion", "protect", "allow", "metadata")
# The values files that each environment's command line names, lowest first.
VALUES_FILES = {
    "dev": ("dev/values.yaml",),
    "prod": ("prod/values.yaml",),
    "prod-eu": ("prod/values.yaml", "prod-eu/values.yaml"),
}
SILENT = "nothing"
UNSEEN = "—"
_WIDEST = 150


def ask_helm(program: str, project: Path, environment: str, own: str) -> tuple[str, str | None]:
    """Return what helm says about an environment's chart and values, and what it renders of them.

    own: the name of the environment's own values file, as it is called on the command line.
    """
    chart = project / "environments" / "base" / "chart"
    files = [project / "environments" / file for file in VALUES_FILES[environment]]
    flags = [part for file in [*files[:-1], files[-1].with_name(own)] for part in ("-f", str(file))]
    version = yaml.safe_load((project / "overlay.yaml").read_text())["spec"].get("kubernetesVersion", "1.34")
    command = [program, "template", "shop", str(chart), *flags, "-n", f"shop-{environment}", "--include-crds"]
    done = subprocess.run([*command, "--kube-version", str(version)], capture_output=True, text=True)
    if done.returncode:
        return said(done.stderr, project), None
    again = subprocess.run([program, "lint", str(chart), *flags], capture_output=True, text=True)
    found = [line for line in again.stdout.splitlines() if line.startswith(("[ERROR]", "[WARNING]"))]
    return said(f"lint: {found[0]}", project) if found else SILENT, done.stdout


def version(program: str) -> str:
    """Return a program's version, such as 5.8.1."""
    done = subprocess.run([program, "version"], capture_output=True, text=True, check=True)
    match = re.search(r"v(\d+(?:\.\d+)+)", done.stdout)
    assert match is not None, done.stdout
    return match[1]


def ask_kustomize(program: str, project: Path, environment: str, rendered: str) -> str:
    """Return what kustomize says about an environment's layers above what helm rendered."""
    base = project / "environments" / "base"
    (base / RENDERED).write_text(rendered)
    for file in (project / "environments").rglob("*.yaml"):
        if file.name in DOCUMENTS.values():
            (file.parent / "kustomization.yaml").write_text(kustomization(file.read_text()))
            _name_kinds(file)
    folder = project / "environments" / environment
    done = subprocess.run([program, "build", str(folder)], capture_output=True, text=True)
    return said(done.stderr, project) if done.returncode or done.stderr.strip() else SILENT


def _name_kinds(document: Path) -> None:
    """Give patches that are only for their target the kind and name that kustomize wants of every patch."""
    try:
        entries = (yaml.safe_load(document.read_text()).get("spec") or {}).get("patches") or ()
        for entry in entries:
            file = document.parent / entry.get("path", "")
            if "target" in entry and file.is_file() and "kind:" not in file.read_text():
                file.write_text(f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: any}}\n{file.read_text()}")
    except yaml.YAMLError:
        return


def kustomization(text: str) -> str:
    """Return a document of ours as a kustomization.yaml; what is not even YAML stays as it is."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    spec = document.get("spec") or {}
    kind, version = KINDS.get(document["kind"], ("Kustomizaton", "v1beta1"))
    api = document["apiVersion"]
    found: dict[str, Any] = {
        "apiVersion": f"kustomize.config.k8s.io/{version if api == 'overlay.dev/v1' else api.rpartition('/')[2]}",
        "kind": kind,
    }
    resources = [*(spec.get("extends") or ()), *([RENDERED] if "chart" in spec else ()), *(spec.get("resources") or ())]
    if resources:
        found["resources"] = resources
    for name, value in spec.items():
        if name in ("resources", *WITHOUT):
            continue
        made = {"configMaps": _generator, "secrets": _generator, "patches": _patch}.get(name)
        found[RENAMED.get(name, name)] = value if made is None else [made(entry) for entry in value]
    return yaml.safe_dump(found, sort_keys=False)


def _generator(entry: dict[str, Any]) -> dict[str, Any]:
    literals = entry.get("literals")
    if not isinstance(literals, dict):
        return entry
    return {**entry, "literals": [f"{key}={_word(value)}" for key, value in literals.items()]}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _patch(entry: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in entry.items() if key in ("path", "target", "options")}
    if "jsonPatch" in entry:
        # kustomize knows elements by their place alone; all of these stand first.
        made["patch"] = re.sub(r"\[name=[a-z]+\]", "0", yaml.safe_dump(entry["jsonPatch"], sort_keys=False))
    for name in ("strategicMerge", "mergePatch"):
        if name in entry:
            kind = (entry.get("target") or {}).get("kind", "Deployment")
            api = {"CronJob": "batch/v1", "Ingress": "networking.k8s.io/v1"}.get(kind, "apps/v1")
            head = {"apiVersion": api, "kind": kind, "metadata": {"name": "any"}}
            made["patch"] = yaml.safe_dump({**head, **entry[name]}, sort_keys=False)
    return made


def said(text: str, project: Path) -> str:
    """Return a program's complaint as one short line without what changes with each run."""
    line = " ".join(part.strip() for part in text.splitlines() if part.strip() and not part.startswith("Use --debug"))
    line = line.replace(f"{project}/", "").replace(str(project), ".").removeprefix("Error: ")
    line = re.sub(r"/?[^ '\"]*environments/", "", re.split(r"recursed accumulation of path '[^']*': ", line)[-1])
    line = re.sub(r"0x[0-9a-f]+", "0x…", line)
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
