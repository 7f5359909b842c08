"""Plans made without asking the server about each object are the plans that it would make."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.cluster.apply import Pace
from tests.cluster.harness import Environment
from tests.cluster.test_random import NAMES, bodies, make_namespace
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster

KINDS = {"a": "api/v1:configmaps", "b": "api/v1:configmaps", "c": "api/v1:secrets", "d": "api/v1:services", "e": "apis/apps/v1:deployments"}  # fmt: skip
wishes = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2), max_size=5)
EDITS = {
    # Each is what somebody might do: fields beside ours, ours taken over, removed, or the object made unrecognisable.
    "beside": {"metadata": {"labels": {"seen": "yes"}}},
    "ours": {"data": {"version": "x"}, "spec": {"replicas": 3}},
    "removed": {"data": None, "metadata": {"labels": {"v": None}}},
    "unlabelled": {"metadata": {"labels": None}},
    "unmanaged": {"metadata": {"managedFields": [{}]}},
}
edits = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(EDITS))), max_size=4)


@settings(max_examples=2000 if os.environ.get("OVERLAY_FUZZ") else 40, suppress_health_check=list(HealthCheck))
@given(before=wishes, edited=edits, after=wishes, is_same=st.booleans())
def test_the_law_that_a_plan_without_requests_is_the_plan_with_them(
    testbed: Testbed, before: dict[str, int], edited: list[tuple[str, str]], after: dict[str, int], is_same: bool
) -> None:
    namespace = make_namespace(testbed)
    prod = Environment(testbed, namespace)
    assert prod.sync(*bodies(before), pace=Pace(wait=False)).error("prod") is None
    for name, edit in edited:
        root, _, plural = KINDS[name].partition(":")
        path = f"/{root}/namespaces/{namespace}/{plural}/{name}"
        if testbed.find(path) is not None:
            body = {**EDITS[edit], **({"data": {"version": "eA=="}} if (name, edit) == ("c", "ours") else {})}
            testbed.call("PATCH", path, body, content="application/merge-patch+json")
    wanted = bodies(before if is_same else after)
    quick, full = (rows(prod.plan(*wanted, shortcut=shortcut)) for shortcut in (True, False))
    assert quick == full
    prod.close()
    testbed.call("DELETE", f"/api/v1/namespaces/{namespace}")


def rows(plan: Any) -> list[Any]:
    return [(one.verb, str(one.id), one.why, one.changes, one.conflicts, one.uid, one.seen) for one in plan.actions]
