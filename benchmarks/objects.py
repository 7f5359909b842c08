"""Many objects in one environment: how time and memory grow, and what kustomize needs."""

from __future__ import annotations

import os

from benchmarks.measure import compare

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  labels: {{app: app-{n}}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app: app-{n}}}
  template:
    metadata:
      labels: {{app: app-{n}}}
    spec:
      containers:
      - name: main
        image: shop/app:1.{n}
        args: ["--port", "8080"]
        env:
        - name: MODE
          value: "on"
        ports:
        - containerPort: 8080
          name: http
        resources:
          limits: {{memory: 128Mi}}
          requests: {{cpu: 100m, memory: 64Mi}}
        readinessProbe:
          httpGet: {{path: /healthz, port: http}}
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-7
spec:
  template:
    spec:
      containers:
      - name: main
        resources:
          limits: {memory: 256Mi}
"""


def write(folder: str, count: int) -> None:
    """Write the same work twice: as a project of ours and as a kustomization."""
    manifests = "---\n".join(DEPLOYMENT.format(n=n) for n in range(count))
    files = {
        "environments/base/base.yaml": (
            "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec: {chart: {path: manifests}}\n"
        ),
        "environments/base/manifests/all.yaml": manifests,
        "environments/prod/environment.yaml": (
            "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n"
            "  extends: [../base]\n  namespace: shop-prod\n  labels: [{pairs: {tier: prod}, includeTemplates: true}]\n"
            "  annotations: {team: shop}\n  images: [{name: shop/app, newTag: '2.0'}]\n"
            "  replicas: [{name: app-3, count: 6}]\n  patches: [{path: patch.yaml}]\n"
        ),
        "environments/prod/patch.yaml": PATCH,
        "kustomize/all.yaml": manifests,
        "kustomize/patch.yaml": PATCH,
        "kustomize/kustomization.yaml": (
            "namespace: shop-prod\nresources: [all.yaml]\nlabels: [{pairs: {tier: prod}, includeTemplates: true}]\n"
            "commonAnnotations: {team: shop}\nimages: [{name: shop/app, newTag: '2.0'}]\n"
            "replicas: [{name: app-3, count: 6}]\npatches: [{path: patch.yaml}]\n"
        ),
    }
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def run(folder: str, overlay: str, tools: str, env: dict[str, str]) -> None:
    """Print one line per size; growth is measured in turns of its own, since a machine's load drifts between sizes."""
    print(
        "\n## objects in one environment (plain manifests; namespace, labels, annotations, images, replicas, a patch)"
    )
    print("| objects | overlay s | MiB | kustomize s | MiB | kustomize / overlay |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for count in (100, 1000, 4000):
        place = os.path.join(folder, f"objects-{count}")
        write(place, count)
        commands = {"overlay": [overlay, "render", "prod"]}
        commands["kustomize"] = [os.path.join(tools, "kustomize"), "build", "kustomize"]
        figures = compare(commands, folder=place, runs=7, env=env, warm_up=1 if count < 4000 else 0)
        ours, peer = figures["overlay"], figures["kustomize"]
        print(
            f"| {count} | {ours.wall:.3f} | {ours.peak:.0f} | {peer.wall:.3f} | {peer.peak:.0f} |"
            f" {peer.wall / ours.wall:.1f} |",
            flush=True,
        )
    write(os.path.join(folder, "objects-16000"), 16000)
    places = {count: os.path.join(folder, f"objects-{count}") for count in ("4000", "16000")}
    few, many = compare(
        {count: [overlay, "-C", place, "render", "prod"] for count, place in places.items()},
        folder=folder, runs=7, env=env,
    ).values()  # fmt: skip
    print(f"| 16000 | {many.wall:.3f} | {many.peak:.0f} | | | |")
    print(f"\n16,000 objects cost {many.wall / few.wall:.2f}x of 4,000")
