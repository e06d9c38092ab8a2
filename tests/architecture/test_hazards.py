"""What must not stand in the source: checks that vanish, code that runs what a file holds, unfinished work."""

from __future__ import annotations

import ast
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
RUNNERS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
YAML_LOADERS = {"yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"}
PLUGINS = "lmgeo.core.plugins"  # the one module that runs a file of a user's
TABLE_FOLDERS = {"analysis", "report", "store", "api", "cli"}


def hazards(tree: ast.AST, folder: str = "core") -> list[str]:
    """`line: what` for each construct that has no place in the source."""
    return [f"{getattr(n, 'lineno', 0)}: {what}" for n in ast.walk(tree) if (what := _hazard(n, folder))]


def _hazard(node: ast.AST, folder: str) -> str | None:
    if isinstance(node, ast.Assert):
        return "assert"
    if isinstance(node, ast.Import) and any(a.name.split(".")[0] in UNPICKLERS for a in node.names):
        return "a module that unpickles"
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNPICKLERS:
        return "a module that unpickles"
    if isinstance(node, ast.ExceptHandler):
        return _swallowing(node)
    if isinstance(node, ast.Call):
        return _hazardous_call(node, folder)
    if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc):
        return "unfinished"
    return None


def _swallowing(node: ast.ExceptHandler) -> str | None:
    broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
    silent = len(node.body) == 1 and isinstance(node.body[0], (ast.Pass, ast.Continue))
    return "swallows every exception" if broad and silent else None


def _hazardous_call(node: ast.Call, folder: str) -> str | None:
    name = ast.unparse(node.func)
    given = {k.arg: ast.unparse(k.value) for k in node.keywords}
    if name in RUNNERS | YAML_LOADERS or name.endswith(".exec_module"):
        return name
    if name.endswith("torch.load") and given.get("weights_only") != "True":
        return "torch.load without weights_only=True"
    for argument in ("allow_pickle", "trust_remote_code", "shell"):
        if given.get(argument, "False") != "False":
            return argument
    # pandas' own expressions reach attributes and functions; a module's .eval() takes no argument
    if folder in TABLE_FOLDERS and name.endswith((".eval", ".query")) and (node.args or node.keywords):
        return f"{name} of an expression"
    return None


@pytest.mark.parametrize("name", sorted(modules()))
def test_the_source_is_free_of_hazards(name: str) -> None:
    module = modules()[name]
    found = [f"{module.place}:{what}" for what in hazards(module.tree, module.folder)]
    if name == PLUGINS:
        found = [what for what in found if not what.endswith("exec_module")]
    assert not found
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", module.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "assert x",
        "import pickle",
        "def f():\n    from joblib import load",
        "yaml.load(text, Loader=yaml.Loader)",
        "eval(text)",
        "exec(text)",
        "spec.loader.exec_module(module)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "AutoModel.from_pretrained(path, trust_remote_code=True)",
        "try:\n    f()\nexcept Exception:\n    pass",
        "raise NotImplementedError",
    ],
)
def test_each_hazard_is_seen(source: str) -> None:
    assert hazards(ast.parse(source))


@pytest.mark.parametrize(
    "source", ["model.eval()", "torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)"]
)
def test_what_is_sound_passes(source: str) -> None:
    assert not hazards(ast.parse(source), "analysis")


def _project_files() -> list[Path]:
    """The files that belong to the project: what git would commit, or all of a tree without git."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [p for folder in ("src", "tests", "docs", "benchmarks") for p in (ROOT / folder).rglob("*")]
    return [ROOT / name for name in done.stdout.splitlines()]


def test_no_file_names_a_place_of_this_machine() -> None:
    common = {Path("/"), Path(tempfile.gettempdir()), Path("/tmp")}
    places = {ROOT, ROOT.parent, Path.home()} - common
    pattern = re.compile(r"(?<![\w./])(" + "|".join(re.escape(f"{p}/") for p in sorted(places)) + ")")
    found = []
    for path in _project_files():
        if not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in pattern.finditer(text)]
    assert not found
