"""Makes a format's mutants: a whole case, one or two mutations of it, then its signature."""

from .common import Refused

UNFIT = (Refused, RecursionError, AttributeError, KeyError, TypeError, IndexError, ValueError)


class Maker:
    """Of a format, which says what its issuers, its cases and its mutations with their weights are."""

    issuers = case = mutations = None

    def __init__(self, random, folder):
        """Writes the trust folder too."""
        self.random, self.made = random, self.issuers(random, folder)
        self.functions = [function for function, weight in self.mutations]
        self.weights = [weight for function, weight in self.mutations]

    def make(self):
        """A code's text, on one line, and the kinds of what was done to it."""
        case, kinds = self.case(self.random, self.made), []
        for function in self.random.choices(self.functions, self.weights, k=self.random.choices([1, 2], [4, 1])[0]):
            try:
                kinds.append(function(self.random, case) or function.__name__)
            except UNFIT:
                continue  # what the first mutation took away cannot be changed by the second
        try:
            text = case.text()
        except UNFIT:  # too deep even to be written, or not what the second mutation is for
            return self.make()
        return text.replace("\n", " ").replace("\r", " "), kinds or ["nothing"]
