"""`overlay adopt-live`: an environment takes over what runs already, of Helm, kubectl or kustomize."""

from __future__ import annotations

from overlay.cli.sync import SYNC, sync
from overlay.cli.table import Command, Param

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What makes no sense where objects are taken over on a cluster.
_WITHOUT = ("environments", "all", "git_only", "plan")


def adopt_live(args: dict[str, Any]) -> int:
    """Publish and apply as `sync` does, with objects that are nobody's, or of those tools, as ours."""
    given = {"environments": (args["environment"],), "all": False, "git_only": False, "plan": None}
    return sync({**args, **given, "adopt": True})


ADOPT_LIVE = Command(
    path=("adopt-live",),
    help="""Take over what runs already: publish an environment and apply it over objects of Helm, kubectl or kustomize.

The plan shows each object that is taken over, by `adopt`, whose it was, and every field that changes. Fields that those
tools wrote become ours, so that what is not in Git goes, now and later. Objects of Argo CD, Flux, another environment
or a controller are not taken. What the environment does not render is left alone.

Examples:

  overlay adopt-live prod --first-contact

  overlay adopt-live prod -y --rollout-timeout 10m""",
    run=adopt_live,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        *[one for one in SYNC.params if one.name not in _WITHOUT],
    ),
)
