"""How far a publication lags: the commits of the source between the one that was published and the newest one."""

from __future__ import annotations

import os
import re

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.git.repository import Repository

_FORMAT = "%x00%H%x00%an <%ae>%x00%aI%x00%s%x00"
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@value(kw_only=True)
class SourceCommit:
    """A commit of the source; files: what it changes, from the project's folder, nothing for a merge."""

    commit: str
    author: str
    date: str
    subject: str
    files: frozenset[str]


@value(kw_only=True)
class Lag:
    """Where a published commit stands, seen from the one that is checked out.

    place: `same`, `older`, `newer`, `apart` (neither comes after the other) or `missing` (not in this clone).
    commits: those that came since, newest first; none for `missing`.
    """

    place: str
    commits: tuple[SourceCommit, ...] = ()

    def touching(self, paths: frozenset[str]) -> tuple[SourceCommit, ...]:
        """Return the commits that change one of these files."""
        return tuple([one for one in self.commits if not paths.isdisjoint(one.files)])


class Lags:
    """The lags of one run: environments that were published together share theirs."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self.repository = repository
        self.commit = commit
        self._known: dict[str, Lag] = {}

    def of(self, published: str) -> Lag:
        """Return the lag of a published commit."""
        if published not in self._known:
            place = self._place(published)
            since = self._since(published) if place in ("older", "apart") else ()
            self._known[published] = Lag(place=place, commits=tuple(since))
        return self._known[published]

    def _place(self, published: str) -> str:
        if published == self.commit:
            return "same"
        if not _ID.fullmatch(published) or self.repository.commit_of(published) is None:
            return "missing"
        if self.repository.is_ancestor(published, self.commit):
            return "older"
        if self.repository.is_ancestor(self.commit, published):
            return "newer"
        # Where history ends early, two commits only seem to have nothing to do with each other.
        return "missing" if self.repository.is_shallow() else "apart"

    def _since(self, published: str) -> Iterator[SourceCommit]:
        out = self.repository.run(
            "log", "--no-show-signature", "--diff-merges=off", "--no-renames", "--name-only", "-z",
            f"--format={_FORMAT}", f"{published}..{self.commit}",
        )  # fmt: skip
        fields = out.split(b"\0")
        prefix = self.repository.prefix
        at = 1
        while at + 4 < len(fields):
            commit, author, date, subject = [field.decode("utf-8", "replace") for field in fields[at : at + 4]]
            # After an empty field the files, if there are some, the first one on a line of its own; and an empty one.
            end = fields.index(b"", at + 5)
            names = [os.fsdecode(name) for name in fields[at + 5 : end]]
            names[:1] = [name.removeprefix("\n") for name in names[:1]]
            files = frozenset([name.removeprefix(prefix) for name in names if name.startswith(prefix)])
            yield SourceCommit(commit=commit, author=author, date=date, subject=subject, files=files)
            at = end + 1
