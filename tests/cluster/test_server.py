"""The client against the real API server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from overlay.cluster.answer import FieldConflict, Refused
from overlay.cluster.client import Client
from overlay.cluster.kubeconfig import find_access
from overlay.errors import ClusterError, OverlayError
from overlay.model.value import replace
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


@pytest.fixture
def client(testbed: Testbed) -> Iterator[Client]:
    made = Client(find_access({}, kubeconfig=str(testbed.kubeconfig())))
    yield made
    made.close()


def flags(namespace: str, **data: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "flags", "namespace": namespace},
        "data": data,
    }


def test_discovery_knows_what_kubectl_knows(testbed: Testbed, client: Client) -> None:
    kinds = client.kinds()
    shown = testbed.kubectl("api-resources", "--no-headers", "--verbs=list")
    for line in shown.splitlines():
        plural, *_, api_version, namespaced, kind = line.split()
        group, _, version = api_version.rpartition("/")
        found = kinds.find(group, version, kind)
        assert found is not None, line
        assert (found.plural, found.is_namespaced) == (plural, namespaced == "true")
        assert kinds.prefer(group, kind) is found
    assert kinds.stale == frozenset()


def test_an_apply_creates_changes_and_leaves_alone(client: Client, namespace: str) -> None:
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None
    assert client.apply(kind, namespace, "flags", flags(namespace, mode="a"), dry_run=True)[0] is True
    assert client.find(kind, namespace, "flags") is None
    is_new, first = client.apply(kind, namespace, "flags", flags(namespace, mode="a"))
    assert is_new is True
    is_new, second = client.apply(kind, namespace, "flags", flags(namespace, mode="a"), metadata_only=True)
    assert (is_new, second["kind"]) == (False, "PartialObjectMetadata")
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert [one["data"] for one in client.list_all(kind, namespace)[0] if "mode" in one["data"]] == [{"mode": "a"}]


def test_K07_fields_of_others_are_conflicts(testbed: Testbed, client: Client, namespace: str) -> None:
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None
    client.apply(kind, namespace, "flags", flags(namespace, mode="a"), manager="somebody")
    with pytest.raises(FieldConflict) as caught:
        client.apply(kind, namespace, "flags", flags(namespace, mode="b"))
    assert caught.value.failure.conflicts == ((".data.mode", 'conflict with "somebody"'),)
    client.apply(kind, namespace, "flags", flags(namespace, mode="b"), force=True)


def test_K41_unknown_fields_are_errors(client: Client, namespace: str) -> None:
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None
    body = {**flags(namespace), "dta": {"mode": "a"}}
    with pytest.raises(Refused) as caught:
        client.apply(kind, namespace, "flags", body, dry_run=True)
    assert caught.value.message.startswith(f"PATCH ConfigMap/{namespace}/flags: failed to create typed patch object")
    assert ".dta: field not declared in schema" in caught.value.message


def test_K03_only_the_very_object_is_deleted(client: Client, namespace: str) -> None:
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None
    made = client.create(kind, namespace, flags(namespace))
    with pytest.raises(Refused) as caught:
        client.delete(kind, namespace, "flags", uid="another")
    assert caught.value.failure.reason == "Conflict"
    assert client.delete(kind, namespace, "flags", uid=made["metadata"]["uid"], propagation="Background") is True
    assert client.delete(kind, namespace, "flags", uid=made["metadata"]["uid"]) is False


def test_lists_are_read_page_by_page(client: Client, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overlay.cluster.client.PAGE", 3)
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None
    for number in range(8):
        body = flags(namespace)
        client.create(kind, namespace, {**body, "metadata": {"name": f"c{number}", "labels": {"n": "x"}}})
    found, _ = client.list_all(kind, namespace, labels="n=x", metadata_only=True)
    assert [one["metadata"]["name"] for one in found] == [f"c{number}" for number in range(8)]


def test_a_watch_tells_what_changes(client: Client, namespace: str) -> None:
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None
    _, version = client.list_all(kind, namespace)
    timer = threading.Timer(0.2, client.create, (kind, namespace, flags(namespace)))
    timer.start()
    events = client.watch(kind, namespace, version=version, seconds=10, name="flags")
    assert next((event, one["metadata"]["name"]) for event, one in events) == ("ADDED", "flags")
    events.close()  # type: ignore[attr-defined]
    timer.join()


def test_missing_rights_name_verb_and_resource(testbed: Testbed, namespace: str) -> None:
    viewer = Client(find_access({}, kubeconfig=str(testbed.kubeconfig("viewer"))))
    kind = viewer.kinds().prefer("", "ConfigMap")
    assert kind is not None
    with pytest.raises(Refused) as caught:
        viewer.list_all(kind, namespace)
    viewer.close()
    assert caught.value.message == (
        f'LIST ConfigMap/{namespace}: configmaps is forbidden: User "viewer" cannot list resource "configmaps" in API'
        f' group "" in the namespace "{namespace}"'
    )


def test_K33_a_token_that_nobody_knows(testbed: Testbed) -> None:
    made = Client(find_access({}, kubeconfig=str(testbed.kubeconfig("admin", token="wrong"))))
    with pytest.raises(Refused) as caught:
        made.kinds()
    made.close()
    assert caught.value.message == "GET /api: the credentials of context testbed are not accepted"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"authority": b""}, "is not trusted: unable to get local issuer certificate"),
        ({"server_name": "elsewhere.example"}, "is not trusted: Hostname mismatch, certificate is not valid for 'elsewhere.example'."),
    ],
)  # fmt: skip
def test_K34_certificates_are_verified(testbed: Testbed, change: dict[str, object], expected: str) -> None:
    access = replace(find_access({}, kubeconfig=str(testbed.kubeconfig())), **change)
    made = Client(access)
    with pytest.raises(ClusterError) as caught:
        made.kinds()
    made.close()
    assert caught.value.message == f"the certificate of {testbed.server} {expected}"


def test_K34_another_name_is_verified_where_the_kubeconfig_says_so(testbed: Testbed) -> None:
    made = Client(replace(find_access({}, kubeconfig=str(testbed.kubeconfig())), server_name="localhost"))
    assert made.kinds().prefer("", "Pod")
    made.close()


def test_K34_verification_is_left_out_only_where_the_kubeconfig_says_so(testbed: Testbed) -> None:
    access = find_access({}, kubeconfig=str(testbed.kubeconfig()))
    made = Client(replace(access, authority=b"", insecure=True))
    assert made.kinds().prefer("", "Pod")
    made.close()


def test_a_client_certificate_is_taken_from_memory(testbed: Testbed) -> None:
    pem = (testbed.folder / "server.pem").read_bytes()
    access = replace(
        find_access({}, kubeconfig=str(testbed.kubeconfig())), token="",
        certificate=pem, key=(testbed.folder / "server.key").read_bytes(),
    )  # fmt: skip
    made = Client(access)
    # The server knows no CA of clients, so it takes us for nobody, who may see the version only.
    with pytest.raises(Refused):
        made.kinds()
    made.close()
    with pytest.raises(OverlayError, match="the CA or client certificate of context testbed is no PEM"):
        Client(replace(access, key=b"no")).kinds()


def test_many_threads_share_a_client(client: Client, namespace: str) -> None:
    kind = client.kinds().prefer("", "ConfigMap")
    assert kind is not None

    def make(number: int) -> None:
        client.apply(kind, namespace, f"c{number}", {**flags(namespace), "metadata": {"name": f"c{number}"}})

    threads = [threading.Thread(target=make, args=(number,)) for number in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(client.list_all(kind, namespace)[0]) >= 20
