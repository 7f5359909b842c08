"""Pair two sets one to one so that the pairs' weights add up to the most (the Hungarian method of Kuhn and Munkres)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Beyond this the cubic method would be felt; what is left then is paired best first.
MAX_EXACT = 150


def assign(weights: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return pairs (row, column) of positive weight, each row and column once, of the greatest sum.

    Of several such pairings the one that the order of rows and columns prefers: the same input, the same answer.
    """
    rows, columns = len(weights), len(weights[0]) if weights else 0
    if not rows or not columns:
        return []
    if max(rows, columns) > MAX_EXACT:
        return _best_first(weights)
    if rows > columns:
        turned = [[weights[row][column] for row in range(rows)] for column in range(columns)]
        return sorted((row, column) for column, row in assign(turned))
    return _exact(weights, rows, columns)


def _exact(weights: Sequence[Sequence[float]], rows: int, columns: int) -> list[tuple[int, int]]:
    """Solve with potentials and shortest augmenting paths, row by row (Jonker and Volgenant's form of it)."""
    infinite = float("inf")
    by_row, by_column = [0.0] * (rows + 1), [0.0] * (columns + 1)
    taken, way = [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        taken[0] = row
        at = 0
        least = [infinite] * (columns + 1)
        used = [False] * (columns + 1)
        while taken[at]:
            used[at] = True
            here, step, after = taken[at], infinite, 0
            for column in range(1, columns + 1):
                if used[column]:
                    continue
                cost = -weights[here - 1][column - 1] - by_row[here] - by_column[column]
                if cost < least[column]:
                    least[column], way[column] = cost, at
                if least[column] < step:
                    step, after = least[column], column
            for column in range(columns + 1):
                if used[column]:
                    by_row[taken[column]] += step
                    by_column[column] -= step
                else:
                    least[column] -= step
            at = after
        while at:
            taken[at] = taken[way[at]]
            at = way[at]
    pairs = [(taken[column] - 1, column - 1) for column in range(1, columns + 1) if taken[column]]
    return sorted(pair for pair in pairs if weights[pair[0]][pair[1]] > 0)


def _best_first(weights: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    ranked = sorted((-weight, row, column) for row, each in enumerate(weights) for column, weight in enumerate(each))
    rows: set[int] = set()
    columns: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for weight, row, column in ranked:
        if weight < 0 and row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append((row, column))
    return sorted(pairs)
