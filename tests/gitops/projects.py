"""A small project of plain manifests in a Git repository with a bare remote, and what a remote holds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.source.projects import git, overlay, write

__all__ = [
    "DEV",
    "PROD",
    "change",
    "git",
    "log",
    "manifest",
    "overlay",
    "published",
    "shop",
    "shown",
    "sync",
    "tree",
    "write",
]

BASE = "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec:\n  resources: [manifests]\n{more}"
MANIFESTS = {
    "web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
    "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
    "      containers:\n      - {name: web, image: shop/web}\n",
    "settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\n",
    "service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n",
}
DEV, PROD = "environments/dev/environment.yaml", "environments/prod/environment.yaml"


def manifest(name: str, tag: str, more: str = "") -> str:
    """Return an environment that differs from others by an image's tag."""
    return (
        f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec:\n  extends: [../base]\n"
        f"  namespace: shop-{name}\n  images:\n  - name: shop/web\n    newTag: {tag}\n{more}"
    )


def shop(
    folder: Path, *, publish: str = "", form: str = "sha1", environments: tuple[str, ...] = ("dev", "prod")
) -> Path:
    """Make the project with one commit, and the bare repository `remote.git` beside it as origin."""
    project = folder / "shop"
    project.mkdir(parents=True)
    git(project, "init", "-q", "-b", "main", f"--object-format={form}")
    git(project, "config", "user.name", "Ada")
    git(project, "config", "user.email", "ada@shop.example")
    more = f"  publish: {publish}\n" if publish else ""
    files = {"environments/base/base.yaml": BASE.replace("{more}", more)}
    files |= {f"environments/base/manifests/{name}": text for name, text in MANIFESTS.items()}
    files |= {f"environments/{name}/environment.yaml": manifest(name, "1.0.0") for name in environments}
    write(project, files)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "The shop opens")
    git(folder, "init", "-q", "--bare", "-b", "main", f"--object-format={form}", "remote.git")
    git(project, "remote", "add", "origin", str(folder / "remote.git"))
    git(project, "push", "-q", "origin", "main")
    return project


def change(project: Path, name: str, tag: str, message: str = "") -> str:
    """Commit another tag of an environment; return the commit."""
    path = project / f"environments/{name}/environment.yaml"
    text = path.read_text()
    before = next(line for line in text.splitlines() if "newTag" in line)
    path.write_text(text.replace(before, f"    newTag: {tag}"))
    git(project, "commit", "-q", "-a", "-m", message or f"web {tag} in {name}")
    git(project, "push", "-q", "origin", "HEAD:main")
    return git(project, "rev-parse", "HEAD").strip()


def sync(project: Path, *arguments: str, **env: str) -> str:
    """Publish, which has to work; return what is said."""
    done = overlay(project, "sync", *arguments, "-y", **env)
    assert done.returncode == 0, done.stderr
    return done.stderr


def tree(project: Path, branch: str) -> list[str]:
    """Return the files of a branch of the remote."""
    return git(project.parent / "remote.git", "ls-tree", "-r", "--name-only", branch).split()


def shown(project: Path, name: str) -> str:
    """Return a file of the remote, given `branch:path`."""
    return git(project.parent / "remote.git", "show", name)


def published(project: Path, environment: str, branch: str = "", path: str = "") -> dict:
    """Return the record of what is published of an environment."""
    return json.loads(shown(project, f"{branch or f'environments/{environment}'}:{path}overlay.metadata"))


def log(project: Path, branch: str, form: str = "%s") -> list[str]:
    """Return the commits of a branch of the remote, newest first."""
    return git(project.parent / "remote.git", "log", f"--format={form}", branch).splitlines()
