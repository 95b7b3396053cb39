"""Measures what a second core is worth to belowline. `make cores` runs it.

    cores.py --belowline BIN --fit BIN DATA [--set NAME]... [--rounds N] [--rows N]

DATA is a folder as `make compare` takes it. Measured, in seconds: learning features from all training comments (by the example `fit`, BIN),
and `belowline predict` as a whole process, from CSV to CSV. In each round both run on one thread, on two, and on one thread in two processes
at once: what those lose, the machine does not have. Printed are medians over the rounds; ratios are medians of each round's own.
"""

import os
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor

from compare import DataSet, Run, data_sets, options


def learn(data, fit, threads, _):
    return Run(["env", f"RAYON_NUM_THREADS={threads}"] + data.fit(fit)).said("features")


def predict(data, program, threads, number):
    out = data.path(f"out{number}.csv")
    command = [program, "predict", data.path("test.csv"), "-m", data.path("model"), "-o", out, "--quiet", "--threads", str(threads)]
    seconds = Run(command + data.article_options).seconds
    os.remove(out)
    return seconds


def measure(run):
    """Seconds on one thread, on two, and on one in two processes at once, until both are done."""
    with ThreadPoolExecutor(2) as both:
        return run(1, 0), run(2, 0), max(both.map(lambda number: run(1, number), (0, 1)))


def line(what, rounds):
    one, two, _ = (statistics.median(seconds) for seconds in zip(*rounds))
    ratios = [one / two for one, two, _ in rounds]
    allowed = statistics.median(2 * one / at_once for one, _, at_once in rounds)
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"| {what} | {one:.3f} | {two:.3f} | {middle:.2f} | {low:.2f} to {high:.2f} | {allowed:.2f} |"


def main():
    parser = options(__doc__, rounds=11, rows=100_000)
    arguments = parser.parse_args()
    if arguments.rounds < 2:
        parser.error("--rounds must be 2 at least: one round has no spread")
    print("| what | 1 thread, s | 2 threads, s | ratio | middle half of ratios | the machine allows |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in arguments.set or data_sets(arguments.data):
        with tempfile.TemporaryDirectory() as folder:
            data = DataSet(arguments.data, name, folder, arguments.rows)
            Run([arguments.belowline, "train", data.path("train.csv"), "--task", data.task, "-o", data.path("model"), "--quiet"] + data.article_options)
            steps = {
                f"learning features, {len(data.train):,} comments of {name}": lambda *how: learn(data, arguments.fit, *how),
                f"predicting {len(data.repeated):,} comments of {name}": lambda *how: predict(data, arguments.belowline, *how),
            }
            rounds = [[measure(run) for run in steps.values()] for _ in range(arguments.rounds)]
            for what, seconds in zip(steps, zip(*rounds)):
                print(line(what, seconds), flush=True)


if __name__ == "__main__":
    main()
