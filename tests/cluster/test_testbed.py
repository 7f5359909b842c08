"""The testbed is what the other tests take it for."""

from __future__ import annotations

import json

import pytest

from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


def deployment(name: str, image: str = "web", replicas: int = 1) -> dict[str, object]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


def test_it_is_the_kubernetes_that_is_pinned(testbed: Testbed) -> None:
    assert testbed.call("GET", "/version")["gitVersion"] == "v1.36.3"
    assert testbed.kubectl("version", "-o", "json").count('"gitVersion": "v1.36.3"') == 2


def test_a_deployment_rolls_out_on_the_fake_node(testbed: Testbed, namespace: str) -> None:
    testbed.kubectl(
        "apply", "--server-side", "-n", namespace, "-f", "-", stdin=json.dumps(deployment("web", replicas=2))
    )
    testbed.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=120s")


@pytest.mark.parametrize(("image", "reason"), [("missing", "ImagePullBackOff"), ("broken", "CrashLoopBackOff")])
def test_images_make_pods_fail(testbed: Testbed, namespace: str, image: str, reason: str) -> None:
    testbed.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(deployment("web", image)))
    place = "jsonpath={.status.containerStatuses[0].state.waiting.reason}=" + reason
    testbed.kubectl("wait", "-n", namespace, "pod", "--all", "--for=create", "--timeout=120s")
    testbed.kubectl("wait", "-n", namespace, "pod", "-l", "app=web", f"--for={place}", "--timeout=120s")


@pytest.mark.parametrize(("image", "condition"), [("work", "Complete"), ("fails", "Failed")])
def test_jobs_end(testbed: Testbed, namespace: str, image: str, condition: str) -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job"},
        "spec": {
            "backoffLimit": 0,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}},
        },
    }
    testbed.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(job))
    testbed.kubectl("wait", "-n", namespace, "job/job", f"--for=condition={condition}", "--timeout=120s")


def test_who_has_no_rights_is_refused(testbed: Testbed) -> None:
    assert testbed.kubectl("auth", "can-i", "create", "pods", user="viewer", check=False) == "no\n"
    assert testbed.kubectl("auth", "can-i", "create", "pods") == "yes\n"
