"""Runs commands of DVC one after the other in one process, which saves the second that importing it takes.

Reads lines of JSON, `{"folder": …, "args": […]}`, and answers each with `{"code": …, "out": …, "err": …}`.
"""

import json
import os
import sys
import tempfile

answers = os.fdopen(os.dup(1), "w")
out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
os.dup2(out.fileno(), 1)
os.dup2(err.fileno(), 2)

from dvc.cli import main  # noqa: E402  (its streams are those above)

for line in sys.stdin:
    command = json.loads(line)
    os.chdir(command["folder"])
    for stream in (out, err):
        stream.seek(0)
        stream.truncate()
    code = main(command["args"])
    sys.stdout.flush()
    sys.stderr.flush()
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read().decode())
    print(json.dumps({"code": code, "out": texts[0], "err": texts[1]}), file=answers, flush=True)
