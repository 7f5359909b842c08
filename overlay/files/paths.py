"""Path fields of documents: what may be written there, and which file is meant."""

from __future__ import annotations

import posixpath
import re

from overlay.errors import PathError
from overlay.model.location import Location

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# What nearly all paths are made of: nothing can be wrong with one that is no longer than a name may be.
_ORDINARY = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}")
_MAX_PATH = 4096
_MAX_NAME = 255


def printable(text: str) -> str:
    """Return text with control characters, lone surrogates and direction marks shown as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def resolve(folder: str, ref: str, location: Location | None = None) -> str:
    """Return the path, from the project folder, that `ref` means in a document of `folder`.

    Raises PathError for everything that is no plain relative path inside the project folder.
    """
    joined = posixpath.normpath(posixpath.join(folder, ref))
    # What comes out must be sound from the project folder, too: `../../C:x` is not.
    reason = _refusal(ref) or (None if joined.startswith("..") else _refusal(joined))
    if reason:
        raise PathError(f"{printable(ref)!r} {reason}", location=location, hint="write a relative path with `/`")
    top = folder.partition("/")[0]
    if top.startswith("<") and joined != top and not joined.startswith(f"{top}/"):
        raise PathError(
            f"{printable(ref)!r} is outside of {top}",
            location=location,
            hint="what comes from elsewhere only uses files that come with it",
        )
    if joined == ".":
        return ""
    if joined.startswith("../") or joined == "..":
        raise PathError(
            f"{printable(ref)!r} is outside the project folder",
            location=location,
            hint="only files below the folder of overlay.yaml (or environments/) can be used",
        )
    return joined


def _refusal(ref: str) -> str | None:
    if _ORDINARY.fullmatch(ref):
        return None
    if not ref:
        return "is empty, a path is expected"
    if ref.startswith(("/", "~")):
        return "is outside the project folder"
    if "\\" in ref or _SCHEME.match(ref):
        return "is no relative path (URLs, drives and backslashes are not allowed)"
    if not ref.isprintable() or any(part != part.strip() for part in ref.split("/")):
        return "has control characters, or spaces at an end"
    if ref.startswith("-"):
        return "starts with a dash"
    if "%2e" in ref.lower() or "%2f" in ref.lower():
        return "has percent-encoded dots or slashes"
    if len(ref.encode("utf-8", "surrogatepass")) > _MAX_PATH:
        return f"is longer than {_MAX_PATH} bytes"
    if any(len(part.encode("utf-8", "surrogatepass")) > _MAX_NAME for part in ref.split("/")):
        return f"has a name longer than {_MAX_NAME} bytes"
    return None
