"""`overlay status`: which environments lag behind what is checked out, by how many commits, and by which."""

from __future__ import annotations

from overlay.cli.cluster_options import REACHING
from overlay.cli.fetching import TIMEOUT
from overlay.cli.publishing_options import ALL, ENVIRONMENTS, NO_CACHE, REMOTE
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, EXIT_PARTIAL, OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.cli.publishing import Publishing
    from overlay.cli.status_output import Shown
    from overlay.gitops.lag import Lags
    from overlay.gitops.source import Source
    from overlay.model.build import Build
    from overlay.model.finding import Finding


def status(args: dict[str, Any]) -> int:
    """Render, look at what is published, print what differs; nothing is written anywhere."""
    from overlay.cli.exits import report, worst  # noqa: PLC0415
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.publishing import Publishing, build_environments, names_of  # noqa: PLC0415
    from overlay.cli.status_output import Shown, print_statuses  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.gitops.lag import Lags  # noqa: PLC0415
    from overlay.gitops.status import Status  # noqa: PLC0415

    if not args["git"] and len(args["environments"]) == 1 and not args["all"]:
        from overlay.cli.live_status import live_status  # noqa: PLC0415

        return live_status(args, args["environments"][0])
    progress = Progress(args)
    try:
        progress.at("rendering")
        builds, errors, findings = build_environments(args, names_of(args))
        # An environment that was published from a newer commit is no conflict here: it is told.
        with Publishing({**args, "allow_rollback": True}, find_root(args["project"])) as publishing:
            source = publishing.source()
            progress.at("looking at what is published")
            lags = Lags(publishing.repository, source.commit)
            shown = _look(publishing, builds, source, lags)
            findings += _uncommitted(publishing, builds, source)
            progress.end()
            names = dict.fromkeys([one.environment or "" for error in errors for one in error.each()])
            shown += [Shown(status=Status(environment=name, state="failed")) for name in names if name]
            print_statuses(sorted(shown, key=lambda one: one.status.environment), source, lags, args)
    finally:
        progress.end()
    errors += [error for one in shown if one.status.state == "failed" for error in one.status.errors]
    report(errors, findings, args)
    if not errors:
        return EXIT_OK
    return EXIT_PARTIAL if any(one.status.state != "failed" for one in shown) else worst(errors)


def _look(publishing: Publishing, builds: Sequence[Build], source: Source, lags: Lags) -> list[Shown]:
    from overlay.cli.publishing import planned  # noqa: PLC0415
    from overlay.cli.publishing_output import effect_of  # noqa: PLC0415
    from overlay.cli.status_output import Shown  # noqa: PLC0415
    from overlay.gitops.secrets import plain_secrets  # noqa: PLC0415
    from overlay.gitops.status import status_of  # noqa: PLC0415

    found = []
    for build, (looked, publisher) in zip(builds, publishing.look(builds, source), strict=True):
        plan = looked.plan
        effect: Iterable[Any] = ()
        if not isinstance(plan, OverlayError) and plan.action in ("update", "held"):
            effect = effect_of(planned(build, looked, plan, publisher))
        found.append(
            Shown(
                status=status_of(looked, lags, publisher.is_newer, plain_secrets(build)),
                repository=publisher.remote.shown,
                objects=len(build.objects),
                effect=tuple(effect),
            )
        )
    return found


def _uncommitted(publishing: Publishing, builds: Sequence[Build], source: Source) -> list[Finding]:
    from overlay.files.paths import printable  # noqa: PLC0415
    from overlay.gitops.source import changed_inputs  # noqa: PLC0415
    from overlay.model.finding import Finding  # noqa: PLC0415

    return [
        Finding(
            "not-committed",
            f"{printable(path)} is not as committed, and counts as it is: {', '.join(sorted(names))} "
            f"read{'s' * (len(names) == 1)} it",
            hint="commit it, or put it away (git stash)",
        )
        for path, names in sorted(changed_inputs(publishing.repository, source.commit, builds).items())
    ]


STATUS = Command(
    path=("status",),
    help="""Show how an environment is: in its cluster, or with --git, and of several, in Git.

In its cluster: each object with its health, age and message, and of what is not healthy the events, the pods and the
last lines of their logs; exit code 5 where not all is healthy.

In Git: which environments lag behind what is checked out, by how many commits, by which, in what they render.
BEHIND counts the commits that change files which the environment reads, of all that came since it was published.
STATUS is current; same (those commits change nothing that is rendered); behind; unpublished; held by a rollback; edited
by somebody else; ahead or diverged (published from a newer commit, or one of another branch); unknown (that commit is
not in this clone); or failed. Nothing is written.

Examples:

  overlay status prod

  overlay status --git --all

  overlay status --git prod -o json""",
    run=status,
    params=(
        Param(name="git", flags=("--git",), kind="flag", help="What is published in Git, of one or more environments."),
        Param(name="watch", flags=("-w", "--watch"), kind="flag", help="Look at the cluster again every two seconds."),
        ENVIRONMENTS,
        ALL,
        output("table", "json", "yaml"),
        *REACHING,
        NO_CACHE,
        REMOTE,
        TIMEOUT,
        *COMMON,
    ),
)
