# SPDX-License-Identifier: Apache-2.0
"""The table, the budgets and the JSON."""
import json
import os
import statistics

NOT_PEERS = ("bound", "tilla", "tilla-single", "recompressed layers")


class Result:
    """One work: a series of samples for each contestant, or why it has none."""

    def __init__(self, work, title, unit="ms"):
        self.work = work
        self.title = title
        self.unit = unit
        self.values = {}    # contestant: [milliseconds or KiB]
        self.cores = {}     # contestant: [processors kept busy]
        self.failures = {}  # contestant: reason

    def add(self, name, value, cores=None):
        self.values.setdefault(name, []).append(value)
        if cores is not None:
            self.cores.setdefault(name, []).append(cores)

    def fail(self, name, reason):
        self.failures[name] = reason
        self.values.pop(name, None)

    def median(self, name):
        values = self.values.get(name)
        return statistics.median(values) if values else None

    def best_peer(self):
        peers = [(self.median(name), name) for name in self.values if name not in NOT_PEERS]
        return min(peers, default=(None, None))


class Budget:
    """tilla's median of `work`, over that of `against` (a contestant, "best peer", or None)."""

    def __init__(self, work, limit, against=None):
        self.work = work
        self.limit = limit
        self.against = against

    def text(self, result):
        if self.against is None:
            return f"{self.work}: tilla <= {self.limit:g} {result.unit}"
        name = self.against
        if name == "best peer":
            name += f" ({result.best_peer()[1]})"
        return f"{self.work}: tilla <= {self.limit:g} x {name}"

    def measured(self, result):
        own = result.median("tilla")
        if self.against is None or own is None:
            return own
        other = result.best_peer()[0] if self.against == "best peer" else result.median(self.against)
        return own / other if other else None


def budgets():
    for image in ("busybox", "debian", "devel"):
        for suffix in ("gzip", "zstd"):
            yield Budget(f"load-{image}-{suffix}", 1.5, "bound")
            yield Budget(f"load-{image}-{suffix}", 0.35, "best peer")
    yield Budget("memory", 65536)
    yield Budget("prepare", 1.0)
    yield Budget("diff-one", 10)
    yield Budget("diff-many", 0.1, "podman")
    yield Budget("commit-one", 15)
    yield Budget("commit-many", 0.15, "podman")
    yield Budget("export-debian", 0.35, "podman")
    yield Budget("export-devel", 0.35, "podman")
    yield Budget("save", 0, "recompressed layers")
    for work in ("images", "history", "inspect"):
        yield Budget(work, 8)


def judge(results):
    """Verdicts as (budget's text, measured or None, limit)."""
    verdicts = []
    for budget in budgets():
        for result in results:
            if result.work != budget.work:
                continue
            if budget.work == "save":
                again = result.median("recompressed layers")
                verdicts.append(("save: layers that are not the ones that came in", again, 0))
            else:
                verdicts.append((budget.text(result), budget.measured(result), budget.limit))
    return verdicts


def cell(value, form="{:>10.2f}"):
    return form.format(value) if value is not None else " " * 10


def describe(result):
    lines = ["", f"{result.title} ({result.work}: {result.unit})",
             f"  {'':<20}{'median':>10}{'least':>10}{'most':>10}{'x bound':>10}{'x best':>10}{'cores':>10}"]
    bound, (best, _) = result.median("bound"), result.best_peer()
    for name in list(result.values) + [name for name in result.failures if name not in result.values]:
        if name not in result.values:
            lines.append(f"  {name:<20}  DOES NOT WORK HERE: {result.failures[name]}")
            continue
        values, median = result.values[name], result.median(name)
        cores = result.cores.get(name)
        lines.append(f"  {name:<20}{cell(median)}{cell(min(values))}{cell(max(values))}"
                     f"{cell(median / bound if bound else None)}{cell(median / best if best else None)}"
                     f"{cell(statistics.median(cores) if cores else None)}".rstrip())
    return "\n".join(lines)


def describe_verdicts(verdicts):
    lines = ["", "budgets"]
    for text, measured, limit in verdicts:
        if measured is None:
            lines.append(f"  {'--':<5}{'':>10}  {text}: not measured")
        else:
            lines.append(f"  {'pass' if measured <= limit else 'MISS':<5}{measured:>10.2f}  {text}")
    return "\n".join(lines)


def read_results(path):
    """The results of an earlier run, to add to."""
    results = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for work in json.load(file)["works"]:
                result = Result(work["id"], work["title"], work["unit"])
                result.values = {one["name"]: one["values"] for one in work["results"] if "values" in one}
                result.cores = {one["name"]: one["cores"] for one in work["results"] if one.get("cores")}
                result.failures = {one["name"]: one["failure"] for one in work["results"] if "failure" in one}
                results.append(result)
    return results


def write_results(path, machine, results):
    works = []
    for result in results:
        series = [{"name": name, "median": result.median(name), "values": values, "cores": result.cores.get(name)}
                  for name, values in result.values.items()]
        series += [{"name": name, "failure": reason} for name, reason in result.failures.items()]
        works.append({"id": result.work, "title": result.title, "unit": result.unit, "results": series})
    verdicts = [{"budget": text, "measured": measured, "limit": limit,
                 "met": None if measured is None else measured <= limit}
                for text, measured, limit in judge(results)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**machine, "works": works, "budgets": verdicts}, file, indent=1)
        file.write("\n")
