"""A check of many environments: what earlier runs found is taken from the cache, the rest is found side by side."""

from __future__ import annotations

import os

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.diff.checked import Checked
    from overlay.inspect.check import Checks
    from overlay.inspect.check_cache import CheckCache
    from overlay.model.input import Input
    from overlay.run import Run

    # What an environment is made of in a version; None where that is not to be known.
    MadeOf = Callable[[Run, str], Sequence[Input] | None]


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
    earlier = _Earlier(cache, checks, fingerprint) if cache is not None else None
    found = earlier.unloaded(names) if earlier is not None else {}
    rest = [name for name in names if name not in found]
    if checks.before is not None:
        prepare_beside(checks.before.run, checks.after.run, rest)
    if earlier is not None:
        found |= earlier.loaded(rest)
    try:
        for one in check_all(checks, [name for name in rest if name not in found]):
            found[one.environment] = one
            progress.at(f"{len(found)} of {len(names)} environments checked")
            if earlier is not None:
                earlier.put(one)
    finally:
        progress.end()
    if cache is not None:
        cache.prune()
    return [found[name] for name in names]


class _Earlier:
    """What earlier runs found of environments that are made of the same."""

    def __init__(self, cache: CheckCache, checks: Checks, fingerprint: dict[str, str]) -> None:
        from overlay import __version__  # noqa: PLC0415
        from overlay.inspect.read_sets import ReadSets  # noqa: PLC0415

        self._cache, self._fingerprint = cache, fingerprint
        self._runs = (checks.after.run, checks.before.run if checks.before is not None else None)
        wanted = checks.wanted
        rules = [repr(wanted.rules), wanted.detect_renames, wanted.causes]
        self._common = (__version__, checks.after.renderer.version, rules)
        self._sets = ReadSets(cache.folder, checks.after.run, __version__)
        self._keys: dict[str, str] = {}

    def unloaded(self, names: Sequence[str]) -> dict[str, Checked]:
        """Return what is known of environments, as far as it is known, too, what they are made of."""
        return self._known(names, self._sets.inputs)

    def loaded(self, names: Sequence[str]) -> dict[str, Checked]:
        """Return what is known of environments that are loaded for it."""
        found = self._known(names, _inputs)
        for name in names:
            self._sets.learn(name, self._runs)
        self._sets.keep()
        return found

    def put(self, checked: Checked) -> None:
        """Keep what was found of an environment; of one that cannot be read, all is found anew each time."""
        if checked.environment in self._keys:
            self._cache.put(self._keys[checked.environment], checked)

    def _known(self, names: Sequence[str], inputs: MadeOf) -> dict[str, Checked]:
        found = {}
        for name in names:
            sides = [_side(run, name, inputs) for run in self._runs]
            if None in sides:
                self._keys.pop(name, None)
                continue
            version, helm, rules = self._common
            key = self._keys[name] = self._cache.key(version, helm, name, self._fingerprint.get(name, ""), rules, sides)
            known = self._cache.get(key)
            if known is not None and known.environment == name:
                found[name] = known
        return found


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


def _side(run: Run | None, name: str, inputs: MadeOf) -> list[list[str]] | str | None:
    """Return what an environment is made of in a version; None where that is not to be known."""
    if run is None:
        return "no base"
    if name not in run.environments:
        return "not there"
    found = inputs(run, name)
    return [[each.path, each.digest] for each in found] if found is not None else None


def _inputs(run: Run, name: str) -> Sequence[Input] | None:
    from overlay.layering.prepared import Prepared  # noqa: PLC0415

    one = run.prepare(name)
    return run.inputs(one) if isinstance(one, Prepared) else None
