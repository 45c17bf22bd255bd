"""What a mail is about: rules and their conditions, priority, diagnosis, FAQ and known-error matching; pure."""
