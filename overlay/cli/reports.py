"""The option --report: what is asked for, and writing it."""

from __future__ import annotations

import os

from overlay.errors import OutputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def wanted_reports(given: Sequence[str], kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Return (kind, path) of each `KIND=FILE`; raises UsageError."""
    found = []
    for text in given:
        kind, equals, path = text.partition("=")
        if kind not in kinds or not equals or not path:
            raise UsageError(f"--report {text!r} names no report", hint=f"write KIND=FILE with {', '.join(kinds)}")
        found.append((kind, path))
    return found


def write_report(kind: str, path: str, text: str) -> None:
    """Write a report; one of HTML is a folder with one page. Raises OutputError."""
    from overlay.files.atomic import write_atomic  # noqa: PLC0415

    if kind == "html":
        path = os.path.join(path, "index.html")
    try:
        if kind == "html":
            os.makedirs(os.path.dirname(path), exist_ok=True)
        write_atomic(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
