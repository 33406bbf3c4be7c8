"""Hosts made of network namespaces. What they send to each other passes a router, which loses what it is told to lose.

All of it lives in namespaces of this process: it disturbs nobody, and is gone with the process, however that ends.
"""
import os
import shutil
import subprocess
import sys

INSIDE = "LEAT_INSIDE_NAMESPACES"
UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
PREPARE = "mount -t tmpfs tmpfs /run && ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward"
PROBE = (f"{PREPARE} && ip netns add x && ip link add x type veth peer name eth0 netns x && "
         "ip rule add from 10.0.0.1 to 10.0.0.2 blackhole && ip netns exec x true")


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"


class Unsupported(Exception):
    """What this kernel lacks."""


def shape(*command):
    """Of traffic: the kernel may lack what it takes."""
    try:
        run("tc", *command)
    except AssertionError as e:
        raise Unsupported(str(e).strip()) from None


def obstacle():
    """Why there cannot be namespaces; empty if there can."""
    missing = [tool for tool in ("unshare", "mount", "ip", "tc") if not shutil.which(tool)]
    if missing:
        return f"there is no {', '.join(missing)} (packages util-linux, mount, iproute2)"
    probe = subprocess.run([*UNSHARE, "sh", "-c", PROBE], capture_output=True, text=True)
    return "" if probe.returncode == 0 else f"not permitted: {probe.stderr.strip()}"


def enter_namespaces():
    """Goes on in namespaces of its own; where there can be none, says why and ends the script well."""
    if INSIDE in os.environ:
        return run("sh", "-c", PREPARE)
    if why := obstacle():
        print(f"SKIPPED: hosts as network namespaces: {why}")
        sys.exit(0)
    os.environ[INSIDE] = "yes"
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv])


class Network:
    """Hosts, each with an address, and a router between them."""

    def __init__(self, names):
        self.numbers = {name: number for number, name in enumerate(names, 1)}
        self.dropped = []
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "link", "add", "name", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "addr", "add", f"10.77.{self.numbers[name]}.1/24", "dev", name)
            run("ip", "link", "set", "dev", name, "up")
            run("ip", "-n", name, "addr", "add", f"{self.address(name)}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
            run("ip", "-n", name, "route", "add", "default", "via", f"10.77.{self.numbers[name]}.1")

    def address(self, name):
        return f"10.77.{self.numbers[name]}.2"

    def command(self, name, command):
        """The command, on that host."""
        return ["ip", "netns", "exec", name, *command]

    def drop(self, sender, receiver):
        """From now on nothing that one sends reaches the other."""
        rule = ("from", self.address(sender), "to", self.address(receiver), "blackhole")
        run("ip", "rule", "add", *rule)
        self.dropped.append(rule)

    def cut(self, name, others):
        """Both directions between one and all these others."""
        for other in others:
            self.drop(name, other)
            self.drop(other, name)

    def heal(self):
        while self.dropped:
            run("ip", "rule", "del", *self.dropped.pop())

    def unplug(self, name):
        run("ip", "link", "set", "dev", name, "down")

    def plug_in(self, name):
        run("ip", "link", "set", "dev", name, "up")

    def remove(self, name):
        """The host and its cable are gone, without a word to the others."""
        run("ip", "link", "del", "dev", name)
        run("ip", "netns", "del", name)
        del self.numbers[name]

    def limit(self, name, rate):
        """What the host sends and receives."""
        bucket = ("root", "tbf", "rate", rate, "burst", "16kb", "latency", "100ms")
        shape("qdisc", "add", "dev", name, *bucket)
        shape("-n", name, "qdisc", "add", "dev", "eth0", *bucket)

    def lose(self, name, share):
        """So many of the packets that the host receives, by a filter: ld rand; jge share: pass, else drop."""
        program = f"4,32 0 0 4294963256,53 1 0 {int(share * 2**32)},6 0 0 2,6 0 0 4294967295"
        shape("qdisc", "add", "dev", name, "clsact")
        shape("filter", "add", "dev", name, "egress", "bpf", "da", "bytecode", program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.heal()
        for name in list(self.numbers):
            self.remove(name)
