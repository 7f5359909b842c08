"""When APIs come and go: the table agrees with the tables of every version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from overlay.kube.lifecycle import lifecycle, lifecycles
from overlay.kube.types import load_types

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "kubernetes"
MINORS = range(25, 38)


@pytest.mark.parametrize("minor", MINORS)
def test_what_is_removed_or_not_there_yet_is_in_no_table(minor):
    apis = json.loads((FOLDER / "lifecycle.json").read_text())["apis"]
    served = load_types(f"1.{minor}")._kinds
    gone = [key for key, entry in apis.items() if minor >= entry.get("removed", 999)]
    early = [key for key, entry in apis.items() if minor < entry.get("introduced", 0)]
    assert [key for key in (*gone, *early) if key in served] == []


def test_an_api_knows_what_replaces_it():
    found = lifecycle("extensions", "v1beta1", "Ingress")
    assert (found.deprecated, found.removed, found.replacement) == (14, 22, "networking.k8s.io/v1 Ingress")
    assert lifecycle("apps", "v1", "Deployment") is None
    replaced = [one for one in lifecycles() if one.replacement.count(" ") == 1]
    assert len(replaced) > 50
