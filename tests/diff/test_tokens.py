"""Tokens in objects that are no Secrets: hidden in every comparison, and seen to change (hazard Z08)."""

from __future__ import annotations

from typing import Any

from overlay.diff.secrets import hide, plain

OLD, NEW = "ghp_" + "a1B2" * 9, "ghp_" + "c3D4" * 9


def config(url: str) -> dict[str, Any]:
    body = {"a": "b", "url": url, "list": [url, "steady"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": body}


def test_Z08_a_token_in_a_config_map_is_hidden_and_its_change_is_seen() -> None:
    before, after = hide([config(f"key={OLD}"), config(f"key={NEW}")])
    assert before != after
    assert before is not None
    assert after is not None
    assert plain(before["data"]) == {"a": "b", "url": "••••", "list": ["••••", "steady"]}
    assert plain(after["data"]) == {"a": "b", "url": "•••• (changed)", "list": ["•••• (changed)", "steady"]}
    same, again = hide([config(OLD), config(OLD)])
    assert same == again


def test_what_is_no_token_is_left_as_it_is() -> None:
    body = config("https://shop.example/a?b=c")
    assert hide([body, None]) == [body, None]
    assert hide([body])[0] is body
