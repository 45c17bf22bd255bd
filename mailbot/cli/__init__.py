"""The command line: one small file a family of verbs, imported only when that verb is called (DESIGN section 6)."""
