"""What an API server's answers mean: bodies, failures by name, and whether asking again helps."""

from __future__ import annotations

import json
import re

from overlay.errors import ClusterConflict, ClusterError, OverlayError, Temporary
from overlay.fetch.retry import RETRIED
from overlay.files.paths import printable
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_SHOWN = 2000
# A server answers 500 to an apply with a field that the type has not; asking again does not change that.
_FINAL = (
    "failed to create typed patch object", "failed to create typed live object", "failed to convert new object",
)  # fmt: skip


@value(kw_only=True)
class Failure:
    """A `Status` that says no.

    status: HTTP's. reason: Kubernetes' word (`NotFound`, `Conflict`, `Invalid`, …), empty where a proxy answers.
    causes: (reason, field, message) of each detail.
    """

    status: int
    reason: str
    message: str
    causes: tuple[tuple[str, str, str], ...] = ()
    retry_after: float | None = None

    @property
    def may_pass(self) -> bool:
        """Tell whether the same request may work later (hazards K01, K02)."""
        if self.status == 500 and self.message.startswith(_FINAL):
            return False
        return self.status in RETRIED

    @property
    def conflicts(self) -> tuple[tuple[str, str], ...]:
        """Return (field, message) of each field that another manager owns."""
        return tuple([(field, message) for reason, field, message in self.causes if reason == "FieldManagerConflict"])


# How a server says that a field cannot be changed in place; rules of custom resources say it in the first way.
IMMUTABLE = (
    "is immutable", "updates to statefulset spec for fields other than", "may not change once set",
    "cannot change roleRef", "may not be changed in an update", "pod updates may not change fields other than",
    "updates to parameters are forbidden", "updates to provisioner are forbidden",
    "updates to reclaimPolicy are forbidden",
)  # fmt: skip
# What a server says of a Secret without repeating any of it; everything else it says may hold a value.
_HARMLESS = re.compile(
    r'(?:secrets|namespaces) "[^"]*" not found'
    r'|secrets(?: "[^"]*")? is forbidden: User "[^"]*" cannot [a-z]+ resource [^:]*'
    r'|secrets "[^"]*" is forbidden: exceeded quota: [\w./=, :-]*'
    r"|Apply failed with \d+ conflicts?: .*"
)
_BASE64 = re.compile(r"illegal base64 data at input byte \d+")
_WEBHOOK = re.compile(r'admission webhook "([\w.-]+)" denied the request')
_PLACES = re.compile(r'\.(?:data|stringData|type|immutable|metadata)(?:\.[\w.-]+|\["[^"\]]*"\])*')


def without_values(failure: Failure) -> Failure:
    """Return what a failure says of a Secret: why, and which fields, and none of what stands in them (Z02, Z03)."""
    if _HARMLESS.fullmatch(failure.message):
        return failure
    begins = next((one for one in _FINAL if failure.message.startswith(one)), "")
    webhook = _WEBHOOK.search(failure.message)
    why = f"the webhook {webhook[1]} denied it" if webhook else begins or f"the server refuses it ({_word(failure)})"
    base64 = _BASE64.search(failure.message)
    why = f"{why}: {base64[0]}" if base64 else why
    named = [field for _, field, _ in failure.causes if field] or _PLACES.findall(failure.message)
    fields = list(dict.fromkeys(named))
    message = f"{why}{': ' if fields else ''}{', '.join(fields)}; what it says of a Secret is not shown"
    return replace(failure, message=message, causes=tuple([_bare(*one) for one in failure.causes]))


def _bare(reason: str, field: str, text: str) -> tuple[str, str, str]:
    """Return a cause with what it says of managers, or of immutability, which decides what may be done, alone."""
    if reason == "FieldManagerConflict":
        return reason, field, text
    return reason, field, next((mark for mark in IMMUTABLE if mark in text), "")


def _word(failure: Failure) -> str:
    return failure.reason or str(failure.status)


class Refused(ClusterError):
    """The server said no to one request; `failure` tells how."""

    def __init__(self, message: str, failure: Failure, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, rule=failure.reason or "refused")
        self.failure = failure


def parse_body(status: int, headers: Mapping[str, str], data: bytes, what: str) -> Any:
    """Return the JSON value of a good answer. Raises ClusterError for what is no such thing (hazard K05)."""
    if not headers.get("content-type", "").startswith("application/json"):
        kind = printable(headers.get("content-type", "nothing"))[:60]
        raise ClusterError(f"{what}: the server answers {status} with {kind} instead of JSON", hint=_PROXY)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise Temporary(f"{what}: the server's answer is cut off or no JSON", hint="try again later") from None
    if not isinstance(found, dict):
        raise ClusterError(f"{what}: the server answers with no object", hint=_PROXY)
    if found.get("kind") == "Status" and found.get("status") == "Failure":
        raise explain(_failure(status, found, None), what, "")
    return found


def parse_failure(status: int, headers: Mapping[str, str], data: bytes, retry_after: float | None) -> Failure:
    """Return what a bad answer says; an answer that is no `Status` comes from something in between."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and found.get("kind") == "Status":
        return _failure(status, found, retry_after)
    if headers.get("content-type", "").startswith("text/plain"):
        return Failure(status=status, reason="", message=_shown(data.decode(errors="replace")), retry_after=retry_after)
    return Failure(status=status, reason="", message="", retry_after=retry_after)


def _failure(status: int, found: dict[str, Any], retry_after: float | None) -> Failure:
    details = found.get("details")
    details = details if isinstance(details, dict) else {}
    causes = details.get("causes")
    if retry_after is None and isinstance(details.get("retryAfterSeconds"), int):
        retry_after = float(details["retryAfterSeconds"]) or None
    return Failure(
        status=found["code"] if isinstance(found.get("code"), int) else status,
        reason=str(found.get("reason") or ""),
        message=_shown(found.get("message")),
        causes=tuple(
            [
                (str(one.get("reason") or ""), str(one.get("field") or ""), _shown(one.get("message")))
                for one in (causes if isinstance(causes, list) else ())
                if isinstance(one, dict)
            ]
        ),
        retry_after=retry_after,
    )


_PROXY = "the server in the kubeconfig may be something else than an API server, or a proxy stands in front of it"


def explain(failure: Failure, what: str, context: str) -> OverlayError:
    """Return the error that a user reads for a request that failed for good."""
    if " Secret/" in what:
        failure = without_values(failure)
    text = failure.message or f"the server answers {failure.status}"
    if failure.status == 401:
        return Refused(f"{what}: the credentials of context {context} are not accepted", failure, hint="log in again")
    if failure.status == 403 and failure.reason == "Forbidden":
        return Refused(f"{what}: {text}", failure, hint="`overlay schedule kubernetes` prints the rights that it takes")
    if 300 <= failure.status < 400:
        return Refused(f"{what}: the server redirects, which is never followed", failure, hint=_PROXY)
    if failure.may_pass:
        return Temporary(f"{what}: {text}", hint="try again later")
    if failure.conflicts:
        return FieldConflict(f"{what}: {text}", failure)
    return Refused(f"{what}: {text}", failure)


class FieldConflict(Refused, ClusterConflict):
    """Fields belong to other managers."""


def _shown(text: Any) -> str:
    lines = printable(str(text or "").strip().replace("\n", " "))
    return lines if len(lines) <= MAX_SHOWN else lines[:MAX_SHOWN] + "…"
