"""TLS towards an API server: whom we trust, and who we are, without a key in any folder."""

from __future__ import annotations

import http.client
import os
import ssl

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.cluster.access import Access
    from overlay.cluster.credentials import Credential


class Secure(http.client.HTTPSConnection):
    """A connection that has its socket before the handshake: whoever is interrupted in the middle of it can close it.

    name: whom the certificate must name, where that is another than the host (`tls-server-name`).
    timeout, handshake: seconds to reach the server, and for each answer until all is encrypted.
    """

    def __init__(
        self, host: str, port: int, *, timeout: float, handshake: float, context: ssl.SSLContext, name: str
    ) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._trusted = context
        self._handshake = handshake
        self._name = name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock.settimeout(self._handshake)
        name = self._name or self._tunnel_host or self.host  # type: ignore[attr-defined]
        made = self._trusted.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
        self.sock = made
        made.do_handshake()


def make_context(access: Access, credential: Credential) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if access.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif access.authority:
            context.load_verify_locations(cadata=access.authority.decode("ascii"))
        else:
            context.load_default_certs()
        if credential.certificate:
            _load_pair(context, credential)
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise UsageError(f"the CA or client certificate of context {access.context} is no PEM") from None
    return context


def _load_pair(context: ssl.SSLContext, credential: Credential) -> None:
    """Give a context our certificate and key; the ssl module reads them from files only."""
    pair = credential.certificate.rstrip() + b"\n" + credential.key
    if hasattr(os, "memfd_create"):
        # A file that no folder has: nothing is left behind, even when we are killed here.
        memory = os.memfd_create("overlay")
        try:
            os.write(memory, pair)
            context.load_cert_chain(f"/proc/self/fd/{memory}")
        finally:
            os.close(memory)
        return
    import tempfile  # noqa: PLC0415  # where the kernel has no such files

    from overlay.files.temporary import temporary_folder  # noqa: PLC0415

    with tempfile.NamedTemporaryFile(dir=temporary_folder()) as file:
        file.write(pair)
        file.flush()
        context.load_cert_chain(file.name)
