"""Read a folder of plain manifests, within bounds and never through a link; say what else is there by name."""

from __future__ import annotations

import re

from overlay.dedupe.kustomize import is_kustomized, render
from overlay.dedupe.member import Member, Piece
from overlay.errors import LimitError, ManifestError, OverlayError, PathError, YamlError, raise_all
from overlay.files.reader import ProjectFiles
from overlay.kube.objects import parse_objects
from overlay.model.location import Location
from overlay.model.value import replace
from overlay.yaml import decode, read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.yaml import Document

ENDINGS = (".yaml", ".yml", ".json")
MAX_OBJECTS = 20_000
MAX_SIZE = 10 * 1024 * 1024
# What says that a folder is written for another program than kubectl; resources of it are no plain manifests.
_OTHERS = {
    "kustomization.yaml": "a kustomization",
    "kustomization.yml": "a kustomization",
    "Chart.yaml": "a Helm chart",
}
_KEEPS_END = re.compile(r"[|>][1-9]?\+")
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def read_member(folder: str, name: str) -> Member:
    """Return the objects of a folder; subfolders count, and of a kustomization what it renders to.

    folder: as the user gave it. Raises OverlayError, or Problems with all that keeps the folder from being taken in.
    """
    if is_kustomized(folder):
        return _rendered(folder, name)
    files = ProjectFiles(folder)
    try:
        return _read(files, folder.rstrip("/") or folder, name, files.walk(""))
    finally:
        files.close()


def _rendered(folder: str, name: str) -> Member:
    text = decode(render(folder), folder)
    shown = folder.rstrip("/") or folder
    pieces = [replace(piece, alone=False) for piece in _pieces(text, shown, "")]
    raise_all(_twice(pieces))
    if len(pieces) > MAX_OBJECTS:
        raise LimitError(f"{shown} has more than {MAX_OBJECTS} objects")
    if not pieces:
        raise ManifestError(f"{shown} renders to nothing")
    return Member(folder=shown, name=name, pieces=tuple(pieces), lines=text.count("\n"))


def _read(files: ProjectFiles, shown: str, name: str, paths: Iterable[str]) -> Member:
    errors: list[OverlayError] = []
    pieces: list[Piece] = []
    lines = 0
    for path in paths:
        what = _OTHERS.get(path.rpartition("/")[2])
        if what is not None:
            hint = "render it first, into one folder per environment"
            errors.append(
                ManifestError(f"{what} is no plain manifest", location=Location(f"{shown}/{path}"), hint=hint)
            )
        if what is not None or not path.endswith(ENDINGS):
            continue
        data = b""
        try:
            data = files.read(path, limit=MAX_SIZE)
            if data.startswith(b"\0GITCRYPT"):
                raise YamlError("the file is encrypted by git-crypt", location=Location(f"{shown}/{path}"))
            text = decode(data, f"{shown}/{path}")
            lines += text.count("\n")
            pieces += _pieces(text, f"{shown}/{path}", path)
        except PathError as error:
            errors.append(error)
        except OverlayError as error:
            found = error.each()
            errors += [_template(found[0])] if b"{{" in data and isinstance(found[0], YamlError) else found
        if len(pieces) > MAX_OBJECTS:
            raise LimitError(f"{shown} has more than {MAX_OBJECTS} objects")
    errors += _twice(pieces)
    raise_all(errors)
    if not pieces:
        raise ManifestError(f"{shown} holds no manifests (*.yaml, *.yml, *.json)")
    return Member(folder=shown, name=name, pieces=tuple(pieces), lines=lines)


def _template(error: OverlayError) -> OverlayError:
    """Return what to say of a file that is no YAML because it is the template of some."""
    hint = "render it first, into one folder per environment"
    return ManifestError("the file is a template ({{ }}), no plain manifest", location=error.location, hint=hint)


def _pieces(text: str, shown: str, path: str) -> list[Piece]:
    documents = read_documents(text, shown)
    parts = split_documents(text, documents)
    found: list[Piece] = []
    errors: list[OverlayError] = []
    for document, part in zip(documents, parts, strict=True):
        if isinstance(document.value, dict) and "sops" in document.value:
            errors.append(
                ManifestError("the object is encrypted by SOPS", location=document.location(("sops",), key=True))
            )
            continue
        try:
            objects = parse_objects(document.value, document.location)
        except OverlayError as error:
            errors += error.each()
            continue
        for identity, body, location in objects:
            own = part if body is document.value else None
            found.append(Piece(id=identity, body=body, text=own, file=path, location=location, alone=False))
    raise_all(errors)
    if len(found) == 1:
        one = found[0]
        found = [Piece(id=one.id, body=one.body, text=one.text, file=one.file, location=one.location, alone=True)]
    return found


def split_documents(text: str, documents: list[Document]) -> list[str]:
    """Return each document's own part of a text: comments before it belong to it, separators do not."""
    starts = [match.start() for match in _SEPARATOR.finditer(text)]
    bounds = [0, *[start for start in starts if start], len(text)]
    lines = [text.count("\n", 0, start) + 1 for start in bounds[:-1]]
    parts: list[str] = []
    pending = ""
    at = 0
    for index, line in enumerate(lines):
        part = text[bounds[index] : bounds[index + 1]]
        last = lines[index + 1] if index + 1 < len(lines) else text.count("\n") + 2
        if at < len(documents) and line <= documents[at].line < last:
            parts.append(_trimmed(pending + _without_separator(part)))
            pending = ""
            at += 1
        else:
            pending += _without_separator(part)
    if pending.strip() and parts:
        parts[-1] = _trimmed(parts[-1] + pending)
    # Two documents on the lines of one part would need a separator between them, so every document has its part.
    return parts


def _without_separator(part: str) -> str:
    match = _SEPARATOR.match(part)
    if match is None:
        return part
    line, newline, rest = part[match.end() :].partition("\n")
    kept = line.strip()
    if not kept:
        return rest
    return f"{kept}{newline}{rest}"


def _trimmed(part: str) -> str:
    """Return a part without blank lines around it; its end is left alone where it is content of a block scalar."""
    if _KEEPS_END.search(part) or not part.endswith("\n"):
        return part
    lines = part.split("\n")
    while lines and (not lines[0].strip() or lines[0].strip() == "..."):
        lines.pop(0)
    while lines and (not lines[-1].strip() or lines[-1].strip() == "..."):
        lines.pop()
    return "\n".join(lines) + "\n"


def _twice(pieces: list[Piece]) -> list[OverlayError]:
    first: dict[tuple[str, str, str, str], Piece] = {}
    errors: list[OverlayError] = []
    for piece in pieces:
        known = first.setdefault(piece.id.key, piece)
        if known is not piece:
            errors.append(
                ManifestError(
                    f"{piece.id} is defined twice, first in {known.location}",
                    location=piece.location,
                    object=str(piece.id),
                    hint="remove one of them",
                    related=(("first", known.location),),
                )
            )
    return errors
