"""A private bare repository for one remote: what was seen there, as little of it as is needed, and objects to push.

It is a cache: lost or damaged, it is made again. One run uses it at a time, so that what a killed git left in it is
nobody's (hazard G17). The user's own repository is never written.
"""

from __future__ import annotations

import hashlib
import os
import shutil

from overlay.errors import GitConflict, GitError, Temporary
from overlay.failpoint import failpoint
from overlay.git.objects import read_tree
from overlay.git.program import Program
from overlay.git.reader import ObjectReader
from overlay.gitops.lock import StoreLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from overlay.git.objects import TreeEntry
    from overlay.git.remote import Remote
    from overlay.git.repository import Repository

# Where the newest commit that was seen of each branch stands.
_TIPS = "refs/overlay/seen/"
_NEW = "refs/overlay/here/"
_FILTER = "--filter=blob:none"
_COMMITS_ONLY = "--filter=tree:0"
# A branch may be called as a folder of another one was: `a` now, `a/b` before.
_ABOVE, _LAST = "d-", "b-"
# Each run adds packs; so many are put together.
_MOST_PACKS = 50


class Store(Program):
    """The private repository; use it as a context.

    form: `sha1` or `sha256`.
    """

    def __init__(self, cache: str, repository: Repository, url: str, form: str, *, purpose: str = "") -> None:
        """`repository`: the user's, whose environment and identity count here, too.

        purpose: another repository of the same remote, in which objects may be missing that this one has to have.
        """
        super().__init__(_folder(cache, url, form, purpose), repository.env, seconds=repository.seconds)
        self.form = form
        self.env |= {"GIT_DIR": self.folder, **self.with_config(repository.identity())}
        self.cure = "make room there, or name another folder with XDG_CACHE_HOME, and run the same command again"
        self.reader = ObjectReader(self)
        self.is_mended = False
        self._folders: list[str] = []
        self._lock = StoreLock(self.folder, self.seconds)

    def __enter__(self) -> Self:
        parent = os.path.dirname(self.folder)
        try:
            os.makedirs(parent, mode=0o700, exist_ok=True)
            is_alone = self._lock.acquire()
            self.held = (self._lock.inherited,)
            if not os.path.isdir(self.folder):
                self._make()
            if is_alone:
                self._sweep()
            self._disarm()
        except OSError as error:
            self._close()
            raise GitError(
                f"{error.filename or parent} cannot be used: {os.strerror(error.errno or 0).lower()}",
                hint="XDG_CACHE_HOME names another cache folder",
            ) from None
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.reader.close()
        self.held = ()
        self._lock.release()

    def _make(self) -> None:
        making = f"{self.folder}.new"
        shutil.rmtree(making, ignore_errors=True)
        program = Program(os.path.dirname(self.folder), self.env, seconds=self.seconds)
        program.held, program.cure = self.held, self.cure
        try:
            program.run("init", "--quiet", "--bare", "--template=", f"--object-format={self.form}", "--", making)
            failpoint("git.store")
            os.rename(making, self.folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise

    def _disarm(self) -> None:
        try:
            self.disarm()
        except GitError:
            if not self.mend():
                raise

    def mend(self) -> bool:
        """Make the repository anew where it is damaged; tell whether that was so (hazard G22). Once in a run."""
        if self.is_mended or self._is_sound():
            return False
        self.is_mended = True
        self.reader.close()
        self._folders.clear()
        shutil.rmtree(self.folder)
        self._make()
        self.disarm()
        return True

    def _is_sound(self) -> bool:
        """Tell whether git finds in order what is here; what was left out when it was fetched does not count."""
        try:
            self.run("fsck", "--no-dangling", "--no-progress")
        except GitError:
            return False
        return True

    def _sweep(self) -> None:
        """Remove what killed runs of git left; nobody else is in here."""
        for place, folders, names in os.walk(self.folder):
            for name in names:
                if name.endswith(".lock") or name.startswith(("tmp_", ".tmp-", "fast_import_crash_")):
                    try:
                        os.unlink(os.path.join(place, name))
                    except FileNotFoundError:
                        continue  # a git that somebody started by hand has just given it its name
            for name in [name for name in folders if name.startswith("tmp_objdir-")]:
                shutil.rmtree(os.path.join(place, name))
            folders[:] = [name for name in folders if not name.startswith("tmp_objdir-")]

    def tips(self) -> dict[str, str]:
        """Return the newest commit that was seen of each branch."""
        return self._refs(_TIPS)

    def _refs(self, below: str) -> dict[str, str]:
        out = self.text("for-each-ref", "--format=%(objectname) %(refname)", below)
        lines = [line.partition(" ") for line in out.splitlines()]
        return {_branch_of(ref.removeprefix(below)): commit for commit, _, ref in lines}

    def see(self, branches: Mapping[str, str]) -> None:
        """Note the newest commits of branches."""
        given = "".join(f"update {_TIPS}{_ref_of(branch)}\0{commit}\0\0" for branch, commit in branches.items())
        self.run("update-ref", "-z", "--stdin", given=given.encode("utf-8", "surrogateescape"))

    def fetch(
        self, remote: Remote, listed: Mapping[str, str], *, accept_rewritten: bool
    ) -> tuple[dict[str, str], dict[str, GitConflict]]:
        """Have the newest commits of branches here, without their history where none was seen; return them.

        listed: what the remote says they are. A branch that no longer goes on from what was seen has an error in the
        place of a commit, and is not seen (hazard G24).
        """
        # Damage is looked for before git meets it: while it fetches, it would fetch what it misses, again and again.
        for commit in dict.fromkeys(self.text("for-each-ref", "--format=%(objectname)").split()):
            self._read(commit)
        seen = {} if accept_rewritten else self.tips()
        fresh = [branch for branch in listed if branch not in seen]
        moved = [branch for branch, commit in listed.items() if branch in seen and seen[branch] != commit]
        for some, shallow in ((fresh, True), (moved, False)):
            if some:
                specs = [_spec(branch) for branch in some]
                remote.fetch(*specs, shallow=shallow, options=(_FILTER,))
        failpoint("git.fetched")
        found = {branch: commit for branch, commit in listed.items() if branch not in (*fresh, *moved)}
        wrong: dict[str, GitConflict] = {}
        if fresh or moved:
            now = self._refs(_NEW)
            wrong = {
                branch: GitConflict(
                    f"the history of {branch} was rewritten on {remote.shown}: it had {seen[branch][:12]}, "
                    f"now it has {now[branch][:12]}",
                    hint="find out who did that; --accept-rewritten goes on from what is there now",
                )
                for branch in moved
                if not self.is_ancestor(seen[branch], now[branch])
            }
            new = {branch: now[branch] for branch in (*fresh, *moved) if branch not in wrong}
            self.see(new)
            found |= new
        return found, wrong

    def fetch_whole(self, remote: Remote, listed: Mapping[str, str]) -> None:
        """Have branches here with all of their history and all of its files; of a repository that is for that."""
        here = self._refs(_NEW)
        if any(here.get(branch) != commit for branch, commit in listed.items()):
            remote.fetch(*[_spec(branch) for branch in listed])

    def deleted(self, remote: Remote, wanted: Iterable[str], listed: Mapping[str, str]) -> dict[str, GitConflict]:
        """Return an error for each branch that was seen and is not there any more (hazard G24)."""
        return {
            branch: GitConflict(
                f"the branch {branch} was deleted on {remote.shown}; it had {commit[:12]}",
                hint="put it back, or begin a new history with --accept-rewritten",
            )
            for branch, commit in self.tips().items()
            if branch in wanted and branch not in listed
        }

    def deepen(self, remote: Remote, branch: str, tip: str, count: int) -> bool:
        """Have so many more commits of a branch here, without their files; False where all of them are here.

        Only for a repository that nothing is pushed from: what was left out is fetched when it is read.
        Raises Temporary where the remote has no more of this commit's history, because the branch moved away from it.
        """
        ends = self._ends(tip)
        if not ends:
            return False
        remote.fetch(_spec(branch), options=(f"--deepen={count}", _COMMITS_ONLY))
        if self._ends(tip) == ends:
            raise Temporary(f"the branch {branch} was rewritten on {remote.shown} meanwhile", hint="try again")
        return True

    def _ends(self, tip: str) -> set[str]:
        """Return the commits at which the history that is here was cut off."""
        try:
            with open(os.path.join(self.folder, "shallow"), encoding="ascii") as file:
                cut = set(file.read().split())
        except FileNotFoundError:
            return set()
        return cut & set(self.text("rev-list", "--max-parents=0", "--end-of-options", tip).split())

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether a commit is among those that another one is made of, as far as they are here."""
        return self.text("merge-base", "--all", old, new, accept=(0, 1, 128)) == old

    def folder_entries(self, commit: str, path: str) -> list[TreeEntry]:
        """Return the entries of a commit's folder; none where there is no such folder.

        Raises GitError where the trees are not here.
        """
        return self._walk(commit, path)[0]

    def fetch_folder(self, commit: str, path: str, remote: Remote) -> None:
        """Have the trees that lead to a commit's folder, where they were left out."""
        oid = self._read(commit).partition(b"\n")[0].removeprefix(b"tree ").decode()
        for name in (*path.split("/"), "") if path else ("",):
            if self.reader.read(oid) is None:
                remote.fetch_objects([oid], (_FILTER,))
            inner = next((one for one in self._tree(oid) if one.name == name and one.is_folder), None)
            if inner is None:
                return
            oid = inner.oid

    def find_files(self, commit: str, name: str) -> list[str]:
        """Return the paths of a commit's files of one name, in whatever folders they are."""
        out = self.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).decode("utf-8", "surrogateescape")
        return [path for path in out.split("\0") if path.rpartition("/")[2] == name]

    def obstacle(self, commit: str, path: str) -> str:
        """Return the path of what stands where a folder, or one above it, should be: a file, or a link."""
        return self._walk(commit, path)[1]

    def _walk(self, commit: str, path: str) -> tuple[list[TreeEntry], str]:
        top, walked = f"{commit}^{{tree}}", ""
        entries = self._tree(top)
        for name in path.split("/") if path else ():
            walked = f"{walked}/{name}" if walked else name
            inner = next((one for one in entries if one.name == name), None)
            if inner is None or not inner.is_folder:
                return [], walked if inner is not None else ""
            top = inner.oid
            entries = self._tree(top)
        self._folders.append(top)
        return entries, ""

    def _tree(self, name: str) -> list[TreeEntry]:
        return list(read_tree(self._read(name), self.form))

    def prefetch(self, blobs: Iterable[str], remote: Remote) -> None:
        """Fetch, in one go, what is needed of files that are not here yet; they stand in folders that were read."""
        wanted = set(blobs)
        if not wanted:
            return
        # Of objects themselves git does not tell whether they are here without fetching them, of a tree's it does.
        given = "".join(f"{folder}\n" for folder in self._folders).encode("utf-8", "surrogateescape")
        out = self.run("rev-list", "--objects", "--no-walk", "--missing=print", "--stdin", given=given).decode()
        missing = wanted.intersection([line[1:] for line in out.splitlines() if line.startswith("?")])
        if missing:
            remote.fetch_objects(sorted(missing), (_FILTER,))

    def blob(self, oid: str, remote: Remote) -> bytes:
        """Return a file's bytes, fetched where that was not done before.

        Raises GitError where they cannot be had.
        """
        found = self.reader.read(oid)
        if found is None:
            remote.fetch_objects([oid], (_FILTER,))
            return self._read(oid)
        return found[1]

    def _read(self, name: str) -> bytes:
        found = self.reader.read(name)
        if found is None:
            raise GitError(f"git cannot read {name[:12]} in {self.folder}", hint="remove that folder: it is made again")
        return found[1]

    def tidy(self) -> None:
        """Put packs together where there are many."""
        try:
            names = os.listdir(os.path.join(self.folder, "objects", "pack"))
            if sum(name.endswith(".pack") for name in names) > _MOST_PACKS:
                self.run("repack", "-a", "-d", "-q", settings=("repack.writeBitmaps=false",))
        except (OSError, GitError):
            pass  # a cache that is slower than it could be


def _ref_of(branch: str) -> str:
    """Return the part of our own refs that stands for a branch; no one of them is a folder of another one."""
    *above, last = branch.split("/")
    return "/".join([*[_ABOVE + name for name in above], _LAST + last])


def _branch_of(ref: str) -> str:
    return "/".join([name[len(_LAST) :] for name in ref.split("/")])


def _spec(branch: str) -> str:
    return f"+refs/heads/{branch}:{_NEW}{_ref_of(branch)}"


def stored_form(cache: str, url: str) -> str:
    """Return the format of what is stored of a remote; empty where nothing is, or both."""
    found = [form for form in ("sha1", "sha256") if os.path.isdir(_folder(cache, url, form))]
    return found[0] if len(found) == 1 else ""


def _folder(cache: str, url: str, form: str, purpose: str = "") -> str:
    name = hashlib.sha256(os.fsencode(url)).hexdigest()[:32]
    return os.path.join(cache, "git", f"{name}{purpose and f'-{purpose}'}.{form}")
