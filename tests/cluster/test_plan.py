"""Decisions, without a server: rows of plans from what is there and what a dry-run said."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.answer import Failure
from overlay.cluster.applyset import PART_OF
from overlay.cluster.conflicts import Conflict
from overlay.cluster.guards import PruneLimits, keep_reason
from overlay.cluster.plan import Action, Options, Trial, decide, decide_prune
from overlay.diff.rules import rules_of
from overlay.errors import ClusterConflict
from overlay.kube.dotted import Element
from overlay.model.project import FieldRule
from overlay.model.value import replace
from tests.cluster.harness import resource

OURS = "applyset-ours-v1"


def body(kind: str = "ConfigMap", *, labels: Any = None, annotations: Any = None, **rest: Any) -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "shop", **({"labels": labels} if labels else {})}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        **rest,
    }


def live(
    kind: str = "ConfigMap",
    *,
    owner: str | None = OURS,
    applied: bool = True,
    uid: str = "u1",
    metadata: Any = None,
    **rest: Any,
) -> dict[str, Any]:
    """Return an object as the server has it."""
    made = body(kind, **rest)
    labels = {**(made["metadata"].get("labels") or {}), **({PART_OF: owner} if owner else {})}
    entries = (
        [{"manager": "overlay", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"f:data": {}}}]
        if applied
        else []
    )
    made["metadata"] = {
        **made["metadata"],
        "labels": labels,
        "uid": uid,
        "resourceVersion": "7",
        "managedFields": entries,
        **(metadata or {}),
    }
    return made


def row(found: Action) -> tuple[str, str]:
    return found.verb, found.why


WANTED = resource(body(data={"a": "1"}))
SENT = WANTED.body
NOT_FOUND = Failure(status=404, reason="NotFound", message='namespaces "shop" not found')
IMMUTABLE = Failure(
    status=422, reason="Invalid", message='Deployment.apps "x" is invalid: spec.selector: field is immutable',
    causes=(("FieldValueInvalid", "spec.selector", "Invalid value: field is immutable"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "trial", "options", "expected"),
    [
        (None, Trial(sent=SENT, is_new=True, body=live()), {}, ("create", "")),
        (live(), None, {}, ("unchanged", "")),
        (live(data={"a": "1"}), Trial(sent=SENT, body=live(data={"a": "1"})), {}, ("unchanged", "")),
        (live(data={"a": "0"}), Trial(sent=SENT, body=live(data={"a": "1"})), {}, ("update", "")),
        (live(applied=False), Trial(sent=SENT, body=live()), {}, ("update", "the same values become ours")),
        (None, Trial(sent=SENT, pending="its namespace shop comes in the same run"), {}, ("create", "its namespace shop comes in the same run")),
        (None, Trial(sent=SENT, failure=NOT_FOUND), {}, ("refused", 'namespaces "shop" not found')),
        (live(), Trial(sent=SENT, conflicts=(Conflict(".data.a", "kubectl-edit"),)), {}, ("conflict", ".data.a belongs to kubectl-edit")),
        # Objects of others
        (live(owner=None), Trial(sent=SENT, body=live()), {}, ("conflict", "it exists already and is not of this environment")),
        (live(owner="applyset-x-v1"), Trial(sent=SENT, body=live()), {}, ("conflict", "it belongs to another ApplySet, applyset-x-v1")),
        (live(owner="applyset-x-v1"), Trial(sent=SENT, body=live()), {"adopt": True}, ("conflict", "it belongs to another ApplySet, applyset-x-v1, which cannot be adopted from")),
        (
            live(owner=None, metadata={"ownerReferences": [{"kind": "Deployment", "name": "web"}]}), Trial(sent=SENT, body=live()), {"adopt": True},
            ("conflict", "it belongs to Deployment/web, which cannot be adopted from"),
        ),
        (
            live(owner=None, annotations={"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "prod"}), Trial(sent=SENT, body=live()), {},
            ("conflict", "it belongs to the Helm release shop in prod"),
        ),
        (
            live(owner=None, annotations={"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:shop/x"}), Trial(sent=SENT, body=live()), {},
            ("conflict", "it belongs to the Argo CD application shop"),
        ),
        (
            live(owner=None, labels={"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}), Trial(sent=SENT, body=live()), {},
            ("conflict", "it belongs to Flux's Kustomization flux/apps"),
        ),
        (live(owner=None), Trial(sent=SENT, body=live()), {"adopt": True}, ("adopt", "it exists already and is not of this environment")),
        # What cannot be changed in place
        (live(), Trial(sent=SENT, failure=IMMUTABLE), {}, ("refused", f'{IMMUTABLE.message}; --replace, or the annotation overlay.dev/replace: "true", replaces it')),
        (live(), Trial(sent=SENT, failure=IMMUTABLE), {"replace": True}, ("replace", IMMUTABLE.message)),
        (None, Trial(sent=SENT, failure=IMMUTABLE), {"replace": True}, ("refused", IMMUTABLE.message)),
    ],
)  # fmt: skip
def test_what_is_done_to_an_object(found: Any, trial: Trial | None, options: Any, expected: tuple[str, str]) -> None:
    assert row(decide(WANTED, found, trial, OURS, Options(**options))) == expected


def test_K13_an_annotation_allows_to_replace_but_never_a_volume() -> None:
    allowed = {"overlay.dev/replace": "true"}
    trial = Trial(sent=SENT, failure=IMMUTABLE)
    assert row(decide(resource(body("Job", annotations=allowed)), live("Job"), trial, OURS, Options()))[0] == "replace"
    claim = resource(body("PersistentVolumeClaim", annotations=allowed))
    assert row(decide(claim, live("PersistentVolumeClaim"), trial, OURS, Options(replace=True))) == (
        "refused", f"{IMMUTABLE.message}; a PersistentVolumeClaim is never replaced",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "message", "is_replaced"),
    [
        ("roleRef", "Invalid value: {}: cannot change roleRef", True),
        ("value", "Forbidden: may not be changed in an update.", True),
        ("spec", "Forbidden: pod updates may not change fields other than `spec.tolerations`", True),
        ("spec.size", "Invalid value: size is immutable once set", True),
        ("spec.replicas", "Invalid value: -1: must be greater than or equal to 0", False),
        ("metadata.uid", "Invalid value: field is immutable", False),
    ],
)
def test_K13_only_what_could_be_made_anew_is_deleted_for_it(field: str, message: str, *, is_replaced: bool) -> None:
    """An object that is wrong besides would be refused when it is gone."""
    causes = (*IMMUTABLE.causes, ("FieldValueInvalid", field, message))
    trial = Trial(sent=SENT, failure=replace(IMMUTABLE, causes=causes))
    verb = decide(WANTED, live(), trial, OURS, Options(replace=True)).verb
    assert verb == ("replace" if is_replaced else "refused")


def test_K13_what_is_replaced_is_made_with_the_fields_that_are_left_to_others() -> None:
    trial = Trial(sent=body(data={}), failure=IMMUTABLE)
    assert decide(WANTED, live(), trial, OURS, Options(replace=True)).body == WANTED.body
    assert (
        decide(WANTED, live(), Trial(sent=trial.sent, body=live(data={"a": "2"})), OURS, Options()).body == trial.sent
    )


def test_changes_are_told_field_by_field_and_secrets_are_hidden() -> None:
    secret = resource(body("Secret", data={"password": "bmV3"}))
    found = decide(
        secret, live("Secret", data={"password": "b2xk"}), Trial(sent=secret.body, body=live("Secret", data={"password": "bmV3"})),
        OURS, Options(),
    )  # fmt: skip
    assert [(one.kind, one.path, str(one.old), str(one.new)) for one in found.changes] == [
        ("changed", ("data", "password"), "••••", "•••• (changed)"),
    ]  # fmt: skip


def test_Z08_what_is_secret_in_other_objects_is_hidden_in_a_plan_of_a_cluster() -> None:
    copy = "kubectl.kubernetes.io/last-applied-configuration"

    def web(number: str) -> dict[str, Any]:
        variables = [{"name": "LEVEL", "value": f"level{number}"}, {"name": "DB_PASSWORD", "value": f"hunter{number}"}]
        pod = {"containers": [{"name": "web", "env": variables}]}
        notes = {copy: f"hunter{number}", "shop.example/key": f"hunter{number}", "shop.example/owner": f"team{number}"}
        return live("Pod", annotations=notes, spec=pod, sealed={"pin": f"hunter{number}", "plain": number})

    wanted = resource(web("3"))
    mask = [
        FieldRule(path="metadata.annotations.[shop.example/k*]"),
        FieldRule(path="sealed.pin", kind="Pod", name="x"),
    ]
    rules = rules_of((), mask, (), noise=False)
    found = decide(wanted, web("2"), Trial(sent=wanted.body, body=web("3")), OURS, Options(rules=rules))
    assert "hunter" not in str(found.changes)
    assert {(one.path[-2:], str(one.old), str(one.new)) for one in found.changes} == {
        (("annotations", copy), "••••", "•••• (changed)"),
        (("annotations", "shop.example/key"), "••••", "•••• (changed)"),
        (("annotations", "shop.example/owner"), "team2", "team3"),
        ((Element((("name", "LEVEL"),)), "value"), "level2", "level3"),
        ((Element((("name", "DB_PASSWORD"),)), "value"), "••••", "•••• (changed)"),
        (("sealed", "pin"), "••••", "•••• (changed)"),
        (("sealed", "plain"), "2", "3"),
    }


def test_what_the_server_writes_is_no_change() -> None:
    before = live(metadata={"resourceVersion": "1", "generation": 1}, status={"a": 1})
    after = live(metadata={"resourceVersion": "2", "generation": 2}, status={"a": 2})
    assert decide(WANTED, before, Trial(sent=SENT, body=after), OURS, Options()).verb == "unchanged"


KEY = ("", "ConfigMap", "shop", "x")


def prune(found: Any, *, lost: Any = None, **options: Any) -> list[tuple[str, str]]:
    live_of = {KEY: found} if found else {}
    actions = decide_prune(
        [KEY], live_of, {KEY: lost} if lost else {}, {("", "Secret", "shop", "s"): "u9"}, Options(**options)
    )
    return [row(one) for one in actions]


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        (live(), {}, ("prune", "")),
        (live(), {"prune": False}, ("keep", "pruning is off")),
        (None, {}, ("gone", "")),
        (live(uid="u9"), {}, ("gone", "it is the same object under another version")),
        (live(applied=False), {}, ("keep", "it was not applied by overlay")),
        (live(metadata={"ownerReferences": [{"kind": "Widget", "name": "w"}]}), {}, ("keep", "it belongs to Widget/w")),
        (live(annotations={"helm.sh/resource-policy": "keep"}), {}, ("keep", "the annotation helm.sh/resource-policy: keep keeps it")),
        (live(annotations={"overlay.dev/prune": "Disabled"}), {}, ("keep", "the annotation overlay.dev/prune: disabled keeps it")),
        (live(annotations={"kustomize.toolkit.fluxcd.io/prune": "disabled"}), {}, ("keep", "the annotation kustomize.toolkit.fluxcd.io/prune: disabled keeps it")),
        (live(annotations={"argocd.argoproj.io/sync-options": "Replace=true, Prune=false"}), {}, ("keep", "the annotation argocd.argoproj.io/sync-options: Prune=false keeps it")),
    ],
)  # fmt: skip
def test_what_is_done_to_an_object_that_left(found: Any, options: Any, expected: tuple[str, str]) -> None:
    assert prune(found, **options) == [expected]


def test_K22_an_object_that_lost_its_label_is_kept() -> None:
    assert prune(None, lost=live(owner=None)) == [("keep", f"its label {PART_OF} has gone")]
    assert prune(None, lost=live(owner="applyset-x-v1")) == [("keep", f"its label {PART_OF} is another")]


def test_K22_an_object_with_our_label_that_we_never_applied_is_a_conflict() -> None:
    actions = decide_prune([], {KEY: live(applied=False)}, {}, {}, Options())
    assert [row(one) for one in actions] == [
        ("conflict", "it carries our label, but this environment never applied it")
    ]
    owned = live(applied=False, metadata={"ownerReferences": [{"kind": "Service", "name": "web"}]})
    assert decide_prune([], {KEY: owned}, {}, {}, Options()) == []


@pytest.mark.parametrize("is_wanted", [True, False])
def test_K22_the_endpoints_of_our_services_carry_their_labels(is_wanted: bool) -> None:
    """A cluster keeps one of each Service's name, with its labels and without an owner; it is seen beside our own."""
    service, made = ("", "Service", "shop", "x"), {("", "Endpoints", "shop", "x"): live("Endpoints", applied=False)}
    wanted = {service: "u2"} if is_wanted else {}
    actions = decide_prune([] if is_wanted else [service], made, {service: live("Service")}, wanted, Options())
    assert [one.id.kind for one in actions] == ([] if is_wanted else ["Service"])
    (other,) = decide_prune([], made, {}, {}, Options())
    assert row(other) == ("conflict", "it carries our label, but this environment never applied it")


@pytest.mark.parametrize("kind", ["Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition"])
def test_K25_protected_kinds_are_kept(kind: str) -> None:
    assert keep_reason(live(kind), PruneLimits(), "overlay") == f"a {kind} is only deleted with --allow-delete {kind}"
    assert keep_reason(live(kind), PruneLimits(allowed=frozenset([kind])), "overlay") is None


def leaving(options: Options, wanted: Any) -> list[tuple[str, str]]:
    """Return what is done to a Namespace, and to a volume in it, that left together."""
    namespace = live("Namespace", metadata={"name": "shop", "namespace": None})
    keys = {
        ("", "Namespace", "", "shop"): namespace,
        ("", "PersistentVolumeClaim", "shop", "x"): live("PersistentVolumeClaim"),
    }
    return [row(one) for one in decide_prune(keys, keys, {}, wanted, options)]


def test_K25_a_namespace_in_which_something_stays_is_kept() -> None:
    both = PruneLimits(allowed=frozenset(["Namespace", "PersistentVolumeClaim"]))
    there = {("", "Secret", "shop", "s"): "u9"}
    assert leaving(Options(limits=both), there) == [("keep", "Secret/shop/s stays in it"), ("prune", "")]
    assert leaving(Options(limits=both, is_delete=True), {}) == [("prune", ""), ("prune", "")]
    only = PruneLimits(allowed=frozenset(["Namespace"]))
    assert leaving(Options(limits=only, is_delete=True), {}) == [
        ("keep", "PersistentVolumeClaim/shop/x stays in it"),
        ("keep", "a PersistentVolumeClaim is only deleted with --allow-delete PersistentVolumeClaim"),
    ]


def test_the_namespace_of_the_record_stays_while_there_is_anything_to_remember() -> None:
    home, config = ("", "Namespace", "", "shop"), ("", "ConfigMap", "other", "x")
    options = Options(limits=PruneLimits(allowed=frozenset(["Namespace"])), is_delete=True)
    keys = {home: {**live("Namespace"), "metadata": {**live("Namespace")["metadata"], "name": "shop"}}, config: live()}
    parent = ("", "ConfigMap", "shop", "overlay-prod")

    def verbs(there: Any, wanted: Any) -> list[tuple[str, str]]:
        return [row(one) for one in decide_prune(keys, there, {}, wanted, options, parent=parent)]

    stays = ("keep", "ConfigMap/shop/overlay-prod stays in it")
    assert verbs(keys, {}) == [("prune", ""), ("prune", "")]
    assert verbs(keys, {("", "Secret", "other", "s"): "u9"}) == [("prune", ""), stays]
    kept = {**keys, config: live(annotations={"helm.sh/resource-policy": "keep"})}
    assert verbs(kept, {}) == [("keep", "the annotation helm.sh/resource-policy: keep keeps it"), stays]


def many(count: int, wanted: int, **limits: Any) -> list[Action]:
    keys = {("", "ConfigMap", "shop", f"c{number}"): live(uid=f"u{number}") for number in range(count)}
    kept = {("", "Secret", "shop", f"s{number}"): "" for number in range(wanted)}
    return decide_prune([*keys, *kept], keys, {}, kept, Options(limits=PruneLimits(**limits)))


def test_K18_an_empty_render_prunes_nothing() -> None:
    with pytest.raises(ClusterConflict) as caught:
        many(3, 0)
    assert caught.value.message == "nothing was rendered: all 3 objects of the environment would be deleted"


@pytest.mark.parametrize(("count", "wanted", "limits"), [(10, 5, {}), (30, 70, {}), (40, 1, {"most": 40})])
def test_K18_a_prune_within_its_limit(count: int, wanted: int, limits: Any) -> None:
    assert len(many(count, wanted, **limits)) == count


@pytest.mark.parametrize(
    ("count", "wanted", "limits", "expected"),
    [
        (11, 5, {}, "11 of 16 objects would be deleted, more than the limit of 10: "),
        (31, 69, {}, "31 of 100 objects would be deleted, more than the limit of 30: "),
        (
            2,
            9,
            {"most": 1},
            "2 of 11 objects would be deleted, more than the limit of 1: ConfigMap/shop/c0, ConfigMap/shop/c1",
        ),
    ],
)
def test_K18_a_prune_beyond_its_limit(count: int, wanted: int, limits: Any, expected: str) -> None:
    with pytest.raises(ClusterConflict) as caught:
        many(count, wanted, **limits)
    assert caught.value.message.startswith(expected)
    assert caught.value.hint == f"if that is meant, give --max-prune {count}"
