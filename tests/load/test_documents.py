"""What is wrong with a document, at its line and column, all at once."""

from __future__ import annotations

import pytest

from overlay.errors import OverlayError
from overlay.load.documents import read_layer, read_project
from overlay.model.cluster import ConflictRule
from overlay.model.location import Location
from overlay.model.project import Project
from overlay.model.spec import Expect, Layer, PathRef
from overlay.yaml import read_mapping

HEAD = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata:\n  name: prod\n"


def layer(spec: str) -> Layer:
    return read_layer(read_mapping(f"{HEAD}spec:\n{spec}", "e.yaml"), "environments/prod")


def problems(text: str) -> list[tuple[str, str, str | None]]:
    with pytest.raises(OverlayError) as caught:
        read_layer(read_mapping(text, "e.yaml"), "environments/prod")
    return [(str(one.location), one.message, one.hint) for one in caught.value.each()]


def spec_problems(spec: str) -> list[tuple[str, str, str | None]]:
    return problems(f"{HEAD}spec:\n{spec}")


def test_a_document_becomes_values_with_their_places() -> None:
    found = layer("  extends: [../base]\n  namespace: shop\n  patches:\n    - path: web.yaml\n      expect: 0..3\n")
    assert (found.kind, found.name, found.folder, found.file) == ("Environment", "prod", "environments/prod", "e.yaml")
    assert found.spec.extends == (PathRef("../base", Location("e.yaml", 6, 13)),)
    assert found.spec.locations["namespace"] == Location("e.yaml", 7, 14)
    assert (found.spec.patches[0].expect, found.spec.patches[0].location) == (Expect(0, 3), Location("e.yaml", 9, 7))


@pytest.mark.parametrize(
    ("text", "expect"),
    [("1", Expect(1, 1)), ("0", Expect(0, 0)), ('"2"', Expect(2, 2)), ("1+", Expect(1, None)), ("0..3", Expect(0, 3))],
)
def test_expect_has_these_forms(text: str, expect: Expect) -> None:
    assert layer(f"  patches: [{{path: a, expect: {text}}}]\n").spec.patches[0].expect == expect


def test_everything_wrong_is_said_at_once_with_the_nearest_name() -> None:
    assert spec_problems(
        "  extend: [../base]\n  images: [{name: a, newtag: 2}]\n  replicas: [{name: web, count: three}]\n  labels: {a: b}\n"
    ) == [
        ("e.yaml:6:3", "unknown field spec.extend", "did you mean extends?"),
        ("e.yaml:7:12", "spec.images[0] changes nothing: it needs newName, newTag or digest", None),
        ("e.yaml:7:22", "unknown field spec.images[0].newtag", "did you mean newTag?"),
        ("e.yaml:8:33", "spec.replicas[0].count must be a whole number, 0 or more, found the string 'three'", None),
        ("e.yaml:9:11", "spec.labels must be a list, found a map", None),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kind: Environment\nmetadata: {name: prod}\n", [("e.yaml:1:1", "the document needs apiVersion", None)]),
        (
            "apiVersion: overlay.dev/v2\nkind: Enviroment\nmetadata: {name: prod}\n",
            [
                ("e.yaml:1:13", "apiVersion is 'overlay.dev/v2', this program reads overlay.dev/v1", None),
                (
                    "e.yaml:2:7",
                    "kind is 'Enviroment', expected Base or Environment or Component",
                    "did you mean Environment?",
                ),
            ],
        ),
        (
            "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: Prod}\n",
            [
                (
                    "e.yaml:3:18",
                    "metadata.name 'Prod' is no DNS label: lower-case letters, digits and dashes, a letter or digit at both ends",
                    None,
                )
            ],
        ),
        (HEAD + "spec: []\n", [("e.yaml:5:7", "spec must be a map, found a list", None)]),
        (HEAD + "extra: 1\n", [("e.yaml:5:1", "unknown field extra", "known here: apiVersion, kind, metadata, spec")]),
    ],
)
def test_a_head_must_be_right(text: str, found: list[tuple[str, str, str | None]]) -> None:
    assert problems(text) == found


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        ("  patches: [{path: a, mergePatch: {}, target: {kind: A}}]\n", "spec.patches[0] needs exactly one of path, strategicMerge, jsonPatch, mergePatch; found path and mergePatch", None),
        ("  patches: [{target: {kind: A}}]\n", "spec.patches[0] needs exactly one of path, strategicMerge, jsonPatch, mergePatch; found none", None),
        ("  patches: [{mergePatch: {a: 1}}]\n", "spec.patches[0] needs a target: a mergePatch does not name its object", "add target: {kind: …, name: …}"),
        ("  patches: [{path: a, target: {}}]\n", "spec.patches[0].target is empty: it would match every object", 'write kind: ".*" to mean every object'),
        ("  patches: [{path: a, expect: many}]\n", 'spec.patches[0].expect must be a count such as 1, "1+" or "0..3", found the string \'many\'', None),
        ("  patches: [{path: a, expect: 3..1}]\n", "spec.patches[0].expect is 3..1: its end is below its start", None),
        ("  chart: {path: a, oci: b}\n", "spec.chart needs exactly one of path, repository, oci, git or url; found path and oci", None),
        ("  chart: {path: a, version: 1.0.0}\n", "spec.chart.version means nothing beside path", None),
        ("  chart: {oci: b}\n", "spec.chart needs version or digest beside oci", None),
        (
            "  chart: {repository: 'oci://r.example/charts/', name: db, version: 1.x}\n",
            "spec.chart.repository names a registry, not a Helm repository",
            "write oci: oci://r.example/charts/db",
        ),
        ("  chart: {git: b, path: c}\n", "spec.chart needs ref", None),
        ("  verify: {}\n", "spec.verify needs signedBy", None),
        ("  verify: {signedBy: []}\n", "spec.verify.signedBy is empty: nobody would have to sign", "leave verify away"),
        ("  verify: {signedBy: [{keys: []}]}\n", "spec.verify.signedBy[0].keys is empty: nobody could sign", None),
        ("  verify: {signedBy: [{issuer: 'https://a'}]}\n", "spec.verify.signedBy[0] needs exactly one of keys, identity or identityMatch; found none", None),
        ("  verify: {signedBy: [{keys: [a], identity: b, issuer: 'https://a'}]}\n", "spec.verify.signedBy[0] needs exactly one of keys, identity or identityMatch; found keys and identity", None),
        ("  verify: {signedBy: [{keys: [a], trustedRoot: b}]}\n", "spec.verify.signedBy[0].trustedRoot means nothing beside keys", None),
        ("  verify: {signedBy: [{identity: a@b}]}\n", "spec.verify.signedBy[0] needs issuer", None),
        ("  verify: {signedBy: [{identity: a@b, issuer: 'http://c'}]}\n", "spec.verify.signedBy[0].issuer 'http://c' is no https URL", None),
        ("  verify: {signedBy: [{identityMatch: '(', issuer: 'https://c'}]}\n", "spec.verify.signedBy[0].identityMatch is no regular expression: missing ), unterminated subpattern at position 0", None),
        ("  chart: {oci: b, digest: x}\n", "spec.chart.digest is 'x', expected sha256: and 64 digits", None),
        ("  kubernetesVersion: 1.34\n", "spec.kubernetesVersion must be a string, found the number 1.34", 'quote it: "1.34"'),
        ("  configMaps: [{name: a, literals: {b: 1}}]\n", "spec.configMaps[0].literals.b must be a string, found the number 1", 'quote it: "1"'),
        ("  configMaps: [{name: a, literals: {b: true}}]\n", "spec.configMaps[0].literals.b must be a string, found the boolean true", 'quote it: "true"'),
        # What is quoted is what was written: 5.10 is another version than 5.1, and `on` another word than `true`.
        ("  images: [{name: a, newTag: 5.10}]\n", "spec.images[0].newTag must be a string, found the number 5.1", 'quote it: "5.10"'),
        ("  annotations: {a: on}\n", "spec.annotations.a must be a string, found the boolean true", 'quote it: "on"'),
        ("  values: [0123]\n", "spec.values[0] must be a string, found the number 83", 'quote it: "0123"'),
        ("  configMaps: [{name: a, behavior: add}]\n", "spec.configMaps[0].behavior is 'add', expected create, merge, replace", None),
        ("  configMaps: [{name: a, type: x}]\n", "unknown field spec.configMaps[0].type", "known here: behavior, envs, files, literals, name, namespace, options"),
        ("  release: {name: Shop}\n", "spec.release.name 'Shop' is no DNS label: lower-case letters, digits and dashes, a letter or digit at both ends", None),
        ("  release: {name: " + "a" * 54 + "}\n", f"spec.release.name {'a' * 54!r} is longer than 53 characters", None),
        ("  includeCRDs: maybe\n", "spec.includeCRDs must be true or false, found the string 'maybe'", None),
        ("  values: values.yaml\n", "spec.values must be a list of strings, found the string 'values.yaml'", None),
        ("  images: [x]\n", "spec.images[0] must be a map, found the string 'x'", None),
    ],
)  # fmt: skip
def test_a_wrong_field_says_what_is_expected(spec: str, message: str, hint: str | None) -> None:
    assert [(found[1], found[2]) for found in spec_problems(spec)] == [(message, hint)]


def test_a_component_is_no_environment() -> None:
    text = (
        "apiVersion: overlay.dev/v1\nkind: Component\nmetadata: {name: ha}\nspec: {extends: [../x], namespace: shop}\n"
    )
    assert [one[1] for one in problems(text)] == [
        "a Component cannot have extends: it is a part that environments opt into"
    ]


def test_a_project_has_few_fields() -> None:
    text = "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec: {environments: envs, strict: true, kubernetesVersion: v1.30}\n"
    assert read_project(read_mapping(text, "overlay.yaml"), "/shop") == Project(
        root="/shop", name="shop", environments="envs", kubernetes_version="1.30", strict=True
    )


def test_a_rule_about_fields_of_others_says_which_by_path_or_manager() -> None:
    found = layer(
        "  cluster:\n    conflicts:\n      - {path: spec.replicas, action: leave}\n"
        '      - {manager: "vpa-*", kind: Deployment, action: take}\n'
    )
    assert found.spec.cluster is not None
    assert found.spec.cluster.conflicts == (
        ConflictRule("spec.replicas", "leave"),
        ConflictRule("", "take", "Deployment", "vpa-*"),
    )
    assert spec_problems(
        "  cluster:\n    conflicts:\n      - {kind: Deployment, action: take}\n      - {path: spec}\n      - {path: spec, action: keep}\n"
    ) == [
        ("e.yaml:8:9", "spec.cluster.conflicts[0] needs path or manager", None),
        ("e.yaml:9:9", "spec.cluster.conflicts[1] needs action", None),
        ("e.yaml:10:30", "spec.cluster.conflicts action is 'keep', expected fail, take, leave", None),
    ]
