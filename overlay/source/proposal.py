"""A pull request opened, or the open one updated, through a forge's interface.

The token goes to the interface of the remote's own host, in one header, and nowhere else: no redirect is followed, and
nothing that a forge answers is shown without it being taken out.
"""

from __future__ import annotations

import json
import random
import time

from overlay.errors import ForgeError, Temporary
from overlay.fetch.address import parse
from overlay.fetch.retry import RETRIED, next_wait, retry_after
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.source.forge import (
    NAMES,
    REQUESTS,
    ask_create,
    ask_open,
    ask_update,
    base_of,
    credential,
    has_more,
    read_one,
    read_open,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.http import Answer, Client
    from overlay.source.forge import Ask, Forge, Opened, Project, Wanted

_LIMIT = 8 * 1024 * 1024
_EXISTS = (409, 422)


@value(kw_only=True)
class Proposed:
    """What was done: `opened` or `updated`; `linked` where only the page to open one is known (number 0)."""

    action: str
    number: int
    url: str


class Proposals:
    """Asks one forge about one project."""

    def __init__(
        self, client: Client, forge: Forge, project: Project, variable: str, token: str, *, plain_http: bool | None
    ) -> None:
        """`variable`: which one holds the token; plain_http: as of `parse`."""
        self.client = client
        self.forge = forge
        self.project = project
        self.variable = variable
        self._token = token
        self._plain_http = plain_http

    def propose(self, wanted: Wanted) -> Proposed:
        """Open the pull request, or give the open one its new title and text.

        Asking again after an answer that was lost finds what it did. Raises ForgeError, Temporary.
        """
        end = time.monotonic() + self.client.patience.total
        attempt = 0
        while True:
            attempt += 1
            found = self._find(wanted)
            if found is not None:
                update = ask_update(self.forge, self.project, wanted, found.number)
                self._checked(self._patiently(update), update, 200)
                return Proposed(action="updated", number=found.number, url=found.url)
            create = ask_create(self.forge, self.project, wanted)
            failure, asked = None, None
            try:
                answer = self._once(create)
                if answer.status in _EXISTS and attempt == 1 and self._find(wanted) is not None:
                    continue
                if answer.status not in RETRIED:
                    return self._opened(self._checked(answer, create, 201))
                failure, asked = self._busy(answer), retry_after(answer.headers.get("retry-after"), time.time())
            except Temporary as error:
                failure = error
            self._wait(attempt, asked, end, failure)

    def _opened(self, answer: Any) -> Proposed:
        made = read_one(self.forge, answer)
        if made is None:
            raise ForgeError(f"{self._name} opened a {REQUESTS[self.forge.kind]}, but does not say which")
        return Proposed(action="opened", number=made.number, url=made.url)

    def _find(self, wanted: Wanted) -> Opened | None:
        page = 1
        while True:
            ask = ask_open(self.forge, self.project, wanted, page)
            answer = self._checked(self._patiently(ask), ask, 200)
            found = read_open(self.forge, self.project, wanted, answer)
            if found is not None or not has_more(self.forge, answer, page):
                return found
            page += 1

    def _patiently(self, ask: Ask) -> Answer:
        """Return the answer of a request that may be sent any number of times."""
        end = time.monotonic() + self.client.patience.total
        attempt = 0
        while True:
            attempt += 1
            asked = None
            try:
                answer = self._once(ask)
                if answer.status not in RETRIED:
                    return answer
                failure, asked = self._busy(answer), retry_after(answer.headers.get("retry-after"), time.time())
            except Temporary as error:
                failure = error
            self._wait(attempt, asked, end, failure)

    def _wait(self, attempt: int, asked: float | None, end: float, failure: Temporary) -> None:
        wait = next_wait(
            self.client.patience, attempt=attempt, asked=asked, left=end - time.monotonic(), jitter=random.random
        )
        if wait is None:
            times = "once" if attempt == 1 else f"{attempt} times"
            hint = "the branch is pushed; run the same command again later"
            raise Temporary(f"{failure.message} (asked {times})", hint=hint)
        self.client.sleep(wait)

    def _once(self, ask: Ask) -> Answer:
        address = parse(base_of(self.forge, self.project) + ask.path, plain_http=self._plain_http)
        headers = credential(self.forge, self.variable, self._token)
        body = None
        if ask.body is not None:
            body = json.dumps(ask.body).encode()
            headers["Content-Type"] = "application/json"
        return self.client.send(ask.method, address, headers=headers, body=body, limit=_LIMIT)

    def _busy(self, answer: Answer) -> Temporary:
        return Temporary(f"{self._name} answers {answer.status}{self._said(answer)}")

    def _checked(self, answer: Answer, ask: Ask, good: int) -> Any:
        """Return the value of a good answer.

        Raises ForgeError.
        """
        status = answer.status
        if status in (good, 200):
            try:
                return json.loads(answer.body)
            except (ValueError, RecursionError):
                raise ForgeError(f"{self._name} does not answer with JSON at {answer.address}") from None
        if 300 <= status < 400:
            raise ForgeError(
                f"{self._name} redirects {answer.address}; with a token that is never followed",
                hint="was the project renamed? set the remote's URL to the new one",
            )
        said = self._said(answer)
        if status == 401:
            raise ForgeError(f"{self._name} does not accept the token in {self.variable}{said}")
        if status in (403, 404):
            raise ForgeError(
                f"{self._name} does not let the token in {self.variable} {self._doing(ask)} of "
                f"{self.project.path}{said}",
                hint="the token needs the right to read and write them there",
            )
        raise ForgeError(f"{self._name} refuses to {self._doing(ask)} of {self.project.path}: {status}{said}")

    def _said(self, answer: Answer) -> str:
        """Return what a forge says in its answer, on one line, without the token."""
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(found, dict):
            return ""
        parts = []
        for name in ("message", "error", "errors"):
            item = found.get(name)
            for each in item if isinstance(item, list) else [item]:
                text = each.get("message") if isinstance(each, dict) else each
                if isinstance(text, str) and text and text not in parts:
                    parts.append(text)
        text = printable(" ".join("; ".join(parts).split()).replace(self._token, "***"))[:300]
        return f" ({text})" if text else ""

    @property
    def _name(self) -> str:
        return f"{NAMES[self.forge.kind]} ({self.project.host})"

    def _doing(self, ask: Ask) -> str:
        words = REQUESTS[self.forge.kind]
        return {"GET": f"list {words}s", "POST": f"open a {words}"}.get(ask.method, f"update a {words}")
