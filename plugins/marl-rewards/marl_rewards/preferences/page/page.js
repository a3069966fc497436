document.querySelectorAll(".clip").forEach((clip) => {
  const frames = [...clip.querySelectorAll(".frame")], at = clip.querySelector(".at");
  let now = 0;
  setInterval(() => {
    frames[now].hidden = true;
    now = (now + 1) % frames.length;
    frames[now].hidden = false;
    at.textContent = `turn ${now + 1} of ${frames.length}`;
  }, 200);
});
document.addEventListener("keydown", (event) => {
  const answer = { ArrowLeft: "first", ArrowRight: "second", ArrowUp: "equal", " ": "skip" }[event.key];
  const button = answer && document.querySelector(`button[value=${answer}]`);
  if (button) { event.preventDefault(); button.click(); }
});
