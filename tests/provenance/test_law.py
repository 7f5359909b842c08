"""Each leaf of the output maps to the place where its value is written; changing or deleting that changes the leaf."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay import build
from overlay.errors import OverlayError
from overlay.inspect.session import Session, Workshop
from overlay.kube.dotted import find
from overlay.kube.leaves import leaves
from overlay.kube.types import Type

# Every value that an input writes is another one, `v7x`, so that a leaf itself tells which input must be named.
CONTAINERS = ("web", "side", "log")
FIELDS = ("image", "workingDir", "terminationMessagePath")


class Counter:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        return f"v{self.made}x"


def containers(draw: st.DrawFn, fresh: Counter, least: int) -> list[dict]:
    names = draw(st.lists(st.sampled_from(CONTAINERS), min_size=least, max_size=3, unique=True))
    return [{"name": name, **{field: fresh() for field in draw(st.sets(st.sampled_from(FIELDS)))}} for name in names]


def annotations(draw: st.DrawFn, fresh: Counter) -> dict:
    return {key: fresh() for key in sorted(draw(st.sets(st.sampled_from(["a", "b", "c/d"]))))}


@st.composite
def stacks(draw: st.DrawFn) -> list[dict[str, object]]:
    """Draw a base with a Deployment and up to three layers above it, as specs of documents."""
    fresh = Counter()
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": annotations(draw, fresh)},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web", "blue": fresh()}},
                "spec": {"containers": [{"image": fresh(), **each} for each in containers(draw, fresh, 3)]},
            },
        },
    }
    layers: list[dict[str, object]] = [{"deployment": deployment}]
    for _ in range(draw(st.integers(1, 3))):
        spec: dict[str, object] = {}
        patches = []
        for kind in draw(st.lists(st.sampled_from(["strategic", "merge", "json"]), max_size=3)):
            if kind == "strategic":
                body = {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": "web", "annotations": annotations(draw, fresh)},
                    "spec": {"template": {"spec": {"containers": containers(draw, fresh, 1)}}},
                }
                patches.append({"strategicMerge": body})
            elif kind == "merge":
                body = {
                    "metadata": {"annotations": annotations(draw, fresh)},
                    "spec": {"template": {"metadata": {"labels": {draw(st.sampled_from(["blue", "green"])): fresh()}}}},
                }
                patches.append({"mergePatch": body, "target": {"kind": "Deployment"}})
            else:
                places = st.sampled_from(
                    ["/metadata/labels", "/spec/template/spec/hostname", "/spec/template/spec/nodeSelector"]
                )
                made = {
                    "/metadata/labels": lambda: {"l": fresh()},
                    "/spec/template/spec/nodeSelector": lambda: {"zone": fresh()},
                }
                operations = [
                    {"op": "add", "path": place, "value": made.get(place, fresh)()}
                    for place in draw(st.lists(places, min_size=1, max_size=2))
                ]
                patches.append({"jsonPatch": operations, "target": {"name": "web"}})
        if patches:
            spec["patches"] = patches
        if draw(st.booleans()):
            spec["labels"] = [{"pairs": {"team": fresh()}, "includeTemplates": draw(st.booleans())}]
        if draw(st.booleans()):
            spec["annotations"] = {"owner": fresh()}
        if draw(st.booleans()):
            spec["namespace"] = fresh()
        layers.append(spec)
    return layers


def write(folder: Path, layers: list[dict[str, object]]) -> None:
    for index, layer in enumerate(layers):
        spec = dict(layer)
        name = "base" if index == 0 else "prod" if index == len(layers) - 1 else f"mid{index}"
        kind = "Base" if index == 0 else "Environment"
        place = folder / "environments" / name
        place.mkdir(parents=True)
        if index == 0:
            (place / "all.yaml").write_text(yaml.safe_dump(spec.pop("deployment"), sort_keys=False))
            spec["resources"] = ["all.yaml"]
        else:
            spec["extends"] = ["../base" if index == 1 else f"../mid{index - 1}"]
        document = {"apiVersion": "overlay.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        (place / f"{kind.lower()}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


@given(stacks())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_M17_law_the_place_of_each_leaf_holds_its_value_and_without_it_the_leaf_changes(layers: list[dict]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        write(folder, layers)
        with Workshop(project=str(folder)) as workshop:
            session = Session(workshop, "prod")
            (resource,) = session.objects
            kind = session.origins.trace.types.root("apps", "v1", "Deployment")
            found = []
            for path, text in leaves(resource.body, kind):
                if isinstance(text, str) and text.startswith("v") and text.endswith("x"):
                    concrete = next(where for where, _ in find(resource.body, path))
                    found.append((path, text, session.history(resource, concrete, keys=False)[0].location))
        for path, text, place in found:
            file = folder / place.file
            lines = file.read_text().split("\n")
            written = lines[place.line - 1][place.column - 1 :]
            assert written == text, (path, str(place))
        for path, text, place in found[len(found) // 2 :: 3]:
            file = folder / place.file
            before = file.read_text()
            file.write_text(before.replace(text, "edited"))
            # An edited namespace or image may be refused: then the place did matter.
            assert at(path, kind, folder) in (["edited"], None)
            file.write_text(before)
        for path, text, _ in found[:: max(1, len(found) // 3)]:
            shutil.rmtree(folder / "environments")
            write(folder, without(layers, text))
            assert at(path, kind, folder) != [text]
    finally:
        shutil.rmtree(folder)


def at(path: tuple, kind: Type, folder: Path) -> list[object] | None:
    """Return what stands at a path of the built object; None where it cannot be built."""
    try:
        (built,) = build("prod", project=str(folder)).objects
    except OverlayError:
        return None
    return [item for where, item in leaves(built.body, kind) if where == path]


def without(layers: Any, text: str) -> Any:
    """Return the layers without the entry that holds a value: a key, or a whole operation."""
    if isinstance(layers, dict):
        kept = {key: without(item, text) for key, item in layers.items() if item != text}
        return None if "op" in layers and text in str(layers) else kept
    if isinstance(layers, list):
        found = [without(item, text) for item in layers]
        return [item for item in found if item is not None]
    return layers


TEMPLATE = """\
{{- define "made" }}{{ .Values.deep.one }}{{ end -}}
apiVersion: v1
kind: ConfigMap
metadata: {name: all}
data:
  plain: {{ .Values.plain }}
  {{- if .Values.deep.on }}
  deep: {{ .Values.deep.one | quote }}
  {{- end }}
  {{- with .Values.sub }}
  {{ .key }}: {{ .value | trunc 20 }}
  {{- end }}
  helped: {{ include "made" . | b64enc | quote }}
  listed: {{ index .Values.list 0 }}
  {{- range $name, $value := .Values.many }}
  many-{{ $name }}: {{ $value | default $.Values.plain }}
  {{- end }}
"""
# Each leaf, and the values that may be behind it.
BEHIND = {
    "plain": ["plain"], "deep": ["deep.one"], "free": ["sub.value"], "helped": ["deep.one"], "listed": ["list"],
    "many-a": ["many.a"], "many-b": ["many.b"],
}  # fmt: skip


@st.composite
def values(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw what the chart and up to three layers say, the chart everything."""
    fresh = Counter()
    full = {
        "plain": fresh,
        "deep": {"one": fresh},
        "sub": {"value": fresh},
        "list": fresh,
        "many": {"a": fresh, "b": fresh},
    }

    def some(of: Any, *, every: bool) -> Any:
        if callable(of):
            return of()
        return {key: some(item, every=every) for key, item in of.items() if every or draw(st.booleans())}

    layers = [some(full, every=True), *[some(full, every=False) for _ in range(draw(st.integers(1, 3)))]]
    for layer in layers:
        if "list" in layer:
            layer["list"] = [layer["list"]]
    layers[0]["deep"]["on"] = True
    layers[0]["sub"]["key"] = "free"
    return layers


def write_chart(folder: Path, layers: list[dict[str, Any]]) -> None:
    base = folder / "environments" / "base"
    (base / "chart" / "templates").mkdir(parents=True)
    (base / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: all\nversion: 1.0.0\n")
    (base / "chart" / "values.yaml").write_text(yaml.safe_dump(layers[0]))
    (base / "chart" / "templates" / "all.yaml").write_text(TEMPLATE)
    (base / "base.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec: {chart: {path: chart}}\n"
    )
    below = "base"
    for index, layer in enumerate(layers[1:], 1):
        name = "prod" if index == len(layers) - 1 else f"mid{index}"
        place = folder / "environments" / name
        place.mkdir()
        (place / "values.yaml").write_text(yaml.safe_dump(layer))
        (place / "environment.yaml").write_text(
            f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\n"
            f"spec: {{extends: [../{below}], values: [values.yaml]}}\n"
        )
        below = name


@given(values())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_M17_law_the_value_behind_each_leaf_of_a_chart_is_found_and_deleting_it_changes_the_leaf(
    layers: list[dict[str, Any]],
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        write_chart(folder, layers)
        with Workshop(project=str(folder)) as workshop:
            session = Session(workshop, "prod")
            (config,) = session.objects
            assert sorted(config.body["data"]) == sorted(BEHIND)
            texts = TEMPLATE.splitlines()
            last = ("", Path(), "")
            for leaf, keys in BEHIND.items():
                source = session.history(config, ("data", leaf), keys=True)[0]
                line = texts[source.location.line - 1].strip()
                assert line.startswith((f"{leaf}:", "{{ .key }}", "many-")), (leaf, line)
                assert [key for key, _ in source.keys if key not in ("sub.key", "deep.on")] == keys, leaf
                place = dict(source.keys)[keys[0]]
                file = folder / place.file
                written = file.read_text().splitlines()[place.line - 1][place.column - 1 :].removeprefix("- ")
                wanted = [layer for layer in layers if written in str(layer)]
                assert wanted, (leaf, written)
                last = (leaf, file, written)
        leaf, file, written = last
        before = config.body["data"][leaf]
        file.write_text(file.read_text().replace(written, "null"))
        (changed,) = build("prod", project=str(folder)).objects
        assert changed.body["data"].get(leaf) != before
    finally:
        shutil.rmtree(folder)
