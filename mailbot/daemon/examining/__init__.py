"""The examinations of `mailbot doctor`: live connections and the desk's own house, each line with its remedy.

Nothing here changes a mailbox, a ticket or a queue; the one mail that is sent is the probe (`probe.py`).
"""
