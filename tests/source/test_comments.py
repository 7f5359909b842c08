"""`overlay post` against a server that speaks GitHub's interface for comments, with the variables and events of its runner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.fetch.servers import Handler, Web, send

TOKEN = "s3cret-token"
BASE = "/api/v3"
SHA, OLD = "a" * 40, "b" * 40
MARK = "<!-- overlay:check -->"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


class GitHub:
    """Pull requests and their comments; faults: answers in the place of the next ones; lost: done, but unanswered."""

    def __init__(self) -> None:
        self.web = Web()
        self.web.answers["*"] = self.answer
        self.comments: list[dict[str, Any]] = []
        self.pulls = [self.pull(7, SHA)]
        self.calls: list[str] = []
        self.faults: list[int | None] = []
        self.lost = 0
        self.login = ""

    def pull(self, number: int, sha: str, base: str = "acme/shop") -> dict[str, Any]:
        return {"number": number, "head": {"sha": sha}, "base": {"repo": {"full_name": base}}}

    def add(self, body: str, user: dict[str, str] = BOT, number: int = 7) -> dict[str, Any]:
        comment_id = len(self.comments) + 1
        url = f"{self.web.url}/acme/shop/pull/{number}#issuecomment-{comment_id}"
        self.comments.append({"id": comment_id, "body": body, "user": user, "html_url": url, "issue": number})
        return self.comments[-1]

    def answer(self, handler: Handler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path, _, query = handler.path.partition("?")
        asked = {key: texts[0] for key, texts in parse_qs(query).items()}
        self.calls.append(f"{handler.command} {path.removeprefix(BASE)}")
        fault = self.faults.pop(0) if self.faults else None
        found: Any
        if fault is not None:
            status, found = fault, {"message": f"no, {TOKEN}"}
        elif handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, found = 401, {"message": "Bad credentials"}
        else:
            status, found = self.do(handler.command, path.removeprefix(BASE), asked, json.loads(body or b"{}"))
        if self.lost and handler.command == "POST":
            self.lost -= 1
            handler.close_connection = True
            handler.connection.close()
            return
        send(handler, status, json.dumps(found).encode(), Content_Type="application/json")

    def do(self, method: str, path: str, asked: dict[str, str], given: dict[str, Any]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        if path == "/user":
            return (200, {"login": self.login}) if self.login else (403, {"message": "not by integration"})
        if parts[:3] != ["repos", "acme", "shop"]:
            return 404, {"message": "Not Found"}
        if parts[3:] == ["pulls"]:
            assert asked["state"] == "open"
            assert asked["head"] == "ada:feature/x"
            return 200, self.pulls
        if len(parts) == 6 and parts[5] == "comments":
            if method == "POST":
                return 201, self.add(given["body"], number=int(parts[4]))
            start = (int(asked["page"]) - 1) * int(asked["per_page"])
            own = [one for one in self.comments if one["issue"] == int(parts[4])]
            return 200, own[start : start + int(asked["per_page"])]
        assert method == "PATCH"
        comment = self.comments[int(parts[5]) - 1]
        comment["body"] = given["body"]
        return 200, comment


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    yield server
    server.web.close()


def post(
    github: GitHub, folder: Path, text: str, *arguments: str, name: str = "pull_request", event: Any = None, **env: str
) -> subprocess.CompletedProcess[str]:
    (folder / "report.md").write_text(text)
    (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7}} if event is None else event))
    variables = {
        "GITHUB_SERVER_URL": github.web.url, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(folder / "event.json"), "GITHUB_RUN_ID": "42", "GITHUB_TOKEN": TOKEN, **env,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "overlay", "post", "report.md", *arguments], cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, **variables},
    )  # fmt: skip
    assert TOKEN not in done.stdout + done.stderr
    return done


def ended(github: GitHub, **more: Any) -> dict[str, Any]:
    """Return the event of a run that ended."""
    run = {
        "id": 41, "event": "pull_request", "head_sha": SHA, "head_branch": "feature/x",
        "repository": {"full_name": "acme/shop"}, "head_repository": {"owner": {"login": "ada"}}, "pull_requests": [],
        **more,
    }  # fmt: skip
    return {"workflow_run": run}


def test_a_pull_request_has_one_comment_that_is_written_anew(github: GitHub, tmp_path: Path) -> None:
    github.add("I like it", {"login": "ada", "type": "User"})
    first = post(github, tmp_path, "prod: 1 changed\n")
    page = f"{github.web.url}/acme/shop/pull/7#issuecomment-2"
    assert (first.returncode, first.stdout, first.stderr) == (0, f"posted the comment of pull request 7: {page}\n", "")
    assert github.comments[1]["body"] == (
        f"{MARK}\n### overlay\n\n[The whole report]({github.web.url}/acme/shop/actions/runs/42)\n\nprod: 1 changed\n"
    )
    assert post(github, tmp_path, "prod: 2 changed\n").stdout == f"updated the comment of pull request 7: {page}\n"
    assert "prod: 2 changed" in github.comments[1]["body"]
    before = len(github.calls)
    again = post(github, tmp_path, "prod: 2 changed\n", "-o", "json")
    assert json.loads(again.stdout) == {
        "apiVersion": "overlay.dev/v1", "kind": "Posted", "action": "unchanged", "number": 7, "url": page,
    }  # fmt: skip
    assert {call.split()[0] for call in github.calls[before:]} == {"GET"}
    assert len(github.comments) == 2


def test_the_comment_is_found_behind_a_hundred_others(github: GitHub, tmp_path: Path) -> None:
    for _ in range(250):
        github.add("talk", {"login": "ada", "type": "User"})
    github.add(f"{MARK}\nold")
    assert post(github, tmp_path, "new\n").stdout.startswith("updated the comment")
    assert len(github.comments) == 251


def test_a_comment_of_somebody_else_is_left_alone_whatever_it_begins_with(github: GitHub, tmp_path: Path) -> None:
    github.add(f"{MARK}\nall is well, merge it", {"login": "mallory", "type": "User"})
    assert post(github, tmp_path, "one error\n").stdout.startswith("posted the comment")
    assert github.comments[0]["body"] == f"{MARK}\nall is well, merge it"
    github.login = "ada"
    github.add(f"{MARK}\nof a bot")
    assert post(github, tmp_path, "one error\n").stdout.startswith("posted the comment")


def test_two_projects_of_one_repository_have_a_comment_each(github: GitHub, tmp_path: Path) -> None:
    for name in ("check", "other", "check"):
        assert post(github, tmp_path, f"of {name}\n", "--name", name).returncode == 0
    assert [one["body"].partition("\n")[0] for one in github.comments] == [MARK, "<!-- overlay:other -->"]


def test_C02_a_run_that_ended_is_commented_by_the_commit_that_it_checked(github: GitHub, tmp_path: Path) -> None:
    github.pulls = [github.pull(5, OLD), github.pull(6, SHA, "evil/shop"), github.pull(7, SHA)]
    done = post(github, tmp_path, "fine\n", name="workflow_run", event=ended(github))
    assert done.stdout.startswith("posted the comment of pull request 7: ")
    assert "[The whole report](" + github.web.url + "/acme/shop/actions/runs/41)" in github.comments[0]["body"]
    github.pulls = [github.pull(7, OLD)]
    done = post(github, tmp_path, "late\n", name="workflow_run", event=ended(github))
    assert (done.returncode, done.stdout) == (
        0, "no open pull request has the commit that was checked: nothing is posted\n",
    )  # fmt: skip
    assert len(github.comments) == 1


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("push", {}, "the event is push: it means no pull request"),
        (
            "workflow_run",
            {"repository": {"full_name": "mallory/shop"}},
            "the run that ended is not one of acme/shop",
        ),
        ("workflow_run", {"event": "push"}, "the run that ended was not started by a pull request"),
        ("workflow_run", {"head_sha": "$(id)"}, "the run that ended has no commit"),
        ("workflow_run", {"head_repository": None}, "the run that ended does not say which branch it checked"),
        ("workflow_run", {"head_repository": {"owner": {"login": "a/../b"}}}, "the run that ended does not say"),
    ],
)
def test_C14_an_event_that_means_no_pull_request_of_ours_is_refused(
    name: str, change: dict[str, Any], message: str, github: GitHub, tmp_path: Path
) -> None:
    done = post(github, tmp_path, "x\n", name=name, event=ended(github, **change))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert github.calls == []


def test_C04_a_branch_with_any_name_is_only_ever_a_parameter(github: GitHub, tmp_path: Path) -> None:
    asked: list[str] = []
    github.web.answers["*"] = lambda handler: (asked.append(handler.path), send(handler, 200, b"[]"))[1]
    event = ended(github, head_branch='$(id)`id`"; x&state=closed\n')
    done = post(github, tmp_path, "x\n", name="workflow_run", event=event)
    assert done.returncode == 0, done.stderr
    assert asked == [
        f"{BASE}/repos/acme/shop/pulls?state=open&head=ada%3A%24%28id%29%60id%60%22%3B%20x%26state%3Dclosed%0A"
        "&per_page=100&page=1"
    ]


def test_a_busy_server_is_asked_again_and_a_lost_answer_makes_no_second_comment(github: GitHub, tmp_path: Path) -> None:
    github.faults = [503, None, 502]
    assert post(github, tmp_path, "x\n").stdout.startswith("posted the comment")
    github.comments.clear()
    github.lost = 1
    assert post(github, tmp_path, "x\n").stdout.startswith("posted the comment")
    assert len(github.comments) == 1


@pytest.mark.parametrize(
    ("env", "told"),
    [
        (
            {"GITHUB_TOKEN": ""},
            "error: there is no token to comment with\n"
            "  hint: set GITHUB_TOKEN: ${{ github.token }} in the step's env, and permissions: pull-requests: write\n",
        ),
        (
            {"GITHUB_REPOSITORY": "../x"},
            "error: GITHUB_REPOSITORY does not name a repository\n"
            "  hint: this is for jobs of GitHub Actions, which set it\n",
        ),
    ],
)
def test_what_is_missing_is_told(env: dict[str, str], told: str, github: GitHub, tmp_path: Path) -> None:
    done = post(github, tmp_path, "x\n", **env)
    assert (done.returncode, done.stderr) == (2, told)


def test_a_token_without_the_right_is_told_with_the_right_that_it_needs(github: GitHub, tmp_path: Path) -> None:
    github.faults = [None, 403]
    done = post(github, tmp_path, "x\n")
    host = github.web.host.partition(":")[0]
    assert (done.returncode, done.stderr) == (
        2,
        f"error: GitHub ({host}) does not let the token in GITHUB_TOKEN list comments of acme/shop (no, ***)\n"
        "  hint: the token needs the right to read and write them there\n",
    )


def test_C10_what_a_report_says_does_not_act(github: GitHub, tmp_path: Path) -> None:
    text = "@acme/all <!-- overlay:check --> ![x](https://evil.example/x.png)\n::add-mask::x\n"
    post(github, tmp_path, text)
    body = github.comments[0]["body"].partition("\n\n[The whole")[2]
    assert "@acme" not in body
    assert "![" not in body
    assert "<!--" not in body


def test_the_summary_of_a_job_is_added_to(github: GitHub, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    done = post(github, tmp_path, "| a |\n| - |\n| @b |\n", "--to", "summary", GITHUB_STEP_SUMMARY=str(summary))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert summary.read_text() == "before\n### overlay\n\n| a |\n| - |\n| @\u200bb |\n"
    assert github.calls == []
    done = post(github, tmp_path, "x\n", "--to", "summary", GITHUB_STEP_SUMMARY="")
    assert (done.returncode, done.stderr.partition("\n")[0]) == (2, "error: GITHUB_STEP_SUMMARY is not set")
