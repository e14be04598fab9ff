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

    def joined_test(self):
        """The test characters of all streams, stream after stream."""
        return bytes(self.text[self.place(*character)] for character in self.characters())

    def repeats_in_joined_test(self, stream, step, n, least=5):
        """The same where the previous n characters are those of the joined test text, and only long words count."""
        joined, place = self.joined_test(), self.characters().index((stream, step))
        last = place == len(joined) - 1
        word = None if last else PlainText(joined[:-1], 1, len(joined) - 1, 0, 0).word(place)
        if word is None or place == word[0] or word[1] - word[0] < least:
            return False
        return joined[word[0] : word[1]] in joined[max(0, place - n) : place]

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

    def follows_a_space_or_quote(self, stream, step):
        return chr(self.text[self.place(stream, step) - 1]) in (" ", '"', "'")

    def is_at_a_newline(self, stream, step, reading):
        before, character = self.text[self.place(stream, step) - 1], self.text[self.place(stream, step)]
        return chr(before) == "\n" or (reading == "paper" and chr(character) == "\r")

    def is_right(self, name, level, character, log_prob, ngrams, reading):
        """Whether one level of an oracle gets a character right; `log_prob` of the model, `ngrams` those of the n-grams by n."""
        if name == "n-gram":
            return math.exp(ngrams[level]) >= 0.5
        if name == "memory":
            return self.repeats_in_joined_test(*character, level) if reading == "paper" else self.repeats(*character, level)
        if name == "rare_words":
            count = self.training_count(*character)
            return count is not None and count <= level
        if name == "word_model":
            if level == "newline":
                return self.is_at_a_newline(*character, reading)
            return self.follows_a_space_or_quote(*character)
        if name == "punctuation":
            return is_punctuation(self.text[self.place(*character)])
        return math.exp(log_prob) + level >= 0.5
