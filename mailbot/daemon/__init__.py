"""The shell around the pure core: reads the clock, runs the loops and calls everything below it."""
