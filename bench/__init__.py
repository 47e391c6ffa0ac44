"""What the shop costs, measured: each module is a program that ends with one line of JSON."""
