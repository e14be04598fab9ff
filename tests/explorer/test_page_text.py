"""What the page's script knows of a text of bytes and of one of code points."""

import numpy as np
import pytest

from rnnscope.explorer.page_text import page_text


@pytest.mark.parametrize(
    ("symbols", "dtype", "kind", "width"),
    [
        (np.arange(10, 13, dtype=np.uint8), np.uint8, "bytes", 1),
        (np.arange(0x4E00, 0x4F2C, dtype=np.uint32), np.uint16, "unicode", 2),
    ],
)
def test_symbols_and_the_width_of_an_id(symbols, dtype, kind, width):
    test = np.arange(8).reshape(2, 4).astype(dtype) % len(symbols)
    found = page_text(test, symbols, 100).describe()
    assert (found["kind"], found["width"]) == (kind, width)
    assert found["symbols"] == symbols.tolist()
    assert found["following"] == test[:, 3].tolist()
