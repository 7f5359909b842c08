"""`overlay diff --live`: what applying would change in the cluster, by the server's own dry-run."""

from __future__ import annotations

from overlay.cli.printing import print_document
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def live_diff(args: dict[str, Any], name: str) -> int:
    """Print the plan of an environment; exit 1 where there is something to do."""
    from overlay.cli.cluster_output import plan_value, print_plan  # noqa: PLC0415
    from overlay.cli.clusters import look, wish_of  # noqa: PLC0415
    from overlay.cli.exits import report, worst  # noqa: PLC0415
    from overlay.cli.stopping import stops  # noqa: PLC0415
    from overlay.cluster.plan import GONE, PRUNE, WRITES  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.pipeline import build_all  # noqa: PLC0415

    options = Options(strict=args["strict"])
    ((_, made),) = build_all([name], project=args["project"], options=options, child=args["early"])
    if isinstance(made, OverlayError):
        raise made
    wish = wish_of(made)
    if wish is None:
        raise UsageError(f"{name} names no cluster", hint="set spec.cluster.context in it")
    # Reading is allowed in a cluster where the environment never was, and shows how far a prune would go.
    live = look({**args, "first_contact": True, "max_prune": "100%", "no_prune": not args["with_prune"]}, wish)
    live.client.close()
    document = {"apiVersion": "overlay.dev/v1", "kind": "ClusterPlan", **plan_value(live)}
    if args["output"] in ("json", "yaml"):
        print_document(document, args["output"])
    elif live.plan.of(*WRITES, PRUNE) or live.plan.is_stopped:
        print_plan(live, args, whole=True)
    stopped = stops(live)
    report([stopped] if stopped else (), made.findings, args)
    if stopped:
        return worst([stopped])
    return EXIT_DIFFERENT if live.plan.of(*WRITES, PRUNE, *([GONE] if args["with_prune"] else [])) else EXIT_OK
