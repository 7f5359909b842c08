"""A `target`, `select` or `reject`: which objects are meant."""

from __future__ import annotations

from overlay.model.spec import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.load.fields import Fields

_FIELDS = (
    ("group", "group"),
    ("version", "version"),
    ("kind", "kind"),
    ("name", "name"),
    ("namespace", "namespace"),
    ("label_selector", "labelSelector"),
    ("annotation_selector", "annotationSelector"),
)


def read_target(fields: Fields) -> Target:
    """Read a target, which the caller finishes; one that would match every object by saying nothing is refused."""
    read = {key: fields.string(name) or "" for key, name in _FIELDS}
    if not any(read.values()):
        fields.error(
            f"{fields.label()} is empty: it would match every object", hint='write kind: ".*" to mean every object'
        )
    return Target(location=fields.location(), **read)
