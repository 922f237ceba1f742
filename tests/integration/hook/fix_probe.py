"""A fix whose functions report that they are called: it shows which kind of process carries fixes, and which.

`sitecustomize.py` adds it to the registry, in each Python and before Airflow is imported. The registry applies it as it
applies every other fix. A process that imports a module at fault later also writes what it has applied by then.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from astro_runtime_plugin.fixes.source import file_digest
from tests.integration.hook.carriers import CARRIERS

SITE = """
import functools, json, os, sys, threading
from wrapt import register_post_import_hook

FUNCTIONS = {functions!r}  # (module, function, digest)

def add_fix(registry):
    load_fix = registry.load_fix
    registry.FIXES["probe"] = tuple({{module for module, _, _ in FUNCTIONS}})
    registry.load_fix = lambda name: create_fix() if name == "probe" else load_fix(name)

def create_fix():
    from astro_runtime_plugin.fixes.fix import Fix, Patch
    patches = (Patch(module, name, (digest,), lambda called, name=name: reporting(called, name))
               for module, name, digest in FUNCTIONS)
    return Fix("probe", "Processes report.", "-", "", "-", tuple(patches))

def reporting(called, name):
    @functools.wraps(called)
    def call(*arguments, **options):
        report(name)
        return called(*arguments, **options)
    return call

def report(name):
    from astro_runtime_plugin.fixes.application import applied_fixes
    from astro_runtime_plugin.fixes.registry import FIXES
    content = {{"function": name, "argv": sys.argv, "pid": os.getpid(), "applied": None}}
    while content["applied"] != (applied := sorted(applied_fixes() - {{"probe"}})):  # another thread may be importing
        content.update(applied=applied, imported=[])
        for module in {{module for modules in FIXES.values() for module in modules}} & sys.modules.keys():
            if not getattr(sys.modules[module].__spec__, "_initializing", False):
                content["imported"].append(module)
    write(f"fix-{{name}}-{{os.getpid()}}.json", content)

def write(name, content):
    path = os.path.join(os.environ["AIRFLOW_HOME"], "reports", name)
    part = f"{{path}}.{{threading.get_ident()}}"
    with open(part, "w") as file:
        json.dump(content, file)
    os.rename(part, path)

def follow(activation):
    apply = activation._apply_guarded
    def apply_and_write(*arguments):
        from astro_runtime_plugin.fixes.application import applied_fixes
        apply(*arguments)
        write(f"applied-{{os.getpid()}}.json", [os.getpid(), sorted(applied_fixes())])
    activation._apply_guarded = apply_and_write

register_post_import_hook(add_fix, "astro_runtime_plugin.fixes.registry")
register_post_import_hook(follow, "astro_runtime_plugin.fixes.activation")
"""


def add_fix(home: Path) -> dict[str, str]:
    """Let each Python process know the fix; return the variables that do it."""
    site = home / "site"
    site.mkdir()
    targets = {(carrier.module, carrier.function) for carrier in CARRIERS.values()}
    functions = [(module, function, _digest(module, function)) for module, function in sorted(targets)]
    (site / "sitecustomize.py").write_text(SITE.format(functions=functions))
    return {"PYTHONPATH": str(site)}


def _digest(module: str, function: str) -> str:
    spec = find_spec(module)
    assert spec
    assert spec.origin
    return file_digest(spec.origin, function)
