"""Write the JSON Schemas of our documents (draft 2020-12): one description of the spec serves three of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from overlay.check.policy import BUILT_IN

TARGET = Path(__file__).resolve().parent.parent / "schemas"
Schema = dict[str, Any]

REPOSITORY = r"^([A-Za-z0-9_][A-Za-z0-9._-]*|(https|ssh)://\S+|[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-]\S*)$"
_FACT = r"\{environment\}"
_PART = rf"([A-Za-z0-9_]|{_FACT})([A-Za-z0-9._+-]|{_FACT})*"
MAX_PRUNE = r"^([0-9]{1,6}|([0-9]{1,2}|100)%)$"
DURATION = r"^(?=[0-9])([0-9]{1,3}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$"
BRANCH = rf"^(?!refs/|HEAD$)(?!.*\.\.)(?!.*(\.lock|\.)(/|$)){_PART}(/{_PART})*$"
NAME = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


def text(description: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "description": description, **more}


def flag(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def many(description: str, items: Schema) -> Schema:
    return {"type": "array", "items": items, "description": description}


def paths(description: str) -> Schema:
    return many(description, {"type": "string", "minLength": 1})


def pairs(description: str) -> Schema:
    return {"type": "object", "additionalProperties": {"type": "string"}, "description": description}


def fields(description: str, properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    schema: Schema = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    return {**schema, **({"required": list(required)} if required else {}), **more}


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


FIELD_RULE = fields(
    "A field, of objects of a kind and a name.",
    {
        "path": text("Its path, as metadata.labels.[helm.sh/chart]; `*` stands for any text of a name."),
        "kind": text("Kind; any when absent."),
        "name": text("Name, in which * stands for any text; any when absent."),
    },
    ("path",),
)
GVK = {
    "group": text("API group; any when absent."),
    "version": text("API version; any when absent."),
    "kind": text("Kind; any when absent."),
}
DEFS: Schema = {
    "fieldSpec": fields(
        "A place in objects, in kustomize's form.",
        {
            "path": text(
                "Field path, parts split by `/`; `[]` after a part walks a list (lists are walked without it, too)."
            ),
            **GVK,
            "create": flag("Make the field where it is missing."),
        },
        ("path",),
    ),
    "target": fields(
        "Which objects: every filled field must match. Patterns are regular expressions, anchored at both ends.",
        {
            "group": text("Pattern of the API group."),
            "version": text("Pattern of the API version."),
            "kind": text("Pattern of the kind."),
            "name": text("Pattern of the name, as it is now or was before."),
            "namespace": text("Pattern of the namespace."),
            "labelSelector": text("Kubernetes label selector, such as `app=web,tier in (a,b)`."),
            "annotationSelector": text("The same for annotations."),
        },
        minProperties=1,
    ),
    "generator": fields(
        "A generated ConfigMap or Secret.",
        {
            "name": text("Name, to which a hash of the content is added."),
            "namespace": text("Namespace, where `namespace` does not set one."),
            "behavior": {
                "enum": ["create", "merge", "replace"],
                "description": "create, or merge into or replace the one of an earlier layer.",
            },
            "literals": pairs("Keys and values."),
            "files": many("Files, as `path` or `key=path`.", {"type": "string", "pattern": "^[^=]+(=.+)?$"}),
            "envs": paths("Files of KEY=VALUE lines."),
            "options": fields(
                "How the object is made.",
                {
                    "labels": pairs("Labels of the object."),
                    "annotations": pairs("Annotations of the object."),
                    "immutable": flag("Mark the object immutable."),
                    "disableNameSuffixHash": flag("Keep the plain name."),
                },
            ),
        },
        ("name",),
    ),
    "patch": fields(
        "One patch; exactly one of path, strategicMerge, jsonPatch and mergePatch.",
        {
            "path": text(
                "File with strategic merge patches, or with a list of JSON patch operations (which needs a target)."
            ),
            "strategicMerge": {"type": "object", "description": "A strategic merge patch."},
            "jsonPatch": many("RFC 6902 operations; `[name=web]` in a path selects a list element by key.", {}),
            "mergePatch": {"type": "object", "description": "A merge patch (RFC 7396)."},
            "target": ref("target"),
            "expect": {
                "description": "How many objects must match: 1 (the default), 2, `1+`, `0..3`.",
                "anyOf": [
                    {"type": "integer", "minimum": 0, "maximum": 999999},
                    {"type": "string", "pattern": r"^\d{1,6}(\+|\.\.\d{1,6})?$"},
                ],
            },
        },
        oneOf=[{"required": [way]} for way in ("path", "strategicMerge", "jsonPatch", "mergePatch")],
        dependentRequired={"jsonPatch": ["target"], "mergePatch": ["target"]},
    ),
}
DEFS["guard"] = fields(
    "Fields of objects, as dotted paths.",
    {
        "target": ref("target"),
        "fields": paths("Field paths, such as `spec.template.spec.containers.[name=web].image`."),
    },
    ("fields",),
)
FIELD_OPTIONS = {
    "delimiter": text("Splits the text; the value is one part of it."),
    "index": {"type": "integer", "minimum": 0, "maximum": 2147483647, "description": "Which part, from 0."},
}
SOURCE = fields(
    "The one object, and its field, that holds the value; or a fact of the environment.",
    {
        **DEFS["target"]["properties"],
        "fieldPath": text("Dotted field path; `metadata.name` when absent."),
        "options": fields("A part of the text.", FIELD_OPTIONS, dependentRequired={"index": ["delimiter"]}),
    },
    anyOf=[{"required": [name]} for name in DEFS["target"]["properties"]],
)
DEFS["replacement"] = fields(
    "One value, copied to many places.",
    {
        "source": {
            "description": "Where the value comes from.",
            "oneOf": [
                SOURCE,
                fields(
                    "A fact of the environment.",
                    {
                        "fact": {
                            "enum": ["name", "namespace", "releaseName", "kubernetesVersion", "cluster"],
                            "description": "Which fact.",
                        }
                    },
                    ("fact",),
                ),
            ],
        },
        "sourceValue": {"type": "string", "description": "The value itself."},
        "targets": many(
            "Where it goes.",
            fields(
                "Fields of some objects.",
                {
                    "select": ref("target"),
                    "reject": many("Objects to leave out.", ref("target")),
                    "fieldPaths": paths("Dotted field paths; `metadata.name` when absent."),
                    "options": fields(
                        "How the value is put there.",
                        {
                            **FIELD_OPTIONS,
                            "index": {
                                "type": "integer",
                                "minimum": -1,
                                "maximum": 2147483647,
                                "description": "Which part, from 0; -1 puts it in front, past the end behind.",
                            },
                            "create": flag("Make the field where it is missing."),
                            "replace": text(
                                "Words in the field's text; the value takes their place, wherever they stand."
                            ),
                        },
                        dependentRequired={"index": ["delimiter"]},
                        dependentSchemas={
                            "replace": {"not": {"anyOf": [{"required": ["delimiter"]}, {"required": ["create"]}]}}
                        },
                    ),
                },
                ("select",),
            ),
        ),
    },
    ("targets",),
    oneOf=[{"required": [way]} for way in ("source", "sourceValue")],
)
SECRET = json.loads(json.dumps(DEFS["generator"]))
SECRET["properties"]["type"] = text("Type of the Secret; Opaque when absent.")
DEFS["secret"] = SECRET

VERSION = {
    "type": "string",
    "pattern": r"^v?\d+\.\d+(\.\d+)?$",
    "description": 'Kubernetes version to render for, such as "1.34".',
}
DIGEST = r"^sha256:[0-9a-f]{64}$"
TAG = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
CHART = {
    "description": "The base chart: a local path; or a remote one, which overlay.lock pins.",
    "oneOf": [
        fields(
            "", {"path": text("Folder of a Helm chart or of plain manifests, or a packaged chart (.tgz).")}, ("path",)
        ),
        fields(
            "",
            {
                "repository": text(
                    "URL of a Helm repository, or `@NAME` of one that `overlay repo add` knows.", pattern="^(?!oci://)"
                ),
                "name": text("Name of the chart there."),
                "version": text("Version of the chart, or a constraint such as `^1.2.0`."),
            },
            ("repository", "name", "version"),
        ),
        fields(
            "",
            {
                "oci": text("oci:// reference of a chart in a registry, without tag."),
                "version": text("Version (tag), or a constraint such as `^1.2.0`."),
                "digest": text("sha256:… of the manifest.", pattern=DIGEST),
            },
            ("oci",),
            anyOf=[{"required": ["version"]}, {"required": ["digest"]}],
        ),
        fields(
            "",
            {
                "git": text("URL of a Git repository, https or ssh."),
                "ref": text("Branch, tag or commit."),
                "path": text("Folder of the chart, or of plain manifests, there; the whole when absent."),
            },
            ("git", "ref"),
        ),
        fields(
            "",
            {
                "url": text("https URL of a packaged chart, or of a packed folder of plain manifests."),
                "digest": text("sha256:… of its bytes.", pattern=DIGEST),
            },
            ("url", "digest"),
        ),
    ],
}
for way in CHART["oneOf"]:
    del way["description"]  # type: ignore[attr-defined]


def places(description: str, *, single: bool = False) -> Schema:
    """Return a list of paths, or of what comes from elsewhere."""
    endings = r"(\.tgz|\.tar\.gz|\.yaml|\.yml|\.json)" if single else r"(\.tgz|\.tar\.gz)"
    what = "https URL of an archive, or of one file." if single else "https URL of an archive."
    url = fields(
        "",
        {
            "url": text(what, pattern=rf"^[^?]*{endings}(\?|$)"),
            "digest": text("sha256:… of its bytes.", pattern=DIGEST),
        },
        ("url", "digest"),
    )
    git = fields(
        "",
        {
            "git": text("URL of a Git repository, https or ssh."),
            "ref": text("Branch, tag or commit."),
            "path": text("Folder there; the whole when absent."),
        },
        ("git", "ref"),
    )
    for way in (git, url):
        del way["description"]
    return many(description, {"oneOf": [{"type": "string", "minLength": 1}, git, url]})


SHARED: Schema = {
    "components": places("Components to opt into: folders with component.yaml, or the files; or from elsewhere."),
    "kubernetesVersion": VERSION,
    "apiVersions": paths("Further APIs that .Capabilities.APIVersions has."),
    "includeCRDs": flag("With the chart's crds/ folder (the default)."),
    "values": paths("Values files, later ones over earlier ones, over those of the parents."),
    "resources": places("Further plain manifests: files or folders; or from elsewhere.", single=True),
    "crds": places(
        "CustomResourceDefinitions that only describe kinds, files or folders: they are not rendered.", single=True
    ),
    "configMaps": many("ConfigMaps to generate.", ref("generator")),
    "secrets": many("Secrets to generate.", ref("secret")),
    "patches": many("Patches, applied in order.", ref("patch")),
    "namespace": text("Namespace of every namespaced object.", pattern=NAME, maxLength=63),
    "labels": many(
        "Labels to add.",
        fields(
            "Labels; to metadata only, unless told otherwise.",
            {
                "pairs": pairs("Keys and values."),
                "includeSelectors": flag("Also selectors: they cannot change on what runs."),
                "includeTemplates": flag("Also pod templates."),
                "fields": many("Further places.", ref("fieldSpec")),
            },
            ("pairs",),
        ),
    ),
    "annotations": pairs("Annotations to add, to objects and pod templates."),
    "replicas": many(
        "Replicas by name of the workload.",
        fields(
            "Replicas of one name.",
            {
                "name": text("Name of the workload."),
                "count": {"type": "integer", "minimum": 0, "maximum": 2147483647, "description": "How many."},
            },
            ("name", "count"),
        ),
    ),
    "images": many(
        "Images to change.",
        fields(
            "One image.",
            {
                "name": text("Image without tag and digest."),
                "newName": text("Its new name."),
                "newTag": text("Its new tag.", pattern=TAG),
                "digest": text("Its digest, sha256:….", pattern=DIGEST),
            },
            ("name",),
            anyOf=[{"required": [name]} for name in ("newName", "newTag", "digest")],
        ),
    ),
    "namePrefix": text("Put before every object's name."),
    "nameSuffix": text("Put behind every object's name."),
    "replacements": many("Values to copy between objects.", ref("replacement")),
    "protect": many("Fields that environments below may not change.", ref("guard")),
    "allow": many("The only fields that environments below may change.", ref("guard")),
    "sortOptions": fields(
        "The order of the objects.",
        {
            "order": {
                "enum": ["apply", "fifo", "legacy"],
                "description": "apply: what others need first (the default); fifo: as they come; legacy: kustomize's.",
            },
            "legacySortOptions": fields(
                "Kinds that come first and last.",
                {"orderFirst": paths("Kinds, in order."), "orderLast": paths("Kinds, in order.")},
            ),
        },
        ("order",),
        dependentSchemas={
            "legacySortOptions": {"properties": {"order": {"const": "legacy", "description": "Only there."}}}
        },
    ),
    "buildMetadata": many("What is noted on objects.", {"enum": ["originAnnotations"]}),
    "publish": fields(
        "Where in Git rendered output goes.",
        {
            "repository": text(
                "Name of a Git remote, or an https or ssh URL; the remote that the source is pushed to when absent.",
                pattern=REPOSITORY,
            ),
            "branch": text(
                "Branch; environments/{environment} when absent, beside a path the source's own.", pattern=BRANCH
            ),
            "path": text("Folder there; the top when absent. {environment} stands for the environment's name."),
            "message": text("Template of commit messages."),
            "secrets": many(
                "Objects that may be committed with values that can be read.",
                text("The name of a Secret, or kind and name of another object: `ConfigMap/ca`."),
            ),
        },
    ),
    "cluster": fields(
        "The cluster that this is for, and what may be done there.",
        {
            "context": text("Name of its context in the kubeconfig."),
            "serverMatch": text("Regular expression that the whole address of the server must match."),
            "uid": text("uid of the cluster's namespace kube-system: no other cluster is touched."),
            "allowUncommitted": flag("Allow --no-git: apply without committing."),
            "maxPrune": {
                "description": 'The most objects that one run may delete, or a share such as "20%".',
                "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": MAX_PRUNE}],
            },
            "wait": flag("Wait until all is healthy (the default)."),
            "timeout": text("The longest that this may take; 5m when absent.", pattern=DURATION),
            "drift": {
                "description": "What a scheduled run does about others' changes: report (when absent), correct.",
                "enum": ["report", "correct"],
            },
            "conflicts": many(
                "What is done about fields that others manage.",
                fields(
                    "One rule; a later one outweighs an earlier one.",
                    {
                        "path": text("Dotted path of the field; what is below it is meant too; any beside a manager."),
                        "action": {
                            "enum": ["fail", "take", "leave"],
                            "description": "fail (the default), take, leave.",
                        },
                        "kind": text("Kind; any when absent."),
                        "manager": text("Who manages it, in which * stands for any text; anybody when absent."),
                    },
                    ("action",),
                    anyOf=[{"required": [name]} for name in ("path", "manager")],
                ),
            ),
            "health": many(
                "Health of kinds that have no standard conditions, in CEL over an object's own fields.",
                fields(
                    "One rule; a later one for the same kind outweighs an earlier one, and any rule that overlay has.",
                    {
                        "apiVersion": text("apiVersion of the kind; a rule counts for all versions of its group."),
                        "kind": text("Kind."),
                        "current": text("True when the object is as it shall be."),
                        "inProgress": text("True while it is on its way; asked first."),
                        "failed": text("True when it will not get there; asked second."),
                    },
                    ("apiVersion", "kind", "current"),
                ),
            ),
        },
    ),
    "verify": fields(
        "Who must have signed a bundle before it is applied; what layers ask for adds up.",
        {
            "signedBy": many(
                "All of these must have signed.",
                fields(
                    "Keys, any of which is enough; or an identity that an issuer vouches for.",
                    {
                        "keys": paths("Files of public keys (PEM).") | {"minItems": 1},
                        "identity": text("Whom the certificate is made out to."),
                        "identityMatch": text("Regular expression that all of the identity must match."),
                        "issuer": text("The issuer of the identity.", pattern="^https://"),
                        "trustedRoot": text("File of the authority and logs (JSON); the public good ones when absent."),
                    },
                    oneOf=[
                        {"required": ["keys"], "propertyNames": {"const": "keys"}},
                        {"required": ["identity", "issuer"], "properties": {"keys": False, "identityMatch": False}},
                        {"required": ["identityMatch", "issuer"], "properties": {"keys": False, "identity": False}},
                    ],
                ),
            )
            | {"minItems": 1},
        },
        ("signedBy",),
    ),
    "fieldSpecs": fields(
        "Further places that transforms look at.",
        {
            **{
                name: many(f"Places for {name}.", ref("fieldSpec"))
                for name in ("namespace", "labels", "annotations", "images", "replicas")
            },
            "nameReference": many(
                "Fields that hold names of objects, also in custom resources.",
                fields(
                    "Fields that hold names of this kind.",
                    {**GVK, "fieldSpecs": many("The fields.", ref("fieldSpec"))},
                    ("kind", "fieldSpecs"),
                ),
            ),
        },
    ),
}
PARENTS: Schema = {
    "extends": places("Bases and environments below this one: folders, or the documents; or from elsewhere."),
    "chart": CHART,
    "release": fields(
        "What templates see as .Release.",
        {
            "name": text("Name; the project's when absent.", pattern=NAME, maxLength=53),
            "namespace": text("Namespace; that of `namespace` when absent.", pattern=NAME, maxLength=63),
            "revision": {"type": "integer", "minimum": 1, "maximum": 2147483647, "description": "Revision."},
            "isUpgrade": flag("An upgrade, no installation."),
        },
    ),
}


def document(
    kind: str, description: str, spec: Schema, defs: Schema, called: str = "Name; the same as the folder's."
) -> Schema:
    """Return the schema of one kind of document; called: what its name is."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://overlay.dev/schemas/{kind.lower()}.schema.json",
        "title": kind,
        **fields(
            description,
            {
                "apiVersion": {"const": "overlay.dev/v1", "description": "Version of this format."},
                "kind": {"const": kind, "description": "What this document is."},
                "metadata": fields(
                    "Who it is.",
                    {"name": text(called, pattern=NAME, maxLength=63)},
                    ("name",),
                ),
                "spec": fields("What it says.", spec),
            },
            ("apiVersion", "kind", "metadata"),
        ),
        **({"$defs": defs} if defs else {}),
    }


def test() -> Schema:
    """Return what stands in the spec of a user's own test."""
    target = ref("target")
    expect = {**DEFS["patch"]["properties"]["expect"], "description": "How many exist: `1+` (the default), 2, `0..3`."}
    known: Schema = {
        "exists": {**target, "description": "Objects that have to be there."},
        "absent": {**target, "description": "Objects that must not be there."},
        "equals": {"description": "The value that a field of every object of the target has."},
        "schema": {
            "type": "object",
            "description": "A JSON Schema that every object of the target, or a field of it, fits.",
        },
        "expression": text("CEL that is true for each `object` of the target; without a target, for all `objects`."),
        "expect": expect,
        "target": target,
        "field": text("Dotted field path; `*` stands for every element."),
        "message": text("What is told where it does not hold."),
    }
    # (must stand beside it, may stand beside it)
    ways: dict[str, tuple[list[str], list[str]]] = {
        "exists": ([], ["expect"]),
        "absent": ([], []),
        "equals": (["target", "field"], []),
        "schema": (["target"], ["field"]),
        "expression": ([], ["target"]),
    }
    assertion = fields(
        "One assertion: exists, absent, equals, schema or expression.",
        known,
        oneOf=[
            {
                "required": [way, *needed],
                "properties": {name: False for name in known if name not in (way, *needed, *allowed, "message")},
            }
            for way, (needed, allowed) in ways.items()
        ],
    )
    return {
        "environments": many(
            "Names of environments, in which * stands for any text; all when absent.",
            {"type": "string", "minLength": 1},
        ),
        "golden": fields(
            "Objects held against tests/golden/TEST/ENVIRONMENT.yaml, where values of Secrets are hidden.",
            {"target": target, "ignore": many("Fields that are left out.", FIELD_RULE)},
        ),
        "assertions": many("What has to be true.", assertion),
    }


def lock() -> Schema:
    """Return the schema of overlay.lock."""
    words = {
        "repository": "URL or `@NAME` of a Helm repository.",
        "oci": "oci:// reference.",
        "git": "URL of a Git repository.",
        "url": "URL of an archive.",
        "version": "Version or constraint.",
        "ref": "Branch, tag or commit.",
        "path": "Folder in the Git repository.",
        "digest": "Digest that the document itself asks for.",
    }
    entry = fields(
        "One pinned input.",
        {
            "name": {
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
                "description": "Name of the chart, or one made from its address.",
            },
            "request": fields(
                "What documents ask for, in their own words.",
                {name: {"type": "string", "description": meaning} for name, meaning in words.items()},
                minProperties=1,
            ),
            "version": {
                "type": "string",
                "pattern": "^([A-Za-z0-9][A-Za-z0-9.+_-]{0,127})?$",
                "description": "What that is: a chart's version, a commit, or empty.",
            },
            "source": {"type": "string", "description": "Where it came from."},
            "digest": {"type": "string", "pattern": DIGEST, "description": "Digest of its content."},
            "size": {"type": "integer", "minimum": 0, "description": "Bytes of its content."},
        },
        ("name", "request", "version", "source", "digest", "size"),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://overlay.dev/schemas/lock.schema.json",
        "title": "Lock",
        **fields(
            "overlay.lock: what every remote input is; made by `overlay lock`.",
            {
                "apiVersion": {"const": "overlay.dev/v1", "description": "Version of this format."},
                "kind": {"const": "Lock", "description": "What this document is."},
                "inputs": many("All pinned inputs, sorted.", entry),
            },
            ("apiVersion", "kind", "inputs"),
        ),
    }


_SEVERITY = {"enum": ["ignore", "warn", "error"], "description": "What it is to break the rule."}
POLICY = fields(
    "What objects have to be beyond what Kubernetes demands; `lint` and `sync` check it.",
    {
        "rules": fields(
            "The rules that are on.",
            {name: {**_SEVERITY, "description": rule.help} for name, rule in BUILT_IN.items()},
        ),
        "namespaces": many("Namespaces that objects may stand in; `*` and `?` match.", text("Name or pattern.")),
        "registries": many(
            "Registries, or places in them, that images may come from: `registry.example/shop`, `docker.io/library`.",
            text("Place."),
        ),
        "own": many(
            "Rules of the project's own.",
            fields(
                "A rule.",
                {
                    "name": text("Its name.", pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"),
                    "target": ref("target"),
                    "expression": text("In CEL; true for an object that is right. It sees object and environment."),
                    "message": text("What is told where it is not true."),
                    "field": text("Dotted path of the field that it is about, whose line is told."),
                    "severity": _SEVERITY,
                },
                ("name", "expression", "message"),
            ),
        ),
        "exempt": many(
            "Objects to which a rule does not apply.",
            fields(
                "An exemption.",
                {"rule": text("The rule's name."), "target": ref("target"), "because": text("Why.")},
                ("rule", "target", "because"),
            ),
        ),
    },
)


def schemas() -> dict[str, Schema]:
    """Return all schemas by name."""
    project = {
        "environments": text("Folder of the environments; `environments` when absent."),
        "kubernetesVersion": VERSION,
        "strict": flag("Warnings are errors."),
        "validate": fields(
            "How objects are checked.",
            {
                "unknownKinds": {
                    "enum": ["ignore", "warn", "error"],
                    "description": "What an object of a kind that no schema describes is; warn when absent.",
                },
            },
        ),
        "diff": fields(
            "How versions are compared; of a change, what its base says of ignored fields counts.",
            {
                "ignore": many("Fields that are left out.", FIELD_RULE),
                "mask": many(
                    "Fields whose values are hidden wherever differences are shown, as those of Secrets are.",
                    FIELD_RULE,
                ),
            },
        ),
        "policy": POLICY,
        "bundle": fields(
            "What bundles of this project say of it, as annotations that registries and Argo CD show.",
            {
                "title": text("Its title; the project's name when absent."),
                "description": text("What it is."),
                "url": text("Where to read more."),
                "source": text("Where its source is."),
                "documentation": text("Where its documentation is."),
                "vendor": text("Who distributes it."),
                "licenses": text("Its licence, as an SPDX expression."),
                "authors": text("Whom to ask."),
            },
        ),
    }
    return {
        "environment": document(
            "Environment", "environment.yaml: what one environment is.", {**PARENTS, **SHARED}, DEFS
        ),
        "base": document("Base", "base.yaml: what environments share.", {**PARENTS, **SHARED}, DEFS),
        "component": document("Component", "component.yaml: a part that environments opt into.", SHARED, DEFS),
        "project": document(
            "Project", "overlay.yaml: defaults of the project.", project, {"target": DEFS["target"]}, "Name."
        ),
        "test": tests(),
        "lock": lock(),
        "changes": changes(),
    }


def tests() -> Schema:
    """Return the schema of a user's own test, which says something in any case."""
    found = document(
        "Test",
        "tests/NAME.yaml: what has to be true of environments.",
        test(),
        {"target": DEFS["target"]},
        "Name; the same as the file's, without its ending.",
    )
    found["required"] = [*found["required"], "spec"]
    some = {"required": ["assertions"], "properties": {"assertions": {"minItems": 1, "description": "At least one."}}}
    found["properties"]["spec"]["anyOf"] = [{"required": ["golden"]}, some]
    return found


def changes() -> Schema:
    """Describe what `overlay diff -o json` prints."""
    word = {"type": ["string", "null"]}
    number = {"type": "integer", "minimum": 0}
    counts = dict.fromkeys(("changed", "renamed", "added", "removed"), number)
    place = whole(
        "The line of the change that does it.",
        {
            "file": {"type": "string"},
            "line": {"type": ["integer", "null"]},
            "column": {"type": ["integer", "null"]},
            "what": {"type": "string", "description": "What stands there: replicas, patch, a chart's value."},
            "through": {**word, "description": "The template's line through which a value acts."},
        },
    )
    cause: Schema = {"oneOf": [{"type": "null"}, place]}
    field = fields(
        "A field that differs.",
        {
            "path": {"type": "string", "description": "As spec.template.spec.containers.[name=web].image."},
            "change": {"enum": ["added", "removed", "changed", "moved"]},
            "before": {"description": "Absent where it was added; of one that moved, the names of its elements."},
            "after": {"description": "Absent where it was removed."},
            "cause": cause,
        },
        ("path", "change", "cause"),
    )
    one = fields(
        "An object that differs.",
        {
            "group": {"type": "string"},
            "kind": {"type": "string"},
            "namespace": word,
            "name": {"type": "string"},
            "change": {"enum": ["changed", "renamed", "added", "removed"]},
            "oldName": word,
            "cause": cause,
            "pruned": {"type": "boolean", "description": "Of one that was removed: a sync deletes it in its cluster."},
            "kept": {**word, "description": "Why a sync leaves it there."},
            "fields": {"type": "array", "items": field},
        },
        ("group", "kind", "namespace", "name", "change", "oldName", "cause", "fields"),
    )
    side = whole("What was compared; commit is null for what is not one.", {"ref": word, "commit": word})
    environment = whole(
        "An environment.",
        {
            "environment": {"type": "string"},
            "change": {"enum": ["same", "changed", "added", "removed", "failed"]},
            "ignored": {**number, "description": "Fields that differ and are ignored."},
            "problems": {"type": "array", "items": {"type": "string"}},
            "objects": {"type": "array", "items": one},
        },
    )
    numbers = {"environments": number, "differing": number, "objects": whole("Objects.", counts)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://overlay.dev/schemas/changes.schema.json",
        "title": "Changes",
        **whole(
            "What a change does to environments: overlay diff -o json.",
            {
                "apiVersion": {"const": "overlay.dev/v1"},
                "kind": {"const": "Changes"},
                "from": side,
                "to": side,
                "summary": whole("Numbers.", numbers),
                "environments": {"type": "array", "items": environment},
            },
        ),
    }


def whole(description: str, properties: Schema) -> Schema:
    """Describe a map in which no field is left out."""
    return fields(description, properties, tuple(properties))


def main() -> None:
    """Write the schemas, or tell which are not what this script says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a schema differs")
    check = parser.parse_args().check
    for name, schema in schemas().items():
        path = TARGET / f"{name}.schema.json"
        made = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if not check:
            path.write_text(made, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != made:
            raise SystemExit(f"{path.name} is not what scripts/write_schemas.py says: run make docs")


if __name__ == "__main__":
    main()
