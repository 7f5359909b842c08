"""Laws of adopting, for environments derived from a hidden base by random edits."""

from __future__ import annotations

import copy
import random
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.dedupe.adopt import adopt_group
from overlay.dedupe.layers import Titles
from overlay.dedupe.member import LeftOut, Member, Piece
from overlay.files.reader import ProjectFiles
from overlay.inspect.trial import build_unwritten
from overlay.kube.objects import identify
from overlay.merge.same import same
from overlay.model.location import Location
from overlay.model.project import Project
from overlay.yaml import write_document

NOWHERE = tempfile.mkdtemp(prefix="overlay-laws-")
ENVIRONMENTS = ("dev", "prod", "qa", "staging", "uat")
HEADER = 7  # of an environment.yaml or base.yaml


def build(texts, names):
    project = Project(root=NOWHERE)
    files = {f"environments/{path}": text for path, text in texts.items()}
    return build_unwritten(project, ProjectFiles(NOWHERE), files, names)


def deployment(name, rng):
    containers = [
        {
            "name": container,
            "image": f"shop/{container}:1.{rng.randrange(3)}",
            "env": [{"name": key, "value": rng.choice("abc")} for key in ("A", "B", "C")[: rng.randrange(4)]],
            "ports": [{"containerPort": 8080, "name": "http"}],
        }
        for container in ("main", "side")[: rng.randrange(1, 3)]
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": rng.randrange(4),
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}},
        },
    }


def config(name, rng):
    data = {key: rng.choice(["x", "y", "on", "1", ""]) for key in ("A", "B", "C", "d.json")[: rng.randrange(1, 5)]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def binding(name, rng):
    subjects = [{"kind": "Group", "name": f"team-{n}", "apiGroup": "rbac.authorization.k8s.io"} for n in range(3)]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "subjects": subjects[: rng.randrange(1, 4)],
        "roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"},
    }


def custom(name, rng):
    return {
        "apiVersion": "shop.example/v1",
        "kind": "Basket",
        "metadata": {"name": name},
        "spec": {"items": [{"id": n, "size": rng.randrange(3)} for n in range(rng.randrange(4))], "open": True},
    }


def edited(body, rng):
    """Change one thing; return how many lines a careful person would need to say it."""
    kind = body["kind"]
    if kind == "ConfigMap":
        key = rng.choice(["A", "B", "E"])
        if key in body["data"] and rng.random() < 0.3 and len(body["data"]) > 1:
            del body["data"][key]
        else:
            body["data"][key] = rng.choice(["new", "other", "false"])
        return 3
    if kind == "RoleBinding":
        if rng.random() < 0.5:
            body["subjects"].append({"kind": "User", "name": f"user-{rng.randrange(9)}"})
        elif len(body["subjects"]) > 1:
            body["subjects"].pop(rng.randrange(len(body["subjects"])))
        return 5
    if kind == "Basket":
        items = body["spec"]["items"]
        if items and rng.random() < 0.5:
            items[rng.randrange(len(items))]["size"] = rng.randrange(9)
        else:
            body["spec"]["open"] = rng.random() < 0.5
        return 4
    choice = rng.randrange(5)
    container = rng.choice(body["spec"]["template"]["spec"]["containers"])
    if choice == 0:
        body["spec"]["replicas"] = rng.randrange(9)
    elif choice == 1:
        container["image"] = f"shop/{container['name']}:2.{rng.randrange(5)}"
    elif choice == 2:
        container["env"] = [*container["env"], {"name": f"Z{rng.randrange(99)}", "value": "z"}]
    elif choice == 3:
        container["resources"] = {"limits": {"memory": f"{rng.randrange(1, 5)}Gi"}}
    else:
        body["metadata"]["labels"][f"more-{rng.randrange(3)}"] = "yes"
    return 6


def member(name, bodies):
    pieces = tuple(
        Piece(
            id=identify(body),
            body=body,
            text=write_document(body),
            file=f"{number:02}.yaml",
            location=Location("a.yaml", number + 1, 1),
            alone=True,
        )
        for number, body in enumerate(bodies)
    )
    return Member(folder=f"shop-{name}", name=name, pieces=pieces, lines=sum(p.text.count("\n") for p in pieces))


def derived(seed, count, edits, *, placed):
    """Return environments of a hidden base, and the lines of the base and of all that was done to it."""
    rng = random.Random(seed)
    makers = [deployment, config, binding, custom]
    base = [rng.choice(makers)(f"one-{number}", rng) for number in range(rng.randrange(2, 7))]
    lines = sum(write_document(body).count("\n") for body in base) + HEADER
    members = []
    for name in ENVIRONMENTS[:count]:
        bodies = copy.deepcopy(base)
        lines += HEADER
        for _ in range(rng.randrange(edits + 1)):
            what = rng.random()
            if what < 0.06 and len(bodies) > 1:
                bodies.pop(rng.randrange(len(bodies)))
                lines += 3
            elif what < 0.12:
                extra = rng.choice(makers)(f"only-{name}-{rng.randrange(99)}", rng)
                if all(identify(extra).key != identify(body).key for body in bodies):
                    bodies.append(extra)
                    lines += write_document(extra).count("\n") + 1
            else:
                lines += edited(rng.choice(bodies), rng)
        if rng.random() < 0.2:
            rng.shuffle(bodies)
        if placed:
            for body in bodies:
                body["metadata"]["namespace"] = f"shop-{name}"
            bodies[0]["metadata"]["annotations"] = {"host": f"web.shop-{name}.example"}
        members.append(member(name, bodies))
    return members, lines + (4 if placed else 0)


def adopted(members):
    titles = Titles(base="base", environments={one.name: one.name for one in members})
    return adopt_group("shop", members, titles, build, kubernetes_version="1.34")


seeds = st.integers(0, 10**9)
groups = st.tuples(seeds, st.integers(2, 5), st.integers(0, 5), st.booleans())


@given(groups)
@settings(max_examples=30, deadline=None)
def test_adopting_then_rendering_gives_every_environment_back_within_a_tenth_of_base_and_edits(group) -> None:
    seed, count, edits, placed = group
    members, lines = derived(seed, count, edits, placed=placed)
    found = adopted(members)
    assert not isinstance(found, LeftOut)
    built = build(found.files, [one.name for one in members])
    for one in members:
        objects = {resource.id.key: resource.body for resource in built[one.name].objects}
        assert objects.keys() == {piece.id.key for piece in one.pieces}
        assert all(same(objects[piece.id.key], piece.body) for piece in one.pieces)
    assert found.after <= 1.1 * lines


@given(groups, st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_the_order_of_environments_does_not_matter(group, rng) -> None:
    seed, count, edits, placed = group
    members, _ = derived(seed, count, edits, placed=placed)
    shuffled = list(members)
    rng.shuffle(shuffled)
    assert adopted(members).files == adopted(shuffled).files


@given(groups)
@settings(max_examples=12, deadline=None)
def test_adopting_what_was_adopted_changes_nothing(group) -> None:
    seed, count, edits, placed = group
    members, _ = derived(seed, count, edits, placed=placed)
    found = adopted(members)
    built = build(found.files, [one.name for one in members])
    where = {(one.name, piece.id.key): piece for one in members for piece in one.pieces}
    again = []
    for one in members:
        pieces = [where[one.name, resource.id.key] for resource in built[one.name].objects]
        again.append(Member(folder=one.folder, name=one.name, pieces=tuple(pieces), lines=one.lines))
    assert adopted(again).files == found.files
