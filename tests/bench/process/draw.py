"""Draw the stored figures as SVG: `draw.py <figures> <pictures> <suffix> <bench>…`."""

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt

# The same figures give the same file, so that a diff shows what changed.
plt.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})

OURS, OTHER, LIMIT = "#2a6f97", "#bc6c25", "#9d0208"
FIGURES, PICTURES, SUFFIX = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]


def of(name, bench):
    """The figures of one bench, by name."""
    stored = json.loads((FIGURES / f"{name}{SUFFIX}.json").read_text())
    return {one["name"]: one for one in stored if one["bench"] == bench}


def spread(middle, runs):
    """How far the runs go to the left and to the right of their median."""
    return [[middle - min(runs)], [max(runs) - middle]]


def kept(name, **layout):
    plt.tight_layout(**layout)
    plt.savefig(PICTURES / f"bench-{name}{SUFFIX}.svg", metadata={"Date": None, "Creator": None})
    plt.close()


def cold():
    figures = of("cold", "cold")
    bare = figures.pop("bare boto3")
    ours = {name: one for name, one in figures.items() if "FastAPI" not in name}
    names = sorted(ours, key=lambda name: ours[name]["median"])
    plt.figure(figsize=(8, 6))
    for place, name in enumerate(names):
        one = ours[name]
        error = spread(one["median"], one["runs"])
        plt.barh(place, one["median"], xerr=error, color=OURS, ecolor="#444", height=0.6)
        other = figures.get(f"{name} on FastAPI")
        if other:
            plt.plot(other["median"], place, "D", color=OTHER, markersize=5)
    plt.axvline(1.5, color=LIMIT, linestyle="--")
    plt.axvline(1, color="#444", linewidth=0.8)
    plt.plot([], [], color=OURS, linewidth=6, label="this service")
    plt.plot([], [], "D", color=OTHER, label="the same on FastAPI + Mangum")
    plt.plot([], [], color=LIMIT, linestyle="--", label="ceiling")
    plt.yticks(range(len(names)), names)
    plt.xlabel(f"CPU time of a cold start, x a bare boto3 handler ({bare['median']:.0f} ms)")
    plt.legend(loc="lower right")
    plt.title("Cold starts: median and spread of one run")
    kept("cold")


def warm():
    own, sdk = of("warm", "warm"), of("warm", "warm: SDK")
    bare = own.pop("bare boto3")
    memory = of("warm", "memory")
    names = sorted(own, key=lambda name: own[name]["median"] + sdk[name]["median"])
    _, (left, right) = plt.subplots(1, 2, figsize=(11, 6), sharey=True)
    place = range(len(names))
    for figures, colour, label in ((own, OURS, "its own work"), (sdk, OTHER, "the SDK's calls")):
        middle = [figures[name]["median"] for name in names]
        left.plot(middle, place, "o", color=colour, label=label)
    left.hlines(place, 0.01, 100, color="#eee", zorder=0)
    left.axvline(1, color="#444", linewidth=0.8, label="a bare boto3 handler with its call")
    left.set_xscale("log")
    left.set_xlim(0.03, 60)
    left.set_xlabel(f"CPU time of a warm request, x a bare handler's ({bare['median']:.2g} ms)")
    left.set_yticks(place, names)
    left.legend(loc="lower right")
    right.barh(place, [memory[name]["median"] for name in names], color=OURS, height=0.6)
    right.axvline(memory["bare boto3"]["median"], color="#444", linewidth=0.8, label="bare boto3")
    right.set_xlabel("peak memory, MB")
    right.legend(loc="lower right")
    kept("warm")


def clicks():
    figures = of("clicks", "clicks")
    shown = {
        "this service": "capture_click",
        "Django + gunicorn\n+ pinax": "Django + gunicorn + pinax",
    }
    plt.figure(figsize=(6, 2.4))
    for place, (label, name) in enumerate(shown.items()):
        runs = [1000 / run for run in figures[name]["runs"]]
        middle = 1000 / figures[name]["median"]
        error = spread(middle, runs)
        plt.barh(label, middle, xerr=error, color=(OURS, OTHER)[place], ecolor="#444", height=0.6)
    plt.xlabel("captured clicks per second of one core, the database's work left out")
    kept("clicks")


def growth():
    asked(
        "growth",
        lambda size: int(size.replace(",", "")),
        "attributions in the table (ten times as many clicks)",
    )


def crowds():
    asked("crowds", lambda size: int(size.split()[0].replace(",", "")), "clicks in the open hour")


def asked(name, number, label_of_x):
    panels = {"time": "time of a request, ms", "units": "request units", "trips": "round trips"}
    _, axes = plt.subplots(1, 3, figsize=(13, 4.8))
    for axis, (bench, label) in zip(axes, panels.items(), strict=True):
        lines = {}
        for asked_of, one in of(name, bench).items():
            question, size = asked_of.rsplit(" at ", 1)
            lines.setdefault(question, []).append((number(size), one))
        for question, points in lines.items():
            sizes, figures = zip(*points, strict=True)
            style = {"color": OTHER, "linestyle": "--"} if "pinax" in question else {}
            middle = [one["median"] for one in figures]
            axis.plot(sizes, middle, marker="o", markersize=4, label=question, **style)
        axis.set_xscale("log")
        axis.set_yscale("linear" if bench == "trips" else "log")
        if bench == "trips":
            axis.set_ylim(bottom=0)
        axis.set_xlabel(label_of_x)
        axis.set_ylabel(label)
    axes[0].figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncol=5)
    kept(name, rect=(0, 0.1, 1, 1))


def load():
    """Offered against completed, how long it took, what was not served; before and now."""
    scenarios = ("both, 200 codes", "signups, one viral code", "payments, one viral code")
    _, rows = plt.subplots(3, 3, figsize=(12, 9), sharex=True)
    for label, colour in (("before", OTHER), ("now", OURS)):
        file = FIGURES / f"{label}.json"
        stored = json.loads(file.read_text()) if file.exists() else []
        for axes, scenario in zip(rows, scenarios, strict=True):
            points = [one for one in stored if one["scenario"] == scenario and one["hold"] == 0.01]
            offered = [one["offered"] for one in points]

            def line(axis, name, points=points, offered=offered, **style):
                axis.plot(offered, [one[name] for one in points], marker="o", **style)

            line(axes[0], "completed", color=colour, label=label)
            line(axes[1], "p50", color=colour, linestyle=":", label=f"{label}, p50")
            line(axes[1], "p99", color=colour, label=f"{label}, p99")
            line(axes[2], "failed", color=colour, label=f"{label}, failed")
            line(axes[2], "busy", color=colour, linestyle=":", label=f"{label}, 503")
    for axes, scenario in zip(rows, scenarios, strict=True):
        axes[0].set_title(scenario, loc="left")
        axes[0].plot([25, 2000], [25, 2000], color="#ddd", zorder=0)
        axes[1].axhline(250, color=LIMIT, linestyle="--", linewidth=0.8)
        for axis, what in zip(axes, ("completed a second", "ms", "share"), strict=True):
            axis.set_xscale("log")
            axis.set_ylabel(what)
        axes[0].set_yscale("log")
        axes[1].set_yscale("log")
    for axis in rows[-1]:
        axis.set_xlabel("offered a second")
    for axis in rows[0]:
        axis.legend(fontsize=7)
    kept("load")


for draw in (cold, warm, clicks, growth, crowds, load):
    if draw.__name__ in sys.argv[4:]:
        draw()
