"""Bundles to a registry on this machine and back, against `oras` with the same content in the same run."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
import urllib.request

from benchmarks.measure import run_once
from overlay.oci.bundle import Artifact, Made
from overlay.oci.layout import Layout
from overlay.oci.manifest import describe, image
from overlay.oci.transfer import carry

ENVIRONMENTS, OBJECTS = 100, 30
LARGE = 200 * 1000 * 1000
RUNS = 7
WORDS = ("web", "api", "worker", "shop", "orders", "prices", "stock", "basket")
OBJECT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{number}
data:
  level: info
  path: /srv/shop/{number}
  text: |
    {text}
"""


def write(folder: str) -> None:
    """Write a project of many environments that differ in their namespaces and names."""
    base = os.path.join(folder, "environments", "base", "manifests")
    os.makedirs(base)
    with open(os.path.join(folder, "environments", "base", "base.yaml"), "w", encoding="utf-8") as file:
        file.write("apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec: {resources: [manifests]}\n")
    noise = random.Random(1)  # the same each time
    for number in range(OBJECTS):
        text = " ".join(noise.choice(WORDS) for _ in range(60))
        with open(os.path.join(base, f"{number}.yaml"), "w", encoding="utf-8") as file:
            file.write(OBJECT.format(number=number, text=text))
    for number in range(ENVIRONMENTS):
        place = os.path.join(folder, "environments", f"env-{number:03}")
        os.makedirs(place)
        with open(os.path.join(place, "environment.yaml"), "w", encoding="utf-8") as file:
            file.write(
                f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: env-{number:03}}}\n"
                f"spec: {{extends: [../base], namespace: shop-{number:03}}}\n"
            )
    with open(os.path.join(folder, "overlay.yaml"), "w", encoding="utf-8") as file:
        file.write("apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n")


def large(folder: str) -> None:
    """Put one blob of random bytes into a layout."""
    data = random.Random(2).randbytes(LARGE)
    head, layer = describe("application/vnd.shop.v1+json", b"{}"), describe("application/octet-stream", data)
    manifest = image("application/vnd.shop.v1+json", head, (layer,), {})
    layout = Layout(folder)
    layout.create()
    carry(
        Made(Artifact(manifest=manifest, blobs={head.digest: b"{}", layer.digest: data}), "here"), "", layout, "1.0.0"
    )
    # What `oras push` takes: a file, of which it works out the digest.
    with open(f"{folder}.bin", "wb") as file:
        file.write(data)


def start(folder: str, tools: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a registry; return its process and host."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config = os.path.join(folder, "registry.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\nhttp: {{addr: '{host}'}}\n"
        )
    process = subprocess.Popen(
        [os.path.join(tools, "registry"), "serve", config],
        env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://{host}/", timeout=1):
                return process, host
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the registry does not start")


def story(name: str, ways: dict[str, list[str]], folder: str, env: dict[str, str]) -> None:
    """Run ways in turn, `{n}` being another number each time, and print the fastest run of each.

    The fastest, not the median: what other programs of the machine do only ever adds.
    """
    seen: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for turn in range(RUNS + 1):
        for way, command in ways.items():
            figure = run_once([word.replace("{n}", str(turn)) for word in command], folder, env)
            seen[way] += [figure] if turn else []
    walls = {way: min(wall for wall, _ in rows) for way, rows in seen.items()}
    peaks = {way: max(peak for _, peak in rows) for way, rows in seen.items()}
    first = next(iter(ways))
    for way in ways:
        print(f"| {name} | {way} | {walls[way]:.3f} | {peaks[way]:.0f} | {walls[first] / walls[way]:.2f} |", flush=True)


def run(folder: str, overlay: str, tools: str, env: dict[str, str]) -> None:
    """Print pushes and pulls of both bundles."""
    place = os.path.join(folder, "bundles")
    os.makedirs(place)
    write(os.path.join(place, "shop"))
    oras = os.path.join(tools, "oras")
    env = {**env, "XDG_DATA_HOME": os.path.join(place, "data"), "CI": "true"}
    shop = [overlay, "-C", "shop", "-q"]
    print("\n## bundles to a registry and back (ratio: overlay's time to the other's)")
    wall, peak = run_once([*shop, "package", "--version", "1.0.0", "--to", f"{place}/small", "--no-cache"], place, env)
    print(f"packaged {ENVIRONMENTS} x {OBJECTS} objects in {wall:.2f} s, {peak:.0f} MiB\n")
    # What `oras push` packs and sends; `oras cp` sends what is packed, as we do.
    run_once([overlay, "pull", "small:1.0.0", "-d", "rendered", "--store", "unused", "-q"], place, env)
    # In a process of its own: what a parent holds counts as its children's peak.
    code = f"from benchmarks import bundles; bundles.large({os.path.join(place, 'large')!r})"
    subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(os.path.dirname(__file__)), check=True)
    process, host = start(place, tools)
    try:
        print("| story | program | s | MiB | ratio |\n| --- | --- | ---: | ---: | ---: |")
        push = [oras, "cp", "--no-tty", "--to-plain-http", "--from-oci-layout"]
        fetch = [oras, "cp", "--no-tty", "--from-plain-http"]
        story("push 100 x 30", {
            "overlay push": [overlay, "push", f"oci://{host}/a{{n}}", "--from", "small:1.0.0", "-q"],
            "oras cp": [*push, "small:1.0.0", f"{host}/b{{n}}:1.0.0"],
            "oras push": [oras, "push", "--no-tty", "--plain-http", f"{host}/e{{n}}:1.0.0", "rendered/environments"],
        }, place, env)  # fmt: skip
        story("push 100 x 30 again", {
            "overlay push": [overlay, "push", f"oci://{host}/a1", "--from", "small:1.0.0", "-q"],
            "oras cp": [*push, "small:1.0.0", f"{host}/b1:1.0.0"],
        }, place, env)  # fmt: skip
        story("pull 100 x 30, unpacked", {
            "overlay pull": [overlay, "pull", f"oci://{host}/a1:1.0.0", "-d", "out{n}", "--store", "store{n}", "-q"],
            "oras pull": [oras, "pull", "--no-tty", "--plain-http", f"{host}/b1:1.0.0", "-o", "oras{n}"],
        }, place, env)  # fmt: skip
        story("push 200 MB", {
            "overlay copy": [overlay, "copy", "large:1.0.0", f"oci://{host}/c{{n}}", "-q"],
            "oras cp": [*push, "large:1.0.0", f"{host}/d{{n}}:1.0.0"],
            "oras push": [oras, "push", "--no-tty", "--plain-http", f"{host}/f{{n}}:1.0.0", "large.bin"],
        }, place, env)  # fmt: skip
        story("pull 200 MB", {
            "overlay copy": [overlay, "copy", f"oci://{host}/c1:1.0.0", "--to-layout", "got{n}", "-q"],
            "oras cp": [*fetch, f"{host}/d1:1.0.0", "--to-oci-layout", "theirs{n}:1.0.0"],
            "oras pull": [oras, "pull", "--no-tty", "--plain-http", f"{host}/f1:1.0.0", "-o", "file{n}"],
        }, place, env)  # fmt: skip
    finally:
        process.terminate()
        process.wait()
