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
          "sys/eventfd.h", "sys/ioctl.h", "sys/socket.h", "sys/un.h", "sys/random.h", "pthread.h", "netdb.h", "sys/mman.h", "cerrno"}
# Those that only one part of a layer may include.
COMPONENTS = {
    "google/protobuf/": ("libcore/leat/protobuf/",),
    "sqlite3.h": ("actors/leat/sqlite/",),
    "httplib.h": ("actors/leat/sinks/http_poster.cpp",),
    "xgboost/": ("actors/leat/scoring/xgboost.cpp",),
    "onnxruntime": ("actors/leat/scoring/onnx.cpp",),
}
CAF_FOLDERS = ("actors/leat/runtime/", "actors/leat/actor/", "actors/leat/cluster/", "actors/leat/testing/")
CORE_FORBIDDEN = {"thread", "mutex", "condition_variable", "future", "iostream", "fstream", "csignal"}

# Frozen exceptions, each with its reason.
EXCEPTIONS = {
    ("libcore/leat/model.cpp", "mutex"): "the table of model identities is shared by all threads",
}

FORBIDDEN_CALLS = {
    r"\b(?:std::)?_?exit\s*\(": "exit(): errors are values, and nobody ends the user's process",
    r"\bstd::s?rand\b|\brandom_device\b": "random numbers are injected",
    r"system_clock::now": "time is read from the runtime's clock",
    r"steady_clock::now": "time is read from the runtime's clock",
}
EXIT_CALLERS = {
    "actors/leat/cluster/lifeline.cpp": "a worker is a process of ours, and must not outlive its coordinator",
}
CLOCK_READERS = {
    "actors/leat/runtime/system.cpp": "it is the runtime's clock",
    "actors/leat/control/": "it faces a person, not the dataflow",
    "actors/leat/sinks/dead_letter_file.cpp": "it waits for a person to make room",
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


def breaches(root):
    global ROOT
    ROOT = pathlib.Path(root)
    for layer in ALLOWED:
        for file in sorted((ROOT / layer).rglob("*.[ch]pp")):
            path = file.relative_to(ROOT).as_posix()
            text = file.read_text(encoding="utf-8")
            for what in (*breaches_of_includes(path, text), *breaches_of_calls(path, text),
                         *breaches_of_headers(ROOT, path, text)):
                yield f"{path}: {what}"


if __name__ == "__main__":
    found = list(breaches(sys.argv[1]))
    for line in found:
        print(line)
    print(f"{len(found)} breaches")
    sys.exit(1 if found else 0)
