#!/usr/bin/env python3
"""Passes ctest's output on and puts the reasons of skipped tests above its summary.

ctest says which tests were skipped, but not why. So its closing lines, from "N% tests passed" on, are held
back until it has ended and written its JUnit file; then come the reasons, then ctest's own lines, last.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

SUMMARY = re.compile(r"^\d+% tests passed, ")
CATCH_REASON = re.compile(r"SKIPPED:\s*(?:explicitly with message:\s*)?\n\s*(?P<reason>[^\n]+)")
PLAIN_REASON = re.compile(r"^\s*(?:SKIP(?:PED)?|skipped):?\s+(?P<reason>\S.*)$", re.MULTILINE)


def reason_in(output):
    """The reason a test printed: Catch2's SKIP message, a "skipped: ..." line, or its last line."""
    for pattern in (CATCH_REASON, PLAIN_REASON):
        found = pattern.search(output)
        if found:
            return found.group("reason").strip()
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason printed"


def skipped_tests(junit):
    """Pairs (test name, reason) of the tests in a ctest JUnit file that did not run."""
    try:
        cases = ElementTree.parse(junit).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return []
    return [
        (case.get("name"), reason_in(case.findtext("system-out") or ""))
        for case in cases
        if case.get("status") == "notrun" or case.find("skipped") is not None
    ]


def pass_on(stream):
    """Prints lines as they come; returns the closing ones."""
    closing = []
    for line in stream:
        if closing or SUMMARY.match(line):
            closing.append(line)
        else:
            sys.stdout.write(line)
            sys.stdout.flush()
    return closing


def main():
    closing = pass_on(sys.stdin)
    skipped = skipped_tests(sys.argv[1]) if closing else []
    if skipped:
        print("Skipped tests and their reasons:")
        for name, reason in skipped:
            print(f"  {name}: {reason}")
        print()
    sys.stdout.writelines(closing)


if __name__ == "__main__":
    main()
