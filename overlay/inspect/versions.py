"""An environment of two versions of a project compared, with the file of the change behind each difference."""

from __future__ import annotations

from overlay.cluster.guards import fate
from overlay.diff.comparison import Cause
from overlay.diff.outcome import EnvironmentDiff
from overlay.diff.versions import environment_diff
from overlay.errors import OverlayError
from overlay.inspect.affected import affected
from overlay.inspect.compare import Causes, types_of
from overlay.inspect.findings import as_findings
from overlay.inspect.session import Session
from overlay.model.location import Location
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.diff.rules import Rules
    from overlay.diff.versions import Pair, Why
    from overlay.inspect.session import Workshop
    from overlay.kube.leaves import Path
    from overlay.model.affected import Affected

# Above this many objects that differ, the file behind each field is not looked for: nobody reads them one by one.
MOST_CAUSES = 300


@value(kw_only=True)
class Wanted:
    """How versions are compared; causes: look for the file behind each difference."""

    rules: Rules
    detect_renames: bool = False
    causes: bool = True


def diff_versions(before: Workshop, after: Workshop, name: str, wanted: Wanted) -> EnvironmentDiff:
    """Return how an environment differs; one that is made of the same files is not rendered."""
    touched = next(iter(affected(before.run, after.run, [name])), None)
    if touched is None:
        return EnvironmentDiff(environment=name, change="same")
    sessions: list[Session | None] = []
    for workshop in (before, after):
        session = None
        if name in workshop.run.environments:
            try:
                session = Session(workshop, name)
                _ = session.build
            except OverlayError as error:
                side = "before the change: " if workshop is before else ""
                problems = tuple(as_findings(error, name, side))
                return EnvironmentDiff(environment=name, change="failed", problems=problems)
        sessions.append(session)
    return diff_sessions(sessions[0], sessions[1], name, wanted, touched)


def diff_sessions(
    before: Session | None, after: Session | None, name: str, wanted: Wanted, touched: Affected
) -> EnvironmentDiff:
    """Return how the builds of an environment differ; None: it was, or is, not there."""
    last = after or before
    assert last is not None  # noqa: S101  # it is there on one side
    sides = [session.build.objects if session is not None else None for session in (before, after)]
    why = None
    if wanted.causes and before is not None and after is not None:
        old = {one.id.key: one.body for one in before.build.objects}
        others = sum(old.get(one.id.key) != one.body for one in after.build.objects)
        why = reasons(before, after, touched) if others <= MOST_CAUSES else None
    return environment_diff(
        name, sides[0], sides[1], types_of(last), rules=wanted.rules, detect_renames=wanted.detect_renames, why=why,
        fate=fate,
    )  # fmt: skip


def reasons(before: Session, after: Session, touched: Affected) -> Why:
    """Return what tells the place behind a difference: one in a file that the change touches, where there is one."""
    causes = Causes([before, after])
    files = {file.path: file for file in touched.files}
    only = [file for file in touched.files if file.change != "removed"]

    def why(pair: Pair, path: Path) -> Cause | None:
        was, now = causes.of(pair, path)
        # What the new version says comes first; a field that went is explained by what was there.
        found = [one for one in (now, was) if one is not None and one.location.file in files]
        if found:
            return found[0]
        if len(files) == 1 and only:
            return Cause(Location(only[0].path), "the only file that changes")
        return now or was

    return why
