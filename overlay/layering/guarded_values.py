"""Values of layers below that change what a layer protects: the chart is rendered once more without them."""

from __future__ import annotations

from overlay.chart.values import flat, has_key, merge_values, overlay_maps
from overlay.errors import OverlayError, raise_all
from overlay.layering.guards import Guards
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.model.options import Options
from overlay.model.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from overlay.chart.render import Rendered, RenderRequest
    from overlay.layering.steps import Objects, Surroundings
    from overlay.model.contents import ReadLayer

    Answers = Sequence[Rendered | OverlayError]
    Key = tuple[str, ...]


def baselines(
    layers: Sequence[ReadLayer], request: RenderRequest, options: Options
) -> Iterator[tuple[int, RenderRequest]]:
    """Yield each layer that protects fields, and the chart as it is for it: without the values of all that is below."""
    for index, layer in enumerate(layers):
        spec = layer.layer.spec
        below = any(each.values for each in layers[index + 1 :])
        if (spec.protect or spec.allow) and (below or options.values or options.sets):
            above = [values for each in layers[: index + 1] for values in each.values]
            yield index, replace(request, values=merge_values(above, Options()))


class GuardedValues:
    """Checks one environment's values against what its layers protect.

    given: all values that the environment's chart gets. made: the objects that the chart makes of a rendering.
    """

    def __init__(
        self,
        layers: Sequence[ReadLayer],
        given: dict[str, Any],
        around: Surroundings,
        *,
        render: Callable[[Sequence[RenderRequest]], Answers],
        made: Callable[[Rendered], Objects],
    ) -> None:
        self.layers = layers
        self.given = given
        self.around = around
        self.render = render
        self.made = made

    def check(self, objects: Objects, requests: Sequence[tuple[int, RenderRequest]], answers: Answers) -> list[Finding]:
        """Refuse values that change what is protected; return what could not be checked."""
        findings: list[Finding] = []
        for (index, request), answer in zip(requests, answers, strict=True):
            layer = self.layers[index].layer
            if isinstance(answer, OverlayError):
                message = f"what {layer.file} protects is not checked against values below it"
                hint = f"the chart does not render without them: {answer}"
                findings.append(Finding("protect-unchecked", message, layer.location, hint))
                continue
            guards = Guards(self.around)
            guards.add(self.layers[index])
            before = self.made(answer)
            errors = guards.value_errors(before, objects, self._first_file(index), "values")
            if errors:
                raise_all(self._single(guards, before, request) or errors)
        return findings

    def _single(self, guards: Guards, before: Objects, request: RenderRequest) -> list[OverlayError]:
        """Find the values that break a rule each by itself."""
        above = dict(flat(request.values))
        keys = [key for key, item in flat(self.given) if key not in above or above[key] != item]
        answers = self.render([replace(request, values=_with(request.values, key, self.given)) for key in keys])
        errors: list[OverlayError] = []
        for key, answer in zip(keys, answers, strict=True):
            if not isinstance(answer, OverlayError):
                what = f"the value {'.'.join(key)}"
                errors += guards.value_errors(before, self.made(answer), self._place(key), what)
        return errors

    def _first_file(self, index: int) -> Location | None:
        return next((values.locate(()) for layer in self.layers[index + 1 :] for values in layer.values), None)

    def _place(self, key: Key) -> Location:
        files = [values for layer in self.layers for values in layer.values if has_key(values.value, key)]
        return files[-1].locate(key, key=True) if files else Location("<--set>")


def _with(values: dict[str, Any], key: Key, given: dict[str, Any]) -> dict[str, Any]:
    item: Any = given
    for part in key:
        item = item[part]
    for part in reversed(key):
        item = {part: item}
    return overlay_maps(values, item)
