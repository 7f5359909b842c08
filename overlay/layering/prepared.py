"""An environment before its chart is rendered, and what its layers need to know about it."""

from __future__ import annotations

from overlay.kube.types import load_types
from overlay.layering.steps import Surroundings
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.chart.render import RenderRequest
    from overlay.errors import OverlayError
    from overlay.kube.custom import CustomKinds
    from overlay.load.graph import Effective
    from overlay.merge.apply import Check
    from overlay.model.contents import ChartSource, ReadEnvironment, ReadPatch
    from overlay.model.resource import ObjectId, Resource


@value(kw_only=True)
class Prepared:
    """An environment before its chart is rendered."""

    name: str
    environment: ReadEnvironment
    settled: Effective
    chart: ChartSource | None
    request: RenderRequest | None
    # For each layer that protects fields from values of layers below: its index, and the chart as rendered for it.
    baselines: tuple[tuple[int, RenderRequest], ...] = ()

    @property
    def requests(self) -> list[RenderRequest]:
        """All that must be rendered: the environment's own chart first."""
        return [*([self.request] if self.request is not None else []), *[request for _, request in self.baselines]]


def surroundings(one: Prepared, kinds: CustomKinds | None = None, *, validate: bool = False) -> Surroundings:
    """Return what an environment's layers need to know about it; `validate` checks patches as they are written."""
    types = load_types(one.settled.kubernetes_version)
    types = types.with_custom(kinds.type) if kinds is not None else types
    check: Check | None = None
    if validate:

        def check(patch: ReadPatch, named: Sequence[ObjectId], found: Sequence[Resource]) -> list[OverlayError]:
            from overlay.check.patches import check_patch  # noqa: PLC0415  # only where there are patches

            return check_patch(patch, named, found, types)

    return Surroundings(environment=one.name, types=types, facts=_facts(one), check=check)


def _facts(one: Prepared) -> dict[str, str | None]:
    return {
        "name": one.name,
        "namespace": one.settled.release_namespace,
        "releaseName": one.settled.release_name,
        "kubernetesVersion": one.settled.kubernetes_version,
        "cluster": (one.settled.cluster.context or None) if one.settled.cluster else None,
    }
