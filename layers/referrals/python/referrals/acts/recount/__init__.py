"""The recount: every figure against what it is made of, a page of items at a time. Writes nothing.

A page says what there is to compare; each comparison reads what it needs by itself, and is small.
So nothing is held in memory for longer than a page, and a table that changes is compared at the
moment of the look and not at that of the scan.
"""
