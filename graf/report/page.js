"use strict";
// Wires the figures to the controls: which target, which architecture, which of them are shown.
// All numbers come from the tables in the payload; plotly draws.

const $ = (id) => document.getElementById(id);
const escaped = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const state = { target: 0, chosen: 0, shown: [] };
let data, all, rowOf, explained, place;

async function unpack() {
  const bytes = Uint8Array.from(atob($("payload").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  data = await new Response(stream).json();
  all = byName(data.tables.architectures);
  explained = byName(data.tables.features);
  rowOf = new Map(all.architecture.map((architecture, row) => [architecture, row]));
  place = new Map(explained.architecture.map((architecture, i) => [rowOf.get(architecture), i]));
  explained.row = [...place.keys()];
}

const byName = (table) => Object.fromEntries(table.names.map((name, i) => [name, table.columns[i]]));
const broken = (name) => { // as in looks.py
  const [first, ...others] = escaped(name).replace(/^([^+]{14,}?\))(?=.{16})|(.{14,}?[+(])(?=.{6})/g, "$1$2\n").split("\n");
  const fits = others.length < 2 && others.join("").length <= 38;
  return [first, ...(fits ? others : [`…${others.at(-1).replace(/^.*\)/, ")")}`])].join("<br>");
};
const inLines = (text, least = 30) => escaped(text).replace(new RegExp(`(.{${least},}?) `, "g"), "$1<br>");
const target = () => data.targets[state.target];
const better = (a, b, direction) => (direction === "max" ? a > b : a < b);

function number(value, digits = 4) {
  if (typeof value !== "number") return value ?? "–";
  const size = Math.abs(value);
  if (size >= 1e15) return (+value.toPrecision(digits)).toExponential();
  if (size >= 1e7) return value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: digits });
  return size >= 10 ** digits ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(digits));
}

// ---- columns that dots can be placed and filtered by

function columns() {
  const named = (kind, t) => ({ name: `${kind} ${t.name}`, label: `${t.label}, ${kind}`, ...withUnit(t) });
  const withUnit = (t) => ({ unit: t.unit, direction: t.direction });
  return [
    ...data.targets.flatMap((t) => [named("measured", t), named("predicted", t)]),
    ...Object.entries(data.labels).map(([name, label]) => ({ name, label, unit: "", direction: "" })),
  ];
}

function fillSelect(select, options, chosen) {
  select.replaceChildren(...options.map(({ name, label }) => new Option(label, name, false, name === chosen)));
}

// ---- figures: drawn when they come into view, again when something that they show has changed

const near = new Set();
const figures = () => document.querySelectorAll(".figure");
const watcher = new IntersectionObserver((entries) => {
  for (const { target: div, isIntersecting } of entries) {
    if (isIntersecting) near.add(div); else near.delete(div);
    if (isIntersecting && !div.fresh) draw(div);
  }
}, { rootMargin: "300px" });

function refresh() {
  figures().forEach((div) => { div.fresh = false; });
  near.forEach(draw);
}

function draw(div, width) {
  const { data: traces, layout } = data.figures[div.id.slice("figure-".length)];
  if (div.id === "figure-tradeoff") fillTradeoff(traces, layout); // its axes are not known before
  else {
    traces.forEach(fillDots);
    traces.forEach((trace) => followChosen(trace, traces));
  }
  if (div.id === "figure-waterfall") fillWaterfall(traces[0], layout, div.clientWidth);
  const size = typeof width === "number" ? { width, autosize: false } : { width: undefined, autosize: true };
  Plotly.react(div, traces, { ...layout, ...size }, { displayModeBar: false, responsive: true });
  div.fresh = true;
  if (!div.drawn && traces.some(({ meta }) => meta?.rows)) listen(div);
  div.drawn = true;
}

function listen(div) {
  const row = ({ data: { meta }, pointNumber }) => (meta.rows === "explained" ? explained.row[pointNumber] : pointNumber);
  const dot = (event) => event.points.find((point) => point.data.meta?.rows);
  div.on("plotly_hover", (event) => dot(event) && peek(row(dot(event)), event.event));
  div.on("plotly_unhover", () => { $("peek").hidden = true; });
  div.on("plotly_click", (event) => dot(event) && choose(row(dot(event))));
}

function fillDots(trace) {
  const { rows, x, y } = trace.meta ?? {};
  if (!rows) return;
  trace.places ??= trace.x;
  const places = rows === "explained" ? trace.places : all[x];
  trace.x = places && places.map((value, i) => (state.shown[rows === "explained" ? explained.row[i] : i] ? value : null));
  if (rows === "architectures") trace.y = all[y];
}

function followChosen(trace, traces) {
  if (!trace.meta?.follows) return;
  const spots = trace.meta.follows.map((k, n) => spot(traces[k], n, trace.meta));
  [trace.x, trace.y] = [0, 1].map((axis) => spots.map((place) => place[axis]));
}

function spot({ meta, x, y }, n, { target: name, features, absent }) {
  const i = meta.rows === "explained" ? place.get(state.chosen) : state.chosen;
  if (i === undefined || !state.shown[state.chosen]) return [null, null];
  if (i < y.length) return [x[i], y[i]];
  const value = shap()[features[n]][shapRow(i, data.targets.findIndex((t) => t.name === name))];
  return absent === undefined ? [value, n] : [explained[features[n]][i] ?? absent, value];
}

function fillTradeoff([dots, front, ring], layout) {
  const [x, y] = ["x", "y"].map((axis) => columns().find(({ name }) => name === $(`axis-${axis}`).value));
  Object.assign(dots.meta, { x: x.name, y: y.name });
  fillDots(dots);
  followChosen(ring, [dots]);
  const best = x.direction && y.direction ? paretoFront(dots, x.direction, y.direction) : [];
  front.x = best.map((i) => dots.x[i]);
  front.y = best.map((i) => dots.y[i]);
  for (const [axis, { label, unit }] of [["x", x], ["y", y]])
    layout[`${axis}axis`].title = { text: inLines(unit ? `${label} (${unit})` : label) };
}

function paretoFront({ x, y }, xDirection, yDirection) {
  const rows = [...x.keys()].filter((i) => x[i] !== null && y[i] !== null);
  const by = (i, j) => (x[i] - x[j]) * (xDirection === "max" ? -1 : 1) || (y[i] - y[j]) * (yDirection === "max" ? -1 : 1);
  const best = [];
  for (const i of rows.sort(by))
    if (!best.length || better(y[i], y[best.at(-1)], yDirection)) best.push(i);
  return best;
}

function fillWaterfall(trace, layout, width) {
  const i = place.get(state.chosen);
  const steps = i === undefined ? [] : largestSteps(i, trace.meta.steps);
  const start = i === undefined ? 0 : shap().base_value[shapRow(i)];
  const total = i === undefined ? [] : [{ name: "prediction", value: 0, title: "prediction" }];
  const bars = [...steps, ...total];
  Object.assign(trace, {
    base: start,
    x: bars.map(({ value }) => value),
    y: bars.map(({ name }) => escaped(name)),
    measure: [...steps.map(() => "relative"), ...total.map(() => "total")],
    customdata: bars.map(({ title }) => escaped(title)),
    text: [...steps.map(({ value }) => (value > 0 ? "+" : "") + number(value, 3)),
      ...total.map(() => number(shap().prediction[shapRow(i)]))],
  });
  Object.assign(layout.yaxis, { tickvals: trace.y, ticktext: bars.map(({ name }) => broken(name)) });
  const colour = (help) => ({ marker: { color: help ? "#0072B2" : "#D55E00" } });
  trace.increasing = colour(target().direction === "max");
  trace.decreasing = colour(target().direction !== "max");
  const sums = steps.reduce((ends, { value }) => [...ends, ends.at(-1) + value], [start]);
  const [low, high] = [Math.min(...sums), Math.max(...sums)];
  const narrow = width < 420;
  const room = (high - low) * (narrow ? 1.2 : 0.35); // for the numbers beside the bars
  layout.xaxis.range = [low - room, high + room];
  const unit = target().unit ? ` (${target().unit})` : "";
  layout.xaxis.title = { text: inLines(`predicted ${target().label}${unit}`, narrow ? 9 : 30) };
  $("unexplained").hidden = i !== undefined;
}

const shap = () => (data.shap ??= byName(data.tables.shap));
const shapRow = (i, k = state.target) => k * explained.row.length + i;

function largestSteps(i, n) {
  const all = data.tables.features.names.slice(1).map((name) => {
    const value = explained[name][i];
    return {
      name: `${name} = ${value === null ? "undefined" : number(value)}`,
      title: data.words[name] ?? name,
      value: shap()[name][shapRow(i)],
    };
  }).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const rest = all.slice(n).reduce((sum, { value }) => sum + value, shap().other_features[shapRow(i)]);
  const title = `${data.n_features - n} other features`;
  return data.n_features > n ? [...all.slice(0, n), { name: title, title, value: rest }] : all;
}

// ---- one architecture: its drawing and its numbers

function drawing(row) {
  const { layouts, codes, ops, half } = data.cells;
  if (!codes[row]) return "";
  const [layout, ...nodes] = codes[row];
  const { size: [width, height], at, names, curves } = layouts[layout];
  const faded = (...ends) => (ends.some((i) => nodes[i] % 2) ? ' class="faded"' : "");
  const lines = curves.map(([u, v, path, left, top, x, y]) => `<g transform="translate(${left} ${top})"${faded(u, v)}>
    <path class="curve" d="${path}"/><path class="tip" d="M${x} ${y}l-7 -3.5v7z"/></g>`);
  const boxes = at.map(([x, y], i) => {
    const [name, colour] = ops[(nodes[i] >> 1) - 1] ?? [names[i]];
    const shape = colour
      ? `<rect class="operation" x="${x - half[0]}" y="${y - half[1]}" width="${2 * half[0]}" height="${2 * half[1]}"
        rx="6" fill="${colour}" stroke="${colour}"/>`
      : `<circle class="junction" cx="${x}" cy="${y}" r="12"/>`;
    return `<g${faded(i)}>${shape}<text class="middle" x="${x}" y="${y + 4}">${escaped(name)}</text></g>`;
  });
  return `<svg class="graf-picture" role="img" aria-label="graph of the operations" width="${width + 20}" height="${height + 20}"
    viewBox="-10 -10 ${width + 20} ${height + 20}">${lines.join("")}${boxes.join("")}</svg>`;
}

function card(row) {
  const value = (name) => `<td class="n" data-value="${all[name][row] ?? ""}">${number(all[name][row])}</td>`;
  const targets = data.targets.map(({ name, label, unit }) => `<tr><th>${escaped(label)}${unit ? ` (${escaped(unit)})` : ""}</th>
    ${value(`measured ${name}`)}${value(`predicted ${name}`)}</tr>`);
  const facts = Object.entries(data.labels).map(([name, label]) => `<span data-column="${escaped(name)}"
    data-value="${all[name][row] ?? ""}">${escaped(label)} <b>${number(all[name][row])}</b></span>`);
  return `<code>${escaped(all.architecture[row])}</code>${drawing(row)}
    <table><tr><th></th><th class="n">measured</th><th class="n">predicted</th></tr>${targets.join("")}</table>
    <p class="facts">${facts.join("")}</p>`;
}

function peek(row, { clientX, clientY }) {
  const box = $("peek");
  box.innerHTML = card(row);
  box.hidden = false;
  box.style.left = `${Math.max(8, Math.min(clientX + 18, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(clientY + 18, innerHeight - box.offsetHeight - 8))}px`;
}

// ---- choices

function choose(row) {
  if (row === undefined) return;
  state.chosen = row;
  $("chosen").innerHTML = card(row);
  $("architecture").value = all.architecture[row];
  const ranked = ranking();
  const rank = ranked.indexOf(row);
  $("rank").textContent = rank < 0 ? "not ranked" : `${(rank + 1).toLocaleString("en")} of ${ranked.length.toLocaleString("en")}`;
  refresh();
}

function ranking() {
  const values = all[`measured ${target().name}`];
  const sign = target().direction === "max" ? -1 : 1;
  return [...values.keys()].filter((i) => values[i] !== null && state.shown[i]).sort((i, j) => sign * (values[i] - values[j]));
}

function step(to) {
  const ranked = ranking();
  const now = ranked.indexOf(state.chosen);
  const places = { best: 0, middling: ranked.length >> 1, worst: ranked.length - 1, better: Math.max(0, now - 1),
    worse: now + 1, explained: ranked.findIndex((row, i) => i > now && place.has(row)) };
  choose(ranked[places[to]]);
}

function chooseTarget(k) {
  state.target = k;
  $("target").selectedIndex = k;
  document.querySelectorAll("section.target").forEach((section, i) => { section.hidden = i !== k; });
  $("axis-y").value = `measured ${target().name}`;
  if ($("axis-x").value === $("axis-y").value) $("axis-x").selectedIndex = k ? 0 : 1; // of another target, or what is predicted
  choose(state.chosen);
}

function openLinked() { // sections of other targets are hidden, where the browser finds none to scroll to
  const sections = [...document.querySelectorAll("section.target")];
  const k = sections.findIndex(({ id }) => `#${id}` === location.hash);
  if (k < 0) return;
  chooseTarget(k);
  sections[k].scrollIntoView();
}

function addFilter() {
  const row = $("filter-row").content.cloneNode(true).firstElementChild;
  const [select, low, high] = row.querySelectorAll("select, input");
  fillSelect(select, columns());
  const range = () => {
    const values = all[select.value].filter((value) => typeof value === "number");
    const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
    [low.placeholder, high.placeholder] = [`from ${number(least)}`, `to ${number(most)}`];
  };
  select.addEventListener("change", range);
  row.addEventListener("input", filter);
  row.querySelector("button").addEventListener("click", () => { row.remove(); filter(); });
  $("filters").append(row);
  range();
}

function filter() {
  const limits = [...$("filters").children].map((row) => {
    const [select, low, high] = row.querySelectorAll("select, input");
    return [all[select.value], low.value === "" ? -Infinity : +low.value, high.value === "" ? Infinity : +high.value];
  }).filter(([, low, high]) => low > -Infinity || high < Infinity);
  state.shown = all.architecture.map((_, i) =>
    limits.every(([values, low, high]) => values[i] !== null && values[i] >= low && values[i] <= high));
  const n = state.shown.filter(Boolean).length;
  $("count").textContent = `${n.toLocaleString("en")} of ${state.shown.length.toLocaleString("en")} shown`;
  choose(state.chosen);
}

function search() {
  const text = $("architecture").value.trim();
  const found = rowOf.get(text) ?? all.architecture.findIndex((name, i) => state.shown[i] && name.includes(text));
  if (text && found >= 0) choose(found);
  $("architecture").setCustomValidity(found >= 0 ? "" : "no architecture that is shown contains this");
  $("architecture").reportValidity();
}

// ---- downloads and print

function csv({ names, columns: values }) {
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value ?? "");
  const lines = values[0].map((_, row) => values.map((column) => cell(column[row])).join(","));
  return [names.map(cell).join(","), ...lines, ""].join("\n");
}

function download(event) {
  const name = event.target.dataset.table;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv(data.tables[name])], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

const PAPER = 680; // pixels
const columnsOf = (div) => (div.closest(".pair") ? 2 : div.closest(".trio") ? 3 : 1);

function forget(div) { // plotly keeps margins of another width otherwise
  Plotly.purge(div);
  div.drawn = false;
}

addEventListener("beforeprint", () => figures().forEach((div) => {
  forget(div);
  draw(div, PAPER / columnsOf(div) - 12);
}));
addEventListener("afterprint", () => { figures().forEach(forget); refresh(); });

function start() {
  fillSelect($("target"), data.targets);
  const last = data.targets.at(-1).name;
  fillSelect($("axis-x"), columns(), data.targets.length > 1 ? `measured ${last}` : columns()[2]?.name);
  fillSelect($("axis-y"), columns());
  addFilter();
  $("target").addEventListener("change", (event) => chooseTarget(event.target.selectedIndex));
  ["axis-x", "axis-y"].forEach((id) => $(id).addEventListener("change", () => refresh()));
  $("architecture").addEventListener("change", search);
  $("add-filter").addEventListener("click", addFilter);
  document.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => step(button.dataset.step)));
  document.querySelectorAll("[data-table]").forEach((button) => button.addEventListener("click", download));
  document.querySelectorAll("[data-follow]").forEach((button) =>
    button.addEventListener("click", () => choose(rowOf.get(button.dataset.follow))));
  document.querySelectorAll("[data-target]").forEach((link) =>
    link.addEventListener("click", () => chooseTarget(+link.dataset.target)));
  state.shown = all.architecture.map(() => true);
  state.chosen = ranking()[0];
  chooseTarget(0);
  filter();
  openLinked();
  addEventListener("hashchange", openLinked);
  figures().forEach((div) => watcher.observe(div));
  document.body.dataset.ready = Math.round(performance.now());
}

unpack().then(start);
