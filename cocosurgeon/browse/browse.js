"use strict";
// Everything from the file is put into the page as text, never as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const { images, objects, results, categories } = data;
const COUNT = images.id.length;
const TILE = 208, PICTURE = 156, CAPTION = 24, GAP = 8;
const LEAST = [90, 18]; // of what names are drawn on
const ROW = PICTURE + CAPTION + GAP;
const SMALL = 32 ** 2, MEDIUM = 96 ** 2;
const MOST_DETECTIONS = 100; // of a category in an image: maxDets of COCOeval
const DEFAULTS = {
  q: "", cat: "", has: "", size: "", find: "", load: "", match: "", score: "0.3", iou: "0.5",
  boxes: "1", masks: "", points: "1", names: "", theme: "", img: "",
};
const THEMES = { "": "System", light: "Light", dark: "Dark" };
const KEYS = [
  "/  search", "arrows  move; in an image: previous, next", "Enter  open", "Esc  close",
  "b m k n  boxes, masks, keypoints, names", "l  next loader", "c  copy ids", "t  light or dark",
].join("\n");
const STATUS = ["false", "matched", "ignored", "hidden"];
const TOGGLES = ["boxes", "masks", "points", "names"];
const FALSE = 0, MATCHED = 1, IGNORED = 2, HIDDEN = 3;

const counted = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const isOn = (name) => state[name] === "1";
const by = (id) => document.getElementById(id);
const state = { ...DEFAULTS };
const pictures = new Array(COUNT).fill("");
const tiles = new Map(); // place in `shown` -> element
let shown = []; // images that pass the filters
let current = 0; // place in `shown`
let columns = 1;
let lit = -1; // object under the pointer in the list of an image

// ---- the file

const starts = (ends) => (i) => (i ? ends[i - 1] : 0);
const objectStart = starts(objects.end);
const objectsOf = (i) => range(objectStart(i), objects.end[i]);
const detectionStart = results ? starts(results.end) : () => 0;
const detectionsOf = (i) => (results ? range(detectionStart(i), results.end[i]) : []);
const boxOf = (columns, n) => (columns.box[4 * n] === null ? null : columns.box.slice(4 * n, 4 * n + 4));
const nameOf = (category) => (category === null ? "no category" : categories.name[category]);
const ids = new Map(images.id.map((id, i) => [id, i]));
const catPlaces = new Map(categories.id.map((id, place) => [id, place]));
const lowNames = images.name.map((name) => name.toLowerCase());
const turned = new Set(images.turned);
const ignored = new Set(objects.ignored);
const pointsOf = (o) => (objects.points.length && objects.points[o]) || [];
const owner = [];
for (let i = 0; i < COUNT; i++) for (const o of objectsOf(i)) owner[o] = i;
const findings = new Map(data.findings.map((f) => [f.code, {
  ...f, own: new Set(f.images), objects: new Set(f.objects),
  count: new Set([...f.images, ...f.objects.map((o) => owner[o])]).size,
}]));
const loaders = new Map(data.loaders.map((l) => [l.name, { ...l, images: paired(l.images), objects: paired(l.objects) }]));

function range(start, end) {
  return Array.from({ length: end - start }, (_, k) => start + k);
}

function paired(flat) {
  const found = new Map();
  for (let k = 0; k < flat.length; k += 2) found.set(flat[k], flat[k + 1]);
  return found;
}

// Pixels of the file, where it has other ones than its record; of no known size, what holds all.
function sizeOf(i) {
  if (images.actual[i]) return images.actual[i];
  if (images.width[i] !== null && images.height[i] !== null) return [images.width[i], images.height[i]];
  const size = [640, 480];
  for (const o of objectsOf(i)) {
    const box = boxOf(objects, o) || [0, 0, 0, 0];
    for (const k of [0, 1]) size[k] = Math.max(size[k], box[k] + box[k + 2]);
  }
  return size;
}

function sizeName(area) {
  if (area === null) return "";
  return area < SMALL ? "small" : area < MEDIUM ? "medium" : "large";
}

function linkTo(i) {
  return ids.get(images.id[i]) === i && images.id[i] ? images.id[i] : `@${i}`;
}

function linked(token) {
  if (ids.has(token)) return ids.get(token);
  const place = /^@\d+$/.test(token) ? Number(token.slice(1)) : -1;
  return place < COUNT ? place : -1;
}

// ---- detections, matched as COCOeval does

let matchKey = "";
let matchCache = new Map();

function matchesOf(i) {
  const key = `${state.score} ${state.iou}`;
  if (key !== matchKey) [matchKey, matchCache] = [key, new Map()];
  if (!matchCache.has(i)) matchCache.set(i, match(i, Number(state.score), Number(state.iou)));
  return matchCache.get(i);
}

// Each detection, best score first, takes the object of its category with the highest IoU that no
// other has. Crowds match any number of detections, which then count as nothing.
function match(i, score, threshold) {
  const found = { objects: new Map(), detections: new Map() };
  const byCategory = new Map();
  for (const o of objectsOf(i)) {
    found.objects.set(o, objects.crowd[o] ? IGNORED : FALSE);
    if (boxOf(objects, o)) listed(byCategory, objects.category[o]).objects.push(o);
  }
  for (const d of detectionsOf(i)) listed(byCategory, results.category[d]).detections.push(d);
  for (const each of byCategory.values()) {
    each.objects.sort((a, b) => objects.crowd[a] - objects.crowd[b]);
    each.detections.forEach((d, rank) => {
      if (results.score[d] < score || rank >= MOST_DETECTIONS) {
        found.detections.set(d, HIDDEN);
        return;
      }
      let best = Math.min(threshold, 1 - 1e-10), taken = -1;
      for (const o of each.objects) {
        const isCrowd = objects.crowd[o] === 1;
        if (found.objects.get(o) === MATCHED && !isCrowd) continue;
        if (taken >= 0 && !objects.crowd[taken] && isCrowd) break;
        const overlap = iou(boxOf(results, d), boxOf(objects, o), isCrowd);
        if (overlap < best) continue;
        [best, taken] = [overlap, o];
      }
      if (taken >= 0 && !objects.crowd[taken]) found.objects.set(taken, MATCHED);
      found.detections.set(d, taken < 0 ? FALSE : objects.crowd[taken] ? IGNORED : MATCHED);
    });
  }
  return found;
}

function listed(map, key) {
  if (!map.has(key)) map.set(key, { objects: [], detections: [] });
  return map.get(key);
}

function iou([x, y, w, h], [X, Y, W, H], isCrowd) {
  const width = Math.min(x + w, X + W) - Math.max(x, X);
  const height = Math.min(y + h, Y + H) - Math.max(y, Y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (isCrowd ? w * h : w * h + W * H - both);
}

// ---- filters

// Return what an object, or a detection, has to be; null where any will do.
function objectFilter() {
  const category = state.cat === "" ? undefined : catPlaces.get(state.cat) ?? -1;
  const isCrowd = state.has === "crowd";
  const status = { matched: MATCHED, missed: FALSE }[state.match];
  if (category === undefined && !isCrowd && !state.size && status === undefined) return null;
  return (o) =>
    (category === undefined || objects.category[o] === category) &&
    (!isCrowd || objects.crowd[o] === 1) &&
    (!state.size || (!objects.crowd[o] && sizeName(objects.area[o]) === state.size)) &&
    (status === undefined || matchesOf(owner[o]).objects.get(o) === status);
}

function falseFilter() {
  if (state.match !== "false") return null;
  const category = state.cat === "" ? undefined : catPlaces.get(state.cat) ?? -1;
  return (d, i) =>
    (category === undefined || results.category[d] === category) &&
    (!state.size || sizeName(results.box[4 * d + 2] * results.box[4 * d + 3]) === state.size) &&
    matchesOf(i).detections.get(d) === FALSE;
}

function dropsIn(i) {
  const chosen = loaders.get(state.load);
  return (chosen ? [chosen] : [...loaders.values()]).some(
    (l) => l.images.has(i) || (l.objects.size && objectsOf(i).some((o) => l.objects.has(o))));
}

function passing() {
  const q = state.q.trim().toLowerCase();
  const wanted = state.match === "false" ? null : objectFilter();
  const isFalse = falseFilter();
  const finding = findings.get(state.find);
  return range(0, COUNT).filter((i) => {
    if (q && !lowNames[i].includes(q) && !images.id[i].toLowerCase().includes(q)) return false;
    const isEmpty = objectStart(i) === objects.end[i];
    if (state.has === "empty" && !isEmpty) return false;
    if (state.has === "objects" && isEmpty) return false;
    if (state.has === "missing" && !images.fault[i]) return false;
    if (state.has === "dropped" && !dropsIn(i)) return false;
    if (wanted && !objectsOf(i).some(wanted)) return false;
    if (isFalse && !detectionsOf(i).some((d) => isFalse(d, i))) return false;
    if (state.find && !(finding && (finding.own.has(i) || objectsOf(i).some((o) => finding.objects.has(o))))) {
      return false;
    }
    return true;
  });
}

// ---- drawing

const colorOf = (category) => categories.color[category] || GRAY;
const STATUS_COLORS = { matched: "#2fbf5b", missed: "#ffb020", false: "#ff4d4f", ignored: "#9aa4ae" };
const GRAY = "#969696";
const masks = new Map(); // of RLE, drawn in pixels; the latest

// Return the run lengths of compressed RLE (rleFrString in cocoapi's maskApi.c).
function runsOf(counts) {
  if (typeof counts !== "string") return counts;
  const runs = [];
  for (let at = 0; at < counts.length;) {
    let value = 0, shift = 0, bits;
    do {
      bits = counts.charCodeAt(at++) - 48;
      value += (bits & 31) * 2 ** shift;
      shift += 5;
    } while (bits & 32 && at < counts.length);
    if (bits & 16) value -= 2 ** shift;
    runs.push(runs.length > 2 ? value + runs[runs.length - 2] : value);
  }
  return runs;
}

// Return a mask in the pixels that are drawn, which are at most its own: large ones take seconds.
function rleMask(o, color, sx, sy) {
  const { size: [height, width], counts } = objects.mask[o];
  if (!(height * width > 0)) return null;
  const [wide, high] = [[width, sx], [height, sy]].map(([n, s]) => Math.max(1, Math.min(n, Math.round(n * s))));
  const key = `${o} ${color} ${wide} ${high}`;
  if (masks.has(key)) return masks.get(key);
  const canvas = new OffscreenCanvas(wide, high);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(wide, high);
  const runs = runsOf(counts);
  let run = 0, end = runs[0];
  for (let x = 0; x < wide; x++) {
    const first = Math.floor(((x + 0.5) * width) / wide) * height; // column by column
    for (let y = 0; y < high; y++) {
      const at = first + Math.floor(((y + 0.5) * height) / high);
      while (end <= at) end += runs[++run];
      if (run % 2) pixels.data[4 * (y * wide + x) + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = color;
  context.fillRect(0, 0, wide, high);
  if (masks.size > 50) masks.delete(masks.keys().next().value);
  masks.set(key, canvas);
  return canvas;
}

// Return lines from the lower left to the upper right, which can be repeated.
function hatch(context, color, ratio) {
  const side = 8 * ratio;
  const tile = new OffscreenCanvas(side, side);
  const pen = tile.getContext("2d");
  pen.strokeStyle = color;
  pen.lineWidth = 2 * ratio;
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - side, 2 * side);
    pen.lineTo(shift + 2 * side, -side);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

function inkOn(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? "#000" : "#fff";
}

// Draw what an image has onto a canvas that covers the picture, and room for names.
function draw(canvas, i, width, height, isLarge) {
  const ratio = window.devicePixelRatio || 1;
  const sides = [Math.max(width, LEAST[0]), Math.max(height, LEAST[1])];
  [canvas.width, canvas.height] = sides.map((side) => Math.round(side * ratio));
  [canvas.style.width, canvas.style.height] = sides.map((side) => `${side}px`);
  const context = canvas.getContext("2d");
  const [w, h] = sizeOf(i);
  const pen = { context, sx: (width * ratio) / w, sy: (height * ratio) / h, line: (isLarge ? 2 : 1.2) * ratio, ratio, isLarge };
  const chosen = loaders.get(state.load);
  const wanted = objectFilter();
  const matched = results ? matchesOf(i) : null;
  const drawn = objectsOf(i).map((o) => {
    const rule = chosen && (chosen.objects.get(o) ?? chosen.images.get(i));
    const isDropped = rule !== undefined;
    let color = colorOf(objects.category[o]);
    let label = nameOf(objects.category[o]);
    if (matched) {
      const status = matched.objects.get(o);
      color = STATUS_COLORS[status === FALSE ? "missed" : STATUS[status]];
    }
    if (isDropped) [color, label] = [GRAY, `${label}: ${chosen.rules[rule][0]}`];
    const isDim = lit >= 0 ? lit !== o : state.match !== "false" && wanted && !wanted(o);
    const dash = isDropped ? [3, 4] : ignored.has(o) ? [9, 5] : [];
    const isHatched = objects.crowd[o] === 1;
    return { o, box: boxOf(objects, o), mask: isOn("masks") && objects.mask[o], color, label, dash, isHatched, alpha: isDim ? 0.3 : 1 };
  });
  for (const d of matched && isOn("boxes") ? detectionsOf(i) : []) {
    const status = matched.detections.get(d);
    if (status === HIDDEN) continue;
    const label = `${nameOf(results.category[d])} ${results.score[d].toFixed(2)}`;
    drawn.push({ box: boxOf(results, d), color: STATUS_COLORS[STATUS[status]], label, dash: [2, 3], alpha: lit >= 0 ? 0.2 : 1 });
  }
  for (const part of [drawMask, drawBox, drawPoints, drawName]) { // names are on top of everything else
    for (const each of drawn) {
      context.globalAlpha = each.alpha;
      part(pen, each);
    }
  }
}

// Draw keypoints that are marked: visible ones filled.
function drawPoints({ context, sx, sy, line, ratio, isLarge }, { o, color }) {
  if (o === undefined || !isOn("points")) return;
  const points = pointsOf(o), bones = categories.bones[objects.category[o]] || [];
  const at = (n) => (points[3 * n + 2] ? [points[3 * n] * sx, points[3 * n + 1] * sy] : null);
  context.setLineDash([]);
  context.strokeStyle = color;
  context.lineWidth = line;
  for (const [a, b] of bones) {
    if (!at(a) || !at(b)) continue;
    context.beginPath();
    context.moveTo(...at(a));
    context.lineTo(...at(b));
    context.stroke();
  }
  for (let n = 0; 3 * n < points.length; n++) {
    if (!at(n)) continue;
    context.beginPath();
    context.arc(...at(n), (isLarge ? 3.5 : 2) * ratio, 0, 2 * Math.PI);
    context.fillStyle = color;
    if (points[3 * n + 2] > 1) context.fill();
    context.strokeStyle = "#000";
    context.lineWidth = ratio;
    context.stroke();
  }
}

// Draw a mask; of a crowd without one, the box is hatched.
function drawMask({ context, sx, sy, line, ratio, isLarge }, { o, box, mask, color, isHatched, alpha }) {
  const paint = isHatched ? hatch(context, color, isLarge ? ratio : ratio / 2) : color;
  if (!mask) {
    if (!box || !isHatched || !isOn("boxes")) return;
    context.fillStyle = paint;
    context.fillRect(box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy);
    return;
  }
  context.globalAlpha = isHatched ? alpha : 0.4 * alpha;
  if (!Array.isArray(mask)) {
    const [height, width] = mask.size;
    const pixels = rleMask(o, color, sx, sy);
    if (pixels) drawPixels(context, pixels, width * sx, height * sy, isHatched && paint);
    return;
  }
  context.beginPath();
  for (const polygon of mask) {
    for (let k = 0; k < polygon.length; k += 2) {
      const point = [(polygon[k] / 10) * sx, (polygon[k + 1] / 10) * sy];
      k ? context.lineTo(...point) : context.moveTo(...point);
    }
    context.closePath();
  }
  context.fillStyle = paint;
  context.fill();
  context.globalAlpha = alpha;
  context.strokeStyle = color;
  context.lineWidth = line / 2;
  context.setLineDash([]);
  context.stroke();
}

function drawBox({ context, sx, sy, line, ratio }, { box, color, dash }) {
  if (!box || !isOn("boxes")) return;
  const sides = [box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy];
  context.setLineDash([]);
  context.lineWidth = line + 1.2 * ratio; // a dark edge: seen on any picture
  context.strokeStyle = "rgb(0 0 0 / 45%)";
  if (!dash.length) context.strokeRect(...sides);
  context.setLineDash(dash.map((n) => n * ratio));
  context.lineWidth = line;
  context.strokeStyle = color;
  context.strokeRect(...sides);
}

function drawName({ context, sx, sy, ratio, isLarge }, { box, color, label }) {
  if (!box || !isOn("names")) return;
  const size = (isLarge ? 12 : 9) * ratio;
  context.font = `600 ${size}px system-ui, sans-serif`;
  const wide = context.measureText(label).width + 6 * ratio;
  const left = Math.max(0, Math.min(box[0] * sx, context.canvas.width - wide));
  const top = Math.max(0, box[1] * sy - size * 1.35);
  context.fillStyle = color;
  context.fillRect(left, top, wide, size * 1.35);
  context.fillStyle = inkOn(color);
  context.fillText(label, left + 3 * ratio, top + size * 1.05);
}

// Draw a mask in pixels, where a pattern is given in that.
function drawPixels(context, pixels, width, height, pattern) {
  if (!pattern) {
    context.drawImage(pixels, 0, 0, width, height);
    return;
  }
  const whole = new OffscreenCanvas(context.canvas.width, context.canvas.height);
  const pen = whole.getContext("2d");
  pen.drawImage(pixels, 0, 0, width, height);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = pattern;
  pen.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(whole, 0, 0);
}

// ---- the grid

const main = by("grid");

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function layOut() {
  columns = Math.max(1, Math.floor((main.clientWidth - GAP) / (TILE + GAP)));
  by("rows").style.height = `${Math.ceil(shown.length / columns) * ROW + GAP}px`;
  for (const tile of tiles.values()) tile.remove();
  tiles.clear();
  renderRows();
}

// Only rows in view are in the document.
function renderRows() {
  const first = Math.max(0, Math.floor(main.scrollTop / ROW) - 1) * columns;
  const last = Math.min(shown.length, (Math.ceil((main.scrollTop + main.clientHeight) / ROW) + 1) * columns);
  for (const [place, tile] of tiles) {
    if (place < first || place >= last) {
      tile.remove();
      tiles.delete(place);
    }
  }
  const left = Math.max(GAP, (main.clientWidth - columns * (TILE + GAP) + GAP) / 2);
  for (let place = first; place < last; place++) {
    if (!tiles.has(place)) {
      const tile = makeTile(place);
      tile.style.left = `${left + (place % columns) * (TILE + GAP)}px`;
      tile.style.top = `${GAP + Math.floor(place / columns) * ROW}px`;
      by("rows").append(tile);
      tiles.set(place, tile);
    }
    tiles.get(place).classList.toggle("current", place === current);
  }
}

function makeTile(place) {
  const i = shown[place];
  const tile = element("button", undefined, "tile");
  tile.type = "button";
  tile.style.width = `${TILE}px`;
  const picture = element("span", undefined, "picture");
  picture.style.height = `${PICTURE}px`;
  fillPicture(picture, i);
  const caption = element("span", undefined, "caption");
  const count = objects.end[i] - objectStart(i);
  const name = element("span");
  name.append(element("bdi", images.name[i] || images.id[i]));
  caption.append(name, element("span", count ? String(count) : "empty"));
  tile.append(picture, caption);
  tile.title = `${images.name[i]}\nid ${images.id[i]}`;
  tile.addEventListener("click", () => {
    current = place;
    open(i);
  });
  return tile;
}

function fillPicture(picture, i) {
  picture.replaceChildren();
  if (pictures[i]) {
    const small = element("img");
    small.alt = "";
    small.src = `data:image/webp;base64,${pictures[i]}`;
    picture.append(small);
  } else {
    picture.append(element("span", images.fault[i] || "", "gone"));
  }
  const [w, h] = sizeOf(i);
  const scale = Math.min(TILE / w, PICTURE / h);
  const [width, height] = [w * scale, h * scale];
  const canvas = element("canvas");
  canvas.style.inset = "auto";
  canvas.style.left = `${(TILE - width) / 2}px`;
  canvas.style.top = `${(PICTURE - height) / 2}px`;
  draw(canvas, i, width, height, false);
  picture.append(canvas);
}

// Take the pictures of the element before the running script.
function takePictures(start) {
  const block = document.currentScript.previousElementSibling;
  block.textContent.split("\n").forEach((text, k) => (pictures[start + k] = text));
  block.remove();
  for (const [place, tile] of tiles) {
    const i = shown[place];
    if (i >= start && pictures[i]) fillPicture(tile.querySelector(".picture"), i);
  }
}

function move(step) {
  if (!shown.length) return;
  current = Math.max(0, Math.min(shown.length - 1, current + step));
  const top = Math.floor(current / columns) * ROW;
  if (top < main.scrollTop) main.scrollTop = top;
  const bottom = top + ROW + GAP - main.clientHeight;
  if (bottom > main.scrollTop) main.scrollTop = bottom;
  renderRows();
}

// ---- one image

const opened = () => (state.img === "" ? -1 : linked(state.img));

function open(i) {
  const isNew = state.img === "";
  state.img = linkTo(i);
  lit = -1;
  if (isNew) history.pushState(null, "", hashOf());
  else saveHash();
  showImage();
}

function close() {
  state.img = "";
  saveHash();
  showImage();
  move(0);
  tiles.get(current)?.focus({ preventScroll: true });
}

function showImage() {
  const i = opened();
  by("viewer").hidden = i < 0;
  if (i < 0) return;
  const place = shown.indexOf(i);
  if (place >= 0) current = place;
  by("place").textContent = place < 0 ? "not in the filter" : `${(place + 1).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`;
  by("title").textContent = images.name[i] || `image ${images.id[i]}`;
  const picture = by("full");
  const embedded = document.getElementById(`file${i}`);
  const small = pictures[i] && `data:image/webp;base64,${pictures[i]}`;
  const source = (embedded && embedded.textContent) || (images.fault[i] ? "" : images.link[i]) || small || "";
  picture.className = source ? "" : "gone";
  picture.onerror = () => {
    picture.onerror = null;
    if (small) picture.src = small;
    else picture.removeAttribute("src");
    picture.className = small ? "" : "gone";
    const note = element("p", "The browser cannot show the image file; this is its thumbnail.", "warn");
    by("facts").append(note);
  };
  if (source) picture.src = source;
  else picture.removeAttribute("src");
  describe(i);
  fit();
  if (!by("viewer").contains(document.activeElement)) by("viewer").focus();
}

function fit() {
  const i = opened();
  if (i < 0) return;
  const [w, h] = sizeOf(i);
  const { clientWidth, clientHeight } = by("stage");
  const scale = Math.min((clientWidth - 24) / w, (clientHeight - 24) / h, 4);
  const [width, height] = [w * scale, h * scale];
  for (const each of [by("full"), by("over")]) {
    Object.assign(each.style, {
      width: `${width}px`, height: `${height}px`,
      left: `${(clientWidth - width) / 2}px`, top: `${(clientHeight - height) / 2}px`,
    });
  }
  draw(by("over"), i, width, height, true);
}

const rounded = (n) => (n === null ? "none" : String(Number(n.toFixed(2))));

function describe(i) {
  const facts = [];
  const fact = (text, className) => facts.push(element("p", text, className));
  fact(`id ${images.id[i] || "none"}, ${rounded(images.width[i])} × ${rounded(images.height[i])}`);
  if (images.fault[i]) fact(`The image file is ${images.fault[i]}.`, "warn");
  if (images.actual[i]) fact(`The file has ${images.actual[i].join(" × ")} pixels.`, "warn");
  if (turned.has(i)) fact("EXIF turns this image. Browsers turn it, some loaders do not.", "warn");
  for (const [code, f] of findings) if (f.own.has(i)) fact(`${code}: ${f.meaning}`, "warn");
  const chosen = loaders.get(state.load);
  if (chosen && chosen.raises) fact(`${chosen.name} raises ${chosen.raises}`, "warn");
  for (const text of dropTexts((l) => l.images.get(i))) fact(`Image dropped by ${text}`);
  if (results) {
    const counts = { matched: 0, missed: 0, false: 0 };
    const found = matchesOf(i);
    for (const status of found.objects.values()) if (status !== IGNORED) counts[status === MATCHED ? "matched" : "missed"]++;
    for (const status of found.detections.values()) if (status === FALSE) counts.false++;
    fact(Object.entries(counts).map(([name, n]) => `${n} ${name}`).join(", "));
  }
  by("facts").replaceChildren(...facts);
  by("objects").replaceChildren(
    ...objectsOf(i).map((o) => objectItem(i, o)), ...detectionsOf(i).map((d) => detectionItem(i, d)).filter(Boolean));
}

// Return one text for each rule, with the loaders whose rule it is.
function dropTexts(ruleOf) {
  const chosen = loaders.get(state.load);
  const texts = new Map();
  for (const l of chosen ? [chosen] : loaders.values()) {
    const rule = ruleOf(l);
    if (rule === undefined) continue;
    const [name, what, source] = l.rules[rule];
    const text = chosen ? `${name}: ${what} [${source}]` : name;
    texts.set(text, [...(texts.get(text) || []), l.name]);
  }
  return [...texts].map(([text, names]) => `${names.join(", ")} (${text})`);
}

function objectItem(i, o) {
  const item = element("li");
  const box = boxOf(objects, o);
  item.append(element("b", nameOf(objects.category[o])), ` ${objects.id[o]}`);
  if (objects.crowd[o]) item.append(" crowd");
  if (ignored.has(o)) item.append(" ignore");
  if (results) {
    const status = matchesOf(i).objects.get(o);
    const word = status === FALSE ? "missed" : STATUS[status];
    item.append(" ", element("span", word, word));
  }
  const size = objects.crowd[o] ? "" : sizeName(objects.area[o]);
  item.append(element("small", `${box ? `[${box.map(rounded).join(", ")}]` : "no box"}, area ${rounded(objects.area[o])}${size && ` (${size})`}`));
  for (const [code, f] of findings) if (f.objects.has(o)) item.append(element("small", `${code}: ${f.meaning}`, "warn"));
  for (const text of dropTexts((l) => l.objects.get(o))) item.append(element("small", `dropped by ${text}`));
  const chosen = loaders.get(state.load);
  item.classList.toggle("dropped", Boolean(chosen && (chosen.objects.has(o) || chosen.images.has(i))));
  item.style.borderLeftColor = item.classList.contains("dropped") ? GRAY : colorOf(objects.category[o]);
  item.addEventListener("pointerenter", () => light(o));
  item.addEventListener("pointerleave", () => light(-1));
  return item;
}

function detectionItem(i, d) {
  const status = matchesOf(i).detections.get(d);
  if (status === HIDDEN) return null;
  const item = element("li");
  item.append(element("b", nameOf(results.category[d])), ` detected, score ${rounded(results.score[d])} `, element("span", STATUS[status], STATUS[status]));
  item.append(element("small", `[${boxOf(results, d).map(rounded).join(", ")}]`));
  item.style.borderLeftColor = STATUS_COLORS[STATUS[status]];
  return item;
}

function light(o) {
  lit = o;
  fit();
}

function neighbor(step) {
  const place = shown.indexOf(opened());
  const next = place < 0 ? current : place + step;
  if (shown[next] !== undefined) open(shown[next]);
}

// ---- state, which the address holds

function hashOf() {
  const given = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  return `#${new URLSearchParams(given)}`;
}

function saveHash() {
  history.replaceState(null, "", hashOf());
}

function readHash() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(DEFAULTS)) state[name] = given.get(name) ?? DEFAULTS[name];
  if (!(state.theme in THEMES)) state.theme = "";
  apply();
}

// Update the page to the state.
function apply() {
  document.documentElement.style.colorScheme = state.theme || "";
  by("theme").textContent = THEMES[state.theme];
  for (const name of ["q", "cat", "has", "size", "find", "load", "match", "score", "iou"]) {
    const field = by(name);
    if (field.value !== state[name]) field.value = state[name];
    field.classList.toggle("on", state[name] !== DEFAULTS[name]);
    if (field.type === "range") field.nextElementSibling.textContent = Number(state[name]).toFixed(2);
  }
  for (const name of TOGGLES) by(name).setAttribute("aria-pressed", isOn(name));
  shown = passing();
  current = Math.min(current, Math.max(0, shown.length - 1));
  by("count").textContent = `${shown.length === COUNT ? "" : `${shown.length.toLocaleString("en")} of `}${counted(COUNT, "image")}`;
  by("nothing").hidden = shown.length > 0;
  const chosen = loaders.get(state.load);
  const legend = [];
  if (chosen) legend.push(chosen.raises ? `${chosen.name} raises ${chosen.raises}` : `Gray: what ${chosen.name} drops.`);
  if (results) legend.push("Solid: objects (green matched, orange missed). Dotted: detections (green matched, red false). Gray: crowds, and detections that match them.");
  by("legend").hidden = !legend.length;
  by("legend").textContent = legend.join(" ");
  layOut();
  showImage();
}

function set(name, value) {
  state[name] = value;
  saveHash();
  apply();
}

const toggle = (name) => set(name, isOn(name) ? (DEFAULTS[name] === "1" ? "0" : "") : "1");

function nextOf(name, values) {
  set(name, values[(values.indexOf(state[name]) + 1) % values.length]);
}

let toastTimer = 0;

function toast(text) {
  by("toast").textContent = text;
  by("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (by("toast").hidden = true), 4000);
}

async function copyIds() {
  const chosen = shown.map((i) => images.id[i]).filter(Boolean);
  const text = chosen.map((id) => `${id}\n`).join("");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const without = shown.length - chosen.length;
  toast(`${counted(chosen.length, "id")} copied, for --ids-file${without ? ` (${counted(without, "image")} without an id)` : ""}`);
}

// ---- set up

function fill(id, options) {
  by(id).append(...options.map(([value, text]) => new Option(text, value)));
}

function setUp() {
  by("name").textContent = results ? `${data.name} against ${results.name}` : data.name;
  const counts = new Map();
  for (let i = 0; i < COUNT; i++) {
    for (const category of new Set(objectsOf(i).map((o) => objects.category[o]))) counts.set(category, (counts.get(category) || 0) + 1);
  }
  fill("cat", [["", "All categories"], ...categories.id.map((id, c) => [id, `${categories.name[c]} (${counts.get(c) || 0})`]).filter(([id]) => id)]);
  fill("has", [["", "All images"], ["objects", "With objects"], ["empty", "Empty"], ["crowd", "With a crowd"], ["dropped", "Something is dropped"], ["missing", "Without a picture"]]);
  fill("size", [["", "All sizes"], ["small", "Small (< 32²)"], ["medium", "Medium"], ["large", "Large (≥ 96²)"]]);
  fill("find", [["", findings.size ? "All findings" : "No findings"], ...[...findings].map(([code, f]) => [code, `${code} (${f.count})`])]);
  by("find").disabled = !findings.size;
  fill("load", [["", "No loader chosen"], ...[...loaders.values()].map((l) => [l.name, `${l.name} (${l.raises ? "raises" : l.objects.size + l.images.size})`])]);
  if (results) {
    by("against").hidden = false;
    const scores = results.score.reduce(([low, high], s) => [Math.min(low, s), Math.max(high, s)], [0, 1]);
    [by("score").min, by("score").max] = [Math.floor(100 * scores[0]) / 100, Math.ceil(100 * scores[1]) / 100];
    fill("match", [["", "All detections"], ["matched", "Matched"], ["missed", "Missed"], ["false", "False"]]);
  }
  by("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["q", "cat", "has", "size", "find", "load", "match", "score", "iou"]) {
    by(name).addEventListener("input", () => {
      main.scrollTop = 0;
      set(name, by(name).value);
    });
  }
  by("points").hidden = !objects.points.length;
  for (const name of TOGGLES) by(name).addEventListener("click", () => toggle(name));
  by("notes").hidden = !data.notes.length;
  by("notes").firstElementChild.textContent = data.notes.length === 1 ? "1 note" : `${data.notes.length} notes`;
  by("notes").append(...data.notes.map((note) => element("p", note)));
  by("reset").addEventListener("click", () => {
    Object.assign(state, DEFAULTS, { theme: state.theme });
    set("img", "");
  });
  by("theme").addEventListener("click", () => nextOf("theme", Object.keys(THEMES)));
  by("copy").addEventListener("click", copyIds);
  by("keys").addEventListener("click", () => toast(KEYS));
  by("before").addEventListener("click", () => neighbor(-1));
  by("after").addEventListener("click", () => neighbor(1));
  by("close").addEventListener("click", close);
  main.addEventListener("scroll", () => requestAnimationFrame(renderRows), { passive: true });
  window.addEventListener("resize", () => {
    layOut();
    fit();
  });
  window.addEventListener("hashchange", readHash);
  window.addEventListener("popstate", readHash);
  document.addEventListener("keydown", onKey);
  if (data.embedded) document.addEventListener("DOMContentLoaded", showImage); // files come last
  readHash();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key, target } = event;
  const isOpen = opened() >= 0;
  if (key === "Escape") {
    if (isOpen) close();
    else target.blur();
    return;
  }
  if (target.matches("input, select, textarea")) return;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -COUNT, End: COUNT };
  const actions = {
    "/": () => !isOpen && (by("q").focus(), by("q").select()),
    "?": () => toast(KEYS), b: () => toggle("boxes"), m: () => toggle("masks"), k: () => toggle("points"), n: () => toggle("names"),
    l: () => nextOf("load", ["", ...loaders.keys()]), c: copyIds, t: () => nextOf("theme", Object.keys(THEMES)),
  };
  if (key in steps) {
    if (!isOpen) move(steps[key]);
    else if (Math.abs(steps[key]) === 1) neighbor(steps[key]);
    else return;
  } else if (key === "Enter" && !isOpen && !target.matches("button")) {
    if (shown[current] !== undefined) open(shown[current]);
  } else if (key in actions) {
    actions[key]();
  } else return;
  event.preventDefault();
}

setUp();
