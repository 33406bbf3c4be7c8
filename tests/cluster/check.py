"""Runs a program on clusters of processes: the same results as in one, nothing that a stranger could reach, and a
clear end when a process is lost.

usage: check.py PROGRAM
"""
import ctypes
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

ENDLESS = 10**15
PATIENCE = 60  # seconds; nothing is expected to take long, but machines may be slow
NOTICED = 15  # seconds until a stopped process must have been noticed: it takes two
DEATHS = 12  # of coordinators; deaths.py kills more of them
AFTER_DEATH = 10  # seconds until no worker may be left


def size(path):
    """Of a file that may be removed at any moment."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def limit_files(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Run:
    """A job of this program under way."""

    def __init__(self, program, folder, name, count, *more, limit=None):
        self.out = folder / name
        self.process = subprocess.Popen(
            [program, "run", "--count", str(count), "--out", str(self.out), "--parallelism", "3",
             "--progress", "off", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, preexec_fn=limit and limit_files(limit))

    def workers(self, wanted):
        """Process ids of the workers, once the job runs: its output has been begun."""
        return self.children(wanted, lambda: any(size(f) > 0 for f in self.out.parent.glob(self.out.name + "*")), 0.05)

    def children(self, wanted, condition=lambda: True, pause=0):
        """Process ids of the first workers, as soon as there are so many and the condition holds."""
        until = time.monotonic() + PATIENCE
        listed = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while time.monotonic() < until and self.process.poll() is None:
            children = [int(c) for c in listed.read_text().split()]
            if len(children) >= wanted and condition():
                return children[:wanted]
            time.sleep(pause)
        self.process.kill()
        raise AssertionError(f"the job did not come to run: {self.process.communicate()}")

    def end(self, patience=PATIENCE):
        out, err = self.process.communicate(timeout=patience)
        return self.process.returncode, out, err

    def kill(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


def sorted_lines(path):
    return sorted(path.read_bytes().splitlines())


def alive(process):
    """Whether it exists and is more than the trace that an ended one leaves until its parent looks."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(processes, patience=PATIENCE):
    until = time.monotonic() + patience
    while any(alive(p) for p in processes):
        assert time.monotonic() < until, "workers outlive their job"
        time.sleep(0.02)


def same_results(program, folder):
    code, _, err = Run(program, folder, "one", 30_000).end()
    assert code == 0, err
    for workers in ("1", "2", "3"):
        code, out, err = Run(program, folder, workers, 30_000, "--local-cluster", workers).end()
        assert code == 0, err
        assert sorted_lines(folder / "one") == sorted_lines(folder / workers), f"{workers} workers: other results"
        assert "30 000" in out, f"the summary does not know the workers' figures:\n{out}"
    pins = ("--pin", "first=worker-2", "--pin", "parity=worker-1", "--pin", "out=coordinator")
    code, _, err = Run(program, folder, "pinned", 30_000, "--local-cluster", "2", *pins).end()
    assert code == 0, err
    assert sorted_lines(folder / "one") == sorted_lines(folder / "pinned"), "pinned: other results"


def nothing_is_left(folder):
    left = [str(f) for f in folder.rglob("*.partial-*")]
    assert not left, f"temporary files stay: {left}"


def rejections_fail_the_job_in_mid_run(program, folder):
    """What a stage in a worker did not accept is a failure of the run, not of the command line."""
    code, _, err = Run(program, folder, "rejected", ENDLESS, "--local-cluster", "2", "--reject-at", "5000",
                       "--max-dead-letters", "10").end()
    assert code == 2 and "the limit of 10 dead letters is exceeded" in err, (code, err)
    assert not list(folder.glob("rejected*")), "an output of a job that failed appears"


def letters_in(folder):
    """The dead letters that are below the folder, moved files included."""
    return [json.loads(line) for file in folder.rglob("dead-letters.jsonl*") for line in file.read_bytes().splitlines()]


def said_count(out):
    """How many dead letters a summary has."""
    return int(out.split("dead letters  ")[1].split(" (in ")[0].replace(" ", ""))


def with_letters(program, folder, name, count, *more):
    """A job whose stages reject numbers, in a folder of its own. The threads of its workers are few: all wait at times."""
    own = folder / name
    own.mkdir()
    return own, Run(program, own, "out", count, "--reject-at", "1000", "--workers", "1", "--max-dead-letters", "100%", *more)


def dead_letters_come_to_the_coordinator(program, folder):
    alone, run = with_letters(program, folder, "alone", 20_000)
    assert run.end()[0] == 0
    expected = sorted(x["raw"] for x in letters_in(alone))
    shared, run = with_letters(program, folder, "shared", 20_000, "--local-cluster", "3", "--metrics-out", "metrics.json")
    code, out, err = run.end()
    assert code == 0, err
    letters = letters_in(shared)
    assert said_count(out) == len(letters) == len(expected), out
    assert sorted(x["raw"] for x in letters) == expected
    assert {x.get("node") for x in letters} == {"worker-1", "worker-2", "worker-3"}
    nodes = {n["name"]: n for n in json.loads((shared / "metrics.json").read_text())["nodes"]}
    assert list(nodes) == ["coordinator", "worker-1", "worker-2", "worker-3"]
    for name, n in nodes.items():
        assert n["dead_letters"] == sum(x.get("node", "coordinator") == name for x in letters), n
        assert n["cpu_seconds"] > 0 and n["memory_bytes"] > 2**20, n
        assert f"{name}: {n['subtasks']} subtask" in out, out
    assert sum(n["subtasks"] for n in nodes.values()) > len(nodes), nodes


def full_file_of_dead_letters_stalls_workers(program, folder):
    own, run = with_letters(program, folder, "full", 20_000, "--local-cluster", "2", "--dead-letter-cap", "400kB")
    file = own / "counting-dead-letters" / "dead-letters.jsonl"
    moved = 0
    while run.process.poll() is None:
        if size(file) > 350_000:
            moved += 1
            file.rename(f"{file}.{moved}")
        time.sleep(0.02)
    code, out, err = run.end()
    assert code == 0 and moved > 2, (code, err)
    assert said_count(out) == len(letters_in(own)), out


def wait_to_hear(run, text):
    while text not in (line := run.process.stderr.readline()):
        assert line, f"it did not say {text!r}"


def abort_frees_workers_that_wait_for_room(program, folder):
    own, run = with_letters(program, folder, "stalled", ENDLESS, "--local-cluster", "2", "--dead-letter-cap", "20kB")
    workers = run.children(2)
    wait_to_hear(run, "is full")
    time.sleep(0.5)  # until all threads of the workers wait
    run.process.send_signal(signal.SIGINT)
    wait_to_hear(run, "stopping: finishing")
    time.sleep(0.1)  # two signals at once count as one
    run.process.send_signal(signal.SIGINT)
    code, _, err = run.end(AFTER_DEATH)
    assert code == 130, (code, err)
    gone(workers, 1)
    assert 0 < size(own / "counting-dead-letters" / "dead-letters.jsonl") <= 20_000


def dead_letters_that_cannot_be_kept_fail_the_job(program, folder):
    own, run = with_letters(program, folder, "unkept", ENDLESS, "--local-cluster", "2", "--dead-letters", "/dev/null/no")
    code, _, err = run.end()
    assert code == 2 and "/dev/null/no" in err, (code, err)
    assert not (own / "out").exists()


def killed_worker_fails_the_job(program, folder):
    run = Run(program, folder, "killed", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    os.kill(workers[1], signal.SIGKILL)
    code, _, err = run.end()
    assert code == 2 and "node worker-2 was lost" in err, (code, err)
    assert not run.out.exists(), "an incomplete output looks complete"
    gone(workers)
    nothing_is_left(folder)


def terminated_worker_fails_the_job(program, folder):
    run = Run(program, folder, "terminated", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    os.kill(workers[0], signal.SIGTERM)
    code, _, err = run.end()
    assert code == 2 and "node worker-1 was lost" in err, (code, err)
    gone(workers)
    nothing_is_left(folder)


def stopped_worker_fails_the_job(program, folder):
    run = Run(program, folder, "stopped", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    os.kill(workers[0], signal.SIGSTOP)
    code, _, err = run.end(NOTICED)
    assert code == 2 and "node worker-1 was lost" in err, (code, err)
    gone(workers)
    nothing_is_left(folder)


def worker_stopped_while_it_joins_is_noticed(program, folder):
    run = Run(program, folder, "joining", ENDLESS, "--local-cluster", "2")
    first = run.children(1)
    while b"LEAT_JOIN=" not in pathlib.Path(f"/proc/{first[0]}/environ").read_bytes():
        pass  # until then it is still its parent's program, which waits for it
    os.kill(first[0], signal.SIGSTOP)
    code, _, err = run.end(NOTICED)
    assert code != 0 and "worker-1 was" in err, (code, err)
    gone(first)


def suspended_cluster_goes_on(program, folder):
    run = Run(program, folder, "suspended", ENDLESS, "--local-cluster", "2")
    workers = run.workers(2)
    for process in (run.process.pid, *workers):
        os.kill(process, signal.SIGSTOP)
    time.sleep(3)  # longer than a worker alone may be stopped
    for process in (*workers, run.process.pid):
        os.kill(process, signal.SIGCONT)
    run.process.send_signal(signal.SIGINT)
    code, _, err = run.end()
    assert code == 0, (code, err)
    gone(workers)


def interrupt_completes(program, folder):
    run = Run(program, folder, "interrupted", ENDLESS, "--local-cluster", "3")
    workers = run.workers(3)
    run.process.send_signal(signal.SIGINT)
    code, _, err = run.end()
    assert code == 0, (code, err)
    assert run.out.exists()
    gone(workers)


def sockets_of(process):
    """Inodes of its sockets."""
    for descriptor in pathlib.Path(f"/proc/{process}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            yield target.removeprefix("socket:[").removesuffix("]")


def nobody_else_can_connect(program, folder):
    """The processes have sockets, but none of a network, and none that has a name."""
    run = Run(program, folder, "private", ENDLESS, "--local-cluster", "2")
    workers = run.workers(2)
    sockets = {inode for process in (run.process.pid, *workers) for inode in sockets_of(process)}
    assert sockets, "there are no sockets: is this test still right?"
    for table, inode_at in (("tcp", 9), ("tcp6", 9), ("udp", 9), ("udp6", 9), ("raw", 9)):
        lines = pathlib.Path(f"/proc/net/{table}")
        rows = [line.split() for line in lines.read_text().splitlines()[1:]] if lines.exists() else []
        assert not sockets & {row[inode_at] for row in rows}, f"a socket of the cluster is in /proc/net/{table}"
    for row in (line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]):
        assert row[6] not in sockets or len(row) == 7, f"a socket of the cluster has a name: {row[7]}"
    run.process.send_signal(signal.SIGINT)
    code, _, err = run.end()
    assert code == 0, (code, err)
    gone(workers)


def attempts(process):
    """What a process of another user might try to get at this one, by name."""
    proc = pathlib.Path(f"/proc/{process}")
    yield "list its descriptors", lambda: list((proc / "fd").iterdir())
    for number in range(3, 12):
        yield f"open its descriptor {number}", lambda number=number: os.open(proc / "fd" / str(number), os.O_RDWR)
    yield "read its environment", (proc / "environ").read_bytes
    yield "read its memory", (proc / "mem").open
    yield "end it", lambda: os.kill(process, signal.SIGTERM)
    yield "stop it", lambda: os.kill(process, signal.SIGSTOP)
    yield "take its descriptor", lambda: take_descriptor(process, 3)


def take_descriptor(process, number):
    libc, pidfd_getfd = ctypes.CDLL(None, use_errno=True), 438
    if libc.syscall(pidfd_getfd, os.pidfd_open(process), number, 0) < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")


def successes_of_nobody(processes):
    """What the user nobody succeeds in, tried by a process that has given up its rights."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        for process in processes:
            for name, attempt in attempts(process):
                try:
                    attempt()
                    os.write(writing, f"{name}; ".encode())
                except OSError:
                    pass
        os._exit(0)
    os.close(writing)
    os.wait()
    with open(reading) as told:
        return told.read()


def another_user_gets_at_nothing(program, folder):
    if os.geteuid() != 0:
        print("SKIPPED: to try as another user takes root")
        return
    own = subprocess.Popen(["sleep", str(PATIENCE)], user=65534, group=65534)
    assert "read its environment" in successes_of_nobody([own.pid]), "these attempts succeed nowhere"
    own.kill()
    own.wait()
    run = Run(program, folder, "guarded", ENDLESS, "--local-cluster", "2")
    workers = run.workers(2)
    for process in workers:
        assert successes_of_nobody([run.process.pid, process]) == ""
        own, inherited = (pathlib.Path(f"/proc/{p}/cmdline").read_bytes() for p in (process, run.process.pid))
        assert own == inherited, f"a worker's arguments tell more than its coordinator's: {own}"
    run.process.send_signal(signal.SIGINT)
    code, _, err = run.end()
    assert code == 0, (code, err)
    assert run.out.exists()
    gone(workers)


def limited_file_fails_the_job(program, folder):
    """A write beyond a limit is an error of the sink, in whichever process it is."""
    for number, workers in enumerate(("0", "2")):
        code, _, err = Run(program, folder, f"limited{number}", ENDLESS, "--local-cluster", workers, limit=200_000).end()
        assert code == 2 and "larger than the system allows" in err, (code, err)
        assert ("(on node worker-" in err) == (workers == "2"), err
        assert not list(folder.glob("limited*")), "an output of a job that failed appears"


def workers_end_without_coordinator(program, folder):
    deaths(program, folder, range(DEATHS))


def deaths(program, folder, numbers):
    """Kills coordinators at random moments, each the same in every run. In every third job a stage is stuck."""
    for number in numbers:
        stuck = ("--hang-at", "5000") if number % 3 == 2 else ()
        run = Run(program, folder, f"orphaned{number}", ENDLESS, "--local-cluster", "2", *stuck)
        workers = run.children(2) if stuck else run.workers(2)
        time.sleep(random.Random(number).random() * 0.3 + (0.5 if stuck else 0))
        run.kill()
        gone(workers, AFTER_DEATH)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell starts in the background
    program = sys.argv[1]
    for check in (same_results, nobody_else_can_connect, another_user_gets_at_nothing,
                  limited_file_fails_the_job, rejections_fail_the_job_in_mid_run, dead_letters_come_to_the_coordinator,
                  full_file_of_dead_letters_stalls_workers, abort_frees_workers_that_wait_for_room,
                  dead_letters_that_cannot_be_kept_fail_the_job, killed_worker_fails_the_job,
                  terminated_worker_fails_the_job, stopped_worker_fails_the_job,
                  worker_stopped_while_it_joins_is_noticed, suspended_cluster_goes_on, interrupt_completes,
                  workers_end_without_coordinator):
        with tempfile.TemporaryDirectory() as folder:
            check(program, pathlib.Path(folder))
        print(f"ok: {check.__name__.replace('_', ' ')}")


if __name__ == "__main__":
    main()
