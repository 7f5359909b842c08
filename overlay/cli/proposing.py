"""`--pull-request`: the branch pushed, and its pull request opened or updated."""

from __future__ import annotations

import os
import re

from overlay.cli.sourcing_output import say
from overlay.errors import ForgeError, GitConflict
from overlay.failpoint import failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from overlay.git.remote import Remote
    from overlay.git.repository import Repository
    from overlay.source.commit import Committed
    from overlay.source.proposal import Proposed

_TRIES = 3
# GitHub takes no longer text.
_LONGEST = 60_000


def propose(
    args: dict[str, Any],
    repository: Repository,
    branch: str,
    changes: Callable[[str], Mapping[str, bytes]],
    message: str,
    effect: str,
) -> tuple[Committed, Proposed]:
    """Commit on the branch, push it, and see to its pull request.

    changes: as of `commit_on`. effect: what the change renders, for the pull request's text.
    """
    from overlay.git.remote import find_remote, named_remote  # noqa: PLC0415
    from overlay.source.forge import REQUESTS, Wanted, find_forge, find_token, link, login, read_remote  # noqa: PLC0415
    from overlay.source.message import body_of, title_of  # noqa: PLC0415
    from overlay.source.proposal import Proposed  # noqa: PLC0415

    remote = named_remote(repository, find_remote(repository, args["remote"]))
    project = read_remote(remote.url)
    forge = find_forge(project, args["forge"], os.environ) if project is not None else None
    variable, token = find_token(forge, os.environ) if forge is not None else ("", "")
    if forge is not None and token and project is not None and remote.url.startswith(("https://", "http://")):
        remote.use_login(login(forge, variable), token)
    committed, base, extra = _pushed(repository, remote, branch, changes, message)
    if extra:
        say(args, f"commits of {base} that {remote.name} does not have yet come with it: {extra}")
    say(args, f"pushed {committed.commit[:12]} to {branch} of {remote.shown}")
    if project is None or forge is None:
        plain = "that is a plain repository, where no pull request can be opened"
        say(args, "open the pull request there; --forge tells overlay how" if project else plain)
        return committed, Proposed(action="linked", number=0, url="")
    text = f"{body_of(message)}\n\n{_fenced(effect[:_LONGEST])}"
    words = REQUESTS[forge.kind]
    wanted = Wanted(head=branch, base=base, title=title_of(message), body=text)
    page = link(forge, project, wanted)
    if not token:
        say(args, f"open the {words}: {page}")
        return committed, Proposed(action="linked", number=0, url=page)
    from overlay.cli.fetching import make_client  # noqa: PLC0415
    from overlay.source.proposal import Proposals  # noqa: PLC0415

    asked = Proposals(make_client(args), forge, project, variable, token, plain_http=args["plain_http"])
    try:
        done = asked.propose(wanted)
    except ForgeError as error:
        error.hint = f"{error.hint}; " if error.hint else ""
        error.hint += f"the branch is pushed, so that you can open it at {page}"
        raise
    say(args, f"{done.action} {words} {done.number}: {done.url}")
    return committed, done


def _pushed(
    repository: Repository,
    remote: Remote,
    branch: str,
    changes: Callable[[str], Mapping[str, bytes]],
    message: str,
) -> tuple[Committed, str, int]:
    """Commit on what the remote has of the branch, and push; again where somebody was faster.

    Returns also the branch that the pull request goes to (the one that is checked out, where the remote has it, else
    the remote's default one), and how many commits of what is checked out the remote does not have there yet.
    """
    from overlay.source.commit import check_branch, commit_on, count_new, current_commit, take_back  # noqa: PLC0415

    ref = check_branch(repository, branch)
    here = (repository.branch() or "").removeprefix("refs/heads/")
    tries = 0
    while True:
        tries += 1
        known = remote.listing(*[name for name in (branch, here) if name])
        tip = known.get(branch)
        if tip is not None and repository.commit_of(tip) != tip:
            remote.fetch(f"refs/heads/{branch}")
        before, head = repository.commit_of(ref), current_commit(repository)
        # Merged there, and deleted: what is left of it here would be an old place to begin at.
        is_merged = tip is None and before is not None and repository.is_ancestor(before, head)
        committed = commit_on(repository, branch, changes, message, head if is_merged else tip)
        try:
            if committed.commit != tip:
                remote.push({branch: committed.commit}, {branch: tip})
            failpoint("source.pushed")
        except GitConflict:
            if committed.is_new:
                take_back(repository, branch, committed.commit, before)
            if tries == _TRIES:
                raise
            continue
        base = here if here in known else remote.default() or "main"
        return committed, base, count_new(repository, known.get(base))


def _fenced(text: str) -> str:
    """Return text as Markdown that shows it as it is, whatever is in it."""
    fence = "`" * max([3, *[len(run) + 1 for run in re.findall("`+", text)]])
    return f"{fence}text\n{text}\n{fence}\n"
