"""The commit that something is compared with, by what a user calls it."""

from __future__ import annotations

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.git.repository import Repository

_ACTIONS = "in GitHub Actions: actions/checkout with fetch-depth: 0"


def commit_named(repository: Repository, ref: str) -> str:
    """Return the commit that a branch, tag or hash means.

    Raises UsageError.
    """
    found = repository.commit_of(ref) if ref else None
    if found is None:
        raise UsageError(f"{ref!r} names no commit here", hint=_how_to_get(repository, ref))
    return found


def base_of(repository: Repository, ref: str, head: str = "HEAD") -> str:
    """Return the commit at which a branch left another one: what came there since is not its doing.

    Raises UsageError.
    """
    found = _merge_base(repository, ref, head)
    if not found:
        commit_named(repository, ref)
        commit_named(repository, head)
        hint = "merge one into the other, or name another base"
        if repository.is_shallow():
            hint = f"this clone is shallow: git fetch --unshallow; {_ACTIONS}"
        raise UsageError(f"{ref!r} and {head!r} have no commit in common", hint=hint)
    return found


def _merge_base(repository: Repository, *refs: str) -> str:
    commits = [f"{ref}^{{commit}}" for ref in refs]
    return repository.text("merge-base", "--end-of-options", *commits, accept=(0, 1, 128)) if all(refs) else ""


def _how_to_get(repository: Repository, ref: str) -> str:
    remote, slash, branch = ref.partition("/")
    ways = [f"git fetch {remote} {branch}"] if slash and branch and remote in _remotes(repository) else []
    if repository.is_shallow():
        ways.append(f"this clone is shallow: git fetch --unshallow; {_ACTIONS}")
    return "; ".join(ways) or "name a branch, a tag or a commit; `git branch --all` shows what is here"


def _remotes(repository: Repository) -> list[str]:
    return repository.text("remote").split("\n")
