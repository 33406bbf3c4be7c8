"""The checks of pages find what they are for."""
import pathlib
import tempfile
import unittest

import pages

QUOTE = "<!-- a.cpp#one -->\n```cpp\nint x;\n```\n"
SOURCE = "  // [region one]\n  int x;\n  // [end]\n"


class PagesBite(unittest.TestCase):
    def found(self, files, **options):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            found = pages.check(root, **options)
            self.page = (root / "README.md").read_text(encoding="utf-8")
            return found

    def test_links(self):
        self.assertEqual(self.found({"README.md": "[a](docs/a.md#one-two) [b](#x-y)\n# X: y\n",
                                     "docs/a.md": "# One `two`\n[up](../README.md) [out](https://a.b)\n"}), [])
        self.assertEqual(len(self.found({"README.md": "[a](docs/a.md) [b](#none)\n"})), 2)

    def test_quotes(self):
        self.assertEqual(self.found({"README.md": QUOTE, "a.cpp": SOURCE}), [])
        self.assertEqual(len(self.found({"README.md": QUOTE, "a.cpp": SOURCE.replace("x", "y")})), 1)
        self.assertEqual(len(self.found({"README.md": QUOTE, "a.cpp": "int x;\n"})), 1)
        self.assertEqual(len(self.found({"README.md": QUOTE, "a.cpp": SOURCE + SOURCE})), 1)
        self.assertEqual(len(self.found({"README.md": QUOTE})), 1)

    def test_snippets_that_quote_nothing(self):
        snippet = "```cpp\nint x;\n```\n"
        self.assertEqual(len(self.found({"README.md": snippet})), 1)
        self.assertEqual(self.found({"README.md": "", "docs/design/a.md": snippet}), [])

    def test_writing(self):
        self.assertEqual(self.found({"README.md": QUOTE, "a.cpp": SOURCE.replace("x", "y")}, write=True), [])
        self.assertEqual(self.page, QUOTE.replace("x", "y"))

    def test_sessions(self):
        def session(text, note=""):
            return self.found({"README.md": f"<!-- sessions in data -->\n\n{note}```console\n{text}```\n",
                               "data/f": "one\ntwo\n3\n"}, programs=pathlib.Path("/bin"))
        self.assertEqual(session("$ cat f\none\ntwo\n3\n$ rm f; ls\n"), [])
        self.assertEqual(session("$ cat f\none\n…\n"), [])
        self.assertEqual(len(session("$ cat f\none\ntwo\n")), 1)
        self.assertEqual(len(session("$ cat f\none\ntwo\n4\n")), 1)
        self.assertEqual(session("$ cat f\none\ntwo\n4\n", "<!-- figures vary -->\n"), [])
        self.assertEqual(len(session("$ cat f\none\n2\n4\n", "<!-- figures vary -->\n")), 1)
        self.assertEqual(len(session("one\n")), 1)
        held_up = "$ echo 'bottleneck    sink a (busy)'\nbottleneck    "
        self.assertEqual(session(held_up + "none: no edge\n", "<!-- figures vary -->\n"), [])
        self.assertEqual(len(session(held_up + "none: no edge\n")), 1)
        self.assertEqual(len(session(held_up + "sink b (busy)\n", "<!-- figures vary -->\n")), 1)


if __name__ == "__main__":
    unittest.main()
