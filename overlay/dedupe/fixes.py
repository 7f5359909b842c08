"""What a user knows better about which objects are the same one, in a small file."""

from __future__ import annotations

from overlay.errors import DocumentError, raise_all
from overlay.files.reader import read_argument
from overlay.model.value import value
from overlay.nearest import did_you_mean
from overlay.yaml import decode, read_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from overlay.dedupe.member import Member, Piece
    from overlay.errors import OverlayError
    from overlay.model.location import Location

_HINT = "write {dev: Deployment/web, prod: Deployment/frontend}: environments, and kind and name of their object"
MAX_SIZE = 1024 * 1024


@value(kw_only=True)
class Fix:
    """Objects by environment, that are the same one, or (alone) the same as no other."""

    objects: dict[str, str]
    alone: bool
    location: Location


def read_fixes(path: str) -> tuple[Fix, ...]:
    """Return what a file says; raises OverlayError with all that is wrong in it."""
    document = read_document(decode(read_argument(path, MAX_SIZE), path), path)
    body = document.value
    if not isinstance(body, dict) or not body:
        raise DocumentError("same or alone is expected", location=document.location(), hint=_HINT)
    errors: list[OverlayError] = []
    found: list[Fix] = []
    for key, entries in body.items():
        if key not in ("same", "alone"):
            hint = did_you_mean(str(key), ("same", "alone")) or "write same or alone"
            errors.append(DocumentError(f"{key} is not known", location=document.location((key,), key=True), hint=hint))
            continue
        if not isinstance(entries, list):
            errors.append(DocumentError(f"{key}: a list is expected", location=document.location((key,)), hint=_HINT))
            continue
        for at, entry in enumerate(entries):
            where = document.location((key, at))
            if not isinstance(entry, dict) or not all(isinstance(text, str) and "/" in text for text in entry.values()):
                errors.append(DocumentError(f"{key}: objects by environment are expected", location=where, hint=_HINT))
            elif len(entry) < (2 if key == "same" else 1):
                errors.append(DocumentError("two environments at least are expected", location=where, hint=_HINT))
            elif len({text.partition("/")[0] for text in entry.values()}) > 1 and key == "same":
                errors.append(DocumentError("objects of different kinds are never the same one", location=where))
            else:
                found.append(Fix(objects=entry, alone=key == "alone", location=where))
    raise_all(errors)
    return tuple(found)


def check_environments(fixes: Sequence[Fix], known: Collection[str]) -> None:
    """Raise for environments that there are not."""
    raise_all(
        [
            DocumentError(f"there is no environment {name}", location=fix.location, hint=did_you_mean(str(name), known))
            for fix in fixes
            for name in fix.objects
            if name not in known
        ]
    )


@value(kw_only=True)
class Fixed:
    """A group's pieces that a user has placed: those of one set are the same object, those in alone like no other."""

    same: tuple[tuple[Piece, ...], ...] = ()
    alone: tuple[Piece, ...] = ()


def fixed_of(fixes: Sequence[Fix], members: Sequence[Member], titles: Mapping[str, str]) -> Fixed:
    """Return what a file means for the members of a group; raises for objects that there are not.

    titles: what each member's environment is called: the file names it so, or by the member's own name.
    """
    by_title = {name: member for member in members for name in (member.name, titles[member.name])}
    errors: list[OverlayError] = []
    same: list[tuple[Piece, ...]] = []
    alone: list[Piece] = []
    taken: set[int] = set()
    for fix in fixes:
        pieces = []
        for title, text in fix.objects.items():
            if title not in by_title:
                continue
            member = by_title[title]
            meant = [piece for piece in member.pieces if text in _names(piece)]
            if len(meant) == 1 and id(meant[0]) not in taken:
                pieces.append(meant[0])
                taken.add(id(meant[0]))
                continue
            known = [_names(piece)[0] for piece in member.pieces]
            hint = did_you_mean(text, known)
            said = f"there is no {text} in {title}"
            if meant:
                said = f"{text} of {title} is named twice" if len(meant) == 1 else f"{title} has several {text}"
                hint = None if len(meant) == 1 else f"write KIND/NAMESPACE/NAME, as {_names(meant[0])[-1]}"
            errors.append(DocumentError(said, location=fix.location, hint=hint))
        if fix.alone:
            alone += pieces
        elif len(pieces) > 1:
            same.append(tuple(pieces))
    raise_all(errors)
    return Fixed(same=tuple(same), alone=tuple(alone))


def _names(piece: Piece) -> tuple[str, ...]:
    identity = piece.id
    return (f"{identity.kind}/{identity.name}", f"{identity.kind}/{identity.namespace}/{identity.name}")
