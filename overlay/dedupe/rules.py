"""Texts that follow the environment: the same around its namespace or its name everywhere, so the base says it once."""

from __future__ import annotations

from overlay.dedupe.words import exchanged_words, is_long
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Facts = Mapping[str, Mapping[str, str]]

# A longer word than this of two environments that is the same one tells nothing: `a` stands everywhere.
SHORTEST = 2


@value(kw_only=True)
class Rule:
    """How one text of the base becomes each environment's: words in it are replaced by a fact of the environment.

    fact: `namespace` or `name`. text: as the base has it. words: what the fact takes the place of; empty for all of it.
    follow: the environments whose text this gives.
    """

    fact: str
    text: str
    words: str
    follow: frozenset[str]

    def apply(self, fact: str) -> str:
        """Return an environment's text."""
        return self.text.replace(self.words, fact) if self.words else fact


def find_rule(preferred: Sequence[str], wanted: Mapping[str, str], facts: Facts) -> Rule | None:
    """Return the rule that gives most environments their texts, two at least with different ones.

    preferred: the environments, the one first whose text the base should have. facts: by environment and name.
    """
    best: Rule | None = None
    for fact in ("namespace", "name"):
        templates: dict[tuple[str, ...], list[str]] = {}
        for environment in preferred:
            word = facts[environment].get(fact, "")
            if environment in wanted and len(word) >= SHORTEST and word in wanted[environment]:
                templates.setdefault(tuple(wanted[environment].split(word)), []).append(environment)
        for parts, having in templates.items():
            if len({wanted[each] for each in having}) < 2 or (best is not None and len(having) <= len(best.follow)):
                continue
            whole = not any(parts)
            source = having[0]
            rule = Rule(
                fact=fact,
                text=wanted[source],
                words="" if whole and len(parts) == 2 else facts[source][fact],
                follow=frozenset(having),
            )
            if all(rule.apply(facts[each][fact]) == wanted[each] for each in having):
                best = rule
    return best or _nearly(preferred, wanted, facts)


def _nearly(preferred: Sequence[str], wanted: Mapping[str, str], facts: Facts) -> Rule | None:
    """Return the rule for a long text in which the environments' namespaces are not all that differs."""
    source = next(name for name in preferred if name in wanted)
    word = facts[source].get("namespace", "")
    if not is_long(wanted[source]) or not word or word not in wanted[source]:
        return None
    rule = Rule(fact="namespace", text=wanted[source], words=word, follow=frozenset((source,)))
    near = [(rule.apply(facts[name]["namespace"]), text) for name, text in wanted.items() if name != source]
    nearer = [one == other or len(exchanged_words(one, other)) for one, other in near]
    return rule if any(nearer) else None
