"""Laws of factoring, for projects whose environments say random things, much of it alike."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.dedupe.factor.search import Search
from overlay.dedupe.factor.sheet import lines_of
from overlay.inspect.factoring import Prover
from overlay.inspect.session import Workshop
from overlay.kube.types import load_types
from overlay.pipeline import build_all
from overlay.tree import manifests
from overlay.yaml import write_document

NAMES = ("dev", "prod", "qa", "staging", "uat")
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels: {{app: {name}}}
spec:
  replicas: 1
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: main
          image: shop/{name}:1.0
        - name: side
          image: shop/side:1.0
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  A: {a}\n  B: same\n"


def patch(rng):
    """Return one entry of `patches`; few different ones, so that environments often have the same."""
    name = rng.choice(("api", "web"))
    kind = rng.randrange(5)
    target = {"kind": "Deployment", "name": name}
    if kind == 0:
        return {"target": target, "strategicMerge": {"spec": {"replicas": rng.randrange(1, 4), "paused": True}}}
    if kind == 1:
        limits = {"limits": {"memory": f"{rng.randrange(1, 3)}Gi", "cpu": "1"}}
        containers = [{"name": rng.choice(("main", "side")), "resources": limits}]
        return {"target": target, "strategicMerge": {"spec": {"template": {"spec": {"containers": containers}}}}}
    if kind == 2:
        steps = [
            {"op": "add", "path": "/metadata/labels/tier", "value": rng.choice("xy")},
            {"op": "replace", "path": "/spec/replicas", "value": rng.randrange(1, 3)},
        ]
        return {"target": target, "jsonPatch": steps[: rng.randrange(1, 3)]}
    if kind == 3:
        metadata = {"name": name, "annotations": {"note": rng.choice("ab"), "owner": "shop"}}
        return {"strategicMerge": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}}
    return {
        "target": {"kind": "Deployment"},
        "expect": 2,
        "mergePatch": {"spec": {"minReadySeconds": rng.choice((5, 9))}},
    }


def spec(rng):
    found = {}
    if rng.random() < 0.8:
        found["patches"] = [patch(rng) for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.5:
        found["labels"] = [{"pairs": {"team": rng.choice(("shop", "pay"))}}]
    if rng.random() < 0.5:
        found["images"] = [{"name": "shop/web", "newTag": rng.choice(("1.0", "2.0"))}]
    if rng.random() < 0.4:
        found["replicas"] = [{"name": "web", "count": rng.randrange(1, 4)}]
    if rng.random() < 0.4:
        found["annotations"] = {"a": rng.choice("xy"), "b": "z"}
    if rng.random() < 0.3:
        found["namespace"] = rng.choice(("shop", "pay"))
    return found


def write(folder, seed, count, *, parent):
    """Write a project of `count` environments; parent: they extend a base."""
    rng = random.Random(seed)
    top = folder / "environments"
    shared = [spec(rng) for _ in range(2)]
    base = {"resources": ["manifests"], **(spec(rng) if rng.random() < 0.3 else {})}
    if parent:
        document(top / "base", "Base", base)
        manifests_of(top / "base", rng)
    for name in NAMES[:count]:
        mine = {**rng.choice(shared), **(spec(rng) if rng.random() < 0.3 else {})}
        head = {"extends": ["../base"]} if parent else {"resources": ["manifests"]}
        document(top / name, "Environment", {**head, **mine})
        if not parent:
            manifests_of(top / name, rng)


def manifests_of(folder, rng):
    (folder / "manifests").mkdir(parents=True)
    for name in ("api", "web"):
        (folder / f"manifests/{name}.yaml").write_text(DEPLOYMENT.format(name=name))
    (folder / "manifests/settings.yaml").write_text(CONFIG.format(name="settings", a=rng.choice("pq")))


def document(folder, kind, content):
    folder.mkdir(parents=True, exist_ok=True)
    found = {"apiVersion": "overlay.dev/v1", "kind": kind, "metadata": {"name": folder.name}, "spec": content}
    text = write_document(found).replace("  patches:\n", f"  # Patches of {folder.name}.\n  patches:\n")
    (folder / f"{kind.lower()}.yaml").write_text(text)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rendered(folder):
    found = {}
    for name, build in build_all(None, project=str(folder)):
        found[name] = manifests(build) if not isinstance(build, Exception) else str(build)
    return found


def factored(folder, names=None):
    with Workshop(project=str(folder)) as workshop:
        known = sorted(path.parent.name for path in (folder / "environments").glob("*/environment.yaml"))
        prover = Prover(workshop, names or known)
        read = workshop.files
        types = load_types("1.34")
        return Search(lambda path: read.read(path) if read.exists(path) else None, prover, "environments", types).run()


def put(folder, changes):
    for path, data in changes.items():
        if data is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)


seeds = st.tuples(st.integers(0, 10**9), st.integers(2, 5), st.booleans())


@given(seeds)
@settings(max_examples=14, deadline=None)
def test_every_environment_renders_to_the_same_bytes_and_the_project_never_grows(seed) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, seed[0], seed[1], parent=seed[2])
        before, texts = rendered(folder), files_of(folder)
        if any(isinstance(one, str) for one in before.values()):
            return  # an environment that cannot be built is no subject of this law
        found = factored(folder)
        put(folder, found.changes)
        assert rendered(folder) == before
        lines = sum(lines_of(data) for data in files_of(folder).values())
        assert lines <= sum(lines_of(data) for data in texts.values())
        assert lines < sum(lines_of(data) for data in texts.values()) or not found.changes


@given(seeds)
@settings(max_examples=6, deadline=None)
def test_factoring_twice_changes_nothing_more(seed) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, seed[0], seed[1], parent=seed[2])
        if any(isinstance(one, str) for one in rendered(folder).values()):
            return
        put(folder, factored(folder).changes)
        assert factored(folder).changes == {}


@given(seeds, st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None)
def test_the_order_in_which_environments_are_looked_at_does_not_matter(seed, rng) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, seed[0], seed[1], parent=seed[2])
        if any(isinstance(one, str) for one in rendered(folder).values()):
            return
        names = list(NAMES[: seed[1]])
        rng.shuffle(names)
        assert factored(folder, names).changes == factored(folder).changes
