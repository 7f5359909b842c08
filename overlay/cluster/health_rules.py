"""Health as users say it for kinds of theirs: expressions over an object, in place of our own rule for its kind."""

from __future__ import annotations

from overlay.cluster.health import CURRENT, FAILED, IN_PROGRESS, Health, conditions_of, told
from overlay.errors import DocumentError
from overlay.expressions import Evaluator, Failure
from overlay.model.resource import split_api_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Self

    from overlay.model.cluster import HealthRule
    from overlay.model.resource import Body

# What every expression may ask without finding out first whether an object has it at all.
_ALWAYS: dict[str, Any] = {"metadata": {}, "spec": {}, "status": {}}


class HealthRules:
    """Judges objects by rules; one of a later layer outweighs an earlier one for the same kind. Close it at the end."""

    def __init__(self, rules: Sequence[HealthRule]) -> None:
        self._rules = {_kind(one.api_version, one.kind): one for one in rules}
        self._evaluator = Evaluator()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._evaluator.close()

    def problems(self) -> list[DocumentError]:
        """Return what is wrong with the expressions as they are written; starts nothing where there are none."""
        written = [
            (one.kind, name, expression)
            for one in self._rules.values()
            for name, expression in (("inProgress", one.in_progress), ("failed", one.failed), ("current", one.current))
            if expression is not None
        ]
        found = self._evaluator.check([expression.text for _, _, expression in written])
        return [
            DocumentError(
                f"`{name}` of cluster.health for {kind} is no expression: {failure.message}{_at(failure)}",
                location=expression.location, rule="health-rule",
                hint="expressions are CEL, such as status.phase == 'Ready'",
            )
            for (kind, name, expression), failure in zip(written, found, strict=True)
            if failure is not None
        ]  # fmt: skip

    def judge(self, body: Body) -> Health | None:
        """Return an object's health by the rule for its kind; None where there is none.

        As Flux asks them: in progress, failed, current; none of them is in progress.
        """
        rule = self._rules.get(_kind(str(body.get("apiVersion", "")), str(body.get("kind"))))
        if rule is None:
            return None
        asked = [
            (name, word, expression)
            for name, word, expression in (
                ("inProgress", IN_PROGRESS, rule.in_progress),
                ("failed", FAILED, rule.failed),
                ("current", CURRENT, rule.current),
            )
            if expression is not None
        ]
        answers = self._evaluator.evaluate([expression.text for *_, expression in asked], {**_ALWAYS, **body})
        said = _said(body)
        for (name, word, _), answer in zip(asked, answers, strict=True):
            if answer is True:
                return Health(word, said or ("" if word == CURRENT else f"`{name}` of cluster.health is true"))
            if isinstance(answer, Failure) and answer.kind == "absent":
                # Its controller has not written it yet.
                if name == "current":
                    return Health(IN_PROGRESS, said or f"`current` of cluster.health: {answer.message}")
            elif isinstance(answer, Failure):
                return Health(FAILED, f"`{name}` of cluster.health: {answer.message}")
            elif answer is not False:
                return Health(FAILED, f"`{name}` of cluster.health gives neither true nor false")
        return Health(IN_PROGRESS, said or "`current` of cluster.health is not true yet")


def _kind(api_version: str, kind: str) -> tuple[str, str]:
    """Return what a rule is found by: one for a kind is one for all of its versions."""
    return split_api_version(api_version)[0], kind


def _said(body: Body) -> str:
    """Return what the object's own condition says, which tells more than our rule."""
    status = body.get("status")
    ready = conditions_of(status if isinstance(status, dict) else {}).get("Ready", {})
    return told(ready)


def _at(failure: Failure) -> str:
    if not failure.line:
        return ""
    line = f"line {failure.line}, " if failure.line > 1 else ""
    return f" ({line}column {failure.column})"
