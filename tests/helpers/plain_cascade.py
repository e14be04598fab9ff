"""Oracles and cascade one character at a time, straight from their definitions. Shares no code with rnnscope."""

import math
import re


def is_word_character(byte):
    return byte >= 128 or chr(byte).isalnum() or byte == ord("_")


def is_punctuation(byte):
    return 32 < byte < 127 and not is_word_character(byte)


class PlainText:
    """A text of `streams` streams of `row` characters, the last `test` of which are the test part and the first `train` train.

    A character is given as (stream, step): the target that follows column `step` of the stream's test part.
    """

    def __init__(self, text, streams, row, train, test):
        cut = text[: streams * row]
        self.text = cut + cut[:1]
        self.streams, self.row, self.train, self.test = streams, row, train, test

    def characters(self):
        return [(stream, step) for stream in range(self.streams) for step in range(self.test)]

    def place(self, stream, step):
        return stream * self.row + self.row - self.test + step + 1

    def word(self, place):
        """Start and stop of the word at a place; None outside of words. The text's end, where it begins again, ends a word."""
        end = len(self.text) - 1
        if place == end or not is_word_character(self.text[place]):
            return None
        start = stop = place
        while start > 0 and is_word_character(self.text[start - 1]):
            start -= 1
        while stop < end and is_word_character(self.text[stop]):
            stop += 1
        return start, stop

    def repeats(self, stream, step, n):
        """Whether it lies in a word, from its second character on, that occurs in the previous n characters of the stream."""
        place = self.place(stream, step)
        word = self.word(place)
        if word is None or place == word[0]:
            return False
        previous = self.text[max(stream * self.row, place - n) : place]
        return self.text[word[0] : word[1]] in previous

    def training_count(self, stream, step):
        """How many words of the train parts are the word of a character; None outside of words."""
        word = self.word(self.place(stream, step))
        if word is None:
            return None
        wanted = self.text[word[0] : word[1]]
        count = 0
        for match in re.finditer(rb"[A-Za-z0-9_\x80-\xff]+", self.text[:-1]):
            start, last = match.start(), match.end() - 1
            whole = start // self.row == last // self.row and last % self.row < self.train
            count += whole and match.group() == wanted
        return count

    def follows_a_separator(self, stream, step):
        return chr(self.text[self.place(stream, step) - 1]) in (" ", "\n", '"', "'")

    def is_right(self, name, level, character, log_prob, ngrams):
        """Whether one level of an oracle gets a character right; `log_prob` of the model, `ngrams` those of the n-grams by n."""
        if name == "n-gram":
            return math.exp(ngrams[level]) >= 0.5
        if name == "memory":
            return self.repeats(*character, level)
        if name == "rare_words":
            count = self.training_count(*character)
            return count is not None and count <= level
        if name == "word_model":
            return self.follows_a_separator(*character)
        if name == "punctuation":
            return is_punctuation(self.text[self.place(*character)])
        return math.exp(log_prob) + level >= 0.5
