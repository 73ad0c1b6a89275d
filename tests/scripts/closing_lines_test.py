#!/usr/bin/env python3
"""tests/support/closing_lines.py between a pretended ctest and the terminal."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[1] / "support/closing_lines.py"
RUNNING = "    Start 1: a\n1/2 Test #1: a ...   Passed    0.01 sec\n"
CLOSING = "100% tests passed, 0 tests failed out of 2\n\nTotal Test time (real) =   0.03 sec\n"
JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="x" tests="2" failures="0" skipped="{skipped}">
  <testcase name="a" status="run"><system-out>fine</system-out></testcase>
  {case}
</testsuite>
"""


class ClosingLines(unittest.TestCase):
    def shown(self, output, skipped_output=None):
        case = ""
        if skipped_output is not None:
            case = ('<testcase name="b" status="notrun"><skipped message="SKIP_RETURN_CODE=4"/>'
                    f"<system-out>{skipped_output}</system-out></testcase>")
        with tempfile.TemporaryDirectory() as folder:
            junit = pathlib.Path(folder) / "junit.xml"
            junit.write_text(JUNIT.format(skipped=int(bool(case)), case=case))
            return subprocess.run([sys.executable, SCRIPT, junit], input=output,
                                  capture_output=True, text=True, check=True).stdout

    def test_nothing_skipped_changes_nothing(self):
        self.assertEqual(self.shown(RUNNING + CLOSING), RUNNING + CLOSING)

    def test_the_summary_stays_last(self):
        shown = self.shown(RUNNING + CLOSING, "a.cpp:3: SKIPPED:\nexplicitly with message:\n"
                                              "  no RDMA device\n\n=====\ntest cases: 1 | 1 skipped")
        self.assertTrue(shown.endswith(CLOSING))
        self.assertIn("  b: no RDMA device\n", shown)

    def test_other_programs_say_their_reason_too(self):
        self.assertIn("  b: no chromium here\n", self.shown(CLOSING, "SKIP: no chromium here\n"))
        self.assertIn("  b: the last words\n", self.shown(CLOSING, "one\nthe last words\n"))
        self.assertIn("  b: no reason printed\n", self.shown(CLOSING, ""))

    def test_a_ctest_that_died_is_passed_on_as_it_is(self):
        self.assertEqual(self.shown("Segmentation fault\n"), "Segmentation fault\n")


if __name__ == "__main__":
    unittest.main()
