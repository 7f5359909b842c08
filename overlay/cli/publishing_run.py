"""From a command line to plans: built, checked against the source's commit, compared with what is published."""

from __future__ import annotations

from contextlib import contextmanager

from overlay.cli.progress import Progress
from overlay.cli.publishing import Planned, Publishing, build_environments, check_environments
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.errors import OverlayError
    from overlay.gitops.source import Source
    from overlay.model.build import Build
    from overlay.model.finding import Finding


@value(kw_only=True)
class Prepared:
    """What is known before anything is published.

    builds: by environment. planned: environments that can be published. errors: of all others. findings: what is worth
    saying.
    """

    publishing: Publishing
    source: Source
    builds: dict[str, Build]
    planned: tuple[Planned, ...]
    errors: tuple[OverlayError, ...]
    findings: tuple[Finding, ...]
    progress: Progress


@contextmanager
def prepare(args: dict[str, Any], names: Sequence[str] | None) -> Iterator[Prepared]:
    """Build and plan; one environment's problem does not stop the others.

    Raises OverlayError for what concerns all of them.
    """
    from overlay.gitops.secrets import plain_secrets  # noqa: PLC0415
    from overlay.load.project import load_project  # noqa: PLC0415

    progress = Progress(args)
    try:
        progress.at("rendering")
        builds, errors, findings = build_environments(args, names)
        project, files = load_project(args["project"])
        files.close()
        with Publishing(args, project.root) as publishing:
            source = _source(args, publishing, builds)
            kept: list[Build] = []
            for build in builds:
                secrets = plain_secrets(build)
                errors += secrets
                kept += [build] if not secrets else []
            progress.at("looking at what is published")
            planned, refused = publishing.plan(kept, source)
            errors += refused
            findings += [finding for one in planned for finding in one.findings]
            progress.at("checking what changes")
            # Without a chart there are no values, and nothing that could render differently each time.
            by_name = {build.environment: build for build in builds}
            demands = project.policy.demands
            checked = [one.name for one in planned if one.plan.acts and (demands or by_name[one.name].helm_version)]
            wrong, told = check_environments(args, checked)
            progress.end()
            errors += wrong.values()
            yield Prepared(
                publishing=publishing,
                source=source,
                builds=by_name,
                planned=tuple([one for one in planned if one.name not in wrong]),
                errors=tuple(errors),
                findings=(*findings, *told, *publishing.findings()),
                progress=progress,
            )
    finally:
        progress.end()


def _source(args: dict[str, Any], publishing: Publishing, builds: Sequence[Build]) -> Source:
    """Return the source's commit; files that are not as committed stop the run unless that is allowed."""
    from overlay.gitops.source import changed_inputs, refuse_changed_inputs  # noqa: PLC0415

    source = publishing.source()
    changed = changed_inputs(publishing.repository, source.commit, builds)
    if not args["allow_dirty"]:
        refuse_changed_inputs(changed, publishing.repository, source.commit)
    return replace(source, dirty=tuple(sorted(changed)))
