"""The family's pose metrics once more, one animal and one node at a time, as slowly as they are defined."""

import math


def there(point):
    return not (math.isnan(point[0]) or math.isnan(point[1]))


def gap(one, other):
    return math.hypot(one[0] - other[0], one[1] - other[1]) if there(one) and there(other) else math.nan


def box_area(animal):
    xs, ys = ([p[axis] for p in animal if there(p)] for axis in (0, 1))
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def similarity(predicted, truth, *, stddev=0.025):
    """Object key-point similarity of two animals, lists of (x, y)."""
    area = box_area(truth)
    gaps = [gap(p, t) for p, t in zip(predicted, truth) if there(t)]
    if area == 0:
        known = [g for g in gaps if not math.isnan(g)]
        return max(0.0, 1 - sum(known) / len(known) / 50) if known else 0.0
    parts = [
        0.0 if math.isnan(g) else math.exp(-(g**2) / ((2 * stddev) ** 2 * 2 * (area + 2.2e-16))) for g in gaps
    ]
    return sum(parts) / len(parts)


def pairs_of(predicted, scores, truth):
    """(predicted, truth, similarity, score): the most certain chooses first among free animals."""
    free, found = list(range(len(truth))), []
    for row in sorted(range(len(predicted)), key=lambda i: -scores[i]):
        options = [(similarity(predicted[row], truth[t]), -t) for t in free]
        if options and max(options)[0] > 0:
            best, t = max(options)
            free.remove(-t)
            found.append((predicted[row], truth[-t], best, scores[row]))
    return found


def average_precision(goodness, labelled, threshold):
    """Mean over recalls 0, 0.01, ... 1 of the best precision at that recall or a greater one, and the last recall.

    `goodness` of each pair, the most certain first.
    """
    curve, right = [], 0
    for number, value in enumerate(goodness, start=1):
        right += value >= threshold
        curve.append((right / labelled, right / number))
    total = 0.0
    for step in range(101):
        total += max((p for r, p in curve if r >= step / 100 - 1e-12), default=0.0)
    return total / 101, (curve[-1][0] if curve else 0.0)


def percentile(values, percent):
    """Linear between the two nearest ranks."""
    values = sorted(values)
    place = (len(values) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def slow_metrics(frames):
    """Scalars of every section over (predicted, scores, truth) lists."""
    pairs = [pair for frame in frames for pair in pairs_of(*frame)]
    labelled = sum(len(truth) for _, _, truth in frames)
    gaps = [gap(p, t) for one, other, _, _ in pairs for p, t in zip(one, other)]
    known = [g for g in gaps if not math.isnan(g)]
    within = [[[gap(p, t) < px for px in range(1, 11)] for p, t in zip(a, b)] for a, b, _, _ in pairs]
    order = sorted(range(len(pairs)), key=lambda i: -pairs[i][3])
    nodes = [(there(p), there(t)) for one, other, _, _ in pairs for p, t in zip(one, other)]
    result = {
        ("mOKS", "mOKS"): sum(pair[2] for pair in pairs) / len(pairs),
        ("distance_metrics", "avg"): sum(known) / len(known),
        ("pck_metrics", "mPCK"): sum(map(sum, (row for pair in within for row in pair))) / (10 * len(gaps)),
        ("pck_metrics", "PCK@5"): sum(row[4] for pair in within for row in pair) / len(gaps),
        ("pck_metrics", "PCK@10"): sum(row[9] for pair in within for row in pair) / len(gaps),
        ("visibility_metrics", "tp"): nodes.count((True, True)),
        ("visibility_metrics", "fp"): nodes.count((True, False)),
        ("visibility_metrics", "fn"): nodes.count((False, True)),
        ("visibility_metrics", "tn"): nodes.count((False, False)),
    }
    for percent in (50, 75, 90, 95, 99):
        result["distance_metrics", f"p{percent}"] = percentile(known, percent)
    for name, goodness in (
        ("oks_voc", [pairs[i][2] for i in order]),
        ("pck_voc", [sum(map(sum, within[i])) / (10 * len(within[i])) for i in order]),
    ):
        each = [average_precision(goodness, labelled, 0.5 + 0.05 * step) for step in range(10)]
        result["voc_metrics", f"{name}.mAP"] = sum(ap for ap, _ in each) / 10
        result["voc_metrics", f"{name}.mAR"] = sum(ar for _, ar in each) / 10
    return result
