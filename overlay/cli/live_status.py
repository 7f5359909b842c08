"""`overlay status ENV` and `overlay wait`: the health of every object of an environment in its cluster."""

from __future__ import annotations

import os
import sys
import time

from overlay.cli.cluster_options import REACHING
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, EXIT_PARTIAL, RolloutError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.tracked import Tracked
    from overlay.cluster.health import Health
    from overlay.cluster.health_rules import HealthRules
    from overlay.cluster.record import Key
    from overlay.model.resource import Body

_HEAD = ("OBJECT", "STATUS", "AGE", "MESSAGE")
_EVERY = 2.0


def live_status(args: dict[str, Any], name: str) -> int:
    """Print the health of each object, and the story of those that are not healthy; again and again with --watch."""
    from overlay.cli.tracked import track  # noqa: PLC0415
    from overlay.cluster.health_rules import HealthRules  # noqa: PLC0415

    one = track(args, name, hint=f"`overlay status --git {name}` shows it in Git; or set spec.cluster.context in it")
    rules = HealthRules(one.settings.health)
    try:
        while True:
            found = _look(one, rules)
            _print(one, found, args)
            if not args["watch"]:
                return EXIT_OK if all(health.is_current for _, health in found.values()) else EXIT_PARTIAL
            time.sleep(_EVERY)
            if sys.stdout.isatty():
                sys.stdout.write("\x1b[2J\x1b[H")
    finally:
        rules.close()
        one.client.close()


def _look(one: Tracked, rules: HealthRules) -> dict[Key, tuple[Body | None, Health]]:
    from overlay.cluster.health import health_of  # noqa: PLC0415
    from overlay.cluster.survey import tracked  # noqa: PLC0415

    return {key: (body, health_of(body, rules.judge)) for key, body in tracked(one.client, one.record).items()}


def _print(one: Tracked, found: dict[Key, tuple[Body | None, Health]], args: dict[str, Any]) -> None:
    from overlay.cluster.story import tell_story  # noqa: PLC0415

    stories = {
        key: tell_story(one.client, body)
        for key, (body, health) in found.items()
        if body is not None and not health.is_current
    }
    if args["output"] in ("json", "yaml"):
        from overlay.cli.cluster_output import bundle_value  # noqa: PLC0415

        document = {
            "environment": one.name, "context": one.client.access.context, "revision": one.current.revision,
            "commit": one.current.commit, "bundle": bundle_value(one.current.bundle),
            "status": one.current.status, "updated": one.current.updated,
            "objects": [
                {
                    "group": key[0], "kind": key[1], "namespace": key[2] or None, "name": key[3],
                    "status": health.status, "message": health.message or None,
                    "story": [{"about": line.about, "text": line.text} for line in stories.get(key, ())],
                }
                for key, (_, health) in found.items()
            ],
        }  # fmt: skip
        print_document(document, args["output"])
        return
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    current = one.current
    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    head = f"{one.name}: revision {current.revision} ({current.origin}) {current.status} {current.updated}"
    rows = [(_label(key), health.status, _age(body), health.message) for key, (body, health) in found.items()]
    lines = [
        f"  {line.about}: {line.text}" for key in found for line in stories.get(key, ())
    ]  # what the objects themselves do not say
    sys.stdout.write(f"{inert(head)}\n{as_table(_HEAD, rows, style)}" + "".join([f"{inert(line)}\n" for line in lines]))
    sys.stdout.flush()


def _label(key: Key) -> str:
    return "/".join([part for part in key[1:] if part])


def _age(body: Body | None) -> str:
    """Return how old an object is, as kubectl says it: `5m`, `3d`."""
    from datetime import UTC, datetime  # noqa: PLC0415

    text = ((body or {}).get("metadata") or {}).get("creationTimestamp")
    if not isinstance(text, str):
        return ""
    passed = int((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if passed >= 2 * size:
            return f"{passed // size}{unit}"
    return f"{max(passed, 0)}s"


def wait(args: dict[str, Any]) -> int:
    """Wait until every object is healthy. Raises RolloutError."""
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415
    from overlay.cli.tracked import track  # noqa: PLC0415
    from overlay.cluster.applyset import PART_OF  # noqa: PLC0415
    from overlay.cluster.health import NOT_FOUND, Health  # noqa: PLC0415
    from overlay.cluster.health_rules import HealthRules  # noqa: PLC0415
    from overlay.cluster.wait import Waiter  # noqa: PLC0415

    one = track(args, args["environment"])
    try:
        kinds = one.client.kinds()
        served = {key: found for key in one.record.inventory if (found := kinds.prefer(key[0], key[1])) is not None}
        unknown = Health(NOT_FOUND, "the cluster does not know its kind")
        with HealthRules(one.settings.health) as rules:
            waiter = Waiter(one.client, served, labels=f"{PART_OF}={one.record.owner}", custom=rules.judge)
            waited = waiter.healthy(served, seconds=seconds(args["timeout"]))
    finally:
        one.client.close()
    late = {**waited.late, **dict.fromkeys(sorted(one.record.inventory - set(served)), unknown)}
    for key, health in late.items():
        more = f" (and {len(late) - 1} more)" if len(late) > 1 else ""
        raise RolloutError(
            f"{_label(key)} is not healthy: {health.status}, {health.message}{more}", environment=one.name,
            object=_label(key), hint=f"see `overlay status {one.name}`",
        )  # fmt: skip
    say(args, f"{one.name}: all {len(served)} objects are healthy")
    return EXIT_OK


WAIT = Command(
    path=("wait",),
    help="""Wait until everything of an environment is healthy in its cluster; exit 5 when it fails, or not in time.

Examples:

  overlay wait prod --timeout 10m""",
    run=wait,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(
            name="timeout",
            flags=("--timeout",),
            metavar="DURATION",
            default="5m",
            help="The longest to wait, such as 90s or 5m.",
        ),
        *REACHING,
        *COMMON,
    ),
)
