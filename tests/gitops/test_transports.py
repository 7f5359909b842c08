"""`overlay sync` over each kind of remote: paths, file://, SSH and HTTPS, with the logins that people and CI use."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gitops.projects import change, git, log, overlay, published, shop, sync
from tests.servers.fixtures import Make
from tests.servers.git_http import GitServer, basic
from tests.servers.sshd import Sshd

SECRET = "s3cr3t-t0ken"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def served(project: Path, url: str) -> None:
    """Let the project's remote be this URL."""
    git(project, "remote", "set-url", "origin", url)
    git(project, "remote", "set-url", "--push", "origin", url)


def home_config(*pairs: tuple[str, str]) -> None:
    for name, text in pairs:
        subprocess.run(["git", "config", "--global", "--add", name, text], check=True)


def revisions(project: Path) -> int:
    return published(project, "prod")["revision"]


@pytest.mark.parametrize("form", ["path", "relative", "file"])
def test_a_remote_on_disk(project: Path, form: str) -> None:
    bare = project.parent / "remote.git"
    served(project, {"path": str(bare), "relative": "../remote.git", "file": f"file://{bare}"}[form])
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    assert revisions(project) == 2
    assert git(bare, "fsck", "--strict") == ""


def test_https_with_a_certificate_of_ones_own_authority(project: Path, git_https: GitServer) -> None:
    served(project, git_https.url("remote.git"))
    sync(project, "prod")
    assert published(project, "prod")["source"]["repository"] == git_https.url("remote.git")
    git_https.seen.clear()
    change(project, "prod", "1.1.0")
    git_https.seen.clear()
    sync(project, "prod")
    # What it knows from last time it does not ask for again.
    assert [one.what for one in git_https.seen] == [
        "GET git-upload-pack", "POST git-upload-pack", "GET git-receive-pack", "POST git-receive-pack",
    ]  # fmt: skip


def test_what_a_partial_clone_lacks_is_fetched(project: Path, tmp_path: Path, git_https: GitServer) -> None:
    git(tmp_path / "remote.git", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", git_https.url("remote.git"), "part")
    shutil.copytree(project / "environments", tmp_path / "part/environments")
    done = overlay(tmp_path / "part", "plan", "prod")
    assert (done.returncode, done.stderr) == (0, "")


def test_G06_a_certificate_of_nobody_is_refused(project: Path, make_git_server: Make) -> None:
    server = make_git_server(tls=True)
    served(project, server.url("remote.git"))
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: git cannot use {server.url('remote.git')}: unable to access ")
    assert "certificate" in done.stderr
    assert server.seen == []


def test_a_credential_helper_of_the_user_is_asked(project: Path, git_http: GitServer, tmp_path: Path) -> None:
    git_http.accepts = [basic("ada", SECRET)]
    served(project, git_http.url("remote.git"))
    store = tmp_path / "store"
    store.write_text(f"http://ada:{SECRET}@{git_http.web.host}\n")
    home_config(("credential.helper", f"store --file {store}"))
    assert SECRET not in sync(project, "prod")
    assert revisions(project) == 1


def test_GIT_ASKPASS_is_asked(project: Path, git_http: GitServer, tmp_path: Path) -> None:
    git_http.accepts = [basic("ada", SECRET)]
    served(project, git_http.url("remote.git"))
    program = tmp_path / "askpass"
    program.write_text(f'#!/bin/sh\ncase "$1" in Username*) echo ada;; *) echo {SECRET};; esac\n')
    program.chmod(0o755)
    assert SECRET not in sync(project, "prod", GIT_ASKPASS=str(program))
    assert revisions(project) == 1


@pytest.mark.parametrize("place", ["config", "file"])
def test_the_token_that_a_ci_checkout_leaves_is_used(
    project: Path, git_http: GitServer, tmp_path: Path, place: str
) -> None:
    header = basic("x-access-token", SECRET)
    git_http.accepts = [header]
    served(project, git_http.url("remote.git"))
    where = ["--local"]
    if place == "file":
        # Newer actions/checkout keeps it outside of the repository, which includes it.
        where = ["--file", str(tmp_path / "credentials.config")]
        git(project, "config", f"includeIf.gitdir:{project}/.git.path", where[1])
    git(project, "config", *where, f"http.{git_http.web.url}/.extraheader", f"AUTHORIZATION: {header}")
    first = overlay(project, "sync", "prod", "-y", "--debug")
    assert first.returncode == 0, first.stderr
    assert revisions(project) == 1
    told = first.stdout + first.stderr + log(project, "environments/prod", "%B")[0]
    assert SECRET not in told
    assert header.removeprefix("Basic ") not in told


def test_without_the_checkouts_token_one_from_the_environment_does(project: Path, git_http: GitServer) -> None:
    """As with `persist-credentials: false`: nothing in the repository, a header of Git's own variables."""
    header = basic("x-access-token", SECRET)
    git_http.accepts = [header]
    served(project, git_http.url("remote.git"))
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {git_http.url('remote.git')} wants a login, or gives this one no right to push\n"
        "  hint: give Git one: a credential helper, an SSH key, or a token in the environment\n"
    )
    sync(
        project, "prod", GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="http.extraHeader",
        GIT_CONFIG_VALUE_0=f"Authorization: {header}",
    )  # fmt: skip
    assert revisions(project) == 1


def test_Z04_a_password_in_the_remotes_url_works_and_is_never_shown(project: Path, git_http: GitServer) -> None:
    git_http.accepts = [basic("ada", SECRET)]
    served(project, git_http.url("remote.git", f"ada:{SECRET}"))
    first = overlay(project, "sync", "prod", "-y", "--debug")
    assert first.returncode == 0, first.stderr
    plan = overlay(project, "plan", "prod", "-o", "json")
    git_http.accepts = [basic("ada", "another")]
    refused = overlay(project, "sync", "prod", "-y", "--debug")
    assert refused.returncode == 2
    assert f"{git_http.url('remote.git')} wants a login" in refused.stderr
    git_http.close()
    gone = overlay(project, "sync", "prod", "-y", "--debug")
    assert gone.returncode == 6
    for done in (first, plan, refused, gone):
        assert SECRET not in done.stdout + done.stderr
    assert SECRET not in git(project.parent / "remote.git", "log", "-p", "--format=%B", "environments/prod")
    cache = Path(os.environ["XDG_CACHE_HOME"])
    kept = [path for path in cache.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert kept == []
    assert not [path for path in cache.rglob("*") if SECRET in path.name]


def test_Z04_a_password_that_the_server_tells_back_is_hidden(project: Path, git_http: GitServer) -> None:
    hook = project.parent / "remote.git/hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\necho 'you are ada, p@ss/word, {basic('ada', 'p@ss/word')}' >&2\nexit 1\n")
    hook.chmod(0o755)
    served(project, git_http.url("remote.git", "ada:p%40ss%2Fword"))
    done = overlay(project, "sync", "prod", "-y")
    assert done.stderr.endswith("(pre-receive hook declined) (you are ada, ***, Basic ***)\n")


def test_nobody_is_asked_for_a_login(project: Path, git_http: GitServer) -> None:
    """On a terminal, too: what would wait for an answer fails instead."""
    git_http.accepts = ["Basic never"]
    served(project, git_http.url("remote.git"))
    command = shlex.join([sys.executable, "-m", "overlay", "sync", "prod", "-y"])
    start = time.monotonic()
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"], cwd=project, capture_output=True,
        text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert "wants a login" in done.stdout
    assert time.monotonic() - start < 20


def over_ssh(server: Sshd, name: str = "config") -> None:
    home_config(("core.sshCommand", f"ssh -oBatchMode=yes -F {server.folder / name}"))


def test_ssh_with_a_key(project: Path, sshd: Sshd) -> None:
    served(project, sshd.url(project.parent / "remote.git"))
    over_ssh(sshd)
    sync(project, "--all")
    change(project, "prod", "1.1.0")
    sync(project, "--all")
    assert revisions(project) == 2
    assert git(project.parent / "remote.git", "fsck", "--strict") == ""


def test_ssh_in_the_short_form(project: Path, sshd: Sshd) -> None:
    config = sshd.write_config("short")
    config.write_text(f"Host shop\n  HostName 127.0.0.1\n  Port {sshd.port}\n{config.read_text()}")
    served(project, f"shop:{project.parent}/remote.git")
    sync(project, "prod", GIT_SSH_COMMAND=f"ssh -F {config}")
    assert revisions(project) == 1


def test_a_host_key_that_is_not_the_known_one_is_refused(project: Path, sshd: Sshd) -> None:
    (sshd.folder / "wrong").write_text(f"[127.0.0.1]:{sshd.port} {(sshd.folder / 'stranger.pub').read_text()}")
    sshd.write_config("imposter", known="wrong")
    url = sshd.url(project.parent / "remote.git")
    served(project, url)
    over_ssh(sshd, "imposter")
    done = overlay(project, "sync", "prod", "-y")
    shown = url.replace("root@", "")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: the host key of {shown} is not the known one, or none is known\n"
        "  hint: find out who answers there; known_hosts says which key is whose\n"
    )


def test_a_host_that_is_not_known_is_refused_and_nobody_is_asked(project: Path, sshd: Sshd) -> None:
    sshd.write_config("nobody", known="nothing")
    served(project, sshd.url(project.parent / "remote.git"))
    done = overlay(project, "sync", "prod", "-y", GIT_SSH_COMMAND=f"ssh -F {sshd.folder}/nobody")
    assert done.returncode == 2
    assert "is not the known one, or none is known" in done.stderr


def test_a_key_that_is_not_let_in_is_told(project: Path, sshd: Sshd) -> None:
    sshd.write_config("stranger-config", key="stranger")
    url = sshd.url(project.parent / "remote.git")
    served(project, url)
    over_ssh(sshd, "stranger-config")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert "wants a login, or gives this one no right to push" in done.stderr


def test_a_repository_that_is_not_there_is_told_in_the_remotes_words(project: Path, sshd: Sshd) -> None:
    url = sshd.url(project.parent / "nothing.git")
    served(project, url)
    over_ssh(sshd)
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert "nothing.git' does not appear to be a git repository" in done.stderr


@pytest.mark.parametrize("place", ["GIT_SSH_COMMAND", "GIT_SSH"])
def test_G31_words_of_a_path_reach_no_shell(project: Path, sshd: Sshd, tmp_path: Path, place: str) -> None:
    bare = tmp_path / "a; touch $(canary) 'x'.git"
    (tmp_path / "remote.git").rename(bare)
    served(project, sshd.url(bare))
    program = tmp_path / "ssh.sh"
    program.write_text(f'#!/bin/sh\nexec ssh -F {sshd.config} "$@"\n')
    program.chmod(0o755)
    env = {place: str(program)}
    done = overlay(project, "sync", "prod", "-y", **env)
    assert done.returncode == 0, done.stderr
    assert git(bare, "for-each-ref", "--format=%(refname)", "refs/heads/environments") != ""
    assert not list(tmp_path.rglob("canary"))
