"""Checks the corrected shares of `belowline report` on real comments whose shares of labels have shifted.

One half of a labelled file trains a model. From the other half comments are drawn, time and again, with shares of labels drawn at random, and the
report's corrected shares are compared with these: how often the interval holds the truth, and how far off raw and corrected shares are.
"""

import argparse
import collections
import csv
import json
import pathlib
import random
import subprocess
import tempfile


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comments", help="labelled CSV, one label a comment")
    parser.add_argument("task", help="its label column")
    parser.add_argument("--belowline", required=True, help="the program")
    parser.add_argument("--articles", help="articles that the comments name")
    parser.add_argument("--splits", type=int, default=5, help="how many times the file is halved")
    parser.add_argument("--draws", type=int, default=25, help="draws from each half")
    parser.add_argument("--rows", type=int, default=200, help="comments of each draw")
    return parser.parse_args()


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)


def main():
    args = arguments()
    csv.field_size_limit(1 << 30)
    draw = random.Random(1)
    with open(args.comments, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row[args.task].strip("| \t")]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.splits):
            draw.shuffle(rows)
            found += check(args, draw, rows, pathlib.Path(folder))
    print(f"{args.splits} times half of {len(rows)} comments train; {args.draws} draws of {args.rows} from the other half each")
    for label in sorted({label for label, *_ in found}):
        inside = [truth for name, truth, *_ in found if name == label]
        print(f"  the interval of {label} holds the truth in {sum(inside) / len(inside):.0%} of the draws")
    inside, raw, corrected = (sum(entry[place] for entry in found) / len(found) for place in (1, 2, 3))
    print(f"  all labels: {inside:.1%}; mean error of raw shares {raw:.3f}, of corrected ones {corrected:.3f}")


def check(args, draw, rows, folder):
    """Trains on the first half of the rows. Of each draw and label: name, whether the interval holds the truth, errors of raw and corrected share."""
    with_articles = ["--articles", args.articles] if args.articles else []
    path = lambda name: str(folder / name)

    def run(*command):
        done = subprocess.run([args.belowline, *command, *with_articles, "--quiet"], stdout=subprocess.DEVNULL)
        # 3: some rows were rejected.
        if done.returncode not in (0, 3):
            raise SystemExit(done.returncode)

    half = len(rows) // 2
    write(path("train.csv"), rows[0].keys(), rows[:half])
    write(path("rest.csv"), rows[0].keys(), rows[half:])
    run("train", path("train.csv"), "--task", args.task, "-o", path("model"))
    run("predict", path("rest.csv"), "-m", path("model"), "-o", path("scored.csv"))
    with open(path("scored.csv"), newline="", encoding="utf-8") as file:
        scored = list(csv.DictReader(file))
    labels = sorted({row[args.task] for row in scored})
    found = []
    for _ in range(args.draws):
        weights = [draw.gammavariate(1, 1) for _ in labels]
        drawn = []
        for label, wanted in collections.Counter(draw.choices(labels, weights, k=args.rows)).items():
            of_label = [row for row in scored if row[args.task] == label]
            # No comment twice, as long as there are enough.
            drawn += draw.sample(of_label, wanted) if wanted <= len(of_label) else draw.choices(of_label, k=wanted)
        write(path("drawn.csv"), scored[0].keys(), drawn)
        run("report", path("drawn.csv"), "-m", path("model"), "-o", path("report.json"), "--max-comments", "0")
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        for label in report["tasks"][0]["labels"]:
            if label["corrected"] is None or label["label"] not in labels:
                continue
            truth, estimate = weights[labels.index(label["label"])] / sum(weights), label["corrected"]
            is_inside = estimate["low"] <= truth <= estimate["high"]
            found.append((label["label"], is_inside, abs(label["share"] - truth), abs(estimate["value"] - truth)))
    return found


if __name__ == "__main__":
    main()
