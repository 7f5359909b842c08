"""The seam to Helm: what is asked, what comes back, and who can answer."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Protocol

    from overlay.errors import OverlayError
    from overlay.model.contents import ChartSource

# A child's last words where Helm's library is not for this platform, or damaged.
UNLOADABLE = "cannot load: "


@value(kw_only=True)
class RenderRequest:
    """One rendering; `environment` is only for messages."""

    environment: str
    chart: ChartSource
    values: dict[str, Any]
    release_name: str
    namespace: str
    revision: int
    is_upgrade: bool
    kubernetes_version: str
    api_versions: tuple[str, ...]


@value(kw_only=True)
class Rendered:
    """What Helm made of a chart, before it is read as YAML.

    templates: (path below the chart's folder, text), sorted by path; NOTES.txt is not among them.
    crds: (path below the chart's folder, text) from crds/ of the chart and its enabled sub-charts.
    warnings: lines that Helm logged.
    """

    templates: tuple[tuple[str, str], ...]
    crds: tuple[tuple[str, str], ...]
    notes: str | None
    warnings: tuple[str, ...] = ()


if TYPE_CHECKING:

    class Renderer(Protocol):
        """Renders charts; the results come in the order of the requests, a failure in its place."""

        version: str

        def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendered | OverlayError]: ...
        def close(self) -> None: ...
