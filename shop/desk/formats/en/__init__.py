"""English, of whichever country."""
