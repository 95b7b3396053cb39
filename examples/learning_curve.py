"""Shows what a base model is worth to few labels of one's own. `make curves` runs it.

    learning_curve.py --belowline BIN --curve NAME COMMENTS.csv TASK LABEL BASE SCORE [--curve ...] [--sizes 50,100,...] [--draws 5] [--plot FILE.svg]

Of each COMMENTS.csv three rows in ten are kept apart, the same for all. From the others, labels of growing number are drawn, --draws times;
with each draw belowline is trained at its defaults from scratch and with --base BASE, and both score the rows kept apart. SCORE is the
column in which BASE alone says how likely LABEL is, as in `hostility_p_hostile`. Printed are the means over the draws: area under the ROC
curve of LABEL, and macro-F1.
"""

import argparse
import csv
import math
import os
import random
import statistics
import subprocess
import tempfile

import chart
from compare import read

KEPT_APART = 0.3


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def auc(scores, flags):
    """Chance that a flagged row has a higher score than another; ties count half."""
    ranked = sorted(zip(scores, flags))
    positive = sum(flags)
    total, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        total += sum(flag for _, flag in ranked[place:end]) * (place + 1 + end) / 2
        place = end
    return (total - positive * (positive + 1) / 2) / (positive * (len(flags) - positive))


def macro_f1(gold, predicted):
    labels = sorted(set(gold))
    scores = []
    for label in labels:
        right = sum(g == p == label for g, p in zip(gold, predicted))
        scores.append(2 * right / max(1, gold.count(label) + predicted.count(label)))
    return statistics.mean(scores)


class Curve:
    def __init__(self, program, name, comments, task, label, base, score, folder):
        self.program, self.name, self.task, self.label, self.base, self.score = program, name, task, label, base, score
        columns, rows = read(comments)
        rows = [row for row in rows if row[task].strip()]
        random.Random(1).shuffle(rows)
        apart = int(len(rows) * KEPT_APART)
        self.columns = [column for column in columns if column in ("id", "article", "parent", "target", "comment", task)]
        keep = lambda rows: [{column: row[column] for column in self.columns} for row in rows]
        self.test, self.train = keep(rows[:apart]), keep(rows[apart:])
        self.path = lambda file: os.path.join(folder, file)
        write(self.path("test.csv"), self.columns, self.test)

    def run(self, *arguments):
        subprocess.run([self.program, *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)

    def predicted(self, model):
        self.run("predict", self.path("test.csv"), "-m", model, "-o", self.path("out.csv"))
        return read(self.path("out.csv"))[1]

    def measured(self, model):
        rows = self.predicted(model)
        flags = [row[self.task] == self.label for row in rows]
        ranks = auc([float(row[f"{self.task}_p_{self.label}"]) for row in rows], flags)
        return ranks, macro_f1([row[self.task] for row in rows], [row[f"{self.task}_pred"] for row in rows])

    def alone(self):
        rows = self.predicted(self.base)
        return auc([float(row[self.score]) for row in rows], [row[self.task] == self.label for row in rows])

    def points(self, sizes, draws):
        """One a size: labels, then mean AUC and macro-F1 from scratch, and the same from the base."""
        points = []
        for size in sorted({min(size, len(self.train)) for size in sizes}):
            scratch, adapted = [], []
            for draw in range(draws if size < len(self.train) else 1):
                rows = self.train[:]
                random.Random(draw).shuffle(rows)
                write(self.path("train.csv"), self.columns, rows[:size])
                train = ["train", self.path("train.csv"), "--task", self.task, "-o", self.path("model")]
                self.run(*train)
                scratch.append(self.measured(self.path("model")))
                self.run(*train, "--base", self.base)
                adapted.append(self.measured(self.path("model")))
            mean = lambda found: tuple(statistics.mean(values) for values in zip(*found))
            points.append((size, *mean(scratch), *mean(adapted)))
            print(self.name, points[-1], flush=True)
        return points


def table(name, alone, points):
    out = [
        f"{name}: the base alone has an AUC of {alone:.3f}",
        "",
        "| labels | AUC from scratch | AUC from the base | macro-F1 from scratch | macro-F1 from the base |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for size, scratch, scratch_f1, adapted, adapted_f1 in points:
        out.append(f"| {size:,} | {scratch:.3f} | {adapted:.3f} | {scratch_f1:.3f} | {adapted_f1:.3f} |")
    return "\n".join(out) + "\n"


def plot(curves):
    """AUC against labels (logarithmic), a panel a curve."""
    svg = []
    low, high = 0.5, 1.0
    for panel, (name, alone, points) in enumerate(curves):
        left, width, top, height = 40 + panel * 310, 230, 30, 210
        powers = [math.log(size) for size, *_ in points]
        x = lambda power: left + width * (power - powers[0]) / ((powers[-1] - powers[0]) or 1)
        y = lambda value: top + height - height * (value - low) / (high - low)
        svg.append(f"<text x='{left}' y='18'>{name}: AUC</text>")
        for tenth in range(5, 11):
            svg += chart.grid_line(left, width, y(tenth / 10), tenth / 10)
        for power, (size, *_) in zip(powers, points):
            svg.append(f"<text x='{x(power):.1f}' y='{top + height + 18}' text-anchor='middle'>{size}</text>")
        at = y(alone)
        svg.append(f"<line x1='{left}' x2='{left + width}' y1='{at:.1f}' y2='{at:.1f}' stroke='#666' stroke-dasharray='2 3'/>")
        for column, colour, dashes in ((1, "#b04a00", "6 4"), (3, "#1f5fa8", "")):
            line = [(x(power), y(point[column])) for power, point in zip(powers, points)]
            svg.append(chart.curve(line, colour, dashes))
    legend = (("from the base", "#1f5fa8", ""), ("from scratch", "#b04a00", "6 4"), ("base alone", "#666", "2 3"))
    for place, (name, colour, dashes) in enumerate(legend):
        at = 60 + place * 140
        svg.append(f"<line x1='{at}' x2='{at + 24}' y1='282' y2='282' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>")
        svg.append(f"<text x='{at + 30}' y='286'>{name}</text>")
    svg.append("<text x='560' y='286' text-anchor='middle'>labels</text>")
    return chart.document("Area under the ROC curve by number of labels", svg)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--belowline", required=True)
    parser.add_argument("--curve", nargs=6, action="append", required=True, metavar=("NAME", "COMMENTS", "TASK", "LABEL", "BASE", "SCORE"))
    parser.add_argument("--sizes", default="50,100,200,500,1000,1000000")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    curves = []
    for curve in arguments.curve:
        with tempfile.TemporaryDirectory() as folder:
            curve = Curve(arguments.belowline, *curve, folder)
            alone = curve.alone()
            curves.append((curve.name, alone, curve.points([int(size) for size in arguments.sizes.split(",")], arguments.draws)))
    print()
    for curve in curves:
        print(table(*curve))
    if arguments.plot:
        with open(arguments.plot, "w", encoding="utf-8") as file:
            file.write(plot(curves))


if __name__ == "__main__":
    main()
