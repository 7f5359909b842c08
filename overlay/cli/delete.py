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
    from overlay.cli.cluster_output import print_plan  # noqa: PLC0415
    from overlay.cli.clusters import Live, Wish, carry_out, options_of, stops  # noqa: PLC0415
    from overlay.cli.exits import report, worst  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415
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
        _ask(args, one)
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


def _ask(args: dict[str, Any], one: Tracked) -> None:
    """Go on only when the name is typed. Raises UsageError."""
    if args["yes"]:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("nothing is deleted without a yes, and nobody can be asked here", hint="say -y/--yes")
    sys.stderr.write(f"Delete all of this in {one.client.access.server}? Type {one.name} to go on: ")
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

  overlay delete preview-42 -y --allow-delete PersistentVolumeClaim""",
    run=delete,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(name="yes", flags=("-y", "--yes"), kind="flag", help="Do not ask for the name."),
        Param(name="no_hooks", flags=("--no-hooks",), kind="flag", help="Render nothing, and run no hooks."),
        ALLOW_DELETE,
        LEASE_TIMEOUT,
        *REACHING,
        *COMMON,
    ),
)
