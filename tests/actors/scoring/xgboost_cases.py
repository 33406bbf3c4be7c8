#!/usr/bin/env python3
"""Trains small models with extreme, estimated and degenerate base scores, and records how the XGBoost
that trained them scores 20 rows: tests/actors/scoring/data/xgboost-cases-VERSION.jsonl.

Needs the Python package xgboost of the version wanted, with numpy and scipy:
    pip install --target DIR xgboost==3.2.0 && PYTHONPATH=DIR tests/actors/scoring/xgboost_cases.py

Each line is one model: its name, the bytes of its file as text, rows of three features (null is
missing), and the bits of each score. Some versions refuse to train some of them; these are left out."""
import json
import pathlib
import tempfile

import numpy as np
import xgboost as xgb

COUNT = 200
random = np.random.default_rng(7)
features = random.normal(size=(COUNT, 3)).astype(np.float32)
features[random.random((COUNT, 3)) < 0.1] = np.nan
known = np.nan_to_num(features[:, 0])
noise = random.normal(size=COUNT)
rows = features[:20]

two = (known + 0.3 * noise > 0).astype(np.float32)
three = random.integers(0, 3, COUNT).astype(np.float32)
value = (3 * known + noise).astype(np.float32)
ones, zeros = np.ones(COUNT, np.float32), np.zeros(COUNT, np.float32)
rare = zeros.copy()
rare[5] = 1


def light(weight):
    """Weights that make the rare label still rarer."""
    weights = ones.copy()
    weights[5] = weight
    return weights


logistic = {"objective": "binary:logistic"}
regression = {"objective": "reg:squarederror"}
classes = {"objective": "multi:softprob", "num_class": 3}
no_split = {"gamma": 1e9}
dart = {"booster": "dart", "rate_drop": 0.4, "seed": 3}
# name, labels, parameters, rounds, weights
cases = [(f"logistic {base}", two, logistic | {"base_score": base}, 2, None)
         for base in (1e-10, 3.3e-7, 1e-6, 0.2, 0.999999, 0.9999995, 0.99999994)]
cases += [(f"regression {base}", value, regression | {"base_score": base}, 2, None)
          for base in (-1e30, 0, 1e-7, 12345.678)]
cases += [(f"classes {base}", three, classes | {"base_score": base}, 1, None) for base in (1e-7, 3)]
cases += [
    ("logistic estimated", two, logistic, 2, None),
    ("logistic rare", rare, logistic, 2, light(1.3e-4)),
    ("logistic rarer", rare, logistic, 2, light(1e-7)),
    ("logistic common", 1 - rare, logistic, 2, light(1e-7)),
    ("logistic all one", ones, logistic, 2, None),
    ("logistic all zero", zeros, logistic, 2, None),
    ("logistic no split", two, logistic | no_split, 2, None),
    ("logistic no tree", two, logistic, 0, None),
    ("logistic 0.2 no tree", two, logistic | {"base_score": 0.2}, 0, None),
    ("reg:logistic 3.3e-7", two, {"objective": "reg:logistic", "base_score": 3.3e-7}, 2, None),
    ("regression estimated", value, regression, 2, None),
    ("regression constant", ones * np.float32(7.3), regression, 2, None),
    ("regression huge", value * np.float32(1e20), regression, 2, None),
    ("regression no split", value, regression | no_split, 2, None),
    ("regression no tree", value, regression, 0, None),
    ("absolute error", value, {"objective": "reg:absoluteerror"}, 3, None),
    ("classes estimated", three, classes, 1, None),
    ("classes no split", three, classes | no_split, 1, None),
    ("classes no tree", three, classes, 0, None),
    ("classes all zero", zeros, classes, 1, None),
    ("dart logistic", two, logistic | dart, 12, None),
    ("dart regression", value, regression | dart, 12, None),
    ("dart classes", three, classes | dart, 5, None),
]


def bits(scores):
    return np.asarray(scores, np.float32).reshape(-1).view(np.uint32).tolist()


def trained(labels, parameters, rounds, weights):
    data = xgb.DMatrix(features, labels, weight=weights)
    return xgb.train({"max_depth": 1, "nthread": 1, "verbosity": 0} | parameters, data, rounds)


lines = []
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "model.json"
    for name, *how in cases:
        try:
            model = trained(*how)
            scores = bits(model.predict(xgb.DMatrix(rows)))
        except xgb.core.XGBoostError as e:
            print(f"{name}: not in {xgb.__version__}: {str(e).splitlines()[0]}")
            continue
        model.save_model(path)
        assert bits(xgb.Booster(model_file=path).predict(xgb.DMatrix(rows))) == scores, name
        lines.append(json.dumps({"name": name, "model": path.read_text(), "scores": scores,
                                 "rows": [None if np.isnan(x) else float(x) for x in rows.flat]}))
target = pathlib.Path(__file__).parent / "data" / f"xgboost-cases-{xgb.__version__}.jsonl"
target.write_text("\n".join(lines) + "\n")
print(f"{target}: {len(lines)} models")
