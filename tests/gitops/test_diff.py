"""`overlay diff` of revisions: fields, texts, whole objects, Secrets, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, overlay, shop, sync, write

NGINX = "    server {\n      listen 80;\n      root /srv;\n    }\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project whose prod was published twice, and dev once."""
    project = shop(tmp_path)
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  level: info\n  nginx.conf: |\n"
    write(project, {"environments/base/manifests/settings.yaml": settings + NGINX})
    git(project, "commit", "-q", "-a", "-m", "nginx")
    sync(project, "--all")
    (project / "environments/base/manifests/service.yaml").unlink()
    write(
        project,
        {
            "environments/base/manifests/settings.yaml": settings + NGINX.replace("80", "8080"),
            "environments/base/manifests/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n",
        },
    )
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "8080")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    return project


def test_fields_texts_and_objects(project: Path) -> None:
    done = overlay(project, "diff", "prod@1..prod@2")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "prod@1 → prod@2\n"
        "  ConfigMap/shop-prod/more: added\n"
        "  ConfigMap/shop-prod/settings\n"
        "    data.[nginx.conf]:\n"
        "      @@ -1,4 +1,4 @@\n"
        "       server {\n"
        "      -  listen 80;\n"
        "      +  listen 8080;\n"
        "         root /srv;\n"
        "       }\n"
        "  Deployment/shop-prod/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:1.1.0\n"
        "  Service/shop-prod/web: removed\n"
    )


def test_one_side_is_held_against_the_newest(project: Path) -> None:
    assert overlay(project, "diff", "prod@1").stdout == overlay(project, "diff", "prod@1..prod@2").stdout
    done = overlay(project, "diff", "prod@2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_backwards_is_the_other_way_round(project: Path) -> None:
    found = overlay(project, "diff", "prod@2..prod@1").stdout
    assert "ConfigMap/shop-prod/more: removed" in found
    assert "shop/web:1.1.0 → shop/web:1.0.0" in found


def test_environments_differ_in_more_than_their_names(project: Path) -> None:
    done = overlay(project, "diff", "prod@1..dev@1")
    assert (done.returncode, done.stdout) == (0, "")
    done = overlay(project, "diff", "prod@2..dev@1")
    assert done.returncode == 1
    assert done.stdout == (
        "prod@2 → dev@1\n"
        "  ConfigMap/more: removed\n"
        "  ConfigMap/settings\n"
        "    data.[nginx.conf]:\n"
        "      @@ -1,4 +1,4 @@\n"
        "       server {\n"
        "      -  listen 8080;\n"
        "      +  listen 80;\n"
        "         root /srv;\n"
        "       }\n"
        "  Deployment/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:1.1.0 → shop/web:1.0.0\n"
        "  Service/web: added\n"
    )


def test_programs_read_a_document(project: Path) -> None:
    done = overlay(project, "diff", "prod@1..prod@2", "-o", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    commits = git(project.parent / "remote.git", "rev-parse", "environments/prod~1", "environments/prod").split()
    sources = git(project, "rev-parse", "HEAD~2", "HEAD").split()
    assert found == {
        "apiVersion": "overlay.dev/v1",
        "kind": "Diff",
        "from": {"environment": "prod", "revision": 1, "commit": commits[0], "source": sources[0]},
        "to": {"environment": "prod", "revision": 2, "commit": commits[1], "source": sources[1]},
        "changes": [
            {"object": "ConfigMap/shop-prod/more", "path": "", "change": "added"},
            {
                "object": "ConfigMap/shop-prod/settings",
                "path": "data.[nginx.conf]",
                "change": "changed",
                "before": "server {\n  listen 80;\n  root /srv;\n}\n",
                "after": "server {\n  listen 8080;\n  root /srv;\n}\n",
            },
            {
                "object": "Deployment/shop-prod/web",
                "path": "spec.template.spec.containers.[name=web].image",
                "change": "changed",
                "before": "shop/web:1.0.0",
                "after": "shop/web:1.1.0",
            },
            {"object": "Service/shop-prod/web", "path": "", "change": "removed"},
        ],
    }
    assert json.loads(overlay(project, "diff", "prod@2", "-o", "json").stdout)["changes"] == []
    assert overlay(project, "diff", "prod@2", "-o", "yaml").stdout.startswith(
        "apiVersion: overlay.dev/v1\nkind: Diff\n"
    )


def test_Z01_values_of_secrets_are_hidden(project: Path) -> None:
    path = project / PROD
    text = path.read_text()
    for token in ("s3cr3t", "0th3r"):
        secret = f"  secrets: [{{name: key, literals: {{token: {token}}}, options: {{disableNameSuffixHash: true}}}}]\n"
        path.write_text(f"{text}{secret}  publish: {{secrets: [key]}}\n")
        git(project, "commit", "-q", "-a", "-m", token)
        sync(project, "prod")
    done = overlay(project, "diff", "prod@3..prod@4")
    assert done.stdout == "prod@3 → prod@4\n  Secret/shop-prod/key\n    data.token: •••• → •••• (changed)\n"
    assert "czNjcjN0" in overlay(project, "show", "prod@3", "secret/key").stdout
