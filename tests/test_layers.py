"""The layers of the package: the table in CONTRIBUTING.md, held to the imports of the modules."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import lmmtext

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lmmtext"


def table(text):
    """Return the layer of each unit, a module or a package such as routes/, from the table in a text."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \|", text, re.M)
    return {unit: int(layer) for layer, units in rows for unit in re.findall(r"`(\w+)`", units)}


LAYER = table((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def unit_of(path, package=PACKAGE):
    """Return the unit that a file belongs to: the name of its module, or of the package around it."""
    parts = path.relative_to(package).with_suffix("").parts
    return parts[0]


def imported_units(source, units):
    """Return the units of lmmtext that a source imports, anywhere in it (in functions too)."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == "lmmtext":
                found.add(rest[0] if rest and rest[0] in units else "__init__")
    return found


def upward_imports(sources, layer):
    """Return the imports, among {path: (unit, source)}, that do not go down the layers."""
    wrong = []
    for path, (unit, source) in sources.items():
        for other in sorted(imported_units(source, layer) - {unit}):
            if unit in layer and layer.get(other, 99) >= layer[unit]:
                wrong.append(f"{path}: {unit} (layer {layer[unit]}) imports {other} (layer {layer.get(other)})")
    return wrong


def sources():
    """Return {path: (unit, source)} for every module of the package."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {p.relative_to(ROOT).as_posix(): (unit_of(p), p.read_text(encoding="utf-8")) for p in files}


def test_every_module_has_a_layer_and_every_layer_its_modules():
    assert {unit for unit, _ in sources().values()} - {"__init__"} == set(LAYER)


def test_a_module_imports_only_from_lower_layers():
    assert upward_imports(sources(), LAYER) == []


def test_the_second_witness_shares_nothing_with_the_first():
    reached, waiting = set(), ["henderson"]
    while waiting:
        unit = waiting.pop()
        reached.add(unit)
        for other, source in sources().values():
            if other == unit:
                waiting += imported_units(source, LAYER) - reached
    assert not reached & {"routes", "gls", "covariance"}


def test_an_upward_import_is_caught_wherever_it_stands():
    planted = {
        "a.py": ("low", "def f():\n    from lmmtext.high import g\n"),
        "b.py": ("low", "from lmmtext import high"),
        "c.py": ("high", "import lmmtext.low.part"),
        "d.py": ("low", "import lmmtext"),
    }
    wrong = upward_imports(planted, {"low": 0, "high": 1})
    assert [w.split(":")[0] for w in wrong] == ["a.py", "b.py", "d.py"]


def test_importing_the_package_imports_no_extra():
    ask = "import sys, lmmtext; print(*{'matplotlib', 'sympy', 'lark', 'IPython'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_the_names_of_the_package_are_imported_from_where_they_are_said_to_be():
    """What type checkers read, what runs, and what is public are three lists of the same names."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    imports = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module.startswith("lmmtext.")
    ]
    said = {alias.name: node.module.removeprefix("lmmtext.") for node in imports for alias in node.names}
    assert said == lmmtext._HOME
    assert sorted(said) == sorted(lmmtext.__all__)
    assert not set(said) & {unit for unit, _ in sources().values()}, "a module hides a name of the package"


def test_importing_the_package_imports_nothing_that_is_slow():
    code = "import sys, lmmtext; print([m for m in ('numpy', 'pandas', 'scipy', 'formulaic', 'matplotlib') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_fit_of_one_factor_imports_only_what_it_needs():
    code = (
        "import sys; from lmmtext import lmm, load; lmm('Yield ~ 1 + (1 | Batch)', load('dyestuff'));"
        "print([m for m in ('scipy.optimize', 'scipy.sparse', 'formulaic', 'matplotlib', 'sympy') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
