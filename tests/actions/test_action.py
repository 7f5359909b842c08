"""The action's script, as GitHub's runner starts it: variables, event, output and summary; only the runner is not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, shop, tree, write
from tests.servers.git_http import GitServer, basic
from tests.source.test_comments import MARK, TOKEN, GitHub, ended

SCRIPT = Path(__file__).resolve().parent.parent.parent / ".github/actions/overlay/run.sh"
INPUTS = ("command", "environments", "base", "rendered", "report", "version", "strict", "token", "kubeconfig")


class Runner:
    """Runs the action in a project; `temp` is what the runner keeps for a job."""

    def __init__(self, folder: Path) -> None:
        self.project = shop(folder)
        self.temp = folder / "runner"
        bin_folder = self.temp / "overlay-venv/bin"
        bin_folder.mkdir(parents=True)
        (bin_folder / "overlay").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m overlay "$@"\n')
        (bin_folder / "overlay").chmod(0o755)

    def run(self, command: str, env: dict[str, str] | None = None, **inputs: str) -> subprocess.CompletedProcess[str]:
        given = {f"INPUT_{name.upper()}": "" for name in INPUTS} | {"INPUT_PROJECT": ".", "INPUT_COMMAND": command}
        given |= {f"INPUT_{name.upper()}": text for name, text in inputs.items()}
        variables = {
            "GITHUB_ACTIONS": "true", "CI": "true", "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.temp / "output"), "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/shop", **(env or {}),
        }  # fmt: skip
        return subprocess.run(
            ["bash", str(SCRIPT)], cwd=self.project, capture_output=True, text=True, check=False,
            env={**os.environ, **given, **variables},
        )  # fmt: skip

    def start(self, command: str, **inputs: str) -> subprocess.Popen[str]:
        """Start it in a group of processes of its own, as the runner does."""
        given = {f"INPUT_{name.upper()}": "" for name in INPUTS} | {"INPUT_PROJECT": ".", "INPUT_COMMAND": command}
        given |= {f"INPUT_{name.upper()}": text for name, text in inputs.items()}
        return subprocess.Popen(
            ["bash", str(SCRIPT)], cwd=self.project, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, **given, "RUNNER_TEMP": str(self.temp)},
        )  # fmt: skip

    def output(self) -> str:
        return (self.temp / "output").read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    yield server
    server.web.close()


def test_check_annotates_summarizes_and_leaves_a_report(runner: Runner) -> None:
    change(runner.project, "prod", "2.0.0")
    git(runner.project, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    fine = runner.run("check", {"GITHUB_BASE_REF": "main"})
    assert fine.returncode == 0, fine.stderr
    assert "2.0.0" in (runner.temp / "overlay-report/report.md").read_text()
    assert "### overlay" in (runner.temp / "summary.md").read_text()
    path = runner.project / PROD
    path.write_text(path.read_text() + "  secrets: [{name: key, literals: {token: s3cr3t}}]\n")
    git(runner.project, "commit", "-q", "-a", "-m", "a secret")
    bad = runner.run("check", {"GITHUB_BASE_REF": "main"}, environments="prod")
    assert bad.returncode == 1
    assert bad.stdout.startswith("::error file=environments/prod/environment.yaml,line=")
    names = {path.name for path in (runner.temp / "overlay-report").iterdir()}
    assert names == {"report.md", "report.json", "report.sarif", "report.xml"}
    written = [path.read_text() for path in (runner.temp / "overlay-report").iterdir()]
    assert "s3cr3t" not in bad.stdout + bad.stderr + "".join(written) + (runner.temp / "summary.md").read_text()


def test_affected_writes_the_matrix(runner: Runner) -> None:
    before = git(runner.project, "rev-parse", "HEAD").strip()
    change(runner.project, "prod", "2.0.0")
    assert runner.run("affected", base=before).returncode == 0
    assert runner.run("affected", base="0" * 40).returncode == 0
    assert runner.output() == 'environments=["prod"]\nenvironments=["dev", "prod"]\n'


def test_C08_no_name_in_the_project_adds_a_line_to_the_output(runner: Runner) -> None:
    before = git(runner.project, "rev-parse", "HEAD").strip()
    lines = runner.project / "environments" / "x\nbundle=evil\nenvironments=[]"
    lines.mkdir()
    (lines / "environment.yaml").write_text((runner.project / "environments/prod/environment.yaml").read_text())
    git(runner.project, "add", "-A")
    git(runner.project, "commit", "-q", "-m", "A name of several lines")
    for base in (before, "0" * 40):
        done = runner.run("affected", base=base)
        written = runner.output().splitlines() if (runner.temp / "output").exists() else []
        assert all(line.startswith("environments=[") and json.loads(line.partition("=")[2]) for line in written)
        assert not any(line.startswith(("bundle=", "environments=[]")) for line in done.stdout.splitlines())


def test_sync_publishes_one_environment(runner: Runner) -> None:
    done = runner.run("sync", environments="prod")
    assert done.returncode == 0, done.stderr
    assert "service-web.yaml" in tree(runner.project, "environments/prod")
    assert "environments/dev" not in git(runner.project.parent / "remote.git", "branch", "--list", "environments/*")


def test_sync_pushes_with_the_token_of_its_input_and_leaves_it_nowhere(runner: Runner, git_http: GitServer) -> None:
    header = basic("x-access-token", TOKEN)
    # As actions/checkout writes it.
    git_http.accepts = [header.replace("Basic", "basic")]
    git(runner.project, "remote", "set-url", "origin", git_http.url("remote.git"))
    env = {"GITHUB_SERVER_URL": git_http.web.url}
    refused = runner.run("sync", env, environments="prod")
    assert refused.returncode == 2
    assert "wants a login" in refused.stderr
    done = runner.run("sync", env, environments="prod", token=TOKEN)
    assert done.returncode == 0, done.stderr
    assert "service-web.yaml" in tree(runner.project, "environments/prod")
    packed = header.removeprefix("Basic ")
    masked = f"::add-mask::{packed}\n"
    assert done.stdout.startswith(masked), "the runner hides it from here on"
    assert packed not in done.stdout.removeprefix(masked) + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    everything = [path for path in runner.temp.parent.rglob("*") if path.is_file()]
    assert not [
        path for path in everything if TOKEN.encode() in path.read_bytes() or packed.encode() in path.read_bytes()
    ]


def test_a_token_goes_to_no_other_server(runner: Runner, git_http: GitServer) -> None:
    git(runner.project, "remote", "set-url", "origin", git_http.url("remote.git"))
    done = runner.run("sync", {"GITHUB_SERVER_URL": "https://github.com"}, environments="prod", token=TOKEN)
    assert done.returncode == 0, done.stderr
    assert {one.authorization for one in git_http.seen} == {""}


def test_install_takes_only_what_the_locks_pin_and_builds_a_copy(tmp_path: Path) -> None:
    """The programs are stand-ins that say how they are called: what they would fetch is not here."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    venv = tmp_path / "runner/overlay-venv/bin"
    (bin_folder / "python3").write_text(
        f'#!/bin/sh\necho "python3 $1 $2" >> {tmp_path}/log\nmkdir -p {venv}\n'
        f"printf '#!/bin/sh\\necho \"$@\" >> {tmp_path}/log\\n' > {venv}/python\nchmod 755 {venv}/python\n"
    )
    (bin_folder / "python3").chmod(0o755)
    (tmp_path / "runner").mkdir(exist_ok=True)
    script = SCRIPT.with_name("install.sh")
    env = {**os.environ, "PATH": f"{bin_folder}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path / "runner")}
    subprocess.run(["bash", str(script)], check=True, env=env, cwd=tmp_path)
    root = SCRIPT.parents[3]
    pip = "-m pip --isolated install --quiet --disable-pip-version-check --no-input"
    assert (tmp_path / "log").read_text().splitlines()[1:] == [
        "python3 -m venv",
        f"{pip} --require-hashes -r {root}/lock/runtime.txt -r {root}/lock/build.txt",
        f"{pip} --no-deps --no-build-isolation {tmp_path}/runner/overlay-source",
    ]
    assert not (tmp_path / "runner/overlay-source").exists()
    (venv / "overlay").write_text("#!/bin/sh\n")
    (venv / "overlay").chmod(0o755)
    (tmp_path / "log").unlink()
    subprocess.run(["bash", str(script)], check=True, env=env, cwd=tmp_path)
    assert not (tmp_path / "log").exists(), "what is there is not installed again"


def test_render_and_package(runner: Runner) -> None:
    assert runner.run("render", rendered="rendered").returncode == 0
    assert (runner.project / "rendered/prod/service-web.yaml").is_file()
    done = runner.run("package", version="1.2.3")
    assert done.returncode == 0, done.stderr
    assert runner.output() == f"bundle={runner.temp}/bundle.tar\n"
    assert (runner.temp / "bundle.tar").is_file()


def slow(runner: Runner) -> None:
    """Put a program in overlay's place that says what it sees of the kubeconfig, and waits."""
    program = runner.temp / "overlay-venv/bin/overlay"
    program.write_text('#!/bin/sh\nstat -c "%a %n" "$KUBECONFIG"\necho ready\nexec sleep 300\n')


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_Z13_the_kubeconfig_of_a_job_is_its_users_alone_and_goes_with_it(runner: Runner, ending: int) -> None:
    slow(runner)
    kept = runner.temp / "overlay-kubeconfig"
    kept.write_text("what a killed job left")
    kept.chmod(0o644)
    job = runner.start("drift", kubeconfig="users: [{name: a}]")
    assert job.stdout is not None
    assert [job.stdout.readline() for _ in range(2)] == [f"600 {kept}\n", "ready\n"]
    assert kept.read_text() == "users: [{name: a}]\n"
    os.killpg(job.pid, ending)
    job.communicate()
    assert job.returncode != 0
    assert not kept.exists()


def test_Z13_the_kubeconfig_of_a_job_goes_when_it_ends(runner: Runner) -> None:
    done = runner.run("drift", kubeconfig="users: [{name: a, user: {token: s3cr3t}}]")
    assert done.returncode == 2
    assert "s3cr3t" not in done.stdout + done.stderr
    assert not (runner.temp / "overlay-kubeconfig").exists()


def test_comment_posts_the_report_of_a_run_that_ended(runner: Runner, github: GitHub) -> None:
    write(runner.temp, {"event.json": json.dumps(ended(github)), "reports/report.md": "prod: 1 changed\n"})
    env = {
        "GITHUB_SERVER_URL": github.web.url, "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_EVENT_PATH": str(runner.temp / "event.json"),
    }  # fmt: skip
    done = runner.run("comment", env, report=str(runner.temp / "reports"), token=TOKEN)
    assert done.returncode == 0, done.stderr
    assert github.comments[0]["body"].startswith(MARK)
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "inputs", "said"),
    [
        ("check", {"environments": "$(touch canary)"}, "environments: names are small letters, digits and -"),
        ("check", {"environments": "prod; touch canary"}, "environments: names are small letters, digits and -"),
        ("sync", {"environments": "--overwrite-edits"}, "environments: names are small letters, digits and -"),
        ("check", {"base": "--cache-dir=."}, "no input begins with -"),
        ("package", {}, "version: which version of the bundle?"),
        ("`touch canary`", {}, "command: check, render, affected, sync, package, drift or comment"),
    ],
)
def test_C04_inputs_are_data(command: str, inputs: dict[str, str], said: str, runner: Runner) -> None:
    done = runner.run(command, **inputs)
    assert (done.returncode, done.stdout) == (2, f"::error title=overlay::{said}\n")
    assert not (runner.project / "canary").exists()


def test_C04_a_base_that_is_no_commit_is_a_name_that_there_is_not(runner: Runner) -> None:
    done = runner.run("check", base='"; touch canary; "')
    assert done.returncode == 2
    assert not (runner.project / "canary").exists()
