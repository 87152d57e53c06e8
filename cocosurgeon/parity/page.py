"""A comparison as a checklist of the port: one page of HTML without other files or a network.

Ticks are kept by the browser (localStorage) under the names of both folders, so that a page that is
written again has them still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cocosurgeon.findings.codes import CODES
from cocosurgeon.page import page, script_data, table, text
from cocosurgeon.parity.report import KINDS, OWN_CAUSE, Compared, Parity
from cocosurgeon.text import plural

_SHOWN = 200
"""Entries of a checkpoint that a page has; more make it slow to open."""
_STYLE = """
ul.check { list-style: none; padding: 0; } ul.check > li { margin: .4em 0; }
ul.check input { margin-right: .6em; } details { margin-left: 1.9em; }
.mark { font-weight: 600; } .agrees .mark { color: light-dark(#1a7f37, #3fb950); }
.differs .mark { color: light-dark(#b3261e, #ff7b72); }
.absent .mark, .later .mark { color: var(--soft); }
li.stale label::after { content: "ticked, but differs"; margin-left: .8em;
  color: light-dark(#b3261e, #ff7b72); }
#done { color: var(--soft); }
"""
_SCRIPT = """
const key = JSON.parse(document.getElementById("ticks-key").textContent);
const boxes = [...document.querySelectorAll("ul.check input")];
const done = document.getElementById("done");
let ticks = {}, isKept = true;
try { ticks = JSON.parse(localStorage.getItem(key)) || {}; } catch { isKept = false; }
function show() {
  for (const box of boxes) {
    const item = box.closest("li");
    item.classList.toggle("stale", box.checked && item.classList.contains("differs"));
  }
  const count = boxes.filter(box => box.checked).length;
  done.textContent = `${count} of ${boxes.length} ticked` +
    (isKept ? "" : "; this browser does not keep ticks of local files");
}
for (const box of boxes) {
  box.checked = Boolean(ticks[box.value]);
  box.addEventListener("change", () => {
    ticks[box.value] = box.checked;
    try { localStorage.setItem(key, JSON.stringify(ticks)); } catch { isKept = false; }
    show();
  });
}
show();
"""


def page_of(parity: Parity) -> str:
    """Return the page."""
    names = _name(parity, 0), _name(parity, 1)
    return page(f"Parity of {names[0]} and {names[1]}", _body(parity, names), _STYLE)


def _name(parity: Parity, side: int) -> str:
    recording = (parity.a, parity.b)[side]
    return f"{recording.header['framework']} ({recording.folder.parent.name})"


def _body(parity: Parity, names: tuple[str, str]) -> Iterator[str]:
    yield f"<h1>A: {text(names[0])}, B: {text(names[1])}</h1>"
    yield f"<p>{text(parity.summary())}</p>"
    for code, messages in _causes(parity).items():
        yield f"<p><b>{code}</b>: {text(CODES[code].meaning)}. Next: {text(CODES[code].next)}.</p>"
        yield "<ul>" + "".join(f"<li>{text(m)}</li>" for m in messages[:5]) + "</ul>"
    yield '<p id="done"></p>'
    others = [c.kind for c in parity.checkpoints if c.kind not in KINDS]
    for kind in dict.fromkeys([*KINDS, *others]):
        yield from _section(kind, parity)
    if rows := parity.loss_rows():
        yield "<h2>Losses by number of objects</h2>"
        head = ("term", "objects", "samples", "A", "B", "B / A")
        shown = [
            (term, str(count), str(samples), f"{a:.6g}", f"{b:.6g}", f"{b / a:.6g}" if a else "")
            for term, count, samples, a, b in rows
        ]
        yield table([head, *shown], texts=(0,))
    yield "<h2>Recordings</h2>"
    yield table([("", "A", "B"), *parity.header_rows()], texts=(0, 1, 2))
    yield from (f"<p>{text(note)}</p>" for note in parity.notes())
    yield "<h2>Tolerances</h2>"
    tolerances = [(name, f"{number:g}", unit) for name, number, unit in parity.tolerances.rows()]
    yield table([("name", "tolerance", "measured as"), *tolerances], texts=(0, 2))
    folders = [str(r.folder.absolute()) for r in (parity.a, parity.b)]
    yield script_data("ticks-key", f"cocosurgeon parity {folders[0]} {folders[1]}")
    yield f"<script>{_SCRIPT}</script>"


def _causes(parity: Parity) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in parity.findings:
        found.setdefault(finding.code, []).append(finding.message)
    return found


def _section(kind: str, parity: Parity) -> Iterator[str]:
    """Yield the checklist of a kind: an item for each name, over all steps."""
    checkpoints = [c for c in parity.checkpoints if c.kind == kind]
    yield f'<h2>{text(KINDS.get(kind, kind))}</h2>\n<ul class="check">'
    if not checkpoints:
        yield _item(kind, "absent", "not recorded")
    for name in dict.fromkeys(c.name for c in checkpoints):
        of_name = [c for c in checkpoints if c.name == name]
        differing = [c for c in of_name if c.different]
        agreeing = [c for c in of_name if c.verdict == "agrees"]
        if differing:
            is_cause = parity.first in differing or kind in OWN_CAUSE
            steps = f"{plural(len(differing), 'step')} of {len(of_name)}"
            words = f"differs in {steps}, first in step {differing[0].step}"
            if parity.first in differing:
                words += ": the first difference"
            elif not is_cause:
                words += ", after the first difference"
            state = "differs" if is_cause else "later"
            yield _item(name, state, words, _entries(differing[0]))
        elif agreeing:
            words = f"agrees in {plural(len(agreeing), 'step')}{_largest(agreeing)}"
            yield _item(name, "agrees", words, _entries(agreeing[0]))
        else:
            reasons = (of_name[0].verdict, of_name[0].reason)
            yield _item(name, "absent", ", ".join(filter(None, reasons)))
    yield "</ul>"


def _item(name: str, state: str, words: str, details: str = "") -> str:
    return (
        f'<li class="{state}"><label><input type="checkbox" value="{text(name)}">'
        f'{text(name)} <span class="mark">{text(words)}</span></label>{details}</li>'
    )


def _largest(checkpoints: Sequence[Compared]) -> str:
    errors = [entry.error for c in checkpoints for entry in c.entries if entry.error is not None]
    return f", largest difference {max(errors):.2g}" if errors else ""


def _entries(each: Compared) -> str:
    """Return a table of a checkpoint's entries, those that differ first."""
    rows = [
        (
            entry.path or each.name,
            "" if entry.error is None else f"{entry.error:.3g}",
            f"{entry.tolerance:g}",
            entry.code or "agrees",
            entry.message,
        )
        for entry in each.entries_by_excess[:_SHOWN]
    ]
    head = ("entry", "difference", "tolerance", "", "")
    more = f"<p>{len(each.entries) - _SHOWN:,} more</p>" if len(each.entries) > _SHOWN else ""
    shown = table([head, *rows], texts=(0, 3, 4))
    return f"<details><summary>step {each.step}</summary>{shown}{more}</details>"
