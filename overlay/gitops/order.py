"""Whether what is published comes from a later commit of the source than ours, found out as cheaply as it can be."""

from __future__ import annotations

import os

from overlay.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from overlay.git.remote import Remote
    from overlay.git.repository import Repository
    from overlay.gitops.record import Record
    from overlay.gitops.source import Source
    from overlay.gitops.store import Store

# Commits without trees are small; a source that moved on further than the last of these is not followed.
_DEPTHS = (50, 500, 5000)


class Order:
    """Orders commits of the source (hazard K30).

    A clone that is complete knows; one that is shallow, as in CI, or behind does not. Then the newest commit of the
    branch that was published from is not older; for all else the history is fetched.
    """

    def __init__(
        self,
        repository: Repository,
        listing: Callable[[], Mapping[str, str]],
        history: Callable[[], AbstractContextManager[tuple[Store, Remote]]],
    ) -> None:
        """Take what asks the source's remote for our branch, and what opens a repository for its commits."""
        self._repository = repository
        self._listing = listing
        self._history = history
        self._known: dict[tuple[str, str], bool | None] = {}

    def is_newer(self, record: Record, source: Source) -> bool | None:
        """Tell whether a commit that was published comes after ours; None where that cannot be told."""
        pair = (record.source, source.commit)
        if pair not in self._known:
            found = self._by_clone(*pair)
            self._known[pair] = self._by_remote(record, source) if found is None else found
        return self._known[pair]

    def _by_clone(self, published: str, commit: str) -> bool | None:
        if published == commit:
            return False
        repository = self._repository
        if repository.commit_of(published) is None:
            return None
        if repository.is_ancestor(commit, published):
            return True
        return False if not repository.is_shallow() or repository.is_ancestor(published, commit) else None

    def _by_remote(self, record: Record, source: Source) -> bool | None:
        try:
            same = source.branch and source.branch == record.branch
            if same and self._listing().get(source.branch) == source.commit:
                return False
            with self._history() as (store, remote):
                return _by_history(store, remote, record.source, source.commit)
        except GitError:
            return None  # there is no remote, or it does not have what was published


def _by_history(store: Store, remote: Remote, published: str, commit: str) -> bool | None:
    for depth in _DEPTHS:
        options = (f"--depth={depth}", "--filter=tree:0")
        try:
            remote.fetch(published, commit, options=options)
        except GitError as error:
            if f"not our ref {commit}" not in error.message:
                raise
            # What the remote does not have is part of nothing that it has.
            remote.fetch(published, options=("--depth=1", "--filter=tree:0"))
            return False
        if store.is_ancestor(commit, published):
            return True
        if store.is_ancestor(published, commit):
            return False
        if not os.path.exists(os.path.join(store.folder, "shallow")):
            return False  # all of it is here: neither comes after the other
    return None
