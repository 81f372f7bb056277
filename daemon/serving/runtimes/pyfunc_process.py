"""A program of its own: serves one MLflow model to the daemon over standard input and output.

Usage: pyfunc_process.py FOLDER. Frames are those of frames.ts: the lengths of head and body as two unsigned 32-bit
little-endian integers, the head as JSON, the body as bytes. Requests are parsed and answers written by the scoring
server of the environment's own MLflow, so that they mean what they mean to `mlflow models serve`.
"""

import json
import os
import struct
import sys
import traceback

PREFIX = struct.Struct("<II")


def claim_output():
    """Keep standard output for frames: what the model prints, from Python or from C, goes to standard error."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return output


def send(output, head, body=b""):
    encoded = json.dumps(head).encode()
    output.write(PREFIX.pack(len(encoded), len(body)) + encoded + body)
    output.flush()


def receive(source):
    """The next head and body, or None when the daemon is gone."""
    prefix = source.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    head_length, body_length = PREFIX.unpack(prefix)
    return json.loads(source.read(head_length)), source.read(body_length)


def predict(model, content_type, body):
    """Status and JSON of the answer."""
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc.scoring_server import invocations

    try:
        schema = model.metadata.get_input_schema()
        answer = invocations(body, content_type, model, schema)
        if answer.status != 200:
            return answer.status, {"error_code": "UNSUPPORTED_MEDIA_TYPE", "message": answer.response}
        # What is no JSON in the strict sense (NaN, infinities) is answered as null.
        return 200, json.loads(answer.response, parse_constant=lambda _: None)
    except MlflowException as error:
        traceback.print_exc()
        details = json.loads(error.serialize_as_json())
        return error.get_http_status_code(), {**details, "message": explain(error.message, details.get("stack_trace"))}
    except Exception as error:
        traceback.print_exc()
        trace = traceback.format_exc()
        return 400, {"error_code": "BAD_REQUEST", "message": f"{type(error).__name__}: {error}", "stack_trace": trace}


def explain(message, trace):
    """MLflow hides a model's own error in the trace: its last line is what the caller needs to know."""
    reason = (trace or "").strip().rpartition("\n")[2]
    return f"{message} {reason}".strip() if reason and reason not in message else message


def main():
    output = claim_output()
    try:
        import mlflow.pyfunc

        model = mlflow.pyfunc.load_model(sys.argv[1])
    except Exception as error:
        traceback.print_exc()
        send(output, {"failed": f"{type(error).__name__}: {error}"})
        return
    send(output, {"ready": True})
    while request := receive(sys.stdin.buffer):
        head, body = request
        status, answer = predict(model, head["contentType"], body)
        send(output, {"id": head["id"], "status": status}, json.dumps(answer).encode())


if __name__ == "__main__":
    main()
