"""Helm in a process of its own: nothing that a template does takes the run down, nothing leaks in or out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from overlay.chart.child import HelmLibrary
from overlay.chart.render import Rendered
from overlay.errors import ChartError
from tests.chart.charts import HERE, request

FINE = {"templates/a.yaml": "a: {{ .Values.n | default 0 }}\n"}
ENDLESS = "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"


def render(helm: HelmLibrary, *requests: object) -> list[Rendered | ChartError]:
    return list(helm.render(requests))


def failure(helm: HelmLibrary, template: str, values: dict | None = None) -> ChartError:
    (found,) = render(helm, request({"templates/bad.yaml": template}, values))
    assert isinstance(found, ChartError)
    assert found.environment == "prod"
    return found


def test_a_chart_renders(helm: HelmLibrary) -> None:
    (found,) = render(helm, request({**FINE, "templates/NOTES.txt": "Hi {{ .Release.Name }}", "templates/_h.tpl": "x"}))
    assert found == Rendered(templates=(("templates/a.yaml", "a: 0\n"),), crds=(), notes="Hi shop")


@pytest.mark.parametrize(
    ("template", "seconds", "message"),
    [
        ('{{ repeat 2000000000 "aaaaaaaaaa" }}', 60, "needed more memory than its limit"),
        ("{{ range until 1000000000 }}x{{ end }}", 60, "needed more memory than its limit"),
        (ENDLESS, 3, "took longer than 3 s and was stopped"),
    ],
)
def test_T04_T05_what_never_ends_or_never_fits_is_stopped(
    template: str, seconds: float, message: str, helm: HelmLibrary
) -> None:
    helm.wall = seconds
    found = failure(helm, template)
    assert message in found.message
    assert found.message.startswith("rendering chart environments/base/chart ")
    assert (found.location, bool(found.hint)) == (HERE, True)


def test_T03_recursion_without_end_is_stopped(helm: HelmLibrary) -> None:
    helm.wall = 120  # the stack is full after 18 seconds on an idle machine
    found = failure(helm, "{{ tpl .Values.t . }}", {"t": "{{ tpl .Values.t . }}"})
    assert found.message.startswith("rendering chart environments/base/chart ")
    assert "recursion" in found.message or "memory" in found.message


def test_T03_the_other_environments_still_render(helm: HelmLibrary) -> None:
    bad = request({"templates/bad.yaml": '{{ repeat 2000000000 "aaaaaaaaaa" }}'})
    found = render(helm, request(FINE, {"n": 1}), bad, request(FINE, {"n": 2}), bad, request(FINE, {"n": 3}))
    assert [one.templates[0][1] if isinstance(one, Rendered) else "error" for one in found] == [
        "a: 1\n", "error", "a: 2\n", "error", "a: 3\n",
    ]  # fmt: skip


def test_T08_many_renders_give_the_same_as_one_by_one_and_leak_nothing(helm: HelmLibrary) -> None:
    requests = [request(FINE, {"n": n}) for n in range(200)]
    together = render(helm, *requests)
    descriptors = len(os.listdir("/proc/self/fd"))
    one_by_one = [render(helm, one)[0] for one in requests]
    assert together == one_by_one
    assert [one.templates[0][1] for one in together] == [f"a: {n}\n" for n in range(200)]
    # Files that earlier tests left to the collector may go meanwhile; none may come.
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    assert all(len(os.listdir(f"/proc/{child.pid}/fd")) < 30 for child in helm.children)


@pytest.mark.parametrize("function", ["env", "expandenv"])
def test_T11_functions_that_read_the_environment_are_absent(function: str, helm: HelmLibrary) -> None:
    assert failure(helm, f'{{{{ {function} "HOME" }}}}').message == f'function "{function}" not defined'


def test_T12_names_are_not_looked_up(helm: HelmLibrary) -> None:
    (found,) = render(helm, request({"templates/a.yaml": 'a: "{{ getHostByName "localhost" }}"\n'}))
    assert found.templates[0][1] == 'a: ""\n'


def test_the_child_has_no_network_where_the_kernel_allows_that(helm: HelmLibrary) -> None:
    render(helm, request(FINE))
    ours, theirs = (os.readlink(f"/proc/{pid}/ns/net") for pid in ("self", helm.children[0].pid))
    allowed = subprocess.run(["unshare", "-Un", "true"], capture_output=True).returncode == 0
    assert (ours != theirs) == allowed


def test_T13_files_are_only_what_the_chart_packs(helm: HelmLibrary) -> None:
    text = '{{ range $path, $_ := .Files.Glob "**" }}{{ $path }};{{ end }}{{ .Files.Get "/etc/passwd" }}{{ .Files.Get "../x" }}'
    (found,) = render(helm, request({"templates/a.yaml": f'a: "{text}"\n', "config/b.txt": "b"}))
    assert found.templates[0][1] == 'a: "config/b.txt;"\n'


def test_T14_messages_of_templates_are_escaped_and_bounded(helm: HelmLibrary) -> None:
    found = failure(helm, '{{ fail (printf "\\x1b[31mred\\a %s" (repeat 5000 "x")) }}')
    assert found.message.startswith("\\x1b[31mred\\x07 xxx")
    assert len(found.message) < 2_100
    assert found.message.endswith("characters)")


def test_T21_log_lines_of_helm_are_captured(helm: HelmLibrary, capfd: pytest.CaptureFixture[str]) -> None:
    files = {
        "values.yaml": "db: {tls: {on: true}}\n",
        "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
        "charts/db/values.yaml": "tls: false\n",
        "charts/db/templates/a.yaml": "a: {{ .Values.tls.on }}\n",
    }
    (found,) = render(helm, request(files))
    assert isinstance(found, Rendered)
    assert capfd.readouterr() == ("", "")
    # Without the time of day, which would make two equal builds differ.
    assert found.warnings == ("skipped value for web.db.tls: Not a table.",)


def test_T23_nothing_of_the_environment_reaches_a_render(monkeypatch: pytest.MonkeyPatch, helm: HelmLibrary) -> None:
    monkeypatch.setenv("HELM_NAMESPACE", "canary")
    monkeypatch.setenv("XDG_CACHE_HOME", "/canary")
    monkeypatch.setenv("KUBECONFIG", "/canary")
    (found,) = render(
        helm, request({"templates/a.yaml": "a: {{ .Release.Namespace }}{{ .Capabilities | toJson | quote }}\n"})
    )
    assert "canary" not in found.templates[0][1]


def project(folder: Path, template: str) -> Path:
    files = {
        "environments/prod/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec: {chart: {path: chart}}\n",
        "environments/prod/chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "environments/prod/chart/templates/a.yaml": template,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in found.read_text().split()] if found.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_T06_T07_ending_the_program_ends_its_child(number: int, code: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", "render", "prod", "--no-cache"],
        cwd=project(tmp_path, ENDLESS),
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 10
    while not (found := children(process.pid)) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.7)
    started = time.monotonic()
    process.send_signal(number)
    stderr = process.communicate(timeout=10)[1]
    assert time.monotonic() - started < 2
    assert process.returncode == code
    assert b"Traceback" not in stderr
    until = time.monotonic() + 2
    while any(alive(pid) for pid in found) and time.monotonic() < until:
        time.sleep(0.02)
    assert found
    assert not any(alive(pid) for pid in found)
