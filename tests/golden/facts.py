"""How the scripts beside this file write facts (tests/facts/README.md)."""
import re
import textwrap

import numpy as np


def text(values):
    """A literal: numbers in brackets, without a zero before the point."""
    if np.ndim(values):
        return "[" + " ".join(map(text, values)) + "]"
    return re.sub(r"^(-?)0\.", r"\1.", f"{float(values) + 0.0:.17g}")


def write(fact):
    """Prints a fact, which goes on in lines that are indented."""
    print(textwrap.fill(fact, 80, subsequent_indent="  ",
                        break_on_hyphens=False, break_long_words=False))
