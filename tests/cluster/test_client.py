"""Requests against a scripted server: faults told apart, repeated where that helps, never for ever."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overlay.cluster.access import Access
from overlay.cluster.answer import Failure, FieldConflict, Refused, without_values
from overlay.cluster.client import Client
from overlay.cluster.connection import Limits
from overlay.cluster.discovery import Served
from overlay.cluster.plan import is_immutable
from overlay.errors import ClusterError, OverlayError, Temporary
from overlay.fetch.retry import Patience
from tests.cluster.scripted import Scripted, cut, drip, fail, hang_up, reset, say, silence

Script = Callable[..., Scripted]
CONFIG = Served("", "v1", "ConfigMap", "configmaps", True, frozenset(("list", "patch")))
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags", "namespace": "shop"}}


class Sleeper:
    """Notes how long it should have slept."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


_made: list[Client] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _made:
        _made.pop().close()


def client(server: Scripted, sleep: Callable[[float], None] | None = None, **access: object) -> Client:
    made = Client(
        Access(context="prod", source="kubeconfig", server=server.url, **{"token": "secret", **access}),
        limits=Limits(connect=1, idle=0.2, request=0.4),
        patience=Patience(attempts=4, longest_wait=60),
        sleep=sleep or Sleeper(),
    )
    _made.append(made)
    return made


SECRET = Served("", "v1", "Secret", "secrets", True, frozenset(("list", "patch")))
CANARY = "hunter2hunter2"
WINDOW = f'illegal base64 data at input byte 4, error found in #10 byte of ...|d":"{CANARY}"}}|..., bigger context ...|{CANARY}|...'


@pytest.mark.parametrize(
    ("status", "told", "said"),
    [
        (
            400,
            {"reason": "BadRequest", "message": f'Secret in version "v1" cannot be handled as a Secret: {WINDOW}'},
            "the server refuses it (BadRequest): illegal base64 data at input byte 4; what it says of a Secret is not shown",
        ),
        (
            400,
            {"reason": "", "message": f'admission webhook "keys.example.com" denied the request: {CANARY} is too short'},
            "the webhook keys.example.com denied it; what it says of a Secret is not shown",
        ),
        (
            422,
            {
                "reason": "Invalid", "message": f'Secret "s" is invalid: data[a]: Invalid value: "{CANARY}": no',
                "details": {"causes": [{"reason": "FieldValueInvalid", "field": "data[a]", "message": f'Invalid value: "{CANARY}"'}]},
            },
            "the server refuses it (Invalid): data[a]; what it says of a Secret is not shown",
        ),
        (
            500,
            {"reason": "", "message": f"failed to create typed patch object (shop/s; /v1, Kind=Secret): .stringData.a: expected string, got {CANARY}"},
            "failed to create typed patch object: .stringData.a; what it says of a Secret is not shown",
        ),
        (
            409,
            {
                "reason": "Conflict", "message": 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a',
                "details": {"causes": [{"reason": "FieldManagerConflict", "field": ".data.a", "message": 'conflict with "kubectl-edit" using v1'}]},
            },
            'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a',
        ),
        (
            403,
            {"reason": "Forbidden", "message": 'secrets "s" is forbidden: User "a:b" cannot patch resource "secrets" in API group "" in the namespace "shop"'},
            'secrets "s" is forbidden: User "a:b" cannot patch resource "secrets" in API group "" in the namespace "shop"',
        ),
        (200, {"reason": "", "message": CANARY}, "the server refuses it (200); what it says of a Secret is not shown"),
    ],
)  # fmt: skip
def test_Z02_Z03_what_a_server_says_of_a_secret_is_told_without_any_of_its_values(
    status: int, told: dict[str, object], said: str
) -> None:
    answer = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, **told}
    server = Scripted(say(status, answer))
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "data": {"a": CANARY}}
    with pytest.raises(Refused) as caught:
        client(server).apply(SECRET, "shop", "s", body)
    assert caught.value.message == f"PATCH Secret/shop/s: {said}"
    assert CANARY not in f"{caught.value!r} {caught.value.failure} {caught.value.__cause__} {caught.value.hint}"
    server.close()


def test_Z03_that_a_secret_cannot_be_changed_is_still_seen() -> None:
    cause = {
        "reason": "FieldValueForbidden",
        "field": "data",
        "message": "Forbidden: field is immutable when `immutable` is set",
    }
    failure = without_values(
        Failure(status=422, reason="Invalid", message=f"data: {CANARY}", causes=(tuple(cause.values()),))
    )
    assert is_immutable(failure)
    assert CANARY not in str(failure)


def apply(made: Client) -> tuple[bool, dict[str, object]]:
    return made.apply(CONFIG, "shop", "flags", BODY)


def error_of(call: Callable[[], object]) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        call()
    return caught.value


def test_an_apply_is_strict_and_names_us(script: Script) -> None:
    server = script(say(201, BODY))
    assert client(server).apply(CONFIG, "shop", "flags", BODY, dry_run=True, force=True) == (True, BODY)
    method, path, headers, body = server.seen[0]
    assert (method, path) == (
        "PATCH",
        "/api/v1/namespaces/shop/configmaps/flags?fieldManager=overlay&fieldValidation=Strict&force=true&dryRun=All",
    )
    assert headers["authorization"] == "Bearer secret"
    assert headers["content-type"] == "application/apply-patch+yaml"
    assert json.loads(body) == BODY


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "POST", "PUT"])
def test_K01_too_many_requests_are_repeated_as_late_as_told(script: Script, method: str) -> None:
    sleep = Sleeper()
    server = script(fail(429, "TooManyRequests", "slow down", Retry_After="7"), say(200, BODY))
    client(server, sleep).request(method, "/api/v1/namespaces/shop/configmaps/flags", None if method == "GET" else BODY)
    assert sleep.waits == [7.0]
    assert len(server.seen) == 2


def test_K01_a_wait_that_is_too_long_is_told(script: Script) -> None:
    server = script(fail(429, "TooManyRequests", "slow down", Retry_After="3600"))
    error = error_of(lambda: apply(client(server)))
    assert isinstance(error, Temporary)
    assert error.message == "PATCH ConfigMap/shop/flags: slow down"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "etcdserver: leader changed"),
        (500, "etcdserver: request timed out"),
        (502, ""),
        (503, "apiserver is shutting down"),
        (504, "timeout"),
    ],
)
def test_K02_faults_that_pass_are_repeated(script: Script, status: int, message: str) -> None:
    server = script(fail(status, "InternalError", message), fail(status, "InternalError", message), say(200, BODY))
    assert apply(client(server)) == (False, BODY)
    assert len(server.seen) == 3


def test_K02_not_for_ever(script: Script) -> None:
    server = script(fail(503, "ServiceUnavailable", "no leader"))
    error = error_of(lambda: apply(client(server)))
    assert isinstance(error, Temporary)
    assert error.message == "PATCH ConfigMap/shop/flags: no leader (asked 4 times)"
    assert len(server.seen) == 4


def test_K03_resets_are_repeated(script: Script) -> None:
    server = script(reset, hang_up, say(200, BODY))
    assert apply(client(server)) == (False, BODY)


def test_K03_a_delete_names_the_very_object(script: Script) -> None:
    server = script(reset, fail(404, "NotFound", "gone"))
    assert client(server).delete(CONFIG, "shop", "flags", uid="u1") is False
    assert json.loads(server.seen[1][3])["preconditions"] == {"uid": "u1"}


def test_a_kept_connection_that_was_closed_costs_no_attempt(script: Script) -> None:
    sleep = Sleeper()
    server = script(say(200, BODY), hang_up, say(200, BODY))
    made = client(server, sleep)
    apply(made)
    apply(made)
    assert sleep.waits == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (silence(5), "PATCH ConfigMap/shop/flags: no answer within 0.2 seconds (asked 4 times)"),
        (drip, "PATCH ConfigMap/shop/flags: no whole answer within 0.4 seconds (asked 4 times)"),
    ],
)
def test_K04_a_server_that_never_answers_is_given_up(script: Script, answer: object, expected: str) -> None:
    started = time.monotonic()
    error = error_of(lambda: apply(client(script(answer))))
    assert isinstance(error, Temporary)
    assert error.message == expected
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (say(200, b'{"kind": "Conf'), "PATCH ConfigMap/shop/flags: the server's answer is cut off or no JSON"),
        (
            say(200, b"<html>Sign in</html>", content="text/html"),
            "PATCH ConfigMap/shop/flags: the server answers 200 with text/html instead of JSON",
        ),
        (
            say(200, {"kind": "Status", "status": "Failure", "message": "no"}),
            "PATCH ConfigMap/shop/flags: no",
        ),
        (say(200, b"[]"), "PATCH ConfigMap/shop/flags: the server answers with no object"),
        (cut(b'{"kind"', 100), "PATCH ConfigMap/shop/flags: the connection broke off (asked 4 times)"),
    ],
)  # fmt: skip
def test_K05_answers_that_are_none_are_errors(script: Script, answer: object, expected: str) -> None:
    assert error_of(lambda: apply(client(script(answer)))).message == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_K06_redirects_are_refused(script: Script, status: int) -> None:
    other = script(say(200, BODY))
    server = script(say(status, Location=f"{other.url}/elsewhere"))
    error = error_of(lambda: apply(client(server)))
    assert error.message == "PATCH ConfigMap/shop/flags: the server redirects, which is never followed"
    assert other.seen == []


def test_K07_a_conflict_names_fields_and_managers(script: Script) -> None:
    status = {
        "kind": "Status", "status": "Failure", "reason": "Conflict", "code": 409, "message": "Apply failed with 1 conflict",
        "details": {
            "causes": [
                {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using v1', "field": ".data.mode"},
            ],
        },
    }  # fmt: skip
    error = error_of(lambda: apply(client(script(say(409, status)))))
    assert isinstance(error, FieldConflict)
    assert error.exit_code == 4
    assert error.failure.conflicts == ((".data.mode", 'conflict with "kubectl-edit" using v1'),)


def test_K21_a_list_whose_pages_expire_is_read_again(script: Script) -> None:
    def page(names: list[str], *, more: str = "") -> dict[str, object]:
        items = [{"metadata": {"name": name}} for name in names]
        return {"kind": "ConfigMapList", "metadata": {"continue": more, "resourceVersion": "7"}, "items": items}

    expired = fail(410, "Expired", "the provided continue parameter is too old")
    server = script(
        say(200, page(["a", "b"], more="x")), expired, say(200, page(["a"], more="y")), say(200, page(["c"]))
    )  # fmt: skip
    items, version = client(server).list_all(CONFIG, "shop", labels="a=b")
    assert [one["metadata"]["name"] for one in items] == ["a", "c"]
    assert {(one["apiVersion"], one["kind"]) for one in items} == {("v1", "ConfigMap")}
    assert version == "7"
    assert [path.partition("?")[2] for _, path, _, _ in server.seen] == [
        "limit=500&labelSelector=a%3Db", "limit=500&labelSelector=a%3Db&continue=x",
        "limit=500&labelSelector=a%3Db", "limit=500&labelSelector=a%3Db&continue=y",
    ]  # fmt: skip


def test_K21_a_list_that_always_expires_is_an_error(script: Script) -> None:
    page = {"metadata": {"continue": "x"}, "items": []}
    answers = [say(200, page), fail(410, "Expired", "too old")] * 6
    error = error_of(lambda: client(script(*answers)).list_all(CONFIG, "shop"))
    assert error.message == "LIST ConfigMap/shop: the pages of the list expire before they are read"


def test_K33_a_token_that_was_renewed_is_used_at_once(script: Script, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")

    def expire(handler: object) -> None:
        token.write_text("new\n")
        fail(401, "Unauthorized", "Unauthorized")(handler)

    server = script(expire, say(200, BODY))
    apply(client(server, token="", token_file=str(token)))
    assert [headers["authorization"] for _, _, headers, _ in server.seen] == ["Bearer old", "Bearer new"]


def test_K33_credentials_that_are_not_accepted_are_told_once(script: Script) -> None:
    server = script(fail(401, "Unauthorized", "Unauthorized"))
    error = error_of(lambda: apply(client(server)))
    assert (error.message, error.hint) == (
        "PATCH ConfigMap/shop/flags: the credentials of context prod are not accepted", "log in again",
    )  # fmt: skip
    assert len(server.seen) == 1


def test_missing_rights_are_told_as_the_server_tells_them(script: Script) -> None:
    text = 'configmaps "flags" is forbidden: User "ci" cannot patch resource "configmaps" in API group "" in the namespace "shop"'
    error = error_of(lambda: apply(client(script(fail(403, "Forbidden", text)))))
    assert isinstance(error, Refused)
    assert error.message == f"PATCH ConfigMap/shop/flags: {text}"


def test_K38_a_server_that_is_not_there_is_tried_again(script: Script) -> None:
    server = script(say(200, BODY))
    server.close()
    error = error_of(lambda: apply(client(server)))
    assert error.message == (
        f"PATCH ConfigMap/shop/flags: {server.url} of context prod refuses the connection (asked 4 times)"
    )


def test_K38_whoever_waits_for_a_server_that_never_answered_is_told_once(script: Script) -> None:
    server = script(say(200, BODY))
    server.close()
    told: list[str] = []
    made = Client(Access(context="prod", source="kubeconfig", server=server.url, token="secret"), tell=told.append)
    _made.append(made)
    error = error_of(lambda: apply(made))
    assert error.message == (
        f"PATCH ConfigMap/shop/flags: {server.url} of context prod refuses the connection (asked 5 times)"
    )
    assert told == [f"{server.url} of context prod"]


def test_K38_a_server_that_answered_before_is_asked_more_often(script: Script) -> None:
    server = script(say(200, BODY, Connection="close"))
    told: list[str] = []
    made = Client(
        Access(context="prod", source="kubeconfig", server=server.url, token="secret"), sleep=Sleeper(),
        tell=told.append,
    )  # fmt: skip
    _made.append(made)
    apply(made)
    server.close()
    assert error_of(lambda: apply(made)).message.endswith("(asked 6 times)")
    assert told == []


def test_K39_warnings_are_kept_once(script: Script) -> None:
    made = client(script(say(200, BODY, Warning='299 - "v1beta1 is deprecated", 299 - "really"')))
    apply(made)
    apply(made)
    assert list(made.warnings) == ["v1beta1 is deprecated", "really"]


def test_a_watch_yields_events_and_ends_when_it_breaks(script: Script) -> None:
    events = b'{"type":"ADDED","object":{"a":1}}\n{"type":"BOOKMARK","object":{}}\n{"type":"MODIF'
    server = script(say(200, events))
    found = list(client(server).watch(CONFIG, "shop", version="5", seconds=1, name="flags"))
    assert found == [("ADDED", {"a": 1}), ("BOOKMARK", {})]
    assert "resourceVersion=5" in server.seen[0][1]


def test_a_watch_from_a_version_that_is_gone_says_so(script: Script) -> None:
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
    server = script(say(200, json.dumps(gone).encode() + b"\n"))
    with pytest.raises(Refused) as caught:
        list(client(server).watch(CONFIG, "shop", version="5", seconds=1))
    assert caught.value.failure.status == 410


def test_an_endless_wait_of_the_server_is_no_time_of_ours(script: Script) -> None:
    """The total of all waits is bounded too."""
    server = script(fail(503, "ServiceUnavailable", "later", Retry_After="50"))
    made = client(server)
    made.patience = Patience(attempts=100, total=0.5, longest_wait=60)
    assert isinstance(error_of(lambda: apply(made)), ClusterError | Temporary)
    assert len(server.seen) == 1


def test_K33_a_watch_whose_token_was_renewed_ends_for_the_next(script: Script, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    server = script(fail(401, "Unauthorized", "Unauthorized"))
    made = client(server, token="", token_file=str(token))
    apart = made.watch(CONFIG, "shop", version="5", seconds=1)
    made._credentials.current()
    token.write_text("new")
    assert list(apart) == []
    with pytest.raises(Refused):
        list(made.watch(CONFIG, "shop", version="5", seconds=1))


def test_a_renewed_token_needs_no_new_connection(script: Script, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    server = script(say(200, BODY), fail(401, "Unauthorized", "Unauthorized"), say(200, BODY))
    made = client(server, token="", token_file=str(token))
    apply(made)
    before = made._connections._local.known[1]
    token.write_text("new")
    apply(made)
    assert made._connections._local.known[1] is before
    assert [headers["authorization"] for _, _, headers, _ in server.seen] == ["Bearer old", "Bearer old", "Bearer new"]
