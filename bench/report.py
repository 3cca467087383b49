"""The table and the charts of a run."""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path

from bench.measure import Plan, Result, median, per_cpu_second, ratio
from bench.rows import Goal, Row
from bench.servers import servers

OURS = ("product", "product-sqlite", "engine")
WHOLE = 100  # from here on decimals say nothing
Results = dict[str, dict[str, list[Result]]]


def verdict(value: float, goal: Goal, *, lower: bool) -> str:
    """Whether a ratio reaches its goal: aim, yes, no, or not measured."""
    if math.isnan(value):
        return "not measured"
    factor = -1 if lower else 1
    if factor * value >= factor * goal.aim:
        return "aim"
    return "yes" if factor * value >= factor * goal.must else "NO"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:,.2f}"


def _row(row: Row, plan: Plan, found: dict[str, list[Result]]) -> list[str]:
    lines = []
    own = found[plan.subject]
    known = servers()
    lines.append(f"\n### {row.title}\n")
    lines.append(f"| server | {row.unit} | lowest to highest | {plan.subject} is times | per CPU second | times |")
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, results in found.items():
        values = [one[row.figure] for one in results if "error" not in one]
        cells = [
            known[name].label,
            _number(median(results, row.figure)),
            f"{_number(min(values))} to {_number(max(values))}" if values else "failed",
            "" if name == plan.subject else _number(ratio(own, results, row.figure)),
            _number(cpu := per_cpu_second(results, row)),
            "" if name == plan.subject else _number(per_cpu_second(own, row) / cpu if cpu else math.nan),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [_goal(row, goal, plan, found) for goal in row.goals if goal.against in found]
    return lines


def _goal(row: Row, goal: Goal, plan: Plan, found: dict[str, list[Result]]) -> str:
    """How the subject stands to a goal, and how the other servers of ours do."""
    sign = "≤" if row.lower else "≥"
    values = {
        name: ratio(found[name], found[goal.against], row.figure)
        for name in (plan.subject, *OURS)
        if name in found and name != goal.against
    }
    told = [f"{name} **{value:.2f}**: {verdict(value, goal, lower=row.lower)}" for name, value in values.items()]
    return f"\nAgainst {servers()[goal.against].label} ({sign} {goal.must:g}, aim {goal.aim:g}): {'; '.join(told)}"


def _health(results: Results, plan: Plan) -> list[str]:
    runs = [(name, one) for found in results.values() for name, many in found.items() for one in many]
    own = [one for name, one in runs if name == plan.subject and "error" not in one]
    lost, order = sum(one["lost"] for one in own), sum(one["out_of_order"] for one in own)
    refused, dropped = sum(one["refused"] for one in own), sum(one["dropped"] for one in own)
    delivered = sum(one["delivered"] for one in own)
    failed = sum("error" in one for _, one in runs)
    busiest = max((one["load_cpu"] for one in own), default=0.0)
    return [
        "\n### Over all runs\n",
        f"- {plan.subject}: {delivered:,} deliveries, {lost} lost, {order} out of order",
        f"- {plan.subject}: {refused} POSTs refused, {dropped} connections dropped",
        f"- {len(runs)} runs, {failed} failed",
        f"- the load generator's own CPU at most {busiest:.0%} of its CPU in the runs of {plan.subject}",
    ]


def table(results: Results, plan: Plan) -> str:
    """The whole report in Markdown."""
    how = f"{plan.rounds} interleaved rounds, medians; ratios are medians of each round's ratio"
    where = (
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, server on CPU 0, load on CPU 1"
    )
    lines = [
        f"## Bench of {plan.subject}\n",
        f"{how}. {where}.{' Quick mode: shorter, smaller.' if plan.quick else ''}",
    ]
    for row in plan.rows:
        lines += _row(row, plan, results[row.name])
    return "\n".join([*lines, *_health(results, plan), ""])


def charts(results: Results, plan: Plan, where: Path) -> None:
    """One picture of all rows, as PNG and SVG."""
    import matplotlib as mpl  # noqa: PLC0415 - the table does not need it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    known = servers()
    columns = 2
    height = math.ceil(len(plan.rows) / columns)
    figure, axes = plt.subplots(height, columns, figsize=(13, 2.6 * height), squeeze=False, layout="constrained")
    for axis, row in zip(axes.flat, plan.rows, strict=False):
        found = results[row.name]
        names = sorted(found, key=lambda name: median(found[name], row.figure), reverse=row.lower)
        values = [median(found[name], row.figure) for name in names]
        colours = ["#c8553d" if name in OURS else "#588b8b" for name in names]
        bars = axis.barh([known[name].label for name in names], values, color=colours)
        axis.bar_label(bars, labels=[_number(value) for value in values], padding=3, fontsize=8)
        axis.set_title(f"{row.title}\n({row.unit}, {'less' if row.lower else 'more'} is better)", fontsize=9)
        axis.tick_params(labelsize=8)
        axis.margins(x=0.18)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in list(axes.flat)[len(plan.rows) :]:
        axis.set_visible(False)
    for kind in ("png", "svg"):
        figure.savefig(where / f"bench.{kind}", dpi=110, metadata={"Date": None} if kind == "svg" else None)
    plt.close(figure)


def write(results: Results, plan: Plan, where: Path) -> str:
    """Write table, charts and raw figures to a directory; returns the table."""
    where.mkdir(parents=True, exist_ok=True)
    text = table(results, plan)
    (where / "bench.md").write_text(text)
    (where / "bench.json").write_text(
        json.dumps({"subject": plan.subject, "quick": plan.quick, "runs": results}, indent=1) + "\n"
    )
    try:
        charts(results, plan, where)
    except ImportError:
        text += "\nNo charts: matplotlib is not installed.\n"
    return text
