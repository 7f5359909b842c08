"""What a chart says of itself in Chart.yaml, as far as a build needs it."""

from __future__ import annotations

from overlay.chart.check import metadata_document, read_metadata
from overlay.chart.constraint import BadConstraint, satisfies
from overlay.errors import ChartError
from overlay.model.build import ChartInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.contents import ChartSource


def chart_info(chart: ChartSource) -> ChartInfo:
    """Return a chart's name and versions; a folder of manifests is called as its folder."""
    if chart.kind != "helm":
        return ChartInfo(name=chart.path.rpartition("/")[2], version="", app_version="", path=chart.path)
    metadata = read_metadata(chart)
    return ChartInfo(
        name=str(metadata.get("name", "")),
        version=str(metadata.get("version", "")),
        app_version=str(metadata.get("appVersion", "")),
        path=chart.path,
    )


def check_kubernetes(chart: ChartSource, version: str) -> None:
    """Refuse a chart whose kubeVersion excludes the version rendered for; the library does not look at it.

    Raises ChartError.
    """
    document = metadata_document(chart)
    constraint = document.value.get("kubeVersion")
    if not isinstance(constraint, str) or not constraint:
        return
    location = document.location(("kubeVersion",))
    try:
        if satisfies(version, constraint):
            return
    except BadConstraint:
        raise ChartError(f"kubeVersion {constraint!r} is no version constraint", location=location) from None
    raise ChartError(
        f"chart requires kubeVersion {constraint}, this environment has {version}",
        location=location,
        hint="set kubernetesVersion, or use a chart version made for it",
    )
