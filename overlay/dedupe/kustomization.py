"""What a kustomization refers to, looked at before any program reads it: local, below one root, and never over a link.

kustomize fetches whatever a path looks like an address to it, in every field that names files; nothing of that is let
through, and neither is what could run another program.
"""

from __future__ import annotations

import os
import re
import stat

from overlay.errors import LimitError, ManifestError, OverlayError, PathError, raise_all
from overlay.model.location import Location
from overlay.yaml import decode, read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MAX_FOLDERS = 500
_MAX_FILE = 4 * 1024 * 1024
_FOLDERS = ("resources", "bases", "components")
_PATHS = ("crds", "configurations")
# Texts of these fields are paths, or documents themselves.
_INLINE = ("patchesStrategicMerge", "generators", "transformers", "validators")
_PLUGINS = ("generators", "transformers", "validators")
_WITH_PATH = ("patches", "patchesJson6902", "replacements")
_GENERATED = ("configMapGenerator", "secretGenerator")
# Fields that make kustomize run another program.
_RUNNING = ("helmCharts", "helmChartInflationGenerator")
_ADDRESS = re.compile(
    r"://|^(?:[\w.-]+@)?[\w.-]+:[^/\\]|\?(?:ref|version)=|^(?:github\.com|gitlab\.com|bitbucket\.org|gh:)|//"
)
_WORD = re.compile(r"[^\s\"'=,\[\]{}]+")
_FETCHED = re.compile(r"\A\s*(?:\w+://|[\w.-]+@[\w.-]+:|github\.com[/:]|gh:)")


def file_of(folder: str) -> str | None:
    """Return the path of a folder's kustomization; None where it has none."""
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            return path
    return None


def root_of(folder: str) -> str:
    """Return what a kustomization's paths may not leave: its Git work tree, else the current folder around it."""
    top = os.path.realpath(folder)
    at = top
    while True:
        if os.path.lexists(os.path.join(at, ".git")):
            return at
        above = os.path.dirname(at)
        if above == at:
            break
        at = above
    here = os.path.realpath(".")
    return here if os.path.commonpath([here, top]) == here else top


def folders_of(path: str) -> list[str]:
    """Return the folders that a kustomization's file refers to, as far as it can be read."""
    try:
        body = _read(path, path)
    except OverlayError:
        return []
    top = os.path.dirname(path)
    named = [entry for field in _FOLDERS for entry in _list(body.get(field)) if isinstance(entry, str)]
    return [os.path.normpath(os.path.join(top, entry)) for entry in named]


def is_component(path: str) -> bool:
    """Tell whether a kustomization's file is a part for others, that is never built by itself."""
    try:
        return _read(path, path).get("kind") == "Component"
    except OverlayError:
        return False


def check(folder: str) -> bool:
    """Raise all that keeps a folder's kustomization, and those that it refers to, from being given to kustomize.

    Return whether every file that it could read was looked at: settings of plugins can name others.
    """
    root = root_of(folder)
    pending = [os.path.realpath(folder)]
    seen = set(pending)
    errors: list[OverlayError] = []
    known = True
    while pending:
        at = pending.pop()
        path = file_of(at)
        shown = os.path.relpath(path or at)
        if len(seen) > MAX_FOLDERS:
            raise LimitError(f"{folder} refers to more than {MAX_FOLDERS} folders")
        if path is None:
            errors.append(ManifestError("a folder without a kustomization", location=Location(shown)))
            continue
        try:
            body = _read(path, shown)
        except OverlayError as error:
            errors += error.each()
            continue
        errors += [
            ManifestError(
                f"{field} makes kustomize run helm, which is not done here",
                location=Location(shown),
                hint="render it first, into one folder per environment",
            )
            for field in _RUNNING
            if body.get(field)
        ]
        known = known and not any(body.get(field) for field in _PLUGINS)
        for field, entry in _entries(body):
            found = _judged(at, entry, root, field, shown)
            if isinstance(found, OverlayError):
                errors.append(found)
            elif found is not None and found not in seen and os.path.isdir(found):
                seen.add(found)
                pending.append(found)
            elif found is not None and field in _PLUGINS and os.path.isfile(found):
                errors += _plugin(found)
        errors += [each for field in _PLUGINS for entry in _list(body.get(field)) for each in _inline(entry, shown)]
    raise_all(errors)
    return known


def files_behind(folder: str) -> set[str]:
    """Return the files that a folder's kustomization is made of, with those of the folders that it refers to.

    Only after `check`, which says what cannot be read.
    """
    pending = [os.path.realpath(folder)]
    seen = set(pending)
    files: set[str] = set()
    while pending:
        at = pending.pop()
        path = file_of(at)
        if path is None:
            continue
        files.add(path)
        for _, entry in _entries(_read(path, path)):
            found = os.path.normpath(os.path.join(at, entry))
            if os.path.isfile(found):
                files.add(found)
            elif found not in seen and os.path.isdir(found):
                seen.add(found)
                pending.append(found)
    return files


def files_named(path: str) -> set[str]:
    """Return the files that a kustomization's file could mean by any word in it or in its plugins' files.

    A folder counts as its kustomization. Rather one too many: the file needs not be readable, and settings of plugins
    name files in ways of their own.
    """
    folder = os.path.dirname(path)
    pending = [path]
    found: set[str] = {path}
    while pending:
        try:
            with open(pending.pop(), encoding="utf-8", errors="replace") as file:
                words = set(_WORD.findall(file.read(_MAX_FILE)))
        except OSError:
            continue
        for word in words:
            place = os.path.normpath(os.path.join(folder, word))
            if os.path.isdir(place):
                place = file_of(place) or ""
            if place not in found and os.path.isfile(place):
                found.add(place)
                pending += [place] * (os.path.basename(place) not in FILES)
    return found


def _entries(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (field, path) of all that names files or folders."""
    for field in (*_FOLDERS, *_PATHS):
        yield from [(field, entry) for entry in _list(body.get(field)) if isinstance(entry, str)]
    for field in _INLINE:
        yield from [(field, entry) for entry in _list(body.get(field)) if isinstance(entry, str) and "\n" not in entry]
    for field in _WITH_PATH:
        for entry in _list(body.get(field)):
            if isinstance(entry, dict) and isinstance(entry.get("path"), str) and entry["path"]:
                yield field, entry["path"]
    openapi = body.get("openapi")
    if isinstance(openapi, dict) and isinstance(openapi.get("path"), str):
        yield "openapi", openapi["path"]
    for field in _GENERATED:
        for entry in _list(body.get(field)):
            if not isinstance(entry, dict):
                continue
            for text in (*_list(entry.get("files")), *_list(entry.get("envs")), entry.get("env")):
                if isinstance(text, str) and text:
                    yield field, text.partition("=")[2] or text


def _judged(folder: str, entry: str, root: str, field: str, shown: str) -> str | OverlayError | None:
    """Return the file or folder that an entry means, or why it is refused; None for a document in place of a path."""
    where = Location(shown)
    if _ADDRESS.search(entry):
        hint = "have a copy in this repository, or render it first, into one folder per environment"
        return ManifestError(f"{field}: {entry!r} would be fetched; nothing is fetched here", location=where, hint=hint)
    path = os.path.normpath(os.path.join(folder, entry))
    if field in _INLINE and ":" in entry and not os.path.lexists(path):
        return None
    if os.path.isabs(entry) or os.path.commonpath([root, path]) != root:
        return PathError(f"{field}: {entry!r} leads out of {root}", location=where)
    if not os.path.lexists(path):
        return ManifestError(f"{field}: {entry!r} is not there", location=where)
    if os.path.realpath(path) != path:
        return PathError(f"{field}: {entry!r}: symlink not allowed", location=where)
    return path


def _plugin(path: str) -> list[OverlayError]:
    shown = os.path.relpath(path)
    try:
        return [each for document in _documents(path, shown) for each in _inline(document, shown)]
    except OverlayError as error:
        return list(error.each())


def _inline(item: Any, shown: str) -> list[OverlayError]:
    """Return what a plugin's settings would fetch."""
    if isinstance(item, str):
        if "\n" in item:
            try:
                return [each for one in read_documents(item, shown) for each in _inline(one.value, shown)]
            except OverlayError as error:
                return list(error.each())
        if _FETCHED.match(item):
            return [ManifestError(f"{item!r} would be fetched; nothing is fetched here", location=Location(shown))]
        return []
    parts = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [each for part in parts for each in _inline(part, shown)]


def _read(path: str, shown: str) -> dict[str, Any]:
    found = _documents(path, shown)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise ManifestError("a kustomization is expected", location=Location(shown))
    return found[0]


def _documents(path: str, shown: str) -> list[Any]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PathError(f"{shown} cannot be read: {os.strerror(error.errno or 0).lower()}") from None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(_MAX_FILE + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    if len(data) > _MAX_FILE:
        raise LimitError(f"{shown} is larger than {_MAX_FILE} bytes")
    return [document.value for document in read_documents(decode(data, shown), shown)]


def _list(item: Any) -> list[Any]:
    return item if isinstance(item, list) else []
