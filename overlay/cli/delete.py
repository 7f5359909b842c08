"""`overlay delete`: everything of an environment in its cluster, by the inventory, the last applied first."""

from __future__ import annotations

import sys

from overlay.cli.cluster_options import ALLOW_DELETE, LEASE_TIMEOUT, REACHING
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.tracked import Tracked
    from overlay.cluster.placing import Placed


def delete(args: dict[str, Any]) -> int:
    """Show what goes, ask for the name, delete; what is kept stays tracked."""
    if args["orphan"]:
        return _orphan(args)
    from overlay.cli.cluster_output import print_plan  # noqa: PLC0415
    from overlay.cli.clusters import Live, Wish, carry_out, options_of  # noqa: PLC0415
    from overlay.cli.exits import report, worst  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415
    from overlay.cli.stopping import stops  # noqa: PLC0415
    from overlay.cli.tracked import track  # noqa: PLC0415
    from overlay.cluster.survey import make_plan  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    name = args["environment"]
    one = track(args, name)
    try:
        placed = _placed(args, one)
        options = replace(options_of(args, one.settings), is_delete=True)
        plan = make_plan(one.client, placed, one.record, options)
        wish = Wish(
            name=name, namespace=one.record.namespace, settings=one.settings, objects=(), kubernetes_version="",
            chart=(one.current.chart, one.current.chart_version, one.current.app_version),
        )  # fmt: skip
        live = Live(
            wish=wish, client=one.client, store=one.store, record=one.record, placed=placed, plan=plan, options=options
        )
        print_plan(live, args)
        stopped = stops(live)
        if stopped is not None:
            raise stopped
        _ask(args, one, "Delete all of this")
        current = one.current
        outcome = carry_out(
            {**args, "output": "text"}, live, revision=current.revision, commit=current.commit, source=current.source,
            tell=_teller(args),
        )  # fmt: skip
    finally:
        one.client.close()
    error = outcome.error(name)
    if error is not None:
        report([error], (), args)
        return worst([error])
    kept = len(outcome.plan.of("keep"))
    say(args, f"{name}: {len(outcome.pruned)} deleted{f', {kept} kept' if kept else ''} in {one.client.access.context}")
    return EXIT_OK


def _orphan(args: dict[str, Any]) -> int:
    """Show what stays, ask for the name, let go of it, and forget the environment."""
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415
    from overlay.cli.tracked import track  # noqa: PLC0415
    from overlay.cluster.lease import Lease  # noqa: PLC0415
    from overlay.cluster.orphan import let_go, still_ours  # noqa: PLC0415
    from overlay.cluster.survey import tracked  # noqa: PLC0415
    from overlay.failpoint import failpoint  # noqa: PLC0415
    from overlay.kube.objects import identify  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    name = args["environment"]
    for option in ("allow_delete", "no_hooks"):
        if args[option]:
            raise UsageError(f"--{option.replace('_', '-')} means nothing with --orphan: nothing is deleted")
    one = track(args, name)
    try:
        bodies = still_ours(tracked(one.client, one.record).values(), one.record.owner)
        for body in bodies:
            sys.stdout.write(inert(f"  leave     {identify(body)}") + "\n")
        sys.stdout.flush()
        _ask(args, one, "Leave all of this")
        lease = Lease(one.client, one.store.namespace, name)
        lease.acquire(wait=seconds(args["lease_timeout"]))
        is_over = False
        try:
            one.store.check(one.record)
            let_go(one.client, bodies, one.record.owner)
            failpoint("orphan")
            lease.check()
            # Last: until then, the same command goes on where it was ended.
            one.store.remove(one.record)
            is_over = True
        finally:
            lease.remove() if is_over else lease.release()
    finally:
        one.client.close()
    say(args, f"{name}: {len(bodies)} left in {one.client.access.context}, and forgotten")
    return EXIT_OK


def _placed(args: dict[str, Any], one: Tracked) -> Placed:
    """Return nothing that shall be, and the hooks of the deletion: what the environment renders says which.

    Raises OverlayError where it cannot be rendered.
    """
    from overlay.cluster.placing import Placed, place  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415
    from overlay.pipeline import build_all  # noqa: PLC0415

    if args["no_hooks"]:
        return Placed(objects=(), served={}, crds=frozenset())
    ((_, made),) = build_all([one.name], project=args["project"], child=args["early"])
    if isinstance(made, OverlayError):
        made.hint = f"{made.hint or 'mend it'}; --no-hooks deletes without the hooks that it has"
        raise made
    hooks = [each for each in made.objects if {"pre-delete", "post-delete"} & set(each.hooks)]
    placed = place(hooks, one.client.kinds(), one.record.namespace, one.record.owner)
    return replace(placed, objects=(), served={})


def _teller(args: dict[str, Any]) -> Any:
    from overlay.cli.cluster_output import teller  # noqa: PLC0415

    return teller({**args, "output": "text"}, args["environment"])


def _ask(args: dict[str, Any], one: Tracked, what: str) -> None:
    """Go on only when the name is typed. Raises UsageError."""
    if args["yes"]:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("nothing is deleted without a yes, and nobody can be asked here", hint="say -y/--yes")
    sys.stderr.write(f"{what} in {one.client.access.server}? Type {one.name} to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != one.name:
        raise UsageError("nothing is deleted")


DELETE = Command(
    path=("delete",),
    help="""Delete every object of an environment in its cluster, by its inventory, the last applied first.

Objects of others, and those that annotations or their kind protect, are kept and stay tracked. What is published in
Git stays. Helm's pre-delete and post-delete hooks run, as the environment renders them now.

Examples:

  overlay delete preview-42

  overlay delete preview-42 -y --allow-delete PersistentVolumeClaim

  overlay delete prod --orphan""",
    run=delete,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(name="yes", flags=("-y", "--yes"), kind="flag", help="Do not ask for the name."),
        Param(
            name="orphan",
            flags=("--orphan",),
            kind="flag",
            help="Delete nothing: leave the objects, without our label and field manager, and forget them.",
        ),
        Param(name="no_hooks", flags=("--no-hooks",), kind="flag", help="Render nothing, and run no hooks."),
        ALLOW_DELETE,
        LEASE_TIMEOUT,
        *REACHING,
        *COMMON,
    ),
)
