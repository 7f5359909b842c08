"""The record in the cluster: read whole, written only over the version that was read."""

from __future__ import annotations

from overlay.cluster.answer import Refused
from overlay.cluster.record import ENVIRONMENT, Record, parse, record_name, render
from overlay.errors import ClusterConflict, Temporary
from overlay.model.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.model.resource import Body


def all_records(client: Client, namespace: str) -> Iterator[Record | ClusterConflict]:
    """Yield the records of a namespace, or of the cluster where it is empty; an error for one that cannot be read."""
    served = client.kinds().prefer("", "ConfigMap")
    if served is None:
        raise Temporary("the API server serves no ConfigMaps", hint="try again later")
    for body in client.list_all(served, namespace, labels=ENVIRONMENT)[0]:
        try:
            yield parse(body)
        except ClusterConflict as error:
            yield error


class RecordStore:
    """Keeps the record of one environment in a namespace."""

    def __init__(self, client: Client, namespace: str, environment: str) -> None:
        self._client = client
        self.namespace = namespace
        self.environment = environment
        self.name = record_name(environment)

    def read(self) -> Record:
        """Return the record; one without entries where there is none yet. Raises ClusterConflict."""
        found = self._find()
        if found is None:
            return Record(environment=self.environment, name=self.name, namespace=self.namespace)
        return parse(found)

    def write(self, record: Record) -> Record:
        """Write a record over the version that it was read at; return it with its new version.

        Raises ClusterConflict when somebody else has written since: another run has overtaken us.
        """
        body = render(record)
        try:
            if record.version:
                made = self._client.replace(self._served(), self.namespace, body)
            else:
                made = self._client.create(self._served(), self.namespace, body)
        except Refused as error:
            if error.failure.status != 409:
                raise
            # Our own first try may have gone through unheard.
            found = self._find()
            if found is None or found.get("data") != body["data"] or found.get("binaryData") != body["binaryData"]:
                raise _overtaken(self) from None
            made = found
        return replace(record, version=made["metadata"]["resourceVersion"], uid=made["metadata"]["uid"])

    def check(self, record: Record) -> None:
        """Raise ClusterConflict when the record is not any more what this run wrote (fencing, hazards K29, D07)."""
        found = self._find()
        if found is None or found["metadata"].get("resourceVersion") != record.version:
            raise _overtaken(self)

    def is_there(self) -> bool:
        """Tell whether the record is still there: it goes with its namespace."""
        return self._find() is not None

    def remove(self, record: Record) -> None:
        """Delete the record, when nothing of the environment is left."""
        if record.uid:
            self._client.delete(self._served(), self.namespace, self.name, uid=record.uid, propagation="Background")

    def _find(self) -> Body | None:
        return self._client.find(self._served(), self.namespace, self.name)

    def _served(self) -> Served:
        found = self._client.kinds().prefer("", "ConfigMap")
        if found is None:
            raise Temporary("the API server serves no ConfigMaps", hint="try again later")
        return found


def _overtaken(store: RecordStore) -> ClusterConflict:
    return ClusterConflict(
        f"another run has written ConfigMap/{store.namespace}/{store.name} since this one began",
        hint="this run stopped before its next step; run it again",
    )
