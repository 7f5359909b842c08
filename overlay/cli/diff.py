"""`overlay diff`: what differs between two things that hold objects."""

from __future__ import annotations

import os
import sys

from overlay.cli.cluster_options import ALLOW_DELETE, REACHING
from overlay.cli.comparing import comparing
from overlay.cli.diff_output import FORMS
from overlay.cli.fetching import PLAIN_HTTP, TOKEN_HOST
from overlay.cli.packaging import STORE
from overlay.cli.printing import print_document
from overlay.cli.publishing_options import PAST
from overlay.cli.sides import is_manifests
from overlay.cli.table import Command, Param, output
from overlay.cli.versions import BASE
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, UsageError

_SHOWN = "What is shown"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.past import Shown
    from overlay.diff.effect import FieldChange
    from overlay.model.project import FieldRule


def diff(args: dict[str, Any]) -> int:
    """Print what differs; return 1 where something does."""
    sides = args["sides"]
    between = [one for one in sides if ".." in one and "@" not in one and not _leads_up(one)]
    revisions = [one for one in sides if "@" in one and not _leads_up(one)]
    if len(between) > 1 or (revisions and len(sides) > 1):
        raise UsageError(f"{' '.join(sides)!r} is no comparison of two sides", hint=_joined(sides))
    names = [one for one in sides if one not in between]
    if args["live"]:
        from overlay.cli.live_diff import live_diff  # noqa: PLC0415

        return live_diff(args, _only(names, args, "--live"))
    if args["with_prune"]:
        raise UsageError("--with-prune only goes with --live")
    if args["against"] and is_bundle(args["against"]) and not (len(names) == 1 and is_manifests(names[0])):
        from overlay.cli.bundle_diff import bundle_diff  # noqa: PLC0415

        return bundle_diff(args, _only(names, args, "--against a bundle"))
    if revisions:
        if args["early"] is not None:
            args["early"].close()  # nothing is rendered
        return _diff_revisions(args, revisions[0])
    if args["against"] and len(names) == 1 and is_manifests(names[0]):
        from overlay.cli.manifests_diff import manifests_diff  # noqa: PLC0415

        return manifests_diff(args, names[0])
    from overlay.cli.version_diff import version_diff  # noqa: PLC0415

    return version_diff(args, names, *(between or [""]))


def _leads_up(text: str) -> bool:
    """Tell whether a word is a path such as ../old.yaml: no name in Git begins or ends with a slash."""
    return is_manifests(text) and ".." in text.split("/")


def _joined(sides: Sequence[str]) -> str:
    if len(sides) == 2 and all("@" in one and ".." not in one for one in sides):
        return f"write {sides[0]}..{sides[1]}"
    return "write one REF..REF, or ENV@N..ENV@N"


def is_bundle(text: str) -> bool:
    """Tell whether --against names a bundle, and no folder or file of manifests."""
    if "://" in text or (is_manifests(text) and os.path.isfile(text)):
        return "://" in text
    return not os.path.isdir(text) or os.path.exists(os.path.join(text, "oci-layout"))


def _only(names: Sequence[str], args: dict[str, Any], flag: str) -> str:
    """Return the one environment that is named; the form has to be one that this comparison has."""
    if len(names) != 1 or args["all"]:
        raise UsageError(f"{flag} compares one environment", hint="name one; `overlay env list` shows them")
    _check_form(args)
    return names[0]


def _check_form(args: dict[str, Any]) -> None:
    if args["output"] not in ("text", "json", "yaml"):
        raise UsageError(f"-o {args['output']} shows versions of what is rendered", hint="here: text, json or yaml")


def _diff_revisions(args: dict[str, Any], text: str) -> int:
    from overlay.cli.past import Past  # noqa: PLC0415
    from overlay.cli.sides import read_sides  # noqa: PLC0415

    _check_form(args)
    sides = read_sides(text)
    with Past(args) as past:
        past.open(dict.fromkeys([one.environment for one in sides]))
        before, after = [past.show(one) for one in sides]
        changes = _changes(before, after, past.documents.project.masked)
    if args["output"] == "text":
        sys.stdout.write(_text(before, after, changes, args))
    else:
        print_document(_document(before, after, changes), args["output"])
    return EXIT_DIFFERENT if changes else EXIT_OK


def _changes(before: Shown, after: Shown, masked: Sequence[FieldRule]) -> list[FieldChange]:
    """Return what differs; between environments, names and namespaces that differ do not count.

    masked: fields that the project hides now, beside those that it hid then.
    """
    from overlay.diff.effect import environment_changes, field_changes  # noqa: PLC0415
    from overlay.diff.environments import Side  # noqa: PLC0415
    from overlay.kube.types import load_types  # noqa: PLC0415

    records = [one.content.record for one in (before, after)]
    types = load_types(records[1].value["settings"]["kubernetesVersion"])
    masked = (*records[0].masked, *records[1].masked, *masked)
    if records[0].environment == records[1].environment:
        return field_changes(before.objects, after.objects, types, masked)
    settings = [one.value["settings"] for one in records]
    sides = [
        Side(shown.label, shown.objects, each["releaseName"], each["namespace"])
        for shown, each in zip((before, after), settings, strict=True)
    ]
    return environment_changes(sides[0], sides[1], types, masked)


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
    help="""Show what a change does to environments: what is rendered now against a commit, two commits, and more.

ENV, or --all, compares with HEAD, or with the commit at which this branch left --base REF; main..feature compares two
commits, main...feature from where feature left main. Both sides are rendered from what Git holds: nothing is checked
out, fetched or run. Objects are matched by group, kind, namespace and name, by the name without its content hash, and
with --detect-renames by what they hold; lists by their keys; texts of several lines line by line. Behind each field
stands the line of the change that does it. Environments that change alike are told once.

-o json is a document of kind Changes (`overlay schema changes`), markdown fits into one comment of a pull request,
html is one page, unified is as `diff -u`, and github annotates the lines of the change.

ENV --against PATH compares with a folder of manifests (PATH/ENV where that is there), or a file; --against REF with a
bundle. PATH --against PATH compares two folders, or files, of manifests, such as rendered/prod or all.yaml; what both
hold byte for byte is not read.

ENV@NUMBER..ENV@NUMBER compares published revisions; one alone is held against the newest of its environment. They may
be of different environments: namespaces, and names that differ by prefix, suffix or content hash, are no differences
then. -o json is a document of kind Diff: `from` and `to` (environment, revision, commit, source), and `changes`.

ENV --live compares with the cluster, and writes nothing: objects that may differ go through a strict server-side
dry-run, so defaults, webhooks and quotas count.

Values of Secrets are hidden. Exit code: 0 nothing, 1 something, 2 and more an error; 4 where a conflict would stop it.

Examples:

  overlay diff prod

  overlay diff --all --base origin/main -o markdown

  overlay diff main..feature --all --stat

  overlay diff prod --against rendered/prod

  overlay diff new.yaml --against old.yaml --stat

  overlay diff prod@11..prod@12

  overlay diff prod --live --with-prune

  overlay diff prod --against oci://registry.shop.example/shop:1.3.0""",
    run=diff,
    params=(
        Param(
            name="sides",
            kind="arguments",
            metavar="ENV|REF..REF|ENV@N..ENV@N|PATH",
            help="Environments, with two commits between which they are compared; two published revisions; manifests.",
        ),
        Param(name="all", flags=("--all",), kind="flag", help="Every environment of either side."),
        BASE,
        Param(
            name="against",
            flags=("--against",),
            metavar="PATH|REF",
            help="Compare with a folder, or a file, of manifests, or with a bundle: oci://host/path:tag, or one here.",
        ),
        Param(name="live", flags=("--live",), kind="flag", help="Compare with the cluster."),
        Param(name="with_prune", flags=("--with-prune",), kind="flag", help="Also show what would be deleted."),
        output(*FORMS),
        Param(name="stat", flags=("--stat",), kind="flag", panel=_SHOWN, help="Only numbers, a line each environment."),
        Param(name="name_only", flags=("--name-only",), kind="flag", panel=_SHOWN, help="Only names of objects."),
        *comparing(_SHOWN),
        ALLOW_DELETE,
        STORE,
        PLAIN_HTTP,
        TOKEN_HOST,
        *REACHING,
        *PAST,
    ),
)
