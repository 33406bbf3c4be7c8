"""Plain technical English: phrases that pages and messages do not use, each with what they say instead.

usage: english.py ROOT      prints a line for each phrase found; exit code 1 if there are any

Looks at README.md, CONTRIBUTING.md, *.md below docs (decisions are history), examples and deploy, and at string literals of
libcore, actors and examples.
"""
import pathlib
import re
import sys

PHRASES = [(re.compile(pattern, re.I), instead) for pattern, instead in (
    (r"(?<!there )\bis no (?!longer\b|more\b|less\b)\w+", "invalid X, unknown X, X is not a ..."),
    (r"\btold\b", "reported"),
    (r"\btells?\b", "reports, prints, describes"),
    (r"\bheld up by\b|\bholds? \w+ up\b", "bottleneck, delays, waits for"),
    (r"\bevery so often\b", "at fixed intervals"),
    (r"\bof (one's|your|its|their|\w+'s) own\b(?! \w)", "custom, its own X"),
    (r"\b(no|some|any)body\b", "name the subject: no thread, another process, the user"),
    (r"\bgoes before\b", "overrides, precedes"),
    (r"\bso much longer\b", "delay per record"),
    (r"\bwho (breaks|does not|differs|reads it|decides)\b", "name the subject: a stage that ..."),
    (r"^#+ (what is|who)\b", "a noun phrase as heading"),
)]
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
CODE_LINE = re.compile(r"^\s*(#|//)")
FENCE = re.compile(r"^```")


def lines_of_page(text):
    """Lines with their numbers, without fences: code and what programs print."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def lines_of_source(text):
    for number, line in enumerate(text.splitlines(), 1):
        if not CODE_LINE.match(line):
            yield number, " ".join(LITERAL.findall(line))


def found_in(lines):
    for number, line in lines:
        for phrase, instead in PHRASES:
            if said := phrase.search(line):
                yield number, said.group(0), instead


def texts(root):
    pages = [root / "README.md", root / "CONTRIBUTING.md", *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md"),
             *root.glob("deploy/**/*.md")]
    for page in sorted(pages):
        if page.exists() and "decisions" not in page.parts:
            yield page, lines_of_page
    for folder in ("libcore", "actors", "examples"):
        for source in sorted((root / folder).rglob("*.[ch]pp")):
            yield source, lines_of_source


def main(root):
    count = 0
    for file, lines in texts(root):
        for number, said, instead in found_in(lines(file.read_text(encoding="utf-8"))):
            print(f'{file.relative_to(root)}:{number}: "{said}": {instead}')
            count += 1
    print(f"{count} phrases")
    return count > 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
