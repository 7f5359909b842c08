"""`overlay pin`: a version or a value, written into an environment's own source."""

from __future__ import annotations

from overlay.cli.sourcing import Source, carry_out
from overlay.cli.sourcing_options import SOURCING
from overlay.cli.table import Command, Param
from overlay.errors import UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.errors import OverlayError
    from overlay.source.draft import Draft
    from overlay.source.promote import Standing
    from overlay.source.setting import Setting


def pin(args: dict[str, Any]) -> int:
    """Change the source, show what that renders, commit it."""
    from overlay.inspect.session import Workshop  # noqa: PLC0415  # Helm's library loads meanwhile
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.source.place import put_setting  # noqa: PLC0415
    from overlay.source.promote import standing  # noqa: PLC0415
    from overlay.source.setting import Move, content_text  # noqa: PLC0415

    with Workshop(project=args["project"], options=Options(strict=args["strict"]), child=args["early"]) as workshop:
        if not (args["image"] or args["chart"] or args["value"]):
            hint = "write --image shop/web=2.4.2, --chart 1.4.0 or --value web.port=8080"
            raise UsageError("nothing to pin", hint=hint)
        source = Source(args, workshop, args["environment"])
        now = source.standing()
        settings = _settings(args, source, now)
        warn_of_values(args, source, settings)
        moves = []
        for setting in settings:
            before = standing(setting, now)
            moves.append(Move(setting=setting, before=None if before is None else content_text(setting.kind, before)))

        def edit(draft: Draft) -> None:
            for setting in settings:
                put_setting(draft, source.document, setting, now.chart)

        return carry_out(args, source, tuple(moves), edit, None)


def _settings(args: dict[str, Any], source: Source, now: Standing) -> list[Setting]:
    """Return what the command line asks for; raises for images and keys that nobody knows."""
    from overlay.source.place import value_at, version_field  # noqa: PLC0415
    from overlay.source.setting import (  # noqa: PLC0415
        Setting,
        check_version,
        image_setting,
        value_key,
        value_setting,
    )

    errors: list[OverlayError] = []
    found = [image_setting(text) for text in args["image"]]
    found_names = _image_names(source) if found else []
    errors += [_unknown(f"no container of {source.name} uses the image {one.name!r}", one.name, found_names)
               for one in found if one.name not in found_names]  # fmt: skip
    if args["chart"]:
        field = version_field(now.chart) if now.chart is not None else ""
        content = {field or "version": check_version(args["chart"])}
        found.append(Setting(kind="chart", name=now.chart.label if now.chart is not None else "", content=content))
    for text in args["value"]:
        key = value_key(text.partition("=")[0])
        known = value_at(now.values, key)
        problem = _unknown_key(source, text.partition("=")[0], key)
        if problem is not None:
            errors.append(problem)
        found.append(value_setting(text, known[0] if known else None))
    raise_all(errors)
    return found


def warn_of_values(args: dict[str, Any], source: Source, settings: list[Setting]) -> None:
    """Say where a value of the environment's own says the same, and will not count any more."""
    images = [one for one in settings if one.kind == "image"]
    if not images:
        return
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.model.finding import Finding  # noqa: PLC0415
    from overlay.source.behind import values_behind  # noqa: PLC0415
    from overlay.source.promote import own_settings  # noqa: PLC0415
    from overlay.transforms.images import image_references  # noqa: PLC0415

    own = own_settings(source.draft, source.document, None)
    entries = {one.name for one in own if one.kind == "image"}
    references = image_references(source.session.build)
    found = [
        Finding(
            "value-overridden",
            f"the value {value.name} of {source.name} says which {one.name} is used, and will not count any more",
            hint=f"pin that in its place: --value {value.name}={one.text}",
        )
        for one in images
        if one.name not in entries
        for value in values_behind(references, one.name, own)
    ]
    report((), found, args)


def _image_names(source: Source) -> list[str]:
    from overlay.transforms.images import image_names  # noqa: PLC0415

    layers = source.session.prepared.environment.layers
    extra = tuple([one for layer in layers for one in layer.layer.spec.field_specs.images])
    # What a layer above renames is only known by its new name here; what this one renames by both.
    own = [entry.name for entry in layers[-1].layer.spec.images]
    return sorted({*image_names(source.session.build.objects, extra), *own})


def _unknown_key(source: Source, name: str, key: tuple[str | int, ...]) -> UsageError | None:
    from overlay.chart.values import flat  # noqa: PLC0415
    from overlay.inspect.unused import is_known  # noqa: PLC0415

    if source.session.prepared.request is None:
        return UsageError(f"{source.name} has no Helm chart that takes values")
    names = []
    for part in key:
        if isinstance(part, int):
            break
        names.append(part)
    if is_known(source.session, tuple(names)):
        return None
    known = [".".join(each) for each, _ in flat(source.session.values().defaults)]
    return _unknown(f"the chart of {source.name} knows no value {name!r}", name, known)


def _unknown(message: str, word: str, known: list[str]) -> UsageError:
    from overlay.nearest import did_you_mean  # noqa: PLC0415

    return UsageError(message, hint=did_you_mean(word, known) or f"there are {', '.join(known[:10]) or 'none'}")


PIN = Command(
    path=("pin",),
    help="""Write a version or a value into an environment's own source, and commit it.

Only that place of the file changes; comments and layout stay. What it changes in the rendered objects is shown.
On what is checked out, index, stash and all other files stay as they are. No hooks run: with --no-commit the
commit, and with it your hooks, are yours.

Examples:

  overlay pin prod --image shop/web=2.4.2

  overlay pin prod --value web.logLevel=debug --dry-run

  overlay pin prod --chart 1.4.0 --branch bump-chart""",
    run=pin,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(
            name="image",
            flags=("--image",),
            kind="list",
            metavar="NAME=TAG",
            help="Set an image's tag (NAME=TAG), digest (NAME@sha256:…) or both (NAME=TAG@sha256:…); repeatable.",
        ),
        Param(
            name="chart",
            flags=("--chart",),
            metavar="VERSION",
            help="Set the chart's version, or the ref of one from Git; overlay.lock follows.",
        ),
        Param(
            name="value",
            flags=("--value",),
            kind="list",
            metavar="KEY=VALUE",
            help="Set a value of the chart, given as YAML; one that is a string stays a string; repeatable.",
        ),
        *SOURCING,
    ),
)
