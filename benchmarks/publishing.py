"""Publishing to Git: many environments, many files on a branch, long histories."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median

from benchmarks.measure import run_once

TEMPLATE = """\
{{- range $n := until 10 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{{ $n }}
spec:
  replicas: {{ $.Values.replicas }}
  selector:
    matchLabels: {app: app-{{ $n }}}
  template:
    metadata:
      labels: {app: app-{{ $n }}}
    spec:
      containers:
      - name: main
        image: "shop/app:{{ $.Values.tag }}"
        args: ["--port", "8080", "--level", {{ $.Values.level | quote }}]
        ports:
        - {containerPort: 8080, name: http}
        resources:
          limits: {memory: 128Mi}
          requests: {cpu: 100m, memory: 64Mi}
        readinessProbe:
          httpGet: {path: /healthz, port: http}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{{ $n }}
spec:
  selector: {app: app-{{ $n }}}
  ports:
  - {port: 80, targetPort: http, name: http}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{{ $n }}
data:
  host: {{ $.Values.host | quote }}
  mode: "on"
{{- end }}
"""
CHART = {
    "environments/base/base.yaml": "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\n"
    "spec:\n  chart: {path: chart}\n",
    "environments/base/chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "environments/base/chart/values.yaml": "replicas: 1\ntag: '1.0'\nlevel: info\nhost: localhost\n",
    "environments/base/chart/templates/all.yaml": TEMPLATE,
}


def git(folder: str, *arguments: str, given: bytes = b"") -> str:
    """Run git; return what it prints."""
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, input=given, capture_output=True, check=True)
    return done.stdout.decode()


def write(folder: str, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def many_environments(most: int, tag: str) -> dict[str, str]:
    """Return a chart of 30 objects, and environments that differ in its values and in transforms."""
    files = dict(CHART)
    for n in range(most):
        name = f"env-{n:03}"
        files[f"environments/{name}/environment.yaml"] = (
            f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec:\n"
            f"  extends: [../base]\n  namespace: shop-{n:03}\n  values: [values.yaml]\n"
            f"  labels: [{{pairs: {{tier: {name}}}}}]\n  replicas: [{{name: app-3, count: {n % 5 + 2}}}]\n"
        )
        files[f"environments/{name}/values.yaml"] = f"tag: '{tag}'\nlevel: debug\nhost: {name}.shop.example\n"
    return files


class Shop:
    """A project in a repository whose remote is a bare one beside it."""

    def __init__(self, folder: str, files: dict[str, str]) -> None:
        self.project = os.path.join(folder, "shop")
        self.remote = os.path.join(folder, "remote.git")
        os.makedirs(self.project)
        git(self.project, "init", "-q", "-b", "main")
        git(self.project, "config", "user.name", "Ada")
        git(self.project, "config", "user.email", "ada@shop.example")
        git(folder, "init", "-q", "--bare", "-b", "main", "remote.git")
        git(self.project, "remote", "add", "origin", self.remote)
        self.commit(files)
        git(self.project, "push", "-q", "origin", "main")

    def commit(self, files: dict[str, str]) -> None:
        """Write files and commit them."""
        write(self.project, files)
        git(self.project, "add", ".")
        git(self.project, "commit", "-q", "-m", "change")


def long_history(folder: str, branch: str, count: int) -> None:
    """Give a branch of a repository so many commits."""
    commits = [
        b"commit refs/heads/%s\ncommitter Ada <ada@shop.example> %d +0000\ndata 1\nx\n"
        b"M 100644 inline words.txt\ndata %d\n%d\n" % (branch.encode(), 1600000000 + n, len(str(n)), n)
        for n in range(count)
    ]
    git(folder, "fast-import", "--quiet", "--force", "--done", given=b"".join(commits) + b"done\n")


def timed(steps: dict[str, Callable[[], list[str]]], folder: str, env: dict[str, str], runs: int) -> dict[str, float]:
    """Run steps in turn, each of which prepares a command; return medians of the commands' wall seconds."""
    seen: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(runs + 1):
        for name, prepare in steps.items():
            wall, _ = run_once(prepare(), folder, env)
            if turn:
                seen[name].append(wall)
    return {name: median(walls) for name, walls in seen.items()}


def run(folder: str, overlay: str, env: dict[str, str]) -> None:
    """Print the cost of many environments, of many files, and of long histories."""
    numbers = count(2)
    print("\n## publishing to a bare repository on disk (overlay sync --all -y)")
    print("| story | s | bar |")
    print("| --- | ---: | ---: |")
    _many_environments(os.path.join(folder, "environments"), overlay, env, numbers)
    _many_files(os.path.join(folder, "files"), overlay, env, numbers)
    _long_histories(os.path.join(folder, "histories"), overlay, env, numbers)


def _many_environments(folder: str, overlay: str, env: dict[str, str], numbers: Iterator[int]) -> None:
    shop = Shop(folder, many_environments(100, "1.0"))
    sync = [overlay, "-C", shop.project, "sync", "--all", "-y", "--quiet"]

    def changed() -> list[str]:
        shop.commit(many_environments(100, f"{next(numbers)}.0"))
        return sync

    seen = timed({"changed": changed, "unchanged": lambda: sync}, folder, env, 5)
    print(f"| 100 environments of 30 objects, a branch each, all changed | {seen['changed']:.2f} | 12 |")
    print(f"| the same, none changed | {seen['unchanged']:.2f} | 2 |", flush=True)


def _many_files(folder: str, overlay: str, env: dict[str, str], numbers: Iterator[int]) -> None:
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{n}}}\ndata: {{level: '{level}'}}\n"
    rest = "---\n".join(manifest.format(n=n, level=1) for n in range(1, 10_000))
    files = {
        "environments/prod/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec:\n  resources: [first.yaml, rest.yaml]\n  namespace: shop\n",
        "environments/prod/first.yaml": manifest.format(n=0, level=1),
        "environments/prod/rest.yaml": rest,
    }
    shop = Shop(folder, files)

    def changed() -> list[str]:
        shop.commit({"environments/prod/first.yaml": manifest.format(n=0, level=next(numbers))})
        return [overlay, "-C", shop.project, "sync", "--all", "-y", "--quiet"]

    render = [overlay, "-C", shop.project, "render", "prod", "--quiet"]
    seen = timed({"render": lambda: render, "sync": changed}, folder, env, 5)
    print(f"| 10,000 files, one changed, without rendering | {seen['sync'] - seen['render']:.2f} | 1 |", flush=True)


def _long_histories(folder: str, overlay: str, env: dict[str, str], numbers: Iterator[int]) -> None:
    steps: dict[str, Callable[[], list[str]]] = {}
    for commits in (100, 100_000):
        shop = Shop(os.path.join(folder, str(commits)), {"README.md": "x\n"})
        long_history(shop.project, "main", commits)
        git(shop.project, "reset", "-q", "--hard", "main")
        git(shop.project, "push", "-q", "--force", "origin", "main")
        long_history(shop.remote, "environments/env-000", commits)

        cache = os.path.join(folder, f"cache-{commits}")
        sync = ["env", f"XDG_CACHE_HOME={cache}", overlay, "-C", shop.project, "sync", "--all", "-y", "--quiet"]

        def changed(shop: Shop = shop, sync: list[str] = sync) -> list[str]:
            shop.commit(many_environments(1, f"{next(numbers)}.0"))
            return sync

        def first(cache: str = cache, sync: list[str] = sync) -> list[str]:
            shutil.rmtree(cache, ignore_errors=True)
            return sync

        steps |= {f"{commits} changed": changed, f"{commits} without a cache": first}
    seen = timed(steps, folder, env, 7)
    for story in ("changed", "without a cache"):
        few, many = seen[f"100 {story}"], seen[f"100000 {story}"]
        print(f"| 100,000 commits on both sides, {story}: {many:.2f} s, of 100 commits | {many / few:.2f}x | 1 |")
