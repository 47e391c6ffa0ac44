"""Other shops' rules become promotions of this one."""
