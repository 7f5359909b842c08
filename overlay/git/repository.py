"""The user's own repository, through git's plumbing: no hook, filter or attribute acts, nothing is guessed."""

from __future__ import annotations

import os

from overlay.errors import GitConflict, GitError
from overlay.files.paths import printable
from overlay.git.config import OWN
from overlay.git.program import SECONDS, Program
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_IDENTITY = r"^((user|author|committer)\.|commit\.gpgsign$|gpg\.format$)"
# Of keys for SSH signatures, which may stand for themselves (git-config, user.signingKey).
_NO_RELATIVE_PATH = ("/", "~", "%(prefix)", "key::", "ssh-", "ecdsa-", "sk-")
_BUSY = {
    "MERGE_HEAD": "a merge", "rebase-merge": "a rebase", "rebase-apply": "a rebase", "CHERRY_PICK_HEAD":
    "a cherry-pick", "REVERT_HEAD": "a revert", "BISECT_LOG": "a bisection",
}  # fmt: skip


@value(kw_only=True)
class Entry:
    """A file of a commit or of the index."""

    mode: str
    blob: str


class Repository(Program):
    """The repository that a folder lies in; paths are given from that folder.

    top: the work tree's folder. prefix: the folder's path in it, empty or ending with a slash.
    """

    def __init__(self, folder: str, env: Mapping[str, str], *, seconds: float = SECONDS) -> None:
        """Raise GitError where there is no repository, or git does not want to use it."""
        super().__init__(folder, env, seconds=seconds)
        # What a commit holds never changes, so that it is asked for once.
        self._entries: dict[tuple[str, str], tuple[Entry | None]] = {}
        self._blobs: dict[bytes, str] = {}
        try:
            found = self.run("rev-parse", "--show-toplevel", "--show-prefix").decode("utf-8", "surrogateescape")
        except GitError as error:
            raise _no_repository(error, folder) from None
        self.top, self.prefix = found.split("\n")[:2]
        self.disarm()

    def identity(self) -> list[tuple[str, str]]:
        """Return the settings that say who commits, and whether and how commits are signed, wherever they stand."""
        out = self.run("config", "-z", "--get-regexp", _IDENTITY, accept=(0, 1)).decode("utf-8", "surrogateescape")
        pairs = dict([_setting(part) for part in out.split("\0")[:-1]])
        key = pairs.get("user.signingkey", "")
        if pairs.get("gpg.format") == "ssh" and key and not key.startswith(_NO_RELATIVE_PATH):
            # Git reads a relative path from the top of the work tree; we go on in other folders.
            pairs["user.signingkey"] = os.path.join(self.top, key)
        return list(pairs.items())

    def transport(self) -> list[tuple[str, str]]:
        """Return what the repository's own configuration says of HTTP: headers and certificates of a CI's checkout."""
        out = self.run("config", "--show-scope", "-z", "--get-regexp", r"^http\.", accept=(0, 1))
        parts = out.decode("utf-8", "surrogateescape").split("\0")
        return [_setting(pair) for scope, pair in zip(parts[::2], parts[1::2], strict=False) if scope in OWN]

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that a ref means, None where there is none."""
        return (
            self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", accept=(0, 1))
            or None
        )

    def branch(self) -> str | None:
        """Return the full name of the branch that is checked out; None for a detached head."""
        return self.text("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)) or None

    def busy(self) -> str | None:
        """Return what is under way in the work tree, such as `a merge`."""
        places = self.text("rev-parse", *[part for name in _BUSY for part in ("--git-path", name)]).split("\n")
        under_way = zip(places, _BUSY.values(), strict=True)
        return next((words for place, words in under_way if os.path.lexists(os.path.join(self.folder, place))), None)

    def form(self) -> str:
        """Return the format of the objects: `sha1` or `sha256`."""
        return self.text("rev-parse", "--show-object-format")

    def is_shallow(self) -> bool:
        """Tell whether older commits were left out when it was cloned."""
        return self.text("rev-parse", "--is-shallow-repository") == "true"

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether a commit is among those that another one is made of."""
        return self.text("merge-base", "--all", old, new, accept=(0, 1)) == old

    def checked_out(self) -> set[str]:
        """Return the branches that some work tree has checked out."""
        lines = self.run("worktree", "list", "--porcelain").decode("utf-8", "surrogateescape").splitlines()
        return {line.removeprefix("branch ") for line in lines if line.startswith("branch ")}

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return a commit's file."""
        known = self._entries.get((commit, path))
        if known is None:
            out = self.run("ls-tree", "-z", "--full-tree", commit, "--", self.prefix + path)
            known = self._entries[commit, path] = (_entry(out, kind=b"blob"),)
        return known[0]

    def submodule(self, commit: str, path: str) -> str | None:
        """Return the submodule that a file is in, None for files of the commit itself."""
        parts = path.split("/")
        folders = ["/".join(parts[:end]) for end in range(1, len(parts))]
        if not folders:
            return None
        out = self.run("ls-tree", "-z", "--full-tree", commit, "--", *[self.prefix + folder for folder in folders])
        names = [line.partition(b"\t")[2] for line in out.split(b"\0") if line.startswith(b"160000 ")]
        return os.fsdecode(names[0]).removeprefix(self.prefix) if names else None

    def staged(self, path: str) -> Entry | None:
        """Return the index's file.

        Raises GitConflict for one that is in conflict.
        """
        out = self.run("ls-files", "-z", "--stage", "--full-name", "--", f":(top,literal){self.prefix}{path}")
        if out.count(b"\0") > 1:
            raise GitConflict(f"{printable(path)} is in conflict", hint="resolve it, or use --branch")
        return _entry(out, kind=b"")

    def bytes_of(self, blob: str) -> bytes:
        return self.run("cat-file", "blob", blob)

    def write_blob(self, data: bytes) -> str:
        """Store bytes as they are: no filter, no line ends."""
        known = self._blobs.get(data)
        if known is None:
            out = self.run("hash-object", "-t", "blob", "-w", "--no-filters", "--stdin", given=data)
            known = self._blobs[data] = out.decode().strip()
        return known

    def tree_with(self, tree: str, files: Mapping[str, Entry]) -> str:
        """Return a tree with some files put in place of what was there; paths from the top of the work tree."""
        lines = {}
        for line in self.run("ls-tree", "-z", "--full-tree", tree).split(b"\0")[:-1]:
            lines[line.partition(b"\t")[2]] = line
        below: dict[bytes, dict[str, Entry]] = {}
        for path, entry in files.items():
            head, slash, rest = path.partition("/")
            name = os.fsencode(head)
            if slash:
                below.setdefault(name, {})[rest] = entry
            else:
                lines[name] = f"{entry.mode} blob {entry.blob}\t".encode() + name
        for name, inner in below.items():
            made = self.tree_with(lines[name].split()[2].decode(), inner)
            lines[name] = f"040000 tree {made}\t".encode() + name
        given = b"".join(line + b"\0" for line in lines.values())
        return self.run("mktree", "-z", "--missing", given=given).decode().strip()

    def move_ref(self, ref: str, commit: str, before: str | None, reason: str) -> None:
        """Let a ref mean another commit, if it still means the one before.

        Raises GitConflict.
        """
        old = before or "0" * len(commit)
        self.run("update-ref", "--create-reflog", "-m", reason, "--end-of-options", ref, commit, old)

    def stage(self, files: Mapping[str, Entry | None]) -> None:
        """Put files (paths from the top of the work tree) into the index, or out of it (None); all else stays."""
        gone = "0" * (64 if self.form() == "sha256" else 40)
        lines = [
            (f"{entry.mode} {entry.blob} 0\t" if entry is not None else f"0 {gone}\t").encode() + os.fsencode(path)
            for path, entry in files.items()
        ]
        self.run("update-index", "-z", "--index-info", given=b"".join(line + b"\0" for line in lines))


def _setting(pair: str) -> tuple[str, str]:
    """Return name and value of a setting as `git config -z` prints it; one that stands alone means true."""
    name, newline, text = pair.partition("\n")
    return name, text if newline else "true"


def _entry(out: bytes, *, kind: bytes) -> Entry | None:
    if not out:
        return None
    parts = out.split(b"\0")[0].partition(b"\t")[0].split()
    if kind and parts[1] != kind:
        return None
    return Entry(mode=parts[0].decode(), blob=parts[2 if kind else 1].decode())


def _no_repository(error: GitError, folder: str) -> GitError:
    if "not a git repository" in error.message:
        return GitError(
            f"{printable(folder)} is in no Git repository",
            hint="`git init` makes a repository",
        )
    if "dubious ownership" in error.message:
        return GitError(
            f"{printable(folder)} belongs to another user, so git does not use it",
            hint=f"git config --global --add safe.directory {printable(folder)}",
        )
    return error
