"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const [OFFERED, TYPED] = data.kinds;
const questions = data.species.flatMap((species) =>
  species.images.map((image, number) => ({ species, image, number })));
const store = "camtrap-scoring-sheet-" + data.sheet;
let state = { rater: "", place: 0, answers: {} };
let unsaved = false;

/** Spells a feature in one way; the program that reads the answers does the same. */
const tidied = (text) => text.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean).join(" ");
const keyOf = (question) => JSON.stringify([question.species.name, question.image.id]);

function answerTo(question) {
  const key = keyOf(question);
  state.answers[key] ??= { done: false, ticks: question.species.features.map(() => false), typed: "" };
  return state.answers[key];
}

const isDone = (question) => Boolean(state.answers[keyOf(question)]?.done);

/** What a rater wrote, without features of the list, which are ticked instead. */
function typedOf(question, answer) {
  const words = answer.typed.split(/[,;]/).map(tidied).filter(Boolean);
  return [...new Set(words)].filter((word) => !question.species.features.includes(word));
}

function keep() {
  unsaved = true;
  try {
    localStorage.setItem(store, JSON.stringify(state));
  } catch {
    say("This browser keeps nothing: save your answers before you close the page.");
  }
}

function say(text) {
  element("message").textContent = text;
}

function show() {
  const question = questions[state.place], answer = answerTo(question);
  element("species").textContent = question.species.name;
  element("picture").src = question.image.picture;
  element("caption").textContent =
    `picture ${question.number + 1} of ${question.species.images.length}` + (answer.done ? ", done ✓" : "");
  element("features").replaceChildren(...question.species.features.map((word, place) => {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.checked = answer.ticks[place];
    box.addEventListener("change", () => tick(place, box.checked));
    label.append(box, ` ${word}`);
    if (place < 10) label.prepend(Object.assign(document.createElement("kbd"), { textContent: (place + 1) % 10 }));
    return label;
  }));
  element("typed").value = answer.typed;
  element("jump").value = question.species.name;
  const own = questions.flatMap((one) => state.answers[keyOf(one)] ? typedOf(one, answerTo(one)) : []);
  element("words").replaceChildren(...[...new Set([...own, ...data.words])].map((word) =>
    Object.assign(document.createElement("option"), { value: word })));
  const done = questions.filter(isDone).length;
  element("bar").value = done / questions.length;
  element("progress").textContent = `${done} of ${questions.length} done`;
}

function tick(place, value) {
  answerTo(questions[state.place]).ticks[place] = value;
  element("features").querySelectorAll("input")[place].checked = value; // and the focus stays
  keep();
}

function move(step) {
  let place = state.place + step;
  while (element("open").checked && questions[place] && isDone(questions[place])) place += step;
  if (questions[place]) state.place = place;
  else if (step > 0) {
    const left = questions.findIndex((question) => !isDone(question));
    if (left >= 0) state.place = left;
    say(left < 0 ? "All done: save your answers." : "That was the last one; this one is still open.");
  }
  keep();
  show();
}

/** Counts the picture as done, as a rater who goes on has looked at it. */
function next() {
  say("");
  const question = questions[state.place], answer = answerTo(question);
  // A feature of the list that was typed is ticked.
  answer.typed.split(/[,;]/).map(tidied).forEach((word) => {
    const place = question.species.features.indexOf(word);
    if (place >= 0) answer.ticks[place] = true;
  });
  answer.typed = typedOf(question, answer).join(", ");
  answer.done = true;
  move(1);
}

const quoted = (text) => /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

function answersAsCsv() {
  const rows = [data.columns];
  for (const question of questions.filter(isDone)) {
    const answer = answerTo(question), start = [data.sheet, state.rater, question.species.name, question.image.id];
    question.species.features.forEach((word, place) =>
      rows.push([...start, OFFERED, word, answer.ticks[place] ? "1" : "0"]));
    typedOf(question, answer).forEach((word) => rows.push([...start, TYPED, word, "1"]));
  }
  return rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function save() {
  if (!state.rater) {
    say("Write your name first: the comparison tells raters apart by it.");
    element("rater").focus();
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([answersAsCsv()], { type: "text/csv" }));
  link.download = `ratings-${tidied(state.rater).replaceAll(/[^\p{L}\p{N}]+/gu, "-")}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
  unsaved = false;
  const left = questions.length - questions.filter(isDone).length;
  say(`Saved as ${link.download}` + (left ? `; ${left} pictures are still open, and the comparison needs all.` : "."));
}

/** Splits a CSV into rows of cells; quoted cells may hold commas, quotes and line ends. */
function cellsOf(text) {
  const rows = [[""]];
  let inQuotes = false;
  text = text.replace(/^\uFEFF/, "");
  const comma = text.split(/[\r\n]/, 1)[0].includes(",") ? "," : ";"; // as some spreadsheets save it
  for (let at = 0; at < text.length; at += 1) {
    const row = rows.at(-1), sign = text[at];
    if (inQuotes) {
      if (sign !== '"') row[row.length - 1] += sign;
      else if (text[at + 1] === '"') { row[row.length - 1] += '"'; at += 1; }
      else inQuotes = false;
    } else if (sign === '"') inQuotes = true;
    else if (sign === comma) row.push("");
    else if (sign === "\n") rows.push([""]);
    else if (sign !== "\r") row[row.length - 1] += sign;
  }
  return rows.filter((row) => row.length > 1 || row[0]);
}

function load(text) {
  const [head, ...rows] = cellsOf(text);
  if (!head || data.columns.some((name) => !head.includes(name))) {
    throw new Error(`expected a file that this sheet saved, with the columns ${data.columns.join(",")}`);
  }
  const loaded = { rater: "", place: 0, answers: {} };
  const byKey = new Map(questions.map((question) => [keyOf(question), question]));
  const places = data.columns.map((name) => head.indexOf(name));
  for (const row of rows) {
    const [sheet, rater, species, id, kind, feature, shown] = places.map((place) => row[place] ?? "");
    if (sheet !== data.sheet) throw new Error("the file was saved by another sheet");
    const key = JSON.stringify([species, id]), question = byKey.get(key);
    if (!question) throw new Error(`image ${id} of ${species} is not on this sheet`);
    if (loaded.rater && loaded.rater !== rater) throw new Error("the file has several raters");
    loaded.rater = rater;
    const answer = loaded.answers[key] ??= { done: true, ticks: question.species.features.map(() => false), typed: "" };
    const place = question.species.features.indexOf(tidied(feature));
    if (place >= 0) answer.ticks[place] = shown === "1";
    else if (kind === OFFERED) throw new Error(`${feature} is not offered for ${species}`);
    else if (shown === "1") answer.typed += (answer.typed ? ", " : "") + tidied(feature);
  }
  if (!rows.length) throw new Error("the file has no answers");
  loaded.place = Math.max(0, questions.findIndex((question) => !loaded.answers[keyOf(question)]));
  state = loaded;
  start();
  keep();
  unsaved = false;
}

function start() {
  element("rater").value = state.rater;
  show();
}

element("jump").replaceChildren(...data.species.map((species) =>
  Object.assign(document.createElement("option"), { value: species.name, textContent: species.name })));
element("jump").addEventListener("change", (event) => {
  state.place = questions.findIndex((question) => question.species.name === event.target.value);
  show();
});
element("rater").addEventListener("input", (event) => { state.rater = event.target.value.trim(); keep(); });
element("typed").addEventListener("input", (event) => {
  answerTo(questions[state.place]).typed = event.target.value;
  keep();
});
element("next").addEventListener("click", next);
element("back").addEventListener("click", () => move(-1));
element("save").addEventListener("click", save);
element("load").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file || (unsaved && questions.some(isDone) && !confirm("Put the file in place of your answers here?"))) return;
  try {
    load(await file.text());
    say(`Loaded ${questions.filter(isDone).length} answered pictures of ${state.rater}.`);
  } catch (error) {
    say(`${file.name}: ${error.message}; nothing was changed.`);
  }
  event.target.value = "";
});
document.addEventListener("keydown", (event) => {
  const isWriting = event.target.matches("input[type=text], select");
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (isWriting) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.id === "rater")) event.target.blur();
    else if (event.key === "Enter" && event.target.id === "typed") { event.target.blur(); next(); }
    return;
  }
  const place = /^[0-9]$/.test(event.key) ? (Number(event.key) + 9) % 10 : -1;
  const answer = answerTo(questions[state.place]);
  if (place >= 0 && place < answer.ticks.length) tick(place, !answer.ticks[place]);
  else if (event.key === "ArrowRight" || (event.key === "Enter" && !event.target.matches("button, #load"))) next();
  else if (event.key === "ArrowLeft") move(-1);
  else if (event.key === "o") element("typed").focus();
  else if (event.key === "s") save();
  else return;
  event.preventDefault();
});
window.addEventListener("beforeunload", (event) => { if (unsaved && questions.some(isDone)) event.preventDefault(); });

try {
  const kept = JSON.parse(localStorage.getItem(store));
  if (kept && kept.answers) state = kept;
} catch {
  // A browser that keeps nothing starts with an empty sheet.
}
if (!questions[state.place]) state.place = 0;
start();
