"""How much of folders that look alike is said by more than one of them."""

from __future__ import annotations

import os

from overlay.dedupe.grouping import files_of, find_groups, read_bounded
from overlay.model.value import value


@value(kw_only=True)
class Alike:
    """A group of folders. lines: of all of them; could_go: lines that another of them has, too."""

    folders: tuple[str, ...]
    how: str
    lines: int
    could_go: int


def alike_folders(tree: str) -> list[Alike]:
    """Return the groups of a tree, the one with most to spare first."""
    found = []
    for group in find_groups(os.path.normpath(tree)).groups:
        total = 0
        most: dict[bytes, int] = {}
        for folder in group.folders:
            counts: dict[bytes, int] = {}
            for path in files_of(folder):
                for line in read_bounded(path).splitlines():
                    counts[line] = counts.get(line, 0) + 1
            total += sum(counts.values())
            for line, count in counts.items():
                most[line] = max(most.get(line, 0), count)
        found.append(Alike(folders=group.folders, how=group.how, lines=total, could_go=total - sum(most.values())))
    return sorted(found, key=lambda one: (-one.could_go, one.folders))
