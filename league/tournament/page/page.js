(() => {
  const root = document.documentElement;
  const inflate = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  const board = document.querySelector(".board");
  if (board) {
    const replays = JSON.parse(board.querySelector('script[type="application/json"]').textContent);
    const [screen, says, names, slider] = [".screen", ".says", ".players", "input"].map((s) => board.querySelector(s));
    const playButton = board.querySelector('[data-go="play"]');
    let [match, frames, at, timer] = [null, [], 0, 0];

    const element = (tag, text, ...children) => {
      const made = document.createElement(tag);
      if (text) made.textContent = text;
      made.append(...children);
      return made;
    };
    const number = (value) => (Array.isArray(value) ? `(${value.map(number).join(", ")})` : Number(value.toPrecision(3)));

    const draw = () => {
      const picture = match.drawn ? element("img") : element("pre", frames[at]);
      if (match.drawn) {
        picture.src = "data:image/svg+xml;utf8," + encodeURIComponent(frames[at]);
        picture.alt = `position after move ${at}`;
      }
      screen.replaceChildren(picture);
      slider.value = at;
      const done = at > 0 ? match.moves[at - 1] || [] : [];
      const next = (match.moves[at] || []).map(([agent]) => match.sides[agent]);
      [...names.children].forEach((line, side) => line.classList.toggle("acts", next.includes(side)));
      const moves = done.map(([agent, action]) => {
        const name = match.names[at - 1] ?? number(action);
        return `${match.players[match.sides[agent]]} plays ${name}`;
      });
      const last = at === frames.length - 1;
      says.replaceChildren(element("b", `${at} of ${frames.length - 1}`), "  " + moves.slice(0, 4).join(", "));
      if (last && match.note) says.append(element("div", match.note));
    };
    const go = (where) => {
      at = Math.min(Math.max(where, 0), frames.length - 1);
      if (frames.length) draw();
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      playButton.textContent = "▶▶";
    };
    const play = () => {
      if (timer) return stop();
      if (at >= frames.length - 1) go(0);
      playButton.textContent = "❚❚";
      timer = setInterval(() => (at >= frames.length - 1 ? stop() : go(at + 1)), 450);
    };
    const steps = {
      first: () => go(0), back: () => go(at - 1), next: () => go(at + 1), last: () => go(frames.length - 1), play,
    };

    const show = async (id, where) => {
      stop();
      match = replays[id];
      frames = await inflate(match.frames);
      names.replaceChildren(
        ...match.players.map((name, side) => {
          const score = match.scores.length ? ` ${number(match.scores[side])}` : "";
          return element("div", "", element("b", name), element("span", `${match.verdicts[side]}${score}`));
        }),
      );
      slider.max = frames.length - 1;
      document.querySelectorAll(".matches tr").forEach((row) => {
        const chosen = row.querySelector("button")?.dataset.match === id;
        row.setAttribute("aria-selected", String(chosen));
      });
      go(where ?? frames.length - 1);
    };

    board.addEventListener("click", (event) => {
      const step = event.target.dataset?.go;
      if (!step) return;
      if (step !== "play") stop();
      steps[step]();
    });
    slider.addEventListener("input", () => (stop(), go(Number(slider.value))));
    board.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last", " ": "play" }[event.key];
      if (!step || event.target === slider || (step === "play" && event.target.tagName === "BUTTON")) return;
      event.preventDefault();
      if (step !== "play") stop();
      steps[step]();
    });
    document.querySelector(".matches").addEventListener("click", (event) => {
      const id = event.target.dataset?.match;
      if (id) show(id, 0).then(() => board.focus({ preventScroll: true }));
    });
    const first = document.querySelector(".matches button[data-match]");
    if (first) show(first.dataset.match).catch((problem) => (root.dataset.problem = String(problem)));
  }

  const filter = document.querySelector(".filter");
  const rows = [...document.querySelectorAll(".matches tbody tr")];
  const only = (one, two) => {
    let count = 0;
    for (const row of rows) {
      const players = JSON.parse(row.dataset.players);
      row.hidden = one !== undefined && !(players.includes(one) && players.includes(two));
      count += !row.hidden;
    }
    filter.hidden = one === undefined;
    filter.firstElementChild.textContent = `${count} matches of ${one} against ${two}`;
  };
  for (const place of document.querySelectorAll(".cross, .bracket")) {
    place.addEventListener("click", (event) => {
      const cell = event.target.closest("button");
      if (!cell) return;
      only(cell.dataset.one, cell.dataset.two);
      document.querySelector("#matches").scrollIntoView({ behavior: "smooth" });
    });
  }
  filter?.querySelector("button").addEventListener("click", () => only());
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
