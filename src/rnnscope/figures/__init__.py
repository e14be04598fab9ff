"""One module a figure: a table in, .svg and .png out."""
