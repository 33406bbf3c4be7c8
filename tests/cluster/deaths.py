"""Kills coordinators of clusters with kill -9 and looks whether their workers end. Outside the tests, which do a few.

usage: deaths.py PROGRAM [--first N] [--count N]

A death has a number, and the same number kills at the same moment: --first goes on where a run was left.
"""
import argparse
import os
import pathlib
import tempfile

import check


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    for number in range(given.first, given.first + given.count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check.deaths(given.program, pathlib.Path(folder), [number])
            except AssertionError as left:
                raise SystemExit(f"death {number}: {left}")
        if (number + 1) % 20 == 0:
            print(f"{number + 1 - given.first} deaths up to number {number}: no worker left", flush=True)


if __name__ == "__main__":
    main()
