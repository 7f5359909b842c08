"""A Kubernetes object and how it is named."""

from __future__ import annotations

from overlay.model.location import Location
from overlay.model.value import replace, value

# A YAML or JSON value: None, bool, int, float, str, list, dict with string keys.
# Values are shared between environments and between steps: nobody changes one in place.
TYPE_CHECKING = False  # spares every run the import of typing
if TYPE_CHECKING:
    from typing import Any

    Value = Any
    Body = dict[str, Any]
else:
    Value = object
    Body = dict


@value
class ObjectId:
    """What identifies an object: group, version, kind, namespace (empty when none) and name."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Identity as the API server counts it: the version does not matter."""
        return (self.group, self.kind, self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"


@value
class Origin:
    """Where an object came from.

    source: `chart`, `crd` (a chart's crds/ folder), `resource` or `generator`.
    location: the template, the manifest file or the generator's entry.
    """

    source: str
    location: Location


@value
class Resource:
    """One Kubernetes object.

    id: its identity now; body's apiVersion, kind, metadata.name and metadata.namespace say the same.
    body: the whole object; never changed in place, replaced by `with_body`.
    aliases: the identities that it had before, oldest first; targets and references may use them.
    hooks: Helm hook events (`pre-install`, …); empty for an ordinary object.
    needs_hash: its name gets a content hash at the end of the build (generated ConfigMaps, Secrets).
    generated: a generator of a layer made it, so a later layer's generator may merge into it.
    """

    id: ObjectId
    body: Body
    origin: Origin
    aliases: tuple[ObjectId, ...] = ()
    hooks: tuple[str, ...] = ()
    needs_hash: bool = False
    generated: bool = False

    def with_body(self, body: Body) -> Resource:
        """Return this object with another body of the same identity."""
        return self if body is self.body else replace(self, body=body)

    def renamed(self, body: Body, new_id: ObjectId) -> Resource:
        """Return this object under another identity, remembering the one it had."""
        if new_id == self.id:
            return self.with_body(body)
        aliases = self.aliases if self.id in self.aliases else (*self.aliases, self.id)
        return replace(self, body=body, id=new_id, aliases=aliases)

    def answers_to(self) -> tuple[ObjectId, ...]:
        """Return every identity under which this object may be named, newest first."""
        return (self.id, *reversed(self.aliases))


def split_api_version(api_version: str) -> tuple[str, str]:
    """Split `apps/v1` into group and version; the core group is the empty string.

    >>> split_api_version("v1")
    ('', 'v1')
    """
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)
