"""DNS answers as values, for pure code that checks signatures (RFC 6376 keys are TXT records)."""
