"""Take the manifests away that an adoption stands for: only where Git has each of them, byte for byte."""

from __future__ import annotations

import os

from overlay.errors import GitError, UsageError, raise_all
from overlay.git.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.dedupe.adopt import Adoption
    from overlay.dedupe.member import Member

# Names in one call of git.
_MANY = 500
_SHOWN = 3


def originals(adopted: Sequence[Adoption]) -> list[str]:
    """Return the files whose objects were adopted, from the current folder.

    Raises what keeps them from being taken away: the work tree is not clean, or Git has not what stands there.
    """
    members = [member for one in adopted for member in one.members]
    rendered = [member.folder for member in members if not all(piece.file for piece in member.pieces)]
    if rendered:
        raise UsageError(
            f"{rendered[0]} is an overlay of kustomize: --in-place takes folders of manifests only",
            hint="remove by hand what nothing refers to any more",
        )
    found: list[str] = []
    clean: set[str] = set()
    for member in members:
        repository = _repository(member.folder)
        if repository.top not in clean:
            _refuse_changes(repository)
            clean.add(repository.top)
        files = sorted({piece.file for piece in member.pieces})
        _refuse_unknown(repository, member, files)
        found += [os.path.join(member.folder, file) for file in files]
    return found


def _repository(folder: str) -> Repository:
    try:
        return Repository(os.path.realpath(folder), os.environ)
    except GitError as error:
        hint = "--in-place takes away only what Git has; --write without it leaves the folders alone"
        raise GitError(error.message, hint=hint) from None


def _refuse_changes(repository: Repository) -> None:
    """Raise where the work tree has changes of its own: taking files away would mix with them."""
    out = repository.run("status", "--porcelain", "-z", "--untracked-files=normal", "--no-renames")
    changed = [os.fsdecode(line[3:]) for line in out.split(b"\0") if line]
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise GitError(
            f"the work tree is not clean: {', '.join(changed[:_SHOWN])}{more}",
            hint="commit or stash that first; --write without --in-place leaves the folders alone",
        )


def _refuse_unknown(repository: Repository, member: Member, files: Sequence[str]) -> None:
    """Raise for files that HEAD has not as they stand here: ignored ones, and those that Git shall not look at."""
    known: dict[str, str] = {}
    here: dict[str, str] = {}
    for at in range(0, len(files), _MANY):
        some = files[at : at + _MANY]
        out = repository.run("ls-tree", "-r", "-z", "HEAD", "--", *some)
        for line in out.split(b"\0")[:-1]:
            entry, _, path = line.partition(b"\t")
            known[os.fsdecode(path)] = entry.split()[2].decode()
        hashed = repository.run("hash-object", "--no-filters", "--", *some).decode().split()
        here.update(zip(some, hashed, strict=True))
    raise_all(
        [
            GitError(
                f"{member.folder}/{file} is not in the last commit as it stands here",
                hint="commit it first; what Git has not could not be brought back",
            )
            for file in files
            if known.get(file) != here[file]
        ]
    )
