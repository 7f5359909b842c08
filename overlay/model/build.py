"""What a build hands to everything that follows."""

from __future__ import annotations

from overlay.model.cluster import ClusterSettings
from overlay.model.finding import Finding
from overlay.model.publish import PublishSettings
from overlay.model.resource import Resource
from overlay.model.value import value
from overlay.model.verify import Signer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.input import Input
    from overlay.model.project import FieldRule
    from overlay.model.spec import FieldSpec


@value(kw_only=True)
class Settings:
    """What the layers settled together for one environment.

    signers: all of them must have signed its bundle. image_fields: where else than in containers images are named.
    masked: fields whose values are hidden wherever differences of its objects are shown.
    """

    release_name: str
    namespace: str
    kubernetes_version: str
    api_versions: tuple[str, ...] = ()
    revision: int = 1
    is_upgrade: bool = False
    include_crds: bool = True
    include_tests: bool = False
    publish: PublishSettings = PublishSettings()
    cluster: ClusterSettings | None = None
    signers: tuple[Signer, ...] = ()
    image_fields: tuple[FieldSpec, ...] = ()
    masked: tuple[FieldRule, ...] = ()


@value(kw_only=True)
class ChartInfo:
    """The base chart as its Chart.yaml names it; a folder of plain manifests has no version."""

    name: str
    version: str
    app_version: str
    path: str


@value(kw_only=True)
class Build:
    """One environment, rendered: the value that printing, Git, cluster and registry take.

    objects: in apply order.
    notes: the chart's NOTES.txt as rendered, or None.
    inputs: the read set, sorted by path; together with tool_version it settles every byte of objects.
    """

    environment: str
    objects: tuple[Resource, ...]
    notes: str | None
    inputs: tuple[Input, ...]
    settings: Settings
    findings: tuple[Finding, ...]
    chart: ChartInfo | None
    tool_version: str
    helm_version: str
