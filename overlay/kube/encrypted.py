"""What SOPS encrypted: told by the form of its values, not by the claim that stands beside them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.resource import Body

# What SOPS keeps beside the values.
METADATA = "sops"
_ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:[A-Za-z0-9+/=]*,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:[a-z]+\]")


def has_metadata(body: Body) -> bool:
    """Tell whether an object, or a file of values, says that SOPS encrypted it."""
    held = body.get(METADATA)
    return isinstance(held, dict) and isinstance(held.get("mac"), str) and is_encrypted(held["mac"])


def is_encrypted(value: Any) -> bool:
    """Tell whether a value is one that SOPS encrypted."""
    return isinstance(value, str) and _ENCRYPTED.fullmatch(value) is not None


def holds_plain(body: Body) -> bool:
    """Tell whether an object is a Secret of which a value can be read."""
    if body.get("kind") != "Secret" or body.get("apiVersion") != "v1":
        return False
    encrypted = has_metadata(body)
    for name in ("data", "stringData"):
        held = body.get(name)
        if held and not (encrypted and isinstance(held, dict) and all(is_encrypted(one) for one in held.values())):
            return True
    return False
