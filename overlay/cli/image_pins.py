"""`overlay images ENV --pin`: tags become digests, written into the environment's own source."""

from __future__ import annotations

from overlay.errors import OverlayError, UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.cli.sourcing import Source
    from overlay.inspect.images import ImageUse
    from overlay.source.draft import Draft
    from overlay.source.setting import Move


def pin_images(args: dict[str, Any]) -> int:
    """Ask registries for digests, change the source, show what that renders, commit it."""
    from overlay.cli.pin import warn_of_values  # noqa: PLC0415
    from overlay.cli.sourcing import Source, carry_out  # noqa: PLC0415
    from overlay.inspect.images import image_uses  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.source.place import put_setting  # noqa: PLC0415

    if args["all"] or len(args["environments"]) != 1:
        raise UsageError("--pin changes one environment at a time", hint="name it")
    if args["output"] == "name":
        raise UsageError("-o name lists images; --pin prints what it changes", hint="-o table, json or yaml")
    args = {**args, "output": "text" if args["output"] == "table" else args["output"]}
    with Workshop(project=args["project"], options=Options(strict=args["strict"]), child=args["early"]) as workshop:
        source = Source(args, workshop, args["environments"][0])
        uses = image_uses(source.session)
        digests = _resolve(args, source.name, _to_pin(source.name, uses))
        moves = _moves(source, digests)
        warn_of_values(args, source, [move.setting for move in moves])

        def edit(draft: Draft) -> None:
            for move in moves:
                put_setting(draft, source.document, move.setting, None)

        return carry_out(args, source, moves, edit, None)


def _to_pin(environment: str, uses: Sequence[ImageUse]) -> dict[str, ImageUse]:
    """Return one use of each image that has no digest yet.

    Raises UsageError, or Problems, for names with two tags: an entry of `images` would make one of them.
    """
    from overlay.transforms.images import split_image  # noqa: PLC0415

    by_name: dict[str, dict[str, ImageUse]] = {}
    for one in uses:
        by_name.setdefault(split_image(one.reference)[0], {}).setdefault(one.reference, one)
    found: dict[str, ImageUse] = {}
    errors: list[OverlayError] = []
    for name, known in by_name.items():
        loose = {reference: one for reference, one in known.items() if "@" not in reference}
        found |= loose
        if loose and len(known) > 1:
            first = next(iter(loose.values()))
            errors.append(
                UsageError(
                    f"{name} is used as {' and as '.join(sorted(known))}: a digest for the name would make them one",
                    location=first.location, hint="write the digests there, or give all of them one tag",
                    environment=environment, object=first.object,
                )
            )  # fmt: skip
    raise_all(errors)
    return found


def _resolve(args: dict[str, Any], environment: str, wanted: Mapping[str, ImageUse]) -> dict[str, str]:
    """Return the digest of each image that a registry gives now.

    Raises FetchError, or Problems with all that registries do not have.
    """
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.registries import open_session  # noqa: PLC0415
    from overlay.oci.image_names import image_place, read_image  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415
    from overlay.parallel import run_all  # noqa: PLC0415

    found: dict[str, str] = {}
    errors: dict[str, OverlayError] = {}
    progress = Progress(args)
    with open_session(args) as session:

        def ask(reference: str) -> None:
            try:
                named = image_place(read_image(reference), plain_http=args["plain_http"])
                found[reference] = Remote(session, named.repository).manifest(named.tag).digest
            except OverlayError as error:
                error.environment, error.object = environment, wanted[reference].object
                error.location = wanted[reference].location
                errors[reference] = error
            progress.at(f"asked for {len(found) + len(errors)} of {len(wanted)} images")

        run_all(ask, list(wanted), workers=4)
    progress.end()
    raise_all([errors[reference] for reference in wanted if reference in errors])
    return {reference: found[reference] for reference in wanted}


def _moves(source: Source, digests: Mapping[str, str]) -> tuple[Move, ...]:
    from overlay.source.setting import Move, Setting  # noqa: PLC0415
    from overlay.transforms.images import split_image  # noqa: PLC0415

    own = source.session.prepared.environment.layers[-1].layer.spec.images
    moves = []
    for reference, digest in digests.items():
        name, tag, _ = split_image(reference)
        # Where the environment itself gives an image its name, the digest belongs to that entry.
        renamed = [entry.name for entry in own if entry.new_name == name]
        entry = name if any(one.name == name for one in own) or not renamed else renamed[-1]
        content = {**({"newTag": tag} if tag else {}), "digest": digest}
        moves.append(Move(setting=Setting(kind="image", name=entry, content=content), before=tag or "no tag"))
    return tuple(moves)
