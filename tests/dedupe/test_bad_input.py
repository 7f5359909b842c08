"""Folders that `overlay adopt` cannot take in: each left out by name with the reason, the others of its group adopted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.dedupe.reading import MAX_OBJECTS, MAX_SIZE
from tests.dedupe.test_adopt import MORE, config, overlay


def huge(folder: Path) -> None:
    (folder / "bad.yaml").write_text("# " + "x" * MAX_SIZE + "\n")


def many(folder: Path) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{}}}\n---\n"
    for part in range(2):
        count = MAX_OBJECTS // 2 + 1
        (folder / f"bad{part}.yaml").write_text("".join([one.format(part * count + at) for at in range(count)]))


def nested(folder: Path) -> None:
    (folder / "bad.yaml").write_text("a: " + "[" * 2_000 + "]" * 2_000 + "\n")


def bomb(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 12)]
    (folder / "bad.yaml").write_text("\n".join(lines) + "\n")


def written(text: str | bytes, name: str = "bad.yaml") -> Callable[[Path], None]:
    data = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / name).write_bytes(data) and None


def link(folder: Path) -> None:
    (folder / "bad.yaml").symlink_to("/etc/passwd")


def folder_link(folder: Path) -> None:
    (folder / "below").symlink_to(folder.parent / "dev")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "bad.yaml")


# What makes a folder unfit, the reason, and where it is said to be.
BAD: dict[str, tuple[Callable[[Path], None], str, str | None]] = {
    "no YAML": (written("a: [\n"), "", "shop/prod/bad.yaml:"),
    "no UTF-8": (written(b"a: \xff\xfe\n"), "", "shop/prod/bad.yaml"),
    "a template": (
        written("{{- if .x }}\na: b\n{{- end }}\n"),
        "the file is a template ({{ }}), no plain manifest",
        "shop/prod/bad.yaml:",
    ),
    "encrypted": (written("kind: Secret\nsops: {mac: x}\n"), "the object is encrypted by SOPS", "shop/prod/bad.yaml:"),
    "no object": (written("a: b\n"), "apiVersion is missing", "shop/prod/bad.yaml:"),
    "a chart among them": (
        written("apiVersion: v2\nname: x\nversion: 1.0.0\n", "Chart.yaml"),
        "a Helm chart is no plain manifest",
        "shop/prod/Chart.yaml",
    ),
    "one object twice": (
        written("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\n"),
        "ConfigMap/shop/c is defined twice, first in shop/prod/bad.yaml:1:1",
        "shop/prod/c.yaml:",
    ),
    "a huge file": (huge, "bad.yaml has 10485763 bytes, more than the limit of 10485760", None),
    "too many objects": (many, f"shop/prod has more than {MAX_OBJECTS} objects", None),
    "deep nesting": (nested, "", "shop/prod/bad.yaml"),
    "aliases of aliases": (bomb, "", "shop/prod/bad.yaml"),
    "a link": (link, "symlink not allowed: bad.yaml → /etc/passwd", None),
    "a link to a folder": (folder_link, "symlink not allowed: below → ", None),
    "a pipe": (pipe, "bad.yaml is a device, socket or pipe, no regular file", None),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_taken_in_is_left_out_by_name_with_the_reason(what: str, tmp_path: Path) -> None:
    make, reason, place = BAD[what]
    for name in ("dev", "prod", "qa"):
        config(tmp_path / "shop" / name, "c", "shop", A=name, **MORE)
    make(tmp_path / "shop/prod")
    done = overlay("adopt", "shop", "--all", "--write", "-o", "json", cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    found = json.loads(done.stdout)
    (left,) = [one for one in found["leftOut"] if one["folder"] == "shop/prod"]
    assert reason in left["reason"]
    assert left["reason"]
    assert (left["at"] or "").startswith(place) if place else left["at"] is None
    (group,) = found["groups"]
    assert [one["folder"] for one in group["environments"]] == ["shop/dev", "shop/qa"]
    assert overlay("render", "--all", cwd=tmp_path).returncode == 0
    # Named, it is an error that says the same.
    named = overlay("adopt", "shop/dev", "shop/prod", "shop/qa", cwd=tmp_path)
    assert named.returncode == 2
    assert left["reason"] in named.stderr
    assert "bug in overlay" not in named.stderr
