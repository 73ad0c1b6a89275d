#!/usr/bin/env python3
"""deploy/packages/install --backports on apt folders of every form."""

import pathlib
import subprocess
import tempfile
import unittest

INSTALL = pathlib.Path(__file__).parents[2] / "deploy/packages/install"


class Backports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.apt = pathlib.Path(folder.name)
        (self.apt / "sources.list.d").mkdir()

    def write(self, name, text):
        (self.apt / name).write_text(text)

    def derive(self):
        call = [INSTALL, "--backports", "--apt", self.apt]
        return subprocess.run(call, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def derived(self):
        return self.derive().stdout.splitlines()

    def test_a_one_line_entry_with_options(self):
        self.write("sources.list",
                   "# deb http://other/debian bookworm-backports main\n"
                   "deb [arch=amd64,i386 signed-by=/k/x.gpg] http://mirror/debian bookworm main # x\n")
        self.assertEqual(self.derived(), [
            "Types: deb", "URIs: http://mirror/debian", "Suites: bookworm-backports",
            "Components: main", "Architectures: amd64 i386", "Signed-By: /k/x.gpg"])

    def test_a_one_line_entry_without_options(self):
        self.write("sources.list.d/debian.list", "deb https://mirror/debian/ bookworm main contrib\n")
        self.assertIn("URIs: https://mirror/debian/", self.derived())

    def test_a_deb822_entry(self):
        self.write("sources.list.d/debian.sources",
                   "# Debian\nTypes: deb\n# a remark between fields\nURIs: http://mirror/debian\n"
                   "Suites: bookworm bookworm-updates\nComponents: main\n"
                   "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n")
        self.assertEqual(self.derived(), [
            "Types: deb", "URIs: http://mirror/debian", "Suites: bookworm-backports",
            "Components: main", "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg"])

    def test_a_key_inside_the_entry_is_carried_over(self):
        self.write("sources.list.d/debian.sources",
                   "Types: deb\nURIs: http://mirror/debian\nSuites: bookworm\nComponents: main\n"
                   "Signed-By:\n -----BEGIN\n .\n abc=\n -----END\n")
        self.assertEqual(self.derived()[4:], ["Signed-By:", " -----BEGIN", " .", " abc=", " -----END"])

    def test_backports_that_are_there_are_left_alone(self):
        self.write("sources.list", "deb http://mirror/debian bookworm main\n")
        self.write("sources.list.d/more.sources",
                   "Types: deb\nURIs: http://mirror/debian\nSuites: bookworm-backports\n"
                   "Components: main contrib\n")
        self.assertEqual(self.derived(), ["present"])

    def test_a_disabled_or_source_only_entry_does_not_count(self):
        self.write("sources.list", "deb-src http://mirror/debian bookworm-backports main\n"
                                   "deb http://mirror/debian bookworm main\n")
        self.write("sources.list.d/more.sources",
                   "Enabled: no\nTypes: deb\nURIs: http://mirror/debian\n"
                   "Suites: bookworm-backports\nComponents: main\n")
        self.assertIn("Suites: bookworm-backports", self.derived())

    def test_security_and_foreign_entries_are_not_taken(self):
        self.write("sources.list.d/a.list", "deb http://vendor/apt nodistro main\n")
        self.write("sources.list.d/debian.sources",
                   "Types: deb\nURIs: http://security/debian\nSuites: bookworm-security\n"
                   "Components: main\n\nTypes: deb\nURIs: http://mirror/debian\nSuites: bookworm\n"
                   "Components: main\n")
        self.assertIn("URIs: http://mirror/debian", self.derived())

    def test_no_entry_to_derive_from_is_an_error(self):
        self.assertNotEqual(self.derive().returncode, 0)
        self.write("sources.list", "deb http://mirror/debian trixie main\n")
        self.assertNotEqual(self.derive().returncode, 0)


if __name__ == "__main__":
    unittest.main()
