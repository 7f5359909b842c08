"""Small artifacts for tests."""

from __future__ import annotations

import random

from overlay.oci.bundle import Artifact, Made
from overlay.oci.manifest import describe, image

KIND = "application/vnd.shop.test.v1+json"


def artifact(*sizes: int, seed: int = 1, config: bytes = b"{}") -> Artifact:
    """Return an artifact with layers of random bytes."""
    noise = random.Random(seed)
    layers = [noise.randbytes(size) for size in sizes]
    head = describe("application/vnd.shop.config.v1+json", config)
    parts = [describe("application/octet-stream", layer) for layer in layers]
    manifest = image(KIND, head, tuple(parts), {"org.opencontainers.image.version": "1.0.0"})
    return Artifact(
        manifest=manifest, blobs={one.digest: data for one, data in zip([head, *parts], [config, *layers], strict=True)}
    )


def made(*sizes: int, seed: int = 1) -> Made:
    return Made(artifact(*sizes, seed=seed), "here")
