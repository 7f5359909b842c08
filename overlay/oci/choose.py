"""Which of a repository's versions is meant."""

from __future__ import annotations

from overlay.chart.constraint import BadConstraint, in_order
from overlay.errors import FetchError, UsageError
from overlay.files.paths import printable
from overlay.oci.versions import tag_of, version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.oci.place import Source


def choose(source: Source, constraint: str | None) -> str:
    """Return the tag of the newest version that meets a constraint (`>=1.4 <2`), of the newest release without one.

    Raises UsageError for what is no constraint, FetchError where nothing meets it.
    """
    found = versions(source.tags(), constraint or "*")
    if not found:
        what = f"no version that meets {printable(constraint)[:100]!r}" if constraint else "no version"
        raise FetchError(
            f"{source.shown} has {what}", hint=f"`overlay bundles list {source.shown}` shows what there is"
        )
    return tag_of(found[0])


def versions(tags: tuple[str, ...], constraint: str | None) -> list[str]:
    """Return the versions among some tags that meet a constraint, newest first.

    Raises UsageError.
    """
    known = [version for tag in tags if (version := version_of(tag)) is not None]
    try:
        return in_order(known, constraint)
    except BadConstraint:
        raise UsageError(
            f"{printable(constraint or '')[:100]!r} is no version constraint", hint="write 1.4.0, ^1.4 or '>=1.4 <2'"
        ) from None
