"""Runs a program on hosts that are network namespaces (network.py), and breaks the network between them: the results
of one process, or a failure that names a lost node in time, whatever is cut, slow or lossy.

usage: namespaces.py PROGRAM [--all] [--runs N [--first S]]     --all: every way to lose a node, each N times
"""
import argparse
import pathlib
import random
import re
import signal
import statistics
import subprocess
import tempfile
import time

from check import ENDLESS, PATIENCE, nothing_is_left, sorted_lines
from hosts import NAMES, NOTICED, SLOW, Cluster, certificates
from network import Network, Unsupported, enter_namespaces

ALL = ("coordinator", *NAMES)
BUSY = ()
IDLE = ("--rate", "50")  # records a second: the links say little but that their ends are alive
LITTLE = 48 << 10  # KiB by which a node may grow while it runs


def others(name):
    return [n for n in ALL if n != name]


def fail_power(net, cluster):
    """The network of a host ends before its process."""
    net.unplug("b")
    cluster.workers[1].kill()
    cluster.workers[1].process.wait()
    net.remove("b")


# How a node is lost, and whom the coordinator may name.
LOSSES = {
    "killed": (lambda net, c: c.workers[1].kill(), "b"),
    "stopped": (lambda net, c: c.workers[1].kill(signal.SIGSTOP), "b"),
    "power failure": (fail_power, "b"),
    "unplugged": (lambda net, c: net.unplug("b"), "b"),
    "cut off": (lambda net, c: net.cut("b", others("b")), "b"),
    "reaches nobody": (lambda net, c: [net.drop("b", n) for n in others("b")], "abc"),
    "reached by nobody": (lambda net, c: [net.drop(n, "b") for n in others("b")], "abc"),
    "does not reach the coordinator": (lambda net, c: net.drop("b", "coordinator"), "b"),
    "not reached by the coordinator": (lambda net, c: net.drop("coordinator", "b"), "b"),
    "two workers cut": (lambda net, c: net.cut("b", ["c"]), "bc"),
    "one worker does not reach another": (lambda net, c: net.drop("b", "c"), "bc"),
    "coordinator alone": (lambda net, c: net.cut("coordinator", NAMES), "abc"),
}
QUICK = ("cut off", "reached by nobody", "two workers cut", "coordinator alone")


class Job(Cluster):
    """A cluster on the hosts of a network."""

    def __init__(self, net, program, folder, certs, count, names=NAMES, more=(), node_options=()):
        super().__init__(program, folder, "out", count, certs, names, more=more, hosts=net, node_options=node_options)

    def begun(self):
        """Returns once the sink has opened its output: all nodes have met."""
        until = time.monotonic() + PATIENCE
        while not list(self.folder.glob("out*")):
            assert time.monotonic() < until and self.coordinator.process.poll() is None, self.said()
            time.sleep(0.02)
        return self

    def ended(self):
        return self.coordinator.process.poll() is not None

    def check_output(self, expected):
        """A job that ended well has the expected output, one that failed names a node and has none."""
        code, said = self.coordinator.end()
        if code == 0:
            assert sorted_lines(self.out) == expected, "a wrong output with exit code 0"
        else:
            assert code == 2 and re.search("node [abc] was lost", said), self.said()
            assert not self.out.exists(), "an incomplete output looks complete"
            nothing_is_left(self.folder)
        self.gone()
        return code == 0


def lose(program, folder, certs, kind, more, dice):
    """Seconds until the loss was named."""
    how, whom = LOSSES[kind]
    with Network(ALL) as net, Job(net, program, folder, certs, ENDLESS, more=more) as job:
        job.begun()
        time.sleep(0.5 + dice.random())
        lost = time.monotonic()
        how(net, job)
        while "was lost" not in job.coordinator.said() and not job.ended() and time.monotonic() < lost + PATIENCE:
            time.sleep(0.005)
        named = time.monotonic() - lost
        job.coordinator.end()
        job.workers[1].kill(signal.SIGCONT)
        assert not job.check_output(None) and re.search(f"node [{whom}] was lost", job.coordinator.said()), job.said()
        assert named < NOTICED * SLOW, f"{kind}: named after {named:.1f} s"
        return named


def losses(program, certs, kinds, loads, numbers):
    for kind in kinds:
        for load in loads:
            times = []
            for number in numbers:
                with tempfile.TemporaryDirectory() as folder:
                    times.append(lose(program, pathlib.Path(folder), certs, kind, load, random.Random(number)))
            print(f"ok: {kind}, {'idle' if load else 'busy'}: named after {statistics.median(times):.2f} s, "
                  f"at most {max(times):.2f} s, in {len(times)} runs", flush=True)


def output_of_one_process(program, folder, count):
    subprocess.run([program, "run", "--count", str(count), "--out", folder / "one", "--parallelism", "3", "--quiet"], check=True)
    lines = sorted_lines(folder / "one")
    (folder / "one").unlink()
    return lines


def memory(job, field):
    """Of each node that runs, in KiB."""
    found = {}
    for node in job.nodes():
        try:
            status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
        except FileNotFoundError:
            continue
        if line := re.search(rf"{field}:\s+(\d+) kB", status):
            found[node.name] = int(line.group(1))
    return found


def stays_flat(job, seconds):
    """By how many KiB the nodes grow after their first second, until the job or the time ends."""
    job.begun()
    until = time.monotonic() + seconds
    time.sleep(1)
    first, growth = memory(job, "VmRSS"), {}
    while not job.ended() and time.monotonic() < until:
        for name, now in memory(job, "VmRSS").items():
            growth[name] = max(growth.get(name, 0), now - first.get(name, now))
        time.sleep(0.05)
    assert growth, f"the job ended too early: {job.said()}"
    assert max(growth.values()) < LITTLE, f"the nodes grow by (KiB): {growth}"
    return f"the nodes grow by {max(growth.values()) / 1024:.1f} MiB at most"


def same_results(program, folder, certs, _):
    expected = output_of_one_process(program, folder, 30_000)
    for names in (NAMES[:2], NAMES):
        with Network(ALL) as net, Job(net, program, folder, certs, 30_000, names) as job:
            assert job.check_output(expected), job.said()
        job.out.unlink()
    return "of two and of three workers"


def flapping(program, folder, certs, dice):
    """A cable that is out for half a second, again and again."""
    expected = output_of_one_process(program, folder, 2_000)
    with Network(ALL) as net, Job(net, program, folder, certs, 2_000, more=("--rate", "500")) as job:
        job.begun()
        while not job.ended():
            net.unplug("b")
            time.sleep(0.5)
            net.plug_in("b")
            time.sleep(0.2 + dice.random())
        return "survived" if job.check_output(expected) else "failed, and named a node"


def slow_link(program, folder, certs, _):
    records = 100_000  # some seconds, also where frames are compressed
    expected = output_of_one_process(program, folder, records)
    said = []
    for more in ((), ("--compress",)):
        with Network(ALL) as net, Job(net, program, folder, certs, records, more=more) as job:
            net.limit("b", "1mbit")
            began = time.monotonic()
            flat = stays_flat(job, PATIENCE)
            said.append(f"{' '.join(more)} {flat}, in {time.monotonic() - began:.1f} s".strip())
            assert job.check_output(expected), job.said()
        job.out.unlink()
    return "; ".join(said)


def lossy_links(program, folder, certs, _):
    """Five of a hundred packets are lost, on every way. TCP itself waits for seconds then before it tries again."""
    expected = output_of_one_process(program, folder, 30_000)
    with Network(ALL) as net:
        for name in ALL:
            net.lose(name, 0.05)
        with Job(net, program, folder, certs, 30_000, node_options=("--lost-after", "30s")) as job:
            assert job.check_output(expected), job.said()
    return "of three workers"


def slow_reader(program, folder, certs, _, seconds=5):
    with Network(ALL) as net, Job(net, program, folder, certs, ENDLESS, more=("--slow-sink", "out=1ms")) as job:
        flat = stays_flat(job, seconds)
        assert not job.ended(), job.said()
        return flat


def longer_slow_reader(*args):
    return slow_reader(*args, seconds=20)


def workers_that_cannot_meet(program, folder, certs, _):
    """All reach the coordinator, two do not reach each other."""
    with Network(ALL) as net:
        net.cut("b", ["c"])
        with Job(net, program, folder, certs, ENDLESS) as job:
            assert job.complete(within=PATIENCE), job.said()
            began = time.monotonic()
            _, said = job.coordinator.end()
            named = time.monotonic() - began
            assert re.search("node [bc]: worker [bc] (cannot be reached|did not come)", said), job.said()
            assert named < NOTICED * SLOW, f"named after {named:.1f} s"
            assert not list(folder.glob("out*")), job.said()
            job.gone()
            return f"named after {named:.2f} s"


def workers_end_with_their_coordinator(program, folder, certs, _):
    with Network(ALL) as net, Job(net, program, folder, certs, ENDLESS) as job:
        job.begun()
        net.unplug("coordinator")
        job.coordinator.kill()
        job.gone()
    return "when its power fails"


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("program", type=pathlib.Path)
    args.add_argument("--all", action="store_true")
    args.add_argument("--runs", type=int, default=1)
    args.add_argument("--first", type=int, default=0)
    given = args.parse_args()
    enter_namespaces()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell starts in the background
    program = given.program.resolve()
    numbers = range(given.first, given.first + given.runs)
    with tempfile.TemporaryDirectory() as made:
        certs = certificates(program, pathlib.Path(made))
        for case in (same_results, flapping, slow_link, lossy_links, longer_slow_reader if given.all else slow_reader,
                     workers_that_cannot_meet, workers_end_with_their_coordinator):
            name = case.__name__.replace("_", " ")
            for number in numbers:
                with tempfile.TemporaryDirectory() as folder:
                    try:
                        print(f"ok: {name}: {case(program, pathlib.Path(folder), certs, random.Random(number))}", flush=True)
                    except Unsupported as lack:
                        print(f"SKIPPED: {name}: {lack}", flush=True)
        losses(program, certs, LOSSES if given.all else QUICK, (BUSY, IDLE) if given.all else (BUSY,), numbers)


if __name__ == "__main__":
    main()
