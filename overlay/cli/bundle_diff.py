"""`overlay diff ENV --against REF`: what a bundle holds of an environment, and what it renders to now."""

from __future__ import annotations

import json
import os
import sys

from overlay.cli.printing import print_document
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, FetchError, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.show_bundle import Opened
    from overlay.model.build import Build
    from overlay.model.project import FieldRule


def bundle_diff(args: dict[str, Any], name: str) -> int:
    """Print what differs; return 1 where something does."""
    from overlay.cli.fields import fields_text  # noqa: PLC0415
    from overlay.cli.show_bundle import files_in, open_bundle  # noqa: PLC0415
    from overlay.cli.sourcing_output import effect_value  # noqa: PLC0415
    from overlay.diff.effect import field_changes  # noqa: PLC0415
    from overlay.gitops.manifests import objects_of  # noqa: PLC0415
    from overlay.kube.types import load_types  # noqa: PLC0415

    if "@" in name or ".." in name or args["with_prune"]:
        raise UsageError("--against compares with what is rendered now", hint=f"name an environment, not {name!r}")
    build = _build(name, args)
    with open_bundle(args, args["against"]) as bundle:
        files = files_in(bundle, [name])[name]
    masked = (*_masked(files, name, bundle), *build.settings.masked)
    changes = field_changes(objects_of(files), build.objects, load_types(build.settings.kubernetes_version), masked)
    contents = bundle.contents
    if args["output"] == "text":
        if changes:
            from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415

            style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
            head = style.paint(inert(f"{name} of {contents.name} {contents.version} → now"), "bold")
            sys.stdout.write(f"{head}\n{inert(fields_text(changes))}")
    else:
        found = {
            "apiVersion": "overlay.dev/v1",
            "kind": "Diff",
            "from": {"environment": name, "bundle": contents.name, "version": contents.version,
                     "digest": bundle.manifest.digest},
            "to": {"environment": name},
            "changes": effect_value(changes),
        }  # fmt: skip
        print_document(found, args["output"])
    return EXIT_DIFFERENT if changes else EXIT_OK


def _masked(files: dict[str, bytes], name: str, bundle: Opened) -> tuple[FieldRule, ...]:
    """Return the fields whose values are hidden, as the bundle's record of the environment says."""
    from overlay.gitops.record import masked_fields  # noqa: PLC0415
    from overlay.tree import RECORD  # noqa: PLC0415

    try:
        return masked_fields(json.loads(files[RECORD])["settings"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise FetchError(
            f"{bundle.source.shown}@{bundle.manifest.digest}: the settings of {name} are not as overlay writes them"
        ) from None


def _build(name: str, args: dict[str, Any]) -> Build:
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.pipeline import build_all  # noqa: PLC0415

    options = Options(strict=args["strict"])
    [(_, result)] = build_all([name], project=args["project"], options=options, child=args["early"])
    if isinstance(result, OverlayError):
        raise result
    report((), result.findings, args)
    return result
