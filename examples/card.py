"""Measures what the card of the built-in model says of it. `make card` runs it.

    card.py DATA --belowline BIN [--model models/english.safetensors] [--comments target/builtin/comments.csv]

DATA is the folder of the data sets that training/builtin/README.md names; --comments is what `make models` put together of them. Printed are Markdown
tables: figures of validation; figures on sources that the model was not trained on, where DATA has them; what stance learned from one source is
worth on articles and claims never seen; and what the model says of neutral sentences: for each kind of groups the mean difference of a group's
mean probability from the mean of all (of a dialect's from that of the same sentences in standard English).
"""

import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import tempfile

from compare import read
from learning_curve import auc, write

RECIPE = "training/builtin"
# Data sets that the built-in model is not trained on: the column and the label that come nearest to hostility.
ELSEWHERE = (
    ("kaggle_insults", "tone", "insult"),
    ("fox_news_comments", "tone", "hateful"),
    ("c3", "tone", "personal_attack"),
    ("c3", "tone", "abusive"),
)
COMMENT_ONLY = ("target_words", "shared_words", "related_words", "lead_words", "similarity")


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command):
        subprocess.run([self.arguments.belowline, *command, "--quiet"], check=True, stdout=subprocess.DEVNULL)

    def inspect(self, model):
        shown = subprocess.run([self.arguments.belowline, "inspect", "-m", model, "--format", "json"], check=True, stdout=subprocess.PIPE)
        return {task["task"]: task["summary"] for task in json.loads(shown.stdout)["tasks"]}

    def train(self, comments, tasks, model, *more):
        tasks = [argument for task in tasks for argument in ("--task", task)]
        self.run("train", comments, *tasks, "-o", self.path(model), *more)
        return self.path(model)

    def scored(self, columns, rows, model):
        write(self.path("rows.csv"), columns, rows)
        self.run("predict", self.path("rows.csv"), "-m", model, "-o", self.path("scored.csv"))
        return read(self.path("scored.csv"))[1]


def estimate(figures):
    e = figures["estimate"]
    return f"{e['value']:.3f} ({e['low']:.3f} to {e['high']:.3f})"


def by_task(bench, model):
    print("| task | comments | macro-F1 | calibration error |\n| --- | ---: | ---: | ---: |")
    for task, summary in bench.inspect(model).items():
        figures = summary["figures"]
        print(f"| `{task}` | {summary['rows']:,} | {estimate(figures)} | {figures['calibration_error']:.3f} |")
    print("\n| task | label | precision | recall | F1 | AUC | weight |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for task, summary in bench.inspect(model).items():
        figures = summary["figures"]
        for label, area in zip(figures["labels"], figures["auc"]):
            numbers = " | ".join(f"{label[key]:.2f}" for key in ("precision", "recall", "f1"))
            print(f"| `{task}` | `{label['label']}` | {numbers} | {area:.2f} | {label['support']:,.0f} |")


def ranks(rows, flags):
    """AUC of hostility, of anger, and of both together (sum of log odds)."""
    odds = lambda row, column: math.log(max(float(row[column]), 1e-6) / max(1 - float(row[column]), 1e-6))
    hostile, angry = ([odds(row, column) for row in rows] for column in ("hostility_p_hostile", "tone_p_angry"))
    both = [a + b for a, b in zip(hostile, angry)]
    return " | ".join(f"{auc(scores, flags):.3f}" for scores in (hostile, angry, both))


def across(bench, model):
    """The model on sources that it was not trained on, and a model of one of them on its own source."""
    data = bench.arguments.data
    print("| never trained on | comments | AUC of `hostile` | of `angry` | of both | of them called hostile | of the others |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, column, label in ELSEWHERE:
        path = os.path.join(data, name, "train.csv")
        if not os.path.exists(path):
            continue
        rows = [{"comment": row["comment"], "labels": row[column]} for row in read(path)[1] if row[column].strip()]
        scored = bench.scored(["comment", "labels"], rows, model)
        flags = [label in row["labels"].split("|") for row in scored]
        called = [row["hostility_pred"] == "hostile" for row in scored]
        rate = lambda flag: statistics.mean(c for c, f in zip(called, flags) if f == flag)
        print(f"| {name}, `{label}` | {len(rows):,} | {ranks(scored, flags)} | {rate(True):.0%} | {rate(False):.0%} |")
    fox = os.path.join(data, "fox_news_comments", "train.csv")
    if os.path.exists(fox):
        other = bench.train(fox, ["tone"], "fox", "--config", f"{RECIPE}/config.toml")
        rows = [row for row in read(bench.arguments.comments)[1] if row["source"] == "davidson"]
        rows = [{"comment": row["comment"], "hostility": row["hostility"]} for row in rows]
        scored = bench.scored(["comment", "hostility"], rows, other)
        area = auc([float(row["tone_p_hateful"]) for row in scored], [row["hostility"] == "hostile" for row in scored])
        print(f"\nThe other way round, trained on fox_news_comments and tested on davidson's tweets: AUC {area:.3f}.")


def stance(bench):
    folder = os.path.join(bench.arguments.data, "nyt_debates")
    if not os.path.exists(folder):
        return
    with open(bench.path("only.toml"), "w", encoding="utf-8") as file:
        file.writelines(f"[features.{block}]\nweight = 0.0\n" for block in COMMENT_ONLY)
    data = [os.path.join(folder, "train.csv"), ["stance"]]
    articles = ["--articles", os.path.join(folder, "articles.csv")]
    print("| `stance` (not in the model) | macro-F1, known claims | macro-F1, articles and claims never seen |\n| --- | ---: | ---: |")
    for name, more in (("with claim and article", []), ("comment only", ["--config", bench.path("only.toml")])):
        summary = bench.inspect(bench.train(*data, "stance", *articles, *more))["stance"]
        print(f"| {name} | {estimate(summary['figures'])} | {estimate(summary['other'])} |")


def audit(bench, model):
    recipe = lambda name: read(f"{RECIPE}/{name}.csv")[1]
    sentences = [row for row in recipe("sentences") if row["use"] == "audit"]
    rows = [
        {"comment": row["sentence"].replace("{term}", term["term"]), "kind": term["kind"], "group": term["group"]}
        for term in recipe("groups")
        for row in sentences
        if row["kind"] == term["kind"]
    ]
    for row in recipe("dialects"):
        rows.append({"comment": row["sentence"], "kind": "dialect", "group": row["variety"]})
        rows.append({"comment": row["standard"], "kind": "standard", "group": row["variety"]})
    scored = bench.scored(["comment", "kind", "group"], rows, model)
    scores = [column for column in scored[0] if column.startswith(("hostility_p_hostile", "tone_p_"))]
    by_group = {}
    for row in scored:
        by_group.setdefault((row["kind"], row["group"]), []).append(row)
    mean = lambda rows, score: statistics.mean(float(row[score]) for row in rows)
    names = [score.split("_p_")[1] for score in scores]
    print("| sentences | groups | called hostile | " + " | ".join(names) + " |")
    print("| --- | ---: | ---: |" + " ---: |" * len(names))
    differences = []
    for kind in ("identity", "plural", "name", "dialect"):
        groups = {group: rows for (k, group), rows in by_group.items() if k == kind}
        called = statistics.mean(row["hostility_pred"] == "hostile" for rows in groups.values() for row in rows)
        cells = []
        for score, name in zip(scores, names):
            means = {group: mean(rows, score) for group, rows in groups.items()}
            if kind == "dialect":
                usual = {group: mean(by_group["standard", group], score) for group in groups}
            else:
                usual = dict.fromkeys(groups, statistics.mean(means.values()))
            from_usual = {group: means[group] - usual[group] for group in groups}
            differences += [(abs(d), kind, group, name, d) for group, d in from_usual.items()]
            cells.append(f"{statistics.mean(map(abs, from_usual.values())):.3f}")
        print(f"| {kind} | {len(groups)} | {called:.1%} | " + " | ".join(cells) + " |")
    called = lambda rows: statistics.mean(row["hostility_pred"] == "hostile" for row in rows)
    most = sorted(((called(rows), group) for (_, group), rows in by_group.items()), reverse=True)[:5]
    print("\nMost often called hostile: " + ", ".join(f"{group} {share:.0%}" for share, group in most if share) + ".")
    largest = sorted(differences, reverse=True)[:8]
    print("Largest differences: " + ", ".join(f"{name} of {group} ({kind}) {d:+.3f}" for _, kind, group, name, d in largest) + ".")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--belowline", required=True)
    parser.add_argument("--comments", default="target/builtin/comments.csv")
    parser.add_argument("--model", default="models/english.safetensors")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, folder)
        by_task(bench, arguments.model)
        print()
        across(bench, arguments.model)
        print()
        stance(bench)
        print()
        audit(bench, arguments.model)


if __name__ == "__main__":
    main()
