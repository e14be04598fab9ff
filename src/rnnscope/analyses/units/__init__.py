"""What single units and gates track: features of the text, scores, snippets, probes, memory spans, saturation."""
