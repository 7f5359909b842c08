"""Many objects in a real cluster: applied, applied again, compared; against kubectl in the same run."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path
from statistics import median

from benchmarks.measure import Figure, run_once
from tests.cluster.testbed import Testbed, programs

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{n}
  labels: {{app: app-{n}}}
data:
  mode: "{mode}"
  settings.yaml: |
    level: info
    number: {n}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  labels: {{app: app-{n}}}
spec:
  replicas: 0
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
BASE = "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec: {resources: [manifests]}\n"
ENVIRONMENT = (
    "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: prod}}\nspec:\n  extends: [../base]\n"
    "  namespace: {namespace}\n  cluster: {{context: testbed, allowUncommitted: true}}\n"
)
# Objects of 1,000 that differ where a difference is looked for.
CHANGED = 10


class Room:
    """A namespace of its own and the project that belongs there."""

    numbers = itertools.count(1)

    def __init__(self, testbed: Testbed, folder: str, count: int) -> None:
        self.testbed = testbed
        self.count = count
        self.namespace = f"bench-{next(self.numbers)}"
        self.folder = os.path.join(folder, self.namespace)
        testbed.call(
            "POST",
            "/api/v1/namespaces",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}},
        )
        self.write(0)

    def write(self, changed: int) -> None:
        """Write the project; so many of its objects are not as they were."""
        manifests = "---\n".join(
            text
            for n in range(self.count // 2)
            for text in (CONFIG_MAP.format(n=n, mode="new" if n < changed else "old"), DEPLOYMENT.format(n=n))
        )
        for name, text in {
            "environments/base/base.yaml": BASE,
            "environments/base/manifests/all.yaml": manifests,
            "environments/prod/environment.yaml": ENVIRONMENT.format(namespace=self.namespace),
        }.items():
            path = Path(self.folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def settle(self) -> None:
        """Wait until the controllers have nothing left to do here, so that nobody pays for what came before."""
        path = f"/apis/apps/v1/namespaces/{self.namespace}/replicasets"
        self.testbed.wait(lambda: len(self.testbed.call("GET", path)["items"]) >= self.count // 2, "all ReplicaSets")
        time.sleep(1)


def run(folder: str, overlay: str, env: dict[str, str]) -> None:
    """Print what kubectl and overlay need for the same steps, and how ours grow."""
    place = Path(folder, "cluster")
    place.mkdir()
    testbed = Testbed(place)
    try:
        _run(testbed, str(place), overlay, env)
    finally:
        testbed.close()


def _run(testbed: Testbed, folder: str, overlay: str, env: dict[str, str]) -> None:
    env = {**env, "KUBECONFIG": str(testbed.kubeconfig())}
    kubectl = str(programs() / "kubectl")
    # kubectl does not wait until anything is healthy.
    sync = [overlay, "sync", "prod", "--no-git", "-y", "-q", "--first-contact", "--no-wait"]
    files = ["-f", "environments/base/manifests/all.yaml"]
    print(f"\n## a cluster: ConfigMaps and Deployments without replicas, half and half; {CHANGED} that differ")
    print("| objects | step | kubectl s | MiB | overlay s | MiB | kubectl / overlay |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    ours: dict[int, dict[str, Figure]] = {}
    for count, turns in ((1000, 5), (10000, 1)):
        seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for _ in range(turns):
            theirs, here = (Room(testbed, folder, count) for _ in range(2))
            apply = [kubectl, "-n", theirs.namespace, "apply", "--server-side", *files]
            diff = [kubectl, "-n", theirs.namespace, "diff", "--server-side", *files]
            for step, changed, peer, own, codes in (
                ("first apply, ours with a dry-run of all", 0, apply, sync, (0,)),
                ("again with nothing to do", 0, apply, sync, (0,)),
                ("diff of nothing", 0, diff, [overlay, "diff", "prod", "--live"], (0,)),
                (f"diff of {CHANGED}", CHANGED, diff, [overlay, "diff", "prod", "--live"], (1,)),
                (f"apply of {CHANGED}", CHANGED, apply, sync, (0,)),
            ):
                for name, room, command in (("kubectl", theirs, peer), ("overlay", here, own)):
                    if changed:
                        room.write(changed)
                    seen.setdefault((step, name), []).append(run_once(command, room.folder, env, codes=codes))
                    room.settle()
        figures = {key: Figure(median(w for w, _ in rows), median(p for _, p in rows)) for key, rows in seen.items()}
        for step in dict.fromkeys(step for step, _ in seen):
            peer_figure, own_figure = figures[step, "kubectl"], figures[step, "overlay"]
            ours.setdefault(count, {})[step] = own_figure
            print(
                f"| {count:,} | {step} | {peer_figure.wall:.2f} | {peer_figure.peak:.0f} | {own_figure.wall:.2f} |"
                f" {own_figure.peak:.0f} | {peer_figure.wall / own_figure.wall:.1f} |",
                flush=True,
            )
    few, many = ours[1000], ours[10000]
    print()
    for step in few:
        print(f"10,000 objects cost {many[step].wall / few[step].wall:.1f}x of 1,000: {step}")
