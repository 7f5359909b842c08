"""A real registry with charts that the real helm pushed; and registries that lie."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overlay.errors import FetchError, OverlayError, Temporary
from overlay.fetch.address import may_have_credentials, parse, refuse_realm
from overlay.fetch.credentials import Credential
from overlay.fetch.http import Client
from overlay.fetch.login import Logins
from overlay.fetch.reference import read_reference
from overlay.fetch.registry import Descriptor, Registry
from overlay.fetch.retry import Patience
from tests.fetch.projects import CONTENT, MANIFEST, chart, manifest, overlay, project, sha256
from tests.fetch.servers import Handler, RegistryProcess, Web, in_turn, redirect, send

DATA = chart("db", "1.2.0")
SHORT = Patience(connect=2, idle=1, total=3, attempts=2, longest_wait=1)


@pytest.fixture(scope="module")
def charts(
    registry: RegistryProcess, tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """Push charts with the real helm; return them by version."""
    folder = tmp_path_factory.mktemp("charts")
    found = {version: chart("db", version) for version in ("1.2.0", "1.4.1", "2.0.0-rc.1", "1.5.0+build.7")}
    for version, data in found.items():
        (folder / f"db-{version}.tgz").write_bytes(data)
        subprocess.run(
            [tool("helm"), "push", f"db-{version}.tgz", f"oci://{registry.host}/charts", "--plain-http"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("1.2.0", "1.2.0"),
        ("~1.4", "1.4.1"),
        ("^1.2.0", "1.5.0+build.7"),
        (">=2.0.0-0", "2.0.0-rc.1"),
        ("1.5.0+build.7", "1.5.0+build.7"),
    ],
)
def test_a_chart_that_helm_pushed_is_locked_and_rendered(
    registry: RegistryProcess, charts: dict[str, bytes], tmp_path: Path, version: str, found: str
) -> None:
    folder = project(tmp_path, f"{{oci: oci://{registry.host}/charts/db, version: '{version}'}}")
    done = overlay(folder, "lock")
    assert (done.returncode, done.stderr[: len(f"locked db {found} from")]) == (0, f"locked db {found} from")
    lock = (folder / "overlay.lock").read_text()
    assert f"digest: {sha256(charts[found])}" in lock
    assert f"source: oci://{registry.host}/charts/db@sha256:" in lock
    rendered = overlay(folder, "render", "prod")
    assert (rendered.returncode, found in rendered.stdout) == (0, True)
    shutil.rmtree(os.environ["XDG_CACHE_HOME"])
    assert overlay(folder, "lock").stderr == "overlay.lock is up to date: 1 input\n"


def test_a_chart_by_the_digest_of_its_manifest(
    registry: RegistryProcess, charts: dict[str, bytes], tmp_path: Path
) -> None:
    first = project(tmp_path / "a", f"{{oci: oci://{registry.host}/charts/db, version: 1.2.0}}")
    overlay(first, "lock")
    digest = (first / "overlay.lock").read_text().partition("db@")[2].split()[0]
    second = project(tmp_path / "b", f"{{oci: oci://{registry.host}/charts/db, digest: '{digest}'}}")
    assert overlay(second, "lock").returncode == 0
    assert 'version: "1.2.0"' in overlay(second, "render", "prod").stdout
    text = (second / "overlay.lock").read_text()
    assert '  version: "1.2.0"\n' in text
    (second / "overlay.lock").write_text(text.replace(f"db@{digest}", "db@sha256:" + "0" * 64))
    refused = overlay(second, "render", "prod")
    assert f"overlay.lock has other content for db than the document: want {digest}" in refused.stderr
    assert overlay(second, "lock", "--check").returncode == 1


def test_the_versions_of_a_chart_in_a_registry_are_listed(
    registry: RegistryProcess, charts: dict[str, bytes], tmp_path: Path
) -> None:
    reference = f"oci://{registry.host}/charts/db"

    def versions(*words: str) -> list[str]:
        return [
            row["version"]
            for row in json.loads(overlay(tmp_path, "repo", "search", reference, "-o", "json", *words).stdout)
        ]

    assert versions() == ["1.5.0+build.7"]
    assert versions("-l") == ["2.0.0-rc.1", "1.5.0+build.7", "1.4.1", "1.2.0"]
    assert versions("-l", "--version", "<1.5") == ["1.4.1", "1.2.0"]


def test_a_sub_chart_from_a_registry(registry: RegistryProcess, charts: dict[str, bytes], tmp_path: Path) -> None:
    more = f"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {{name: db, version: ^1.2.0, repository: 'oci://{registry.host}/charts'}}\n"
    folder = project(tmp_path, "{path: ../base/chart}", **{"environments/base/chart/Chart.yaml": more})
    assert overlay(folder, "lock").returncode == 0
    assert overlay(folder, "render", "prod", "-o", "name").stdout == "configmap/shop-db\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("oci: oci://HOST/charts/nothing, version: 1.0.0", "oci://HOST/charts/nothing has no 1.0.0"),
        ("oci: oci://HOST/charts/db, version: 9.9.9", "oci://HOST/charts/db has no 9.9.9"),
        ("oci: oci://HOST/charts/db, version: ^9", "oci://HOST/charts/db has no db that meets '^9'"),
        ("oci: oci://HOST/charts/db, version: =<", "version '=<' of db is no version constraint"),
        ("oci: oci://HOST/charts/db:1.2.0, version: 1.2.0", "oci://HOST/charts/db:1.2.0 has a tag or digest in it"),
        ("oci: oci://HOST/Charts/db, version: 1.2.0", "is no oci://host/path"),
        ("oci: https://HOST/charts/db, version: 1.2.0", "'https://HOST/charts/db' is no oci:// reference"),
    ],
)
def test_what_is_not_there_is_named(
    registry: RegistryProcess, charts: dict[str, bytes], tmp_path: Path, line: str, message: str
) -> None:
    done = overlay(project(tmp_path, f"{{{line.replace('HOST', registry.host)}}}"), "lock")
    assert done.returncode == 2
    assert message.replace("HOST", registry.host) in done.stderr


class Lying:
    """A registry of one chart, by hand: each part can be replaced by a lie."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.base = "/v2/charts/db"
        self.put(DATA)

    def put(self, data: bytes, **changes: object) -> bytes:
        body = manifest(data, **changes)
        self.web.answers[f"{self.base}/blobs/{sha256(data)}"] = data
        for reference in ("1.2.0", sha256(body)):
            self.serve(reference, body)
        return body

    def serve(self, reference: str, body: bytes, kind: str = MANIFEST, **headers: str) -> None:
        self.web.answers[f"{self.base}/manifests/{reference}"] = lambda handler: send(
            handler, 200, body, Content_Type=kind, **headers
        )

    def read(
        self, reference: str = "1.2.0", credential: Credential | None = None, token_hosts: tuple[str, ...] = ()
    ) -> bytes:
        registry = Registry(Logins(Client(SHORT, sleep=lambda _: None), lambda _: credential, token_hosts))
        repository = read_reference(f"oci://{self.web.host}/charts/db")
        found = registry.manifest(repository, reference)
        return registry.blob(repository, found.layers[0], limit=1_000_000)


@pytest.fixture
def lying(web: Web) -> Lying:
    return Lying(web)


def test_an_honest_registry_is_believed(lying: Lying) -> None:
    assert lying.read() == DATA
    assert lying.read(sha256(manifest(DATA))) == DATA


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (DATA[:-1], f"content differs from its digest: want {sha256(DATA)} \\({len(DATA)} bytes\\), got"),
        (b"", "content differs from its digest"),
        (b"\0" * len(DATA), "content differs from its digest"),
        (DATA + b"x" * 70_000, "has .* bytes, more than the limit of 65536"),
        (DATA + b"x", "content differs from its digest"),
    ],
    ids=["short", "empty", "same-size", "long", "one-more"],
)
def test_V04_R18_R22_a_blob_that_differs_from_its_digest_is_refused(lying: Lying, blob: bytes, message: str) -> None:
    lying.web.answers[f"{lying.base}/blobs/{sha256(DATA)}"] = lambda handler: send(handler, 200, blob)
    with pytest.raises(OverlayError, match=message):
        lying.read()


def test_R18_a_blob_that_was_wrong_once_is_asked_for_again(lying: Lying) -> None:
    lying.web.answers[f"{lying.base}/blobs/{sha256(DATA)}"] = in_turn(b"wrong", DATA)
    assert lying.read() == DATA


def test_V04_R19_a_manifest_that_differs_from_its_digest_is_refused(lying: Lying) -> None:
    asked = "sha256:" + "0" * 64
    lying.serve(asked, manifest(DATA))
    with pytest.raises(FetchError, match=f"@{asked} was answered with other content: {sha256(manifest(DATA))}"):
        lying.read(asked)


def test_R19_a_registry_that_misnames_its_manifest_is_refused(lying: Lying) -> None:
    lying.serve("1.2.0", manifest(DATA), Docker_Content_Digest="sha256:" + "1" * 64)
    with pytest.raises(FetchError, match="the registry says sha256:1111"):
        lying.read()


LAYER = {"mediaType": CONTENT, "digest": sha256(DATA), "size": len(DATA)}


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (manifest(DATA, manifests=[]), MANIFEST, "is ambiguous: it is both an index and an image"),
        (manifest(DATA, mediaType="application/vnd.oci.image.index.v1+json"), MANIFEST, "calls itself application/vnd.oci.image.index"),
        (b'{"schemaVersion": 2, "manifests": []}', "application/vnd.oci.image.index.v1+json", "is an index of several"),
        (manifest(DATA, mediaType=None), "text/html", "is no OCI image manifest but text/html"),
        (manifest(DATA, schemaVersion=1), MANIFEST, "is no OCI image manifest"),
        (manifest(DATA, layers="x"), MANIFEST, "has no list of layers"),
        (manifest(DATA, layers=[LAYER] * 101), MANIFEST, "has 101 layers, more than the limit of 100"),
        (manifest(DATA, layers=[{**LAYER, "digest": "sha256:../../x"}]), MANIFEST, "has the digest 'sha256:../../x'"),
        (manifest(DATA, layers=[{**LAYER, "digest": sha256(DATA).upper()}]), MANIFEST, "has the digest 'SHA256:"),
        (manifest(DATA, layers=[{**LAYER, "digest": "md5:" + "0" * 32}]), MANIFEST, "has the digest 'md5:"),
        (manifest(DATA, layers=[{**LAYER, "size": -1}]), MANIFEST, "has a part without media type, digest or size"),
        (manifest(DATA, layers=[{**LAYER, "size": True}]), MANIFEST, "has a part without media type, digest or size"),
        (manifest(DATA, config=None), MANIFEST, "has a part without media type, digest or size"),
        (b"[" * 100_000, MANIFEST, "was answered with what is no JSON object"),
        (b"<html>", MANIFEST, "was answered with what is no JSON object"),
        (b" " * (4 * 1024 * 1024 + 1), MANIFEST, "more than the limit of 4194304"),
    ],
)  # fmt: skip
def test_R20_R21_R23_a_manifest_that_could_be_read_in_two_ways_or_none_is_refused(
    lying: Lying, body: bytes, kind: str, message: str
) -> None:
    lying.serve("1.2.0", body, kind)
    with pytest.raises(OverlayError, match=message):
        lying.read()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(b"{}"), "size": 2}},
            "is no Helm chart: its config is",
        ),
        ({"layers": []}, "has 0 chart layers, one is expected"),
        ({"layers": [LAYER, LAYER]}, "has 2 chart layers, one is expected"),
        ({"layers": [{**LAYER, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]}, "has 0 chart layers"),
    ],
)
def test_A17_what_is_no_chart_is_refused(lying: Lying, tmp_path: Path, changes: dict, message: str) -> None:
    lying.put(DATA, **changes)
    done = overlay(project(tmp_path, f"{{oci: oci://{lying.web.host}/charts/db, version: 1.2.0}}"), "lock")
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_R17_foreign_urls_of_a_layer_are_never_followed(lying: Lying, make_web: Callable[..., Web]) -> None:
    foreign = make_web()
    lying.put(DATA, layers=[{**LAYER, "urls": [f"{foreign.url}/blob"]}])
    assert lying.read() == DATA
    assert foreign.seen == []


def test_R21_tags_that_never_end_are_left(lying: Lying) -> None:
    count = iter(range(1_000_000))

    def page(handler: Handler) -> None:
        body = json.dumps({"tags": [f"t{next(count)}" for _ in range(1000)]}).encode()
        send(handler, 200, body, Link=f'</v2/charts/db/tags/list?last={next(count)}>; rel="next"')

    lying.web.answers[f"{lying.base}/tags/list"] = page
    registry = Registry(Logins(Client(SHORT), lambda _: None))
    with pytest.raises(OverlayError, match="lists more than 50000 tags or 200 pages"):
        registry.tags(read_reference(f"oci://{lying.web.host}/charts/db"))


def test_R21_tags_are_not_continued_elsewhere(lying: Lying, make_web: Callable[..., Web]) -> None:
    other = make_web()
    lying.web.answers[f"{lying.base}/tags/list"] = lambda handler: send(
        handler, 200, b'{"tags": []}', Link=f'<{other.url}/v2/x>; rel="next"'
    )
    with pytest.raises(FetchError, match="which is not followed"):
        Registry(Logins(Client(SHORT), lambda _: None)).tags(read_reference(f"oci://{lying.web.host}/charts/db"))
    assert other.seen == []


# Tokens.

ME = Credential(user="me", password="s3cret")
BASIC = "Basic " + base64.b64encode(b"me:s3cret").decode()


class Guarded(Lying):
    """The same, which wants a token from a realm."""

    def __init__(self, web: Web, realm: str) -> None:
        super().__init__(web)
        for path, found in list(web.answers.items()):
            web.answers[path] = self.guard(
                found, f'Bearer realm="{realm}",service="shop",scope="repository:charts/db:pull"'
            )

    def guard(self, found: object, challenge: str) -> Callable[[Handler], None]:
        def answer(handler: Handler) -> None:
            if handler.headers.get("Authorization") != "Bearer t0ken":
                send(handler, 401, WWW_Authenticate=challenge)
            elif isinstance(found, bytes):
                send(handler, 200, found)
            else:
                found(handler)

        return answer


@pytest.mark.parametrize("field", ["token", "access_token"])
@pytest.mark.parametrize("credential", [None, ME])
def test_R01_a_token_is_fetched_once_for_a_repository(web: Web, field: str, credential: Credential | None) -> None:
    guarded = Guarded(web, f"{web.url}/token")
    web.answers["/token"] = json.dumps({field: "t0ken"}).encode()
    assert guarded.read(credential=credential) == DATA
    asked = [(path, headers.get("authorization")) for path, headers in web.seen if path.startswith("/token")]
    assert asked == [("/token?service=shop&scope=repository%3Acharts%2Fdb%3Apull", BASIC if credential else None)]


def test_R01_an_identity_token_is_exchanged(web: Web) -> None:
    guarded = Guarded(web, f"{web.url}/token")
    sent = []

    def token(handler: Handler) -> None:
        sent.append((handler.command, handler.rfile.read(int(handler.headers["Content-Length"])).decode()))
        send(handler, 200, b'{"access_token": "t0ken"}')

    web.answers["/token"] = token
    assert guarded.read(credential=Credential(token="identity")) == DATA
    assert sent == [
        (
            "POST",
            "service=shop&scope=repository%3Acharts%2Fdb%3Apull&grant_type=refresh_token&refresh_token=identity&client_id=overlay",
        )
    ]


def test_R02_a_token_that_is_never_accepted_ends_after_one_login(web: Web) -> None:
    guarded = Guarded(web, f"{web.url}/token")
    web.answers["/token"] = b'{"token": "other"}'
    with pytest.raises(FetchError, match=f"login rejected by {web.host}") as caught:
        guarded.read(credential=ME)
    assert caught.value.hint == f"log in again with `overlay login {web.host}`"
    assert len(web.seen) == 3


@pytest.mark.parametrize(
    ("challenge", "message"),
    [
        ("", "wants a login in a way that is not known"),
        ("Negotiate", "wants a login in a way that is not known"),
        ("Bearer", "is no https:// URL"),
        ('Bearer realm="', "is no https:// URL"),
        ('Bearer realm="file:///etc/passwd"', "is no https:// URL"),
        ('Basic realm="x"', "wants a login"),
    ],
)
def test_R02_challenges_that_cannot_be_met_are_named(lying: Lying, challenge: str, message: str) -> None:
    lying.web.answers[f"{lying.base}/manifests/1.2.0"] = lambda handler: send(handler, 401, WWW_Authenticate=challenge)
    with pytest.raises(FetchError, match=message):
        lying.read()


def test_R01_several_challenges_basic_and_bearer(web: Web) -> None:
    guarded = Lying(web)
    for path, found in list(web.answers.items()):
        web.answers[path] = Guarded.guard(
            guarded, found, f'Basic realm="x", Bearer realm="{web.url}/token",service="a,b"'
        )
    web.answers["/token"] = b'{"token": "t0ken"}'
    assert guarded.read() == DATA


def test_R01_basic_login_goes_to_the_registry(lying: Lying) -> None:
    found = lying.web.answers[f"{lying.base}/manifests/1.2.0"]

    def answer(handler: Handler) -> None:
        if handler.headers.get("Authorization") == BASIC:
            found(handler)
        else:
            send(handler, 401, WWW_Authenticate='Basic realm="x"')

    lying.web.answers[f"{lying.base}/manifests/1.2.0"] = answer
    assert lying.read(credential=ME) == DATA


def test_V05_R07_credentials_never_go_to_a_token_service_of_another_host(
    web: Web, make_web: Callable[..., Web]
) -> None:
    stranger = make_web()
    stranger.answers["/token"] = lambda handler: send(handler, 401)
    guarded = Guarded(web, f"http://localhost:{stranger.port}/token")
    with pytest.raises(FetchError) as caught:
        guarded.read(credential=ME)
    assert caught.value.message == (
        f"{web.host} sends to localhost for a token, which must not see the credentials of {web.host}"
    )
    assert caught.value.hint == "if both belong together, allow it with --token-host localhost"
    assert [("authorization" in headers) for _, headers in stranger.seen] == [False]
    stranger.answers["/token"] = b'{"token": "t0ken"}'
    assert guarded.read(credential=ME, token_hosts=("localhost",)) == DATA
    assert stranger.seen[-1][1]["authorization"] == BASIC


def test_R14_a_token_service_that_redirects_does_not_pass_credentials_on(
    web: Web, make_web: Callable[..., Web]
) -> None:
    stranger = make_web()
    stranger.answers["/token"] = b'{"token": "t0ken"}'
    guarded = Guarded(web, f"{web.url}/token")
    web.answers["/token"] = redirect(f"{stranger.url}/token")
    assert guarded.read(credential=ME) == DATA
    assert [("authorization" in headers) for _, headers in stranger.seen] == [False]


def test_R15_a_form_with_an_identity_token_is_never_redirected(web: Web, make_web: Callable[..., Web]) -> None:
    stranger = make_web()
    guarded = Guarded(web, f"{web.url}/token")
    web.answers["/token"] = redirect(f"{stranger.url}/token", 307)
    with pytest.raises(FetchError, match="redirects a request with credentials; that is never followed"):
        guarded.read(credential=Credential(token="identity"))
    assert stranger.seen == []


def test_R14_a_blob_may_come_from_another_host_without_our_token(web: Web, make_web: Callable[..., Web]) -> None:
    cdn = make_web()
    cdn.answers["/blob"] = DATA
    guarded = Guarded(web, f"{web.url}/token")
    web.answers["/token"] = b'{"token": "t0ken"}'
    path = f"{guarded.base}/blobs/{sha256(DATA)}"
    web.answers[path] = guarded.guard(redirect(f"{cdn.url}/blob", 307), "")
    assert guarded.read() == DATA
    assert "authorization" not in cdn.seen[0][1]


def test_R10_a_registry_that_is_busy_is_asked_again(lying: Lying) -> None:
    path = f"{lying.base}/manifests/1.2.0"
    lying.web.answers[path] = in_turn(lambda handler: send(handler, 429, Retry_After="1"), lying.web.answers[path])
    assert lying.read() == DATA
    lying.web.answers[path] = lambda handler: send(handler, 503)
    with pytest.raises(Temporary):
        lying.read()


@pytest.mark.parametrize(
    ("registry", "realm", "reason"),
    [
        ("https://r.example/", "http://r.example/token", "is not encrypted, though the registry is"),
        ("https://r.example/", "https://127.0.0.1/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://localhost/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://169.254.169.254/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://[::1]/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://[fe80::1]/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://0.0.0.0/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://2130706433/token", "is inside this machine or network segment"),
        ("https://r.example/", "https://0x7f.1/token", "is inside this machine or network segment"),
        ("http://r.example/", "http://auth.example/token", "is not encrypted"),
        ("https://r.example/", "https://auth.example/token", None),
        ("https://registry.gitlab.com/", "https://gitlab.com/jwt/auth", None),
        ("https://10.0.0.1/", "https://10.0.0.2/token", None),
    ],
)
def test_R05_R06_where_a_registry_may_send_us(registry: str, realm: str, reason: str | None) -> None:
    assert refuse_realm(parse(realm, plain_http=True), parse(registry, plain_http=True)) == reason


@pytest.mark.parametrize(
    ("registry", "realm", "listed", "allowed"),
    [
        ("r.example", "r.example:444", (), True),
        ("registry.gitlab.com", "gitlab.com", (), True),
        ("registry-1.docker.io", "auth.docker.io", (), True),
        ("gitlab.com", "registry.gitlab.com", (), False),
        ("evil.example", "auth.docker.io", (), False),
        ("registry.example.com", "auth.example.com", (), False),
        ("registry.example.com", "auth.example.com", ("auth.example.com",), True),
        ("a.com", "com", (), False),
        ("xgitlab.com", "gitlab.com", (), False),
    ],
)
def test_V05_R07_who_may_see_a_registrys_credentials(
    registry: str, realm: str, listed: tuple[str, ...], allowed: bool
) -> None:
    assert may_have_credentials(parse(f"https://{realm}/token"), parse(f"https://{registry}/"), listed) is allowed


def test_R20_only_digests_and_tags_reach_the_registry(lying: Lying) -> None:
    with pytest.raises(FetchError, match=r"'\.\./\.\./x' is no tag of a registry"):
        lying.read("../../x")
    assert lying.web.seen == []


@pytest.fixture
def private(tool: Callable[[str], str], tmp_path: Path) -> Iterator[RegistryProcess]:
    """A real registry that wants user me with password s3cret."""
    (tmp_path / "htpasswd").write_text("me:$2b$04$66.k5iqC4n14XeSO1e6/2.b6Cye3ZaQ977nUfaJLrA3GC.th0udRu\n")
    process = RegistryProcess(
        tool("registry"), tmp_path, REGISTRY_AUTH="htpasswd", REGISTRY_AUTH_HTPASSWD_REALM="x",
        REGISTRY_AUTH_HTPASSWD_PATH=str(tmp_path / "htpasswd"),
    )  # fmt: skip
    yield process
    process.close()


def test_a_blob_larger_than_allowed_is_not_asked_for(lying: Lying) -> None:
    registry = Registry(Logins(Client(SHORT), lambda _: None))
    big = Descriptor(media_type=CONTENT, digest=sha256(DATA), size=1 << 40)
    with pytest.raises(OverlayError, match="has 1099511627776 bytes, more than the limit of 1000"):
        registry.blob(read_reference(f"oci://{lying.web.host}/charts/db"), big, limit=1000)
    assert lying.web.seen == []


def test_R09_a_real_registry_gets_the_credentials_that_helm_and_docker_stored(
    private: RegistryProcess, tool: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helm = tool("helm")
    login = ["registry", "login", private.host, "-u", "me", "-p", "s3cret", "--plain-http"]
    subprocess.run([helm, *login], check=True, capture_output=True)
    (tmp_path / "db-1.2.0.tgz").write_bytes(DATA)
    subprocess.run(
        [helm, "push", "db-1.2.0.tgz", f"oci://{private.host}/charts", "--plain-http"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    folder = project(tmp_path / "p", f"{{oci: oci://{private.host}/charts/db, version: ^1}}")
    assert overlay(folder, "lock", "-q").returncode == 0
    assert "s3cret" not in (folder / "overlay.lock").read_text()
    stranger = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HELM_REGISTRY_CONFIG": str(tmp_path / "none"),
    }
    refused = overlay(folder, "lock", **stranger)
    assert refused.returncode == 2
    assert f"{private.host} wants a login" in refused.stderr
    assert f"log in with `overlay login {private.host}`" in refused.stderr
    docker = tmp_path / ".docker" / "config.json"
    docker.parent.mkdir()
    docker.write_text(json.dumps({"auths": {private.host: {"auth": base64.b64encode(b"me:s3cret").decode()}}}))
    assert overlay(folder, "lock", "-q", **stranger).returncode == 0
    docker.write_text(json.dumps({"auths": {private.host: {"auth": base64.b64encode(b"me:wr0ng").decode()}}}))
    rejected = overlay(folder, "lock", "--upgrade", "db", **stranger)
    assert f"login rejected by {private.host}" in rejected.stderr
    assert "wr0ng" not in rejected.stderr
