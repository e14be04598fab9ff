"""Words that the project does not use, each as a regular expression with what to write instead."""

import re

# Words between the two halves of an expression: at most six, and no end of a sentence.
WORDS = r"(?:\s+[^\s.;:]+){0,6}?\s+"

DIALECT = {
    rf"\b(?:held|holds?|holding)\b{WORDS}?against\b": "compare(d) with",
    r"\btold\b(?!\s+apart)": "reported, stated, shown, distinguished",
    r"\btells?\s+(?:an?|each|every|which|what|how|whether|that|it|of)\b": "detect, show, report, say",
    r"\btells?\s+the\s+(?!user|reader|program)": "show, report, give",
    r"\btells?\s+(?:delimiters|characters|features)\b": "detect, mark",
    r"\banew\b": "again",
    r"\bflatter(?:s|ed|ing)?\b": "selection bias",
    r"\bno\s+say\b": "is not used for the choice",
    r"\bfor\s+want\s+of\b": "without, because there is no",
    r"\b(?:goes|went|going)\s+on\b": "resume(s), continue(s)",
    r"\bgo\s+on\s+(?:after|from|to|with|learning)\b": "resume, continue",
    r"\bso[\s-]many(?:-th)?\b": "the number itself: n characters, this many",
    r"\bof\s+(?:ours|theirs)\b": "of rnnscope; their",
    r"\ball\s+that\s+there\s+(?:is|are)\b": "all",
    r"\bspeaks?\s+of\b": "is about, names",
    r"\b(?:stands?|lies?)\s+(?:beside|there|once)\b": "is beside, is there",
    r"\b(?:zygote|drill(?:s|ed)?)\b": "fault injection",
    r"\bplanted\b": "synthetic",
}
PROSE = {".py", ".cpp", ".md", ".smk", ".yaml", ".rst", ".html", ".css", ".js"}


def dialect_in(text):
    """Every use of the dialect in a text: (line from 1, what is there, what to write instead)."""
    for expression, instead in DIALECT.items():
        for found in re.finditer(expression, text, re.IGNORECASE):
            yield text.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), instead
