r"""ARPA files, the text format that n-gram programs exchange: write a model for them, read theirs.

    \data\
    ngram 1=90
    ngram 2=1685

    \1-grams:
    -1.2345<tab>e<tab>-0.4321       log10 P(w | h), the n-gram hw, log10 of its back-off weight as a context (0 if missing)
    ...
    \end\

**Names.** Where a character is a byte, its name is the byte itself if that is a printable ASCII character other than `<`, else
`<XX>` with its two hexadecimal digits: `<20>` is a space, `<0A>` a line feed, `<3C>` the sign `<`. Where it is a code point, its
name is the letter itself in UTF-8 if it is visible, else `<XX>` to `<XXXXXX>`. So no name is that of a mark (`<s>`, `</s>`,
`<unk>`), and the text can be recovered from names with spaces between them.

**Marks.** A model of this project knows no sentences and gives all probability to its K characters, while other programs
require the three marks: they are written with log10 P = -99, the customary zero. Text has to be scored as one
sentence without its marks: in KenLM, which as packaged takes orders up to 6, `score(names, bos=False, eos=False)`.

**Reading** takes the files of other programs too, compressed or not, as long as their words are such names, single raw bytes or
single letters, and `<space>` or `\u2581` (a lower block) for a space. A file with a letter beyond ASCII is a model of code
points, any other one of bytes. Fields may be separated by any white space; back-off weights may be missing, and so may suffixes
of n-grams, as in pruned models: their P follows by backing off. Since text is scored as one run of characters, n-grams with
`<s>` or `</s>` are not used. A character without a name in the file gets the probabilities of `<unk>`; where these are zero or
missing, it is an error in the scored text, and so is a space without a name: it is in nearly every text, and its place is then
taken by the separation of words.
"""

import codecs
import math
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnscope.corpus.compressed import BLOCK, DAMAGE, OPENERS, TEXT_BYTES_LIMIT
from rnnscope.corpus.text import CODE_POINTS, code_points
from rnnscope.errors import InputError
from rnnscope.ngrams.backoff import BackoffModel, Entries, keys
from rnnscope.storage.files import check_is_file, whole_file

ZERO = -99  # log10 of a probability of 0
LONGEST_LINE = 2**20  # bytes; far beyond any use
LONGEST_ORDER = 100  # characters; other programs stop far below
LARGEST_LOGARITHM = 1e4  # of numbers that can be added up; no model has any that are near it
NAME = re.compile(rb"<([0-9A-Fa-f]{2,6})>")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
SIZE = re.compile(rb"ngram\s+(\d{1,3})\s*=\s*(\d{1,12})")
BYTE_ORDER_MARK = codecs.BOM_UTF8
SPACES = {b"<space>", "\N{LOWER ONE EIGHTH BLOCK}".encode()}
# In memory a word is one character: that of a byte has its value as code point, those of the marks are surrogates.
UNKNOWN = chr(0xD800)
MARKS = {b"<unk>": UNKNOWN, b"<UNK>": UNKNOWN, b"<s>": chr(0xD801), b"</s>": chr(0xD802)}

Listed = dict[str, tuple[float, float]]  # n-grams of one order: log10 P, log10 of the back-off weight


def name_of(character: int, is_byte: bool = True) -> str:
    """Return the name of a byte or a code point in an ARPA file."""
    is_visible = 0x21 <= character <= 0x7E or (not is_byte and unicodedata.category(chr(character))[0] in "LNPS")
    return chr(character) if is_visible and character != ord("<") else f"<{character:02X}>"


def names_of(text: bytes | str) -> str:
    """Return a text as other programs need it: the names of its characters with spaces between them."""
    if isinstance(text, str):
        return " ".join(name_of(ord(character), is_byte=False) for character in text)
    return " ".join(map(name_of, text))


def character_of(name: bytes) -> int:
    """Return the byte or code point of a name: a single raw byte, a letter in UTF-8, or a number.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if len(name) == 1:
        return name[0]
    if name in SPACES:
        return ord(" ")
    match = NAME.fullmatch(name)
    if match and int(match[1], 16) < CODE_POINTS:
        return int(match[1], 16)
    letters = name.decode(errors="replace")
    if len(letters) != 1 or letters == REPLACEMENT != name.decode(errors="ignore"):
        raise ValueError(f"found the word {_quoted(name)}, expected one character or its number such as <0A>")
    return ord(letters)


def write_arpa(path: Path, model: BackoffModel) -> None:
    """Write a model whose symbols are its K characters, whole or not at all. Numbers have 9 digits.

    Raises
    ------
    InputError
        If its n-grams are longer than `LONGEST_ORDER`.
    """
    if len(model.entries) > LONGEST_ORDER:
        raise InputError(f"{path}: found a model of order {len(model.entries)}, expected at most {LONGEST_ORDER}")
    is_byte = model.vocabulary.dtype == np.uint8
    names = [name_of(character, is_byte) for character in model.vocabulary.tolist()]
    marks = ("<unk>", "<s>", "</s>")
    sizes = [len(entries.key) for entries in model.entries]
    sizes[0] += len(marks)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\\data\\\n" + "".join(f"ngram {order}={size}\n" for order, size in enumerate(sizes, 1)))
        suffixes = [""]
        for order, entries in enumerate(model.entries, 1):
            file.write(f"\n\\{order}-grams:\n")
            if order == 1:
                file.writelines(f"{ZERO}\t{mark}\n" for mark in marks)
            pairs = zip(entries.first.tolist(), entries.suffix.tolist(), strict=True)
            ngrams = [names[first] + suffixes[suffix] for first, suffix in pairs]
            # A probability that rounds to a little over 1 must not become a positive logarithm.
            log_prob = (np.minimum(entries.log_prob, 0) / math.log(10)).tolist()
            log_backoff = (entries.log_backoff / math.log(10)).tolist()
            for ngram, of_ngram, of_context in zip(ngrams, log_prob, log_backoff, strict=True):
                file.write(f"{of_ngram:.9g}\t{ngram}\t{of_context:.9g}\n" if of_context else f"{of_ngram:.9g}\t{ngram}\n")
            suffixes = [f" {ngram}" for ngram in ngrams]
        file.write("\n\\end\\\n")


def read_arpa(path: Path) -> BackoffModel:
    """Read an ARPA file.

    Raises
    ------
    InputError
        If it is missing, corrupt or another file: names the file, and the line where there is one.
    """
    check_is_file(path, "an ARPA file")
    lines = _Lines(path)
    orders, has_letters = _read_orders(lines)
    lines.read_rest()
    is_unknown = orders[0].get(UNKNOWN, (ZERO, 0.0))[0] > ZERO
    left_out = set(MARKS.values()) - ({UNKNOWN} if is_unknown else set())
    orders = [{ngram: values for ngram, values in order.items() if left_out.isdisjoint(ngram)} for order in orders]
    words = sorted(ord(word) for word in orders[0] if word != UNKNOWN)
    if not words:
        raise InputError(f"{path}: found no character among the 1-grams, expected at least one")
    vocabulary = np.array(words, dtype=np.uint32 if has_letters or words[-1] > 0xFF else np.uint8)
    while not orders[-1]:
        orders.pop()
    _add_suffixes(orders)
    return BackoffModel(vocabulary, _entries(orders, vocabulary), is_unknown)


class _Lines:
    """The lines of an ARPA file that are not blank, one after another."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = _lines(path)
        self._number = 0

    def next(self, expected: str) -> bytes:
        """Return the next line, without white space around it. Raises InputError when the file ends instead of `expected`."""
        for line in self._lines:
            self._number += 1
            if self._number == 1:
                line = line.removeprefix(BYTE_ORDER_MARK)
            if len(line) > LONGEST_LINE:
                raise self.error(f"found more than {LONGEST_LINE:,} bytes, expected {expected}")
            if line := line.strip():
                return line
        raise InputError(f"{self._path}: the file ends after line {self._number}, expected {expected}; cut off, or no ARPA file")

    def read_rest(self) -> None:
        """Read the file to its end, where a compressed one that was cut off is found to be so."""
        for _ in self._lines:
            pass

    def error(self, reason: str) -> InputError:
        """Return the error for the line that was read last."""
        return InputError(f"{self._path}, line {self._number}: {reason}")


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, unpacked where its name says that it is compressed; of one that is too long, the beginning.

    Raises InputError if the file is damaged, not what its name says, or too large.
    """
    suffix = path.suffix.lower()
    try:
        with OPENERS[suffix](path) if suffix in OPENERS else path.open("rb") as file:
            size, line = 0, b""
            while block := file.read(BLOCK):
                size += len(block)
                if size > TEXT_BYTES_LIMIT:
                    raise InputError(f"{path}: more than {TEXT_BYTES_LIMIT:,} bytes unpacked; too large")
                *lines, line = (line + block).split(b"\n")
                yield from lines
                if len(line) > LONGEST_LINE:
                    break
            if line:
                yield line
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the file
        raise InputError(f"{path}: not readable as its name says, {path.suffix} ({' '.join(str(error).split())[:120]})") from None


def _read_orders(lines: _Lines) -> tuple[list[Listed], bool]:
    """Return everything that a file lists, by order, and whether it names letters beyond ASCII."""
    while lines.next("a line \\data\\") != b"\\data\\":
        pass
    sizes: list[int] = []
    while match := SIZE.fullmatch(line := lines.next("a line such as ngram 1=90 or \\1-grams:")):
        if int(match[1]) != len(sizes) + 1:
            raise lines.error(f"found the size of order {int(match[1])}, expected that of order {len(sizes) + 1}")
        if len(sizes) == LONGEST_ORDER:
            raise lines.error(f"found order {int(match[1])}, expected at most {LONGEST_ORDER}")
        sizes.append(int(match[2]))
    words: dict[bytes, str] = {}
    orders: list[Listed] = []
    for order, size in enumerate(sizes, 1):
        _expect(lines, line, f"\\{order}-grams:")
        orders.append(_read_order(lines, order, size, words))
        line = lines.next(f"\\{order + 1}-grams: or \\end\\")
    _expect(lines, line, "\\end\\" if sizes else "ngram 1=")
    has_letters = any(len(name) > 1 and not NAME.fullmatch(name) for name in words.keys() - SPACES - MARKS.keys())
    return orders, has_letters


def _expect(lines: _Lines, line: bytes, expected: str) -> None:
    if line != expected.encode():
        raise lines.error(f"found {_quoted(line)}, expected {expected}")


def _read_order(lines: _Lines, order: int, size: int, words: dict[bytes, str]) -> Listed:
    """Return the n-grams of one order. `words` are those of the 1-grams by name; order 1 fills it."""
    listed: Listed = {}
    for index in range(size):
        fields = lines.next(f"{order}-gram {index + 1} of {size}").split()
        if len(fields) not in (order + 1, order + 2):
            wanted = f"log10 P, {order} words, perhaps a back-off weight: {order}-gram {index + 1} of {size}"
            raise lines.error(f"found {len(fields)} fields, expected {wanted}")
        names = fields[1 : order + 1]
        try:
            log_prob, log_backoff = float(fields[0]), float(fields[-1]) if len(fields) == order + 2 else 0.0
            if order == 1:
                words[names[0]] = MARKS[names[0]] if names[0] in MARKS else chr(character_of(names[0]))
            ngram = "".join([words[name] for name in names])
        except ValueError as error:
            raise lines.error(str(error)) from None
        except KeyError as error:
            raise lines.error(f"found the word {_quoted(error.args[0])}, expected one of the 1-grams") from None
        if not (-LARGEST_LOGARITHM <= log_prob <= 0 and abs(log_backoff) <= LARGEST_LOGARITHM):
            wanted = f"numbers up to {LARGEST_LOGARITHM:g} and P at most 1"
            raise lines.error(f"found log10 P {log_prob} and weight {log_backoff}, expected {wanted}")
        if ngram in listed:
            raise lines.error(f"found {_quoted(b' '.join(names))} again, expected each {order}-gram once")
        listed[ngram] = (log_prob, log_backoff)
    return listed


def _quoted(line: bytes) -> str:
    """Return the beginning of something found, for a message."""
    return repr(line[:40].decode(errors="replace"))


def _add_suffixes(orders: list[Listed]) -> None:
    """List every suffix of a listed n-gram, with the P and the weight that backing off gives it."""
    for lower, order in zip(orders[-2::-1], orders[:0:-1], strict=True):
        for ngram in order:
            if ngram[1:] not in lower:
                lower[ngram[1:]] = (_log_prob(orders, ngram[1:]), 0.0)


def _log_prob(orders: list[Listed], ngram: str) -> float:
    """Return log10 P of an n-gram's last word, given the others. Order 1 lists every word."""
    if ngram in orders[len(ngram) - 1]:
        return orders[len(ngram) - 1][ngram][0]
    _, log_backoff = orders[len(ngram) - 2].get(ngram[:-1], (0.0, 0.0))
    return log_backoff + _log_prob(orders, ngram[1:])


def _entries(orders: list[Listed], vocabulary: np.ndarray) -> list[Entries]:
    """Return the n-grams as arrays, each order sorted; the id of the unknown word, if it is listed, is K."""
    id_of = np.full(CODE_POINTS, len(vocabulary), dtype=np.int32)
    id_of[vocabulary] = np.arange(len(vocabulary))
    found: list[Entries] = []
    for order, listed in enumerate(orders, 1):
        codes = code_points("".join(listed)).reshape(-1, order)
        suffix = np.zeros(len(codes), dtype=np.int64)
        for back, lower in enumerate(found, 1):
            suffix = lower.find(suffix, id_of[codes[:, -back]])
        key = keys(suffix, id_of[codes[:, 0]])
        in_order = np.argsort(key)
        log_prob, log_backoff = np.array(list(listed.values())).T[:, in_order] * math.log(10)
        found.append(Entries(key[in_order], log_prob, log_backoff))
    return found
