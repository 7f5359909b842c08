"""What is nobody's business by its name: fields, variables and keys that are called like a secret."""

from __future__ import annotations

_WORDS = ("password", "passwd", "secret", "token", "credential", "apikey", "api-key", "api_key", "privatekey")


def is_secret_name(word: str) -> bool:
    """Tell whether a name says that what it names is nobody's business."""
    word = word.lower()
    return any(secret in word for secret in _WORDS) and not word.endswith(("name", "ref", "namespace"))
