"""Two versions of a project that are compared: commits, and the folder as it is now."""

from __future__ import annotations

import os

from overlay.cli.table import Param
from overlay.errors import GitError, UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

    from overlay.files.reader import ProjectFiles
    from overlay.git.repository import Repository

BASE = Param(
    name="base",
    flags=("--base",),
    metavar="REF",
    help="Compare with the commit at which this branch left REF, such as origin/main (HEAD: what is not committed).",
)
NOW = "now"


@value
class Version:
    """A project at one time; ref: what the user calls it; commit: empty for the folder as it is now."""

    ref: str
    commit: str
    files: ProjectFiles

    @property
    def label(self) -> str:
        return f"{self.ref} ({self.commit[:7]})" if self.commit and not self.commit.startswith(self.ref) else self.ref


class Versions:
    """The two versions that a command line names; use it as a context."""

    def __init__(self, args: dict[str, Any], between: str = "") -> None:
        """`between`: `main..feature`, or `main...feature` from where feature left main; else --base and now.

        Raises UsageError, GitError.
        """
        from overlay.git.base import base_of, commit_named  # noqa: PLC0415

        self.repository = _repository(args)
        before, dots, after = between.partition("...") if "..." in between else between.partition("..")
        if dots and args["base"]:
            raise UsageError(f"--base and {between!r} exclude each other", hint="name both sides, or --base alone")
        if dots and not (before and after):
            raise UsageError(f"{between!r} does not say both sides", hint="write REF..REF, such as main..HEAD")
        if not dots:
            ref = args["base"] or "HEAD"
            commit = base_of(self.repository, ref)
            self.after = self._now()
            self.before = self._committed(ref, commit, beside=self.after.files)
        elif dots == "...":
            self.before = self._committed(before, base_of(self.repository, before, after))
            self.after = self._committed(after, commit_named(self.repository, after))
        else:
            self.before = self._committed(before, commit_named(self.repository, before))
            self.after = self._committed(after, commit_named(self.repository, after))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self.before, self.after):
            one.files.close()

    def _committed(self, ref: str, commit: str, beside: ProjectFiles | None = None) -> Version:
        from overlay.git.files import CommittedFiles  # noqa: PLC0415

        return Version(ref, commit, CommittedFiles(self.repository, commit, beside))

    def _now(self) -> Version:
        from overlay.files.reader import ProjectFiles  # noqa: PLC0415

        return Version(NOW, "", ProjectFiles(self.repository.folder))


def _repository(args: dict[str, Any]) -> Repository:
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.git.repository import Repository  # noqa: PLC0415

    try:
        return Repository(find_root(args["project"]), os.environ)
    except GitError as error:
        if "is in no Git repository" in error.message:
            raise GitError(error.message, hint="a change is what differs from a commit: git init, and commit") from None
        raise
