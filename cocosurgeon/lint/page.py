"""The page of a code: what it means, what loaders do, an example and its repair."""

from __future__ import annotations

import json
from typing import Any

from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.check import Check, check_of
from cocosurgeon.lint.effects import correct_for, effects_of, example_of, usual_loaders
from cocosurgeon.lint.repairable import repair_command, repairs
from cocosurgeon.lint.run import severity_of
from cocosurgeon.loaders import LOADERS

_SHOWN = 3
_REPAIRS = {
    True: "`{}` repairs it: it {}. Nothing is lost or guessed, so `cocosurgeon fix FILE` does "
    "it, too.",
    False: "`{}` repairs it: it {}. Look at what it will do first (`--dry-run`).",
}


def page_of(code: str) -> str:
    """Return the page of a code, as Markdown."""
    kind = CODES[code]
    check = check_of(code)
    lines = [
        f"# {code}",
        "",
        f"{kind.meaning[0].upper()}{kind.meaning[1:]}.",
        "",
        f"Group: {kind.group}. {_severity(code, check)}",
        "",
        f"How it arises: {kind.arises}.",
        "",
        f"What to do: {kind.next}.",
        "",
    ]
    if (repair := repairs().get(code)) is not None:
        lines += [_REPAIRS[repair.is_safe].format(repair_command(code), repair.does), ""]
    if effects := effects_of(code):
        lines += ["| loader | what it does with the example |", "| --- | --- |"]
        lines += [f"| {effect.loader} | {effect.in_example or effect.what} |" for effect in effects]
        lines.append("")
    if check is not None:
        right, wrong = correct_for(check), example_of(check)
        lines += _block("With the fault:", _beyond(right, wrong))
        lines += _block("Without it:", _beyond(wrong, right))
    return "\n".join(lines)


def _severity(code: str, check: Check | None) -> str:
    severity = CODES[code].severity if check is None else severity_of(check, usual_loaders())
    if check is None or not check.is_judged:
        return f"Severity: {severity}."
    if severity == "error":
        return "Severity: error; a warning if `--loader` names only loaders that do not mind."
    names = [effect.loader for effect in effects_of(code) if effect.loader in LOADERS]
    with_one = " or ".join(f"`--loader {name}`" for name in names)
    if check.is_for_hurt:
        return f"Severity: error. It is looked for only with {with_one}."
    also = f"; an error with {with_one}" if names else ""
    return f"Severity: {severity}{also}."


def _beyond(document: Any, other: Any) -> list[str]:
    """Return what only the other document has: its first records, or its keys."""
    found: list[str] = []
    for key, value in other.items():
        if key not in document:
            found.append(f'{{"{key}": ...}}')
        elif isinstance(value, list):
            found += [_json(record) for record in value if record not in document[key]]
    reordered = [
        key
        for key, value in other.items()
        if not found and value != document[key] and len(value) == len(document[key])
    ]
    found += [_json(record) for key in reordered for record in other[key]]
    return found[:_SHOWN]


def _block(title: str, lines: list[str]) -> list[str]:
    return [title, "", "```json", *lines, "```", ""] if lines else []


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
