"""What is told of an object that is not healthy, whatever it looks like."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.story import tell_story
from tests.cluster.harness import Environment

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    "spec", ["text", ["a"], {"selector": "app=web"}, {"selector": ["a"]}, {"selector": {"matchLabels": ["a"]}}]
)
def test_a_custom_resource_may_call_anything_its_spec_and_selector(prod: Environment, spec: Any) -> None:
    metadata = {"name": "w", "namespace": prod.namespace}
    body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": spec}
    assert tell_story(prod.client, body) == []
