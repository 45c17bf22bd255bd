"""mailbot, a service desk that lives in a mailbox.

The way of a mail, and the package that owns each step:

    mailbox ─fetch─▶ inbox row ─parse─▶ Mail ─interpret─▶ Event ─decide─▶ Decision ─render─▶ outbox rows ─deliver─▶ SMTP
    transport         store      mail          desk            desk                  render     store      transport

First durable, then understood, then decided: all that a mail causes is committed in one transaction, and mail leaves
later, from the outbox. `daemon/processing.py` is the page to read first. Imports point one way only:
`__main__` → `cli` → `demo | board` → `app` → `config | daemon` → `render | store | transport | semantic` → `desk` →
`triage` → `mail`, where the last three are pure (no clock, chance, network, environment or path).
"""

__version__ = "0.1.0"
