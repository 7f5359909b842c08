"""`overlay sync`: rendered output committed on each environment's branch, pushed, and applied to its cluster."""

from __future__ import annotations

from overlay.cli.applying import Looked, apply_lives, left_behind, look_at_clusters, print_lives
from overlay.cli.asking import YES, ask
from overlay.cli.cluster_options import APPLYING
from overlay.cli.fetching import PLAIN_HTTP, TOKEN_HOST
from overlay.cli.from_git import PLACE
from overlay.cli.packaging import STORE
from overlay.cli.publishing_options import PUBLISHING
from overlay.cli.table import Command, Param, output
from overlay.errors import GitConflict, OverlayError, UsageError
from overlay.failpoint import failpoint
from overlay.model.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.publishing import Planned
    from overlay.cli.publishing_run import Prepared
    from overlay.gitops.plan import Plan
    from overlay.gitops.publish import Outcome
    from overlay.model.build import Build


def sync(args: dict[str, Any]) -> int:
    """Plan, ask, publish; say what became of each environment."""
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415
    from overlay.cli.publishing import names_of  # noqa: PLC0415
    from overlay.cli.publishing_output import event, plan_value, print_plans  # noqa: PLC0415
    from overlay.cli.publishing_run import prepare  # noqa: PLC0415
    from overlay.cli.saved_plan import read_plan, refuse_moved  # noqa: PLC0415

    if args["bundle"]:
        from overlay.cli.from_bundle import apply_bundle  # noqa: PLC0415

        return apply_bundle(args)
    if args["key"]:
        raise UsageError("--key goes with --bundle", hint="it says whose signature of a bundle counts")
    if args["no_git"]:
        from overlay.cli.applying import apply_uncommitted  # noqa: PLC0415

        return apply_uncommitted(args)
    if args["scheduled"]:
        from overlay.cli.scheduled import run_scheduled  # noqa: PLC0415

        return run_scheduled(args)
    if args["from_git"]:
        from overlay.cli.from_git import apply_published  # noqa: PLC0415

        return apply_published(args)
    saved = read_plan(args["plan"], args) if args["plan"] else None
    with prepare(args, list(saved) if saved is not None else names_of(args)) as prepared:
        if saved is not None:
            refuse_moved(saved, prepared)
        for one in prepared.planned:
            event(args, "planned", one.name, plan=plan_value(one))
        run, looked = _with_clusters(args, prepared)
        acting = [one for one in run.planned if one.plan.acts]
        if acting and args["output"] == "text":
            print_plans(run.planned, args, rest="overlay plan {environment}")
        print_lives(args, looked)
        before = {one.name: one.plan.previous for one in run.planned}
        report((), [*run.findings, *left_behind(looked, before)], args)
        if (acting or looked.changing) and saved is None:
            with run.publishing.released():  # a person may take their time
                ask(args, _question(len(acting), len(looked.changing)))
        if acting:
            _warn_of_local_commit(args, run)
        outcomes, refused = _publish(args, run, acting, is_saved=saved is not None)
        held = _held(run, outcomes, args)
        for outcome in outcomes:
            _tell(args, outcome)
    # Git's private repositories are free from here on: a rollout may take long, and others publish meanwhile.
    errors = [*run.errors, *held, *refused, *_apply(args, looked, outcomes)]
    looked.close()
    for problem in (each for error in errors for each in error.each()):
        event(args, "failed", problem.environment or "", message=problem.message, hint=problem.hint)
    report(errors, (), args)
    return exit_code(errors, is_partial=len(outcomes) > len(held))


def _with_clusters(args: dict[str, Any], run: Prepared) -> tuple[Prepared, Looked]:
    """Look at the clusters too; what is refused there is not published either."""
    if args["git_only"]:
        return run, Looked(lives={})
    if run.planned and not any(run.builds[one.name].settings.cluster for one in run.planned):
        _warn_of_no_cluster(args, [one.name for one in run.planned])
    run.progress.at("looking at clusters")
    looked = look_at_clusters(
        args, [_hiding(run.builds[one.name], one) for one in run.planned if one.plan.action != "held"]
    )
    run.progress.end()
    planned = tuple([one for one in run.planned if one.name not in looked.refused])
    return replace(run, planned=planned, errors=(*run.errors, *looked.errors)), looked


def _hiding(build: Build, one: Planned) -> Build:
    """Return a build that also hides what is hidden of what stands there."""
    return replace(build, settings=replace(build.settings, masked=one.masked))


def _warn_of_no_cluster(args: dict[str, Any], names: Sequence[str]) -> None:
    """Say that nothing is applied where a cluster was spoken of. Raises UsageError where objects were to be adopted."""
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.model.finding import Finding  # noqa: PLC0415

    hint = "set spec.cluster.context in it"
    if args.get("adopt"):
        raise UsageError(f"{names[0]} names no cluster", hint=hint, environment=names[0])
    # Not --kubeconfig, which a variable may set for every command.
    for flag in [flag for flag in ("context", "first_contact") if args[flag]]:
        text = f"--{flag.replace('_', '-')} means nothing: no cluster is named, so nothing is applied"
        report((), [Finding("no-cluster", text, hint=hint, environment=", ".join(names))], args)


def _apply(args: dict[str, Any], looked: Looked, outcomes: Sequence[Outcome]) -> list[OverlayError]:
    """Apply what Git has taken; return what went wrong."""
    commits = {one.plan.environment: (one.plan.revision, one.commit or "", _rendered_from(one)) for one in outcomes}
    due = [live for name, live in looked.lives.items() if name in commits and name not in looked.refused]
    return apply_lives(args, due, commits)


def _rendered_from(outcome: Outcome) -> str:
    """Return the commit of the source that what stands on the branch says, as a job reads it there."""
    plan = outcome.plan
    return plan.previous[1] if plan.previous is not None and not outcome.is_new else plan.source


def _question(publishing: int, changing: int) -> str:
    parts = []
    if publishing:
        parts.append(f"Publish {publishing} environment{'s' * (publishing != 1)}")
    if changing:
        parts.append(f"{'c' if parts else 'C'}hange {changing} cluster{'s' * (changing != 1)}")
    return " and ".join(parts) + "?"


def _publish(
    args: dict[str, Any], run: Prepared, acting: Sequence[Planned], *, is_saved: bool
) -> tuple[list[Outcome], list[OverlayError]]:
    """Return what became of each environment, and of remotes that refused; one of them does not stop the others."""
    from overlay.cli.publishing import by_publisher, published_meanwhile  # noqa: PLC0415
    from overlay.gitops.publish import Outcome  # noqa: PLC0415

    def confirm(before: Plan, after: Plan) -> None:
        if is_saved or not args["yes"]:
            raise published_meanwhile(before, after)

    outcomes = {
        one.name: Outcome(plan=one.plan, commit=one.plan.tip, is_new=False) for one in run.planned if not one.plan.acts
    }
    errors: list[OverlayError] = []
    for publisher, pairs in by_publisher(acting).items():
        run.progress.at(f"publishing {len(pairs)} environment{'s' * (len(pairs) != 1)} to {publisher.remote.shown}")
        try:
            # A plan that was saved is carried out whole or not at all.
            result = publisher.publish(pairs, confirm=confirm, together=is_saved)
            outcomes |= {one.plan.environment: one for one in result.outcomes}
            errors += result.errors
            publisher.store.tidy()
        except OverlayError as error:
            errors.append(error.of(", ".join(want.environment for want, _ in pairs)))
        run.progress.end()
        failpoint("git.next")
    return [outcomes[one.name] for one in run.planned if one.name in outcomes], errors


def _tell(args: dict[str, Any], outcome: Outcome) -> None:
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415

    plan, commit = outcome.plan, outcome.commit or ""
    more = {"revision": plan.revision, "branch": plan.target.branch, "commit": commit}
    if outcome.is_new:
        event(args, "published", plan.environment, **more)
        words = f"{plan.environment}: published revision {plan.revision} as {commit[:12]} on {plan.target}"
    elif plan.action == "held":
        assert plan.held is not None  # noqa: S101  # the action says so
        event(args, "held", plan.environment, **more, restored=plan.held.revision)
        if not args["all"]:
            return  # an error says it, with why
        words = f"{plan.environment}: held at revision {plan.held.revision}; --release goes on"
    else:
        event(args, "unchanged", plan.environment, **more)
        words = f"{plan.environment}: up to date at {commit[:12]} (revision {plan.revision})"
    if args["output"] == "text":
        say(args, words)


def _held(run: Prepared, outcomes: Sequence[Outcome], args: dict[str, Any]) -> list[OverlayError]:
    """Return an error for each environment that was asked for by name and is held."""
    if args["all"]:
        return []
    return [
        GitConflict(
            f"{one.environment} is held at revision {one.held.revision}"
            f"{f' ({one.held.reason})' if one.held.reason else ''}: publishing would undo the rollback",
            hint=_ways_on(one.environment, has_cluster=run.builds[one.environment].settings.cluster is not None),
            environment=one.environment,
        )
        for one in [outcome.plan for outcome in outcomes]
        if one.action == "held" and one.held is not None
    ]


def _ways_on(name: str, *, has_cluster: bool) -> str:
    """Say what may be done with an environment that is held."""
    release = f"when it may go on: overlay sync {name} --release"
    return f"its cluster gets what is held by overlay sync {name} --from-git; {release}" if has_cluster else release


def _warn_of_local_commit(args: dict[str, Any], run: Prepared) -> None:
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.gitops.source import is_on_a_remote  # noqa: PLC0415
    from overlay.model.finding import Finding  # noqa: PLC0415

    if not is_on_a_remote(run.publishing.repository, run.source.commit):
        text = f"the commit {run.source.short} is on no remote yet: others cannot see what was rendered"
        report((), [Finding("source-not-pushed", text, hint="push it")], args)


SYNC = Command(
    path=("sync",),
    help="""Publish environments: render the commit that is checked out, commit the output on each one's branch, push,
and apply exactly that to the cluster that the environment names, if it names one.

The plan is printed first and asked for on a terminal; elsewhere -y says yes. Where nothing is rendered differently,
there is no commit. The work tree, the index and the branches of this repository are not touched, and nothing is ever
forced: where a branch moved meanwhile, it is looked at again.

Examples:

  overlay sync dev

  overlay sync --all -y -o json

  overlay plan prod --out plan.json && overlay sync --plan plan.json

  overlay sync prod --bundle oci://registry.shop.example/shop@sha256:…""",
    run=sync,
    params=(
        YES,
        Param(name="git_only", flags=("--git-only",), kind="flag", help="Commit and push only."),
        Param(
            name="from_git",
            flags=("--from-git",),
            kind="flag",
            help="Apply only, what is published, or an earlier revision (prod@11); nothing is rendered.",
        ),
        Param(
            name="scheduled",
            flags=("--scheduled",),
            kind="flag",
            help="With --from-git, as a job: ask nothing, print one event a line, skip what another run holds.",
        ),
        Param(
            name="deadline",
            flags=("--deadline",),
            metavar="DURATION",
            help="With --scheduled: stop after this long, wherever it is; the next run goes on.",
        ),
        Param(
            name="no_git",
            flags=("--no-git",),
            kind="flag",
            help="Apply only, what is rendered now; where the environment allows it (cluster.allowUncommitted).",
        ),
        Param(
            name="bundle",
            flags=("--bundle",),
            metavar="REF",
            help="Apply only, exactly what a bundle holds: oci://host/path@sha256:…, or as `overlay pull` takes it.",
        ),
        Param(
            name="key",
            flags=("--key",),
            kind="list",
            metavar="FILE",
            help="With --bundle: a public key that must have signed it, beside what `verify` of its environment says.",
        ),
        Param(name="plan", flags=("--plan",), metavar="FILE", help="Publish exactly what `overlay plan --out` wrote."),
        Param(
            name="message",
            flags=("-m", "--message"),
            metavar="TEMPLATE",
            help="Commit message; {environment}, {revision}, {sha}, {subject}, {body} and {author} are filled in.",
        ),
        output("text", "json", text="text, or json: one event a line."),
        *PLACE,
        *APPLYING,
        STORE,
        PLAIN_HTTP,
        TOKEN_HOST,
        *PUBLISHING,
    ),
)
