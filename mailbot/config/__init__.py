"""From the admin's text files to one immutable, checked snapshot, with every mistake reported at once."""
