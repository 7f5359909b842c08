"""Who extends whom: an environment as the chain of its layers, and what they settle together."""

from __future__ import annotations

from operator import is_

from overlay.errors import DocumentError, LimitError, OverlayError, UsageError, raise_all
from overlay.files.names import MAX_LABEL, MAX_RELEASE, refuse_name
from overlay.kube.types import DEFAULT_KUBERNETES, minor_version
from overlay.load.cluster import cluster_settings
from overlay.load.layers import load_layer, resolve_ref
from overlay.load.project import find_layer, layer_document, list_environments
from overlay.load.publishing import publish_settings
from overlay.model.contents import ReadEnvironment, ReadLayer
from overlay.model.spec import SortOptions
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from overlay.fetch.pinned import Remotes
    from overlay.files.reader import ProjectFiles
    from overlay.model.cluster import ClusterSettings
    from overlay.model.location import Location
    from overlay.model.options import Options
    from overlay.model.project import Project
    from overlay.model.publish import PublishSettings
    from overlay.model.spec import Chart, PathRef
    from overlay.model.verify import Signer

    ReadOne = Callable[[ProjectFiles, str, Remotes], ReadLayer]

MAX_LAYERS = 1_000
MAX_CHAIN = 100


class Loader:
    """Loads environments of one project; each layer is read once, whoever inherits it.

    read: reads a layer with everything that it names; `load_document` reads less. beside: loads another version of
    the project, whose layers are used where they are made of the same bytes.
    """

    def __init__(
        self,
        project: Project,
        files: ProjectFiles,
        remotes: Remotes,
        read: ReadOne = load_layer,
        *,
        beside: Loader | None = None,
    ) -> None:
        self.project = project
        self.files = files
        self.remotes = remotes
        self.read = read
        self._beside = beside
        self._environments: tuple[str, ...] | None = None
        self._layers: dict[str, ReadLayer | OverlayError] = {}
        self._parents: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._loaded: dict[str, ReadEnvironment] = {}

    def take_over(self, other: Loader, changed: Iterable[str]) -> None:
        """Use the layers that another loader has read, where no file in or beside theirs is changed."""
        folders = {path.rpartition("/")[0] for path in changed}
        for path, layer in other._layers.items():
            if isinstance(layer, ReadLayer):
                own = {entry.path.rpartition("/")[0] for entry in layer.inputs}
                if not any(
                    f"{one}/".startswith(f"{each}/") or f"{each}/".startswith(f"{one}/")
                    for one in own
                    for each in folders
                ):
                    self._layers.setdefault(path, layer)

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of all environments, sorted; none where there is no project yet."""
        if self._environments is None:
            there = self.files.is_folder(self.project.environments)
            self._environments = tuple(list_environments(self.project, self.files)) if there else ()
        return self._environments

    def load(self, name: str) -> ReadEnvironment:
        """Load an environment (or a base or component, to look at) by its name.

        One of the very same layers is the very same one that the other version's loader has returned.
        Raises UsageError for an unknown name, Problems with all that is wrong in its layers.
        """
        order: dict[str, ReadLayer] = {}
        errors: list[OverlayError] = []
        self._visit(find_layer(self.project, self.files, name), None, [], order, errors, {})
        raise_all(errors)
        parents = {path: self._parents[path] for path in order}
        known = self._beside._loaded.get(name) if self._beside is not None else None  # noqa: SLF001  # our own
        if known is None or not _is_made_of(known, order, parents):
            known = ReadEnvironment(name=name, layers=tuple(order.values()), parents=parents)
        self._loaded[name] = known
        return known

    def _visit(
        self,
        path: str,
        location: Location | None,
        chain: list[str],
        order: dict[str, ReadLayer],
        errors: list[OverlayError],
        failed: dict[str, None],
    ) -> None:
        """Add a layer's parents, its components, then itself; each once, by whichever way it came first."""
        if path in order or path in failed:
            return
        if path in chain:
            cycle = " → ".join([p.rpartition("/")[0] for p in (*chain[chain.index(path) :], path)])
            raise DocumentError(
                f"cycle: {cycle}", location=location, hint="remove one of these extends or components entries"
            )
        if len(chain) >= MAX_CHAIN:
            raise LimitError(f"environments extend each other more than {MAX_CHAIN} levels deep", location=location)
        if len(order) >= MAX_LAYERS:
            raise LimitError(f"more than {MAX_LAYERS} layers", location=location)
        try:
            layer = self._layer(path, location)
        except OverlayError as error:
            failed[path] = None
            errors.extend(error.each())
            return
        spec = layer.layer.spec
        parents: list[str] = []
        components: list[str] = []
        for kinds, refs, lines in (
            (("Base", "Environment"), spec.extends, parents),
            (("Component",), spec.components, components),
        ):
            for ref in refs:
                try:
                    place = resolve_ref(layer.layer.folder, ref, self.remotes)
                    found = layer_document(self.files, place, ref.location)
                    lines.append(found)
                    self._visit(found, ref.location, [*chain, path], order, errors, failed)
                    self._check_kind(found, kinds, ref.location)
                except OverlayError as error:
                    errors.extend(error.each())
        self._parents[path] = (tuple(dict.fromkeys(parents)), tuple(dict.fromkeys(components)))
        order[path] = layer

    def _layer(self, path: str, location: Location | None) -> ReadLayer:
        known = self._layers.get(path)
        if known is None:
            try:
                if not self.files.exists(path):
                    self.files.read(path, location)  # says what is wrong with it, at the entry that names it
                known = self._of_beside(path) or self.read(self.files, path, self.remotes)
            except OverlayError as error:
                known = error
            self._layers[path] = known
        if isinstance(known, OverlayError):
            raise known
        return known

    def _of_beside(self, path: str) -> ReadLayer | None:
        """Return the other version's layer where each file that it was made of is the same here.

        A layer with folders of manifests is made of their list, too, and one that is refused of what it lacks.
        """
        known = self._beside._layers.get(path) if self._beside is not None else None  # noqa: SLF001  # our own
        if not isinstance(known, ReadLayer):
            return None
        try:
            for ref in (*known.layer.spec.resources, *known.layer.spec.crds):
                if not self._lists_the_same(known.layer.folder, ref):
                    return None
            for entry in known.inputs:
                self.files.read(entry.path)
                if self.files.input(entry.path) != entry:
                    return None
        except OverlayError:
            return None
        return known

    def _lists_the_same(self, folder: str, ref: PathRef) -> bool:
        """Tell whether a folder of manifests has the same names in both versions; a file is no folder in either."""
        if self._beside is None or ref.remote is not None:
            return False
        place = resolve_ref(folder, ref, self.remotes)
        own, other = [
            files.walk(place) if files.is_folder(place) else None for files in (self.files, self._beside.files)
        ]
        return own == other

    def _check_kind(self, path: str, kinds: tuple[str, ...], location: Location) -> None:
        layer = self._layers.get(path)
        if isinstance(layer, ReadLayer) and layer.layer.kind not in kinds:
            article = "an" if layer.layer.kind == "Environment" else "a"
            raise DocumentError(
                f"{path} is {article} {layer.layer.kind}, expected {' or '.join(kinds)}",
                location=location,
                hint="extends names a Base or Environment, components a Component",
            )


def _is_made_of(
    known: ReadEnvironment, order: dict[str, ReadLayer], parents: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> bool:  # fmt: skip
    same = len(known.layers) == len(order) and all(map(is_, known.layers, order.values()))
    return same and known.parents == parents


@value(kw_only=True)
class Effective:
    """What the layers settle together; the nearest layer that sets a field wins.

    chart_folder: folder of the document that names the chart.
    """

    chart: Chart | None
    chart_folder: str
    release_name: str
    release_namespace: str
    revision: int
    is_upgrade: bool
    kubernetes_version: str
    api_versions: tuple[str, ...]
    include_crds: bool
    sort_options: SortOptions
    build_metadata: tuple[str, ...]
    publish: PublishSettings
    cluster: ClusterSettings | None
    signers: tuple[Signer, ...]


def effective(environment: ReadEnvironment, project: Project) -> Effective:
    """Return what the chain of layers settles for one environment."""
    specs = [layer.layer.spec for layer in reversed(environment.layers)]
    chart_layer = next((layer.layer for layer in reversed(environment.layers) if layer.layer.spec.chart), None)
    namespace = _first(specs, "namespace")
    releases = [spec.release for spec in specs]
    api_versions = dict.fromkeys([version for spec in reversed(specs) for version in spec.api_versions])
    return Effective(
        chart=chart_layer.spec.chart if chart_layer else None,
        chart_folder=chart_layer.folder if chart_layer else "",
        release_name=_first(releases, "name") or project.name or environment.name,
        release_namespace=_first(releases, "namespace") or namespace or "default",
        revision=_first(releases, "revision") or 1,
        is_upgrade=_first(releases, "is_upgrade") or False,
        kubernetes_version=_first(specs, "kubernetes_version") or project.kubernetes_version or DEFAULT_KUBERNETES,
        api_versions=tuple(api_versions),
        include_crds=_first(specs, "include_crds") is not False,
        sort_options=_first(specs, "sort_options") or SortOptions(),
        build_metadata=tuple(dict.fromkeys([name for spec in specs for name in spec.build_metadata])),
        publish=publish_settings([spec.publish for spec in specs], environment.name),
        cluster=cluster_settings([spec.cluster for spec in specs]),
        # A layer can ask for more signatures, never for fewer.
        signers=tuple([signer for layer in environment.layers for signer in layer.signers]),
    )


def overridden(settled: Effective, options: Options) -> Effective:
    """Let the command line win over the documents, under the rules that documents have.

    Raises UsageError, DocumentError.
    """
    for flag, name, longest in (
        ("--release-name", options.release_name, MAX_RELEASE),
        ("--namespace", options.namespace, MAX_LABEL),
    ):
        reason = refuse_name(name, longest=longest) if name is not None else None
        if reason:
            raise UsageError(f"{flag} {name!r} {reason}")
    if options.kubernetes_version is not None:
        minor_version(options.kubernetes_version)
    changes: dict[str, Any] = {
        "release_name": options.release_name,
        "release_namespace": options.namespace,
        "kubernetes_version": options.kubernetes_version,
        "include_crds": options.include_crds,
        "is_upgrade": options.is_upgrade,
    }
    changes = {name: item for name, item in changes.items() if item is not None}
    settled = replace(settled, **changes) if changes else settled
    if options.api_versions:
        settled = replace(settled, api_versions=tuple(dict.fromkeys((*settled.api_versions, *options.api_versions))))
    return settled


def _first(items: Sequence[object], name: str) -> Any:
    return next((found for item in items if (found := getattr(item, name)) is not None), None)
