"""Private keys as `cosign generate-key-pair` writes them: PKCS#8, sealed by a password; the one importer of `nacl`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from overlay.errors import SignatureError
from overlay.oci.keys import wrong_password

# The parameters that exist; others could ask for any amount of memory and time.
_COSTS = ((1 << 15, 8, 1), (1 << 16, 8, 1), (1 << 17, 8, 1))


def unseal(data: bytes, password: bytes, shown: str) -> bytes:
    """Return the PKCS#8 bytes (DER) of a key file.

    Raises SignatureError.
    """
    try:
        found = json.loads(base64.b64decode(b"".join(data.strip().splitlines()[1:-1]), validate=True))
        kdf, cipher = found["kdf"], found["cipher"]
        cost = (kdf["params"]["N"], kdf["params"]["r"], kdf["params"]["p"])
        salt, nonce, sealed = [
            base64.b64decode(text, validate=True) for text in (kdf["salt"], cipher["nonce"], found["ciphertext"])
        ]
        names = (kdf["name"], cipher["name"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise SignatureError(f"{shown} is damaged: what it holds is no sealed key") from None
    if names != ("scrypt", "nacl/secretbox") or cost not in _COSTS or len(nonce) != SecretBox.NONCE_SIZE:
        raise SignatureError(f"{shown} is sealed in a way that is not known", hint="`cosign import-key-pair` seals it")
    n, r, p = cost
    key = hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=512 * 1024 * 1024, dklen=SecretBox.KEY_SIZE)
    try:
        return bytes(SecretBox(key).decrypt(sealed, nonce))
    except (CryptoError, ValueError):
        raise wrong_password(shown) from None
