"""Measures how time and memory of belowline grow with the number of comments. `make scale` runs it.

    scale.py --belowline BIN --fit BIN COMMENTS.csv TASK [--sizes 10000,100000,1000000] [--plot FILE.svg]

Comments are drawn from COMMENTS.csv with replacement. One word in twenty is changed in a letter or two, so that the vocabulary grows as it
does in life. Trained at the defaults, cross-validation included; predicted from CSV to CSV with the model of the smallest size. BIN of the
example `fit` makes one fit at fixed settings, features included, and counts the non-zero entries of its matrix.
"""

import argparse
import csv
import math
import os
import random
import string
import tempfile

from chart import curve, document, grid_line
from compare import Run, read

CHANGED_WORDS = 0.05


def jittered(text, chance):
    words = text.split(" ")
    for place, word in enumerate(words):
        if len(word) > 3 and chance.random() < CHANGED_WORDS:
            letters = list(word)
            for _ in range(chance.randint(1, 2)):
                letters[chance.randrange(len(letters))] = chance.choice(string.ascii_lowercase)
            words[place] = "".join(letters)
    return " ".join(words)


def write(path, rows, task, size, seed):
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "comment", task])
        for number in range(size):
            row = chance.choice(rows)
            writer.writerow([number, jittered(row["comment"], chance), row[task]])


def measure(program, fit, rows, task, sizes):
    """One line a size: comments, seconds and megabytes of training, the same of predicting, entries, seconds of one fit."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        for size in sizes:
            write(path("train.csv"), rows, task, size, 1)
            model = path(f"model{size}")
            train = Run([program, "train", path("train.csv"), "--task", task, "-o", model, "--quiet"])
            once = Run([fit, path("train.csv"), task])
            write(path("new.csv"), rows, task, size, 2)
            first = path(f"model{sizes[0]}")
            predict = Run([program, "predict", path("new.csv"), "-m", first, "-o", path("out.csv"), "--quiet"])
            lines.append((size, train.seconds, train.megabytes, predict.seconds, predict.megabytes, once.said("entries"), once.said("seconds")))
            print(lines[-1], flush=True)
    return lines


def table(lines):
    out = [
        "| comments | entries, millions | one fit, s | train, s | train, MB | predict, s | predict, rows/s | predict, MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size, train, train_mb, predict, predict_mb, entries, once in lines:
        cells = [f"{size:,}", f"{entries / 1e6:.1f}", f"{once:.1f}", f"{train:.1f}", f"{train_mb:.0f}"]
        cells += [f"{predict:.2f}", f"{size / predict:.0f}", f"{predict_mb:.0f}"]
        out.append(f"| {' | '.join(cells)} |")
    return "\n".join(out)


def plot(lines):
    """Seconds (left) and megabytes (right) against comments, both axes logarithmic."""
    sizes = [line[0] for line in lines]
    panels = (("seconds", 1, 3), ("megabytes", 2, 4))
    svg = []
    for panel, (unit, train, predict) in enumerate(panels):
        values = [line[k] for line in lines for k in (train, predict)]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        left, width, top, height = 50 + panel * 320, 240, 30, 210
        x = lambda size: left + width * math.log(size / sizes[0]) / (math.log(sizes[-1] / sizes[0]) or 1)
        y = lambda value: top + height - height * (math.log10(value) - low) / (high - low)
        svg.append(f"<text x='{left}' y='18'>{unit}</text>")
        for power in range(low, high + 1):
            svg += grid_line(left, width, y(10**power), f"{10.0**power:g}")
        for size in sizes:
            svg.append(f"<text x='{x(size):.1f}' y='{top + height + 18}' text-anchor='middle'>{size:,}</text>")
        for name, column, colour, dashes in (("train", train, "#1f5fa8", ""), ("predict", predict, "#b04a00", "6 4")):
            svg.append(curve([(x(line[0]), y(line[column])) for line in lines], colour, dashes))
            svg.append(f"<text x='{left + width + 4}' y='{y(lines[-1][column]) + 4:.1f}' fill='{colour}'>{name}</text>")
    svg.append("<text x='320' y='290' text-anchor='middle'>comments</text>")
    return document("Time and memory by number of comments", svg)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comments")
    parser.add_argument("task")
    parser.add_argument("--belowline", required=True)
    parser.add_argument("--fit", required=True)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    rows = [row for row in read(arguments.comments)[1] if row[arguments.task].strip()]
    lines = measure(arguments.belowline, arguments.fit, rows, arguments.task, [int(size) for size in arguments.sizes.split(",")])
    print(table(lines))
    if arguments.plot:
        with open(arguments.plot, "w", encoding="utf-8") as file:
            file.write(plot(lines))


if __name__ == "__main__":
    main()
