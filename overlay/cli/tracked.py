"""An environment as its cluster remembers it; nothing is rendered."""

from __future__ import annotations

from overlay.errors import UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cluster.client import Client
    from overlay.cluster.record import Entry, Record
    from overlay.cluster.store import RecordStore
    from overlay.model.cluster import ClusterSettings


@value(kw_only=True)
class Tracked:
    """An environment's record, and the way to its cluster; close the client at the end."""

    name: str
    settings: ClusterSettings
    client: Client
    store: RecordStore
    record: Record
    current: Entry


def track(args: dict[str, Any], name: str, *, hint: str = "set spec.cluster.context in it") -> Tracked:
    """Read an environment's documents, and its record in the cluster.

    hint: what to do where it names no cluster. Raises UsageError there, and where it is not in its cluster.
    """
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.cli.clusters import check_cluster, reach  # noqa: PLC0415
    from overlay.cluster.store import RecordStore  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.load.graph import Loader, effective  # noqa: PLC0415
    from overlay.load.layers import load_document  # noqa: PLC0415
    from overlay.load.project import load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    # Documents alone: what they name may be large, and is not needed.
    loader = Loader(project, files, Remotes(files, cache_folder()), load_document)
    settled = effective(loader.load(name), project)
    if settled.cluster is None:
        raise UsageError(f"{name} names no cluster", hint=hint, environment=name)
    client = reach(args, settled.cluster)
    try:
        store = RecordStore(client, settled.release_namespace, name)
        record = store.read()
        check_cluster(client, settled.cluster, record, first_contact=True)
        if record.current is None:
            raise UsageError(
                f"{name} is not in the cluster of context {client.access.context}", environment=name,
                hint=f"`overlay sync {name}` applies it",
            )  # fmt: skip
    except BaseException:
        client.close()
        raise
    return Tracked(
        name=name, settings=settled.cluster, client=client, store=store, record=record, current=record.current
    )
