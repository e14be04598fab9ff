"""How models differ from one another: distances, map, characters, closing delimiters, training dynamics."""
