"""`publish`: where in Git an environment's output goes."""

from __future__ import annotations

import posixpath
import re

from overlay.errors import PathError
from overlay.files.names import ACTING
from overlay.files.paths import printable, resolve
from overlay.model.publish import Allowance, Publish, PublishSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.load.fields import Fields

FACT = "{environment}"
# git-check-ref-format(1), for a branch; stricter where a name could be taken for something else.
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")
_REMOTE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_URL = re.compile(r"(https|ssh)://[^\s]+|[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-][^\s]*")


def read_publish(spec: Fields) -> Publish:
    publish = spec.fields("publish")
    if publish is None:
        return Publish()
    read = Publish(
        repository=publish.string("repository"),
        branch=publish.string("branch"),
        path=publish.string("path"),
        message=publish.string("message"),
        secrets=tuple([Allowance(ref.path, ref.location) for ref in publish.paths("secrets")]),
    )
    if read.repository and not _REMOTE.fullmatch(read.repository) and not _URL.fullmatch(read.repository):
        publish.error(
            f"spec.publish.repository {printable(read.repository)[:200]!r} is neither the name of a Git remote nor an "
            "https or ssh URL",
            "repository",
            hint="a folder can be used as a remote: git remote add rendered PATH",
        )
    if read.branch and refuse_branch(read.branch.replace(FACT, "x")):
        publish.error(f"spec.publish.branch {printable(read.branch)[:200]!r} is no name of a branch", "branch")
    if read.path:
        _check_path(publish, read.path)
    publish.finish()
    return read


def publish_settings(found: Sequence[Publish], environment: str) -> PublishSettings:
    """Return what layers settle together, the nearest first; a folder alone is one of the source's own branch."""

    def nearest(name: str) -> str:
        return next((text for one in found if (text := getattr(one, name))), "").replace(FACT, environment)

    branch, path = nearest("branch"), nearest("path")
    return PublishSettings(
        repository=nearest("repository"),
        branch=branch or ("" if path else f"environments/{environment}"),
        path=folder_of(path),
        message=next((one.message for one in found if one.message), ""),
        secrets=tuple(dict.fromkeys([secret.name for one in found for secret in one.secrets])),
    )


def folder_of(path: str) -> str:
    """Return a folder of a branch by its one name: Git would take `./a` and `a//b` for others; empty for the top."""
    found = posixpath.normpath(path.strip("/")) if path else ""
    return "" if found == "." else found


def refuse_branch(name: str) -> bool:
    """Tell whether a branch's name is not to be used (hazard G36)."""
    unfit = ".." in name or name == "HEAD" or any(part.endswith((".lock", ".")) for part in name.split("/"))
    return unfit or not _BRANCH.fullmatch(name) or name.startswith("refs/")


def _check_path(publish: Fields, path: str) -> None:
    location = publish.location("path")
    try:
        resolve("", path.replace(FACT, "x"), location)
    except PathError as error:
        publish.error(
            f"spec.publish.path {error.message}", "path", hint="a folder of the branch, such as rendered/prod"
        )
        return
    acting = next((part for part in path.split("/") if part.lower() in ACTING), None)
    if acting:
        publish.error(f"spec.publish.path lies in {acting}, where files act; output is never written there", "path")
