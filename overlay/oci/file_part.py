"""A part of an open file, to be sent: the kernel can do that without a copy of the bytes here."""

from __future__ import annotations

import os
import socket

from overlay.errors import FetchError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


@value
class FilePart:
    """So many bytes of a file, from a place on; as long as it is open."""

    file: BinaryIO
    start: int
    size: int

    def __len__(self) -> int:
        return self.size

    def first(self, size: int) -> FilePart:
        """Return so many bytes of it at most."""
        return FilePart(self.file, self.start, min(size, self.size))

    def read(self) -> bytes:
        return os.pread(self.file.fileno(), self.size, self.start)

    def send(self, connection: socket.socket) -> None:
        """Send it over a connection, plain or not.

        Raises OSError, FetchError.
        """
        if type(connection) is socket.socket:
            sent = connection.sendfile(self.file, self.start, self.size)
        else:
            # Nothing of the kernel's encrypts, and what the library does then are pieces of 8 KiB.
            data = self.read()
            connection.sendall(data)
            sent = len(data)
        if sent < self.size:
            raise FetchError(f"{self.file.name} became shorter while it was sent")
