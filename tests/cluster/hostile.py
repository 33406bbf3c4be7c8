"""Attacks the port of a coordinator, and that of a worker, with seeded random sessions: each is refused with a clear
message, and neither memory, descriptors nor the job that waits there are affected.

usage: hostile.py PROGRAM [--sessions N] [--first S]

A session has a number, and the same number sends the same: --first goes on where a run was left.
"""
import argparse
import collections
import concurrent.futures
import pathlib
import random
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import time

from check import PATIENCE, sorted_lines
from hosts import Cluster, Node, certificates, read_all

COUNT = 30_000  # of the job's numbers
AT_ONCE = 32  # sessions
WARM_UP = 1000  # sessions after which memory must not grow any more; also for each job whose worker is attacked
GROWTH = 4096  # KiB that may still come
MOST_GUESTS = 64  # that a node receives at once; it drops the oldest of more
LONGEST_MESSAGE = 1 << 20
LONGEST_REQUEST = 16 * 1024
AT_WORKER = 40  # sessions that fit into the queue of a port that is not served yet

EXTENSIONS = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n"


# --- who attacks ------------------------------------------------------------------------------

def forged(certs, kind, subject, days=1):
    """A folder for a node x whose certificate is signed by the right authority, but wrong; none without openssl."""
    made = certs / kind
    made.mkdir()
    for name in ("ca.pem", "x.key"):
        shutil.copy(certs / name, made)
    (made / "extensions").write_text(EXTENSIONS)
    try:
        subprocess.run(["openssl", "req", "-new", "-key", "x.key", "-subj", subject, "-out", "request"],
                       cwd=made, check=True, capture_output=True, text=True)
        subprocess.run(["openssl", "x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", certs / "ca.key", "-days",
                        str(days), "-extfile", "extensions", "-out", "x.pem"], cwd=made, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as failed:
        print(f"SKIPPED: {kind} certificate: {getattr(failed, 'stderr', failed)}")
        return None
    return made


def client(folder=None):
    """TLS of someone who trusts everybody, with the certificate of x in this folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if folder:
        context.load_cert_chain(folder / "x.pem", folder / "x.key")
    return context


def server(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "x.pem", folder / "x.key")
    context.num_tickets = 0
    return context


class Strangers:
    """Contexts of all who attack, and what a worker says that joins."""

    def __init__(self, program, folder):
        self.certs = certificates(program, folder, names=("coordinator", "a", "b", "c", "x"))
        self.foreign = certificates(program, folder, "elsewhere", names=("x",))
        wrong = {"foreign": self.foreign,
                 "expired": forged(self.certs, "expired", "/O=test/CN=x", -1),
                 "other cluster": forged(self.certs, "other cluster", "/O=other/CN=x"),
                 "invalid name": forged(self.certs, "invalid name", "/O=test/CN=Not A Name")}
        self.wrong = {kind: made for kind, made in wrong.items() if made}
        self.refused = [client(), *map(client, self.wrong.values())]
        self.member = client(self.certs)
        _, _, self.request = meet_worker(program, folder, self.certs, server(self.certs))
        assert isinstance(self.request, bytes), self.request


def meet_worker(program, folder, certs, context):
    """A worker x joins a coordinator that is played here: its exit code, what it said, and its request or the fault."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        worker = Node(folder, "x", [program, "worker", "--join", f"127.0.0.1:{listening.getsockname()[1]}", "--name", "x",
                                    "--certs", certs, "--cache", folder / "cache"])
        try:
            connection = listening.accept()[0]
            connection.settimeout(PATIENCE)
            with context.wrap_socket(connection, server_side=True) as tls:
                size = int.from_bytes(tls.recv(4), "little")
                heard = tls.recv(size)
        except OSError as fault:
            heard = fault
    return (*worker.end(), heard)


# --- what they send -----------------------------------------------------------------------------

def mutated(dice, data):
    """The same with some of it changed, cut off, doubled or inserted."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(data) + 1)
        how = dice.randrange(5)
        if how == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif how == 1 and at < len(data):
            data[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif how == 2:
            del data[at:]
        elif how == 3:
            data[at:at] = data[at:at + dice.randrange(64)]
        else:
            data[at:at] = dice.randbytes(dice.randrange(32))
    return bytes(data)


def framed(message, length=None):
    return struct.pack("<I", len(message) if length is None else length) + message


def hostile_message(dice, request):
    """Made of a request to join; a few of them are a good one."""
    how = dice.randrange(8)
    if how == 0:
        return framed(b"", dice.choice((0, LONGEST_MESSAGE + 1, 2**31, 2**32 - 1))) + dice.randbytes(16)
    if how == 1:  # less comes than was said, or more
        return framed(request, dice.randrange(1, 2 * len(request)))
    if how == 2:
        return framed(dice.randbytes(dice.randrange(1, 2000)))
    if how == 3:  # as long as may be, and much longer: of nothing, of one value, or with very many labels
        size = dice.choice((LONGEST_REQUEST, LONGEST_MESSAGE))
        fill = bytes([dice.choice((0, 1, 0xFF))])
        return framed((request[:16] + b"\x80\x7c" + fill * size)[:size])
    if how == 4:
        return framed(request) + dice.randbytes(dice.randrange(1, 100))
    return framed(mutated(dice, request))


def end(connection, dice):
    """Closes the connection in one of the ways in which others end."""
    how = dice.randrange(4)
    try:
        if how == 0:  # by a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how > 1:
            if how == 3:
                connection.shutdown(socket.SHUT_WR)
            connection.settimeout(dice.choice((0.01, 0.05, 0.3)))
            while connection.recv(65536):
                pass
    except OSError:
        pass
    connection.close()


class Session:
    """TLS whose bytes pass `spoil` on their way out."""

    def __init__(self, connection, context, spoil=lambda data: data):
        self.connection, self.spoil = connection, spoil
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    def flush(self):
        self.connection.sendall(self.spoil(self.outgoing.read()))

    def shake_hands(self):
        while True:
            try:
                self.tls.do_handshake()
                return self.flush()
            except ssl.SSLWantReadError:
                self.flush()
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError
            self.incoming.write(data)

    def write(self, data):
        self.tls.write(data)
        self.flush()


def garbage(connection, dice, _):
    start = dice.choice((b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", bytes(32)))
    connection.sendall(start + dice.randbytes(dice.choice((0, 1, 100, 20_000))))


def changed_hello(connection, dice, strangers):
    session = Session(connection, dice.choice(strangers.refused), lambda data: mutated(dice, data))
    try:
        session.tls.do_handshake()
    except ssl.SSLWantReadError:
        session.flush()


def refused(connection, dice, strangers):
    session = Session(connection, dice.choice(strangers.refused))
    session.shake_hands()
    session.write(framed(strangers.request))  # nobody must look at it


def changed_flights(connection, dice, strangers):
    """A node of the cluster whose bytes are damaged on the way, from some moment on."""
    healthy = dice.randrange(1, 4)
    flights = iter([True] * healthy)
    session = Session(connection, strangers.member, lambda data: data if next(flights, False) else mutated(dice, data))
    session.shake_hands()
    session.write(framed(strangers.request))


def member(connection, dice, strangers):
    session = Session(connection, strangers.member)
    session.shake_hands()
    data = hostile_message(dice, strangers.request)
    at = dice.randrange(len(data)) if dice.randrange(4) == 0 else 0  # in two pieces, or one
    session.write(data[:at])
    if at == 0 or dice.randrange(2):
        session.write(data[at:])


def silent_member(connection, _, strangers):
    Session(connection, strangers.member).shake_hands()


def silent(*_):
    pass


KINDS = {garbage: 2, changed_hello: 4, refused: 4, changed_flights: 3, member: 6, silent_member: 1, silent: 1}


def attack(address, number, strangers):
    dice = random.Random(number)
    kind = dice.choices(list(KINDS), KINDS.values())[0]
    try:
        connection = socket.create_connection(address, timeout=PATIENCE)
        try:
            kind(connection, dice, strangers)
        finally:
            end(connection, dice)
    except OSError:  # the session was refused, as it should be
        pass
    return kind.__name__


def attack_often(address, numbers, strangers):
    """How many there were of each kind."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as all_at_once:
        return collections.Counter(all_at_once.map(lambda n: attack(address, n, strangers), numbers))


# --- what must not come of it ---------------------------------------------------------------------

def memory(process):
    """Resident, in KiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def descriptors(process):
    return len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))


def until(condition, what):
    patient = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < patient, what()
        time.sleep(0.02)


def heard_by(address, context):
    """Why the other end refuses, as far as TLS says it."""
    try:
        session = context.wrap_socket(socket.create_connection(address, timeout=PATIENCE))
        with session:
            assert session.recv(1) == b""
    except ssl.SSLError as alert:
        return alert.reason
    return "closed"


def each_refusal_is_clear_on_both_sides(program, folder, strangers, _):
    not_signed = "is not signed by the authority in ca.pem"
    other_cluster = 'is of the cluster "other", not of "test"'
    reasons = {"foreign": (not_signed, "UNKNOWN_CA"), "expired": ("expired on", "CERTIFICATE_EXPIRED"),
               "other cluster": (other_cluster, "HANDSHAKE_FAILURE"), "invalid name": ("has an invalid node name", "HANDSHAKE_FAILURE")}
    with Cluster(program, folder, "out", COUNT, strangers.certs, (), wanted=1) as c:
        address = tuple(c.address.rsplit(":", 1))
        assert "CERTIFICATE_REQUIRED" in heard_by(address, client())
        c.coordinator.wait_for("the peer has no certificate")
        for kind, made in strangers.wrong.items():
            said, alert = reasons[kind]
            heard = heard_by(address, client(made))
            assert alert in heard, (kind, heard)
            c.coordinator.wait_for(said)
            code, text, heard = meet_worker(program, folder, strangers.certs, server(made))
            assert code == 1 and said in text and alert in str(heard), (kind, text, heard)
            if made != strangers.foreign:  # a node sees itself what is wrong with its own
                code, text = c.worker("x", certs=made).end()
                assert code == 1 and said in text, (kind, text)
        code, text = c.worker("x", certs=strangers.foreign).end()
        assert code == 1 and not_signed in text, text
        c.coordinator.wait_for("refused this node's certificate: it is not signed by the peer's authority")
        for name in ("b.pem", "b.key"):
            shutil.copy(strangers.certs / name.replace("b", "x"), strangers.foreign / name)
        shutil.copy(strangers.certs / "ca.pem", strangers.foreign)
        code, text = c.worker("b", certs=strangers.foreign).end()
        assert code == 1 and 'is the certificate of the node "x"' in text, text
        with socket.create_connection(address) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert read_all(plain) is not None
        c.coordinator.wait_for("the peer does not use TLS 1.3")
        with socket.create_connection(address, timeout=PATIENCE) as mute:
            assert mute.recv(1) == b""
        c.coordinator.wait_for("connected, and said nothing")
        for message, said in ((framed(b"", LONGEST_REQUEST + 1), f"sent a message of {LONGEST_REQUEST + 1} bytes, which is invalid"),
                              (framed(b"?"), "it did not send a valid join_request")):
            with strangers.member.wrap_socket(socket.create_connection(address, timeout=PATIENCE)) as x:
                x.sendall(message)
                assert read_all(x) is not None
            c.coordinator.wait_for(said)


def right(c, whole):
    code, _ = c.coordinator.end()
    assert code == 0, c.said()
    assert all(w.end()[0] == 0 for w in c.workers), c.said()
    assert sorted_lines(c.out) == sorted_lines(whole), "other results"


def attacked_coordinator_goes_on(program, folder, strangers, numbers):
    whole = folder / "whole"
    subprocess.run([program, "run", "--count", str(COUNT), "--out", whole, "--quiet"], check=True)
    with Cluster(program, folder, "out", COUNT, strangers.certs, ("a",), wanted=3) as c:  # x may come in, but is never the last
        c.coordinator.wait_for("worker a has joined (1 of 3)")
        address = tuple(c.address.rsplit(":", 1))
        process = c.coordinator.process
        before = descriptors(process)
        warm_up = min(WARM_UP, len(numbers) // 2)
        began = time.monotonic()
        kinds = attack_often(address, numbers[:warm_up], strangers)
        warm = memory(process)
        kinds += attack_often(address, numbers[warm_up:], strangers)
        took = time.monotonic() - began
        assert process.poll() is None, c.said()[-10_000:]
        said = c.coordinator.said
        until(lambda: said().count("worker x has left") == said().count("worker x has joined ("), c.said)
        until(lambda: descriptors(process) == before, lambda: f"{descriptors(process)} descriptors are open, not {before}")
        after = memory(process)
        sanitized = b"__asan_init" in program.read_bytes() or b"__tsan_init" in program.read_bytes()
        assert sanitized or after - warm < GROWTH, f"memory grows: {warm} KiB after {warm_up} sessions, {after} after all"
        assert c.workers[0].process.poll() is None and "worker a has left" not in said(), c.said()[-10_000:]
        mute = [socket.create_connection(address, timeout=PATIENCE) for _ in range(MOST_GUESTS + AT_ONCE)]
        c.workers += [c.worker(name) for name in ("b", "c")]
        c.coordinator.wait_for("the job begins")
        assert "too many connections wait" in said()
        right(c, whole)
        for m in mute:
            m.close()
    print(f"    {len(numbers)} sessions in {took:.1f} s: " + ", ".join(f"{k} {n}" for k, n in sorted(kinds.items())))
    print(f"    memory: {warm} KiB after {warm_up} sessions, {after} KiB after all; descriptors: {before} before and after")


def attacked_worker_meets_the_others(program, folder, strangers, numbers):
    """A worker looks at who has come to it once the job begins, with strangers before, among and after the others."""
    whole = folder / "whole"
    subprocess.run([program, "run", "--count", str(COUNT), "--out", whole, "--quiet"], check=True)
    for number in range(numbers.start, numbers.stop, WARM_UP):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = free.getsockname()
        with Cluster(program, folder, f"out{number}", COUNT, strangers.certs, (), wanted=2) as c:
            c.workers.append(c.worker("a", "--listen", f"127.0.0.1:{address[1]}"))
            c.coordinator.wait_for("worker a has joined (1 of 2)")
            with concurrent.futures.ThreadPoolExecutor(1) as beside:
                attacked = beside.submit(attack_often, address, range(number, number + AT_WORKER), strangers)
                time.sleep(0.2)
                c.workers.append(c.worker("b"))
                right(c, whole)
                attacked.result()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("program", type=pathlib.Path)
    args.add_argument("--sessions", type=int, default=500)
    args.add_argument("--first", type=int, default=0)
    given = args.parse_args()
    program = given.program.resolve()
    for check in (each_refusal_is_clear_on_both_sides, attacked_coordinator_goes_on, attacked_worker_meets_the_others):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            began = time.monotonic()
            check(program, folder, Strangers(program, folder), range(given.first, given.first + given.sessions))
            print(f"ok: {check.__name__.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
