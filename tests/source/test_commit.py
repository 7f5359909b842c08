"""The change as a commit in real repositories: only that file's entry moves, killed runs resume, states of Git are named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.git.repository import Repository
from tests.source.projects import DOCUMENT, PROD, ROOT, git, overlay, repository, state, write

NEW = PROD.replace("2.4.1", "2.4.2")
PIN = ("pin", "prod", "--image", "shop/web=2.4.2")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def test_the_commit_has_one_line_and_says_what_it_does(project: Path) -> None:
    done = overlay(project, *PIN)
    head = git(project, "rev-parse", "HEAD").strip()
    assert (done.returncode, done.stderr) == (0, f"committed {head[:12]} on main\n")
    assert git(project, "diff", "--numstat", "HEAD~1") == f"1\t1\t{DOCUMENT}\n"
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "log", "-1", "--format=%an %ae%n%B").rstrip("\n") == (
        "Ada ada@shop.example\n"
        "prod: pin image shop/web to 2.4.2\n"
        "\n"
        "Overlay-Environment: prod\n"
        "Overlay-Set: image shop/web: 2.4.1 → 2.4.2"
    )
    assert git(project, "log", "-1", "--format=%(trailers:key=Overlay-Environment,valueonly)").strip() == "prod"
    assert "overlay: prod: pin image shop/web to 2.4.2" in git(project, "reflog", "-1")


def test_a_message_of_ones_own_keeps_the_trailers(project: Path) -> None:
    overlay(project, *PIN, "-m", "chore({environment}): {changes}\n\nOverlay-Environment: fake")
    assert git(project, "log", "-1", "--format=%s") == "chore(prod): image shop/web: 2.4.1 → 2.4.2\n"
    trailers = git(project, "log", "-1", "--format=%(trailers:key=Overlay-Environment,valueonly)").split()
    assert trailers[-1] == "prod"


def test_G13_index_stash_and_other_changes_stay_as_they_are(project: Path) -> None:
    write(project, {"README.md": "stashed\n"})
    git(project, "stash", "-q")
    write(project, {"README.md": "staged\n", "new.txt": "staged\n", "environments/dev/values.yaml": "feature: {}\n"})
    git(project, "add", "README.md", "new.txt")
    write(project, {"README.md": "later\n", "untracked.txt": "x\n"})
    git(project, "update-index", "--assume-unchanged", "environments/base/base.yaml")
    before = state(project)
    assert overlay(project, *PIN).returncode == 0
    assert state(project) == before
    assert git(project, "show", "--name-only", "--format=").split() == [DOCUMENT]
    assert (
        git(project, "diff", "--name-only", DOCUMENT) == "" == git(project, "diff", "--cached", "--name-only", DOCUMENT)
    )


@pytest.mark.parametrize("staged", [False, True])
def test_a_file_with_uncommitted_changes_is_refused(project: Path, staged: bool) -> None:
    (project / DOCUMENT).write_text(PROD + "# mine\n")
    if staged:
        git(project, "add", DOCUMENT)
        (project / DOCUMENT).write_text(PROD)
    done = overlay(project, *PIN)
    words = "staged changes that" if staged else "changes that"
    assert (done.returncode, done.stdout, done.stderr) == (
        4,
        "",
        f"error: {DOCUMENT} has {words} are not committed\n"
        "  hint: commit it or put it back first; --no-commit only writes it\n",
    )
    assert (project / DOCUMENT).read_text() == (PROD if staged else PROD + "# mine\n")
    on_branch = overlay(project, *PIN, "--branch", "bump")
    assert (on_branch.returncode, on_branch.stderr) == (4, done.stderr)


def test_a_file_that_is_not_committed_is_refused(project: Path) -> None:
    git(project, "rm", "-q", "--cached", DOCUMENT)
    git(project, "commit", "-qm", "out")
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr) == (
        4, f"error: {DOCUMENT} is not committed yet\n  hint: commit it; --no-commit only writes it\n",
    )  # fmt: skip


def test_a_branch_beside_leaves_work_tree_and_index_byte_for_byte(project: Path) -> None:
    index = (project / ".git/index").read_bytes()
    before = state(project)
    done = overlay(project, *PIN, "--branch", "bump/web")
    tip = git(project, "rev-parse", "bump/web").strip()
    assert (done.returncode, done.stderr) == (0, f"committed {tip[:12]} on bump/web\n")
    assert (project / ".git/index").read_bytes() == index
    assert (state(project), (project / DOCUMENT).read_text()) == (before, PROD)
    assert git(project, "show", f"bump/web:{DOCUMENT}") == NEW
    again = overlay(project, *PIN, "--branch", "bump/web")
    assert (again.returncode, again.stderr) == (0, f"nothing new; {tip[:12]} on bump/web\n")
    assert overlay(project, "pin", "prod", "--image", "shop/web=2.4.3", "--branch", "bump/web").returncode == 0
    assert git(project, "rev-list", "--count", "main..bump/web") == "2\n"
    assert git(project, "show", f"bump/web:{DOCUMENT}") == PROD.replace("2.4.1", "2.4.3")


@pytest.mark.parametrize("name", ["-x", "a..b", "x.lock", "a b", "@{-1}", "HEAD", "../x", "a:b", "refs/heads/x", ""])
def test_G36_names_that_are_no_branch_are_refused(project: Path, name: str) -> None:
    done = overlay(project, *PIN, f"--branch={name}")
    if name:
        assert (done.returncode, done.stderr) == (2, f"error: {name!r} is no name of a branch\n")
    assert git(project, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"


def test_the_branch_that_is_checked_out_is_no_branch_beside(project: Path) -> None:
    done = overlay(project, *PIN, "--branch", "main")
    assert (done.returncode, done.stderr) == (
        2,
        "error: the branch main is checked out\n  hint: leave out --branch to commit there, or name another one\n",
    )


def test_a_branch_that_has_no_such_environment_is_told(project: Path) -> None:
    tree = git(project, "mktree").strip()
    old = git(project, "commit-tree", "-m", "before", tree).strip()
    git(project, "branch", "old", old)
    done = overlay(project, *PIN, "--branch", "old")
    assert (done.returncode, done.stderr) == (
        4,
        f"error: {DOCUMENT} is not in {old[:12]}, where that branch is\n"
        "  hint: name another one with --branch, or delete it\n",
    )


def test_a_branch_below_another_one_is_no_move_of_it(project: Path) -> None:
    done = overlay(project, *PIN, "--branch", "main/web")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Git cannot have both branches: ")
    assert done.stderr.endswith("\n  hint: name another branch\n")


def test_G34_other_line_ends_than_committed_are_named(project: Path) -> None:
    # As Git for Windows checks it out; `git status` says nothing of it.
    git(project, "config", "core.autocrlf", "true")
    (project / DOCUMENT).unlink()
    git(project, "checkout", "-q", DOCUMENT)
    assert git(project, "status", "--porcelain") == ""
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr) == (
        4,
        f"error: {DOCUMENT} has other line ends here than in the commit\n"
        "  hint: git config core.autocrlf false, and check it out again; --no-commit only writes it\n",
    )


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_G37_an_entry_of_the_index_is_taken_out_again(tmp_path: Path, form: str) -> None:
    project = repository(tmp_path / "shop", form=form)
    Repository(str(project), os.environ).stage({DOCUMENT: None})
    assert git(project, "status", "--porcelain") == f"D  {DOCUMENT}\n?? {DOCUMENT}\n"


def test_G14_a_detached_head_gets_the_commit_and_is_told_how_to_keep_it(project: Path) -> None:
    git(project, "checkout", "-q", "--detach")
    done = overlay(project, *PIN)
    head = git(project, "rev-parse", "HEAD").strip()
    assert done.stderr == f"committed {head[:12]} on a detached HEAD: keep it with `git switch -c NAME`\n"
    assert git(project, "rev-parse", "main") != git(project, "rev-parse", "HEAD")
    assert git(project, "status", "--porcelain") == ""


def test_G15_shallow_and_sparse_checkouts_and_worktrees_work(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--no-checkout", f"file://{project}", "sparse")
    sparse = tmp_path / "sparse"
    git(sparse, "config", "user.name", "Ada")
    git(sparse, "config", "user.email", "ada@shop.example")
    git(sparse, "sparse-checkout", "set", "environments/base", "environments/prod")
    git(sparse, "checkout", "-q", "main")
    assert not (sparse / "environments/dev").exists()
    git(project, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    for folder in (sparse, tmp_path / "tree"):
        before = state(folder)
        assert overlay(folder, *PIN).returncode == 0
        assert state(folder) == before
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "show", f"HEAD:{DOCUMENT}") == NEW
        assert git(folder, "ls-tree", "-r", "--name-only", "HEAD").count("\n") == 10 + 1
    assert git(project, "rev-parse", "main") != git(project, "rev-parse", "side")
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_G37_a_project_below_the_top_and_either_kind_of_hash_work(tmp_path: Path, form: str) -> None:
    project = repository(tmp_path / "mono", "teams/shop é", form)
    assert overlay(project, *PIN).returncode == 0
    assert (
        git(project, "-c", "core.quotePath=false", "show", "--name-only", "--format=") == f"teams/shop é/{DOCUMENT}\n"
    )
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "fsck", "--strict") == ""


def test_G16_a_repository_without_a_commit_is_named(project: Path) -> None:
    shutil.rmtree(project / ".git")
    git(project, "init", "-q")
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr) == (
        2, "error: nothing is committed yet\n  hint: commit the project first; --no-commit writes the file only\n",
    )  # fmt: skip


def test_G17_a_lock_left_over_is_named_and_the_file_put_back(project: Path) -> None:
    (project / ".git/index.lock").write_text("")
    done = overlay(project, *PIN)
    assert done.returncode == 4
    assert done.stderr.startswith("error: another git process holds a lock: Unable to create '")
    assert "index.lock': File exists." in done.stderr
    assert ((project / DOCUMENT).read_text(), (project / ".git/index.lock").exists()) == (PROD, True)
    assert git(project, "rev-list", "--count", "HEAD") == "1\n"
    assert overlay(project, *PIN, "--branch", "bump").returncode == 0


def test_G18_a_merge_under_way_is_named_and_a_branch_still_works(project: Path) -> None:
    (project / ".git/MERGE_HEAD").write_text(git(project, "rev-parse", "HEAD"))
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr) == (
        4, "error: a merge is under way in this work tree\n  hint: finish or abort it, or use --branch\n",
    )  # fmt: skip
    assert overlay(project, *PIN, "--branch", "bump").returncode == 0


def test_G20_nobody_is_guessed_as_the_author(project: Path) -> None:
    git(project, "config", "--unset", "user.name")
    git(project, "config", "--unset", "user.email")
    git(project, "config", "user.useConfigOnly", "true")
    done = overlay(project, *PIN)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Git does not know who commits\n  hint: set it: git config --global user.name")
    assert (project / DOCUMENT).read_text() == PROD
    ok = overlay(
        project, *PIN, GIT_AUTHOR_NAME="B", GIT_AUTHOR_EMAIL="b@x", GIT_COMMITTER_NAME="C", GIT_COMMITTER_EMAIL="c@x"
    )
    assert (ok.returncode, git(project, "log", "-1", "--format=%an %cn")) == (0, "B C\n")


def test_G26_G38_no_hook_and_no_program_of_the_repository_runs(project: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\nexit 1\n')
    program.chmod(0o755)
    for name in (
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
        "reference-transaction",
        "post-index-change",
    ):
        shutil.copy(program, project / ".git/hooks" / name)
    for name in (
        "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "filter.x.clean",
        "filter.x.smudge", "gpg.program", "gpg.ssh.program", "credential.helper", "alias.commit-tree",
    ):  # fmt: skip
        git(project, "config", name, str(program))
    (project / ".git/info/attributes").write_text("* filter=x diff=x\n")
    assert overlay(project, *PIN).returncode == 0
    assert not canary.exists()


def test_SOURCE_DATE_EPOCH_is_the_commits_date(project: Path) -> None:
    overlay(project, *PIN, SOURCE_DATE_EPOCH="1700000000")
    assert git(project, "log", "-1", "--format=%at %ct") == "1700000000 1700000000\n"


@pytest.fixture
def key(project: Path, tmp_path: Path) -> Path:
    made = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made)], check=True)
    (tmp_path / "signers").write_text(f"ada@shop.example {made.with_suffix('.pub').read_text()}")
    git(project, "config", "gpg.format", "ssh")
    git(project, "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "signers"))
    git(project, "config", "user.signingKey", str(made))
    git(project, "config", "commit.gpgSign", "true")
    return made


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is missing")
def test_a_commit_is_signed_where_the_user_signs(project: Path, key: Path) -> None:
    assert overlay(project, *PIN).returncode == 0
    assert git(project, "log", "-1", "--format=%G?") == "G\n"


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is missing")
def test_a_commit_is_signed_with_openpgp_too(project: Path, tmp_path: Path) -> None:
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    env = {**os.environ, "GNUPGHOME": str(home)}
    words = [
        "gpg",
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--quick-gen-key",
        "Ada <ada@shop.example>",
        "ed25519",
        "sign",
    ]
    subprocess.run(words, check=True, env=env, capture_output=True)
    git(project, "config", "commit.gpgSign", "true")
    try:
        assert overlay(project, *PIN, GNUPGHOME=str(home)).returncode == 0
        shown = subprocess.run(
            ["git", "log", "-1", "--format=%G?"], cwd=project, env=env, capture_output=True, text=True
        )
        assert shown.stdout == "G\n"
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=env, check=True)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is missing")
def test_G39_a_key_that_is_missing_is_told_and_nothing_changes(project: Path, key: Path) -> None:
    key.unlink()
    key.with_suffix(".pub").unlink()
    done = overlay(project, *PIN)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the commit cannot be signed: ")
    assert ((project / DOCUMENT).read_text(), git(project, "status", "--porcelain")) == (PROD, "")


SHIM = """#!/bin/sh
count=$(cat {folder}/count 2>/dev/null || echo 0)
echo $((count + 1)) > {folder}/count
[ "$count" = {at} ] && kill -9 $PPID && exit 1
exec {git} "$@"
"""


def killed(project: Path, folder: Path, at: int) -> int:
    """Run the pin with a git whose call number `at` kills overlay before it acts; return the exit code."""
    folder.mkdir()
    shim = folder / "git"
    shim.write_text(SHIM.format(folder=folder, git=shutil.which("git"), at=at))
    shim.chmod(0o755)
    return overlay(project, *PIN, PATH=f"{folder}:{os.environ['PATH']}").returncode


def test_G08_G12_killed_at_any_call_of_git_the_same_command_goes_on(tmp_path: Path) -> None:
    made = repository(tmp_path / "made")
    write(made, {"README.md": "mine\n"})
    seen = set()
    for at in range(100):
        project = tmp_path / f"project{at}"
        shutil.copytree(made, project)
        # The copy's files are new to the index, which only a refresh notices.
        git(project, "status")
        before = state(project)
        code = killed(project, tmp_path / f"shim{at}", at)
        text = (project / DOCUMENT).read_text()
        assert text in (PROD, NEW)
        assert state(project) == before
        if code == 0:
            break
        assert code == -9
        seen.add((text == NEW, git(project, "rev-list", "--count", "HEAD").strip()))
        again = overlay(project, *PIN)
        assert (again.returncode, (project / DOCUMENT).read_text()) == (0, NEW), (at, again.stderr)
        assert git(project, "rev-list", "--count", "HEAD") == "2\n"
        assert git(project, "status", "--porcelain") == " M README.md\n"
        assert state(project) == before
        assert sorted(os.listdir(project / "environments/prod")) == ["environment.yaml", "values.yaml"]
    else:
        pytest.fail("the run never ended by itself")
    # Every state between was met: nothing written, the file only, the commit, too.
    assert seen >= {(False, "1"), (True, "1")}


def test_a_git_that_hangs_is_ended_and_what_was_done_put_back(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *update-ref*) echo $$ > {folder}/pid; exec sleep 60;; esac\nexec {shutil.which("git")} "$@"\n'
    )
    (folder / "git").chmod(0o755)
    done = overlay(project, *PIN, "--timeout=1s", PATH=f"{folder}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (6, "error: git update-ref took longer than 1 seconds\n")
    assert ((project / DOCUMENT).read_text(), git(project, "status", "--porcelain")) == (PROD, "")
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "pid").read_text()), 0)


@pytest.mark.parametrize("takes_it_along", [False, True])
def test_G01_a_commit_that_lands_meanwhile_is_kept(project: Path, tmp_path: Path, takes_it_along: bool) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    real = shutil.which("git")
    plumbing = f"{real} update-ref HEAD $({real} commit-tree -p HEAD -m other 'HEAD^{{tree}}')"
    # The first update of the branch finds that somebody else has committed just before.
    (folder / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *update-ref*) if [ ! -e {folder}/done ]; then touch {folder}/done; '
        f'{f"{real} commit -q -m other" if takes_it_along else plumbing}; fi;; esac\nexec {real} "$@"\n'
    )
    (folder / "git").chmod(0o755)
    done = overlay(project, *PIN, PATH=f"{folder}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    mine = [] if takes_it_along else ["prod: pin image shop/web to 2.4.2"]
    assert git(project, "log", "--format=%s").splitlines() == [*mine, "other", "shop"]
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "show", f"HEAD:{DOCUMENT}") == NEW


def test_G02_G03_pins_at_the_same_time_all_land(project: Path) -> None:
    """Different environments' files: one commit each; the same pin twice: one commit, both succeed."""
    commands = [
        ("pin", "prod", "--image", "shop/web=2.4.2"),
        ("pin", "prod", "--image", "shop/web=2.4.2"),
        ("pin", "dev", "--image", "shop/web=2.6.0"),
        ("pin", "staging", "--image", "shop/web=2.3.0"),
    ]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "overlay", *command], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for command in commands
    ]  # fmt: skip
    said = [(one.communicate()[1], one.returncode) for one in running]
    assert [code for _, code in said] == [0] * len(commands), said
    assert sorted(git(project, "log", "--format=%s").splitlines()) == [
        "dev: pin image shop/web to 2.6.0",
        "prod: pin image shop/web to 2.4.2",
        "shop",
        "staging: pin image shop/web to 2.3.0",
    ]
    assert git(project, "rev-list", "--min-parents=2", "HEAD") == ""
    assert (git(project, "status", "--porcelain"), git(project, "fsck", "--strict", "--no-dangling")) == ("", "")


def test_a_killed_run_between_two_files_goes_on(project: Path) -> None:
    both = (*PIN, "--value", "web.level=debug")
    (project / DOCUMENT).write_text(NEW)
    done = overlay(project, *both)
    assert done.returncode == 0, done.stderr
    assert "image shop/web: 2.4.1 → 2.4.2" in done.stdout and "image: shop/web:2.4.1 → shop/web:2.4.2" in done.stdout
    assert len(git(project, "show", "--name-only", "--format=").split()) == 2
    assert git(project, "status", "--porcelain") == ""


def test_somebody_elses_commit_to_the_same_file_wins_and_is_told(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    real = shutil.which("git")
    theirs = PROD.replace("2.4.1", "9.9.9")
    (folder / "theirs").write_text(theirs)
    (folder / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *update-ref*) if [ ! -e {folder}/done ]; then touch {folder}/done; cp {folder}/theirs '
        f'{DOCUMENT}; {real} commit -q -m other {DOCUMENT}; fi;; esac\nexec {real} "$@"\n'
    )
    (folder / "git").chmod(0o755)
    done = overlay(project, *PIN, PATH=f"{folder}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (
        4,
        f"error: somebody committed to {DOCUMENT} meanwhile\n  hint: run the same command again\n",
    )
    assert git(project, "log", "--format=%s").splitlines() == ["other", "shop"]
    assert ((project / DOCUMENT).read_text(), git(project, "status", "--porcelain")) == (theirs, "")


def test_G19_a_full_disk_leaves_everything_as_it_was(project: Path) -> None:
    (project / DOCUMENT).write_text(PROD + "".join(f"# {at} {'x' * 60}\n" for at in range(40)))
    git(project, "commit", "-qam", "long")
    text = (project / DOCUMENT).read_text()
    words = " ".join([sys.executable, "-m", "overlay", *PIN])
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    # No file may grow beyond two blocks, which the packed object and the index keep to and the file does not.
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 2; exec {words}"], cwd=project, capture_output=True, text=True, env=env
    )
    assert done.returncode == 2, done.stderr
    assert f"error: {DOCUMENT} cannot be written: file too large\n" in done.stderr
    assert (project / DOCUMENT).read_text() == text
    assert (git(project, "status", "--porcelain"), git(project, "rev-list", "--count", "HEAD")) == ("", "2\n")
    assert sorted(os.listdir(project / "environments/prod")) == ["environment.yaml", "values.yaml"]
    assert overlay(project, *PIN).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_G27_a_repository_of_another_user_is_explained(project: Path) -> None:
    for path in (project, project / ".git"):
        os.chown(path, 12345, 12345)
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {project} belongs to another user, so git does not use it\n"
        f"  hint: git config --global --add safe.directory {project}\n",
    )
