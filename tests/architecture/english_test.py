"""The check of phrases finds them, in the places it looks at."""
import unittest

import english


class EnglishBites(unittest.TestCase):
    def found(self, lines, text):
        return [said for _, said, _ in english.found_in(lines(text))]

    def test_pages(self):
        self.assertEqual(self.found(english.lines_of_page, "x is no size\nthere is no x\nx is no longer y\n"), ["is no size"])
        self.assertEqual(self.found(english.lines_of_page, "## What is there\n"), ["## What is"])
        self.assertEqual(self.found(english.lines_of_page, "```\nx is told\n```\nx is told\n"), ["told"])
        self.assertEqual(self.found(english.lines_of_page, "a thread of its own.\nlate in its own split\n"), ["of its own"])

    def test_literals(self):
        self.assertEqual(self.found(english.lines_of_source, 'f("x is no size"); // y is no size\n'), ["is no size"])
        self.assertEqual(self.found(english.lines_of_source, '// "x is no size"\n#error "x is no size"\n'), [])


if __name__ == "__main__":
    unittest.main()
