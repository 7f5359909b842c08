"""What the values that two environments set differently do: each is set back by itself, and the chart rendered."""

from __future__ import annotations

from overlay.chart.render import Rendered
from overlay.chart.values import flat, overlay_maps
from overlay.diff.change import MISSING
from overlay.diff.environments import find_field
from overlay.errors import OverlayError
from overlay.merge.same import same
from overlay.model.value import replace
from overlay.provenance.templates import only_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.chart.render import RenderRequest
    from overlay.inspect.session import Session
    from overlay.kube.leaves import Path
    from overlay.model.contents import ChartSource
    from overlay.model.resource import Resource

    Key = tuple[str, ...]
    Bodies = dict[tuple[str, str, str], dict[str, Any]]

# More values than this are not tried one by one.
MOST_KEYS = 300


class Effects:
    """One environment's values beside another's, on the same templates."""

    def __init__(self, one: Session, other: Session) -> None:
        self._one = one
        self._request = one.prepared.request
        beside = other.prepared.request
        self._changes: dict[Key, Any] = {}
        if self._request is None or beside is None:
            return
        self._beside = beside.chart
        here, there = dict(flat(one.values().effective)), dict(flat(other.values().effective))
        changes = {
            key: there.get(key)
            for key in (*here, *[key for key in there if key not in here])
            if key and not same(here.get(key, MISSING), there.get(key, MISSING))
        }
        self._changes = changes if len(changes) <= MOST_KEYS else {}
        self._known: dict[str, list[tuple[Key, Bodies | None]]] = {}

    def behind(self, file: str, resource: Resource, path: Path) -> tuple[Key, ...]:
        """Return the keys that, set as the other environment has them, give a field another value.

        file: the template. resource: the chart's object, of either environment. path: () for the object itself.
        """
        if self._request is None or not self._changes or not _same_template(self._request.chart, self._beside, file):
            return ()
        if file not in self._known:
            self._known[file] = list(self._tried(self._request, file))
        identity = (resource.id.kind, resource.id.name, resource.id.namespace)
        (_, now), *tried = self._known[file]
        moves = [(key, _moved(now or {}, bodies, identity, path)) for key, bodies in tried if bodies is not None]
        # What makes a field come or go outweighs what only changes it.
        most = max((move for _, move in moves), default=0)
        return tuple([key for key, move in moves if move and move == most])

    def _tried(self, request: RenderRequest, file: str) -> list[tuple[Key, Bodies | None]]:
        """Return what a template renders now, under the key (), and with each key changed where that is different."""
        name = file.removeprefix(f"{request.chart.path}/")
        rendered = dict(self._one.rendered.templates).get(name, "") if self._one.rendered is not None else ""
        smaller = only_template(request, name, rendered, self._one.render)
        keys = list(self._changes)
        answers = self._one.render(
            [replace(smaller, values=_with(request.values, key, self._changes[key])) for key in keys]
        )
        texts = [None if isinstance(answer, OverlayError) else dict(answer.templates).get(name) for answer in answers]
        changed = [self._bodies(name, text) if text is not None and text != rendered else None for text in texts]
        return list(zip([(), *keys], [self._bodies(name, rendered), *changed], strict=True))

    def _bodies(self, name: str, text: str) -> Bodies | None:
        """Return the objects of a rendered text; the same text as in another environment is not parsed again."""
        if self._request is None:
            return None
        only = Rendered(templates=((name, text),), crds=(), notes=None)
        try:
            found = self._one.run.manifests.of_chart(only, self._request.chart, include_crds=False, include_tests=True)
        except OverlayError:
            return None
        return {(one.id.kind, one.id.name, one.id.namespace): one.body for one in found}


def _same_template(one: ChartSource, other: ChartSource, file: str) -> bool:
    """Tell whether a template does the same with the same values in two charts.

    Their own values are among those that are compared, and each is tried in one chart: what else the charts say, and
    what their other templates make, is the same both times.
    """
    if one.digest == other.digest:
        return True
    name = file.removeprefix(f"{one.path}/")

    def matters(path: str) -> bool:
        folder, _, base = path.rpartition("/")
        return path == name or (
            path not in ("values.yaml", "Chart.yaml") and (folder != "templates" or base[:1] == "_")
        )

    return [each for each in one.files if matters(each[0])] == [each for each in other.files if matters(each[0])]


def _with(values: dict[str, Any], key: Key, item: Any) -> dict[str, Any]:
    new = item
    for part in reversed(key):
        new = {part: new}
    return overlay_maps(values, new)


def _moved(now: Bodies, changed: Bodies, identity: tuple[str, str, str], path: Path) -> int:
    """Return 2 where a field, or the object, is there on one side only, 1 where it is another value, or 0."""
    before, after = now.get(identity), changed.get(identity)
    if before is None or after is None:
        return 2 * ((before is None) != (after is None))
    old, new = (find_field(body, path) if path else None for body in (before, after))
    if old is None or new is None:
        return 2 * ((old is None) != (new is None))
    return int(not same(old[1], new[1]))
