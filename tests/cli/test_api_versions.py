"""`overlay api-versions` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MANIFESTS = """\
apiVersion: v1
kind: Endpoints
metadata: {name: db}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
kind: FlowSchema
metadata: {name: fair}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: fine}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    place = tmp_path / "environments" / "prod"
    place.mkdir(parents=True)
    (place / "all.yaml").write_text(MANIFESTS)
    (place / "environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec: {resources: [all.yaml], kubernetesVersion: '1.31'}\n"
    )
    return tmp_path


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def test_objects_are_listed_with_what_replaces_their_api(project: Path):
    done = overlay("api-versions", "--target", "1.36", "--all", cwd=project)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "ENVIRONMENT   OBJECT            API                                    STATUS                  INSTEAD                                      FROM\n"
        "prod          Endpoints/db      v1                                     deprecated since 1.33   discovery.k8s.io/v1 EndpointSlice            environments/prod/all.yaml:1:1\n"
        "prod          FlowSchema/fair   flowcontrol.apiserver.k8s.io/v1beta3   removed in 1.32         flowcontrol.apiserver.k8s.io/v1 FlowSchema   environments/prod/all.yaml:5:1\n"
    )


def test_without_a_target_each_environments_own_version_counts(project: Path):
    done = overlay("api-versions", "prod", "-o", "json", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [
        {
            "environment": "prod",
            "object": "FlowSchema/fair",
            "api": "flowcontrol.apiserver.k8s.io/v1beta3",
            "kind": "FlowSchema",
            "status": "deprecated",
            "since": "1.29",
            "goes": "1.32",
            "instead": "flowcontrol.apiserver.k8s.io/v1 FlowSchema",
            "from": "environments/prod/all.yaml:5:1",
        }
    ]


def test_nothing_outdated_is_nothing_printed(project: Path):
    done = overlay("api-versions", "prod", "--target", "1.28", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_environments_kubernetes_own_list_is_printed(tmp_path: Path):
    done = overlay("api-versions", "--target", "1.25", "-o", "yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert (
        "- api: policy/v1beta1\n  kind: PodSecurityPolicy\n  status: removed\n  since: '1.25'\n"
        in done.stdout.replace('"', "'")
    )
    done = overlay("api-versions", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "error: which environment, or which version?\n"
        "  hint: name environments, say --all, or list what Kubernetes itself dropped with --target 1.36\n",
    )
