"""A real Kubernetes control plane on loopback, without containers: etcd, API server, controllers, scheduler and kwok."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MODULES = REPOSITORY / "tests" / "cluster" / "testbed"
START_SECONDS = 120

# user: (token, groups). `viewer` and `nobody` have no rights until a test gives them some.
USERS = {
    "admin": ("admin-token", "system:masters"),
    "deployer": ("deployer-token", "deployers"),
    "viewer": ("viewer-token", "viewers"),
}


def _cache() -> Path:
    given = os.environ.get("OVERLAY_TESTBED")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "overlay-testbed"


def programs() -> Path:
    """Return the folder of what `make testbed` builds; scripts/build_testbed.sh names it in the same way."""
    digest = sha256()
    for name in ("go.mod", "go.sum"):
        for path in sorted(MODULES.glob(f"*/{name}")):
            digest.update(path.read_bytes())
    digest.update((REPOSITORY / "scripts" / "build_testbed.sh").read_bytes())
    return CACHE / digest.hexdigest()[:16]


# util-linux: what is started ends with the process that started it, also where that one is killed.
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
# Read while modules are collected: the guard hides the home folder from tests.
CACHE = _cache()


class Testbed:
    """One control plane and its fake node; `close` ends all of it.

    server: address of the API server. folder: logs, certificates and kubeconfig files.
    """

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = programs()
        self._processes: list[subprocess.Popen[bytes]] = []
        # Paths of sockets are short.
        self._state = Path(tempfile.mkdtemp(prefix="testbed-"))
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        issued = self._authority.issue_cert("127.0.0.1", "localhost")
        issued.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
        issued.private_key_pem.write_to_path(str(folder / "server.key"))
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (folder / "accounts.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "tokens.csv").write_text(
            "".join([f'{token},{user},{user},"{groups}"\n' for user, (token, groups) in USERS.items()])
        )
        self.context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        # Sockets in the folder that all run in; etcd wants them to look like a host and a port.
        etcd, peer = "unix://localhost:1", "unix://localhost:2"
        self._run(
            "etcd", f"--data-dir={self._state}/etcd", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}", "--unsafe-no-fsync", "--log-level=warn",
            "--max-request-bytes=8388608",
        )  # fmt: skip
        for _ in range(3):
            port = _free_port()
            self.server = f"https://127.0.0.1:{port}"
            api = self._run(
                "kube-apiserver", f"--etcd-servers={etcd}", f"--secure-port={port}", "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
                f"--tls-cert-file={self.folder}/server.pem", f"--tls-private-key-file={self.folder}/server.key",
                f"--cert-dir={self._state}", f"--token-auth-file={self.folder}/tokens.csv", "--authorization-mode=RBAC",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={self.folder}/accounts.key",
                f"--service-account-signing-key-file={self.folder}/accounts.key",
                "--service-cluster-ip-range=10.0.0.0/16", "--allow-privileged=true", "--profiling=false",
                # A test's burst of requests is not what these protect from.
                "--max-requests-inflight=0", "--max-mutating-requests-inflight=0", "--enable-priority-and-fairness=false",
            )  # fmt: skip
            if self._is_ready(api):
                break
        else:
            raise AssertionError(f"the API server does not start, see {self.folder}/kube-apiserver.log")
        admin = self.kubeconfig("admin")
        for name in ("kube-controller-manager", "kube-scheduler"):
            own = (
                (f"--service-account-private-key-file={self.folder}/accounts.key", f"--root-ca-file={self.folder}/ca.pem",
                 "--use-service-account-credentials=false", "--concurrent-deployment-syncs=20",
                 # A machine under load is late with its heartbeats; its pods would be taken for dead, for good.
                 "--node-monitor-grace-period=24h", "--node-startup-grace-period=24h")
                if name == "kube-controller-manager"
                else ()
            )  # fmt: skip
            self._run(
                name, f"--kubeconfig={admin}", "--leader-elect=false", "--secure-port=0", "--kube-api-qps=500",
                "--kube-api-burst=1000", *own,
            )  # fmt: skip
        self._run(
            "kwok", f"--kubeconfig={admin}", f"--config={MODULES}/stages.yaml", "--manage-all-nodes=true",
            "--cidr=10.1.0.0/16", "--node-ip=127.0.0.1",
        )  # fmt: skip
        self.call(
            "POST",
            "/api/v1/nodes",
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "fake", "labels": {"kubernetes.io/os": "linux"}}},
        )
        self.wait(lambda: _is_schedulable(self.call("GET", "/api/v1/nodes/fake")), "a node that takes pods")
        self.wait(lambda: any(one["metadata"]["name"] == "default" for one in self._accounts()), "a service account")

    def _accounts(self) -> list[dict[str, Any]]:
        return self.call("GET", "/api/v1/namespaces/default/serviceaccounts")["items"]

    def _run(self, name: str, *args: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*DIE_WITH_US, self._programs / name, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self._state)}, cwd=self._state,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                self.call("GET", "/readyz?exclude=informer-sync")
            except (OSError, ssl.SSLError):
                time.sleep(0.05)
            else:
                return True
        return False

    def wait(self, is_met: Any, what: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if is_met():
                return
            time.sleep(0.05)
        raise AssertionError(f"the testbed has not got {what} after {START_SECONDS} s, see {self.folder}")

    def call(self, method: str, path: str, body: Any = None, *, content: str = "application/json") -> Any:
        """Send one request as admin; return what is answered."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {USERS['admin'][0]}", "Content-Type": content}
        request = urllib.request.Request(self.server + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as response:
                text = response.read().decode()
        except urllib.error.HTTPError as error:
            # It holds the connection.
            error.close()
            raise
        return json.loads(text) if text.startswith("{") else text

    def find(self, path: str) -> Any:
        """Return what is at a path, or None."""
        try:
            return self.call("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def kubeconfig(self, user: str = "admin", *, token: str | None = None, server: str | None = None) -> Path:
        """Write the kubeconfig of a user; `server` for one that stands in front."""
        token = token or USERS[user][0]
        name = sha256(f"{user} {token} {server}".encode()).hexdigest()[:12]
        path = self.folder / f"kubeconfig-{name}.yaml"
        authority = base64.b64encode((self.folder / "ca.pem").read_bytes()).decode()
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "testbed",
                    "clusters": [{
                        "name": "testbed",
                        "cluster": {"server": server or self.server, "certificate-authority-data": authority},
                    }],
                    "users": [{"name": user, "user": {"token": token}}],
                    "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
                }
            )
        )  # fmt: skip
        return path

    def kubectl(self, *args: str, user: str = "admin", stdin: str = "", check: bool = True, **env: str) -> str:
        """Run the real kubectl; return what it prints."""
        done = subprocess.run(
            [self._programs / "kubectl", f"--kubeconfig={self.kubeconfig(user)}", f"--cache-dir={self._state}/cache", *args],
            input=stdin, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(self._state), **env},
        )  # fmt: skip
        if check:
            assert done.returncode == 0, f"kubectl {' '.join(args)}: {done.stderr}"
        return done.stdout

    def story(self, namespace: str) -> str:
        """Return what a person would look at first when something does not come about."""
        asked = ("get", "node,deployment,replicaset,pod,event,lease", "-o", "wide", "--namespace", namespace)
        found = [self.kubectl(*asked, check=False), self.kubectl("describe", "node", "fake", check=False)]
        ended = [str(one.args) for one in self._processes if one.poll() is not None]
        logs = [path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("kwok*.log"))]
        return "\n".join([*found, f"ended: {ended}", *logs])

    def close(self) -> None:
        """End every process that this testbed started, and forget its state; logs stay."""
        for process in reversed(self._processes):
            # There is nothing worth an orderly end.
            process.kill()
        for process in self._processes:
            process.wait()
        shutil.rmtree(self._state, ignore_errors=True)


def _is_schedulable(node: dict[str, Any]) -> bool:
    conditions = {one["type"]: one["status"] for one in node.get("status", {}).get("conditions", ())}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
