"""One forge's interface, asked about one project.

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
from overlay.source.forge import NAMES, base_of, credential

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.http import Answer, Client
    from overlay.source.forge import Ask, Forge, Project

_LIMIT = 8 * 1024 * 1024


class Interface:
    """Asks one forge about one project."""

    def __init__(
        self,
        client: Client,
        forge: Forge,
        project: Project,
        variable: str,
        token: str,
        *,
        plain_http: bool | None,
        later: str,
    ) -> None:
        """`variable`: which one holds the token; plain_http: as of `parse`; later: what to do when it is too busy."""
        self.client = client
        self.forge = forge
        self.project = project
        self.variable = variable
        self.later = later
        self._token = token
        self._plain_http = plain_http

    @property
    def name(self) -> str:
        return f"{NAMES[self.forge.kind]} ({self.project.host})"

    def patiently(self, ask: Ask) -> Answer:
        """Return the answer of a request that may be sent any number of times; raises Temporary."""
        end = time.monotonic() + self.client.patience.total
        attempt = 0
        while True:
            attempt += 1
            asked = None
            try:
                answer = self.once(ask)
                if answer.status not in RETRIED:
                    return answer
                failure, asked = self.busy(answer), retry_after(answer.headers.get("retry-after"), time.time())
            except Temporary as error:
                failure = error
            self.wait(attempt, asked, end, failure)

    def wait(self, attempt: int, asked: float | None, end: float, failure: Temporary) -> None:
        """Wait before the next attempt; raises Temporary where there is to be none."""
        wait = next_wait(
            self.client.patience, attempt=attempt, asked=asked, left=end - time.monotonic(), jitter=random.random
        )
        if wait is None:
            times = "once" if attempt == 1 else f"{attempt} times"
            raise Temporary(f"{failure.message} (asked {times})", hint=self.later)
        self.client.sleep(wait)

    def once(self, ask: Ask) -> Answer:
        """Return the answer of a request that is sent once; raises Temporary."""
        address = parse(base_of(self.forge, self.project) + ask.path, plain_http=self._plain_http)
        headers = credential(self.forge, self.variable, self._token)
        body = None
        if ask.body is not None:
            body = json.dumps(ask.body).encode()
            headers["Content-Type"] = "application/json"
        return self.client.send(ask.method, address, headers=headers, body=body, limit=_LIMIT)

    def busy(self, answer: Answer) -> Temporary:
        return Temporary(f"{self.name} answers {answer.status}{self._said(answer)}")

    def checked(self, answer: Answer, doing: str, *good: int) -> Any:
        """Return the value of a good answer; doing: what was asked for, such as `list pull requests`.

        Raises ForgeError.
        """
        status = answer.status
        if status in (200, *good):
            try:
                return json.loads(answer.body)
            except (ValueError, RecursionError):
                raise ForgeError(f"{self.name} does not answer with JSON at {answer.address}") from None
        if 300 <= status < 400:
            raise ForgeError(
                f"{self.name} redirects {answer.address}; with a token that is never followed",
                hint="was the project renamed? set the remote's URL to the new one",
            )
        said = self._said(answer)
        if status == 401:
            raise ForgeError(f"{self.name} does not accept the token in {self.variable}{said}")
        if status in (403, 404):
            raise ForgeError(
                f"{self.name} does not let the token in {self.variable} {doing} of {self.project.path}{said}",
                hint="the token needs the right to read and write them there",
            )
        raise ForgeError(f"{self.name} refuses to {doing} of {self.project.path}: {status}{said}")

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
