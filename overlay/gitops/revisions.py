"""Revisions of an environment, as the commits of its branch tell them in their trailers (no I/O)."""

from __future__ import annotations

from datetime import UTC, datetime

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# For `git log -z`: commit, committer's time, author, whole message.
LOG_FORMAT = "%H%x00%ct%x00%an <%ae>%x00%B"

# Of the year 9999: commits can claim later ones.
_LAST_SECOND = 253_402_300_799


@value(kw_only=True)
class Revision:
    """One publication of an environment.

    updated: RFC 3339, in UTC. source: the commit that was rendered. chart: name and version. author: of the source's
    commit; of a rollback, who rolled back. restores: the revision whose files it has again, None for no rollback.
    dirty: files that were read were not as that commit has them.
    """

    number: int
    commit: str
    updated: str
    source: str
    chart: str
    app_version: str
    author: str
    description: str
    restores: int | None = None
    dirty: bool = False


def grep_pattern(environment: str) -> str:
    """Return the extended regular expression by which Git finds the commits of an environment."""
    return f"^Overlay-Environment: {environment}$"


def commits_in(data: bytes) -> int:
    """Return how many commits `git log -z` printed."""
    return data.count(b"\0") // 4


def read_log(data: bytes, environment: str) -> list[Revision]:
    """Return the revisions in what `git log -z` printed; commits that publish nothing of the environment are none."""
    parts = data.decode("utf-8", "replace").split("\0")
    commits = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=False)
    found = [_revision(*one, environment) for one in commits]
    return [one for one in found if one is not None]


def one_line_of_descent(found: Sequence[Revision], current: int | None) -> list[Revision]:
    """Return the revisions, newest first, that lead to the one that stands on the branch now.

    found: newest first. A commit that somebody copied says a number that came already; so does what stood in the
    folder before somebody emptied it and numbers began anew.
    """
    known = any(one.number == current for one in found)

    def chosen() -> Iterator[Revision]:
        last: int | None = None
        reached = not known
        for one in found:
            reached = reached or one.number == current
            if (last is None or one.number < last) and (reached or one.number > (current or 0)):
                last = one.number
                yield one

    return list(chosen())


def _revision(commit: str, seconds: str, author: str, message: str, environment: str) -> Revision | None:
    said = _trailers(message)
    number, restores = said.get("overlay-revision", ""), said.get("overlay-restores", "")
    if said.get("overlay-environment") != environment or not _is_number(number):
        return None
    source = said.get("overlay-source", "")
    return Revision(
        number=int(number),
        commit=commit,
        updated=datetime.fromtimestamp(min(int(seconds), _LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        source=source,
        chart=said.get("overlay-chart", ""),
        app_version=said.get("overlay-app-version", ""),
        author=said.get("co-authored-by", author),
        # Argo CD's hydrator begins with the source's commit, which stands in a column of its own.
        description=message.partition("\n")[0].removeprefix(f"{source[:7]}: "),
        restores=int(restores) if _is_number(restores) else None,
        dirty=said.get("overlay-dirty") == "true",
    )


def _trailers(message: str) -> dict[str, str]:
    """Return what a message's last paragraph says, by names in lower case; the first of several counts."""
    found: dict[str, str] = {}
    for line in message.rstrip("\n").rpartition("\n\n")[2].split("\n"):
        name, colon, text = line.partition(": ")
        if colon:
            found.setdefault(name.lower(), text)
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
