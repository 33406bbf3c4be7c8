"""Runs a program as a coordinator and workers that join it over TLS: the same results as in one process, strangers
who get nowhere, and a clear end when a process is lost.

usage: hosts.py PROGRAM [--faults N [--first S]]     with --faults: so many random faults alone, from this number on
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from check import AFTER_DEATH, ENDLESS, PATIENCE, gone, letters_in, nothing_is_left, said_count, size, sorted_lines

NOTICED = 3  # seconds within which a lost worker is to be named
SLOW = 4  # times as long where sanitizers and a full machine slow everybody down
NAMES = ("a", "b", "c")


def certificates(program, folder, cluster="test", names=("coordinator", *NAMES)):
    """A folder with an authority and a certificate for each node."""
    made = folder / f"certs-{cluster}"
    made.mkdir()
    subprocess.run([program, "certs", "init", "--dir", made, "--cluster", cluster], check=True, stdout=subprocess.DEVNULL)
    for name in names:
        subprocess.run([program, "certs", "issue", "--dir", made, "--name", name], check=True, stdout=subprocess.DEVNULL)
    return made


class Loopback:
    """Where the nodes of a cluster run: here, all on this host."""

    def address(self, _):
        return "127.0.0.1"

    def command(self, _, command):
        return command


class Node:
    """A process of the program, whose standard error is read as it comes."""

    def __init__(self, folder, name, command, cwd=None):
        self.name = name
        self.log = folder / f"{name}-{random.randrange(10**9)}.log"
        self.home = folder / f"home-of-{name}"  # as on a host of its own
        self.home.mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, cwd=cwd or self.home)

    def said(self):
        return self.log.read_text()

    def wait_for(self, text, patience=PATIENCE):
        until = time.monotonic() + patience
        while text not in self.said():
            assert time.monotonic() < until and self.process.poll() is None, f"{self.name} did not say {text!r}: {self.said()}"
            time.sleep(0.01)

    def end(self, patience=PATIENCE):
        try:
            return self.process.wait(timeout=patience), self.said()
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end: {self.said()}") from None

    def kill(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)


class Cluster:
    """A coordinator with workers, each started by hand."""

    def __init__(self, program, folder, out, count, certs, names=NAMES, wanted=None, more=(), hosts=Loopback(),
                 name="coordinator", relative=False, node_options=(), coordinator_options=()):
        self.node_options = node_options
        self.program, self.folder, self.certs, self.out, self.names, self.hosts = program, folder, certs, folder / out, names, hosts
        self.coordinator = self.node("coordinator", [
            program, "coordinator", "--listen", f"{hosts.address('coordinator')}:0", "--workers", wanted or len(names),
            "--certs", certs, "--name", name, *node_options, *coordinator_options, "--", "run",
            "--count", count, "--out", out if relative else self.out, "--parallelism", "3", "--progress", "off", *more])
        self.coordinator.wait_for("listening on ")
        self.address = self.coordinator.said().split("listening on ")[1].split()[0]
        self.workers = [self.worker(name) for name in names]

    def node(self, name, command, cwd=None):
        return Node(self.folder, name, self.hosts.command(name, command), cwd)

    def worker(self, name, *more, certs=None, program=None, cwd=None):
        return self.node(name, [program or self.program, "worker", "--join", self.address, "--name", name, "--certs",
                                certs or self.certs, "--cache", self.folder / "cache", *self.node_options, *more], cwd)

    def complete(self, within):
        """Whether all workers have joined by then."""
        until = time.monotonic() + within
        while "the job begins" not in self.coordinator.said() and time.monotonic() < until:
            time.sleep(0.02)
        return "the job begins" in self.coordinator.said()

    def running(self):
        """Returns once records have reached the output."""
        until = time.monotonic() + PATIENCE
        while not any(size(f) > 0 for f in self.out.parent.glob(self.out.name + "*")):
            assert time.monotonic() < until and self.coordinator.process.poll() is None, self.said()
            time.sleep(0.02)
        return self

    def nodes(self):
        return [self.coordinator, *self.workers]

    def said(self):
        return "\n".join(f"--- {n.name}\n{n.said()}" for n in self.nodes())

    def gone(self):
        gone([n.process.pid for n in self.nodes()], AFTER_DEATH * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for n in self.nodes():
            n.kill(signal.SIGCONT)
            n.kill()
            n.process.wait()


def same_results(program, folder, certs):
    subprocess.run([program, "run", "--count", "30000", "--out", folder / "one", "--parallelism", "3", "--quiet"], check=True)
    for count in (1, 3):
        with Cluster(program, folder, f"by-{count}", 30_000, certs, NAMES[:count]) as c:
            code, said = c.coordinator.end()
            assert code == 0, c.said()
            assert "30 000" in said, f"the summary does not know the workers' figures:\n{said}"
            assert all(w.end()[0] == 0 for w in c.workers), c.said()
            assert sorted_lines(folder / "one") == sorted_lines(c.out), f"{count} workers: other results"


def output_on_a_worker(program, folder, certs):
    """A sink writes on the node that it is pinned to: only there is its folder, and what a killed run has left."""
    subprocess.run([program, "run", "--count", "3000", "--out", folder / "one", "--quiet"], check=True)
    host = folder / "host-of-a"
    out = host / "results" / "out"
    for there in (False, True):
        host.mkdir(exist_ok=True)
        if there:
            out.parent.mkdir()
            left = out.parent / "out.partial-1-0"
            left.write_text("half a line")
        with Cluster(program, folder, "results/out", 3000, certs, (), wanted=2,
                     more=("--pin", "out=a", "--shared", "out"), relative=True) as c:
            c.workers = [c.worker("a", cwd=host), c.worker("b")]
            code, said = c.coordinator.end()
            if there:
                assert code == 0, c.said()
                assert sorted_lines(out) == sorted_lines(folder / "one"), c.said()
                assert not left.exists() and "out.partial-1-0" in c.workers[0].said(), c.said()
            else:
                assert code == 1 and 'node a: out: cannot write "results/out": there is no folder' in said, c.said()
            c.gone()
        assert not (folder / "results").exists(), c.said()


def failed(c, named):
    """The job of this cluster failed, named whom it lost, and left nothing."""
    code, said = c.coordinator.end(PATIENCE)
    assert code == 2 and f"node {named} was lost" in said, c.said()
    assert not c.out.exists(), "an incomplete output looks complete"
    nothing_is_left(c.folder)


def lost_worker_is_named_in_time(program, folder, certs):
    for number, how in enumerate((signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)):
        with Cluster(program, folder, f"lost{number}", ENDLESS, certs) as c:
            c.running()
            c.workers[1].kill(how)
            began = time.monotonic()
            failed(c, "b")
            assert time.monotonic() - began < NOTICED * SLOW, f"{how.name} was noticed after {time.monotonic() - began:.1f} s"
            c.workers[1].kill(signal.SIGCONT)
            c.gone()


def silent_worker_is_named_before_the_job(program, folder, certs):
    """While workers make the graph, for longer than a worker may be silent."""
    slow = ("--slow-start", "3")
    with Cluster(program, folder, "slow", 1000, certs, NAMES[:2], more=slow) as c:
        assert c.coordinator.end()[0] == 0, c.said()
    for number, how in enumerate((signal.SIGSTOP, signal.SIGKILL)):
        with Cluster(program, folder, f"silent{number}", 1000, certs, NAMES[:2], more=slow) as c:
            c.coordinator.wait_for("the job begins")
            time.sleep(0.5)
            c.workers[1].kill(how)
            began = time.monotonic()
            code, said = c.coordinator.end()
            assert code == 1 and "node b was lost before the job began" in said, c.said()
            assert time.monotonic() - began < NOTICED * SLOW, f"{how.name} was noticed after {time.monotonic() - began:.1f} s"
            assert not c.out.exists(), c.said()
            c.workers[1].kill(signal.SIGCONT)
            c.gone()


def workers_end_with_their_coordinator(program, folder, certs):
    with Cluster(program, folder, "orphans", ENDLESS, certs) as c:
        c.running()
        c.coordinator.kill()
        c.gone()


def interrupt_completes(program, folder, certs):
    with Cluster(program, folder, "interrupted", ENDLESS, certs) as c:
        c.running()
        c.coordinator.kill(signal.SIGINT)
        code, _ = c.coordinator.end()
        assert code == 0 and c.out.exists(), c.said()
        c.gone()


def refused(c, node, reason, heard=None):
    """The worker was turned away, told why, and the coordinator, which told it too, goes on."""
    code, said = node.end()
    assert code == 1 and reason in said, (reason, said)
    c.coordinator.wait_for(heard or reason)
    assert c.coordinator.process.poll() is None, c.said()


def strangers_are_refused(program, folder, certs):
    foreign = certificates(program, folder, "elsewhere")
    other_build = folder / "other-build"
    shutil.copy(program, other_build)
    with other_build.open("ab") as copy:
        copy.write(b"changed")
    with Cluster(program, folder, "guarded", 1000, certs, ("a",), wanted=2) as c:
        c.coordinator.wait_for("worker a has joined (1 of 2)")
        refused(c, c.worker("b", certs=foreign), "authority")
        refused(c, c.worker("a"), "a worker a has joined already")
        refused(c, c.worker("coordinator"), "it has the name of the coordinator")
        refused(c, c.worker("b", program=other_build), "another build of the program")
        refused(c, c.worker("b", "--coordinator", "d"), "where the coordinator d should be, is coordinator",
                heard="it wants the coordinator \"d\", and this is coordinator")
        address = tuple(c.address.rsplit(":", 1))
        with socket.create_connection(address) as plain:
            plain.sendall(bytes(32))
            assert read_all(plain) is not None
        c.coordinator.wait_for("does not use TLS")
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with anybody.wrap_socket(socket.create_connection(address)) as nobody:
            assert read_all(nobody) == b""
        c.coordinator.wait_for("no certificate")
        c.workers.append(c.worker("b"))
        code, _ = c.coordinator.end()
        assert code == 0, c.said()


def no_worker_serves_another_node(program, folder, certs):
    """A node of the cluster that listens where the coordinator should be gets nothing."""
    with Cluster(program, folder, "posed", 1000, certs, (), wanted=1, more=(), name="c") as c:
        refused(c, c.worker("a"), "where the coordinator coordinator should be, is c", heard="it wants the coordinator")
        c.workers.append(c.worker("a", "--coordinator", "c"))
        code, _ = c.coordinator.end()
        assert code == 0, c.said()


def worker_that_leaves_is_replaced(program, folder, certs):
    with Cluster(program, folder, "replaced", 1000, certs, ("a",), wanted=2) as c:
        c.coordinator.wait_for("worker a has joined")
        c.workers[0].kill()
        c.coordinator.wait_for("worker a has left")
        c.workers = [c.worker("b"), c.worker("a")]
        assert c.coordinator.end()[0] == 0, c.said()


def job_goes_on_after_a_loss(program, folder, certs):
    """The other workers come again, and the job waits for one in place of the lost one."""
    plain = folder / "plain"
    subprocess.run([program, "run", "--count", "150000", "--out", plain, "--quiet"], check=True)
    with Cluster(program, folder, "again", 150_000, certs, more=("--restart", "fixed:3,200ms", "--rate", "100000")) as c:
        c.running()
        c.workers[1].kill()
        c.coordinator.wait_for("waiting for 3 workers to go on")
        for w in (c.workers[0], c.workers[2]):
            w.wait_for("this worker joins anew")
        c.workers.append(c.worker("b"))
        code, said = c.coordinator.end()
        assert code == 0 and "restarts      1" in said, c.said()
        assert sorted(c.out.read_text().splitlines()) == sorted(plain.read_text().splitlines()), c.said()
        c.gone()


def job_goes_on_with_fewer(program, folder, certs):
    """After so long, nobody has come in place of the lost worker: the others take its share."""
    plain = folder / "plain"
    subprocess.run([program, "run", "--count", "150000", "--out", plain, "--quiet"], check=True)
    with Cluster(program, folder, "fewer", 150_000, certs, more=("--restart", "fixed:3,200ms", "--rate", "100000"),
                 coordinator_options=("--go-on-with-fewer", f"{2 * SLOW}s")) as c:
        c.running()
        c.workers[1].kill()
        code, said = c.coordinator.end()
        assert code == 0 and "2 of 3 workers are there: the job goes on with fewer" in said, c.said()
        nodes = said.split("\nnodes ")[1]
        assert " a: " in nodes and " c: " in nodes and " b: " not in nodes, said
        assert sorted(c.out.read_text().splitlines()) == sorted(plain.read_text().splitlines()), c.said()
        c.gone()


def dead_letters_come_to_the_coordinator(program, folder, certs):
    subprocess.run([program, "run", "--count", "20000", "--out", folder / "one", "--parallelism", "3", "--quiet",
                    "--reject-at", "15000"], check=True, cwd=folder)
    expected = letters_in(folder)
    with Cluster(program, folder, "out", 20_000, certs, more=("--reject-at", "15000", "--metrics-out", "metrics.json")) as c:
        code, said = c.coordinator.end()
        assert code == 0, c.said()
        assert all(w.end()[0] == 0 for w in c.workers), c.said()
        letters = letters_in(c.coordinator.home)
        assert said_count(said) == len(letters), (len(letters), said)
        assert sorted(x["raw"] for x in letters) == sorted(x["raw"] for x in expected)
        assert {x["node"] for x in letters} == set(NAMES), "a letter is not under its worker's name"
        for w in c.workers:
            assert not list(w.home.iterdir()), f"{w.name} has written {list(w.home.iterdir())}"


def read_all(connection):
    """What comes until the other end closes; None if it does not."""
    connection.settimeout(PATIENCE)
    received = b""
    try:
        while chunk := connection.recv(4096):
            received += chunk
    except (ConnectionError, ssl.SSLError):
        pass
    except TimeoutError:
        return None
    return received


def fault(program, folder, certs, number):
    """One random fault at a random moment: the job fails and names the worker, or had ended; nobody is left."""
    dice = random.Random(number)
    names = NAMES[:dice.randint(2, 3)]
    with Cluster(program, folder, f"fault{number}", dice.choice((3_000, 300_000, ENDLESS)), certs, names) as c:
        time.sleep(dice.random() * 0.8)
        victim = dice.randrange(-1, len(names))
        how = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM))
        if victim < 0:
            c.coordinator.kill(signal.SIGKILL)
            until = time.monotonic() + PATIENCE
            while any(w.process.poll() is None for w in c.workers) and time.monotonic() < until:
                for w in c.workers:
                    if "waiting for the coordinator" in w.said():  # it came too late, and another one may come
                        w.kill()
                time.sleep(0.05)
            c.gone()
            return "coordinator"
        c.workers[victim].kill(how)
        began = time.monotonic()
        if not c.complete(within=1):  # it waits for as many workers as it was told
            c.workers[victim].kill(signal.SIGKILL)
            c.workers.append(c.worker(names[victim]))
            c.complete(within=PATIENCE)
            c.coordinator.kill(signal.SIGINT)
            code, said = c.coordinator.end()
            assert code == 0 or "stopped while workers prepared their share" in said, c.said()
            return f"{how.name} before the job"
        code, said = c.coordinator.end()
        c.workers[victim].kill(signal.SIGCONT)
        c.gone()
        lines = sorted_lines(c.out) if c.out.exists() else None
        if code == 0:
            whole = folder / f"whole-{c.coordinator.process.pid}"
            count = 3_000 if len(lines) < 10_000 else 300_000
            subprocess.run([program, "run", "--count", str(count), "--out", whole, "--parallelism", "3", "--quiet"], check=True)
            assert lines == sorted_lines(whole), f"{number}: a wrong output with exit code 0"
            return "ended before"
        assert lines is None, f"{number}: an output of a job that failed appears"
        assert c.workers[victim].name in said, f"{number}: the loss of {c.workers[victim].name} is not named: {c.said()}"
        assert time.monotonic() - began < NOTICED * SLOW + AFTER_DEATH * SLOW, f"{number}: noticed late"
        return how.name


def faults(program, folder, certs, first, count):
    seen = {}
    for number in range(first, first + count):
        what = fault(program, folder, certs, number)
        seen[what] = seen.get(what, 0) + 1
        nothing_is_left_but = [f for f in folder.rglob("*.partial-*")]
        for left in nothing_is_left_but:  # of a coordinator that was killed
            left.unlink()
    print(f"ok: {count} random faults from {first}: " + ", ".join(f"{k} {v}" for k, v in sorted(seen.items())))


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell starts in the background
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("program", type=pathlib.Path)
    args.add_argument("--faults", type=int, default=0)
    args.add_argument("--first", type=int, default=0)
    given = args.parse_args()
    program = given.program.resolve()
    with tempfile.TemporaryDirectory() as made:
        certs = certificates(program, pathlib.Path(made))
        if given.faults:
            with tempfile.TemporaryDirectory() as folder:
                return faults(program, pathlib.Path(folder), certs, given.first, given.faults)
        for check in (same_results, output_on_a_worker, lost_worker_is_named_in_time, silent_worker_is_named_before_the_job,
                      workers_end_with_their_coordinator, interrupt_completes, strangers_are_refused, no_worker_serves_another_node,
                      worker_that_leaves_is_replaced, job_goes_on_after_a_loss, job_goes_on_with_fewer, dead_letters_come_to_the_coordinator):
            with tempfile.TemporaryDirectory() as folder:
                check(program, pathlib.Path(folder), certs)
            print(f"ok: {check.__name__.replace('_', ' ')}")
        with tempfile.TemporaryDirectory() as folder:
            faults(program, pathlib.Path(folder), certs, 0, 6)


if __name__ == "__main__":
    main()
