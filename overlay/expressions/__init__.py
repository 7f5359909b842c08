"""Expressions in CEL that users write, evaluated in a process of their own, within bounds."""

from __future__ import annotations

from overlay.expressions.evaluator import MAX_LENGTH, SECONDS, Evaluator, Failure

__all__ = ["MAX_LENGTH", "SECONDS", "Evaluator", "Failure"]
