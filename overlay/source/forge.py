"""The shapes of GitHub's, GitLab's and Gitea's interfaces for pull requests: what is asked, and what answers mean."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from overlay.errors import UsageError
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SCP = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?!//)/?(.+)")
_PATH = re.compile(r"[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)+")
_KNOWN = {
    "github.com": "github", "ssh.github.com": "github", "gitlab.com": "gitlab", "altssh.gitlab.com": "gitlab",
    "codeberg.org": "gitea", "gitea.com": "gitea",
}  # fmt: skip
# Where CI services say which server they belong to.
_SERVERS = {"GITHUB_SERVER_URL": "github", "CI_SERVER_URL": "gitlab", "GITEA_SERVER_URL": "gitea"}
FORGES = ("github", "gitlab", "gitea")
NAMES = {"github": "GitHub", "gitlab": "GitLab", "gitea": "Gitea"}
REQUESTS = {"github": "pull request", "gitlab": "merge request", "gitea": "pull request"}
TOKENS = {
    "github": ("GH_TOKEN", "GITHUB_TOKEN"),  # the order of GitHub's own program
    "gitlab": ("GITLAB_TOKEN", "CI_JOB_TOKEN"),
    "gitea": ("GITEA_TOKEN",),
}
PAGES = 20
_PER_PAGE = 50


@value(kw_only=True)
class Project:
    """A repository on a host. web: `https://host[:port]`. path: `owner/name`, of GitLab also with groups."""

    host: str
    web: str
    path: str

    @property
    def owner(self) -> str:
        return self.path.partition("/")[0]


@value(kw_only=True)
class Forge:
    """Which interface a host speaks.

    is_sure: by its own name or by what the user or the CI service says; a guess never sees a token.
    """

    kind: str
    is_sure: bool


@value(kw_only=True)
class Ask:
    """One request: below the interface's base, with JSON."""

    method: str
    path: str
    body: dict[str, Any] | None = None


@value(kw_only=True)
class Wanted:
    """The pull request that there should be: from `head` into `base`."""

    head: str
    base: str
    title: str
    body: str


@value(kw_only=True)
class Opened:
    """A pull request that is there."""

    number: int
    url: str


def read_remote(url: str) -> Project | None:
    """Return the project that a remote's URL names; None for a local path and for what is no such URL."""
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.scheme not in ("https", "http", "ssh") or not host:
            return None
        path = parts.path
        # The port of SSH is not the one of the web.
        shown = f"[{host}]" if ":" in host else host
        web = f"{parts.scheme}://{shown}{f':{port}' if port else ''}" if parts.scheme != "ssh" else f"https://{shown}"
    else:
        match = _SCP.fullmatch(url)
        if match is None:
            return None
        host, path = match[1].strip("[]"), match[2]
        web = f"https://{match[1]}"
    path = path.strip("/").removesuffix(".git")
    if not _PATH.fullmatch(path):
        return None
    host = host.lower()
    known = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}.get(host)
    return Project(host=known or host, web=f"https://{known}" if known else web, path=path)


def find_forge(project: Project, asked: str | None, env: Mapping[str, str]) -> Forge | None:
    """Return which forge a project's host is: as the user says, by its name, by what CI says, or guessed."""
    if asked:
        return Forge(kind=asked, is_sure=True)
    if project.host in _KNOWN:
        return Forge(kind=_KNOWN[project.host], is_sure=True)
    for name, kind in _SERVERS.items():
        if env.get(name, "").rstrip("/").lower() == project.web.lower():
            # Gitea's and Forgejo's runners speak of themselves as GitHub's do.
            is_gitea = env.get("GITEA_ACTIONS") == "true" or env.get("FORGEJO_ACTIONS") == "true"
            return Forge(kind="gitea" if kind == "github" and is_gitea else kind, is_sure=True)
    labels = project.host.split(".")
    guess = next((kind for kind in (*FORGES, "forgejo") if kind in labels), None)
    return Forge(kind={"forgejo": "gitea"}.get(guess, guess), is_sure=False) if guess else None


def find_token(forge: Forge, env: Mapping[str, str]) -> tuple[str, str]:
    """Return the name of the variable that holds the forge's token, and the token; both empty without one.

    Raises UsageError for a token that would break a header.
    """
    if not forge.is_sure:
        return "", ""
    for name in TOKENS[forge.kind]:
        token = env.get(name, "").strip()
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise UsageError(f"the token in {name} has spaces or characters that no token has")
        if token:
            return name, token
    return "", ""


def base_of(forge: Forge, project: Project) -> str:
    """Return the URL that all requests lie below."""
    if forge.kind == "github":
        return "https://api.github.com" if project.host == "github.com" else f"{project.web}/api/v3"
    return f"{project.web}/api/{'v4' if forge.kind == 'gitlab' else 'v1'}"


def credential(forge: Forge, variable: str, token: str) -> dict[str, str]:
    """Return the headers that carry a token, and what else a forge wants to see."""
    if forge.kind == "github":
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
    if forge.kind == "gitlab":
        name = "JOB-TOKEN" if variable == "CI_JOB_TOKEN" else "PRIVATE-TOKEN"
        return {name: token, "Accept": "application/json"}
    return {"Authorization": f"token {token}", "Accept": "application/json"}


def login(forge: Forge, variable: str) -> str:
    """Return the user name that goes with a token where Git asks for one."""
    if forge.kind == "gitlab":
        return "gitlab-ci-token" if variable == "CI_JOB_TOKEN" else "oauth2"
    return "x-access-token"


def ask_open(forge: Forge, project: Project, wanted: Wanted, page: int) -> Ask:
    """Return how to list the open pull requests that may be the wanted one."""
    if forge.kind == "github":
        head = quote(f"{project.owner}:{wanted.head}", safe="")
        query = f"state=open&head={head}&base={quote(wanted.base, safe='')}"
    elif forge.kind == "gitlab":
        query = f"state=opened&source_branch={quote(wanted.head, safe='')}&target_branch={quote(wanted.base, safe='')}"
    else:
        # Gitea cannot look for a branch: all open ones are listed, page by page.
        query = f"state=open&sort=recentupdate&limit={_PER_PAGE}&page={page}"
    return Ask(method="GET", path=f"{_requests(forge, project)}?{query}")


def read_open(forge: Forge, project: Project, wanted: Wanted, answer: Any) -> Opened | None:
    """Return the wanted one of a list, where it is in it; one of a fork's branch of the same name is another."""
    for one in answer if isinstance(answer, list) else ():
        if not isinstance(one, dict):
            continue
        if forge.kind == "gitlab":
            fits = one.get("source_branch") == wanted.head and one.get("target_branch") == wanted.base
            fits = fits and one.get("source_project_id") == one.get("target_project_id")
        else:
            head, base = one.get("head") or {}, one.get("base") or {}
            name = (head.get("repo") or {}).get("full_name")
            fits = head.get("ref") == wanted.head and base.get("ref") == wanted.base
            fits = fits and (name is None or str(name).lower() == project.path.lower())
        if fits:
            return read_one(forge, one)
    return None


def has_more(forge: Forge, answer: Any, page: int) -> bool:
    """Tell whether a further page may hold the wanted one."""
    return forge.kind == "gitea" and isinstance(answer, list) and len(answer) > 0 and page < PAGES


def ask_create(forge: Forge, project: Project, wanted: Wanted) -> Ask:
    """Return how to open the wanted pull request."""
    if forge.kind == "gitlab":
        body = {
            "source_branch": wanted.head,
            "target_branch": wanted.base,
            "title": wanted.title,
            "description": wanted.body,
        }
    else:
        body = {"head": wanted.head, "base": wanted.base, "title": wanted.title, "body": wanted.body}
    return Ask(method="POST", path=_requests(forge, project), body=body)


def ask_update(forge: Forge, project: Project, wanted: Wanted, number: int) -> Ask:
    """Return how to give an open pull request another title and text."""
    text = "description" if forge.kind == "gitlab" else "body"
    method = "PUT" if forge.kind == "gitlab" else "PATCH"
    body = {"title": wanted.title, text: wanted.body}
    return Ask(method=method, path=f"{_requests(forge, project)}/{number}", body=body)


def read_one(forge: Forge, answer: Any) -> Opened | None:
    """Return the pull request that an answer describes."""
    if not isinstance(answer, dict):
        return None
    number = answer.get("iid" if forge.kind == "gitlab" else "number")
    url = answer.get("web_url" if forge.kind == "gitlab" else "html_url")
    if type(number) is not int or not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return None
    return Opened(number=number, url=printable(url)[:2000])


def link(forge: Forge, project: Project, wanted: Wanted) -> str:
    """Return the page on which a person opens the pull request."""
    if forge.kind == "gitlab":
        head, base = quote(wanted.head, safe=""), quote(wanted.base, safe="")
        query = f"merge_request%5Bsource_branch%5D={head}&merge_request%5Btarget_branch%5D={base}"
        return f"{project.web}/{project.path}/-/merge_requests/new?{query}"
    expand = "?expand=1" if forge.kind == "github" else ""
    return f"{project.web}/{project.path}/compare/{quote(wanted.base)}...{quote(wanted.head)}{expand}"


def _requests(forge: Forge, project: Project) -> str:
    if forge.kind == "gitlab":
        return f"/projects/{quote(project.path, safe='')}/merge_requests"
    return f"/repos/{project.path}/pulls"
