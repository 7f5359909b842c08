"""Which clocks decide: never the one that people set."""

from __future__ import annotations

import ast

import pytest

from tests.cluster.testbed import REPOSITORY

FOLDER = REPOSITORY / "overlay" / "cluster"
# The time for people to read, and dates that a server tells in Retry-After, which are held to a limit.
FOR_PEOPLE = {"lease.py": {"now"}, "client.py": {"time"}, "credentials.py": {"now"}}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_D05_no_deadline_is_taken_from_the_clock_on_the_wall(path: object) -> None:
    """A clock that jumps, by NTP or by a person, ends no wait early, makes none endless and steals no lease."""
    tree = ast.parse(path.read_text())  # type: ignore[attr-defined]
    asked = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in (("time", "time"), ("datetime", "now"), ("datetime", "utcnow"))
    }
    assert asked == FOR_PEOPLE.get(path.name, set())  # type: ignore[attr-defined]
