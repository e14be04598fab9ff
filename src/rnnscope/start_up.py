"""A shorter `import torch` for the process of a stage.

`torch/__init__.py` also imports what its compilers use (for every operator a function that computes shapes alone, and the
export of graphs), quantised networks and distributions. They take half of the time of the import, which for a small model is
longer than its training. In the process of a stage they are not imported with torch, but where something else imports them.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

DEFERRED = (
    "torch._meta_registrations",
    "torch.ao",
    "torch.distributed._meta_registrations",
    "torch.distributions",
    "torch.export",
    "torch.nn.intrinsic",
    "torch.nn.qat",
    "torch.nn.quantizable",
    "torch.nn.quantized",
    "torch.quantization",
)


class _Torch(SourceFileLoader):
    """Runs `torch/__init__.py` while empty modules stand in place of the deferred ones."""

    def exec_module(self, module: ModuleType) -> None:
        for name in DEFERRED:
            sys.modules[name] = ModuleType(name)
        try:
            super().exec_module(module)
        finally:
            for name in DEFERRED:
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                vars(sys.modules.get(parent, module)).pop(child, None)


class _Finder(MetaPathFinder):
    """Finds torch, once, and has it loaded by `_Torch`; everything else is found as usual."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "torch":
            return None
        sys.meta_path.remove(self)
        found = PathFinder.find_spec(fullname, path)
        if found is not None and isinstance(found.loader, SourceFileLoader):
            found.loader = _Torch(fullname, found.loader.path)
        return found


def shorten_import_of_torch() -> None:
    """Defer what only torch's compilers use, where torch has not been imported yet."""
    if "torch" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
