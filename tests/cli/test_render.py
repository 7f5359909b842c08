"""`overlay render` as a user runs it: real processes, whole outputs."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DNS_LABEL = "is no DNS label: lower-case letters, digits and dashes, a letter or digit at both ends"
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: '7'\n"
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  labels: {app: web}
data:
  level: {{ .Values.level | quote }}
  namespace: {{ .Release.Namespace }}
  kube: {{ .Capabilities.KubeVersion.Version }}
  monitored: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}
  upgrade: {{ .Release.IsUpgrade | quote }}
---
apiVersion: v1
kind: Secret
metadata:
  name: key
stringData:
  password: hunter2
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "overlay.yaml": "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n",
        "environments/base/base.yaml": "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec: {chart: {path: chart}}\n",
        "environments/base/chart/Chart.yaml": CHART,
        "environments/base/chart/values.yaml": "level: info\n",
        "environments/base/chart/templates/all.yaml": TEMPLATE,
        "environments/base/chart/templates/NOTES.txt": "It is {{ .Values.level }}.\n",
        "environments/base/chart/templates/tests/t.yaml": (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n"
        ),
        "environments/base/chart/crds/crd.yaml": (
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gs.x.example}\n"
            "spec: {group: x.example, names: {kind: G, plural: gs}, scope: Namespaced, "
            "versions: [{name: v1, served: true, storage: true}]}\n"
        ),
        "environments/dev/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\nspec: {extends: [../base]}\n",
        "environments/prod/environment.yaml": (
            "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec: {extends: [../base], namespace: shop-prod, kubernetesVersion: '1.30'}\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def overlay(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True, env={**os.environ, **env}
    )


def data(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    return next(one["data"] for one in json.loads(done.stdout) if one["kind"] == "ConfigMap")


def test_documents_go_to_stdout_in_apply_order(project: Path) -> None:
    done = overlay("render", "dev", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gs.x.example
spec:
  group: x.example
  names:
    kind: G
    plural: gs
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
---
apiVersion: v1
kind: Secret
metadata:
  name: key
stringData:
  password: hunter2
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  labels:
    app: web
data:
  level: info
  namespace: default
  kube: v1.37
  monitored: "false"
  upgrade: "false"
"""
    )


def test_names_are_kubectls(project: Path) -> None:
    assert overlay("render", "dev", "-o", "name", cwd=project).stdout == (
        "customresourcedefinition.apiextensions.k8s.io/gs.x.example\nsecret/key\nconfigmap/shop\n"
    )


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--set", "level=debug"], {"level": "debug"}),
        (["--set", "level=1"], {"level": "1"}),
        (["--set-string", "level=true"], {"level": "true"}),
        (["--set-json", 'level="x"'], {"level": "x"}),
        (["--set-literal", "level=a,b"], {"level": "a,b"}),
        (["--set-file", "level=level.txt"], {"level": "from a file"}),
        (["--values", "extra.yaml"], {"level": "extra"}),
        (["--values", "extra.yaml", "--set", "level=last"], {"level": "last"}),
        (["--kube-version", "1.33"], {"kube": "v1.33"}),
        (["--api-versions", "monitoring.coreos.com/v1"], {"monitored": "true"}),
        (["--namespace", "there"], {"namespace": "there"}),
        (["--is-upgrade"], {"upgrade": "true"}),
    ],
)
def test_an_option_reaches_the_templates(args: list[str], expected: dict[str, str], project: Path) -> None:
    (project / "level.txt").write_text("from a file")
    (project / "extra.yaml").write_text("level: extra\n")
    found = data(overlay("render", "dev", "-o", "json", *args, cwd=project))
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("argument", ["-", "/dev/stdin", "fifo"])
def test_values_that_come_through_a_pipe_reach_every_environment(argument: str, project: Path) -> None:
    command = [sys.executable, "-m", "overlay", "render", "--all", "-o", "json", "-f", argument]
    if argument == "fifo":
        os.mkfifo(project / "fifo")
        command = ["sh", "-c", 'printf "level: piped\\n" > fifo & exec "$@"', "sh", *command]
    done = subprocess.run(command, cwd=project, input="level: piped\n", capture_output=True, text=True, timeout=60)
    levels = [one["data"]["level"] for one in json.loads(done.stdout) if one["kind"] == "ConfigMap"]
    assert levels == ["piped", "piped"]


def test_every_flag_is_also_an_environment_variable(project: Path) -> None:
    done = overlay(
        "render", "dev", cwd=project, OVERLAY_OUTPUT="json", OVERLAY_SET="level=env", OVERLAY_KUBE_VERSION="1.32"
    )
    assert (data(done)["level"], data(done)["kube"]) == ("env", "v1.32")


def test_the_release_name_is_the_projects_unless_told_otherwise(project: Path) -> None:
    assert "configmap/shop" in overlay("render", "dev", "-o", "name", cwd=project).stdout
    assert "configmap/other" in overlay("render", "dev", "-o", "name", "--release-name", "other", cwd=project).stdout


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--select", "kind=secret"], "secret/key\n"),
        (["--select", "kind=ConfigMap,name=shop"], "configmap/shop\n"),
        (["--select", "kind=ConfigMap,name=nope"], ""),
        (["--select", "kind=Secret", "--select", "label=app:web"], "secret/key\nconfigmap/shop\n"),
        (["--select", "label=app"], "configmap/shop\n"),
        (["--no-include-crds"], "secret/key\nconfigmap/shop\n"),
    ],
)
def test_objects_can_be_chosen(args: list[str], expected: str, project: Path) -> None:
    assert overlay("render", "dev", "-o", "name", *args, cwd=project).stdout == expected


def test_a_selector_without_a_match_is_told(project: Path) -> None:
    done = overlay("render", "dev", "--select", "kind=Secret", "--select", "kind=Secrte", "-o", "name", cwd=project)
    told = "--select 'kind=Secrte' matches no object\n  hint: `-o name` lists the objects that there are\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "secret/key\n", f"warning: {told}")
    done = overlay("render", "dev", "--select", "kind=Secrte", "--strict", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {told}")


def test_T16_test_hooks_are_left_out_unless_asked_for(project: Path) -> None:
    assert "pod/t" not in overlay("render", "dev", "-o", "name", cwd=project).stdout
    assert "pod/t" in overlay("render", "dev", "-o", "name", "--include-tests", cwd=project).stdout


def test_notes_are_printed_instead(project: Path) -> None:
    assert overlay("render", "dev", "--notes", "--set", "level=loud", cwd=project).stdout == "It is loud.\n"


def test_several_environments_are_told_apart(project: Path) -> None:
    text = overlay("render", "--all", "--select", "kind=Secret", cwd=project).stdout
    assert [line for line in text.splitlines() if line.startswith(("#", "---", "  namespace"))] == [
        "# Environment: dev",
        "---",
        "# Environment: prod",
        "  namespace: shop-prod",
    ]


def test_one_environments_failure_does_not_stop_the_others(project: Path) -> None:
    (project / "environments/prod/environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec: {extnds: [../base]}\n"
    )
    done = overlay("render", "--all", "--output-dir", "out", cwd=project)
    assert done.returncode == 2
    assert (
        done.stderr
        == """\
dev: out/dev: 4 created, 0 unchanged
error in prod: unknown field spec.extnds
  --> environments/prod/environment.yaml:4:8
  3 | metadata: {name: prod}
  4 | spec: {extnds: [../base]}
    |        ^
  hint: did you mean extends?
"""
    )
    assert sorted(path.name for path in (project / "out").iterdir()) == ["dev"]


def test_a_check_lists_what_differs_and_writes_nothing(project: Path) -> None:
    first = overlay("render", "--all", "--output-dir", "out", "--check", cwd=project)
    assert (first.returncode, len(first.stdout.splitlines())) == (1, 8)
    assert not (project / "out").exists()
    assert overlay("render", "--all", "--output-dir", "out", cwd=project).returncode == 0
    clean = overlay("render", "--all", "--output-dir", "out", "--check", cwd=project)
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "", "")
    (project / "out/dev/secret-key.yaml").write_text("edited\n")
    (project / "out/dev/configmap-shop.yaml").unlink()
    (project / "out/dev/mine.yaml").write_text("not yours\n")
    changed = overlay("render", "--all", "--output-dir", "out", "--check", cwd=project)
    assert (changed.returncode, changed.stdout) == (
        1,
        "out/dev/configmap-shop.yaml: missing\nout/dev/secret-key.yaml: different\n",
    )
    assert (project / "out/dev/secret-key.yaml").read_text() == "edited\n"


def test_stale_files_of_ours_go_and_foreign_files_stay(project: Path) -> None:
    overlay("render", "dev", "--output-dir", "out", cwd=project)
    (project / "out/dev/mine.yaml").write_text("not yours\n")
    (project / "out/notes").write_text("mine")
    (project / "environments/base/chart/crds/crd.yaml").unlink()
    done = overlay("render", "dev", "--output-dir", "out", cwd=project)
    assert done.stderr == "dev: out/dev: 1 changed, 1 removed, 2 unchanged\n"
    assert sorted(path.name for path in (project / "out/dev").iterdir()) == [
        "configmap-shop.yaml",
        "mine.yaml",
        "overlay.metadata",
        "secret-key.yaml",
    ]


def test_the_folder_of_an_environment_that_is_gone_is_told(project: Path) -> None:
    overlay("render", "--all", "--output-dir", "out", cwd=project)
    (project / "out/mine").mkdir()
    shutil.rmtree(project / "environments/prod")
    check = overlay("render", "--all", "--output-dir", "out", "--check", cwd=project)
    assert (check.returncode, check.stdout) == (1, "out/prod: stale, no environment is called prod\n")
    done = overlay("render", "--all", "--output-dir", "out", "-q", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    done = overlay("render", "--all", "--output-dir", "out", cwd=project)
    told = (
        "out/prod was written for an environment that there is no more\n"
        "  hint: delete the folder: whoever applies it keeps what it holds\n"
    )
    assert (done.returncode, done.stderr) == (0, f"dev: out/dev is up to date\nwarning: {told}")
    assert overlay("render", "--all", "--output-dir", "out", "--strict", cwd=project).stderr.endswith(f"error: {told}")
    # One environment says nothing about the others.
    assert overlay("render", "dev", "--output-dir", "out", "--check", cwd=project).returncode == 0


def test_all_of_no_environments_is_an_error(project: Path) -> None:
    (project / "environments/dev/environment.yaml").rename(project / "environments/dev/environment.yml")
    (project / "environments/prod/environment.yaml").unlink()
    message = (
        "error: environments holds no environment: no folder in it has an environment.yaml\n"
        "  hint: add one with `overlay env add NAME`\n"
    )
    for args in (["render", "--all"], ["render", "--all", "--output-dir", "out", "--check"], ["lint", "--all"]):
        done = overlay(*args, cwd=project)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_a_foreign_file_in_the_way_is_a_conflict(project: Path) -> None:
    (project / "out/dev").mkdir(parents=True)
    (project / "out/dev/secret-key.yaml").write_text("mine\n")
    done = overlay("render", "dev", "--output-dir", "out", cwd=project)
    assert (done.returncode, done.stderr) == (
        4,
        "error in dev: out/dev/secret-key.yaml is not ours and would be overwritten\n"
        "  hint: move it away, or name another --output-dir\n",
    )
    assert (project / "out/dev/secret-key.yaml").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["render"], "error: which environment?\n  hint: name one or more, or say --all; `overlay env list` shows them\n"),
        (["render", "dev", "--all"], "error: --all and names of environments exclude each other\n"),
        (["render", "dev", "--check"], "error: --check needs --output-dir: the folder to compare with\n"),
        (["render", "dve"], "error in dve: no environment is called 'dve'\n  hint: did you mean dev?\n"),
        (["render", "../dev"], "error in ../dev: no environment is called '../dev'\n  hint: did you mean dev?\n"),
        (
            ["render", "dev", "--set", "a"],
            "error in dev: key 'a' has no value\n  --> <--set a>\n  hint: write a=VALUE\n",
        ),
        (
            ["render", "dev", "--select", "colour=red"],
            "error: --select 'colour=red' is no selector\n  hint: write key=value with kind, name, namespace, group, apiVersion, label\n",
        ),
        (["render", "dev", "-f", "nope.yaml"], "error in dev: nope.yaml cannot be read: no such file or directory\n"),
        (
            ["render", "dev", "--set", "level=9007199254740993"],
            "error in dev: Helm cannot hold the number 9007199254740993 exactly\n"
            "  --> <--set level=9007199254740993>\n  hint: give it with --set-string\n",
        ),
        (["render", "dev", "--kube-version", "new"], "error in dev: 'new' is no Kubernetes version\n  hint: write it like \"1.34\"\n"),
        (["render", "dev", "--release-name", "A_B"], f"error in dev: --release-name 'A_B' {DNS_LABEL}\n"),
        (["render", "dev", "--namespace", ""], f"error in dev: --namespace '' {DNS_LABEL}\n"),
        (["render", "dev", "--output-dir", ""], "error: --output-dir is empty\n  hint: name a folder, or leave the option out to print\n"),
        (
            ["render", "dev", "--output-dir", "environments"],
            "error: environments lies in environments, whose files are rendered; output is never written there\n"
            "  hint: name another --output-dir\n",
        ),
        (["-C", "/", "render", "dev"], "error: no project found: neither overlay.yaml nor environments/ in / or above\n"
         "  hint: make one with `overlay init NAME`, or name its folder with -C/--project\n"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_is_wrong_and_what_to_do(args: list[str], message: str, project: Path) -> None:
    done = overlay(*args, cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["render", "dev", "--nope"], "no such option: --nope (Possible options: --no-cache, --notes)"),
        (["render", "dev", "-o", "xml"], "invalid value for '-o' / '--output': 'xml' is not one of yaml, json, name"),
        (["schema", "x"], "invalid value for 'DOCUMENT': 'x' is not one of environment, base, component, project, test, lock, changes"),
        (["completion", "tcsh"], "invalid value for 'SHELL': 'tcsh' is not one of bash, zsh, fish"),
        (["env", "show"], "missing argument 'ENV'"),
    ],
)  # fmt: skip
def test_a_mistake_in_options_is_an_error_as_all_others(args: list[str], message: str, project: Path) -> None:
    words = "env show" if args[0] == "env" else args[0]
    done = overlay(*args, cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        f"error: {message}\n  hint: `overlay {words} --help` shows how it is called\n",
    )
    found = json.loads(overlay(*args, "--error-format", "json", cwd=project).stderr)
    assert [(one["rule"], one["message"]) for one in found["problems"]] == [("usage", message)]


@pytest.mark.parametrize("args", [[], ["env"], ["repo"]])
def test_a_command_that_is_only_begun_gets_its_help(args: list[str], project: Path) -> None:
    done = overlay(*args, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Usage: {' '.join(['overlay', *args])} [OPTIONS] COMMAND [ARGS]...\n")


def test_errors_can_be_json_or_workflow_commands(project: Path) -> None:
    (project / "environments/dev/environment.yaml").write_text(
        'apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\nspec: {"a%\\n::error::x": 1}\n'
    )
    found = json.loads(overlay("render", "dev", "--error-format", "json", cwd=project).stderr)
    assert (
        found["kind"],
        found["problems"][0]["file"],
        found["problems"][0]["line"],
        found["problems"][0]["column"],
    ) == (
        "Problems",
        "environments/dev/environment.yaml",
        4,
        8,
    )
    text = overlay("render", "dev", "--error-format", "github", cwd=project).stderr
    assert text.startswith(
        "::error file=environments/dev/environment.yaml,line=4,col=8,title=overlay dev::unknown field spec.a%25%0A::error::x"
    )
    assert text.count("\n") == 1


def test_a_traceback_is_only_seen_with_debug(project: Path) -> None:
    (project / "environments/dev/environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\nspec: {extends: [../base], values: [no.yaml]}\n"
    )
    plain, debug = overlay("render", "dev", cwd=project), overlay("render", "dev", "--debug", cwd=project)
    assert (plain.returncode, debug.returncode) == (2, 2)
    assert debug.stderr.startswith(plain.stderr + "Traceback (most recent call last):\n")
    assert "Traceback" not in plain.stderr


def test_C09_control_characters_of_the_input_are_shown_not_done(project: Path) -> None:
    (project / "environments/dev/environment.yaml").write_text(
        'apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\nspec: {"\\e]0;owned\\a": 1, "a\\u202eb": 2}\n'
    )
    text = overlay("render", "dev", cwd=project).stderr
    assert "unknown field spec.\\x1b]0;owned\\x07" in text
    assert "unknown field spec.a\\u202eb" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def terminal(args: list[str], cwd: Path, **env: str) -> str:
    """Run with a real terminal as stdout; return what it showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", *args],
        cwd=cwd,
        stdout=slave,
        stderr=slave,
        stdin=slave,
        env={**os.environ, **env},
    )
    os.close(slave)
    shown = b""
    while select.select([master], [], [], 20)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(master)
    return shown.decode().replace("\r\n", "\n")


def test_secrets_are_masked_on_a_terminal_and_data_in_a_pipe(project: Path) -> None:
    assert "password: '***'" in terminal(["render", "dev"], project)
    assert "hunter2" not in terminal(["render", "dev", "-o", "json"], project)
    assert "hunter2" in terminal(["render", "dev", "--show-secrets"], project)
    assert "hunter2" in overlay("render", "dev", cwd=project).stdout


def test_colour_respects_no_color(project: Path) -> None:
    assert "\x1b[" in terminal(["render", "nope"], project, TERM="xterm")
    assert "\x1b[" not in terminal(["render", "nope"], project, TERM="xterm", NO_COLOR="1")
    assert "\x1b[" not in terminal(["render", "nope"], project, TERM="dumb")
    assert "\x1b[" in overlay("render", "nope", "--color", "always", cwd=project).stderr


def test_a_reader_that_stops_early_is_no_error(project: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m overlay render dev | head -n 1; echo "${{PIPESTATUS[0]}}"',
        shell=True, executable="/bin/bash", cwd=project, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout.splitlines()[0], done.stderr) == ("apiVersion: apiextensions.k8s.io/v1", "")
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize("args", [["render", "dev"], ["env", "list"], ["schema"], ["--help"]])
def test_a_full_disk_behind_the_output_is_told(args: list[str], project: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "overlay", *args], cwd=project, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (2, "error: the output cannot be written: no space left on device\n")


@pytest.mark.parametrize("limit", [10, 12])
def test_L11_too_few_open_files_are_told(limit: int, project: Path) -> None:
    words = [sys.executable, "-m", "overlay", "render", "--all", "--no-cache", "--output-dir", "out", "-q"]
    command = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *words]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "error: too many files are open at once\n"
        "  hint: allow more: `ulimit -n 1024` in the shell before it, 256 are enough\n",
    )
    assert not (project / "out").exists()


def test_L11_256_open_files_are_enough_for_many_environments(project: Path) -> None:
    text = (project / "environments/dev/environment.yaml").read_text()
    for number in range(300):
        folder = project / f"environments/e{number}"
        folder.mkdir()
        (folder / "environment.yaml").write_text(text.replace("name: dev", f"name: e{number}"))
    command = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", sys.executable, "-m", "overlay"]
    done = subprocess.run(
        [*command, "render", "--all", "-q", "--output-dir", "out"], cwd=project, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize(
    ("closed", "name", "code"), [(">&-", "dev", 0), ("2>&-", "dve", 2), ("<&- >&- 2>&-", "dve", 2)]
)
def test_closed_streams_are_no_trouble(closed: str, name: str, code: int, project: Path) -> None:
    command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "overlay", "render", name]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_the_project_is_found_from_a_folder_below(project: Path) -> None:
    below = project / "environments/dev"
    assert overlay("render", "dev", "-o", "name", cwd=below).stdout.endswith("configmap/shop\n")
    link = project.parent / "link"
    link.symlink_to(project)
    for place in (str(link), f"{project}/", "environments"):
        assert overlay("render", "dev", "-o", "name", "-C", place, cwd=project).stdout.endswith("configmap/shop\n")


def test_the_same_rendering_comes_from_the_cache_and_changes_with_its_input(project: Path) -> None:
    cache = Path(os.environ["XDG_CACHE_HOME"]) / "overlay" / "render"
    first = overlay("render", "dev", cwd=project)
    entries = set(cache.iterdir())
    assert len(entries) == 1
    assert overlay("render", "dev", cwd=project).stdout == first.stdout
    assert set(cache.iterdir()) == entries
    (project / "environments/base/chart/values.yaml").write_text("level: other\n")
    assert "level: other" in overlay("render", "dev", cwd=project).stdout
    shutil.rmtree(cache)
    assert overlay("render", "dev", "--no-cache", cwd=project).returncode == 0
    assert not cache.exists()


def test_a_warning_is_an_error_with_strict(project: Path) -> None:
    (project / "environments/dev/environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\nspec:\n  extends: [../base]\n"
        "  patches:\n  - target: {kind: Secret}\n    mergePatch: {stringData: {password: hunter2}}\n"
    )
    done = overlay("render", "dev", cwd=project)
    assert done.returncode == 0
    assert done.stderr.startswith("warning in dev: ")
    assert "--> environments/dev/environment.yaml:7:5" in done.stderr
    assert overlay("render", "dev", "-q", cwd=project).stderr == ""
    strict = overlay("render", "dev", "--strict", cwd=project)
    assert (strict.returncode, strict.stdout) == (2, "")
    assert strict.stderr.startswith("error in dev: ")


def test_the_sample_documents_itself() -> None:
    done = overlay("env", "list", cwd=ROOT)
    assert (
        done.stdout
        == """\
NAME      EXTENDS   CHART   VERSION   NAMESPACE      PATCHES
dev       base      shop    1.6.0     shop-dev       1
prod      base      shop    1.6.0     shop-prod      3
prod-eu   prod      shop    1.6.0     shop-prod-eu   4
staging   base      shop    1.6.0     shop-staging   1
"""
    )


def test_what_is_wrong_in_a_shared_file_is_said_once_and_names_the_environments(project: Path) -> None:
    (project / "environments/base/base.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec: {resources: [none.yaml]}\n"
    )
    done = overlay("render", "--all", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error in dev, prod: environments/base/none.yaml does not exist\n"
        "  --> environments/base/base.yaml:4:20\n"
        "  3 | metadata: {name: base}\n"
        "  4 | spec: {resources: [none.yaml]}\n"
        "    |                    ^\n"
        "  hint: did you mean base.yaml?\n"
    )
