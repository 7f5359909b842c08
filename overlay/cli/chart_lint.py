"""What `overlay chart lint` finds."""

from __future__ import annotations

from overlay.errors import EXIT_DIFFERENT, EXIT_OK, OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.load.graph import Effective
    from overlay.model.contents import ChartSource
    from overlay.model.finding import Finding


def lint_chart(args: dict[str, Any]) -> int:
    """Report everything that is wrong with the chart; exit 1 where something is."""
    from overlay.cli.charts import find_chart  # noqa: PLC0415
    from overlay.cli.exits import report  # noqa: PLC0415

    errors: list[OverlayError] = []
    findings: list[Finding] = []
    source, settled = find_chart(args)
    try:
        errors += _packing(source)
        findings += _rendering(source, settled)
    except OverlayError as error:
        errors.append(error)
    report(errors, findings, args)
    return EXIT_DIFFERENT if errors or (args["strict"] and findings) else EXIT_OK


def _packing(source: ChartSource) -> list[OverlayError]:
    """Return why the chart cannot be packaged."""
    from overlay.oci.chart import pack_chart  # noqa: PLC0415

    try:
        pack_chart(source, 0, version=None, app_version=None)
    except OverlayError as error:
        return list(error.each())
    return []


def _rendering(source: ChartSource, settled: Effective) -> list[Finding]:
    """Render the chart with its own values; return what Helm warns of."""
    from overlay.chart.choose import choose_renderer  # noqa: PLC0415
    from overlay.chart.manifests import Manifests  # noqa: PLC0415
    from overlay.chart.render import RenderRequest  # noqa: PLC0415
    from overlay.model.finding import Finding  # noqa: PLC0415
    from overlay.provenance.rendered_lines import at_template_lines  # noqa: PLC0415

    request = RenderRequest(
        environment="",
        chart=source,
        values={},
        release_name="release",
        namespace="default",
        revision=1,
        is_upgrade=False,
        kubernetes_version=settled.kubernetes_version,
        api_versions=settled.api_versions,
    )
    renderer = choose_renderer()
    try:
        [answer] = renderer.render([request])
        if isinstance(answer, OverlayError):
            raise answer
        try:
            Manifests().of_chart(answer, source, include_crds=True, include_tests=True)
        except OverlayError as error:
            raise at_template_lines(error, request, answer, lambda asked: list(renderer.render(asked))) from None
    finally:
        renderer.close()
    return [Finding("helm-warning", line[:500], location=source.location) for line in answer.warnings]
