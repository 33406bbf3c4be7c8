"""What the pages say is so: links lead somewhere, snippets are quotes, and programs print what is shown.

usage: pages.py ROOT [--bin DIR] [--write]

Prints a line for each breach; exit code 1 if there are any. Pages are README.md, CONTRIBUTING.md and all
*.md below docs, examples and deploy.

Links: a relative link leads to a file, and its #heading to a heading.

Quotes: a fence below `<!-- FILE -->` or `<!-- FILE#NAME -->` holds that file (from ROOT), or its region
NAME: the lines between `[region NAME]` and the next `[end]`, both in a comment, without their common
indentation. In README.md and docs/guide every fence in a programming language has such a line.

Sessions: a ```console fence holds commands behind "$ " and what each prints, on either stream. With --bin
they are run, page by page, in a copy of the folder that the page names by
`<!-- sessions in FOLDER -->`, with DIR first in PATH. A line "…" stands for any lines. A fence below
`<!-- figures vary -->` may differ in its numbers and in the space before them; where it shows no bottleneck, a busy
machine may have one.

--write puts the quotes and, with --bin, the output of sessions into the pages instead of complaining.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FENCE = re.compile(r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)
SESSIONS_IN = re.compile(r"^<!-- sessions in (\S+) -->$", re.M)
FIGURE = re.compile(r"[ \t]*\d[\d., \u00a0\u202f]*(?: ?(?:ns|µs|ms|s|k/s|M/s|%))?(?![\w-])")
BOTTLENECK = re.compile(r"^bottleneck\b.*")
QUOTED = {"cpp", "toml", "cmake", "sh", "json", "csv", "python"}


class Breach(Exception):
    pass


def region(text, name, where):
    """The lines of a region, without their common indentation."""
    lines = text.splitlines()
    begins = [i for i, line in enumerate(lines) if line.strip().endswith(f"[region {name}]")]
    if len(begins) != 1:
        raise Breach(f"{where} has {len(begins)} regions {name}")
    ends = (i for i in range(begins[0] + 1, len(lines)) if lines[i].strip().endswith("[end]"))
    end = next(ends, None)
    if end is None:
        raise Breach(f"region {name} of {where} has no end")
    inside = lines[begins[0] + 1:end]
    margin = min((len(line) - len(line.lstrip()) for line in inside if line.strip()), default=0)
    return "".join(line[margin:] + "\n" for line in inside)


def quote(root, note):
    """What a fence below this note has to hold."""
    name, _, part = note.partition("#")
    file = root / name
    if not file.is_file():
        raise Breach(f"there is no {name}")
    text = file.read_text(encoding="utf-8")
    return region(text, part, name) if part else text


def commands(body):
    """Pairs of a command and the lines that follow it."""
    found = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            raise Breach(f'a session begins with "$ ", not with "{line}"')
    return found


def matches(wanted, got, loosely):
    """True if the lines are the same: "…" is any lines; loosely, figures do not count."""
    if loosely and any(re.match("bottleneck +none:", line) for line in wanted):
        wanted, got = ([BOTTLENECK.sub("bottleneck", line) for line in lines] for lines in (wanted, got))
    if loosely:
        wanted, got = ([FIGURE.sub("#", line) for line in lines] for lines in (wanted, got))
    parts = ("\n".join(wanted) + "\n").split("…\n")
    pattern = "(?:.*\n)*?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, "\n".join(got) + "\n") is not None


def run(command, folder, programs):
    # Leaks are looked for by other tests; CAF's network has some when connections end in a bad moment.
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                       ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    return done.stdout.decode("utf-8", "replace").splitlines()


class Page:
    def __init__(self, root, path):
        self.root, self.path = root, path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.breaches = []

    def complain(self, offset, what):
        line = self.text.count("\n", 0, offset) + 1
        self.breaches.append(f"{self.name}:{line}: {what}")

    def must_quote(self, language):
        return language in QUOTED and (self.name == "README.md" or self.name.startswith("docs/guide/"))

    def check_links(self):
        prose = FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence.group(0)), self.text)
        for link in LINK.finditer(prose):
            target, _, heading = link.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = (self.path.parent / target) if target else self.path
            if not file.exists():
                self.complain(link.start(), f"the link to {target} leads nowhere")
            elif heading and heading not in anchors(file.read_text(encoding="utf-8")):
                self.complain(link.start(), f"{target or 'this page'} has no heading #{heading}")

    def check_quotes(self, write):
        def checked(fence):
            note, language, body = fence.group("note"), fence.group("language"), fence.group("body")
            if language == "console" or not (note or self.must_quote(language)):
                return fence.group(0)
            try:
                if not note:
                    raise Breach("this snippet quotes nothing: name the file above the fence")
                wanted = quote(self.root, note)
            except Breach as breach:
                self.complain(fence.start(), breach)
                return fence.group(0)
            if body != wanted and not write:
                self.complain(fence.start(), f"this is not what {note} holds now (pages.py --write mends it)")
            return f"<!-- {note} -->\n```{language}\n{wanted if write else body}```"
        self.rewrite(FENCE.sub(checked, self.text), write)

    def check_sessions(self, programs, write):
        place = SESSIONS_IN.search(self.text)
        with tempfile.TemporaryDirectory() as folder:
            if place:
                shutil.copytree(self.root / place.group(1), folder, dirs_exist_ok=True)
            self.rewrite(FENCE.sub(lambda fence: self.session(fence, folder, programs, write), self.text), write)

    def session(self, fence, folder, programs, write):
        if fence.group("language") != "console":
            return fence.group(0)
        shown = []
        try:
            for command, wanted in commands(fence.group("body")):
                got = run(command, folder, programs)
                if not matches(wanted, got, fence.group("note") == "figures vary"):
                    if not write:
                        self.complain(fence.start(), "\n".join([f"`{command}` prints", *got]))
                    wanted = got
                shown += [f"$ {command}", *wanted]
        except (Breach, subprocess.TimeoutExpired) as breach:
            self.complain(fence.start(), breach)
            return fence.group(0)
        note = f"<!-- {fence.group('note')} -->\n" if fence.group("note") else ""
        return note + "```console\n" + "".join(line + "\n" for line in shown) + "```"

    def rewrite(self, text, write):
        if write and text != self.text:
            self.path.write_text(text, encoding="utf-8")
            self.text = text


def anchors(text):
    """What headings are called in links."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}


def pages(root):
    files = [root / "README.md", root / "CONTRIBUTING.md"]
    for folder in ("docs", "examples", "deploy"):
        files += sorted((root / folder).rglob("*.md"))
    return [Page(root, file) for file in files if file.is_file()]


def check(root, programs=None, write=False):
    """All breaches, as lines."""
    found = []
    for page in pages(root):
        page.check_links()
        page.check_quotes(write)
        if programs:
            page.check_sessions(programs, write)
        found += page.breaches
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--bin", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = check(options.root.resolve(), options.bin and options.bin.resolve(), options.write)
    for line in found:
        print(line)
    print(f"{len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
