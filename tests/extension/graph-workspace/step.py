"""Does next to nothing."""

import sys

name = sys.argv[1]
print(f"{name} done")
if name == "check":
    open("check.txt", "w").write(open("rules.txt").read())
