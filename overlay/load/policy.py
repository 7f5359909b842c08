"""`policy` of overlay.yaml: what the project demands of its objects."""

from __future__ import annotations

import re

from overlay.kube.dotted import BadPath, parse_path
from overlay.load.targets import read_target
from overlay.model.policy import Exemption, OwnRule, Policy
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.load.fields import Fields
    from overlay.model.spec import Target

# Kept here by name: the rules themselves are only imported where a policy is checked.
RULES = ("latest-tag", "requests", "probes", "privileged", "plain-variable", "namespaces", "registries")
_LISTS = ("namespaces", "registries")
_SEVERITIES = ("ignore", "warn", "error")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def read_policy(spec: Fields) -> Policy:
    policy = spec.fields("policy")
    if policy is None:
        return Policy()
    rules = _rules(policy)
    lists = {name: policy.strings(name) for name in _LISTS}
    for name in _LISTS:
        if lists[name] and name not in rules:
            rules[name] = "error"
        elif rules.get(name, "ignore") != "ignore" and not lists[name]:
            policy.error(
                f"policy.rules.{name} means nothing without policy.{name}, which lists what is allowed", "rules"
            )
    own = _own(policy)
    names = (*RULES, *[rule.name for rule in own])
    exempt = _exempt(policy, names)
    policy.finish()
    return Policy(
        rules=tuple([(name, severity) for name, severity in rules.items() if severity != "ignore"]),
        namespaces=lists["namespaces"],
        registries=lists["registries"],
        own=tuple([rule for rule in own if rule.severity != "ignore"]),
        exempt=exempt,
    )


def _rules(policy: Fields) -> dict[str, str]:
    found = policy.fields("rules")
    if found is None:
        return {}
    rules = {name: _severity(found, name) for name in RULES if found.has(name)}
    found.known += RULES
    found.finish()
    return rules


def _severity(fields: Fields, name: str, default: str = "error") -> str:
    severity = fields.string(name) or default
    if severity not in _SEVERITIES:
        hint = did_you_mean(severity, _SEVERITIES)
        fields.error(f"{fields.label(name)} is {severity!r}, expected {', '.join(_SEVERITIES)}", name, hint=hint)
        return default
    return severity


def _own(policy: Fields) -> list[OwnRule]:
    own: list[OwnRule] = []
    for entry in policy.entries("own"):
        for needed in ("name", "expression", "message"):
            entry.need(needed)
        name, expression, message = entry.string("name"), entry.string("expression"), entry.string("message")
        target, field = _target(entry), entry.string("field")
        severity = _severity(entry, "severity")
        if name and (not _NAME.fullmatch(name) or name in RULES or any(name == rule.name for rule in own)):
            entry.error(
                f"{entry.label('name')} {name[:100]!r} is taken, or no name: small letters, digits and -", "name"
            )
        try:
            path = parse_path(field) if field else ()
        except BadPath as error:
            entry.error(f"{entry.label('field')} {field!r} {error}", "field")
            path = ()
        if name and expression and message:
            own.append(
                OwnRule(
                    name=name,
                    location=entry.location("expression"),
                    expression=expression,
                    message=message,
                    target=target,
                    field=path,
                    severity=severity,
                )
            )
    return own


def _exempt(policy: Fields, names: tuple[str, ...]) -> tuple[Exemption, ...]:
    exempt = []
    for entry in policy.entries("exempt"):
        for needed in ("rule", "target", "because"):
            entry.need(needed)
        rule, target, because = entry.string("rule"), _target(entry), entry.string("because")
        if rule and rule not in names:
            hint = did_you_mean(rule, names)
            entry.error(f"{entry.label('rule')} is {rule[:100]!r}, and no rule is called so", "rule", hint=hint)
        elif rule and target is not None and because:
            exempt.append(Exemption(rule=rule, target=target, because=because))
    return tuple(exempt)


def _target(entry: Fields) -> Target | None:
    found = entry.fields("target")
    if found is None:
        return None
    target = read_target(found)
    found.finish()
    return target
