"""What writing a tree into a folder would change: decided from a listing, printable before anything is done."""

from __future__ import annotations

import json

from overlay.errors import EXIT_CONFLICT, OutputError, raise_all
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.tree import RECORD, RECORD_KIND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Conflict(OutputError):
    """A file that is not ours stands where one of ours belongs."""

    kind = "conflict"
    exit_code = EXIT_CONFLICT


@value(kw_only=True)
class FolderPlan:
    """Files by what happens to them; names are below the output folder, sorted."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.created or self.changed or self.removed)


def owned_files(record: bytes | None, folder: str) -> frozenset[str]:
    """Return the files that a folder's record lists; none when there is no record.

    Raises OutputError for a record that is not ours: removing files by it could remove anything.
    """
    if record is None:
        return frozenset()
    try:
        found = json.loads(record)
        names = frozenset(found["files"]) if found["kind"] == RECORD_KIND else None
    except (ValueError, KeyError, TypeError, RecursionError):
        names = None
    if names is None or not all(_plain(name) for name in names):
        raise OutputError(
            f"{printable(folder)}/{RECORD} is no record of overlay, so what is ours there is not known",
            hint="remove it, or name another --output-dir",
        )
    return names


def plan_folder(tree: Mapping[str, str], present: Mapping[str, bytes], folder: str) -> FolderPlan:
    """Compare a tree with the files that are in a folder; `present` holds the bytes of each of them.

    Raises Conflict for foreign files in the way.
    """
    owned = owned_files(present.get(RECORD), folder)
    created, changed, unchanged = [], [], []
    errors: list[OutputError] = []
    for name, text in sorted(tree.items()):
        if name != RECORD and not _plain(name):
            errors.append(OutputError(f"{printable(name)!r} is no name for a manifest: only *.yaml in one folder"))
            continue
        old = present.get(name)
        if old is None:
            created.append(name)
        elif old == text.encode():
            unchanged.append(name)
        elif name == RECORD or name in owned:
            changed.append(name)
        else:
            errors.append(
                Conflict(
                    f"{printable(folder)}/{name} is not ours and would be overwritten",
                    hint="move it away, or name another --output-dir",
                )
            )
    raise_all(errors)
    return FolderPlan(
        created=tuple(created),
        changed=tuple(changed),
        removed=tuple(sorted(name for name in owned if name in present and name not in tree)),
        unchanged=tuple(unchanged),
        foreign=tuple(sorted(name for name in present if name not in tree and name not in owned)),
    )


def _plain(name: object) -> bool:
    return (
        isinstance(name, str)
        and name.endswith(".yaml")
        and not name.startswith((".", "-"))
        and "/" not in name
        and "\\" not in name
        and name.isprintable()
    )
