"""A forge on loopback: the interfaces of GitHub, GitLab and Gitea for pull requests, over a repository that Git can push to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.fetch.servers import Handler, Web, git_backend, send
from tests.source.projects import git

TOKEN = "s3cret-token"
LISTS = {
    "github": re.compile(r"/api/v3/repos/(acme/shop)/pulls(?:/(\d+))?"),
    "gitlab": re.compile(r"/api/v4/projects/(acme%2Fshop)/merge_requests(?:/(\d+))?"),
    "gitea": re.compile(r"/api/v1/repos/(acme/shop)/pulls(?:/(\d+))?"),
}
CREDENTIALS = {
    "github": ("authorization", f"Bearer {TOKEN}"),
    "gitlab": ("private-token", TOKEN),
    "gitea": ("authorization", f"token {TOKEN}"),
}
VARIABLES = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}

Fault = Callable[[Handler], None]


class ForgeServer:
    """Speaks as one kind of forge; asks Git for the token, too, where it is private.

    calls: (method, path) of every request to the interface. faults: answers given in the place of the real ones, one
    per call; `after` those whose request was done nevertheless. pulls: what is open, by number.
    """

    def __init__(self, kind: str, folder: Path, login: str = "", certificate: Path | None = None) -> None:
        self.kind = kind
        self.calls: list[tuple[str, str]] = []
        self.faults: list[Fault | None] = []
        self.after: list[Fault | None] = []
        self.pulls: dict[int, dict[str, Any]] = {}
        self.bare = folder / "acme/shop.git"
        self.bare.mkdir(parents=True)
        git(self.bare, "init", "-q", "--bare", "-b", "main")
        git(self.bare, "config", "http.receivepack", "true")
        self.backend = git_backend(folder, login)
        self.web = Web(certificate)
        self.web.answers["*"] = self.answer
        self.url = f"{self.web.url}/acme/shop.git"

    def close(self) -> None:
        self.web.close()

    def add(self, head: str, base: str = "main", **more: Any) -> int:
        """Open a pull request, as a person would have."""
        number = len(self.pulls) + 1
        self.pulls[number] = {"head": head, "base": base, "title": "old", "body": "old", **more}
        return number

    def answer(self, handler: Handler) -> None:
        if not handler.path.startswith("/api/"):
            self.backend(handler)
            return
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.calls.append((handler.command, handler.path))
        name, wanted = CREDENTIALS[self.kind]
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            fault(handler)
            return
        path, _, query = handler.path.partition("?")
        match = LISTS[self.kind].fullmatch(path)
        if handler.headers.get(name) != wanted:
            self.send(handler, 401, {"message": "Bad credentials"})
        elif match is None:
            self.send(handler, 404, {"message": "Not Found"})
        elif handler.command == "GET":
            self.send(handler, 200, self.listed({key: texts[0] for key, texts in parse_qs(query).items()}))
        elif handler.command == "POST":
            self.create(handler, json.loads(body))
        else:
            assert handler.command == ("PUT" if self.kind == "gitlab" else "PATCH")
            found = json.loads(body)
            pull = self.pulls[int(match[2])]
            pull |= {"title": found["title"], "body": found["description" if self.kind == "gitlab" else "body"]}
            self.send(handler, 200, self.shown(int(match[2])))

    def create(self, handler: Handler, found: dict[str, Any]) -> None:
        if self.kind == "gitlab":
            head, base, text = found["source_branch"], found["target_branch"], found["description"]
        else:
            head, base, text = found["head"], found["base"], found["body"]
        if any((one["head"], one["base"]) == (head, base) and "fork" not in one for one in self.pulls.values()):
            words = "A pull request already exists for acme:x."
            found = (
                {"message": "Validation Failed", "errors": [{"message": words}]}
                if self.kind == "github"
                else {"message": [words]}
            )
            self.send(handler, 422 if self.kind == "github" else 409, found)
            return
        number = self.add(head, base, title=found["title"], body=text)
        fault = self.after.pop(0) if self.after else None
        if fault is not None:
            fault(handler)
            return
        self.send(handler, 201, self.shown(number))

    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        numbers = list(self.pulls)
        if self.kind == "github":
            assert query["state"] == "open" and query["head"].startswith("acme:")
            numbers = [
                at
                for at in numbers
                if (self.pulls[at]["head"], self.pulls[at]["base"]) == (query["head"][5:], query["base"])
            ]
        elif self.kind == "gitlab":
            assert query["state"] == "opened"
            numbers = [
                at for at in numbers
                if (self.pulls[at]["head"], self.pulls[at]["base"]) == (query["source_branch"], query["target_branch"])
            ]  # fmt: skip
        else:
            start = (int(query["page"]) - 1) * int(query["limit"])
            numbers = numbers[start : start + int(query["limit"])]
        return [self.shown(at) for at in numbers]

    def shown(self, number: int) -> dict[str, Any]:
        one = self.pulls[number]
        if self.kind == "gitlab":
            return {
                "id": 1000 + number, "iid": number, "web_url": f"{self.web.url}/acme/shop/-/merge_requests/{number}",
                "source_branch": one["head"], "target_branch": one["base"], "title": one["title"], "state": "opened",
                "source_project_id": 8 if "fork" in one else 7, "target_project_id": 7,
            }  # fmt: skip
        owner = one.get("fork", "acme")
        return {
            "id": 1000 + number, "number": number, "html_url": f"{self.web.url}/acme/shop/pull/{number}",
            "head": {"ref": one["head"], "repo": {"full_name": f"{owner}/shop"}}, "title": one["title"],
            "base": {"ref": one["base"], "repo": {"full_name": "acme/shop"}}, "state": "open",
        }  # fmt: skip

    def send(self, handler: Handler, status: int, found: Any) -> None:
        send(handler, status, json.dumps(found).encode(), Content_Type="application/json")


def failing(status: int, found: Any = None, **headers: str) -> Fault:
    return lambda handler: send(handler, status, json.dumps(found or {}).encode(), **headers)


def dropped(handler: Handler) -> None:
    """Break off without an answer."""
    handler.close_connection = True


def decoded(calls: list[tuple[str, str]]) -> list[str]:
    return [f"{method} {unquote(path)}" for method, path in calls]
