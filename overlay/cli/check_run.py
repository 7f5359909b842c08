"""A check of many environments: what earlier runs found is taken from the cache, the rest is found side by side."""

from __future__ import annotations

import os

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.diff.checked import Checked
    from overlay.inspect.check import Checks
    from overlay.inspect.check_cache import CheckCache
    from overlay.run import Run


def run_checks(
    checks: Checks, names: Sequence[str], args: dict[str, Any], fingerprint: dict[str, str]
) -> list[Checked]:  # fmt: skip
    """Return what is found of each environment, in the order of the names.

    fingerprint: of each environment, what its rules look at beside the files that it is made of.
    """
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.inspect.affected import prepare_beside  # noqa: PLC0415
    from overlay.inspect.workers import check_all  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    progress = Progress(args)
    progress.at(f"{len(names)} environments")
    cache = _cache(args, checks.after.project.root)
    if cache is not None:
        checks = replace(checks, remembered=cache.folder)
        checks.ask(checks.after.renderer)
    if checks.before is not None:
        prepare_beside(checks.before.run, checks.after.run, names)
    keys = {name: _key(cache, checks, name, fingerprint.get(name, "")) if cache is not None else None for name in names}
    found: dict[str, Checked] = {}
    for name, key in keys.items():
        known = cache.get(key) if cache is not None and key is not None else None
        if known is not None and known.environment == name:
            found[name] = known
    try:
        for one in check_all(checks, [name for name in names if name not in found]):
            found[one.environment] = one
            progress.at(f"{len(found)} of {len(names)} environments checked")
            key = keys[one.environment]
            if cache is not None and key is not None:
                cache.put(key, one)
    finally:
        progress.end()
    if cache is not None:
        cache.prune()
    return [found[name] for name in names]


def _cache(args: dict[str, Any], root: str) -> CheckCache | None:
    """Return the cache; none with --no-cache, and none that the project itself could bring along.

    Raises UsageError.
    """
    if args["no_cache"]:
        return None
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.inspect.check_cache import CheckCache  # noqa: PLC0415

    given = args["cache_dir"]
    folder = os.path.realpath(given) if given else cache_folder()
    if given and _is_below(folder, root):
        raise UsageError(
            f"{given} lies in the project: what a change brings along would decide how it is checked",
            hint="name a folder outside of it, such as one below the user's cache folder",
        )
    cache = CheckCache(folder)
    if given and not cache.usable:
        raise UsageError(
            f"{given} cannot be used: the folder has to be yours, and nobody else's to read or write",
            hint=f"chmod -R go= {given}, or name another one",
        )
    return cache


def _is_below(folder: str, root: str) -> bool:
    """Tell whether a folder is in the project, or in the repository that holds it."""
    top = place = os.path.realpath(root)
    while place != os.path.dirname(place):
        if os.path.lexists(os.path.join(place, ".git")):
            top = place
            break
        place = os.path.dirname(place)
    return os.path.commonpath([folder, top]) == top


def _key(cache: CheckCache, checks: Checks, name: str, fingerprint: str) -> str | None:
    """Return what an entry of an environment is called; None where it cannot be read, which is always checked anew."""
    from overlay import __version__  # noqa: PLC0415

    before = checks.before.run if checks.before is not None else None
    sides = [_inputs(run, name) for run in (checks.after.run, before)]
    if None in sides:
        return None
    wanted = checks.wanted
    rules = [repr(wanted.rules), wanted.detect_renames, wanted.causes]
    return cache.key(__version__, checks.after.renderer.version, name, fingerprint, rules, sides)


def _inputs(run: Run | None, name: str) -> list[list[str]] | str | None:
    from overlay.layering.prepared import Prepared  # noqa: PLC0415

    if run is None:
        return "no base"
    if name not in run.environments:
        return "not there"
    one = run.prepare(name)
    return [[each.path, each.digest] for each in run.inputs(one)] if isinstance(one, Prepared) else None
