"""Kills a job whose state is larger than its memory (bench/states.cpp) again and again, lets it go on at another parallelism,
and compares what it has written with an undisturbed run in memory.

usage: killed.py STATES [--first N] [--count N]
"""
import argparse
import pathlib
import random
import subprocess
import tempfile

GRAPH = ("--keys", "150000", "--count", "450000", "--each", "7")
MOST_KILLS = 6
PATIENCE = 300  # seconds


def lines(program, output):
    text = subprocess.run([program, "tail", "--output", output], check=True, capture_output=True, text=True).stdout
    return sorted(text.splitlines())


def disturbed(program, folder, chance):
    """Kills it some times at any moment, and lets it end. Returns how often it was killed."""
    killed = 0
    for attempt in range(MOST_KILLS + 1):
        command = [program, "run", *GRAPH, "--output", folder / "out.csv", "--checkpoint-dir", folder / "checkpoints",
                   "--checkpoint-interval", "100ms", "--state", f"rocksdb:{folder / 'work'}", "--state-memory", "8MiB",
                   "--parallelism", str(chance.choice((1, 2, 2, 3))), "--quiet"]
        process = subprocess.Popen(command)
        try:
            code = process.wait(PATIENCE if attempt == MOST_KILLS else chance.uniform(0.05, 2.5))
            if code != 0:
                raise SystemExit(f"killed: error: exit code {code}: {process.args}")
            return killed
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
    raise SystemExit(f"killed: error: it does not end: {process.args}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program", type=pathlib.Path)
    options.add_argument("--first", type=int, default=1)
    options.add_argument("--count", type=int, default=3)
    given = options.parse_args()
    program = given.program.resolve()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        subprocess.run([program, "run", *GRAPH, "--output", folder / "plain.csv", "--quiet"], check=True)
        wanted = sorted((folder / "plain.csv").read_text().splitlines()[1:])
        for case in range(given.first, given.first + given.count):
            own = folder / str(case)
            own.mkdir()
            killed = disturbed(program, own, random.Random(case))
            is_same = [l for l in lines(program, own / "out.csv") if l != "key,n"] == wanted
            left = [p.name for p in (own / "work").iterdir() if p.is_dir()]
            print(f"case {case}: killed {killed} times{'' if is_same else ', and the output differs'}"
                  f"{f', and it leaves {left}' if left else ''}", flush=True)
            if not is_same or left:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
