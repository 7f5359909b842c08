"""One run: what its environments share, and how each is prepared before its chart renders and finished after."""

from __future__ import annotations

from overlay import __version__
from overlay.chart.cache import cache_folder
from overlay.chart.manifests import Manifests
from overlay.chart.metadata import chart_info, check_kubernetes
from overlay.chart.render import Rendered, RenderRequest
from overlay.chart.source import chart_key, open_chart
from overlay.chart.values import apply_sets, merge_values
from overlay.errors import OverlayError, UsageError, ValuesError, as_error, raise_all
from overlay.fetch.pinned import LOCK_FILE, Remotes
from overlay.kube.custom import CustomKinds
from overlay.kube.objects import check_unique
from overlay.kube.order import put_in_order
from overlay.kube.types import load_types
from overlay.layering.layers import apply_layers, settle_names
from overlay.layering.prepared import Prepared, surroundings
from overlay.load.graph import Effective, Loader, effective, overridden
from overlay.load.hidden import HiddenCharacters
from overlay.model.build import Build, Settings
from overlay.model.finding import Finding
from overlay.model.input import Input
from overlay.model.options import Options
from overlay.model.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.files.reader import ProjectFiles
    from overlay.kube.types import Types
    from overlay.model.contents import ChartSource, Locate
    from overlay.model.location import Location
    from overlay.model.project import Project
    from overlay.model.resource import Body, Resource
    from overlay.provenance.origins import Origins
    from overlay.provenance.templates import Render


class Run:
    """What the environments of one run share."""

    def __init__(
        self, project: Project, files: ProjectFiles, options: Options, render: Render,
        *, exact: bool = False, beside: Run | None = None,
    ) -> None:  # fmt: skip
        """`render`: how a chart is rendered again when a problem's place is asked for; `exact`: also a warning's.

        beside: the run of another version of the project; what has the same bytes in both is read once.
        """
        self.project, self.files = project, files
        self.render, self.exact = render, exact
        self.options = replace(options, strict=True) if project.strict else options
        self.remotes = Remotes(files, cache_folder())
        self.loader: Loader = Loader(project, files, self.remotes, beside=beside.loader if beside is not None else None)
        self.manifests: Manifests = beside.manifests if beside is not None else Manifests()
        self.hidden = HiddenCharacters(files)
        self.charts: dict[str, ChartSource | OverlayError] = {}
        self.plain: dict[str, dict[Location, Locate]] = {}
        self.prepared: dict[str, Prepared | OverlayError] = {}
        is_alike = beside is not None and (beside.project, beside.options) == (project, self.options)
        self._beside = beside if is_alike else None
        self._fitting: set[tuple[str, str]] = set()

    @property
    def environments(self) -> tuple[str, ...]:
        return self.loader.environments

    def prepare(self, name: str) -> Prepared | OverlayError:
        """Load an environment and settle what its chart is rendered with; once, whoever asks."""
        known = self.prepared.get(name)
        if known is None:
            known = self.prepared[name] = self._prepare(name)
        return known

    def _prepare(self, name: str) -> Prepared | OverlayError:
        try:
            environment = self.loader.load(name)
            twin = self._beside.prepared.get(name) if self._beside is not None else None
            # Of the very same layers; a chart that is the same is opened as the very same one, too.
            if (
                isinstance(twin, Prepared)
                and twin.environment is environment
                and self._chart(twin.settled) is twin.chart
            ):
                return twin
            settled = overridden(effective(environment, self.project), self.options)
            chart = self._chart(settled)
            request = None
            if chart is not None and chart.kind == "helm":
                layers = [values for layer in environment.layers for values in layer.values]
                request = RenderRequest(
                    environment=name,
                    chart=chart,
                    values=merge_values(layers, self.options),
                    release_name=settled.release_name,
                    namespace=settled.release_namespace,
                    revision=settled.revision,
                    is_upgrade=settled.is_upgrade,
                    kubernetes_version=settled.kubernetes_version,
                    api_versions=settled.api_versions,
                )
                if (chart.path, settled.kubernetes_version) not in self._fitting:
                    check_kubernetes(chart, settled.kubernetes_version)
                    self._fitting.add((chart.path, settled.kubernetes_version))
            elif self.options.sets or self.options.values:
                apply_sets({}, self.options.sets)
                raise UsageError("values are given, but this environment has no Helm chart to take them")
            guarded: tuple[tuple[int, RenderRequest], ...] = ()
            if request is not None and any(
                one.layer.spec.protect or one.layer.spec.allow for one in environment.layers
            ):
                from overlay.layering.guarded_values import baselines  # noqa: PLC0415  # few environments have some

                guarded = tuple(baselines(environment.layers, request, self.options))
            return Prepared(
                name=name,
                environment=environment,
                settled=settled,
                chart=chart,
                request=request,
                baselines=guarded,
            )
        except OverlayError as error:
            return error

    def _chart(self, settled: Effective) -> ChartSource | None:
        chart = settled.chart
        if chart is None:
            return None
        key = chart_key(chart, settled.chart_folder)
        known = self.charts.get(key)
        if known is None:
            try:
                known = open_chart(self.files, self.remotes, chart, settled.chart_folder)
                other = self._beside.charts.get(key) if self._beside is not None else None
                known = other if other == known else known
            except OverlayError as error:
                known = error
            self.charts[key] = known
        if isinstance(known, OverlayError):
            raise known
        return known

    def finish(
        self,
        one: Prepared,
        answer: Rendered | OverlayError | None,
        helm_version: str,
        guarded: Sequence[Rendered | OverlayError] = (),
    ) -> Build:
        """Make the Build: the chart's objects, then layer by layer, then names and order.

        answer, guarded: the results of the prepared environment's requests.
        """
        if isinstance(answer, OverlayError):
            raise self.refusal(one, answer)
        findings = self.hidden.of(one.environment, one.chart)
        findings += [_helm_finding(line, one) for line in answer.warnings] if answer is not None else []
        objects = self.chart_objects(one, answer)
        kinds = self.custom_kinds(one, answer, objects)
        around = surroundings(one, kinds, validate=self.options.validate)
        if guarded and one.request is not None:
            from overlay.layering.guarded_values import GuardedValues  # noqa: PLC0415

            checks = GuardedValues(
                one.environment.layers,
                one.request.values,
                around,
                render=self.render,
                made=lambda rendered: self.chart_objects(one, rendered),
            )
            findings += checks.check(objects, one.baselines, guarded)
        objects = apply_layers(objects, one.environment, around, findings)
        objects = settle_names(objects, one.environment)
        check_unique(objects)
        if not objects:
            findings.append(_nothing(one))
        if "originAnnotations" in one.settled.build_metadata:
            from overlay.transforms.origins import add_origins  # noqa: PLC0415  # few environments need it

            objects = add_origins(objects)
        if self.options.validate:
            findings += self._check(one, answer, objects, around.types, kinds)
        findings = [replace(finding, environment=one.name) for finding in findings]
        if self.options.strict:
            raise_all([as_error(finding) for finding in findings if finding.severity == "warning"])
        return Build(
            environment=one.name,
            objects=put_in_order(objects, one.settled.sort_options),
            notes=answer.notes if answer is not None else None,
            inputs=self.inputs(one),
            settings=Settings(
                release_name=one.settled.release_name,
                namespace=one.settled.release_namespace,
                kubernetes_version=one.settled.kubernetes_version,
                api_versions=one.settled.api_versions,
                revision=one.settled.revision,
                is_upgrade=one.settled.is_upgrade,
                include_crds=one.settled.include_crds,
                include_tests=self.options.include_tests,
                publish=one.settled.publish,
                cluster=one.settled.cluster,
                signers=one.settled.signers,
                image_fields=tuple(
                    [each for layer in one.environment.layers for each in layer.layer.spec.field_specs.images]
                ),
                masked=self.project.masked,
            ),
            findings=tuple(findings),
            chart=chart_info(one.chart) if one.chart is not None else None,
            tool_version=__version__,
            helm_version=helm_version if one.request is not None else "",
        )

    def refusal(self, one: Prepared, error: OverlayError) -> OverlayError:
        """Return Helm's refusal of an environment's chart; what is wrong with values stands where they are written."""
        if not isinstance(error, ValuesError) or one.chart is None:
            return error
        from overlay.provenance.refused import at_their_places  # noqa: PLC0415  # only errors need it

        return at_their_places(error, one.chart, one.environment, self.options)

    def chart_objects(self, one: Prepared, answer: Rendered | None) -> tuple[Resource, ...]:
        """Return what the base chart makes, before any layer acts."""
        objects: tuple[Resource, ...] = ()
        if one.chart is not None and answer is not None:
            crds, tests = one.settled.include_crds, self.options.include_tests
            try:
                objects = self.manifests.of_chart(answer, one.chart, include_crds=crds, include_tests=tests)
            except OverlayError as error:
                from overlay.provenance.rendered_lines import at_template_lines  # noqa: PLC0415  # only errors need it

                raise (at_template_lines(error, one.request, answer, self.render) if one.request else error) from None
        elif one.chart is not None:
            objects = self.manifests.of_folder(one.chart)
        check_unique(objects)
        return objects

    def custom_kinds(self, one: Prepared, answer: Rendered | None, objects: tuple[Resource, ...]) -> CustomKinds:
        """Return the custom kinds that an environment's chart, resources and `crds` define, read when they are met."""

        def apart() -> list[Body]:
            # A chart's crds/ describes its kinds even where it is left out of the result.
            if one.chart is None or answer is None or one.settled.include_crds:
                return []
            return [found.body for found in self.manifests.of_crds(answer, one.chart)]

        layers = one.environment.layers
        known = (*objects, *[found for layer in layers for found in (*layer.resources, *layer.definitions)])
        bodies = [found.body for found in known if found.id.kind == "CustomResourceDefinition"]
        return CustomKinds(bodies, load_types(one.settled.kubernetes_version).metadata, apart)

    def _check(
        self,
        one: Prepared,
        answer: Rendered | None,
        objects: tuple[Resource, ...],
        types: Types,
        kinds: CustomKinds,
    ) -> tuple[Finding, ...]:
        """Return what is worth saying of the finished objects; raises Problems with all that is wrong with them."""
        from overlay.check.objects import check_objects  # noqa: PLC0415  # --no-validate needs none of it

        version, unknown = one.settled.kubernetes_version, self.project.unknown_kinds
        checked = check_objects(objects, types, version, custom=kinds, unknown_kinds=unknown)
        if checked.errors or (checked.findings and self.exact):
            # Only now it pays to work out which input made each field.
            place = self.origins(one, answer).place
            checked = check_objects(objects, types, version, custom=kinds, unknown_kinds=unknown, place=place)
        raise_all(checked.errors)
        return checked.findings

    def origins(self, one: Prepared, answer: Rendered | None, *, layers: bool = True) -> Origins:
        """Return the origins of an environment's fields: its objects are made again, step by step.

        layers: with what the layers do; without, of the chart's own objects.
        """
        from overlay.provenance.origins import Origins  # noqa: PLC0415  # few runs ask
        from overlay.provenance.trace import trace  # noqa: PLC0415

        start = self.chart_objects(one, answer)
        around = surroundings(one, self.custom_kinds(one, answer, start))
        environment = one.environment if layers else replace(one.environment, layers=())
        return Origins(trace(start, environment, around), self.files, one.request, answer, self.render, self.plain)

    def inputs(self, one: Prepared) -> tuple[Input, ...]:
        """Return every file that an environment is made of, known before anything is rendered."""
        found = {entry.path: entry for layer in one.environment.layers for entry in layer.inputs}
        if one.chart is not None:
            found.update({entry.path: entry for entry in one.chart.inputs})
        return self.with_project(found)

    def with_project(self, found: dict[str, Input]) -> tuple[Input, ...]:
        """Return files of an environment with those of the project that say what they mean, by their paths."""
        if self.files.exists("overlay.yaml"):
            found["overlay.yaml"] = self.files.input("overlay.yaml")
        if any(path.startswith("<") for path in found) and self.files.exists(LOCK_FILE):
            # It says what stands behind a label.
            found[LOCK_FILE] = self.files.input(LOCK_FILE)
        return tuple([found[path] for path in sorted(found)])


def _nothing(one: Prepared) -> Finding:
    """Return what to say of an environment without objects: empty output looks like a right answer."""
    layer = one.environment.layers[-1].layer
    hint = "extend a base, name a chart or list resources" if one.chart is None and not layer.spec.extends else None
    return Finding("no-objects", "nothing is rendered: there are no objects", layer.location, hint)


def _helm_finding(line: str, one: Prepared) -> Finding:
    return Finding("helm-warning", line[:500], location=one.chart.location if one.chart else None)
