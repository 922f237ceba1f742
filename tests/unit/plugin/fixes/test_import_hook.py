"""What the `.pth` file does in a Python process: almost nothing before Airflow is imported, and no harm then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import indent
from zipfile import ZipFile

import pytest

from testing.entrypoint_process import CHECKOUT, isolated_environment

HOOK = ["astro_runtime_plugin", "astro_runtime_plugin.fixes", "astro_runtime_plugin.fixes.import_hook"]
PRINT_MODULES = """
import sys
print(*sorted(name for name in sys.modules if name.startswith(("astro_runtime", "entrypoint", "wrapt", "airflow"))))
"""
# A package `airflow` of another project, found by the finder that follows the hook.
OTHER_AIRFLOW = """
import sys
from importlib.machinery import ModuleSpec
class Loader:
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.__version__ = "0"
class Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, Loader()) if name == "airflow" else None
names = [type(finder).__name__ for finder in sys.meta_path]
sys.meta_path.insert(names.index("AirflowImportHook") + 1, Finder())
"""
IMPORT_OTHER_AIRFLOW = OTHER_AIRFLOW + "import airflow; print(airflow.__version__)"
WATCHES = "from astro_runtime_plugin.fixes.activation import watches_imports; print(watches_imports())"


def run(home: Path, source: str, *options: str) -> list[str]:
    """Run a program with options of the interpreter, outside the checkout; return its words."""
    done = subprocess.run(
        [sys.executable, *options, "-c", source],
        env=isolated_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("options", "modules"), [((), HOOK), (("-I",), HOOK), (("-S",), []), (("-I", "-S"), [])], ids=str
)
def test_python_without_airflow_imports_the_hook_alone(
    tmp_path: Path, options: tuple[str, ...], modules: list[str]
) -> None:
    assert run(tmp_path, PRINT_MODULES, *options) == modules


def test_hook_imports_nothing_that_python_has_not_imported(tmp_path: Path) -> None:
    line = (CHECKOUT / "astro_runtime_fixes.pth").read_text()
    before = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); before = set(sys.modules)"
    after = "print(*sorted(set(sys.modules) - before))"
    assert run(tmp_path, f"{before}\n{line}\n{after}", "-I", "-S") == HOOK


@pytest.mark.parametrize("options", [(), ("-I",)], ids=str)
def test_import_of_airflow_registers_the_fixes(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run(tmp_path, f"{OTHER_AIRFLOW}\nimport airflow\n{WATCHES}", *options) == ["True"]


@pytest.mark.parametrize(("user", "config"), [("astro", "{home}/airflow.cfg"), (None, "None")])
def test_import_of_airflow_in_the_image_places_airflow_cfg(
    tmp_path: Path, user: str | None, config: str
) -> None:
    source = f"""
import os
os.environ.update({{"HOME": {str(tmp_path)!r}, "AIRFLOW_HOME": "/proc"}})
os.environ.update({{"ASTRONOMER_USER": "astro"}} if {user!r} else {{}})
os.access = lambda path, mode: path == {str(tmp_path)!r}  # root may write anywhere
{OTHER_AIRFLOW}
import airflow
print(os.environ.get("AIRFLOW_CONFIG"))
"""
    assert run(tmp_path, source) == [config.format(home=tmp_path)]


@pytest.mark.parametrize("first", ["import airflow", "import json"])
def test_module_that_is_loaded_before_airflow_is_patched_by_the_startup_hook(
    tmp_path: Path, first: str
) -> None:
    """While Airflow is being imported, the fix could not read Airflow's settings."""
    source = f"""
from astro_runtime_plugin.fixes import activation
activation.FIXES = {{"no_such_fix": ("json",)}}
activation.apply_fixes = lambda module: print(module.__name__)
{OTHER_AIRFLOW}
{first}
import airflow
print("airflow")
activation.watch_imports(loaded=True)
activation.watch_imports(loaded=True)
import json
"""
    expected = {"import airflow": ["airflow", "json"], "import json": ["airflow", "json"]}[first]
    assert run(tmp_path, source) == expected


def test_no_finder_is_skipped(tmp_path: Path) -> None:
    assert run(tmp_path, IMPORT_OTHER_AIRFLOW) == ["0"]
    # Also where wrapt has put its own finder before: its hook is there, and shifts no finder.
    assert run(
        tmp_path, f"import wrapt; wrapt.register_post_import_hook(print, 'x')\n{IMPORT_OTHER_AIRFLOW}"
    ) == ["0"]


def test_failure_does_not_reach_the_import(tmp_path: Path) -> None:
    source = (
        f"import sys; sys.modules['astro_runtime_plugin.fixes.activation'] = None\n{IMPORT_OTHER_AIRFLOW}"
    )
    assert run(tmp_path, source) == ["0"]


def test_hook_is_installed_once(tmp_path: Path) -> None:
    source = """
import sys
from astro_runtime_plugin.fixes.import_hook import install
install()
print(*[type(finder).__name__ for finder in sys.meta_path if type(finder).__module__.startswith("astro")])
"""
    assert run(tmp_path, source) == ["AirflowImportHook"]


# wrapt's `register_post_import_hook`, and the hook's own way to do the same.
CALLERS = {
    "wrapt": "from wrapt import register_post_import_hook as register; call = lambda name, f: register(f, name)",
    "hook": "from astro_runtime_plugin.fixes.import_hook import call_after_import as call",
}
IMPORTS = {
    "module": "import wave",
    "module that is loaded before": "import wave; call('wave', report); import wave",
    "package": "import xmlrpc.client",
    "module of a package": "import xmlrpc; print('package'); import xmlrpc.server",
    "search without an import": "from importlib.util import find_spec; print(find_spec('wave').name); import wave",
    "reload": "import wave, importlib; importlib.reload(wave)",
    "extension module": "import _lsprof",
    "failed import": "import broken",
    "failed import, then another": """
try:
    import broken
except ValueError:
    print("failed")
import os; os.environ["WHOLE"] = "1"
import broken
""",
    "archive": "import archived",
    "lazy module": """
import importlib.util
spec = importlib.util.find_spec("wave")
spec.loader = importlib.util.LazyLoader(spec.loader)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.WAVE_FORMAT_PCM)
""",
    "source and resources": """
import inspect, xmlrpc, xmlrpc.client, importlib.resources
print(len(inspect.getsource(xmlrpc.client)), importlib.resources.files("xmlrpc").joinpath("client.py").is_file())
""",
}


@pytest.mark.parametrize("case", IMPORTS)
def test_callback_comes_when_that_of_wrapt_comes(tmp_path: Path, case: str) -> None:
    (tmp_path / "broken.py").write_text("import os\nif 'WHOLE' not in os.environ: raise ValueError")
    with ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("archived.py", "")
    program = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(tmp_path / "archive.zip")!r}]
def report(module):
    print(module.__name__, len(vars(module)) > 5)
{{}}
names = ("wave", "xmlrpc", "xmlrpc.client", "xmlrpc.server", "broken", "archived", "_lsprof")
for name in names[1:] if {case == "module that is loaded before"} else names:
    call(name, report)
try:
{indent(IMPORTS[case], "    ")}
except Exception as error:
    print(type(error).__name__)
"""
    by_wrapt, by_hook = (run(tmp_path, program.format(caller)) for caller in CALLERS.values())
    assert by_hook == by_wrapt != []


def test_built_in_module_is_imported_without_its_callback(tmp_path: Path) -> None:
    source = f"{CALLERS['hook']}; call('_symtable', print); import _symtable, xxsubtype; print(_symtable.__loader__)"
    assert run(tmp_path, source) == ["<class", "'_frozen_importlib.BuiltinImporter'>"]


@pytest.mark.parametrize(
    "oddity",
    [
        # A finder that asks all the others.
        """
class Finder:
    def find_spec(self, name, path=None, target=None):
        others = (finder for finder in sys.meta_path if finder is not self)
        return next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
""",
        # A loader whose functions cannot be replaced.
        """
class Loader:
    __slots__ = ("loader",)
    def __init__(self, loader):
        self.loader = loader
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        self.loader.exec_module(module)
from importlib.machinery import PathFinder
class Finder:
    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if spec and name == "wave":
            spec.loader = Loader(spec.loader)
        return spec
""",
    ],
    ids=["finder", "loader"],
)
def test_odd_finder_or_loader_does_not_break_the_import(tmp_path: Path, oddity: str) -> None:
    source = f"""
import sys
{oddity}
{CALLERS["hook"]}
call("wave", lambda module: print("called"))
sys.meta_path.insert(1, Finder())
import wave
print(wave.WAVE_FORMAT_PCM)
"""
    assert run(tmp_path, source)[-1] == "1"
