"""Plants bugs in the protocol of checkpoints, one after the other, and has the simulation find each of them.

usage: planted_bugs.py SOURCES BUILD [--seeds N] [NAME...]

A bug is a change of one source, which is compiled with the flags of the build (Ninja) and linked in front of the
library. A source that has changed, so that a bug can no longer be planted there, is an error.
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

CHECKPOINT, RUNTIME = "actors/leat/internal/checkpoint/", "actors/leat/internal/runtime/"
UNSYNCED = """auto file = files_.create({path});
  if (const auto {name} = file ? (*file)->append({content}) : result<void>(file.error()); !{name})"""

# By name: a source, what stands there, and what stands there instead.
BUGS = {
    "manifest before fsync": (
        CHECKPOINT + "checkpoint_log.cpp",
        "if (const auto written = write_synced(files_, temporary, encode_entry(slot, entry)); !written)",
        UNSYNCED.format(path="temporary", name="written", content="encode_entry(slot, entry)")),
    "state acknowledged before fsync": (
        CHECKPOINT + "state_files.cpp",
        "if (const auto done = write_synced(files_, path, content); !done)",
        UNSYNCED.format(path="path", name="done", content="content")),
    "commit before manifest": (
        "actors/leat/detail/runtime/subtask.cpp",
        "outputs_.push_back(std::move(o));",
        "commit_output(o), outputs_.push_back(std::move(o));"),
    "epoch number reused": (
        RUNTIME + "checkpointing.cpp",
        "(claimed.term() - 1) * most_given_up",
        "claimed.term() - 1"),
    "replay begins one record late": (
        "libcore/leat/detail/stage/source_stage_save.cpp",
        "gathered(), s.next, s.times.size(), false)",
        "gathered(), s.next + (s.next < s.times.size() ? 1 : 0), s.times.size(), false)"),
    "replay begins one record early": (
        "libcore/leat/detail/stage/source_stage_save.cpp",
        "gathered(), s.next, s.times.size(), false)",
        "gathered(), s.next - (s.next > 0 ? 1 : 0), s.times.size(), false)"),
    "barrier dropped on one lane": (
        "libcore/leat/detail/transport/port.cpp",
        "f.barrier_at = at;",
        "f.barrier_at = at && at->epoch % 4 == 0 && i == 0 ? nullptr : at;"),
    "barrier not awaited": (
        "actors/leat/detail/runtime/inlet.cpp",
        "    if (!c.at && !c.ended)\n      return nullptr;\n",
        "    if (!c.at && !c.ended)\n      continue;\n"),
    "no fencing": (
        CHECKPOINT + "checkpoint_log.cpp",
        "const auto linked = files_.link(temporary, path);",
        "(void)files_.remove(path);\n  const auto linked = files_.link(temporary, path);"),
}


def planted(sources, name):
    path, before, after = BUGS[name]
    text = (sources / path).read_text()
    assert text.count(before) == 1, f"\"{name}\" cannot be planted: {path} does not have once: {before}"
    return path, text.replace(before, after)


def compile_command(build, source):
    """That of a source, without what it reads and writes."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == source:
            words = shlex.split(entry["command"])
            return words[:words.index("-o")], entry["directory"]
    raise SystemExit(f"{source} is not part of the build")


def link_command(build):
    steps = subprocess.run(["ninja", "-C", build, "-t", "commands", "bin/simulate"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    words = shlex.split(steps[-1].removeprefix(": && ").removesuffix(" && :"))
    return words, words.index("-o") + 1


def seed_that_finds(sources, build, folder, name, seeds):
    """The number of seeds that it took, or None."""
    path, text = planted(sources, name)
    source = folder / pathlib.Path(path).name
    source.write_text(text)
    command, directory = compile_command(build, sources / path)
    subprocess.run([*command, "-o", folder / "planted.o", "-c", source], check=True, cwd=directory)
    link, out = link_command(build)
    program = folder / "simulate"
    link[out] = program
    link.insert(out + 1, folder / "planted.o")
    subprocess.run(link, check=True, cwd=build)
    for first in range(1, seeds + 1, 50):
        run = subprocess.run([program, "--first", str(first), "--seeds", "50", "--json", folder / "outcome.json"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if run.returncode not in (0, 1):
            return first, f"it crashes: {run.stderr[-200:]}"
        if run.returncode == 1:
            failing = json.loads((folder / "outcome.json").read_text())["failing_seeds"]
            return failing[0], run.stderr.splitlines()[0]
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=500, help="to find each bug")
    parser.add_argument("names", nargs="*", default=list(BUGS))
    given = parser.parse_args()
    sources, build = given.sources.resolve(), given.build.resolve()
    for name in BUGS:
        planted(sources, name)
    missed = []
    for name in given.names:
        with tempfile.TemporaryDirectory(prefix="leat-planted-") as folder:
            found = seed_that_finds(sources, build, pathlib.Path(folder), name, given.seeds)
        print(f"{name}: " + (f"seed {found[0]}: {found[1]}" if found else "NOT FOUND"), flush=True)
        missed += [] if found else [name]
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
