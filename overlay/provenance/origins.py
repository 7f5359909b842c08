"""The history and the place of any field of a traced environment, templates and values included."""

from __future__ import annotations

from overlay.kube.follow import value_at
from overlay.provenance.history import Root, Source, field_history, holder_history, root_source
from overlay.provenance.places import Places
from overlay.provenance.templates import Template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.chart.render import Rendered, RenderRequest
    from overlay.files.reader import ProjectFiles
    from overlay.kube.follow import Concrete
    from overlay.model.contents import Locate
    from overlay.model.location import Location
    from overlay.model.resource import Resource
    from overlay.provenance.templates import Render
    from overlay.provenance.trace import Trace
    from overlay.provenance.values import ValueSources

MANY = 4


class Origins:
    """Where fields came from.

    request, rendered: the chart as it was rendered. render: how to render it again. by_key: the trace's objects.
    plain: places in plain files, found once for all environments of a run.
    """

    def __init__(
        self,
        trace: Trace,
        files: ProjectFiles,
        request: RenderRequest | None,
        rendered: Rendered | None,
        render: Render,
        plain: dict[str, dict[Location, Locate]],
    ) -> None:
        self.trace = trace
        self.places = Places(files, trace.objects, plain)
        self.request = request
        self.render = render
        self._texts = dict(rendered.templates) if rendered is not None else {}
        self._templates: dict[str, Template] = {}
        self.by_key = {one.id.key: one for one in trace.objects}

    def history(
        self, resource: Resource, path: Concrete, values: Callable[[], ValueSources] | None = None
    ) -> list[Source]:
        """Return the values that a field had, newest first; `resource` is one of the trace's objects.

        values: look for the chart's values behind the field, too, by rendering again with other values.
        """
        root = field_history(self.trace, self.places, resource, path)
        if not root.path:
            return root.sources
        source = root_source(root, self.places)
        if source.what == "template" and self.request is not None:
            source = self._in_template(root, source, self.request, values)
        return [*root.sources, source]

    def place(self, resource: Resource, path: Concrete, *, key: bool = False, lacking: str = "") -> Location | None:
        """Return where what stands at a path is written; for a path that does not exist, its nearest parent's place.

        resource: an object of the same identity as one of the trace's. key: the place of the key, where it is known.
        lacking: a field that the map at the path should have: who took it away, or made the map, is meant.
        """
        one = self.by_key.get(resource.id.key)
        if one is None:
            return resource.origin.location
        while path:
            try:
                value_at(one.body, path)
                break
            except (LookupError, TypeError):
                path, key = path[:-1], False
        if not path:
            return one.origin.location
        if lacking and isinstance(value_at(one.body, path), dict):
            root = holder_history(self.trace, self.places, one, path, lacking)
        else:
            root = field_history(self.trace, self.places, one, path, key=key)
        if root.sources:
            return root.sources[0].location
        if root.resource.origin.source == "resource":
            return self.places.in_manifest(root.resource, root.path, key=key)
        source = root_source(root, self.places)
        if source.what == "template" and self.request is not None:
            return self.template(self.request, source.location.file).line_of(root.resource, root.path)
        return source.location

    def template(self, request: RenderRequest, file: str) -> Template:
        """Return one of the chart's templates, by its path from the project folder."""
        name = file.removeprefix(f"{request.chart.path}/")
        template = self._templates.get(name)
        if template is None:
            template = self._templates[name] = Template(request, name, self._texts.get(name, ""), self.render)
        return template

    def _in_template(
        self,
        root: Root,
        source: Source,
        request: RenderRequest,
        values: Callable[[], ValueSources] | None,
    ) -> Source:
        template = self.template(request, source.location.file)
        place = template.line_of(root.resource, root.path)
        if values is None:
            return Source(value=source.value, location=place, what="template")
        from overlay.provenance.influence import keys_behind  # noqa: PLC0415  # only for single fields

        sources = values()
        found, complete = keys_behind(template, root.resource, root.path, sources.effective, place.line, self.render)
        note = "" if complete else "not every value was tried" if found else "computed"
        if len(found) > MANY:
            note = f"several values: {', '.join(['.'.join(key) for key in found[:MANY]])}, …"
            found = ()
        return Source(
            value=source.value,
            location=place,
            what="template",
            keys=tuple([(".".join(key), sources.place(key)) for key in found]),
            note=note,
        )
