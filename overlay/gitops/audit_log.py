"""The history of one folder of a branch: each commit with the files that it changes there, the oldest first."""

from __future__ import annotations

import os

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.gitops.store import Store

_TRAILERS = "%(trailers:key=Overlay-Environment,valueonly)%x00%(trailers:key=Overlay-Revision,valueonly)"
_FORMAT = f"%x00%H%x00%P%x00%an <%ae>%x00%aI%x00{_TRAILERS}%x00"
_FIELDS = 6


@value(kw_only=True)
class FileState:
    """A file as a commit leaves it: path from the top of the branch, mode and id; mode 000000 where it is removed."""

    path: str
    mode: str
    oid: str


@value(kw_only=True)
class PastCommit:
    """A commit; environment, revision: what it says that it publishes, empty and 0 for one that is not overlay's.

    parents: the first one is what files are compared with.
    """

    commit: str
    parents: tuple[str, ...]
    author: str
    date: str
    environment: str
    revision: int
    files: tuple[FileState, ...]


def read_history(store: Store, tip: str, path: str, without: Sequence[str], since: Sequence[str]) -> list[PastCommit]:
    """Return all commits that change a folder, side branches included, the oldest first.

    path: empty for the top. without: folders below it that are not meant. since: commits that are left out, with all
    that they come from.
    """
    out = store.run(
        "log", "-z", "--topo-order", "--reverse", "--full-history", "--diff-merges=first-parent", "--no-renames", "-r",
        "--raw", "--no-abbrev", f"--format={_FORMAT}", tip, *[f"^{commit}" for commit in since], "--",
        f":(top,literal){path}" if path else ":(top)", *[f":(top,literal,exclude){each}" for each in without],
        settings=("log.showRoot=true", "log.showSignature=false"),
    )  # fmt: skip
    return list(_read(out))


def _read(out: bytes) -> Iterator[PastCommit]:
    fields = out.split(b"\0")
    at = 1
    while at + _FIELDS < len(fields):
        words = [field.decode("utf-8", "replace").strip() for field in fields[at : at + _FIELDS]]
        commit, parents, author, date, environment, revision = words
        # After an empty field modes and paths by turns, if there are some, the first on a line of its own.
        end = fields.index(b"", at + _FIELDS + 1)
        entries = fields[at + _FIELDS + 1 : end]
        yield PastCommit(
            commit=commit,
            parents=tuple(parents.split()),
            author=author,
            date=date,
            environment=environment if _is_revision(revision) else "",
            revision=int(revision) if _is_revision(revision) else 0,
            files=tuple([_file(*pair) for pair in zip(entries[::2], entries[1::2], strict=True)]),
        )
        at = end + 1


def _file(change: bytes, path: bytes) -> FileState:
    _, mode, _, oid, _ = change.strip().decode().split(" ")
    return FileState(path=os.fsdecode(path), mode=mode, oid=oid)


def _is_revision(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
