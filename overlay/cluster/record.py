"""What a cluster remembers of an environment: a ConfigMap that is the ApplySet's parent, without any manifest."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from hashlib import sha256

from overlay.cluster import applyset
from overlay.errors import ClusterConflict
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from overlay.model.resource import Body

ENVIRONMENT = "overlay.dev/environment"
HISTORY = 10
MAX_NOTES = 64 * 1024
# What a ConfigMap holds at most unpacks to a thousand times its size, where somebody means it to.
_MAX_INVENTORY = 64 * 1024 * 1024
_FORMAT = "overlay.dev/v1"

# group, kind, namespace, name: what the server tells objects apart by.
Key = tuple[str, str, str, str]


@value(kw_only=True)
class AppliedBundle:
    """The bundle that a revision was applied from; place: where it was read."""

    name: str
    version: str
    digest: str
    place: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.digest[:19]})"

    def is_older(self, other: AppliedBundle | None) -> bool:
        """Tell whether another bundle has a newer version."""
        from overlay.chart.constraint import in_order  # noqa: PLC0415  # few clusters have bundles

        return other is not None and in_order([self.version, other.version])[0] != self.version


@value(kw_only=True)
class Entry:
    """One revision that was applied here.

    status: Helm's words: `pending` while it is applied, then `deployed` or `failed`; `superseded` by a later one.
    commit: of the environment's branch, or `local`, or a bundle's digest. source: the commit it was rendered from.
    """

    revision: int
    commit: str
    source: str = ""
    updated: str
    status: str
    chart: str = ""
    chart_version: str = ""
    app_version: str = ""
    bundle: AppliedBundle | None = None

    @property
    def origin(self) -> str:
        """What was applied, in few words."""
        if self.bundle is not None:
            return str(self.bundle)
        return self.commit if self.commit == "local" else self.commit[:12]


# How an entry ended. A revision is UNPRUNED when all of it is there and healthy, and so is something that left.
PENDING, DEPLOYED, FAILED, UNPRUNED, SUPERSEDED, DELETED = (
    "pending", "deployed", "failed", "unpruned", "superseded", "deleted",
)  # fmt: skip


@value(kw_only=True)
class Record:
    """The state of one environment in one cluster.

    generation: counts the runs that wrote; a run that finds another than its own has been overtaken.
    inventory: every object that is ours, those included that could not be deleted.
    history: the newest first, this one not included.
    version: the parent's resourceVersion, empty where it does not exist yet.
    """

    environment: str
    name: str
    namespace: str
    generation: int = 0
    current: Entry | None = None
    inventory: frozenset[Key] = frozenset()
    history: tuple[Entry, ...] = ()
    notes: str = ""
    tool: str = ""
    version: str = ""
    uid: str = ""

    @property
    def owner(self) -> str:
        """The id of the ApplySet."""
        return applyset.set_id(self.name, self.namespace, "ConfigMap", "")

    @property
    def kinds(self) -> frozenset[applyset.GroupKind]:
        return frozenset([(group, kind) for group, kind, _, _ in self.inventory])

    @property
    def namespaces(self) -> frozenset[str]:
        return frozenset([namespace for _, _, namespace, _ in self.inventory if namespace] + [self.namespace])

    def begin(self, entry: Entry, inventory: Iterable[Key]) -> Record:
        """Return the record of a run that starts: everything it will touch is ours from now on.

        Written before the first object, so that a run that is killed leaves nothing that no inventory has.
        """
        past = self.history
        if self.current is not None:
            was = self.current
            past = (replace(was, status=SUPERSEDED) if was.status in (DEPLOYED, UNPRUNED) else was, *past)[:HISTORY]
        return replace(
            self, generation=self.generation + 1, current=entry, inventory=self.inventory | frozenset(inventory),
            history=past,
        )  # fmt: skip

    def end(self, entry: Entry, inventory: Iterable[Key]) -> Record:
        """Return the record of the same run when it is over."""
        return replace(self, current=entry, inventory=frozenset(inventory))


def record_name(environment: str) -> str:
    """Return the name of an environment's parent."""
    return f"overlay-{environment}"


def render(record: Record) -> Body:
    """Return the parent's body."""
    packed = _pack(record.inventory)
    content: dict[str, Any] = {
        "apiVersion": _FORMAT,
        "kind": "Record",
        "environment": record.environment,
        "generation": record.generation,
        "current": _entry(record.current) if record.current else None,
        "inventory": f"sha256:{sha256(packed).hexdigest()}",
        "history": [_entry(one) for one in record.history],
    }
    metadata: dict[str, Any] = {
        "name": record.name,
        "namespace": record.namespace,
        "labels": {applyset.ID: record.owner, ENVIRONMENT: record.environment},
        "annotations": {
            applyset.TOOLING: f"{applyset.TOOL}/v{record.tool}",
            applyset.KINDS: applyset.kinds_hint(record.kinds),
            applyset.NAMESPACES: applyset.namespaces_hint(record.namespaces, record.namespace),
        },
    }
    if record.version:
        metadata.update(resourceVersion=record.version, uid=record.uid)
    notes = {"notes": record.notes[:MAX_NOTES]} if record.notes else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"record": json.dumps(content, indent=1, sort_keys=True), **notes},
        # mtime 0: the same inventory is the same bytes.
        "binaryData": {"inventory": base64.b64encode(gzip.compress(packed, mtime=0)).decode()},
    }


def parse(parent: Body) -> Record:
    """Return the record that a parent holds. Raises ClusterConflict for what was not written by us (hazard K23)."""
    metadata = parent["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    applyset.check_parent(parent, applyset.set_id(name, namespace, "ConfigMap", ""))
    try:
        content = json.loads(parent["data"]["record"])
        packed = _unzip(base64.b64decode((parent.get("binaryData") or {})["inventory"]))
        if content["apiVersion"] != _FORMAT:
            raise ClusterConflict(
                f"ConfigMap/{namespace}/{name} is of a newer overlay ({content['apiVersion']})", hint="use that version"
            )
        if content["inventory"] != f"sha256:{sha256(packed).hexdigest()}":
            raise ValueError("inventory")
        return Record(
            environment=_typed(content["environment"], str),
            name=name,
            namespace=namespace,
            generation=_typed(content["generation"], int),
            current=_parse_entry(content["current"]) if content["current"] else None,
            inventory=_unpack(packed),
            history=tuple([_parse_entry(one) for one in content["history"]]),
            notes=parent["data"].get("notes", ""),
            tool=(metadata.get("annotations") or {})[applyset.TOOLING].rpartition("/v")[2],
            version=metadata.get("resourceVersion", ""),
            uid=metadata.get("uid", ""),
        )
    except (KeyError, TypeError, ValueError, RecursionError, zlib.error):
        raise ClusterConflict(
            f"ConfigMap/{namespace}/{name} has been edited: its record cannot be read",
            object=f"ConfigMap/{namespace}/{name}",
            hint="restore it, or remove it and adopt the objects again with `overlay adopt-live`",
        ) from None


def _typed(found: Any, kind: type) -> Any:
    """Return a value of exactly this type. Raises TypeError."""
    if found.__class__ is not kind:
        raise TypeError
    return found


def _unzip(data: bytes) -> bytes:
    """Return what was packed. Raises ValueError, zlib.error."""
    unpacker = zlib.decompressobj(31)  # with the header and the trailer of gzip
    packed = unpacker.decompress(data, _MAX_INVENTORY)
    if not unpacker.eof:
        raise ValueError("inventory")
    return packed


def _pack(inventory: Iterable[Key]) -> bytes:
    return "\n".join(["\t".join(one) for one in sorted(inventory)]).encode()


def _unpack(packed: bytes) -> frozenset[Key]:
    found = set()
    for line in filter(None, packed.decode().split("\n")):
        group, kind, namespace, name = line.split("\t")
        found.add((group, kind, namespace, name))
    return frozenset(found)


_FIELDS = {
    "revision": "revision", "commit": "commit", "source": "source", "updated": "updated", "status": "status",
    "chart": "chart", "chart_version": "chartVersion", "app_version": "appVersion",
}  # fmt: skip


_BUNDLE = ("name", "version", "digest", "place")


def _entry(entry: Entry) -> dict[str, Any]:
    bundle = entry.bundle
    found = {there: getattr(entry, here) for here, there in _FIELDS.items()}
    return found if bundle is None else {**found, "bundle": {name: getattr(bundle, name) for name in _BUNDLE}}


def _parse_entry(found: Any) -> Entry:
    bundle = _typed(found, dict).get("bundle")
    return Entry(
        **{here: _typed(found[there], int if here == "revision" else str) for here, there in _FIELDS.items()},
        bundle=None if bundle is None else AppliedBundle(**{name: str(bundle[name]) for name in _BUNDLE}),
    )
