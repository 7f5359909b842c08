"""Pushing and pulling over a network that fails, to registries that lie (hazards V4 to V6, 3.11)."""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.errors import FetchError, LimitError, OverlayError, Temporary
from overlay.fetch.credentials import Credential
from overlay.oci import upload
from overlay.oci.file_part import FilePart
from overlay.oci.layout import Layout
from overlay.oci.manifest import describe, image, read_manifest, write_json
from overlay.oci.media import EMPTY, INDEX, MANIFEST
from overlay.oci.place import Differs, VersionTaken, read_blob, verified
from overlay.oci.remote import Remote
from overlay.oci.transfer import carry
from tests.fetch.servers import RegistryProcess
from tests.oci.artifacts import artifact, made
from tests.oci.conftest import SHORT
from tests.oci.scripted import Answer, Registry, sha256

Make = Callable[..., Remote]


def once(fault: Callable[[Answer], bool]) -> Callable[[Answer], bool]:
    """Let a fault happen one time."""
    left = [True]

    def act(answer: Answer) -> bool:
        if left and fault(answer):
            left.clear()
            return True
        return False

    return act


def on(method: str, part: str, act: Callable[[Answer], object]) -> Callable[[Answer], bool]:
    """Act on requests of a method whose path has a part."""

    def fault(answer: Answer) -> bool:
        if answer.command != method or part not in answer.path:
            return False
        act(answer)
        return True

    return fault


def says(status: int, **headers: str) -> Callable[[Answer], None]:
    def act(answer: Answer) -> None:
        answer.body()
        answer.fail(status, "TOLD", **headers)

    return act


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PIECE", 1000)
    monkeypatch.setattr(upload, "WHOLE", 1000)


def pulled(remote: Remote, folder: Path, reference: str = "1.0.0") -> Layout:
    layout = Layout(str(folder))
    layout.create()
    carry(remote, reference, layout, "1.0.0")
    return layout


# What a push does, in which order.


def test_the_manifest_is_asked_for_first_and_put_last(scripted: Registry, remote: Make) -> None:
    source = made(500)
    assert carry(source, "", remote(scripted.host), "1.0.0").is_new
    layer, config = source.artifact.manifest.parts[0].digest, source.artifact.manifest.config.digest
    one = [("HEAD", "/v2/shop/blobs/{}"), ("POST", "/v2/shop/blobs/uploads/"), ("PUT", "/v2/shop/blobs/uploads/…")]
    found = [
        (method, "/v2/shop/blobs/uploads/…" if method == "PUT" and "uploads" in path else path)
        for method, path in scripted.seen
    ]
    wanted = [(method, path.format(digest)) for digest in (layer, config) for method, path in one]
    assert (found[0], sorted(found[1:-2])) == (("GET", "/v2/shop/manifests/1.0.0"), sorted(wanted))
    assert found[-2:] == [("PUT", "/v2/shop/manifests/1.0.0"), ("GET", "/v2/shop/manifests/1.0.0")]
    scripted.check()


def test_R25_the_same_content_again_writes_nothing(scripted: Registry, remote: Make) -> None:
    carry(made(500), "", remote(scripted.host), "1.0.0")
    scripted.seen.clear()
    assert not carry(made(500), "", remote(scripted.host), "1.0.0").is_new
    assert scripted.seen == [("GET", "/v2/shop/manifests/1.0.0")]


def test_requests_that_follow_each_other_share_a_connection(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    ports: list[int] = []

    def note(answer: Answer) -> bool:
        ports.append(answer.client_address[1])
        return False

    scripted.faults.append(note)
    source, place = made(*[500] * 20), remote(scripted.host)
    carry(source, "", place, "1.0.0")
    assert len(ports) > 60
    # As many as blobs are sent side by side.
    assert len(set(ports)) <= place.at_once
    ports.clear()
    pulled(remote(scripted.host), tmp_path / "out")
    assert len(ports) > 20
    assert len(set(ports)) <= place.at_once


@pytest.mark.parametrize("changed", [0, 4_000_000, 8_999_999])
def test_R18_a_large_blob_is_verified_while_it_is_written(changed: int) -> None:
    data = random.Random(3).randbytes(9_000_000)
    blob = describe("application/octet-stream", data)
    parts = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
    assert b"".join(verified(iter(parts), blob, "here")) == data
    number, at = divmod(changed, 100_000)
    parts[number] = parts[number][:at] + bytes([parts[number][at] ^ 1]) + parts[number][at + 1 :]
    with pytest.raises(Differs, match="here: content differs from its digest"):
        list(verified(iter(parts), blob, "here"))
    # Whoever stops in between leaves no thread behind.
    before = set(threading.enumerate())
    begun = verified(iter(parts), blob, "here")
    next(begun)
    begun.close()
    assert not set(threading.enumerate()) - before


def test_R25_other_content_is_refused_with_both_digests(scripted: Registry, remote: Make) -> None:
    first, second = made(500), made(500, seed=2)
    carry(first, "", remote(scripted.host), "1.0.0")
    scripted.seen.clear()
    with pytest.raises(VersionTaken) as caught:
        carry(second, "", remote(scripted.host), "1.0.0")
    assert caught.value.message == (
        f"oci://{scripted.host}/shop:1.0.0 is {first.artifact.manifest.digest}, yours is {second.artifact.manifest.digest}"
    )
    assert caught.value.exit_code == 4
    assert scripted.writes() == []


def test_R26_two_pushes_at_once_and_the_loser_is_told(scripted: Registry, remote: Make) -> None:
    other = artifact(20, seed=9)
    scripted.blobs["shop"] = dict(other.blobs)

    def overtake(answer: Answer) -> bool:
        is_there = "1.0.0" in scripted.manifests.get("shop", {})
        if is_there and answer.command == "GET" and answer.path.endswith("/manifests/1.0.0"):
            scripted.manifests["shop"]["1.0.0"] = (MANIFEST, other.manifest.data)
        return False

    scripted.faults.append(overtake)
    with pytest.raises(VersionTaken) as caught:
        carry(made(500), "", remote(scripted.host), "1.0.0")
    assert caught.value.message == (
        f"oci://{scripted.host}/shop:1.0.0 is {other.manifest.digest}: somebody else pushed it at the same time"
    )
    assert f"@{artifact(500).manifest.digest}" in (caught.value.hint or "")


def test_R24_a_blob_that_is_said_to_be_there_and_is_not_is_sent(scripted: Registry, remote: Make) -> None:
    scripted.faults.append(on("HEAD", "/blobs/", lambda answer: answer.say(200)))
    carry(made(500, 600), "", remote(scripted.host), "1.0.0")
    scripted.check()
    assert len(scripted.blobs["shop"]) == 3


def test_R24_once(scripted: Registry, remote: Make) -> None:
    scripted.faults.append(
        on("PUT", "/manifests/", lambda answer: (answer.body(), answer.fail(404, "MANIFEST_BLOB_UNKNOWN")))
    )
    with pytest.raises(FetchError, match="does not have all blobs of"):
        carry(made(500), "", remote(scripted.host), "1.0.0")


# Uploads.


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 5000])
def test_R28_pieces_make_the_whole(scripted: Registry, remote: Make, small_pieces: None, size: int) -> None:
    carry(made(size), "", remote(scripted.host), "1.0.0")
    scripted.check()
    assert sum(method == "PATCH" for method, _ in scripted.seen) == (-(-size // 1000) if size > 1000 else 0)


def test_R28_the_least_size_of_a_piece_is_kept_to(scripted: Registry, remote: Make, small_pieces: None) -> None:
    def begin(answer: Answer) -> None:
        upload = f"u{next(numbers)}"
        scripted.uploads[upload] = bytearray()
        answer.say(202, Location=f"/v2/shop/blobs/uploads/{upload}", OCI_Chunk_Min_Length="4000")

    # Of all uploads: the config and the layer go side by side, either may begin first.
    numbers = itertools.count()
    scripted.faults.append(on("POST", "/uploads/", begin))
    carry(made(9000), "", remote(scripted.host), "1.0.0")
    scripted.check()
    assert sum(method == "PATCH" for method, _ in scripted.seen) == 3


def keeps_half(answer: Answer) -> None:
    data = answer.body()
    kept = answer.registry.uploads[answer.path.partition("?")[0].rpartition("/")[2]]
    kept += data[: len(data) // 2]


def half_and_says_so(answer: Answer) -> None:
    keeps_half(answer)
    kept = answer.registry.uploads[answer.path.partition("?")[0].rpartition("/")[2]]
    answer.say(202, Location=answer.path, Range=f"0-{len(kept) - 1}")


def half_and_drops(answer: Answer) -> None:
    keeps_half(answer)
    answer.drop()


def forgets(answer: Answer) -> None:
    answer.body()
    answer.registry.uploads.clear()
    answer.fail(404, "BLOB_UPLOAD_UNKNOWN")


@pytest.mark.parametrize("act", [half_and_says_so, half_and_drops, forgets, says(416), says(500), says(503)])
@pytest.mark.parametrize("which", [1, 3])
def test_R28_what_arrived_is_not_sent_again(
    scripted: Registry, remote: Make, small_pieces: None, act: Callable[[Answer], None], which: int
) -> None:
    count = [0]

    def fault(answer: Answer) -> bool:
        count[0] += answer.command == "PATCH"
        if answer.command == "PATCH" and count[0] == which:
            act(answer)
            return True
        return False

    scripted.faults.append(fault)
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    scripted.check()


@pytest.mark.parametrize("status", [404, 405, 411, 413, 415, 501])
def test_R30_a_registry_that_takes_no_pieces_gets_the_whole(
    scripted: Registry, remote: Make, small_pieces: None, status: int
) -> None:
    scripted.faults.append(on("PATCH", "/uploads/", says(status)))
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    scripted.check()


def test_R28_an_upload_that_never_gets_on_ends(scripted: Registry, remote: Make, small_pieces: None) -> None:
    scripted.faults.append(
        on("PATCH", "/uploads/", lambda answer: (answer.body(), answer.say(202, Location=answer.path, Range="0-0")))
    )
    with pytest.raises(FetchError, match=r"answers 202 for|does not take the blob"):
        carry(made(5000), "", remote(scripted.host), "1.0.0")
    assert len(scripted.seen) < 60


def test_R28_what_was_sent_whole_and_broken_off_goes_on_in_pieces(
    scripted: Registry, remote: Make, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "WHOLE", 1 << 20)

    def fault(answer: Answer) -> bool:
        return (
            answer.command == "PUT"
            and "/uploads/" in answer.path
            and int(answer.headers["Content-Length"]) == 5000
            and answer.drop()
        )

    scripted.faults.append(fault)
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    scripted.check()
    assert sum(method == "PATCH" for method, _ in scripted.seen) == 5


@pytest.mark.parametrize("pieces", [False, True])
@pytest.mark.parametrize(
    ("damage", "size"), [(lambda data: data[:-1] + b"x", 5000), (lambda data: data[:4000], 4000), (lambda _: b"", 0)]
)
def test_R18_bytes_of_ours_that_are_damaged_are_told(
    scripted: Registry, remote: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: bool,
    damage: Callable[[bytes], bytes], size: int,
) -> None:  # fmt: skip
    if pieces:
        monkeypatch.setattr(upload, "PIECE", 1000)
        monkeypatch.setattr(upload, "WHOLE", 1000)
    layout = Layout(str(tmp_path / "out"))
    layout.create()
    carry(made(5000), "", layout, "1.0.0")
    layer = artifact(5000).manifest.parts[0]
    path = tmp_path / "out/blobs" / layer.digest.replace(":", "/")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Differs) as caught:
        carry(layout, "1.0.0", remote(scripted.host), "1.0.0")
    assert caught.value.message == (
        f"{tmp_path}/out gives other bytes than it should: what goes to oci://{scripted.host}/shop: content differs from "
        f"its digest: want {layer.digest} (5000 bytes), got {sha256(path.read_bytes())} ({size} bytes)"
    )
    assert "1.0.0" not in scripted.manifests.get("shop", {})


def test_R18_a_file_that_becomes_shorter_while_it_is_sent_is_told(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    path = tmp_path / "blob"
    path.write_bytes(b"x" * 500)
    with ours, theirs, path.open("rb") as file, pytest.raises(FetchError) as caught:
        FilePart(file, 0, 1000).send(ours)
    assert caught.value.message == f"{path} became shorter while it was sent"


@pytest.mark.parametrize("large", [0, 1, 3 << 20])
def test_a_file_of_any_size_is_sent_as_it_is(scripted: Registry, remote: Make, tmp_path: Path, large: int) -> None:
    layout = Layout(str(tmp_path / "out"))
    layout.create()
    carry(made(large), "", layout, "1.0.0")
    carry(layout, "1.0.0", remote(scripted.host), "1.0.0")
    scripted.check()
    assert scripted.blobs["shop"] == artifact(large).blobs


@pytest.mark.parametrize("mounts", [True, False])
def test_R29_blobs_of_another_repository_are_mounted(scripted: Registry, remote: Make, mounts: bool) -> None:
    scripted.mounts = mounts
    carry(made(500), "", remote(scripted.host, "old"), "1.0.0")
    scripted.seen.clear()
    carry(remote(scripted.host, "old"), "1.0.0", remote(scripted.host, "new", mount_from="old"), "1.0.0")
    scripted.check()
    assert any(method == "PUT" and "/uploads/" in path for method, path in scripted.seen) is not mounts


def test_R29_without_permission_to_mount_it_is_sent(scripted: Registry, remote: Make) -> None:
    carry(made(500), "", remote(scripted.host, "old"), "1.0.0")
    scripted.faults.append(
        lambda answer: "mount=" in answer.path and (answer.body(), answer.fail(403, "DENIED")) is not None
    )
    carry(remote(scripted.host, "old"), "1.0.0", remote(scripted.host, "new", mount_from="old"), "1.0.0")
    scripted.check()


@pytest.mark.parametrize("location", ["http://HOST/v2/stolen", "https://127.0.0.1/v2/stolen", "//HOST/v2/stolen"])
def test_V05_R16_uploads_go_nowhere_else(scripted: Registry, remote: Make, location: str) -> None:
    stranger = Registry()
    try:
        text = location.replace("HOST", stranger.host)
        scripted.faults.append(on("POST", "/uploads/", lambda answer: answer.say(202, Location=text)))
        with pytest.raises(FetchError, match=r"sends uploads to https?://127.0.0.1.*, which is not followed"):
            carry(made(500), "", remote(scripted.host, credential=Credential(user="me", password="s3cret")), "1.0.0")
        assert stranger.seen == []
    finally:
        stranger.close()


def test_R16_an_absolute_location_at_home_is_followed(scripted: Registry, remote: Make) -> None:
    def begin(answer: Answer) -> None:
        scripted.uploads["u"] = bytearray()
        answer.say(202, Location=f"http://{scripted.host}/v2/shop/blobs/uploads/u?a=b%2Fc&x")

    scripted.faults.append(once(on("POST", "/uploads/", begin)))
    carry(made(500), "", remote(scripted.host), "1.0.0")
    scripted.check()


def test_R30_a_registry_that_names_no_place_is_named(scripted: Registry, remote: Make) -> None:
    scripted.faults.append(on("POST", "/uploads/", lambda answer: answer.say(202)))
    with pytest.raises(FetchError, match=f"{scripted.host} does not say where to upload to"):
        carry(made(500), "", remote(scripted.host), "1.0.0")


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_R15_what_is_written_is_never_redirected(scripted: Registry, remote: Make, method: str) -> None:
    stranger = Registry()
    try:
        scripted.faults.append(
            on(method, "/", lambda answer: (answer.body(), answer.say(307, Location=f"http://{stranger.host}/v2/x")))
        )
        with pytest.raises(FetchError, match="redirects what is written; that is never followed"):
            carry(made(500), "", remote(scripted.host), "1.0.0")
        assert stranger.seen == []
    finally:
        stranger.close()


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (400, "answers 400 for", None),
        (404, "answers 404 for", "some registries want the repository to be made first"),
        (405, "answers 405 for", "takes nothing: it is read-only, or mirrors another registry"),
        (413, "answers 413 for", None),
        (403, "login rejected by|wants a login", "overlay login"),
    ],
)
def test_R03_R11_what_cannot_be_mended_is_said_at_once(
    scripted: Registry, remote: Make, status: int, message: str, hint: str | None
) -> None:
    scripted.faults.append(on("POST", "/uploads/", says(status)))
    with pytest.raises(FetchError, match=message) as caught:
        carry(made(500), "", remote(scripted.host), "1.0.0")
    # Two blobs may be on their way at once, and none is tried again.
    assert 1 <= sum(method == "POST" for method, _ in scripted.seen) <= 2
    assert hint is None or hint in (caught.value.hint or "")
    if status == 403:
        assert "(it needs to pull,push shop)" in caught.value.message


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("method", "part"),
    [("HEAD", "/manifests/"), ("HEAD", "/blobs/"), ("POST", "/"), ("PUT", "/uploads/"), ("PUT", "/manifests/")],
)
def test_V06_R10_R11_a_busy_registry_is_asked_again(
    scripted: Registry, remote: Make, status: int, method: str, part: str
) -> None:
    scripted.faults.append(once(on(method, part, says(status, Retry_After="0"))))
    carry(made(500), "", remote(scripted.host), "1.0.0")
    scripted.check()


def test_R10_patience_ends(scripted: Registry, remote: Make) -> None:
    scripted.faults.append(on("GET", "/manifests/", says(503)))
    with pytest.raises(Temporary, match=r"answers 503 \(asked 3 times\)") as caught:
        carry(made(500), "", remote(scripted.host), "1.0.0")
    assert caught.value.exit_code == 6
    scripted.faults[:] = [on("GET", "/manifests/", says(429, Retry_After="86400"))]
    with pytest.raises(Temporary) as caught:
        carry(made(500), "", remote(scripted.host), "1.0.0")
    assert caught.value.hint == "the server asks to come back in 86400 seconds"


# Logging in.


def wants_token(token: list[str]) -> Callable[[Answer], bool]:
    """Ask for the token that is valid now."""

    def fault(answer: Answer) -> bool:
        host = answer.registry.host
        if answer.path.startswith("/token"):
            given = answer.headers.get("Authorization")
            answer.say(200, json.dumps({"token": token[0]}).encode()) if given else answer.say(401)
            return True
        if answer.headers.get("Authorization") == f"Bearer {token[0]}":
            return False
        answer.body()
        scope = "repository:shop:pull,push"
        answer.fail(
            401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="http://{host}/token",service="s",scope="{scope}"'
        )
        return True

    return fault


def test_R04_a_token_that_expires_in_the_middle_is_fetched_anew(
    scripted: Registry, remote: Make, small_pieces: None
) -> None:
    token = ["one"]
    scripted.faults.append(wants_token(token))
    count = [0]

    def expire(answer: Answer) -> bool:
        count[0] += answer.command == "PATCH"
        if count[0] == 3:
            token[0] = "two"
        return False

    scripted.faults.insert(0, expire)
    carry(made(9000), "", remote(scripted.host, credential=Credential(user="me", password="s3cret")), "1.0.0")
    scripted.check()
    # Two blobs may be on their way when it expires.
    assert 2 <= [path for _, path in scripted.seen].count("/token") <= 3


def test_R02_a_token_that_is_never_accepted_ends(scripted: Registry, remote: Make) -> None:
    def fault(answer: Answer) -> bool:
        if answer.path.startswith("/token"):
            answer.say(200, b'{"token": "never"}')
        else:
            answer.fail(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="http://{scripted.host}/token"')
        return True

    scripted.faults.append(fault)
    with pytest.raises(FetchError, match="login rejected by"):
        carry(made(500), "", remote(scripted.host, credential=Credential(user="me", password="s3cret")), "1.0.0")
    assert len(scripted.seen) == 3


# Pulling.


def test_a_pull_gives_the_same_bytes(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    source = made(300_000, 0, 7)
    carry(source, "", remote(scripted.host), "1.0.0")
    layout = pulled(remote(scripted.host), tmp_path / "out")
    for blob in source.artifact.manifest.blobs:
        assert read_blob(layout, blob, 1 << 20) == source.artifact.blobs[blob.digest]


def serve(scripted: Registry, digest: str, act: Callable[[Answer], object]) -> None:
    scripted.faults.append(on("GET", f"/blobs/{digest}", act))


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        (lambda data: data[:-1] + b"x", "content differs from its digest: want"),
        (lambda data: data + b"x", "has more than the 5000 bytes that it should"),
        (lambda data: data[:-1], "content differs from its digest: want"),
        (lambda data: data[:0], "content differs from its digest: want"),
    ],
)
def test_V04_R18_R22_a_blob_that_is_not_what_it_should_be_is_refused(
    scripted: Registry, remote: Make, tmp_path: Path, lie: Callable[[bytes], bytes], message: str
) -> None:
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    layer = artifact(5000).manifest.parts[0]
    serve(scripted, layer.digest, lambda answer: answer.say(200, lie(scripted.blobs["shop"][layer.digest])))
    with pytest.raises(Differs, match=message):
        pulled(remote(scripted.host), tmp_path / "out")
    assert sum(path.endswith(layer.digest) and method == "GET" for method, path in scripted.seen) == 2
    assert Layout(str(tmp_path / "out")).tags() == ()
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.startswith(".overlay-")]


def test_R18_wrong_once_is_right_at_the_second_time(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    layer = artifact(5000).manifest.parts[0]
    scripted.faults.append(once(on("GET", layer.digest, lambda answer: answer.say(200, b"x" * 5000))))
    pulled(remote(scripted.host), tmp_path / "out")


def test_R18_content_that_a_proxy_encoded_is_refused(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    layer = artifact(5000).manifest.parts[0]
    serve(scripted, layer.digest, lambda answer: answer.say(200, b"x", Content_Encoding="gzip"))
    with pytest.raises(FetchError, match="sends content as gzip, though it was asked for the bytes as they are"):
        pulled(remote(scripted.host), tmp_path / "out")


@pytest.mark.parametrize("resumes", [True, False])
def test_a_download_that_is_broken_off_goes_on(scripted: Registry, remote: Make, tmp_path: Path, resumes: bool) -> None:
    source = made(400_000)
    carry(source, "", remote(scripted.host), "1.0.0")
    layer = source.artifact.manifest.parts[0]
    ranges: list[str | None] = []

    def act(answer: Answer) -> bool:
        if answer.command != "GET" or layer.digest not in answer.path:
            return False
        ranges.append(answer.headers.get("Range"))
        data = scripted.blobs["shop"][layer.digest]
        if len(ranges) == 1:
            answer.send_response(200)
            answer.send_header("Content-Length", str(len(data)))
            answer.end_headers()
            answer.wfile.write(data[:150_000])
            answer.wfile.flush()
            return answer.drop()
        if not resumes:
            answer.say(200, data)
            return True
        return False

    scripted.faults.append(act)
    pulled(remote(scripted.host), tmp_path / "out")
    assert (len(ranges), ranges[0]) == (2, None)
    assert ranges[1] is not None and ranges[1].startswith("bytes=")


def test_R12_a_server_that_falls_silent_is_given_up(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    carry(made(5000), "", remote(scripted.host), "1.0.0")
    layer = artifact(5000).manifest.parts[0]
    done = threading.Event()

    def act(answer: Answer) -> None:
        answer.send_response(200)
        answer.send_header("Content-Length", "5000")
        answer.end_headers()
        answer.wfile.write(b"x")
        answer.wfile.flush()
        done.wait(20)
        answer.drop()

    serve(scripted, layer.digest, act)
    start = time.monotonic()
    try:
        with pytest.raises(OverlayError):
            pulled(remote(scripted.host, patience=SHORT), tmp_path / "out")
        assert time.monotonic() - start < 40
    finally:
        done.set()


def test_R14_a_blob_may_come_from_elsewhere_but_no_credential_goes_there(
    scripted: Registry, remote: Make, tmp_path: Path
) -> None:
    token = ["one"]
    scripted.faults.append(wants_token(token))
    me = Credential(user="me", password="s3cret")
    carry(made(5000), "", remote(scripted.host, credential=me), "1.0.0")
    layer = artifact(5000).manifest.parts[0]
    other = Registry()
    other.blobs["cdn"] = dict(scripted.blobs["shop"])
    try:
        serve(
            scripted,
            layer.digest,
            lambda answer: answer.say(307, Location=f"http://{other.host}/v2/cdn/blobs/{layer.digest}"),
        )
        pulled(remote(scripted.host, credential=me), tmp_path / "out")
        assert other.authorizations == [None]
    finally:
        other.close()


def test_V04_R19_a_manifest_by_digest_must_be_that(scripted: Registry, remote: Make) -> None:
    carry(made(10), "", remote(scripted.host), "1.0.0")
    wanted = "sha256:" + "0" * 64
    scripted.manifests["shop"][wanted] = scripted.manifests["shop"]["1.0.0"]
    with pytest.raises(FetchError, match="was answered with other content"):
        remote(scripted.host).manifest(wanted)


def test_R19_a_header_that_lies_is_told(scripted: Registry, remote: Make) -> None:
    carry(made(10), "", remote(scripted.host), "1.0.0")
    kind, data = scripted.manifests["shop"]["1.0.0"]
    scripted.faults.append(
        on(
            "GET",
            "/manifests/",
            lambda answer: answer.say(200, data, Content_Type=kind, Docker_Content_Digest="sha256:no"),
        )
    )
    with pytest.raises(FetchError, match="the registry says sha256:no, the content is"):
        remote(scripted.host).manifest("1.0.0")


PART = {"mediaType": "a/b", "digest": sha256(b""), "size": 0}


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"config": PART, "layers": [], "manifests": []}, MANIFEST, "is ambiguous"),
        ({"manifests": [], "layers": []}, INDEX, "is ambiguous"),
        ({"config": PART, "layers": []}, INDEX, "is ambiguous"),
        ({"config": PART, "layers": [], "mediaType": INDEX}, MANIFEST, "calls itself"),
        ({"config": PART, "layers": [{**PART, "digest": "md5:00"}]}, MANIFEST, "has the digest 'md5:00'"),
        ({"config": PART, "layers": [{**PART, "digest": "sha256:AB"}]}, MANIFEST, "has the digest 'sha256:AB'"),
        ({"config": PART, "layers": [{**PART, "digest": "../../x"}]}, MANIFEST, "has the digest '../../x'"),
        ({"config": PART, "layers": [{**PART, "size": -1}]}, MANIFEST, "without media type, digest or size"),
        ({"config": PART, "layers": [{**PART, "size": "0"}]}, MANIFEST, "without media type, digest or size"),
        ({"config": PART, "layers": [{**PART, "size": True}]}, MANIFEST, "without media type, digest or size"),
        ({"config": PART, "layers": [PART] * 1001}, MANIFEST, "has 1001 parts, more than the limit of 1000"),
        ({"config": PART, "layers": [], "annotations": {"a": 1}}, MANIFEST, "annotations that are no map of texts"),
        ({"config": PART, "layers": []}, "text/html", "is no OCI manifest but text/html"),
    ],
)
def test_R20_R21_R23_manifests_that_can_be_read_in_two_ways_are_refused(body: dict, kind: str, message: str) -> None:
    with pytest.raises(OverlayError, match=message):
        read_manifest(write_json({"schemaVersion": 2, **body}), kind, "it")


def test_R23_a_key_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FetchError, match="is no JSON object"):
        read_manifest(b'{"schemaVersion": 2, "layers": [], "layers": [], "config": {}}', MANIFEST, "it")


def test_R17_urls_of_a_part_are_not_read(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    carry(made(10), "", remote(scripted.host), "1.0.0")
    found = json.loads(scripted.manifests["shop"]["1.0.0"][1])
    found["layers"][0]["urls"] = [f"http://{scripted.host}/stolen"]
    scripted.manifests["shop"]["1.0.0"] = (MANIFEST, json.dumps(found).encode())
    pulled(remote(scripted.host), tmp_path / "out")
    assert all("stolen" not in path for _, path in scripted.seen)


def test_R21_a_manifest_that_is_too_large_is_not_read(scripted: Registry, remote: Make) -> None:
    scripted.faults.append(
        on("GET", "/manifests/", lambda answer: answer.say(200, b" " * (5 << 20), Content_Type=MANIFEST))
    )
    with pytest.raises(LimitError, match="more than the limit of 4194304"):
        remote(scripted.host).manifest("1.0.0")


def test_R21_indexes_that_hold_each_other_end(scripted: Registry, remote: Make, tmp_path: Path) -> None:
    inner = write_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    for _ in range(12):
        part = {"mediaType": INDEX, "digest": sha256(inner), "size": len(inner)}
        scripted.manifests.setdefault("shop", {})[sha256(inner)] = (INDEX, inner)
        inner = write_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [part]})
    scripted.manifests["shop"]["1.0.0"] = (INDEX, inner)
    with pytest.raises(LimitError, match="indexes nested deeper than 8"):
        pulled(remote(scripted.host), tmp_path / "out")


def test_tags_come_in_pages(scripted: Registry, remote: Make) -> None:
    for minor in range(8):
        carry(made(10), "", remote(scripted.host), f"1.{minor}.0")
    assert remote(scripted.host).tags() == tuple(f"1.{minor}.0" for minor in range(8))
    assert remote(scripted.host, "nothing").tags() == ()


# What refers to a manifest.


def signature_of(subject: object) -> tuple[bytes, object]:
    config = describe(EMPTY, b"{}")
    manifest = image("application/vnd.shop.signature", config, (config,), {})
    value = {**json.loads(manifest.data), "subject": subject.descriptor.as_json()}  # type: ignore[attr-defined]
    return b"{}", read_manifest(write_json(value), MANIFEST, "it")


@pytest.mark.parametrize("has_referrers", [True, False])
def test_referrers_are_found_and_copied_with_and_without_the_api(
    remote: Make, tmp_path: Path, has_referrers: bool
) -> None:
    first, second = Registry(has_referrers=has_referrers), Registry(has_referrers=not has_referrers)
    try:
        source = remote(first.host)
        subject = carry(made(10), "", source, "1.0.0").manifest
        data, signature = signature_of(subject)
        source.put_blob(signature.config, lambda start: iter([data[start:]]))
        source.put_manifest(signature, None)
        assert [one.digest for one in source.referrers(subject.digest)] == [signature.digest]
        assert (subject.digest.replace(":", "-") in source.tags()) is not has_referrers
        layout = Layout(str(tmp_path / "out"))
        layout.create()
        carry(source, "1.0.0", layout, "1.0.0", referrers=True)
        assert [one.digest for one in layout.referrers(subject.digest)] == [signature.digest]
        target = remote(second.host)
        carry(layout, "1.0.0", target, "1.0.0", referrers=True)
        assert [one.digest for one in target.referrers(subject.digest)] == [signature.digest]
        layout.remove(["1.0.0"])
        assert layout.entries() == []
    finally:
        first.close()
        second.close()


# Many faults at once.


FAULTS: list[Callable[[Answer], object]] = [
    says(500), says(503), says(429, Retry_After="0"), says(404), says(400), says(401), Answer.drop,
    lambda answer: answer.say(200, b"wrong"), lambda answer: answer.say(202), lambda answer: (answer.body(), answer.drop()),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(1000 if os.environ.get("OVERLAY_FUZZ") else 40))
def test_fuzz_never_a_wrong_byte_and_never_a_tag_without_its_blobs(
    seed: int, remote: Make, small_pieces: None, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    registry = Registry(mounts=chance.random() < 0.5)

    def fault(answer: Answer) -> bool:
        if chance.random() > 0.15:
            return False
        chance.choice(FAULTS)(answer)
        return True

    registry.faults.append(fault)
    source = made(2500, 10, seed=seed)
    try:
        for _ in range(3):
            try:
                carry(source, "", remote(registry.host), "1.0.0")
                break
            except OverlayError:
                registry.check()
        registry.check()
        for _ in range(3):
            try:
                layout = pulled(remote(registry.host), tmp_path / "out")
            except OverlayError:
                assert Layout(str(tmp_path / "out")).tags() == ()
                continue
            for blob in source.artifact.manifest.blobs:
                assert read_blob(layout, blob, 1 << 20) == source.artifact.blobs[blob.digest]
            break
    finally:
        registry.close()


# A real one.


def test_a_real_registry_takes_and_gives(
    registry: RegistryProcess, remote: Make, small_pieces: None, tmp_path: Path
) -> None:
    source = made(5_500, 0, 20, seed=5)
    assert carry(source, "", remote(registry.host, "real/shop"), "1.0.0").is_new
    assert not carry(source, "", remote(registry.host, "real/shop"), "1.0.0").is_new
    layout = pulled(remote(registry.host, "real/shop"), tmp_path / "out")
    for blob in source.artifact.manifest.blobs:
        assert read_blob(layout, blob, 1 << 20) == source.artifact.blobs[blob.digest]
    carry(
        remote(registry.host, "real/shop"), "1.0.0", remote(registry.host, "real/copy", mount_from="real/shop"), "1.0.0"
    )
    assert remote(registry.host, "real/copy").tags() == ("1.0.0",)
