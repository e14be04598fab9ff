"""Importing this keeps all objects that there are by then out of later garbage collections."""

import gc

gc.collect()
gc.freeze()
