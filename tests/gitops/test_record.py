"""The record beside what is published, as somebody who may write the branch could have left it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from overlay.errors import GitError
from overlay.gitops.record import read_record

RECORD: dict[str, Any] = {
    "apiVersion": "overlay.dev/v1",
    "kind": "Metadata",
    "environment": "prod",
    "revision": 3,
    "held": {"revision": 1, "reason": "checkout fails"},
    "source": {"repository": None, "commit": "1" * 40, "branch": None, "dirty": []},
    "chart": {"name": "shop", "version": "1.0.0", "appVersion": None, "path": "chart"},
    "settings": {"kubernetesVersion": "1.33"},
    "files": {"deployment-web.yaml": "sha256:1"},
}


def test_a_record_is_read() -> None:
    read = read_record(json.dumps(RECORD).encode(), "environments/prod")
    assert (read.environment, read.revision, read.source, read.branch) == ("prod", 3, "1" * 40, "")
    assert read.held is not None
    assert (read.held.revision, read.held.reason) == (1, "checkout fails")


@pytest.mark.parametrize(
    ("place", "item"),
    [
        ("revision", float("inf")), ("revision", float("nan")), ("revision", -1), ("revision", True),
        ("revision", "3"), ("revision", 10**12), ("held", {"revision": float("inf"), "reason": ""}), ("held", "yes"),
        ("environment", None), ("environment", "\ud800"), ("chart", "shop"), ("chart", {}), ("chart.name", 1),
        ("chart.version", "\ud800"), ("settings", None), ("settings", []), ("settings.kubernetesVersion", 3),
        ("settings.publish", {"path": "\ud800"}), ("source.commit", None), ("source.branch", ["main"]),
        ("source.repository", [1]), ("apiVersion", None), ("files", []), ("files", {"a.yaml": 1}),
        ("files", {"../a.yaml": "sha256:1"}), ("files", {"/etc/a": "sha256:1"}), ("files", {"overlay.metadata": "x"}),
        ("kind", "Environment"), ("notes", "\ud800"),
    ],
)  # fmt: skip
def test_what_is_no_record_of_overlay_is_named(place: str, item: object) -> None:
    found = json.loads(json.dumps(RECORD))
    *above, name = place.split(".")
    (found[above[0]] if above else found)[name] = item
    with pytest.raises(GitError) as caught:
        read_record(json.dumps(found).encode(), "environments/prod")
    assert caught.value.message == (
        "environments/prod/overlay.metadata is no record of overlay, so what is ours there is not known"
    )
    assert caught.value.hint == "put back the file of an earlier commit, or publish elsewhere"
