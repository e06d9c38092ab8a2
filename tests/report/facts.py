"""Documents as the analysis writes them, with every part, for tables made here from seeds.

The parts are stand-ins: their shape is the contract's, and their figures are of the table where
that is cheap. What the page must show is what stands in the document, whoever made it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec

Facts = dict[str, Any]
WORDS = ["eee", "isoscore", "lsq_patchiness", "effective_rank", "rankme", "vrm", "mean_cosine", "twonn", "alpha_req"]


def measure_names(count: int) -> list[str]:
    """`count` names as a study writes them."""
    sites = ["final", "unembedding", "block.0", "block.1", "embeddings", "block.2", "block.3", "final_prenorm"]
    return [f"{sites[i // len(WORDS) % len(sites)]}.{WORDS[i % len(WORDS)]}" for i in range(count)]


def suite(models: int = 108, measures: int = 18, protocols: int = 1, seed: int = 0) -> pd.DataFrame:
    """Trained models of six sizes under several choices: geometry follows the choices, and the score a little more."""
    random = np.random.default_rng(seed)
    names = measure_names(measures)
    rows = []
    for i in range(models):
        width = (32, 48, 64, 96, 128, 192)[i % 6]
        decay, rate = (0.01, 0.1, 0.5)[i // 6 % 3], (5e-4, 1e-3, 5e-3)[i // 18 % 3]
        batch, own = (16, 32, 64)[i // 54 % 3], random.normal()
        quality = np.log2(width) / 4 - decay + 0.2 * np.log10(rate) + 0.3 * own + random.normal(0, 0.2)
        choices = {
            "width": width,
            "weight_decay": decay,
            "learning_rate": rate,
            "batch_size": batch,
            "pretrain_seed": i % 3,
        }
        base = f"modernbert-w{width}-d{decay}-r{rate}-b{batch}"
        scores = {f"score.{t}": 0.5 + 0.06 * quality + random.normal(0, 0.01) for t in ("rte", "sst2", "mrpc")}
        scores["score.average"] = float(np.mean(list(scores.values())))
        for p in range(protocols):
            values = [
                (1 + k % 3)
                * (0.6 * quality * (k % 4 != 3) + (0.7 - 0.1 * k % 7) * decay + random.normal(0, 0.3 + 0.05 * k))
                for k in range(measures)
            ]
            name = f"{base}-s{i}" + (f"|protocol=p{p}" if protocols > 1 else "")
            row = {"model": name, "base": f"{base}-s{i}", "family": ("encoder", "decoder")[i % 2], **choices}
            row |= {"protocol": f"p{p}"} if protocols > 1 else {}
            rows.append({**row, **dict(zip(names, values, strict=True)), **scores})
    return pd.DataFrame(rows)


def everything(table: pd.DataFrame, controls: list[str], target: str = "score.average", by: str | None = None) -> Facts:
    """A document with every part of the contract."""
    names = [c for c in table.columns if "." in c and not c.startswith("score.") and not c.endswith(".spread")]
    facts = analyze(table, AnalyzeSpec(target=target, controls=controls, by=by), names)
    return complete(facts, table, controls)


def complete(facts: Facts, table: pd.DataFrame, controls: list[str]) -> Facts:
    """The document with stand-ins for the parts that it lacks."""
    names = [e["measure"] for e in facts["correlations"]]
    random = np.random.default_rng(1)
    made = {
        "correlations": [_wider(e) for e in facts["correlations"]],
        "partial": [{**e, "adjustment": "ranks on the controls"} for e in facts["partial"]],
        "within": [_near(e, random, by="family", groups=2) for e in facts["correlations"]],
        "strata": [s for e in facts["correlations"] for s in _strata(e, random)],
        "incremental": [{**e, "boosted": _boosted(e)} for e in facts["incremental"]],
        "incremental_all": _together(names, facts),
        "mixed": [_slope(e, random) for e in facts["correlations"]],
        "reflects": _reflects(names, facts, controls, random),
        "alignment": _alignment(table, names),
        "transfer": _transfer(names, random),
        "counterexamples": _counterexamples(table, facts),
        "saturation": _saturation(),
        "sensitivity": _sensitivity(names, facts, random),
        "power": power(len(table), len(controls)),
    }
    return {**facts, **made}


def _around(r: float | None, width: float) -> list[float] | None:
    return None if r is None else [max(-1.0, r - width), min(1.0, r + width)]


def _wider(entry: Facts) -> Facts:
    r = entry["spearman"]
    tau = None if r is None else 2 / np.pi * float(np.arcsin(r))
    more = {"kendall": tau, "kendall_ci": _around(tau, 0.1), "distance_correlation": r and min(1.0, abs(r) + 0.02)}
    return {**entry, **more, "p_permutation": entry["p"], "permuted_within": None, "monotone_r2": r and r * r}


def _near(entry: Facts, random: np.random.Generator, **more: Any) -> Facts:
    r = None if entry["spearman"] is None else float(np.clip(entry["spearman"] * 0.7 + random.normal(0, 0.1), -1, 1))
    found = {
        "measure": entry["measure"],
        "n": entry["n"],
        "spearman": r,
        "ci": _around(r, 0.18),
        "p": entry["p"],
        **more,
    }
    return found if r is not None else {**found, "reason": entry.get("reason", "too few rows")}


def _strata(entry: Facts, random: np.random.Generator) -> list[Facts]:
    return [_near(entry, random, by="width", level=level) for level in ("32", "48", "64", "96", "128", "192")]


def _boosted(entry: Facts) -> Facts | None:
    if entry["delta_r2"] is None:
        return None
    gain = entry["delta_r2"] * 0.8 - 0.01
    return {"baseline_r2": entry["baseline_r2"] - 0.05, "delta_r2": gain, "ci": _around(gain, 0.04)}


def _together(names: list[str], facts: Facts) -> Facts | None:
    first = next((e for e in facts["incremental"] if e["delta_r2"] is not None), None)
    if first is None:
        return None
    linear = {"baseline_r2": first["baseline_r2"], "delta_r2": 0.08, "ci": [0.03, 0.13]}
    boosted = {"baseline_r2": first["baseline_r2"] - 0.05, "delta_r2": 0.06, "ci": [-0.01, 0.12]}
    common = {"measures": names, "n": first["n"], "folds": first["folds"], "grouped_by": first["grouped_by"]}
    return {**common, "linear": linear, "boosted": boosted}


def _slope(entry: Facts, random: np.random.Generator) -> Facts:
    near = _near(entry, random)
    failed = entry["measure"].endswith("twonn")
    remark = "the variance of the groups is at its bound" if failed else None
    found = {"measure": entry["measure"], "group": "base", "groups": 6, "n": near["n"], "slope": near["spearman"]}
    return {
        **found,
        "ci": near["ci"],
        "p": near["p"],
        "converged": not failed,
        "remark": remark,
        "bootstrap_ci": near["ci"],
    }


def _reflects(names: list[str], facts: Facts, controls: list[str], random: np.random.Generator) -> list[Facts]:
    found = []
    for name in [facts["target"], *names]:
        shares = random.dirichlet([0.6] * (len(controls) + 1))
        choices = [
            {
                "choice": c, "kind": "number", "df": 1, "type2_share": float(s * 0.9), "p": float(random.random() ** 3),
                "shapley": float(s), "effect": float(random.normal()), "effect_ci": [-0.2, 0.4],
                "with_size": {"share": 0.02, "p": 0.3} if c != "width" else None,
            }
            for c, s in zip(controls, shares, strict=False)
        ]  # fmt: skip
        entry = {"measure": name, "n": facts["n"], "r2": float(sum(shares[:-1])), "choices": choices}
        found.append({**entry, "target": True} if name == facts["target"] else entry)
    return found if controls else []


def _alignment(table: pd.DataFrame, names: list[str]) -> Facts | None:
    from scipy.cluster.hierarchy import leaves_list, linkage

    kept = [n for n in names if table[n].nunique() > 1]
    if len(kept) < 2:
        return None
    matrix = table[kept].corr("spearman").fillna(0.0).to_numpy()
    order = leaves_list(linkage(1 - np.abs(matrix[np.triu_indices(len(kept), 1)]), "average"))
    values = np.sort(np.linalg.eigvalsh(matrix))[::-1]
    limits = np.linspace(1.6, 0.6, len(kept))
    above = int(np.argmin(values > limits)) or 1
    found = {"measures": kept, "n": len(table), "spearman": matrix.tolist(), "order": [kept[i] for i in order]}
    return {**found, "eigenvalues": values.tolist(), "thresholds": limits.tolist(), "dimensions": above}


def _transfer(names: list[str], random: np.random.Generator) -> list[Facts]:
    found = []
    for by, levels in (("family", ["encoder", "decoder"]), ("width", [32, 48, 64, 96, 128, 192])):
        forms = [(None, "mean", 1.0), (None, "choices", 0.55)]
        forms += [(n, form, f * float(random.uniform(0.5, 1.8))) for n in names for form, f in _FORMS]
        for name, form, relative in forms:
            error, baseline = 0.004 * relative, form == "mean"
            by_level = [
                {"level": level, "n": 18, "mse": error * (1 + 0.2 * i), "bias": 0.01} for i, level in enumerate(levels)
            ]
            found.append(
                {
                    "measure": name, "by": by, "form": form, "n": 108, "levels": len(levels), "mse": error,
                    "r2": 1 - relative, "calibration": None if baseline else {"slope": 0.8, "intercept": 0.1},
                    "coverage": 0.91, "by_level": by_level,
                }
            )  # fmt: skip
    return found


_FORMS = (("measure", 0.9), ("choices + measure", 0.5))


def _counterexamples(table: pd.DataFrame, facts: Facts) -> list[Facts]:
    found = []
    kinds = ("low and good", "high and bad", "high and good", "low and bad")
    rows = table.dropna(subset=[facts["target"]]).head(4)
    for entry in facts["correlations"][:3]:
        for i, (_, row) in enumerate(rows.iterrows()):
            score = float(row[facts["target"]])
            model = str(row["model"]) if "model" in row else f"row {i}"
            found.append(
                {
                    "measure": entry["measure"], "model": model, "value": 0.3 + i, "target": score,
                    "predicted": score - 0.05, "residual": 0.05, "z": 2.5 + 0.3 * i, "kind": kinds[i],
                    "settings": {"width": 64, "weight_decay": 0.1},
                }
            )  # fmt: skip
    return found


def _saturation() -> list[Facts]:
    kinds = ("low rank and saturated", "low rank and not", "high rank and not")
    return [
        {
            "run": f"modernbert-w{w}", "column": "score.loss", "steps": 12, "best_step": 8000, "best": 2.1, "last": 2.3,
            "rise": 0.2, "rise_over_noise": 3.1, "saturated": kind.endswith("saturated"),
            "rank_measure": "final.rankme", "rank_at_best": 40.0, "rank_last": 22.0,
            "rank_fell": kind.startswith("low"), "kind": kind,
        }
        for w, kind in zip((32, 64, 96), kinds, strict=True)
    ]  # fmt: skip


def _sensitivity(names: list[str], facts: Facts, random: np.random.Generator) -> Facts:
    axes = {"protocol": ["default", "marbut2024"], "corpus": ["pydocs", "wikitext:data/wikitext-2+ptb:data/ptb"],
            "tokens": ["all", "last"]}  # fmt: skip
    grid = [dict(zip(axes, combination, strict=True)) for combination in _product(list(axes.values()))]
    by_name = {e["measure"]: e for e in facts["correlations"]}
    specifications, measures = [], []
    for name in names:
        if by_name[name]["pearson"] is None:
            continue
        values = [float(np.clip(by_name[name]["pearson"] + random.normal(0, 0.15), -1, 1)) for _ in grid]
        for settings, r in zip(grid, values, strict=True):
            found = {"measure": name, "settings": settings, "n": 100, "pearson": r, "pearson_ci": _around(r, 0.15)}
            specifications.append({**found, "spearman": r, "p": 0.01})
        known = {"pearson_median": float(np.median(values)), "pearson_min": min(values), "pearson_max": max(values)}
        same = min(values) > 0 or max(values) < 0
        measures.append({"measure": name, "settings": len(grid), **known, "same_sign": same, "significant": 5})
    return {"axes": axes, "measures": measures, "specifications": specifications}


def _product(levels: list[list[str]]) -> list[tuple[str, ...]]:
    from itertools import product

    return list(product(*levels))


def power(n: int, controls: int) -> Facts:
    """Power of a partial correlation by Fisher's z."""
    root = np.sqrt(max(n - controls - 3, 1))
    z = stats.norm.ppf(0.975)
    curve = [
        {"true": float(r), "power": float(stats.norm.sf(z - np.arctanh(r) * root))} for r in np.linspace(0.05, 0.9, 18)
    ]
    least = float(np.tanh((z + stats.norm.ppf(0.8)) / root))
    needed = [
        {"true": r, "n_80": int(np.ceil(((z + stats.norm.ppf(0.8)) / np.arctanh(r)) ** 2)) + 3 + controls}
        for r in (0.1, 0.2, 0.3, 0.5)
    ]
    return {"n": n, "controls": controls, "partial_correlation": curve, "detectable_80": least, "needed": needed}
