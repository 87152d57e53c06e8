"""The page of a code: what it means, what loaders do, an example and its repair."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.check import all_checks
from cocosurgeon.lint.effects import correct_for, effects_of, example_of, usual_loaders
from cocosurgeon.lint.run import severity_of


def page_of(code: str) -> str:
    """Return the page of a code, as Markdown."""
    kind = CODES[code]
    check = next((each for each in all_checks() if each.code == code), None)
    severity = kind.severity if check is None else severity_of(check, usual_loaders())
    by_loader = check is not None and check.is_judged
    lines = [
        f"# {code}",
        "",
        f"{kind.meaning[0].upper()}{kind.meaning[1:]}. Group: {kind.group}. Severity: {severity}"
        + (", unless `--loader` names loaders that do not mind." if by_loader else "."),
        "",
        f"How it arises: {kind.arises}.",
        "",
        f"What to do: {kind.next}.",
        "",
    ]
    if effects := effects_of(code):
        lines += ["| loader | what it does with the example |", "| --- | --- |"]
        lines += [f"| {effect.loader} | {effect.what} |" for effect in effects]
        lines.append("")
    found = [] if check is None else [*_differences(correct_for(check), example_of(check))]
    if found:
        lines += ["With the fault, and without it:", "", "```json"]
        lines += [_json(value) for pair in found[:3] for value in pair]
        lines += ["```", ""]
    return "\n".join(lines)


def _differences(right: Any, wrong: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what differs between two files, each record once: with the fault, and without."""
    for key in {**right, **wrong}:
        if key not in wrong or key not in right:
            yield dict.fromkeys(wrong, ...), dict.fromkeys(right, ...)
            continue
        for place in range(
            max(len(right[key]), len(wrong[key])) if isinstance(right[key], list) else 0
        ):
            a, b = right[key][place : place + 1], wrong[key][place : place + 1]
            if a != b:
                yield {key: b}, {key: a}


def _json(value: Any) -> str:
    text = json.dumps(value, default=lambda _: "...", ensure_ascii=False)
    return text.replace('"..."', "...") if len(text) < 400 else f"{text[:397]}..."
