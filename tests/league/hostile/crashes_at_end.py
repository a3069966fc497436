"""Plays to the end, and then dies loudly."""

import json
import sys

from bot import honest, say

for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say('{"type":"ready"}')
    elif message["type"] == "act":
        say(honest(message))
    else:
        raise SystemError("crash at the end")
