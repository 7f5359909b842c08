"""Where environments go in Git, seen together: no two may write the same folder."""

from __future__ import annotations

from overlay.errors import DocumentError, GitError, raise_all
from overlay.load.publishing import refuse_branch
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.errors import OverlayError
    from overlay.model.publish import PublishSettings


@value(kw_only=True)
class Target:
    """One environment's place: a remote's name or URL (empty: the source's own remote), a branch, a folder in it."""

    repository: str
    branch: str
    path: str

    def __str__(self) -> str:
        return f"{self.branch}:{self.path}" if self.path else self.branch

    def file(self, name: str) -> str:
        """Return a file's path from the top of the branch."""
        return f"{self.path}/{name}" if self.path else name


def target_of(settings: PublishSettings, branch: str) -> Target:
    """Return where an environment goes; branch: the source's, empty for a detached head.

    Raises GitError where only the source's branch is meant, and there is none.
    """
    if not settings.branch and not branch:
        raise GitError(
            f"{settings.path} is a folder of the branch that is checked out, and none is (detached HEAD)",
            hint="name one: spec.publish.branch",
        )
    chosen = settings.branch or branch
    if refuse_branch(chosen):
        raise GitError(f"{chosen!r} is no branch that is published to", hint="set spec.publish.branch")
    return Target(repository=settings.repository, branch=chosen, path=settings.path)


def refuse_shared(targets: Sequence[tuple[str, Target]]) -> None:
    """Raise DocumentError, or Problems, where two would write one folder, or need branches that exclude each other."""
    seen: dict[Target, str] = {}
    branches = {(target.repository, target.branch): name for name, target in targets}
    errors: list[OverlayError] = []
    for name, target in targets:
        parts = target.branch.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        errors += [
            DocumentError(
                f"{branches[target.repository, branch]} would be published to the branch {branch} and {name} to "
                f"{target.branch}, and Git cannot have both",
                hint="give one of them another spec.publish.branch",
            )
            for branch in above
            if (target.repository, branch) in branches
        ]
        other = seen.setdefault(target, name)
        if other != name:
            errors.append(
                DocumentError(
                    f"{other} and {name} would both be published to {target}",
                    hint="give each its own: spec.publish.path: rendered/{environment}",
                )
            )
    raise_all(errors)
