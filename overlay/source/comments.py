"""The one comment that a pull request of GitHub has from us: found again by its marker, and written anew."""

from __future__ import annotations

from urllib.parse import quote

from overlay.errors import ForgeError, Temporary
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.source.forge import Ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.source.event import Meant
    from overlay.source.interface import Interface

_PER_PAGE = 100
_PAGES = 50


@value(kw_only=True)
class Posted:
    """What was done: `posted`, `updated`, `unchanged`, or `outdated` where the pull request has moved on."""

    action: str
    number: int
    url: str


class Comments:
    """The comments of a repository's pull requests."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self._base = f"/repos/{interface.project.path}"

    def post(self, meant: Meant, marker: str, body: str) -> Posted:
        """Write the comment, or the one that is there anew; raises ForgeError, Temporary.

        marker: how the comment begins. One that somebody else wrote is left alone, whatever it begins with.
        """
        number = meant.number or self._number(meant)
        if not number:
            return Posted(action="outdated", number=0, url="")
        login = self._login()
        known = self._find(number, marker, login)
        if known is None:
            return self._create(number, marker, body, login)
        if known["body"] == body:
            return Posted(action="unchanged", number=number, url=_page(known))
        answer = self.interface.patiently(
            Ask(method="PATCH", path=f"{self._base}/issues/comments/{known['id']}", body={"body": body})
        )
        return Posted(action="updated", number=number, url=_page(self.interface.checked(answer, "change comments")))

    def _create(self, number: int, marker: str, body: str, login: str) -> Posted:
        ask = Ask(method="POST", path=f"{self._base}/issues/{number}/comments", body={"body": body})
        try:
            answer = self.interface.once(ask)
        except Temporary:
            # It may have been written all the same.
            known = self._find(number, marker, login)
            if known is not None:
                return Posted(action="posted", number=number, url=_page(known))
            raise
        return Posted(action="posted", number=number, url=_page(self.interface.checked(answer, "write comments", 201)))

    def _number(self, meant: Meant) -> int:
        """Return the open pull request whose tip is the commit; 0 where there is none any more."""
        head = quote(f"{meant.owner}:{meant.branch}", safe="")
        for one in self._pages(f"{self._base}/pulls?state=open&head={head}", "list pull requests"):
            found, base = one.get("head") or {}, (one.get("base") or {}).get("repo") or {}
            here = str(base.get("full_name", "")).lower() == self.interface.project.path.lower()
            if here and found.get("sha") == meant.commit and type(one.get("number")) is int:
                return int(one["number"])
        return 0

    def _login(self) -> str:
        """Return whose token it is; empty for one of an app, which may not ask."""
        answer = self.interface.patiently(Ask(method="GET", path="/user"))
        if answer.status in (401, 403, 404):
            return ""
        return str(self.interface.checked(answer, "tell whose it is").get("login", ""))

    def _find(self, number: int, marker: str, login: str) -> dict[str, Any] | None:
        for one in self._pages(f"{self._base}/issues/{number}/comments?", "list comments"):
            user = one.get("user") or {}
            # No person can be a bot: what begins like ours is ours or another app's that was asked to.
            ours = user.get("login") == login if login else user.get("type") == "Bot"
            if (
                ours
                and isinstance(one.get("body"), str)
                and one["body"].startswith(marker)
                and type(one.get("id")) is int
            ):
                return one
        return None

    def _pages(self, path: str, doing: str) -> Iterator[dict[str, Any]]:
        join = "" if path.endswith("?") else "&"
        for page in range(1, _PAGES + 1):
            ask = Ask(method="GET", path=f"{path}{join}per_page={_PER_PAGE}&page={page}")
            found = self.interface.checked(self.interface.patiently(ask), doing)
            if not isinstance(found, list):
                raise ForgeError(f"{self.interface.name} does not answer with a list to: {doing}")
            yield from [one for one in found if isinstance(one, dict)]
            if len(found) < _PER_PAGE:
                return


def _page(answer: Any) -> str:
    url = answer.get("html_url") if isinstance(answer, dict) else None
    return printable(url)[:2000] if isinstance(url, str) and url.startswith(("https://", "http://")) else ""
