"""`overlay explain`: where each field of an object came from."""

from __future__ import annotations

import os
import sys

from overlay.cli.building import BUILDING, options_of
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.inspect.session import Session
    from overlay.model.location import Location
    from overlay.model.resource import Resource
    from overlay.provenance.history import Source

_WIDEST = 60


@value
class Field:
    """A leaf of the object and its values on the way; `name` is its path as a user would write it."""

    name: str
    path: tuple[str | int, ...]
    sources: list[Source]

    @property
    def is_secret(self) -> bool:
        """Tell whether the field holds a value of a Secret, given that the object is one."""
        return self.path[:1] in (("data",), ("stringData",))


def explain(args: dict[str, Any]) -> int:
    """Print an object with the origin of each line, or the history of one field."""
    from overlay.inspect.session import Session, Workshop  # noqa: PLC0415
    from overlay.kube.pick import pick  # noqa: PLC0415  # Helm's library loads meanwhile

    with Workshop(project=args["project"], options=options_of(args), child=args["early"]) as workshop:
        session = Session(workshop, args["environment"])
        resource = pick(session.objects, args["object"])
        field = args["field"]
        wanted = _paths(session, resource, field) if field else _leaves(session, resource)
        found = [
            Field(name=name, path=path, sources=session.history(resource, path, keys=bool(field)))
            for name, path in wanted
        ]
    hide = resource.id.kind == "Secret" and not resource.id.group and not args["show_secrets"]
    if args["output"] in ("json", "yaml"):
        _print_values(resource, found, args["output"], hide=hide)
    elif args["field"]:
        _print_history(found, args, hide=hide)
    else:
        _print_object(resource, found, args, hide=hide)
    return 0


def _leaves(session: Session, resource: Resource) -> list[tuple[str, tuple[str | int, ...]]]:
    """Return the name and the concrete path of every leaf."""
    from overlay.kube.dotted import find, format_path  # noqa: PLC0415
    from overlay.kube.leaves import leaves  # noqa: PLC0415

    kind = session.origins.trace.types.root(resource.id.group, resource.id.version, resource.id.kind)
    return [
        (format_path(path), found)
        for path, _ in leaves(resource.body, kind)
        for found, _ in find(resource.body, path)[:1]
    ]


def _paths(session: Session, resource: Resource, text: str) -> list[tuple[str, tuple[str | int, ...]]]:
    """Return the leaves at or below a field path."""
    from overlay.kube.dotted import BadPath, find, parse_path  # noqa: PLC0415

    try:
        parts = parse_path(text)
    except BadPath as error:
        raise UsageError(
            f"the field path {text!r} {error}", hint="write it like spec.containers.[name=web].image"
        ) from None
    found = [path for path, _ in find(resource.body, parts)]
    if not found:
        raise UsageError(f"{resource.id} has no {text}", hint=_nearest_field(resource, parts))
    return [each for each in _leaves(session, resource) if any(each[1][: len(path)] == path for path in found)]


def _nearest_field(resource: Resource, parts: tuple[Any, ...]) -> str | None:
    """Say what is there instead of the first part that is not."""
    from overlay.kube.dotted import find, format_path  # noqa: PLC0415
    from overlay.kube.leaves import element_parts  # noqa: PLC0415
    from overlay.nearest import did_you_mean  # noqa: PLC0415

    depth = max(at for at in range(len(parts)) if find(resource.body, parts[:at]))
    holder = find(resource.body, parts[:depth])[0][1]
    if isinstance(holder, list):
        there = [str(part) for part in element_parts(holder, None)]
    else:
        there = list(holder) if isinstance(holder, dict) else []
    if not there:
        return f"{format_path(parts[:depth])} is a single value"
    return did_you_mean(str(parts[depth]), there) or f"there is {', '.join(there[:10])}"


def _shown(found: Any, *, hide: bool) -> str:
    if hide:
        return "***"
    from overlay.yaml import write_document  # noqa: PLC0415

    text = write_document(found).rstrip("\n")
    first, newline, _ = text.partition("\n")
    return f"{first[:_WIDEST]}…" if newline or len(first) > _WIDEST else first


def _behind(source: Source) -> str:
    """Say what put a value there, and which of the chart's values are behind it."""
    if source.keys:
        note = f" ({source.note})" if source.note else ""
        return "from " + " and ".join([f"{key}, {place}" for key, place in source.keys]) + note
    return f"from {source.note}" if source.note.startswith("several") else source.note or source.what


def _print_history(found: list[Field], args: dict[str, Any], *, hide: bool) -> None:
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    out = []
    rows: list[tuple[str, str, str]] = []
    for one in found:
        if len(found) > 1:
            rows.append((one.name, "", ""))
        for index, source in enumerate(one.sources):
            text = inert(_shown(source.value, hide=hide and one.is_secret))
            rows.append((f"  {'was ' if index else ''}{text}", str(source.location), _behind(source)))
    widths = [max(len(row[column]) for row in rows if row[1]) for column in (0, 1)]
    for first, place, what in rows:
        if not place:
            out.append(style.paint(first, "bold"))
        else:
            out.append(
                f"{first.ljust(widths[0])}   {style.paint(inert(place).ljust(widths[1]), 'cyan')}   {inert(what)}"
            )
    sys.stdout.write("\n".join([line.rstrip() for line in out]) + "\n")


def _print_object(resource: Resource, found: list[Field], args: dict[str, Any], *, hide: bool) -> None:
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415
    from overlay.yaml import read_mapping, write_document  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    body = resource.body
    if hide:
        hidden = {name: dict.fromkeys(body[name], "***") for name in ("data", "stringData") if body.get(name)}
        body = {**body, **hidden}
    text = write_document(body)
    document = read_mapping(text, "object")
    origins: dict[int, str] = {}
    for one in found:
        source = one.sources[0]
        origins.setdefault(document.location(one.path).line, f"{source.location}  {source.what}")
    lines = text.rstrip("\n").split("\n")
    width = min(max(len(line) for line in lines), 80)
    for number, line in enumerate(lines, 1):
        origin = origins.get(number)
        shown = inert(line)
        sys.stdout.write(f"{shown.ljust(width)}  {style.paint(inert(origin), 'dim')}\n" if origin else f"{shown}\n")


def _print_values(resource: Resource, found: list[Field], form: str, *, hide: bool) -> None:
    fields = []
    for one in found:
        secret = hide and one.is_secret
        fields.append(
            {
                "path": one.name,
                "sources": [
                    {
                        "value": "***" if secret else source.value,
                        **_place(source.location),
                        "what": source.what,
                        "values": [{"key": key, **_place(place)} for key, place in source.keys],
                        **({"note": source.note} if source.note else {}),
                    }
                    for source in one.sources
                ],
            }
        )
    shown = {"object": str(resource.id), "fields": fields}
    print_document(shown, form)


def _place(location: Location) -> dict[str, Any]:
    return {"file": location.file, "line": location.line or None, "column": location.column or None}


EXPLAIN = Command(
    path=("explain",),
    help="""Tell where each field of an object came from: template and value, patch, transform, generator.

Without a field, the whole object is shown with the origin of each line; with one, every value that it had on the way.

Examples:

  overlay explain prod deployment/web

  overlay explain prod deployment/web 'spec.template.spec.containers.[name=web].image'""",
    run=explain,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(
            name="object", kind="argument", metavar="OBJECT", required=True, help="kind/name, such as deployment/web."
        ),
        Param(
            name="field",
            kind="argument",
            metavar="FIELD",
            help="Dotted field path, such as spec.replicas or spec.containers.[name=web].image.",
        ),
        output("table", "json", "yaml"),
        Param(name="show_secrets", flags=("--show-secrets",), kind="flag", help="Show the values of Secrets."),
        *BUILDING,
        *COMMON,
    ),
)
