"""Trains two small classifiers of irises, lays them out for MLServer, and writes what each says of the same rows."""
import json
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

folder = Path(sys.argv[1])
rows, classes = load_iris(return_X_y=True)
models = {
    "v1": LogisticRegression(max_iter=1000).fit(rows, classes),
    "v2": DecisionTreeClassifier(max_depth=2, random_state=0).fit(rows[::3], classes[::3]),
}
for version, model in models.items():
    place = folder / version / "iris"
    place.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, place / "model.joblib")
    settings = {
        "name": "iris",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": version},
        "inputs": [{"name": "rows", "datatype": "FP64", "shape": [-1, 4]}],
        "outputs": [
            {"name": "predict", "datatype": "INT64", "shape": [-1, 1]},
            {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 3]},
        ],
    }
    (place / "model-settings.json").write_text(json.dumps(settings))

rng = np.random.default_rng(7)
asked = np.round(rng.uniform(rows.min(axis=0), rows.max(axis=0), size=(200, 4)), 2)
(folder / "offline.json").write_text(
    json.dumps(
        {
            "rows": asked.tolist(),
            **{
                version: {"class": model.predict(asked).tolist(), "probability": model.predict_proba(asked).tolist()}
                for version, model in models.items()
            },
        }
    )
)
