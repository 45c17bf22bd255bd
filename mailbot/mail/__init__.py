"""Bytes of a mail to what it says and back: parsing, bodies, classes, bounces, threads, tokens, composing; pure."""
