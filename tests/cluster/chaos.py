"""Kills the fraud graph with checkpoints, or one of its workers, again and again, starts it anew until it ends by itself,
and compares what it has published with the alerts of an undisturbed run, and the dead letters with the broken lines of its
input: nothing may be lost, come twice or differ. It reads what is published by itself and shares no code with what it checks.
Outside the tests, which do a few.

usage: chaos.py FRAUD FAULTS [--table PROGRAM] [--cycles N] [--first N] [--workers N] [--payments N] [--json FILE]

PROGRAM is the same graph with a table of SQLite for its alerts (tables.cpp).

FAULTS is the library of faults.cpp: it kills a process at a step of the protocol or at its n-th fsync, and makes disks
fail. A process may also be stopped until another one, as if on another host, has taken over; then it goes on, and must
fail. A disturbance has a number, and the same number is of the same kind: --first goes on where a run was left.
"""
import argparse
import collections
import errno
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

PART = re.compile(r"part-\d+-(\d+)(-\d+)?\.jsonl")
PATIENCE = 120
KINDS = ("any time", "during a checkpoint", "after a checkpoint", "at the end")
A_STEP, AN_FSYNC, A_DISK, ASLEEP, A_WORKER = "at a step", "at an fsync", "disk fails", "asleep", "a worker"
# By name: a call and a part of the path that it is made on.
STEPS = {
    "a state is begun": ("open", "/state/"), "a state is synced": ("fsync", "/state/"),
    "an entry of the log is synced": ("fsync", "/log/"), "a slot of the log is taken": ("link", "/log/"),
    "a manifest gets its second name": ("link", "/manifest"), "an output is sealed": ("rename", "alerts"),
    "an output is synced": ("fsync", "alerts"), "an output is published": ("link", "alerts"),
    "an old state is removed": ("unlink", "/state/"), "an old slot is removed": ("unlink", "/log/0"),
}
TABLE_STEPS = {"a row is synced": ("fsync", "/alerts"), "a transaction is committed": ("unlink", "/alerts.db-journal")}
DISK = {"open": (errno.EROFS, errno.ENOSPC), "write": (errno.ENOSPC, errno.EIO), "fsync": (errno.EIO, errno.ENOSPC),
        "link": (errno.EROFS, errno.ENOSPC)}


def run_to_end(command, **more):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, **more)


def rows_of(database):
    if not database.exists():
        return []
    # Who reads first after a kill takes back what was not committed.
    reading = sqlite3.connect(f"file:{database}?mode=rw", uri=True, timeout=PATIENCE)
    try:
        return reading.execute("select * from alerts").fetchall()
    except sqlite3.OperationalError as e:  # there is no table yet
        assert "no such table" in str(e), e
        return []
    finally:
        reading.close()


class Job:
    """One job, from its first start to its end, over as many processes as it takes."""

    def __init__(self, given, folder, place):
        self.given, self.place, self.starts = given, place, 0
        self.checkpoints, self.alerts = place / "checkpoints", place / ("alerts.db" if given.table else "alerts.jsonl")
        place.mkdir()
        self.command = [given.table or given.fraud, "run", "--input", folder / "payments.csv", "--model", folder / "model.json",
                        "--alerts", self.alerts, "--checkpoint-dir", self.checkpoints, "--checkpoint-interval", "20ms",
                        "--dead-letters", place / "dead-letters", "--quiet", "--rate", given.payments,
                        "--window", random.choice(("pane=record", "pane=micro-batch:64,1ms"))]
        if given.workers:
            self.command += ["--local-cluster", given.workers, "--restart", "fixed:100,10ms"]

    def start(self, fault=None, kills=False):
        self.starts += 1
        self.slots_before = self.slots()
        self.log, self.mark = self.place / f"err-{self.starts}.log", self.place / f"mark-{self.starts}"
        environment = {**os.environ, "LD_PRELOAD": str(self.given.faults), "LEAT_HOST": f"host-{self.starts}",
                       "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}
        if fault:
            environment["LEAT_FAULT"] = fault
        if kills:
            environment["LEAT_FAULT_MARK"] = str(self.mark)
        with self.log.open("wb") as err:
            self.process = subprocess.Popen([str(c) for c in self.command], stdout=err, stderr=err, env=environment,
                                            start_new_session=True)
        return time.monotonic()

    def said(self):
        return self.log.read_text(errors="replace")

    def worker_processes(self):
        """Those of them that live at this moment."""
        try:
            return [int(pid) for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
                    for pid in (task / "children").read_text().split()]
        except OSError:
            return []

    def states(self):
        folder = self.checkpoints / "state"
        return len(list(folder.iterdir())) if folder.exists() else 0

    def slots(self):
        folder = self.checkpoints / "log"
        return max((int(p.name) for p in folder.iterdir() if p.name.isdigit()), default=0) if folder.exists() else 0

    def published(self):
        """How much has been published: rows or files."""
        return len(rows_of(self.alerts) if self.given.table else self.parts())

    def parts(self):
        """Published files, in the order of their epochs."""
        found = [(int(m[1]), m[0]) for p in self.alerts.iterdir() if (m := PART.fullmatch(p.name))] \
            if self.alerts.is_dir() else []
        return [name for _, name in sorted(found)]

    def alerts_so_far(self):
        return rows_of(self.alerts) if self.given.table else [line for name in self.parts() for line in (self.alerts / name).read_text().splitlines()]

    def dead_letters(self):
        """The raw text of each; a line that a kill has torn is none."""
        raw = []
        for line in (self.place / "dead-letters" / "dead-letters.jsonl").read_text().splitlines():
            try:
                raw.append(json.loads(line)["raw"])
            except json.JSONDecodeError:
                pass
        return raw

    def wait_for(self, reached, limit):
        """Until then, the end of the process, or so many seconds. False after its end."""
        until = time.monotonic() + limit
        while not reached() and time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            time.sleep(0.0005)
        return self.process.poll() is None

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def end(self):
        return self.process.wait(PATIENCE)


def seconds_until(job, reached, began):
    """Or None if the process ends first."""
    return time.monotonic() - began if job.wait_for(reached, PATIENCE) else None


def note_recovery(job, began, before, recovery):
    """How long a process takes from its start until it has restored, and from then until more is published."""
    restored = seconds_until(job, lambda: "continuing from checkpoint" in job.said(), began)
    caught_up = seconds_until(job, lambda: job.published() > before, began)
    if restored is not None and caught_up is not None:
        recovery["restore"].append(restored)
        recovery["catch_up"].append(caught_up - restored)


def fault_of(kind, tally, steps):
    """What a process is started with, and whether that kills it."""
    if kind == A_STEP:
        step = random.choice(list(steps))
        tally["at a step: " + step] += 1
        number = random.randint(1, 8)
        return ":".join((*steps[step], f"{number}:{number}", random.choice(("kill", "kill-after")))), True
    if kind == AN_FSYNC:
        number = random.randint(1, 120)
        return f"fsync:/:{number}:{number}:" + random.choice(("kill", "kill-after")), True
    if kind == A_DISK:
        call = random.choice(list(DISK))
        first = random.randint(1, 40)
        path = random.choice(("/checkpoints/", "/state/", "/log/"))
        return f"{call}:{path}:{first}:{first + random.choice((0, 10))}:{random.choice(DISK[call])}", False
    return None, False


def kill_worker(job, recovery):
    slots = job.slots()  # the claim of the folder is one, the first checkpoint another
    alive = job.wait_for(lambda: job.slots() > slots + 1, 10) and job.wait_for(lambda: False, random.uniform(0, 0.5))
    restarts, workers = job.said().count("restart "), job.worker_processes()
    if alive and workers:
        os.kill(random.choice(workers), signal.SIGKILL)
        detected = seconds_until(job, lambda: job.said().count("restart ") > restarts, time.monotonic())
        if detected is not None:
            recovery["detect"].append(detected)
    return "goes on" if alive else "has ended"


def put_to_sleep(job, tally):
    """Another process takes over meanwhile; what wakes up must fail, unless nothing was left to do."""
    claimed = job.wait_for(lambda: job.slots() > job.slots_before, PATIENCE)
    if not claimed or not job.wait_for(lambda: False, random.uniform(0, 0.8)):
        return "has ended"
    old, old_log = job.process, job.log
    os.killpg(old.pid, signal.SIGSTOP)
    time.sleep(0.02)  # until it is in effect
    job.start()
    if not job.wait_for(lambda: job.slots() > job.slots_before, PATIENCE) and "database is locked" in job.said():
        os.killpg(old.pid, signal.SIGCONT)  # it sleeps in the middle of a transaction: nobody else can begin
        job.process, job.log = old, old_log
        tally["kept its table"] += 1
        return "goes on"
    job.wait_for(lambda: False, random.uniform(0, 0.4))
    os.killpg(old.pid, signal.SIGCONT)
    code, said = old.wait(PATIENCE), old_log.read_text(errors="replace")
    assert code == 0 or "have been taken over" in said or "cannot" in said, said[-2000:]
    tally["fenced" if "have been taken over" in said else "had nothing left to write" if code == 0 else "failed"] += 1
    return "goes on"


def survive_disk(job, tally):
    """An error of the disk costs a checkpoint, or the attempt: then it says which file, and why."""
    code, said = job.end(), job.said()
    if code == 0:
        tally["disk: a checkpoint failed" if "failed, the last one" in said else "disk: unnoticed"] += 1
        return "has ended"
    assert code > 0 and str(job.place) in said, said[-2000:]
    tally["disk: the attempt failed"] += 1
    return "was killed"


def disturb(job, kind, result):
    """Does so at such a moment. Returns what became of the job."""
    if kind == A_WORKER:
        return kill_worker(job, result["recovery"])
    if kind == ASLEEP:
        return put_to_sleep(job, result["outcomes"])
    if kind == A_DISK:
        return survive_disk(job, result["outcomes"])
    if kind in (A_STEP, AN_FSYNC):
        alive = job.wait_for(lambda: job.mark.exists(), 5)
        if job.mark.exists() and job.given.workers and job.wait_for(lambda: False, 0.1):
            return "goes on"  # it was a worker
    elif kind == "any time":
        alive = job.wait_for(lambda: False, random.uniform(0, 1.2))
    elif kind == "during a checkpoint":
        job.wait_for(lambda: False, random.uniform(0, 0.6))
        states = job.states()
        alive = job.wait_for(lambda: job.states() != states, 1) and job.wait_for(lambda: False, random.uniform(0, 0.01))
    elif kind == "after a checkpoint":
        job.wait_for(lambda: False, random.uniform(0, 0.6))
        slots = job.slots()
        alive = job.wait_for(lambda: job.slots() != slots, 1) and job.wait_for(lambda: False, random.uniform(0, 0.003))
    else:
        alive = job.wait_for(lambda: False, random.uniform(0.9, 1.6))
    if not alive and job.process.poll() != -signal.SIGKILL:
        return "has ended"
    job.kill()
    return "was killed"


def break_lines(path):
    """Puts broken lines among the payments, and returns them."""
    head, *lines = path.read_text().splitlines()
    broken = []
    with path.open("w") as to:
        print(head, file=to)
        for n, line in enumerate(lines):
            print(line, file=to)
            if n % 150 == 0:
                broken.append(f"broken,{n}")
                print(broken[-1], file=to)
    return broken


def choose_kind(given, starting):
    """Some faults are those of a process from its start."""
    kinds = [*KINDS]
    kinds += [A_WORKER] * 2 if given.workers else [ASLEEP]
    kinds += [A_STEP] * 3 + [AN_FSYNC] * 2 + [A_DISK] if starting else []
    return random.choice(kinds)


def live(given, folder, number, left, wanted, broken, result):
    """One job that is disturbed at most so often."""
    job = Job(given, folder, folder / f"job-{number}")
    what = "was killed"
    for disturbances in range(left + 1):
        starting, last = what == "was killed", disturbances == left
        random.seed(f"{given.first + result['disturbed']} {number}")
        kind = choose_kind(given, starting)
        if starting:
            before = job.published()
            began = job.start(*(None, False) if last else fault_of(kind, result["kinds"], given.steps))
        if last:
            break
        if disturbances and starting and kind in KINDS and random.random() < 0.5:
            note_recovery(job, began, before, result["recovery"])
        what = disturb(job, kind, result)
        if what == "has ended":
            break
        result["kinds"][kind] += 1
        result["disturbed"] += 1
    code = job.end()
    assert code == 0, f"job {number}, kept in {job.place}, ended with {code}: {job.said()[-2000:]}"
    got, want = collections.Counter(job.alerts_so_far()), collections.Counter(wanted)
    result["lost"] += sum((want - got).values())
    result["duplicate_or_wrong"] += sum((got - want).values())
    assert got == want, f"job {number}, kept in {job.place}: {sum((want - got).values())} alerts are missing, " \
                        f"{sum((got - want).values())} are too many"
    got, want = collections.Counter(job.dead_letters()), collections.Counter(broken)
    result["lost_letters"] += sum((want - got).values())
    result["duplicate_letters"] += sum((got - want).values())
    assert got == want, f"job {number}, kept in {job.place}: {sum((want - got).values())} dead letters are missing, " \
                        f"{sum((got - want).values())} are too many"
    shutil.rmtree(job.place)


def quantiles(times):
    times = sorted(times)
    return {"p50": times[len(times) // 2], "p95": times[len(times) * 95 // 100], "max": times[-1], "of": len(times)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fraud", type=os.path.abspath)
    parser.add_argument("faults", type=os.path.abspath)
    parser.add_argument("--table", type=os.path.abspath)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--payments", type=int, default=20_000, help="of a job, which takes a second undisturbed")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    given.steps = {**{step: at for step, at in STEPS.items() if at[1] != "alerts"}, **TABLE_STEPS} if given.table else STEPS
    result = {"disturbed": 0, "jobs": 0, "lost": 0, "duplicate_or_wrong": 0, "lost_letters": 0,
              "duplicate_letters": 0, "kinds": collections.Counter(),
              "outcomes": collections.Counter(), "recovery": {"detect": [], "restore": [], "catch_up": []}}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="leat-chaos-"))
    run_to_end([given.fraud, "generate", "--payments", given.payments, "--seed", 1, "--out", folder / "payments.csv"])
    run_to_end([given.fraud, "train", "--input", folder / "payments.csv", "--model", folder / "model.json"],
               env={**os.environ, "OMP_NUM_THREADS": "1"})
    broken = break_lines(folder / "payments.csv")
    run_to_end([given.table or given.fraud, "run", "--input", folder / "payments.csv", "--model", folder / "model.json",
                "--alerts", folder / "wanted", "--dead-letters", folder / "dead-letters", "--quiet"])
    wanted = rows_of(folder / "wanted") if given.table else (folder / "wanted").read_text().splitlines()
    assert len(wanted) > 50, "too few alerts to tell anything"
    while result["disturbed"] < given.cycles:
        random.seed(f"job {given.first + result['jobs']}")
        left = min(random.randrange(1, 12), given.cycles - result["disturbed"])
        result["jobs"] += 1
        live(given, folder, result["jobs"], left, wanted, broken, result)
    shutil.rmtree(folder)
    result["recovery_seconds"] = {part: quantiles(times) for part, times in result.pop("recovery").items() if times}
    print(json.dumps(result))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
