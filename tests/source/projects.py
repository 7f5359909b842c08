"""A small project in a real Git repository, and the program run in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.running import run

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: shop/web:1.0.0
          env:
            - name: LEVEL
              value: {{ .Values.web.level | quote }}
            - name: FEATURES
              value: {{ .Values.feature | toJson | quote }}
        - name: api
          image: shop/api:1.0.0
"""
PROD = """\
# The shop, for customers.
apiVersion: overlay.dev/v1
kind: Environment
metadata:
  name: prod
spec:
  extends: [../base]   # all of it
  values:
    - values.yaml
  images:
    - name: shop/web        # the front
      newTag: 2.4.1         # see #12
    - {name: "shop/api", digest: "sha256:AAAA"}
""".replace("AAAA", "a" * 64)
FILES = {
    "overlay.yaml": "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n",
    "environments/base/base.yaml": "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\n"
    "spec:\n  chart: {path: chart}\n  namespace: shop\n",
    "environments/base/chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "environments/base/chart/values.yaml": "web:\n  level: info\n  port: 80\nfeature: {}\n",
    "environments/base/chart/templates/web.yaml": DEPLOYMENT,
    "environments/dev/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\n"
    "spec:\n  extends: [../base]\n  values: [values.yaml]\n"
    "  images:\n  - name: shop/web\n    newTag: 2.5.0\n  - name: shop/api\n    newTag: 2.5.0\n",
    "environments/dev/values.yaml": "feature:\n  search: true\n  wishlist: [a, b]\nweb: {level: debug}\n",
    "environments/staging/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: staging}\n"
    "spec:\n  extends: [../base]\n",
    "environments/prod/environment.yaml": PROD,
    "environments/prod/values.yaml": "# prod\nweb:\n  level: 'warn' # quiet\n",
}
DOCUMENT = "environments/prod/environment.yaml"


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout


def overlay(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **env})


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def repository(folder: Path, below: str = "", form: str = "sha1") -> Path:
    """Make the project in a repository with one commit; return the project's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", f"--object-format={form}")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@shop.example")
    project = write(folder / below, FILES)
    (folder / "README.md").write_text("shop\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "shop")
    return project


def state(folder: Path, but: str = DOCUMENT) -> tuple[object, ...]:
    """Return all of a work tree that a commit of one file has to leave alone: bytes, index entries, stash, refs."""
    staged = [
        line for line in git(folder, "ls-files", "--stage", "-v", "--full-name").splitlines() if not line.endswith(but)
    ]
    tree = {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and not str(path).endswith(but)
    }
    refs = [line for line in git(folder, "for-each-ref").splitlines() if "refs/heads" not in line]
    return staged, tree, refs, git(folder, "stash", "list")
