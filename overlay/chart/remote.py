"""What a document's `chart` and a chart's dependencies ask for from elsewhere."""

from __future__ import annotations

from overlay.model.location import Location
from overlay.model.remote import Request, input_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.spec import Chart

_FIELDS = ("repository", "oci", "git", "ref", "path", "url", "version", "digest")


def chart_request(chart: Chart) -> Request:
    """Return what a document's `chart` asks for; the chart is a remote one."""
    fields = [(name, getattr(chart, name)) for name in _FIELDS if getattr(chart, name) is not None]
    address = (chart.git and (chart.path or chart.git)) or chart.oci or chart.url or ""
    return Request(name=input_name(chart.name or address), fields=tuple(sorted(fields)), location=chart.location)


def dependency_requests(
    metadata: dict[str, Any], present: set[str], location: Location, locked: dict[str, Any]
) -> list[Request]:
    """Return what a Chart.yaml wants from elsewhere and charts/ does not hold; `locked` is the Chart.lock's content."""
    found = []
    preferred = {
        (entry.get("name"), entry.get("repository")): str(entry.get("version"))
        for entry in locked.get("dependencies") or ()
        if isinstance(entry, dict)
    }
    for entry in metadata.get("dependencies") or ():
        name = entry.get("name") if isinstance(entry, dict) else None
        repository = entry.get("repository") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not isinstance(repository, str) or name in present or input_name(name) != name:
            continue
        version = str(entry.get("version") or "*")
        if repository.startswith("oci://"):
            fields = [("oci", f"{repository.rstrip('/')}/{name}"), ("version", version)]
        elif repository.startswith(("https://", "http://", "@", "alias:")):
            fields = [("repository", repository), ("version", version)]
        else:
            continue
        found.append(
            Request(
                name=name,
                fields=tuple(sorted(fields)),
                location=location,
                preferred=preferred.get((name, repository), ""),
            )
        )
    return list({request.key: request for request in found}.values())
