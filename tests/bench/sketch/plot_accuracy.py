#!/usr/bin/env python3
"""Draws the errors that bench_accuracy measured as an SVG.

    bench_accuracy --scan > scan.tsv
    plot_accuracy.py scan.tsv > accuracy.svg

Root mean square of the relative error of points and of unions of two halves
over the number of distinct values, on logarithmic axes. Needs nothing but
Python.
"""
import math
import sys

WIDTH, HEIGHT = 860, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50
SERIES = (("points", 1, "#1565c0"), ("unions of two halves", 5, "#c62828"))
X_TICKS = (2000, 3000, 5000, 10000, 20000, 30000, 60000)
Y_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def read(path):
    """The title and the rows of numbers of a scan."""
    title, rows = "", []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                title = title or line[1:].strip()
            else:
                rows.append([float(cell) for cell in line.split("\t")])
    return title, rows


def scale(value, low, high, start, end):
    """Where a value lies between start and end, logarithmically."""
    return start + (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)) * (end - start)


def draw(title, rows):
    """The lines of the SVG."""
    first, last = rows[0][0], rows[-1][0]

    def x_of(values):
        return scale(values, first, last, LEFT, WIDTH - RIGHT)

    def y_of(error):
        return scale(error, Y_TICKS[0], Y_TICKS[-1], HEIGHT - BOTTOM, TOP)

    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">')
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    yield f'<text x="{LEFT}" y="20">relative RMSE in percent, {title}</text>'
    for tick in Y_TICKS:
        y = y_of(tick)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    for tick in X_TICKS:
        x = x_of(tick)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick:,}</text>'
    yield f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 10}" text-anchor="middle">distinct values</text>'
    for number, (name, column, color) in enumerate(SERIES):
        points = " ".join(f"{x_of(row[0]):.1f},{y_of(row[column]):.1f}" for row in rows)
        yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>'
        yield f'<text x="{WIDTH - 180}" y="{HEIGHT - 110 + 18 * number}" fill="{color}">{name}</text>'
    yield "</svg>"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: plot_accuracy.py SCAN.TSV > ACCURACY.SVG")
    title, rows = read(sys.argv[1])
    print("\n".join(draw(title, rows)))


if __name__ == "__main__":
    main()
