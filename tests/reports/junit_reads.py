#!/usr/bin/env python3
"""Reads the JUnit form of every sample as Sonobuoy does (pkg/client/results/junit.go): one suite level, whole numbers and
float times, a case passed only when it has neither skipped, failure nor error."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

WRITER = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
STATES = ("failure", "error", "skipped")


def state(case):
    for name in STATES:
        if case.find(name) is not None:
            return name
    return "passed"


class JunitOfEverySample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="plumbline-junit-")
        subprocess.run([WRITER, "--small", cls.folder.name], check=True)
        cls.roots = {
            path.stem: ElementTree.parse(path).getroot() for path in pathlib.Path(cls.folder.name).glob("*.xml")
        }

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def suite(self, name):
        return self.roots[name].find("testsuite")

    def test_every_sample_is_one_suite_without_nested_ones(self):
        self.assertGreater(len(self.roots), 7)
        for name, root in self.roots.items():
            with self.subTest(name):
                self.assertEqual(root.tag, "testsuites")
                self.assertEqual([child.tag for child in root], ["testsuite"])
                self.assertIsNone(root[0].find("testsuite"))
                self.assertTrue(root[0].get("name"))

    def test_counts_are_whole_numbers_that_agree_with_the_cases(self):
        for name in self.roots:
            with self.subTest(name):
                suite = self.suite(name)
                cases = suite.findall("testcase")
                states = [state(case) for case in cases]
                self.assertEqual(int(suite.get("tests")), len(cases))
                self.assertEqual(int(suite.get("failures")), states.count("failure"))
                self.assertEqual(int(suite.get("errors")), states.count("error"))
                self.assertEqual(int(suite.get("skipped")), states.count("skipped"))

    def test_times_are_floats(self):
        for name in self.roots:
            for element in self.suite(name).iter():
                if element.get("time") is not None:
                    float(element.get("time"))

    def test_each_line_of_system_out_is_json(self):
        for name in self.roots:
            for out in self.suite(name).iter("system-out"):
                for line in out.text.split("\n"):
                    json.loads(line)

    def test_a_case_has_one_state_and_says_why(self):
        for name in self.roots:
            for case in self.suite(name).findall("testcase"):
                found = [child for child in case if child.tag in STATES]
                self.assertLessEqual(len(found), 1)
                self.assertTrue(case.get("classname") is not None and case.get("name") is not None)
                for child in found:
                    self.assertIsNotNone(child.get("message"))

    def test_no_reader_takes_a_stage_for_passed_that_is_not(self):
        passed = {
            name for name in self.roots if {state(case) for case in self.suite(name).iter("testcase")} <= {"passed", "skipped"}
        }
        self.assertEqual(passed, {"healthy"})

    def test_properties_tell_the_verdict(self):
        properties = {one.get("name"): one.get("value") for one in self.suite("dead-agent").iter("property")}
        self.assertEqual(properties["verdict"], "inconclusive")
        self.assertEqual(properties["coverage.pairs"], "0.667")

    def test_hostile_names_come_through_as_text(self):
        names = {case.get("name") for case in self.suite("hostile").iter("testcase")}
        self.assertTrue(any("<script>window.owned=1</script>" in name for name in names))
        text = ElementTree.tostring(self.roots["hostile"], encoding="unicode")
        self.assertNotIn("\x1b", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
