"""Bytes <-> Mail: pure functions over one message; no clock, chance, network, environment or path is touched here.

`parse.parse` reads any bytes without raising, `compose.compose` writes what leaves, `tokens` and `carriers` tie an
answer to its ticket. Everything else is a step of one of these.
"""
