"""Values that may not leave a project: found in every object, wherever they stand, and never told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.check.secrets import allowance, exposed, is_allowed
from overlay.kube.encrypted import has_metadata, holds_plain, is_encrypted
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource

TOKEN = "ghp_" + "a1B2" * 9
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SEALED = "ENC[AES256_GCM,data:Tr7o=,iv:1=,tag:k=,type:str]"
MARK = {"mac": SEALED, "version": "3.13.3", "age": [{"recipient": "age1", "enc": "x"}]}


def resource(body: dict[str, Any], *, needs_hash: bool = False) -> Resource:
    meta = body.setdefault("metadata", {"name": "web"})
    group, _, version = body.setdefault("apiVersion", "v1").rpartition("/")
    identity = ObjectId(group, version, body["kind"], meta.get("namespace", ""), meta["name"])
    return Resource(identity, body, Origin("resource", Location("a.yaml", 1, 1)), needs_hash=needs_hash)


def config(text: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "data": {"a": "b", "c.d": text}}


def found(body: dict[str, Any], *allowed: str) -> list[tuple[str, str]]:
    return [(one.rule, one.what) for one in exposed([resource(body)], allowed)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (config(TOKEN), [("token", "holds a GitHub token in data[c.d]")]),
        (config(f"key = {TOKEN}\n"), [("token", "holds a GitHub token in data[c.d]")]),
        (
            config(base64.b64encode(f"key: {TOKEN}".encode()).decode()),
            [("token", "holds a GitHub token in base64 in data[c.d]")],
        ),
        (config("postgres://shop:hunter2@db/shop"), [("token", "holds a password in a URL in data[c.d]")]),
        (config("postgres://shop:$(PASSWORD)@db/shop"), []),
        (config(CERTIFICATE), [("certificate", "holds a certificate in data[c.d]")]),
        (
            config(base64.b64encode(CERTIFICATE.encode()).decode()),
            [("certificate", "holds a certificate in data[c.d]")],
        ),
        (
            {"kind": "Pod", "spec": {"containers": [{"name": "web", "env": [{"name": "K", "value": TOKEN}]}]}},
            [("token", "holds a GitHub token in spec.containers[web].env[K].value")],
        ),
        ({"kind": "Pod", "metadata": {"name": "a", "annotations": {"n": TOKEN}}}, [("token", "holds a GitHub token in metadata.annotations.n")]),
        ({"kind": "Secret", "data": {"a": "YQ=="}}, [("plain-secret", "holds plain values")]),
        ({"kind": "Secret", "stringData": {"a": "a", "b": TOKEN}}, [("plain-secret", "holds plain values")]),
        ({"kind": "Secret", "type": "Opaque"}, []),
        # What the cluster has to know is public.
        (
            {
                "kind": "APIService",
                "apiVersion": "apiregistration.k8s.io/v1",
                "spec": {"caBundle": base64.b64encode(CERTIFICATE.encode()).decode()},
            },
            [],
        ),
        # Secrets that are elsewhere, or that only the cluster can open.
        (
            {
                "kind": "SealedSecret",
                "apiVersion": "bitnami.com/v1alpha1",
                "spec": {"encryptedData": {"password": base64.b64encode(bytes(range(256)) * 3).decode()}},
            },
            [],
        ),
        (
            {
                "kind": "ExternalSecret",
                "apiVersion": "external-secrets.io/v1",
                "spec": {"secretStoreRef": {"name": "vault"}, "dataFrom": [{"extract": {"key": "shop/password"}}]},
            },
            [],
        ),
        ({"kind": "Secret", "data": {"a": SEALED}, "sops": MARK}, []),
        # The mark alone hides nothing.
        ({"kind": "Secret", "data": {"a": "YQ=="}, "sops": MARK}, [("plain-secret", "holds plain values")]),
        ({"kind": "Secret", "data": {"a": SEALED, "b": "YQ=="}, "sops": MARK}, [("plain-secret", "holds plain values")]),
        ({"kind": "Secret", "data": {"a": SEALED}, "sops": {}}, [("plain-secret", "holds plain values")]),
        ({"kind": "Secret", "data": {"a": SEALED}}, [("plain-secret", "holds plain values")]),
        ({"kind": "ConfigMap", "data": {"a": TOKEN}, "sops": MARK}, [("token", "holds a GitHub token in data.a")]),
    ],
)  # fmt: skip
def test_Z01_what_can_be_read_is_found_where_it_stands(body: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(body) == expected


@pytest.mark.parametrize("size", range(24, 29))
def test_Z10_values_beside_it_hide_no_token(size: int) -> None:
    encoded = base64.b64encode(f"key: {TOKEN}".encode()).decode()
    body = {"kind": "ConfigMap", "data": {"a": encoded, "b": "b" * size, "c": "c" * 25, "d": "d" * size}}
    assert found(body) == [("token", "holds a GitHub token in base64 in data.a")]


def test_Z10_one_object_among_many_is_told_alone_and_in_their_order() -> None:
    plain = [
        resource({"kind": "ConfigMap", "metadata": {"name": f"c-{n}"}, "data": {"a": "x" * 900}}) for n in range(400)
    ]
    told = {
        7: {"kind": "Secret", "metadata": {"name": "c-7"}, "data": {"a": "YQ=="}},
        210: {**config(TOKEN), "metadata": {"name": "c-210"}},
        399: {**config(CERTIFICATE), "metadata": {"name": "c-399"}},
    }
    objects = [resource(told[n]) if n in told else one for n, one in enumerate(plain)]
    assert [(one.resource.id.name, one.rule) for one in exposed(objects, ())] == [
        ("c-7", "plain-secret"), ("c-210", "token"), ("c-399", "certificate"),
    ]  # fmt: skip


@given(
    st.recursive(
        st.just(TOKEN), lambda inner: st.one_of(st.tuples(inner).map(list), st.fixed_dictionaries({"k": inner}))
    )
)
def test_Z10_a_token_is_found_at_any_depth_and_never_told(value: Any) -> None:
    told = list(exposed([resource({"kind": "Thing", "apiVersion": "a.example/v1", "spec": {"x": value}})], ()))
    assert [one.rule for one in told] == ["token"]
    assert TOKEN not in told[0].what + told[0].hint


@pytest.mark.parametrize(
    ("kind", "name", "allowed", "expected"),
    [
        ("Secret", "license", "license", True),
        ("Secret", "license", "Secret/license", True),
        ("Secret", "license-2k4b5c6d7f", "license", False),
        ("Secret", "license-other", "license", False),
        ("ConfigMap", "license", "license", False),
        ("ConfigMap", "ca-bundle", "ConfigMap/ca-bundle", True),
        ("ConfigMap", "ca", "ConfigMap/ca-bundle", False),
    ],
)
def test_an_object_is_allowed_by_its_exact_name(kind: str, name: str, allowed: str, *, expected: bool) -> None:
    assert bool(is_allowed(kind, [name], [allowed])) is expected


def test_the_entry_that_a_hint_offers_allows_the_object() -> None:
    for body, needs_hash in (
        ({"kind": "Secret", "data": {"a": "YQ=="}, "metadata": {"name": "key-2k4b5c6d7f"}}, True),
        ({"kind": "Secret", "data": {"a": "YQ=="}}, False),
        (config(TOKEN), False),
    ):
        one = resource(body, needs_hash=needs_hash)
        assert list(exposed([one], [allowance(one)])) == []
    assert (
        allowance(resource({"kind": "ConfigMap", "metadata": {"name": "a-2k4b5c6d7f"}}, needs_hash=True))
        == "ConfigMap/a"
    )


def test_what_sops_encrypted_is_told_by_its_form() -> None:
    assert is_encrypted(SEALED)
    assert not is_encrypted(f"{SEALED} and more")
    assert not is_encrypted(7)
    assert has_metadata({"sops": MARK})
    assert not has_metadata({"sops": {"mac": "none"}})
    assert not holds_plain({"kind": "ConfigMap", "apiVersion": "v1", "data": {"a": "b"}})
