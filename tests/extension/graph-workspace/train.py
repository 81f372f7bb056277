"""Prints as training programs do, and goes on when a file lets it."""

import os
import sys
import time

print("\x1b[33mwarm\x1b[0m up")
for percent in (0, 50, 100):
    print(f"\r{percent} %", end="", flush=True)
print()
for epoch in range(3):
    print(f"epoch {epoch} with {sys.argv[1]}")
while not os.path.exists("go-on"):
    time.sleep(0.05)
open("model.txt", "w").write(sys.argv[1])
print("trained")
