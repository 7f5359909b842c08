"""Take the manifests away that an adoption stands for: only where Git has each of them, byte for byte."""

from __future__ import annotations

import os

from overlay.dedupe.kustomization import FILES, files_behind, files_named
from overlay.errors import GitError, raise_all
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

    Of overlays of kustomize that is all they are made of, but for what another kustomization uses.
    Raises what keeps them from being taken away: the work tree is not clean, or Git has not what stands there.
    """
    members = [member for one in adopted for member in one.members]
    found: dict[str, None] = {}
    clean: set[str] = set()
    rendered: dict[str, list[Member]] = {}
    for member in members:
        repository = _repository(member.folder)
        if repository.top not in clean:
            _refuse_changes(repository)
            clean.add(repository.top)
        if not all(piece.file for piece in member.pieces):
            rendered.setdefault(repository.top, []).append(member)
            continue
        files = [os.path.join(member.folder, piece.file) for piece in member.pieces]
        found.update(dict.fromkeys(sorted(files)))
        _refuse_unknown(repository, files)
    for top, overlays in rendered.items():
        repository = _repository(top)
        files = _not_used(repository, overlays)
        found.update(dict.fromkeys(files))
        _refuse_unknown(repository, files)
    return list(found)


def _not_used(repository: Repository, overlays: Sequence[Member]) -> list[str]:
    """Return the files that overlays are made of and no other kustomization of the work tree names."""
    mine = {path for member in overlays for path in files_behind(member.folder)}
    out = repository.run("ls-files", "-z", "--", *[f":(glob)**/{name}" for name in FILES])
    all_of_them = [os.path.join(repository.top, os.fsdecode(path)) for path in out.split(b"\0")[:-1]]
    pending = [path for path in all_of_them if path not in mine]
    used: set[str] = set()
    while pending:
        path = pending.pop()
        found = files_named(path) - used
        used |= found
        # A folder that another one uses is kept with all that it uses itself.
        pending += [each for each in found if os.path.basename(each) in FILES and each != path]
    return [os.path.relpath(path) for path in sorted(mine - used)]


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


def _refuse_unknown(repository: Repository, paths: Sequence[str]) -> None:
    """Raise for files that HEAD has not as they stand here: ignored ones, and those that Git shall not look at."""
    known: dict[str, str] = {}
    here: dict[str, str] = {}
    shown = {os.path.relpath(os.path.realpath(path), repository.folder): path for path in sorted(paths)}
    files = list(shown)
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
                f"{shown[file]} is not in the last commit as it stands here",
                hint="commit it first; what Git has not could not be brought back",
            )
            for file in files
            if known.get(file) != here[file]
        ]
    )
