"""What SciPy 1.13.1 answers for the tests of ranks, distributions and correlations: one JSON file a test, beside
this script; and matrices of correlations, in ../correlate.

    python test/golden/tests/tests_b.py      # numpy 1.26.4, scipy 1.13.1, pandas 2.2.3, mpmath 1.4.1

Tails that underflow, and exact ones where SciPy's sums lose digits, are made with mpmath and whole numbers. Effect sizes are
computed here from their definitions.
"""

import json
import math
import sys
import warnings
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd
from scipy import stats

from tests_a import ALTERNATIVES, FLIGHTS, File, HERE, IRIS, PENGUINS, WEATHER, complete, groups, missing, plain, present

warnings.simplefilter("ignore")
rng = np.random.RandomState(20240602)
NAN = float("nan")


def result(found, n, log10=None, **more):
    """SciPy's statistic and p; log10 p from mpmath where p has underflowed."""
    statistic, p = float(found[0]), float(found[1])
    expected = {"statistic": statistic, "p_value": p, "n": n, **more}
    if log10 is not None:
        log10 = float(log10)
        if p > 1e-290 and abs(10 ** log10 / p - 1) > 1e-8:
            raise AssertionError(f"SciPy's p {p} and mpmath's {10 ** log10}")
        if p <= 1e-290:
            expected["p_value"] = float(mpmath.power(10, log10)) if log10 > -307 else 0.0
        expected["log10_p"] = log10
    elif p > 1e-290:
        expected["log10_p"] = math.log10(p)
    return expected


def log10_normal(z, alternative="two-sided"):
    z = mpmath.mpf(float(z))
    if alternative == "two-sided":
        return mpmath.log10(mpmath.erfc(abs(z) / mpmath.sqrt(2)))
    return mpmath.log10(mpmath.erfc((z if alternative == "greater" else -z) / mpmath.sqrt(2)) / 2)


def log10_chi2(x, df):
    return mpmath.log10(mpmath.gammainc(mpmath.mpf(df) / 2, mpmath.mpf(float(x)) / 2, mpmath.inf, regularized=True))


def log10_t(r, n, alternative="two-sided"):
    r, half = mpmath.mpf(float(r)), mpmath.mpf(n - 2) / 2
    both = mpmath.betainc(half, mpmath.mpf(1) / 2, 0, (1 - r) * (1 + r), regularized=True)
    if alternative == "two-sided":
        return mpmath.log10(both)
    same = (r > 0) == (alternative == "greater")
    return mpmath.log10(both / 2 if same else 1 - both / 2)


def fisher(r, error, level=0.95):
    reach = stats.norm.isf((1 - level) / 2) * error
    with np.errstate(all="ignore"):
        return [float(np.tanh(np.arctanh(r) - reach)), float(np.tanh(np.arctanh(r) + reach))]


def effect(name, value, interval=None):
    return {"effect_size": {"name": name, "value": float(value), "confidence_interval": interval}}


def draw(n, spread=1.0, digits=None):
    values = rng.normal(size=n) * spread
    return [float(v) for v in (values if digits is None else np.round(values, digits))]


# --- Ranks of samples -------------------------------------------------------------------------------------------------

def mann_whitney_exact(u, m, n):
    """P(U ≥ u) by whole numbers."""
    counts = {(0, 0): [1]}
    ways = [[None] * (n + 1) for _ in range(m + 1)]
    for i in range(m + 1):
        for j in range(n + 1):
            if i == 0 or j == 0:
                ways[i][j] = [1]
                continue
            total = [0] * (i * j + 1)
            for k, v in enumerate(ways[i - 1][j]):
                total[k + j] += v
            for k, v in enumerate(ways[i][j - 1]):
                total[k] += v
            ways[i][j] = total
    del counts
    return Fraction(sum(ways[m][n][u:]), math.comb(m + n, m))


def log10_fraction(p):
    return mpmath.log10(mpmath.mpf(p.numerator) / p.denominator)


def mannwhitneyu():
    file = File("mannwhitneyu")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS}

    def case(name, columns, pair, log10=None, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        x, y = (present(table[key]) for key in pair)
        level = options.pop("confidence_level", 0.95)
        found = stats.mannwhitneyu(x, y, **options)
        m, n = len(x), len(y)
        r = 2 * found[0] / (m * n) - 1
        size = effect("rank_biserial", r, fisher(r, math.sqrt((m + n + 1) / (3 * m * n)), level))
        file.add(name, columns, {"columns": list(pair), **options, "confidence_level": level},
                 result(found, [m, n], log10, **size))

    males, females = [19.0, 22, 16, 29, 24], [20.0, 11, 17, 12, None]
    for alternative in ALTERNATIVES:
        case(f"exact without being asked, {alternative}", {"a": males, "b": females}, ("a", "b"), alternative=alternative)
        case(f"iris, ties, {alternative}", "iris", ("sepal_length", "petal_length"), alternative=alternative,
             confidence_level=0.9)
        case(f"asymptotic without continuity, {alternative}", {"a": males, "b": females}, ("a", "b"),
             alternative=alternative, use_continuity=False, method="asymptotic")
        case(f"exact with ties, {alternative}", {"a": [1.0, 2, 2, 3, 5], "b": [2.0, 4, 4, 6, 7]}, ("a", "b"),
             method="exact", alternative=alternative)
    case("ties: auto is asymptotic", {"a": [1.0, 2, 2, 3], "b": [2.0, 4, 5, 6]}, ("a", "b"))
    case("weather", "weather", ("temp_max", "temp_min"))
    case("missing values", "penguins", ("bill", "flipper"))
    case("eight of one, many of the other", {"a": draw(8) + [None] * 92, "b": draw(100)}, ("a", "b"))
    case("nine each", {"a": draw(9), "b": draw(9)}, ("a", "b"))
    case("one each", {"a": [1.0], "b": [2.0]}, ("a", "b"))
    case("middle of the exact distribution", {"a": [1.0, 4.0], "b": [2.0, 3.0]}, ("a", "b"))
    case("infinities are values", {"a": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10], "b": [0.5, 3.5, 2.5, 11, 12, 13, 14, 15, 16, 1e308]},
         ("a", "b"))
    x, y = sorted(draw(40)), sorted(100 + v for v in draw(50))
    case("exact far tail", {"a": x + [None] * 10, "b": y}, ("a", "b"), method="exact",
         log10=log10_fraction(2 * mann_whitney_exact(2000, 40, 50)))
    far = {"a": [float(v) for v in range(2000)], "b": [float(v) for v in range(5000, 7000)]}
    u, s = 2000 * 2000, math.sqrt(2000 * 2000 * 4001 / 12)
    case("beyond the doubles", far, ("a", "b"), log10=log10_normal((u / 2 - 0.5) / s))
    file.raises("three columns", {"a": [1.0], "b": [2.0], "c": [3.0]}, {}, None, "two samples")
    file.raises("exact of a million by ten", {"a": draw(2000), "b": draw(2000)}, {"method": "exact"}, None, "m · n ≤ 1,000,000")
    file.write()


def wilcoxon():
    file = File("wilcoxon")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS}

    def case(name, columns, use, log10=None, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        pairs = complete(*(table[key] for key in use))
        d = pairs[0] - pairs[1] if len(use) == 2 else pairs[0]
        found = stats.wilcoxon(*pairs, **options)
        zero = options.get("zero_method", "wilcox")
        kept = d[d != 0] if zero == "wilcox" else d
        ranks = stats.rankdata(abs(kept))
        plus, minus = ranks[kept > 0].sum(), ranks[kept < 0].sum()
        if zero == "zsplit":
            plus, minus = (v + ranks[kept == 0].sum() / 2 for v in (plus, minus))
        n = len(kept)
        r = (plus - minus) / (plus + minus)
        error = math.sqrt((2 * n**3 + 3 * n**2 + n) / 6) / ((n * n + n) / 2)
        expected = result(found, [len(d)], log10, **effect("rank_biserial", r, fisher(r, error)))
        if options.get("method") == "approx":
            expected["more"] = {"zstatistic": float(found.zstatistic)}
        file.add(name, columns, {"columns": list(use), **options}, expected)

    small = {"d": [6.0, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]}
    zeros = {"x": [6.0, 8, 3, 5, 9, 4, 7, 7, 2, 1, 5, 12], "y": [3.0, 8, 4, 9, 2, 4, 1, 6, 6, 2, 5, 3]}
    for alternative in ALTERNATIVES:
        case(f"differences, exact, {alternative}", small, ["d"], alternative=alternative)
        case(f"weather, {alternative}", "weather", ["temp_max", "temp_min"], alternative=alternative,
             **({} if alternative != "less" else {"correction": True}))
        for zero in ("wilcox", "pratt", "zsplit"):
            for correction in (False, True):
                case(f"zeros, {zero}, {'' if correction else 'un'}corrected, {alternative}", zeros, ["x", "y"],
                     zero_method=zero, alternative=alternative, correction=correction, method="approx")
        case(f"iris, ties, {alternative}", "iris", ["sepal_width", "petal_length"], alternative=alternative, method="approx")
        case(f"exact with ties, {alternative}", {"d": [1.0, -1, 2, 2, 3, -2.5, 4]}, ["d"], alternative=alternative)
    case("exact with zeros is approximate", zeros, ["x", "y"], method="exact")
    case("pairs with missing values", "penguins", ["bill", "flipper"])
    case("fifty differences", {"d": draw(50)}, ["d"])
    case("fifty-one differences", {"d": draw(51)}, ["d"])
    case("exact of two hundred", {"d": draw(200)}, ["d"], method="exact")
    case("zsplit of zeros alone", {"d": [0.0] * 12}, ["d"], zero_method="zsplit", method="approx")
    case("one difference", {"d": [3.0]}, ["d"])
    case("far exact tail", {"d": [float(v) for v in range(1, 51)]}, ["d"], log10=mpmath.log10(mpmath.mpf(2) ** -49))
    n = 3000
    ranks, var = n * (n + 1) / 2, n * (n + 1) * (2 * n + 1) / 24
    case("beyond the doubles", {"d": [float(v) for v in range(1, n + 1)]}, ["d"],
         log10=log10_normal(ranks / 2 / math.sqrt(var)))
    file.raises("only zeros", {"d": [0.0] * 12}, {}, lambda: stats.wilcoxon([0.0] * 12))
    file.raises("only zeros, pratt", {"d": [0.0] * 12}, {"zero_method": "pratt"},
                lambda: stats.wilcoxon([0.0] * 12, zero_method="pratt"))
    file.write()


def kruskal():
    file = File("kruskal")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS, "flights": FLIGHTS}

    def case(name, columns, options, samples):
        found = stats.kruskal(*samples)
        n = [len(s) for s in samples]
        file.add(name, columns, options, {
            **result(found, n, log10_chi2(found[0], len(n) - 1), **effect("epsilon_squared", found[0] / (sum(n) - 1))),
            "df": len(n) - 1})

    def by(name, data, value, key):
        table = file.data[data]
        case(name, data, {"columns": [value], "groupby": key}, groups(table[value], table[key]))

    def columns(name, table, keys=None):
        source = file.data[table] if isinstance(table, str) else table
        keys = keys or list(source)
        case(name, table, {"columns": keys}, [present(source[key]) for key in keys])

    columns("SciPy's example", {"x": [1.0, 3, 5, 7, 9], "y": [2.0, 4, 6, 8, 10]})
    columns("SciPy's example of ties", {"x": [1.0, 1, 1], "y": [2.0, 2, 2], "z": [2.0, 2, None]})
    columns("iris columns", "iris", ["sepal_length", "sepal_width", "petal_length", "petal_width"])
    by("iris by species", "iris", "sepal_width", "species")
    by("penguins by island, missing values", "penguins", "mass", "island")
    by("weather by kind", "weather", "wind", "kind")
    by("delays by origin, ties", "flights", "delay", "origin")
    columns("one value each", {"a": [1.0], "b": [2.0], "c": [3.0]})
    columns("nearly equal ranks", {"a": [1.0, 6.0], "b": [2.0, 5.0], "c": [3.0, 4.0]})
    columns("beyond the doubles", {chr(97 + k): [1000.0 * k + i for i in range(700)] for k in range(4)})
    file.raises("all values equal", {"a": [2.0, 2], "b": [2.0, 2]}, {}, lambda: stats.kruskal([2, 2], [2, 2]))
    file.raises("one sample", {"a": [2.0, 3]}, {}, lambda: stats.kruskal([2, 3]))
    file.write()


# --- Distribution functions -------------------------------------------------------------------------------------------

def located(found):
    return {"more": {"statistic_location": float(found.statistic_location), "statistic_sign": int(found.statistic_sign)}}


def ks_1samp():
    file = File("ks_1samp")
    file.data = {"iris": IRIS, "weather": WEATHER}

    def case(name, columns, column, cdf, args, log10=None, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        x = present(table[column])
        found = stats.ks_1samp(x, getattr(stats, cdf).cdf, args=tuple(args), **options)
        file.add(name, columns, {"columns": [column], "cdf": cdf, "args": args, **options},
                 result(found, [len(x)], log10, **located(found)))

    normal = {"a": draw(100)}
    for alternative in ALTERNATIVES:
        for method in ("auto", "exact", "approx", "asymp"):
            case(f"normal, {method}, {alternative}", normal, "a", "norm", [0.1, 1.1], method=method, alternative=alternative)
        case(f"iris, ties, {alternative}", "iris", "petal_length", "norm", [4.0, 2.0], alternative=alternative)
        case(f"five, {alternative}", {"a": [0.3, -1.25, None, 0.9, 2.5, -0.1]}, "a", "norm", [], alternative=alternative)
    case("one value", {"a": [0.4]}, "a", "norm", [])
    case("location alone", {"a": [3.5, 2.0, 4.1]}, "a", "norm", [3.0])
    case("weather", "weather", "temp_max", "norm", [16.0, 7.3])
    case("many values", {"a": [round(v, 4) for v in draw(4000)]}, "a", "norm", [])
    positive = {"a": [float(v) for v in rng.gamma(2.0, size=60)]}
    for cdf, args in (("uniform", [0.0, 6.0]), ("expon", [0.0, 2.0]), ("logistic", [2.0, 0.8]), ("laplace", [1.5, 1.0]),
                      ("cauchy", [1.5, 1.0]), ("gumbel_l", [2.0, 1.5]), ("gumbel_r", [1.4, 1.1]), ("t", [3.0, 2.0, 1.0]),
                      ("chi2", [2.0]), ("chi2", [2.5, 0.1, 0.9]), ("f", [3.0, 7.0]), ("beta", [2.0, 3.0, 0.0, 8.0]),
                      ("gamma", [2.0]), ("lognorm", [0.8, 0.0, 1.5]), ("weibull_min", [1.5, 0.0, 2.2])):
        case(f"{cdf} {args}", positive, "a", cdf, args)
    uniform = {"a": [float(v) for v in rng.uniform(0.45, 0.55, size=500)]}
    case("far tail", uniform, "a", "uniform", [])
    case("far tail, one-sided", uniform, "a", "uniform", [], alternative="less")
    file.raises("no scale", normal, {"cdf": "norm", "args": [0, 0]}, None, "SciPy answers nan")
    file.raises("no shape", normal, {"cdf": "t", "args": []}, None, "SciPy raises TypeError")
    file.raises("too many parameters", normal, {"cdf": "norm", "args": [0, 1, 2]}, None, "SciPy raises TypeError")
    file.write()


def paths_outside(m, n, steps, both):
    """Share of the paths from (0, 0) to (m, n) that reach a line, or one of two, by whole numbers."""
    g = math.gcd(m, n)
    a, b = n // g, m // g
    column = None
    for i in range(m + 1):
        new = [0] * (n + 1)
        for j in range(n + 1):
            gap = a * i - b * j
            inside = gap < steps and (not both or -gap < steps)
            if not inside:
                continue
            new[j] = 1 if i == 0 and j == 0 else (column[j] if i > 0 else 0) + (new[j - 1] if j > 0 else 0)
        column = new
    return 1 - Fraction(column[n], math.comb(m + n, n))


def ks_2samp():
    file = File("ks_2samp")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS}

    def case(name, columns, pair, log10=None, p=None, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        x, y = (present(table[key]) for key in pair)
        found = stats.ks_2samp(x, y, **options)
        expected = result(found, [len(x), len(y)], log10, **located(found))
        file.add(name, columns, {"columns": list(pair), **options}, expected)

    equal = {"a": draw(20), "b": [v + 0.6 for v in draw(20)]}
    unequal = {"a": draw(15) + [None] * 7, "b": [v * 1.5 + 0.3 for v in draw(22)]}
    for alternative in ALTERNATIVES:
        for method in ("auto", "asymp"):
            case(f"equal sizes, {method}, {alternative}", equal, ("a", "b"), method=method, alternative=alternative)
            case(f"unequal sizes, {method}, {alternative}", unequal, ("a", "b"), method=method, alternative=alternative)
        case(f"turned round, {alternative}", unequal, ("b", "a"), method="exact", alternative=alternative)
        case(f"iris, ties, {alternative}", "iris", ("sepal_width", "petal_length"), alternative=alternative)
        case(f"penguins, missing values, {alternative}", "penguins", ("bill", "flipper"), alternative=alternative)
    case("a year of weather", "weather", ("temp_max", "temp_min"))
    case("one each", {"a": [1.0], "b": [2.0]}, ("a", "b"))
    case("the same values", {"a": [1.0, 2, 3], "b": [3.0, 1, 2]}, ("a", "b"))
    case("the same values, less", {"a": [1.0, 2, 3], "b": [3.0, 1, 2]}, ("a", "b"), alternative="less")
    case("the first reaches further", {"a": [1.0, 2, 9], "b": [3.0, 1, 2]}, ("a", "b"), alternative="less")
    case("multiples", {"a": draw(30), "b": draw(10) + [None] * 20}, ("a", "b"))
    for alternative in ALTERNATIVES:
        case(f"one-sided paths are too many for SciPy, {alternative}",
             {"a": [round(v, 3) for v in draw(700)], "b": [round(v + 0.05, 3) for v in draw(600)] + [None] * 100}, ("a", "b"),
             alternative=alternative)
    low, high = [float(v) for v in range(600)], [float(v) for v in range(590, 1190)]
    case("beyond the doubles, equal sizes", {"a": low, "b": high}, ("a", "b"),
         log10=log10_fraction(paths_outside(600, 600, 590, True)))
    case("beyond the doubles, one-sided", {"a": low, "b": high}, ("a", "b"), alternative="greater",
         log10=log10_fraction(paths_outside(600, 600, 590, False)))
    apart = {"a": [float(v) for v in range(450)] + [None] * 150, "b": [float(v) for v in range(445, 1045)]}
    d = stats.ks_2samp(present(apart["a"]), present(apart["b"])).statistic
    case("beyond the doubles, unequal sizes", apart, ("a", "b"),
         log10=log10_fraction(paths_outside(600, 450, round(d * 1800), True)))
    file.write()


# --- Normality --------------------------------------------------------------------------------------------------------

def one(file, name, columns, column, call, log10=None, more=None):
    table = file.data[columns] if isinstance(columns, str) else columns
    x = present(table[column])
    found = call(x)
    extra = {} if more is None else {"more": more(x)}
    tail = None if log10 is None or math.isnan(found[0]) else log10(found, x)
    file.add(name, columns, {"columns": [column]}, result(found, [len(x)], tail, **extra))


def samples_for_normality():
    yield "eleven weights", {"a": [148.0, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]}, "a"
    for column in ("sepal_length", "sepal_width", "petal_length"):
        yield f"iris {column}", "iris", column
    yield "penguins, missing values", "penguins", "mass"
    yield "weather", "weather", "wind"
    yield "delays of flights", "flights", "delay"
    yield "exponential", {"a": [float(v) for v in rng.exponential(size=300)]}, "a"
    yield "Cauchy", {"a": [float(v) for v in rng.standard_cauchy(size=40)]}, "a"
    yield "far from 0", {"a": [1e6 + v for v in draw(60)]}, "a"
    yield "symmetric", {"a": [float(v) for v in range(1, 21)]}, "a"
    yield "symmetric by tenths", {"a": [v / 10 for v in range(1, 20)]}, "a"
    yield "symmetric about a third", {"a": [1 / 3 + v / 7 for v in range(-9, 10)]}, "a"
    yield "tiny numbers", {"a": [v * 1e-12 for v in draw(25)]}, "a"
    for n in (8, 11, 12, 19, 50, 5000):
        yield f"{n} normal values", {"a": [round(v, 6) for v in draw(n)]}, "a"


def shapiro():
    file = File("shapiro")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS, "flights": FLIGHTS}
    for name, columns, column in samples_for_normality():
        one(file, name, columns, column, stats.shapiro)
    for n in (3, 4, 5, 6, 7):
        one(file, f"{n} values", {"a": draw(n)}, "a", stats.shapiro)
    # W is 3/4 there and p is 0: of SciPy's 8e-16 no digit is one.
    tie = [1.0, 1.0, 2.0]
    file.add("three of which two are equal", {"a": tie}, {}, {"statistic": float(stats.shapiro(tie)[0]), "n": [3]})
    one(file, "six of which five are equal", {"a": [1.0, 1, 1, 1, 1, 2]}, "a", stats.shapiro)
    one(file, "constant", {"a": [4.0] * 9}, "a", stats.shapiro)
    one(file, "more than five thousand", {"a": [round(v, 3) for v in draw(6000)]}, "a", stats.shapiro)
    for a in ([], [1.0, 2.0]):
        file.raises(f"{len(a)} values", {"a": a + [None]}, {"columns": ["a"]}, lambda: stats.shapiro(a))
    file.write()


def skewness(x):
    return {"skew": float(stats.skew(x)), "kurtosis": float(stats.kurtosis(x))}


def normaltest():
    file = File("normaltest")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS, "flights": FLIGHTS}
    tail = lambda found, x: log10_chi2(found[0], 2)
    for name, columns, column in samples_for_normality():
        # A skew of 1e-18 has no digits to compare.
        one(file, name, columns, column, stats.normaltest, tail, None if "symmetric" in name else skewness)
    one(file, "constant", {"a": [0.1] * 9}, "a", stats.normaltest, tail)
    one(file, "beyond the doubles", {"a": [float(v) for v in rng.exponential(size=4000) ** 2]}, "a", stats.normaltest, tail)
    for n in (1, 7):
        a = draw(n)
        file.raises(f"{n} values", {"a": a}, {"columns": ["a"]}, lambda: stats.normaltest(a))
    file.write()


def jarque_bera():
    file = File("jarque_bera")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS, "flights": FLIGHTS}
    tail = lambda found, x: log10_chi2(found[0], 2)
    for name, columns, column in samples_for_normality():
        one(file, name, columns, column, stats.jarque_bera, tail, None if "symmetric" in name else skewness)
    one(file, "constant", {"a": [0.1] * 9}, "a", stats.jarque_bera, tail)
    one(file, "one value", {"a": [2.0]}, "a", stats.jarque_bera, tail)
    one(file, "two values", {"a": [2.0, 5.0]}, "a", stats.jarque_bera, tail)
    one(file, "beyond the doubles", {"a": [float(v) for v in rng.exponential(size=2000) ** 2]}, "a", stats.jarque_bera, tail)
    file.write()


def anderson():
    file = File("anderson")
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS, "flights": FLIGHTS}

    def case(name, columns, column, dist):
        table = file.data[columns] if isinstance(columns, str) else columns
        x = present(table[column])
        found = stats.anderson(x, dist)
        more = {"critical_values": found.critical_values, "significance_level": found.significance_level}
        # SciPy looks for a logistic one to five digits, where the roundings of its sums show.
        if np.isfinite(found.statistic) and dist != "logistic":
            more["fit_result"] = {"loc": float(found.fit_result.params[0]), "scale": float(found.fit_result.params[1])}
        file.add(name, columns, {"columns": [column], "dist": dist},
                 {"statistic": float(found.statistic), "n": [len(x)], "more": more})

    for name, columns, column in samples_for_normality():
        case(name, columns, column, "norm")
    for dist in ("logistic", "gumbel", "gumbel_l", "gumbel_r", "extreme1"):
        for name, columns, column in (("iris", "iris", "petal_length"), ("weather", "weather", "temp_max"),
                                      ("penguins", "penguins", "flipper"), ("delays", "flights", "delay")):
            case(f"{dist}, {name}", columns, column, dist)
        for n in (3, 5, 10, 200):
            case(f"{dist}, {n} values", {"a": draw(n, 10)}, "a", dist)
    for name, columns, column in (("iris", "iris", "petal_width"), ("distances", "flights", "distance")):
        case(f"expon, {name}", columns, column, "expon")
    case("expon, drawn", {"a": [float(v) for v in rng.exponential(size=50)]}, "a", "expon")
    case("expon, with a 0", {"a": [0.0, 1.0, 2.0, 3.0]}, "a", "expon")
    case("norm, two values", {"a": [1.0, 2.0]}, "a", "norm")
    case("norm, constant", {"a": [2.0] * 5}, "a", "norm")
    file.raises("a name it does not know", {"a": [1.0, 2.0]}, {"dist": "cauchy"}, lambda: stats.anderson([1.0, 2.0], "cauchy"))
    file.write()


# --- Correlations -----------------------------------------------------------------------------------------------------

def pairs_for_correlation():
    yield "iris", "iris", ("sepal_length", "petal_length")
    yield "iris, against each other", "iris", ("sepal_width", "petal_width")
    yield "weather", "weather", ("temp_max", "wind")
    yield "penguins, missing values", "penguins", ("bill", "mass")
    yield "flights", "flights", ("delay", "distance")
    yield "SciPy's example", {"x": [1.0, 2, 3, 4, 5, 6, 7], "y": [10.0, 9, 2.5, 6, 4, 3, 2]}, ("x", "y")
    yield "ties", {"x": [12.0, 2, 1, 12, 2], "y": [1.0, 4, 7, 1, 0]}, ("x", "y")
    yield "three pairs", {"x": [1.0, 2.0, 4.0], "y": [1.0, 3.0, 2.0]}, ("x", "y")
    yield "four pairs", {"x": [1.0, 2.0, 4.0, 3.5], "y": [1.0, 3.0, 2.0, 7.0]}, ("x", "y")
    yield "independent", {"x": draw(30), "y": draw(30)}, ("x", "y")
    x = draw(200)
    yield "close", {"x": x, "y": [v + 0.05 * e for v, e in zip(x, draw(200))]}, ("x", "y")


def correlation_file(name):
    file = File(name)
    file.data = {"iris": IRIS, "weather": WEATHER, "penguins": PENGUINS, "flights": FLIGHTS}
    return file


def pearsonr():
    file = correlation_file("pearsonr")

    def case(name, columns, pair, level=0.95, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        x, y = complete(*(table[key] for key in pair))
        found, n = stats.pearsonr(x, y, **options), len(x)
        interval = found.confidence_interval(level)
        both = stats.pearsonr(x, y).confidence_interval(level)
        tail = log10_t(found[0], n, options.get("alternative", "two-sided")) if n > 2 and abs(found[0]) < 1 else None
        file.add(name, columns, {"columns": list(pair), "confidence_level": level, **options},
                 {**result(found, [n], tail, **effect("r", found[0], [float(both.low), float(both.high)])),
                  "confidence_interval": [float(interval.low), float(interval.high)]})

    for name, columns, pair in pairs_for_correlation():
        for alternative in ALTERNATIVES:
            case(f"{name}, {alternative}", columns, pair, alternative=alternative)
    case("level 0.5", "iris", ("sepal_length", "petal_length"), level=0.5)
    case("two pairs", {"x": [1.0, 2.0], "y": [5.0, 3.0]}, ("x", "y"))
    case("constant", {"x": [1.0, 1.0, 1.0, 1.0], "y": [5.0, 3.0, 1.0, 2.0]}, ("x", "y"))
    case("huge numbers", {"x": [1e200, 2e200, 4e200, 3e200], "y": [1e-200, 5e-200, 2e-200, 3e-200]}, ("x", "y"))
    t = np.arange(3000.0)
    case("beyond the doubles", {"x": list(t), "y": [float(v) for v in t + 100 * np.sin(t)]}, ("x", "y"))
    file.raises("one pair", {"x": [1.0, None], "y": [2.0, 3.0]}, {}, lambda: stats.pearsonr([1.0], [2.0]))
    file.write()


def spearmanr():
    file = correlation_file("spearmanr")

    def case(name, columns, pair, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        x, y = complete(*(table[key] for key in pair))
        found, n = stats.spearmanr(x, y, **options), len(x)
        rho = found[0]
        interval = fisher(rho, math.sqrt((1 + rho**2 / 2) / (n - 3))) if n > 3 else None
        tail = log10_t(rho, n, options.get("alternative", "two-sided")) if n > 2 and abs(rho) < 1 - 1e-12 else None
        file.add(name, columns, {"columns": list(pair), **options}, result(found, [n], tail, **effect("rho", rho, interval)))

    for name, columns, pair in pairs_for_correlation():
        for alternative in ALTERNATIVES:
            case(f"{name}, {alternative}", columns, pair, alternative=alternative)
    for n in (3, 4, 5, 6, 7, 8, 9, 10, 100):
        case(f"the same order of {n}", {"x": [float(v) for v in range(n)], "y": [float(v**3) for v in range(n)]}, ("x", "y"))
    case("the other order", {"x": [1.0, 2, 3, 4, 5], "y": [9.0, 8, 7, 1, 0]}, ("x", "y"))
    case("two pairs", {"x": [1.0, 2.0], "y": [5.0, 3.0]}, ("x", "y"))
    case("one pair", {"x": [1.0, None], "y": [5.0, 3.0]}, ("x", "y"))
    case("constant", {"x": [1.0, 1.0, 1.0, 1.0], "y": [5.0, 3.0, 1.0, 2.0]}, ("x", "y"))
    t = np.arange(2000.0)
    case("beyond the doubles", {"x": list(t), "y": [float(v) for v in t + 100 * np.sin(t)]}, ("x", "y"))
    file.write()


def mahonian(n, most):
    """Permutations of n with at most so many inversions."""
    counts = [1]
    for size in range(2, n + 1):
        new = [0] * min(len(counts) + size - 1, most + 1)
        for k, v in enumerate(counts):
            for shift in range(min(size, len(new) - k)):
                new[k + shift] += v
        counts = new
    return sum(counts[: most + 1])


def kendalltau():
    file = correlation_file("kendalltau")

    def case(name, columns, pair, log10=None, **options):
        table = file.data[columns] if isinstance(columns, str) else columns
        x, y = complete(*(table[key] for key in pair))
        found, n = stats.kendalltau(x, y, **options), len(x)
        tau = found[0]
        interval = fisher(tau, math.sqrt(0.437 / (n - 4))) if n > 4 else None
        size = effect(f"tau_{options.get('variant', 'b')}", tau, interval)
        file.add(name, columns, {"columns": list(pair), **options}, result(found, [n], log10, **size))

    for name, columns, pair in pairs_for_correlation():
        for alternative in ALTERNATIVES:
            case(f"{name}, {alternative}", columns, pair, alternative=alternative)
        case(f"{name}, variant c", columns, pair, variant="c")
        case(f"{name}, asymptotic", columns, pair, method="asymptotic")
    few = {"x": draw(33), "y": draw(33)}
    more = {"x": draw(60), "y": draw(60)}
    for alternative in ALTERNATIVES:
        case(f"33 pairs are counted, {alternative}", few, ("x", "y"), alternative=alternative)
        case(f"60 pairs are not, {alternative}", more, ("x", "y"), alternative=alternative)
        case(f"60 pairs are when asked, {alternative}", more, ("x", "y"), alternative=alternative, method="exact")
    case("exact of 170", {"x": draw(170), "y": draw(170)}, ("x", "y"), method="exact")
    n = 170
    order = [float(v) for v in range(n)]
    for alternative in ALTERNATIVES:
        case(f"the same order of 20, {alternative}", {"x": order[:20], "y": order[:20]}, ("x", "y"), alternative=alternative)
        case(f"but for one pair, {alternative}", {"x": order[:40], "y": [1.0, 0.0] + order[2:40]}, ("x", "y"), alternative=alternative)
        case(f"against it but for one pair, {alternative}", {"x": order[:40], "y": [0.0, 1.0] + order[:1:-1][-38:]}, ("x", "y"),
             alternative=alternative)
    case("the same order of 400", {"x": [float(v) for v in range(400)], "y": [float(v) for v in range(400)]}, ("x", "y"),
         log10=mpmath.log10(mpmath.mpf(2) / mpmath.factorial(400)))
    case("of 400 but for one pair", {"x": [float(v) for v in range(400)], "y": [1.0, 0.0] + [float(v) for v in range(2, 400)]},
         ("x", "y"), log10=mpmath.log10(mpmath.mpf(2) / mpmath.factorial(399)))
    case("two pairs", {"x": [1.0, 2.0], "y": [5.0, 3.0]}, ("x", "y"))
    case("one pair", {"x": [1.0, None], "y": [5.0, 3.0]}, ("x", "y"))
    case("constant", {"x": [1.0, 1.0, 1.0, 1.0], "y": [5.0, 3.0, 1.0, 2.0]}, ("x", "y"))
    t = np.arange(2500.0)
    y = t + 100 * np.sin(t)
    tau = stats.kendalltau(t, y).statistic
    m = 2500
    z = tau * (m * (m - 1) / 2) / math.sqrt(m * (m - 1) * (2 * m + 5) / 18)
    case("beyond the doubles", {"x": list(t), "y": [float(v) for v in y]}, ("x", "y"), log10=log10_normal(z))
    ties = {"x": [1.0, 1, 2], "y": [1.0, 2, 3]}
    file.raises("exact with ties", ties, {"method": "exact"}, lambda: stats.kendalltau(*ties.values(), method="exact"))
    file.raises("asymptotic of two", {"x": [1.0, 2], "y": [2.0, 1]}, {"method": "asymptotic"}, None, "SciPy raises ZeroDivisionError")
    file.write()


# --- Matrices ---------------------------------------------------------------------------------------------------------

PAIRWISE = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}


def correlate():
    """pandas' `corr`, and SciPy's p of each pair of columns over the rows that both have."""
    gaps = {key: [None if rng.uniform() < 0.15 else v for v in draw(60, digits=1)] for key in "abcd"}
    tables = {
        "iris": {key: IRIS[key] for key in ("sepal_length", "sepal_width", "petal_length", "petal_width")},
        "weather": {key: WEATHER[key] for key in ("temp_max", "temp_min", "wind")},
        "penguins": {key: PENGUINS[key] for key in ("bill", "flipper", "mass")},
        "gaps": gaps,
        "gaps in one": {**gaps, "a": draw(60), "b": draw(60), "c": draw(60)},
        "few rows": {"x": draw(12), "y": draw(12), "z": draw(12)},
        "a constant": {"x": draw(9), "y": [2.5] * 9, "z": draw(9)},
        "never together": {"x": [1.0, 2, 3, None, None, None], "y": [None, None, None, 4.0, 5, 6], "z": draw(6)},
        "one pair, two pairs": {"x": [1.0, 2, None, None], "y": [None, 2.0, 3, 5], "z": [3.0, 1, None, 2]},
        "orders": {"x": [1.0, 2, 3, 4, 5], "y": [1.0, 4, 9, 16, 25], "z": [9.0, 8, 7, 1, 0]},
        "booleans": {"x": draw(20), "y": [bool(v > 0) for v in draw(20)]},
        "far from 0": {"x": [1e9 + v for v in draw(30)], "y": [1e-9 * v for v in draw(30)]},
    }
    folder = HERE.parent / "correlate"
    folder.mkdir(exist_ok=True)
    for method, pairwise in PAIRWISE.items():
        cases = []
        for name, table in tables.items():
            frame = pd.DataFrame(table).astype(float)
            matrix = frame.corr(method=method)
            columns, p_values, n = list(table), [], []
            for a in columns:
                p_values.append([])
                n.append([])
                for b in columns:
                    x, y = complete(*(list(frame[key]) for key in (a, b)))
                    found = pairwise(x, y) if len(x) > 1 else (NAN, NAN)
                    p_values[-1].append(float(found[1]))
                    if method == "pearson" and a != b and not math.isnan(found[0]):
                        # pandas goes through the rows once, and loses digits far from 0; SciPy goes twice.
                        assert abs(matrix.loc[a, b] - found[0]) < 1e-6
                        matrix.loc[a, b] = found[0]
                    n[-1].append(len(x))
                    # pandas takes a single pair for a correlation of 1 in Kendall's, and a constant with itself.
                    if len(x) < 2 or len(set(x)) == 1 or len(set(y)) == 1:
                        matrix.loc[a, b] = NAN
                # Of a column with itself r is 1, but for roundings.
                if method != "kendall" and n[-1][len(p_values) - 1] > 2 and not math.isnan(p_values[-1][len(p_values) - 1]):
                    p_values[-1][len(p_values) - 1] = 0.0
            cases.append({"name": name, "columns": plain({key: [None if missing(v) else v for v in values]
                                                          for key, values in table.items()}),
                          "expected": plain({"columns": columns, "matrix": matrix.to_numpy(), "p_values": p_values, "n": n})})
        (folder / f"{method}.json").write_text(json.dumps({"method": method, "cases": cases}, allow_nan=False) + "\n")
        print("correlate", method, len(cases))


TESTS = [kruskal, mannwhitneyu, wilcoxon, ks_1samp, ks_2samp, shapiro, normaltest, jarque_bera, anderson, pearsonr, spearmanr,
         kendalltau, correlate]

if __name__ == "__main__":
    wanted = sys.argv[1:]
    for test in TESTS:
        if not wanted or test.__name__ in wanted:
            test()
