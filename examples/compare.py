"""Times belowline and what one would take instead of it, on the same comments in one run. `make compare` runs it.

    compare.py --belowline BIN --fit BIN DATA [--set NAME]... [--rounds N] [--rows N]

DATA is a folder whose sub-folders hold train.csv and, if they have them, dev.csv and articles.csv. Without dev.csv a fifth of the rows is kept
apart. Rows to predict are repeated until there are --rows of them.

Measured, in seconds: one fit at fixed settings, features included (BIN of the example `fit`); `belowline train` at its defaults, cross-validation
included, and `belowline predict` as whole processes, from CSV to CSV with all probabilities. Of the other packages only what they do between having
read the texts and writing the results: making features, fitting, predicting; of the program `fasttext` whole processes, on lines prepared beforehand.
Each round runs everything once, one after the other, but for `belowline predict` and `fasttext predict-prob`, which are over in an instant: they
run again and again for two seconds, and the mean counts. Printed are ratios, the median over the rounds, and peak memory of whole processes.
"""

import argparse
import csv
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

import peers

TASKS = ("stance", "tone")
SETTLED_SECONDS = 2
HERE = os.path.dirname(os.path.abspath(__file__))


# Runs a command and tells its seconds and kilobytes. A process of its own, and a small one: a child's peak memory is never less than
# what its parent had when it began.
WATCH = """
import os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
with open(sys.argv[1], "w") as file:
    print(time.perf_counter() - start, usage.ru_maxrss, file=file)
sys.exit(os.waitstatus_to_exitcode(status) and 1)
"""


class Run:
    """A finished child process."""

    def __init__(self, command, stdout=subprocess.PIPE):
        with tempfile.NamedTemporaryFile("r") as figures:
            watched = [sys.executable, "-c", WATCH, figures.name] + command
            done = subprocess.run(watched, stdout=stdout, stderr=subprocess.PIPE)
            if done.returncode != 0:
                raise RuntimeError(f"{command[0]} failed: {done.stderr.decode().strip()}")
            seconds, kilobytes = figures.read().split()
        self.out = (done.stdout or b"").decode()
        self.seconds, self.megabytes = float(seconds), float(kilobytes) / 1024

    def said(self, word):
        return next(float(line.split()[1]) for line in self.out.splitlines() if line.startswith(word + " "))


def settled(run, out):
    """Mean seconds and largest memory of a short run, done again, into a new file each time, until a second or two is over: what takes
    a tenth of one by itself says more of what else the machine does than of the program."""
    runs = []
    while sum(r.seconds for r in runs) < SETTLED_SECONDS:
        if os.path.exists(out):
            os.remove(out)
        runs.append(run())
    return statistics.mean(r.seconds for r in runs), max(r.megabytes for r in runs)


def read(path):
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return reader.fieldnames, list(reader)


def data_sets(data):
    """Names of the sub-folders that hold train.csv."""
    return sorted(name for name in os.listdir(data) if os.path.exists(os.path.join(data, name, "train.csv")))


class DataSet:
    """Rows to train on and rows to predict, in the files that each program reads."""

    def __init__(self, data, name, folder, wanted_rows):
        self.name, self.folder = name, folder
        self.columns, rows = read(os.path.join(data, name, "train.csv"))
        self.task = next(task for task in TASKS if task in self.columns)
        rows = [row for row in rows if row[self.task].strip()]
        dev = os.path.join(data, name, "dev.csv")
        if os.path.exists(dev):
            self.train, self.test = rows, [row for row in read(dev)[1] if row[self.task].strip()]
        else:
            random.Random(1).shuffle(rows)
            self.train, self.test = rows[len(rows) // 5:], rows[:len(rows) // 5]
        self.several = any("|" in row[self.task] for row in self.train)
        self.repeated = [self.test[i % len(self.test)] for i in range(max(wanted_rows, len(self.test)))]
        self.articles = os.path.join(data, name, "articles.csv")
        if not os.path.exists(self.articles):
            self.articles = None
        self.article_options = ["--articles", self.articles] if self.articles else []
        self.write_for_belowline()
        self.write_for_peers()
        self.inputs = set(os.listdir(folder))

    def clear(self):
        """Removes what a program wrote: to replace a large file takes some systems longer than to write one."""
        for name in set(os.listdir(self.folder)) - self.inputs:
            os.remove(self.path(name))

    def path(self, name):
        return os.path.join(self.folder, name)

    def fit(self, program):
        """What the example `fit`, as `program`, is called with."""
        return [program, self.path("train.csv"), self.task] + self.article_options[1:]

    def write_for_belowline(self):
        for name, rows in (("train.csv", self.train), ("test.csv", self.repeated)):
            with open(self.path(name), "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, self.columns)
                writer.writeheader()
                writer.writerows(rows)

    def write_for_peers(self):
        texts = {}
        if self.articles:
            texts = {row["article_id"]: f"{row.get('title', '')}\n{row['body']}" for row in read(self.articles)[1]}
        with open(self.path("rows.csv"), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "fold", "labels", "weight", "comment", "target", "article", "parent"])
            for number, (fold, row) in enumerate([("", r) for r in self.train] + [("test", r) for r in self.repeated]):
                article = row.get("article") or texts.get(row.get("article_id", ""), "")
                writer.writerow([number, fold, row[self.task], 1, row["comment"], row.get("target", ""), article, row.get("parent", "")])

    def macro_f1(self, predicted):
        """Of the rows that are not repetitions; `predicted` has one cell a row."""
        gold = [set(filter(None, row[self.task].split("|"))) for row in self.test]
        predicted = [set(filter(None, cell.split("|"))) for cell in predicted[:len(gold)]]
        scores = []
        for label in sorted(set().union(*gold)):
            hits = sum(label in g and label in p for g, p in zip(gold, predicted))
            said = sum(label in p for p in predicted)
            there = sum(label in g for g in gold)
            scores.append(2 * hits / (said + there))
        return statistics.mean(scores)


class Measured:
    """Seconds of one program in one round, peak memory, and how good its predictions are."""

    def __init__(self, fit, train, predict, memory, score):
        self.fit, self.train, self.predict, self.memory, self.score = fit, train, predict, memory, score


def belowline(data, program, fit):
    once = Run(data.fit(fit))
    model, out = data.path("model"), data.path("out.csv")
    train = Run([program, "train", data.path("train.csv"), "--task", data.task, "-o", model, "--quiet"] + data.article_options)
    predict = [program, "predict", data.path("test.csv"), "-m", model, "-o", out, "--quiet"] + data.article_options
    seconds, megabytes = settled(lambda: Run(predict), out)
    score = data.macro_f1([row[f"{data.task}_pred"] for row in read(out)[1]])
    return Measured(once.said("seconds"), train.seconds, seconds, (train.megabytes, megabytes), score)


def package(data, peer):
    out = data.path("out.csv")
    run = Run([sys.executable, os.path.join(HERE, "peers.py"), "run", peer.name, data.path("rows.csv"), out] + ["--multi-label"] * data.several)
    score = data.macro_f1([row["predicted"] for row in read(out)[1]])
    return Measured(run.said("seconds"), run.said("seconds"), run.said("predicting"), (run.megabytes, run.megabytes), score)


def fasttext_program(data):
    rows = peers.Rows.read(data.path("rows.csv"))
    classes = rows.classes()
    number = {label: place for place, label in enumerate(classes)}
    prefix = peers.FastText.prefix
    for name, part in (("train.txt", rows.part(lambda r: not r["fold"])), ("test.txt", rows.part(lambda r: r["fold"]))):
        with open(data.path(name), "w", encoding="utf-8") as file:
            for labels, text in zip(part.labels(), peers.one_text(part)):
                marks = " ".join(f"{prefix}{number[label]}" for label in labels) if name == "train.txt" else ""
                file.write(f"{marks} {text}\n")
    settings = "-epoch 25 -lr 0.5 -wordNgrams 2 -minn 2 -maxn 5 -dim 100 -verbose 0".split()
    settings += ["-thread", str(os.cpu_count() or 1), "-loss", "ova" if data.several else "softmax"]
    train = Run(["fasttext", "supervised", "-input", data.path("train.txt"), "-output", data.path("ft")] + settings)

    def predict():
        with open(data.path("out.txt"), "w") as file:
            return Run(["fasttext", "predict-prob", data.path("ft.bin"), data.path("test.txt"), "-1"], file)

    seconds, megabytes = settled(predict, data.path("out.txt"))
    predicted = []
    with open(data.path("out.txt"), encoding="utf-8") as file:
        for line in file:
            cells = line.split()
            found = {classes[int(mark[len(prefix):])]: float(p) for mark, p in zip(cells[::2], cells[1::2])}
            best = max(found, key=found.get, default="")
            predicted.append("|".join(label for label, p in found.items() if p >= 0.5) if data.several else best)
    return Measured(train.seconds, train.seconds, seconds, (train.megabytes, megabytes), data.macro_f1(predicted))


def programs(data, arguments):
    """What is there to be compared, by name."""
    found = {"belowline": lambda: belowline(data, arguments.belowline, arguments.fit)}
    for peer in peers.PEERS:
        if peer is peers.FastText or (data.several and not peer.multi_label):
            continue
        try:
            __import__(peer.module)
        except ImportError:
            print(f"{peer.name} is left out: this Python does not have it", file=sys.stderr)
            continue
        found[peer.name] = lambda peer=peer: package(data, peer)
    if shutil.which("fasttext"):
        found["fastText (program)"] = lambda: fasttext_program(data)
    else:
        print("fastText is left out: there is no program `fasttext`", file=sys.stderr)
    return found


def ratio(values, ours):
    ratios = sorted(value / own for value, own in zip(values, ours))
    shown = lambda r: f"{r:.0f}" if r >= 20 else f"{r:.1f}"
    spread = f" ({shown(ratios[0])} to {shown(ratios[-1])})" if len(ratios) > 1 else ""
    return shown(statistics.median(ratios)) + spread


def table(data, rounds):
    lines = [
        f"**{data.name}**: {len(data.train)} comments to train on, {len(data.repeated)} to predict, "
        f"{statistics.mean(len(r['comment']) for r in data.repeated):.0f} characters each; {len(rounds['belowline'])} rounds. "
        "How many times longer it takes than belowline:",
        "",
        "| program | one fit | against all of `train` | predict | memory in training, MB | in predicting, MB | macro-F1 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    ours = rounds["belowline"]
    for name, measured in rounds.items():
        memory = [f"{max(m.memory[place] for m in measured):.0f}" for place in (0, 1)]
        score = f"{measured[0].score:.3f}"
        if name == "belowline":
            rate = f"1 ({len(data.repeated) / statistics.median(m.predict for m in ours):.0f} rows/s)"
            fit, train = (f"1 ({statistics.median(getattr(m, what) for m in ours):.1f} s)" for what in ("fit", "train"))
            lines.append(f"| belowline | {fit} | {train} | {rate} | {memory[0]} | {memory[1]} | {score} |")
            continue
        of = [ratio([m.train for m in measured], [getattr(m, what) for m in ours]) for what in ("fit", "train")]
        predict = ratio([m.predict for m in measured], [m.predict for m in ours])
        lines.append(f"| {name} | {of[0]} | {of[1]} | {predict} | {memory[0]} | {memory[1]} | {score} |")
    return "\n".join(lines)


def options(description, rounds, rows):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--belowline", required=True)
    parser.add_argument("--fit", required=True)
    parser.add_argument("--set", action="append")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--rows", type=int, default=rows)
    return parser


def main():
    arguments = options(__doc__, rounds=3, rows=20_000).parse_args()
    for name in arguments.set or data_sets(arguments.data):
        with tempfile.TemporaryDirectory() as folder:
            data = DataSet(arguments.data, name, folder, arguments.rows)
            rounds = {}
            for _ in range(arguments.rounds):
                for program, run in programs(data, arguments).items():
                    data.clear()
                    rounds.setdefault(program, []).append(run())
            print(table(data, rounds), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
