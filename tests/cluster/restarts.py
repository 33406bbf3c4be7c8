"""Runs a program whose stage crashes at certain records: under a supervisor, with workers, and with processes that are
killed. What it publishes in the end is compared with sums that are computed here.

usage: restarts.py PROGRAM
"""
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

COUNT = 12_000
PATIENCE = 60
POISON = re.compile(r"poison record: it has brought down its stage ([3-9]) times, the last time: (.*)")


def wanted(without):
    sums, lines = collections.Counter(), []
    for n in range(COUNT):
        if n not in without:
            sums[n % 13] += n
            lines.append((n, sums[n % 13]))
    return lines


class Run:
    def __init__(self, program, place, *more):
        self.place = place
        self.err = place / "err.log"
        command = [program, "run", "--count", COUNT, "--out", place / "out", "--checkpoint-dir", place / "checkpoints",
                   "--checkpoint-interval", "50ms", "--dead-letters", place / "letters", "--rate", 20_000, "--quiet",
                   "--restart", "fixed:8,20ms", *more]
        # A sanitizer would report crashes that are meant, and end the process by an exit code.
        crashing = ":".join(f"handle_{s}=0" for s in ("segv", "abort", "sigbus", "sigfpe", "sigill"))
        environment = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:{crashing}"}
        with self.err.open("ab") as err:
            self.process = subprocess.Popen([str(c) for c in command], stdout=err, stderr=err, env=environment)

    def end(self):
        return self.process.wait(PATIENCE)

    def said(self):
        return self.err.read_text()

    def child(self):
        """The first process that it has started, a supervisor's job or a worker."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            if children:
                return int(children[0])
            time.sleep(0.01)
        raise AssertionError(f"it has no child: {self.said()}")

    def parts(self):
        return len(list((self.place / "out").glob("part-*")))

    def wait_for_parts(self, least=1):
        """False if the job has ended before."""
        until = time.monotonic() + PATIENCE
        while self.parts() < least:
            assert time.monotonic() < until, self.said()
            if self.process.poll() is not None:
                return False
            time.sleep(0.01)
        return True

    def check(self, without=(), reasons=()):
        rows = [json.loads(line) for part in (self.place / "out").glob("part-*") for line in part.read_text().splitlines()]
        got = sorted((row["n"], row["sum"]) for row in rows)
        assert got == wanted(without), (len(got), self.said())
        letters = self.place / "letters" / "dead-letters.jsonl"
        kept = [json.loads(line) for line in letters.read_text().splitlines()] if letters.exists() else []
        causes = [found[2] for letter in kept if (found := POISON.fullmatch(letter["reason"]))]
        assert sorted(causes) == sorted(reasons) and len(causes) == len(kept), kept
        assert sorted(json.loads(letter["raw"])["n"] for letter in kept) == sorted(without), kept
        assert all(letter["stage"] == "fragile" for letter in kept), kept


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    except OSError:
        return True


def crashes(program, place):
    """Under a supervisor, records that end the process and one that throws become dead letters."""
    run = Run(program, place, "--supervise", "--crash-at", 3000, "--abort-at", 7000, "--throw-at", 9000, "--parallelism", 3)
    assert run.end() == 0, run.said()
    run.check((3000, 7000, 9000), ("it ended the process by SIGSEGV", "it ended the process by SIGABRT", "thrown"))
    starts = re.findall(r"process \d+ was killed by signal (\d+); it is started again in 20.0 ms", run.said())
    assert starts.count("11") >= 3 and starts.count("6") >= 3, run.said()


def workers(program, place):
    """The same of worker processes, without a supervisor."""
    run = Run(program, place, "--local-cluster", 2, "--parallelism", 2, "--crash-at", 3000, "--throw-at", 9000)
    assert run.end() == 0, run.said()
    run.check((3000, 9000), ("it ended the process by SIGSEGV", "thrown"))


def early(program, place):
    """A worker process that is killed before the job begins is replaced."""
    run = Run(program, place, "--local-cluster", 2, "--slow-start", 1)
    os.kill(run.child(), signal.SIGKILL)
    assert run.end() == 0, run.said()
    run.check()


def killed(program, place):
    """A kill is nobody's fault: no record becomes a dead letter."""
    run = Run(program, place, "--supervise")
    for parts in (1, 3, 5):
        if run.wait_for_parts(parts):
            os.kill(run.child(), signal.SIGKILL)
    assert run.end() == 0, run.said()
    run.check()
    assert "was killed by signal 9; it is started again" in run.said(), run.said()


def too_often(program, place):
    """A job that gets nowhere ends, with a word on it."""
    run = Run(program, place, "--supervise", "--crash-at", 1, "--poison-after", 0)
    assert run.end() == 2, run.said()
    assert run.said().count("it is started again") == 8 and "error: process" in run.said(), run.said()


def stopped(program, place):
    """A signal for the supervisor is one for the job, which stops with a checkpoint."""
    run = None
    for asked, text in ((signal.SIGINT, "(Ctrl-C again to stop at once)"), (signal.SIGTERM, "(SIGTERM again to stop at once)")):
        before = run.parts() if run else 0
        run = Run(program, place, "--supervise")
        run.wait_for_parts(before + 1)
        run.process.send_signal(asked)
        assert run.end() == 0 and text in run.said(), run.said()
    run = Run(program, place, "--supervise")
    assert run.end() == 0, run.said()
    run.check()


def orphaned(program, place):
    """The job does not outlive its supervisor, even if it hangs."""
    run = Run(program, place, "--supervise", "--hang-at", 1000)
    child = run.child()
    while not (place / "checkpoints" / "log").exists():  # the job has begun
        time.sleep(0.01)
    run.process.kill()
    run.end()
    until = time.monotonic() + 10
    while not is_gone(child):
        assert time.monotonic() < until, "the job lives on"
        time.sleep(0.05)
    run = Run(program, place, "--supervise")
    assert run.end() == 0, run.said()
    run.check()


def refused(program, place):
    """A supervisor wants a folder of checkpoints, and to be told how often it may start the job."""
    for more, text in ((["--restart", "fixed:1,1s"], "--supervise requires --checkpoint-dir"),
                       (["--checkpoint-dir", place / "c"], "--supervise requires --restart")):
        done = subprocess.run([str(c) for c in (program, "run", "--count", 1, "--out", place / "out", "--supervise", *more)],
                              capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 1 and text in done.stderr, done


def main():
    program = os.path.abspath(sys.argv[1])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="leat-restarts-"))
    for case in (crashes, workers, early, killed, too_often, stopped, orphaned, refused):
        place = folder / case.__name__
        place.mkdir()
        began = time.monotonic()
        case(program, place)
        print(f"{case.__name__}: {time.monotonic() - began:.1f} s")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
