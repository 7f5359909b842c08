"""What a job of GitHub Actions was started by, as far as it says which pull request is meant."""

from __future__ import annotations

import json
import re

from overlay.errors import ForgeError, UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OWNER = re.compile(r"[A-Za-z0-9-]{1,100}")


@value(kw_only=True)
class Meant:
    """A pull request: by its number, or by the commit that was checked, and whose branch that is the tip of.

    run: the page of the run that checked it.
    """

    number: int = 0
    commit: str = ""
    owner: str = ""
    branch: str = ""
    run: str = ""


def repository_of(env: Mapping[str, str]) -> str:
    """Return `owner/name` of the repository that the job is of; raises UsageError outside of GitHub Actions."""
    name = env.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(name):
        raise UsageError(
            "GITHUB_REPOSITORY does not name a repository", hint="this is for jobs of GitHub Actions, which set it"
        )
    return name


def read_event(env: Mapping[str, str], text: str) -> Meant:
    """Return which pull request an event means; raises ForgeError for one that means none.

    text: the content of the file in GITHUB_EVENT_PATH. Of it only numbers, commits and names that can be nothing else
    are used: branches and titles are whatever their author typed.
    """
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise ForgeError("the event is no JSON", hint="GITHUB_EVENT_PATH is set by GitHub Actions") from None
    name = env.get("GITHUB_EVENT_NAME", "")
    if name == "pull_request":
        number = _at(event, "pull_request", "number")
        if type(number) is not int or number < 1:
            raise ForgeError("the event pull_request has no number")
        return Meant(number=number, run=_run_page(env, env.get("GITHUB_RUN_ID", "")))
    if name != "workflow_run":
        raise ForgeError(
            f"the event is {name or 'not known'}: it means no pull request",
            hint="run this on pull_request or workflow_run, or say --number",
        )
    return _of_run(env, _at(event, "workflow_run"))


def _of_run(env: Mapping[str, str], run: Any) -> Meant:
    here = repository_of(env)
    if str(_at(run, "repository", "full_name")).lower() != here.lower():
        raise ForgeError(f"the run that ended is not one of {here}")
    if _at(run, "event") != "pull_request":
        raise ForgeError("the run that ended was not started by a pull request")
    commit, branch = _at(run, "head_sha"), _at(run, "head_branch")
    owner = _at(run, "head_repository", "owner", "login")
    if not (isinstance(commit, str) and _COMMIT.fullmatch(commit)):
        raise ForgeError("the run that ended has no commit")
    if not (isinstance(owner, str) and _OWNER.fullmatch(owner) and isinstance(branch, str) and branch):
        raise ForgeError("the run that ended does not say which branch it checked", hint="was the fork deleted?")
    return Meant(commit=commit, owner=owner, branch=branch, run=_run_page(env, str(_at(run, "id"))))


def _run_page(env: Mapping[str, str], number: str) -> str:
    server = env.get("GITHUB_SERVER_URL", "").rstrip("/")
    known = server.startswith(("https://", "http://")) and number.isascii() and number.isdigit()
    return f"{server}/{repository_of(env)}/actions/runs/{number}" if known else ""


def _at(item: Any, *names: str) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item
