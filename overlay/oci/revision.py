"""The commit that a bundle is made from: its id and time, and the version that its tags give."""

from __future__ import annotations

import os

from overlay.errors import UsageError
from overlay.model.value import value
from overlay.oci.versions import check_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.git.repository import Repository


@value(kw_only=True)
class Revision:
    """A commit. seconds: when it was committed, since 1970."""

    commit: str
    seconds: int


def is_in_repository(folder: str) -> bool:
    """Tell whether a folder lies in a Git repository; one that git refuses to use is one, too."""
    place = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return False
        place = above
    return True


def read_revision(repository: Repository) -> Revision | None:
    """Return what is checked out, None where nothing is committed yet."""
    if repository.commit_of("HEAD") is None:
        return None
    # The committer's time: the author's stays when a commit is rebased or picked.
    commit, _, seconds = repository.text("log", "-1", "--no-show-signature", "--format=%H %ct", "HEAD").partition(" ")
    return Revision(commit=commit, seconds=int(seconds))


def tagged_version(repository: Repository, commit: str) -> str:
    """Return the version that a commit is tagged with (`v1.4.0` or `1.4.0`).

    Raises UsageError where there is none, or more than one.
    """
    found = set()
    for tag in repository.text("tag", "--points-at", commit).split():
        try:
            found.add(check_version(tag.removeprefix("v")))
        except UsageError:
            continue
    if len(found) != 1:
        shown = ", ".join(sorted(found)) or "no tag that is a version"
        raise UsageError(
            f"the commit {commit[:12]} has {shown}",
            hint="tag it (`git tag v1.4.0`), or name one with --version",
        )
    return found.pop()
