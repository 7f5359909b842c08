"""Assertions of the user's own tests, held against the objects of an environment."""

from __future__ import annotations

import json

from overlay.check.compile import STRICT, check_value
from overlay.check.schemas import read_schema
from overlay.expressions import Failure
from overlay.kube.confidential import is_secret_name
from overlay.kube.dotted import find
from overlay.merge.patterns import Pattern
from overlay.merge.same import path_text, same
from overlay.merge.targets import Matcher
from overlay.model.value import value
from overlay.tokens import find_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from overlay.expressions import Evaluator
    from overlay.model.resource import Resource
    from overlay.model.spec import Target
    from overlay.model.testing import Assertion

    Path = tuple[str | int, ...]

_SHOWN = 120
_NAMED = 5


@value(kw_only=True)
class Unmet:
    """Why an assertion does not hold; resource and path: of the object that is to blame, where there is one."""

    text: str
    resource: Resource | None = None
    path: Path = ()
    hint: str | None = None


def unmet(
    assertion: Assertion, objects: Sequence[Resource], facts: Mapping[str, Any], evaluator: Evaluator
) -> list[Unmet]:
    """Return all that keeps an assertion from holding.

    facts: what expressions see as `environment`. A target that means no object is a failure, too: what is said of
    nothing is always true.
    """
    if assertion.target is None:
        bodies = [one.body for one in objects]
        return list(_expression(assertion, {"objects": bodies, "environment": dict(facts)}, None, evaluator))
    matcher = Matcher(assertion.target)
    meant = [one for one in objects if matcher.matches(one)]
    if assertion.way in ("exists", "absent"):
        return [] if assertion.expect.accepts(len(meant)) else [_count(assertion, meant)]
    if not meant:
        return [Unmet(text=f"no object is {described_target(assertion.target)}")]
    found: list[Unmet] = []
    for one in meant:
        if assertion.way == "expression":
            variables = {"object": one.body, "environment": dict(facts)}
            found += _expression(assertion, variables, one, evaluator)
        else:
            found += _fields(assertion, one)
    return found


def described(assertion: Assertion) -> str:
    """Return an assertion in a few words, for lists of all of them."""
    if assertion.message:
        return assertion.message
    if assertion.target is None:
        return str(assertion.content or "")[:_SHOWN]
    about = described_target(assertion.target)
    if assertion.way in ("exists", "absent"):
        return f"{about} exists" if assertion.way == "exists" else f"{about} is absent"
    if assertion.way == "expression":
        return f"{about}: {assertion.content}"[:_SHOWN]
    field = f" {assertion.field}" if assertion.field else ""
    if assertion.way == "schema":
        return f"{about}:{field} fits the schema"
    return f"{about}:{field} equals {_shown(assertion.content, secret=is_secret(assertion))}"


def is_secret(assertion: Assertion) -> bool:
    """Tell whether an assertion is about values that are nobody's business: the test's own lines hold them, too."""
    target = assertion.target
    kind = Pattern(target.kind) if target is not None else None
    return is_secret_name(assertion.field) or (kind is not None and bool(kind.text) and kind.accepts("Secret"))


def described_target(target: Target) -> str:
    """Return a target as it is written."""
    names = ("group", "version", "kind", "name", "namespace")
    parts = [f"{name} {text}" for name in names if (text := getattr(target, name))]
    if target.label_selector:
        parts.append(f"labelled {target.label_selector}")
    if target.annotation_selector:
        parts.append(f"annotated {target.annotation_selector}")
    return ", ".join(parts)


def _count(assertion: Assertion, meant: list[Resource]) -> Unmet:
    assert assertion.target is not None  # noqa: S101  # both ways have one
    what = described_target(assertion.target)
    if not meant:
        return Unmet(text=f"no object is {what}")
    names = ", ".join([str(one.id) for one in meant[:_NAMED]])
    more = f" and {len(meant) - _NAMED} more" if len(meant) > _NAMED else ""
    if assertion.way == "absent":
        return Unmet(text=f"{names}{more} {'is' if len(meant) == 1 else 'are'} there", resource=meant[0])
    text = f"{len(meant)} object{'s' * (len(meant) != 1)} of {assertion.expect} expected: {names}{more}"
    return Unmet(text=text, resource=meant[0])


def _expression(
    assertion: Assertion, variables: dict[str, Any], resource: Resource | None, evaluator: Evaluator
) -> Iterator[Unmet]:
    answer = evaluator.evaluate([assertion.content], variables)[0]
    if answer is True:
        return
    said = assertion.message or f"{assertion.content[:_SHOWN]} is false"
    if isinstance(answer, Failure):
        hint = "a field that may be absent is asked for with has(object.field) first"
        if resource is None and answer.message == "there is no object":
            hint = "`target` says which objects are each `object`; without it there is `objects`, all of them"
        yield Unmet(text=f"{said}: it cannot be evaluated: {answer.message}", resource=resource, hint=hint)
    elif answer is not False:
        text = "the expression gives no true or false"
        yield Unmet(text=text, resource=resource, hint="write it as a comparison")
    else:
        yield Unmet(text=said, resource=resource)


def _fields(assertion: Assertion, resource: Resource) -> Iterator[Unmet]:
    """Yield what is wrong with an object's field, or with the whole object where none is named."""
    found = find(resource.body, assertion.parts)
    said = f"{assertion.message}: " if assertion.message else ""
    if not found:
        wanted = ""
        if assertion.way == "equals":
            wanted = f", {_shown(assertion.content, secret=is_secret(assertion))} expected"
        yield Unmet(text=f"{said}there is no {assertion.field}{wanted}", resource=resource, path=_nearest(assertion))
        return
    for path, item in found:
        if assertion.way == "equals":
            if not same(item, assertion.content):
                secret = is_secret(assertion) or _is_secret(resource, path)
                shown = f"{_shown(item, secret=secret)}, {_shown(assertion.content, secret=secret)} expected"
                where = path_text(resource.body, path)
                yield Unmet(text=f"{said}{where} is {shown}", resource=resource, path=path)
            continue
        for problem in check_value(read_schema(assertion.content), item, STRICT):
            problem.parts += reversed(path)
            text = problem.message(resource.body, secret=resource.id.kind == "Secret")
            yield Unmet(text=f"{said}{text}", resource=resource, path=problem.path)


def _nearest(assertion: Assertion) -> Path:
    return tuple([part for part in assertion.parts if isinstance(part, (str, int))])


def _is_secret(resource: Resource, path: Path) -> bool:
    word = next((part for part in reversed(path) if isinstance(part, str)), "")
    if word == "value" and len(path) > 1:
        holder: Any = resource.body
        for part in path[:-1]:
            holder = holder[part]
        word = str(holder.get("name", ""))
    return is_secret_name(word) or (resource.id.kind == "Secret" and path[:1] != ("metadata",))


def _shown(item: Any, *, secret: bool) -> str:
    text = json.dumps(item, ensure_ascii=False)
    if secret or next(find_tokens(text.encode("utf-8", "surrogatepass")), None) is not None:
        return "a value that is not shown"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
