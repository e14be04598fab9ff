import shutil

import pytest

from rnnscope.models import library


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    """A folder with copies of the compiled libraries and of their source, from which they are loaded."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    for path in library.SOURCE.parent.glob("compiled*"):
        shutil.copy(path, folder)
    monkeypatch.setattr(library, "SOURCE", folder / library.SOURCE.name)
    library.load.cache_clear()
    yield folder
    library.load.cache_clear()
