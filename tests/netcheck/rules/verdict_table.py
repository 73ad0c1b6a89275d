#!/usr/bin/env python3
"""The table of rule x verdict x fixture: docs/verdict-table.md, from what the rule tests really saw.

verdict_table.py TEST_PROGRAM DOCUMENT [--write]
Runs the tests with PLUMBLINE_VERDICTS set; each test notes the verdicts that it asked for. Fails when the
document says something else, or when a rule lacks a verdict that the list below says it can give.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

MUST = {
    "X01": "match violation vacuous unclaimed unobservable",
    "X02": "match violation unclaimed unobservable",
    "X03": "match violation drift unobservable",
    "X04": "match violation unclaimed unobservable",
    "X07": "match violation preference_not_met vacuous unclaimed unobservable",
    "X08": "unclaimed",
    "X09": "match violation unobservable",
    "X10": "match violation drift preference_not_met unclaimed unobservable",
    "X11": "violation",
    "X12": "match violation preference_not_met unobservable",
    "X13": "match violation vacuous unobservable",
    "X14": "match violation unobservable",
    "X15": "match violation",
    "X16": "match violation unobservable",
    "X18": "match degraded unobservable",
    "rail_mtu": "match degraded",
    "rail_switch": "match violation drift",
    "rails": "match unclaimed",
    "rails_told": "unclaimed unobservable",
    "second_opinion": "match unclaimed unobservable",
    "X20": "match violation unclaimed unobservable",
    "X21": "match violation unobservable",
    "penalty": "match preference_not_met unclaimed unobservable",
}
HEAD = """# Which test shows which verdict

Written by `tests/netcheck/rules/verdict_table.py` from a run of the rule tests; a test fails when it is not up to
date, or when a rule is never seen to give a verdict that it can give.

| rule | verdict | shown by |
|---|---|---|
"""


def seen(program):
    with tempfile.NamedTemporaryFile() as notes:
        done = subprocess.run([program, "--order", "lex"], stdout=subprocess.PIPE, check=False,
                              env={**os.environ, "PLUMBLINE_VERDICTS": notes.name})
        if done.returncode != 0:
            sys.exit(f"{program} failed; run it by itself")
        lines = pathlib.Path(notes.name).read_text(encoding="utf-8").splitlines()
    table = {}
    for line in lines:
        rule, verdict, test = line.split("\t")
        table.setdefault((rule, verdict), set()).add(test)
    return table


def main():
    program, document = sys.argv[1], pathlib.Path(sys.argv[2])
    table = seen(program)
    lacking = [f"{rule} {verdict}" for rule, verdicts in MUST.items() for verdict in verdicts.split()
               if (rule, verdict) not in table]
    if lacking:
        sys.exit("never seen: " + ", ".join(lacking))
    text = HEAD + "".join(
        f"| {rule} | {verdict} | {'; '.join(sorted(tests)[:3])} |\n"
        for (rule, verdict), tests in sorted(table.items()))
    if "--write" in sys.argv[3:]:
        document.write_text(text, encoding="utf-8")
    elif document.read_text(encoding="utf-8") != text:
        sys.exit(f"{document} is not what the tests show; write it anew with --write")


main()
