"""What it takes to reach a cluster; its repr tells no secret."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@value(kw_only=True)
class Access:
    """One context of a kubeconfig, or the ServiceAccount of the pod that we run in.

    context: as error texts name it. source: the file that it comes from.
    authority, certificate, key: PEM; authority is empty for the machine's own trust.
    token, token_file, user and password: at most one way in; token_file is read again when it has changed hands.
    plugin: the `exec` entry, provider: the `auth-provider` entry, folder: what their relative paths start from.
    cluster: the entry as a credential plugin may see it. is_pod: it is the pod's ServiceAccount.
    """

    context: str
    source: str
    server: str
    namespace: str = "default"
    authority: bytes = b""
    insecure: bool = False
    server_name: str = ""
    proxy: str = ""
    certificate: bytes = b""
    key: bytes = b""
    token: str = ""
    token_file: str = ""
    user: str = ""
    password: str = ""
    impersonate: tuple[tuple[str, str], ...] = ()
    plugin: dict[str, Any] | None = None
    provider: dict[str, Any] | None = None
    folder: str = ""
    cluster: dict[str, Any] | None = None
    is_pod: bool = False

    def __repr__(self) -> str:
        return f"Access({self.context}, {self.server})"
