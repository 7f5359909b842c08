"""`overlay promote`: what one environment's own source sets, set in the next one's."""

from __future__ import annotations

from overlay.cli.sourcing import Source, carry_out
from overlay.cli.sourcing_options import SOURCING
from overlay.cli.table import Command, Param
from overlay.errors import GitConflict, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.source.draft import Draft


def promote(args: dict[str, Any]) -> int:
    """Find what moves, change the target's source, show what that renders, commit it."""
    from overlay.inspect.session import Session, Workshop  # noqa: PLC0415  # Helm's library loads meanwhile
    from overlay.load.graph import effective  # noqa: PLC0415
    from overlay.load.project import find_layer  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.source.draft import Draft  # noqa: PLC0415
    from overlay.source.place import put_setting  # noqa: PLC0415
    from overlay.source.promote import moves, own_settings, read_only, select  # noqa: PLC0415
    from overlay.transforms.images import image_references  # noqa: PLC0415

    origin = args["origin"]
    with Workshop(project=args["project"], options=Options(strict=args["strict"]), child=args["early"]) as workshop:
        only = read_only(args["only"])
        if origin == args["target"]:
            raise UsageError(f"{origin} cannot be promoted to itself")
        document = find_layer(workshop.project, workshop.files, origin)
        source = Source(args, workshop, args["target"])
        chart = effective(workshop.run.loader.load(origin), workshop.project).chart
        draft = Draft(source.read)
        if draft.before(document) is None:
            raise GitConflict(
                f"{document} is not committed yet", hint="commit it; --no-commit only writes the other one"
            )
        settings = select(
            own_settings(draft, document, chart), only, origin,
            lambda: image_references(Session(workshop, origin).build),
        )  # fmt: skip
        now = source.standing()
        found = tuple(moves(settings, chart, now))

        def edit(draft: Draft) -> None:
            for move in found:
                put_setting(draft, source.document, move.setting, now.chart)

        return carry_out(args, source, found, edit, origin)


PROMOTE = Command(
    path=("promote",),
    help="""Set in one environment's own source what another one's own source sets: images, and the chart's version.

Values move only when --only names them. What the target has already, also by inheritance, is left alone. The rest is
as with `overlay pin`: only those places of the file change, and what that renders is shown.

Examples:

  overlay promote dev staging

  overlay promote staging prod --only image=shop/web

  overlay promote dev staging --only 'values:feature.*' --branch features""",
    run=promote,
    params=(
        Param(name="origin", kind="argument", metavar="ENV-FROM", required=True, help="The environment to take from."),
        Param(name="target", kind="argument", metavar="ENV-TO", required=True, help="The environment to change."),
        Param(
            name="only",
            flags=("--only",),
            kind="list",
            metavar="WHAT",
            help="Move image=NAME, chart or values:KEY only; * in a name matches anything; repeatable.",
        ),
        *SOURCING,
    ),
)
