"""Which values an image's tag or digest is written in, as far as it stands there as it is."""

from __future__ import annotations

from overlay.source.pattern import is_like
from overlay.transforms.images import split_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overlay.source.setting import Setting


def values_behind(references: Iterable[str], pattern: str, settings: Sequence[Setting]) -> list[Setting]:
    """Return the values that say what containers use of the images that a pattern means.

    references: images as containers use them.
    """
    texts: set[str] = set()
    for reference in references:
        name, tag, digest = split_image(reference)
        if is_like(name, pattern):
            texts |= {part for part in (reference, tag, digest, f"{tag}@{digest}") if part.strip("@")}
    return [one for one in settings if one.kind == "value" and str(one.content) in texts]
