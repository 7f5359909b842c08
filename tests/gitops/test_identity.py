"""Who commits what `overlay sync` publishes, how it is signed, and what of the user's repository takes no part in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitops.projects import change, git, log, overlay, shop, sync

WHO = "%an <%ae> / %cn <%ce>"
ADA = "Ada <ada@shop.example>"
NOBODY = (
    "Git does not know who commits\n"
    '  hint: set it: git config --global user.name "…" and git config --global user.email "…"\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def nameless(project: Path) -> Path:
    git(project, "config", "--unset", "user.name")
    git(project, "config", "--unset", "user.email")
    return project


def home(text: str) -> None:
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(text)


def who(project: Path) -> str:
    return log(project, "environments/prod", WHO)[0]


def test_the_repositorys_own_identity_commits(project: Path) -> None:
    home("[user]\n\tname = Home\n\temail = home@x\n")
    sync(project, "prod")
    assert who(project) == f"{ADA} / {ADA}"


def test_the_users_global_identity_commits(project: Path) -> None:
    home("[user]\n\tname = Home\n\temail = home@x\n")
    sync(nameless(project), "prod")
    assert who(project) == "Home <home@x> / Home <home@x>"


@pytest.mark.parametrize("condition", ["gitdir:{project}/", "onbranch:main", "hasconfig:remote.*.url:{remote}"])
def test_an_identity_that_is_included_for_this_repository_commits(
    project: Path, tmp_path: Path, condition: str
) -> None:
    (tmp_path / "work").write_text("[user]\n\tname = Work\n\temail = work@x\n")
    condition = condition.format(project=project, remote=tmp_path / "remote.git")
    home(f'[user]\n\tname = Home\n\temail = home@x\n[includeIf "{condition}"]\n\tpath = {tmp_path}/work\n')
    sync(nameless(project), "prod")
    assert who(project) == "Work <work@x> / Work <work@x>"


def test_author_and_committer_may_differ_by_settings_and_by_the_environment(project: Path) -> None:
    git(project, "config", "author.name", "Author")
    git(project, "config", "committer.email", "committer@x")
    sync(project, "prod")
    assert who(project) == "Author <ada@shop.example> / Ada <committer@x>"
    change(project, "prod", "1.1.0")
    names = {f"GIT_{role}_{part}": f"{role}-{part}@x" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    sync(project, "prod", **names)
    assert who(project) == "AUTHOR-NAME@x <AUTHOR-EMAIL@x> / COMMITTER-NAME@x <COMMITTER-EMAIL@x>"


def test_G20_nobody_is_guessed_as_the_author(project: Path) -> None:
    done = overlay(nameless(project), "sync", "prod", "-y", EMAIL="guess@x")
    assert (done.returncode, done.stderr) == (2, f"error in prod: {NOBODY}")
    assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""


def ssh_key(folder: Path, phrase: str = "") -> Path:
    made = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-f", str(made)], check=True)
    (folder / "signers").write_text(f"ada@shop.example {made.with_suffix('.pub').read_text()}")
    return made


def signs_with(project: Path, key: str) -> None:
    for name, text in (("gpg.format", "ssh"), ("user.signingKey", key), ("commit.gpgSign", "true")):
        git(project, "config", name, text)


def verified(project: Path, *settings: str, **env: str) -> str:
    """Return what git says of the signature of the newest commit."""
    done = subprocess.run(
        ["git", *settings, "verify-commit", "--verbose", "environments/prod"], cwd=project.parent / "remote.git",
        env={**os.environ, **env}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("form", ["path", "public", "relative", "home", "literal"])
def test_commits_are_signed_with_an_ssh_key(project: Path, tmp_path: Path, form: str) -> None:
    key = ssh_key(tmp_path)
    names = {
        "path": str(key), "public": f"{key}.pub", "relative": "../key", "home": "~/key",
        "literal": f"key::{key.with_suffix('.pub').read_text().strip()}",
    }  # fmt: skip
    env = {}
    if form == "home":
        shutil.copy(key, os.environ["HOME"])
    signs_with(project, names[form])
    if form == "literal":
        agent = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
        env = dict(line.split(";")[0].split("=") for line in agent.splitlines() if "=" in line)
        subprocess.run(["ssh-add", "-q", str(key)], env={**os.environ, **env}, check=True)
    try:
        sync(project, "prod", **env)
    finally:
        if env:
            os.kill(int(env["SSH_AGENT_PID"]), 15)
    said = verified(project, "-c", f"gpg.ssh.allowedSignersFile={tmp_path}/signers")
    assert said.startswith('Good "git" signature for ada@shop.example with ED25519 key')


@pytest.fixture
def gnupg(tmp_path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="overlay-gnupg-", dir="/tmp"))  # sockets have short names
    yield folder
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(folder)}, check=True)
    # The agent takes its sockets away itself while it ends.
    shutil.rmtree(folder, ignore_errors=True)


def openpgp_key(folder: Path, phrase: str = "") -> None:
    words = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", phrase, "--quick-gen-key"]
    subprocess.run(
        [*words, ADA, "ed25519", "sign"], check=True, capture_output=True, env={**os.environ, "GNUPGHOME": str(folder)}
    )


def test_commits_are_signed_with_openpgp(project: Path, gnupg: Path) -> None:
    openpgp_key(gnupg)
    home("[commit]\n\tgpgSign = true\n")
    sync(project, "prod", GNUPGHOME=str(gnupg))
    assert f'Good signature from "{ADA}"' in verified(project, GNUPGHOME=str(gnupg))
    git(project, "config", "commit.gpgSign", "false")
    change(project, "prod", "1.1.0")
    sync(project, "prod", GNUPGHOME=str(gnupg))
    assert log(project, "environments/prod", "%G?") == ["N", "E"]


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_G39_a_phrase_is_asked_of_nobody(project: Path, tmp_path: Path, gnupg: Path, form: str) -> None:
    if form == "ssh":
        signs_with(project, str(ssh_key(tmp_path, "phrase")))
    else:
        openpgp_key(gnupg, "phrase")
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(gnupg)}, check=True)
        git(project, "config", "commit.gpgSign", "true")
    start = time.monotonic()
    done = overlay(project, "sync", "prod", "-y", GNUPGHOME=str(gnupg))
    assert done.returncode == 2
    assert done.stderr.startswith("error in prod: the commit cannot be signed: ")
    assert time.monotonic() - start < 60
    assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""


def test_G39_a_key_that_is_missing_is_told(project: Path, tmp_path: Path) -> None:
    signs_with(project, str(tmp_path / "nothing"))
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith("error in prod: the commit cannot be signed: ")
    assert str(tmp_path / "nothing") in done.stderr


HOOKS = ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "pre-push", "reference-transaction")
PROGRAMS = (
    "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass", "diff.external",
    "filter.x.clean", "filter.x.smudge", "filter.x.process", "gpg.program", "gpg.ssh.program",
    "gpg.ssh.defaultKeyCommand", "credential.helper", "alias.push", "sequence.editor", "uploadpack.packObjectsHook",
    "remote.origin.uploadpack", "remote.origin.receivepack", "remote.overlay-remote.uploadpack",
    "remote.overlay-remote.receivepack", "hook.x.command",
)  # fmt: skip


@pytest.mark.parametrize("place", ["config", "included"])
def test_G26_G34_G38_nothing_that_the_repository_names_runs_and_no_attribute_acts(
    project: Path, tmp_path: Path, place: str
) -> None:
    canary, program = tmp_path / "canary", tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\nexit 1\n')
    program.chmod(0o755)
    for name in HOOKS:
        shutil.copy(program, project / ".git/hooks" / name)
    where = [] if place == "config" else ["--file", str(tmp_path / "included")]
    for name in PROGRAMS:
        git(project, "config", *where, name, str(program))
    git(project, "config", *where, "hook.x.event", "pre-push")
    git(project, "config", *where, "core.hooksPath", str(project / ".git/hooks"))
    if where:
        git(project, "config", "include.path", where[1])
    (project / ".git/info/attributes").write_text(
        "* filter=x diff=x text eol=crlf ident working-tree-encoding=UTF-16\n"
    )
    sync(project, "--all")
    assert not canary.exists(), canary.read_text()
    bare = tmp_path / "remote.git"
    assert "\r" not in git(bare, "show", "environments/prod:deployment-web.yaml")
    assert git(bare, "fsck", "--strict") == ""


@pytest.mark.parametrize(
    "name",
    [
        "Eve\x1b[31m",
        "Overlay-Revision: 99",
        "Eve\x85\u2028Overlay-Revision: 99",
        "Eve ::error::x",
        "é" * 300,
        '"; rm -rf $HOME',
    ],
)
def test_G42_a_name_is_one_line_and_no_trailer(project: Path, name: str) -> None:
    git(project, "commit", "-q", "--allow-empty", "-m", "x", f"--author={name} <eve@x>")
    sync(project, "prod")
    bare = project.parent / "remote.git"
    trailers = git(bare, "log", "-1", "--format=%(trailers:only,unfold)", "environments/prod").strip().splitlines()
    assert [line.partition(":")[0] for line in trailers] == [
        "Co-authored-by", "Overlay-Environment", "Overlay-Revision", "Overlay-Source",
    ]  # fmt: skip
    assert trailers[2] == "Overlay-Revision: 1"
    raw = git(bare, "cat-file", "commit", "environments/prod")
    assert "\x1b" not in raw


@pytest.mark.parametrize(
    "message",
    [
        "x\n\nOverlay-Revision: 99",
        "x\n\nOVERLAY-REVISION: 99\noverlay-environment: dev",
        "Overlay-Revision: 99",
        "x\n\nfoo\n\nOverlay-Revision: 99\n\n",
        "x\n\n\tOverlay-Revision: 99",
        "x\r\n\r\nOverlay-Revision: 99\r",
        "x\n\n---\nOverlay-Revision: 99",
    ],
)
def test_G42_words_of_a_commit_are_no_trailers(project: Path, message: str) -> None:
    git(project, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
    sync(project, "prod")
    bare = project.parent / "remote.git"
    found = git(bare, "log", "-1", "--format=%(trailers:key=Overlay-Revision,valueonly)", "environments/prod").split()
    assert found == ["1"]


def test_G44_a_clock_that_is_behind_changes_nothing(project: Path) -> None:
    sync(project, "prod", SOURCE_DATE_EPOCH="4000000000")
    change(project, "prod", "1.1.0")
    sync(project, "prod", SOURCE_DATE_EPOCH="1000000000")
    change(project, "prod", "1.2.0")
    sync(project, "prod")
    assert log(project, "environments/prod", "%(trailers:key=Overlay-Revision,valueonly,separator=)") == ["3", "2", "1"]
    assert log(project, "environments/prod", "%ct")[1:] == ["1000000000", "4000000000"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("remote.origin.uploadpack", "{program}"), ("remote.origin.url", "ext::{program}"), ("remote.origin.vcs", "evil")],
)
def test_G26_what_a_partial_clone_lacks_is_fetched_by_no_program_of_its_own(
    project: Path, tmp_path: Path, name: str, text: str
) -> None:
    canary, program = tmp_path / "canary", tmp_path / "git-remote-evil"
    program.write_text(f"#!/bin/sh\ntouch {canary}\n")
    program.chmod(0o755)
    url = f"file://{tmp_path}/remote.git"
    git(tmp_path / "remote.git", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", url, "part")
    shutil.copytree(project / "environments", tmp_path / "part/environments")
    git(tmp_path / "part", "config", "protocol.ext.allow", "always")
    git(tmp_path / "part", "config", name, text.replace("{program}", str(program)))
    git(tmp_path / "part", "remote", "add", "elsewhere", url)
    done = overlay(tmp_path / "part", "plan", "prod", "--remote", "elsewhere", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 2
    assert done.stderr.startswith("error: objects that are not here cannot be fetched: ")
    assert done.stderr.endswith("clone it whole, without --filter\n")
    assert not canary.exists()
