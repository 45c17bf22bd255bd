"""Bytes over the wire: mailboxes (IMAP, Maildir), postmen (SMTP) and DNS, one file an implementation."""
