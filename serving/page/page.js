"use strict";
// A conversation with the assistant of this server. Everything that is shown is set as text, never as HTML.

const MAX_PICTURE_BYTES = 5_000_000;
const LONGEST_SIDE = 512;
const PICTURES = ["image/png", "image/jpeg", "image/webp"];
const LANGUAGE_TAGS = { en: "en", hi: "hi", mixed: "hi-Latn" };

const $ = (id) => document.getElementById(id);
const state = { words: {}, messages: [], picture: null, busy: null, tools: [] };

// ---- words ---------------------------------------------------------------------------------------------

function word(name, values = {}) {
  return String(state.words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

function say(element, name, values) {  // and say it again when the language changes
  element.dataset.word = name;
  if (values) element.dataset.values = JSON.stringify(values);
  element.textContent = word(name, values);
  return element;
}

async function speak(language) {
  state.words = await (await fetch(`/words/${language}.json`)).json();
  document.documentElement.lang = LANGUAGE_TAGS[language];
  document.title = word("title");
  for (const one of document.querySelectorAll("[data-word]"))
    one.textContent = word(one.dataset.word, JSON.parse(one.dataset.values ?? "{}"));
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", word(one.dataset.label));
  for (const one of document.querySelectorAll("[data-placeholder]")) one.placeholder = word(one.dataset.placeholder);
  $("examples").replaceChildren(...state.words.examples.map((text) => {
    const button = make("button", "quiet", text);
    button.type = "button";
    button.onclick = () => ask(text);
    return wrap("li", button);
  }));
  remember("language", language);
}

function remember(name, value) {
  try { localStorage.setItem(`muse.${name}`, value); } catch { /* a browser that keeps nothing */ }
}

function recalled(name) {
  try { return localStorage.getItem(`muse.${name}`); } catch { return null; }
}

// ---- elements ------------------------------------------------------------------------------------------

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function wrap(tag, ...children) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

function labelled(element, name) {
  element.dataset.label = name;
  element.setAttribute("aria-label", word(name));
  return element;
}

function status(name, values, bad = false) {
  $("status").className = bad ? "bad" : "";
  if (name) say($("status"), name, values);
  else { delete $("status").dataset.word; $("status").textContent = ""; }
}

// ---- asking --------------------------------------------------------------------------------------------

function headers() {
  const key = sessionStorage.getItem("muse.key");
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
}

async function ask(text) {
  if (state.busy || !(text.trim() || state.picture)) return;
  const picture = state.picture;
  const said = { role: "user", content: picture
    ? [{ type: "image_url", image_url: { url: picture } }, { type: "text", text }] : text };
  $("intro").hidden = true;
  showMine(text, picture);
  const turn = showWorking();
  state.busy = new AbortController();
  $("send").disabled = true;
  status("");
  detach();
  $("text").value = "";
  try {
    const done = await complete([...state.messages, said], turn, state.busy.signal);
    state.messages.push(said, ...done.muse.messages);
    showDone(turn, done);
  } catch (problem) {
    turn.element.remove();
    if (problem.name !== "AbortError") {
      status(...(problem.words ?? ["offline"]), true);
      $("text").value ||= text;
    }
  } finally {
    state.busy = null;
    $("send").disabled = false;
    $("text").focus();
  }
}

async function complete(messages, turn, signal) {
  const body = JSON.stringify({ model: "muse", stream: true, messages });
  const answer = await fetch("/v1/chat/completions", { method: "POST", headers: headers(), body, signal });
  if (!answer.ok) throw await refusal(answer);
  let done = null;
  for await (const event of events(answer.body)) {
    if (event.error) throw failed(event.error.message);
    const piece = event.choices?.[0]?.delta?.content;
    if (piece) turn.add(piece);
    if (event.muse) done = { id: event.id, muse: event.muse };
  }
  if (!done) throw failed("…");
  return done;
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts)
      if (part.startsWith("data: ") && part !== "data: [DONE]") yield JSON.parse(part.slice(6));
  }
}

async function refusal(answer) {
  if (answer.status === 401) $("key").hidden = false;
  if (answer.status === 429) {
    return Object.assign(new Error(), { words: ["busy", { seconds: answer.headers.get("Retry-After") ?? "2" }] });
  }
  let said = String(answer.status);
  try { said = (await answer.json()).error.message; } catch { /* no words came along */ }
  return failed(said);
}

function failed(error) {
  return Object.assign(new Error(error), { words: ["failed", { error }] });
}

// ---- what is shown -------------------------------------------------------------------------------------

function showMine(text, picture) {
  const item = make("li", "mine");
  item.append(say(make("span", "unseen"), "you"));
  if (picture) {
    const image = make("img");
    image.src = picture;
    image.dataset.alt = "picture_alt";
    image.alt = word("picture_alt");
    item.append(image);
  }
  item.append(make("span", "", text));
  $("talk").append(item);
}

function showWorking() {
  const element = make("li", "theirs working");
  element.setAttribute("aria-busy", "true");
  const reply = say(make("p", "reply"), "working");
  element.append(say(make("span", "unseen"), "assistant"), reply);
  $("talk").append(element);
  element.scrollIntoView({ block: "end" });
  const add = (piece) => {
    if (reply.dataset.word) { delete reply.dataset.word; reply.textContent = ""; }
    element.classList.remove("working");
    reply.textContent += piece;
  };
  return { element, reply, add };
}

function showDone(turn, { id, muse }) {
  turn.reply.lang = LANGUAGE_TAGS[muse.language] ?? "";
  const shown = muse.calls.filter((call) => call.result?.items?.some((item) => item.id)).pop();
  if (shown) turn.reply.before(cards(shown.result.items, new Set(muse.pictures)));
  if (muse.calls.length) turn.element.append(calls(muse.calls));
  turn.element.append(...thumbs(id));
  turn.element.removeAttribute("aria-busy");
  turn.element.scrollIntoView({ block: "end" });
}

function cards(items, pictured) {
  const list = labelled(make("ul", "cards"), "products");
  list.tabIndex = 0;
  list.append(...items.map((item) => card(item, pictured)));
  return list;
}

function card(item, pictured) {
  const picture = make("div", "picture");
  if (pictured.has(item.id)) {
    const image = make("img");
    image.src = `/products/${encodeURIComponent(item.id)}/image`;
    image.alt = "";
    image.loading = "lazy";
    picture.append(image);
  } else picture.append(say(make("span"), "no_picture"));
  const what = make("div", "what");
  what.append(make("span", "title", String(item.title ?? item.id)));
  what.append(typeof item.price === "number" ? make("span", "price", price(item)) : say(make("span", "price"), "price_unknown"));
  if (typeof item.rating === "number")
    what.append(say(make("span", "rating"), "rating", { rating: item.rating }));
  const element = make("li", "card");
  element.append(picture, what);
  return element;
}

function price(item) {
  const places = Number.isInteger(item.price) ? 0 : 2;
  const style = { style: "currency", currency: item.currency ?? "INR", minimumFractionDigits: places, maximumFractionDigits: places };
  try { return new Intl.NumberFormat("en-IN", style).format(item.price); }
  catch { return `${item.currency} ${item.price}`; }
}

function calls(made) {
  const fold = make("details");
  fold.append(say(make("summary"), "calls", { count: made.length }));
  for (const call of made) {
    const values = Object.entries(call.arguments).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const found = call.error ?? (call.result?.items
      ? word(call.result.items.length ? "found" : "nothing", { total: call.result.total ?? call.result.items.length })
      : call.result?.text ?? "");
    fold.append(make("code", "", `${call.name}(${values.join(", ")}) → ${found}`));
  }
  return fold;
}

// ---- feedback ------------------------------------------------------------------------------------------

function thumbs(completion) {
  const row = make("div", "thumbs");
  const said = make("span");
  said.setAttribute("role", "status");
  const up = thumb("up", "good");
  const down = thumb("down", "bad");
  const form = wanted(completion, said, () => { form.hidden = true; down.focus(); });
  for (const button of [up, down]) { button.type = "button"; button.setAttribute("aria-pressed", "false"); }
  down.setAttribute("aria-expanded", "false");
  const press = (one, other) => { one.setAttribute("aria-pressed", "true"); other.setAttribute("aria-pressed", "false"); };
  up.onclick = () => { press(up, down); form.hidden = true; send({ completion, thumb: "up" }, said); };
  down.onclick = () => {
    press(down, up);
    form.hidden = false;
    down.setAttribute("aria-expanded", "true");
    form.querySelector("input").focus();
  };
  row.append(up, down, said);
  return [row, form];
}

function thumb(side, name) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", `icon ${side}`);
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#icon-up");
  icon.append(use);
  const button = labelled(make("button"), name);
  button.append(icon);
  return button;
}

function wanted(completion, said, close) {
  const form = make("form", "wanted");
  const group = wrap("fieldset", say(make("legend"), "should"));
  const fields = { tool: toolField(), values: textField("should_values_label"), reply: textField("should_reply_label") };
  const name = `kind-${completion}`;
  const show = (kind) => { for (const [key, field] of Object.entries(fields)) field.element.hidden = key !== kind; };
  for (const kind of Object.keys(fields)) {
    const radio = make("input");
    Object.assign(radio, { type: "radio", name, value: kind, onchange: () => show(kind) });
    group.append(wrap("label", radio, " ", say(make("span"), `should_${kind}`)));
  }
  const submit = say(make("button"), "submit");
  const cancel = say(make("button", "quiet"), "cancel");
  cancel.type = "button";
  cancel.onclick = close;
  const row = make("div", "row");
  row.append(submit, cancel);
  form.append(group, ...Object.values(fields).map((field) => field.element), row);
  form.hidden = true;
  show("");
  form.onsubmit = async (event) => {
    event.preventDefault();
    const kind = form.querySelector("input[type=radio]:checked")?.value;
    const text = kind && fields[kind].input.value.trim();
    const body = { completion, thumb: "down", wanted: text ? { kind, [kind]: text } : null };
    if (await send(body, said)) close();
  };
  form.onkeydown = (event) => { if (event.key === "Escape") close(); };
  return form;
}

function toolField() {
  const input = make("select");
  input.append(...state.tools.map((name) => new Option(name, name)), say(new Option("", "none"), "no_tool"));
  return { input, element: wrap("label", say(make("span"), "should_tool_label"), input) };
}

function textField(name) {
  const input = make("textarea");
  Object.assign(input, { rows: 2, maxLength: 2000 });
  return { input, element: wrap("label", say(make("span"), name), input) };
}

async function send(body, said) {
  try {
    const answer = await fetch("/feedback", { method: "POST", headers: headers(), body: JSON.stringify(body) });
    if (!answer.ok) throw await refusal(answer);
    say(said, "thanks");
    return true;
  } catch (problem) {
    say(said, ...(problem.words ?? ["offline"]));
    return false;
  }
}

// ---- a picture -----------------------------------------------------------------------------------------

async function attach(file) {
  if (!file) return;
  if (!PICTURES.includes(file.type)) return void status("picture_wrong", {}, true);
  if (file.size > MAX_PICTURE_BYTES) return void status("picture_too_big", {}, true);
  let picture;
  try { picture = await reduced(file); }
  catch { return void status("picture_wrong", {}, true); }
  state.picture = picture;
  const image = $("preview").querySelector("img");
  image.src = picture;
  image.alt = word("picture_alt");
  $("preview").hidden = false;
  status("");
  $("text").focus();
}

async function reduced(file) {  // as a data: address; it is sent with every turn, and the search looks at few pixels
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = make("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.9);
}

function detach() {
  state.picture = null;
  $("preview").hidden = true;
  $("picture").value = "";
}

// ---- the page ------------------------------------------------------------------------------------------

function reset() {
  state.busy?.abort();
  state.messages = [];
  $("talk").replaceChildren();
  $("intro").hidden = false;
  detach();
  status("");
  $("text").focus();
}

async function begin() {
  const language = recalled("language") ?? (navigator.language?.startsWith("hi") ? "hi" : "en");
  $("language").value = language;
  await speak(language in LANGUAGE_TAGS ? language : "en");
  const health = await (await fetch("/health")).json();
  $("key").hidden = !health.needs_key || Boolean(sessionStorage.getItem("muse.key"));
  await knowTools();
  document.body.dataset.ready = "yes";
}

async function knowTools() {
  if (!$("key").hidden) return;  // nobody may ask yet
  const answer = await fetch("/v1/tools", { headers: headers() });
  if (answer.ok) state.tools = (await answer.json()).data.map((tool) => tool.function.name);
}

$("language").onchange = (event) => speak(event.target.value);
$("reset").onclick = reset;
$("detach").onclick = () => { detach(); $("text").focus(); };
$("picture").onchange = (event) => attach(event.target.files[0]);
$("ask").onsubmit = (event) => { event.preventDefault(); ask($("text").value); };
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); ask($("text").value); }
};
$("key").onsubmit = async (event) => {
  event.preventDefault();
  sessionStorage.setItem("muse.key", $("key-text").value.trim());
  $("key").hidden = true;
  status("");
  await knowTools();
};
begin();
