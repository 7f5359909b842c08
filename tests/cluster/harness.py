"""An environment on the testbed, without documents: objects in, plans and outcomes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlay.cluster.apply import Pace, Run, occasion
from overlay.cluster.client import Client
from overlay.cluster.kubeconfig import find_access
from overlay.cluster.lease import Lease
from overlay.cluster.outcome import Event, Outcome
from overlay.cluster.placing import place
from overlay.cluster.plan import Options, Plan
from overlay.cluster.record import Entry, Record
from overlay.cluster.store import RecordStore
from overlay.cluster.survey import make_plan
from overlay.failpoint import failpoint
from overlay.kube.objects import identify
from overlay.model.location import Location
from overlay.model.resource import Origin, Resource
from tests.cluster.testbed import Testbed

Body = dict[str, Any]


class Environment:
    """One environment in one namespace.

    events: what the last run told. told: is called with each of them, where it happens.
    """

    def __init__(
        self, testbed: Testbed | None, namespace: str, name: str = "prod", *, client: Client | None = None,
        kubeconfig: str = "",
    ) -> None:  # fmt: skip
        self._testbed = testbed
        self.namespace = namespace
        self.name = name
        self.client = client or Client(find_access({}, kubeconfig=kubeconfig or str(self.testbed.kubeconfig())))
        self.store = RecordStore(self.client, namespace, name)
        self.events: list[Event] = []
        self.told: Callable[[Event], None] = lambda _: None
        self.lease_seconds = 30

    @property
    def testbed(self) -> Testbed:
        assert self._testbed is not None
        return self._testbed

    @property
    def record(self) -> Record:
        return self.store.read()

    def plan(self, *bodies: Body, shortcut: bool = True, **options: Any) -> Plan:
        return self.prepare(*bodies, shortcut=shortcut, **options)[1]

    def prepare(self, *bodies: Body, shortcut: bool = True, **options: Any) -> Any:
        record = self.record
        placed = place([resource(body) for body in bodies], self.client.kinds(again=True), self.namespace, record.owner)
        return placed, make_plan(self.client, placed, record, Options(**options), shortcut=shortcut)

    def sync(self, *bodies: Body, commit: str = "c1", **options: Any) -> Outcome:
        pace = options.pop("pace", Pace(timeout=30, prune=30))
        placed, plan = self.prepare(*bodies, **options)
        return self.run(placed, plan, pace=pace, commit=commit, is_delete=options.get("is_delete", False))

    def run(
        self, placed: Any, plan: Plan, *, pace: Pace | None = None, commit: str = "c1", is_delete: bool = False
    ) -> Outcome:
        self.events = []

        def tell(event: Event) -> None:
            self.events.append(event)
            self.told(event)

        lease = Lease(self.client, self.namespace, self.name, seconds=self.lease_seconds, renew=self.lease_seconds / 3)
        lease.acquire(wait=20)
        revision = plan.record.current.revision + 1 if plan.record.current else 1
        entry = Entry(revision=revision, commit=commit, updated="2026-01-01T00:00:00Z", status="pending")
        try:
            failpoint("lease")
            made = Run(
                self.client, self.store, lease, placed, plan, pace=pace or Pace(timeout=30, prune=30),
                now=lambda: "2026-01-01T00:00:01Z", tell=tell,
            )  # fmt: skip
            what = "delete" if is_delete else occasion(plan.record, revision)
            return made.execute(entry, what)
        finally:
            lease.release()

    def verbs(self, plan: Plan) -> dict[str, str]:
        return {f"{one.id.kind}/{one.id.name}": one.verb for one in plan.actions}

    def close(self) -> None:
        self.client.close()


def resource(body: Body) -> Resource:
    return Resource(identify(body), body, Origin("resource", Location("manifests.yaml", 1, 1)))


def config(name: str, *, annotations: dict[str, str] | None = None, **data: str) -> Body:
    metadata: Body = {"name": name, **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(name: str, image: str = "web", replicas: int = 1, **spec: Any) -> Body:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
            **spec,
        },
    }
