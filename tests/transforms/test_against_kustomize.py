"""Where a field means what kustomize's field means, the result is kustomize's: each case is built by both."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: robot
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - labelSelector: {matchLabels: {app: web}}
              topologyKey: kubernetes.io/hostname
      initContainers:
        - {name: init, image: "busybox@sha256:0123456789012345678901234567890123456789012345678901234567890123"}
      containers:
        - name: web
          image: registry.example:5000/shop/web:1.0
          envFrom: [{configMapRef: {name: flags}}, {secretRef: {name: keys}}]
          env: [{name: A, valueFrom: {configMapKeyRef: {name: flags, key: a}}}]
        - {name: side, image: sidecar}
      volumes:
        - {name: a, configMap: {name: flags}}
        - {name: b, secret: {secretName: keys}}
        - {name: c, projected: {sources: [{configMap: {name: flags}}, {secret: {name: keys}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres:16}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: job, image: "shop/job:1", envFrom: [{configMapRef: {name: flags}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [flags], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - {kind: ServiceAccount, name: robot, namespace: default}
  - {kind: ServiceAccount, name: default, namespace: default}
  - {kind: ServiceAccount, name: elsewhere, namespace: other}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/auth-secret: keys}}
spec:
  tls: [{hosts: [a.example], secretName: keys}]
  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: old}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 1Gi}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks: [{name: a.example, clientConfig: {service: {name: web, namespace: default, path: /x}}}]
---
apiVersion: shop.example/v1
kind: Gadget
metadata: {name: g}
spec: {template: {spec: {containers: [{name: x, image: "shop/gadget:1"}]}}, configName: flags}
"""
BINARY = bytes(range(256))
LONG = b"x" * 200

# name: (our fields, kustomize's fields)
CASES = {
    "namespace": ({"namespace": "shop"}, {"namespace": "shop"}),
    "labels": (
        {"labels": [{"pairs": {"team": "shop", "app": "other"}}]},
        {"labels": [{"pairs": {"team": "shop", "app": "other"}}]},
    ),
    "labels in templates": (
        {"labels": [{"pairs": {"team": "shop"}, "includeTemplates": True}]},
        {"labels": [{"pairs": {"team": "shop"}, "includeTemplates": True}]},
    ),
    "labels in selectors": (
        {"labels": [{"pairs": {"team": "shop"}, "includeSelectors": True}]},
        {"labels": [{"pairs": {"team": "shop"}, "includeSelectors": True}]},
    ),
    "labels in further fields": (
        {"labels": [{"pairs": {"team": "shop"}, "fields": [{"path": "spec/marks", "kind": "Gadget", "create": True}]}]},
        {"labels": [{"pairs": {"team": "shop"}, "fields": [{"path": "spec/marks", "kind": "Gadget", "create": True}]}]},
    ),
    "annotations": ({"annotations": {"owner": "shop"}}, {"commonAnnotations": {"owner": "shop"}}),
    "replicas": (
        {"replicas": [{"name": "web", "count": 4}, {"name": "db", "count": 0}]},
        {"replicas": [{"name": "web", "count": 4}, {"name": "db", "count": 0}]},
    ),
    **{
        f"image {name}": ({"images": entries}, {"images": entries})
        for name, entries in {
            "tag": [{"name": "registry.example:5000/shop/web", "newTag": "2.0"}],
            "name": [{"name": "shop/job", "newName": "mirror.example/job"}],
            "digest": [{"name": "postgres", "digest": "sha256:" + "a" * 64}],
            "tag over digest": [{"name": "busybox", "newTag": "1.36"}],
            "tag and digest": [{"name": "sidecar", "newTag": "2", "digest": "sha256:" + "b" * 64}],
            "in a custom resource": [{"name": "shop/gadget", "newTag": "2"}],
            "twice": [{"name": "sidecar", "newName": "shop/side"}, {"name": "shop/side", "newTag": "3"}],
        }.items()
    },
    "config maps and secrets": (
        {
            "configMaps": [
                {"name": "flags", "literals": {"a": "1", "b": "<x> & 'y'\n"}, "files": ["data.bin", "renamed=text.txt"]}
            ],
            "secrets": [{"name": "keys", "literals": {"p": "s"}, "files": ["long.txt"], "envs": ["keys.env"]}],
        },
        {
            "configMapGenerator": [
                {"name": "flags", "literals": ["a=1", "b=<x> & 'y'\n"], "files": ["data.bin", "renamed=text.txt"]}
            ],
            "secretGenerator": [{"name": "keys", "literals": ["p=s"], "files": ["long.txt"], "envs": ["keys.env"]}],
        },
    ),
    "generator options": (
        {
            "configMaps": [
                {
                    "name": "flags",
                    "literals": {"a": "1"},
                    "options": {
                        "disableNameSuffixHash": True,
                        "immutable": True,
                        "labels": {"x": "y"},
                        "annotations": {"n": "m"},
                    },
                }
            ],
            "secrets": [{"name": "keys", "type": "example/x", "literals": {"u": "ü"}}],
        },
        {
            "configMapGenerator": [
                {
                    "name": "flags",
                    "literals": ["a=1"],
                    "options": {
                        "disableNameSuffixHash": True,
                        "immutable": True,
                        "labels": {"x": "y"},
                        "annotations": {"n": "m"},
                    },
                }
            ],
            "secretGenerator": [{"name": "keys", "type": "example/x", "literals": ["u=ü"]}],
        },
    ),
    "generators in a namespace with a declared reference": (
        {
            "namespace": "shop",
            "configMaps": [{"name": "flags", "literals": {"a": "1"}}],
            "fieldSpecs": {
                "nameReference": [{"kind": "ConfigMap", "fieldSpecs": [{"kind": "Gadget", "path": "spec/configName"}]}]
            },
        },
        {
            "namespace": "shop",
            "configMapGenerator": [{"name": "flags", "literals": ["a=1"]}],
            "configurations": ["refs.yaml"],
        },
    ),
    **{
        f"names {name}": (
            {**fields, "configMaps": [{"name": "flags", "literals": {"a": "1"}}]},
            {**fields, "configMapGenerator": [{"name": "flags", "literals": ["a=1"]}]},
        )
        for name, fields in {
            "with a prefix": {"namePrefix": "dev-"},
            "with a suffix": {"nameSuffix": "-blue"},
            "with both in a namespace": {"namePrefix": "a-", "nameSuffix": "-z", "namespace": "shop"},
        }.items()
    },
    **{
        f"replacements {name}": ({"replacements": entries}, {"replacements": entries})
        for name, entries in {
            "of a field in many objects": [
                {
                    "source": {"kind": "Service", "name": "web", "fieldPath": "spec.ports.0.port"},
                    "targets": [
                        {
                            "select": {"kind": "Ingress"},
                            "fieldPaths": ["spec.rules.0.http.paths.0.backend.service.port.number"],
                        },
                        {
                            "select": {"kind": "Deployment", "name": "web"},
                            "fieldPaths": [
                                "spec.template.spec.containers.[name=web].image",
                                "metadata.labels.app",
                            ],
                        },
                    ],
                }
            ],
            "of the name by default": [
                {
                    "source": {"kind": "ServiceAccount", "name": "robot"},
                    "targets": [
                        {
                            "select": {"kind": "ConfigMap|Gadget"},
                            "reject": [{"kind": "ConfigMap"}],
                            "fieldPaths": ["spec.owner.name", "metadata.annotations.[example.com/owner]"],
                            "options": {"create": True},
                        }
                    ],
                }
            ],
            "of a literal between delimiters": [
                {
                    "sourceValue": "2.0",
                    "targets": [
                        {
                            "select": {"kind": "Deployment"},
                            "fieldPaths": ["spec.template.spec.containers.*.image"],
                            "options": {"delimiter": ":", "index": 1},
                        },
                        {
                            "select": {"kind": "Gadget"},
                            "fieldPaths": ["spec.configName"],
                            "options": {"delimiter": "-", "index": -1},
                        },
                    ],
                }
            ],
            "of a part of a field": [
                {
                    "source": {
                        "kind": "Deployment",
                        "fieldPath": "spec.template.spec.containers.[name=web].image",
                        "options": {"delimiter": ":", "index": 2},
                    },
                    "targets": [{"select": {"kind": "Gadget"}, "fieldPaths": ["spec.configName"]}],
                }
            ],
            "of a map": [
                {
                    "source": {"kind": "PodDisruptionBudget", "fieldPath": "spec.selector"},
                    "targets": [{"select": {"kind": "NetworkPolicy"}, "fieldPaths": ["spec.podSelector"]}],
                }
            ],
        }.items()
    },
    "an empty secret": ({"secrets": [{"name": "key"}]}, {"secretGenerator": [{"name": "key"}]}),
    "an empty config map": ({"configMaps": [{"name": "flags"}]}, {"configMapGenerator": [{"name": "flags"}]}),
    "everything": (
        {
            "namespace": "shop",
            "labels": [{"pairs": {"team": "shop"}, "includeTemplates": True}],
            "annotations": {"owner": "me"},
            "replicas": [{"name": "web", "count": 2}],
            "images": [{"name": "sidecar", "newTag": "9"}],
            "configMaps": [{"name": "flags", "literals": {"a": "1"}}],
            "secrets": [{"name": "keys", "literals": {"k": "v"}}],
        },
        {
            "namespace": "shop",
            "labels": [{"pairs": {"team": "shop"}, "includeTemplates": True}],
            "commonAnnotations": {"owner": "me"},
            "replicas": [{"name": "web", "count": 2}],
            "images": [{"name": "sidecar", "newTag": "9"}],
            "configMapGenerator": [{"name": "flags", "literals": ["a=1"]}],
            "secretGenerator": [{"name": "keys", "literals": ["k=v"]}],
        },
    ),
}


def by_identity(text: str) -> dict[tuple[str, str, str], dict]:
    found = {}
    for one in yaml.load_all(text, yaml.CSafeLoader):
        found[one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]] = one
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_result_is_kustomizes(case: str, tool, tmp_path: Path) -> None:
    kustomize = tool("kustomize")
    ours, theirs = CASES[case]
    place = tmp_path / "environments" / "prod"
    place.mkdir(parents=True)
    for name, data in {
        "all.yaml": DEPLOYMENT.encode(),
        "data.bin": BINARY,
        "text.txt": b"text \xc3\xa4\n",
        "long.txt": LONG,
        "keys.env": b"A=1\n# no\n\n  B=x=y\n",
        "refs.yaml": b"nameReference:\n- kind: ConfigMap\n  fieldSpecs:\n  - {kind: Gadget, path: spec/configName}\n",
        "kustomization.yaml": json.dumps({"resources": ["all.yaml"], **theirs}).encode(),
        "environment.yaml": json.dumps(
            {
                "apiVersion": "overlay.dev/v1",
                "kind": "Environment",
                "metadata": {"name": "prod"},
                "spec": {"resources": ["all.yaml"], **ours},
            }
        ).encode(),
    }.items():
        (place / name).write_bytes(data)
    expected = subprocess.run([kustomize, "build", place], capture_output=True, text=True, check=True).stdout
    done = subprocess.run(
        [sys.executable, "-m", "overlay", "render", "prod", "--no-validate"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert by_identity(done.stdout) == by_identity(expected)


def test_data_that_is_no_text_arrives_unchanged(tmp_path: Path) -> None:
    place = tmp_path / "environments" / "prod"
    place.mkdir(parents=True)
    (place / "data.bin").write_bytes(BINARY)
    (place / "environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec: {configMaps: [{name: c, files: [data.bin]}], secrets: [{name: s, files: [k=data.bin]}]}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "overlay", "render", "prod", "-o", "json"], cwd=tmp_path, capture_output=True, text=True
    )
    secret, config = json.loads(done.stdout)
    assert base64.b64decode(config["binaryData"]["data.bin"]) == BINARY
    assert base64.b64decode(secret["data"]["k"]) == BINARY
