"""What a commit of somebody's repository says, as environments of ours: manifests, kustomize overlays, a chart."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import yaml

SETTINGS = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")
SECONDS = 60


def git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *SETTINGS, *arguments], cwd=folder, check=True, capture_output=True).stdout


@dataclass
class Source:
    """One environment: lines of its spec, and its files."""

    spec: str
    files: dict[str, bytes] = field(default_factory=dict)


def files_of(repository: Path, commit: str, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield path below the folder and bytes of each regular file; nothing where the folder is not there."""
    try:
        packed = git(repository, "archive", "--format=tar", commit, *([folder] if folder else []))
    except subprocess.CalledProcessError:
        return
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is not None:
                yield member.name.removeprefix(folder).strip("/"), stream.read()


def manifests(repository: Path, commit: str, folder: str, depth: int) -> dict[str, Source]:
    """Return the plain manifests of a commit; each folder of a depth is an environment."""
    found: dict[str, dict[str, bytes]] = {}
    names: dict[str, set[object]] = {}
    for path, data in files_of(repository, commit, folder):
        parts = path.split("/")
        if not path.endswith((".yaml", ".yml")) or len(parts) <= depth:
            continue
        keys = identities(data)
        environment = name_of("-".join(parts[:depth]))
        known = names.setdefault(environment, set())
        if keys and not known & keys:
            known |= keys
            found.setdefault(environment, {})["-".join(parts[depth:])] = data
    return {name: Source(resources(sorted(files)), files) for name, files in found.items()}


def overlays(repository: Path, commit: str, folder: str, pattern: str, kustomize: str) -> dict[str, Source]:
    """Return what the kustomize program makes of each folder that fits a pattern; what it refuses is left out."""
    found: dict[str, Source] = {}
    with tempfile.TemporaryDirectory() as place:
        for path, data in files_of(repository, commit, folder):
            target = Path(place, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        for one in sorted(Path(place).rglob("kustomization.y*ml")):
            below = one.parent.relative_to(place).as_posix()
            if not fnmatch(below, pattern):
                continue
            try:
                done = subprocess.run(
                    [kustomize, "build", below], cwd=place, capture_output=True, timeout=SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                continue  # it asks for something from elsewhere
            if done.returncode == 0 and identities(done.stdout):
                found[name_of(below)] = Source(resources(["all.yaml"]), {"all.yaml": done.stdout})
    return found


def chart(repository: Path, commit: str, folder: str, pattern: str) -> dict[str, Source]:
    """Return a chart with each of its files of values that fits a pattern, rendered by our own builder."""
    files = dict(files_of(repository, commit, folder))
    if "Chart.yaml" not in files:
        return {}
    inside = {f"chart/{path}": data for path, data in files.items()}
    return {
        name_of(PurePosixPath(path).stem): Source(
            "  chart: {path: chart}\n  values: [values.yaml]\n", {**inside, "values.yaml": data}
        )
        for path, data in files.items()
        if fnmatch(path, pattern)
    }


def resources(names: list[str]) -> str:
    return "  resources:\n" + "".join([f"    - {json.dumps(one)}\n" for one in names])


def name_of(text: str) -> str:
    """Return what an environment may be called."""
    return text.lower().replace("/", "-").replace("_", "-").replace(".", "-").strip("-")


def identities(data: bytes) -> set[object]:
    """Return the identities of a file's objects; none where it is no file of plain manifests."""
    try:
        documents = [one for one in yaml.load_all(data, yaml.CSafeLoader) if one is not None]
        keys = {
            (
                one["apiVersion"].rpartition("/")[0],
                one["kind"],
                one["metadata"].get("namespace"),
                one["metadata"]["name"],
            )
            for one in documents
        }
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError):
        return set()
    is_plain = len(keys) == len(documents) and not any(
        kind in ("Kustomization", "Component") and "kustomize.config" in group for group, kind, *_ in keys
    )
    return keys if is_plain else set()
