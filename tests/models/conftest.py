import shutil

import pytest

from rnnscope.models import compiled


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    """A folder with copies of the compiled libraries and of their source, from which they are loaded."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    for path in compiled.SOURCE.parent.glob("compiled*"):
        shutil.copy(path, folder)
    monkeypatch.setattr(compiled, "SOURCE", folder / compiled.SOURCE.name)
    compiled.load.cache_clear()
    yield folder
    compiled.load.cache_clear()
