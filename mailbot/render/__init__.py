"""From outgoing data and a ticket to the final bytes of a mail: templates, language, threads, the last check."""
