"""`overlay drift`: what differs in clusters from what is published or was applied as a bundle, and who changed it."""

from __future__ import annotations

import sys

from overlay.cli.cluster_options import REACHING
from overlay.cli.fetching import NETWORK
from overlay.cli.from_git import PLACE
from overlay.cli.packaging import STORE
from overlay.cli.printing import print_document
from overlay.cli.publishing_options import ALL, ENVIRONMENTS, REMOTE
from overlay.cli.record_wish import NoCluster
from overlay.cli.sourcing_output import say
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.clusters import Live
    from overlay.cli.from_git import Published
    from overlay.cluster.plan import Action

_WORDS = {"create": "missing", "update": "changed", "replace": "changed", "refused": "refused", "conflict": "not ours",
          "adopt": "not ours", "prune": "too much"}  # fmt: skip


def drift(args: dict[str, Any]) -> int:
    """Print each difference; exit 1 where there is one."""
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415

    found: list[dict[str, Any]] = []
    failed: dict[str, OverlayError] = {}
    for name, one in _committed(args).items():
        try:
            if isinstance(one, OverlayError):
                raise one
            found.append(look_for_drift(args, one))
        except OverlayError as error:
            failed[name] = error
    left = _without_cluster(args, failed) if args["all"] else []
    errors = [error.of(name) for name, error in failed.items() if name not in left]
    if left and not found and not errors:
        raise UsageError("no environment names a cluster", hint="set spec.cluster.context in one")
    if args["output"] in ("json", "yaml"):
        document = {"apiVersion": "overlay.dev/v1", "kind": "Drift", "environments": found}
        print_document(document, args["output"])
    else:
        _print(found)
    report(errors, (), args)
    if left:
        say(args, f"left out, as they name no cluster: {', '.join(left)}")
    if errors:
        return exit_code(errors, is_partial=bool(found))
    return EXIT_DIFFERENT if any(one["objects"] for one in found) else EXIT_OK


def _committed(args: dict[str, Any]) -> dict[str, Published | OverlayError]:
    """Return what clusters are held against: a bundle where one is named or was applied, else what Git has."""
    from overlay.cli.bundle_drift import from_bundle, from_records  # noqa: PLC0415
    from overlay.cli.documents import Documents  # noqa: PLC0415
    from overlay.cli.from_git import read_published  # noqa: PLC0415

    if args["bundle"]:
        return from_bundle(args)
    if args["key"]:
        raise UsageError("--key goes with --bundle", hint="it says whose signature of a bundle counts")
    named = list(dict.fromkeys(args["environments"]))
    if args["repository"] or args["all"] == bool(named) or not _is_project(args["project"]):
        return read_published(args)
    every = named or Documents(args["project"]).every()
    # A number asks for what Git had then (`prod@11`).
    bundles = from_records(args, [name for name in every if "@" not in name])
    rest = tuple([name for name in every if name not in bundles])
    published = read_published({**args, "environments": rest, "all": False}) if rest else {}
    return {**bundles, **published}


def _without_cluster(args: dict[str, Any], failed: dict[str, OverlayError]) -> list[str]:
    """Return which environments name no cluster: as published or, where their branches say nothing, in documents."""
    from overlay.cli.documents import Documents  # noqa: PLC0415

    documents = None
    left = []
    for name, error in failed.items():
        if isinstance(error, NoCluster):
            left.append(name)
        elif not (args["repository"] or args["bundle"]):
            try:
                documents = documents or Documents(args["project"])
                if documents.settled(name).cluster is None:
                    left.append(name)
            except OverlayError:
                continue  # what kept it from being looked at is told
    return left


def _is_project(folder: str) -> bool:
    from overlay.files.root import find_root  # noqa: PLC0415

    try:
        find_root(folder)
    except UsageError:
        return False
    return True


def look_for_drift(args: dict[str, Any], published: Published) -> dict[str, Any]:
    """Return what differs in an environment's cluster, as a document shows it."""
    from overlay.cli.cluster_output import bundle_value  # noqa: PLC0415
    from overlay.cli.clusters import look  # noqa: PLC0415
    from overlay.model.cluster import ConflictRule  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    wish = published.wish
    # What others took is told as a change, field by field; what the environment leaves to them is none.
    left = [one for one in wish.settings.conflicts if one.action == "leave"]
    settings = replace(wish.settings, conflicts=(ConflictRule("", "take"), *left), max_prune="100%")
    live = look({**args, "first_contact": True}, replace(wish, settings=settings))
    try:
        rows = [*_going(live), *[_row(live, one) for one in live.plan.of(*_WORDS)]]
        return {
            "environment": wish.name, "context": live.client.access.context,
            "revision": published.revision or (live.record.current.revision if live.record.current else 0),
            "commit": published.commit, "bundle": bundle_value(wish.bundle), "objects": rows,
        }  # fmt: skip
    finally:
        live.client.close()


def _going(live: Live) -> list[dict[str, Any]]:
    """Return what is as it shall be, and is being deleted by somebody; a namespace with all that is in it."""
    from overlay.cli.cluster_output import id_value  # noqa: PLC0415
    from overlay.model.resource import ObjectId  # noqa: PLC0415

    found = {ObjectId("", "v1", "Namespace", "", name): since for name, since in live.plan.ending.items()}
    found |= {one.id: one.going for one in live.plan.going if one.verb not in _WORDS}
    return [
        {"difference": "going", **id_value(each), "why": f"somebody deletes it since {since}", "fields": []}
        for each, since in found.items()
    ]


def _row(live: Live, action: Action) -> dict[str, Any]:
    from overlay.cli.cluster_output import changes_value, id_value  # noqa: PLC0415
    from overlay.cluster.drift import drifted  # noqa: PLC0415

    served = live.placed.served.get(action.id.key)
    body = live.client.find(served, action.id.namespace, action.id.name) if served and action.changes else None
    owners = [one.managers for one in drifted(action, body)] if body else [() for _ in action.changes]
    return {
        "difference": _WORDS[action.verb],
        **id_value(action.id),
        "why": action.why or None,
        "fields": [
            {
                "path": one["path"], "live": one["before"], "committed": one["after"],
                "by": [{"manager": manager, "time": time or None} for manager, time in names],
            }
            for one, names in zip(changes_value(action), owners, strict=True)
        ],
    }  # fmt: skip


def _origin(one: dict[str, Any]) -> str:
    bundle = one["bundle"]
    return (
        f"{bundle['name']} {bundle['version']} ({bundle['digest'][:19]})" if bundle else f"revision {one['revision']}"
    )


def _print(found: list[dict[str, Any]]) -> None:
    from overlay.cli.cluster_output import value_text  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    lines = []
    for one in found:
        count = len(one["objects"])
        lines.append(
            f"{one['environment']}: {f'{count} object' + 's' * (count != 1) if count else 'nothing'} differs"
            f" from {_origin(one)} in {one['context']}".replace("objects differs", "objects differ")
        )
        for row in one["objects"]:
            label = "/".join([part for part in (row["kind"], row["namespace"], row["name"]) if part])
            lines.append(f"  {row['difference'].ljust(8)}  {label}{' (' + row['why'] + ')' if row['why'] else ''}")
            for each in row["fields"]:
                by = ", ".join([f"{who['manager']} {who['time'] or ''}".strip() for who in each["by"]])
                shown = f"{value_text(each['live'])} instead of {value_text(each['committed'])}"
                lines.append(f"              {each['path']}: {shown}{', by ' + by if by else ''}")
    sys.stdout.write("".join([f"{inert(line)}\n" for line in lines]))


DRIFT = Command(
    path=("drift",),
    help="""Show what differs in clusters from what is published in Git, field by field, with who changed it and when.

Where `overlay sync --bundle` applied a bundle, it is that one that counts, read again by its digest; --bundle names
another, or another place of it. It only reports; `overlay sync` corrects. Fields that the environment leaves to others
(cluster.conflicts) do not count.
Exit code: 0 nothing differs, 1 something does.

Examples:

  overlay drift --all

  overlay drift prod -o json

  overlay drift prod --bundle oci://registry.shop.example/shop:1.4.0""",
    run=drift,
    params=(
        ENVIRONMENTS,
        ALL,
        output("text", "json", "yaml"),
        Param(
            name="bundle",
            flags=("--bundle",),
            metavar="REF",
            help="What a bundle holds, whatever was applied: oci://host/path@sha256:…, or as `overlay pull` takes it.",
        ),
        Param(
            name="key",
            flags=("--key",),
            kind="list",
            metavar="FILE",
            help="With --bundle: a public key that must have signed it, beside what `verify` of its environment says.",
        ),
        *REACHING,
        *PLACE,
        REMOTE,
        STORE,
        *NETWORK,
        *COMMON,
    ),
)
