"""The JSON Schemas and the reader accept the same documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from overlay.errors import OverlayError
from overlay.load.documents import read_layer, read_project
from overlay.load.testing import read_test
from overlay.yaml import read_mapping

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
VALIDATORS = {
    kind: Draft202012Validator(
        json.loads((SCHEMAS / f"{kind.lower()}.schema.json").read_text(encoding="utf-8")), registry=Registry()
    )
    for kind in ("Environment", "Base", "Component", "Project", "Test")
}

text = st.sampled_from(["a", "web", "shop/web", "1.34", "../base", "x=y", "*", "1+", ""])
anything = st.one_of(text, st.integers(-1, 3), st.booleans(), st.none(), st.just([]), st.just({}), st.just(["a"]))


def mostly(value: st.SearchStrategy) -> st.SearchStrategy:
    """Give a right value most of the time, and any other now and then."""
    return st.one_of(value, value, value, value, anything)


def record(required: dict, optional: dict | None = None) -> st.SearchStrategy:
    """Give a map with known fields, most of the time without others."""
    known = st.fixed_dictionaries(
        {name: mostly(item) for name, item in required.items()},
        optional={name: mostly(item) for name, item in (optional or {}).items()},
    )
    return st.one_of(known, known, known, known, known.map(lambda value: {**value, "unknwon": 1}))


digest = st.sampled_from(["sha256:" + "0a" * 32, "sha256:0", "x"])
tag = st.sampled_from(["1.2", "_a", "a b", ":1", "-1", "x" * 129])
word = st.sampled_from(["a", "web", "shop-prod"])
path = st.sampled_from(["../base", "x.yaml", "a/b"])
strings = st.dictionaries(word, mostly(word), max_size=2)
place = st.one_of(
    path,
    path,
    record({"git": word, "ref": word}, {"path": path}),
    record({"url": st.sampled_from(["a.tgz", "a.yaml", "a.tar.gz?x", "a"]), "digest": digest}),
)
places = st.lists(mostly(place), max_size=2)
spec_list = st.lists(mostly(record({"path": path}, {"kind": word, "group": word, "create": st.booleans()})), max_size=2)
issuer = st.sampled_from(["https://issuer.example", "http://x", "x"])
signed_by = st.one_of(
    record({"keys": st.lists(mostly(path), max_size=2)}, {"issuer": issuer}),
    record({"identity": word, "issuer": issuer}, {"trustedRoot": path, "keys": st.just(["a"])}),
    record({"identityMatch": word}, {"issuer": issuer, "identity": word}),
)
target = record({"kind": word}, {"name": word, "labelSelector": st.just("a=b")})
patch = st.one_of(
    record({"path": path}, {"target": target, "expect": st.sampled_from([1, "1+", "0..3", "2", 0, "x", -1])}),
    record({"mergePatch": st.just({"a": None}), "target": target}),
    record({"jsonPatch": st.just([]), "target": target}),
    record({"strategicMerge": st.just({"a": 1})}, {"target": target}),
    record({}, {"path": path, "mergePatch": st.just({}), "target": target}),
)
generator = record(
    {"name": word},
    {
        "behavior": st.sampled_from(["create", "merge", "replace"]),
        "literals": strings,
        "files": st.lists(st.sampled_from(["a.txt", "k=a.txt", "=x", "k="]), max_size=2),
        "envs": st.lists(path, max_size=1),
        "options": record({}, {"labels": strings, "immutable": st.booleans()}),
    },
)
publish = record(
    {},
    {
        "repository": st.sampled_from(["origin", "https://h/a", "ssh://h/a", "git@h:a", "http://h/a", "/tmp/a", "-x"]),
        "branch": st.sampled_from(
            ["main", "environments/{environment}", "{x}", "a..b", "a.lock", "HEAD", "refs/heads/a", "a/", "-a", "a b"]
        ),
        "path": st.sampled_from([".", "rendered/{environment}"]),
        "message": word,
        "secrets": st.lists(word, max_size=2),
    },
)
dotted = st.sampled_from(["spec.replicas", "spec.containers.[name=web].image", "metadata.annotations.[a.b/c]"])
options = record({}, {"delimiter": word, "index": st.integers(-2, 2), "create": st.booleans(), "replace": word})
replacement = record(
    {},
    {
        "source": st.one_of(
            record({"fact": st.sampled_from(["name", "cluster", "other"])}, {"kind": word}),
            record({}, {"kind": word, "name": word, "fieldPath": dotted, "options": options}),
        ),
        "sourceValue": word,
        "targets": st.lists(
            record(
                {},
                {
                    "select": target,
                    "reject": st.lists(target, max_size=1),
                    "fieldPaths": st.lists(dotted, max_size=1),
                    "options": options,
                },
            ),
            max_size=2,
        ),
    },
)
spec = record(
    {},
    {
        "extends": places,
        "components": places,
        "chart": st.one_of(
            record({"path": path}),
            record({"oci": word}, {"version": word, "digest": digest}),
            record({"git": word, "ref": word}, {"path": path}),
            record({"url": word, "digest": digest}),
            record({"repository": st.sampled_from(["a", "@b", "oci://r/x"]), "name": word, "version": word}),
            record({}, {"path": path, "oci": word}),
        ),
        "release": record(
            {}, {"name": word, "namespace": word, "revision": st.integers(0, 3), "isUpgrade": st.booleans()}
        ),
        "kubernetesVersion": st.sampled_from(["1.34", "v1.34.2", "1", "x"]),
        "apiVersions": st.lists(word, max_size=1),
        "includeCRDs": st.booleans(),
        "values": st.lists(path, max_size=2),
        "resources": places,
        "crds": places,
        "configMaps": st.lists(generator, max_size=1),
        "secrets": st.lists(generator, max_size=1),
        "patches": st.lists(patch, max_size=2),
        "namespace": st.sampled_from(["shop-prod", "Bad", "a" * 64, "-a"]),
        "labels": st.lists(
            record({"pairs": strings}, {"includeSelectors": st.booleans(), "fields": spec_list}), max_size=1
        ),
        "annotations": strings,
        "replicas": st.lists(record({"name": word, "count": st.integers(-1, 3)}), max_size=1),
        "images": st.lists(record({"name": word}, {"newTag": tag, "newName": word, "digest": digest}), max_size=1),
        "namePrefix": word,
        "nameSuffix": word,
        "replacements": st.lists(replacement, max_size=2),
        "protect": st.lists(record({"fields": st.lists(dotted, max_size=2)}, {"target": target}), max_size=1),
        "allow": st.lists(record({}, {"fields": st.lists(dotted, max_size=2), "target": target}), max_size=1),
        "sortOptions": record(
            {},
            {
                "order": st.sampled_from(["apply", "fifo", "legacy", "other"]),
                "legacySortOptions": record({}, {"orderFirst": st.lists(word, max_size=1)}),
            },
        ),
        "buildMetadata": st.lists(st.sampled_from(["originAnnotations", "other"]), max_size=2),
        "cluster": record({}, {"context": word}),
        "verify": record({"signedBy": st.lists(mostly(signed_by), max_size=2)}),
        "publish": publish,
        "fieldSpecs": record(
            {},
            {
                "images": spec_list,
                "nameReference": st.lists(record({"kind": word, "fieldSpecs": spec_list}), max_size=1),
            },
        ),
    },
)
project_spec = record(
    {},
    {
        "environments": path,
        "kubernetesVersion": st.just("1.34"),
        "strict": st.booleans(),
        "validate": record({}, {"unknownKinds": st.sampled_from(["ignore", "warn", "error", "loud"])}),
        "bundle": record({}, {"title": text, "source": text, "licenses": text}),
    },
)


assertion = st.one_of(
    record({"exists": target}, {"expect": st.sampled_from([1, "2+", "3..1"]), "message": word, "field": dotted}),
    record({"absent": target}, {"message": word, "expect": st.just(1)}),
    record({"target": target, "field": dotted, "equals": anything}, {"message": word}),
    record({"target": target, "schema": st.sampled_from([{"type": "string"}, {"minimum": 1}])}, {"field": dotted}),
    record({"expression": word}, {"target": target, "message": word, "equals": st.just(1)}),
)
field_rule = record({"path": dotted}, {"kind": word, "name": word})
test_spec = record(
    {},
    {
        "environments": st.lists(word, max_size=2),
        "golden": record({}, {"target": target, "ignore": st.lists(field_rule, max_size=1)}),
        "assertions": st.lists(assertion, max_size=2),
    },
)


def documents(kind: str) -> st.SearchStrategy:
    return record(
        {
            "apiVersion": st.just("overlay.dev/v1"),
            "kind": st.just(kind),
            "metadata": record({"name": st.sampled_from(["prod", "a-b", "A", "con", ""])}),
        },
        {"spec": {"Project": project_spec, "Test": test_spec}.get(kind, spec)},
    )


def reads(kind: str, value: dict) -> str | None:
    """Return what the reader finds wrong, or None."""
    name = value["metadata"].get("name") if isinstance(value.get("metadata"), dict) else ""
    document = read_mapping(json.dumps(value), f"{name}.yaml")
    try:
        if kind == "Project":
            read_project(document, "/")
        elif kind == "Test":
            read_test(document)
        else:
            found = read_layer(document, "")
            if found.kind != kind:
                return "another kind"
    except OverlayError as error:
        return "; ".join(one.message for one in error.each())
    return None


# What JSON Schema cannot say: names that are reserved on Windows, a range that ends below its start, floats that are
# whole numbers (1.0 is an integer to JSON Schema).
def only_the_reader_knows(problem: str) -> bool:
    return all("reserved name on Windows" in part or "end is below its start" in part for part in problem.split("; "))


@pytest.mark.parametrize("kind", sorted(VALIDATORS))
def test_law_schema_and_reader_accept_the_same_documents(kind: str) -> None:
    @given(documents(kind))
    @settings(max_examples=400)
    def law(value: dict) -> None:
        problem = reads(kind, value)
        theirs = next(VALIDATORS[kind].iter_errors(value), None)
        if theirs is None:
            assert problem is None or only_the_reader_knows(problem), value
        else:
            assert problem is not None, (theirs.message, value)

    law()


@pytest.mark.parametrize("kind", sorted(VALIDATORS))
def test_a_schema_is_itself_valid_and_describes_every_field(kind: str) -> None:
    schema = VALIDATORS[kind].schema
    Draft202012Validator.check_schema(schema)

    def undescribed(node: object, place: str) -> list[str]:
        found = []
        if isinstance(node, dict):
            for name, field in node.get("properties", {}).items():
                if isinstance(field, dict) and "description" not in field and "$ref" not in field:
                    found.append(f"{place}.{name}")
            for key, item in node.items():
                found += undescribed(item, f"{place}.{key}")
        elif isinstance(node, list):
            for item in node:
                found += undescribed(item, place)
        return found

    assert undescribed(schema, kind) == []
