"""`overlay diff`: what differs between two things that hold objects."""

from __future__ import annotations

import os
import sys

from overlay.cli.cluster_options import ALLOW_DELETE, REACHING
from overlay.cli.fetching import PLAIN_HTTP, TOKEN_HOST
from overlay.cli.packaging import STORE
from overlay.cli.past import PAST
from overlay.cli.table import Command, Param
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.past import Shown
    from overlay.diff.effect import FieldChange


def diff(args: dict[str, Any]) -> int:
    """Print what differs; return 1 where something does."""
    if args["live"]:
        from overlay.cli.live_diff import live_diff  # noqa: PLC0415

        return live_diff(args, args["sides"])
    if args["against"]:
        from overlay.cli.bundle_diff import bundle_diff  # noqa: PLC0415

        return bundle_diff(args)
    if args["with_prune"]:
        raise UsageError("--with-prune only goes with --live")
    if args["early"] is not None:
        args["early"].close()  # nothing is rendered
    return _diff_revisions(args)


def _diff_revisions(args: dict[str, Any]) -> int:
    from overlay.cli.past import Past  # noqa: PLC0415
    from overlay.cli.sides import read_sides  # noqa: PLC0415

    sides = read_sides(args["sides"])
    with Past(args) as past:
        past.open(dict.fromkeys([one.environment for one in sides]))
        before, after = [past.show(one) for one in sides]
    changes = _changes(before, after)
    if args["output"] == "text":
        sys.stdout.write(_text(before, after, changes, args))
    elif args["output"] == "json":
        import json  # noqa: PLC0415

        print(json.dumps(_document(before, after, changes), indent=2, ensure_ascii=False))
    else:
        from overlay.yaml import write_document  # noqa: PLC0415

        sys.stdout.write(write_document(_document(before, after, changes)))
    return EXIT_DIFFERENT if changes else EXIT_OK


def _changes(before: Shown, after: Shown) -> list[FieldChange]:
    """Return what differs; between environments, names and namespaces that differ do not count."""
    from overlay.diff.effect import environment_changes, field_changes  # noqa: PLC0415
    from overlay.diff.environments import Side  # noqa: PLC0415
    from overlay.kube.types import load_types  # noqa: PLC0415

    records = [one.content.record for one in (before, after)]
    types = load_types(records[1].value["settings"]["kubernetesVersion"])
    if records[0].environment == records[1].environment:
        return field_changes(before.objects, after.objects, types)
    settings = [one.value["settings"] for one in records]
    sides = [
        Side(shown.label, shown.objects, each["releaseName"], each["namespace"])
        for shown, each in zip((before, after), settings, strict=True)
    ]
    return environment_changes(sides[0], sides[1], types)


def _text(before: Shown, after: Shown, changes: Sequence[FieldChange], args: dict[str, Any]) -> str:
    if not changes:
        return ""
    from overlay.cli.fields import fields_text  # noqa: PLC0415
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    head = style.paint(f"{before.label} → {after.label}", "bold")
    return f"{head}\n{inert(fields_text(changes))}"


def _document(before: Shown, after: Shown, changes: Sequence[FieldChange]) -> dict[str, Any]:
    from overlay.cli.sourcing_output import effect_value  # noqa: PLC0415

    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "Diff",
        "from": _side(before),
        "to": _side(after),
        "changes": effect_value(changes),
    }


def _side(one: Shown) -> dict[str, Any]:
    return {
        "environment": one.content.record.environment,
        "revision": one.content.record.revision,
        "commit": one.content.revision.commit,
        "source": one.content.record.source,
    }


DIFF = Command(
    path=("diff",),
    help="""Show what differs between two revisions, or what applying an environment would change in its cluster.

ENV@NUMBER..ENV@NUMBER compares revisions: fields, texts line by line, objects that came and went; one alone is held
against the newest revision of its environment. They may be of different environments: namespaces, and names that differ
by prefix, suffix or content hash, are no differences then. -o json is a document of kind Diff: `from` and `to`
(environment, revision, commit, source), and `changes`: object, path (empty for a whole object), change (added, removed,
changed or moved), before and after.

ENV --live compares with the cluster, and writes nothing: objects that may differ go through a strict server-side
dry-run, so defaults, webhooks and quotas count.

ENV --against REF compares what a bundle holds of an environment with what it renders to now.

Values of Secrets are hidden. Exit code: 0 nothing, 1 something, 2 and more an error; 4 where a conflict would stop it.

Examples:

  overlay diff prod@11..prod@12

  overlay diff staging@40..prod@12 -o json

  overlay diff prod --live --with-prune

  overlay diff prod --against oci://registry.shop.example/shop:1.3.0""",
    run=diff,
    params=(
        Param(
            name="sides",
            kind="argument",
            metavar="ENV[@NUMBER[..ENV@NUMBER]]",
            required=True,
            help="What to compare with what.",
        ),
        Param(
            name="against",
            flags=("--against",),
            metavar="REF",
            help="Compare a bundle's environment with what it renders to now; oci://host/path:tag, or a bundle here.",
        ),
        Param(name="live", flags=("--live",), kind="flag", help="Compare with the cluster."),
        Param(name="with_prune", flags=("--with-prune",), kind="flag", help="Also show what would be deleted."),
        Param(
            name="output",
            flags=("-o", "--output"),
            metavar="FORMAT",
            choices=("text", "json", "yaml"),
            default="text",
            help="text, json or yaml.",
        ),
        ALLOW_DELETE,
        STORE,
        PLAIN_HTTP,
        TOKEN_HOST,
        *REACHING,
        *PAST,
    ),
)
