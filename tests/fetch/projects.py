"""Projects, charts and repositories for tests of remote inputs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
data:
  version: {{ .Chart.Version }}
"""
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def chart_files(name: str, version: str, more: str = "") -> dict[str, str]:
    return {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}", "templates/all.yaml": TEMPLATE}


def packed(files: dict[str, str], folder: str = "chart") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def chart(name: str, version: str, more: str = "") -> bytes:
    return packed(chart_files(name, version, more), name)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def index(*charts: tuple[str, str, bytes], base: str = "") -> bytes:
    entries: dict[str, list[dict]] = {}
    for name, version, data in charts:
        entries.setdefault(name, []).append(
            {
                "name": name,
                "version": version,
                "urls": [f"{base}{name}-{version}.tgz"],
                "digest": sha256(data).removeprefix("sha256:"),
                "description": f"The {name}",
            }
        )
    return ("apiVersion: v1\nentries: " + json.dumps(entries) + "\n").encode()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def project(folder: Path, chart_line: str, **more: str) -> Path:
    """Write a project with one environment whose chart is this YAML flow mapping."""
    files = {
        "overlay.yaml": "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n",
        "environments/prod/environment.yaml": (
            f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata:\n  name: prod\nspec:\n  chart: {chart_line}\n"
        ),
        **more,
    }
    write(folder, files)
    return folder


def overlay(folder: Path, *words: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "overlay", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OVERLAY_TIMEOUT": "20s", **env},
        input=given,
        capture_output=True,
        text=True,
    )


def manifest(data: bytes, **changes: object) -> bytes:
    """Return a Helm chart's OCI manifest."""
    value = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": sha256(b"{}"), "size": 2},
        "layers": [{"mediaType": CONTENT, "digest": sha256(data), "size": len(data)}],
        **changes,
    }
    return json.dumps({name: item for name, item in value.items() if item is not None}).encode()
