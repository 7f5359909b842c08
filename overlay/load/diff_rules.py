"""What overlay.yaml says of comparisons: fields to leave out, and fields whose values are hidden."""

from __future__ import annotations

from overlay.kube.dotted import BadPath, parse_path
from overlay.model.project import FieldRule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.load.fields import Fields


def read_diff_rules(spec: Fields) -> tuple[tuple[FieldRule, ...], tuple[FieldRule, ...]]:
    """Return the fields that are ignored, and those that are masked."""
    found = spec.fields("diff")
    if found is None:
        return (), ()
    rules = [read_field_rules(found, name) for name in ("ignore", "mask")]
    found.finish()
    return rules[0], rules[1]


def read_field_rules(fields: Fields, name: str) -> tuple[FieldRule, ...]:
    """Return a list of fields."""
    return tuple([_rule(entry) for entry in fields.entries(name)])


def _rule(entry: Fields) -> FieldRule:
    entry.need("path")
    path = entry.string("path") or ""
    try:
        parse_path(path or "x")
    except BadPath as error:
        entry.error(f"{entry.label('path')} {error}", "path", hint="write it as metadata.labels.[helm.sh/chart]")
    return FieldRule(path=path, kind=entry.string("kind") or "", name=entry.string("name") or "")
