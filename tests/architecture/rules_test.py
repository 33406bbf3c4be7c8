"""The rules find what they forbid."""
import pathlib
import tempfile
import unittest

import rules

ONCE = "#pragma once\n"


class RulesBite(unittest.TestCase):
    def found(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            for p, t in {"libcore/leat/frame.hpp": ONCE, "actors/leat/run.hpp": ONCE, path: text}.items():
                file = pathlib.Path(root, p)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(t)
            return list(rules.breaches(root))

    def test_nothing_wrong(self):
        self.assertEqual(self.found("libcore/leat/a.hpp", ONCE + "#include <leat/frame.hpp>\n#include <vector>\n"), [])

    def test_caf_outside_the_runtime(self):
        self.assertEqual(len(self.found("actors/leat/sinks/a.hpp", ONCE + "#include <caf/all.hpp>\n")), 1)
        self.assertEqual(self.found("actors/leat/runtime/a.hpp", ONCE + "#include <caf/all.hpp>\n"), [])

    def test_core_that_knows_actors(self):
        self.assertEqual(len(self.found("libcore/leat/a.hpp", ONCE + "#include <leat/run.hpp>\n")), 1)

    def test_threads_in_the_core(self):
        self.assertEqual(len(self.found("libcore/leat/a.hpp", ONCE + "#include <thread>\n")), 1)

    def test_foreign_library(self):
        self.assertEqual(len(self.found("libcore/leat/a.hpp", ONCE + "#include <boost/any.hpp>\n")), 1)

    def test_library_of_a_component(self):
        text = "#include <google/protobuf/message.h>\n"
        self.assertEqual(len(self.found("libcore/leat/a.hpp", ONCE + text)), 1)
        self.assertEqual(self.found("libcore/leat/protobuf/a.cpp", text), [])

    def test_calls(self):
        for call in ("exit(1);", "std::rand();", "auto t = std::chrono::steady_clock::now();"):
            self.assertEqual(len(self.found("actors/leat/a.cpp", f"void f() {{ {call} }}")), 1, call)
        self.assertEqual(self.found("actors/leat/a.cpp", "// never calls exit(1)\n"), [])

    def test_header_of_a_source(self):
        self.assertEqual(self.found("libcore/leat/frame.cpp", "// why\n#include <leat/frame.hpp>\n"), [])
        self.assertEqual(len(self.found("libcore/leat/frame.cpp", "#include <vector>\n#include <leat/frame.hpp>\n")), 1)
        self.assertEqual(len(self.found("libcore/leat/frame.cpp", "int x;\n")), 1)
        self.assertEqual(self.found("libcore/leat/other.cpp", "#include <vector>\n"), [])

    def test_header_twice(self):
        self.assertEqual(len(self.found("libcore/leat/a.hpp", "#include <vector>\n")), 1)


if __name__ == "__main__":
    unittest.main()
