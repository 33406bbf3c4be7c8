"""Runs a program on clusters of processes: the same results as in one, and a clear end when one is lost.

usage: check.py PROGRAM
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ENDLESS = 10**15
PATIENCE = 60  # seconds; nothing is expected to take long, but machines may be slow


def size(path):
    """Of a file that may be removed at any moment."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class Run:
    """A cluster of three workers under way."""

    def __init__(self, program, folder, name, count, *more):
        self.out = folder / name
        self.process = subprocess.Popen(
            [program, "run", "--count", str(count), "--out", str(self.out), "--parallelism", "3",
             "--progress", "off", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)

    def workers(self, wanted):
        """Process ids of the workers, once the job runs: its output has been begun."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            if len(children) == wanted and any(size(f) > 0 for f in self.out.parent.glob(self.out.name + "*")):
                return [int(c) for c in children]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"the job did not come to run: {self.process.communicate()}")

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


def sorted_lines(path):
    return sorted(path.read_bytes().splitlines())


def gone(processes):
    until = time.monotonic() + PATIENCE
    while any(pathlib.Path(f"/proc/{p}").exists() for p in processes):
        assert time.monotonic() < until, "workers outlive their job"
        time.sleep(0.05)


def same_results(program, folder):
    code, _, err = Run(program, folder, "one", 30_000).end()
    assert code == 0, err
    for workers in ("1", "2", "3"):
        code, out, err = Run(program, folder, workers, 30_000, "--local-cluster", workers).end()
        assert code == 0, err
        assert sorted_lines(folder / "one") == sorted_lines(folder / workers), f"{workers} workers: other results"
        assert "30 000" in out, f"the summary does not know the workers' figures:\n{out}"


def killed_worker_fails_the_job(program, folder):
    run = Run(program, folder, "killed", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    os.kill(workers[1], signal.SIGKILL)
    code, _, err = run.end()
    assert code == 2 and "worker 2 was lost" in err, (code, err)
    assert not run.out.exists(), "an incomplete output looks complete"
    gone(workers)


def stopped_worker_fails_the_job(program, folder):
    run = Run(program, folder, "stopped", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    os.kill(workers[0], signal.SIGSTOP)
    code, _, err = run.end()
    assert code == 2 and "worker 1 was lost" in err, (code, err)
    gone(workers)


def interrupt_completes(program, folder):
    run = Run(program, folder, "interrupted", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    run.process.send_signal(signal.SIGINT)
    code, _, err = run.end()
    assert code == 0, (code, err)
    assert run.out.exists()
    gone(workers)


def workers_end_without_coordinator(program, folder):
    run = Run(program, folder, "orphaned", ENDLESS, "--local-cluster", "2")
    workers = run.workers(2)
    run.process.kill()
    run.process.wait()
    for stream in (run.process.stdout, run.process.stderr):
        stream.close()
    gone(workers)


def main():
    program = sys.argv[1]
    for check in (same_results, killed_worker_fails_the_job, stopped_worker_fails_the_job, interrupt_completes,
                  workers_end_without_coordinator):
        with tempfile.TemporaryDirectory() as folder:
            check(program, pathlib.Path(folder))
        print(f"ok: {check.__name__.replace('_', ' ')}")


if __name__ == "__main__":
    main()
