"""Whether Helm's library is worth loading before anything else: it takes longer than all else together."""

from __future__ import annotations

import os

from overlay.errors import UsageError
from overlay.files.root import find_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMANDS = (
    "render", "lint", "test", "explain", "compare", "images", "values", "api-versions", "pin", "promote", "sync",
    "plan", "status", "package", "diff", "adopt-live", "schedule", "factor", "extract-values",
)  # fmt: skip
# What a document says that has a chart, or that goes on where this does not look: elsewhere, or above.
_SIGNS = (b"chart", b"git", b"oci", b"url", b"../../")
# Documents that are looked at; a project of more pays less for a process too many than for reading them twice.
_MOST = 300
_LOOK = 1 << 16


def renders_charts(argv: Sequence[str]) -> bool:
    """Tell whether a command line will render charts, as far as that is to be seen at once.

    A guess: where it is wrong, the library is loaded later, or for nothing.
    """
    if not argv or argv[0] not in COMMANDS or {"-h", "--help", "--from-git", "--bundle"} & set(argv):
        return False
    if argv[0] == "diff" and "--against" in argv:
        from overlay.cli.sides import is_manifests  # noqa: PLC0415

        return not is_manifests(argv[1])
    start = _project(argv)
    return start is None or _names_chart(start)


def _project(argv: Sequence[str]) -> str | None:
    """Return the folder that -C or --project names; None for other ways of writing it."""
    for flag, value in zip(argv, [*argv[1:], None], strict=True):
        if flag in ("-C", "--project"):
            return value
        if flag.startswith(("-C", "--project=")):
            return None
    return "."


def _names_chart(start: str) -> bool:
    try:
        root = find_root(start)
        folder = os.path.join(root, "environments")
        if _has_sign(os.path.join(root, "overlay.yaml"), (b"environments",)) or not os.path.isdir(folder):
            return True
        return any(number == _MOST or _has_sign(document, _SIGNS) for number, document in enumerate(_documents(folder)))
    except UsageError:
        return False  # there is no project
    except OSError:
        return True


def _documents(folder: str) -> Iterator[str]:
    """Go through the documents, those first that most often name charts."""
    names = sorted(os.listdir(folder))
    for name in names:
        yield os.path.join(folder, name, "base.yaml")
    components = os.path.join(folder, "components")
    if os.path.isdir(components):
        for name in sorted(os.listdir(components)):
            yield os.path.join(components, name, "component.yaml")
    for name in names:
        yield os.path.join(folder, name, "environment.yaml")


def _has_sign(path: str, signs: Sequence[bytes]) -> bool:
    try:
        # A pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        data = os.read(descriptor, _LOOK)
    finally:
        os.close(descriptor)
    return len(data) == _LOOK or any(sign in data for sign in signs)
