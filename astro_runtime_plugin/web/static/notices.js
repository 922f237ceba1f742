// Draws the notices at the top of a page for logged-in users; if anything fails, it draws nothing.
(() => {
  "use strict";

  const ID = "astro-runtime-notices";
  const MINUTE = 60_000; // ms
  const HOUR = 60 * MINUTE;
  const script = document.currentScript;
  const api = new URL("../api/notices", script.src);
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  if (script.dataset.csrfToken) headers["X-CSRFToken"] = script.dataset.csrfToken; // Airflow 2 requires it

  const createElement = (name, attributes, ...children) => {
    const element = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };

  const dismiss = (id) => fetch(api, { method: "POST", headers, body: JSON.stringify({ notice: id }) });

  const createLink = (url) =>
    createElement("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, "Read more");

  // With 0 days a notice comes back on the next page.
  const dismissLabel = (days) => (days ? `Dismiss for ${days} ${days === 1 ? "day" : "days"}` : "Dismiss");

  const createRow = ({ id, level, text, url }, days) => {
    const role = level === "info" ? "status" : "alert";
    const label = dismissLabel(days);
    const button = createElement("button", { type: "button", title: label, "aria-label": label }, "×");
    const links = /^https?:\/\//i.test(url ?? "") ? [createLink(url)] : [];
    const children = [createElement("span", {}, text), ...links, button];
    const row = createElement("div", { role, "data-level": level, "data-notice": id }, ...children);
    button.onclick = async () => {
      const response = await dismiss(id).catch(() => null);
      if (response?.ok) row.remove();
    };
    return row;
  };

  // Loaded before the notices are added, so that the page is laid out once.
  let stylesheetLoaded; // a promise
  const loadStylesheet = () => {
    stylesheetLoaded ??= new Promise((resolve, reject) => {
      const stylesheet = createElement("link", { rel: "stylesheet", href: new URL("notices.css", script.src) });
      stylesheet.onload = resolve;
      stylesheet.onerror = () => {
        stylesheet.remove();
        stylesheetLoaded = undefined; // the next draw tries again
        reject();
      };
      document.head.append(stylesheet);
    });
    return stylesheetLoaded;
  };

  const insert = (section) => {
    const header = document.querySelector("body > header"); // Flask-AppBuilder's, which lies above its page
    if (header) header.after(section);
    else document.body.prepend(section);
  };

  let lastRequest; // ms since the epoch
  let lastText;
  const draw = async () => {
    lastRequest = Date.now();
    const response = await fetch(api, { headers });
    const text = await response.text();
    if (response.status !== 200 || text === lastText) return; // redrawing would make screen readers repeat everything
    const { notices, dismissal_days: days } = JSON.parse(text);
    const rows = notices.map((notice) => createRow(notice, days));
    if (rows.length) await loadStylesheet();
    document.getElementById(ID)?.remove();
    if (rows.length) insert(createElement("section", { id: ID, "aria-label": "Notices" }, ...rows));
    lastText = text;
  };

  // A page of Airflow 3 may stay open for weeks. Its age is checked every minute instead of by an hourly timer, because
  // timers stop while the computer sleeps. A hidden page waits until it is visible again.
  const drawHourly = () => {
    if (!document.hidden && Date.now() - lastRequest >= HOUR) draw().catch(() => {});
  };
  setInterval(drawHourly, MINUTE);
  document.addEventListener("visibilitychange", drawHourly);
  draw().catch(() => {});
})();
