"""Requests to an API server: retried where that is safe, bounded in time, and told apart by what came back."""

from __future__ import annotations

import json
import time
from urllib.parse import quote, urlencode

from overlay.cluster.answer import Refused, explain, parse_body, parse_failure
from overlay.cluster.connection import Broken, Connections, Limits
from overlay.cluster.credentials import Credentials
from overlay.cluster.discovery import ACCEPT, parse_kinds
from overlay.errors import Temporary
from overlay.fetch.retry import Patience, next_wait, retry_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from overlay.cluster.access import Access
    from overlay.cluster.discovery import Kinds, Served
    from overlay.model.resource import Body

MANAGER = "overlay"
PAGE = 500
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
# A list whose pages expire as often as this is one that the server cannot give.
_LIST_ATTEMPTS = 5
# A server that never answered is asked this often at most, and somebody who waits is told so after these seconds.
_UNHEARD_ATTEMPTS = 5
_TOLD_AFTER = 3.0


class Client:
    """Talks to one cluster; safe to share between threads.

    patience: how often and how long to ask again. sleep: a seam. warnings: what the server said of deprecated things.
    tell: is called once, with its name, where the server did not answer yet and is waited for.
    """

    def __init__(
        self,
        access: Access,
        *,
        limits: Limits | None = None,
        patience: Patience | None = None,
        plugins: bool = True,
        agent: str = MANAGER,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.access = access
        self.patience = patience or Patience(attempts=6)
        self.warnings: dict[str, None] = {}
        self._connections = Connections(access, limits or Limits())
        self._credentials = Credentials(access, plugins=plugins)
        self._agent = agent
        self._sleep = sleep
        self._kinds: Kinds | None = None
        self._tell = tell
        self._was_heard = self._was_told = False

    def close(self) -> None:
        self._connections.close()

    def kinds(self, *, again: bool = False) -> Kinds:
        """Return the kinds that the server knows; `again` after a CustomResourceDefinition came."""
        if self._kinds is None or again:
            self._kinds = parse_kinds([self.request("GET", path, accept=ACCEPT)[1] for path in ("/api", "/apis")])
        return self._kinds

    def find(self, served: Served, namespace: str, name: str) -> Body | None:
        """Return an object, or None where there is none."""
        what = _label("GET", served, namespace, name)
        try:
            return self.request("GET", served.path(namespace, _part(name)), what=what)[1]
        except Refused as error:
            # A namespace that does not exist is no object either.
            if error.failure.status == 404:
                return None
            raise

    def list_all(
        self, served: Served, namespace: str = "", *, labels: str = "", metadata_only: bool = False,
        keep: Callable[[Body], Body] | None = None,
    ) -> tuple[list[Body], str]:  # fmt: skip
        """Return all objects of a kind in a namespace (in the cluster, where it is empty), never a part of them.

        And the resource version from which a watch goes on. keep: says what to keep of each object.
        """
        what = _label("LIST", served, namespace, "")
        accept = _METADATA.replace("PartialObjectMetadata", "PartialObjectMetadataList") if metadata_only else ""
        for _ in range(_LIST_ATTEMPTS):
            items: list[Body] = []
            query = {"limit": str(PAGE), **({"labelSelector": labels} if labels else {})}
            try:
                while True:
                    path = f"{served.path(namespace)}?{urlencode(query)}"
                    page = self.request("GET", path, what=what, **({"accept": accept} if accept else {}))[1]
                    for item in page.get("items") or ():
                        # Items of a list leave out what the list says of all of them.
                        item.setdefault("apiVersion", served.api_version)
                        item.setdefault("kind", served.kind)
                        items.append(keep(item) if keep else item)
                    metadata = page.get("metadata") or {}
                    if not metadata.get("continue"):
                        return items, str(metadata.get("resourceVersion", ""))
                    query["continue"] = metadata["continue"]
            except Refused as error:
                # The pages that came belong to a state that is gone (hazard K21): all of them are read again.
                if error.failure.status != 410 or "continue" not in query:
                    raise
        raise Temporary(f"{what}: the pages of the list expire before they are read", hint="try again later")

    def apply(
        self,
        served: Served,
        namespace: str,
        name: str,
        body: Body | bytes,
        *,
        dry_run: bool = False,
        force: bool = False,
        manager: str = MANAGER,
        metadata_only: bool = False,
    ) -> tuple[bool, Body]:
        """Apply an object server-side; return whether it is new, and what it became."""
        path = (
            f"{served.path(namespace, _part(name))}?fieldManager={quote(manager)}&fieldValidation=Strict"
            f"{'&force=true' if force else ''}{'&dryRun=All' if dry_run else ''}"
        )
        status, answer = self.request(
            "PATCH", path, body, content="application/apply-patch+yaml", what=_label("PATCH", served, namespace, name),
            **({"accept": _METADATA} if metadata_only else {}),
        )  # fmt: skip
        return status == 201, answer

    def create(self, served: Served, namespace: str, body: Body) -> Body:
        """Create an object. Raises Refused with AlreadyExists, also where our own first try went through unheard."""
        path = f"{served.path(namespace)}?fieldManager={MANAGER}&fieldValidation=Strict"
        what = _label("POST", served, namespace, body["metadata"]["name"])
        return self.request("POST", path, body, what=what)[1]

    def replace(self, served: Served, namespace: str, body: Body, *, dry_run: bool = False) -> Body:
        """Write an object that carries the resourceVersion it was read at. Raises Refused with Conflict."""
        name = body["metadata"]["name"]
        path = (
            f"{served.path(namespace, _part(name))}?fieldManager={MANAGER}&fieldValidation=Strict"
            f"{'&dryRun=All' if dry_run else ''}"
        )
        return self.request("PUT", path, body, what=_label("PUT", served, namespace, name))[1]

    def patch(
        self, served: Served, namespace: str, name: str, operations: Any, *, content: str, subresource: str = "",
        dry_run: bool = False,
    ) -> Body:  # fmt: skip
        """Send a JSON patch or merge patch."""
        path = (
            f"{served.path(namespace, _part(name))}{'/' if subresource else ''}{subresource}?fieldManager={MANAGER}"
            f"{'&dryRun=All' if dry_run else ''}"
        )
        what = _label("PATCH", served, namespace, name)
        return self.request("PATCH", path, operations, content=content, what=what)[1]

    def delete(
        self, served: Served, namespace: str, name: str, *, uid: str, propagation: str = "Foreground",
        dry_run: bool = False,
    ) -> bool:  # fmt: skip
        """Delete the very object of this uid; tell whether it was still there.

        Raises Refused with Conflict when another object has the name now (hazard K03).
        """
        options = {
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation,
            "preconditions": {"uid": uid}, **({"dryRun": ["All"]} if dry_run else {}),
        }  # fmt: skip
        try:
            self.request(
                "DELETE", served.path(namespace, _part(name)), options, what=_label("DELETE", served, namespace, name)
            )
        except Refused as error:
            if error.failure.status == 404:
                return False
            raise
        return True

    def watch(
        self, served: Served, namespace: str, *, version: str, seconds: float, labels: str = "", name: str = "",
        opened: Callable[[Callable[[], None]], None] | None = None,
    ) -> Generator[tuple[str, Body]]:  # fmt: skip
        """Yield (`ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`; object) until the server ends it, after `seconds`.

        opened: gets what ends the watch from another thread. A broken connection ends it as a pause does.
        Raises Refused with 410 when the version is too old: list again.
        """
        query = {
            "watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version,
            "timeoutSeconds": str(max(1, int(seconds))), **({"labelSelector": labels} if labels else {}),
            **({"fieldSelector": f"metadata.name={name}"} if name else {}),
        }  # fmt: skip
        what = _label("WATCH", served, namespace, name)
        credential = self._credentials.current()
        path = f"{served.path(namespace)}?{urlencode(query)}"
        lines = self._connections.lines(path, self._headers(credential.authorization), credential, seconds, opened)
        try:
            status = int(next(lines, b"0"))
            if status == 401 and self._credentials.renew(credential):
                return  # whoever watches lists again, with what is good now
            if status != 200:
                failure = parse_failure(status, {}, next(lines, b""), None)
                raise explain(failure, what, self.access.context)
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    return  # cut off in the middle
                if event.get("type") == "ERROR":
                    found = parse_failure(0, {}, json.dumps(event.get("object")).encode(), None)
                    raise explain(found, what, self.access.context)
                yield event["type"], event["object"]
        except Broken:
            return
        finally:
            # Here and now: a traceback may keep it, and the collector closes it in any order.
            lines.close()

    def text(self, path: str, *, what: str) -> str:
        """Return a text, such as the last lines of a log."""
        return self._ask("GET", path, None, self._headers("", accept="*/*"), what)[2].decode(errors="replace")

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: str = "application/json",
        accept: str = "application/json",
        what: str = "",
    ) -> tuple[int, Body]:
        """Send a request, again where it is safe and may help; return the status and the object that came back.

        Raises Refused for a no, Temporary, ClusterError.
        """
        what = what or f"{method} {path.partition('?')[0]}"
        headers = self._headers("", accept=accept)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        if data is not None:
            headers["Content-Type"] = content
        status, answered, text = self._ask(method, path, data, headers, what)
        return status, parse_body(status, answered, text, what)

    def _headers(self, authorization: str, accept: str = "application/json") -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": self._agent}
        headers.update(self.access.impersonate)
        if authorization:
            headers["Authorization"] = authorization
        return headers

    def _ask(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str], what: str
    ) -> tuple[int, Any, bytes]:
        start = time.monotonic()
        end = start + self.patience.total
        attempt, was_renewed, was_reopened = 0, False, False
        while True:
            attempt += 1
            credential = self._credentials.current()
            if credential.authorization:
                headers["Authorization"] = credential.authorization
            asked: float | None = None
            try:
                answer = self._connections.ask(method, path, headers, data, credential)
            except Broken as error:
                if error.kept and not was_reopened:
                    # The server closed a kept connection while we were about to use it: that is no fault yet.
                    was_reopened, attempt = True, attempt - 1
                    continue
                # All requests may be repeated: apply is idempotent, deletes name a uid, creates and writes are
                # refused the second time, which the caller looks into.
                failure: Exception = Temporary(f"{what}: {error.reason}", hint="try again later")
            else:
                self._was_heard = True
                if "warning" in answer.headers:
                    self.warnings.update(dict.fromkeys(_warnings(answer.headers["warning"])))
                if 200 <= answer.status < 300:
                    return answer.status, answer.headers, answer.body
                if answer.status == 401 and not was_renewed:
                    was_renewed = True
                    if self._credentials.renew(credential):
                        continue
                asked = retry_after(answer.headers.get("retry-after"), time.time())
                told = parse_failure(answer.status, answer.headers, answer.body, asked)
                failure = explain(told, what, self.access.context)
                if not told.may_pass:
                    raise failure
                asked = told.retry_after
            left = end - time.monotonic()
            wait = next_wait(self.patience, attempt=attempt, asked=asked, left=left, jitter=_jitter)
            if wait is None or (attempt >= _UNHEARD_ATTEMPTS and not self._was_heard):
                raise _after(failure, attempt)
            if not (self._was_heard or self._was_told) and time.monotonic() + wait - start >= _TOLD_AFTER:
                self._was_told = True
                self._tell(f"{self.access.server} of context {self.access.context}")
            self._sleep(wait)


def _jitter() -> float:
    import random  # noqa: PLC0415  # few runs ask anything again

    return random.random()  # noqa: S311  # no secret depends on it


def _after(error: Exception, attempts: int) -> Exception:
    if attempts > 1 and isinstance(error, Temporary):
        return Temporary(f"{error.message} (asked {attempts} times)", hint=error.hint)
    return error


def _label(method: str, served: Served, namespace: str, name: str) -> str:
    """Return what a request does, as error texts name it: `PATCH Deployment/shop/web`."""
    return f"{method} {'/'.join([part for part in (served.kind, namespace, name) if part])}"


def _part(name: str) -> str:
    """Quote a name as one part of a path: RBAC's names may hold colons, and nothing may hold a slash."""
    return quote(name, safe=":")


def _warnings(header: str) -> list[str]:
    """Return the texts of Warning headers (`299 - "text"`), which http.client joins by commas."""
    return [part for part in header.split('"')[1::2] if part and part != "-"]
