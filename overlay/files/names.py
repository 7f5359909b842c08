"""Rules for names that become paths, labels and arguments."""

from __future__ import annotations

import re

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_RESERVED = frozenset(("con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))))
# Folders in which files are run, or change what Git and its hosts do.
ACTING = (".git", ".github", ".gitlab", ".gitea", ".forgejo", ".circleci")
# What a run that changes many files shall make of them, below the folder that it changes.
JOURNAL = ".overlay-unfinished.json"
MAX_LABEL = 63
# Helm appends suffixes to release names and stops at 53 (pkg/chart/common/util/validate_name.go).
MAX_RELEASE = 53


def refuse_name(name: str, *, longest: int = MAX_LABEL) -> str | None:
    """Return why a name cannot be used (RFC 1123 label, no device name of Windows), or None."""
    if len(name) > longest:
        return f"is longer than {longest} characters"
    if not _DNS_LABEL.fullmatch(name):
        return "is no DNS label: lower-case letters, digits and dashes, a letter or digit at both ends"
    if name in _RESERVED:
        return "is a reserved name on Windows"
    return None
