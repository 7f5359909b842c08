"""Find groups of look-alike folders in a tree: by a name that says its environment, else by content.

Content is compared by shingles (the folders' lines) and min-hash signatures in bands, so that no pair has to be looked
at that is not alike: Broder, "On the resemblance and containment of documents", 1997; banding as in Leskovec, Rajaraman
and Ullman, "Mining of Massive Datasets", chapter 3. Time and memory grow with the lines of the tree.
"""

from __future__ import annotations

import os
import stat
from zlib import crc32

from overlay.dedupe.environments import pattern, tokens
from overlay.dedupe.kustomization import FILES as KUSTOMIZATIONS
from overlay.dedupe.member import LeftOut
from overlay.dedupe.overlays import name_of, overlay_key, overlays_among
from overlay.dedupe.reading import ENDINGS
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_DEPTH = 60
MAX_FOLDERS = 200_000
_LOOKED_AT = 64 * 1024
_MOST_READ = 4 * 1024 * 1024
# 20 bands of 3 rows: folders that share 60 % of their lines meet in one band with 99 % likelihood, of 20 % with 15 %.
_BANDS, _ROWS = 20, 3
LEAST_ALIKE = 0.6
_PRIME = (1 << 61) - 1
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@value(kw_only=True)
class Group:
    """Folders taken for environments of one thing; how: by `name` or `content`; name: where their path has one."""

    folders: tuple[str, ...]
    how: str
    name: str | None = None


@value(kw_only=True)
class Found:
    """The groups of a tree, folders that are like no other, and what could not be looked at."""

    groups: tuple[Group, ...]
    single: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def find_groups(tree: str) -> Found:
    """Return the groups below a folder; what lies behind links is never looked at."""
    left_out: list[LeftOut] = []
    plain, kustomized = _manifest_folders(tree.rstrip("/") or tree, left_out)
    overlays = set(overlays_among(kustomized))
    by_name: dict[str, list[str]] = {}
    rest: list[str] = []
    for folder in sorted([*plain, *overlays]):
        key = overlay_key(folder, tree) if folder in overlays else _name_key(folder, tree)
        if key is None:
            rest.append(folder)
        else:
            by_name.setdefault(key, []).append(folder)
    groups = [
        Group(folders=tuple(found), how="name", name=name_of(key) if overlays.issuperset(found) else None)
        for key, found in by_name.items()
        if len(found) > 1
    ]
    rest += [found[0] for found in by_name.values() if len(found) == 1]
    alike, single = _by_content(sorted(rest))
    groups += [Group(folders=found, how="content") for found in alike]
    return Found(groups=tuple(sorted(groups, key=lambda group: group.folders)), single=single, left_out=tuple(left_out))


def _name_key(folder: str, tree: str) -> str | None:
    """Return a folder's path with a star for the word of its environment, in the last part that has one."""
    parts = folder[len(tree.rstrip("/")) :].strip("/").split("/")
    for at in range(len(parts) - 1, -1, -1):
        starred = pattern(parts[at])
        if starred is not None:
            return "/".join([*parts[:at], starred, *parts[at + 1 :]])
    return None


def _manifest_folders(tree: str, left_out: list[LeftOut]) -> tuple[list[str], list[str]]:
    """Return the uppermost folders that hold manifests themselves, and all that hold a kustomization.

    Folders below one with manifests belong to it; below a kustomization only others of them count.
    """
    found: list[str] = []
    kustomized: list[str] = []
    pending = [(tree, 0, False)]
    seen = 0
    while pending:
        folder, depth, within = pending.pop()
        seen += 1
        if seen > MAX_FOLDERS or depth > MAX_DEPTH:
            left_out.append(LeftOut(folder=folder, reason="the tree has too many folders, or too deep ones"))
            break
        try:
            with os.scandir(folder) as entries:
                here = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            left_out.append(LeftOut(folder=folder, reason=os.strerror(error.errno or 0).lower()))
            continue
        below = []
        holds = False
        is_overlay = False
        for entry in here:
            if entry.is_symlink():
                if not entry.name.startswith("."):
                    left_out.append(LeftOut(folder=entry.path, reason="is a symlink; links are never followed"))
            elif entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    below.append((entry.path, depth + 1))
            elif entry.name in KUSTOMIZATIONS:
                is_overlay = True
            elif depth and entry.name.endswith(ENDINGS) and not holds and not within:
                holds = b"apiVersion" in _start(entry.path)
        if is_overlay:
            kustomized.append(folder)
        elif holds:
            found.append(folder)
            continue
        pending += [(path, level, within or is_overlay) for path, level in below]
    return found, kustomized


def _start(path: str) -> bytes:
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LOOKED_AT) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def _by_content(folders: Sequence[str]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return groups of folders beside each other whose names differ in one word and whose lines are alike."""
    shingles = {folder: _shingles(folder) for folder in folders}
    buckets: dict[tuple[int, ...], list[str]] = {}
    for folder in folders:
        signature = _signature(shingles[folder])
        for band in range(_BANDS):
            rows = signature[band * _ROWS : (band + 1) * _ROWS]
            buckets.setdefault((band, *rows, *_apart(folder)), []).append(folder)
    root = {folder: folder for folder in folders}

    def find(folder: str) -> str:
        while root[folder] != folder:
            root[folder] = root[root[folder]]
            folder = root[folder]
        return folder

    for bucket in buckets.values():
        first = bucket[0]
        for other in bucket[1:]:
            if find(first) != find(other) and _one_word_apart(first, other):
                one, two = shingles[first], shingles[other]
                if one and len(one & two) >= LEAST_ALIKE * len(one | two):
                    root[find(other)] = find(first)
    joined: dict[str, list[str]] = {}
    for folder in folders:
        joined.setdefault(find(folder), []).append(folder)
    groups = [tuple(found) for found in joined.values() if len(found) > 1]
    return groups, tuple([found[0] for found in joined.values() if len(found) == 1])


def _apart(folder: str) -> tuple[int, ...]:
    """Return what folders of one group have in common: their parent, and how many words their name has."""
    parent, _, name = folder.rpartition("/")
    words = tokens(name)
    return (crc32(parent.encode()), len(words), crc32(words[0].encode()) if len(words) > 1 else 0)


def _one_word_apart(one: str, other: str) -> bool:
    left, right = tokens(one.rpartition("/")[2]), tokens(other.rpartition("/")[2])
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) == 1


def _shingles(folder: str) -> frozenset[int]:
    """Return the hashes of a folder's lines, each once, without white space around them."""
    found: set[int] = set()
    for path in files_of(folder):
        found.update([crc32(line.strip()) for line in read_bounded(path).split(b"\n")])
    found.discard(crc32(b""))
    return frozenset(found)


def read_bounded(path: str) -> bytes:
    """Return a regular file's bytes, as many as a comparison looks at; none of a link or what cannot be read."""
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MOST_READ) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def files_of(folder: str) -> Iterable[str]:
    """Yield the paths of the manifests below a folder, in order; links are not followed."""
    for top, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        yield from [os.path.join(top, name) for name in sorted(names) if name.endswith(ENDINGS)]


def _signature(shingles: frozenset[int]) -> list[int]:
    """Return a min-hash signature: the least of the shingles under each of many fixed permutations."""
    if not shingles:
        return [0] * (_BANDS * _ROWS)
    return [
        min([(shingle * (2 * at + 3) * 0x9E3779B1 + at * 0x85EBCA77) % _PRIME for shingle in shingles])
        for at in range(_BANDS * _ROWS)
    ]
