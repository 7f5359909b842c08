"""A pull request opened, or the open one updated, through a forge's interface."""

from __future__ import annotations

import time

from overlay.errors import ForgeError, Temporary
from overlay.fetch.retry import RETRIED, retry_after
from overlay.model.value import value
from overlay.source.forge import REQUESTS, ask_create, ask_open, ask_update, has_more, read_one, read_open
from overlay.source.interface import Interface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.http import Client
    from overlay.source.forge import Forge, Opened, Project, Wanted

_EXISTS = (409, 422)


@value(kw_only=True)
class Proposed:
    """What was done: `opened` or `updated`; `linked` where only the page to open one is known (number 0)."""

    action: str
    number: int
    url: str


class Proposals:
    """Asks one forge for the pull requests of one project."""

    def __init__(
        self, client: Client, forge: Forge, project: Project, variable: str, token: str, *, plain_http: bool | None
    ) -> None:
        """`variable`: which one holds the token; plain_http: as of `parse`."""
        later = "the branch is pushed; run the same command again later"
        self.forge = forge
        self.project = project
        self.interface = Interface(client, forge, project, variable, token, plain_http=plain_http, later=later)
        self._words = REQUESTS[forge.kind]

    def propose(self, wanted: Wanted) -> Proposed:
        """Open the pull request, or give the open one its new title and text.

        Asking again after an answer that was lost finds what it did. Raises ForgeError, Temporary.
        """
        interface = self.interface
        end = time.monotonic() + interface.client.patience.total
        attempt = 0
        while True:
            attempt += 1
            found = self._find(wanted)
            if found is not None:
                update = ask_update(self.forge, self.project, wanted, found.number)
                interface.checked(interface.patiently(update), f"update a {self._words}")
                return Proposed(action="updated", number=found.number, url=found.url)
            failure, asked = None, None
            try:
                answer = interface.once(ask_create(self.forge, self.project, wanted))
                if answer.status in _EXISTS and attempt == 1 and self._find(wanted) is not None:
                    continue
                if answer.status not in RETRIED:
                    return self._opened(interface.checked(answer, f"open a {self._words}", 201))
                failure, asked = interface.busy(answer), retry_after(answer.headers.get("retry-after"), time.time())
            except Temporary as error:
                failure = error
            interface.wait(attempt, asked, end, failure)

    def _opened(self, answer: Any) -> Proposed:
        made = read_one(self.forge, answer)
        if made is None:
            raise ForgeError(f"{self.interface.name} opened a {self._words}, but does not say which")
        return Proposed(action="opened", number=made.number, url=made.url)

    def _find(self, wanted: Wanted) -> Opened | None:
        page = 1
        while True:
            ask = ask_open(self.forge, self.project, wanted, page)
            answer = self.interface.checked(self.interface.patiently(ask), f"list {self._words}s")
            found = read_open(self.forge, self.project, wanted, answer)
            if found is not None or not has_more(self.forge, answer, page):
                return found
            page += 1
