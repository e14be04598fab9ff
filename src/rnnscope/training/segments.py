"""A part of the split, read segment by segment: the minibatches of truncated back-propagation (paper section 1)."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def to_device(part: np.ndarray, device: torch.device) -> Tensor:
    """Put a part, ids (streams, steps + 1), on `device`, time first: (steps + 1, streams)."""
    return ids_to_device(np.ascontiguousarray(part.T), device)


def ids_to_device(ids: np.ndarray, device: torch.device) -> Tensor:
    """Put ids of any shape on `device`: uint8 stays, uint16, of which torch computes little, becomes int32."""
    return torch.from_numpy(ids if ids.dtype == np.uint8 else ids.astype(np.int32)).to(device)


def segments(characters: Tensor, sequence_length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets, int64 ids (T, streams), of one segment after another.

    Parameters
    ----------
    characters
        ids (total steps + 1, streams); the target of each character is the next one.
    sequence_length
        T; the last segment may be shorter.
    """
    for start in range(0, len(characters) - 1, sequence_length):
        segment = characters[start : start + sequence_length + 1].long()
        yield segment[:-1], segment[1:]
