"""Whatever makes a template render differently each time is found, at its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inspect.test_lint import found, project

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata:\n"
UNSTEADY = [
    "{{ randAlphaNum 20 }}",
    "{{ randAlpha 20 }}",
    "{{ randAscii 20 | b64enc }}",
    "{{ randBytes 20 }}",
    "{{ uuidv4 }}",
    '{{ now | date "15:04:05.999999999" | b64enc }}',
    '{{ shuffle "abcdefghijklmnopqrstuvwxyz" }}',
    '{{ (genSelfSignedCert "a" nil nil 1).Cert | sha256sum }}',
    '{{ htpasswd "a" "b" | b64enc }}',
]


@pytest.mark.parametrize("expression", UNSTEADY)
def test_T09_a_field_that_changes_by_itself_is_named_with_file_and_line(expression: str, tmp_path: Path) -> None:
    warnings = found(project(tmp_path, "{}\n", f"{HEAD}  steady: a\n  moving: x{expression}\n"))
    assert [(rule, place, message) for _, rule, place, message, _ in warnings] == [
        (
            "not-deterministic",
            "chart/templates/config.yaml:6:3",
            "data.moving of ConfigMap/shop is another value each time the chart is rendered",
        )
    ]


@pytest.mark.parametrize("expression", ['{{ derivePassword 1 "long" "a" "b" "c" }}', '{{ sha256sum "a" }}', "{{ 1 }}"])
def test_T09_a_field_that_stays_is_no_finding(expression: str, tmp_path: Path) -> None:
    assert found(project(tmp_path, "{}\n", f"{HEAD}  a: x{expression}\n")) == []


def test_T09_an_object_whose_name_changes_by_itself_is_named(tmp_path: Path) -> None:
    config = HEAD.replace("name: shop", 'name: "x{{ randNumeric 20 }}"') + "  a: b\n"
    ((_, rule, place, message, _),) = found(project(tmp_path, "{}\n", config))
    assert (rule, place) == ("not-deterministic", "chart/templates/config.yaml")
    assert message.startswith("ConfigMap/x")
    assert message.endswith(" is not there, or has another name, in a second rendering")
