"""Kills and disturbs the fraud graph, with several outputs, in all its modes, and looks at what is left: each output is
complete or absent, none is there when the job failed before all were written, exit code 0 means that all are right, and the
next run in the same folder mends everything. Outside the tests, which do a few.

usage: kills.py OUTPUTS FRAUD [--first N] [--count N | --minutes N]

A case has a number, and the same number disturbs in the same way: --first goes on where a run was left.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import check

PAYMENTS = 20_000
NAMES = ("alerts.jsonl", "large.jsonl", "scores.csv")
MODES = ("record", "micro-batch:256,5ms", "batch")
MALFORMED = ("no payment", "0,2,3", "999999999,2024-01-01T00:00:00Z,many,1,1,1,0,0,false,2024-01-08T00:00:00Z")
PATIENCE = 60
BEGUN = object()  # a moment: an output has been begun, rather than after a delay
WRITTEN = object()  # a moment: everything has been written, and nothing or little published
PUBLISHED = object()  # a moment: the first output appears


class Reference:
    """What an undisturbed run gives."""

    def __init__(self, outputs, fraud, folder):
        self.program, self.input, self.model = outputs, folder / "payments.csv", folder / "model.json"
        for command in (["generate", "--payments", PAYMENTS, "--seed", 1, "--out", self.input],
                        ["train", "--input", self.input, "--model", self.model]):
            subprocess.run([fraud, *map(str, command)], check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, "OMP_NUM_THREADS": "1"})  # more wait for each other on a busy machine
        lines = self.input.read_text().splitlines()
        for number, line in enumerate(MALFORMED):
            lines.insert(len(lines) * (number + 1) // (len(MALFORMED) + 1), line)
        self.input.write_text("\n".join(lines) + "\n")
        (folder / "out").mkdir()
        self.seconds = {}  # of an undisturbed run with and without workers, from its start and from its first output
        for workers in (0, 3):
            run = Run(self, folder / "out", MODES[0], workers)
            began = time.monotonic()
            run.reach(BEGUN)
            begun = time.monotonic()
            code, _, err = run.end()
            assert code == 0, err
            self.seconds[bool(workers)] = (time.monotonic() - began, time.monotonic() - begun)
        self.lines = {name: lines_of(folder / "out" / name) for name in NAMES}
        self.sizes = {name: (folder / "out" / name).stat().st_size for name in NAMES}
        settled = {payment_of(line) for line in self.lines["scores.csv"] if line[:1].isdigit()}
        self.order = [p for p in (line.split(",")[0] for line in lines[1:]) if p in settled]
        assert len(self.order) > PAYMENTS / 2 and all(self.lines.values())
        for line in self.lines["scores.csv"]:
            assert payment_of(line) or line.startswith("payment"), line


class Run:
    """A job under way in a folder."""

    def __init__(self, reference, folder, mode, workers, *more, limit=None):
        self.folder, self.reference = folder, reference
        arguments = [reference.program, "run", "--input", reference.input, "--model", reference.model, "--out", folder,
                     "--dead-letters", folder / "letters", "--metrics-out", folder / "metrics.json", "--window", f"pane={mode}",
                     "--batch-memory", "64KiB", "--parallelism", 3 if workers else 1, "--progress", "off", *more]
        if workers:
            arguments += ["--local-cluster", workers]
        self.process = subprocess.Popen([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=limit and check.limit_files(limit))

    def reach(self, moment):
        """Waits for a moment, but not longer than the job lives."""
        while self.process.poll() is None:
            sizes = size_by_name(self.folder)
            if moment is BEGUN and any(sizes.values()) or moment is WRITTEN and not unwritten(self.reference, self.folder) or \
                    moment is PUBLISHED and any((self.folder / name).is_file() for name in NAMES):
                return
            time.sleep(0.0002)

    def workers(self):
        listed = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            return [int(c) for c in listed.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def send(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


def payment_of(line):
    return line.split(",")[0] if line[:1].isdigit() else str(json.loads(line)["payment"]) if line[:1] == "{" else ""


def lines_of(path):
    return sorted(path.read_text().splitlines(keepends=True))


def size_by_name(folder):
    """What has been begun and not published, by the name it is to get."""
    sizes = {}
    for path in folder.glob("*.partial-*"):
        name = path.name.partition(".partial-")[0]
        if name in NAMES:
            sizes[name] = max(sizes.get(name, 0), check.size(path))
    return sizes


def unwritten(reference, folder):
    """Outputs that cannot have been prepared: less is there than a complete one holds."""
    published = {name for name in NAMES if (folder / name).is_file()}
    sizes = size_by_name(folder)
    published |= {name for name in NAMES if (folder / name).is_file()}  # or meanwhile
    return [n for n in NAMES if n not in published and sizes.get(n, 0) < reference.sizes[n]]


def processes_of(folder):
    """All that work in this folder, by their arguments."""
    for process in pathlib.Path("/proc").iterdir():
        try:
            if process.name.isdigit() and os.fsencode(folder) in (process / "cmdline").read_bytes():
                yield int(process.name)
        except (FileNotFoundError, ProcessLookupError):
            pass


class Case:
    """A number's way to disturb a job."""

    def __init__(self, number, reference, folder):
        self.random, self.reference, self.folder = random.Random(number), reference, folder
        self.kind = KINDS[number // 2 % len(KINDS)]
        self.workers = 3 if number % 2 else 0
        self.mode = self.random.choice(MODES)
        self.paced = ("--rate", "100000") if self.random.random() < 0.5 else ()
        self.may_drain = self.must_fail = self.may_publish_some = False
        self.limit = None

    def start(self):
        return Run(self.reference, self.folder, self.mode, self.workers, *self.paced, limit=self.limit)

    def wait(self, run):
        """For a moment that may be any from the start of the process to its end."""
        moment = self.random.choice([None, BEGUN, BEGUN, WRITTEN, PUBLISHED])
        whole, rest = self.reference.seconds[self.workers > 0]
        if self.paced:
            whole, rest = whole + PAYMENTS / 1e5, rest + PAYMENTS / 1e5
        if moment:
            run.reach(moment)
        if moment is BEGUN:
            time.sleep(self.random.random() * rest * 1.1)
        elif not moment:
            time.sleep(self.random.random() * whole)
        elif self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.005)

    # The kinds. Each starts the job, disturbs it, and returns it.

    def kill_coordinator(self):
        run = self.start()
        self.wait(run)
        run.send(signal.SIGKILL)
        self.may_publish_some = True
        return run

    def kill_worker(self):
        if not self.workers:
            return self.kill_coordinator()
        run = self.start()
        self.wait(run)
        if workers := run.workers():
            os.kill(self.random.choice(workers), signal.SIGKILL)
        self.may_publish_some = True
        return run

    def stop(self):
        run = self.start()
        self.wait(run)
        run.send(self.random.choice([signal.SIGINT, signal.SIGTERM]))
        self.may_drain = True
        return run

    def stop_at_once(self):
        run = self.stop()
        time.sleep(0.02 + self.random.random() * 0.06)  # closer ones count as one
        run.send(self.random.choice([signal.SIGINT, signal.SIGTERM]))
        return run

    def files_limited(self):
        self.limit = int(self.random.random() * max(self.reference.sizes.values()))
        self.must_fail = True
        return self.start()

    def disk_full(self):
        room = int(self.random.random() * sum(self.reference.sizes.values()) * 0.9)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room // 4096 * 4096 + 4096}", "none",
                                                self.folder], stderr=subprocess.DEVNULL).returncode != 0:
            print("SKIPPED: a small disk takes root; a limit on files instead")
            return self.files_limited()
        self.must_fail = True
        return self.start()

    def name_taken(self):
        run = self.start()
        run.reach(BEGUN)
        try:
            (self.folder / self.random.choice(NAMES)).mkdir()
            self.must_fail = self.may_publish_some = True  # it is the commit that fails
        except FileExistsError:
            pass
        return run



KINDS = (Case.kill_coordinator, Case.kill_worker, Case.stop, Case.stop_at_once, Case.kill_coordinator, Case.files_limited,
         Case.disk_full, Case.name_taken)


def check_complete(reference, folder, names=NAMES):
    for name in names:
        assert lines_of(folder / name) == reference.lines[name], f"{name} is not complete"


def check_drained(reference, folder):
    """Of a job that was stopped: all that comes of the first payments, and nothing else."""
    count = len([line for line in lines_of(folder / "scores.csv") if line[:1].isdigit()])
    first = {"", *reference.order[:count]}
    for name in NAMES:
        wanted = [line for line in reference.lines[name] if payment_of(line) in first]
        assert lines_of(folder / name) == wanted, f"{name} is not what comes of the first {count} payments"


def check_case(case, counts):
    reference, folder = case.reference, case.folder
    run = case.kind(case)
    late = not unwritten(reference, folder)
    code, _, err = run.end()
    until = time.monotonic() + check.AFTER_DEATH
    while left := [p for p in processes_of(folder) if check.alive(p)]:
        assert time.monotonic() < until, f"processes are left: {left}"
        time.sleep(0.005)
    there = [name for name in NAMES if (folder / name).is_file()]
    partial = size_by_name(folder)
    counts["all outputs" if len(there) == len(NAMES) else "some outputs" if there else
           "none, all written" if late else "none, some begun" if partial or code > 0 else "none, none begun"] += 1
    counts[f"exit code {code}" if code >= 0 else f"signal {-code}"] += 1

    said = f"exit code {code}, {', '.join(there) or 'no outputs'}, {err}"
    by_signal = case.may_drain and code in (-signal.SIGINT, -signal.SIGTERM)  # before the job began, or after its end
    ended_well = code == 0 or by_signal and bool(there)
    if ended_well:
        assert len(there) == len(NAMES) and not case.must_fail, said
        (check_drained if case.may_drain else check_complete)(reference, folder)
    else:
        assert by_signal or code in (-signal.SIGKILL, 2, 130) or code == 1 and not there, said
        assert not there or case.may_publish_some, said
        assert not there or late or case.kind is Case.name_taken, f"published before all was written: {said}"
        check_complete(reference, folder, there)
    assert not partial or code < 0, f"temporary files stay: {partial}"
    metrics = folder / "metrics.json"
    if metrics.exists():
        failed = json.loads(metrics.read_text())["state"] == "failed"
        assert failed != ended_well or code == -signal.SIGKILL and not failed and len(there) == len(NAMES), (failed, said)


def check_next(case):
    """An undisturbed run after it."""
    reference, folder = case.reference, case.folder
    if os.path.ismount(folder):
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    for name in NAMES:
        if (folder / name).is_dir():
            (folder / name).rmdir()
    code, _, err = Run(reference, folder, case.mode, case.workers).end()
    assert code == 0, err
    check_complete(reference, folder)
    check.nothing_is_left(folder)
    letters = []
    for line in (folder / "letters" / "dead-letters.jsonl").read_text().splitlines():
        try:
            letters.append(json.loads(line)["raw"])
        except json.JSONDecodeError:
            pass  # a process was killed in the middle of it
    assert set(letters) == set(MALFORMED), letters


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("outputs", type=os.path.abspath)
    parser.add_argument("fraud", type=os.path.abspath)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--minutes", type=float)
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell starts in the background
    count = given.count or (10**9 if given.minutes else 300)
    until = time.monotonic() + (given.minutes or 10**6) * 60
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        reference = Reference(given.outputs, given.fraud, place)
        for number in range(given.first, given.first + count):
            if time.monotonic() >= until:
                break
            folder = place / f"case{number}"
            folder.mkdir()
            case = Case(number, reference, folder)
            try:
                check_case(case, counts)
                check_next(case)
            except AssertionError as wrong:
                raise SystemExit(f"case {number} ({case.kind.__name__.replace('_', ' ')}, {case.mode}, "
                                 f"{case.workers} workers): {wrong}")
            finally:
                if os.path.ismount(folder):
                    subprocess.run(["umount", "-l", folder], check=True)
            shutil.rmtree(folder)
            if (number + 1 - given.first) % 50 == 0:
                print(f"{number + 1 - given.first} cases up to number {number}: right", flush=True)
        else:
            number += 1
    print(f"ok: cases {given.first} to {number - 1}; {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    main()
