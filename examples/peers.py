"""What one would take instead of belowline, cross-validated on given folds. `make quality` and `make compare` run it; it can be
run by hand.

    peers.py list
        One line a peer, tab-separated: its name; its version, or nothing if it cannot be imported; whether it can learn several
        labels a comment (`multi-label`) or not (`single-label`).

    peers.py run PEER ROWS.csv OUT.csv [--multi-label]
        Trains on all folds but one and predicts that one, for each fold. Prints `seconds S`: what the trainings took together,
        making features included, reading files and predicting not; and `predicting S`: the same for predicting.

ROWS.csv, UTF-8: `row` (a number, passed through), `fold` (empty: in every training part, never predicted), `labels` (several
joined by `|`), `weight`, `comment`, and the contexts `target`, `article`, `parent`, empty where there is none.
OUT.csv: `row`, `predicted` (labels joined by `|`), then a column a label, in code-point order, with its probability.

Labels are decided as the packages do by default: the likeliest one; of several, each of at least 0.5.
"""

import argparse
import csv
import importlib
import importlib.metadata
import os
import re
import sys
import tempfile
import time

TOKEN = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
CONTEXTS = ("target", "article", "parent")
# For peers that know one text only: words of a context are told from the comment's by a prefix, and a long article must not
# drown the comment.
CONTEXT_WORDS = 400


class Rows:
    """Rows of a file, or some of them."""

    def __init__(self, rows):
        self.rows = rows

    @classmethod
    def read(cls, path):
        csv.field_size_limit(1 << 30)
        shared = {}
        with open(path, encoding="utf-8", newline="") as file:
            # Many rows share an article: one string serves them all.
            rows = [{name: shared.setdefault(cell, cell) for name, cell in row.items()} for row in csv.DictReader(file)]
        return cls(rows)

    def __len__(self):
        return len(self.rows)

    def column(self, name):
        return [row[name] for row in self.rows]

    def labels(self):
        """The labels of each row, as a list."""
        return [[label for label in row["labels"].split("|") if label] for row in self.rows]

    def weights(self):
        return [float(row["weight"]) for row in self.rows]

    def classes(self):
        """All labels, in code-point order."""
        return sorted({label for labels in self.labels() for label in labels})

    def folds(self):
        return sorted({row["fold"] for row in self.rows if row["fold"]})

    def part(self, wanted):
        return Rows([row for row in self.rows if wanted(row)])


class ScikitLearn:
    """TF-IDF of words, characters and contexts into a logistic regression. Several labels are learned without weights."""

    name, package, module, multi_label = "scikit-learn", "scikit-learn", "sklearn", True

    def fit(self, rows, classes, several):
        import numpy as np
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        views = [
            ("comment", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
            ("comment", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)),
            ("target", TfidfVectorizer(ngram_range=(1, 2))),
            ("article", TfidfVectorizer(sublinear_tf=True, min_df=2)),
            ("parent", TfidfVectorizer(sublinear_tf=True, min_df=2)),
        ]
        self.views, parts = [], []
        for column, vectorizer in views:
            texts = rows.column(column)
            if not any(texts):
                continue
            try:
                parts.append(vectorizer.fit_transform(texts))
            except ValueError:
                # No word of the column is in the training part often enough.
                continue
            self.views.append((column, vectorizer))
        features = hstack(parts).tocsr()
        self.several = several
        if several:
            gold = np.array([[label in labels for label in classes] for labels in rows.labels()], dtype=int)
            one = LogisticRegression(C=5, max_iter=300, solver="liblinear", class_weight="balanced")
            self.model = OneVsRestClassifier(one).fit(features, gold)
        else:
            gold = np.array([classes.index(labels[0]) for labels in rows.labels()])
            self.model = LogisticRegression(C=5, max_iter=300, class_weight="balanced")
            self.model.fit(features, gold, sample_weight=np.array(rows.weights()))

    def probabilities(self, rows, classes):
        import numpy as np
        from scipy.sparse import hstack

        features = hstack([vectorizer.transform(rows.column(column)) for column, vectorizer in self.views]).tocsr()
        found = self.model.predict_proba(features)
        if self.several:
            return found
        all_classes = np.zeros((len(rows), len(classes)))
        all_classes[:, self.model.classes_] = found
        return all_classes


class FastText:
    """fastText's supervised mode, with character n-grams; contexts as prefixed words. It knows no weights."""

    name, package, module, multi_label = "fastText", "fasttext-wheel", "fasttext", True
    prefix = "__label__"

    def fit(self, rows, classes, several):
        import fasttext

        number = {label: place for place, label in enumerate(classes)}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "train.txt")
            with open(path, "w", encoding="utf-8") as file:
                for labels, text in zip(rows.labels(), one_text(rows)):
                    marks = " ".join(f"{self.prefix}{number[label]}" for label in labels)
                    file.write(f"{marks} {text}\n")
            self.model = fasttext.train_supervised(
                path, epoch=25, lr=0.5, wordNgrams=2, minn=2, maxn=5, dim=100, loss="ova" if several else "softmax",
                thread=os.cpu_count() or 1, verbose=0,
            )

    def probabilities(self, rows, classes):
        table = []
        for text in one_text(rows):
            line = [0.0] * len(classes)
            # Not `predict`: of a single text it fails under NumPy 2, of a list it repeats the first label's probability.
            for probability, mark in self.model.f.predict(text + "\n", -1, 0.0, "strict"):
                # Rounding inside fastText can exceed 1 by a little.
                line[int(mark[len(self.prefix):])] = min(probability, 1.0)
            table.append(line)
        return table


class VowpalWabbit:
    """One against all with a namespace a context, crossed with the target."""

    name, package, module, multi_label = "Vowpal Wabbit", "vowpalwabbit", "vowpalwabbit", False
    passes = 10

    def fit(self, rows, classes, several):
        import vowpalwabbit

        number = {label: place + 1 for place, label in enumerate(classes)}
        lines = [
            f"{number[labels[0]]} {weight} {text}"
            for labels, weight, text in zip(rows.labels(), rows.weights(), self.lines(rows))
        ]
        self.model = vowpalwabbit.Workspace(
            f"--oaa {len(classes)} --probabilities --loss_function logistic -b 22 --ngram c2 -q ct -l 0.5 --quiet"
        )
        for _ in range(self.passes):
            for line in lines:
                self.model.learn(line)

    def probabilities(self, rows, classes):
        return [self.model.predict(line) for line in self.lines(rows)]

    @staticmethod
    def lines(rows):
        # `:` and `|` are the format's own.
        words = lambda text: " ".join(TOKEN.findall(text.lower())).replace(":", " ").replace("|", " ")
        names = ("comment",) + CONTEXTS
        return [" ".join(f"|{name[0]} {words(row[name])}" for name in names) for row in rows.rows]


PEERS = (ScikitLearn, FastText, VowpalWabbit)


def one_text(rows):
    """Comment and contexts as one line of words each."""
    lines = []
    for row in rows.rows:
        words = TOKEN.findall(row["comment"].lower())
        for name in CONTEXTS:
            words += [f"{name[0]}_{word}" for word in TOKEN.findall(row[name].lower())[:CONTEXT_WORDS]]
        # A comment must not bring a label of its own.
        lines.append(" ".join(words).replace(FastText.prefix, "label"))
    return lines


def show():
    for peer in PEERS:
        try:
            importlib.import_module(peer.module)
            version = importlib.metadata.version(peer.package)
        except importlib.metadata.PackageNotFoundError:
            # Installed under another name, as forks are.
            version = "of unknown version"
        except ImportError:
            version = ""
        print(peer.name, version, "multi-label" if peer.multi_label else "single-label", sep="\t")


def run(peer, rows_path, out_path, several):
    rows = Rows.read(rows_path)
    classes = rows.classes()
    seconds = predicting = 0.0
    with open(out_path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "predicted"] + classes)
        for fold in rows.folds():
            held = rows.part(lambda row: row["fold"] == fold)
            train = rows.part(lambda row: row["fold"] != fold)
            model = peer()
            start = time.perf_counter()
            model.fit(train, classes, several)
            seconds += time.perf_counter() - start
            start = time.perf_counter()
            table = model.probabilities(held, classes)
            predicting += time.perf_counter() - start
            for row, found in zip(held.column("row"), table):
                places = range(len(classes))
                if several:
                    predicted = [classes[k] for k in places if found[k] >= 0.5]
                else:
                    predicted = [classes[max(places, key=found.__getitem__)]]
                writer.writerow([row, "|".join(predicted)] + [f"{p:.9g}" for p in found])
    print(f"seconds {seconds:.3f}")
    print(f"predicting {predicting:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    runner = commands.add_parser("run")
    runner.add_argument("peer", choices=[peer.name for peer in PEERS])
    runner.add_argument("rows")
    runner.add_argument("out")
    runner.add_argument("--multi-label", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "list":
        show()
        return
    peer = next(peer for peer in PEERS if peer.name == arguments.peer)
    if arguments.multi_label and not peer.multi_label:
        sys.exit(f"{peer.name} learns one label a comment only")
    run(peer, arguments.rows, arguments.out, arguments.multi_label)


if __name__ == "__main__":
    main()
