"""Whether the files of deploy/ fit together, and fit the program: options exist, workers join the port on which the
coordinator listens and are as many as it waits for, mounts have volumes, keys are for one user, units are valid.

usage: check.py DEPLOY PROGRAM

No container, pod or unit is run. What needs a tool that is missing is SKIPPED aloud.
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

OWNER_ONLY = (0o400, 0o600)


def options_of(program, *command):
    text = subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^  (--[a-z-]+)", text, re.M))


def values(arguments):
    """The options of a command line, with what follows them."""
    return {word: after for word, after in zip(arguments, [*arguments[1:], ""]) if word.startswith("--")}


def split(arguments):
    """What is before "--", and after it."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1:]


def commands_in(script):
    """Command lines of the program in a shell script."""
    return [shlex.split(found) for found in re.findall(r"leat-program ([^;\n]+)", script)]


class Program:
    def __init__(self, path):
        self.path = path

    def check(self, arguments, where):
        """The command and its options are known."""
        own, inner = split(arguments)
        command = own[:2] if own[0] == "certs" else own[:1]
        unknown = set(values(own)) - options_of(self.path, *command)
        assert not unknown, f"{where}: {' '.join(command)} has no {unknown}"
        if inner:
            self.check(inner, where)


def check_cluster(program, coordinator, workers, count, where):
    """Command lines of nodes that are to form a cluster."""
    for arguments in (coordinator, *workers):
        program.check(arguments, where)
    own = values(split(coordinator)[0])
    port = own["--listen"].rpartition(":")[2]
    assert int(own["--workers"]) == count, f"{where}: {count} workers, and the coordinator waits for {own['--workers']}"
    for worker in map(values, workers):
        assert worker["--join"].rpartition(":")[2] == port, f"{where}: {worker['--join']} is not the port {port}"
        assert not worker["--listen"].startswith("0.0.0.0"), f"{where}: other workers cannot reach 0.0.0.0"
    return int(port)


def check_compose(program, file):
    import yaml
    text = yaml.safe_load(file.read_text())
    services = text["services"]
    for name, service in services.items():
        for each in service.get("depends_on", {}):
            assert each in services, f"{name} depends on {each}"
        for mount in service.get("volumes", []):
            assert mount["source"] in text["volumes"], f"{name} mounts {mount['source']}"
        if "entrypoint" in service:
            for arguments in commands_in(service["command"][0]):
                program.check(arguments, name)
    nodes = {name: s["command"] for name, s in services.items() if s["command"][0] in ("coordinator", "worker")}
    workers = {name: command for name, command in nodes.items() if command[0] == "worker"}
    for name, command in workers.items():
        given = values(command)
        assert given["--name"] == name and given["--listen"].startswith(name + ":"), f"{name}: {given}"
        assert given["--join"].startswith("coordinator:")
    check_cluster(program, nodes["coordinator"], workers.values(), len(workers), file.name)


def check_pod(spec, claims):
    volumes = {v["name"]: v for v in spec["volumes"]}
    for container in (*spec["initContainers"], *spec["containers"]):
        for mount in container["volumeMounts"]:
            assert mount["name"] in volumes, f"{container['name']} mounts {mount['name']}"
        assert container["securityContext"]["readOnlyRootFilesystem"], container["name"]
    for volume in volumes.values():
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] in OWNER_ONLY, volume
        if "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in claims, volume


def check_kubernetes(program, folder):
    import yaml
    objects = {(o["kind"], o["metadata"]["name"]): o
               for file in sorted(folder.glob("*.yaml")) for o in yaml.safe_load_all(file.read_text())}
    workers, job = objects["StatefulSet", "leat-worker"]["spec"], objects["Job", "leat-coordinator"]["spec"]
    claims = [name for kind, name in objects if kind == "PersistentVolumeClaim"]
    for owner in (workers, job):
        check_pod(owner["template"]["spec"], claims)
    worker, coordinator = (owner["template"]["spec"]["containers"][0]["args"] for owner in (workers, job))
    port = check_cluster(program, coordinator, [worker], workers["replicas"], folder.name)
    assert ("Service", workers["serviceName"]) in objects
    service = objects["Service", values(worker)["--join"].partition(":")[0]]["spec"]
    assert service["ports"][0]["port"] == port
    assert service["selector"].items() <= job["template"]["metadata"]["labels"].items()
    assert workers["selector"]["matchLabels"].items() <= workers["template"]["metadata"]["labels"].items()
    allowed = {p["port"] for p in objects["NetworkPolicy", "leat-nodes"]["spec"]["ingress"][0]["ports"]}
    assert allowed == {port, int(values(worker)["--listen"].rpartition(":")[2])}, allowed


def check_units(program, folder):
    for file in folder.glob("*.service"):
        start = re.search(r"^ExecStart=/opt/leat/bin/%i (.*)$", file.read_text(), re.M)
        program.check([word for word in start.group(1).split() if word != "$MORE"], file.name)


def verify_units(folder):
    with tempfile.TemporaryDirectory() as made:
        for file in folder.glob("*.service"):
            instance = pathlib.Path(made) / file.name.replace("@", "@fraud")
            instance.write_text(file.read_text().replace("/opt/leat/bin/%i", "/bin/true"))
            done = subprocess.run(["systemd-analyze", "verify", instance], capture_output=True, text=True, check=False)
            assert done.returncode == 0 and instance.name not in done.stderr, done.stderr


def main(folder, path):
    program = Program(path)
    checks = [("systemd units start known commands", lambda: check_units(program, folder / "systemd"), True),
              ("systemd-analyze verify", lambda: verify_units(folder / "systemd"), shutil.which("systemd-analyze"))]
    try:
        import yaml
    except ImportError:
        yaml = None
    checks += [("compose.yaml", lambda: check_compose(program, folder / "compose.yaml"), yaml),
               ("kubernetes", lambda: check_kubernetes(program, folder / "kubernetes"), yaml)]
    for name, check, possible in checks:
        if possible:
            check()
        print(f"ok: {name}" if possible else f"SKIPPED: {name}: the tool, or python3-yaml, is missing")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
