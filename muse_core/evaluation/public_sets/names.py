"""The names of the sets, light enough for the command line's help."""

SET_NAMES = ("xrisawoz", "webshop", "simmc2", "hinglish-top", "bfcl", "tau2")
