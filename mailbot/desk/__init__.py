"""What a service desk does: tickets, events, decisions, trust, commands, outgoing mail, service levels; pure."""
