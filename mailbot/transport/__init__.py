"""Bytes over the wire, in and out: mailboxes that are read, a postman who delivers, DNS answers.

One protocol each (`mailbox.py`, `postman.py`), one file an implementation; nothing here understands a mail or a ticket.
"""
