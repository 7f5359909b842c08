"""`--pull-request` against real servers that speak as GitHub, GitLab and Gitea do, with real pushes over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overlay.errors import FetchError, ForgeError, Temporary, UsageError
from overlay.fetch.http import Client
from overlay.fetch.retry import Patience
from overlay.git.url import protocols
from overlay.source.forge import (
    FORGES,
    Forge,
    Project,
    Wanted,
    base_of,
    find_forge,
    find_token,
    link,
    login,
    read_remote,
)
from overlay.source.proposal import Proposals, Proposed
from tests.servers.git_http import GitServer, meanwhile
from tests.source.forges import TOKEN, VARIABLES, ForgeServer, dropped, failing
from tests.source.projects import DOCUMENT, PROD, git, overlay, repository, state

PIN = ("pin", "prod", "--image", "shop/web=2.4.2", "--pull-request")
NEW = PROD.replace("2.4.1", "2.4.2")
WORD = {"github": "pull request", "gitlab": "merge request", "gitea": "pull request"}
NAME = {"github": "GitHub", "gitlab": "GitLab", "gitea": "Gitea"}

Start = Callable[..., ForgeServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[ForgeServer] = []

    def make(kind: str, login: str = "") -> ForgeServer:
        servers.append(ForgeServer(kind, tmp_path / f"server{len(servers)}", login))
        return servers[-1]

    yield make
    for one in servers:
        one.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def joined(project: Path, server: ForgeServer) -> None:
    git(project, "remote", "add", "origin", server.url)
    git(project, "push", "-q", str(server.bare), "main")


def address(server: ForgeServer, number: int = 1) -> str:
    return f"{server.web.url}/acme/shop/{'-/merge_requests' if server.kind == 'gitlab' else 'pull'}/{number}"


@pytest.mark.parametrize("kind", FORGES)
def test_a_branch_is_pushed_and_its_pull_request_opened_and_later_updated(
    kind: str, start: Start, project: Path
) -> None:
    server = start(kind)
    joined(project, server)
    before = state(project)
    env = {VARIABLES[kind]: TOKEN}
    done = overlay(project, *PIN, "--forge", kind, "-o", "json", **env)
    tip = git(project, "rev-parse", "overlay/pin-prod").strip()
    assert (done.returncode, done.stderr) == (
        0,
        f"pushed {tip[:12]} to overlay/pin-prod of {server.url}\nopened {WORD[kind]} 1: {address(server)}\n",
    )
    found = json.loads(done.stdout)
    assert (found["commit"], found["branch"]) == (tip, "overlay/pin-prod")
    assert found["pullRequest"] == {"action": "opened", "number": 1, "url": address(server)}
    assert git(server.bare, "show", f"overlay/pin-prod:{DOCUMENT}") == NEW
    assert (state(project), (project / DOCUMENT).read_text()) == (before, PROD)
    assert (server.pulls[1]["base"], server.pulls[1]["title"]) == ("main", "prod: pin image shop/web to 2.4.2")
    assert "Overlay-Set: image shop/web: 2.4.1 → 2.4.2" in server.pulls[1]["body"]
    assert "[name=web].image: shop/web:2.4.1 → shop/web:2.4.2\n\n```\n" in server.pulls[1]["body"]

    again = overlay(project, *PIN, "--forge", kind, **env)
    assert again.stderr.splitlines()[-1] == f"updated {WORD[kind]} 1: {address(server)}"
    assert git(project, "rev-parse", "overlay/pin-prod").strip() == tip

    more = overlay(project, "pin", "prod", "--image", "shop/web=2.4.3", "--pull-request", "--forge", kind, **env)
    assert more.returncode == 0
    assert list(server.pulls) == [1]
    assert server.pulls[1]["title"] == "prod: pin image shop/web to 2.4.3"
    assert git(server.bare, "rev-list", "--count", "main..overlay/pin-prod") == "2\n"
    assert all(TOKEN not in text for one in (done, again, more) for text in (one.stdout, one.stderr))


def test_a_promotion_goes_to_a_branch_of_its_own(start: Start, project: Path) -> None:
    server = start("gitea")
    joined(project, server)
    done = overlay(
        project,
        "promote",
        "dev",
        "prod",
        "--only",
        "image=shop/web",
        "--pull-request",
        "--forge=gitea",
        GITEA_TOKEN=TOKEN,
    )
    assert done.returncode == 0, done.stderr
    assert server.pulls[1]["head"] == "overlay/promote-dev-to-prod"


@pytest.mark.parametrize("kind", FORGES)
def test_without_a_token_the_link_is_shown(kind: str, start: Start, project: Path) -> None:
    server = start(kind)
    joined(project, server)
    done = overlay(project, *PIN, "--branch", "bump/web", "--forge", kind)
    page = {
        "github": "compare/main...bump/web?expand=1",
        "gitlab": "-/merge_requests/new?merge_request%5Bsource_branch%5D=bump%2Fweb&merge_request%5Btarget_branch%5D=main",
        "gitea": "compare/main...bump/web",
    }[kind]
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == f"open the {WORD[kind]}: {server.web.url}/acme/shop/{page}"
    assert git(server.bare, "show", f"bump/web:{DOCUMENT}") == NEW
    assert server.calls == []


def test_a_token_is_not_sent_to_a_host_that_nobody_vouches_for(start: Start, project: Path) -> None:
    server = start("github")
    joined(project, server)
    done = overlay(project, *PIN, GITHUB_TOKEN=TOKEN, GITLAB_TOKEN=TOKEN, GITEA_TOKEN=TOKEN)
    assert done.stderr.splitlines()[-1] == "open the pull request there; --forge tells overlay how"
    assert server.calls == []
    by_ci = overlay(project, *PIN, GITHUB_TOKEN=TOKEN, GITHUB_SERVER_URL=server.web.url)
    assert by_ci.stderr.splitlines()[-1] == f"opened pull request 1: {address(server)}"


def test_a_local_remote_has_no_pull_requests(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    git(project, "remote", "add", "origin", str(tmp_path / "bare.git"))
    done = overlay(project, *PIN)
    assert done.returncode == 0
    assert done.stderr.endswith(
        f" to overlay/pin-prod of {tmp_path}/bare.git\nthat is a plain repository, where no pull request can be opened\n"
    )
    assert git(tmp_path / "bare.git", "show", f"overlay/pin-prod:{DOCUMENT}") == NEW


@pytest.mark.parametrize(("kind", "user"), [("github", "x-access-token"), ("gitlab", "oauth2")])
def test_Z04_the_token_also_answers_where_git_wants_a_login_and_is_never_shown(
    kind: str, user: str, start: Start, project: Path
) -> None:
    server = start(kind, login=f"{user}:{TOKEN}")
    joined(project, server)
    done = overlay(project, *PIN, "--forge", kind, **{VARIABLES[kind]: TOKEN})
    assert done.returncode == 0, done.stderr
    refused = overlay(
        project,
        "pin",
        "prod",
        "--image",
        "shop/web=3",
        "--pull-request",
        "--forge",
        kind,
        **{VARIABLES[kind]: "wrong-one"},
    )
    assert (refused.returncode, refused.stderr) == (
        2,
        f"error: {server.url} wants a login, or gives this one no right to push\n"
        "  hint: give Git one: a credential helper, an SSH key, or a token in the environment\n",
    )
    git(project, "remote", "set-url", "origin", server.url.replace("://", f"://{user}:{TOKEN}@"))
    inside = overlay(project, "pin", "prod", "--image", "shop/web=3", "--pull-request")
    assert inside.returncode == 0, inside.stderr
    assert server.url in inside.stderr
    assert TOKEN not in inside.stderr + inside.stdout + refused.stderr
    assert TOKEN not in (project / ".git/logs/HEAD").read_text()


def test_Z04_a_wrong_password_in_the_remotes_url_is_not_shown(start: Start, project: Path) -> None:
    server = start("github", login=f"x:{TOKEN}")
    joined(project, server)
    git(project, "remote", "set-url", "origin", server.url.replace("://", "://x:wr0ng@"))
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        f"error: {server.url} wants a login, or gives this one no right to push",
    )
    git(project, "config", "remote.pushDefault", server.url.replace("://", "://x:wr0ng@"))
    named = overlay(project, *PIN)
    assert named.stderr.splitlines()[0] == f"error: there is no remote {server.url!r}"
    assert "wr0ng" not in done.stderr + named.stderr


def test_a_branch_goes_over_ssh_by_the_users_own_command(project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "acme/shop.git"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare", "-b", "main")
    ssh = tmp_path / "ssh"
    # What a server does with the command that it gets.
    ssh.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/log\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    git(project, "config", "core.sshCommand", "/bin/false")
    git(project, "remote", "add", "origin", f"git@git.acme.example:{bare}")
    done = overlay(project, *PIN, GIT_SSH_COMMAND=f"{ssh} -F none")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("pushed ") and "git@git.acme.example:" in done.stderr
    assert git(bare, "show", f"overlay/pin-prod:{DOCUMENT}") == NEW
    assert "-F none git@git.acme.example git-receive-pack" in (tmp_path / "log").read_text().replace(
        " -o SendEnv=GIT_PROTOCOL", ""
    )


PROTOCOLS = {
    "https://h/a/b": ("https",),
    "http://127.0.0.1:1/a/b": ("http", "https"),
    "ssh://git@h:22/a/b": ("ssh",),
    "git@h:a/b": ("ssh",),
    "git@[::1]:a/b": ("ssh",),
    "/srv/a.git": ("file",),
    "../a.git": ("file",),
    "file:///srv/a.git": ("file",),
}


@pytest.mark.parametrize("url", PROTOCOLS)
def test_G25_a_remote_uses_its_own_protocol_only(url: str) -> None:
    assert protocols(url) == PROTOCOLS[url]


def test_G38_pre_push_and_helpers_of_the_repository_do_not_run(start: Start, project: Path, tmp_path: Path) -> None:
    server = start("github", login=f"x-access-token:{TOKEN}")
    joined(project, server)
    canary, program = tmp_path / "canary", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {canary}\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (project / ".git/hooks/pre-push").write_text(program.read_text())
    (project / ".git/hooks/pre-push").chmod(0o755)
    for name in ("credential.helper", f"credential.{server.web.url}.helper", "core.askPass", "core.sshCommand"):
        git(project, "config", name, f"{program}")
    assert overlay(project, *PIN, "--forge=github", GITHUB_TOKEN=TOKEN).returncode == 0
    assert not canary.exists()


def test_G01_a_branch_that_others_pushed_to_goes_on_from_there(start: Start, project: Path, tmp_path: Path) -> None:
    server = start("github")
    joined(project, server)
    git(tmp_path, "clone", "-q", str(server.bare), "other")
    other = tmp_path / "other"
    git(other, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "--allow-empty", "-m", "theirs")
    git(other, "push", "-q", "origin", "HEAD:overlay/pin-prod")
    done = overlay(project, *PIN, "--forge=github", GITHUB_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    subjects = git(server.bare, "log", "--format=%s", "overlay/pin-prod").splitlines()
    assert subjects == ["prod: pin image shop/web to 2.4.2", "theirs", "shop"]


def test_a_branch_that_went_another_way_on_the_remote_is_a_conflict(
    start: Start, project: Path, tmp_path: Path
) -> None:
    server = start("github")
    joined(project, server)
    assert overlay(project, *PIN[:-1], "--branch", "bump").returncode == 0
    git(project, "push", "-q", str(server.bare), "main:bump")
    tree = git(server.bare, "rev-parse", "main^{tree}").strip()
    mine = git(
        server.bare, "-c", "user.name=B", "-c", "user.email=b@x", "commit-tree", "-p", "main", "-m", "theirs", tree
    ).strip()
    git(server.bare, "update-ref", "refs/heads/bump", mine)
    done = overlay(project, *PIN, "--branch", "bump")
    assert (done.returncode, done.stderr) == (
        4,
        "error: the branch bump has other commits here than on the remote\n  hint: rename or delete it\n",
    )
    assert git(server.bare, "rev-parse", "bump").strip() == mine


@pytest.mark.parametrize("is_there", [True, False])
def test_G01_a_branch_that_moves_meanwhile_is_gone_on_from(
    project: Path, tmp_path: Path, git_http: GitServer, *, is_there: bool
) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    bare = tmp_path / "remote.git"
    git(project, "remote", "add", "origin", git_http.url("remote.git"))
    git(project, "push", "-q", str(bare), "main", *(["main:bump"] if is_there else []))

    def theirs() -> None:
        made = git(
            bare, "-c", "user.name=B", "-c", "user.email=b@x", "commit-tree", "-p", "main", "-m", "theirs", "main^{tree}"
        )  # fmt: skip
        git(bare, "update-ref", "refs/heads/bump", made.strip())

    git_http.faults = {"GET git-receive-pack": [meanwhile(theirs)]}
    done = overlay(project, *PIN, "--branch", "bump")
    assert done.returncode == 0, done.stderr
    expected = "prod: pin image shop/web to 2.4.2\ntheirs\nshop\n"
    assert [git(place, "log", "--format=%s", "bump") for place in (bare, project)] == [expected] * 2


def test_a_branch_that_was_merged_and_deleted_begins_anew(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", f"{tmp_path}/remote.git")
    git(project, "push", "-q", "origin", "main")
    assert overlay(project, *PIN).returncode == 0
    git(project, "merge", "-q", "overlay/pin-prod")
    git(project, "commit", "-q", "--allow-empty", "-m", "more")
    git(project, "push", "-q", "origin", "main", ":overlay/pin-prod")
    done = overlay(project, "pin", "prod", "--image", "shop/web=2.4.3", "--pull-request")
    assert done.returncode == 0, done.stderr
    assert git(project, "log", "--format=%s", "main..overlay/pin-prod") == "prod: pin image shop/web to 2.4.3\n"
    assert git(project, "merge-base", "main", "overlay/pin-prod") == git(project, "rev-parse", "main")


def test_G26_who_lends_objects_is_asked_by_no_program_of_the_repository(
    start: Start, project: Path, tmp_path: Path
) -> None:
    server = start("github")
    joined(project, server)
    git(tmp_path, "clone", "-q", "--bare", str(project), "lender.git")
    (project / ".git/objects/info/alternates").write_text(f"{tmp_path}/lender.git/objects\n")
    git(project, "config", "core.alternateRefsCommand", f"touch {tmp_path}/canary; echo")
    # A commit that is not here is fetched into this repository.
    git(tmp_path, "clone", "-q", "-b", "main", str(server.bare), "other")
    git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "--allow-empty", "-m", "more")
    git(tmp_path / "other", "push", "-q", "origin", "HEAD:overlay/pin-prod")
    assert overlay(project, *PIN).returncode == 0
    assert not (tmp_path / "canary").exists()


def test_G04_what_the_remote_says_when_it_refuses_is_told(start: Start, project: Path) -> None:
    server = start("github")
    joined(project, server)
    hook = server.bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'signed commits only \x1b[31m' >&2\nexit 1\n")
    hook.chmod(0o755)
    done = overlay(project, *PIN, "--forge=github", GITHUB_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {server.url} refuses the branch: [remote rejected] (pre-receive hook declined) "
        "(signed commits only \\x1b[31m)\n",
    )
    assert server.calls == []


def test_G16_a_remote_that_is_not_there_is_named(project: Path) -> None:
    done = overlay(project, *PIN)
    assert (done.returncode, done.stderr) == (
        2,
        "error: there is no remote 'origin'\n"
        "  hint: add one with `git remote add origin URL`, or name it with --remote\n",
    )


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% x",
        "git://h/a/b",
        "http://example.com/a/b",
        "ssh://-oProxyCommand=x/a",
        "x@-oP:a/b",
        "ftp://h/a",
    ],
)
def test_G25_G29_remotes_of_other_kinds_are_refused(project: Path, url: str) -> None:
    git(project, "config", "remote.origin.url", url)
    done = overlay(project, *PIN)
    assert done.returncode == 2
    assert (
        "is no URL of a remote that is used" in done.stderr or "only https://, ssh://, file:// and paths" in done.stderr
    )
    assert not (project / "x").exists()


# The interface alone, with patience for a test.


def proposals(server: ForgeServer, token: str = TOKEN, waits: list[float] | None = None) -> Proposals:
    patience = Patience(total=20, connect=2, idle=2, attempts=3, longest_wait=30)
    client = Client(patience, sleep=(waits if waits is not None else []).append)
    found = read_remote(server.url)
    assert found is not None
    return Proposals(
        client, Forge(kind=server.kind, is_sure=True), found, VARIABLES[server.kind], token, plain_http=None
    )


WANTED = Wanted(head="bump/web", base="main", title="bump", body="text")


@pytest.mark.parametrize("kind", FORGES)
def test_one_of_a_fork_or_into_another_branch_is_another(kind: str, start: Start) -> None:
    server = start(kind)
    server.add("bump/web", fork="mallory")
    server.add("bump/web", base="release")
    assert proposals(server).propose(WANTED).action == "opened"
    assert proposals(server).propose(WANTED) == Proposed(action="updated", number=3, url=address(server, 3))
    assert [one["title"] for one in server.pulls.values()] == ["old", "old", "bump"]


def test_gitea_is_asked_page_by_page(start: Start) -> None:
    server = start("gitea")
    for number in range(70):
        server.add(f"b{number}")
    server.add("bump/web")
    assert proposals(server).propose(WANTED).number == 71
    assert [path[-6:] for _, path in server.calls] == ["page=1", "page=2", "lls/71"]


@pytest.mark.parametrize("kind", FORGES)
def test_a_busy_forge_is_asked_again_when_it_says(kind: str, start: Start) -> None:
    server = start(kind)
    server.faults = [failing(503, Retry_After="7"), None, failing(502), None, None, failing(429, Retry_After="3")]
    waits: list[float] = []
    assert proposals(server, waits=waits).propose(WANTED).number == 1
    assert (waits[0], len(waits)) == (7.0, 2)
    assert proposals(server, waits=waits).propose(WANTED).action == "updated"
    assert len(server.pulls) == 1


@pytest.mark.parametrize("kind", FORGES)
@pytest.mark.parametrize("fault", [dropped, failing(502), failing(504)])
def test_an_answer_that_got_lost_opens_no_second_one(kind: str, fault: Callable, start: Start) -> None:
    server = start(kind)
    server.after = [fault]
    assert proposals(server).propose(WANTED) == Proposed(action="updated", number=1, url=address(server))
    assert len(server.pulls) == 1


@pytest.mark.parametrize("kind", FORGES)
def test_one_that_somebody_opens_meanwhile_is_updated(kind: str, start: Start) -> None:
    server = start(kind)

    def faster(handler: object) -> None:
        server.add("bump/web")
        server.send(handler, 200, [])  # type: ignore[arg-type]

    server.faults = [faster]
    assert proposals(server).propose(WANTED).action == "updated"
    assert len(server.pulls) == 1


def test_a_forge_that_stays_busy_is_temporary(start: Start) -> None:
    server = start("github")
    server.faults = [failing(503, {"message": f"try later {TOKEN}"})] * 9
    with pytest.raises(Temporary) as caught:
        proposals(server).propose(WANTED)
    host = server.web.host.partition(":")[0]
    assert caught.value.message == f"GitHub ({host}) answers 503 (try later ***) (asked 3 times)"
    assert caught.value.hint == "the branch is pushed; run the same command again later"


@pytest.mark.parametrize("kind", FORGES)
def test_a_token_that_is_wrong_is_told_by_its_variable(kind: str, start: Start) -> None:
    server = start(kind)
    with pytest.raises(ForgeError) as caught:
        proposals(server, token="other").propose(WANTED)
    assert (
        caught.value.message
        == f"{NAME[kind]} (127.0.0.1) does not accept the token in {VARIABLES[kind]} (Bad credentials)"
    )


@pytest.mark.parametrize("kind", FORGES)
def test_what_a_forge_refuses_is_told_in_its_words(kind: str, start: Start) -> None:
    server = start(kind)
    found = {"message": "Validation Failed", "errors": [{"message": f"No commits {TOKEN}\n\x1b[1m"}]}
    server.faults = [None, failing(422, found)]
    with pytest.raises(ForgeError) as caught:
        proposals(server).propose(WANTED)
    assert caught.value.message == (
        f"{NAME[kind]} (127.0.0.1) refuses to open a {WORD[kind]} of acme/shop: 422 (Validation Failed; No commits *** \\x1b[1m)"
    )
    server.faults = [failing(403)]
    with pytest.raises(ForgeError) as caught:
        proposals(server).propose(WANTED)
    assert caught.value.message == (
        f"{NAME[kind]} (127.0.0.1) does not let the token in {VARIABLES[kind]} list {WORD[kind]}s of acme/shop"
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_V5_a_redirect_never_sees_the_token(status: int, start: Start) -> None:
    server, other = start("github"), start("github")
    server.faults = [failing(status, Location=f"{other.web.url}/api/v3/repos/acme/shop/pulls")]
    with pytest.raises(ForgeError) as caught:
        proposals(server).propose(WANTED)
    assert "redirects" in caught.value.message and "with a token that is never followed" in caught.value.message
    assert other.calls == []


def test_a_page_in_the_place_of_json_is_told(start: Start) -> None:
    server = start("github")
    server.faults = [lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")]
    with pytest.raises(ForgeError, match="does not answer with JSON"):
        proposals(server).propose(WANTED)


REMOTES = [
    ("https://github.com/acme/shop.git", "github.com", "https://github.com", "acme/shop"),
    ("git@github.com:acme/shop.git", "github.com", "https://github.com", "acme/shop"),
    ("ssh://git@ssh.github.com:443/acme/shop.git", "github.com", "https://github.com", "acme/shop"),
    ("ssh://git@gitlab.acme.example:2222/a/b/shop", "gitlab.acme.example", "https://gitlab.acme.example", "a/b/shop"),
    ("https://user:pw@git.acme.example:8443/a/shop/", "git.acme.example", "https://git.acme.example:8443", "a/shop"),
    ("git@[::1]:a/shop.git", "::1", "https://[::1]", "a/shop"),
]


@pytest.mark.parametrize(("url", "host", "web", "path"), REMOTES)
def test_a_remote_tells_host_and_project(url: str, host: str, web: str, path: str) -> None:
    assert read_remote(url) == Project(host=host, web=web, path=path)


@pytest.mark.parametrize(
    "url",
    [
        "/srv/shop.git",
        "../shop",
        "file:///srv/a/b",
        "https://h/only",
        "https://h/a/b?x#y z",
        "https://h/a/../b c",
        "https://[/a/b",
    ],
)
def test_what_is_no_project_of_a_host_has_no_pull_requests(url: str) -> None:
    found = read_remote(url)
    assert found is None or found.path == "a/b"


FOUND = [
    ("github.com", {}, Forge(kind="github", is_sure=True), "https://api.github.com"),
    ("gitlab.com", {}, Forge(kind="gitlab", is_sure=True), "https://gitlab.com/api/v4"),
    ("codeberg.org", {}, Forge(kind="gitea", is_sure=True), "https://codeberg.org/api/v1"),
    ("github.acme.example", {}, Forge(kind="github", is_sure=False), "https://github.acme.example/api/v3"),
    ("forgejo.acme.example", {}, Forge(kind="gitea", is_sure=False), "https://forgejo.acme.example/api/v1"),
    ("git.acme.example", {"CI_SERVER_URL": "https://git.acme.example"}, Forge(kind="gitlab", is_sure=True), "https://git.acme.example/api/v4"),
    ("git.acme.example", {"GITHUB_SERVER_URL": "https://git.acme.example", "GITEA_ACTIONS": "true"}, Forge(kind="gitea", is_sure=True), "https://git.acme.example/api/v1"),
    ("mygithub.example", {}, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("host", "env", "forge", "base"), FOUND)
def test_a_forge_is_known_by_its_host(host: str, env: dict[str, str], forge: Forge | None, base: str) -> None:
    project = Project(host=host, web=f"https://{host}", path="a/b")
    assert find_forge(project, None, env) == forge
    if forge is not None:
        assert base_of(forge, project) == base
        tokens = {"GITHUB_TOKEN": "a", "GITLAB_TOKEN": "a", "GITEA_TOKEN": "a"}
        assert bool(find_token(forge, tokens)[1]) == forge.is_sure


def test_tokens_are_looked_for_in_their_order_and_have_no_line_ends() -> None:
    forge = Forge(kind="gitlab", is_sure=True)
    assert find_token(forge, {"CI_JOB_TOKEN": "job"}) == ("CI_JOB_TOKEN", "job")
    assert find_token(forge, {"CI_JOB_TOKEN": "job", "GITLAB_TOKEN": "mine\n"}) == ("GITLAB_TOKEN", "mine")
    assert login(forge, "CI_JOB_TOKEN") == "gitlab-ci-token"
    with pytest.raises(UsageError, match="the token in GITLAB_TOKEN has spaces"):
        find_token(forge, {"GITLAB_TOKEN": "a\nX-Evil: 1"})


def test_names_are_quoted_in_links() -> None:
    project = Project(host="h", web="https://h", path="a/b")
    wanted = Wanted(head="x&y=#z/ü", base="main", title="", body="")
    assert link(Forge(kind="gitlab", is_sure=True), project, wanted).endswith(
        "source_branch%5D=x%26y%3D%23z%2F%C3%BC&merge_request%5Btarget_branch%5D=main"
    )
    assert (
        link(Forge(kind="gitea", is_sure=True), project, wanted) == "https://h/a/b/compare/main...x%26y%3D%23z/%C3%BC"
    )


def test_the_environment_of_git_has_no_token_in_its_arguments(start: Start, project: Path, tmp_path: Path) -> None:
    server = start("github")
    joined(project, server)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\necho "$*" >> {folder}/log\nexec {shutil.which("git")} "$@"\n')
    (folder / "git").chmod(0o755)
    done = overlay(project, *PIN, "--forge=github", GITHUB_TOKEN=TOKEN, PATH=f"{folder}:{os.environ['PATH']}")
    assert done.returncode == 0
    assert "push" in (folder / "log").read_text() and TOKEN not in (folder / "log").read_text()


SHIM = """#!/bin/sh
count=$(cat {folder}/count 2>/dev/null || echo 0)
echo $((count + 1)) > {folder}/count
{git} "$@"; code=$?; [ "$count" = {at} ] && kill -9 $PPID; exit $code
"""


def test_G11_G12_killed_after_any_call_of_git_the_same_command_ends_with_one_pull_request(
    start: Start, project: Path, tmp_path: Path
) -> None:
    server = start("gitea")
    joined(project, server)
    words = (*PIN, "--forge=gitea", "--branch")
    for at in range(0, 200, 5):
        folder = tmp_path / f"shim{at}"
        folder.mkdir()
        (folder / "git").write_text(SHIM.format(folder=folder, git=shutil.which("git"), at=at))
        (folder / "git").chmod(0o755)
        code = overlay(project, *words, f"b{at}", GITEA_TOKEN=TOKEN, PATH=f"{folder}:{os.environ['PATH']}").returncode
        again = overlay(project, *words, f"b{at}", GITEA_TOKEN=TOKEN)
        assert again.returncode == 0, again.stderr
        assert git(server.bare, "rev-list", "--count", f"main..b{at}") == "1\n"
        assert git(server.bare, "show", f"b{at}:{DOCUMENT}") == NEW
        assert [one["head"] for one in server.pulls.values()].count(f"b{at}") == 1
        assert (git(project, "status", "--porcelain"), (project / DOCUMENT).read_text()) == ("", PROD)
        if code == 0:
            break
        assert code == -9
    else:
        pytest.fail("the run never ended by itself")
    assert at > 20


def test_commits_that_come_along_are_counted(start: Start, project: Path) -> None:
    server = start("github")
    joined(project, server)
    git(project, "commit", "-q", "--allow-empty", "-m", "mine")
    done = overlay(project, *PIN)
    assert done.stderr.splitlines()[0] == "commits of main that origin does not have yet come with it: 1"


def test_V5_tls_is_verified_before_the_token_is_sent(
    authority: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = ForgeServer("github", tmp_path / "tls", certificate=authority[1])
    try:
        with pytest.raises(FetchError, match=r"the certificate of .* is not trusted"):
            proposals(server).propose(WANTED)
        assert server.calls == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))
        assert proposals(server).propose(WANTED) == Proposed(action="opened", number=1, url=address(server))
    finally:
        server.close()
