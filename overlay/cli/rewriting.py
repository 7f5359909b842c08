"""Write changes of a project's own files: all of them or none, and only what Git can give back."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.errors import GitError, OverlayError, raise_all
from overlay.files.unfinished import change_files, finish_change, refuse_unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_HINT = "commit first, so that Git can give it back, or say --uncommitted"


def finish_first(args: dict[str, Any], roots: Sequence[str]) -> bool:
    """Finish what a killed run began below folders, and say so; tell whether there was something.

    Raises OutputError where there is and nothing shall be written.
    """
    for root in dict.fromkeys(roots):
        if not args["write"]:
            refuse_unfinished(root)
            continue
        found = finish_change(root)
        if not found:
            continue
        if args["output"] != "table":
            files = {path: "removed" if data is None else "written" for path, data in sorted(found.items())}
            print_document({"finished": files, "written": True}, args["output"])
        if not args["quiet"]:
            print(f"finished what an interrupted run began: {len(found)} files", file=sys.stderr)
        return True
    return False


def rewrite(args: dict[str, Any], root: str, changes: Mapping[str, bytes | None]) -> None:
    """Write files below the project folder; None removes one, and folders that are empty then.

    Raises GitError where Git could not give back what is overwritten, PathError for a link on the way, OutputError.
    """
    if not args["uncommitted"]:
        _refuse_uncommitted(root, changes)
    change_files(root, changes)


def _refuse_uncommitted(root: str, changes: Mapping[str, bytes | None]) -> None:
    from overlay.git.repository import Repository  # noqa: PLC0415
    from overlay.source.commit import current_commit, refuse_changed  # noqa: PLC0415

    errors: list[OverlayError] = []
    try:
        repository = Repository(root, os.environ)
        commit = current_commit(repository)
    except GitError as error:
        error.hint = _HINT
        raise
    for path in changes:
        try:
            refuse_changed(repository, commit, {path: b""}, resume=False)
        except OverlayError as error:
            error.hint = _HINT
            errors.append(error)
    raise_all(errors)
