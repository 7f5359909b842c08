"""Versions of bundles: semantic ones, as tags of registries can say them."""

from __future__ import annotations

import re

from overlay.errors import UsageError
from overlay.files.paths import printable

# https://semver.org, its own expression.
_NUMBER = r"(?:0|[1-9][0-9]*)"
_LABEL = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_LABEL}(?:\.{_LABEL})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
MAX_VERSION = 128


def check_version(text: str) -> str:
    """Return a version as it is.

    Raises UsageError for what is no semantic version, or too long for a tag.
    """
    if not _SEMVER.fullmatch(text):
        bare = text.removeprefix("v")
        hint = f"write {bare}" if bare != text and _SEMVER.fullmatch(bare) else "write one such as 1.4.0 or 1.5.0-rc.1"
        raise UsageError(f"{printable(text)[:100]!r} is no semantic version", hint=hint)
    if len(text) > MAX_VERSION:
        raise UsageError(f"the version has {len(text)} characters, a tag has {MAX_VERSION} at most")
    return text


def tag_of(version: str) -> str:
    """Return a version's tag: a tag cannot hold `+`, so that `_` stands for it, as in Helm."""
    return version.replace("+", "_")


def version_of(tag: str) -> str | None:
    """Return the version that a tag says, None for a tag that says none."""
    text = tag.replace("_", "+")
    return text if _SEMVER.fullmatch(text) else None
