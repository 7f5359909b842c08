"""Small charts for tests."""

from __future__ import annotations

from overlay.chart.render import RenderRequest
from overlay.model.contents import ChartSource
from overlay.model.location import Location

HERE = Location("environments/base/base.yaml", 4, 10)
CHART = "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: '7'\n"


def source(files: dict[str, str], *, chart: str = CHART) -> ChartSource:
    every = {"Chart.yaml": chart, **files}
    found = tuple(sorted((name, text.encode()) for name, text in every.items()))
    return ChartSource(kind="helm", path="environments/base/chart", location=HERE, files=found, digest=repr(found))


def request(files: dict[str, str], values: dict | None = None, **changes: object) -> RenderRequest:
    chart = changes.pop("chart", CHART)
    return RenderRequest(
        **{
            "environment": "prod", "chart": source(files, chart=chart), "values": values or {}, "release_name": "shop",
            "namespace": "there", "revision": 1, "is_upgrade": False, "kubernetes_version": "1.34.0", "api_versions": (),
            **changes,
        }
    )  # fmt: skip
