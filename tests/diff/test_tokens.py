"""Tokens in objects that are no Secrets: hidden in every comparison, and seen to change (hazard Z08)."""

from __future__ import annotations

import time
from typing import Any

from overlay.diff.secrets import hide, hide_each, plain

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


def test_Z08_a_token_over_two_lines_is_hidden_whatever_stands_beside_it() -> None:
    broken = f"ghp_{'a1B2' * 5}\n{'c3D4' * 5}"
    for data in ({"a": broken, "b": "before it: abcdefghij"}, {"b": "abcdefghij", "a": broken}):
        [found] = hide([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}])
        assert found is not None
        assert plain(found["data"])["a"] == "••••"


def test_Z08_a_token_beside_what_a_secret_holds_is_hidden() -> None:
    versions: list[dict[str, Any] | None] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "a", "annotations": {"by": token}},
            "data": {"k": "eA=="},
        }
        for token in (OLD, NEW)
    ]
    before, after = hide(versions)
    assert [plain(one) for one in (before, after)] == [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "a", "annotations": {"by": by}},
            "data": {"k": "••••"},
        }
        for by in ("••••", "•••• (changed)")
    ]


def test_Z08_of_many_objects_those_with_a_token_are_told() -> None:
    steady = config("steady-and-long")
    found = hide_each([[steady, steady], [config(OLD), config(NEW)], [None, steady]])
    assert [plain(one["data"])["url"] if one else None for one in found[1]] == ["••••", "•••• (changed)"]
    assert [found[0], found[2]] == [[steady, steady], [None, steady]]


def test_Z08_a_variable_that_is_called_like_a_secret_is_hidden_wherever_it_stands() -> None:
    def custom(password: str, url: str) -> dict[str, Any]:
        variables = [
            {"name": "URL", "value": url},
            {"name": "apiToken", "value": password},
            {"name": "tokenName", "value": "a"},
        ]
        return {
            "apiVersion": "shop.example/v1",
            "kind": "Job",
            "metadata": {"name": "a"},
            "spec": {"steps": [{"with": variables}]},
        }

    before, after = [plain(body)["spec"]["steps"][0]["with"] for body in hide([custom("x", "u"), custom("y", "u")])]
    assert before == [
        {"name": "URL", "value": "u"}, {"name": "apiToken", "value": "••••"}, {"name": "tokenName", "value": "a"},
    ]  # fmt: skip
    assert after[1] == {"name": "apiToken", "value": "•••• (changed)"}
    from_secret = custom("x", "u")
    from_secret["spec"]["steps"][0]["with"] = [{"name": "apiToken", "valueFrom": {"secretKeyRef": {"name": "a"}}}]
    assert hide([from_secret])[0] is from_secret


def test_Z06_the_copy_that_kubectl_keeps_is_hidden_in_every_object() -> None:
    kept = {"kubectl.kubernetes.io/last-applied-configuration": '{"env": "hunter2"}', "a": "b"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": kept}}
    [found] = hide([body])
    assert plain(found)["metadata"]["annotations"] == {
        **kept,
        "kubectl.kubernetes.io/last-applied-configuration": "••••",
    }


def test_what_is_no_token_is_left_as_it_is() -> None:
    body = config("https://shop.example/a?b=c")
    assert hide([body, None]) == [body, None]
    assert hide([body])[0] is body


def test_Z08_thousands_of_tokens_in_one_object_take_linear_time() -> None:
    versions = [config("") | {"data": {f"k{n}": f"ghp_{n + start:036d}" for n in range(5_000)}} for start in (0, 1)]
    started = time.process_time()
    before, after = hide(versions)
    assert time.process_time() - started < 3
    assert before is not None
    assert after is not None
    assert [plain(one["data"])["k4999"] for one in (before, after)] == ["•••• (changed, 4999)", "•••• (changed, 5000)"]
    assert before["data"]["k1"] == after["data"]["k0"]
