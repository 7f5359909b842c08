"""A pull request that tries everything at once: each environment is one trick, with what has to be said of it.

The names of the environments begin with the row of the catalogue of hazards that the trick is of.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.gitops.projects import git, manifest, shop, write

# What must never be seen outside of where it is.
FILE, VARIABLE, HOME, VALUE = "canary-in-a-file", "canary-in-env", "canary-in-home", "canary-in-value"
CANARIES = (FILE, VARIABLE, HOME, VALUE)
BASE_POLICY = (
    "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec:\n"
    "  policy:\n    rules: {privileged: error}\n    registries: [docker.io/shop]\n"
)
# What the change makes of it: nothing of it may count.
NO_POLICY = (
    "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec:\n"
    "  diff: {ignore: [{path: '*'}, {path: spec.*}, {path: data}]}\n"
)
CHART = "apiVersion: v2\nname: evil\nversion: 1.0.0\n"
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
COMMANDS = "::error file=x::y\\n::add-mask::z\\n::stop-commands::q\\n##[group]g\\n\\e[31m\\e]0;title\\a\\rover\\u202e"
MARKUP = "```\\n<!-- x -->\\n<details>\\n@team\\n![a](https://evil.example/a.png)\\n<img src=x onerror=y>\\n[l](javascript:z)"


def environment(name: str, spec: str) -> dict[str, str]:
    head = f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec:\n  namespace: x\n"
    return {f"environments/{name}/environment.yaml": f"{head}{spec}"}


def manifests(name: str, text: str) -> dict[str, str]:
    """Return an environment of one file of plain manifests."""
    return {**environment(name, "  resources: [a.yaml]\n"), f"environments/{name}/a.yaml": text}


def chart(name: str, files: dict[str, str]) -> dict[str, str]:
    found = {"Chart.yaml": CHART, "values.yaml": "", "templates/x.yaml": OBJECT, **files}
    return {
        **environment(name, "  chart: {path: chart}\n"),
        **{f"environments/{name}/chart/{path}": text for path, text in found.items()},
    }


def template(name: str, text: str, values: str = "") -> dict[str, str]:
    return chart(
        name, {"templates/x.yaml": f"{OBJECT}data: {{a: {{{{ {text} | toString | quote }}}}}}\n", "values.yaml": values}
    )


def json_patch(name: str, operations: str) -> dict[str, str]:
    patch = f"  patches: [{{target: {{kind: ConfigMap}}, jsonPatch: {operations}}}]\n"
    return {
        **environment(name, f"  resources: [a.yaml]\n{patch}"),
        f"environments/{name}/a.yaml": f"{OBJECT}data: {{a: b}}\n",
    }


DOUBLING = ", ".join([f"{{op: copy, from: /data, path: /data/a{n}}}" for n in range(28)])
MERGES = "a0: &a0 {x: 1}\n" + "".join([f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 27)])
ALIASES = "a0: &a0 [x]\n" + "".join([f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)])


def tricks(canary: str) -> dict[str, tuple[dict[str, str], str]]:
    """Return environments by name: (files, what has to be said); canary: the address of a server that must hear nothing."""
    return {
        "y01-tag": (
            manifests("y01-tag", f"{OBJECT}data: !!python/object/apply:os.system ['touch ran']\n"),
            "tag not allowed: tag:yaml.org,2002:python/object/apply:os.system",
        ),
        "y02-aliases": (manifests("y02-aliases", ALIASES), "too many aliases: the document has more than 1000000 values"),
        "y04-merges": (manifests("y04-merges", MERGES), "values once they are expanded"),
        "y06-depth": (manifests("y06-depth", "a: " + "[" * 5000), "nesting deeper than 100"),
        "y08-circle": (manifests("y08-circle", "a: &x {b: *x}\n"), "recursive alias"),
        "y09-twice": (manifests("y09-twice", f"{OBJECT}kind: Secret\n"), "key 'kind' is written twice"),
        "y11-digits": (manifests("y11-digits", f"{OBJECT}x: {'9' * 5000}\n"), "a number of 5000 digits is longer than the limit of 4000"),
        "y12-nan": (manifests("y12-nan", f"{OBJECT}x: .nan\n"), ".nan is not a number that JSON can hold"),
        "y13-nul": (manifests("y13-nul", f"{OBJECT}x: a\0b\n"), "character U+0000 is not allowed in YAML"),
        "y15-directive": (manifests("y15-directive", f"%YAML 1.1\n---\n{OBJECT}"), "directives such as %YAML"),
        "y17-key": (manifests("y17-key", f"{OBJECT}data: {{1: a}}\n"), "key 1 is no string"),
        "y24-generate": (
            manifests("y24-generate", OBJECT.replace("name: x", "generateName: x")),
            "metadata.generateName makes a new object at each apply",
        ),
        "p01-link": (environment("p01-link", "  resources: [leak.yaml]\n"), "symlink not allowed: environments/p01-link/leak.yaml"),
        "p01-chart": (chart("p01-chart", {}), "symlink not allowed: environments/p01-chart/chart/leak.txt"),
        "p02-environ": (chart("p02-environ", {}), "symlink not allowed: environments/p02-environ/chart/templates/e.yaml"),
        "p04-folder": (environment("p04-folder", "  resources: [up/secret.txt]\n"), "symlink not allowed: environments/p04-folder/up"),
        "p04-loop": (environment("p04-loop", "  values: [a.yaml]\n  chart: {path: a.yaml}\n"), "symlink not allowed"),
        "p05-up": (environment("p05-up", "  values: [../../../../../etc/passwd]\n"), "is outside the project folder"),
        "p05-absolute": (environment("p05-absolute", "  resources: [/etc/passwd]\n"), "'/etc/passwd' is outside the project folder"),
        "p05-home": (environment("p05-home", "  resources: ['~/.kube/config']\n"), "'~/.kube/config' is outside the project folder"),
        "p06-url": (environment("p06-url", f"  resources: ['{canary}/x.yaml']\n"), "is no relative path (URLs, drives and backslashes are not allowed)"),
        "p06-remote": (
            environment("p06-remote", f"  resources: [{{url: '{canary}/x.yaml', digest: 'sha256:{'0' * 64}'}}]\n"),
            "is not pinned in overlay.lock",
        ),
        "p07-cycle": (environment("p07-cycle", "  extends: [../p07-cycle]\n"), "cycle: environments/p07-cycle"),
        "p08-pipe": (environment("p08-pipe", "  resources: [pipe.yaml]\n"), "is a device, socket or pipe, no regular file"),
        "p09-name": (
            {"environments/p09-name/environment.yaml": manifest("../../../x", "1.0.0")},
            "metadata.name '../../../x'",
        ),
        "p20-up": (
            chart("p20-up", {"Chart.yaml": f"{CHART}dependencies: [{{name: o, version: 1.0.0, repository: 'file://../../../..'}}]\n"}),
            "dependency o is missing in environments/p20-up/chart/charts/",
        ),
        "p20-away": (
            chart("p20-away", {"Chart.yaml": f"{CHART}dependencies: [{{name: o, version: 1.0.0, repository: '{canary}'}}]\n"}),
            "is not pinned in overlay.lock",
        ),
        "a01-up": (environment("a01-up", "  chart: {path: chart.tgz}\n"), "the entry name '../../out.txt' is not allowed"),
        "a03-link": (environment("a03-link", "  chart: {path: chart.tgz}\n"), "is a link, device or special entry"),
        "a10-bomb": (environment("a10-bomb", "  chart: {path: chart.tgz}\n"), "evil/templates/a.yaml has 536870912 bytes; Helm takes no file above 5242880"),
        "t04-endless": (
            template("t04-endless", "range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ 1"),
            "took longer than 30 s and was stopped",
        ),
        "t05-memory": (template("t05-memory", 'repeat 2000000000 "aaaaaaaaaa"'), "needed more memory than its limit"),
        "t11-env": (template("t11-env", 'env "CANARY"'), 'function "env" not defined'),
        "t14-fail": (template("t14-fail", f'fail "{COMMANDS.replace(chr(92) + "e", chr(92) + "x1b")}"'), "::error"),
        "t15-tab": (chart("t15-tab", {"templates/x.yaml": "a:\n\t- b\n"}), "found character that cannot start any token"),
        "m02-doubling": (json_patch("m02-doubling", f"[{DOUBLING}]"), "operation 18: the patch adds more than 1000000 values"),
        "m06-root": (json_patch("m06-root", "[{op: replace, path: '', value: {}}]"), "operation 0: replace of the whole object is not allowed"),
        "m06-member": (json_patch("m06-member", "[{op: add, path: /data/x, value: y, extra: z}]"), "operation 0: add has no member 'extra'"),
        "m13-identity": (json_patch("m13-identity", "[{op: replace, path: /kind, value: Secret}]"), "operation 0: /kind must be ConfigMap, found the string 'Secret'"),
        "s01-fetch": (
            chart("s01-fetch", {"values.schema.json": f'{{"$ref": "{canary}/schema.json"}}'}),
            f"schema reference '{canary}/schema.json' reaches outside the file",
        ),
        "s02-file": (
            chart("s02-file", {"values.schema.json": '{"$ref": "file:///etc/passwd"}'}),
            "schema reference 'file:///etc/passwd' reaches outside the file",
        ),
        "s04-self": (chart("s04-self", {"values.schema.json": '{"$ref": "#"}'}), "schema recursion: a reference leads back to itself"),
        "z01-secret": (
            manifests("z01-secret", f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData: {{a: {VALUE}}}\n"),
            "Secret/x/x holds plain values",
        ),
        "z04-url": (
            environment("z04-url", f"  chart: {{repository: 'https://ada:{VALUE}@evil.example', name: a, version: 1.0.0}}\n"),
            "a from https://***@evil.example is not pinned in overlay.lock",
        ),
        "c06-policy": (
            manifests(
                "c06-policy",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: a\n"
                "    image: evil.example/miner:1\n    securityContext: {privileged: true}\n",
            ),
            "the container a is privileged",
        ),
    }  # fmt: skip


# Nothing is wrong with these; what they show must not act.
HARMLESS = {
    **manifests("c07-commands", f'{OBJECT}data: {{a: "{COMMANDS}"}}\n'),
    **manifests("c10-markup", f'{OBJECT}data: {{a: "{MARKUP}"}}\n'),
    **manifests("c11-large", f"{OBJECT}data:\n" + "".join([f"  k{n}: {'x' * 60}\n" for n in range(3000)])),
    **template("t12-lookup", f'getHostByName "{"%"}s.evil.example" }}}}{{{{ .Files.Get "/etc/passwd" }}}}{{{{ .Files.Get "../../overlay.yaml"'),
}  # fmt: skip


def archive(*members: tuple[str, bytes | None]) -> bytes:
    """Return a packed chart with these further entries; None is a link to where the secret is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, data in (("evil/Chart.yaml", CHART.encode()), *members):
            entry = tarfile.TarInfo(name)
            entry.size = len(data or b"")
            if data is None:
                entry.type, entry.linkname = tarfile.SYMTYPE, "../../../../secret.txt"
            packed.addfile(entry, io.BytesIO(data or b""))
    return buffer.getvalue()


def bomb() -> bytes:
    """Return a packed chart of half a gigabyte of nothing, in half a megabyte."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="w") as packed:
        entry = tarfile.TarInfo("evil/templates/a.yaml")
        entry.size = 512 << 20
        packed.write(entry.tobuf())
        for _ in range(512):
            packed.write(bytes(1 << 20))
    return buffer.getvalue()


def hostile(folder: Path, canary: str, ran: Callable[[], Path]) -> Path:
    """Make the project whose work tree holds all of it, over a base with a policy; return its folder.

    folder: outside of it lies a secret. ran: a file that whatever is run makes.
    """
    (folder / "secret.txt").write_text(FILE)
    project = shop(folder)
    write(project, {"overlay.yaml": BASE_POLICY})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "a policy")
    write(project, {"overlay.yaml": NO_POLICY, **HARMLESS})
    for files, _ in tricks(canary).values():
        write(project, files)
    links = {
        "p01-link/leak.yaml": folder / "secret.txt", "p01-chart/chart/leak.txt": folder / "secret.txt",
        "p02-environ/chart/templates/e.yaml": "/proc/self/environ", "p04-folder/up": folder, "p04-loop/a.yaml": "a.yaml",
    }  # fmt: skip
    for name, target in links.items():
        os.symlink(target, project / "environments" / name)
    os.mkfifo(project / "environments/p08-pipe/pipe.yaml")
    archives = {"a01-up": archive(("../../out.txt", b"out")), "a03-link": archive(("evil/templates/l.yaml", None))}
    for name, data in {**archives, "a10-bomb": bomb()}.items():
        (project / f"environments/{name}/chart.tgz").write_bytes(data)
    # All that a repository can have run of its own accord.
    for setting in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "filter.evil.smudge",
        "filter.evil.clean",
        "credential.helper",
    ):
        git(project, "config", setting, f"!touch {ran()}" if setting == "credential.helper" else f"touch {ran()}")
    git(project, "config", "core.hooksPath", str(project / "hooks"))
    write(project, {".gitattributes": "* filter=evil diff=evil\n"})
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit"):
        write(project, {f"hooks/{hook}": f"#!/bin/sh\ntouch {ran()}\n"})
        (project / "hooks" / hook).chmod(0o755)
    return project
