r"""ARPA files, the text format that n-gram programs exchange: write a model for them, read theirs.

    \data\
    ngram 1=90
    ngram 2=1685

    \1-grams:
    -1.2345<tab>e<tab>-0.4321       log10 P(w | h), the n-gram hw, log10 of its back-off weight as a context (0 if missing)
    ...
    \end\

**Names.** A character is a byte; its name is the byte itself if that is a printable ASCII character other than `<`, else
`<XX>` with its two hexadecimal digits: `<20>` is a space, `<0A>` a line feed, `<3C>` the sign `<`. So no name is that of a
mark (`<s>`, `</s>`, `<unk>`), and the text can be recovered from names with spaces between them.

**Marks.** A model of this project knows no sentences and gives all probability to its K characters, while other programs
require the three marks: they are written with log10 P = -99, the customary zero. Text has to be scored as one
sentence without its marks: in KenLM, which as packaged takes orders up to 6, `score(names, bos=False, eos=False)`.

**Reading** takes the files of other programs too, as long as their words are such names or single raw bytes. Fields may be
separated by any white space; back-off weights may be missing, and so may suffixes of n-grams, as in pruned models: their P
follows by backing off. Since text is scored as one run of characters, n-grams with `<s>` or `</s>` are not used. A byte without
a name in the file gets the probabilities of `<unk>`; where these are zero or missing, it is an error in the scored text.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rnnscope.errors import InputError
from rnnscope.ngrams.backoff import BackoffModel, Entries, keys
from rnnscope.storage.files import whole_file

ZERO = -99  # log10 of a probability of 0
LONGEST_ORDER = 100  # characters; other programs stop far below
LARGEST_LOGARITHM = 1e4  # of numbers that can be added up; no model has any that are near it
NAME = re.compile(rb"<([0-9A-Fa-f]{2})>")
SIZE = re.compile(rb"ngram\s+(\d{1,3})\s*=\s*(\d{1,12})")
# In memory a word is one character: the code point of a byte is its value, those of the marks are above 255.
LAST_BYTE, UNKNOWN = chr(255), chr(256)
MARKS = {b"<unk>": UNKNOWN, b"<UNK>": UNKNOWN, b"<s>": chr(257), b"</s>": chr(258)}

Listed = dict[str, tuple[float, float]]  # n-grams of one order: log10 P, log10 of the back-off weight


def name_of(byte: int) -> str:
    """Return the name of a byte in an ARPA file."""
    return chr(byte) if 0x21 <= byte <= 0x7E and byte != ord("<") else f"<{byte:02X}>"


def names_of(text: bytes) -> str:
    """Return a text as other programs need it: the names of its bytes with spaces between them."""
    return " ".join(map(name_of, text))


def byte_of(name: bytes) -> int:
    """Return the byte of a name, or of a single raw byte. Raises ValueError where it is neither."""
    if len(name) == 1:
        return name[0]
    if match := NAME.fullmatch(name):
        return int(match[1], 16)
    raise ValueError(f"found the word {_quoted(name)}, expected one byte or its number such as <0A>")


def write_arpa(path: Path, model: BackoffModel) -> None:
    """Write a model whose symbols are its K bytes, whole or not at all. Numbers have 9 digits.

    Raises
    ------
    InputError
        If its n-grams are longer than `LONGEST_ORDER`.
    """
    if len(model.entries) > LONGEST_ORDER:
        raise InputError(f"{path}: found a model of order {len(model.entries)}, expected at most {LONGEST_ORDER}")
    names = [name_of(byte) for byte in model.vocabulary.tolist()]
    marks = ("<unk>", "<s>", "</s>")
    sizes = [len(entries.key) for entries in model.entries]
    sizes[0] += len(marks)
    with whole_file(path) as partial, partial.open("w", encoding="ascii", newline="\n") as file:
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
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected an ARPA file")
    with path.open("rb") as file:
        orders = _read_orders(_Lines(path, file))
    unknown = orders[0].get(UNKNOWN, (ZERO, 0.0))[0] > ZERO
    last = UNKNOWN if unknown else LAST_BYTE
    orders = [{ngram: values for ngram, values in order.items() if max(ngram) <= last} for order in orders]
    vocabulary = np.array(sorted(ord(word) for word in orders[0] if word <= LAST_BYTE), dtype=np.uint8)
    if not len(vocabulary):
        raise InputError(f"{path}: found no character among the 1-grams, expected at least one")
    while not orders[-1]:
        orders.pop()
    _add_suffixes(orders)
    return BackoffModel(vocabulary, _entries(orders, vocabulary), unknown)


class _Lines:
    """The lines of an ARPA file that are not blank, one after another."""

    def __init__(self, path: Path, lines: Iterable[bytes]) -> None:
        self._path = path
        self._lines = iter(lines)
        self._number = 0

    def next(self, expected: str) -> bytes:
        """Return the next line, without white space around it. Raises InputError when the file ends instead of `expected`."""
        for line in self._lines:
            self._number += 1
            if not line.isspace():
                return line.strip()
        raise InputError(f"{self._path}: the file ends after line {self._number}, expected {expected}; cut off, or no ARPA file")

    def error(self, reason: str) -> InputError:
        """Return the error for the line that was read last."""
        return InputError(f"{self._path}, line {self._number}: {reason}")


def _read_orders(lines: _Lines) -> list[Listed]:
    """Return everything that a file lists, by order."""
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
    return orders


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
                words[names[0]] = MARKS[names[0]] if names[0] in MARKS else chr(byte_of(names[0]))
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
    id_of = np.full(ord(UNKNOWN) + 1, len(vocabulary), dtype=np.int16)
    id_of[vocabulary] = np.arange(len(vocabulary))
    found: list[Entries] = []
    for order, listed in enumerate(orders, 1):
        codes = np.frombuffer("".join(listed).encode("utf-16-le"), dtype="<u2").reshape(-1, order)
        suffix = np.zeros(len(codes), dtype=np.int64)
        for back, lower in enumerate(found, 1):
            suffix = lower.find(suffix, id_of[codes[:, -back]])
        key = keys(suffix, id_of[codes[:, 0]])
        in_order = np.argsort(key)
        log_prob, log_backoff = np.array(list(listed.values())).T[:, in_order] * math.log(10)
        found.append(Entries(key[in_order], log_prob, log_backoff))
    return found
