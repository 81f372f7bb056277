"""Does next to nothing."""

import sys

name = sys.argv[1]
print(f"{name} done")
if name == "check":
    for row in range(40_000):
        print(f"row {row} odd: rules.txt:1" if row in (10, 20_000, 39_990) else f"row {row} fits")
    open("check.txt", "w").write(open("rules.txt").read())
