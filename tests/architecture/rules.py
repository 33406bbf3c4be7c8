"""Rules that hold for all sources: who includes whom, and what nobody calls.

usage: rules.py ROOT        prints a line for each breach; exit code 1 if there are any
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.S)

# Third-party headers that a layer may include, as prefixes.
ALLOWED = {
    "libcore": ("leat/", "fmt/", "xxhash.h", "tsl/"),
    "actors": ("leat/", "fmt/", "nlohmann/", "openssl/", "CLI/", "toml++/", "caf/"),
}
# The system's own headers with a slash or an ending; all other names without one are the standard's.
SYSTEM = {"unistd.h", "fcntl.h", "glob.h", "dirent.h", "fnmatch.h", "signal.h", "poll.h", "cxxabi.h", "limits.h", "sys/stat.h",
          "sys/file.h", "sys/types.h", "sys/wait.h", "spawn.h",
          "sys/epoll.h", "sys/eventfd.h", "sys/timerfd.h", "sys/ioctl.h", "sys/socket.h", "sys/un.h", "sys/random.h", "sys/resource.h", "pthread.h", "netdb.h", "netinet/in.h", "linux/tcp.h", "sys/mman.h", "cerrno"}
# Those that only one part of a layer may include.
COMPONENTS = {
    "google/protobuf/": ("libcore/leat/protobuf/",),
    "zstd.h": ("actors/leat/detail/runtime/frame_packer.cpp",),
    "sqlite3.h": ("actors/leat/connectors/sqlite/",),
    "rocksdb/": ("actors/leat/states/rocksdb.cpp",),
    "httplib.h": ("actors/leat/connectors/http/poster.cpp",),
    "xgboost/": ("actors/leat/scoring/xgboost.cpp",),
    "onnxruntime": ("actors/leat/scoring/onnx.cpp",),
    "immintrin.h": ("actors/leat/scoring/readers/vector_walker.cpp",),
}
CAF_FOLDERS = ("actors/leat/detail/runtime/", "actors/leat/internal/runtime/", "actors/leat/internal/cluster/",
               "actors/leat/internal/job/job.cpp", "actors/leat/actor.hpp", "actors/leat/composition.",
               "actors/leat/testing/")
CORE_FORBIDDEN = {"thread", "mutex", "condition_variable", "future", "iostream", "fstream", "csignal"}

# Frozen exceptions, each with its reason.
EXCEPTIONS = {
    ("libcore/leat/model.cpp", "mutex"): "the table of model identities is shared by all threads",
    ("libcore/leat/detail/stage/waiting_note.hpp", "mutex"): "a stage writes it, and whoever reports reads it",
    ("libcore/leat/detail/stage/split_board.hpp", "mutex"): "a source writes it, and whoever reports reads it",
}

# Levels, the lowest first: a file includes files of its own level and of those before it.
LEVELS = (
    ("vocabulary", r"libcore/leat/(error|time|stamp|record|features|model|quantities|dead_letter|file_use|pull_status"
                   r"|batching|version|fwd|state_backend|window|aggregates|join)\."),
    ("detail/record", r"libcore/leat/(detail/record/|scalar_text\.)"),
    ("formats", r"libcore/leat/(csv|json)\.|libcore/leat/protobuf/"),
    ("state", r"libcore/leat/(detail/state/|state\.|timer\.|context\.)"),
    ("detail/transport", r"libcore/leat/detail/transport/"),
    ("detail/stage", r"libcore/leat/(detail/stage/|emitter\.|operator\.|source\.)"),
    ("roles", r"libcore/leat/sink\."),
    ("windows and joins", r"libcore/leat/detail/(window|join)/"),
    ("detail/plan", r"libcore/leat/detail/plan/"),
    ("graph", r"libcore/leat/(graph\.|stream\.|keyed_stream\.|batched_stream\.|windowed_stream\.|leat\.|testing/)"),
    ("readers of models", r"actors/leat/scoring/readers/"),
    ("models", r"actors/leat/scoring/"),
    ("backends of states", r"actors/leat/states/"),
    ("connectors/files", r"actors/leat/connectors/files/"),
    ("connectors", r"actors/leat/connectors/"),
    ("detail/runtime", r"actors/leat/detail/runtime/"),
    ("actor", r"actors/leat/actor\."),
    ("job", r"actors/leat/job\."),
    ("internal/checkpoint", r"actors/leat/internal/checkpoint/"),
    ("internal/runtime", r"actors/leat/internal/runtime/"),
    ("internal/trust", r"actors/leat/internal/trust/"),
    ("internal/net", r"actors/leat/internal/net/"),
    ("internal/cluster", r"actors/leat/internal/cluster/"),
    ("internal/job", r"actors/leat/(internal/job/|composition\.|testing/)"),
    ("internal/observe", r"actors/leat/internal/observe/"),
    ("internal/cli", r"actors/leat/(internal/cli/|options\.|run\.)"),
)

FORBIDDEN_CALLS = {
    r"\b(?:std::)?_?exit\s*\(": "exit(): errors are values, and nobody ends the user's process",
    r"\bstd::s?rand\b|\brandom_device\b": "random numbers are injected",
    r"system_clock::now": "time is read from the runtime's clock",
    r"steady_clock::now": "time is read from the runtime's clock",
}
EXIT_CALLERS = {
    "actors/leat/internal/cluster/lifeline.cpp": "a worker is a process of ours, and must not outlive its coordinator",
}
CLOCK_READERS = {
    "actors/leat/internal/runtime/system.cpp": "it is the runtime's clock",
    "actors/leat/internal/net/": "hosts that do not answer are given up after some time",
    "actors/leat/internal/cluster/": "hosts that do not answer are given up after some time",
    "actors/leat/internal/observe/": "it faces a person, not the dataflow",
    "actors/leat/internal/cli/": "it faces a person, not the dataflow",
    "actors/leat/connectors/files/dead_letter_file.cpp": "it waits for a person to make room",
}


ONCE = "#pragma once"


def layer_of(path):
    return path.split("/")[0]


def breaches_of_includes(path, text):
    layer = layer_of(path)
    for kind, name in INCLUDE.findall(text):
        if name.startswith("caf/") and not path.startswith(CAF_FOLDERS):
            yield f"includes <{name}>: CAF belongs into {' and '.join(CAF_FOLDERS)}"
        elif layer == "libcore" and (path, name) not in EXCEPTIONS and name in CORE_FORBIDDEN:
            yield f"includes <{name}>: the core has no threads and no streams"
        elif layer == "libcore" and name.startswith("leat/") and not is_core(name):
            yield f"includes <{name}>: the core does not know the actors"
        elif kind == "<" and not is_standard(name) and not name.startswith(ALLOWED[layer]) \
                and not is_of_component(path, name):
            yield f"includes <{name}>: {layer} may use {', '.join(ALLOWED[layer])} only"


def level_of(path):
    """Its place in LEVELS, or None for a file that has none."""
    return next((i for i, (_, pattern) in enumerate(LEVELS) if re.match(pattern, path)), None)


def breaches_of_levels(root, path, text):
    own = level_of(path)
    if own is None:
        yield "stands on no level: give it one in LEVELS of tests/architecture/rules.py"
        return
    for _, name in INCLUDE.findall(text):
        file = next((f"{layer}/{name}" for layer in (layer_of(path), "libcore") if (root / layer / name).exists()), None)
        level = level_of(file) if file else None
        if level is not None and level > own:
            yield f"includes <{name}>: {LEVELS[own][0]} stands below {LEVELS[level][0]}"


def breaches_of_installed(path, text):
    """What is installed does not lead to what is not."""
    if path.endswith(".hpp") and "/internal/" not in path:
        for _, name in INCLUDE.findall(text):
            if name.startswith("leat/internal/"):
                yield f"includes <{name}>, which is not installed"


def breaches_of_headers(root, path, text):
    """A source includes its own header first: compiling it shows that the header stands alone."""
    if path.endswith(".hpp"):
        if ONCE not in text:
            yield f"lacks {ONCE}"
        return
    layer, _, name = path.partition("/")
    own = name.removesuffix(".cpp") + ".hpp"
    included = INCLUDE.search(text)
    if (root / layer / own).exists() and (not included or included.group(2) != own):
        yield f"does not include <{own}> first"


def is_standard(name):
    return name in SYSTEM or ("/" not in name and "." not in name)


def is_of_component(path, name):
    return any(name.startswith(header) and path.startswith(folders) for header, folders in COMPONENTS.items())


def is_core(name):
    return (ROOT / "libcore" / name).exists()


def breaches_of_calls(path, text):
    code = COMMENT.sub("", text)
    for pattern, reason in FORBIDDEN_CALLS.items():
        if not re.search(pattern, code):
            continue
        if "exit" in pattern and path in EXIT_CALLERS:
            continue
        if "clock" in pattern and path.startswith(tuple(CLOCK_READERS)):
            continue
        yield f"{re.search(pattern, code).group(0)}: {reason}"


def breaches_of_users(root):
    """Examples, docs and projects of users include public headers only."""
    for folder in ("examples", "docs", "tests/consumer", "README.md"):
        start = root / folder
        for file in sorted(start.rglob("*") if start.is_dir() else [start]):
            if file.suffix not in (".hpp", ".cpp", ".md") or "decisions" in file.parts or not file.exists():
                continue
            for _, name in INCLUDE.findall(file.read_text(encoding="utf-8")):
                if name.startswith("leat/") and not is_public(name):
                    yield f"{file.relative_to(root).as_posix()}: includes <{name}>, which is not public"


def is_public(name):
    return not name.startswith(("leat/detail/", "leat/internal/", "leat/scoring/readers/"))


def breaches_of_page(root):
    """docs/reference/headers.md names each public header, and nothing else."""
    page = root / "docs/reference/headers.md"
    if not page.exists():
        return
    named = set(re.findall(r"^\| `<([^>]+)>`", page.read_text(encoding="utf-8"), re.M))
    there = {h.relative_to(root / layer).as_posix() for layer in ALLOWED for h in (root / layer).rglob("*.hpp")}
    public = set(filter(is_public, there))
    for name in sorted(named - public):
        yield f"docs/reference/headers.md: names <{name}>, which is not a public header"
    for name in sorted(public - named):
        yield f"docs/reference/headers.md: lacks <{name}>"


def breaches(root):
    global ROOT
    ROOT = pathlib.Path(root)
    for layer in ALLOWED:
        for file in sorted((ROOT / layer).rglob("*.[ch]pp")):
            path = file.relative_to(ROOT).as_posix()
            text = file.read_text(encoding="utf-8")
            for what in (*breaches_of_includes(path, text), *breaches_of_calls(path, text),
                         *breaches_of_headers(ROOT, path, text), *breaches_of_levels(ROOT, path, text),
                         *breaches_of_installed(path, text)):
                yield f"{path}: {what}"
    yield from breaches_of_users(ROOT)
    yield from breaches_of_page(ROOT)


if __name__ == "__main__":
    found = list(breaches(sys.argv[1]))
    for line in found:
        print(line)
    print(f"{len(found)} breaches")
    sys.exit(1 if found else 0)
