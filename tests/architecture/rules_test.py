"""The rules find what they forbid."""
import pathlib
import tempfile
import unittest

import rules

ONCE = "#pragma once\n"


class RulesBite(unittest.TestCase):
    def found(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            for p, t in {"libcore/leat/detail/transport/frame.hpp": ONCE, "actors/leat/run.hpp": ONCE, path: text}.items():
                file = pathlib.Path(root, p)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(t)
            return list(rules.breaches(root))

    def test_nothing_wrong(self):
        self.assertEqual(self.found("libcore/leat/detail/plan/a.hpp", ONCE + "#include <leat/detail/transport/frame.hpp>\n#include <vector>\n"), [])

    def test_caf_outside_the_runtime(self):
        self.assertEqual(len(self.found("actors/leat/connectors/a/sink.hpp", ONCE + "#include <caf/all.hpp>\n")), 1)
        self.assertEqual(self.found("actors/leat/internal/runtime/a.hpp", ONCE + "#include <caf/all.hpp>\n"), [])

    def test_core_that_knows_actors(self):
        self.assertEqual(len(self.found("libcore/leat/detail/plan/a.hpp", ONCE + "#include <leat/run.hpp>\n")), 1)

    def test_threads_in_the_core(self):
        self.assertEqual(len(self.found("libcore/leat/detail/plan/a.hpp", ONCE + "#include <thread>\n")), 1)

    def test_foreign_library(self):
        self.assertEqual(len(self.found("libcore/leat/detail/plan/a.hpp", ONCE + "#include <boost/any.hpp>\n")), 1)

    def test_library_of_a_component(self):
        text = "#include <google/protobuf/message.h>\n"
        self.assertEqual(len(self.found("libcore/leat/detail/plan/a.hpp", ONCE + text)), 1)
        self.assertEqual(self.found("libcore/leat/protobuf/a.cpp", text), [])

    def test_calls(self):
        for call in ("exit(1);", "std::rand();", "auto t = std::chrono::steady_clock::now();"):
            self.assertEqual(len(self.found("actors/leat/internal/runtime/a.cpp", f"void f() {{ {call} }}")), 1, call)
        self.assertEqual(self.found("actors/leat/internal/runtime/a.cpp", "// never calls exit(1)\n"), [])

    def test_header_of_a_source(self):
        self.assertEqual(self.found("libcore/leat/detail/transport/frame.cpp", "// why\n#include <leat/detail/transport/frame.hpp>\n"), [])
        self.assertEqual(len(self.found("libcore/leat/detail/transport/frame.cpp", "#include <vector>\n#include <leat/detail/transport/frame.hpp>\n")), 1)
        self.assertEqual(len(self.found("libcore/leat/detail/transport/frame.cpp", "int x;\n")), 1)
        self.assertEqual(self.found("libcore/leat/detail/transport/other.cpp", "#include <vector>\n"), [])

    def test_levels(self):
        up = "#include <leat/detail/transport/frame.hpp>\n"
        self.assertEqual(len(self.found("libcore/leat/detail/record/a.hpp", ONCE + up)), 1)
        self.assertEqual(self.found("libcore/leat/detail/stage/a.hpp", ONCE + up), [])
        self.assertEqual(len(self.found("libcore/leat/somewhere.hpp", ONCE)), 1)

    def test_installed_headers_lead_to_installed_ones(self):
        text = ONCE + "#include <leat/internal/cli/console.hpp>\n"
        self.assertEqual(len(self.found("actors/leat/run.hpp", text)), 1)
        self.assertEqual(self.found("actors/leat/internal/cli/b.hpp", text), [])

    def test_users_include_public_headers(self):
        self.assertEqual(len(self.found("examples/a/main.cpp", "#include <leat/detail/transport/frame.hpp>\n")), 1)
        self.assertEqual(self.found("examples/a/main.cpp", "#include <leat/run.hpp>\n"), [])

    def test_page_of_headers(self):
        for rows, wrong in (("| `<leat/run.hpp>` | x |\n", 0), ("", 1), ("| `<leat/run.hpp>` | x |\n| `<leat/gone.hpp>` | x |\n", 1)):
            self.assertEqual(len(self.found("docs/reference/headers.md", rows)), wrong, rows)

    def test_header_twice(self):
        self.assertEqual(len(self.found("libcore/leat/detail/plan/a.hpp", "#include <vector>\n")), 1)


if __name__ == "__main__":
    unittest.main()
