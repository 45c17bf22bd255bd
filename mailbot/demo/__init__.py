"""A whole desk on loopback: embedded IMAP and SMTP servers and the story that is played over them."""
