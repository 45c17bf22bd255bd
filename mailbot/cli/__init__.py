"""The command line: one small file for each family of verbs, imported only when asked for."""
