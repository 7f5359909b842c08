"""The history of one environment on its branch, fetched only as far back as it is asked for."""

from __future__ import annotations

from overlay.errors import GitConflict, GitError, UsageError
from overlay.files.paths import printable
from overlay.gitops.hydrator import HYDRATOR
from overlay.gitops.plan import digest_of
from overlay.gitops.reading import read_published
from overlay.gitops.record import read_record
from overlay.gitops.revisions import LOG_FORMAT, commits_in, grep_pattern, one_line_of_descent, read_log
from overlay.model.value import value
from overlay.tree import RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.git.remote import Remote
    from overlay.gitops.record import Record
    from overlay.gitops.revisions import Revision
    from overlay.gitops.store import Store
    from overlay.gitops.target import Target

# So many commits more each time, at first; then twice as many.
_STEP = 20


@value(kw_only=True)
class Content:
    """What was published under one revision.

    files: bytes by name: those that the record says are ours, and those that describe them.
    """

    revision: Revision
    record: Record
    files: dict[str, bytes]


class History:
    """An environment's revisions, from the newest commit of its branch backwards."""

    def __init__(self, store: Store, remote: Remote, target: Target, environment: str, tip: str) -> None:
        """`tip`: the branch's newest commit, which is in the store.

        Raises GitConflict where another environment stands in the folder.
        """
        self.store = store
        self.remote = remote
        self.target = target
        self.environment = environment
        self.tip = tip
        store.fetch_folder(tip, target.path, remote)
        self.current = read_published(store, remote, {target.branch: tip}, [target])[target].record
        if self.current is not None and self.current.environment != environment:
            raise GitConflict(
                f"{target} holds what was published of {self.current.environment}, not of {environment}",
                hint="check out the commit whose spec.publish says where it was published",
            )

    def newest(self, count: int) -> list[Revision]:
        """Return the newest revisions, the newest first.

        Raises UsageError where nothing was published.
        """
        found = self._back(lambda some: len(some) >= count, count)
        if not found:
            raise nothing_published(self.environment, self.target)
        return found[:count]

    def latest(self) -> Revision:
        """Return the revision that stands on the branch now.

        Raises UsageError where nothing was published.
        """
        found = self.newest(_STEP)
        current = self.current.revision if self.current is not None else None
        return next((one for one in found if one.number == current), found[0])

    def find(self, number: int) -> Revision:
        """Return a revision by its number.

        Raises UsageError for one that there is not.
        """
        newest = self.newest(1)[0]
        found = self._back(lambda some: bool(some) and some[-1].number <= number, newest.number - number)
        for one in found:
            if one.number == number:
                return one
        raise UsageError(
            f"{self.environment} has no revision {number}",
            hint=f"the newest is {newest.number}; overlay history {self.environment} lists them",
        )

    def before(self, number: int) -> Revision:
        """Return the newest revision that is older than a number.

        Raises UsageError where there is none.
        """
        found = self._back(lambda some: bool(some) and some[-1].number < number, _STEP)
        for one in found:
            if one.number < number:
                return one
        raise UsageError(f"{self.environment} has no revision before {number}")

    def content(self, revision: Revision) -> Content:
        """Return what was published under a revision.

        Raises GitError where that does not stand there.
        """
        name = f"revision {revision.number} of {self.environment}"
        self.store.fetch_folder(revision.commit, self.target.path, self.remote)
        entries = self.store.folder_entries(revision.commit, self.target.path)
        blobs = {one.name: one.oid for one in entries if one.is_file}
        if RECORD not in blobs:
            raise GitError(
                f"{name} is not in {self.target} at {revision.commit[:12]}",
                hint="it may have been published to another folder then: check out a source commit that says so",
            )
        shown = printable(f"{self.remote.shown} {self.target}")
        record = read_record(self.store.blob(blobs[RECORD], self.remote), shown)
        if (record.environment, record.revision) != (self.environment, revision.number):
            raise GitError(
                f"the commit {revision.commit[:12]} says that it is {name}, and holds revision {record.revision} "
                f"of {record.environment}",
                hint="somebody made it by hand; name another revision",
            )
        wanted = {file: blobs[file] for file in (*record.files, HYDRATOR) if file in blobs}
        self.store.prefetch(wanted.values(), self.remote)
        files = {file: self.store.blob(blob, self.remote) for file, blob in wanted.items()}
        for file, digest in record.files.items():
            if file not in files or digest_of(files[file]) != digest:
                raise GitError(f"{printable(file)} of {name} is not what its record says")
        return Content(revision=revision, record=record, files=files)

    def _back(self, enough: Callable[[list[Revision]], bool], count: int) -> list[Revision]:
        """Return revisions, the newest first, until there are enough, or the first one; count: a guess how many."""
        limit = max(count, _STEP)
        step = limit
        while True:
            commits = self._log(limit)
            revisions = read_log(commits, self.environment)
            found = one_line_of_descent(revisions, self.current.revision if self.current is not None else None)
            if enough(found) or (found and found[-1].number == 1):
                return found
            if commits_in(commits) == limit:
                limit *= 4
            elif self.store.deepen(self.remote, self.target.branch, self.tip, step):
                step *= 2
            else:
                return found

    def _log(self, limit: int) -> bytes:
        return self.store.run(
            "log", "-z", f"--max-count={limit}", f"--format={LOG_FORMAT}", "--encoding=UTF-8", "--extended-regexp",
            f"--grep={grep_pattern(self.environment)}", "--end-of-options", self.tip,
        )  # fmt: skip


def nothing_published(environment: str, target: Target) -> UsageError:
    """Return an error that says so."""
    return UsageError(
        f"nothing of {environment} was published to {target} yet", hint=f"overlay sync {environment} publishes it"
    )
