"""The `helm` program as Renderer, for platforms that Helm's library has no build for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile

from overlay.chart.answer import from_texts
from overlay.chart.child import WALL_SECONDS
from overlay.chart.errors import explain_refusal
from overlay.errors import ChartError
from overlay.files.temporary import temporary_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.chart.render import Rendered, RenderRequest
    from overlay.errors import OverlayError

_SOURCE = re.compile(r"^# Source: (.+)$", re.MULTILINE)
# `helm template` prints no NOTES.txt: a template of ours includes it and shows it as JSON.
_NOTES = "templates/zz-overlay-notes.yaml"
_NOTES_TEXT = '{{ dict "notes" (include (print .Template.BasePath "/NOTES.txt") .) | toJson }}\n'
# A program that its user built says no more than `v4.2`.
_VERSION = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)")


class HelmProgram:
    """Asks `helm template` once per request; the chart's checked bytes stand in a private folder meanwhile."""

    def __init__(self, path: str, version: str, wall: float = WALL_SECONDS) -> None:
        self.path = path
        self.version = version
        self.wall = wall

    def close(self) -> None:
        """Nothing is held open."""

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendered | OverlayError]:
        for request in requests:
            yield self._one(request)

    def _one(self, request: RenderRequest) -> Rendered | OverlayError:
        with tempfile.TemporaryDirectory(prefix="overlay-", dir=temporary_folder()) as folder:
            # Helm names templates after the chart, so the folder's own name does not matter.
            for name, data in request.chart.files:
                path = os.path.join(folder, "chart", name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(data)
            if any(name == "templates/NOTES.txt" for name, _ in request.chart.files):
                with open(os.path.join(folder, "chart", _NOTES), "w", encoding="utf-8") as file:
                    file.write(_NOTES_TEXT)
            values = os.path.join(folder, "values.json")
            with open(values, "w", encoding="utf-8") as file:
                json.dump(request.values, file)
            texts: dict[str, str] = {}
            crds: list[tuple[str, str]] = []
            try:
                plain = self._run(request, folder, values)
            except ChartError as error:
                return error
            for path, text in _split(plain):
                below = path.partition("/")[2]
                if below == _NOTES:
                    texts["chart/templates/NOTES.txt"] = json.loads(text)["notes"]
                elif "/crds/" in path and not below.startswith("templates/"):
                    crds.append((path, text))
                else:
                    texts[path] = texts[path] + "---\n" + text if path in texts else text
            return from_texts(texts, crds, ())

    def _run(self, request: RenderRequest, folder: str, values: str) -> str:
        command = [
            self.path, "template", request.release_name, os.path.join(folder, "chart"),
            "--namespace", request.namespace, "--values", values, "--kube-version", request.kubernetes_version,
            *(["--is-upgrade"] if request.is_upgrade else []),
            *[part for version in request.api_versions for part in ("--api-versions", version)],
            "--include-crds",
        ]  # fmt: skip
        home = dict.fromkeys(("HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"), folder)
        try:
            done = subprocess.run(
                command, env=home, cwd=folder, capture_output=True, text=True, timeout=self.wall, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ChartError(
                f"rendering chart {request.chart.path} took longer than {self.wall:g} s and was stopped",
                location=request.chart.location,
                hint="look for a range or include that never ends",
                environment=request.environment,
            ) from None
        if done.returncode != 0:
            raise explain_refusal(request, done.returncode, done.stderr.strip().removeprefix("Error: "))
        return done.stdout


def _split(text: str) -> list[tuple[str, str]]:
    """Return (template, document) for what `helm template` printed, in its order."""
    found = []
    for part in re.split(r"^---\n", text, flags=re.MULTILINE):
        match = _SOURCE.search(part)
        if match:
            found.append((match[1].strip(), part[match.end() :].lstrip("\n")))
    return found


def find_program() -> HelmProgram | None:
    """Return the helm program on the PATH, version 4, or None."""
    path = shutil.which("helm")
    if path is None:
        return None
    try:
        done = subprocess.run([path, "version", "--short"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError):
        return None  # it cannot run, or never answers
    match = _VERSION.search(done.stdout)
    return HelmProgram(path, match[1]) if match and match[1].startswith("4.") else None
