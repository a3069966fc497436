// Plays uniformly at random, in games where a side is one agent with numbered actions. Needs Node.js, nothing else.
"use strict";

const lines = require("node:readline").createInterface({ input: process.stdin });
let actions = 0;

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

lines.on("line", (line) => {
  const message = JSON.parse(line);
  if (message.type === "hello") {
    actions = message.agents[0].action.n;
    say({ type: "ready", observation: "none" });
  } else if (message.type === "act") {
    const legal = message.legal ?? [...Array(actions).keys()];
    say({ id: message.id, action: legal[Math.floor(Math.random() * legal.length)] });
  }
});
