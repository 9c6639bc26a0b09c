#!/usr/bin/env python3
"""The table in docs/reliability.md, made of the lines `row<TAB>fault<TAB>place<TAB>times<TAB>result`
that the tests print.

    table.py write ROWS PAGE    puts the rows of the file into the page
    table.py check ROWS PAGE    every row of the file stands in the page, whatever its numbers
"""

import re
import sys

BEGIN, END = "<!-- made by tests/run reliability -->\n", "<!-- end -->"
HEAD = "| what was injected | where | times | result |\n|---|---|---:|---|\n"


def rows(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        found = [line.rstrip("\n").split("\t")[1:] for line in file if line.startswith("row\t")]
    broken = [row for row in found if len(row) != 4]
    if broken or not found:
        sys.exit(f"not the rows of a table: {broken or path}")
    return found


def masked(row):
    return re.sub(r"\d+", "#", "\t".join(row))


def kept(text):
    lines = text.splitlines()[2:]
    return [re.split(r" *\| *", line.strip().strip("|").strip()) for line in lines if line.startswith("|")]


def main():
    what, source, page = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    table, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{page}: no place for the table")
    found = rows(source)
    if what == "write":
        found.sort(key=lambda row: row[0])
        lines = "".join("| " + " | ".join(row) + " |\n" for row in found)
        with open(page, "w", encoding="utf-8") as file:
            file.write(f"{before}{BEGIN}\n{HEAD}{lines}\n{END}{after}")
        print(f"{page}: {len(found)} rows")
        return
    known = {masked(row) for row in kept(table.strip())}
    strange = [row for row in found if masked(row) not in known]
    for row in strange:
        print("not in the page: " + " | ".join(row))
    if strange:
        sys.exit(f"{page} says something else than the tests: tests/run reliability writes it anew")
    print(f"{page}: {len(found)} rows stand there")


if __name__ == "__main__":
    main()
