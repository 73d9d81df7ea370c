"""The names of the sets, light enough for the command line's help."""

SET_NAMES = ("xrisawoz", "webshop")
