"""What may be wrong with a file."""


class Fault(Exception):
    """One of the five of spec/umc.md, section 1.1: its word, and what is wrong."""

    def __init__(self, word, reason):
        super().__init__(f"{word}: {reason}")
        self.word = word
