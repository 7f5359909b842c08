"""What remotes do wrong, and what `overlay sync` makes of it: real servers with real hooks, cut and refused requests."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.gitops.projects import change, git, log, overlay, published, shop, sync
from tests.servers.fixtures import Make
from tests.servers.git_http import (
    Fault,
    GitServer,
    cut_after,
    cut_before,
    cut_within,
    meanwhile,
    redirect,
    stall,
    status,
)

PUSH = "POST git-receive-pack"
# What libcurl asks once more where a connection ends without a word.
CURL_TRIES = 2


@pytest.fixture
def project(tmp_path: Path, git_http: GitServer) -> Path:
    made = shop(tmp_path)
    git(made, "remote", "set-url", "origin", git_http.url("remote.git"))
    return made


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return tmp_path / "remote.git"


def hook(bare: Path, name: str, text: str) -> None:
    path = bare / "hooks" / name
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def branches(bare: Path) -> list[str]:
    return git(bare, "for-each-ref", "--format=%(refname:short)", "refs/heads/environments").split()


def sound(project: Path, bare: Path, *, revision: int) -> None:
    """I1 and I4: nothing is broken, and the same command again ends where it should."""
    assert git(bare, "fsck", "--strict", "--no-dangling") == ""
    assert "warning" not in sync(project, "prod")
    assert published(project, "prod")["revision"] == revision
    assert len(log(project, "environments/prod")) == revision
    assert git(bare, "fsck", "--strict", "--no-dangling") == ""


SAYS = "echo 'signed commits only \x1b[31m::error::x' >&2; exit 1\n"
REFUSALS = {
    "pre-receive": "(pre-receive hook declined) (signed commits only \\x1b[31m::error::x)",
    "update": "(hook declined) (signed commits only \\x1b[31m::error::x; error: hook declined to update "
    "refs/heads/environments/prod)",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_G04_what_the_remote_says_when_it_refuses_is_quoted(
    project: Path, bare: Path, git_http: GitServer, name: str
) -> None:
    hook(bare, name, SAYS)
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        f"error in prod: {git_http.url('remote.git')} refuses the branch: [remote rejected] {REFUSALS[name]}\n",
    )
    assert branches(bare) == []
    (bare / "hooks" / name).unlink()
    sound(project, bare, revision=1)


def test_G04_a_protected_branch_is_told_over_ssh_and_disk_alike(project: Path, bare: Path) -> None:
    git(project, "remote", "set-url", "origin", str(bare))
    hook(bare, "pre-receive", "echo 'GH006: Protected branch update failed.' >&2; exit 1\n")
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        f"error in prod: {bare} refuses the branch: [remote rejected] (pre-receive hook declined) "
        "(GH006: Protected branch update failed.)\n",
    )


def test_G05_one_branch_that_is_refused_keeps_all_back(project: Path, bare: Path, git_http: GitServer) -> None:
    hook(bare, "update", 'case "$1" in */prod) echo "prod is frozen" >&2; exit 1;; esac\n')
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error in dev, prod: {git_http.url('remote.git')} refuses the branch: ")
    assert "(prod is frozen; " in done.stderr
    assert branches(bare) == []
    sync(project, "dev")
    assert branches(bare) == ["environments/dev"]


def test_G05_a_server_that_takes_one_branch_at_a_time_gets_one(project: Path, bare: Path, git_http: GitServer) -> None:
    git(bare, "config", "receive.advertiseAtomic", "false")
    hook(bare, "update", 'case "$1" in */prod) exit 1;; esac\n')
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 5
    assert "\ndev: published revision 1 as " in f"\n{done.stderr}"
    assert "error in prod: " in done.stderr
    assert branches(bare) == ["environments/dev"]
    (bare / "hooks/update").unlink()
    change(project, "dev", "1.1.0")
    assert overlay(project, "plan", "--all", "--out", "plan.json").returncode in (0, 1)
    done = overlay(project, "sync", "--plan", "plan.json")
    assert (done.returncode, branches(bare)) == (2, ["environments/dev"]), "a saved plan is carried out whole"
    assert done.stderr == (
        f"error in dev, prod: {git_http.url('remote.git')} cannot take several branches together, so that either all "
        "are changed or none\n  hint: sync one environment after the other, or publish them to folders of one branch: "
        "spec.publish.branch and path\n"
    )
    sync(project, "--all")
    assert [published(project, name)["revision"] for name in ("dev", "prod")] == [2, 1]


def test_G04_words_of_a_hook_are_no_move_of_the_branch(project: Path, bare: Path, tmp_path: Path) -> None:
    hook(bare, "pre-receive", f"echo x >> {tmp_path}/runs; echo '[rejected] by policy' >&2; exit 1\n")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert "refuses the branch: [remote rejected] (pre-receive hook declined) ([rejected] by policy)" in done.stderr
    assert (tmp_path / "runs").read_text() == "x\n"


LISTING, FETCHING, OPENING = "GET git-upload-pack", "POST git-upload-pack", "GET git-receive-pack"
ANSWERS = {
    "login": (status(401, WWW_Authenticate='Basic realm="git"'), 2, "wants a login, or gives this one no right"),
    "forbidden": (status(403), 2, "wants a login, or gives this one no right to push"),
    "absent": (status(404), 2, "is not there, or not for this login"),
    "busy": (status(429), 6, "cannot be reached: "),
    "broken": (status(500), 6, "cannot be reached: "),
    "gateway": (status(502), 6, "cannot be reached: "),
    "cut": (cut_before, 6, "cannot be reached: "),
    "redirect": (redirect("http://127.0.0.1:9"), 2, "git cannot use "),
}


@pytest.mark.parametrize(
    ("name", "what"),
    [*[(name, what) for name in ANSWERS for what in (LISTING, PUSH)], ("broken", FETCHING), ("login", OPENING)],
)
def test_G06_what_a_server_answers_is_told_for_what_it_is(
    project: Path, bare: Path, git_http: GitServer, name: str, what: str
) -> None:
    fault, code, words = ANSWERS[name]
    git_http.faults[what] = [fault] * 9
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert done.stderr.count(git_http.url("remote.git")) <= 2  # git says it once more, with a slash
    assert branches(bare) == []
    git_http.faults.clear()
    sound(project, bare, revision=1)


@pytest.mark.parametrize("what", [LISTING, FETCHING, OPENING, PUSH])
@pytest.mark.parametrize("code", [429, 503])
def test_G06_a_server_that_is_busy_for_a_moment_is_asked_again(
    project: Path, bare: Path, git_http: GitServer, what: str, code: int
) -> None:
    git_http.faults[what] = [status(code)] * 2
    assert sync(project, "prod").startswith("prod: published revision 1 as ")
    assert git_http.faults[what] == []
    sound(project, bare, revision=1)


@pytest.mark.parametrize(("code", "times"), [(401, 1), (403, 1), (404, 1), (429, 3), (500, 3), (503, 3)])
def test_G06_how_often_a_server_is_asked_depends_on_its_answer(
    project: Path, git_http: GitServer, code: int, times: int
) -> None:
    git_http.faults[LISTING] = [status(code)] * 9
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, len(git_http.asked(LISTING))) == (6 if times > 1 else 2, times)
    assert (f" (asked {times} times)\n" in done.stderr) == (times > 1)


@pytest.mark.parametrize("what", [LISTING, FETCHING, OPENING, PUSH])
def test_G06_a_server_that_stalls_is_left_in_time(project: Path, bare: Path, git_http: GitServer, what: str) -> None:
    git_http.faults[what] = [stall] * 9
    start = time.monotonic()
    done = overlay(project, "sync", "prod", "-y", "--timeout=1s")
    assert done.returncode == 6
    assert re.fullmatch(
        f"error( in prod)?: {re.escape(git_http.url('remote.git'))}: git "
        r"(ls-remote|push) took longer than 1 seconds\n",
        done.stderr,
    ), done.stderr
    assert time.monotonic() - start < 10
    git_http.faults.clear()
    sound(project, bare, revision=1)


@pytest.mark.parametrize("port", ["closed", "unknown"])
def test_G06_a_host_that_is_not_there_is_temporary(project: Path, port: str) -> None:
    url = {"closed": "http://127.0.0.1:1/x.git", "unknown": "https://nobody.invalid/x.git"}[port]
    git(project, "remote", "set-url", "origin", url)
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 6
    assert done.stderr.startswith(f"error: {url} cannot be reached: ")


@pytest.mark.parametrize("times", [1, 2, 9])
def test_G06_a_pack_that_ends_early_is_asked_for_again(
    project: Path, bare: Path, git_http: GitServer, times: int
) -> None:
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    cold = {"XDG_CACHE_HOME": str(project.parent / "cold")}
    # Of each fetch the first request asks for capabilities, and the second is answered with the pack.
    git_http.faults[FETCHING] = [None, None, *[None, cut_within] * times]
    done = overlay(project, "sync", "prod", "-y", **cold)
    assert done.returncode == (6 if times == 9 else 0), done.stderr
    if times == 9:
        assert done.stderr.startswith(f"error: {git_http.url('remote.git')} cannot be reached: ")
        assert done.stderr.splitlines()[0].endswith(" (asked 3 times)")
    git_http.faults.clear()
    sync(project, "prod", **cold)
    assert published(project, "prod")["revision"] == 2


@pytest.mark.parametrize("fault", [cut_after, cut_within])
def test_G07_a_push_whose_answer_got_lost_is_asked_for(
    project: Path, bare: Path, git_http: GitServer, fault: Fault
) -> None:
    git_http.faults[PUSH] = [fault] * CURL_TRIES
    assert "published revision 1" in sync(project, "prod")
    sound(project, bare, revision=1)


def test_G07_a_push_that_got_lost_is_made_again(project: Path, bare: Path, git_http: GitServer) -> None:
    git_http.faults[PUSH] = [cut_before] * CURL_TRIES
    assert "published revision 1" in sync(project, "prod")
    assert len(git_http.asked(PUSH)) == CURL_TRIES + 1
    sound(project, bare, revision=1)


def test_G07_a_push_that_gets_lost_each_time_is_made_by_the_next_run(
    project: Path, bare: Path, git_http: GitServer
) -> None:
    git_http.faults[PUSH] = [cut_before] * 9
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 6
    assert done.stderr.startswith(f"error in prod: {git_http.url('remote.git')} cannot be reached: ")
    assert branches(bare) == []
    git_http.faults.clear()
    sound(project, bare, revision=1)


def test_G07_where_nothing_can_be_asked_the_next_run_finds_out(project: Path, bare: Path, git_http: GitServer) -> None:
    def lost(handler: object, reply: object) -> None:
        git_http.faults |= {what: [cut_before] * 9 for what in (LISTING, OPENING)}
        cut_after(handler, reply)  # type: ignore[arg-type]

    git_http.faults[PUSH] = [lost] * CURL_TRIES
    assert overlay(project, "sync", "prod", "-y").returncode == 6
    git_http.faults.clear()
    assert branches(bare) == ["environments/prod"]
    sound(project, bare, revision=1)


def theirs(folder: Path, branch: str) -> str:
    """Return what pushes a commit of somebody else."""
    bare = folder / "remote.git"
    tree = git(bare, "rev-parse", f"{branch}^{{tree}}").strip()
    who = ("-c", "user.name=B", "-c", "user.email=b@x")
    made = git(bare, *who, "commit-tree", "-p", branch, "-m", "theirs", tree).strip()
    git(bare, "update-ref", f"refs/heads/{branch}", made)
    return made


@pytest.mark.parametrize("what", [FETCHING, OPENING, PUSH])
def test_G01_a_commit_that_lands_meanwhile_is_gone_on_from(
    project: Path, bare: Path, git_http: GitServer, what: str
) -> None:
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    git_http.faults[what] = [meanwhile(lambda: theirs(project.parent, "environments/prod"))]
    sync(project, "prod")
    assert log(project, "environments/prod", "%an") == ["Ada", "B", "Ada"]
    assert published(project, "prod")["revision"] == 2
    assert git(bare, "fsck", "--strict", "--no-dangling") == ""


def test_G01_a_branch_that_moved_is_gone_on_from_whatever_the_server_calls_it(
    project: Path, bare: Path, git_http: GitServer, tmp_path: Path
) -> None:
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    # As Azure DevOps does; Git's own server would say that the reference is at another commit.
    hook(
        bare, "pre-receive",
        'read old new ref; [ "$old" = "$(git rev-parse "$ref")" ] || { echo "TF401028: The reference has already been '
        'updated by another client" >&2; exit 1; }\n',
    )  # fmt: skip
    git_http.faults[PUSH] = [meanwhile(lambda: theirs(tmp_path, "environments/prod"))]
    assert "published revision 2" in sync(project, "prod")
    assert log(project, "environments/prod")[1] == "theirs"


def test_G01_a_branch_that_moves_all_the_time_is_left(project: Path, bare: Path, git_http: GitServer) -> None:
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    git_http.faults[PUSH] = [meanwhile(lambda: theirs(project.parent, "environments/prod"))] * 20
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        4,
        f"error in prod: {git_http.url('remote.git')} moved 10 times meanwhile\n  hint: run the same command again\n",
    )
    git_http.faults.clear()
    sync(project, "prod")
    assert log(project, "environments/prod", "%an") == ["Ada", *["B"] * 10, "Ada"]


def test_G03_two_environments_of_one_branch_both_land(tmp_path: Path, git_http: GitServer) -> None:
    project = shop(tmp_path, publish="{branch: rendered, path: '{environment}'}")
    git(project, "remote", "set-url", "origin", git_http.url("remote.git"))
    sync(project, "--all")
    for name in ("dev", "prod"):
        change(project, name, "1.1.0")
    done: list[subprocess.CompletedProcess[str]] = []
    # Caches of two machines: the lock of one does not order them.
    runs = [
        threading.Thread(
            target=lambda name: done.append(
                overlay(project, "sync", name, "-y", XDG_CACHE_HOME=str(tmp_path / f"cache-{name}"))
            ),
            args=(name,),
        )
        for name in ("dev", "prod")
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert [published(project, name, "rendered", f"{name}/")["revision"] for name in ("dev", "prod")] == [2, 2]
    assert len(log(project, "rendered")) == 4
    assert git(tmp_path / "remote.git", "fsck", "--strict", "--no-dangling") == ""


def test_G33_no_redirect_is_followed_and_the_login_goes_nowhere_else(
    project: Path, git_http: GitServer, make_git_server: Make
) -> None:
    other = make_git_server()
    git_http.faults = {what: [redirect(other.web.url)] * 9 for what in (LISTING, FETCHING, OPENING, PUSH)}
    git(project, "config", "http.followRedirects", "true")
    git(project, "remote", "set-url", "origin", git_http.url("remote.git", "ada:s3cr3t"))
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: git cannot use {git_http.url('remote.git')}: unable to access '{git_http.url('remote.git/')}': "
        "The requested URL returned error: 302\n"
    )
    assert other.seen == []


@pytest.mark.parametrize("name", ["http.{server}/.followRedirects", "http.{server}/remote.git.followRedirects"])
def test_G33_no_redirect_is_followed_though_a_setting_of_the_url_says_so(
    project: Path, git_http: GitServer, make_git_server: Make, name: str
) -> None:
    other = make_git_server()
    git_http.faults = {what: [redirect(other.web.url)] * 9 for what in (LISTING, FETCHING, OPENING, PUSH)}
    git(project, "config", name.replace("{server}", git_http.web.url), "true")
    assert overlay(project, "sync", "prod", "-y").returncode == 2
    assert other.seen == []


def test_I2_a_file_that_the_repository_names_for_cookies_stays_as_it_is(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("mine\n")
    git(project, "config", "http.cookieFile", str(file))
    git(project, "config", "http.saveCookies", "true")
    sync(project, "prod")
    assert file.read_text() == "mine\n"


def test_G33_a_remote_with_very_many_pull_requests_is_asked_for_branches_alone(
    project: Path, bare: Path, git_http: GitServer
) -> None:
    commit = git(bare, "rev-parse", "main").strip()
    refs = "".join(f"{commit} refs/pull/{at}/head\n" for at in range(50_000))
    (bare / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{refs}")
    sync(project, "prod")
    assert sum(one.got for one in git_http.asked(FETCHING)) < 5_000
    assert published(project, "prod")["revision"] == 1


def test_G33_what_a_remote_offers_beside_is_not_taken(
    project: Path, bare: Path, git_http: GitServer, make_git_server: Make, tmp_path: Path
) -> None:
    other = make_git_server()
    for name, text in (
        ("uploadpack.advertiseBundleURIs", "true"), ("bundle.version", "1"), ("bundle.mode", "all"),
        ("bundle.x.uri", f"{other.web.url}/x.bundle"), ("promisor.advertise", "true"),
        ("remote.evil.promisor", "true"), ("remote.evil.url", other.url("remote.git")),
    ):  # fmt: skip
        git(bare, "config", name, text)
    git(project, "config", "transfer.bundleURI", "true")
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    sync(project, "prod", XDG_CACHE_HOME=str(tmp_path / "cold"))
    assert other.seen == []
