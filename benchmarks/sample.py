"""The sample project's prod against `helm template` piped into `kustomize build` doing the same work."""

from __future__ import annotations

import os
import shutil
import subprocess

from benchmarks.measure import compare

BASE = """\
resources: [all.yaml]
configMapGenerator:
  - name: web-settings
    literals: [CATALOG_PAGE_SIZE=24, FEATURES=reviews]
    files: [robots.txt]
labels:
  - {pairs: {app.kubernetes.io/part-of: shop}, includeTemplates: true}
"""
KUSTOMIZATION = """\
namespace: shop-prod
resources: [base, disruption-budgets.yaml]
labels:
  - {pairs: {tier: prod}, includeTemplates: true}
replicas: [{name: api, count: 3}, {name: worker, count: 6}]
images:
  - {name: shop/web, newTag: 2.4.1}
  - {name: shop/api, digest: sha256:8f1b0cd7a3c5d2f4e6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70819203}
patches:
  - {path: spread.yaml, target: {kind: Deployment, name: web|api}}
  - {path: web.yaml}
  - target: {kind: Deployment, name: worker}
    patch: '[{"op": "replace", "path": "/spec/template/spec/containers/0/resources/limits/memory", "value": "512Mi"}]'
"""


def write(folder: str, root: str, tools: str) -> list[str]:
    """Write the same work for the pair of programs; return the command."""
    sample = os.path.join(root, "environments")
    base = os.path.join(folder, "base")
    os.makedirs(base)
    for name in (
        "components/high-availability/spread.yaml",
        "components/high-availability/disruption-budgets.yaml",
        "prod/patches/web.yaml",
    ):
        shutil.copy(os.path.join(sample, name), folder)
    shutil.copy(os.path.join(sample, "base/config/robots.txt"), base)
    # kustomize wants a patch with a target to be an object all the same.
    path = os.path.join(folder, "spread.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: any}}\n{text}")
    for place, content in ((base, BASE), (folder, KUSTOMIZATION)):
        with open(os.path.join(place, "kustomization.yaml"), "w", encoding="utf-8") as file:
            file.write(content)
    helm = (
        f"{tools}/helm43 template shop {sample}/base/chart --namespace shop-prod --include-crds --skip-tests "
        f"--kube-version 1.34 --values {sample}/prod/values.yaml"
    )
    return ["sh", "-c", f"{helm} > {base}/all.yaml && {tools}/kustomize build {folder}"]


def check_same(overlay: list[str], pair: list[str], root: str, env: dict[str, str]) -> None:
    """Refuse to compare different work: both must give the same objects."""
    from overlay.yaml import read_documents

    texts = [
        subprocess.run(command, cwd=root, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
        for command in (overlay, pair)
    ]
    ours, theirs = (
        {(d.value["kind"], d.value["metadata"]["name"]): d.value for d in read_documents(text, "x")} for text in texts
    )
    if ours != theirs:
        different = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        raise SystemExit(f"the two do not give the same objects: {different}")


def run(folder: str, overlay: str, tools: str, root: str, env: dict[str, str]) -> None:
    """Print medians of 15 runs each, in turn."""
    pair = write(os.path.join(folder, "pair"), root, tools)
    commands = {
        "helm | kustomize": pair,
        "overlay, cold": [overlay, "render", "prod", "--no-cache"],
        "overlay, warm": [overlay, "render", "prod"],
    }
    check_same(commands["overlay, cold"], pair, root, env)
    figures = compare(commands, folder=root, runs=15, env=env, warm_up=2)
    peer = figures["helm | kustomize"]
    print("\n## the sample project's prod, whole process")
    print("| command | s | MiB | of the pair |")
    print("| --- | ---: | ---: | ---: |")
    for name, figure in figures.items():
        print(f"| {name} | {figure.wall:.3f} | {figure.peak:.0f} | {figure.wall / peer.wall:.2f} |", flush=True)
