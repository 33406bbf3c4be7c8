"""Programs that must not compile: each prints exactly one error, with the sentence that says why.

usage: check.py --compiler CXX --include DIR...

A case is a .cpp file with a line `// error: SENTENCE` (`// N errors: SENTENCE` if it is wrong in N places), and perhaps lines `// told: TEXT` of what the
notes around the error say (types; by g++ only, as compilers differ); it includes program.hpp, the one right program
that all of them get wrong. right.cpp has no such line and must compile. A line `// needs: HEADER` names one
of an optional component: without it the case is skipped aloud.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys


def lacks(case, compiler):
    needed = re.search(r"^// needs: (.*)$", case.read_text(), re.M)
    if not needed:
        return ""
    probe = [compiler, "-x", "c++", "-fsyntax-only", "-std=c++20", "-"]
    found = subprocess.run(probe, input=f"#include <{needed.group(1)}>\n", capture_output=True, text=True)
    return needed.group(1) if found.returncode != 0 else ""


def is_gcc(compiler):
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return "Free Software Foundation" in version.stdout


def outcome(case, compiler, includes):
    if header := lacks(case, compiler):
        print(f"{case.name}: SKIPPED, {header} was not found")
        return ""
    command = [compiler, "-std=c++20", "-fsyntax-only", *(f"-I{i}" for i in includes), str(case)]
    run = subprocess.run(command, capture_output=True, text=True)
    wanted = re.search(r"^// (?:(\d+) errors|error): (.*)$", case.read_text(), re.M)
    errors = [line for line in run.stderr.splitlines() if " error: " in line]
    if not wanted:
        return "" if run.returncode == 0 else f"{case.name}: should compile\n{run.stderr}"
    count, sentence = int(wanted.group(1) or 1), wanted.group(2)
    if len(errors) == count and all(sentence in each for each in errors):
        told = re.findall(r"^// told: (.*)$", case.read_text(), re.M)
        missing = [text for text in told if text not in run.stderr] if is_gcc(compiler) else []
        return f"{case.name}: the compiler does not tell {missing}:\n{run.stderr}" if missing else ""
    return f"{case.name}: wanted {count} with \"{sentence}\", got {len(errors)}:\n" + "\n".join(errors)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", nargs="+", required=True)
    options = parser.parse_args()
    cases = sorted(pathlib.Path(__file__).parent.glob("*.cpp"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = [f for f in pool.map(lambda c: outcome(c, options.compiler, options.include), cases) if f]
    print("\n".join(faults))
    print(f"{len(cases)} programs, {len(faults)} faults")
    return 1 if faults or len(cases) < 2 else 0


sys.exit(main())
