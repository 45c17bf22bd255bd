"""Coverage-guided fuzzing of every parser that reads a stranger's bytes: `make fuzz`, FUZZ_SECONDS in all (600).

`targets.py` says what each parser promises, `seeds.py` holds the first inputs, both without atheris: the ordinary tests
run each target over its seeds, so that neither can rot. What is found becomes a regression mail of the tests.
"""
