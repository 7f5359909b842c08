"""What `overlay drift` holds a cluster against where a bundle was applied to it: that bundle, by its digest."""

from __future__ import annotations

from contextlib import ExitStack

from overlay.errors import OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.from_git import Published
    from overlay.cluster.record import Entry


def from_bundle(args: dict[str, Any]) -> dict[str, Published | OverlayError]:
    """Return what the bundle of `--bundle` holds, of the environments that are named or of all of its.

    Raises OverlayError for what concerns all.
    """
    from overlay.cli.from_bundle import wishes_of  # noqa: PLC0415
    from overlay.cli.show_bundle import open_bundle  # noqa: PLC0415

    if args["repository"] or args["branch"] or args["path"]:
        raise UsageError("--bundle and --repository exclude each other: a bundle says all of it")
    with open_bundle(args, args["bundle"]) as bundle:
        names = list(dict.fromkeys(args["environments"]))
        if args["all"] == bool(names):
            raise UsageError("which environment?", hint="name one or more, or say --all")
        return {**wishes_of(args, bundle, names or list(bundle.contents.records))}


def from_records(args: dict[str, Any], names: Sequence[str]) -> dict[str, Published | OverlayError]:
    """Return what was applied as a bundle, by environment: what is published elsewhere does not concern it.

    Those whose record says nothing of a bundle, or cannot be read, are not in it: whoever reads what Git has says why.
    """
    from overlay.cli.tracked import track  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    found: dict[str, Published | OverlayError] = {}
    with ExitStack() as opened:
        for name in names:
            try:
                tracked = track(args, name)
            except OverlayError:
                continue
            opened.callback(tracked.client.close)
            if tracked.current.bundle is None:
                continue
            try:
                one = _recorded(args, name, tracked.current)
                # Which revision of the cluster it is, the bundle does not know.
                found[name] = replace(one, revision=tracked.current.revision)
            except OverlayError as error:
                found[name] = error.of(name)
    return found


def _recorded(args: dict[str, Any], name: str, entry: Entry) -> Published:
    from overlay.cli.from_bundle import wishes_of  # noqa: PLC0415
    from overlay.cli.show_bundle import open_bundle  # noqa: PLC0415

    assert entry.bundle is not None  # noqa: S101  # the caller looked
    text = f"{entry.bundle.place}@{entry.bundle.digest}"
    try:
        with open_bundle(args, text) as bundle:
            return wishes_of({**args, "bundle": text}, bundle, [name])[name]
    except OverlayError as error:
        error.hint = error.hint or "--bundle says where the bundle is now"
        raise
