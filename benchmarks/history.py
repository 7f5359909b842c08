"""Replay the history of a repository, and hold `overlay diff` against the bytes that are rendered.

Each folder below --folder becomes an environment whose resources are its plain manifests; what is no manifest (values,
patches, kustomizations) is left out. With --kustomize, each folder that fits it is one, as the kustomize program
builds it; with --values, each such file beside the chart in --folder is one, as we render it. For each commit, the
environments that `overlay diff` says to differ have to be exactly those whose rendered files differ, and no run may end
but with 0, 1 or 2.

    python benchmarks/history.py REPOSITORY --folder kubernetes/apps --commits 200
    python benchmarks/history.py REPOSITORY --kustomize 'deploy/overlays/*'
    python benchmarks/history.py REPOSITORY --folder charts/podinfo --values 'values*.yaml'
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.history_sources import Source, chart, git, manifests, overlays  # found through the line above
from overlay.cli.diff import DIFF
from overlay.cli.exits import guard
from overlay.cli.quick import parse
from overlay.model.build import Build
from overlay.model.options import Options
from overlay.pipeline import build_all
from overlay.tree import manifests as manifests_of

PROJECT = "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: replay}\n"
HEAD = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {}}}\nspec:\n"


class Project:
    """A project that is written anew for each commit."""

    def __init__(self, folder: Path, kubernetes: str) -> None:
        self.folder = folder
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")
        settings = f'spec: {{kubernetesVersion: "{kubernetes}"}}\n' if kubernetes else ""
        (folder / "overlay.yaml").write_text(PROJECT + settings)
        self.rendered: dict[str, dict[str, str]] = {}
        self.failed: set[str] = set()

    def write(self, found: dict[str, Source]) -> None:
        shutil.rmtree(self.folder / "environments", ignore_errors=True)
        (self.folder / "environments").mkdir()
        for name, source in found.items():
            place = self.folder / "environments" / name
            place.mkdir()
            (place / "environment.yaml").write_text(HEAD.format(name) + source.spec)
            for each, data in source.files.items():
                (place / each).parent.mkdir(parents=True, exist_ok=True)
                (place / each).write_bytes(data)
        git(self.folder, "add", "-A", "-f", ".")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", "next")

    def render(self) -> None:
        """Render everything; keep the bytes of the files, and the names of what cannot be rendered."""
        self.rendered, self.failed = {}, set()
        for name, result in build_all(None, project=str(self.folder), options=Options(cache=False)):
            if isinstance(result, Build):
                self.rendered[name] = manifests_of(result)
            else:
                self.failed.add(name)

    def diff(self) -> tuple[int, str, str]:
        """Return exit code, output and messages of `overlay diff` of the newest commit; in this process, for speed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            words = ["HEAD~1..HEAD", "--all", "-o", "json", "-C", str(self.folder)]
            # Helm's process is started where a chart is rendered, not early.
            code = guard(DIFF.run, {**(parse(DIFF.params, words, {}) or {}), "early": None})
        return code, out.getvalue(), err.getvalue()


def main() -> int:
    """Replay, print what was found; fail where a difference was missed, made up, or a run crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--folder", default="")
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--commits", type=int, default=200)
    parser.add_argument("--kustomize", default="", metavar="PATTERN")
    parser.add_argument("--values", default="", metavar="PATTERN")
    parser.add_argument("--kubernetes", default="", metavar="VERSION", help="of the time of the commits")
    asked = parser.parse_args()
    tools = os.environ.get("OVERLAY_TOOLS") or str(Path(__file__).resolve().parent.parent / ".tools" / "bin")
    listed = git(
        asked.repository, "rev-list", "--first-parent", f"-n{asked.commits + 1}", "HEAD", "--", asked.folder or "."
    )
    commits = listed.decode().split()[::-1]
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    spent, compared = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", asked.kubernetes)
        before: dict[str, dict[str, str]] = {}
        failed: set[str] = set()
        for number, commit in enumerate(commits):
            if asked.kustomize:
                program = os.path.join(tools, "kustomize")
                found = overlays(asked.repository, commit, asked.folder, asked.kustomize, program)
            elif asked.values:
                found = chart(asked.repository, commit, asked.folder, asked.values)
            else:
                found = manifests(asked.repository, commit, asked.folder, asked.depth)
            if not found:
                continue
            project.write(found)
            project.render()
            if before or failed:
                start = time.perf_counter()
                done = project.diff()
                compared += 1
                spent += time.perf_counter() - start
                wrong += compare(commit, done, (before, failed), (project.rendered, project.failed), counts)
                if number % 20 == 0:
                    print(f"{number} commits: {dict(counts)}, wrong: {len(wrong)}", file=sys.stderr, flush=True)
            before, failed = project.rendered, project.failed
    print(f"{compared} commits of {asked.repository.parent.name}: {dict(counts)}")
    print(f"{spent / max(compared, 1):.2f} s for one `overlay diff --all`; wrong: {len(wrong)}")
    print("".join([f"  {line}\n" for line in wrong[:20]]), end="")
    return 1 if wrong else 0


def compare(
    commit: str, done: tuple[int, str, str], old: tuple[dict[str, dict[str, str]], set[str]],
    new: tuple[dict[str, dict[str, str]], set[str]], counts: Counter[str],
) -> list[str]:  # fmt: skip
    """Return where what is said of a commit is not what became of the rendered files."""
    code, out, err = done
    if code not in (0, 1, 2) or "Traceback" in err or not out:
        return [f"{commit}: diff ends with {code}: {err[-300:]}"]
    told = {one["environment"]: one["change"] for one in json.loads(out)["environments"]}
    wrong = []
    for name in sorted({*old[0], *old[1], *new[0], *new[1]}):
        word = told.get(name, "same")
        if name in old[1] or name in new[1]:
            counts["cannot be rendered"] += 1
            # The same files that cannot be rendered are no difference.
            continue
        differs = old[0].get(name) != new[0].get(name)
        counts["different" if differs else "same"] += 1
        if differs != (word != "same"):
            wrong.append(
                f"{commit}: {name}: the rendered files {'differ' if differs else 'are the same'}, diff says {word}"
            )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
