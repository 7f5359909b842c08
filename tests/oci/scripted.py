"""A registry in this process that keeps everything in memory, notes every request, and fails as it is told."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """faults: asked before each request, with the handler; what returns True has answered, or dropped, it.

    seen: (method, path without query) of each request. Without `has_referrers` there is no referrers API.
    """

    def __init__(self, *, has_referrers: bool = True, mounts: bool = True) -> None:
        self.blobs: dict[str, dict[str, bytes]] = {}
        self.manifests: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.uploads: dict[str, bytearray] = {}
        self.seen: list[tuple[str, str]] = []
        self.authorizations: list[str | None] = []
        self.faults: list[Callable[[Answer], bool]] = []
        self.has_referrers = has_referrers
        self.mounts = mounts
        self.lock = threading.RLock()
        registry = self

        class Bound(Answer):
            pass

        Bound.registry = registry

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Quiet(("127.0.0.1", 0), Bound)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.seen if method not in ("GET", "HEAD")]

    def check(self) -> None:
        """Raise where a tag leads to a manifest without its blobs: no fault may ever do that."""
        for name, found in self.manifests.items():
            for kind, data in found.values():
                manifest = json.loads(data)
                parts = [*manifest.get("layers", []), manifest["config"]] if kind == MANIFEST else []
                for part in parts:
                    assert sha256(self.blobs[name][part["digest"]]) == part["digest"]
                for part in manifest.get("manifests", []):
                    assert part["digest"] in found


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def handle_one(self) -> None:
        registry = self.registry
        parts = urlsplit(self.path)
        registry.seen.append((self.command, parts.path))
        registry.authorizations.append(self.headers.get("Authorization"))
        self.query = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
        for fault in list(registry.faults):
            if fault(self):
                return
        match = re.fullmatch(r"/v2/(.+)/(blobs/uploads|blobs|manifests|tags|referrers)/(.*)", parts.path)
        if parts.path == "/v2/":
            self.say(200, b"{}")
        elif match is None:
            self.fail(404, "NAME_UNKNOWN")
        else:
            name, kind, rest = match.groups()
            getattr(self, kind.replace("/", "_"))(name, rest)

    def do_GET(self) -> None:
        self.handle_one()

    def do_HEAD(self) -> None:
        self.handle_one()

    def do_POST(self) -> None:
        self.handle_one()

    def do_PUT(self) -> None:
        self.handle_one()

    def do_PATCH(self) -> None:
        self.handle_one()

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, text in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status: int, code: str, **headers: str) -> None:
        self.say(status, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode(), **headers)

    def drop(self) -> bool:
        self.close_connection = True
        self.connection.close()
        return True

    def blobs(self, name: str, digest: str) -> None:
        data = self.registry.blobs.get(name, {}).get(digest)
        if data is None:
            self.fail(404, "BLOB_UNKNOWN")
            return
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted:
            at = int(wanted[1])
            self.say(206, data[at:], Content_Range=f"bytes {at}-{len(data) - 1}/{len(data)}")
        else:
            self.say(200, data, Docker_Content_Digest=digest)

    def blobs_uploads(self, name: str, upload: str) -> None:
        registry = self.registry
        if self.command == "POST":
            self.body()
            origin, digest = self.query.get("from"), self.query.get("mount", "")
            if origin and registry.mounts and digest in registry.blobs.get(origin, {}):
                registry.blobs.setdefault(name, {})[digest] = registry.blobs[origin][digest]
                self.say(201, Location=f"/v2/{name}/blobs/{digest}")
                return
            upload = uuid.uuid4().hex
            registry.uploads[upload] = bytearray()
            self.say(202, Location=f"/v2/{name}/blobs/uploads/{upload}?_state=a%3Db", Range="0-0")
            return
        if upload not in registry.uploads:
            self.body()
            self.fail(404, "BLOB_UPLOAD_UNKNOWN")
            return
        kept = registry.uploads[upload]
        place = {"Location": f"/v2/{name}/blobs/uploads/{upload}?_state=a%3Db"}
        if self.command == "GET":
            self.say(204, Range=f"0-{max(len(kept) - 1, 0)}", **place)
        elif self.command == "PATCH":
            start = int(self.headers["Content-Range"].partition("-")[0])
            data = self.body()
            if start != len(kept):
                self.say(416, Range=f"0-{max(len(kept) - 1, 0)}", **place)
                return
            kept += data
            self.say(202, Range=f"0-{max(len(kept) - 1, 0)}", **place)
        else:
            kept += self.body()
            digest = self.query["digest"]
            if sha256(bytes(kept)) != digest:
                self.fail(400, "DIGEST_INVALID")
                return
            registry.blobs.setdefault(name, {})[digest] = bytes(registry.uploads.pop(upload))
            self.say(201, Location=f"/v2/{name}/blobs/{digest}")

    def manifests(self, name: str, reference: str) -> None:
        registry = self.registry
        if self.command == "PUT":
            data, kind = self.body(), self.headers["Content-Type"]
            manifest = json.loads(data)
            parts = [*manifest.get("layers", []), manifest["config"]] if kind == MANIFEST else []
            if any(part["digest"] not in registry.blobs.get(name, {}) for part in parts):
                self.fail(404, "MANIFEST_BLOB_UNKNOWN")
                return
            with registry.lock:
                found = registry.manifests.setdefault(name, {})
                found[sha256(data)] = found[reference] = (kind, data)
            subject = (
                {"OCI_Subject": manifest["subject"]["digest"]}
                if "subject" in manifest and registry.has_referrers
                else {}
            )
            self.say(201, Docker_Content_Digest=sha256(data), **subject)
            return
        kind, data = registry.manifests.get(name, {}).get(reference, ("", b""))
        if not kind:
            self.fail(404, "MANIFEST_UNKNOWN")
        else:
            self.say(200, data, Content_Type=kind, Docker_Content_Digest=sha256(data))

    def tags(self, name: str, _: str) -> None:
        tags = sorted(tag for tag in self.registry.manifests.get(name, {}) if ":" not in tag)
        size, last = int(self.query.get("n", 1000)), self.query.get("last", "")
        page = [tag for tag in tags if tag > last][: min(size, 3)]
        more = (
            {"Link": f'</v2/{name}/tags/list?n=3&last={page[-1]}>; rel="next"'} if page and page[-1] != tags[-1] else {}
        )
        self.say(200, json.dumps({"name": name, "tags": page}).encode(), **more)

    def referrers(self, name: str, digest: str) -> None:
        if not self.registry.has_referrers:
            self.fail(404, "NOT_FOUND")
            return
        found = {}
        for kind, data in self.registry.manifests.get(name, {}).values():
            value = json.loads(data)
            if value.get("subject", {}).get("digest") == digest:
                found[sha256(data)] = {"mediaType": kind, "digest": sha256(data), "size": len(data)}
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(found.values())}).encode()
        self.say(200, body, Content_Type=INDEX)

    def log_message(self, *_: object) -> None:
        pass
