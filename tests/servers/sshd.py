"""A real sshd on loopback, with keys of its own, for the user who runs the tests."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from pathlib import Path


class Sshd:
    """One server; `config` is a client's configuration that knows it, and may log in.

    programs: what its log tells that clients ran.
    """

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = _free_port()
        for name in ("host", "client", "stranger"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True)
        (folder / "authorized").write_text((folder / "client.pub").read_text())
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {(folder / 'host.pub').read_text()}")
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
            "PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\nLogLevel VERBOSE\nAcceptEnv GIT_PROTOCOL\n"
        )
        self.config = self.write_config("config")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [program, "-D", "-f", str(folder / "sshd_config"), "-E", str(self.log)], stdin=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(self.log.read_text())

    def write_config(self, name: str, *, key: str = "client", known: str = "known") -> Path:
        """Write a client's configuration; key and known: files of the folder."""
        made = self.folder / name
        made.write_text(
            f"Host *\n  IdentityFile {self.folder}/{key}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            f"  UserKnownHostsFile {self.folder}/{known}\n  GlobalKnownHostsFile /dev/null\n  UpdateHostKeys no\n"
        )
        return made

    def url(self, path: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
