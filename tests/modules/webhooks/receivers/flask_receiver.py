"""A Flask application that checks deliveries the documented way."""

import hashlib
import hmac
import os
import sys
import time

from flask import Flask, abort, request

app = Flask(__name__)
SECRET = os.environ["WEBHOOK_SECRET"]


@app.post("/webhooks/salesbooth")
def receive():
    stamp = request.headers.get("X-Salesbooth-Timestamp", "0")
    raw = request.get_data()
    if abs(time.time() - int(stamp)) > 300:
        abort(400, "stale")
    expected = "v1=" + hmac.new(SECRET.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("X-Salesbooth-Signature", ""), expected):
        abort(401, "bad signature")
    event = request.get_json()
    print(event["event"], event["id"])
    return "", 200


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
