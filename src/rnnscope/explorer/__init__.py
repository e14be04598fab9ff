"""The page on which a person walks through units and text."""
