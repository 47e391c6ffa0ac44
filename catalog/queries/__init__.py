"""What pages read, each page in a fixed number of statements; every list of goods is read from cards."""
