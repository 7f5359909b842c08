"""M20: layers that come, change and go, against a resolver of thirty lines."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from overlay import build

BASE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "shop/web:1"}], "nodeSelector": {"disk": "ssd"}},
}
KEYS = st.sampled_from(["a", "b", "disk"])
WORDS = st.sampled_from(["one", "two", "three"])


def merged(target: object, patch: object) -> object:
    """Return RFC 7396's result."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def reference(layers: list[dict]) -> dict:
    """Return the one object after all layers, in the plainest way."""
    body = copy.deepcopy(BASE)
    for spec in layers:
        for patch in spec.get("patches", ()):
            body = merged(body, patch["mergePatch"])
        for entry in spec.get("labels", ()):
            body["metadata"]["labels"].update(entry["pairs"])
        if "annotations" in spec:
            body["metadata"]["annotations"] = {**body["metadata"].get("annotations", {}), **spec["annotations"]}
        for image in spec.get("images", ()):
            for container in body["spec"]["containers"]:
                if container["image"].partition(":")[0] == image["name"]:
                    container["image"] = f"{image['name']}:{image['newTag']}"
    return body


class Layers(RuleBasedStateMachine):
    """A chain of layers, the environment at its end."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.layers: list[dict] = [{}]

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def at(self, index: int) -> dict:
        return self.layers[index % len(self.layers)]

    @rule(index=st.integers(0, 9))
    def insert_layer(self, index: int) -> None:
        self.layers.insert(index % (len(self.layers) + 1), {})

    @rule(index=st.integers(0, 9))
    def remove_layer(self, index: int) -> None:
        if len(self.layers) > 1:
            del self.layers[index % len(self.layers)]

    @rule(index=st.integers(0, 9), key=KEYS, word=st.one_of(WORDS, st.none()))
    def patch_the_selector(self, index: int, key: str, word: str | None) -> None:
        patch = {"target": {"kind": "Pod"}, "mergePatch": {"spec": {"nodeSelector": {key: word}}}}
        self.at(index).setdefault("patches", []).append(patch)

    @rule(index=st.integers(0, 9), key=KEYS, word=WORDS)
    def label(self, index: int, key: str, word: str) -> None:
        self.at(index).setdefault("labels", []).append({"pairs": {key: word}})

    @rule(index=st.integers(0, 9), key=KEYS, word=WORDS)
    def annotate(self, index: int, key: str, word: str) -> None:
        self.at(index).setdefault("annotations", {})[key] = word

    @rule(index=st.integers(0, 9), tag=WORDS)
    def tag(self, index: int, tag: str) -> None:
        self.at(index).setdefault("images", []).append({"name": "shop/web", "newTag": tag})

    @invariant()
    def the_build_is_the_references(self) -> None:
        if not hasattr(self, "layers"):
            return
        shutil.rmtree(self.folder / "environments", ignore_errors=True)
        for index, spec in enumerate(self.layers):
            last = index == len(self.layers) - 1
            name = "prod" if last else f"layer{index}"
            kind = "Environment" if last else "Base"
            place = self.folder / "environments" / name
            place.mkdir(parents=True)
            full = {**spec, **({"extends": [f"../layer{index - 1}"]} if index else {"resources": ["web.json"]})}
            if not index:
                (place / "web.json").write_text(json.dumps(BASE))
            document = {"apiVersion": "overlay.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": full}
            (place / f"{kind.lower()}.yaml").write_text(json.dumps(document))
        (found,) = build("prod", project=str(self.folder)).objects
        assert found.body == reference(self.layers)


TestM20LayersAgainstAReference = Layers.TestCase
TestM20LayersAgainstAReference.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
